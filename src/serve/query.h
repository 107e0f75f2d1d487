// SPDX-License-Identifier: Apache-2.0
// The one place that answers questions about what was measured and judged: over the plane's socket,
// for verbs, and for verbs that open a store's folder themselves. A question is one JSON object on
// one line, so is its answer (docs/formats/plane.md). Questions come from outside: their size and
// that of their answers is bounded, and a refusal says what to ask instead. Reads only.
#pragma once

#include "base/result.h"
#include "base/time.h"
#include "diagnose/watch.h"
#include "telemetry/store.h"
#include "telemetry/track.h"

#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace weft::serve {

inline constexpr std::string_view kPlaneSchema = "weftline/plane/1";
inline constexpr std::size_t kRequestBytesMost = std::size_t{16} * 1024;

/// The longest time in seconds that may be asked about. With the years that parse_time() takes, no
/// sum of a time and a length leaves what 64 bits of nanoseconds hold.
inline constexpr double kSecondsMost = 1e9;

using SeeLast = std::function<void(const telemetry::SeriesKey&, const telemetry::Point&)>;
using SeeTrack = std::function<void(const telemetry::SeriesKey&, const telemetry::Track&)>;

/// What is asked. Nothing of it is kept beyond the call.
struct QuerySource {
  const telemetry::Store* store = nullptr;              ///< may be absent: only findings then
  std::span<const diagnose::LivingFinding> findings{};  ///< worst first
  base::WallTime now{};
  bool is_simulated = false;
  /// Visits the tracks of all series, where there are some: last values and moving counters are
  /// then answered from memory.
  std::function<void(const SeeTrack&)> each_track{};
  /// Visits the newest point of all series that came in from `last_from` on, where they are kept,
  /// by metric, subject and label: last values that are no older need not be looked for in the
  /// store. What it shows stays where it is as long as this does.
  std::function<void(const SeeLast&)> each_last{};
  base::WallTime last_from{};
};

/// The line that a server says first, without its end.
[[nodiscard]] std::string greeting(bool is_simulated);

/// One line, without its end. Mistakes are answers too: {"ok": false, "error": …}.
[[nodiscard]] std::string answer(const QuerySource& source, std::string_view request);

/// The line that says that a question cannot be answered, and why.
[[nodiscard]] std::string refusal(bool is_simulated, const base::Error& error);

/// "2026-11-22T19:14:23.005Z", also without fraction, seconds, time of day or Z; of the years
/// 1970 to 2199. kInvalidArgument.
[[nodiscard]] base::Result<base::WallTime> parse_time(std::string_view text);

}  // namespace weft::serve
