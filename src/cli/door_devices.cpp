// SPDX-License-Identifier: Apache-2.0
#include "cli/door_devices.h"

#include "base/text.h"
#include "cli/up_services.h"
#include "twin/door/line_words.h"
#include "twin/door/unix_socket.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/socket.h>
#include <sys/time.h>

namespace weft::cli {
namespace door_devices {

using base::Bytes;
using base::Code;
using base::Result;

constexpr std::size_t kLineMax = std::size_t{1} << 20;

base::Error error_of(std::string_view line, const std::string& where) {
  constexpr int kCodes = 16;
  const auto words = base::words(line);
  base::Error out{Code::kDataLoss, "the door's answer is none", where, {}};
  for (int i = 1; words.size() > 1 && words[0] == "error" && i <= kCodes; ++i) {
    if (base::name(static_cast<Code>(i)) == words[1]) {
      out.code = static_cast<Code>(i);
      const auto text = line.substr(line.find(words[1]) + words[1].size());
      out.what = base::printable(base::trim(text));
    }
  }
  return out;
}

/// One connection to a line service.
class LineClient {
 public:
  static Result<std::unique_ptr<LineClient>> open(const std::string& path,
                                                  std::string_view greeting) {
    auto connected = twin::door::connect_unix(path);
    if (!connected) {
      return base::fail(connected.error().code, "no weft up has its doors open here", path,
                        "Start one with weft up --doors, or name its folder with --folder.");
    }
    std::unique_ptr<LineClient> out(new LineClient(std::move(*connected), path));
    constexpr timeval kPatience{.tv_sec = 60, .tv_usec = 0};
    ::setsockopt(out->fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
    const auto said = out->receive();
    if (!said || !said->starts_with(greeting)) {
      return base::fail(Code::kFailedPrecondition, "is no door of this version", path);
    }
    return out;
  }

  Result<std::string> ask(const std::string& line) {
    const auto text = line + "\n";
    for (std::size_t done = 0; done < text.size();) {
      const auto sent = ::send(fd_.get(), text.data() + done, text.size() - done, MSG_NOSIGNAL);
      if (sent <= 0) {
        return base::fail(Code::kUnavailable, "the weft up there has gone", path_);
      }
      done += static_cast<std::size_t>(sent);
    }
    return receive();
  }

  /// The bytes behind "ok".
  Result<Bytes> ask_bytes(const std::string& line) {
    const auto answer = ask(line);
    return answer ? bytes_of(*answer) : tl::unexpected(answer.error());
  }
  Result<Bytes> bytes_of(std::string_view answer) const {
    if (answer == "ok") {
      return Bytes{};
    }
    if (answer.starts_with("ok ")) {
      return twin::door::hex_bytes(answer.substr(3), kLineMax);
    }
    return tl::unexpected(error_of(answer, path_));
  }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  LineClient(twin::door::OwnedFd fd, std::string path)
      : fd_(std::move(fd)), path_(std::move(path)) {}

  Result<std::string> receive() {
    std::array<char, 16 * 1024> part{};
    std::size_t end = 0;
    while ((end = in_.find('\n')) == std::string::npos) {
      const auto got = ::recv(fd_.get(), part.data(), part.size(), 0);
      if (got <= 0 || in_.size() > kLineMax) {
        return base::fail(Code::kUnavailable, "the weft up there has gone", path_);
      }
      in_.append(part.data(), static_cast<std::size_t>(got));
    }
    auto out = in_.substr(0, end);
    in_.erase(0, end + 1);
    return out;
  }

  twin::door::OwnedFd fd_;
  std::string path_;
  std::string in_;
};

std::vector<std::string> names_of(LineClient& client) {
  std::vector<std::string> out;
  const auto answer = client.ask("list");
  if (!answer || !answer->starts_with("ok")) {
    return out;
  }
  for (const auto word : base::words(std::string_view(*answer).substr(2))) {
    out.emplace_back(word);
  }
  return out;
}

/// Transactions of all buses, and what a locked one keeps back.
class SmbusLine {
 public:
  explicit SmbusLine(std::unique_ptr<LineClient> client) : client_(std::move(client)) {}

