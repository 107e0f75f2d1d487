// SPDX-License-Identifier: Apache-2.0
#include "twin/door/guest/vhost_user.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <optional>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace weft::twin::door {
namespace vhost {

// Requests of the front end, by their numbers in the protocol description.
enum Request : std::uint32_t {
  kGetFeatures = 1,
  kSetFeatures = 2,
  kSetOwner = 3,
  kResetOwner = 4,
  kSetMemTable = 5,
  kSetVringNum = 8,
  kSetVringAddr = 9,
  kSetVringBase = 10,
  kGetVringBase = 11,
  kSetVringKick = 12,
  kSetVringCall = 13,
  kSetVringErr = 14,
  kGetProtocolFeatures = 15,
  kSetProtocolFeatures = 16,
  kGetQueueNum = 17,
  kSetVringEnable = 18,
  kSetBackendReqFd = 21,
};
constexpr std::uint32_t kVersion = 1;
constexpr std::uint32_t kReplyFlag = 4;
constexpr std::uint32_t kNeedReplyFlag = 8;
constexpr std::uint64_t kNoFdBit = 0x100;

constexpr std::uint64_t kVirtioVersion1 = std::uint64_t{1} << 32;
constexpr std::uint64_t kProtocolFeaturesBit = std::uint64_t{1} << 30;
constexpr std::uint64_t kIndirectDescriptors = std::uint64_t{1} << 28;
constexpr std::uint64_t kReplyAck = std::uint64_t{1} << 3;
constexpr std::uint64_t kBackendRequests = std::uint64_t{1} << 5;  ///< User-Mode Linux wants it

// Split virtqueue, VIRTIO 1.2 clause 2.7.
constexpr std::uint16_t kDescriptorNext = 1;
constexpr std::uint16_t kDescriptorWrite = 2;
constexpr std::uint16_t kDescriptorIndirect = 4;
constexpr std::size_t kDescriptorBytes = 16;

/// A region of the guest's memory that it shared.
class Region {
 public:
  static std::optional<Region> map(std::uint64_t guest, std::uint64_t size, std::uint64_t user,
                                   std::uint64_t offset, int fd) {
    constexpr std::uint64_t kSizeMax = std::uint64_t{1} << 40;
    struct stat file{};
    if (size == 0 || size > kSizeMax || offset > kSizeMax || ::fstat(fd, &file) != 0 ||
        static_cast<std::uint64_t>(file.st_size) < size + offset) {
      return std::nullopt;  // touching pages past the file's end would raise SIGBUS
    }
    void* at = ::mmap(nullptr, size + offset, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED) {
      return std::nullopt;
    }
    return Region(guest, size, user, offset, static_cast<std::uint8_t*>(at));
  }
  Region(Region&& from) noexcept { *this = std::move(from); }
  Region& operator=(Region&& from) noexcept {
    std::swap(guest_, from.guest_);
    std::swap(size_, from.size_);
    std::swap(user_, from.user_);
    std::swap(offset_, from.offset_);
    std::swap(at_, from.at_);
    return *this;
  }
  ~Region() {
    if (at_ != nullptr) {
      ::munmap(at_, size_ + offset_);
    }
  }

  [[nodiscard]] std::uint8_t* find(std::uint64_t address, std::uint64_t bytes, bool is_user) const {
    const std::uint64_t base = is_user ? user_ : guest_;
    if (address < base || address - base > size_ || bytes > size_ - (address - base)) {
      return nullptr;
    }
    return at_ + offset_ + (address - base);
  }

 private:
  Region(std::uint64_t guest, std::uint64_t size, std::uint64_t user, std::uint64_t offset,
         std::uint8_t* at)
      : guest_(guest), size_(size), user_(user), offset_(offset), at_(at) {}
  std::uint64_t guest_ = 0, size_ = 0, user_ = 0, offset_ = 0;
  std::uint8_t* at_ = nullptr;
};

struct Ring {
  std::uint32_t size = 0;
  std::uint64_t descriptors = 0, available = 0, used = 0;  // addresses as the front end has them
  std::uint16_t next = 0;                                  // of the available ring
  OwnedFd kick, call;
  bool is_enabled = false;
};

class Session {
 public:
  Session(Peer& peer, VirtioDevice& device)
      : peer_(peer), device_(device), rings_(device.queues()) {}

