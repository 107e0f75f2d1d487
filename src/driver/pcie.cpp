// SPDX-License-Identifier: Apache-2.0
// The PCIe driver's second half: functions become devices (root complexes, switches, endpoints),
// ports and links. A link joins a root port or a switch's downstream port to the one device below
// it.
#include "base/text.h"
#include "driver/collect.h"
#include "driver/pcie_errors.h"
#include "driver/pcie_functions.h"

#include <algorithm>
#include <array>
#include <map>

#include <fmt/format.h>

namespace weft::driver {
namespace {

using fabric::DeviceKind;
using observe::Absence;
using observe::absent;

/// PCI class codes (PCI Code and ID Assignment): base class, sub-class.
DeviceKind kind_of_class(std::uint32_t class_code) {
  const auto base_class = class_code >> 16 & 0xFF;
  const auto sub_class = class_code >> 8 & 0xFF;
  switch (base_class) {
    case 0x01:
      return DeviceKind::kStorage;
    case 0x02:
      return DeviceKind::kNic;
    case 0x03:
    case 0x12:
      return DeviceKind::kAccelerator;
    case 0x05:
      return sub_class == 0x02 ? DeviceKind::kMemoryController : DeviceKind::kMemory;
    case 0x06:
      return DeviceKind::kBridge;
    case 0x0B:
      return DeviceKind::kProcessor;
    default:
      return DeviceKind::kOther;
  }
}

std::string hex_identity(std::uint16_t vendor, std::uint16_t device) {
  return fmt::format("{:04x}:{:04x}", vendor, device);
}

/// What peers must share: the chip, and the board it sits on where it says so.
std::string part_number(const wire::pcie::Function& registers) {
  auto out = hex_identity(registers.vendor, registers.device);
  if (registers.subsystem_vendor != 0 && registers.subsystem_vendor != 0xFFFF) {
    out += "/" + hex_identity(registers.subsystem_vendor, registers.subsystem_device);
  }
  return out;
}

class PcieBuilder {
 public:
  explicit PcieBuilder(Collection& collection)
      : collection_(collection),
        tree_(*collection.host.tree),
        snapshot_(collection.snapshot),
        functions_(read_pci_functions(tree_, snapshot_.problems)),
        ports_(functions_.size()) {
    read_slots();
    is_partial_ = tree_.exists("weft/source");
  }

  void build() {
    for (std::size_t i = 0; i < functions_.size(); ++i) {
      add_function(i);
    }
    for (std::size_t i = 0; i < functions_.size(); ++i) {
      add_link(functions_[i], i);
    }
    add_notes();
  }

 private:
  /// sys/bus/pci/slots/NAME/address holds "0000:3b:00": the slot that people read on the board.
  void read_slots() {
    const auto slots = tree_.list("sys/bus/pci/slots");
    if (!slots) {
      return;
    }
    for (const auto& slot : *slots) {
      if (const auto address = read_text(tree_, "sys/bus/pci/slots/" + slot + "/address")) {
        slot_of_[*address] = slot;
      }
    }
  }

  void add_function(std::size_t index) {
    const auto& function = functions_[index];
    const auto device = device_of(index);
    if (device.is_null()) {
      return;
    }
    collection_.device_of_function[function.address] = device;
    collection_.path_of_function[function.address] = function.path;
    if (!function.is_virtual) {
      add_attributes(function, device);
    }
    if (function.role == PortRole::kNone) {
      return;
    }
    fabric::Port port;
    port.id = collection_.id_of<fabric::PortId>("pci/" + function.path);
    port.device = device;
    port.name = function.address;
    if (const auto& link = function.registers.link; link && link->max_rate) {
      port.protocol = fabric::pcie_of(*link->max_rate).value_or(fabric::ProtocolId::kUnknown);
      port.lanes = link->max_width;
    }
    if (snapshot_.fabric.add(port)) {
      ports_[index] = port.id;
      add_pcie_errors(tree_, function, port.id, snapshot_);
    }
  }

  /// The device that a function belongs to, made at its first function: a root complex for its
  /// ports, a switch for its upstream and downstream ports, else the device that shares the bus and
  /// number.
  fabric::DeviceId device_of(std::size_t index) {
    const auto& function = functions_[index];
    const auto* parent = function.parent == kNoParent
                             ? nullptr
                             : &functions_[static_cast<std::size_t>(function.parent)];
    if (function.role == PortRole::kRootPort) {
      return add_device("pci/" + function.root_bus, function.root_bus, DeviceKind::kProcessor,
                        nullptr);
    }
    if (function.role == PortRole::kDownstream && parent != nullptr) {
      return collection_.device_of_function[parent->address];
    }
    if (function.role == PortRole::kUpstream) {
      return add_device("pci/" + function.path, function.address, DeviceKind::kSwitch, &function);
    }
    return add_device("pci/" + device_path(function, parent), device_address(function, parent),
                      kind_of_class(function.registers.class_code), &function);
  }

