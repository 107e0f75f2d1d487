// SPDX-License-Identifier: Apache-2.0
// A twin's SMBus segment as a virtio I2C adapter (VIRTIO 1.2 clause 5.18): QEMU's
// vhost-user-i2c-pci, or User-Mode Linux with virtio_uml.device=SOCKET:34. The guest's driver is
// i2c-virtio, so that /dev/i2c-N and the kernel's own drivers meet the twin's devices. The adapter
// speaks plain I2C: no SMBus block reads, whose length only the device knows.
#pragma once

#include "twin/door/guest/vhost_user.h"
#include "twin/smbus/segment.h"

#include <mutex>

namespace weft::twin::door {

inline constexpr unsigned kVirtioI2cId = 34;
inline constexpr std::size_t kI2cMessageMax = 8192;

class I2cDevice final : public VirtioDevice {
 public:
  /// `world` is held for each combined transfer.
  I2cDevice(smbus::Segment& segment, std::recursive_mutex& world)
      : segment_(segment), world_(world) {}
  /// VIRTIO_I2C_F_ZERO_LENGTH_REQUEST: quick commands.
  [[nodiscard]] std::uint64_t features() const override { return 1; }
  [[nodiscard]] unsigned queues() const override { return 1; }
  bool handle(unsigned queue, std::span<VirtioRequest> requests) override;

 private:
  smbus::Segment& segment_;
  std::recursive_mutex& world_;
};

}  // namespace weft::twin::door
