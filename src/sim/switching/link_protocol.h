// SPDX-License-Identifier: Apache-2.0
// One link in flit times: what credits, replay buffers and retries leave of its rate. Closed forms,
// and beside each the protocol itself run flit by flit; the packet model uses the closed forms for
// what a retry costs and the tests hold all three together. Facts: go back N delivers (1 - p) /
// (1 - p + p W), selective 1 - p, credits min(1, buffer / round trip); UALink numbers flits with 9
// bits (511 in flight), 640 bytes each. Modelled: Acks and Naks are never lost.
#pragma once

#include "base/result.h"
#include "sim/units.h"

#include <cstdint>
#include <span>

namespace weft::sim::switching {

enum class Retry : std::uint8_t { kGoBackN, kSelective };

/// Share of the rate that `buffer` flits of credit allow over a round trip of `round_trip` flits.
[[nodiscard]] double credit_share(std::uint64_t buffer, std::uint64_t round_trip);
/// Share of flit times that deliver. `window`: flits that may be unacknowledged.
[[nodiscard]] double retry_share(Retry retry, double flit_error_ratio, std::uint64_t round_trip);

/// Flits that a replay buffer must hold so that a round trip never stalls the sender.
[[nodiscard]] std::uint64_t replay_flits(Ps round_trip, Ps flit_time);
/// The longest round trip that does not stall: UALink 511 flits of 6.4 ns, 3.27 us.
[[nodiscard]] Ps longest_round_trip(std::uint64_t window, Ps flit_time);

struct LinkRun {
  std::uint64_t sent = 0;       ///< flit times used, damaged and discarded ones too
  std::uint64_t stalled = 0;    ///< flit times without credit or replay buffer
  std::uint64_t delivered = 0;  ///< flits in order, once
  std::uint64_t retries = 0;
  [[nodiscard]] double share() const {
    return sent + stalled == 0
               ? 0
               : static_cast<double>(delivered) / static_cast<double>(sent + stalled);
  }
};

struct LinkSetting {
  std::uint64_t round_trip = 64;       ///< flit times from sending to knowing
  std::uint64_t window = 1ULL << 20;   ///< replay buffer, flits
  std::uint64_t credits = 1ULL << 20;  ///< receiver's buffer, flits; returned a round trip later
  double flit_error_ratio = 0;
  Retry retry = Retry::kGoBackN;
};
/// Runs `flit_times` of a sender that always has something to send, after one round trip of
/// warm-up; the receiver hands on at once. kInvalidArgument for ratios outside [0, 1) or zeros.
[[nodiscard]] base::Result<LinkRun> run_link(const LinkSetting& setting, std::uint64_t flit_times,
                                             std::uint64_t seed);

/// One hop of a cut-through path.
struct Hop {
  Ps link = 0;       ///< flight and PHY
  Ps pipeline = 0;   ///< the switch behind it, first bit in to first bit out; 0 at the end
  Ps serialise = 0;  ///< the packet's time on this link
};
/// First bit sent to last bit received without load: flights and pipelines, and the last bit of
/// the slowest link.
[[nodiscard]] Ps zero_load_latency(std::span<const Hop> path);

}  // namespace weft::sim::switching
