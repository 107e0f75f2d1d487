// SPDX-License-Identifier: Apache-2.0
// A host that does not exist, as the files that a kernel would show: PCIe hierarchies with real
// configuration spaces, network devices, sensors. For `weft scan --demo`, tests and benchmarks; the
// result is labelled simulated. Configuration bytes are laid out from linux/pci_regs.h, so lspci
// can read them too.
#pragma once

#include "bus/memory_tree.h"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace weft::bus::synthetic {

enum class Role : std::uint8_t { kRootPort, kSwitchUpstream, kSwitchDownstream, kEndpoint };

/// Speed codes of the PCI Express capability: 1 = 2.5 GT/s … 6 = 64 GT/s.
struct Port {
  Role role = Role::kEndpoint;
  std::uint16_t vendor = 0x8086;
  std::uint16_t device = 0x352a;
  std::uint16_t subsystem_vendor = 0;
  std::uint16_t subsystem_device = 0;
  std::uint32_t class_code = 0x060400;
  int max_speed = 5;
  int max_width = 16;
  int speed = 0;         ///< 0: as fast as both ends can
  int width = 0;         ///< 0: as wide as both ends can
  int target_speed = 0;  ///< 0: its own maximum
  bool autonomous_speed_disabled = false;
  int retimers = 0;  ///< presence bits, on the port above the link
  std::uint32_t lane_errors = 0;
  std::uint64_t serial = 0;  ///< 0: no Device Serial Number capability
  std::string slot = {};     ///< name under sys/bus/pci/slots; empty: none
  std::string driver = {};
  int numa_node = 0;
  std::string power_state = "D0";
  std::map<std::string, std::uint64_t> correctable = {};  ///< AER counts by the kernel's names
  std::map<std::string, std::uint64_t> nonfatal = {};
  std::map<std::string, std::uint64_t> fatal = {};
  bool is_all_ones = false;  ///< fell off the bus
  std::string netdev = {};   ///< name of a network device on it; empty: none
  int netdev_mbps = 0;
  double temperature = 0;  ///< hwmon sensor in Cel; 0: none
};

class Host {
 public:
  explicit Host(std::string name);

  /// A root port on `bus` 00 of the n-th root complex (domain 0; root buses are handed out in
  /// turn).
  int add_root_port(int root_complex, Port port);
  /// A port or device below `parent` (a root port or a switch's downstream port takes an upstream
  /// port or endpoint; an upstream port takes downstream ports).
  int add_below(int parent, Port port);
  Port& port(int index) { return nodes_[static_cast<std::size_t>(index)].port; }

  /// The configuration space, as root reads it, after buses were numbered.
  [[nodiscard]] std::vector<std::uint8_t> config(int index);
  [[nodiscard]] std::string address(int index);

  double uptime_seconds = 11 * 86400.0;
  bool as_root = true;                  ///< false: 64 bytes of configuration space, as a user gets
  std::int64_t taken_ns = 0;            ///< time that a capture would carry; 0: none
  std::vector<std::string> kernel_log;  ///< /dev/kmsg records

  /// All files; the tree is labelled simulated.
  [[nodiscard]] MemoryTree tree();

 private:
  struct Node {
    Port port;
    int parent = -1;
    int root_complex = 0;
    int bus = 0, device = 0, function = 0;
    int secondary = 0, subordinate = 0;
    std::vector<int> children;
  };
  void number_buses();
  int number_below(int index, int next_bus);
  [[nodiscard]] std::pair<int, int> running(int index) const;  ///< speed code and width
  void add_function_files(MemoryTree::Builder& builder, int index);
  void add_netdev_files(MemoryTree::Builder& builder, int index);
  [[nodiscard]] std::string sysfs_path(int index) const;

  std::string name_;
  std::vector<Node> nodes_;
  std::map<int, std::vector<int>> roots_;  ///< root complex -> root ports
  bool is_numbered_ = false;
};

/// The demo: two sockets, eight accelerators and eight NICs behind four switches, storage; retimers
/// in front of the accelerators; one accelerator's link narrower than its peers' and counting
/// errors.
[[nodiscard]] Host demo_server();
/// About `functions` PCI functions: root complexes of switches with endpoints, all well but one.
[[nodiscard]] Host large_host(int functions);

}  // namespace weft::bus::synthetic
