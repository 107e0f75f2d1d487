// SPDX-License-Identifier: Apache-2.0
#include "sim/network.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include <fmt/format.h>

namespace weft::sim {

NodeIndex Network::add_rank(Node node) {
  node.kind = NodeKind::kEnd;
  nodes_.push_back(std::move(node));
  return ranks_++;
}

NodeIndex Network::add_node(Node node) {
  nodes_.push_back(std::move(node));
  return static_cast<NodeIndex>(nodes_.size() - 1);
}

ChannelIndex Network::add_link(NodeIndex a, NodeIndex b, const Channel& like,
                               std::string link_name) {
  const auto index = static_cast<ChannelIndex>(channels_.size());
  Channel there = like;
  there.from = a;
  there.to = b;
  there.link = static_cast<std::uint32_t>(links_.size());
  there.reverse = index + 1;
  there.planned_bytes_per_second = std::max(there.planned_bytes_per_second, there.bytes_per_second);
  there.planned_lanes = std::max(there.planned_lanes, there.lanes);
  Channel back = there;
  std::swap(back.from, back.to);
  back.reverse = index;
  channels_.push_back(there);
  channels_.push_back(back);
  links_.push_back(link_name.empty() ? nodes_[a].name + "--" + nodes_[b].name
                                     : std::move(link_name));
  return index;
}

void Network::finish() {
  std::vector<ChannelIndex> order(channels_.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(), [&](ChannelIndex a, ChannelIndex b) {
    return std::pair(channels_[a].from, a) < std::pair(channels_[b].from, b);
  });
  std::vector<ChannelIndex> place(order.size());
  std::vector<Channel> sorted;
  sorted.reserve(order.size());
  for (const ChannelIndex old : order) {
    place[old] = static_cast<ChannelIndex>(sorted.size());
    sorted.push_back(channels_[old]);
  }
  link_channels_.assign(links_.size(), {kNone, kNone});
  first_out_.assign(nodes_.size() + 1, 0);
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    Channel& channel = sorted[i];
    channel.reverse = place[channel.reverse];
    ++first_out_[channel.from + 1];
    auto& pair = link_channels_[channel.link];
    pair[pair[0] == kNone ? 0 : 1] = static_cast<ChannelIndex>(i);
  }
  std::partial_sum(first_out_.begin(), first_out_.end(), first_out_.begin());
  channels_ = std::move(sorted);
}

std::string Network::channel_name(ChannelIndex index) const {
  const Channel& channel = channels_[index];
  return fmt::format("{} ({} to {})", links_[channel.link], nodes_[channel.from].name,
                     nodes_[channel.to].name);
}

std::optional<std::uint32_t> Network::find_link(std::string_view link) const {
  const auto at = std::find(links_.begin(), links_.end(), link);
  return at == links_.end() ? std::nullopt
                            : std::optional(static_cast<std::uint32_t>(at - links_.begin()));
}

std::optional<NodeIndex> Network::find_node(std::string_view node) const {
  const auto at = std::find_if(nodes_.begin(), nodes_.end(),
                               [&](const Node& candidate) { return candidate.name == node; });
  return at == nodes_.end() ? std::nullopt
                            : std::optional(static_cast<NodeIndex>(at - nodes_.begin()));
}

std::array<ChannelIndex, 2> Network::channels_of(std::uint32_t link) const {
  return link_channels_[link];
}

double Network::egress(Rank rank) const {
  double sum = 0;
  for (ChannelIndex i = first_out(rank); i < last_out(rank); ++i) {
    sum += channels_[i].bytes_per_second;
  }
  return sum;
}

double Network::ingress(Rank rank) const {
  double sum = 0;
  for (ChannelIndex i = first_out(rank); i < last_out(rank); ++i) {
    sum += channels_[channels_[i].reverse].bytes_per_second;
  }
  return sum;
}

namespace {

constexpr std::size_t kNetworkProblemsMax = 50;

/// Which nodes a rank reaches, passing through switches only.
std::vector<bool> reached_from(const Network& network, NodeIndex start) {
  std::vector<bool> seen(network.nodes().size(), false);
  std::vector<NodeIndex> queue = {start};
  seen[start] = true;
  while (!queue.empty()) {
    const NodeIndex at = queue.back();
    queue.pop_back();
    for (ChannelIndex i = network.first_out(at); i < network.last_out(at); ++i) {
      const Channel& channel = network.channel(i);
      if (!channel.is_up() || seen[channel.to]) {
        continue;
      }
      seen[channel.to] = true;
      if (network.node(channel.to).kind == NodeKind::kSwitch) {
        queue.push_back(channel.to);
      }
    }
  }
  return seen;
}

}  // namespace

std::vector<std::string> Network::problems() const {
  std::vector<std::string> out;
  const auto say = [&](std::string text) {
    if (out.size() < kNetworkProblemsMax) {
      out.push_back(std::move(text));
    }
  };
  if (ranks_ == 0) {
    say("the network has no ranks: nothing could send or receive");
    return out;
  }
  for (ChannelIndex i = 0; i < channels_.size(); ++i) {
    const Channel& channel = channels_[i];
    if (!std::isfinite(channel.bytes_per_second) || channel.bytes_per_second < 0) {
      say(fmt::format("channel {}: its rate is not a number of bytes a second", channel_name(i)));
    } else if (!(channel.planned_bytes_per_second > 0)) {
      say(fmt::format("channel {}: zero bandwidth", channel_name(i)));
    }
    if (channel.latency < 0) {
      say(fmt::format("channel {}: negative latency", channel_name(i)));
    }
  }
  for (const Node& node : nodes_) {
    if (node.port_to_port < 0) {
      say(fmt::format("switch {}: negative port-to-port latency", node.name));
    }
  }
  const std::vector<bool> seen = reached_from(*this, 0);
  for (Rank rank = 1; rank < ranks_; ++rank) {
    if (!seen[rank]) {
      say(fmt::format("rank {} ({}) is not reached from rank 0 ({})", rank, nodes_[rank].name,
                      nodes_[0].name));
    }
  }
  return out;
}

}  // namespace weft::sim
