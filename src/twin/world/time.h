// SPDX-License-Identifier: Apache-2.0
// World time as the twin's parts use it: nanoseconds since the world's start, with one value that
// means never, and sums that stop there rather than run over.
#pragma once

#include "base/time.h"

#include <cstdint>
#include <limits>

namespace weft::twin {

using base::Duration;
using base::WorldTime;

/// No such time: a timer set to it is taken away.
inline constexpr WorldTime kNever{std::numeric_limits<std::int64_t>::max()};

/// `at` + `span`; kNever where that is beyond the clock. @pre neither is negative
[[nodiscard]] constexpr WorldTime later(WorldTime at, Duration span) {
  return span.ns > kNever.ns - at.ns ? kNever : WorldTime{at.ns + span.ns};
}

}  // namespace weft::twin