  /// Below a port there is one device, however many functions (ARI numbers them past 7); on a bus
  /// without a port above, the device number tells devices apart.
  static bool has_port_above(const PciFunction* parent) {
    return parent != nullptr &&
           (parent->role == PortRole::kRootPort || parent->role == PortRole::kDownstream);
  }
  static std::string device_path(const PciFunction& function, const PciFunction* parent) {
    return has_port_above(parent) ? parent->path + "/device"
                                  : function.path.substr(0, function.path.size() - 2);
  }
  std::string device_address(const PciFunction& function, const PciFunction* parent) const {
    if (has_port_above(parent)) {
      return functions_[static_cast<std::size_t>(parent->children.front())].address;
    }
    return fmt::format("{:04x}:{:02x}:{:02x}.0", function.at.domain, function.at.bus,
                       function.at.device);
  }

  fabric::DeviceId add_device(const std::string& path, const std::string& name, DeviceKind kind,
                              const PciFunction* function) {
    const auto id = collection_.id_of<fabric::DeviceId>(path);
    if (auto* known = snapshot_.fabric.device(id)) {
      if (known->part.serial.empty() && function != nullptr && function->registers.serial_number) {
        known->part.serial = serial_text(*function->registers.serial_number);
      }
      return id;
    }
    fabric::Device device;
    device.id = id;
    device.name = name;
    device.kind = kind;
    device.parent = snapshot_.host.name;
    if (function != nullptr) {
      device.part.vendor = fmt::format("{:04x}", function->registers.vendor);
      device.part.part_number = part_number(function->registers);
      if (function->registers.serial_number) {
        device.part.serial = serial_text(*function->registers.serial_number);
      }
      const auto slot = slot_of_.find(function->address.substr(0, function->address.size() - 2));
      if (slot != slot_of_.end()) {
        device.part.slot = slot->second;
      }
    }
    return snapshot_.fabric.add(std::move(device)).value_or(fabric::DeviceId{});
  }

  /// As lspci writes it: 00-11-22-ff-fe-33-44-55.
  static std::string serial_text(std::uint64_t serial) {
    std::string out;
    for (int shift = 56; shift >= 0; shift -= 8) {
      out += fmt::format("{:02x}", serial >> shift & 0xFF);
      if (shift > 0) {
        out += '-';
      }
    }
    return out;
  }

  void add_attributes(const PciFunction& function, fabric::DeviceId device) {
    observe::Attributes attributes{
        .device = device, .kind = "pci_function", .name = function.address, .values = {}};
    const auto& registers = function.registers;
    const auto file = [&](const char* name) {
      return read_text(tree_, kPciDevices + function.address + "/" + name);
    };
    auto& values = attributes.values;
    values.emplace_back("id", hex_identity(registers.vendor, registers.device));
    values.emplace_back("subsystem",
                        registers.subsystem_vendor == 0
                            ? observe::Reading<std::string>(absent(Absence::kNotApplicable))
                            : hex_identity(registers.subsystem_vendor, registers.subsystem_device));
    values.emplace_back("class", fmt::format("{:06x}", registers.class_code));
    values.emplace_back("revision", fmt::format("{:02x}", registers.revision));
    values.emplace_back("power_state", function.power_state);
    values.emplace_back("runtime_status", file("power/runtime_status"));
    values.emplace_back("numa_node", file("numa_node"));
    auto driver = tree_.link(kPciDevices + function.address + "/driver");
    values.emplace_back("driver", driver ? observe::Reading<std::string>(
                                               std::string(base::split(*driver, '/').back()))
                                         : tl::unexpected(observe::not_measured(driver.error())));
    values.emplace_back("virtual_functions", file("sriov_numvfs"));
    if (registers.cxl) {
      values.emplace_back("cxl", std::string("yes"));
    }
    if (function.is_asleep) {
      values.emplace_back(observe::kAsleep, std::string("yes"));
    }
    snapshot_.attributes.push_back(std::move(attributes));
  }

