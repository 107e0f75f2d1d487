// SPDX-License-Identifier: Apache-2.0
#include "wire/pcie/dump.h"

#include "base/text.h"
#include "wire/pcie/registers.h"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

namespace weft::wire::pcie {
namespace {

constexpr std::size_t kBytesPerLine = 16;
constexpr std::string_view kHint =
    "Give the output of 'lspci -xxxx' (as root, for all of configuration space).";

std::optional<unsigned> hex_digit(char c) {
  if (c >= '0' && c <= '9') {
    return static_cast<unsigned>(c - '0');
  }
  const char lower = static_cast<char>(c | 0x20);
  if (lower >= 'a' && lower <= 'f') {
    return static_cast<unsigned>(lower - 'a' + 10);
  }
  return std::nullopt;
}

/// Takes 1 to `digits_max` hexadecimal digits off the front of `text`.
std::optional<std::uint32_t> take_hex(std::string_view& text, std::size_t digits_min,
                                      std::size_t digits_max) {
  std::uint32_t value = 0;
  std::size_t digits = 0;
  while (digits < digits_max && digits < text.size()) {
    const auto digit = hex_digit(text[digits]);
    if (!digit.has_value()) {
      break;
    }
    value = value << 4 | *digit;
    ++digits;
  }
  if (digits < digits_min) {
    return std::nullopt;
  }
  text.remove_prefix(digits);
  return value;
}
bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) {
    return false;
  }
  text.remove_prefix(1);
  return true;
}

/// "[domain:]bus:device.function" and a blank or the end after it.
std::optional<DumpedFunction> device_line(std::string_view text) {
  DumpedFunction out;
  const auto first = take_hex(text, 2, 8);
  if (!first.has_value() || !take(text, ':')) {
    return std::nullopt;
  }
  auto second = take_hex(text, 2, 2);
  if (!second.has_value()) {
    return std::nullopt;
  }
  std::uint32_t bus = *first;
  if (take(text, ':')) {
    out.domain = *first;
    bus = *second;
    second = take_hex(text, 2, 2);
  }
  if (!second.has_value() || !take(text, '.')) {
    return std::nullopt;
  }
  const auto function = take_hex(text, 1, 1);
  const bool ends = text.empty() || text.front() == ' ' || text.front() == '\t';
  if (!function.has_value() || !ends || bus > 0xFF || *second > 0x1F || *function > 7) {
    return std::nullopt;
  }
  out.bus = static_cast<std::uint8_t>(bus);
  out.device = static_cast<std::uint8_t>(*second);
  out.function = static_cast<std::uint8_t>(*function);
  out.description = base::printable(base::trim(text), kDumpDescriptionMax);
  return out;
}

struct HexLine {
  std::size_t offset = 0;
  std::array<std::uint8_t, kBytesPerLine> bytes{};
  std::size_t count = 0;
  bool garbled = false;  ///< an offset, then something that is not up to 16 bytes
};

/// "1a0: 00 11 …". nullopt where the line is not of that form at all.
std::optional<HexLine> hex_line(std::string_view text) {
  const auto offset = take_hex(text, 2, 3);
  if (!offset.has_value() || !take(text, ':') || (!text.empty() && text.front() != ' ')) {
    return std::nullopt;
  }
  HexLine out{.offset = *offset, .bytes = {}};
  text = base::trim(text);
  while (!text.empty()) {
    const auto byte = take_hex(text, 2, 2);
    if (!byte.has_value() || out.count == kBytesPerLine || (!text.empty() && !take(text, ' '))) {
      out.garbled = true;
      return out;
    }
    out.bytes[out.count++] = static_cast<std::uint8_t>(*byte);
    text = base::trim(text);
  }
  out.garbled = out.count == 0;
  return out;
}

class Parser {
 public:
  /// False once there are too many functions.
  bool line(std::size_t number, std::string_view text) {
    const std::string_view flush = base::trim(text);
    if (flush.empty()) {
      return true;
    }
    // -v text is indented; its lines never are devices, but quoted dumps indent everything.
    if (auto device = device_line(flush); device.has_value()) {
      return open(number, std::move(*device));
    }
    if (const auto bytes = hex_line(flush); bytes.has_value()) {
      add(number, *bytes);
    }
    return true;
  }

