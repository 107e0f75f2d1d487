// SPDX-License-Identifier: Apache-2.0
#include "cli/config_json.h"

#include <nlohmann/json.hpp>

#include "observe/reading.h"
#include "wire/pcie/decode.h"

namespace weft::cli {
namespace {

using Json = nlohmann::ordered_json;
using wire::pcie::Node;

constexpr std::size_t kConfigBytes = 4096;

Json node_json(const Node& node) {
  switch (node.type) {
    case Node::Type::kText:
      return node.text;
    case Node::Type::kNumber:
      return node.number;
    case Node::Type::kArray: {
      Json json = Json::array();
      for (const auto& child : node.children) {
        json.push_back(node_json(child));
      }
      return json;
    }
    case Node::Type::kObject:
      break;
  }
  Json json = Json::object();
  for (const auto& child : node.children) {
    json[child.name] = node_json(child);
  }
  return json;
}

}  // namespace

nlohmann::ordered_json config_json(const bus::HostTree& tree, const std::string& address) {
  const auto config = tree.read("sys/bus/pci/devices/" + address + "/config", kConfigBytes);
  if (!config) {
    const auto why = observe::not_measured(config.error());
    return {{"not_measured", observe::key(why.why)}, {"detail", why.detail}};
  }
  Json json = {{"bytes", config->size()}};
  json.update(node_json(wire::pcie::tree(wire::pcie::decode(base::as_bytes(*config)))));
  return json;
}

}  // namespace weft::cli
