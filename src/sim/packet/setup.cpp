// SPDX-License-Identifier: Apache-2.0
#include "sim/packet/setup.h"

#include "sim/packet/run.h"

#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>

namespace weft::sim::packet {

namespace {

constexpr std::uint32_t kMostVcs = 16;

VcRule rule_for(const Network& network, const Options& options) {
  if (options.vc_rule != VcRule::kAuto) {
    return options.vc_rule;
  }
  return network.grid && network.grid->wraps ? VcRule::kDateline : VcRule::kSingle;
}

/// Dimension and seam of a grid's channels, by the routers' coordinates.
void mark_grid(const Network& network, std::vector<Port>& ports) {
  const Grid& grid = *network.grid;
  for (ChannelIndex c = 0; c < ports.size(); ++c) {
    const Channel& channel = network.channel(c);
    if (network.node(channel.from).kind == NodeKind::kEnd ||
        network.node(channel.to).kind == NodeKind::kEnd) {
      continue;
    }
    NodeIndex from = channel.from - grid.first_router;
    NodeIndex to = channel.to - grid.first_router;
    for (std::size_t d = 0; d < grid.extent.size(); ++d) {
      const std::uint32_t a = from % grid.extent[d], b = to % grid.extent[d];
      if (a != b) {
        ports[c].dimension = static_cast<std::uint8_t>(d);
        ports[c].is_seam = (a > b ? a - b : b - a) > 1;
        break;
      }
      from /= grid.extent[d];
      to /= grid.extent[d];
    }
  }
}

PortKind kind_of(const Network& network, ChannelIndex c, const Options& options) {
  const Channel& channel = network.channel(c);
  PortKind port;
  port.ps_per_byte = channel.is_up() ? fixed_ps_per_byte(channel.bytes_per_second) : 0;
  port.latency = std::max<Ps>(1, channel.latency);
  port.credit_latency = channel.reverse == kNone
                            ? port.latency
                            : std::max<Ps>(1, network.channel(channel.reverse).latency);
  // From a flit's last bit to its replay's first: two flights, and the flit itself.
  port.replay_time =
      port.latency + port.credit_latency + serialise(options.flit_bytes, port.ps_per_byte);
  port.ps_per_byte_paced = port.ps_per_byte;
  if (options.replay_bytes != 0) {
    const Ps held = serialise(options.replay_bytes, port.ps_per_byte);
    if (held < port.replay_time) {
      port.ps_per_byte_paced = static_cast<std::uint64_t>(
          static_cast<double>(port.ps_per_byte) * static_cast<double>(port.replay_time) /
          static_cast<double>(std::max<Ps>(1, held)));
    }
  }
  port.error_ratio = channel.flit_error_ratio;
  return port;
}

}  // namespace

std::vector<std::uint32_t> cut(const Network& network, std::uint32_t parts) {
  const auto nodes = static_cast<NodeIndex>(network.nodes().size());
  std::vector<std::uint32_t> owner(nodes, 0);
  if (parts <= 1) {
    return owner;
  }
  const auto ends = static_cast<std::uint64_t>(
      std::count_if(network.nodes().begin(), network.nodes().end(),
                    [](const Node& node) { return node.kind == NodeKind::kEnd; }));
  const std::uint64_t switches = nodes - ends;
  std::uint64_t end = 0;
  for (NodeIndex n = 0; n < nodes; ++n) {
    if (network.node(n).kind == NodeKind::kEnd) {
      owner[n] = static_cast<std::uint32_t>(end++ * parts / ends);
    }
  }
  std::vector<std::uint32_t> votes(parts);
  std::uint64_t number = 0;
  for (NodeIndex n = 0; n < nodes; ++n) {
    if (network.node(n).kind == NodeKind::kEnd) {
      continue;
    }
    votes.assign(parts, 0);
    for (ChannelIndex c = network.first_out(n); c < network.last_out(n); ++c) {
      const NodeIndex to = network.channel(c).to;
      votes[owner[to]] += network.node(to).kind == NodeKind::kEnd ? 1 : 0;
    }
    const auto most = std::max_element(votes.begin(), votes.end());
    const bool is_shared = std::count(votes.begin(), votes.end(), *most) > 1;
    owner[n] = is_shared ? static_cast<std::uint32_t>(number * parts / switches)
                         : static_cast<std::uint32_t>(most - votes.begin());
    ++number;
  }
  return owner;
}

void fill_shared(Shared& shared, const Fabric& fabric, const Options& options) {
  const Network& network = fabric.network();
  shared.fabric = &fabric;
  shared.options = &options;
  shared.vc_rule = rule_for(network, options);
  shared.vcs = shared.vc_rule == VcRule::kDateline ? std::max(2U, options.vcs) : options.vcs;
  const std::uint32_t parts = std::clamp(options.threads, 1U, std::max(1U, network.ranks()));
  shared.owner = cut(network, parts);
  const std::size_t channels = network.channels().size();
  shared.ports.resize(channels);
  shared.wires.resize(channels);
  shared.busy.assign(channels, 0);
  for (const Node& node : network.nodes()) {
    shared.through.push_back(node.kind == NodeKind::kEnd ? kEndNode : node.port_to_port);
  }
  shared.lanes.resize(channels * shared.vcs);
  shared.list_head.assign(channels, kNone);
  shared.list_tail.assign(channels, kNone);
  shared.next_number.assign(network.nodes().size(), 0);
  if (!options.silent_drops.empty()) {
    shared.arrived.assign(network.nodes().size(), 0);
  }
  std::map<PortKind, std::uint32_t> known;
  for (ChannelIndex c = 0; c < channels; ++c) {
    const Channel& channel = network.channel(c);
    const PortKind kind = kind_of(network, c, options);
    const auto [at, is_new] = known.emplace(kind, static_cast<std::uint32_t>(shared.kinds.size()));
    if (is_new) {
      shared.kinds.push_back(kind);
    }
    Port& port = shared.ports[c];
    port.kind = at->second;
    port.draw = Draw(draw_seed(options.seed, c));
    port.owner = static_cast<std::uint16_t>(shared.owner[channel.to]);
    port.list = options.route == Route::kEcmp ? c : network.first_out(channel.from);
    port.is_from_end = network.node(channel.from).kind == NodeKind::kEnd;
    shared.wires[c] = {channel.to, at->second, shared.owner[channel.from]};
  }
  if (network.grid) {
    mark_grid(network, shared.ports);
  }
  for (ChannelIndex c = 0; c < channels; ++c) {
    for (std::uint32_t vc = 0; vc < shared.vcs; ++vc) {
      shared.lane(c, vc).credits = shared.capacity(c);
    }
  }
  shared.mail.assign(parts, std::vector<std::vector<Letter>>(parts));
}

Ps lookahead(const Shared& shared) {
  Ps least = kNever;
  for (ChannelIndex c = 0; c < shared.ports.size(); ++c) {
    if (shared.ports[c].owner != shared.wires[c].from_owner) {
      const PortKind& kind = shared.kinds[shared.ports[c].kind];
      least = std::min({least, kind.latency, kind.credit_latency});
    }
  }
  return least;
}

std::vector<std::string> problems(const Network& network, const Options& options) {
  std::vector<std::string> wrong;
  const auto need = [&](bool is_right, std::string text) {
    if (!is_right) {
      wrong.push_back(std::move(text));
    }
  };
  need(options.packet_bytes >= 64 && options.packet_bytes <= (1U << 20),
       fmt::format("packets of {} bytes, not 64 to 1048576", options.packet_bytes));
  need(options.flit_bytes >= 16 && options.flit_bytes <= 4096,
       fmt::format("flits of {} bytes, not 16 to 4096", options.flit_bytes));
  need(options.vcs >= 1 && options.vcs <= kMostVcs,
       fmt::format("{} virtual channels, not 1 to {}", options.vcs, kMostVcs));
  need(options.threads >= 1 && options.threads <= 256,
       fmt::format("{} threads, not 1 to 256", options.threads));
  need(options.buffer_bytes <= (1ULL << 32), "buffers above 4 GiB");
  need(options.max_hops >= 1 && options.max_hops <= 255,
       fmt::format("a hop limit of {}, not 1 to 255", options.max_hops));
  need(network.channels().size() <= kMaxSource, "more channels than an event can name");
  for (const SilentDrop& drop : options.silent_drops) {
    need(drop.node < network.nodes().size(), fmt::format("a silent drop at node {}", drop.node));
  }
  for (const Flap& flap : options.flaps) {
    need(flap.channel < network.channels().size() && flap.at >= 0 && flap.lasts >= 0,
         fmt::format("a flap of channel {}", flap.channel));
  }
  for (ChannelIndex c = 0; c < network.channels().size(); ++c) {
    const double ratio = network.channel(c).flit_error_ratio;
    need(ratio >= 0 && ratio < 1,
         fmt::format("{}: a flit error ratio of {}", network.channel_name(c), ratio));
  }
  return wrong;
}

}  // namespace weft::sim::packet
