// SPDX-License-Identifier: Apache-2.0
#include "sim/topology.h"

#include "base/text.h"
#include "sim/amount.h"

#include <algorithm>
#include <array>
#include <functional>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace weft::sim {
namespace {

struct ShapeName {
  std::string_view key;
  Shape shape;
};
constexpr std::array kShapes = {
    ShapeName{"star", Shape::kStar},
    ShapeName{"planes", Shape::kPlanes},
    ShapeName{"leaf-spine", Shape::kLeafSpine},
    ShapeName{"fat-tree", Shape::kFatTree},
    ShapeName{"torus", Shape::kTorus},
    ShapeName{"mesh", Shape::kMesh},
    ShapeName{"dragonfly", Shape::kDragonfly},
    ShapeName{"full-mesh", Shape::kFullMesh},
};

const ShapeName* find_shape(std::string_view text) {
  const std::string_view name = text.substr(0, text.find(':'));
  const auto* const at = std::find_if(kShapes.begin(), kShapes.end(),
                                      [&](const ShapeName& shape) { return shape.key == name; });
  return at == kShapes.end() ? nullptr : at;
}

bool set_count(std::uint32_t& out, std::string_view text) {
  const auto value = base::parse_unsigned(text);
  if (!value || *value == 0 || *value > kEndsMax) {
    return false;
  }
  out = static_cast<std::uint32_t>(*value);
  return true;
}

/// "4x4x4".
bool set_extent(std::vector<std::uint32_t>& out, std::string_view text) {
  out.clear();
  for (const std::string_view part : base::split(text, 'x')) {
    std::uint32_t extent = 0;
    if (!set_count(extent, part) || out.size() == 6) {
      return false;
    }
    out.push_back(extent);
  }
  return true;
}

bool set_rate(double& out, std::string_view text) {
  const auto rate = parse_rate(text);
  out = rate.value_or(out);
  return rate && *rate > 0;
}

bool set_time(Ps& out, std::string_view text) {
  const auto time = parse_time(text);
  out = time.value_or(out);
  return time.has_value();
}

/// One key of the text. nullopt: no such key; false: a value that it cannot take.
std::optional<bool> set_key(Topology& out, std::string_view key, std::string_view value) {
  const std::array<std::pair<std::string_view, std::uint32_t*>, 8> counts = {
      {{"ends", &out.ends},
       {"planes", &out.planes},
       {"leaves", &out.leaves},
       {"spines", &out.spines},
       {"k", &out.k},
       {"a", &out.a},
       {"p", &out.p},
       {"h", &out.h}}};
  for (const auto& [name, target] : counts) {
    if (key == name) {
      return set_count(*target, value);
    }
  }
  if (key == "rate") {
    return set_rate(out.bytes_per_second, value);
  }
  if (key == "trunk") {
    return set_rate(out.trunk_bytes_per_second, value);
  }
  if (key == "latency") {
    return set_time(out.latency, value);
  }
  if (key == "switch") {
    return set_time(out.port_to_port, value);
  }
  return std::nullopt;
}

Node named(std::string name, NodeKind kind, const Topology& topology, std::uint32_t radix) {
  Node node;
  node.name = std::move(name);
  node.kind = kind;
  node.radix = radix;
  if (kind == NodeKind::kSwitch) {
    node.port_to_port = topology.port_to_port;
    node.can_reduce = topology.can_reduce;
    node.can_multicast = topology.can_multicast;
  }
  return node;
}

Channel link_of(const Topology& topology, bool is_trunk) {
  Channel channel;
  channel.bytes_per_second = is_trunk && topology.trunk_bytes_per_second > 0
                                 ? topology.trunk_bytes_per_second
                                 : topology.bytes_per_second;
  channel.latency = topology.latency;
  channel.lanes = 1;
  return channel;
}

void add_ends(Network& network, const Topology& topology, std::uint32_t count, std::uint32_t radix,
              std::uint32_t domain_size) {
  for (std::uint32_t i = 0; i < count; ++i) {
    Node node = named(fmt::format("end{}", i), NodeKind::kEnd, topology, radix);
    node.domain = i / domain_size;
    network.add_rank(std::move(node));
  }
}

NodeIndex add_switches(Network& network, const Topology& topology, std::string_view prefix,
                       std::uint32_t count, std::uint32_t radix) {
  const auto first = static_cast<NodeIndex>(network.nodes().size());
  for (std::uint32_t i = 0; i < count; ++i) {
    network.add_node(named(fmt::format("{}{}", prefix, i), NodeKind::kSwitch, topology, radix));
  }
  return first;
}

Network make_planes(const Topology& t, std::uint32_t planes) {
  Network network;
  add_ends(network, t, t.ends, planes, t.ends);
  const NodeIndex first = add_switches(network, t, "switch", planes, t.ends);
  for (std::uint32_t end = 0; end < t.ends; ++end) {
    for (std::uint32_t plane = 0; plane < planes; ++plane) {
      network.add_link(end, first + plane, link_of(t, false));
    }
  }
  return network;
}

Network make_leaf_spine(const Topology& t) {
  Network network;
  add_ends(network, t, t.leaves * t.ends, 1, t.ends);
  const NodeIndex leaf = add_switches(network, t, "leaf", t.leaves, t.ends + t.spines);
  const NodeIndex spine = add_switches(network, t, "spine", t.spines, t.leaves);
  for (std::uint32_t end = 0; end < t.leaves * t.ends; ++end) {
    network.add_link(end, leaf + end / t.ends, link_of(t, false));
  }
  for (std::uint32_t l = 0; l < t.leaves; ++l) {
    for (std::uint32_t s = 0; s < t.spines; ++s) {
      network.add_link(leaf + l, spine + s, link_of(t, true));
    }
  }
  return network;
}

Network make_fat_tree(const Topology& t) {
  const std::uint32_t half = t.k / 2;
  Network network;
  add_ends(network, t, t.k * half * half, 1, half * half);
  const NodeIndex edge = add_switches(network, t, "edge", t.k * half, t.k);
  const NodeIndex middle = add_switches(network, t, "aggregation", t.k * half, t.k);
  const NodeIndex core = add_switches(network, t, "core", half * half, t.k);
  for (std::uint32_t end = 0; end < t.k * half * half; ++end) {
    network.add_link(end, edge + end / half, link_of(t, false));
  }
  for (std::uint32_t pod = 0; pod < t.k; ++pod) {
    for (std::uint32_t i = 0; i < half; ++i) {
      for (std::uint32_t j = 0; j < half; ++j) {
        network.add_link(edge + pod * half + i, middle + pod * half + j, link_of(t, true));
        network.add_link(middle + pod * half + i, core + i * half + j, link_of(t, true));
      }
    }
  }
  return network;
}

std::uint32_t product(const std::vector<std::uint32_t>& extent) {
  std::uint64_t out = 1;
  for (const std::uint32_t x : extent) {
    out = std::min<std::uint64_t>(out * x, std::uint64_t{kEndsMax} + 1);
  }
  return static_cast<std::uint32_t>(out);
}

Network make_grid(const Topology& t, bool wraps) {
  const std::uint32_t count = product(t.extent);
  const auto ports = static_cast<std::uint32_t>(2 * t.extent.size());
  Network network;
  add_ends(network, t, count, ports, count);
  const NodeIndex first = add_switches(network, t, "router", count, ports + 1);
  Channel door = link_of(t, false);
  door.bytes_per_second *= ports;
  door.latency = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    network.add_link(i, first + i, door);
  }
  std::uint32_t stride = 1;
  for (const std::uint32_t extent : t.extent) {
    for (std::uint32_t i = 0; i < count; ++i) {
      const std::uint32_t x = i / stride % extent;
      if (x + 1 < extent) {
        network.add_link(first + i, first + i + stride, link_of(t, true));
      } else if (wraps && extent > 2) {
        network.add_link(first + i, first + i - x * stride, link_of(t, true));
      }
    }
    stride *= extent;
  }
  network.grid = Grid{t.extent, wraps, first};
  return network;
}

