// SPDX-License-Identifier: Apache-2.0
#include "bus/synthetic/host.h"

#include "base/bytes.h"
#include "base/id.h"
#include "wire/pcie/config_builder.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace weft::bus::synthetic {
namespace {

constexpr std::array<const char*, 8> kSpeedTexts = {
    "Unknown",        "2.5 GT/s PCIe",  "5.0 GT/s PCIe",  "8.0 GT/s PCIe",
    "16.0 GT/s PCIe", "32.0 GT/s PCIe", "64.0 GT/s PCIe", "128.0 GT/s PCIe"};

// What sysfs lists in aer_dev_*, in its order (kernel ABI: sysfs-bus-pci-devices-aer_stats).
constexpr std::array<const char*, 8> kCorrectableNames = {
    "RxErr", "BadTLP", "BadDLLP", "Rollover", "Timeout", "NonFatalErr", "CorrIntErr", "HeaderOF"};
constexpr std::array<const char*, 18> kUncorrectableNames = {"Undefined",     "DLP",
                                                             "SDES",          "TLP",
                                                             "FCP",           "CmpltTO",
                                                             "CmpltAbrt",     "UnxCmplt",
                                                             "RxOF",          "MalfTLP",
                                                             "ECRC",          "UnsupReq",
                                                             "ACSViol",       "UncorrIntErr",
                                                             "BlockedTLP",    "AtomicOpBlocked",
                                                             "TLPBlockedErr", "PoisonTLPBlocked"};

template <std::size_t N>
std::string aer_text(const std::array<const char*, N>& names,
                     const std::map<std::string, std::uint64_t>& counts, const char* total_name) {
  std::string out;
  std::uint64_t total = 0;
  for (const char* name : names) {
    const auto found = counts.find(name);
    const auto count = found == counts.end() ? 0 : found->second;
    total += count;
    out += fmt::format("{} {}\n", name, count);
  }
  return out + fmt::format("{} {}\n", total_name, total);
}

int port_type(Role role) {
  switch (role) {
    case Role::kRootPort:
      return PCI_EXP_TYPE_ROOT_PORT;
    case Role::kSwitchUpstream:
      return PCI_EXP_TYPE_UPSTREAM;
    case Role::kSwitchDownstream:
      return PCI_EXP_TYPE_DOWNSTREAM;
    default:
      return PCI_EXP_TYPE_ENDPOINT;
  }
}

bool faces_down(Role role) {
  return role == Role::kRootPort || role == Role::kSwitchDownstream;
}

// Offsets at which the synthetic functions keep their capabilities.
constexpr std::size_t kExpress = 0x40;
constexpr std::size_t kPowerManagement = 0x80;
constexpr std::size_t kAer = 0x100;
constexpr std::size_t kSerialNumber = 0x148;
constexpr std::size_t kSecondary = 0x160;
constexpr std::size_t kPhysical16 = 0x1A0;
constexpr std::size_t kMargining = 0x1E0;
constexpr std::size_t kPhysical32 = 0x240;

}  // namespace

Host::Host(std::string name) : name_(std::move(name)) {}

int Host::add_root_port(int root_complex, Port port) {
  port.role = Role::kRootPort;
  const int index = static_cast<int>(nodes_.size());
  nodes_.push_back({});
  nodes_.back().port = std::move(port);
  nodes_.back().root_complex = root_complex;
  roots_[root_complex].push_back(index);
  is_numbered_ = false;
  return index;
}

int Host::add_below(int parent, Port port) {
  const int index = static_cast<int>(nodes_.size());
  nodes_.push_back({});
  auto& node = nodes_.back();
  node.port = std::move(port);
  node.parent = parent;
  node.root_complex = nodes_[static_cast<std::size_t>(parent)].root_complex;
  nodes_[static_cast<std::size_t>(parent)].children.push_back(index);
  is_numbered_ = false;
  return index;
}

int Host::number_below(int index, int next_bus) {
  auto& node = nodes_[static_cast<std::size_t>(index)];
  if (node.port.role == Role::kEndpoint) {
    return next_bus;
  }
  node.secondary = next_bus++;
  int device = 0;
  for (const int child : node.children) {
    auto& below = nodes_[static_cast<std::size_t>(child)];
    below.bus = node.secondary;
    below.device = device++;
    next_bus = number_below(child, next_bus);
  }
  node.subordinate = next_bus - 1;
  return next_bus;
}

