// SPDX-License-Identifier: Apache-2.0
// What all `weft sim` verbs share: the options that say which network, in which state, with which
// software, and their reading. All mistakes in the options are reported at once.
#pragma once

#include "cli/verb.h"
#include "sim/study.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft::cli {

inline constexpr PositionalSpec kSimRack = {
    "RACK",
    "A rack file, NCCL's topology (the XML of NCCL_TOPO_DUMP_FILE), ASTRA-sim's network file, or a "
    "topology: star:8, planes:ends=72,planes=18, leaf-spine:leaves=8,spines=4,"
    "ends=16, fat-tree:k=16, torus:4x4x4, mesh:8x8, dragonfly:a=4,p=2,h=2, full-mesh:8; with keys "
    "rate=50GB/s, trunk=, latency=100ns, switch=200ns.",
    true, false};
inline constexpr OptionSpec kSimState = {
    "--state", "FILE", "The links' state, schema weftline/fabric-state/1. Default: as planned."};
inline constexpr OptionSpec kSimDegrade = {
    "--degrade", "LINK=WHAT",
    "A link's state: x8, down, a slower protocol (pcie4), ber:1e-9, or several with commas. LINK "
    "may hold * and ?. May be repeated.",
    true};
inline constexpr OptionSpec kSimRanks = {"--ranks", "N", "Only the first N ranks. Default: all."};
inline constexpr OptionSpec kSimSoftware = {
    "--software", "PROFILE",
    "What software costs: ideal, nvlink4, nvlink5, other. Default: by the ranks' links; ideal for "
    "topologies."};
inline constexpr OptionSpec kSimRouting = {
    "--routing", "HOW", "spray (default), weighted (by what links carry now) or ecmp."};
inline constexpr OptionSpec kSimFidelity = {
    "--fidelity", "HOW",
    "closed-form, flow, packet, or auto (default): flow where that is cheap, else closed-form."};
inline constexpr OptionSpec kSimInSwitch = {
    "--in-switch", "", "Let every switch reduce and multicast, whatever its kind."};

struct SimInput {
  sim::Network network;    ///< as planned
  sim::FabricState state;  ///< of --state and --degrade, without links that the network leaves out
  std::size_t links_elsewhere = 0;  ///< of --state, that it leaves out
  sim::Profile profile = sim::Profile::kIdeal;
  sim::Routing routing = sim::Routing::kSpray;
  sim::Fidelity fidelity = sim::Fidelity::kAuto;
};

[[nodiscard]] base::Result<SimInput> read_sim_input(const Arguments& arguments);

/// Collects mistakes of options.
class SimMistakes {
 public:
  void add(std::string_view option, std::string_view given, std::string_view wanted);
  /// kInvalidArgument with all of them.
  [[nodiscard]] base::Result<void> result() const;

 private:
  std::vector<std::string> list_;
};

/// "latency 3 %, serialisation 90 %, ...": parts of the time, largest first, those of 0.5 % and up.
[[nodiscard]] std::string breakdown_text(const sim::Breakdown& path);

}  // namespace weft::cli
