// SPDX-License-Identifier: Apache-2.0
// What a library's software adds to the fabric, and which of its algorithms and protocols it would
// take: launch, a base and a cost per step, and the share of the line that payload gets. Two
// protocols: low latency (a flag beside each word: short steps, less than half the bytes) and
// simple. Parameters: data/sim/parameters.yaml, each with its source. An ideal profile has none of
// this and shows the fabric alone. How well it fits: with the algorithm of the measurement 8 % at
// the points that it was fitted to; where it chooses by itself 25 % at H100's 1 MiB and 8 % at
// GB200's 8 MiB. No measurement was kept back to judge it, and rows that say "other" have none.
#pragma once

#include "base/result.h"
#include "sim/closed_form.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weft::sim {

enum class Profile : std::uint8_t { kIdeal, kNvlink4, kNvlink5, kOther };
[[nodiscard]] std::string_view key(Profile profile);
[[nodiscard]] std::optional<Profile> find_profile(std::string_view key);
/// By the protocol of the ranks' links; ideal for networks without protocols (topologies).
[[nodiscard]] Profile profile_of(const Network& network);

/// A collective as the software would run it. `spec.bytes` are bytes on the wire, overheads of the
/// protocol included; `bytes` is the buffer that the user sees.
struct Plan {
  CollectiveSpec spec;
  std::uint64_t bytes = 0;
  std::string protocol;  ///< "ll", "simple", "in-switch", "ideal"
  double share = 1;      ///< of the line, for payload
  Ps closed_form = 0;    ///< by which it was chosen
};

/// The cheapest by the closed form; an algorithm other than kAuto is kept. kInvalidArgument with
/// all reasons where none fits.
[[nodiscard]] base::Result<Plan> plan_collective(const CollectiveSpec& wanted,
                                                 const Network& network, AlphaBeta link,
                                                 Profile profile);

}  // namespace weft::sim
