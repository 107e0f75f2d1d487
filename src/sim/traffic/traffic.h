// SPDX-License-Identifier: Apache-2.0
// Open-loop traffic: messages that arrive whether or not the network keeps up, from patterns of
// who talks to whom, at a load; and what the network makes of them: throughput, the latency of each
// message, what bounds both and where the gap goes. Arrivals of each rank are a Poisson process of
// the seed and the rank alone (all-to-all: evenly spaced). Called by `weft sim traffic`. Refused,
// all at once: ranks that are not there, nobody to talk to, loads and sizes out of range, more than
// two million messages.
#pragma once

#include "base/result.h"
#include "sim/result.h"
#include "sim/study.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft::sim {

enum class Pattern : std::uint8_t {
  kUniform,      ///< to all others alike, drawn for each message
  kPermutation,  ///< each to one other, drawn once; nobody is picked twice
  kIncast,       ///< the last `fan_in` ranks to rank 0
  kHotspot,      ///< `hot_share` of all messages to rank 0, the others uniform
  kAllToAll,     ///< to all others in turn, evenly spaced
  kMatrix,       ///< by a table of weights
};
[[nodiscard]] std::string_view key(Pattern pattern);

/// One entry of a traffic matrix: its share is its weight over all weights.
struct Demand {
  Rank from = 0, to = 0;
  double weight = 1;
};

struct TrafficMessage {
  Rank from = 0, to = 0;
  std::uint64_t bytes = 0;
  Ps at = 0;  ///< when it wants to go
};

inline constexpr std::size_t kTrafficMessagesMax = 2'000'000;

struct TrafficSpec {
  Pattern pattern = Pattern::kUniform;
  std::uint32_t fan_in = 1;
  double hot_share = 0.2;
  std::vector<Demand> matrix = {};  ///< of kMatrix
  /// Load 1 is where the busiest end, sending or receiving, is offered all that its links carry as
  /// planned.
  double load = 0.5;
  std::uint64_t message_bytes = 64 << 10;
  std::uint32_t messages = 0;  ///< of a rank, on average; 0: 200, fewer beyond 500 ranks
  std::uint64_t seed = 1;
  /// Messages with their own times and sizes; pattern, load and the above do not count then.
  std::vector<TrafficMessage> given = {};
};

/// "uniform", "incast:8", "hotspot:0.3", ...; kInvalidArgument says what there is.
[[nodiscard]] base::Result<TrafficSpec> parse_pattern(std::string_view text);

/// A pattern as who sends how much of it all: weights that add up to 1. Beyond 300,000 pairs of
/// ranks, each rank stands with 128 of its partners, evenly spaced.
[[nodiscard]] base::Result<std::vector<Demand>> demands(const TrafficSpec& spec,
                                                        std::uint32_t ranks);

struct TrafficBound {
  double load = 1;              ///< that no network of these links and routes can pass
  double bytes_per_second = 0;  ///< of all ranks, at that load
  std::string what;             ///< "leaf0--spine1 (leaf0 to spine1)"
};

/// Mean over messages; the parts add up to `total`, rounding apart.
struct LatencyParts {
  double total = 0;  ///< seconds, as the others
  double latency = 0, serialisation = 0, contention = 0, retry = 0;
};

struct TrafficAnswer {
  double load = 0;      ///< offered; 0 for given messages
  double accepted = 0;  ///< delivered in the measured span, as a load
  double offered_bytes_per_second = 0, bytes_per_second = 0;
  bool is_saturated = false;  ///< delivered less than 95 % of what was offered
  TrafficBound bound;
  Ps span = 0;                ///< of the arrivals
  Ps finish = 0;              ///< the last message was there
  std::vector<Ps> latencies;  ///< of the measured messages, ascending
  LatencyParts mean;
  std::vector<double> utilisation;                ///< of each channel over `finish`, 0 to 1
  [[nodiscard]] Ps quantile(double share) const;  ///< the smallest that `share` do not exceed
};

/// The first fifth of the arrivals warms up and is not measured (given messages: all count).
/// Fidelity kFlow (kAuto) or kPacket.
[[nodiscard]] base::Result<TrafficAnswer> run_traffic(const Site& site, const TrafficSpec& spec,
                                                      Fidelity fidelity, Routing routing);

}  // namespace weft::sim
