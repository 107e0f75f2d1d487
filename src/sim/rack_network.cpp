// SPDX-License-Identifier: Apache-2.0
#include "sim/rack_network.h"

#include "base/text.h"
#include "fabric/rack.h"
#include "sim/import/astra.h"
#include "sim/import/nccl_topology.h"
#include "sim/import/xml_tree.h"
#include "sim/parameter.h"
#include "sim/topology.h"

#include <algorithm>
#include <array>
#include <map>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace weft::sim {
namespace {

using fabric::DeviceKind;
using fabric::ProtocolFamily;

constexpr std::uint16_t kRelayCost = 16;

/// What may be a rank, the first kind that the rack has.
constexpr std::array kRankKinds = {DeviceKind::kAccelerator, DeviceKind::kNic,
                                   DeviceKind::kProcessor, DeviceKind::kHost};

Ps switch_latency(ProtocolFamily family) {
  switch (family) {
    case ProtocolFamily::kPcie:
      return parameter_time("switch.pcie");
    case ProtocolFamily::kCxl:
      return parameter_time("switch.cxl");
    case ProtocolFamily::kNvlink:
      return parameter_time("switch.nvlink");
    case ProtocolFamily::kUalink:
      return parameter_time("switch.ualink");
    case ProtocolFamily::kEthernet:
    case ProtocolFamily::kUltraEthernet:
    case ProtocolFamily::kInfiniband:
      return parameter_time("switch.ethernet");
    default:
      return parameter_time("switch.other");
  }
}

class RackNetwork {
 public:
  RackNetwork(const fabric::Fabric& fabric, const RackOptions& options)
      : fabric_(fabric), options_(options) {}

  base::Result<Network> make() {
    network_.name = fabric_.name;
    choose_rank_kind();
    look_at_links();
    add_ranks();
    add_others();
    add_links();
    network_.finish();
    if (const auto wrong = network_.problems(); !wrong.empty()) {
      return base::fail(base::Code::kInvalidArgument, fmt::format("{}", fmt::join(wrong, "; ")),
                        fabric_.name, "check the rack with `weft rack check`");
    }
    return std::move(network_);
  }

 private:
  [[nodiscard]] bool is_rank(const fabric::Device& device) const {
    return device.kind == rank_kind_;
  }

  void choose_rank_kind() {
    for (const DeviceKind kind : kRankKinds) {
      if (std::any_of(fabric_.devices().begin(), fabric_.devices().end(),
                      [&](const auto& device) { return device.kind == kind; })) {
        rank_kind_ = kind;
        return;
      }
    }
  }

  [[nodiscard]] bool is_used(const fabric::Link& link) const {
    const fabric::Device* a = fabric_.device(fabric_.owner(link.a));
    const fabric::Device* b = fabric_.device(fabric_.owner(link.b));
    if (a == nullptr || b == nullptr || link.lanes.value() == 0) {
      return false;
    }
    const auto is_scale_up = [&](const fabric::Device& device) {
      return is_rank(device) || device.kind == DeviceKind::kSwitch;
    };
    return !options_.scale_up_only || (is_scale_up(*a) && is_scale_up(*b));
  }

  /// Which devices have links, which ranks have links to other ranks, and what family a switch is.
  void look_at_links() {
    for (const fabric::Link& link : fabric_.links()) {
      if (!is_used(link)) {
        continue;
      }
      const fabric::DeviceId a = fabric_.owner(link.a), b = fabric_.owner(link.b);
      const ProtocolFamily family = fabric::protocol(link.protocol).family;
      for (const fabric::DeviceId id : {a, b}) {
        family_.emplace(id, family);
        rank_links_[id] = true;
      }
      if (is_rank(*fabric_.device(a)) && is_rank(*fabric_.device(b))) {
        has_router_[a] = has_router_[b] = true;
      }
    }
  }

  void add_ranks() {
    std::map<std::string, std::uint32_t> domains;
    for (const fabric::Device& device : fabric_.devices()) {
      if (!is_rank(device) || (options_.ranks != 0 && network_.ranks() == options_.ranks)) {
        continue;
      }
      Node node;
      node.name = device.name;
      node.radix = static_cast<std::uint32_t>(device.ports.size());
      node.domain =
          domains.emplace(device.parent, static_cast<std::uint32_t>(domains.size())).first->second;
      node_of_[device.id] = network_.add_rank(std::move(node));
    }
  }

  void add_others() {
    for (const fabric::Device& device : fabric_.devices()) {
      if (has_router_.contains(device.id) && node_of_.contains(device.id)) {
        Node router = switch_node(device, "switch.other");
        router.name += "/router";
        router_of_[device.id] = network_.add_node(std::move(router));
      } else if (!node_of_.contains(device.id) && rank_links_.contains(device.id)) {
        node_of_[device.id] = network_.add_node(other_node(device));
      }
    }
  }

  [[nodiscard]] Node switch_node(const fabric::Device& device, std::string_view latency) const {
    Node node;
    node.name = device.name;
    node.kind = NodeKind::kSwitch;
    node.radix = static_cast<std::uint32_t>(device.ports.size());
    node.port_to_port = parameter_time(latency);
    return node;
  }

