// SPDX-License-Identifier: Apache-2.0
// A fabric for people and programs: a tree with equal devices collapsed and totals by protocol,
// JSON (docs/formats/rack-file.md describes it), and Graphviz DOT. `weft rack show` prints them.
#pragma once

#include "fabric/model.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace weft::fabric {

/// At most 100 columns wide where names allow it.
[[nodiscard]] std::string tree_text(const Fabric& fabric);
/// {"schema": "weftline/fabric/1", name, description, devices, links, totals}.
[[nodiscard]] std::string fabric_json(const Fabric& fabric);
/// One of its devices, or links, on one line without its end.
[[nodiscard]] std::string device_json_line(const Fabric& fabric, const Device& device);
[[nodiscard]] std::string link_json_line(const Fabric& fabric, const Link& link);
/// One node for each device, one edge for each pair of joined devices, labelled with its links.
[[nodiscard]] std::string dot_text(const Fabric& fabric);

/// Links of one protocol, added up.
struct ProtocolTotal {
  ProtocolId protocol{};
  std::size_t links = 0;
  std::uint64_t lanes = 0;      ///< one direction's count
  base::BitsPerSecond raw;      ///< line rate, one direction
  base::BitsPerSecond payload;  ///< after coding, FEC and flits, one direction
};
/// In the protocol table's order; protocols without a link are left out.
[[nodiscard]] std::vector<ProtocolTotal> totals(const Fabric& fabric);

}  // namespace weft::fabric