  Result<Bytes> run(const std::string& bus, std::string text, bool may_wait) {
    constexpr std::size_t kKeptMax = 48;
    if (bus != bus_) {
      flush();
      bus_ = bus;
    }
    if (trouble_) {
      return tl::unexpected(*std::exchange(trouble_, std::nullopt));
    }
    kept_.push_back(std::move(text));
    ++transactions_;
    if (may_wait && depth_ > 0 && kept_.size() < kKeptMax) {
      return Bytes{};
    }
    return send();
  }
  void flush() {
    if (!kept_.empty()) {
      if (auto sent = send(); !sent && !trouble_) {
        trouble_ = sent.error();
      }
    }
  }
  void lock() { ++depth_; }
  void unlock() {
    if (--depth_ == 0) {
      flush();
    }
  }
  [[nodiscard]] std::uint64_t transactions() const { return transactions_; }
  [[nodiscard]] LineClient& client() { return *client_; }

 private:
  /// All that is kept, in one line; the last one's answer, or the first error.
  Result<Bytes> send() {
    const auto line = fmt::format("{} {}", bus_, fmt::join(std::exchange(kept_, {}), " ; "));
    const auto answer = client_->ask(line);
    if (!answer) {
      return tl::unexpected(answer.error());
    }
    std::string_view rest = *answer;
    for (std::size_t end = rest.find("; "); rest.starts_with("ok") && end != rest.npos;
         end = rest.find("; ")) {
      rest.remove_prefix(end + 2);
    }
    return client_->bytes_of(rest);
  }

  std::unique_ptr<LineClient> client_;
  std::string bus_;
  std::vector<std::string> kept_;
  std::optional<base::Error> trouble_;
  unsigned depth_ = 0;
  std::uint64_t transactions_ = 0;
};

struct Word {
  bus::SmbusKind kind;
  std::string_view text;
  bool has_command;
  bool has_data;
};
constexpr auto kWords = std::to_array<Word>({
    {bus::SmbusKind::kQuickWrite, "quick-write", false, false},
    {bus::SmbusKind::kQuickRead, "quick-read", false, false},
    {bus::SmbusKind::kSendByte, "send-byte", false, true},
    {bus::SmbusKind::kReceiveByte, "receive-byte", false, false},
    {bus::SmbusKind::kWriteByte, "write-byte", true, true},
    {bus::SmbusKind::kReadByte, "read-byte", true, false},
    {bus::SmbusKind::kWriteWord, "write-word", true, true},
    {bus::SmbusKind::kReadWord, "read-word", true, false},
    {bus::SmbusKind::kProcessCall, "process-call", true, true},
    {bus::SmbusKind::kWriteBlock, "write-block", true, true},
    {bus::SmbusKind::kReadBlock, "read-block", true, false},
    {bus::SmbusKind::kBlockProcessCall, "block-process-call", true, true},
});

std::string line_of(const bus::SmbusTransaction& one) {
  const auto* const word = std::ranges::find(kWords, one.kind, &Word::kind);
  std::string out = fmt::format("{} {:02x}", word->text, one.address);
  if (word->has_command) {
    out += fmt::format(" {:02x}", one.command);
  }
  if (word->has_data) {
    out += " " + twin::door::hex_text(one.data);
  }
  return out + (one.pec ? " pec" : "");
}

class DoorSmbus final : public bus::Smbus {
 public:
  DoorSmbus(std::shared_ptr<SmbusLine> line, std::string name)
      : line_(std::move(line)), name_(std::move(name)), before_(line_->transactions()) {}
  [[nodiscard]] Result<Bytes> run(const bus::SmbusTransaction& transaction) override {
    return line_->run(name_, line_of(transaction), transaction.kind == bus::SmbusKind::kWriteBlock);
  }
  [[nodiscard]] std::uint64_t transactions() const override {
    return line_->transactions() - before_;
  }
  [[nodiscard]] std::string description() const override { return name_; }
  void lock() override { line_->lock(); }
  void unlock() override { line_->unlock(); }

