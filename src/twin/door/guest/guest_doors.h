// SPDX-License-Identifier: Apache-2.0
// The sockets on which one machine of a rack gives its devices to a guest: for each SMBus segment
// vhost-user-i2c, for each PCI function vfio-user (QEMU) and virtio_pcidev (User-Mode Linux). Each
// socket has a thread, so they are opened only when asked for, and for kGuestFunctionsMost
// functions at most. doors.h opens them and puts their rows into its map.
#pragma once

#include "twin/door/doors.h"
#include "twin/door/guest/i2c_device.h"
#include "twin/door/guest/pci_device.h"

#include <memory>
#include <string>
#include <vector>

namespace weft::twin::door {

inline constexpr std::size_t kGuestFunctionsMost = 64;

class GuestDoors {
 public:
  /// In `folder`, which is there. `machine` may be empty where only one has devices for a guest.
  /// kNotFound: no such machine, with the nearest; kInvalidArgument: several could be meant.
  [[nodiscard]] static base::Result<std::unique_ptr<GuestDoors>> open(Rack& rack,
                                                                      const std::string& folder,
                                                                      const std::string& machine);
  [[nodiscard]] const std::vector<DoorRow>& map() const { return map_; }
  [[nodiscard]] const std::vector<std::string>& notes() const { return notes_; }

 private:
  base::Result<void> add(DoorRow row, std::function<void(Peer&)> serve);
  base::Result<void> add_segment(Rack& rack, const std::string& folder, const Machine& machine,
                                 smbus::Segment& segment);
  base::Result<void> add_function(Rack& rack, const std::string& folder, const Machine& machine,
                                  std::size_t function);

  std::vector<std::unique_ptr<VirtioDevice>> devices_;
  std::vector<std::unique_ptr<GuestServer>> servers_;  // after devices_: they end before them
  std::vector<DoorRow> map_;
  std::vector<std::string> notes_;
};

}  // namespace weft::twin::door
