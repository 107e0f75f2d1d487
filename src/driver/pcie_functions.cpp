// SPDX-License-Identifier: Apache-2.0
#include "driver/pcie_functions.h"

#include "base/bytes.h"
#include "base/text.h"

#include <algorithm>
#include <map>
#include <tuple>

#include <fmt/format.h>

namespace weft::driver {
namespace {

using observe::Absence;
using observe::absent;
using observe::Reading;
using wire::pcie::PortType;

constexpr std::size_t kConfigBytes = 4096;
/// What the kernel gives of the configuration space without CAP_SYS_ADMIN.
constexpr std::size_t kUnprivilegedBytes = 64;

std::string sysfs(const PciFunction& function, const char* file) {
  return kPciDevices + function.address + "/" + file;
}

/// The address of the function above, from where the device's link points:
/// "../../../devices/pci0000:00/0000:00:1c.0/0000:02:00.0".
struct Above {
  std::string parent;    ///< empty on a root bus
  std::string root_bus;  ///< "pci0000:00"
};
Above above(const bus::HostTree& tree, const std::string& address) {
  Above out;
  const auto target = tree.link(kPciDevices + address);
  if (!target) {
    return out;
  }
  const auto parts = base::split(*target, '/');
  if (parts.size() < 2) {
    return out;
  }
  if (pci_address(parts[parts.size() - 2])) {
    out.parent = parts[parts.size() - 2];
  }
  for (const auto part : parts) {
    if (part.starts_with("pci") && part.find(':') != std::string_view::npos) {
      out.root_bus = part;
    }
  }
  return out;
}

bool is_suspended(const bus::HostTree& tree, const std::string& address) {
  const auto status = tree.read(kPciDevices + address + "/power/runtime_status", 64);
  return status && base::trim(*status) == "suspended";
}

void read_config(const bus::HostTree& tree, const Above& up, PciFunction& function) {
  function.power_state = read_text(tree, sysfs(function, "power_state"));
  // In D3cold the kernel would power the device up to read it; a suspended bridge above would be
  // resumed. Neither is ours to do.
  const bool in_d3cold = function.power_state && *function.power_state == "D3cold";
  if (in_d3cold || (!up.parent.empty() && is_suspended(tree, function.address) &&
                    is_suspended(tree, up.parent))) {
    function.is_asleep = true;
    function.config = absent(Absence::kAsleep);
    return;
  }
  const auto config = tree.read(sysfs(function, "config"), kConfigBytes);
  if (!config) {
    function.config = tl::unexpected(observe::not_measured(config.error()));
    return;
  }
  function.registers = wire::pcie::read_function(base::as_bytes(*config));
  function.is_silent = !function.registers.answers && !config->empty();
  if (config->size() <= kUnprivilegedBytes) {
    function.config = absent(Absence::kNeedsRoot, "configuration space past 64 bytes");
  } else {
    function.config = true;
  }
}

/// What sysfs says without configuration space: identity.
void read_identity(const bus::HostTree& tree, PciFunction& function) {
  if (!tree.exists(sysfs(function, "vendor"))) {
    return;
  }
  const auto number = [&](const char* file) {
    return static_cast<std::uint32_t>(read_number(tree, sysfs(function, file)).value_or(0));
  };
  function.registers.vendor = static_cast<std::uint16_t>(number("vendor"));
  function.registers.device = static_cast<std::uint16_t>(number("device"));
  function.registers.subsystem_vendor = static_cast<std::uint16_t>(number("subsystem_vendor"));
  function.registers.subsystem_device = static_cast<std::uint16_t>(number("subsystem_device"));
  function.registers.class_code = number("class");
}

/// Parents by bus numbers, for sources without sysfs links: the bridge whose secondary bus this is.
int parent_by_bus(const std::map<std::pair<std::uint32_t, std::uint8_t>, int>& bridges,
                  const PciFunction& function, int self) {
  const auto found = bridges.find({function.at.domain, function.at.bus});
  return found == bridges.end() || found->second == self ? kNoParent : found->second;
}

void connect(std::vector<PciFunction>& functions, const std::vector<Above>& ups) {
  std::map<std::string_view, int> by_address;
  std::map<std::pair<std::uint32_t, std::uint8_t>, int> bridges;
  for (int i = 0; i < static_cast<int>(functions.size()); ++i) {
    const auto& function = functions[static_cast<std::size_t>(i)];
    by_address[function.address] = i;
    // A bridge that firmware left unconfigured has secondary bus 0; one below its own bus is
    // garbled.
    if (function.is_bridge() && function.registers.secondary_bus > function.at.bus) {
      bridges.insert({{function.at.domain, function.registers.secondary_bus}, i});
    }
  }
  for (int i = 0; i < static_cast<int>(functions.size()); ++i) {
    auto& function = functions[static_cast<std::size_t>(i)];
    const auto& up = ups[static_cast<std::size_t>(i)];
    if (const auto found = by_address.find(up.parent);
        !up.parent.empty() && found != by_address.end() && found->second != i) {
      function.parent = found->second;
    } else if (up.root_bus.empty()) {
      function.parent = parent_by_bus(bridges, function, i);
    }
    if (function.parent != kNoParent) {
      functions[static_cast<std::size_t>(function.parent)].children.push_back(i);
    }
  }
}

/// Place of a function without bus numbers, which firmware may hand out anew at the next boot.
std::string path_of(const std::vector<PciFunction>& functions, const PciFunction& function) {
  std::string path;
  const PciFunction* at = &function;
  for (int depth = 0; depth < kDepthMax; ++depth) {
    path.insert(0, fmt::format("/{:02x}.{:x}", at->at.device, at->at.function));
    if (at->parent == kNoParent) {
      return at->root_bus + path;
    }
    at = &functions[static_cast<std::size_t>(at->parent)];
  }
  return function.address;  // parents loop: garbled bus numbers
}

/// The role by the port type register; where that needs root, by shape: a PCIe bridge without one
/// above is a root port, and below it upstream and downstream ports alternate.
PortRole role_of(const bus::HostTree& tree, const std::vector<PciFunction>& functions,
                 const PciFunction& function) {
  if (function.is_virtual) {
    return PortRole::kNone;
  }
  if (const auto type = function.registers.port_type) {
    switch (*type) {
      case PortType::kRootPort:
        return PortRole::kRootPort;
      case PortType::kUpstreamPort:
        return PortRole::kUpstream;
      case PortType::kDownstreamPort:
        return PortRole::kDownstream;
      case PortType::kEndpoint:
      case PortType::kLegacyEndpoint:
      case PortType::kPciePciBridge:
        return PortRole::kEndpoint;
      default:
        return PortRole::kNone;
    }
  }
  const auto parent_role = function.parent == kNoParent
                               ? PortRole::kNone
                               : functions[static_cast<std::size_t>(function.parent)].role;
  const bool is_below_a_port =
      parent_role == PortRole::kRootPort || parent_role == PortRole::kDownstream;
  if (function.config && is_below_a_port && function.is_silent) {
    return PortRole::kEndpoint;  // it had a link once, and is to be named as the one that is silent
  }
  if (function.config || !tree.exists(sysfs(function, "max_link_speed"))) {
    return PortRole::kNone;
  }
  if (!function.is_bridge()) {
    // On a root bus without a bridge above it is integrated, unless its port is hidden (a virtual
    // machine); a link that has a speed tells the two apart.
    const auto width = read_number(tree, sysfs(function, "current_link_width"));
    return parent_role != PortRole::kNone || width.value_or(0) > 0 ? PortRole::kEndpoint
                                                                   : PortRole::kNone;
  }
  switch (parent_role) {
    case PortRole::kNone:
      return PortRole::kRootPort;
    case PortRole::kUpstream:
      return PortRole::kDownstream;
    default:
      return PortRole::kUpstream;
  }
}

}  // namespace

std::vector<PciFunction> read_pci_functions(const bus::HostTree& tree,
                                            std::vector<std::string>& problems) {
  std::vector<PciFunction> functions;
  const auto names = tree.list("sys/bus/pci/devices");
  if (!names) {
    return functions;
  }
  for (const auto& name : *names) {
    const auto at = pci_address(name);
    if (!at) {
      problems.push_back("sys/bus/pci/devices/" + base::printable(name, 40) +
                         ": not a PCI address; left out");
      continue;
    }
    functions.push_back({});
    functions.back().at = *at;
    functions.back().address = name;
  }
  std::sort(functions.begin(), functions.end(), [](const auto& x, const auto& y) {
    return std::tie(x.at, x.address) < std::tie(y.at, y.address);
  });
  std::vector<Above> ups;
  ups.reserve(functions.size());
  for (auto& function : functions) {
    ups.push_back(above(tree, function.address));
    read_config(tree, ups.back(), function);
    if (function.is_silent || (!function.config && function.registers.vendor == 0)) {
      read_identity(tree, function);
    }
    function.is_virtual = tree.exists(sysfs(function, "physfn"));
    function.root_bus = ups.back().root_bus;
    for (const auto& problem : function.registers.problems) {
      problems.push_back(function.address + ": " + problem);
    }
  }
  connect(functions, ups);
  for (auto& function : functions) {  // parents come first: a bridge's bus is below its children's
    if (function.root_bus.empty()) {  // no sysfs: a root bus is one that no bridge leads to
      function.root_bus = function.parent == kNoParent
                              ? fmt::format("pci{:04x}:{:02x}", function.at.domain, function.at.bus)
                              : functions[static_cast<std::size_t>(function.parent)].root_bus;
    }
    function.path = path_of(functions, function);
    function.role = role_of(tree, functions, function);
  }
  return functions;
}

namespace {

Reading<base::TransferRate> sysfs_rate(const bus::HostTree& tree, const PciFunction& function,
                                       const char* file) {
  if (function.is_asleep) {
    return tl::unexpected(function.config.error());
  }
  const auto value = read_text(tree, sysfs(function, file));
  return value ? pcie_rate(*value) : Reading<base::TransferRate>(tl::unexpected(value.error()));
}

Reading<base::LaneCount> sysfs_width(const bus::HostTree& tree, const PciFunction& function,
                                     const char* file) {
  if (function.is_asleep) {
    return tl::unexpected(function.config.error());
  }
  const auto value = read_number(tree, sysfs(function, file));
  if (!value) {
    return tl::unexpected(value.error());
  }
  if (*value == 255) {  // PCIE_LNK_WIDTH_UNKNOWN
    return absent(Absence::kNotSupported, "the kernel says 'unknown'");
  }
  return base::LaneCount(static_cast<std::uint32_t>(*value));
}

template <class T>
Reading<T> known(const std::optional<T>& value, const char* which) {
  return value ? Reading<T>(*value) : absent(Absence::kGarbled, which);
}

}  // namespace

RunningLink running_link(const bus::HostTree& tree, const PciFunction& function) {
  if (const auto& link = function.registers.link) {
    return {.rate = known(link->rate, "speed code in Link Status"), .width = link->width};
  }
  return {.rate = sysfs_rate(tree, function, "current_link_speed"),
          .width = sysfs_width(tree, function, "current_link_width")};
}

observe::LinkEnd link_end(const bus::HostTree& tree, const PciFunction& function) {
  observe::LinkEnd end;
  end.address = function.address;
  end.power_state = function.power_state;
  if (function.config || function.registers.vendor != 0) {
    end.answers = !function.is_silent;
  }
  if (function.registers.dpc) {
    end.contained = function.registers.dpc->triggered;
  } else if (function.registers.has_extended) {
    end.contained = absent(Absence::kNotSupported, "no Downstream Port Containment capability");
  } else if (!function.config) {
    end.contained = tl::unexpected(function.config.error());
  }
  if (function.registers.slot && function.registers.slot->card_present) {
    end.occupied = *function.registers.slot->card_present;
    end.powered_off = function.registers.slot->powered_off;
  }
  const auto& link = function.registers.link;
  if (!link) {
    end.max_rate = sysfs_rate(tree, function, "max_link_speed");
    end.max_width = sysfs_width(tree, function, "max_link_width");
    const auto why = function.config ? absent(Absence::kNotSupported, "no PCI Express capability")
                                     : tl::unexpected(function.config.error());
    end.target_rate = why;
    end.autonomous_speed_disabled = why;
    end.bandwidth_management = why;
    end.autonomous_bandwidth = why;
    end.aspm = why;
    end.clock_power_management = why;
    return end;
  }
  end.max_rate = known(link->max_rate, "speed code in Link Capabilities");
  end.max_width =
      link->max_width.value() == 0
          ? Reading<base::LaneCount>(absent(Absence::kGarbled, "width in Link Capabilities"))
          : link->max_width;
  if (link->component_present) {
    end.component_present = *link->component_present;
  }
  if (link->has_registers_2) {
    end.target_rate = known(link->target_rate, "Target Link Speed in Link Control 2");
    end.autonomous_speed_disabled = link->autonomous_speed_disabled;
  } else {
    end.target_rate = absent(Absence::kNotSupported, "capability version 1");
    end.autonomous_speed_disabled = absent(Absence::kNotSupported, "capability version 1");
  }
  end.bandwidth_management = link->bandwidth_management;
  end.autonomous_bandwidth = link->autonomous_bandwidth;
  end.aspm = link->aspm_control;
  end.clock_power_management = link->clock_power_management;
  return end;
}

}  // namespace weft::driver