 private:
  std::shared_ptr<SmbusLine> line_;
  std::string name_;
  std::uint64_t before_;
};

class DoorConfig final : public bus::ConfigSpace {
 public:
  DoorConfig(std::shared_ptr<LineClient> client, std::string name)
      : client_(std::move(client)), name_(std::move(name)) {}
  [[nodiscard]] Result<std::uint32_t> read(std::uint16_t offset, std::uint8_t width) override {
    const auto bytes = client_->ask_bytes(fmt::format("read {} {} {}", name_, offset, width));
    if (!bytes || bytes->size() != width) {
      return bytes ? base::fail(Code::kDataLoss, "the door gave another width", name_)
                   : tl::unexpected(bytes.error());
    }
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < bytes->size(); ++i) {
      value |= std::uint32_t{(*bytes)[i]} << (8 * i);
    }
    return value;
  }
  Result<void> write(std::uint16_t offset, std::uint8_t width, std::uint32_t value) override {
    Bytes bytes;
    for (unsigned i = 0; i < width; ++i) {
      bytes.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
    }
    return client_
        ->ask_bytes(fmt::format("write {} {} {}", name_, offset, twin::door::hex_text(bytes)))
        .map([](const Bytes&) {});
  }
  [[nodiscard]] std::string description() const override { return name_; }

 private:
  std::shared_ptr<LineClient> client_;
  std::string name_;
};

class DoorModule final : public bus::ModuleMemory {
 public:
  DoorModule(std::shared_ptr<LineClient> client, std::string name)
      : client_(std::move(client)), name_(std::move(name)) {}
  [[nodiscard]] Result<Bytes> read(bus::ModuleAddress from, std::uint8_t length) override {
    auto bytes = client_->ask_bytes(
        fmt::format("read {} {} {} {} {}", name_, from.bank, from.page, from.offset, length));
    if (bytes && bytes->size() != length) {
      return base::fail(Code::kDataLoss, "the door gave another length", name_);
    }
    return bytes;
  }
  Result<void> write(bus::ModuleAddress to, base::ByteView bytes) override {
    return client_
        ->ask_bytes(fmt::format("write {} {} {} {} {}", name_, to.bank, to.page, to.offset,
                                twin::door::hex_text(bytes)))
        .map([](const Bytes&) {});
  }
  [[nodiscard]] std::string description() const override { return name_; }

 private:
  std::shared_ptr<LineClient> client_;
  std::string name_;
};

void sleep_real(std::int64_t ns) {
  timespec left{.tv_sec = ns / 1'000'000'000, .tv_nsec = ns % 1'000'000'000};
  while (nanosleep(&left, &left) != 0) {
  }
}

}  // namespace door_devices

struct DoorDevices::Doors {
  std::shared_ptr<door_devices::LineClient> config;
  std::shared_ptr<door_devices::SmbusLine> smbus;
  std::shared_ptr<door_devices::LineClient> module;
  std::shared_ptr<door_devices::LineClient> control;

