// SPDX-License-Identifier: Apache-2.0
#include "twin/door/guest/pci_device.h"

#include <algorithm>

namespace weft::twin::door {
namespace pcidev {

constexpr std::uint64_t kConfigBytes = 4096;

// linux/virtio_pcidev.h: op, bar, le16 reserved, le32 size, le64 address, data.
enum Op : std::uint8_t { kConfigRead = 1, kConfigWrite = 2, kMemoryRead = 3 };
constexpr std::size_t kHeaderBytes = 16;
constexpr std::size_t kMessageMax = kHeaderBytes + kConfigBytes;

/// The widest aligned access at `offset` that `left` bytes allow.
std::uint8_t width_at(std::uint64_t offset, std::size_t left) {
  if (offset % 4 == 0 && left >= 4) {
    return 4;
  }
  return offset % 2 == 0 && left >= 2 ? 2 : 1;
}

}  // namespace pcidev

void read_config(bus::ConfigSpace& function, std::uint64_t offset, std::span<std::uint8_t> bytes) {
  std::ranges::fill(bytes, std::uint8_t{0xFF});
  for (std::size_t i = 0; i < bytes.size() && offset + i < pcidev::kConfigBytes;) {
    const std::uint8_t width = pcidev::width_at(offset + i, bytes.size() - i);
    const base::Result<std::uint32_t> value =
        function.read(static_cast<std::uint16_t>(offset + i), width);
    base::write_le(bytes, i, width, value.value_or(0xFFFFFFFF));
    i += width;
  }
}

void write_config(bus::ConfigSpace& function, std::uint64_t offset, base::ByteView bytes) {
  for (std::size_t i = 0; i < bytes.size() && offset + i < pcidev::kConfigBytes;) {
    const std::uint8_t width = pcidev::width_at(offset + i, bytes.size() - i);
    const auto value = static_cast<std::uint32_t>(*base::read_le(bytes, i, width));
    // A write that the function refuses vanishes, as on a bus.
    static_cast<void>(function.write(static_cast<std::uint16_t>(offset + i), width, value));
    i += width;
  }
}

bool PcidevDevice::handle(unsigned queue, std::span<VirtioRequest> requests) {
  if (queue != 0) {
    return false;  // buffers for interrupts stay with us
  }
  for (VirtioRequest& request : requests) {
    const base::Bytes message = request.gather(pcidev::kMessageMax);
    if (message.size() < pcidev::kHeaderBytes) {
      continue;
    }
    const std::uint64_t size = std::min(*base::read_le(message, 4, 4), pcidev::kConfigBytes);
    const std::uint64_t address = *base::read_le(message, 8, 8);
    const std::lock_guard<std::recursive_mutex> hold(world_);
    if (message[0] == pcidev::kConfigRead) {
      base::Bytes answer(size);
      read_config(function_, address, answer);
      request.scatter(answer);
    } else if (message[0] == pcidev::kConfigWrite) {
      const std::size_t there = message.size() - pcidev::kHeaderBytes;
      write_config(function_, address,
                   base::ByteView(message).subspan(pcidev::kHeaderBytes,
                                                   std::min<std::size_t>(size, there)));
    } else if (message[0] == pcidev::kMemoryRead) {
      request.scatter(base::Bytes(size, 0xFF));
    }
  }
  return true;
}

}  // namespace weft::twin::door