  void run() {
    for (;;) {
      std::vector<int> kicks;
      std::vector<std::size_t> of;
      for (std::size_t i = 0; i < rings_.size(); ++i) {
        if (rings_[i].kick.is_open()) {
          kicks.push_back(rings_[i].kick.get());
          of.push_back(i);
        }
      }
      const int ready = peer_.wait(kicks);
      if (ready == -2) {
        return;
      }
      if (ready == -1) {
        if (!message()) {
          return;
        }
        continue;
      }
      const std::size_t ring = of[static_cast<std::size_t>(ready)];
      if (!take_kick(rings_[ring].kick.get()) || !drain(ring)) {
        return;
      }
    }
  }

 private:
  /// False: it is at its end, or broken; it would be ready for ever.
  static bool take_kick(int fd) {
    std::uint64_t count = 0;
    const ssize_t got = ::read(fd, &count, sizeof(count));
    return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
  }

  /// Only what becomes ready when somebody tells, and never makes us wait: no file, no device.
  static bool is_signal(const OwnedFd& fd) {
    struct stat what{};
    return ::fstat(fd.get(), &what) == 0 && !S_ISREG(what.st_mode) && !S_ISCHR(what.st_mode) &&
           !S_ISBLK(what.st_mode) && !S_ISDIR(what.st_mode) &&
           ::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) | O_NONBLOCK) == 0;
  }

  [[nodiscard]] std::uint8_t* memory(std::uint64_t address, std::uint64_t bytes,
                                     bool is_user) const {
    for (const Region& region : regions_) {
      if (std::uint8_t* at = region.find(address, bytes, is_user)) {
        return at;
      }
    }
    return nullptr;
  }

  bool reply(std::uint32_t request, base::ByteView body) {
    base::Bytes out(12 + body.size());
    base::write_le(out, 0, 4, request);
    base::write_le(out, 4, 4, kVersion | kReplyFlag);
    base::write_le(out, 8, 4, body.size());
    std::copy(body.begin(), body.end(), out.begin() + 12);
    return peer_.send(out);
  }
  bool reply_u64(std::uint32_t request, std::uint64_t value) {
    base::Bytes body(8);
    base::write_le(body, 0, 8, value);
    return reply(request, body);
  }

  bool message() {
    std::vector<OwnedFd> fds;
    base::Bytes head(12);
    if (!peer_.receive(head, fds)) {
      return false;
    }
    const auto request = static_cast<std::uint32_t>(*base::read_le(head, 0, 4));
    const auto flags = static_cast<std::uint32_t>(*base::read_le(head, 4, 4));
    const std::uint64_t size = *base::read_le(head, 8, 4);
    if (size > kVhostMessageMax) {
      return false;
    }
    base::Bytes body(size);
    if (size != 0 && !peer_.receive(body, fds)) {
      return false;
    }
    switch (request) {
      case kGetFeatures:
        return reply_u64(request, kVirtioVersion1 | kProtocolFeaturesBit | kIndirectDescriptors |
                                      device_.features());
      case kGetProtocolFeatures:
        return reply_u64(request, kReplyAck | kBackendRequests);
      case kGetQueueNum:
        return reply_u64(request, device_.queues());
      case kGetVringBase:
        return get_base(body);
      default:
        break;
    }
    const bool is_good = apply(request, body, fds);
    if ((flags & kNeedReplyFlag) != 0) {
      return reply_u64(request, is_good ? 0 : 1);
    }
    return is_good;
  }

  /// Requests without an answer of their own. False: the guest broke the protocol.
  bool apply(std::uint32_t request, base::ByteView body, std::vector<OwnedFd>& fds) {
    const std::uint64_t word = base::read_le(body, 0, 8).value_or(0);
    switch (request) {
      case kSetFeatures:
        has_protocol_features_ = (word & kProtocolFeaturesBit) != 0;
        return true;
      case kSetMemTable:
        return set_memory(body, fds);
      case kSetVringKick:
      case kSetVringCall: {
        Ring* ring = ring_of(word & 0xFF);
        if (ring == nullptr) {
          return false;
        }
        OwnedFd fd = (word & kNoFdBit) != 0 || fds.empty() ? OwnedFd() : std::move(fds.front());
        if (fd.is_open() && !is_signal(fd)) {
          return false;
        }
        (request == kSetVringKick ? ring->kick : ring->call) = std::move(fd);
        // Without protocol features a ring runs as soon as it has its kick.
        return request == kSetVringCall || has_protocol_features_ || drain(word & 0xFF);
      }
      case kSetVringNum:
      case kSetVringBase:
      case kSetVringEnable:
        return set_ring(request, body);
      case kSetVringAddr:
        return set_addresses(body);
      default:  // owner, errors, the back end's own channel: nothing to do for us
        return true;
    }
  }

  Ring* ring_of(std::uint64_t index) { return index < rings_.size() ? &rings_[index] : nullptr; }

  bool set_memory(base::ByteView body, std::vector<OwnedFd>& fds) {
    const std::uint64_t count = base::read_le(body, 0, 4).value_or(0);
    if (count > fds.size() || body.size() < 8 + 32 * count) {
      return false;
    }
    regions_.clear();
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t at = 8 + 32 * i;
      std::optional<Region> region = Region::map(
          *base::read_le(body, at, 8), *base::read_le(body, at + 8, 8),
          *base::read_le(body, at + 16, 8), *base::read_le(body, at + 24, 8), fds[i].get());
      if (!region) {
        return false;
      }
      regions_.push_back(std::move(*region));
    }
    return true;
  }

  bool set_ring(std::uint32_t request, base::ByteView body) {
    const std::uint64_t value = base::read_le(body, 4, 4).value_or(0);
    const std::uint64_t index = base::read_le(body, 0, 4).value_or(~std::uint64_t{0});
    Ring* ring = ring_of(index);
    if (ring == nullptr) {
      return false;
    }
    if (request == kSetVringNum) {
      ring->size = static_cast<std::uint32_t>(value);
      return value != 0 && value <= kRingMax && (value & (value - 1)) == 0;
    }
    if (request == kSetVringBase) {
      ring->next = static_cast<std::uint16_t>(value);
      return true;
    }
    ring->is_enabled = value == 1;
    return !ring->is_enabled || drain(index);
  }

  bool set_addresses(base::ByteView body) {
    Ring* ring = body.size() < 40 ? nullptr : ring_of(*base::read_le(body, 0, 4));
    if (ring == nullptr) {
      return false;
    }
    ring->descriptors = *base::read_le(body, 8, 8);
    ring->used = *base::read_le(body, 16, 8);
    ring->available = *base::read_le(body, 24, 8);
    return true;
  }

  bool get_base(base::ByteView body) {
    const std::uint64_t index = base::read_le(body, 0, 4).value_or(~std::uint64_t{0});
    Ring* ring = ring_of(index);
    if (ring == nullptr) {
      return false;
    }
    ring->kick = OwnedFd();
    ring->is_enabled = false;
    base::Bytes answer(8);
    base::write_le(answer, 0, 4, index);
    base::write_le(answer, 4, 4, ring->next);
    return reply(kGetVringBase, answer);
  }

  /// The chain of descriptors from `head` on; false where it leads out of memory or is too long.
  bool walk(const std::uint8_t* table, std::uint32_t entries, std::uint32_t index,
            bool may_indirect, VirtioRequest& request) const {
    std::uint64_t all = 0;
    for (std::size_t hops = 0; hops < kChainMax; ++hops) {
      if (index >= entries) {
        return false;
      }
      std::array<std::uint8_t, kDescriptorBytes> raw{};
      std::memcpy(raw.data(), table + kDescriptorBytes * index, raw.size());
      const std::uint64_t address = *base::read_le(raw, 0, 8);
      const std::uint64_t bytes = *base::read_le(raw, 8, 4);
      const std::uint64_t flags = *base::read_le(raw, 12, 2);
      std::uint8_t* at = memory(address, bytes, false);
      if (at == nullptr) {
        return false;
      }
      if ((flags & kDescriptorIndirect) != 0) {
        return may_indirect && bytes % kDescriptorBytes == 0 &&
               walk(at, static_cast<std::uint32_t>(bytes / kDescriptorBytes), 0, false, request);
      }
      all += bytes;
      if (all > kChainBytesMax) {
        return false;
      }
      ((flags & kDescriptorWrite) != 0 ? request.in : request.out).emplace_back(at, bytes);
      if ((flags & kDescriptorNext) == 0) {
        return true;
      }
      index = static_cast<std::uint32_t>(*base::read_le(raw, 14, 2));
    }
    return false;
  }

  /// A 16-bit index that the guest changes while we look.
  static std::uint16_t shared_index(const std::uint8_t* at) {
    return std::atomic_ref<std::uint16_t>(
               *reinterpret_cast<std::uint16_t*>(const_cast<std::uint8_t*>(at)))
        .load(std::memory_order_acquire);
  }

  bool drain(std::size_t index) {
    Ring& ring = rings_[index];
    if (ring.size == 0 || !ring.kick.is_open() || (has_protocol_features_ && !ring.is_enabled)) {
      return true;
    }
    const std::uint8_t* table = memory(ring.descriptors, kDescriptorBytes * ring.size, true);
    const std::uint8_t* available = memory(ring.available, 4 + 2 * ring.size, true);
    std::uint8_t* used = memory(ring.used, 4 + 8 * ring.size, true);
    if (table == nullptr || available == nullptr || used == nullptr ||
        reinterpret_cast<std::uintptr_t>(available) % 2 != 0 ||
        reinterpret_cast<std::uintptr_t>(used) % 4 != 0) {
      return false;
    }
    const std::uint16_t end = shared_index(available + 2);
    const auto pending = static_cast<std::uint16_t>(end - ring.next);
    if (pending > ring.size) {
      return false;
    }
    std::vector<VirtioRequest> requests(pending);
    std::vector<std::uint32_t> heads(pending);
    for (std::size_t i = 0; i < pending; ++i) {
      const std::size_t slot = static_cast<std::uint16_t>(ring.next + i) % ring.size;
      heads[i] = shared_index(available + 4 + 2 * slot);
      if (!walk(table, ring.size, heads[i], true, requests[i])) {
        return false;
      }
    }
    if (requests.empty() || !device_.handle(static_cast<unsigned>(index), requests)) {
      return true;
    }
    complete(ring, used, heads, requests);
    return true;
  }

  static void complete(Ring& ring, std::uint8_t* used, std::span<const std::uint32_t> heads,
                       std::span<const VirtioRequest> requests) {
    std::uint16_t at = shared_index(used + 2);
    for (std::size_t i = 0; i < requests.size(); ++i, ++at) {
      const std::span<std::uint8_t> entry(used + 4 + 8 * (at % ring.size), 8);
      base::write_le(entry, 0, 4, heads[i]);
      base::write_le(entry, 4, 4, requests[i].written);
    }
    std::atomic_ref<std::uint16_t>(*reinterpret_cast<std::uint16_t*>(used + 2))
        .store(at, std::memory_order_release);
    ring.next = static_cast<std::uint16_t>(ring.next + requests.size());
    if (ring.call.is_open()) {
      const std::uint64_t one = 1;
      static_cast<void>(!::write(ring.call.get(), &one, sizeof(one)));
    }
  }

  Peer& peer_;
  VirtioDevice& device_;
  std::vector<Ring> rings_;
  std::vector<Region> regions_;
  bool has_protocol_features_ = false;
};

}  // namespace vhost

base::Bytes VirtioRequest::gather(std::size_t bytes_max) const {
  base::Bytes all;
  for (const std::span<std::uint8_t> part : out) {
    const std::size_t take = std::min(part.size(), bytes_max - all.size());
    all.insert(all.end(), part.begin(), part.begin() + static_cast<std::ptrdiff_t>(take));
  }
  return all;
}

void VirtioRequest::scatter(base::ByteView bytes) {
  std::size_t skip = written;
  for (const std::span<std::uint8_t> part : in) {
    if (skip >= part.size()) {
      skip -= part.size();
      continue;
    }
    const std::size_t take = std::min(part.size() - skip, bytes.size());
    std::copy_n(bytes.begin(), take, part.begin() + static_cast<std::ptrdiff_t>(skip));
    bytes = bytes.subspan(take);
    written += static_cast<std::uint32_t>(take);
    skip = 0;
  }
}

void serve_vhost_user(Peer& peer, VirtioDevice& device) {
  vhost::Session(peer, device).run();
}

}  // namespace weft::twin::door
