// SPDX-License-Identifier: Apache-2.0
// What a run will cost, said before it starts, and how far it has come, said while it runs. The
// verbs print both; the models call check_budget() before they take memory, so that a run that
// cannot fit ends with the number that it needs instead of with the machine's last page.
#pragma once

#include "base/result.h"
#include "sim/engine/event_queue.h"

#include <cstdint>
#include <functional>
#include <string>

namespace weft::sim {

/// What a run is expected to do.
struct Cost {
  std::uint64_t packets = 0;
  std::uint64_t hops = 0;
  std::uint64_t memory_bytes = 0;
  double hops_per_second = 3e6;  ///< of one thread: sim_bench's bar, not a measurement of this CPU

  [[nodiscard]] double seconds() const { return static_cast<double>(hops) / hops_per_second; }
  /// "12.4 M packet hops, about 4.1 s, 310 MiB".
  [[nodiscard]] std::string text() const;
};

struct Budget {
  std::uint64_t memory_bytes = 24ULL << 30;
  std::uint64_t hops = 0;  ///< 0: no bound
};

/// kResourceExhausted, with both numbers, when the run would not fit.
[[nodiscard]] base::Result<void> check_budget(const Cost& cost, const Budget& budget,
                                              const std::string& what);

/// "1.5 KiB", "310 MiB".
[[nodiscard]] std::string bytes_text(std::uint64_t bytes);

/// How far a run is. `seconds` is wall time since its start, given by the caller's clock: no model
/// reads one.
struct Progress {
  double done = 0;  ///< 0 to 1, of the bytes to be delivered
  Ps now = 0;
  std::uint64_t hops = 0;

  /// Wall seconds still to go if it goes on as it did; 0 when nothing can be said yet.
  [[nodiscard]] double remaining_seconds(double elapsed) const {
    return done > 0 ? elapsed * (1 - done) / done : 0;
  }
};
/// Returns false to stop the run.
using ProgressSink = std::function<bool(const Progress&)>;

}  // namespace weft::sim