/// Each root complex is a domain of its own, so that any number of buses fits.
void Host::number_buses() {
  if (is_numbered_) {
    return;
  }
  for (auto& [root_complex, ports] : roots_) {
    int next_bus = 1;
    int device = 1;
    for (const int port : ports) {
      nodes_[static_cast<std::size_t>(port)].device = device++;
      next_bus = number_below(port, next_bus);
    }
  }
  is_numbered_ = true;
}

std::string Host::address(int index) {
  number_buses();
  const auto& node = nodes_[static_cast<std::size_t>(index)];
  return fmt::format("{:04x}:{:02x}:{:02x}.{:x}", node.root_complex, node.bus, node.device,
                     node.function);
}

std::pair<int, int> Host::running(int index) const {
  const auto* node = &nodes_[static_cast<std::size_t>(index)];
  const Node* upper = nullptr;
  const Node* lower = nullptr;
  if (faces_down(node->port.role)) {
    upper = node;
    lower = node->children.empty() ? nullptr
                                   : &nodes_[static_cast<std::size_t>(node->children.front())];
  } else {
    lower = node;
    upper = node->parent < 0 ? nullptr : &nodes_[static_cast<std::size_t>(node->parent)];
  }
  if (lower == nullptr) {
    return {1, 0};  // nothing below: the registers read 2.5 GT/s, x0
  }
  const int best_speed = upper == nullptr ? lower->port.max_speed
                                          : std::min(upper->port.max_speed, lower->port.max_speed);
  const int best_width = upper == nullptr ? lower->port.max_width
                                          : std::min(upper->port.max_width, lower->port.max_width);
  return {lower->port.speed != 0 ? lower->port.speed : best_speed,
          lower->port.width != 0 ? lower->port.width : best_width};
}

