// SPDX-License-Identifier: Apache-2.0
// The metric catalogue: every metric once, with its unit, kind and meaning. JSON keys, Prometheus
// names and help texts come from here. Adding one more: an enumerator and a row in metric.cpp, in
// the same place; metric_test.cpp checks that rows and enumerators agree.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace weft::observe {

enum class Metric : std::uint16_t {
  kAerCorrectable,  ///< label: error type as the kernel names it ("RxErr"); total has label "total"
  kAerNonfatal,
  kAerFatal,
  kAerRootCorrectable,  ///< messages that reached this root port
  kAerRootNonfatal,
  kAerRootFatal,
  kTemperature,       ///< label: sensor
  kTemperatureLimit,  ///< label: sensor
  kTemperatureAlarm,  ///< label: sensor; 1 while the chip raises it
  kCarrierChanges,
  kCarrierDown,  ///< times that the carrier went down
  kReceiveErrors,
  kReceiveCrcErrors,
  kTransmitErrors,
  kSymbolErrors,        ///< Ethernet: SymbolErrorDuringCarrier; InfiniBand: symbol_error
  kFecCorrectedBlocks,  ///< label: lane, or "total"
  kFecUncorrectableBlocks,
  kFecCorrectedBits,
  kLinkDowned,          ///< InfiniBand link_downed
  kLinkErrorRecovery,   ///< InfiniBand link_error_recovery
  kPortReceiveErrors,   ///< InfiniBand port_rcv_errors
  kLocalLinkIntegrity,  ///< InfiniBand local_link_integrity_errors
  kExcessiveOverrun,    ///< InfiniBand excessive_buffer_overrun_errors
  kHardwareCounter,     ///< RoCE/InfiniBand hw_counters, label: its file name
  kNvlinkReplay,        ///< label: link number
  kNvlinkRecovery,
  kNvlinkCrcFlit,
  kNvlinkCrcData,
  kUtilization,
  kLaneReceivePower,   ///< label: lane
  kLaneTransmitPower,  ///< label: lane
  kLaneBias,           ///< label: lane
  kModuleTemperature,
  kModuleVoltage,
  kLaneErrorStatus,  ///< PCIe Lane Error Status: bit n set means lane n saw errors since cleared
  kAerCorrectableStatus,    ///< AER Correctable Error Status register: bits not yet cleared
  kAerUncorrectableStatus,  ///< AER Uncorrectable Error Status register: bits not yet cleared
  kTemperaturePeak,         ///< hottest since the chip was reset; label: sensor
  kL0ToRecovery,            ///< times that a link left L0 for Recovery (NSM, Redfish); label: link
  kLaneFigureOfMerit,       ///< what a receiver says of its own eye, 0 to 255; label: port and lane
  kModuleSnr,               ///< CMIS VDM eSNR; label: side, lane, statistic ("media 0 current")
  kModuleLevelTransition,   ///< CMIS VDM PAM4 level transition parameter; label likewise
  kModulePreFecBer,         ///< CMIS VDM; label likewise
  kModuleErroredFrames,     ///< CMIS VDM; label likewise
  kPortRetries,             ///< generic port: link-layer replays
  kPortRecoveries,          ///< generic port
  kPortLinkDowns,           ///< generic port
  kLaneBits,                ///< label: lane; counted by its receiver since the link came up
  kLaneBitErrors,           ///< label: lane; before FEC
  kPortFigureOfMerit,       ///< generic port: signal over all that disturbs it; label: lane
  kCount_,
};

enum class MetricKind : std::uint8_t { kGauge, kCounter, kState, kHistogram, kEvent };

struct MetricRow {
  Metric metric;
  std::string_view key;   ///< "aer_correctable"
  std::string_view unit;  ///< UCUM where there is one: "1", "Cel", "dB[mW]", "V", "mA", "%"
  MetricKind kind;
  std::string_view since;  ///< what a counter counts from: "boot", "driver load", "cleared"; or ""
  std::string_view help;
};

[[nodiscard]] std::span<const MetricRow> metrics();
[[nodiscard]] const MetricRow& row(Metric metric);

}  // namespace weft::observe
