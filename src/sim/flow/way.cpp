// SPDX-License-Identifier: Apache-2.0
#include "sim/flow/way.h"

#include "sim/effective.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace weft::sim {
namespace {

constexpr std::uint64_t kReductionKey = 1, kMulticastKey = 2;

std::uint64_t group_key(std::uint64_t kind, std::uint32_t group, Rank rank) {
  return mix(mix(kind) ^ group) ^ mix(std::uint64_t{rank} + (std::uint64_t{1} << 40));
}

}  // namespace

Ways::Ways(const Routes& routes, Routing routing, std::uint64_t seed)
    : routes_(routes),
      routing_(routing),
      seed_(seed),
      capacity_(effective_rates(routes.network())),
      slot_(capacity_.size(), kNone) {}

Ps Ways::latency_of(const std::vector<Share>& shares, NodeIndex from) const {
  const Network& network = routes_.network();
  // Shares come level by level, so a node's time is known before its own channels are met.
  std::vector<std::pair<NodeIndex, Ps>> reached = {{from, 0}};
  Ps last = 0;
  for (const Share& share : shares) {
    const Channel& channel = network.channel(share.channel);
    const auto find = [&](NodeIndex node) {
      return std::find_if(reached.begin(), reached.end(),
                          [&](const auto& entry) { return entry.first == node; });
    };
    const auto source = find(channel.from);
    const Ps there = (source == reached.end() ? 0 : source->second) + channel.latency +
                     network.node(channel.to).port_to_port;
    last = std::max(last, there);
    const auto target = find(channel.to);
    if (target == reached.end()) {
      reached.emplace_back(channel.to, there);
    } else {
      target->second = std::max(target->second, there);
    }
  }
  return last;
}

void Ways::set_rates(Way& way) const {
  const Network& network = routes_.network();
  way.alone = way.alone_clean = std::numeric_limits<double>::infinity();
  for (const Share& share : way.shares) {
    way.alone = std::min(way.alone, capacity_[share.channel] / share.part);
    way.alone_clean =
        std::min(way.alone_clean, network.channel(share.channel).bytes_per_second / share.part);
  }
}

const Way* Ways::keep(std::uint64_t key, Way way) {
  set_rates(way);
  return ways_.insert_or_assign(key, std::make_unique<Way>(std::move(way))).first->second.get();
}

base::Result<const Way*> Ways::between(Rank from, Rank to, std::uint64_t hash) {
  // Sprayed flows of a pair are all alike.
  const std::uint64_t choice = routing_ == Routing::kEcmp ? mix(seed_ ^ mix(hash)) : 0;
  const std::uint64_t pair = (std::uint64_t{from} << 32) | to;
  const std::uint64_t key = choice == 0 ? pair : mix(pair ^ choice);
  if (const auto at = ways_.find(key); at != ways_.end()) {
    return at->second.get();
  }
  Way way;
  way.shares = routes_.spread(from, to, routing_, pair ^ choice);
  if (way.shares.empty()) {
    return base::fail(
        base::Code::kUnavailable, "no way leads to the other rank",
        fmt::format("{} to {}", routes_.network().node(from).name, routes_.network().node(to).name),
        "a link is down, or the rack file does not join them");
  }
  way.latency = latency_of(way.shares, from);
  return keep(key, std::move(way));
}

base::Result<void> Ways::merge(Way& tree, Rank from, Rank to, bool must_reduce, bool must_copy) {
  const auto way = between(from, to, 0);
  if (!way) {
    return tl::unexpected(way.error());
  }
  const Network& network = routes_.network();
  for (const Share& share : (*way)->shares) {
    const Node& node = network.node(network.channel(share.channel).from);
    if (node.kind == NodeKind::kSwitch &&
        ((must_reduce && !node.can_reduce) || (must_copy && !node.can_multicast))) {
      return base::fail(base::Code::kFailedPrecondition,
                        must_reduce ? "the switch on the way does not reduce"
                                    : "the switch on the way does not copy",
                        node.name, "choose another algorithm");
    }
    const auto at = std::find_if(tree.shares.begin(), tree.shares.end(), [&](const Share& other) {
      return other.channel == share.channel;
    });
    if (at == tree.shares.end()) {
      tree.shares.push_back(share);
    } else {
      at->part = std::max(at->part, share.part);
    }
  }
  tree.latency = std::max(tree.latency, (*way)->latency);
  return {};
}

base::Result<const Way*> Ways::reduction(const Workload& workload, std::uint32_t group, Rank to) {
  const std::uint64_t key = group_key(kReductionKey, group, to);
  if (const auto at = ways_.find(key); at != ways_.end()) {
    return at->second.get();
  }
  Way tree;
  const Rank first = workload.group_member(group, 0);
  const Rank root = to == kAll ? first : to;
  Rank other = kNone;
  for (std::uint32_t i = 0; i < workload.group_size(group); ++i) {
    const Rank member = workload.group_member(group, i);
    if (member == root) {
      continue;
    }
    other = member;
    if (auto done = merge(tree, member, root, true, false); !done) {
      return tl::unexpected(done.error());
    }
    if (to == kAll) {
      if (auto done = merge(tree, root, member, true, true); !done) {
        return tl::unexpected(done.error());
      }
    }
  }
  if (to != kAll && other != kNone) {
    // The receiver's own part goes up to the switch as well.
    const auto own = between(root, other, 0);
    for (const Share& share : own ? (*own)->shares : std::vector<Share>()) {
      if (routes_.network().channel(share.channel).from == root) {
        tree.shares.push_back(share);
      }
    }
  }
  return keep(key, std::move(tree));
}

base::Result<const Way*> Ways::multicast(const Workload& workload, std::uint32_t group, Rank from) {
  const std::uint64_t key = group_key(kMulticastKey, group, from);
  if (const auto at = ways_.find(key); at != ways_.end()) {
    return at->second.get();
  }
  Way tree;
  for (std::uint32_t i = 0; i < workload.group_size(group); ++i) {
    const Rank member = workload.group_member(group, i);
    if (member != from) {
      if (auto done = merge(tree, from, member, false, true); !done) {
        return tl::unexpected(done.error());
      }
    }
  }
  return keep(key, std::move(tree));
}

void Ways::account(const Way& way, double bytes, std::vector<double>& channel_bytes) {
  for (const Share& share : way.shares) {
    channel_bytes[share.channel] += bytes * share.part;
  }
}

}  // namespace weft::sim
