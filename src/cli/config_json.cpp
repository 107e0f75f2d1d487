// SPDX-License-Identifier: Apache-2.0
#include "cli/config_json.h"

#include "observe/reading.h"
#include "wire/pcie/decode.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace weft::cli {
namespace {

using wire::pcie::Node;

constexpr std::size_t kConfigBytes = 4096;

void append_text(const std::string& text, std::string& out) {
  const bool is_plain = std::all_of(text.begin(), text.end(), [](char c) {
    return c >= ' ' && c <= '~' && c != '"' && c != '\\';
  });
  if (is_plain) {
    out += '"';
    out += text;
    out += '"';
  } else {
    out += nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  }
}

void append_node(const Node& node, std::string& out) {
  switch (node.type) {
    case Node::Type::kText:
      append_text(node.text, out);
      return;
    case Node::Type::kNumber:
      fmt::format_to(std::back_inserter(out), "{}", node.number);
      return;
    default:
      break;
  }
  const bool is_object = node.type == Node::Type::kObject;
  out += is_object ? '{' : '[';
  bool is_first = true;
  for (const auto& child : node.children) {
    if (!is_first) {
      out += ',';
    }
    is_first = false;
    if (is_object) {
      append_text(child.name, out);
      out += ':';
    }
    append_node(child, out);
  }
  out += is_object ? '}' : ']';
}

}  // namespace

std::string config_json(const bus::HostTree& tree, const std::string& address) {
  const auto config = tree.read("sys/bus/pci/devices/" + address + "/config", kConfigBytes);
  if (!config) {
    const auto why = observe::not_measured(config.error());
    return nlohmann::ordered_json{{"not_measured", observe::key(why.why)}, {"detail", why.detail}}
        .dump();
  }
  auto decoded = wire::pcie::tree(wire::pcie::decode(base::as_bytes(*config)));
  Node bytes;
  bytes.type = Node::Type::kNumber;
  bytes.name = "bytes";
  bytes.number = config->size();
  decoded.children.insert(decoded.children.begin(), std::move(bytes));
  std::string out;
  append_node(decoded, out);
  return out;
}

}  // namespace weft::cli
