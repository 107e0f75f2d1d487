// SPDX-License-Identifier: Apache-2.0
// Makes networks of a regular shape, for those who have no rack file and for tests:
//   star:N                         N ends on one switch
//   planes:ends=72,planes=18       single tier: every end on every one of the parallel switches
//   leaf-spine:leaves=8,spines=4,ends=16     `ends` on each leaf
//   fat-tree:k=16                  three tiers of switches with k ports: k^3/4 ends
//   torus:4x4x4  mesh:8x8          one end on each router of a grid, routed by dimension order
//   dragonfly:a=4,p=2,h=2          groups of a routers, p ends and h global links on each
//   full-mesh:8                    every end joined to every other directly
// Further keys for all: rate=50GB/s (of a link, one way), latency=100ns (of a link), switch=200ns
// (port to port), trunk=50GB/s (between switches). All mistakes are reported at once.
#pragma once

#include "base/result.h"
#include "sim/network.h"

#include <cstdint>
#include <string_view>
#include <vector>

namespace weft::sim {

enum class Shape : std::uint8_t {
  kStar,
  kPlanes,
  kLeafSpine,
  kFatTree,
  kTorus,
  kMesh,
  kDragonfly,
  kFullMesh,
};

struct Topology {
  Shape shape = Shape::kStar;
  std::uint32_t ends = 2;    ///< in all; on each leaf (leaf-spine)
  std::uint32_t planes = 1;  ///< of kPlanes
  std::uint32_t leaves = 1, spines = 1;
  std::uint32_t k = 4;                ///< ports a switch (fat tree)
  std::uint32_t a = 4, p = 2, h = 2;  ///< dragonfly
  std::vector<std::uint32_t> extent;  ///< grid
  double bytes_per_second = 50e9;     ///< of an end's link; of all in kPlanes, of each plane's
  double trunk_bytes_per_second = 0;  ///< between switches; 0: as an end's
  Ps latency = 100 * kNanosecond;     ///< of each link
  Ps port_to_port = 200 * kNanosecond;
  bool can_reduce = true;
  bool can_multicast = true;
};

/// More ends than this are refused.
inline constexpr std::uint32_t kEndsMax = 1U << 20;

[[nodiscard]] base::Result<Topology> parse_topology(std::string_view text);
/// Whether `text` begins like one of the above, so that it is no file name.
[[nodiscard]] bool is_topology(std::string_view text);
/// kInvalidArgument with all that is wrong with the numbers.
[[nodiscard]] base::Result<Network> make_network(const Topology& topology);

}  // namespace weft::sim
