// SPDX-License-Identifier: Apache-2.0
// Traffic matrices from files. Two forms, told apart by what is in them:
// - lines of FROM TO WEIGHT (spaces, tabs or commas; # begins a comment), each end a rank's number
//   or its name in the rack file; weights are relative;
// - htsim's connection matrices (.cm): "Nodes N", "Connections M", and lines
//   "SRC->DST [id I] [start PS] size BYTES", whose messages keep their times (picoseconds, as htsim
//   counts) and sizes. Connections that wait for triggers are refused: they are no open-loop
//   traffic.
// All mistakes are named with their lines, at most 20.
#pragma once

#include "base/result.h"
#include "sim/traffic/traffic.h"

#include <string>
#include <string_view>
#include <vector>

namespace weft::sim {

struct TrafficMatrix {
  std::vector<Demand> weights;
  std::vector<TrafficMessage> messages;  ///< of a connection matrix; one of the two is empty
};

[[nodiscard]] base::Result<TrafficMatrix> read_traffic_matrix(std::string_view text,
                                                              std::string_view file,
                                                              const Network& network);
[[nodiscard]] base::Result<TrafficMatrix> load_traffic_matrix(const std::string& path,
                                                              const Network& network);

}  // namespace weft::sim
