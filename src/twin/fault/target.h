// SPDX-License-Identifier: Apache-2.0
// What a fault is done to, as people write it over the names of a rack file:
//
//   link:server0/gpu1/up0--switch0/port1 lane 3 toward-device section 1
//   link:server*/gpu*/up0--* lanes 0-3,7
//   device:server0/retimer2 toward-host         lanes: those at this device
//   port:server0/nic0/eth0                      lanes: those at this port
//   host:server0                                a machine: a top-level device
//
// `*` stands for any text, `?` for one character; a name with spaces is put into double quotes;
// several selectors are parted by `;`. Scenario files and `weft world inject --target` hold them.
// resolve() turns one into the links, lanes, devices and machines of a plan that a fault of a row
// touches; it refuses what the rack does not have, with the nearest name.
#pragma once

#include "base/result.h"
#include "twin/fault/catalogue.h"
#include "twin/plan/plan.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft::twin {

inline constexpr std::size_t kTargetBytesMax = 4096;
/// Lanes of one fault, after patterns are expanded.
inline constexpr std::size_t kSitesMost = 1'000'000;

enum class SelectorKind : std::uint8_t { kLink, kDevice, kPort, kHost };

struct Selector {
  SelectorKind kind = SelectorKind::kLink;
  std::string name;                  ///< with * and ?
  std::vector<std::uint32_t> lanes;  ///< ascending; empty: the fault's own choice
  std::optional<std::uint32_t> section;
  std::optional<fabric::LaneDirection> direction;
  friend bool operator==(const Selector&, const Selector&) = default;
};

struct Target {
  std::vector<Selector> selectors;
  friend bool operator==(const Target&, const Target&) = default;
};

/// kInvalidArgument says what is wrong.
[[nodiscard]] base::Result<Target> parse_target(std::string_view text);
/// What parse_target() reads back.
[[nodiscard]] std::string text(const Target& target);

/// One lane of one link: indexes of WorldPlan::links, and lane_sub().
struct LaneSite {
  std::size_t link = 0;
  std::uint32_t sub = 0;
  friend constexpr auto operator<=>(const LaneSite&, const LaneSite&) = default;
};

/// Sorted, each once.
struct Sites {
  std::vector<LaneSite> lanes;
  std::vector<LaneSite> neighbours;  ///< beside those lanes, and not of them
  std::vector<std::size_t> links;    ///< of the lanes, or the targets themselves
  std::vector<fabric::DeviceId> devices;
  std::vector<std::size_t> hosts;  ///< WorldPlan::machines
};

/// kNotFound where nothing has the name; kInvalidArgument where what has it is not what the fault
/// is of, or has no such lane or section; kResourceExhausted beyond kSitesMost.
[[nodiscard]] base::Result<Sites> resolve(const WorldPlan& plan, const FaultRow& row,
                                          const Target& target);

}  // namespace weft::twin