  /// A link for each port that faces away from the host and has a device below, or says that it is
  /// up; and for an endpoint whose port above is hidden (a virtual machine).
  void add_link(const PciFunction& function, std::size_t index) {
    if (ports_[index].is_null()) {
      return;
    }
    const bool faces_down =
        function.role == PortRole::kRootPort || function.role == PortRole::kDownstream;
    if (faces_down) {
      const auto below = std::find_if(
          function.children.begin(), function.children.end(),
          [&](int child) { return !ports_[static_cast<std::size_t>(child)].is_null(); });
      if (below != function.children.end()) {
        add_joined_link(index, static_cast<std::size_t>(*below));
      } else if (is_up_or_occupied(function)) {
        add_half_link(index, true);
      } else if (function.children.empty()) {
        ++empty_ports_;
      }
      return;
    }
    const bool has_parent = function.parent != kNoParent;
    const bool is_first_function = function.at.function == 0;
    // A function inside a chip may carry a link capability without lanes: there is no link.
    const auto& link = function.registers.link;
    const bool has_lanes = !link || link->max_width.value() > 0;
    if (!has_parent && is_first_function && has_lanes) {
      add_half_link(index, false);
    }
  }

  /// Nothing enumerated below: worth a link only where the port sees something.
  static bool is_up_or_occupied(const PciFunction& function) {
    const auto& link = function.registers.link;
    const auto& slot = function.registers.slot;
    return (link && (link->active || link->training || link->disabled)) ||
           (function.registers.dpc && function.registers.dpc->triggered) ||
           (slot && slot->card_present.value_or(false) && slot->hot_plug_capable);
  }

  void add_joined_link(std::size_t above, std::size_t below) {
    auto state = new_link(functions_[above], above, functions_[below].address);
    state.a = link_end(tree_, functions_[above]);
    state.a.port = ports_[above];
    state.b = link_end(tree_, functions_[below]);
    state.b.port = ports_[below];
    set_running(state, functions_[above], functions_[below]);
    finish(std::move(state));
  }

  /// Only a machine's own tree shows that nothing is there; a dump may hold part of the machine.
  tl::unexpected<observe::NotMeasured> why_unseen(const PciFunction& function,
                                                  bool is_upper) const {
    if (!is_upper) {
      return absent(Absence::kNotProvided, "the port above is not visible");
    }
    if (!function.children.empty()) {
      return absent(Absence::kNotSupported, "what is below has no PCI Express capability");
    }
    if (is_partial_) {
      return absent(Absence::kNotProvided, "the dump does not hold what is below");
    }
    return absent(Absence::kNotApplicable, "nothing was enumerated below the port");
  }

  void add_half_link(std::size_t index, bool is_upper) {
    const auto& function = functions_[index];
    auto state = new_link(function, index, is_upper ? "nothing enumerated" : "unseen port");
    auto& seen = is_upper ? state.a : state.b;
    auto& unseen = is_upper ? state.b : state.a;
    seen = link_end(tree_, function);
    seen.port = ports_[index];
    const auto why = why_unseen(function, is_upper);
    unseen.max_rate = why;
    unseen.max_width = why;
    set_running(state, function, function);
    if (is_upper && state.up && !*state.up) {
      state.rate = absent(Absence::kNotApplicable, "the link is down");
      state.width = absent(Absence::kNotApplicable, "the link is down");
    }
    finish(std::move(state));
  }

  observe::LinkState new_link(const PciFunction& function, std::size_t index,
                              const std::string& other) {
    observe::LinkState state;
    state.link = collection_.id_of<fabric::LinkId>("pci/" + functions_[index].path);
    state.family = fabric::ProtocolFamily::kPcie;
    link_name_ = function.address + " - " + other;
    return state;
  }

  /// Widths that PCI Express knows.
  static bool is_width(base::LaneCount width) {
    constexpr std::array<std::uint32_t, 7> kWidths = {1, 2, 4, 8, 12, 16, 32};
    return std::find(kWidths.begin(), kWidths.end(), width.value()) != kWidths.end();
  }

