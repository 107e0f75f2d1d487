// SPDX-License-Identifier: Apache-2.0
// Lengths of time as people write them on command lines: one reader for every verb, so that "10m"
// means the same everywhere. Formats with spans of their own (scenarios) say so in their own place.
#pragma once

#include "base/result.h"
#include "base/time.h"

#include <string_view>

namespace weft::base {

/// What an error of parse_span() advises, for messages of one's own.
inline constexpr std::string_view kSpanHint = "Write it like 30s, 10m, 2h or 1d.";

/// "30s", "10m" or "10 min", "2h", "1d", "1w", "1.5h"; a bare number is seconds. Not negative, at
/// most 100 years. kInvalidArgument.
[[nodiscard]] Result<Duration> parse_span(std::string_view text);

}  // namespace weft::base
