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
     "Correctable PCIe errors that this port or device detected, by type"},
    {kAerNonfatal, "aer_nonfatal", "1", kCounter, "boot",
     "Uncorrectable, non-fatal PCIe errors that this port or device detected, by type"},
    {kAerFatal, "aer_fatal", "1", kCounter, "boot",
     "Uncorrectable, fatal PCIe errors that this port or device detected, by type"},
    {kAerRootCorrectable, "aer_root_correctable", "1", kCounter, "boot",
     "Correctable error messages that reached this root port"},
    {kAerRootNonfatal, "aer_root_nonfatal", "1", kCounter, "boot",
     "Non-fatal error messages that reached this root port"},
    {kAerRootFatal, "aer_root_fatal", "1", kCounter, "boot",
     "Fatal error messages that reached this root port"},
    {kTemperature, "temperature", "Cel", kGauge, "", "Temperature of a sensor"},
    {kTemperatureLimit, "temperature_limit", "Cel", kGauge, "",
     "Temperature above which the sensor's chip calls it too hot"},
    {kTemperatureAlarm, "temperature_alarm", "1", kState, "",
     "1 while the sensor's chip says that it is too hot"},
    {kCarrierChanges, "carrier_changes", "1", kCounter, "driver load",
     "Times that the carrier came up or went down"},
    {kCarrierDown, "carrier_down", "1", kCounter, "driver load",
     "Times that the carrier went down"},
    {kReceiveErrors, "receive_errors", "1", kCounter, "driver load",
     "Frames received with an error"},
    {kReceiveCrcErrors, "receive_crc_errors", "1", kCounter, "driver load",
     "Frames received with a wrong frame check sequence"},
    {kTransmitErrors, "transmit_errors", "1", kCounter, "driver load",
     "Frames that could not be sent"},
    {kSymbolErrors, "symbol_errors", "1", kCounter, "driver load",
     "Symbol errors during carrier (Ethernet), or minor link errors (InfiniBand)"},
    {kFecCorrectedBlocks, "fec_corrected_blocks", "1", kCounter, "driver load",
     "FEC codewords received with errors and corrected"},
    {kFecUncorrectableBlocks, "fec_uncorrectable_blocks", "1", kCounter, "driver load",
     "FEC codewords received with more errors than the code corrects"},
    {kFecCorrectedBits, "fec_corrected_bits", "1", kCounter, "driver load",
     "Bits that FEC corrected"},
    {kLinkDowned, "link_downed", "1", kCounter, "cleared", "Times that the InfiniBand link failed"},
    {kLinkErrorRecovery, "link_error_recovery", "1", kCounter, "cleared",
     "Times that the InfiniBand link recovered after errors"},
    {kPortReceiveErrors, "port_receive_errors", "1", kCounter, "cleared",
     "InfiniBand packets received with an error"},
    {kLocalLinkIntegrity, "local_link_integrity_errors", "1", kCounter, "cleared",
     "Times that InfiniBand local physical errors passed their threshold"},
    {kExcessiveOverrun, "excessive_buffer_overrun_errors", "1", kCounter, "cleared",
     "Times that InfiniBand buffer overruns passed their threshold"},
    {kHardwareCounter, "hw_counter", "1", kCounter, "driver load",
     "A counter of the RDMA device's driver, by its own name"},
    {kNvlinkReplay, "nvlink_replay_errors", "1", kCounter, "driver load",
     "NVLink replays, by link"},
    {kNvlinkRecovery, "nvlink_recovery_errors", "1", kCounter, "driver load",
     "NVLink recoveries, by link"},
    {kNvlinkCrcFlit, "nvlink_crc_flit_errors", "1", kCounter, "driver load",
     "NVLink flits received with a wrong CRC, by link"},
    {kNvlinkCrcData, "nvlink_crc_data_errors", "1", kCounter, "driver load",
     "NVLink data received with a wrong CRC, by link"},
    {kUtilization, "utilization", "%", kGauge, "", "Share of time that the accelerator was busy"},
    {kLaneReceivePower, "lane_receive_power", "dB[mW]", kGauge, "",
     "Optical power received, by lane"},
    {kLaneTransmitPower, "lane_transmit_power", "dB[mW]", kGauge, "",
     "Optical power sent, by lane"},
    {kLaneBias, "lane_bias", "mA", kGauge, "", "Laser bias current, by lane"},
    {kModuleTemperature, "module_temperature", "Cel", kGauge, "",
     "Temperature of the plugged module"},
    {kModuleVoltage, "module_voltage", "V", kGauge, "", "Supply voltage of the plugged module"},
    {kLaneErrorStatus, "lane_error_status", "1", kState, "cleared",
     "PCIe Lane Error Status: bit n is set when lane n saw errors"},
    {kAerCorrectableStatus, "aer_correctable_status", "1", kState, "cleared",
     "AER Correctable Error Status register: errors that nobody cleared yet"},
    {kAerUncorrectableStatus, "aer_uncorrectable_status", "1", kState, "cleared",
     "AER Uncorrectable Error Status register: errors that nobody cleared yet"},
    {kTemperaturePeak, "temperature_peak", "Cel", kGauge, "",
     "Hottest that a sensor has been since its chip was reset"},
    {kL0ToRecovery, "l0_to_recovery", "1", kCounter, "cleared",
     "Times that a link left L0 for Recovery; a retimer's counter wraps at 256"},
    {kLaneFigureOfMerit, "lane_figure_of_merit", "1", kGauge, "",
     "Figure of merit of a lane's receiver, 0 to 255; a retimer's alert is at 85 and below"},
    {kModuleSnr, "module_snr", "dB", kGauge, "",
     "Signal to noise ratio that the module measures (CMIS VDM eSNR), by side, lane and statistic"},
    {kModuleLevelTransition, "module_level_transition", "dB", kGauge, "",
     "PAM4 level transition parameter (CMIS VDM), by side, lane and statistic"},
    {kModulePreFecBer, "module_pre_fec_ber", "1", kGauge, "",
     "Bit error ratio before FEC (CMIS VDM), by side, lane and statistic"},
    {kModuleErroredFrames, "module_errored_frames", "1", kGauge, "",
     "Share of FEC codewords that could not be corrected (CMIS VDM), by side, lane and statistic"},
    {kPortRetries, "port_retries", "1", kCounter, "cleared",
     "Link-layer replays of a port without a public management interface (modelled)"},
    {kPortRecoveries, "port_recoveries", "1", kCounter, "cleared",
     "Recoveries of the link of a port without a public management interface (modelled)"},
    {kPortLinkDowns, "port_link_downs", "1", kCounter, "cleared",
     "Times that the link of a port without a public management interface went down (modelled)"},
    {kLaneBits, "lane_bits", "1", kCounter, "link up", "Bits that a lane's receiver took, by lane"},
    {kLaneBitErrors, "lane_bit_errors", "1", kCounter, "link up",
     "Wrong bits of a lane before FEC, by lane"},
    {kPortFigureOfMerit, "port_figure_of_merit", "dB", kGauge, "",
     "Signal over all that disturbs it at a lane's receiver, by lane"},
});
static_assert(kRows.size() == static_cast<std::size_t>(Metric::kCount_));

}  // namespace

std::span<const MetricRow> metrics() {
  return kRows;
}
const MetricRow& row(Metric metric) {
  return kRows.at(static_cast<std::size_t>(metric));
}

}  // namespace weft::observe
