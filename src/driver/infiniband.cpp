// SPDX-License-Identifier: Apache-2.0
// The RDMA driver: an InfiniBand port is one end of a link whose other end is outside this machine;
// a RoCE port shares the link of its network interface and adds its hardware counters to that.
// Sources: sysfs-class-infiniband of the kernel's ABI documents; counters are named as the
// InfiniBand specification's PortCounters are, and count since somebody cleared them.
#include "base/text.h"
#include "driver/collect.h"
#include "driver/read.h"

#include <algorithm>

#include <fmt/format.h>

namespace weft::driver {
namespace infiniband {

using observe::Absence;
using observe::absent;
using observe::Metric;
using observe::Reading;

constexpr std::string_view kClass = "sys/class/infiniband";
constexpr std::uint64_t kActive = 4;  // IB_PORT_ACTIVE

/// "4: ACTIVE" or "5: LinkUp": number and name.
struct State {
  std::uint64_t number = 0;
  std::string name;
};
Reading<State> read_state(const bus::HostTree& tree, const std::string& path) {
  const auto content = read_text(tree, path);
  if (!content) {
    return tl::unexpected(content.error());
  }
  const auto colon = content->find(':');
  const auto number = base::parse_unsigned(content->substr(0, colon));
  if (!number || colon == std::string::npos) {
    return absent(Absence::kGarbled, path + " says '" + base::printable(*content, 40) + "'");
  }
  return State{*number, std::string(base::trim(std::string_view(*content).substr(colon + 1)))};
}

/// "400 Gb/sec (4X NDR)", "2.5 Gb/sec (1X SDR)", "100 Gb/sec (4X EDR)".
struct Rate {
  base::BitsPerSecond data_rate;
  std::uint32_t lanes = 0;
  std::string speed;  ///< "NDR"; empty where the kernel names none
};
Reading<Rate> read_rate(const bus::HostTree& tree, const std::string& path) {
  const auto content = read_text(tree, path);
  if (!content) {
    return tl::unexpected(content.error());
  }
  const auto parts = base::words(*content);
  const auto giga = parts.empty() ? std::nullopt : base::parse_double(parts[0]);
  if (!giga || *giga < 0 || *giga > 1e6 || parts.size() < 2 || parts[1] != "Gb/sec") {
    return absent(Absence::kGarbled, path + " says '" + base::printable(*content, 40) + "'");
  }
  Rate rate{base::BitsPerSecond(*giga * 1e9), 0, {}};
  if (parts.size() >= 3 && parts[2].starts_with("(")) {
    const auto width = parts[2].substr(1, parts[2].find('X') - 1);
    rate.lanes = static_cast<std::uint32_t>(base::parse_unsigned(width).value_or(0) & 0xFF);
  }
  if (parts.size() >= 4 && parts[3].ends_with(")")) {
    rate.speed = base::printable(parts[3].substr(0, parts[3].size() - 1), 16);
  }
  return rate;
}

fabric::ProtocolId protocol_of(std::string speed) {
  std::ranges::transform(speed, speed.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return fabric::find_protocol("ib-" + speed).value_or(fabric::ProtocolId::kUnknown);
}

class PortBuilder {
 public:
  PortBuilder(Collection& collection, std::string device_name, std::string number)
      : collection_(collection),
        tree_(*collection.host.tree),
        snapshot_(collection.snapshot),
        device_name_(std::move(device_name)),
        number_(std::move(number)),
        device_path_(fmt::format("{}/{}", kClass, device_name_)),
        port_path_(fmt::format("{}/ports/{}", device_path_, number_)) {}

  /// False where the port belongs to no link: a RoCE port whose interface is none of ours.
  bool build() {
    const auto layer = read_text(tree_, port_path_ + "/link_layer");
    if (layer && *layer == "Ethernet") {
      if (const auto port = interface_port()) {
        add_hardware_counters(*port);
        return true;
      }
      return false;
    }
    if (!add_port()) {
      return true;
    }
    add_link();
    add_counters();
    add_hardware_counters(port_);
    return true;
  }

 private:
  [[nodiscard]] std::string pci_address_of_device() const {
    return last_pci_address(tree_.link(device_path_).value_or(""));
  }

  /// The port of the network interface that this RoCE port speaks through: the kernel names it
  /// beside the port's addresses; older ones only keep it beside the device, by port number.
  [[nodiscard]] std::optional<fabric::PortId> interface_port() const {
    auto name = read_text(tree_, port_path_ + "/gid_attrs/ndevs/0").value_or("");
    if (name.empty()) {
      const auto interfaces = tree_.list(device_path_ + "/device/net");
      const auto wanted = base::parse_unsigned(number_).value_or(0);
      for (const auto& candidate : interfaces ? *interfaces : std::vector<std::string>{}) {
        const auto dev_port =
            read_number(tree_, fmt::format("{}/device/net/{}/dev_port", device_path_, candidate));
        if (interfaces->size() == 1 || (dev_port && *dev_port + 1 == wanted)) {
          name = candidate;
        }
      }
    }
    const auto it = std::ranges::find_if(snapshot_.links, [&](const observe::LinkState& link) {
      return !name.empty() && link.a.address == name;
    });
    return it == snapshot_.links.end() ? std::nullopt : std::optional(it->a.port);
  }

  bool add_port() {
    const auto address = pci_address_of_device();
    const auto found = collection_.path_of_function.find(address);
    const bool is_known = found != collection_.path_of_function.end();
    path_ = fmt::format("infiniband/{}/{}", is_known ? found->second : device_name_, number_);
    fabric::Port port;
    port.id = collection_.id_of<fabric::PortId>(path_);
    port.device = is_known ? collection_.device_of_function[address] : add_device();
    port.name = device_name_ + "/" + number_;
    rate_ = read_rate(tree_, port_path_ + "/rate");
    port_ = port.id;
    return snapshot_.fabric.add(std::move(port)).has_value();
  }

  fabric::DeviceId add_device() {
    const auto id = collection_.id_of<fabric::DeviceId>("infiniband/" + device_name_);
    if (snapshot_.fabric.device(id) == nullptr) {
      fabric::Device device;
      device.id = id;
      device.name = device_name_;
      device.kind = fabric::DeviceKind::kNic;
      device.parent = snapshot_.host.name;
      return snapshot_.fabric.add(std::move(device)).value_or(fabric::DeviceId{});
    }
    return id;
  }

  void add_link() {
    const auto state = read_state(tree_, port_path_ + "/state");
    const auto physical = read_state(tree_, port_path_ + "/phys_state");
    observe::LinkState link_state;
    link_state.link = collection_.id_of<fabric::LinkId>(path_);
    link_state.family = fabric::ProtocolFamily::kInfiniband;
    link_state.up = state ? Reading<bool>(state->number == kActive) : tl::unexpected(state.error());
    const bool is_down = link_state.up && !*link_state.up;
    link_state.data_rate =
        is_down ? Reading<base::BitsPerSecond>(absent(Absence::kNotApplicable, "the link is down"))
        : rate_ ? Reading<base::BitsPerSecond>(rate_->data_rate)
                : tl::unexpected(rate_.error());
    link_state.rate = absent(Absence::kNotApplicable, "an InfiniBand link is rated as a whole");
    link_state.width = absent(Absence::kNotApplicable, "see the port's lanes");
    link_state.disabled =
        physical ? Reading<bool>(physical->name == "Disabled") : tl::unexpected(physical.error());
    link_state.physically_up =
        physical ? Reading<bool>(physical->name == "LinkUp") : tl::unexpected(physical.error());
    link_state.training = physical ? Reading<bool>(physical->name == "PortConfigurationTraining" ||
                                                   physical->name == "LinkErrorRecovery")
                                   : tl::unexpected(physical.error());
    link_state.a.port = port_;
    link_state.a.address = device_name_ + "/" + number_;
    link_state.a.max_data_rate =
        absent(Absence::kNotProvided, "sysfs names the running speed only");
    link_state.b.max_data_rate = absent(Absence::kNotProvided, "the far end is not seen");
    fabric::Link link;
    link.id = link_state.link;
    link.name = link_state.a.address + " - far end";
    link.a = port_;
    if (rate_ && !is_down) {
      link.lanes = base::LaneCount(rate_->lanes);
      link.protocol = protocol_of(rate_->speed);
    }
    if (!collection_.links_only) {
      add_attributes(state, physical);
    }
    if (snapshot_.fabric.add(std::move(link))) {
      snapshot_.links.push_back(std::move(link_state));
    }
  }

  void add_attributes(const Reading<State>& state, const Reading<State>& physical) {
    observe::Attributes attributes{.device = snapshot_.fabric.port(port_)->device,
                                   .kind = "infiniband_port",
                                   .name = device_name_ + "/" + number_,
                                   .values = {}};
    const auto name_of = [](const Reading<State>& reading) {
      return reading ? Reading<std::string>(reading->name) : tl::unexpected(reading.error());
    };
    auto& values = attributes.values;
    values.emplace_back("state", name_of(state));
    values.emplace_back("physical_state", name_of(physical));
    values.emplace_back("rate", read_text(tree_, port_path_ + "/rate"));
    values.emplace_back("link_layer", read_text(tree_, port_path_ + "/link_layer"));
    values.emplace_back("firmware", read_text(tree_, device_path_ + "/fw_ver"));
    values.emplace_back("board", read_text(tree_, device_path_ + "/board_id"));
    snapshot_.attributes.push_back(std::move(attributes));
  }

  void add_sample(fabric::PortId port, Metric metric, std::string label, const std::string& path) {
    auto value = read_number(tree_, path);
    if (!value && value.error().why == Absence::kGarbled) {
      value = absent(Absence::kNotSupported, value.error().detail);  // "N/A (no PMA)"
    }
    snapshot_.samples.push_back(
        {port, metric, std::move(label),
         value ? Reading<observe::Value>(*value) : tl::unexpected(value.error())});
  }

  void add_counters() {
    struct Row {
      Metric metric;
      std::string_view leaf;
    };
    for (const auto& [metric, leaf] :
         {Row{Metric::kSymbolErrors, "symbol_error"}, Row{Metric::kLinkDowned, "link_downed"},
          Row{Metric::kLinkErrorRecovery, "link_error_recovery"},
          Row{Metric::kPortReceiveErrors, "port_rcv_errors"},
          Row{Metric::kLocalLinkIntegrity, "local_link_integrity_errors"},
          Row{Metric::kExcessiveOverrun, "excessive_buffer_overrun_errors"}}) {
      add_sample(port_, metric, "", fmt::format("{}/counters/{}", port_path_, leaf));
    }
  }

  /// Whatever the RDMA driver counts, by its own names.
  void add_hardware_counters(fabric::PortId port) {
    constexpr std::size_t kCountersMax = 256;
    const auto names = tree_.list(port_path_ + "/hw_counters");
    if (!names) {
      return;
    }
    for (std::size_t i = 0; i < std::min(names->size(), kCountersMax); ++i) {
      if ((*names)[i] != "lifespan") {  // how long values are cached, not a counter
        add_sample(port, Metric::kHardwareCounter, (*names)[i],
                   fmt::format("{}/hw_counters/{}", port_path_, (*names)[i]));
      }
    }
  }

  Collection& collection_;
  const bus::HostTree& tree_;
  observe::Snapshot& snapshot_;
  std::string device_name_;
  std::string number_;
  std::string device_path_;
  std::string port_path_;
  std::string path_;
  fabric::PortId port_;
  Reading<Rate> rate_ = absent(Absence::kNotProvided);
};

}  // namespace infiniband

void collect_infiniband(Collection& collection) {
  const auto& tree = *collection.host.tree;
  const auto devices = tree.list(std::string(infiniband::kClass));
  if (!devices) {
    if (devices.error().code != base::Code::kNotFound) {
      collection.snapshot.problems.push_back(devices.error().text());
    }
    return;
  }
  int left_out = 0;
  for (const auto& device : *devices) {
    const auto ports = tree.list(fmt::format("{}/{}/ports", infiniband::kClass, device));
    if (!ports) {
      collection.snapshot.problems.push_back(ports.error().text());
      continue;
    }
    for (const auto& port : *ports) {
      left_out += infiniband::PortBuilder(collection, device, port).build() ? 0 : 1;
    }
  }
  if (left_out > 0) {
    collection.snapshot.notes.push_back(fmt::format(
        "not links: {} RoCE ports without a physical network interface of their own", left_out));
  }
}

}  // namespace weft::driver
