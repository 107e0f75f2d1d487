// SPDX-License-Identifier: Apache-2.0
#include "twin/door/guest/pci_device.h"

#include <algorithm>
#include <cerrno>
#include <string_view>

namespace weft::twin::door {
namespace vfio {

enum Command : std::uint16_t {
  kVersion = 1,
  kDmaMap = 2,
  kDmaUnmap = 3,
  kGetInfo = 4,
  kRegionInfo = 5,
  kIrqInfo = 7,
  kSetIrqs = 8,
  kRead = 9,
  kWrite = 10,
  kReset = 13,
};
constexpr std::size_t kHeaderBytes = 16;
constexpr std::size_t kMessageMax = 64 * 1024;
constexpr std::uint32_t kReply = 1;
constexpr std::uint32_t kNoReply = 0x10;
constexpr std::uint32_t kErrorFlag = 0x20;

// linux/vfio.h: a PCI device's regions and interrupts.
constexpr std::uint32_t kRegions = 9;
constexpr std::uint32_t kConfigRegion = 7;
constexpr std::uint32_t kInterrupts = 5;
constexpr std::uint64_t kConfigBytes = 4096;
constexpr std::uint32_t kDeviceFlags = 3;  ///< resettable, PCI
constexpr std::uint32_t kReadWrite = 3;

constexpr std::string_view kCapabilities =
    R"({"capabilities":{"max_msg_fds":8,"max_data_xfer_size":4096}})";

struct Answer {
  base::Bytes body;
  int error = 0;
};

Answer words(std::initializer_list<std::uint32_t> values) {
  Answer answer;
  answer.body.resize(4 * values.size());
  std::size_t at = 0;
  for (const std::uint32_t value : values) {
    base::write_le(answer.body, at, 4, value);
    at += 4;
  }
  return answer;
}

Answer failure(int error) {
  return {.body = {}, .error = error};
}

Answer version(base::ByteView body) {
  if (body.size() < 4) {
    return failure(EINVAL);
  }
  // The client's own version, so that it goes on; then our capabilities as a C string.
  Answer answer{.body = base::Bytes(4 + kCapabilities.size() + 1)};
  std::copy_n(body.begin(), 4, answer.body.begin());
  std::ranges::copy(kCapabilities, answer.body.begin() + 4);
  return answer;
}

Answer region_info(base::ByteView body) {
  if (body.size() < 16) {
    return failure(EINVAL);
  }
  const auto index = static_cast<std::uint32_t>(*base::read_le(body, 8, 4));
  const bool is_config = index == kConfigRegion;
  Answer answer = words({32, is_config ? kReadWrite : 0, index, 0, 0, 0, 0, 0});
  base::write_le(answer.body, 16, 8, is_config ? kConfigBytes : 0);
  return index < kRegions ? answer : failure(EINVAL);
}

Answer access(std::uint16_t command, base::ByteView body, bus::ConfigSpace& function) {
  if (body.size() < 16) {
    return failure(EINVAL);
  }
  const std::uint64_t offset = *base::read_le(body, 0, 8);
  const std::uint64_t region = *base::read_le(body, 8, 4);
  const std::uint64_t count = *base::read_le(body, 12, 4);
  if (count > kVfioTransferMax || (command == kWrite && body.size() < 16 + count)) {
    return failure(EINVAL);
  }
  Answer answer{.body = base::Bytes(body.begin(), body.begin() + 16)};
  if (command == kRead) {
    answer.body.resize(16 + count, 0xFF);
    if (region == kConfigRegion) {
      read_config(function, offset, std::span(answer.body).subspan(16));
    }
  } else if (region == kConfigRegion) {
    write_config(function, offset, body.subspan(16, count));
  }
  return answer;
}

Answer handle(std::uint16_t command, base::ByteView body, bus::ConfigSpace& function) {
  switch (command) {
    case kVersion:
      return version(body);
    case kGetInfo:
      return words({16, kDeviceFlags, kRegions, kInterrupts});
    case kRegionInfo:
      return region_info(body);
    case kIrqInfo:
      return body.size() < 16
                 ? failure(EINVAL)
                 : words({16, 0, static_cast<std::uint32_t>(*base::read_le(body, 8, 4)), 0});
    case kDmaUnmap:
      return body.size() < 24 ? failure(EINVAL)
                              : Answer{.body = base::Bytes(body.begin(), body.begin() + 24)};
    case kDmaMap:
    case kSetIrqs:
    case kReset:
      return {};
    case kRead:
    case kWrite:
      return access(command, body, function);
    default:
      return failure(EOPNOTSUPP);
  }
}

}  // namespace vfio

void serve_vfio_user(Peer& peer, bus::ConfigSpace& function, std::recursive_mutex& world) {
  for (;;) {
    if (peer.wait({}) != -1) {
      return;
    }
    std::vector<OwnedFd> fds;  // DMA regions and interrupts: taken and closed
    base::Bytes head(vfio::kHeaderBytes);
    if (!peer.receive(head, fds)) {
      return;
    }
    const auto command = static_cast<std::uint16_t>(*base::read_le(head, 2, 2));
    const std::uint64_t size = *base::read_le(head, 4, 4);
    const std::uint64_t flags = *base::read_le(head, 8, 4);
    if (size < vfio::kHeaderBytes || size > vfio::kMessageMax) {
      return;
    }
    base::Bytes body(size - vfio::kHeaderBytes);
    if (!body.empty() && !peer.receive(body, fds)) {
      return;
    }
    vfio::Answer answer;
    {
      const std::lock_guard<std::recursive_mutex> hold(world);
      answer = vfio::handle(command, body, function);
    }
    if ((flags & vfio::kNoReply) != 0) {
      continue;
    }
    base::Bytes out(vfio::kHeaderBytes + answer.body.size());
    base::write_le(out, 0, 2, *base::read_le(head, 0, 2));
    base::write_le(out, 2, 2, command);
    base::write_le(out, 4, 4, out.size());
    base::write_le(out, 8, 4, vfio::kReply | (answer.error != 0 ? vfio::kErrorFlag : 0));
    base::write_le(out, 12, 4, static_cast<std::uint64_t>(answer.error));
    std::copy(answer.body.begin(), answer.body.end(), out.begin() + vfio::kHeaderBytes);
    if (!peer.send(out)) {
      return;
    }
  }
}

}  // namespace weft::twin::door
