// SPDX-License-Identifier: Apache-2.0
// What a hostile guest may send to the doors for virtual machines: any messages to vfio-user and
// vhost-user, with descriptors beside them that may be of the wrong kind, or a well-opened ring
// with anything in the memory that it shares. No crash, no hang, and no more memory than a chain
// may have. The first byte chooses; then messages (kind of descriptor, length, bytes), or the ring:
// eight descriptors, the available ring, and what stands at 4000h.
#include "twin/door/guest/i2c_device.h"
#include "twin/door/guest/pci_device.h"
#include "twin/door/test_rack.h"

#include <algorithm>
#include <array>
#include <cstring>

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

namespace weft::twin::door {
namespace {

constexpr std::size_t kMemory = 65536;
constexpr std::size_t kMessagesMost = 32;  // their answers fit into the socket

class Guest {
 public:
  Guest() {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0) {
      ours_ = OwnedFd(ends[0]);
      theirs = OwnedFd(ends[1]);
    }
  }
  void send(base::ByteView bytes, int fd = -1) {
    iovec part{const_cast<std::uint8_t*>(bytes.data()), bytes.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (fd >= 0) {
      message.msg_control = control.data();
      message.msg_controllen = control.size();
      cmsghdr* head = CMSG_FIRSTHDR(&message);
      head->cmsg_level = SOL_SOCKET;
      head->cmsg_type = SCM_RIGHTS;
      head->cmsg_len = CMSG_LEN(sizeof(int));
      std::memcpy(CMSG_DATA(head), &fd, sizeof(fd));
    }
    static_cast<void>(!::sendmsg(ours_.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT));
  }
  void request(std::uint32_t number, std::initializer_list<std::uint64_t> halves, int fd = -1) {
    base::Bytes out(12 + 4 * halves.size());
    base::write_le(out, 0, 4, number);
    base::write_le(out, 4, 4, 1);
    base::write_le(out, 8, 4, 4 * halves.size());
    std::size_t at = 12;
    for (const std::uint64_t half : halves) {
      base::write_le(out, at, 4, half);
      at += 4;
    }
    send(out, fd);
  }
  void hang_up() { ::shutdown(ours_.get(), SHUT_WR); }

  OwnedFd theirs;  ///< the server's end

 private:
  OwnedFd ours_;
};

OwnedFd memory_of(base::ByteView bytes) {
  OwnedFd fd(::memfd_create("guest", MFD_CLOEXEC));
  const bool is_made =
      ::ftruncate(fd.get(), kMemory) == 0 && ::pwrite(fd.get(), bytes.data(), bytes.size(), 0) >= 0;
  return is_made ? std::move(fd) : OwnedFd();
}

OwnedFd event(unsigned count) {
  return OwnedFd(::eventfd(count, EFD_CLOEXEC));
}

void send_messages(Guest& guest, base::ByteView rest) {
  const OwnedFd memory = memory_of(rest.first(std::min(rest.size(), kMemory)));
  const OwnedFd zero(::open("/dev/zero", O_RDWR | O_CLOEXEC));
  for (std::size_t i = 0; i < kMessagesMost && rest.size() > 3; ++i) {
    const OwnedFd kick = event(1);
    const std::array fds = {-1, memory.get(), kick.get(), zero.get()};
    const std::size_t size = std::min<std::size_t>(*base::read_le(rest, 1, 2), rest.size() - 3);
    guest.send(rest.subspan(3, size), fds.at(rest[0] % fds.size()));
    rest = rest.subspan(3 + size);
  }
}

/// One ring of eight entries: table at 0, available at 1000h, used at 2000h; addresses of the guest
/// and of its user are offsets in the file.
void open_ring(Guest& guest, base::ByteView rest) {
  base::Bytes bytes(kMemory);
  const auto put = [&](std::size_t at, std::size_t most) {
    const auto part = rest.first(std::min(rest.size(), most));
    std::ranges::copy(part, bytes.begin() + static_cast<std::ptrdiff_t>(at));
    rest = rest.subspan(part.size());
  };
  put(0, 128);
  put(0x1000, 20);
  put(0x4000, kMemory - 0x4000);
  const OwnedFd memory = memory_of(bytes);
  const OwnedFd kick = event(1);
  const OwnedFd call = event(0);
  guest.request(2, {0x40000000, 1});
  guest.request(5, {1, 0, 0, 0, kMemory, 0, 0, 0, 0, 0}, memory.get());
  guest.request(8, {0, 8});
  guest.request(9, {0, 0, 0, 0, 0x2000, 0, 0x1000, 0, 0, 0});
  guest.request(10, {0, 0});
  guest.request(12, {0, 0}, kick.get());
  guest.request(13, {0, 0}, call.get());
  guest.request(18, {0, 1});
}

}  // namespace
}  // namespace weft::twin::door

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace door = weft::twin::door;
  static door::TestRack test;
  static const door::OwnedFd never = door::event(0);
  if (size == 0) {
    return 0;
  }
  auto& machine = test.rack.machines[0];
  std::recursive_mutex& world = test.rack.world->mutex();
  door::I2cDevice i2c(*machine.segments["i2c-9"], world);
  door::PcidevDevice function(test.nic, world);
  const weft::base::ByteView rest(data + 1, size - 1);
  door::Guest guest;
  (data[0] % 8 < 4 ? door::send_messages : door::open_ring)(guest, rest);
  guest.hang_up();
  door::Peer peer(std::move(guest.theirs), never.get());
  switch (data[0] % 4) {
    case 0:
      door::serve_vfio_user(peer, test.nic, world);
      break;
    case 1:
      door::serve_vhost_user(peer, function);
      break;
    default:
      door::serve_vhost_user(peer, i2c);
  }
  test.nic.writes.clear();
  return 0;
}
