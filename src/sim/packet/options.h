// SPDX-License-Identifier: Apache-2.0
// What a packet run is told and what it answers. One meaning everywhere: bytes are payload bytes,
// as Network's rates are payload rates; times are picoseconds. Called by the verbs and by tests
// through run.h.
#pragma once

#include "sim/engine/budget.h"
#include "sim/network.h"
#include "sim/units.h"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace weft::sim::packet {

enum class Route : std::uint8_t {
  kEcmp,      ///< a message one way, by hash
  kSpray,     ///< each packet its own way, by hash
  kAdaptive,  ///< each packet the way that is free first at each switch
};

enum class VcRule : std::uint8_t {
  kAuto,      ///< kDateline on a grid that wraps, else kSingle
  kSingle,    ///< channel 0: trees and single tiers cannot lock
  kByHop,     ///< one more at each switch: no cycles as long as there are as many as hops
  kDateline,  ///< a second one after the seam of a ring
};

enum class Replay : std::uint8_t { kGoBackN, kSelective };

/// A switch that takes a packet and forgets it, though both link's checks passed.
struct SilentDrop {
  NodeIndex node = kNone;
  std::uint64_t nth = 1;  ///< which packet that arrives there
};
/// A link that retrains: its channel sends nothing for a while, nothing is lost.
struct Flap {
  ChannelIndex channel = kNone;
  Ps at = 0, lasts = 0;
};

struct Options {
  std::uint32_t packet_bytes = 4096;  ///< 64 to 1 MiB
  std::uint32_t flit_bytes = 256;     ///< what error ratios count
  std::uint32_t vcs = 1;              ///< 1 to 4 for kSingle; kAuto takes what it needs
  VcRule vc_rule = VcRule::kAuto;
  Route route = Route::kEcmp;
  Replay replay = Replay::kGoBackN;
  std::uint64_t buffer_bytes = 0;  ///< for each channel and VC; 0: the round trip and four packets
  std::uint64_t replay_bytes = 0;  ///< replay buffer; 0: sized by the round trip, never stalls
  std::uint32_t threads = 1;
  std::uint64_t seed = 1;
  Budget budget = {};
  Ps time_limit = kNever;
  std::uint64_t max_hops = 64;  ///< a packet that has made more is going in circles
  std::vector<SilentDrop> silent_drops = {};
  std::vector<Flap> flaps = {};
  ProgressSink progress = {};
  bool fold = false;  ///< run one rank for all where that is exact; see run.h
};

enum class Drop : std::uint8_t { kNoRoute, kHopLimit, kCount };

/// A message whose end-to-end check failed.
struct SilentLoss {
  Rank source = 0, destination = 0;
  std::uint32_t message = 0;   ///< number at the source
  std::uint32_t sequence = 0;  ///< first packet missing
  Ps noticed = 0;              ///< at the gap, or when the run stood still
  friend bool operator==(const SilentLoss&, const SilentLoss&) = default;
};

/// Counts of spans by their size: below 8 each its own, then eight to an octave.
struct LatencyHistogram {
  std::array<std::uint64_t, 512> counts{};
  void add(Ps span);
  [[nodiscard]] Ps quantile(double share) const;  ///< lower edge of the bucket
};

struct Counters {
  std::uint64_t injected = 0, delivered = 0, hops = 0, events = 0, messages = 0;
  std::uint64_t injected_bytes = 0, delivered_bytes = 0;
  std::array<std::uint64_t, static_cast<std::size_t>(Drop::kCount)> dropped{};
  std::uint64_t copies = 0;        ///< packets that multicast made more of
  std::uint64_t merged = 0;        ///< packets that reductions made less of
  std::uint64_t retries = 0;       ///< replays by links
  std::uint64_t reordered = 0;     ///< packets that came before one sent earlier
  std::uint64_t reorder_max = 0;   ///< packets of a message that had to wait for one
  std::uint64_t order_errors = 0;  ///< out of order where one way was promised
  Ps waited = 0;                   ///< sum over packets and hops: contention
  Ps replayed = 0;                 ///< sum of link time lost to replays
  void add(const Counters& other);
  friend bool operator==(const Counters&, const Counters&) = default;
};

struct Result {
  Ps finish = 0;                   ///< the last rank was done
  std::vector<Ps> rank_finish;     ///< kNever where a rank did not finish
  std::vector<Ps> message_finish;  ///< of run_flows(): by flow
  Counters counters;
  LatencyHistogram latency;         ///< of packets, first bit in to last bit out
  std::vector<double> utilisation;  ///< of each channel over `finish`
  std::vector<SilentLoss> losses;
  std::string standstill;  ///< why it stopped before the end; empty when it did not
  std::uint64_t memory_bytes = 0;
  std::uint64_t windows = 0;
  bool is_folded = false;
};

}  // namespace weft::sim::packet
