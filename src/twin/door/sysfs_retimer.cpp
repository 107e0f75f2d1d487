// SPDX-License-Identifier: Apache-2.0
// The retimers of a machine as Linux's hwmon driver pt5161l shows them: temp1_input, and fw_ver,
// fw_load_status, heartbeat_status under debugfs. Each read sends the SMBus transactions that such
// a driver sends (17-bit address format; the main micro's assist for wide registers and SRAM), so
// that what a file says has come over the wires. Registers and conversion: the public register
// description of the PT5161L family.
#include "bus/smbus.h"
#include "twin/door/sysfs_parts.h"

#include <array>

#include <fmt/format.h>

namespace weft::twin::door {
namespace sysfs_retimer {

using base::Bytes;
using base::Result;

// Direct registers.
constexpr std::uint32_t kTemperatureAverage = 0x42C;
constexpr std::uint32_t kCodeLoad = 0x605;
constexpr std::uint8_t kCodeLoaded = 0xE;
constexpr std::uint32_t kHeartbeat = 0x923;
constexpr std::uint32_t kAssistAddress = 0xD99;
constexpr std::uint32_t kAssistData = 0xD9C;
constexpr std::uint32_t kAssistCommand = 0xD9D;
constexpr std::uint32_t kWideAddress = 0xD9F;
constexpr std::uint32_t kWideData = 0xDA2;
// Commands of the assist.
constexpr std::uint8_t kReadSram = 0x16;
constexpr std::uint8_t kReadWide4 = 0x1F;
constexpr int kAssistPollsMax = 255;
constexpr int kHeartbeatReadsMax = 100;
constexpr int kTriesMax = 3;
// The firmware's description of itself, at 17F80h; SRAM addresses count from 10000h.
constexpr std::uint32_t kFirmwareInfo = 0x17F80 - 0x10000;
// Temperature: 110 Cel at code 84 + 250, 0.32 K a step; 0 and 3FFh on are no measurement.
constexpr std::uint32_t kCodeAt110 = 84 + 250;
constexpr std::uint32_t kCodesMax = 0x3FF;

/// One file's transactions: others are kept off the segment between its first and its last. The
/// segment is taken before the world, as drivers do, and the world for one transaction at a time.
class Client {
 public:
  Client(World& world, bus::Smbus& bus, std::uint8_t address)
      : world_(world), bus_(bus), address_(address) {
    bus_.lock();
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client() { bus_.unlock(); }

  Result<void> write(std::uint32_t at, const Bytes& bytes) {
    Bytes data = head(0x40, at, bytes.size());
    data.insert(data.end(), bytes.begin(), bytes.end());
    return send(0x0F, std::move(data));
  }

  Result<Bytes> read(std::uint32_t at, std::size_t count) {
    for (int i = 0; i < kTriesMax; ++i) {
      if (auto sent = send(0x0A, head(0, at, count)); !sent) {
        return tl::unexpected(sent.error());
      }
      auto answer = run({bus::SmbusKind::kReadBlock, address_, 0x09});
      if (!answer || answer->size() == count) {
        return answer;
      }
    }
    return base::fail(base::Code::kDataLoss, "the retimer answered with another length",
                      bus_.description());
  }

  Result<std::uint32_t> number(std::uint32_t at, std::size_t count) {
    const auto bytes = read(at, count);
    if (!bytes) {
      return tl::unexpected(bytes.error());
    }
    return static_cast<std::uint32_t>(*base::read_le(*bytes, 0, count));
  }

  Result<std::uint32_t> wide4(std::uint32_t at) {
    if (auto ready = assist(kWideAddress, at, kReadWide4); !ready) {
      return tl::unexpected(ready.error());
    }
    return number(kWideData, 4);
  }

  Result<std::uint32_t> sram_byte(std::uint32_t at) {
    if (auto ready = assist(kAssistAddress, at, kReadSram); !ready) {
      return tl::unexpected(ready.error());
    }
    return number(kAssistData, 1);
  }

  Result<bool> is_loaded() {
    const auto code = number(kCodeLoad, 1);
    return code ? Result<bool>(*code >= kCodeLoaded) : tl::unexpected(code.error());
  }

  Result<bool> has_heartbeat() {
    const auto first = number(kHeartbeat, 1);
    for (int i = 0; first && i < kHeartbeatReadsMax; ++i) {
      const auto next = number(kHeartbeat, 1);
      if (!next || *next != *first) {
        return next ? Result<bool>(true) : tl::unexpected(next.error());
      }
    }
    return first ? Result<bool>(false) : tl::unexpected(first.error());
  }

 private:
  static Bytes head(unsigned config, std::uint32_t at, std::size_t count) {
    return {static_cast<std::uint8_t>(config | (count - 1) << 1 | (at >> 16 & 1)),
            static_cast<std::uint8_t>(at >> 8), static_cast<std::uint8_t>(at)};
  }

  Result<Bytes> run(const bus::SmbusTransaction& transaction) {
    const Hold hold(world_.mutex());
    return bus_.run(transaction);
  }

  Result<void> send(std::uint8_t command, Bytes data) {
    auto sent = run({bus::SmbusKind::kWriteBlock, address_, command, std::move(data)});
    return sent ? Result<void>() : tl::unexpected(sent.error());
  }

  /// Gives the main micro an address and a command, and waits until it is done.
  Result<void> assist(std::uint32_t place, std::uint32_t at, std::uint8_t command) {
    auto sent = write(place, {static_cast<std::uint8_t>(at), static_cast<std::uint8_t>(at >> 8),
                              static_cast<std::uint8_t>(at >> 16)});
    if (sent) {
      sent = write(kAssistCommand, {command});
    }
    for (int i = 0; sent && i < kAssistPollsMax; ++i) {
      const auto pending = number(kAssistCommand, 1);
      if (!pending || *pending == 0) {
        return pending ? Result<void>() : tl::unexpected(pending.error());
      }
    }
    return sent ? base::fail(base::Code::kDeadlineExceeded, "the main micro does not answer",
                             bus_.description())
                : sent;
  }

  World& world_;
  bus::Smbus& bus_;
  std::uint8_t address_;
};

Result<std::string> temperature(Client&& client) {
  const auto code = client.wide4(kTemperatureAverage);
  if (!code) {
    return tl::unexpected(code.error());
  }
  if (*code == 0 || *code >= kCodesMax) {
    return base::fail(base::Code::kUnavailable, "the temperature is not ready");
  }
  const auto above = static_cast<int>(*code) - static_cast<int>(kCodeAt110);
  return line(fmt::format("{}", 110'000 - above * 320));
}

Result<std::string> firmware(Client&& client) {
  std::array<std::uint32_t, 4> info{};  // major, minor, build in two bytes
  const auto loaded = client.is_loaded();
  const auto alive = loaded && *loaded ? client.has_heartbeat() : loaded;
  if (!alive) {
    return tl::unexpected(alive.error());
  }
  for (std::uint32_t i = 0; *alive && i < info.size(); ++i) {
    const auto byte = client.sram_byte(kFirmwareInfo + i);
    if (!byte) {
      return tl::unexpected(byte.error());
    }
    info.at(i) = *byte;
  }
  return line(fmt::format("{}.{}.{}", info[0], info[1], info[3] << 8 | info[2]));
}

/// "normal" or "abnormal"; a retimer that does not answer is abnormal.
std::string verdict(const Result<bool>& good) {
  return line(good && *good ? "normal" : "abnormal");
}

}  // namespace sysfs_retimer

void add_retimer_files(SysfsParts& parts) {
  namespace retimer = sysfs_retimer;
  auto& tree = parts.tree;
  std::size_t index = 0;
  for (const auto& plan : parts.machine.plan->retimers) {
    const auto found = parts.machine.segments.find(plan.segment);
    if (found == parts.machine.segments.end()) {
      continue;
    }
    bus::Smbus* bus = found->second.get();
    const auto address = plan.address;
    const auto number = plan.segment.substr(plan.segment.find('-') + 1);
    const auto client = fmt::format("{}-{:04x}", number, address);
    const auto path = fmt::format("sys/devices/platform/{}/{}", plan.segment, client);
    const auto chip = fmt::format("hwmon{}", index++);
    const auto hwmon = fmt::format("{}/hwmon/{}", path, chip);
    tree.add_file(path + "/name", line("pt5161l"));
    tree.link_to("sys/bus/i2c/devices/" + client, path);
    tree.add_file(hwmon + "/name", line("pt5161l"));
    const auto open = [&world = *parts.rack.world, bus, address] {
      return retimer::Client(world, *bus, address);
    };
    tree.add_unheld_file(hwmon + "/temp1_input", [open] { return retimer::temperature(open()); });
    tree.link_to(hwmon + "/device", path);
    tree.link_to("sys/class/hwmon/" + chip, hwmon);
    const auto debug = fmt::format("sys/kernel/debug/pt5161l/{}", client);
    tree.add_unheld_file(debug + "/fw_ver", [open] { return retimer::firmware(open()); });
    tree.add_unheld_file(debug + "/fw_load_status", [open]() -> base::Result<std::string> {
      return retimer::verdict(open().is_loaded());
    });
    tree.add_unheld_file(debug + "/heartbeat_status", [open]() -> base::Result<std::string> {
      return retimer::verdict(open().has_heartbeat());
    });
  }
}

}  // namespace weft::twin::door