Network make_dragonfly(const Topology& t) {
  const std::uint32_t groups = t.a * t.h + 1;
  const std::uint32_t routers = groups * t.a;
  Network network;
  add_ends(network, t, routers * t.p, 1, t.a * t.p);
  const NodeIndex first = add_switches(network, t, "router", routers, t.p + t.a - 1 + t.h);
  for (std::uint32_t end = 0; end < routers * t.p; ++end) {
    network.add_link(end, first + end / t.p, link_of(t, false));
  }
  for (std::uint32_t group = 0; group < groups; ++group) {
    for (std::uint32_t i = 0; i < t.a; ++i) {
      for (std::uint32_t j = i + 1; j < t.a; ++j) {
        network.add_link(first + group * t.a + i, first + group * t.a + j, link_of(t, true));
      }
    }
    // Global link number n of a group goes n + 1 groups on; each pair of groups gets one.
    for (std::uint32_t n = 0; n < t.a * t.h; ++n) {
      const std::uint32_t other = (group + n + 1) % groups;
      const std::uint32_t back = groups - n - 2;
      if (group < other) {
        network.add_link(first + group * t.a + n / t.h, first + other * t.a + back / t.h,
                         link_of(t, true));
      }
    }
  }
  return network;
}

Network make_full_mesh(const Topology& t) {
  Network network;
  add_ends(network, t, t.ends, t.ends - 1, t.ends);
  for (std::uint32_t i = 0; i < t.ends; ++i) {
    for (std::uint32_t j = i + 1; j < t.ends; ++j) {
      network.add_link(i, j, link_of(t, false));
    }
  }
  return network;
}

std::uint64_t count_ends(const Topology& t) {
  const auto u64 = [](std::uint32_t value) { return std::uint64_t{value}; };
  switch (t.shape) {
    case Shape::kStar:
    case Shape::kPlanes:
    case Shape::kFullMesh:
      return t.ends;
    case Shape::kLeafSpine:
      return u64(t.leaves) * t.ends;
    case Shape::kFatTree:
      return t.k > 4096 ? ~0ULL : u64(t.k) * t.k * t.k / 4;
    case Shape::kTorus:
    case Shape::kMesh:
      return product(t.extent);
    case Shape::kDragonfly:
      return std::max({t.a, t.p, t.h}) > 4096 ? ~0ULL : (u64(t.a) * t.h + 1) * t.a * t.p;
  }
  return 0;
}

