// SPDX-License-Identifier: Apache-2.0
// The SMBus and module doors: what their pages say, byte by byte, over real sockets, with the
// Python examples as foreign clients, and with clients that mean ill.
#include "base/random.h"
#include "base/test_shell.h"
#include "bus/test_folder.h"
#include "twin/door/config_door.h"
#include "twin/door/module_door.h"
#include "twin/door/smbus_door.h"
#include "twin/door/test_rack.h"

#include <chrono>
#include <cstring>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace weft::twin::door {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

/// A client that is written here, so that it can misbehave.
class Client {
 public:
  explicit Client(const std::string& path) : fd_(::socket(AF_UNIX, SOCK_STREAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    const timeval limit{5, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    is_open_ = ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client() { ::close(fd_); }
  [[nodiscard]] bool is_open() const { return is_open_; }
  void send(std::string_view text) const {
    (void)!::send(fd_, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  }
  /// The next line; "(closed)" at the end.
  std::string line() {
    std::size_t end = 0;
    while ((end = in_.find('\n')) == std::string::npos) {
      char buffer[4096];
      const auto got = ::recv(fd_, buffer, sizeof buffer, 0);
      if (got <= 0) {
        return "(closed)";
      }
      in_.append(buffer, static_cast<std::size_t>(got));
    }
    const auto out = in_.substr(0, end);
    in_.erase(0, end + 1);
    return out;
  }
  std::string ask(const std::string& text) {
    send(text + "\n");
    return line();
  }

 private:
  int fd_;
  bool is_open_ = false;
  std::string in_;
};

struct Served {
  explicit Served(const SocketLimits& limits = {}) : server(limits) {
    EXPECT_TRUE(server.listen_unix(smbus, smbus_door(test.rack)));
    EXPECT_TRUE(server.listen_unix(module, module_door(test.rack)));
    EXPECT_TRUE(server.start());
  }
  TestRack test;
  bus::TestFolder folder;
  std::string smbus = folder.at("smbus.sock");
  std::string module = folder.at("module.sock");
  SocketServer server;
};

TEST(SmbusDoor, TransactionsByKindGoOverTheWires) {
  Served served;
  auto& memory = served.test.target.memory;
  memory[0x10] = 0xAB;
  memory[0x11] = 0xCD;
  memory[0x20] = 3;  // a block: its count first
  memory[0x21] = 1;
  memory[0x22] = 2;
  memory[0x23] = 3;
  Client client(served.smbus);
  EXPECT_EQ(client.line(), "weft-smbus 1 simulated");
  EXPECT_EQ(client.ask("list"), "ok pod-server0/i2c-9");
  EXPECT_EQ(client.ask("pod-server0/i2c-9 read-byte 24 10"), "ok ab");
  EXPECT_EQ(client.ask("pod-server0/i2c-9 read-word 24 10"), "ok abcd") << "as on the wire";
  EXPECT_EQ(client.ask("pod-server0/i2c-9 read-block 24 20"), "ok 010203");
  EXPECT_EQ(client.ask("pod-server0/i2c-9 write-byte 24 30 7f"), "ok");
  EXPECT_EQ(memory[0x30], 0x7F);
  EXPECT_EQ(client.ask("pod-server0/i2c-9 write-block 24 40 0a0b"), "ok");
  EXPECT_EQ(memory[0x40], 2) << "the bus puts the count in";
  EXPECT_EQ(memory[0x42], 0x0B);
  EXPECT_EQ(client.ask("pod-server0/i2c-9 i2c w24:10 r24:2"), "ok abcd");
  EXPECT_EQ(client.ask("pod-server0/i2c-9 write-byte 24 50 01 ; read-byte 24 50"), "ok; ok 01");
}

TEST(SmbusDoor, ErrorsSayWhatAndEndWhatIsJoined) {
  Served served;
  Client client(served.smbus);
  client.line();
  EXPECT_THAT(client.ask("pod-server0/i2c-9 read-byte 25 10"), StartsWith("error UNAVAILABLE"));
  EXPECT_THAT(client.ask("nowhere/i2c-9 read-byte 24 10"), StartsWith("error NOT_FOUND"));
  EXPECT_THAT(client.ask("pod-server0/i2c-9 read-byte 80 10"),
              HasSubstr("address '80' is not a hexadecimal number up to 7f"));
  EXPECT_THAT(client.ask("pod-server0/i2c-9 write-byte 24 10 0102"),
              StartsWith("error INVALID_ARGUMENT"));
  EXPECT_THAT(client.ask("pod-server0/i2c-9 read-byte 25 10 ; write-byte 24 30 01"),
              StartsWith("error UNAVAILABLE"));
  EXPECT_EQ(served.test.target.memory[0x30], 0) << "nothing runs behind an error";
  EXPECT_THAT(client.ask(""), StartsWith("error NOT_FOUND"));
  EXPECT_EQ(client.ask("list"), "ok pod-server0/i2c-9") << "the connection lives on";
}

TEST(ModuleDoor, PagesAndLinearOffsetsAreTheSameMemory) {
  Served served;
  Client client(served.module);
  EXPECT_EQ(client.line(), "weft-module 1 simulated");
  EXPECT_EQ(client.ask("list"), "ok pod-server0/eth0");
  EXPECT_EQ(client.ask("write pod-server0/eth0 0 0x11 130 0a0b"), "ok");
  EXPECT_EQ(client.ask("read-linear pod-server0/eth0 2306 2"), "ok 0a0b") << "17 * 128 + 130";
  EXPECT_EQ(client.ask("write-linear pod-server0/eth0 34945 77"), "ok") << "(256 + 16) * 128 + 129";
  EXPECT_EQ(client.ask("read pod-server0/eth0 1 16 129 1"), "ok 77");
  EXPECT_EQ(client.ask("write-linear pod-server0/eth0 126 01020304"), "ok");
  EXPECT_EQ(client.ask("read pod-server0/eth0 0 0 126 2"), "ok 0102");
  EXPECT_EQ(client.ask("read pod-server0/eth0 0 0 128 2"), "ok 0304");
  EXPECT_THAT(client.ask("read pod-server0/eth0 0 0 126 4"), StartsWith("error OUT_OF_RANGE"));
  EXPECT_THAT(client.ask("read pod-server0/eth0 0 256 0 4"), HasSubstr("page '256'"));
  EXPECT_THAT(client.ask("read-linear pod-server0/eth0 8388735 2"),
              StartsWith("error OUT_OF_RANGE"));
  served.test.module.is_busy = true;
  EXPECT_THAT(client.ask("read pod-server0/eth0 0 0 0 1"), StartsWith("error UNAVAILABLE"));
}

TEST(ConfigDoor, RegistersAreReadAndWrittenInTheirWidth) {
  TestRack test;
  const auto ask = [&](const std::string& line) { return answer_config(test.rack, line); };
  EXPECT_EQ(ask("list"), "ok pod-server0/0000:00:01.0 pod-server0/0000:01:00.0");
  const std::string port = "pod-server0/0000:00:01.0 ";
  EXPECT_EQ(ask("read " + port + "0 2"), "ok 8680") << "8086h, least significant byte first";
  EXPECT_EQ(ask("read " + port + "0x0 4"), "ok 86802a35");
  EXPECT_EQ(ask("write " + port + "0x50 2001"), "ok");
  EXPECT_EQ(ask("read " + port + "0x50 2"), "ok 2001");
  EXPECT_EQ(ask("read " + port + "80 4"), "ok 20010521") << "and the status: 32 GT/s x16, active";
  EXPECT_THAT(ask("read " + port + "0x51 2"), StartsWith("error INVALID_ARGUMENT"));
  EXPECT_THAT(ask("read " + port + "0 3"), StartsWith("error INVALID_ARGUMENT"));
  EXPECT_THAT(ask("read " + port + "4096 1"), StartsWith("error"));
  EXPECT_THAT(ask("write " + port + "0 0102030405"), StartsWith("error"));
  EXPECT_THAT(ask("read pod-server0/0000:77:00.0 0 2"), StartsWith("error NOT_FOUND"));
  EXPECT_THAT(ask("reed"), StartsWith("error INVALID_ARGUMENT"));
}

TEST(LineDoors, ThePythonExamplesWork) {
  const auto python = base::python_with();
  if (python.empty()) {
    GTEST_SKIP() << base::no_python_with();
  }
  Served served;
  const auto vendor = base::as_bytes("Weftline        ");
  ASSERT_TRUE(served.test.module.write({0, 0, 129}, vendor));
  const base::Bytes temperature = {0x2A, 0x80};
  ASSERT_TRUE(served.test.module.write({0, 0, 14}, temperature));
  const std::string examples = std::string(WEFT_SOURCE_DIR) + "/docs/examples/";
  const auto module = base::shell(python + " " + examples + "module_client.py " + served.module +
                                  " pod-server0/eth0");
  EXPECT_EQ(module.code, 0) << module.out;
  EXPECT_THAT(module.out, HasSubstr("vendor: Weftline\n"));
  EXPECT_THAT(module.out, HasSubstr("temperature: 42.5 Cel"));
  served.test.target.memory[0x09] = 4;  // what any read-block of 09 gives: a length, and behind it
                                        // what the write-block of 0a left there
  const auto smbus = base::shell(python + " " + examples + "smbus_client.py " + served.smbus +
                                 " pod-server0/i2c-9 24");
  EXPECT_EQ(smbus.code, 0) << smbus.out;
  EXPECT_THAT(smbus.out, HasSubstr("loaded: False"));
}

TEST(LineDoors, ClientsAreBoundedAndTheSocketIsTheOwnersOnly) {
  Served served({.clients_max = 2});
  struct stat status{};
  ASSERT_EQ(::stat(served.smbus.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  Client first(served.smbus);
  Client second(served.module);
  EXPECT_THAT(first.line(), StartsWith("weft-smbus"));
  EXPECT_THAT(second.line(), StartsWith("weft-module"));
  Client third(served.smbus);
  EXPECT_THAT(third.line(), StartsWith("error RESOURCE_EXHAUSTED 2 clients"));
  EXPECT_EQ(third.line(), "(closed)");
}

TEST(LineDoors, LongAndSlowLinesEndTheConnection) {
  Served served({.line_bytes_max = 100, .line_seconds_max = 1});
  Client slow(served.smbus);
  slow.line();
  slow.send("pod-server0/i2c-9 read-");
  Client lengthy(served.smbus);
  lengthy.line();
  lengthy.send(std::string(200, 'x'));
  EXPECT_THAT(lengthy.line(), HasSubstr("longer than 100 bytes"));
  EXPECT_EQ(lengthy.line(), "(closed)");
  EXPECT_EQ(slow.line(), "(closed)") << "a second after its first byte";
}

TEST(LineDoors, LinesBeforeTheEndOfAConnectionAreAnswered) {
  Served served;
  const auto run = base::shell("(printf 'list\\n%.0s' $(seq 100)) | timeout 5 python3 -c \"" +
                               std::string("import socket,sys\n"
                                           "s=socket.socket(socket.AF_UNIX)\n"
                                           "s.connect('") +
                               served.smbus +
                               "')\n"
                               "s.sendall(sys.stdin.buffer.read()); s.shutdown(socket.SHUT_WR)\n"
                               "print(sum(1 for _ in s.makefile()))\"");
  if (run.code == 127) {
    GTEST_SKIP() << "python3 is not installed";
  }
  EXPECT_EQ(run.out, "101\n");
}

TEST(LineDoors, StaleSocketsAreReplacedAndFilesAreNot) {
  bus::TestFolder folder;
  folder.file("file", "precious");
  TestRack test;
  SocketServer server;
  EXPECT_EQ(server.listen_unix(folder.at("file"), smbus_door(test.rack)).error().code,
            base::Code::kAlreadyExists);
  EXPECT_EQ(folder.content("file"), "precious");
  EXPECT_EQ(server.listen_unix("/tmp/" + std::string(200, 'x'), smbus_door(test.rack)).error().code,
            base::Code::kInvalidArgument);
  const auto port = server.listen_tcp(0, smbus_door(test.rack));
  ASSERT_TRUE(port);
  EXPECT_GT(*port, 0);
}

/// Seconds of random bytes at each door: WEFT_SOAK_SECONDS, else half a second.
TEST(LineDoors, RandomBytesAtEachDoorDoNoHarm) {
  const char* const wanted = std::getenv("WEFT_SOAK_SECONDS");
  const double soak = wanted == nullptr ? 0.5 : std::atof(wanted);
  Served served;
  base::Random random(7, "soak");
  constexpr std::string_view kWords[] = {"pod-server0/i2c-9 ",
                                         "read-block ",
                                         "write-block ",
                                         "24 ",
                                         "0a ",
                                         "list\n",
                                         "i2c ",
                                         "w24:0a03 ",
                                         "r24:6 ",
                                         "; ",
                                         "read pod-server0/eth0 ",
                                         "0 ",
                                         "17 ",
                                         "128 ",
                                         "\n",
                                         "pec"};
  const auto begin = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() - begin < std::chrono::duration<double>(soak)) {
    Client one(served.smbus);
    Client other(served.module);
    ASSERT_TRUE(one.is_open() && other.is_open());
    for (int i = 0; i < 40; ++i) {
      std::string bytes;
      for (int j = 0; j < 20; ++j) {
        if (random.below(3) == 0) {
          bytes += static_cast<char>(random.below(256));
        } else {
          bytes += kWords[random.below(std::size(kWords))];
        }
      }
      one.send(bytes);
      other.send(bytes);
    }
  }
  Client after(served.smbus);
  EXPECT_EQ(after.line(), "weft-smbus 1 simulated");
  EXPECT_EQ(after.ask("list"), "ok pod-server0/i2c-9");
  EXPECT_GT(served.server.lines(), 10U);
}

}  // namespace
}  // namespace weft::twin::door
