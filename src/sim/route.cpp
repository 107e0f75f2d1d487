// SPDX-License-Identifier: Apache-2.0
#include "sim/route.h"

#include <algorithm>
#include <limits>
#include <map>
#include <queue>
#include <utility>

#include <fmt/format.h>

namespace weft::sim {
namespace {

constexpr std::uint16_t kFar = 0xffff;

/// The switches that an end hangs on, over channels toward it that are up.
std::vector<NodeIndex> attached(const Network& network, NodeIndex end) {
  std::vector<NodeIndex> out;
  for (ChannelIndex i = network.first_out(end); i < network.last_out(end); ++i) {
    const Channel& inward = network.channel(network.channel(i).reverse);
    if (inward.is_up()) {
      out.push_back(inward.from);
    }
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

}  // namespace

std::string_view key(Routing routing) {
  switch (routing) {
    case Routing::kEcmp:
      return "ecmp";
    case Routing::kSpray:
      return "spray";
    case Routing::kWeighted:
      return "weighted";
  }
  return "?";
}

std::uint64_t mix(std::uint64_t key) {
  key += 0x9e3779b97f4a7c15ULL;
  key = (key ^ (key >> 30)) * 0xbf58476d1ce4e5b9ULL;
  key = (key ^ (key >> 27)) * 0x94d049bb133111ebULL;
  return key ^ (key >> 31);
}

base::Result<Routes> Routes::make(const Network& network) {
  Routes routes(network);
  routes.is_by_grid_ =
      network.grid && std::all_of(network.channels().begin(), network.channels().end(),
                                  [](const Channel& channel) { return channel.is_up(); });
  if (routes.is_by_grid_) {
    return routes;
  }
  routes.group_ends();
  const std::size_t entries = routes.row_end_.size() * network.nodes().size();
  if (entries > kRouteTableMax) {
    return base::fail(
        base::Code::kResourceExhausted,
        fmt::format("routes would need {} table entries, {} are allowed", entries, kRouteTableMax),
        network.name, "simulate fewer ends, or a grid, which needs no table");
  }
  routes.table_.assign(entries, kFar);
  for (std::size_t row = 0; row < routes.row_end_.size(); ++row) {
    routes.fill_row(row);
  }
  return routes;
}

void Routes::group_ends() {
  std::map<std::vector<NodeIndex>, std::uint32_t> rows;
  row_of_.assign(network_->nodes().size(), kNone);
  for (NodeIndex node = 0; node < network_->nodes().size(); ++node) {
    if (network_->node(node).kind != NodeKind::kEnd) {
      continue;
    }
    std::vector<NodeIndex> door = attached(*network_, node);
    // Ends that are joined directly, without a switch, have a row of their own.
    const bool is_direct = std::any_of(door.begin(), door.end(), [&](NodeIndex other) {
      return network_->node(other).kind == NodeKind::kEnd;
    });
    if (is_direct) {
      door.push_back(node);
    }
    const auto [at, is_new] =
        rows.try_emplace(std::move(door), static_cast<std::uint32_t>(row_end_.size()));
    if (is_new) {
      row_end_.push_back(node);
    }
    row_of_[node] = at->second;
  }
}

/// Distances to the ends of one row, by Dijkstra backward from them; the last hop counts 1.
void Routes::fill_row(std::size_t row) {
  const Network& network = *network_;
  std::uint16_t* distance = table_.data() + row * network.nodes().size();
  using Item = std::pair<std::uint32_t, NodeIndex>;
  std::priority_queue<Item, std::vector<Item>, std::greater<>> queue;
  for (const NodeIndex door : attached(network, row_end_[row])) {
    distance[door] = 1;
    queue.emplace(1U, door);
  }
  while (!queue.empty()) {
    const auto [so_far, at] = queue.top();
    queue.pop();
    if (so_far > distance[at] || network.node(at).kind == NodeKind::kEnd) {
      continue;
    }
    const std::uint32_t cost = so_far + network.node(at).hop_cost;
    for (ChannelIndex i = network.first_out(at); i < network.last_out(at); ++i) {
      const Channel& inward = network.channel(network.channel(i).reverse);
      if (inward.is_up() && cost < distance[inward.from]) {
        distance[inward.from] = static_cast<std::uint16_t>(std::min<std::uint32_t>(cost, kFar - 1));
        queue.emplace(cost, inward.from);
      }
    }
  }
}

std::uint32_t Routes::distance(NodeIndex at, NodeIndex to) const {
  return at == to ? 0 : table_[row_of_[to] * network_->nodes().size() + at];
}

void Routes::next(NodeIndex at, NodeIndex to, std::vector<ChannelIndex>& out) const {
  if (at == to) {
    return;
  }
  if (is_by_grid_) {
    next_on_grid(at, to, out);
    return;
  }
  // The last hop is told by its far node, since ends of one row share distances.
  const std::uint32_t here = distance(at, to);
  if (here == kFar) {
    return;
  }
  for (ChannelIndex i = network_->first_out(at); i < network_->last_out(at); ++i) {
    const Channel& channel = network_->channel(i);
    if (!channel.is_up()) {
      continue;
    }
    if (channel.to == to
            ? here == 1
            : network_->node(channel.to).kind == NodeKind::kSwitch &&
                  distance(channel.to, to) + network_->node(channel.to).hop_cost == here) {
      out.push_back(i);
    }
  }
}

void Routes::next_on_grid(NodeIndex at, NodeIndex to, std::vector<ChannelIndex>& out) const {
  const Network& network = *network_;
  const Grid& grid = *network.grid;
  const auto door = [&](NodeIndex end) { return network.channel(network.first_out(end)).to; };
  NodeIndex want = kNone;
  if (network.node(at).kind == NodeKind::kEnd) {
    want = door(at);
  } else if (at == door(to)) {
    want = to;
  } else {
    NodeIndex here = at - grid.first_router, there = door(to) - grid.first_router;
    NodeIndex stride = 1;
    for (const std::uint32_t extent : grid.extent) {
      const std::uint32_t x = here % extent, goal = there % extent;
      if (x != goal) {
        const std::uint32_t up = (goal + extent - x) % extent;
        // Half way around a ring both ways are equal: even routers go up, odd ones down.
        const bool go_up =
            grid.wraps ? (2 * up == extent ? (at - grid.first_router) % 2 == 0 : 2 * up < extent)
                       : goal > x;
        const std::uint32_t step = go_up ? (x + 1) % extent : (x + extent - 1) % extent;
        want = at + step * stride - x * stride;
        break;
      }
      here /= extent;
      there /= extent;
      stride *= extent;
    }
  }
  for (ChannelIndex i = network.first_out(at); i < network.last_out(at); ++i) {
    if (network.channel(i).to == want && network.channel(i).is_up()) {
      out.push_back(i);
    }
  }
}

bool Routes::reaches(NodeIndex from, NodeIndex to) const {
  return from == to || !path(from, to).empty();
}

std::vector<ChannelIndex> Routes::path(NodeIndex from, NodeIndex to, std::uint64_t hash) const {
  std::vector<ChannelIndex> out;
  std::vector<ChannelIndex> candidates;
  for (NodeIndex at = from; at != to;) {
    candidates.clear();
    next(at, to, candidates);
    if (candidates.empty() || out.size() > network_->nodes().size()) {
      return {};
    }
    const std::size_t pick =
        candidates.size() == 1 ? 0 : mix(hash ^ (std::uint64_t{at} << 40)) % candidates.size();
    out.push_back(candidates[pick]);
    at = network_->channel(candidates[pick]).to;
  }
  return out;
}

double Routes::carried(NodeIndex at, NodeIndex to, std::map<NodeIndex, double>& known) const {
  if (at == to) {
    return std::numeric_limits<double>::infinity();
  }
  if (const auto found = known.find(at); found != known.end()) {
    return found->second;
  }
  std::vector<ChannelIndex> candidates;
  next(at, to, candidates);
  double sum = 0;
  for (const ChannelIndex channel : candidates) {
    sum += std::min(network_->channel(channel).bytes_per_second,
                    carried(network_->channel(channel).to, to, known));
  }
  known[at] = sum;
  return sum;
}

std::vector<Share> Routes::spread(NodeIndex from, NodeIndex to, Routing routing,
                                  std::uint64_t hash) const {
  std::vector<Share> out;
  if (routing == Routing::kEcmp) {
    for (const ChannelIndex channel : path(from, to, hash)) {
      out.push_back({channel, 1});
    }
    return out;
  }
  // Level by level: all nodes of a level are equally far from `to`, so each is met once.
  std::vector<std::pair<NodeIndex, double>> level = {{from, 1.0}};
  std::vector<std::pair<NodeIndex, double>> following;
  std::vector<ChannelIndex> candidates;
  std::map<NodeIndex, double> known;
  const auto weight_of = [&](ChannelIndex channel) {
    return routing == Routing::kWeighted
               ? std::min(network_->channel(channel).bytes_per_second,
                          carried(network_->channel(channel).to, to, known))
               : 1.0;
  };
  while (!level.empty()) {
    following.clear();
    for (const auto& [at, part] : level) {
      candidates.clear();
      next(at, to, candidates);
      if (candidates.empty()) {
        return {};
      }
      double sum = 0;
      for (const ChannelIndex channel : candidates) {
        sum += weight_of(channel);
      }
      for (const ChannelIndex channel : candidates) {
        const double weight = weight_of(channel) / sum;
        out.push_back({channel, part * weight});
        following.emplace_back(network_->channel(channel).to, part * weight);
      }
    }
    std::sort(following.begin(), following.end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
    level.clear();
    for (const auto& [at, part] : following) {
      if (at == to) {
        continue;
      }
      if (!level.empty() && level.back().first == at) {
        level.back().second += part;
      } else {
        level.emplace_back(at, part);
      }
    }
  }
  return out;
}

Ps Routes::latency(const std::vector<ChannelIndex>& path) const {
  Ps sum = 0;
  for (const ChannelIndex index : path) {
    const Channel& channel = network_->channel(index);
    sum += channel.latency + network_->node(channel.to).port_to_port;
  }
  return sum;
}

}  // namespace weft::sim
