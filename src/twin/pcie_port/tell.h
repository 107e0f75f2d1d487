// SPDX-License-Identifier: Apache-2.0
// What functions of one hierarchy tell each other: MessageKind::kOwn with one of these as `sub`.
#pragma once

#include "twin/world/actor.h"

namespace weft::twin::pcie_port {

enum class Tell : std::uint32_t {
  kNonFatal = 1,  ///< an ERR_NONFATAL message; `source` is the requester id
  kFatal,         ///< an ERR_FATAL message
  kRestore,       ///< the host sets up a port again whose switch was reset
};

/// Timers of a function.
inline constexpr std::uint32_t kReleaseReset = 0;
/// How long a switch that is reset holds the reset on the links below. Hot reset ends 2 ms after
/// the last ordered set that asks for it, PCIe Base 4.2.7.11.
inline constexpr Duration kResetHeld{2'000'000};
inline constexpr std::uint32_t kHostRecovers = 1;
/// From a containment's interrupt until the host's handler has ended it; modelled. Linux waits for
/// the link to go down and for its drivers first.
inline constexpr Duration kHostRecovery{1'000'000'000};

}  // namespace weft::twin::pcie_port
