// SPDX-License-Identifier: Apache-2.0
// Every door of a living rack under random reads and writes from two clients each, at once, while
// the world runs and faults come and go: SMBus, module and configuration sockets,
// vfio-user, virtio_pcidev, files.
// Some seconds; WEFT_SOAK_SECONDS says how many. What must hold meanwhile and afterwards: links are
// in a state that links have, counters never fall, identities stay, every door still answers, and
// the state is one that a checkpoint takes and gives back.
#include "base/random.h"
#include "base/text.h"
#include "bus/test_folder.h"
#include "twin/door/config_door.h"
#include "twin/door/guest/guest_doors.h"
#include "twin/door/module_door.h"
#include "twin/door/pacer.h"
#include "twin/door/smbus_door.h"
#include "twin/door/sysfs_tree.h"
#include "twin/fault/engine.h"
#include "twin/link/fake_physics.h"
#include "twin/test_rack.h"

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace weft::twin::door {
namespace {

double soak_seconds() {
  constexpr double kUsual = 2;
  const char* const wanted = std::getenv("WEFT_SOAK_SECONDS");
  return wanted == nullptr ? kUsual : std::atof(wanted);
}

/// A connected socket; everything it receives is read before it asks again.
class Caller {
 public:
  explicit Caller(const std::string& path) : fd_(::socket(AF_UNIX, SOCK_STREAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    const timeval limit{20, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    is_open_ = ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  Caller(const Caller&) = delete;
  Caller& operator=(const Caller&) = delete;
  ~Caller() { ::close(fd_); }
  [[nodiscard]] bool is_open() const { return is_open_; }

  bool send(std::string_view bytes) {
    return ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(bytes.size());
  }
  /// Empty where nothing came.
  std::string exactly(std::size_t bytes) {
    std::string out(bytes, '\0');
    std::size_t have = 0;
    while (have < bytes) {
      const auto got = ::recv(fd_, out.data() + have, bytes - have, 0);
      if (got <= 0) {
        return {};
      }
      have += static_cast<std::size_t>(got);
    }
    return out;
  }
  std::string line() {
    std::string out;
    for (std::string one = exactly(1); !one.empty() && one != "\n"; one = exactly(1)) {
      out += one;
    }
    return out;
  }
  std::string ask(const std::string& text) { return send(text + "\n") ? line() : ""; }

 private:
  int fd_;
  bool is_open_ = false;
};

std::string hex(base::Random& random, std::size_t bytes) {
  std::string out;
  for (std::size_t i = 0; i < bytes; ++i) {
    out += fmt::format("{:02x}", random.below(256));
  }
  return out;
}

/// The rack, its doors, and how often each was used.
class Soak {
 public:
  Soak() {
    RackOptions options;
    options.physics = std::make_shared<FakePhysics>();
    rack = std::move(*build_rack(test::rack_of(test::kSmallRack), {.seed = kSeed}, options));
    FaultOrder load;
    load.fault = "workload";
    load.target = "link:*";
    static_cast<void>(fault_engine(*rack).order(load));
    rack->world->advance(base::seconds(20));
    EXPECT_TRUE(server.listen_unix(smbus, smbus_door(*rack)));
    EXPECT_TRUE(server.listen_unix(module, module_door(*rack)));
    EXPECT_TRUE(server.listen_unix(config, config_door(*rack)));
    EXPECT_TRUE(server.start());
    auto opened = GuestDoors::open(*rack, folder.path().string(), machine().plan->name);
    EXPECT_TRUE(opened) << (opened ? "" : opened.error().text());
    guests = std::move(*opened);
    tree = sysfs_tree(*rack, machine_index());
    tree->visit([&](const std::string& path, const LiveTree::Entry& entry) {
      if (entry.kind == LiveTree::Kind::kFile) {
        files.push_back(path);
      }
    });
    for (const bus::ConfigSpace* function : machine().functions) {
      identities.push_back(identity(*function));
    }
  }

  [[nodiscard]] std::size_t machine_index() const {
    const auto found = std::ranges::find_if(
        rack->machines, [](const Machine& each) { return !each.functions.empty(); });
    return static_cast<std::size_t>(found - rack->machines.begin());
  }
  [[nodiscard]] Machine& machine() const { return rack->machines[machine_index()]; }

  /// Vendor and device; ones while it does not answer.
  static std::uint32_t identity(const bus::ConfigSpace& function) {
    return const_cast<bus::ConfigSpace&>(function).read(0, 4).value_or(~0U);
  }

  // ---- clients: each runs until told, and counts what it did
  void smbus_client(base::Random random) {
    Caller caller(smbus);
    EXPECT_EQ(caller.line(), "weft-smbus 1 simulated");
    static constexpr std::array kWords = {"read-byte",  "read-word",   "read-block", "write-byte",
                                          "write-word", "write-block", "i2c"};
    const std::string bus = caller.ask("list").substr(3);
    const std::string name = bus.substr(0, bus.find(' '));
    loop([&] {
      const std::string_view word = kWords[random.below(kWords.size())];
      const auto address = random.below(4) == 0 ? random.below(128) : 0x20 + random.below(3);
      std::string text = fmt::format("{} {}", name, word);
      if (word == "i2c") {
        text += fmt::format(" w{:02x}:{} r{:02x}:{}", address, hex(random, 1 + random.below(8)),
                            address, 1 + random.below(32));
      } else {
        text += fmt::format(" {:02x} {}", address, hex(random, 1));
        const std::size_t bytes = word == "write-byte"    ? 1
                                  : word == "write-word"  ? 2
                                  : word == "write-block" ? 1 + random.below(32)
                                                          : 0;
        text += bytes == 0 ? "" : " " + hex(random, bytes);
      }
      const std::string answer = caller.ask(text);
      EXPECT_TRUE(answer.starts_with("ok") || answer.starts_with("error "))
          << text << " -> " << answer;
      return !answer.empty();
    });
  }

  void module_client(base::Random random) {
    Caller caller(module);
    EXPECT_EQ(caller.line(), "weft-module 1 simulated");
    const std::string list = caller.ask("list").substr(3);
    const auto names = base::split(list, ' ');
    loop([&] {
      const auto half = random.below(2) * 128;
      const auto offset = half + random.below(128);
      const auto length = 1 + random.below(half + 128 - offset);
      const bool is_write = random.below(2) == 0;
      static constexpr std::array<unsigned, 12> kPages = {0,    1,    2,    0x10, 0x11, 0x13,
                                                          0x14, 0x20, 0x24, 0x2C, 0x2F, 0x9F};
      const std::string text =
          fmt::format("{} {} {} {} {} {}", is_write ? "write" : "read",
                      names[random.below(names.size())], random.below(2),
                      random.below(3) == 0 ? random.below(256) : kPages[random.below(12)], offset,
                      is_write ? hex(random, std::min<std::size_t>(length, 8 + random.below(8)))
                               : std::to_string(length));
      const std::string answer = caller.ask(text);
      EXPECT_TRUE(answer.starts_with("ok") || answer.starts_with("error "))
          << text << " -> " << answer;
      return !answer.empty();
    });
  }

  void config_client(base::Random random) {
    Caller caller(config);
    EXPECT_EQ(caller.line(), "weft-config 1 simulated");
    const std::string list = caller.ask("list").substr(3);
    const auto names = base::split(list, ' ');
    loop([&] {
      const std::size_t width = std::size_t{1} << random.below(3);
      const bool is_write = random.below(2) == 0;
      const std::string text = fmt::format(
          "{} {} {} {}", is_write ? "write" : "read", names[random.below(names.size())],
          random.below(8) == 0 ? random.below(5000) : random.below(4096 / width) * width,
          is_write ? hex(random, width) : std::to_string(width));
      const std::string answer = caller.ask(text);
      EXPECT_TRUE(answer.starts_with("ok") || answer.starts_with("error "))
          << text << " -> " << answer;
      return !answer.empty();
    });
  }

  /// vfio-user: READ (9) and WRITE (10) of region 7, configuration space.
  void vfio_client(base::Random random) {
    std::vector<std::string> sockets;
    for (const DoorRow& row : guests->map()) {
      if (row.door == "vfio-user") {
        sockets.push_back(row.address);
      }
    }
    ASSERT_FALSE(sockets.empty());
    const auto message = [](std::uint16_t command, const std::string& body) {
      std::string out(16, '\0');
      out[2] = static_cast<char>(command);
      const auto size = static_cast<std::uint32_t>(out.size() + body.size());
      std::memcpy(out.data() + 4, &size, 4);
      return out + body;
    };
    loop([&] {
      Caller caller(sockets[random.below(sockets.size())]);
      if (!caller.is_open()) {
        return true;  // another client has it, and one is served at a time
      }
      for (int i = 0; i < 20; ++i) {
        const bool is_write = random.below(2) == 0;
        const std::uint64_t offset = random.below(4096);
        const auto count = static_cast<std::uint32_t>(1 + random.below(8));
        std::string body(16, '\0');
        std::memcpy(body.data(), &offset, 8);
        body[8] = 7;
        std::memcpy(body.data() + 12, &count, 4);
        for (std::uint32_t at = 0; is_write && at < count; ++at) {
          body += static_cast<char>(random.below(256));
        }
        if (!caller.send(message(is_write ? 10 : 9, body)) || caller.exactly(16).empty()) {
          break;  // it hung up on what it does not allow
        }
        std::string rest = caller.exactly(is_write ? 16 : 16 + count);
        if (rest.empty()) {
          break;
        }
      }
      return true;
    });
  }

  void pcidev_client(base::Random random) {
    loop([&] {
      bus::ConfigSpace& function = *machine().functions[random.below(machine().functions.size())];
      PcidevDevice device(function, rack->world->mutex());
      base::Bytes ask(16 + 8);
      for (std::uint8_t& byte : ask) {
        byte = static_cast<std::uint8_t>(random.below(256));
      }
      ask[0] = static_cast<std::uint8_t>(random.below(9));
      ask[4] = static_cast<std::uint8_t>(1U << random.below(4));
      std::fill(ask.begin() + 5, ask.begin() + 16, std::uint8_t{0});
      ask[8] = static_cast<std::uint8_t>(random.below(256));
      ask[9] = static_cast<std::uint8_t>(random.below(17));
      base::Bytes answer(8);
      std::array<VirtioRequest, 1> requests;
      requests[0].out.emplace_back(ask);
      requests[0].in.emplace_back(answer);
      EXPECT_TRUE(device.handle(0, requests));
      return true;
    });
  }

  void file_client(base::Random random) {
    loop([&] {
      const std::string& path = files[random.below(files.size())];
      const auto content = tree->read_at(path, random.below(64), 1 + random.below(4096));
      EXPECT_TRUE(content || content.error().code != base::Code::kNotFound) << path;
      if (path.ends_with("/config")) {
        base::Bytes bytes(1 + random.below(8));
        for (std::uint8_t& byte : bytes) {
          byte = static_cast<std::uint8_t>(random.below(256));
        }
        static_cast<void>(tree->write_at(path, random.below(4100), bytes));
      }
      return true;
    });
  }

  void loop(const std::function<bool()>& step) {
    while (!stops && step()) {
      ++steps;
    }
  }

  // ---- what must hold; the caller holds the world
  void check() {
    for (std::size_t i = 0; i < rack->links.size(); ++i) {
      const Link& link = *rack->links[i];
      const LinkStatus status = link.status();
      SCOPED_TRACE(link.plan().name);
      EXPECT_FALSE(key(status.state).empty());
      EXPECT_LE(status.width.value(), status.trained_width.value());
      EXPECT_LE(status.trained_width.value(), link.plan().lanes.value());
      EXPECT_LE(status.rate, fabric::protocol(link.plan().protocol).lane_rate);
      EXPECT_TRUE(!status.is_up || status.width.value() > 0);
      check_counters(i, link);
    }
    for (std::size_t i = 0; i < identities.size(); ++i) {
      const std::uint32_t now = identity(*machine().functions[i]);
      EXPECT_TRUE(now == identities[i] || now == ~0U) << std::hex << now;
    }
  }

  void check_counters(std::size_t index, const Link& link) {
    constexpr auto kCounters = static_cast<std::size_t>(LinkCounter::kCount_);
    counted.resize(rack->links.size());
    for (const End end : {End::kA, End::kB}) {
      auto& before = counted[index][static_cast<std::size_t>(end)];
      for (std::size_t i = 0; i < kCounters; ++i) {
        const auto now = link.counter(static_cast<LinkCounter>(i), end);
        // Codewords are counted since receivers locked.
        const bool is_of_lock = link.plan().role == LinkRole::kEthernet;
        EXPECT_TRUE(is_of_lock || now >= before[i]) << "counter " << i;
        before[i] = now;
      }
    }
  }

  static constexpr std::uint64_t kSeed = 11;
  std::unique_ptr<Rack> rack;
  bus::TestFolder folder;
  std::string smbus = folder.at("smbus.sock");
  std::string module = folder.at("module.sock");
  std::string config = folder.at("config.sock");
  std::unique_ptr<LiveTree> tree;
  std::vector<std::string> files;
  std::vector<std::uint32_t> identities;
  std::vector<
      std::array<std::array<std::uint64_t, static_cast<std::size_t>(LinkCounter::kCount_)>, 2>>
      counted;
  std::atomic<bool> stops{false};
  std::atomic<std::uint64_t> steps{0};
  std::unique_ptr<GuestDoors> guests;
  SocketServer server;
};

/// Brings and clears faults, and looks at the invariants, until the time is over.
void trouble(Soak& soak, double seconds) {
  base::Random random(3, "trouble");
  std::vector<FaultId> brought;
  const auto begin = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() - begin < std::chrono::duration<double>(seconds)) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    const Hold hold(soak.rack->world->mutex());
    soak.check();
    const FaultRow& row = faults()[random.below(faults().size())];
    static constexpr std::array kTargets = {"link:*", "device:server0/retimer0",
                                            "device:server0/cable0", "port:server0/nvme0/pcie0",
                                            "host:server0"};
    FaultOrder order;
    order.fault = row.key;
    order.target = kTargets[random.below(kTargets.size())];
    if (const auto id = fault_engine(*soak.rack).order(order)) {
      brought.push_back(*id);
    }
    if (brought.size() > 3) {
      static_cast<void>(fault_engine(*soak.rack).clear(brought.front()));
      brought.erase(brought.begin());
    }
  }
}

TEST(DoorSoak, TwoClientsAtEveryDoorDoNoHarm) {
  Soak soak;
  ASSERT_FALSE(testing::Test::HasFailure());
  {
    Pacer pacer(*soak.rack->world, {.speed = 20});
    std::vector<std::jthread> clients;
    using ClientOf = void (Soak::*)(base::Random);
    std::uint64_t number = 0;
    for (const ClientOf client : std::initializer_list<ClientOf>{
             &Soak::smbus_client, &Soak::module_client, &Soak::config_client, &Soak::vfio_client,
             &Soak::pcidev_client, &Soak::file_client}) {
      for (int i = 0; i < 2; ++i) {
        clients.emplace_back(
            [&soak, client, seed = ++number] { (soak.*client)(base::Random(seed, "soak")); });
      }
    }
    trouble(soak, soak_seconds());
    soak.stops = true;
  }
  EXPECT_GT(soak.steps, 100U);
  RecordProperty("steps", std::to_string(soak.steps));
  World& world = *soak.rack->world;
  soak.check();
  const base::Bytes bytes = world.checkpoint();
  RackOptions options;
  options.starts = false;
  options.physics = soak.rack->physics;
  const auto again =
      std::move(*build_rack(test::rack_of(test::kSmallRack), {.seed = Soak::kSeed}, options));
  const auto restored = again->world->restore(bytes);
  ASSERT_TRUE(restored) << restored.error().text();
  world.advance(base::seconds(5));
  again->world->advance(base::seconds(5));
  EXPECT_EQ(world.hash(), again->world->hash());
  Caller caller(soak.module);
  EXPECT_EQ(caller.line(), "weft-module 1 simulated");
  EXPECT_TRUE(caller.ask("list").starts_with("ok "));
}

}  // namespace
}  // namespace weft::twin::door
