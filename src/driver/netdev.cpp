// SPDX-License-Identifier: Apache-2.0
// The Ethernet driver: each physical port of a network interface is one end of a link whose other
// end is outside this machine. Speed, carrier and error counts come from /sys/class/net, what both
// ends could do and FEC from the network driver's ethtool answers, the cable from the module's
// memory. Interfaces without a port of their own (bridges, tunnels, virtual functions, virtual
// machines' NICs) are counted in a note and left out. Sources: sysfs-class-net and
// sysfs-class-net-statistics of the kernel's ABI documents.
#include "base/text.h"
#include "driver/collect.h"
#include "driver/module.h"
#include "driver/read.h"
#include "wire/ethtool/link_mode.h"
#include "wire/ethtool/replies.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace weft::driver {
namespace netdev {

namespace ethtool = wire::ethtool;
using observe::Absence;
using observe::absent;
using observe::Metric;
using observe::Reading;

constexpr std::string_view kClassNet = "sys/class/net/";
constexpr std::uint64_t kArpEthernet = 1;  // ARPHRD_ETHER
constexpr std::uint64_t kInterfaceUp = 1;  // IFF_UP
constexpr double kMega = 1e6;

enum class Kind : std::uint8_t { kPhysical, kVirtual, kParavirtual, kFunction, kOther };

/// The last component of a symbolic link's target; empty where there is none.
std::string target_name(const bus::HostTree& tree, const std::string& path) {
  const auto target = tree.link(path);
  return target ? std::string(base::split(*target, '/').back()) : std::string{};
}

/// Whether the interface has a port of its own, and if not, why.
Kind kind_of(const bus::HostTree& tree, const std::string& base_path) {
  if (!tree.exists(base_path + "/device")) {
    return Kind::kVirtual;
  }
  const auto type = read_number(tree, base_path + "/type");
  if ((type && *type != kArpEthernet) || tree.exists(base_path + "/phy80211") ||
      tree.exists(base_path + "/wireless")) {
    return Kind::kOther;
  }
  static constexpr std::array<std::string_view, 4> kParavirtualBuses = {"virtio", "vmbus", "xen",
                                                                        "vif"};
  const auto bus = target_name(tree, base_path + "/device/subsystem");
  const auto place = tree.link(base_path).value_or("");
  const bool is_paravirtual =
      std::ranges::find(kParavirtualBuses, bus) != kParavirtualBuses.end() ||
      (bus.empty() && place.find("/virtio") != std::string::npos);
  if (is_paravirtual) {
    return Kind::kParavirtual;
  }
  // A virtual function shares its physical function's port; so does a switchdev representor, whose
  // port name says "pf0vf3" or "pf0sf88".
  const auto port_name = read_text(tree, base_path + "/phys_port_name").value_or("");
  const bool is_representor = port_name.find("vf") != std::string::npos ||
                              port_name.find("sf") != std::string::npos ||
                              port_name.find("pf") != std::string::npos;
  return tree.exists(base_path + "/device/physfn") || is_representor ? Kind::kFunction
                                                                     : Kind::kPhysical;
}

/// The row of the protocol table for a speed over so many lanes.
fabric::ProtocolId protocol_of(std::uint32_t speed_mbps, std::uint32_t lanes) {
  if (lanes == 0 || speed_mbps < 10'000) {
    return fabric::ProtocolId::kUnknown;
  }
  const std::string speed =
      speed_mbps == 1'600'000 ? "1.6t" : std::to_string(speed_mbps / 1000) + "g";
  return fabric::find_protocol(fmt::format("eth-{}-{}", speed, speed_mbps / lanes / 1000))
      .value_or(fabric::ProtocolId::kUnknown);
}

/// The fastest of these link modes; nullptr where none is a link.
const ethtool::LinkMode* fastest(const std::vector<std::uint32_t>& bits) {
  const ethtool::LinkMode* best = nullptr;
  for (const auto bit : bits) {
    const auto* const mode = ethtool::link_mode(bit);
    // Of two modes with one speed the later one has fewer, faster lanes: what newer parts run.
    if (mode != nullptr && mode->kind == ethtool::LinkModeKind::kLink &&
        (best == nullptr || mode->speed_mbps >= best->speed_mbps)) {
      best = mode;
    }
  }
  return best;
}

std::string names_of(const std::vector<std::uint32_t>& bits) {
  std::string out;
  for (const auto bit : bits) {
    const auto* const mode = ethtool::link_mode(bit);
    out += out.empty() ? "" : " ";
    out += mode != nullptr ? std::string(mode->name) : "bit" + std::to_string(bit);
  }
  return out;
}

/// What the network driver answered; each reply that failed keeps its reason.
struct Answers {
  base::Result<ethtool::LinkModesReply> modes;
  base::Result<ethtool::LinkStateReply> state;
  base::Result<ethtool::FecReply> fec;
  base::Result<ethtool::StatsReply> stats;
};

template <class Decode>
auto ask(const bus::Netdev& netdev, const std::string& name, ethtool::Request request,
         Decode decode) -> base::Result<decltype(decode(base::ByteView{}))> {
  const auto reply = netdev.query(name, static_cast<std::uint8_t>(request));
  if (!reply) {
    return tl::unexpected(reply.error());
  }
  return decode(*reply);
}

Answers ask_all(const bus::Netdev& netdev, const std::string& name) {
  using ethtool::Request;
  return {ask(netdev, name, Request::kLinkModesGet, ethtool::decode_link_modes),
          ask(netdev, name, Request::kLinkStateGet, ethtool::decode_link_state),
          ask(netdev, name, Request::kFecGet, ethtool::decode_fec),
          ask(netdev, name, Request::kStatsGet, ethtool::decode_stats)};
}

tl::unexpected<observe::NotMeasured> why(const base::Error& error) {
  return tl::unexpected(observe::not_measured(error));
}

class PortBuilder {
 public:
  PortBuilder(Collection& collection, std::string name)
      : collection_(collection),
        tree_(*collection.host.tree),
        snapshot_(collection.snapshot),
        name_(std::move(name)),
        base_path_(std::string(kClassNet) + name_),
        answers_(collection.host.netdev
                     ? ask_all(*collection.host.netdev, name_)
                     : Answers{no_answers(), no_answers(), no_answers(), no_answers()}) {}

