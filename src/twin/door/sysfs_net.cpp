// SPDX-License-Identifier: Apache-2.0
// The network part of a machine's files: /sys/class/net. Texts as the kernel's ABI documents
// sysfs-class-net and sysfs-class-net-statistics give them. Carrier and its changes are the link's;
// bytes and packets are what so many codewords carry (modelled: full codewords of the payload rate,
// packets of 1500 bytes), errors are blocks that FEC could not mend.
#include "base/id.h"
#include "bus/replay.h"
#include "fabric/protocol.h"
#include "twin/door/net_link.h"
#include "twin/door/netdev.h"
#include "twin/door/sysfs_parts.h"
#include "wire/cmis/latched.h"

#include <array>
#include <string_view>

#include <fmt/format.h>

namespace weft::twin::door {
namespace sysfs_net {

using base::Result;

constexpr std::uint64_t kPacketBytes = 1500;

class InterfaceFiles {
 public:
  InterfaceFiles(SysfsParts& parts, const NetdevPlan& plan, std::size_t index)
      : tree_(parts.tree), plan_(plan), index_(index), link_(net_link(parts.rack, plan)) {
    const bool is_on_pci = plan.function && *plan.function < parts.function_paths.size();
    const auto holder =
        is_on_pci ? parts.function_paths[*plan.function]
                  : fmt::format("sys/devices/platform/switch-{}", parts.machine.plan->name);
    path_ = fmt::format("{}/net/{}", holder, plan.interface);
    if (!is_on_pci) {
      tree_.link_to(holder + "/subsystem", "sys/bus/platform");
      tree_.add_directory("sys/bus/platform/devices");
    }
    tree_.link_to(path_ + "/device", holder);
    tree_.link_to("sys/class/net/" + plan.interface, path_);
    tree_.link_to(path_ + "/subsystem", "sys/class/net");
  }

  void add(const std::string& machine) {
    // A locally administered address, the same at every start.
    const auto hash = base::fnv1a64(machine + "/" + plan_.interface);
    add_text("address",
             fmt::format("02:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", hash & 0xFF, hash >> 8 & 0xFF,
                         hash >> 16 & 0xFF, hash >> 24 & 0xFF, hash >> 32 & 0xFF));
    for (const auto& [file, text] :
         {std::pair{"addr_len", "6"}, std::pair{"broadcast", "ff:ff:ff:ff:ff:ff"},
          std::pair{"duplex", "full"}, std::pair{"type", "1"}, std::pair{"mtu", "9000"},
          std::pair{"flags", "0x1003"}, std::pair{"dev_id", "0x0"}, std::pair{"dev_port", "0"},
          std::pair{"addr_assign_type", "0"}, std::pair{"dormant", "0"},
          std::pair{"link_mode", "0"}, std::pair{"name_assign_type", "4"},
          std::pair{"netdev_group", "0"}, std::pair{"tx_queue_len", "1000"}}) {
      add_text(file, text);
    }
    add_text("ifindex", fmt::format("{}", index_ + 2));  // 1 is the loopback's
    add_text("iflink", fmt::format("{}", index_ + 2));
    add_carrier();
    add_statistics();
  }

 private:
  void add_text(std::string_view file, std::string text) {
    tree_.add_file(fmt::format("{}/{}", path_, file), line(std::move(text)));
  }
  void add_number(std::string_view file, std::function<std::uint64_t()> number) {
    tree_.add_file(fmt::format("{}/{}", path_, file),
                   [number = std::move(number)]() -> Result<std::string> {
                     return line(fmt::format("{}", number()));
                   });
  }

  void add_carrier() {
    add_number("carrier", [link = link_] { return link.is_up() ? 1U : 0U; });
    tree_.add_file(path_ + "/operstate", [link = link_]() -> Result<std::string> {
      return line(link.is_up() ? "up" : "down");
    });
    tree_.add_file(path_ + "/speed", [link = link_]() -> Result<std::string> {
      // Linux says -1 for "unknown" while there is no carrier.
      return line(link.is_up() ? fmt::format("{}", link.speed_mbps()) : "-1");
    });
    const auto ups = [link = link_] { return link.counter(LinkCounter::kTrainings); };
    const auto downs = [link = link_] { return link.counter(LinkCounter::kLinkDowns); };
    add_number("carrier_up_count", ups);
    add_number("carrier_down_count", downs);
    add_number("carrier_changes", [ups, downs] { return ups() + downs(); });
  }

