// SPDX-License-Identifier: Apache-2.0
// What was seen of one host at one time: its fabric, each link's state, samples, events. Drivers
// fill it; diagnose/ judges one or several; cli/ prints. Every value that a source cannot give is a
// Reading with its reason.
#pragma once

#include "base/time.h"
#include "base/units.h"
#include "fabric/model.h"
#include "observe/metric.h"
#include "observe/reading.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace weft::observe {

/// What a sample or event is about.
using Subject = std::variant<std::monostate, fabric::DeviceId, fabric::PortId, fabric::LinkId>;
[[nodiscard]] std::string text(const Subject& subject);
/// The id without its kind; 0 for none. For indexes.
[[nodiscard]] std::uint64_t number_of(const Subject& subject);

/// Counts by bin, cumulative like a counter ("codewords with n symbols corrected").
struct Histogram {
  std::vector<std::uint64_t> counts;
  friend bool operator==(const Histogram&, const Histogram&) = default;
};

using Value = std::variant<std::uint64_t, double, std::string, Histogram>;

/// One value of one metric of one subject, or why there is none.
struct Sample {
  Subject subject;
  Metric metric{};
  std::string label;  ///< which of several (error type, lane, sensor); may be empty
  Reading<Value> value;
  friend bool operator==(const Sample&, const Sample&) = default;
};

enum class Severity : std::uint8_t { kInfo, kWarning, kCritical };
[[nodiscard]] std::string_view key(Severity severity);

/// Something that happened at a time.
struct Event {
  std::optional<base::WallTime> at;  ///< absent where the source gives no wall time
  std::optional<base::Duration> since_boot;
  Subject subject;      ///< monostate where no device could be named
  std::string address;  ///< as the source named it: "0000:3b:00.0", "eth0"
  std::string kind;     ///< "aer_correctable", "xid", "link_down", …
  Severity severity = Severity::kInfo;
  std::string text;  ///< the source's own words, made printable
  std::vector<std::pair<std::string, std::string>> fields;
};

/// One end of a link, as its port tells it.
struct LinkEnd {
  fabric::PortId port;
  std::string address;  ///< "0000:3b:00.0", "eth0"; empty where unseen
  Reading<base::TransferRate> max_rate = absent(Absence::kNotProvided);  ///< PCIe: one lane
  Reading<base::LaneCount> max_width = absent(Absence::kNotProvided);
  Reading<base::BitsPerSecond> max_data_rate =
      absent(Absence::kNotProvided);  ///< Ethernet, IB: whole link
  Reading<base::BitsPerSecond> advertised_data_rate =
      absent(Absence::kNotProvided);  ///< Ethernet: the fastest it was told to offer
  Reading<base::TransferRate> target_rate = absent(Absence::kNotProvided);
  Reading<bool> autonomous_speed_disabled = absent(Absence::kNotProvided);
  Reading<bool> bandwidth_management = absent(Absence::kNotProvided);  ///< LBMS
  Reading<bool> autonomous_bandwidth = absent(Absence::kNotProvided);  ///< LABS
  Reading<std::uint8_t> aspm = absent(Absence::kNotProvided);  ///< enabled: bit 0 L0s, bit 1 L1
  Reading<bool> clock_power_management = absent(Absence::kNotProvided);
  Reading<std::string> power_state = absent(Absence::kNotProvided);  ///< "D0", "D3hot", "D3cold"
  Reading<bool> answers = absent(Absence::kNotProvided);             ///< false: reads all ones
  Reading<bool> contained = absent(Absence::kNotProvided);  ///< DPC holds the link below down
  Reading<bool> occupied =
      absent(Absence::kNotProvided);  ///< slot's presence detect; ports with a slot
  Reading<bool> component_present =
      absent(Absence::kNotProvided);  ///< PCIe ports that tell it (Link Status 2), with or without
                                      ///< a slot: something is at the far end
  Reading<bool> powered_off =
      absent(Absence::kNotProvided);  ///< software switched the slot off; ports with a slot
  friend bool operator==(const LinkEnd&, const LinkEnd&) = default;
};

/// What a link runs at, and what its ends say they could.
struct LinkState {
  fabric::LinkId link;
  fabric::ProtocolFamily family = fabric::ProtocolFamily::kUnknown;
  Reading<bool> up = absent(Absence::kNotProvided);
  /// InfiniBand: signal and symbols are there, whatever the logical state says.
  Reading<bool> physically_up = absent(Absence::kNotProvided);
  Reading<base::TransferRate> rate = absent(Absence::kNotProvided);  ///< PCIe, NVLink: one lane
  Reading<base::LaneCount> width = absent(Absence::kNotProvided);
  /// PCIe with L0p enabled: width when it last trained; `width` may be less while lanes rest.
  Reading<base::LaneCount> trained_width = absent(Absence::kNotProvided);
  Reading<base::BitsPerSecond> data_rate =
      absent(Absence::kNotProvided);  ///< Ethernet, IB: whole link
  Reading<bool> training = absent(Absence::kNotProvided);
  Reading<bool> disabled = absent(Absence::kNotProvided);
  Reading<std::uint8_t> retimers = absent(Absence::kNotProvided);
  Reading<bool> flit_mode = absent(Absence::kNotProvided);
  Reading<std::string> fec = absent(Absence::kNotProvided);  ///< Ethernet: active FEC mode
  LinkEnd a;                                                 ///< toward the host
  LinkEnd b;
  friend bool operator==(const LinkState&, const LinkState&) = default;
};

/// The attribute of a PCI function that must not be read now, since that would wake it.
inline constexpr const char* kAsleep = "asleep";

/// Anything else that a driver knows of a device: what it is called, and text values with keys.
struct Attributes {
  fabric::DeviceId device;
  std::string kind;  ///< "pci_function", "cxl_memdev", "cxl_decoder", "module", …
  std::string name;  ///< "0000:3b:00.1", "mem0"
  std::vector<std::pair<std::string, Reading<std::string>>> values;
};

struct HostInfo {
  std::string name;      ///< host name, or the source's where there is none
  std::string identity;  ///< what its ids are derived from; never printed
  std::string kernel;    ///< release; may be empty
  std::string source;    ///< "this machine", "rack7.tar.zst"
  bool is_live = false;
  bool is_one_of_several_looks = false;  ///< may be joined with other looks at the same identity
  bool is_root = false;                  ///< collected with root's rights
  bool is_simulated = false;             ///< a demo or a twin: say so
  std::optional<base::Duration> uptime;
};

struct Snapshot {
  HostInfo host;
  base::WallTime taken;
  bool is_whole = true;  ///< false: link states and counters only; the rest was not asked for
  fabric::Fabric fabric;
  std::vector<LinkState> links;
  std::vector<Sample> samples;
  std::vector<Event> events;
  std::vector<Attributes> attributes;
  std::vector<std::string> notes;     ///< what a reader should know: "kernel log needs root"
  std::vector<std::string> problems;  ///< what was garbled on the devices, with place
  std::vector<std::string> damage;    ///< what of the source itself was lost, with place
};

}  // namespace weft::observe
