// SPDX-License-Identifier: Apache-2.0
// The metric catalogue: every metric once, with its unit, kind and meaning. JSON keys, Prometheus
// names, help texts and docs/METRICS.md come from here. Adding one more: an enumerator and a row in
// metric.cpp, in the same place, its other names in metric_sources.cpp, and docs/METRICS.md written
// anew by WEFT_REGENERATE=1 weft_observe_test, which checks that all agree.
#pragma once

#include <cstdint>
#include <optional>
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
  kFecCodewords,            ///< histogram: codewords by corrected symbols; label: lane, or "total"
  kLinkUp,                  ///< 1 while the link carries data; of the link, as all link metrics
  kLinkTraining,            ///< 1 while it trains
  kLinkRate,                ///< GT/s of one lane
  kLinkWidth,               ///< lanes
  kLinkDataRate,            ///< bit/s of the whole link (Ethernet, InfiniBand, NVLink)
  kHostUptime,              ///< s since the host booted; label: host name
  kPcieReplay,              ///< PCIe retransmissions
  kPcieReplayRollover,      ///< times that the PCIe replay number went round
  kPcieNakReceived,
  kPcieNakSent,
  kPortPreFecBer,  ///< bit error ratio before FEC that a port itself states
  kPortPostFecBer,
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
  std::string_view prometheus;  ///< "weft_aer_correctable_errors_total"; base units, _total
  double prometheus_scale = 1;  ///< a value times this is in the unit of that name
  std::string_view label = "";  ///< what the label tells: "lane", "sensor"; "" where there is none
  bool is_silent_at_zero = false;  ///< drivers leave the sample out while it is 0
};

[[nodiscard]] std::span<const MetricRow> metrics();
[[nodiscard]] const MetricRow& row(Metric metric);
[[nodiscard]] std::optional<Metric> find_metric(std::string_view key);
[[nodiscard]] std::string_view key(MetricKind kind);  ///< "gauge", "counter", …

/// Whose words: who else counts the same, and under which name.
enum class Vocabulary : std::uint8_t {
  kSysfs,       ///< files of the Linux kernel
  kEthtool,     ///< ethtool netlink
  kCmis,        ///< OIF-CMIS module memory, VDM observables
  kInfiniband,  ///< IBTA PortCounters as sysfs shows them
  kNvml,        ///< NVIDIA Management Library fields
  kRedfish,     ///< DMTF properties
  kNsm,         ///< NVIDIA system management over MCTP, type 2 (PCI links)
  kRetimer,     ///< PT4/PT5-class retimer over SMBus
  kPort,        ///< bus::PortCounters: ports without a public management interface
  kSonic,       ///< SONiC database fields
};
[[nodiscard]] std::string_view key(Vocabulary vocabulary);

/// What a counter does at its greatest value.
enum class Overflow : std::uint8_t { kNone, kWraps, kSaturates };

/// One metric in one vocabulary.
struct SourceRow {
  Metric metric;
  Vocabulary vocabulary;
  std::string_view name;  ///< in its own words
  std::uint8_t bits = 0;  ///< width of a counter; 0: no counter, or not stated
  Overflow overflow = Overflow::kNone;
  std::string_view resets;  ///< what sets it to 0: "boot", "driver load", "written", …; or ""
  bool is_read = false;     ///< a driver of Weftline reads it from there
};
/// By metric, in the order of the enumerators.
[[nodiscard]] std::span<const SourceRow> metric_sources();
[[nodiscard]] std::span<const SourceRow> sources_of(Metric metric);

}  // namespace weft::observe
