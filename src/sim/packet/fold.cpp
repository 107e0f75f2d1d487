// SPDX-License-Identifier: Apache-2.0
#include "sim/packet/fold.h"

#include "sim/packet/run.h"

#include <algorithm>

#include <fmt/format.h>

namespace weft::sim::packet {

namespace {

bool are_alike(const Channel& a, const Channel& b) {
  return a.bytes_per_second == b.bytes_per_second && a.latency == b.latency &&
         a.flit_error_ratio == 0 && b.flit_error_ratio == 0;
}

/// One switch with one link to each rank, all alike. (With several switches each rank's messages
/// would fall on them by their own hashes.)
bool is_star(const Network& network) {
  if (network.nodes().size() != network.ranks() + 1) {
    return false;
  }
  for (NodeIndex n = 0; n < network.nodes().size(); ++n) {
    const ChannelIndex first = network.first_out(n), last = network.last_out(n);
    if (n < network.ranks()) {
      if (last - first != 1) {
        return false;
      }
      continue;
    }
    if (network.node(n).kind != NodeKind::kSwitch || last - first != network.ranks()) {
      return false;
    }
    for (ChannelIndex c = first; c < last; ++c) {
      const Channel& channel = network.channel(c);
      if (channel.to >= network.ranks() || channel.reverse == kNone || !channel.is_up() ||
          !are_alike(channel, network.channel(first)) ||
          !are_alike(network.channel(channel.reverse),
                     network.channel(network.channel(first).reverse))) {
        return false;
      }
    }
  }
  return true;
}

Network one_rank_of(const Network& network) {
  Network folded;
  folded.name = network.name;
  const NodeIndex rank = folded.add_rank(network.node(0));
  for (NodeIndex n = network.ranks(); n < network.nodes().size(); ++n) {
    const NodeIndex added = folded.add_node(network.node(n));
    folded.add_link(rank, added, network.channel(network.first_out(n)), network.node(n).name);
  }
  folded.finish();
  return folded;
}

}  // namespace

bool is_foldable(const Network& network, const Workload& workload, const Options& options) {
  return workload.is_symmetric() && workload.ranks() == network.ranks() &&
         options.silent_drops.empty() && options.flaps.empty() && is_star(network);
}

base::Result<Result> run_folded(const Network& network, const Workload& workload,
                                const Options& options) {
  if (!is_foldable(network, workload, options)) {
    return base::fail(base::Code::kFailedPrecondition,
                      "one rank may not stand for all: ranks, links or the workload differ",
                      network.name, "Run it unfolded.");
  }
  const Network folded = one_rank_of(network);
  auto result = run_all(folded, workload, options, true);
  if (result) {
    result->rank_finish.assign(workload.ranks(), result->finish);
  }
  return result;
}

double mean_hops(const Network& network, const Routes& routes) {
  const Rank ranks = network.ranks();
  double hops = 0;
  double pairs = 0;
  for (std::uint32_t i = 0; i < std::min(32U, ranks); ++i) {
    const Rank from = static_cast<Rank>(std::uint64_t{i} * ranks / 32 % ranks);
    const Rank to = (from + 1 + i * 37 % std::max(1U, ranks - 1)) % ranks;
    if (from != to) {
      hops += static_cast<double>(routes.path(from, to).size());
      pairs += 1;
    }
  }
  return pairs > 0 ? hops / pairs : 2;
}

Cost estimate_with(const Network& network, const Workload& workload, const Options& options,
                   double hops_a_packet) {
  constexpr std::uint64_t kAsked = 200'000;
  const std::uint32_t ranks = options.fold ? 1 : workload.ranks();
  double packets = 0;
  std::uint64_t asked = 0;
  Rank rank = 0;
  for (; rank < ranks && asked < kAsked; ++rank) {
    for (std::uint32_t s = 0; s < workload.streams(rank); ++s) {
      const std::uint64_t ops = workload.ops(rank, s);
      const std::uint64_t step = std::max<std::uint64_t>(1, ops / 1024);
      for (std::uint64_t i = 0; i < ops; i += step, ++asked) {
        const Op op = workload.op(rank, s, i);
        if (op.kind != OpKind::kCompute && op.kind != OpKind::kReceive) {
          const std::uint64_t size = options.packet_bytes;
          packets += static_cast<double>(std::max<std::uint64_t>(1, (op.bytes + size - 1) / size) *
                                         std::min(step, ops - i));
        }
      }
    }
  }
  packets *= rank > 0 ? static_cast<double>(ranks) / rank : 0;
  Cost cost;
  cost.packets = static_cast<std::uint64_t>(packets);
  cost.hops = static_cast<std::uint64_t>(packets * hops_a_packet);
  const std::uint64_t channels = network.channels().size();
  const std::uint64_t vcs = std::max(2U, options.vcs);
  // Each channel's buffers full of packets is the most that can fly.
  const std::uint64_t flying = std::min<std::uint64_t>(cost.packets, channels * vcs * 16);
  cost.memory_bytes = channels * (sizeof(Port) + vcs * sizeof(Lane) + 8) +
                      flying * (sizeof(Packet) + 2 * sizeof(Event)) + network.nodes().size() * 64 +
                      (1ULL << 20);
  return cost;
}

Cost estimate(const Network& network, const Workload& workload, const Options& options) {
  const auto routes = Routes::make(network);
  return estimate_with(network, workload, options, routes ? mean_hops(network, *routes) : 4);
}

}  // namespace weft::sim::packet
