// SPDX-License-Identifier: Apache-2.0
#include "twin/door/smbus_door.h"

#include "base/text.h"
#include "twin/door/line_words.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace weft::twin::door {
namespace smbus_door_parts {

using base::Bytes;
using base::Result;
using bus::SmbusKind;
using Words = std::vector<std::string_view>;

constexpr std::uint8_t kAddressMax = 0x7F;
constexpr std::size_t kBlockBytesMax = 255;

struct Operation {
  std::string_view word;
  SmbusKind kind;
  bool has_command;
  std::size_t data_min;
  std::size_t data_max;  ///< 0: no data word
};
constexpr std::array kOperations = {
    Operation{"quick-write", SmbusKind::kQuickWrite, false, 0, 0},
    Operation{"quick-read", SmbusKind::kQuickRead, false, 0, 0},
    Operation{"send-byte", SmbusKind::kSendByte, false, 1, 1},
    Operation{"receive-byte", SmbusKind::kReceiveByte, false, 0, 0},
    Operation{"write-byte", SmbusKind::kWriteByte, true, 1, 1},
    Operation{"read-byte", SmbusKind::kReadByte, true, 0, 0},
    Operation{"write-word", SmbusKind::kWriteWord, true, 2, 2},
    Operation{"read-word", SmbusKind::kReadWord, true, 0, 0},
    Operation{"process-call", SmbusKind::kProcessCall, true, 2, 2},
    Operation{"write-block", SmbusKind::kWriteBlock, true, 1, kBlockBytesMax},
    Operation{"read-block", SmbusKind::kReadBlock, true, 0, 0},
    Operation{"block-process-call", SmbusKind::kBlockProcessCall, true, 1, kBlockBytesMax},
};

tl::unexpected<base::Error> usage(std::string what, std::string hint) {
  return base::fail(base::Code::kInvalidArgument, std::move(what), {}, std::move(hint));
}

/// "read-block 24 09 pec" behind the bus's name.
Result<bus::SmbusTransaction> parse_transaction(const Operation& operation, Words words) {
  bus::SmbusTransaction out;
  out.kind = operation.kind;
  if (words.back() == "pec") {
    out.pec = true;
    words.pop_back();
  }
  const std::size_t count =
      2 + (operation.has_command ? 1U : 0U) + (operation.data_max > 0 ? 1U : 0U);
  if (words.size() != count) {
    return usage(
        fmt::format("{} has {} words, not {}", operation.word, count, words.size()),
        fmt::format("{} ADDRESS{}{} [pec]", operation.word, operation.has_command ? " COMMAND" : "",
                    operation.data_max > 0 ? " BYTES" : ""));
  }
  const auto address = hex_byte(words[1], "address", kAddressMax);
  if (!address) {
    return tl::unexpected(address.error());
  }
  out.address = *address;
  if (operation.has_command) {
    const auto command = hex_byte(words[2], "command");
    if (!command) {
      return tl::unexpected(command.error());
    }
    out.command = *command;
  }
  if (operation.data_max > 0) {
    auto data = hex_bytes(words.back(), operation.data_max);
    if (!data || data->size() < operation.data_min) {
      return data ? usage(fmt::format("{} takes {} bytes", operation.word, operation.data_min), {})
                  : tl::unexpected(data.error());
    }
    out.data = std::move(*data);
  }
  return out;
}

/// "w24:0a03" writes, "r24:6" reads so many bytes.
Result<smbus::Message> parse_message(std::string_view word) {
  const auto colon = word.find(':');
  if (colon == std::string_view::npos || (word[0] != 'w' && word[0] != 'r')) {
    return usage(fmt::format("'{}' is no message", base::printable(word, 24)),
                 "wADDRESS:BYTES or rADDRESS:COUNT");
  }
  smbus::Message message;
  message.is_read = word[0] == 'r';
  const auto address = hex_byte(word.substr(1, colon - 1), "address", kAddressMax);
  if (!address) {
    return tl::unexpected(address.error());
  }
  message.address = *address;
  const auto rest = word.substr(colon + 1);
  if (!message.is_read) {
    auto bytes = hex_bytes(rest, kI2cBytesMax);
    if (!bytes) {
      return tl::unexpected(bytes.error());
    }
    message.bytes = std::move(*bytes);
    return message;
  }
  const auto count = bounded_number(rest, "count", kI2cBytesMax);
  if (!count) {
    return tl::unexpected(count.error());
  }
  message.bytes.resize(*count);
  return message;
}

/// Plain messages; the answer is what the reads gave, one after the other.
Result<Bytes> run_messages(smbus::Segment& segment, World& world, const Words& words) {
  if (words.size() < 2 || words.size() - 1 > kSmbusJoinedMax) {
    return usage(fmt::format("i2c takes 1 to {} messages", kSmbusJoinedMax), "i2c w24:0a03 r24:6");
  }
  std::vector<smbus::Message> messages;
  for (std::size_t i = 1; i < words.size(); ++i) {
    auto message = parse_message(words[i]);
    if (!message) {
      return tl::unexpected(message.error());
    }
    messages.push_back(std::move(*message));
  }
  const Hold hold(world.mutex());
  if (auto done = segment.transfer(messages); !done) {
    return tl::unexpected(done.error());
  }
  Bytes out;
  for (const auto& message : messages) {
    if (message.is_read) {
      out.insert(out.end(), message.bytes.begin(), message.bytes.end());
    }
  }
  return out;
}

Result<Bytes> run_one(smbus::Segment& segment, World& world, std::string_view text) {
  const auto words = base::words(text);
  if (words.empty()) {
    return usage("there is no transaction", "read-block 24 09");
  }
  if (words[0] == "i2c") {
    return run_messages(segment, world, words);
  }
  const auto* const operation =
      std::ranges::find(kOperations, words[0], [](const Operation& each) { return each.word; });
  if (operation == kOperations.end()) {
    return usage(fmt::format("there is no transaction '{}'", base::printable(words[0], 24)),
                 "quick-write, quick-read, send-byte, receive-byte, write-byte, read-byte, "
                 "write-word, read-word, process-call, write-block, read-block, "
                 "block-process-call, i2c");
  }
  const auto transaction = parse_transaction(*operation, words);
  if (!transaction) {
    return tl::unexpected(transaction.error());
  }
  const Hold hold(world.mutex());
  return segment.run(*transaction);
}

std::string bus_names(const Rack& rack) {
  std::string out = "ok";
  for (const auto& machine : rack.machines) {
    for (const auto& [name, segment] : machine.segments) {
      out += fmt::format(" {}/{}", machine.plan->name, name);
    }
  }
  return out;
}

smbus::Segment* find_bus(Rack& rack, std::string_view name) {
  const auto slash = name.rfind('/');
  if (slash == std::string_view::npos) {
    return nullptr;
  }
  for (auto& machine : rack.machines) {
    if (machine.plan->name == name.substr(0, slash)) {
      const auto found = machine.segments.find(std::string(name.substr(slash + 1)));
      return found == machine.segments.end() ? nullptr : found->second.get();
    }
  }
  return nullptr;
}

/// Runs the joined transactions with others kept off the segment; stops behind the first error.
std::string run_all(smbus::Segment& segment, World& world, std::string_view text) {
  const auto parts = base::split(text, ';');
  if (parts.size() > kSmbusJoinedMax) {
    return error_line({base::Code::kResourceExhausted,
                       fmt::format("more than {} transactions in a line", kSmbusJoinedMax),
                       {},
                       {}});
  }
  const std::lock_guard<smbus::Segment> locked(segment);
  std::string out;
  for (const auto part : parts) {
    const auto result = run_one(segment, world, part);
    out += (out.empty() ? "" : "; ") + answer_line(result);
    if (!result) {
      break;
    }
  }
  return out;
}

}  // namespace smbus_door_parts

std::string answer_smbus(Rack& rack, std::string_view line) {
  using namespace smbus_door_parts;
  const auto text = base::trim(line);
  if (text == "list") {
    return bus_names(rack);
  }
  const auto space = text.find(' ');
  const auto name = text.substr(0, space);
  auto* const segment = find_bus(rack, name);
  if (segment == nullptr) {
    return error_line({base::Code::kNotFound,
                       fmt::format("there is no bus '{}'", base::printable(name, 64)),
                       {},
                       "Ask for list."});
  }
  return run_all(*segment, *rack.world,
                 space == std::string_view::npos ? std::string_view{} : text.substr(space + 1));
}

LineService smbus_door(Rack& rack) {
  return {fmt::format("weft-smbus {} simulated", kSmbusDoorVersion),
          [&rack](std::string_view line) { return answer_smbus(rack, line); }};
}

}  // namespace weft::twin::door