  void add_statistics() {
    const auto received = [link = link_] { return link.received_bytes(); };
    const auto sent = [link = link_] { return link.sent_bytes(); };
    const auto lost = [link = link_] { return link.counter(LinkCounter::kBlockErrors); };
    add_number("statistics/rx_bytes", received);
    add_number("statistics/tx_bytes", sent);
    add_number("statistics/rx_packets", [received] { return received() / kPacketBytes; });
    add_number("statistics/tx_packets", [sent] { return sent() / kPacketBytes; });
    add_number("statistics/rx_errors", lost);
    add_number("statistics/rx_crc_errors", lost);
    for (const std::string_view silent :
         {"collisions", "multicast", "rx_compressed", "rx_dropped", "rx_fifo_errors",
          "rx_frame_errors", "rx_length_errors", "rx_missed_errors", "rx_nohandler",
          "rx_over_errors", "tx_aborted_errors", "tx_carrier_errors", "tx_compressed", "tx_dropped",
          "tx_errors", "tx_fifo_errors", "tx_heartbeat_errors", "tx_window_errors"}) {
      add_text(fmt::format("statistics/{}", silent), "0");
    }
  }

  LiveTree& tree_;
  const NetdevPlan& plan_;
  std::size_t index_;
  NetLink link_;
  std::string path_;
};

std::string text_of(const base::Bytes& bytes) {
  return std::string(base::as_text(bytes));
}

/// The network driver's answers and the module's memory, where a capture of a machine keeps them
/// (docs/formats/capture.md), so that a folder or a mount of these files answers what the machine's
/// sockets would. Bytes that reading would clear have no file: whoever reads a whole tree (a
/// snapshot, a copy of the mount) must not take latched flags from who watches them.
void add_answers(SysfsParts& parts, const std::shared_ptr<bus::Netdev>& netdev,
                 const std::string& interface) {
  // ETHTOOL_MSG_*_GET numbers that are answered.
  for (const std::uint8_t message : std::initializer_list<std::uint8_t>{2, 4, 6, 29, 32, 34}) {
    if (!netdev->query(interface, message)) {
      continue;
    }
    parts.tree.add_file(bus::reply_path(interface, message),
                        [netdev, interface, message]() -> Result<std::string> {
                          return netdev->query(interface, message).map(text_of);
                        });
  }
  if (!parts.machine.modules.contains(interface)) {
    return;
  }
  using wire::cmis::PageRequest;
  static constexpr std::uint8_t kHalfPage = 128;
  std::vector<PageRequest> halves = {{.offset = 0, .length = kHalfPage}};
  for (const std::uint8_t page :
       std::initializer_list<std::uint8_t>{0x00, 0x01, 0x02, 0x04, 0x10, 0x11, 0x12, 0x13, 0x14}) {
    halves.push_back({.page = page, .offset = kHalfPage, .length = kHalfPage});
  }
  for (const PageRequest& half : halves) {
    for (const PageRequest& part :
         wire::cmis::without_latched(half, wire::cmis::ModuleMap::kCmis)) {
      parts.tree.add_file(
          bus::module_path(interface, part.i2c_address, part.bank, part.page, part.offset),
          [netdev, interface, part]() -> Result<std::string> {
            return netdev
                ->module_page(interface, part.i2c_address, part.bank, part.page, part.offset,
                              part.length)
                .map(text_of);
          });
    }
  }
}

}  // namespace sysfs_net

void add_net_files(SysfsParts& parts) {
  const auto machine = static_cast<std::size_t>(&parts.machine - parts.rack.machines.data());
  const std::shared_ptr<bus::Netdev> answers = netdev_of(parts.rack, machine);
  std::size_t index = 0;
  for (const auto& netdev : parts.machine.plan->netdevs) {
    sysfs_net::InterfaceFiles(parts, netdev, index++).add(parts.machine.plan->name);
    sysfs_net::add_answers(parts, answers, netdev.interface);
  }
}

}  // namespace weft::twin::door
