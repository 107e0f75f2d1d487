// SPDX-License-Identifier: Apache-2.0
// The back end of vhost-user: a virtio device of ours inside somebody's virtual machine, its rings
// in the guest's shared memory. Speaks to QEMU (vhost-user-*-pci) and to User-Mode Linux
// (virtio_uml.device=SOCKET:ID). Source: the public vhost-user protocol description and VIRTIO 1.2
// clause 2.7 (split virtqueues); no packed rings, no event index, no migration. Everything that the
// guest writes is hostile: addresses outside its memory, loops and overlong chains end the
// connection, as does a kick that is no event or pipe. serve_vhost_user() is what a GuestServer
// runs. Not met: a guest that shortens its memory's file while we look ends the process.
#pragma once

#include "twin/door/guest/peer.h"

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace weft::twin::door {

/// One request of the guest: a descriptor chain, what it wrote and what it wants to read. The spans
/// point into the guest's memory, which may change at any time: copy before you check.
struct VirtioRequest {
  std::vector<std::span<std::uint8_t>> out;  ///< from the guest
  std::vector<std::span<std::uint8_t>> in;   ///< to the guest
  std::uint32_t written = 0;                 ///< bytes put into `in`, from its start

  /// All of `out` as one copy, at most `bytes_max`.
  [[nodiscard]] base::Bytes gather(std::size_t bytes_max) const;
  /// Puts `bytes` into `in` from `written` on; what does not fit is dropped.
  void scatter(base::ByteView bytes);
};

class VirtioDevice {
 public:
  virtual ~VirtioDevice() = default;
  /// Device feature bits beside VERSION_1, INDIRECT_DESC and the protocol's own.
  [[nodiscard]] virtual std::uint64_t features() const = 0;
  [[nodiscard]] virtual unsigned queues() const = 0;
  /// Every request that is pending on the queue, oldest first. False leaves them where they are
  /// (a queue whose buffers are kept for later).
  virtual bool handle(unsigned queue, std::span<VirtioRequest> requests) = 0;
};

inline constexpr std::size_t kChainMax = 64;                         ///< descriptors in one request
inline constexpr std::size_t kChainBytesMax = std::size_t{1} << 20;  ///< of all of them together
inline constexpr std::size_t kRingMax = 1024;                        ///< entries of a ring
inline constexpr std::size_t kVhostMessageMax = 4096;

/// Until the guest goes, breaks the protocol, or the server stops.
void serve_vhost_user(Peer& peer, VirtioDevice& device);

}  // namespace weft::twin::door