  Dump finish() {
    close();
    return std::move(out_);
  }

 private:
  void problem(std::size_t number, std::string what) {
    if (out_.problems.size() < kDumpProblemsMax) {
      out_.problems.push_back({number, std::move(what)});
    } else {
      ++out_.problems_dropped;
    }
  }

  void close() {
    if (out_.functions.empty() || is_closed_) {
      return;
    }
    is_closed_ = true;
    const DumpedFunction& last = out_.functions.back();
    if (last.config.empty()) {
      problem(last.line, fmt::format("{} has no bytes (dump made without -x)", last.address()));
    } else if (last.config.size() < kHeaderBytes) {
      problem(last.line, fmt::format("{} has only {} of the header's 64 bytes", last.address(),
                                     last.config.size()));
    }
  }

  bool open(std::size_t number, DumpedFunction device) {
    close();
    if (out_.functions.size() == kDumpFunctionsMax) {
      return false;
    }
    device.line = number;
    out_.functions.push_back(std::move(device));
    is_closed_ = false;
    is_garbled_ = false;
    return true;
  }

  void add(std::size_t number, const HexLine& bytes) {
    if (out_.functions.empty()) {
      problem(number, fmt::format("bytes of offset 0x{:02x} before any device line", bytes.offset));
      return;
    }
    base::Bytes& config = out_.functions.back().config;
    if (is_garbled_) {
      return;
    }
    if (bytes.garbled) {
      garble(number, "is not 'offset: up to 16 bytes'");
    } else if (bytes.offset < config.size()) {
      garble(number, fmt::format("repeats offset 0x{:02x}", bytes.offset));
    } else if (bytes.offset > config.size()) {
      garble(number, fmt::format("jumps from 0x{:02x} to 0x{:02x}", config.size(), bytes.offset));
    } else if (config.size() + bytes.count > kConfigBytes) {
      garble(number, "goes past 4096 bytes");
    } else {
      config.insert(config.end(), bytes.bytes.begin(),
                    bytes.bytes.begin() + static_cast<std::ptrdiff_t>(bytes.count));
    }
  }

  /// What came before stays; what follows cannot be placed and is left out until the next device.
  void garble(std::size_t number, const std::string& why) {
    is_garbled_ = true;
    const DumpedFunction& last = out_.functions.back();
    problem(number, fmt::format("{}: line {}; kept its first {} bytes", last.address(), why,
                                last.config.size()));
  }

  Dump out_;
  bool is_closed_ = true;
  bool is_garbled_ = false;
};

}  // namespace

std::string DumpedFunction::address() const {
  return fmt::format("{:04x}:{:02x}:{:02x}.{:x}", domain, bus, device, function);
}

base::Result<Dump> parse_dump(std::string_view text, std::string_view name) {
  Parser parser;
  std::size_t number = 0;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    ++number;
    if (!parser.line(number, text.substr(0, end))) {
      return base::fail(base::Code::kResourceExhausted,
                        fmt::format("more than {} functions", kDumpFunctionsMax),
                        fmt::format("{}:{}", name, number), "Split the dump.");
    }
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  Dump out = parser.finish();
  const bool has_bytes = std::any_of(out.functions.begin(), out.functions.end(),
                                     [](const DumpedFunction& one) { return !one.config.empty(); });
  if (out.functions.empty()) {
    return base::fail(base::Code::kDataLoss, "no PCI device line in the text",
                      fmt::format("{}:{}", name, number), std::string(kHint));
  }
  if (!has_bytes) {
    return base::fail(base::Code::kDataLoss, "device lines without configuration bytes",
                      fmt::format("{}:{}", name, out.functions.front().line), std::string(kHint));
  }
  return out;
}

std::string write_dump(const DumpedFunction& function) {
  std::string out = function.address();
  out += function.description.empty() ? std::string() : " " + function.description;
  out += '\n';
  for (std::size_t at = 0; at < function.config.size(); at += kBytesPerLine) {
    out += fmt::format("{:02x}:", at);
    const std::size_t end = std::min(at + kBytesPerLine, function.config.size());
    for (std::size_t i = at; i < end; ++i) {
      out += fmt::format(" {:02x}", function.config[i]);
    }
    out += '\n';
  }
  out += '\n';
  return out;
}

}  // namespace weft::wire::pcie
