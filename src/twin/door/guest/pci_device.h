// SPDX-License-Identifier: Apache-2.0
// PCI functions of a twin inside a guest, in two protocols. PcidevDevice is a virtio_pcidev device
// for User-Mode Linux (UML_PCI_OVER_VIRTIO; virtio_uml.device=SOCKET:1234): one function, bus 0, no
// bridges, at most 8 of them in one guest. serve_vfio_user() is a vfio-user server for QEMU's
// vfio-user-pci (10.1 and later): the guest's root port above follows the function's link status.
// Both give configuration space only: the functions have no memory behind their BARs, and reads
// there give ones. Sources: linux/virtio_pcidev.h (uapi), the public vfio-user specification.
#pragma once

#include "bus/config_space.h"
#include "twin/door/guest/vhost_user.h"

#include <cstdint>
#include <mutex>

namespace weft::twin::door {

inline constexpr unsigned kPcidevId = 1234;  ///< CONFIG_UML_PCI_OVER_VIRTIO_DEVICE_ID, a convention
inline constexpr std::size_t kPcidevGuestMax = 8;

/// Any span of configuration space, cut into aligned accesses of 4, 2 and 1 bytes. `bytes` beyond
/// 4096 read as ones and swallow writes.
void read_config(bus::ConfigSpace& function, std::uint64_t offset, std::span<std::uint8_t> bytes);
void write_config(bus::ConfigSpace& function, std::uint64_t offset, base::ByteView bytes);

class PcidevDevice final : public VirtioDevice {
 public:
  PcidevDevice(bus::ConfigSpace& function, std::recursive_mutex& world)
      : function_(function), world_(world) {}
  [[nodiscard]] std::uint64_t features() const override { return 0; }
  /// Commands, and buffers for interrupts, which a twin's functions do not raise here.
  [[nodiscard]] unsigned queues() const override { return 2; }
  bool handle(unsigned queue, std::span<VirtioRequest> requests) override;

 private:
  bus::ConfigSpace& function_;
  std::recursive_mutex& world_;
};

inline constexpr std::size_t kVfioTransferMax = 4096;

/// Until the guest goes, breaks the protocol, or the server stops. The guest's device reset is
/// answered and changes nothing: the function belongs to the world.
void serve_vfio_user(Peer& peer, bus::ConfigSpace& function, std::recursive_mutex& world);

}  // namespace weft::twin::door