  template <class T, class Line>
  [[nodiscard]] base::Result<std::unique_ptr<T>> none(Line& client, std::string_view name) const {
    const auto all = door_devices::names_of(client);
    const auto some = std::min<std::ptrdiff_t>(3, static_cast<std::ptrdiff_t>(all.size()));
    return base::fail(
        base::Code::kNotFound, "the twin has none of this name", base::printable(name, 80),
        all.empty() ? "It has none of the kind."
                    : fmt::format("It has {}{}.", fmt::join(all.begin(), all.begin() + some, ", "),
                                  all.size() > 3 ? " and more" : ""));
  }
};

DoorDevices::DoorDevices(std::shared_ptr<Doors> doors) : doors_(std::move(doors)) {}
DoorDevices::~DoorDevices() = default;

base::Result<std::unique_ptr<DoorDevices>> DoorDevices::open(const std::string& folder) {
  using door_devices::LineClient;
  auto config = LineClient::open(folder + "/config.sock", "weft-config 1 ");
  auto smbus = config ? LineClient::open(folder + "/smbus.sock", "weft-smbus 1 ")
                      : tl::unexpected(config.error());
  auto module = smbus ? LineClient::open(folder + "/module.sock", "weft-module 1 ")
                      : tl::unexpected(smbus.error());
  auto control =
      module ? LineClient::open(control_socket(folder), "{") : tl::unexpected(module.error());
  if (!control) {
    return tl::unexpected(control.error());
  }
  auto doors = std::make_shared<Doors>();
  doors->config = std::move(*config);
  doors->smbus = std::make_shared<door_devices::SmbusLine>(std::move(*smbus));
  doors->module = std::move(*module);
  doors->control = std::move(*control);
  return std::unique_ptr<DoorDevices>(new DoorDevices(std::move(doors)));
}

std::vector<std::string> DoorDevices::names(bus::DoorKind kind) const {
  switch (kind) {
    case bus::DoorKind::kConfigSpace:
      return door_devices::names_of(*doors_->config);
    case bus::DoorKind::kSmbus:
      return door_devices::names_of(doors_->smbus->client());
    case bus::DoorKind::kModuleMemory:
      return door_devices::names_of(*doors_->module);
    case bus::DoorKind::kPortCounters:
      break;
  }
  return {};
}

base::Result<std::unique_ptr<bus::ConfigSpace>> DoorDevices::config_space(std::string_view name) {
  const auto all = names(bus::DoorKind::kConfigSpace);
  if (std::ranges::find(all, name) == all.end()) {
    return doors_->none<bus::ConfigSpace>(*doors_->config, name);
  }
  return std::make_unique<door_devices::DoorConfig>(doors_->config, std::string(name));
}

base::Result<std::unique_ptr<bus::Smbus>> DoorDevices::smbus(std::string_view name) {
  const auto all = names(bus::DoorKind::kSmbus);
  if (std::ranges::find(all, name) == all.end()) {
    return doors_->none<bus::Smbus>(doors_->smbus->client(), name);
  }
  return std::make_unique<door_devices::DoorSmbus>(doors_->smbus, std::string(name));
}

base::Result<std::unique_ptr<bus::ModuleMemory>> DoorDevices::module_memory(std::string_view name) {
  const auto all = names(bus::DoorKind::kModuleMemory);
  if (std::ranges::find(all, name) == all.end()) {
    return doors_->none<bus::ModuleMemory>(*doors_->module, name);
  }
  return std::make_unique<door_devices::DoorModule>(doors_->module, std::string(name));
}

base::Result<std::unique_ptr<bus::PortCounters>> DoorDevices::port_counters(std::string_view name) {
  return base::fail(base::Code::kUnimplemented, "port counters have no door", std::string(name));
}

void DoorDevices::flush() {
  doors_->smbus->flush();
}

base::Result<double> DoorDevices::world_seconds() {
  const auto answer = doors_->control->ask(R"({"command":"status"})");
  if (!answer) {
    return tl::unexpected(answer.error());
  }
  const auto json = nlohmann::json::parse(*answer, nullptr, false);
  const auto at = json.is_object() ? json.find("world_seconds") : json.end();
  if (!json.is_object() || at == json.end() || !at->is_number()) {
    return base::fail(base::Code::kDataLoss, "the control socket does not tell the time",
                      doors_->control->path());
  }
  return at->get<double>();
}

void DoorDevices::wait(base::Duration span) {
  constexpr std::int64_t kShortest = 500'000;
  constexpr std::int64_t kLongest = 50'000'000;
  flush();
  const auto begin = span.ns > 0 ? world_seconds() : base::Result<double>(0);
  if (!begin) {
    door_devices::sleep_real(span.ns);
    return;
  }
  // The world may be slower or faster than the clock.
  for (auto now = begin; now && *now - *begin < span.seconds(); now = world_seconds()) {
    const double left = span.seconds() - (*now - *begin);
    door_devices::sleep_real(
        std::clamp<std::int64_t>(static_cast<std::int64_t>(left * 1e9), kShortest, kLongest));
  }
}

}  // namespace weft::cli