std::vector<std::uint8_t> Host::config(int index) {
  number_buses();
  const auto& node = nodes_[static_cast<std::size_t>(index)];
  const auto& port = node.port;
  if (port.is_all_ones) {
    return std::vector<std::uint8_t>(4096, 0xFF);
  }
  const bool is_bridge = port.role != Role::kEndpoint;
  wire::pcie::testing::ConfigBuilder config;
  config.header(is_bridge ? 1 : 0, port.vendor, port.device, port.class_code);
  config.put(PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
  if (is_bridge) {
    config.put(PCI_PRIMARY_BUS, 1, static_cast<std::uint64_t>(node.bus));
    config.put(PCI_SECONDARY_BUS, 1, static_cast<std::uint64_t>(node.secondary));
    config.put(PCI_SUBORDINATE_BUS, 1, static_cast<std::uint64_t>(node.subordinate));
  } else {
    config.put(PCI_SUBSYSTEM_VENDOR_ID, 2, port.subsystem_vendor);
    config.put(PCI_SUBSYSTEM_ID, 2, port.subsystem_device);
  }
  const auto [speed, width] = running(index);
  const bool is_linked = width > 0;
  const auto slot_bit = faces_down(port.role) ? PCI_EXP_FLAGS_SLOT : 0;
  config.capability(kExpress, PCI_CAP_ID_EXP);
  config.put(kExpress + PCI_EXP_FLAGS, 2,
             static_cast<std::uint64_t>(2 | port_type(port.role) << 4 | slot_bit));
  config.put(kExpress + PCI_EXP_DEVCAP, 4, 2 | PCI_EXP_DEVCAP_EXT_TAG | PCI_EXP_DEVCAP_RBER);
  config.put(kExpress + PCI_EXP_DEVCTL, 2, 0x2810 | 0x7);
  config.put(kExpress + PCI_EXP_LNKCAP, 4,
             static_cast<std::uint64_t>(std::min(port.max_speed, 5)) |
                 static_cast<std::uint64_t>(port.max_width) << 4 |
                 (faces_down(port.role) ? PCI_EXP_LNKCAP_DLLLARC : 0) |
                 std::uint64_t{1} << 22 /* ASPM optionality compliance */);
  config.put(kExpress + PCI_EXP_LNKCTL, 2, PCI_EXP_LNKCTL_CCC);
  config.put(kExpress + PCI_EXP_LNKSTA, 2,
             static_cast<std::uint64_t>(speed | width << 4) | PCI_EXP_LNKSTA_SLC |
                 (faces_down(port.role) && is_linked ? PCI_EXP_LNKSTA_DLLLA : 0));
  if (faces_down(port.role)) {
    config.put(kExpress + PCI_EXP_SLTCAP, 4, static_cast<std::uint64_t>(index) << 19);
    config.put(kExpress + PCI_EXP_SLTSTA, 2, is_linked ? PCI_EXP_SLTSTA_PDS : 0);
  }
  config.put(kExpress + PCI_EXP_LNKCAP2, 4,
             ((std::uint64_t{2} << port.max_speed) - 2) |
                 (faces_down(port.role) ? std::uint64_t{3} << 23 /* detects two retimers */ : 0));
  config.put(
      kExpress + PCI_EXP_LNKCTL2, 2,
      static_cast<std::uint64_t>(port.target_speed != 0 ? port.target_speed : port.max_speed) |
          (port.autonomous_speed_disabled ? PCI_EXP_LNKCTL2_HASD : 0));
  constexpr std::uint64_t kEqualised = 0x1E;  // complete, phases 1 to 3
  config.put(kExpress + PCI_EXP_LNKSTA2, 2,
             (is_linked && speed >= 3 ? kEqualised : 0) |
                 (port.retimers >= 1 ? std::uint64_t{1} << 6 : 0) |
                 (port.retimers >= 2 ? std::uint64_t{1} << 7 : 0));
  config.capability(kPowerManagement, PCI_CAP_ID_PM).put(kPowerManagement + PCI_PM_PMC, 2, 3);
  config.extended(kAer, PCI_EXT_CAP_ID_ERR, 2);
  config.put(kAer + PCI_ERR_UNCOR_SEVER, 4, 0x00462030);
  config.put(kAer + PCI_ERR_COR_MASK, 4, PCI_ERR_COR_ADV_NFAT);
  if (port.serial != 0) {
    config.extended(kSerialNumber, PCI_EXT_CAP_ID_DSN).put(kSerialNumber + 4, 8, port.serial);
  }
  if (port.max_speed >= 3) {
    config.extended(kSecondary, PCI_EXT_CAP_ID_SECPCI);
    config.put(kSecondary + 8, 4, port.lane_errors);
    for (int lane = 0; lane < port.max_width; ++lane) {
      config.put(kSecondary + 12 + static_cast<std::size_t>(lane) * 2, 2, 0x7777);
    }
  }
  if (port.max_speed >= 4) {
    config.extended(kPhysical16, PCI_EXT_CAP_ID_PL_16GT);
    config.put(kPhysical16 + 12, 4, speed >= 4 ? 0xF : 0);
    config.extended(kMargining, 0x27).put(kMargining + 6, 2, 1);  // margining ready
  }
  if (port.max_speed >= 5) {
    config.extended(kPhysical32, 0x2A).put(kPhysical32 + 12, 4, speed >= 5 ? 0xF : 0);
  }
  return config.bytes();
}

std::string Host::sysfs_path(int index) const {
  const auto& node = nodes_[static_cast<std::size_t>(index)];
  const auto own = fmt::format("/{:04x}:{:02x}:{:02x}.{:x}", node.root_complex, node.bus,
                               node.device, node.function);
  return (node.parent < 0 ? fmt::format("sys/devices/pci{:04x}:00", node.root_complex)
                          : sysfs_path(node.parent)) +
         own;
}

void Host::add_function_files(MemoryTree::Builder& builder, int index) {
  const auto& node = nodes_[static_cast<std::size_t>(index)];
  const auto& port = node.port;
  const auto path = sysfs_path(index);
  const auto add = [&](const char* file, const std::string& text) {
    (void)builder.add_file(path + "/" + file, text + "\n");
  };
  auto bytes = config(index);
  if (!as_root) {
    bytes.resize(64);
  }
  (void)builder.add_file(path + "/config", base::as_text(bytes));
  add("vendor", fmt::format("0x{:04x}", port.vendor));
  add("device", fmt::format("0x{:04x}", port.device));
  add("class", fmt::format("0x{:06x}", port.class_code));
  add("subsystem_vendor", fmt::format("0x{:04x}", port.subsystem_vendor));
  add("subsystem_device", fmt::format("0x{:04x}", port.subsystem_device));
  add("revision", "0x00");
  add("numa_node", fmt::format("{}", port.numa_node));
  add("power_state", port.power_state);
  add("power/runtime_status", port.power_state == "D0" ? "active" : "suspended");
  const auto [speed, width] = running(index);
  add("current_link_speed", kSpeedTexts.at(static_cast<std::size_t>(speed)));
  add("current_link_width", fmt::format("{}", width));
  add("max_link_speed", kSpeedTexts.at(static_cast<std::size_t>(port.max_speed)));
  add("max_link_width", fmt::format("{}", port.max_width));
  (void)builder.add_file(path + "/aer_dev_correctable",
                         aer_text(kCorrectableNames, port.correctable, "TOTAL_ERR_COR"));
  (void)builder.add_file(path + "/aer_dev_nonfatal",
                         aer_text(kUncorrectableNames, port.nonfatal, "TOTAL_ERR_NONFATAL"));
  (void)builder.add_file(path + "/aer_dev_fatal",
                         aer_text(kUncorrectableNames, port.fatal, "TOTAL_ERR_FATAL"));
  if (!port.driver.empty()) {
    (void)builder.add_link(path + "/driver", "../../../../bus/pci/drivers/" + port.driver);
  }
  const auto own = address(index);
  (void)builder.add_link("sys/bus/pci/devices/" + own, "../../../" + path.substr(4));
  if (!port.slot.empty()) {
    (void)builder.add_file("sys/bus/pci/slots/" + port.slot + "/address",
                           own.substr(0, own.size() - 2) + "\n");
  }
  if (port.temperature != 0) {
    const auto hwmon = path + fmt::format("/hwmon/hwmon{}", index);
    (void)builder.add_file(hwmon + "/name", port.driver + "\n");
    (void)builder.add_file(hwmon + "/temp1_input",
                           fmt::format("{:.0f}\n", port.temperature * 1000));
    (void)builder.add_link(hwmon + "/device", "../../../" + own);
    (void)builder.add_link(fmt::format("sys/class/hwmon/hwmon{}", index),
                           "../../" + hwmon.substr(4));
  }
  if (!port.netdev.empty()) {
    add_netdev_files(builder, index);
  }
}

void Host::add_netdev_files(MemoryTree::Builder& builder, int index) {
  const auto& port = nodes_[static_cast<std::size_t>(index)].port;
  const auto path = sysfs_path(index) + "/net/" + port.netdev;
  const auto add = [&](const char* file, const std::string& text) {
    (void)builder.add_file(path + "/" + file, text + "\n");
  };
  add("address", fmt::format("02:00:5e:00:{:02x}:{:02x}", index >> 8 & 0xFF, index & 0xFF));
  add("operstate", "up");
  add("carrier", "1");
  add("speed", fmt::format("{}", port.netdev_mbps));
  add("duplex", "full");
  add("type", "1");
  add("carrier_changes", "2");
  add("carrier_up_count", "1");
  add("carrier_down_count", "1");
  add("flags", "0x1003");
  for (const char* counter : {"rx_errors", "tx_errors", "rx_crc_errors"}) {
    add((std::string("statistics/") + counter).c_str(), "0");
  }
  (void)builder.add_link(path + "/device", "../../../" + address(index));
  (void)builder.add_link("sys/class/net/" + port.netdev, "../../" + path.substr(4));
}

MemoryTree Host::tree() {
  number_buses();
  MemoryTree::Builder builder;
  for (int i = 0; i < static_cast<int>(nodes_.size()); ++i) {
    add_function_files(builder, i);
  }
  const auto add = [&](const char* path, const std::string& text) {
    (void)builder.add_file(path, text + "\n");
  };
  add("weft/simulated", "a model of a host; no such machine exists");
  add("weft/rights", as_root ? "root" : "user");
  if (taken_ns != 0) {
    add("weft/time_ns", fmt::format("{}", taken_ns));
  }
  add("etc/machine-id", fmt::format("{:032x}", base::fnv1a64(name_)));
  add("proc/sys/kernel/hostname", name_);
  add("proc/sys/kernel/osrelease", "6.12.0");
  add("proc/uptime", fmt::format("{:.2f} {:.2f}", uptime_seconds, uptime_seconds));
  (void)builder.add_directory("sys/class/net");
  if (!kernel_log.empty()) {
    (void)builder.add_file("dev/kmsg", fmt::format("{}\n", fmt::join(kernel_log, "\n")));
  }
  return builder.freeze(name_ + " (simulated)");
}

}  // namespace weft::bus::synthetic
