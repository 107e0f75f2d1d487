// SPDX-License-Identifier: Apache-2.0
#include "observe/metric.h"

#include <array>

namespace weft::observe {
namespace {

using enum Metric;
using enum MetricKind;

// Sources: sysfs-bus-pci-devices-aer_stats, sysfs-class-net, sysfs-class-infiniband of the kernel's
// ABI documents; ethtool-netlink; IEEE 802.3 clause 30 for FEC and symbol errors; NVML field
// values.
constexpr std::array kRows = std::to_array<MetricRow>({
    {kAerCorrectable, "aer_correctable", "1", kCounter, "boot",
     "Correctable PCIe errors that this port or device detected, by type",
     "weft_aer_correctable_errors_total", 1, "error type", true},
    {kAerNonfatal, "aer_nonfatal", "1", kCounter, "boot",
     "Uncorrectable, non-fatal PCIe errors that this port or device detected, by type",
     "weft_aer_nonfatal_errors_total", 1, "error type", true},
    {kAerFatal, "aer_fatal", "1", kCounter, "boot",
     "Uncorrectable, fatal PCIe errors that this port or device detected, by type",
     "weft_aer_fatal_errors_total", 1, "error type", true},
    {kAerRootCorrectable, "aer_root_correctable", "1", kCounter, "boot",
     "Correctable error messages that reached this root port",
     "weft_aer_root_correctable_messages_total", 1, "\"total\""},
    {kAerRootNonfatal, "aer_root_nonfatal", "1", kCounter, "boot",
     "Non-fatal error messages that reached this root port",
     "weft_aer_root_nonfatal_messages_total", 1, "\"total\""},
    {kAerRootFatal, "aer_root_fatal", "1", kCounter, "boot",
     "Fatal error messages that reached this root port", "weft_aer_root_fatal_messages_total", 1,
     "\"total\""},
    {kTemperature, "temperature", "Cel", kGauge, "", "Temperature of a sensor",
     "weft_temperature_celsius", 1, "sensor"},
    {kTemperatureLimit, "temperature_limit", "Cel", kGauge, "",
     "Temperature above which the sensor's chip calls it too hot", "weft_temperature_limit_celsius",
     1, "sensor"},
    {kTemperatureAlarm, "temperature_alarm", "1", kState, "",
     "1 while the sensor's chip says that it is too hot", "weft_temperature_alarm", 1, "sensor"},
    {kCarrierChanges, "carrier_changes", "1", kCounter, "driver load",
     "Times that the carrier came up or went down", "weft_carrier_changes_total", 1, "\"total\""},
    {kCarrierDown, "carrier_down", "1", kCounter, "driver load", "Times that the carrier went down",
     "weft_carrier_down_total", 1, "\"total\""},
    {kReceiveErrors, "receive_errors", "1", kCounter, "driver load",
     "Frames received with an error", "weft_receive_errors_total", 1, "\"total\""},
    {kReceiveCrcErrors, "receive_crc_errors", "1", kCounter, "driver load",
     "Frames received with a wrong frame check sequence", "weft_receive_crc_errors_total", 1,
     "\"total\""},
    {kTransmitErrors, "transmit_errors", "1", kCounter, "driver load",
     "Frames that could not be sent", "weft_transmit_errors_total", 1, "\"total\""},
    {kSymbolErrors, "symbol_errors", "1", kCounter, "driver load",
     "Symbol errors during carrier (Ethernet), or minor link errors (InfiniBand)",
     "weft_symbol_errors_total", 1, "\"total\""},
    {kFecCorrectedBlocks, "fec_corrected_blocks", "1", kCounter, "driver load",
     "FEC codewords received with errors and corrected", "weft_fec_corrected_codewords_total", 1,
     "lane, or \"total\""},
    {kFecUncorrectableBlocks, "fec_uncorrectable_blocks", "1", kCounter, "driver load",
     "FEC codewords received with more errors than the code corrects",
     "weft_fec_uncorrectable_codewords_total", 1, "lane, or \"total\""},
    {kFecCorrectedBits, "fec_corrected_bits", "1", kCounter, "driver load",
     "Bits that FEC corrected", "weft_fec_bit_corrections_total", 1, "lane, or \"total\""},
    {kLinkDowned, "link_downed", "1", kCounter, "cleared", "Times that the InfiniBand link failed",
     "weft_infiniband_link_downed_total"},
    {kLinkErrorRecovery, "link_error_recovery", "1", kCounter, "cleared",
     "Times that the InfiniBand link recovered after errors",
     "weft_infiniband_link_error_recoveries_total"},
    {kPortReceiveErrors, "port_receive_errors", "1", kCounter, "cleared",
     "InfiniBand packets received with an error", "weft_infiniband_port_receive_errors_total"},
    {kLocalLinkIntegrity, "local_link_integrity_errors", "1", kCounter, "cleared",
     "Times that InfiniBand local physical errors passed their threshold",
     "weft_infiniband_local_link_integrity_errors_total"},
    {kExcessiveOverrun, "excessive_buffer_overrun_errors", "1", kCounter, "cleared",
     "Times that InfiniBand buffer overruns passed their threshold",
     "weft_infiniband_excessive_buffer_overruns_total"},
    {kHardwareCounter, "hw_counter", "1", kCounter, "driver load",
     "A counter of the RDMA device's driver, by its own name", "weft_rdma_hardware_events_total", 1,
     "the RDMA driver's own name of it"},
    {kNvlinkReplay, "nvlink_replay_errors", "1", kCounter, "driver load", "NVLink replays, by link",
     "weft_nvlink_replay_errors_total"},
    {kNvlinkRecovery, "nvlink_recovery_errors", "1", kCounter, "driver load",
     "NVLink recoveries, by link", "weft_nvlink_recovery_errors_total"},
    {kNvlinkCrcFlit, "nvlink_crc_flit_errors", "1", kCounter, "driver load",
     "NVLink flits received with a wrong CRC, by link", "weft_nvlink_crc_flit_errors_total"},
    {kNvlinkCrcData, "nvlink_crc_data_errors", "1", kCounter, "driver load",
     "NVLink data received with a wrong CRC, by link", "weft_nvlink_crc_data_errors_total"},
    {kUtilization, "utilization", "%", kGauge, "", "Share of time that the accelerator was busy",
     "weft_accelerator_utilization_ratio", 0.01},
    {kLaneReceivePower, "lane_receive_power", "dB[mW]", kGauge, "",
     "Optical power received, by lane", "weft_lane_receive_power_dbm", 1, "lane"},
    {kLaneTransmitPower, "lane_transmit_power", "dB[mW]", kGauge, "", "Optical power sent, by lane",
     "weft_lane_transmit_power_dbm", 1, "lane"},
    {kLaneBias, "lane_bias", "mA", kGauge, "", "Laser bias current, by lane",
     "weft_lane_bias_amperes", 0.001, "lane"},
    {kModuleTemperature, "module_temperature", "Cel", kGauge, "",
     "Temperature of the plugged module", "weft_module_temperature_celsius"},
    {kModuleVoltage, "module_voltage", "V", kGauge, "", "Supply voltage of the plugged module",
     "weft_module_supply_volts"},
    {kLaneErrorStatus, "lane_error_status", "1", kState, "cleared",
     "PCIe Lane Error Status: bit n is set when lane n saw errors", "weft_lane_error_status", 1, "",
     true},
    {kAerCorrectableStatus, "aer_correctable_status", "1", kState, "cleared",
     "AER Correctable Error Status register: errors that nobody cleared yet",
     "weft_aer_correctable_status", 1, "", true},
    {kAerUncorrectableStatus, "aer_uncorrectable_status", "1", kState, "cleared",
     "AER Uncorrectable Error Status register: errors that nobody cleared yet",
     "weft_aer_uncorrectable_status", 1, "", true},
    {kTemperaturePeak, "temperature_peak", "Cel", kGauge, "",
     "Hottest that a sensor has been since its chip was reset", "weft_temperature_peak_celsius", 1,
     "sensor"},
    {kL0ToRecovery, "l0_to_recovery", "1", kCounter, "cleared",
     "Times that a link left L0 for Recovery; a retimer's counter wraps at 256",
     "weft_l0_to_recovery_total", 1, "link of the retimer"},
    {kLaneFigureOfMerit, "lane_figure_of_merit", "1", kGauge, "",
     "Figure of merit of a lane's receiver, 0 to 255; a retimer's alert is at 85 and below",
     "weft_lane_figure_of_merit", 1, "port and lane"},
    {kModuleSnr, "module_snr", "dB", kGauge, "",
     "Signal to noise ratio that the module measures (CMIS VDM eSNR), by side, lane and statistic",
     "weft_module_snr_decibels", 1, "side, lane, statistic"},
    {kModuleLevelTransition, "module_level_transition", "dB", kGauge, "",
     "PAM4 level transition parameter (CMIS VDM), by side, lane and statistic",
     "weft_module_level_transition_decibels", 1, "side, lane, statistic"},
    {kModulePreFecBer, "module_pre_fec_ber", "1", kGauge, "",
     "Bit error ratio before FEC (CMIS VDM), by side, lane and statistic",
     "weft_module_pre_fec_bit_error_ratio", 1, "side, lane, statistic"},
    {kModuleErroredFrames, "module_errored_frames", "1", kGauge, "",
     "Share of FEC codewords that could not be corrected (CMIS VDM), by side, lane and statistic",
     "weft_module_errored_frames_ratio", 1, "side, lane, statistic"},
    {kPortRetries, "port_retries", "1", kCounter, "cleared",
     "Link-layer replays of a port without a public management interface (modelled)",
     "weft_port_retries_total"},
    {kPortRecoveries, "port_recoveries", "1", kCounter, "cleared",
     "Recoveries of the link of a port without a public management interface (modelled)",
     "weft_port_recoveries_total"},
    {kPortLinkDowns, "port_link_downs", "1", kCounter, "cleared",
     "Times that the link of a port without a public management interface went down (modelled)",
     "weft_port_link_downs_total"},
    {kLaneBits, "lane_bits", "1", kCounter, "link up", "Bits that a lane's receiver took, by lane",
     "weft_lane_received_bytes_total", 0.125, "lane"},
    {kLaneBitErrors, "lane_bit_errors", "1", kCounter, "link up",
     "Wrong bits of a lane before FEC, by lane", "weft_lane_bit_errors_total", 1, "lane"},
    {kPortFigureOfMerit, "port_figure_of_merit", "dB", kGauge, "",
     "Signal over all that disturbs it at a lane's receiver, by lane",
     "weft_port_figure_of_merit_decibels", 1, "lane"},
    {kFecCodewords, "fec_codewords", "1", kHistogram, "driver load",
     "FEC codewords received, by the number of symbols (or bits) that were corrected in them",
     "weft_fec_codewords_total", 1,
     "lane, or \"total\"; bins that are no single number are named: \"total 0,1-3\""},
    {kLinkUp, "link_up", "1", kState, "", "1 while the link carries data", "weft_link_up", 1, ""},
    {kLinkTraining, "link_training", "1", kState, "", "1 while the link trains",
     "weft_link_training", 1, ""},
    {kLinkRate, "link_rate", "GT/s", kGauge, "", "Transfer rate of one lane that the link runs at",
     "weft_link_lane_transfers_per_second", 1e9, ""},
    {kLinkWidth, "link_width", "1", kGauge, "", "Lanes that the link runs at",
     "weft_link_width_lanes", 1, ""},
    {kLinkDataRate, "link_data_rate", "bit/s", kGauge, "",
     "Data rate that the whole link runs at (Ethernet, InfiniBand, NVLink)",
     "weft_link_data_rate_bytes_per_second", 0.125, ""},
    {kHostUptime, "host_uptime", "s", kGauge, "", "Time since the host booted",
     "weft_host_uptime_seconds", 1, "host"},
    {kPcieReplay, "pcie_replay", "1", kCounter, "boot", "PCIe packets that were sent again",
     "weft_pcie_replays_total", 1, ""},
    {kPcieReplayRollover, "pcie_replay_rollover", "1", kCounter, "boot",
     "Times that the PCIe replay number went round, which retrains the link",
     "weft_pcie_replay_rollovers_total", 1, ""},
    {kPcieNakReceived, "pcie_nak_received", "1", kCounter, "boot",
     "PCIe NAKs that came in: the far end asked for a packet again",
     "weft_pcie_naks_received_total", 1, ""},
    {kPcieNakSent, "pcie_nak_sent", "1", kCounter, "boot",
     "PCIe NAKs that went out: this end asked for a packet again", "weft_pcie_naks_sent_total", 1,
     ""},
    {kPortPreFecBer, "port_pre_fec_ber", "1", kGauge, "",
     "Bit error ratio before FEC, as the port itself states it",
     "weft_port_pre_fec_bit_error_ratio", 1, "lane, or \"\""},
    {kPortPostFecBer, "port_post_fec_ber", "1", kGauge, "",
     "Bit error ratio after FEC, as the port itself states it",
     "weft_port_post_fec_bit_error_ratio", 1, "lane, or \"\""},
});
static_assert(kRows.size() == static_cast<std::size_t>(Metric::kCount_));

}  // namespace

std::span<const MetricRow> metrics() {
  return kRows;
}
const MetricRow& row(Metric metric) {
  return kRows.at(static_cast<std::size_t>(metric));
}
std::optional<Metric> find_metric(std::string_view key) {
  for (const MetricRow& row : kRows) {
    if (row.key == key) {
      return row.metric;
    }
  }
  return std::nullopt;
}
std::string_view key(MetricKind kind) {
  constexpr std::array<std::string_view, 5> kKeys = {"gauge", "counter", "state", "histogram",
                                                     "event"};
  return kKeys.at(static_cast<std::size_t>(kind));
}

}  // namespace weft::observe
