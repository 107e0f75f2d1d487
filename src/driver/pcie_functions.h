// SPDX-License-Identifier: Apache-2.0
// The PCI functions of a host with their place in the hierarchy: the first half of the PCIe driver.
// pcie.cpp turns them into devices, ports and links. A function that sleeps is not woken: reading
// the configuration space of a function in D3cold makes the kernel power it up, so it is left
// alone.
#pragma once

#include "bus/host_tree.h"
#include "driver/read.h"
#include "observe/reading.h"
#include "observe/snapshot.h"
#include "wire/pcie/function.h"

#include <string>
#include <vector>

namespace weft::driver {

inline constexpr const char* kPciDevices = "sys/bus/pci/devices/";
inline constexpr int kNoParent = -1;
/// Bridges above one another that a path may have; PCI has 256 buses in a domain.
inline constexpr int kDepthMax = 256;

/// What a function's port is in the PCIe topology.
enum class PortRole : std::uint8_t {
  kNone,  ///< not a PCIe port with a link of its own
  kRootPort,
  kUpstream,    ///< a switch's port toward the host
  kDownstream,  ///< a switch's port away from the host
  kEndpoint,
};

struct PciFunction {
  PciAddress at;
  std::string address;             ///< "0000:3b:00.0"
  wire::pcie::Function registers;  ///< as far as the configuration space was readable
  observe::Reading<bool> config =
      observe::absent(observe::Absence::kNotProvided);  ///< true: link registers were read
  observe::Reading<std::string> power_state = observe::absent(observe::Absence::kNotProvided);
  bool is_virtual = false;  ///< an SR-IOV virtual function: shares its parent's link
  bool is_asleep = false;
  bool is_silent = false;     ///< reads all ones; its identity is what the kernel remembers
  int parent = kNoParent;     ///< index of the bridge above
  std::vector<int> children;  ///< indices of the functions on the bus below
  std::string root_bus;       ///< "pci0000:00"
  std::string path;           ///< "pci0000:00/1c.0/00.0": free of bus numbers
  PortRole role = PortRole::kNone;

  [[nodiscard]] bool is_bridge() const { return registers.header_type == 1; }
};

/// Every function, sorted by address, with parents, paths and roles set. Empty where there is none.
[[nodiscard]] std::vector<PciFunction> read_pci_functions(const bus::HostTree& tree,
                                                          std::vector<std::string>& problems);

/// One end of a link as this function tells it: configuration space where it was readable, else
/// sysfs.
[[nodiscard]] observe::LinkEnd link_end(const bus::HostTree& tree, const PciFunction& function);
/// Rate and width that this function says its link runs at.
struct RunningLink {
  observe::Reading<base::TransferRate> rate;
  observe::Reading<base::LaneCount> width;
};
[[nodiscard]] RunningLink running_link(const bus::HostTree& tree, const PciFunction& function);

}  // namespace weft::driver