  void build() {
    place();
    if (!add_port()) {
      return;
    }
    note_garbled();
    add_link();
    add_samples();
    if (!collection_.links_only) {
      add_attributes();
    }
  }

 private:
  static tl::unexpected<base::Error> no_answers() {
    return base::fail(base::Code::kNotFound, "this source has no ethtool answers");
  }

  [[nodiscard]] std::string file(std::string_view leaf) const {
    return base_path_ + "/" + std::string(leaf);
  }

  /// Where the port sits: its PCI function's place and the port's number on it.
  void place() {
    const auto link = tree_.link(base_path_).value_or("");
    auto address = last_pci_address(link);
    if (address.empty()) {
      address = last_pci_address(tree_.link(file("device")).value_or(""));
    }
    const auto number = read_number(tree_, file("dev_port")).value_or(0);
    if (const auto found = collection_.path_of_function.find(address);
        found != collection_.path_of_function.end()) {
      path_ = fmt::format("net/{}/{}", found->second, number);
      device_ = collection_.device_of_function[address];
      return;
    }
    const auto end = link.rfind("/net/");
    const auto place = end == std::string::npos ? name_ : link.substr(0, end);
    path_ = fmt::format("net/{}/{}", place, number);
    device_ = add_device(address.empty() ? std::string(base::split(place, '/').back()) : address,
                         "net/" + place);
  }

  fabric::DeviceId add_device(const std::string& device_name, const std::string& path) {
    const auto id = collection_.id_of<fabric::DeviceId>(path);
    if (snapshot_.fabric.device(id) != nullptr) {
      return id;
    }
    fabric::Device device;
    device.id = id;
    device.name = device_name;
    device.kind = fabric::DeviceKind::kNic;
    device.parent = snapshot_.host.name;
    return snapshot_.fabric.add(std::move(device)).value_or(fabric::DeviceId{});
  }

  bool add_port() {
    fabric::Port port;
    port.id = collection_.id_of<fabric::PortId>(path_);
    if (snapshot_.fabric.port(port.id) != nullptr) {
      path_ += "/" + name_;  // two interfaces claim one port: their names tell them apart
      port.id = collection_.id_of<fabric::PortId>(path_);
    }
    port.device = device_;
    port.name = name_;
    if (const auto* best = best_mode()) {
      port.protocol = protocol_of(best->speed_mbps, best->lanes.value());
      port.lanes = best->lanes;
    }
    port_ = port.id;
    return snapshot_.fabric.add(std::move(port)).has_value();
  }