  /// Running values: both ends report the same link; the port above is asked first, since a
  /// function that stopped answering reads all ones.
  void set_running(observe::LinkState& state, const PciFunction& above, const PciFunction& below) {
    const auto upper = running_link(tree_, above);
    const auto lower = running_link(tree_, below);
    state.rate = upper.rate ? upper.rate : lower.rate;
    state.width = upper.width && upper.width->value() != 0 ? upper.width : lower.width;
    if (state.width && state.width->value() == 0) {
      state.width = absent(Absence::kNotSupported, "Negotiated Link Width reads 0");
    } else if (state.width && !is_width(*state.width)) {
      state.width = absent(Absence::kGarbled,
                           fmt::format("Negotiated Link Width reads {}", state.width->value()));
    }
    set_trained_width(state, above, below);
    const auto& registers = above.registers.link ? above.registers.link : below.registers.link;
    if (!registers) {
      const auto why = tl::unexpected(
          above.config ? observe::NotMeasured{Absence::kNotSupported, ""} : above.config.error());
      state.training = why;
      state.disabled = why;
      state.retimers = why;
      state.flit_mode = why;
      state.up =
          state.rate && state.width ? observe::Reading<bool>(true) : observe::Reading<bool>(why);
      return;
    }
    state.training = registers->training;
    state.disabled = registers->disabled;
    if (registers->active_reporting_capable) {
      state.up = registers->active;
    } else if (&above != &below) {
      state.up = !below.is_silent;
    } else if (above.role == PortRole::kEndpoint) {
      state.up = true;  // it answers over this very link
    } else {
      state.up = absent(Absence::kNotSupported, "the port does not report Data Link Layer Active");
    }
    if (registers->has_registers_2) {
      const int seen = registers->two_retimers_present ? 2 : registers->retimer_present ? 1 : 0;
      if (seen > 0 || registers->detects_retimers) {
        state.retimers = static_cast<std::uint8_t>(seen);
      } else {
        state.retimers = absent(Absence::kNotSupported, "the port does not detect retimers");
      }
      state.flit_mode = registers->flit_mode;
    } else {
      state.retimers = absent(Absence::kNotSupported, "capability version 1");
      state.flit_mode = absent(Absence::kNotSupported, "capability version 1");
    }
  }

  static void set_trained_width(observe::LinkState& state, const PciFunction& above,
                                const PciFunction& below) {
    const auto& upper = above.registers.device_3;
    const auto& lower = below.registers.device_3;
    if (!upper && !lower) {
      state.trained_width = absent(Absence::kNotSupported, "no Device 3 capability");
      return;
    }
    // L0p runs only where both ends enabled it; one that is hidden cannot say no.
    const bool rests = (!upper || upper->l0p_enabled) && (!lower || lower->l0p_enabled);
    const auto& width = upper ? upper->initial_width : lower->initial_width;
    if (!rests) {
      state.trained_width = absent(Absence::kNotApplicable, "L0p is not enabled");
    } else if (width) {
      state.trained_width = *width;
    } else {
      state.trained_width = absent(Absence::kGarbled, "Initial Link Width in Device Status 3");
    }
  }

  void finish(observe::LinkState state) {
    fabric::Link link;
    link.id = state.link;
    link.name = link_name_;
    link.a = state.a.port;
    link.b = state.b.port;
    if (state.rate) {
      link.protocol = fabric::pcie_of(*state.rate).value_or(fabric::ProtocolId::kUnknown);
    }
    link.lanes = state.width.value_or(base::LaneCount{});
    if (snapshot_.fabric.add(std::move(link))) {
      snapshot_.links.push_back(std::move(state));
    }
  }

  void add_notes() {
    const auto needs_root =
        std::count_if(functions_.begin(), functions_.end(), [](const PciFunction& function) {
          return !function.config && function.config.error().why == Absence::kNeedsRoot;
        });
    const auto asleep =
        std::count_if(functions_.begin(), functions_.end(),
                      [](const PciFunction& function) { return function.is_asleep; });
    if (needs_root > 0 && is_partial_) {
      snapshot_.damage.push_back(
          fmt::format("{} functions with 64 bytes of configuration space, which hold no link "
                      "registers: take the dump as root with lspci -xxxx",
                      needs_root));
    } else if (needs_root > 0) {
      snapshot_.notes.push_back(fmt::format(
          "{} PCI functions gave 64 bytes of configuration space; the rest (targets, retimers, AER "
          "registers, lane errors) needs root",
          needs_root));
    }
    if (asleep > 0) {
      snapshot_.notes.push_back(
          fmt::format("{} PCI functions are asleep and were not woken", asleep));
    }
    if (empty_ports_ > 0) {
      snapshot_.notes.push_back(fmt::format("{} PCIe ports have nothing below them", empty_ports_));
    }
  }

  Collection& collection_;
  const bus::HostTree& tree_;
  observe::Snapshot& snapshot_;
  std::vector<PciFunction> functions_;
  std::vector<fabric::PortId> ports_;
  std::map<std::string, std::string> slot_of_;
  std::string link_name_;
  int empty_ports_ = 0;
  bool is_partial_ = false;  ///< an lspci dump: what is absent may only be left out
};

}  // namespace

void collect_pcie(Collection& collection) {
  PcieBuilder(collection).build();
}

}  // namespace weft::driver