  [[nodiscard]] Node other_node(const fabric::Device& device) const {
    if (device.kind == DeviceKind::kSwitch) {
      const ProtocolFamily family = family_.at(device.id);
      Node node = switch_node(device, "switch.other");
      node.port_to_port = switch_latency(family);
      // NVLink switches of generation 3 and later reduce and copy (published as NVLS); others are
      // asked for it with --in-switch.
      node.can_reduce = node.can_multicast = family == ProtocolFamily::kNvlink;
      return node;
    }
    const bool is_relay = device.kind == DeviceKind::kProcessor ||
                          device.kind == DeviceKind::kNic || device.kind == DeviceKind::kBridge ||
                          device.kind == DeviceKind::kHost;
    Node node =
        switch_node(device, device.kind == DeviceKind::kNic ? "relay.nic" : "relay.processor");
    node.hop_cost = kRelayCost;
    if (!is_relay) {
      node.kind = NodeKind::kEnd;
      node.port_to_port = 0;
    }
    return node;
  }

  [[nodiscard]] static Ps latency_of(const fabric::Link& link) {
    Ps out = parameter_time("latency.phy");
    const auto metre = static_cast<double>(parameter_time("latency.metre"));
    for (const fabric::Segment& segment : link.segments) {
      out += segment.length.value() > 0 ? static_cast<Ps>(segment.length.value() / 1000 * metre)
                                        : parameter_time("latency.board");
      out += segment.retimer_after ? parameter_time("latency.retimer") : 0;
    }
    return out;
  }

  void add_links() {
    std::unordered_map<fabric::DeviceId, double> door_rate;
    std::unordered_map<fabric::DeviceId, fabric::ProtocolId> door_protocol;
    for (const fabric::Link& link : fabric_.links()) {
      if (!is_used(link)) {
        network_.left_out.insert(link.name);
        continue;
      }
      const fabric::DeviceId a = fabric_.owner(link.a), b = fabric_.owner(link.b);
      if (!node_of_.contains(a) || !node_of_.contains(b)) {
        network_.left_out.insert(link.name);  // of ranks beyond those asked for
        continue;
      }
      Channel channel;
      const fabric::Protocol& protocol = fabric::protocol(link.protocol);
      channel.bytes_per_second = fabric::payload_rate(protocol, link.lanes).value() / 8;
      channel.latency = latency_of(link);
      channel.protocol = link.protocol;
      channel.lanes = static_cast<std::uint16_t>(link.lanes.value());
      for (const fabric::DeviceId id : {a, b}) {
        door_rate[id] += channel.bytes_per_second;
        door_protocol.emplace(id, link.protocol);
      }
      network_.add_link(node_for(a), node_for(b), channel, link.name);
    }
    for (const fabric::Device& device : fabric_.devices()) {
      const auto router = router_of_.find(device.id);
      if (router != router_of_.end() && door_rate[device.id] > 0) {
        Channel door;
        door.bytes_per_second = door_rate[device.id];
        door.protocol = door_protocol[device.id];
        door.lanes = 1;
        network_.add_link(node_of_.at(device.id), router->second, door, device.name + "/door");
      }
    }
  }

  [[nodiscard]] NodeIndex node_for(fabric::DeviceId device) const {
    const auto router = router_of_.find(device);
    return router == router_of_.end() ? node_of_.at(device) : router->second;
  }

  const fabric::Fabric& fabric_;
  const RackOptions& options_;
  DeviceKind rank_kind_ = DeviceKind::kAccelerator;
  Network network_;
  std::unordered_map<fabric::DeviceId, ProtocolFamily> family_;
  std::unordered_map<fabric::DeviceId, bool> rank_links_, has_router_;
  std::unordered_map<fabric::DeviceId, NodeIndex> node_of_, router_of_;
};

}  // namespace

base::Result<Network> network_of(const fabric::Fabric& fabric, const RackOptions& options) {
  return RackNetwork(fabric, options).make();
}

base::Result<Network> load_network(const std::string& text, const RackOptions& options) {
  if (is_topology(text)) {
    const auto topology = parse_topology(text);
    if (!topology) {
      return tl::unexpected(topology.error());
    }
    return make_network(*topology);
  }
  fabric::RackLimits limits;
  limits.bytes = std::max(limits.bytes, kXmlBytesMax);
  const auto file = fabric::read_rack(text, limits);
  if (!file) {
    return tl::unexpected(file.error());
  }
  // Its first mark tells what a file is: no YAML begins so.
  if (base::trim(std::string_view(file->text).substr(0, 4096)).starts_with('<')) {
    return read_nccl_topology(file->text, file->file, options);
  }
  if (is_astra_network(file->text)) {
    return read_astra_network(file->text, file->file, options);
  }
  const fabric::LoadedRack rack = fabric::load_rack_text(file->text, file->file);
  if (!rack.ok()) {
    return base::fail(base::Code::kInvalidArgument,
                      "the rack file has mistakes:\n" + rack.problem_text(), text);
  }
  RackOptions scale_up = options;
  scale_up.scale_up_only = true;
  if (auto network = network_of(rack.fabric, scale_up)) {
    return network;
  }
  return network_of(rack.fabric, options);
}

}  // namespace weft::sim