  [[nodiscard]] const ethtool::LinkMode* best_mode() const {
    return answers_.modes ? fastest(answers_.modes->supported) : nullptr;
  }

  void note_garbled() {
    const bool is_garbled = (answers_.modes && answers_.modes->is_garbled) ||
                            (answers_.state && answers_.state->is_garbled) ||
                            (answers_.fec && answers_.fec->is_garbled) ||
                            (answers_.stats && answers_.stats->is_garbled);
    if (is_garbled) {
      snapshot_.problems.push_back(name_ + ": an ethtool answer is garbled in part");
    }
  }

  [[nodiscard]] Reading<bool> is_admin_up() const {
    const auto flags = read_number(tree_, file("flags"));
    return flags ? Reading<bool>((*flags & kInterfaceUp) != 0) : tl::unexpected(flags.error());
  }

  /// The carrier file refuses to be read while the interface is taken down: then there is no link.
  [[nodiscard]] Reading<bool> is_up(const Reading<bool>& admin_up) const {
    const auto carrier = read_number(tree_, file("carrier"));
    if (carrier) {
      return *carrier != 0;
    }
    if (answers_.state && answers_.state->link) {
      return *answers_.state->link;
    }
    if (admin_up && !*admin_up) {
      return false;
    }
    return tl::unexpected(carrier.error());
  }

  [[nodiscard]] Reading<base::BitsPerSecond> data_rate(const Reading<bool>& up) const {
    if (up && !*up) {
      return absent(Absence::kNotApplicable, "the link is down");
    }
    if (answers_.modes && answers_.modes->speed_mbps) {
      return base::BitsPerSecond(*answers_.modes->speed_mbps * kMega);
    }
    const auto speed = read_text(tree_, file("speed"));
    if (!speed) {
      return tl::unexpected(speed.error());
    }
    const auto number = base::parse_signed(*speed);
    if (!number || *number <= 0) {
      return absent(Absence::kNotSupported,
                    "the driver says '" + base::printable(*speed, 20) + "'");
    }
    return base::BitsPerSecond(static_cast<double>(*number) * kMega);
  }

  [[nodiscard]] Reading<base::BitsPerSecond> possible(
      const std::vector<std::uint32_t>& bits) const {
    const auto* const mode = fastest(bits);
    return mode != nullptr
               ? Reading<base::BitsPerSecond>(base::BitsPerSecond(mode->speed_mbps * kMega))
               : absent(Absence::kNotSupported, "no link mode is named");
  }

  [[nodiscard]] Reading<std::string> fec(const Reading<bool>& up) const {
    if (!answers_.fec) {
      return why(answers_.fec.error());
    }
    if (!answers_.fec->active) {
      return up && !*up ? absent(Absence::kNotApplicable, "the link is down")
                        : absent(Absence::kNotSupported, "the driver names no active mode");
    }
    const auto mode = ethtool::fec_name(*answers_.fec->active);
    return mode.empty() ? Reading<std::string>(absent(Absence::kNotModelled, "unknown FEC mode"))
                        : std::string(mode);
  }

  void add_link() {
    const auto admin_up = is_admin_up();
    observe::LinkState state;
    state.link = collection_.id_of<fabric::LinkId>(path_);
    state.family = fabric::ProtocolFamily::kEthernet;
    state.up = is_up(admin_up);
    state.data_rate = data_rate(state.up);
    state.rate = absent(Absence::kNotApplicable, "an Ethernet link is rated as a whole");
    state.width = absent(Absence::kNotApplicable, "see the interface's lanes");
    state.training = absent(Absence::kNotSupported);
    state.disabled = admin_up ? Reading<bool>(!*admin_up) : tl::unexpected(admin_up.error());
    state.retimers = absent(Absence::kNotProvided);
    state.flit_mode = absent(Absence::kNotApplicable);
    state.fec = fec(state.up);
    state.a.port = port_;
    state.a.address = name_;
    state.a.max_data_rate =
        answers_.modes ? possible(answers_.modes->supported) : why(answers_.modes.error());
    state.a.advertised_data_rate =
        answers_.modes ? possible(answers_.modes->advertised) : why(answers_.modes.error());
    if (!answers_.modes) {
      state.b.max_data_rate = why(answers_.modes.error());
    } else if (answers_.modes->peer && fastest(*answers_.modes->peer) != nullptr) {
      state.b.max_data_rate = possible(*answers_.modes->peer);
    } else {
      state.b.max_data_rate =
          absent(Absence::kNotProvided, "auto-negotiation told nothing of the far end");
    }
    fabric::Link link;
    link.id = state.link;
    link.name = name_ + " - far end";
    link.a = port_;
    const auto lanes = answers_.modes ? answers_.modes->lanes : std::nullopt;
    if (lanes && state.data_rate) {
      link.lanes = base::LaneCount(*lanes);
      link.protocol =
          protocol_of(static_cast<std::uint32_t>(state.data_rate->value() / kMega), *lanes);
    }
    if (!collection_.links_only && collection_.host.netdev) {
      module_ = read_module_and_statistics(*collection_.host.netdev, name_);
      if (*module_) {
        link.segments.push_back(segment_of((*module_)->info));
      }
    }
    if (snapshot_.fabric.add(std::move(link))) {
      snapshot_.links.push_back(std::move(state));
    }
  }

