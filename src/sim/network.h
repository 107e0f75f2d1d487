// SPDX-License-Identifier: Apache-2.0
// The network that every fidelity runs on: ends, switches, and directed channels between them with
// what each can carry now. It is made from a rack file (rack_network.h) or by a topology maker
// (topology.h), changed by a FabricState (fabric_state.h), and never by a run. Ends send and
// receive and never forward; a chip that forwards for others is an end with a router of its own
// beside it. Zero-load latency of a message: each channel's `latency`, each switch's
// `port_to_port`, and the last byte's time on the slowest channel (cut-through).
#pragma once

#include "base/result.h"
#include "fabric/protocol.h"
#include "sim/units.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weft::sim {

using NodeIndex = std::uint32_t;
using ChannelIndex = std::uint32_t;
/// Ranks are the ends that take part in a workload: 0 to ranks() - 1.
using Rank = std::uint32_t;
inline constexpr std::uint32_t kNone = 0xffff'ffff;

enum class NodeKind : std::uint8_t { kEnd, kSwitch };

struct Node {
  std::string name;
  NodeKind kind = NodeKind::kEnd;
  Ps port_to_port = 0;         ///< switches: first bit in to first bit out, unloaded
  std::uint32_t radix = 0;     ///< ports it has; 0 where unknown
  std::uint32_t domain = 0;    ///< which scale-up domain (server, pod) an end belongs to
  std::uint16_t hop_cost = 1;  ///< what routes count for passing through; relays (a CPU, a NIC) 16
  bool can_reduce = false;     ///< adds up what several ports send
  bool can_multicast = false;
  std::uint64_t reduce_buffer_bytes = 0;  ///< 0 where unknown
  std::uint32_t multicast_groups = 0;     ///< size of the group table; 0 where unknown
};

struct Channel {
  NodeIndex from = kNone, to = kNone;
  double bytes_per_second = 0;  ///< usable payload, as it is now; 0 is down
  double planned_bytes_per_second = 0;
  Ps latency = 0;  ///< wire, PHY and FEC; the switch's own time is in Node::port_to_port
  fabric::ProtocolId protocol{};
  std::uint16_t lanes = 0;  ///< now
  std::uint16_t planned_lanes = 0;
  double flit_error_ratio = 0;   ///< share of flits that arrive damaged and are sent again
  ChannelIndex reverse = kNone;  ///< the same link, other way
  std::uint32_t link = kNone;    ///< index for Network::link_name()

  [[nodiscard]] bool is_up() const { return bytes_per_second > 0; }
};

/// Where a network is a regular grid of routers, its shape: routes then go by dimension order.
struct Grid {
  std::vector<std::uint32_t> extent;  ///< routers in each dimension, x first
  bool wraps = false;                 ///< a torus
  NodeIndex first_router = 0;         ///< routers follow each other, x fastest
};

class Network {
 public:
  std::string name;
  std::optional<Grid> grid;
  /// Links of the rack file that are no part of this network: not between ranks and switches, or of
  /// ranks beyond those asked for.
  std::set<std::string, std::less<>> left_out;

  /// Ranks come first and in order; add every rank before the first other node.
  NodeIndex add_rank(Node node);
  NodeIndex add_node(Node node);
  /// A link is two channels, one each way; both take `like`'s figures. Returns the one from `a`.
  ChannelIndex add_link(NodeIndex a, NodeIndex b, const Channel& like, std::string link_name = {});
  /// Sorts channels by source; to be called once, after the last add. Channel indices that
  /// add_link() returned are not valid afterwards.
  void finish();

  [[nodiscard]] std::uint32_t ranks() const { return ranks_; }
  [[nodiscard]] const std::vector<Node>& nodes() const { return nodes_; }
  [[nodiscard]] const std::vector<Channel>& channels() const { return channels_; }
  [[nodiscard]] const Node& node(NodeIndex index) const { return nodes_[index]; }
  [[nodiscard]] Node& node(NodeIndex index) { return nodes_[index]; }
  [[nodiscard]] const Channel& channel(ChannelIndex index) const { return channels_[index]; }
  [[nodiscard]] Channel& channel(ChannelIndex index) { return channels_[index]; }
  /// Channels out of a node have consecutive indices: [first, last).
  [[nodiscard]] ChannelIndex first_out(NodeIndex node) const { return first_out_[node]; }
  [[nodiscard]] ChannelIndex last_out(NodeIndex node) const { return first_out_[node + 1]; }

  [[nodiscard]] std::uint32_t links() const { return static_cast<std::uint32_t>(links_.size()); }
  [[nodiscard]] std::string_view link_name(std::uint32_t link) const { return links_[link]; }
  /// "LINK (FROM to TO)", for messages.
  [[nodiscard]] std::string channel_name(ChannelIndex index) const;
  [[nodiscard]] std::optional<std::uint32_t> find_link(std::string_view link) const;
  [[nodiscard]] std::optional<NodeIndex> find_node(std::string_view node) const;
  /// Both channels of a link.
  [[nodiscard]] std::array<ChannelIndex, 2> channels_of(std::uint32_t link) const;

  /// What a rank can put on the network, and take from it, now.
  [[nodiscard]] double egress(Rank rank) const;
  [[nodiscard]] double ingress(Rank rank) const;

  /// Everything that makes it unfit to run, all at once: no ranks, channels without rate, negative
  /// latency, ends that forward, ranks that do not reach each other. Empty is fit.
  [[nodiscard]] std::vector<std::string> problems() const;

 private:
  std::uint32_t ranks_ = 0;
  std::vector<Node> nodes_;
  std::vector<Channel> channels_;
  std::vector<ChannelIndex> first_out_;
  std::vector<std::string> links_;
  std::vector<std::array<ChannelIndex, 2>> link_channels_;
};

}  // namespace weft::sim
