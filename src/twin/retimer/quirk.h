// SPDX-License-Identifier: Apache-2.0
// Misbehaviours of retimers that users met in the field, each a switch: Quantity::kQuirk with the
// quirk's number as `sub`. A scenario names them by key.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace weft::twin::retimer {

enum class Quirk : std::uint32_t {
  kAllOnesReads,           ///< some reads answer 0xFF in every byte, as on a bus that is shared
  kTemperatureNotReady,    ///< the temperature reads 0 for 10 s after the firmware has loaded
  kHeartbeatStopsInPerst,  ///< the heartbeat stands still while any PERST is asserted
  kWrongBlockCount,        ///< some block answers are a byte short
  kStuckByIntervening,     ///< a transaction between set-up and data makes the target hold the bus
  kArpOnly,                ///< answers no fixed address until one is assigned at 0x61
  kSlowMailbox,            ///< an assisted access takes 3 reads of its command to be done
  kCount_,
};

struct QuirkRow {
  Quirk quirk;
  std::string_view key;
  std::string_view help;
};
[[nodiscard]] std::span<const QuirkRow> quirks();
[[nodiscard]] std::optional<Quirk> find_quirk(std::string_view key);

}  // namespace weft::twin::retimer