  void add_sample(Metric metric, std::string label, Reading<std::uint64_t> value) {
    snapshot_.samples.push_back(
        {port_, metric, std::move(label),
         value ? Reading<observe::Value>(*value) : tl::unexpected(value.error())});
  }

  void add_samples() {
    struct Row {
      Metric metric;
      std::string_view leaf;
    };
    for (const auto& [metric, leaf] : {Row{Metric::kCarrierChanges, "carrier_changes"},
                                       Row{Metric::kCarrierDown, "carrier_down_count"},
                                       Row{Metric::kReceiveErrors, "statistics/rx_errors"},
                                       Row{Metric::kReceiveCrcErrors, "statistics/rx_crc_errors"},
                                       Row{Metric::kTransmitErrors, "statistics/tx_errors"}}) {
      add_sample(metric, "", read_number(tree_, file(leaf)));
    }
    const auto symbol_errors = answers_.stats
                                   ? answers_.stats->value("eth-phy", "SymbolErrorDuringCarrier")
                                   : std::nullopt;
    add_sample(Metric::kSymbolErrors, "",
               symbol_errors    ? Reading<std::uint64_t>(*symbol_errors)
               : answers_.stats ? absent(Absence::kNotSupported, "the driver does not count them")
                                : Reading<std::uint64_t>(why(answers_.stats.error())));
    using Counter = std::optional<ethtool::LaneCounter> ethtool::FecReply::*;
    struct FecRow {
      Metric metric;
      Counter counter;
    };
    for (const auto& [metric, counter] :
         {FecRow{Metric::kFecCorrectedBlocks, &ethtool::FecReply::corrected_blocks},
          FecRow{Metric::kFecUncorrectableBlocks, &ethtool::FecReply::uncorrectable_blocks},
          FecRow{Metric::kFecCorrectedBits, &ethtool::FecReply::corrected_bits}}) {
      add_fec_counter(metric, counter);
    }
    add_fec_histogram();
  }

  /// Codewords by corrected symbols (Linux 6.18). Bins are the numbers 0, 1, 2, …, else the label
  /// names them: "total 0,1-3,4-7". Kernels and drivers without it say nothing, as for each lane.
  void add_fec_histogram() {
    if (!answers_.fec || answers_.fec->histogram.empty()) {
      return;
    }
    const auto& bins = answers_.fec->histogram;
    std::string names;
    bool is_plain = true;
    std::size_t lanes = bins[0].lanes.size();
    for (std::size_t i = 0; i < bins.size(); ++i) {
      is_plain = is_plain && bins[i].low == i && bins[i].high == i;
      names += fmt::format("{}{}", i == 0 ? " " : ",", bins[i].low);
      names += bins[i].high == bins[i].low ? "" : fmt::format("-{}", bins[i].high);
      lanes = std::min(lanes, bins[i].lanes.size());
    }
    const auto add = [&](const std::string& label, auto count_of) {
      observe::Histogram histogram;
      for (const auto& bin : bins) {
        histogram.counts.push_back(count_of(bin));
      }
      snapshot_.samples.push_back({port_, Metric::kFecCodewords, is_plain ? label : label + names,
                                   observe::Value(std::move(histogram))});
    };
    add("total", [](const auto& bin) { return bin.codewords; });
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      add(std::to_string(lane), [&](const auto& bin) { return bin.lanes[lane]; });
    }
  }

