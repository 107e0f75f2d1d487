// SPDX-License-Identifier: Apache-2.0
// Every metric in the words of those who count it. Widths and resets: the kernel's ABI documents
// (sysfs-bus-pci-devices-aer_stats, sysfs-class-net, sysfs-class-infiniband) and its drivers/
// infiniband/core/sysfs.c for the PMA fields' widths; IBTA 1.2.1 16.1.3.5 (PortCounters stay at
// their greatest value until written); ethtool-netlink and IEEE 802.3 clauses 30.5 and 30.6;
// OIF-CMIS-05.2 8.14 and table 8-129 (VDM); the public NVML API reference; DMTF PCIeDevice
// PCIeErrors and PortMetrics; the public nsmd sources (type 2, scalar groups); PT5161L register
// map. Where a source states no width it is 0.
#include "observe/metric.h"

#include <algorithm>
#include <array>

namespace weft::observe {
namespace {

using enum Metric;
using enum Vocabulary;
using enum Overflow;

constexpr std::array kSources = std::to_array<SourceRow>({
    {kAerCorrectable, kSysfs, "aer_dev_correctable", 64, kWraps, "boot, hot-plug", true},
    {kAerCorrectable, kRedfish, "PCIeErrors.CorrectableErrorCount", 0, kNone, "", false},
    {kAerCorrectable, kNsm, "scalar group 2: correctable errors", 32, kWraps, "device reset",
     false},
    {kAerNonfatal, kSysfs, "aer_dev_nonfatal", 64, kWraps, "boot, hot-plug", true},
    {kAerNonfatal, kRedfish, "PCIeErrors.NonFatalErrorCount", 0, kNone, "", false},
    {kAerNonfatal, kNsm, "scalar group 2: non-fatal errors", 32, kWraps, "device reset", false},
    {kAerFatal, kSysfs, "aer_dev_fatal", 64, kWraps, "boot, hot-plug", true},
    {kAerFatal, kRedfish, "PCIeErrors.FatalErrorCount", 0, kNone, "", false},
    {kAerFatal, kNsm, "scalar group 2: fatal errors", 32, kWraps, "device reset", false},
    {kAerRootCorrectable, kSysfs, "aer_rootport_total_err_cor", 64, kWraps, "boot, hot-plug", true},
    {kAerRootNonfatal, kSysfs, "aer_rootport_total_err_nonfatal", 64, kWraps, "boot, hot-plug",
     true},
    {kAerRootFatal, kSysfs, "aer_rootport_total_err_fatal", 64, kWraps, "boot, hot-plug", true},
    {kTemperature, kSysfs, "hwmon temp*_input", 0, kNone, "", true},
    {kTemperature, kRetimer, "temperature of the fuse-corrected sensor", 0, kNone, "", true},
    {kTemperature, kRedfish, "Sensor.Reading (Temperature)", 0, kNone, "", false},
    {kTemperature, kNsm, "temperature sensor", 0, kNone, "", false},
    {kTemperatureLimit, kSysfs, "hwmon temp*_max, temp*_crit", 0, kNone, "", true},
    {kTemperatureLimit, kRedfish, "Sensor.Thresholds", 0, kNone, "", false},
    {kTemperatureAlarm, kSysfs, "hwmon temp*_alarm, temp*_crit_alarm", 0, kNone, "", true},
    {kCarrierChanges, kSysfs, "net/*/carrier_changes", 32, kWraps, "driver load", true},
    {kCarrierDown, kSysfs, "net/*/carrier_down_count", 32, kWraps, "driver load", true},
    {kReceiveErrors, kSysfs, "net/*/statistics/rx_errors", 64, kWraps, "driver load", true},
    {kReceiveErrors, kRedfish, "PortMetrics.RXErrors", 0, kNone, "", false},
    {kReceiveCrcErrors, kSysfs, "net/*/statistics/rx_crc_errors", 64, kWraps, "driver load", true},
    {kReceiveCrcErrors, kRedfish, "PortMetrics.Networking.RXFCSErrors", 0, kNone, "", false},
    {kTransmitErrors, kSysfs, "net/*/statistics/tx_errors", 64, kWraps, "driver load", true},
    {kTransmitErrors, kRedfish, "PortMetrics.TXErrors", 0, kNone, "", false},
    {kSymbolErrors, kEthtool, "eth-phy SymbolErrorDuringCarrier", 64, kWraps, "driver load", true},
    {kSymbolErrors, kInfiniband, "symbol_error", 16, kSaturates, "written", true},
    {kFecCorrectedBlocks, kEthtool, "ETHTOOL_A_FEC_STAT_CORRECTED (aFECCorrectedBlocks)", 64,
     kWraps, "driver load", true},
    {kFecCorrectedBlocks, kPort, "corrected_codewords", 64, kWraps, "link up", true},
    {kFecUncorrectableBlocks, kEthtool, "ETHTOOL_A_FEC_STAT_UNCORR (aFECUncorrectableBlocks)", 64,
     kWraps, "driver load", true},
    {kFecUncorrectableBlocks, kPort, "uncorrectable_codewords", 64, kWraps, "link up", true},
    {kFecCorrectedBits, kEthtool, "ETHTOOL_A_FEC_STAT_CORR_BITS", 64, kWraps, "driver load", true},
    {kLinkDowned, kInfiniband, "link_downed", 8, kSaturates, "written", true},
    {kLinkErrorRecovery, kInfiniband, "link_error_recovery", 8, kSaturates, "written", true},
    {kPortReceiveErrors, kInfiniband, "port_rcv_errors", 16, kSaturates, "written", true},
    {kLocalLinkIntegrity, kInfiniband, "local_link_integrity_errors", 4, kSaturates, "written",
     true},
    {kExcessiveOverrun, kInfiniband, "excessive_buffer_overrun_errors", 4, kSaturates, "written",
     true},
    {kHardwareCounter, kInfiniband, "hw_counters/*", 64, kWraps, "driver load", true},
    {kNvlinkReplay, kNvml, "NVML_NVLINK_ERROR_DL_REPLAY", 64, kWraps, "driver load, written", true},
    {kNvlinkRecovery, kNvml, "NVML_NVLINK_ERROR_DL_RECOVERY", 64, kWraps, "driver load, written",
     true},
    {kNvlinkCrcFlit, kNvml, "NVML_NVLINK_ERROR_DL_CRC_FLIT", 64, kWraps, "driver load, written",
     true},
    {kNvlinkCrcData, kNvml, "NVML_NVLINK_ERROR_DL_CRC_DATA", 64, kWraps, "driver load, written",
     true},
    {kUtilization, kNvml, "nvmlDeviceGetUtilizationRates().gpu", 0, kNone, "", true},
    {kLaneReceivePower, kCmis, "OpticalPowerRx (11h:186)", 0, kNone, "", true},
    {kLaneReceivePower, kRedfish, "PortMetrics.Transceivers.RXInputPowerMilliWatts", 0, kNone, "",
     false},
    {kLaneTransmitPower, kCmis, "OpticalPowerTx (11h:154)", 0, kNone, "", true},
    {kLaneTransmitPower, kRedfish, "PortMetrics.Transceivers.TXOutputPowerMilliWatts", 0, kNone, "",
     false},
    {kLaneBias, kCmis, "LaserBiasTx (11h:170)", 0, kNone, "", true},
    {kLaneBias, kRedfish, "PortMetrics.Transceivers.TXBiasCurrentMilliAmps", 0, kNone, "", false},
    {kModuleTemperature, kCmis, "TempMonValue (00h:14)", 0, kNone, "", true},
    {kModuleVoltage, kCmis, "VccMonVoltage (00h:16)", 0, kNone, "", true},
    {kModuleVoltage, kRedfish, "PortMetrics.Transceivers.SupplyVoltage", 0, kNone, "", false},
    {kLaneErrorStatus, kSysfs, "config: Lane Error Status", 0, kNone, "written", true},
    {kAerCorrectableStatus, kSysfs, "config: Correctable Error Status", 0, kNone, "written", true},
    {kAerCorrectableStatus, kNsm, "scalar group 9: AER correctable status", 0, kNone, "", false},
    {kAerUncorrectableStatus, kSysfs, "config: Uncorrectable Error Status", 0, kNone, "written",
     true},
    {kAerUncorrectableStatus, kNsm, "scalar group 9: AER uncorrectable status", 0, kNone, "",
     false},
    {kTemperaturePeak, kRetimer, "greatest temperature", 0, kNone, "chip reset", true},
    {kL0ToRecovery, kRetimer, "LTSSM recovery count", 8, kWraps, "chip reset, written", true},
    {kL0ToRecovery, kRedfish, "PCIeErrors.L0ToRecoveryCount", 0, kNone, "", false},
    {kL0ToRecovery, kNsm, "scalar group 3: L0 to Recovery count", 32, kWraps, "device reset",
     false},
    {kLaneFigureOfMerit, kRetimer, "FOM of the lane's receiver", 0, kNone, "", true},
    {kModuleSnr, kCmis, "VDM 5, 6: eSNR media, host input", 0, kNone, "", true},
    {kModuleLevelTransition, kCmis, "VDM 7, 8: PAM4 level transition parameter", 0, kNone, "",
     true},
    {kModulePreFecBer, kCmis, "VDM 9 to 16: Pre-FEC BER minimum, maximum, average, current", 0,
     kNone, "", true},
    {kModuleErroredFrames, kCmis, "VDM 17 to 24: errored frames minimum, maximum, average, current",
     0, kNone, "", true},
    {kPortRetries, kPort, "retries", 64, kWraps, "device reset", true},
    {kPortRecoveries, kPort, "recoveries", 64, kWraps, "device reset", true},
    {kPortLinkDowns, kPort, "link_downs", 64, kWraps, "device reset", true},
    {kLaneBits, kPort, "receivers[].bits", 64, kWraps, "link up", true},
    {kLaneBitErrors, kPort, "receivers[].bit_errors", 64, kWraps, "link up", true},
    {kPortFigureOfMerit, kPort, "receivers[].fom", 0, kNone, "", true},
    {kFecCodewords, kEthtool, "ETHTOOL_A_FEC_STAT_HIST", 64, kWraps, "driver load", true},
    {kFecCodewords, kCmis, "VDM 27 to 34: symbol error weight", 0, kNone, "", false},
    {kLinkUp, kSysfs, "net/*/carrier; config: DLL Link Active; infiniband state", 0, kNone, "",
     true},
    {kLinkUp, kNvml, "nvmlDeviceGetNvLinkState", 0, kNone, "", true},
    {kLinkUp, kRedfish, "Port.LinkStatus", 0, kNone, "", false},
    {kLinkTraining, kSysfs, "config: Link Training; infiniband phys_state", 0, kNone, "", true},
    {kLinkRate, kSysfs, "config: Current Link Speed", 0, kNone, "", true},
    {kLinkRate, kRedfish, "PCIeInterface.PCIeType", 0, kNone, "", false},
    {kLinkRate, kNsm, "scalar group 1: negotiated link speed", 0, kNone, "", false},
    {kLinkWidth, kSysfs, "config: Negotiated Link Width", 0, kNone, "", true},
    {kLinkWidth, kRedfish, "PCIeInterface.LanesInUse", 0, kNone, "", false},
    {kLinkWidth, kNsm, "scalar group 1: negotiated link width", 0, kNone, "", false},
    {kLinkDataRate, kSysfs, "net/*/speed; infiniband rate", 0, kNone, "", true},
    {kLinkDataRate, kNvml, "NVML_FI_DEV_NVLINK_GET_SPEED", 0, kNone, "", true},
    {kLinkDataRate, kRedfish, "Port.CurrentSpeedGbps", 0, kNone, "", false},
    {kHostUptime, kSysfs, "/proc/uptime", 0, kNone, "boot", true},
    {kPcieReplay, kNvml, "NVML_FI_DEV_PCIE_REPLAY_COUNTER", 0, kNone, "driver load", false},
    {kPcieReplay, kRedfish, "PCIeErrors.ReplayCount", 0, kNone, "", false},
    {kPcieReplay, kNsm, "scalar group 4: replay count", 32, kWraps, "device reset", false},
    {kPcieReplayRollover, kNvml, "NVML_FI_DEV_PCIE_REPLAY_ROLLOVER_COUNTER", 0, kNone,
     "driver load", false},
    {kPcieReplayRollover, kRedfish, "PCIeErrors.ReplayRolloverCount", 0, kNone, "", false},
    {kPcieReplayRollover, kNsm, "scalar group 4: replay rollover count", 32, kWraps, "device reset",
     false},
    {kPcieNakReceived, kRedfish, "PCIeErrors.NAKReceivedCount", 0, kNone, "", false},
    {kPcieNakReceived, kNsm, "scalar group 4: NAK received count", 32, kWraps, "device reset",
     false},
    {kPcieNakSent, kRedfish, "PCIeErrors.NAKSentCount", 0, kNone, "", false},
    {kPcieNakSent, kNsm, "scalar group 4: NAK transmitted count", 32, kWraps, "device reset",
     false},
    {kPortPreFecBer, kSonic, "COUNTERS_DB FEC_PRE_BER", 0, kNone, "", false},
    {kPortPostFecBer, kSonic, "COUNTERS_DB FEC_POST_BER", 0, kNone, "", false},
});

}  // namespace

std::string_view key(Vocabulary vocabulary) {
  constexpr std::array<std::string_view, 10> kKeys = {
      "Linux sysfs", "ethtool", "CMIS",    "InfiniBand", "NVML",
      "Redfish",     "NSM",     "retimer", "port",       "SONiC"};
  return kKeys.at(static_cast<std::size_t>(vocabulary));
}

std::span<const SourceRow> metric_sources() {
  return kSources;
}

std::span<const SourceRow> sources_of(Metric metric) {
  const auto range = std::ranges::equal_range(kSources, metric, {}, &SourceRow::metric);
  return {range.begin(), range.end()};
}

}  // namespace weft::observe
