// SPDX-License-Identifier: Apache-2.0
#include "twin/door/guest/i2c_device.h"

#include <algorithm>
#include <optional>

namespace weft::twin::door {
namespace virtio_i2c {

// VIRTIO 1.2 clause 5.18.6: le16 address (7 bits, shifted by one), le16 padding, le32 flags; then
// the bytes; then one byte of status.
constexpr std::size_t kHeaderBytes = 8;
constexpr std::uint64_t kFailNext = 1;  ///< the next request belongs to the same transfer
constexpr std::uint8_t kOk = 0;
constexpr std::uint8_t kError = 1;

struct Parsed {
  smbus::Message message;
  bool is_joined = false;
};

/// nullopt for what no driver sends: no header, ten-bit addresses, endless messages.
std::optional<Parsed> parse(const VirtioRequest& request) {
  const base::Bytes out = request.gather(kHeaderBytes + kI2cMessageMax + 1);
  if (out.size() < kHeaderBytes || out.size() > kHeaderBytes + kI2cMessageMax) {
    return std::nullopt;
  }
  const std::uint64_t address = *base::read_le(out, 0, 2);
  std::size_t in = 0;
  for (const std::span<std::uint8_t> part : request.in) {
    in += part.size();
  }
  if (in == 0 || in > kI2cMessageMax + 1 || address > 0xFF) {
    return std::nullopt;
  }
  // The flag for reads came with a later kernel; a zero-length read needs it, others show by
  // having room for an answer.
  constexpr std::uint64_t kRead = 2;
  const std::uint64_t flags = *base::read_le(out, 4, 4);
  Parsed parsed;
  parsed.message.address = static_cast<std::uint8_t>(address >> 1);
  parsed.message.is_read = in > 1 || (flags & kRead) != 0;
  parsed.message.bytes.assign(out.begin() + kHeaderBytes, out.end());
  if (parsed.message.is_read) {
    parsed.message.bytes.assign(in - 1, 0);
  }
  parsed.is_joined = (flags & kFailNext) != 0;
  return parsed;
}

void answer(VirtioRequest& request, const smbus::Message* message) {
  if (message == nullptr) {
    std::size_t in = 0;
    for (const std::span<std::uint8_t> part : request.in) {
      in += part.size();
    }
    request.scatter(base::Bytes(in == 0 ? 0 : in - 1, 0));
    request.scatter(base::Bytes{kError});
    return;
  }
  if (message->is_read) {
    request.scatter(message->bytes);
  }
  request.scatter(base::Bytes{kOk});
}

}  // namespace virtio_i2c

bool I2cDevice::handle(unsigned /*queue*/, std::span<VirtioRequest> requests) {
  std::size_t first = 0;
  while (first < requests.size()) {
    // One combined transfer: up to the first request that does not ask for the next to fail.
    std::vector<smbus::Message> messages;
    std::size_t end = first;
    bool is_good = true;
    for (bool is_joined = true; is_joined && end < requests.size(); ++end) {
      std::optional<virtio_i2c::Parsed> parsed = virtio_i2c::parse(requests[end]);
      is_joined = parsed && parsed->is_joined;
      is_good = is_good && parsed.has_value();
      messages.push_back(parsed ? std::move(parsed->message) : smbus::Message{});
    }
    if (is_good) {
      // The segment before the world, as every user of both: a driver waits holding only the first.
      const std::lock_guard<smbus::Segment> locked(segment_);
      const std::lock_guard<std::recursive_mutex> hold(world_);
      is_good = segment_.transfer(messages).has_value();
    }
    for (std::size_t i = first; i < end; ++i) {
      virtio_i2c::answer(requests[i], is_good ? &messages[i - first] : nullptr);
    }
    first = end;
  }
  return true;
}

}  // namespace weft::twin::door