  void add_fec_counter(Metric metric,
                       std::optional<ethtool::LaneCounter> ethtool::FecReply::* which) {
    if (!answers_.fec) {
      add_sample(metric, "total", why(answers_.fec.error()));
      return;
    }
    const auto& counter = *answers_.fec.*which;
    if (!counter) {
      add_sample(metric, "total", absent(Absence::kNotSupported, "the driver does not count them"));
      return;
    }
    add_sample(metric, "total", counter->total);
    for (std::size_t i = 0; i < counter->lanes.size(); ++i) {
      add_sample(metric, std::to_string(i), counter->lanes[i]);
    }
  }

  void add_attributes() {
    observe::Attributes attributes{
        .device = device_, .kind = "interface", .name = name_, .values = {}};
    auto& values = attributes.values;
    for (const char* leaf : {"operstate", "duplex", "mtu", "phys_port_name", "dev_port"}) {
      values.emplace_back(leaf, read_text(tree_, file(leaf)));
    }
    const auto from_modes = [&](auto get) -> Reading<std::string> {
      return answers_.modes ? Reading<std::string>(get(*answers_.modes))
                            : Reading<std::string>(why(answers_.modes.error()));
    };
    values.emplace_back("supported_modes",
                        from_modes([](const auto& modes) { return names_of(modes.supported); }));
    values.emplace_back("advertised_modes",
                        from_modes([](const auto& modes) { return names_of(modes.advertised); }));
    if (answers_.modes && !answers_.modes->peer) {
      values.emplace_back("peer_modes", absent(Absence::kNotProvided, "the far end was not heard"));
    } else {
      values.emplace_back("peer_modes",
                          from_modes([](const auto& modes) { return names_of(*modes.peer); }));
    }
    if (answers_.modes && answers_.modes->lanes) {
      values.emplace_back("lanes", std::to_string(*answers_.modes->lanes));
    }
    if (answers_.modes && answers_.modes->autonegotiation) {
      values.emplace_back("auto_negotiation", *answers_.modes->autonegotiation ? "on" : "off");
    }
    if (answers_.fec) {
      values.emplace_back("fec_configured", names_of(answers_.fec->configured));
    } else {
      values.emplace_back("fec_configured", why(answers_.fec.error()));
    }
    if (answers_.state && answers_.state->down_reason) {
      values.emplace_back("down_reason", answers_.state->down_text());
    }
    if (answers_.state && answers_.state->down_count) {
      values.emplace_back("physical_link_down_count", std::to_string(*answers_.state->down_count));
    }
    snapshot_.attributes.push_back(std::move(attributes));
    if (module_) {
      add_module(collection_, device_, port_, name_, *module_);
    }
  }

  Collection& collection_;
  const bus::HostTree& tree_;
  observe::Snapshot& snapshot_;
  std::string name_;
  std::string base_path_;
  Answers answers_;
  std::string path_;  ///< place of the port on this host, without order
  fabric::DeviceId device_;
  fabric::PortId port_;
  std::optional<base::Result<ModuleReading>> module_;
};

}  // namespace netdev

void collect_netdev(Collection& collection) {
  const auto& tree = *collection.host.tree;
  const auto names =
      tree.list(std::string(netdev::kClassNet.substr(0, netdev::kClassNet.size() - 1)));
  if (!names) {
    if (names.error().code != base::Code::kNotFound) {
      collection.snapshot.problems.push_back(names.error().text());
    }
    return;
  }
  std::array<int, 5> left_out{};
  for (const auto& name : *names) {
    const auto kind = netdev::kind_of(tree, std::string(netdev::kClassNet) + name);
    if (kind == netdev::Kind::kPhysical) {
      netdev::PortBuilder(collection, name).build();
    } else if (tree.link(std::string(netdev::kClassNet) + name)) {  // bonding_masters is a file
      ++left_out.at(static_cast<std::size_t>(kind));
    }
  }
  struct Note {
    netdev::Kind kind;
    std::string_view words;
  };
  using netdev::Kind;
  for (const auto& [kind, words] :
       {Note{Kind::kVirtual, "virtual network interfaces (loopback, bridges, tunnels)"},
        Note{Kind::kParavirtual, "network interfaces that a hypervisor provides"},
        Note{Kind::kFunction, "virtual functions and representors, which share a port"},
        Note{Kind::kOther, "network interfaces that are not wired Ethernet"}}) {
    if (const int count = left_out.at(static_cast<std::size_t>(kind)); count > 0) {
      collection.snapshot.notes.push_back(fmt::format("not links: {} {}", count, words));
    }
  }
}

}  // namespace weft::driver
