// SPDX-License-Identifier: Apache-2.0
// What a switch that computes and copies is worth, on one switch: all-reduce pushed through adders
// with a finite buffer, and multicast with a finite group table that costs time to change. Exact
// recurrences over packets, no sampling but the tokens' destinations. Called by `weft sim` and by
// tests; the oracles are those of in-switch reduction (link and switch latency + S / B, no result
// may beat it) and of multicast (a source sends once, each receiver gets once, the switch sends the
// copies). Modelled: adders work at line rate; a table's entries are changed one after the other.
// Refuses nothing to add, tables or times below zero.
#pragma once

#include "base/result.h"
#include "sim/units.h"

#include <cstdint>
#include <vector>

namespace weft::sim::switching {

enum class SumOrder : std::uint8_t {
  kAsTheyCome,  ///< one accumulator a packet; sums of floats may differ between runs
  kByRank,      ///< reproducible: a packet of every rank may have to be kept
};

struct PushReduce {
  std::uint32_t ranks = 8;
  std::uint64_t bytes = 0;  ///< of the vector
  std::uint32_t packet_bytes = 4096;
  double bytes_per_second = 50e9;  ///< of a port
  Ps latency = 100 * kNanosecond;  ///< of a link
  Ps port_to_port = 200 * kNanosecond;
  std::uint64_t buffer_bytes = 0;  ///< the switch's for sums; 0: as much as it takes
  SumOrder order = SumOrder::kAsTheyCome;
  std::vector<Ps> start;  ///< by rank; empty: all at 0
};
struct PushResult {
  Ps finish = 0;            ///< the last rank has the last byte of the sum
  Ps bound = 0;             ///< two links, the switch and S / B, from the last start on
  Ps stalled = 0;           ///< time for which ranks waited for buffer, summed
  std::uint64_t slots = 0;  ///< sums that the buffer holds at once
};
[[nodiscard]] base::Result<PushResult> push_reduce(const PushReduce& setting);

enum class Copying : std::uint8_t {
  kUnicast,       ///< a copy for each receiver from the source
  kStaticGroups,  ///< groups in the table from the start; tokens for others go unicast
  kTableUpdates,  ///< a missing group is written over the least recently used one, at a cost
  kPerToken,      ///< each token carries its receivers as a bit for each rank
};

struct TokenTraffic {
  std::uint32_t ranks = 64;
  std::uint32_t sources = 64;  ///< the first so many ranks send
  std::uint32_t tokens = 128;  ///< each source's
  std::uint32_t top = 8;       ///< different receivers of a token, drawn evenly
  std::uint32_t token_bytes = 7168;
  double bytes_per_second = 50e9;
  Ps latency = 100 * kNanosecond;
  Ps port_to_port = 200 * kNanosecond;
  std::uint32_t table_groups = 64;  ///< PCIe has 64
  Ps update_time = 10 * kMicrosecond;
  std::uint32_t distinct_groups = 0;  ///< tokens choose among so many sets; 0: any set
  std::uint64_t seed = 1;
};
struct TokenResult {
  Ps finish = 0;
  Ps bound = 0;  ///< what the busiest source or receiver needs at line rate, and the latency
  std::uint64_t source_bytes = 0, switch_bytes = 0;  ///< into and out of the switch
  std::uint64_t updates = 0, misses = 0;
};
[[nodiscard]] base::Result<TokenResult> send_tokens(const TokenTraffic& traffic, Copying copying);

}  // namespace weft::sim::switching
