// SPDX-License-Identifier: Apache-2.0
// The guests' side is played by hand here, from the public protocol descriptions: a vhost-user
// front end with a ring in a memfd, and a vfio-user client. Real kernels are in tests/lab.
#include "base/random.h"
#include "twin/door/guest/i2c_device.h"
#include "twin/door/guest/pci_device.h"

#include <array>
#include <cstring>
#include <filesystem>

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace weft::twin::door {
namespace {

/// 4096 bytes; every write lands.
class PlainSpace final : public bus::ConfigSpace {
 public:
  base::Result<std::uint32_t> read(std::uint16_t offset, std::uint8_t width) override {
    return static_cast<std::uint32_t>(*base::read_le(bytes, offset, width));
  }
  base::Result<void> write(std::uint16_t offset, std::uint8_t width, std::uint32_t value) override {
    base::write_le(bytes, offset, width, value);
    return {};
  }
  [[nodiscard]] std::string description() const override { return "0000:00:00.0"; }
  base::Bytes bytes = base::Bytes(4096, 0);
};

/// One register pointer, as an EEPROM has; keeps the order of what it saw.
class Eeprom final : public smbus::Target {
 public:
  bool start(std::uint8_t address, bool is_read) override {
    log += is_read ? "R" : "W";
    is_first_ = !is_read;
    return address == 0x50;
  }
  bool write(std::uint8_t byte) override {
    if (is_first_) {
      at = byte;
      is_first_ = false;
    } else {
      cells[at++] = byte;
    }
    return true;
  }
  std::uint8_t read() override { return cells[at++]; }
  void stop() override { log += "P"; }
  std::array<std::uint8_t, 256> cells{};
  std::uint8_t at = 0;
  std::string log;

 private:
  bool is_first_ = false;
};

std::string socket_path(std::string_view name) {
  return (std::filesystem::temp_directory_path() /
          ("weft-guest-" + std::to_string(::getpid()) + "-" + std::string(name)))
      .string();
}

class Client {
 public:
  explicit Client(const std::string& path) : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    is_connected =
        ::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  }
  bool send(base::ByteView bytes, std::span<const int> fds = {}) {
    iovec part{const_cast<std::uint8_t*>(bytes.data()), bytes.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(8 * sizeof(int))> control{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (!fds.empty()) {
      message.msg_control = control.data();
      message.msg_controllen = CMSG_SPACE(fds.size_bytes());
      cmsghdr* head = CMSG_FIRSTHDR(&message);
      head->cmsg_level = SOL_SOCKET;
      head->cmsg_type = SCM_RIGHTS;
      head->cmsg_len = CMSG_LEN(fds.size_bytes());
      std::memcpy(CMSG_DATA(head), fds.data(), fds.size_bytes());
    }
    return ::sendmsg(fd_.get(), &message, MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
  }
  /// Exactly so many bytes, or fewer where the server hung up or was silent for 5 s.
  base::Bytes receive(std::size_t size) {
    base::Bytes all(size);
    std::size_t have = 0;
    while (have < size) {
      pollfd waiting{fd_.get(), POLLIN, 0};
      if (::poll(&waiting, 1, 5000) <= 0) {
        break;
      }
      const ssize_t got = ::recv(fd_.get(), all.data() + have, size - have, 0);
      if (got <= 0) {
        break;
      }
      have += static_cast<std::size_t>(got);
    }
    all.resize(have);
    return all;
  }
  bool is_connected = false;

 private:
  OwnedFd fd_;
};

base::Bytes words(std::initializer_list<std::pair<std::uint64_t, std::size_t>> parts) {
  base::Bytes out;
  for (const auto& [value, width] : parts) {
    out.resize(out.size() + width);
    base::write_le(out, out.size() - width, width, value);
  }
  return out;
}

/// A vhost-user front end with one ring of 8 entries in 64 KiB of shared memory at guest address
/// 100000h, user address 7000000000h.
class FrontEnd {
 public:
  static constexpr std::uint64_t kGuest = 0x100000, kUser = 0x7000000000;
  static constexpr std::size_t kBytes = 65536, kAvailable = 0x1000, kUsed = 0x2000;

  explicit FrontEnd(const std::string& path)
      : client(path),
        memory_fd_(::memfd_create("guest", MFD_CLOEXEC)),
        kick_(::eventfd(0, EFD_CLOEXEC)),
        call_(::eventfd(0, EFD_CLOEXEC)) {
    EXPECT_EQ(::ftruncate(memory_fd_.get(), kBytes), 0);
    void* at = ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_SHARED, memory_fd_.get(), 0);
    memory = std::span(static_cast<std::uint8_t*>(at), kBytes);
  }
  ~FrontEnd() { ::munmap(memory.data(), memory.size()); }
  FrontEnd(const FrontEnd&) = delete;
  FrontEnd& operator=(const FrontEnd&) = delete;

  void request(std::uint32_t number, base::ByteView body, std::span<const int> fds = {}) {
    ASSERT_TRUE(try_request(number, body, fds));
  }
  /// False where the back end has already hung up.
  bool try_request(std::uint32_t number, base::ByteView body, std::span<const int> fds = {}) {
    base::Bytes out = words({{number, 4}, {1, 4}, {body.size(), 4}});
    out.insert(out.end(), body.begin(), body.end());
    return client.send(out, fds);
  }
  std::uint64_t ask(std::uint32_t number) {
    request(number, {});
    const base::Bytes answer = client.receive(20);
    EXPECT_EQ(answer.size(), 20U);
    EXPECT_EQ(base::read_le(answer, 4, 4), 5U);  // version 1, reply
    return base::read_le(answer, 12, 8).value_or(0);
  }
  void connect() {
    features = ask(1);
    request(2, words({{features, 8}}));
    protocol_features = ask(15);
    request(16, words({{protocol_features, 8}}));
    request(3, {});
    const std::array memory_fds = {memory_fd_.get()};
    request(5, words({{1, 4}, {0, 4}, {kGuest, 8}, {kBytes, 8}, {kUser, 8}, {0, 8}}), memory_fds);
    request(8, words({{0, 4}, {8, 4}}));
    request(
        9,
        words({{0, 4}, {0, 4}, {kUser, 8}, {kUser + kUsed, 8}, {kUser + kAvailable, 8}, {0, 8}}));
    request(10, words({{0, 4}, {0, 4}}));
    const std::array kick = {kick_.get()};
    const std::array call = {call_.get()};
    request(12, words({{0, 8}}), kick);
    request(13, words({{0, 8}}), call);
    request(18, words({{0, 4}, {1, 4}}));
  }
  void descriptor(std::size_t index, std::uint64_t at, std::uint32_t bytes, std::uint16_t flags,
                  std::uint16_t next) {
    const base::Bytes raw = words({{kGuest + at, 8}, {bytes, 4}, {flags, 2}, {next, 2}});
    std::copy(raw.begin(), raw.end(), memory.begin() + static_cast<std::ptrdiff_t>(16 * index));
  }
  /// Puts the chains that start at `heads` into the ring and waits for the device.
  void submit(std::initializer_list<std::uint16_t> heads) {
    auto index = static_cast<std::uint16_t>(*base::read_le(memory, kAvailable + 2, 2));
    for (const std::uint16_t head : heads) {
      base::write_le(memory, kAvailable + 4 + 2 * (index % 8U), 2, head);
      ++index;
    }
    base::write_le(memory, kAvailable + 2, 2, index);
    const std::uint64_t one = 1;
    ASSERT_EQ(::write(kick_.get(), &one, sizeof(one)), 8);
    pollfd waiting{call_.get(), POLLIN, 0};
    ASSERT_EQ(::poll(&waiting, 1, 5000), 1);
    std::uint64_t count = 0;
    ASSERT_EQ(::read(call_.get(), &count, sizeof(count)), 8);
  }

  Client client;
  std::span<std::uint8_t> memory;
  std::uint64_t features = 0, protocol_features = 0;

 private:
  OwnedFd memory_fd_, kick_, call_;
};

class I2cGuest : public testing::Test {
 protected:
  void SetUp() override {
    segment.attach(eeprom);
    server = std::move(*GuestServer::open(socket_path("i2c"),
                                          [&](Peer& peer) { serve_vhost_user(peer, device); }));
  }
  std::recursive_mutex world;
  smbus::Segment segment{"i2c-1"};
  Eeprom eeprom;
  I2cDevice device{segment, world};
  std::unique_ptr<GuestServer> server;
};

/// A request of i2c-virtio: header, bytes, status; `flags` as VIRTIO 1.2 clause 5.18 has them.
void put_i2c(FrontEnd& guest, std::uint16_t head, std::uint64_t flags, base::ByteView out,
             std::uint32_t in) {
  const std::size_t at = 0x4000 + 0x400U * head;
  const base::Bytes header = words({{0x50 << 1, 2}, {0, 2}, {flags, 4}});
  std::copy(header.begin(), header.end(), guest.memory.begin() + static_cast<std::ptrdiff_t>(at));
  std::copy(out.begin(), out.end(), guest.memory.begin() + static_cast<std::ptrdiff_t>(at + 0x100));
  guest.memory[at + 0x200] = 0xEE;
  const auto next = static_cast<std::uint16_t>(head + 1);
  const auto last = static_cast<std::uint16_t>(head + 2);
  guest.descriptor(head, at, 8, 1, next);
  if (in != 0) {
    guest.descriptor(next, at + 0x100, in, 3, last);
  } else {
    guest.descriptor(next, at + 0x100, static_cast<std::uint32_t>(out.size()), 1, last);
  }
  guest.descriptor(last, at + 0x200, 1, 2, 0);
}

TEST_F(I2cGuest, joins_a_write_and_a_read_by_a_repeated_start) {
  eeprom.cells[0x10] = 0xAB;
  eeprom.cells[0x11] = 0xCD;
  FrontEnd guest(server->path());
  guest.connect();
  EXPECT_EQ(guest.features, std::uint64_t{1} << 32 | 1U << 30 | 1U << 28 | 1U);
  put_i2c(guest, 0, 1, base::Bytes{0x10}, 0);  // fail next: the two are one transfer
  put_i2c(guest, 3, 2, {}, 2);
  guest.submit({0, 3});
  EXPECT_EQ(guest.memory[0x4000 + 0x200], 0);
  EXPECT_EQ(guest.memory[0x4C00 + 0x200], 0);
  EXPECT_EQ(guest.memory[0x4C00 + 0x100], 0xAB);
  EXPECT_EQ(guest.memory[0x4C00 + 0x101], 0xCD);
  EXPECT_EQ(eeprom.log, "WRP");
  EXPECT_EQ(base::read_le(guest.memory, FrontEnd::kUsed + 2, 2), 2U);
  EXPECT_EQ(base::read_le(guest.memory, FrontEnd::kUsed + 4 + 8 + 4, 4), 3U);  // two bytes, status
}

TEST_F(I2cGuest, says_when_nobody_acknowledges) {
  FrontEnd guest(server->path());
  guest.connect();
  put_i2c(guest, 0, 0, base::Bytes{0x10}, 0);
  guest.memory[0x4000] = 0x66 << 1;
  guest.submit({0});
  EXPECT_EQ(guest.memory[0x4000 + 0x200], 1);
}

TEST_F(I2cGuest, outlives_guests_that_break_the_rules) {
  base::Random random(7, "guest");
  for (int round = 0; round < 60; ++round) {
    FrontEnd guest(server->path());
    ASSERT_TRUE(guest.client.is_connected);
    if (round % 3 == 0) {  // noise in place of messages
      base::Bytes noise(12 + random.below(200));
      for (std::uint8_t& byte : noise) {
        byte = static_cast<std::uint8_t>(random());
      }
      guest.client.send(noise);
      continue;
    }
    guest.connect();
    for (std::size_t i = 0; i < 8; ++i) {  // noise in place of descriptors
      guest.descriptor(
          i, random.below(3) == 0 ? random() : random.below(FrontEnd::kBytes),
          static_cast<std::uint32_t>(random.below(3) == 0 ? random() : random.below(64)),
          static_cast<std::uint16_t>(random.below(8)),
          static_cast<std::uint16_t>(random.below(10)));
    }
    base::write_le(guest.memory, FrontEnd::kAvailable + 2, 2, 1 + random.below(9));
    // The back end may see the noise while it enables the ring, and hang up at any moment.
    guest.try_request(18, words({{0, 4}, {1, 4}}));
    if (round % 3 == 1) {
      guest.try_request(5, words({{9, 4}, {0, 4}}));  // nine regions, none given
    }
  }
  FrontEnd guest(server->path());
  guest.connect();
  put_i2c(guest, 0, 0, base::Bytes{0x20, 0x77}, 0);
  guest.submit({0});
  EXPECT_EQ(eeprom.cells[0x20], 0x77);
}

TEST(guest_pcidev, reads_and_writes_configuration_space) {
  PlainSpace space;
  base::write_le(space.bytes, 0, 4, 0x00011DFA);
  std::recursive_mutex world;
  PcidevDevice device(space, world);
  base::Bytes read = words({{1, 1}, {0, 1}, {0, 2}, {4, 4}, {0, 8}});
  base::Bytes answer(4);
  std::array<VirtioRequest, 2> requests;
  requests[0].out.emplace_back(read);
  requests[0].in.emplace_back(answer);
  base::Bytes write = words({{2, 1}, {0, 1}, {0, 2}, {2, 4}, {0x104, 8}, {0xBEEF, 2}});
  requests[1].out.emplace_back(write);
  ASSERT_TRUE(device.handle(0, requests));
  EXPECT_EQ(base::read_le(answer, 0, 4), 0x00011DFAU);
  EXPECT_EQ(requests[0].written, 4U);
  EXPECT_EQ(base::read_le(space.bytes, 0x104, 4), 0xBEEFU);
  EXPECT_FALSE(device.handle(1, requests)) << "interrupt buffers are kept";
}

base::Bytes vfio(std::uint16_t id, std::uint16_t command, base::ByteView body) {
  base::Bytes out = words({{id, 2}, {command, 2}, {16 + body.size(), 4}, {0, 4}, {0, 4}});
  out.insert(out.end(), body.begin(), body.end());
  return out;
}

TEST(guest_vfio, serves_configuration_space_to_a_client) {
  PlainSpace space;
  base::write_le(space.bytes, 0x52, 2, 0x2105);
  std::recursive_mutex world;
  auto server = GuestServer::open(socket_path("vfio"),
                                  [&](Peer& peer) { serve_vfio_user(peer, space, world); });
  ASSERT_TRUE(server.has_value());
  Client client((*server)->path());
  base::Bytes version = words({{0, 2}, {1, 2}});
  const std::string_view text = "{\"capabilities\":{}}";
  version.insert(version.end(), text.begin(), text.end());
  version.push_back(0);
  ASSERT_TRUE(client.send(vfio(1, 1, version)));
  const base::Bytes head = client.receive(16);
  ASSERT_EQ(head.size(), 16U);
  EXPECT_EQ(base::read_le(head, 8, 4), 1U);
  client.receive(*base::read_le(head, 4, 4) - 16);

  ASSERT_TRUE(client.send(vfio(2, 5, words({{32, 4}, {0, 4}, {7, 4}, {0, 4}, {0, 8}, {0, 8}}))));
  const base::Bytes region = client.receive(48);
  ASSERT_EQ(region.size(), 48U);
  EXPECT_EQ(base::read_le(region, 16 + 16, 8), 4096U);

  ASSERT_TRUE(client.send(vfio(3, 9, words({{0x52, 8}, {7, 4}, {2, 4}}))));
  const base::Bytes read = client.receive(34);
  ASSERT_EQ(read.size(), 34U);
  EXPECT_EQ(base::read_le(read, 32, 2), 0x2105U);

  base::Bytes write = words({{0x101, 8}, {7, 4}, {3, 4}, {0x332211, 3}});
  ASSERT_TRUE(client.send(vfio(4, 10, write)));
  EXPECT_EQ(client.receive(32).size(), 32U);
  EXPECT_EQ(base::read_le(space.bytes, 0x100, 4), 0x33221100U);

  ASSERT_TRUE(client.send(vfio(5, 99, {})));
  const base::Bytes refused = client.receive(16);
  EXPECT_EQ(base::read_le(refused, 8, 4), 0x21U);

  ASSERT_TRUE(client.send(vfio(6, 9, words({{0, 8}, {7, 4}, {0xFFFFFFFF, 4}}))));
  EXPECT_EQ(base::read_le(client.receive(16), 8, 4), 0x21U) << "too much at once is refused";
  ASSERT_TRUE(client.send(words({{7, 2}, {9, 2}, {5, 4}, {0, 4}, {0, 4}})));
  EXPECT_TRUE(client.receive(1).empty()) << "a size below the header's ends the connection";
}

TEST(guest_server, refuses_what_it_cannot_listen_on) {
  const std::string path = socket_path("file");
  ASSERT_TRUE(std::filesystem::create_directory(path));
  const auto refused = GuestServer::open(path, [](Peer&) {});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, base::Code::kAlreadyExists);
  std::filesystem::remove(path);
  EXPECT_EQ(GuestServer::open(std::string(200, 'x'), [](Peer&) {}).error().code,
            base::Code::kInvalidArgument);
}

}  // namespace
}  // namespace weft::twin::door