/// Links grow faster than ends in some shapes.
std::uint64_t count_links(const Topology& t) {
  const auto u64 = [](std::uint32_t value) { return std::uint64_t{value}; };
  switch (t.shape) {
    case Shape::kPlanes:
      return u64(t.ends) * t.planes;
    case Shape::kFullMesh:
      return u64(t.ends) * (t.ends - 1) / 2;
    case Shape::kLeafSpine:
      return u64(t.leaves) * (u64(t.ends) + t.spines);
    default:
      return count_ends(t) * 4;
  }
}

std::vector<std::string> mistakes(const Topology& t) {
  std::vector<std::string> out;
  const bool is_grid = t.shape == Shape::kTorus || t.shape == Shape::kMesh;
  if (is_grid && t.extent.empty()) {
    out.emplace_back("a grid needs its extent, such as torus:4x4x4");
    return out;
  }
  if (t.shape == Shape::kFatTree && (t.k < 2 || t.k % 2 != 0)) {
    out.push_back(fmt::format("a fat tree needs an even number of ports, k={} is not", t.k));
  }
  const std::uint64_t ends = count_ends(t);
  if (ends < 2) {
    out.emplace_back("at least two ends are needed");
  }
  if (ends > kEndsMax) {
    out.push_back(fmt::format("more than {} ends", kEndsMax));
  } else if (count_links(t) > std::uint64_t{16} * kEndsMax) {
    out.push_back(fmt::format("more than {} links", std::uint64_t{16} * kEndsMax));
  }
  if (!(t.bytes_per_second > 0)) {
    out.emplace_back("zero bandwidth");
  }
  if (t.latency < 0 || t.port_to_port < 0) {
    out.emplace_back("negative latency");
  }
  return out;
}

}  // namespace

bool is_topology(std::string_view text) {
  return text.find(':') != std::string_view::npos && find_shape(text) != nullptr;
}

base::Result<Topology> parse_topology(std::string_view text) {
  const ShapeName* shape = find_shape(text);
  if (shape == nullptr) {
    return base::fail(
        base::Code::kInvalidArgument, "no such topology", std::string(text),
        "use star, planes, leaf-spine, fat-tree, torus, mesh, dragonfly or full-mesh");
  }
  Topology out;
  out.shape = shape->shape;
  std::vector<std::string> wrong;
  const std::size_t colon = text.find(':');
  const std::string_view rest = colon == std::string_view::npos ? "" : text.substr(colon + 1);
  for (const std::string_view part : base::split(rest, ',')) {
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos) {
      const bool is_grid = out.shape == Shape::kTorus || out.shape == Shape::kMesh;
      if (!(is_grid ? set_extent(out.extent, part) : set_count(out.ends, part))) {
        wrong.push_back(fmt::format("\"{}\" is not {}", base::printable(part, 40),
                                    is_grid ? "an extent such as 4x4x4" : "a number of ends"));
      }
      continue;
    }
    const auto is_set = set_key(out, part.substr(0, equals), part.substr(equals + 1));
    if (!is_set) {
      wrong.push_back(
          fmt::format("unknown key \"{}\"", base::printable(part.substr(0, equals), 40)));
    } else if (!*is_set) {
      wrong.push_back(fmt::format("\"{}\" is not a value of {}",
                                  base::printable(part.substr(equals + 1), 40),
                                  part.substr(0, equals)));
    }
  }
  if (wrong.empty()) {
    wrong = mistakes(out);
  }
  if (!wrong.empty()) {
    return base::fail(base::Code::kInvalidArgument, fmt::format("{}", fmt::join(wrong, "; ")),
                      base::printable(text, 80));
  }
  return out;
}

base::Result<Network> make_network(const Topology& topology) {
  if (const auto wrong = mistakes(topology); !wrong.empty()) {
    return base::fail(base::Code::kInvalidArgument, fmt::format("{}", fmt::join(wrong, "; ")),
                      "topology");
  }
  Network network = [&] {
    switch (topology.shape) {
      case Shape::kStar:
        return make_planes(topology, 1);
      case Shape::kPlanes:
        return make_planes(topology, topology.planes);
      case Shape::kLeafSpine:
        return make_leaf_spine(topology);
      case Shape::kFatTree:
        return make_fat_tree(topology);
      case Shape::kTorus:
        return make_grid(topology, true);
      case Shape::kMesh:
        return make_grid(topology, false);
      case Shape::kDragonfly:
        return make_dragonfly(topology);
      case Shape::kFullMesh:
        return make_full_mesh(topology);
    }
    return Network();
  }();
  network.finish();
  for (const ShapeName& shape : kShapes) {
    if (shape.shape == topology.shape) {
      network.name = shape.key;
    }
  }
  return network;
}

}  // namespace weft::sim
