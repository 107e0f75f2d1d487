// SPDX-License-Identifier: Apache-2.0
#include "wire/retimer/access.h"

#include <string>

namespace weft::wire::retimer {
namespace {

using base::Code;

constexpr std::uint8_t kPec = 0x80;
constexpr std::uint8_t kStart = 0x02;
constexpr std::uint8_t kEnd = 0x01;
constexpr std::uint8_t kReserved = 0x60;
constexpr unsigned kFunctionShift = 2;
constexpr std::uint8_t kFunctionMask = 0x07;

enum Function : std::uint8_t {
  kIntelRead = 0,
  kIntelWrite = 1,
  kAsteraRead = 2,
  kAsteraWrite = 3,
};

constexpr std::uint8_t kConfigWrite = 0x40;
constexpr std::size_t kIntelHead = 2;
constexpr std::size_t kAsteraHead = 3;

tl::unexpected<base::Error> wrong(std::string what) {
  return base::fail(Code::kInvalidArgument, std::move(what), "retimer register access");
}

base::Result<Access> decode_intel(bool is_write, base::ByteView block) {
  Access access{.format = Format::kIntel, .is_write = is_write, .length = kIntelReadMax};
  if (block.size() < kIntelHead) {
    return wrong("a block of " + std::to_string(block.size()) + " bytes has no address");
  }
  access.address = static_cast<std::uint32_t>(block[0] | block[1] << 8U);
  const base::ByteView data = block.subspan(kIntelHead);
  if (is_write ? data.empty() || data.size() > kWriteMax : !data.empty()) {
    return wrong(std::to_string(data.size()) + " bytes of data do not fit");
  }
  access.data.assign(data.begin(), data.end());
  if (is_write) {
    access.length = data.size();
  }
  return access;
}

base::Result<Access> decode_astera(bool is_write, base::ByteView block) {
  if (block.size() < kAsteraHead) {
    return wrong("a block of " + std::to_string(block.size()) + " bytes has no address");
  }
  const std::uint8_t config = block[0];
  if (((config & kConfigWrite) != 0) != is_write) {
    return wrong("the configuration byte says another direction than the command");
  }
  Access access{.format = Format::kAstera, .is_write = is_write};
  access.address =
      static_cast<std::uint32_t>((config & 1U) << 16U | unsigned{block[1]} << 8U | block[2]);
  access.length = ((config >> 1U) & 0x0FU) + 1U;
  const base::ByteView data = block.subspan(kAsteraHead);
  if (data.size() != (is_write ? access.length : 0) || (is_write && data.size() > kWriteMax)) {
    return wrong(std::to_string(data.size()) + " bytes of data do not fit");
  }
  access.data.assign(data.begin(), data.end());
  return access;
}

}  // namespace

std::uint8_t encode(const Command& command) {
  const bool is_intel = command.format == Format::kIntel;
  const bool is_write = command.step == Step::kWrite;
  const auto function = static_cast<unsigned>(is_intel ? (is_write ? kIntelWrite : kIntelRead)
                                                       : (is_write ? kAsteraWrite : kAsteraRead));
  unsigned byte = function << kFunctionShift;
  byte |= command.step != Step::kReadData ? kStart : 0U;
  byte |= command.step != Step::kReadSetup ? kEnd : 0U;
  byte |= command.has_pec ? kPec : 0U;
  return static_cast<std::uint8_t>(byte);
}

base::Result<Command> decode_command(std::uint8_t byte) {
  const std::uint8_t function = (byte >> kFunctionShift) & kFunctionMask;
  const bool starts = (byte & kStart) != 0;
  const bool ends = (byte & kEnd) != 0;
  if (function > kAsteraWrite || (byte & kReserved) != 0 || (!starts && !ends)) {
    return wrong("command byte " + std::to_string(byte) + " is not one of a retimer's");
  }
  Command command;
  command.format = function <= kIntelWrite ? Format::kIntel : Format::kAstera;
  command.has_pec = (byte & kPec) != 0;
  if (function == kIntelWrite || function == kAsteraWrite) {
    if (!starts || !ends) {
      return wrong("a write that does not start and end in one transaction");
    }
    command.step = Step::kWrite;
    return command;
  }
  if (starts && ends && command.format == Format::kIntel) {
    return wrong("a process call in Intel format");
  }
  command.step = starts ? (ends ? Step::kReadCall : Step::kReadSetup) : Step::kReadData;
  return command;
}

base::Result<base::Bytes> encode_block(const Access& access) {
  const std::size_t length = access.is_write ? access.data.size() : access.length;
  const std::size_t longest = access.is_write ? kWriteMax : read_max(access.format);
  if (length == 0 || length > longest) {
    return wrong(std::to_string(length) + " bytes, where 1 to " + std::to_string(longest) +
                 " go into one access");
  }
  const bool is_intel = access.format == Format::kIntel;
  if (access.address > (is_intel ? 0xFFFFU : kAddressMax)) {
    return wrong("address " + std::to_string(access.address) + " does not fit the format");
  }
  const auto low = static_cast<std::uint8_t>(access.address);
  const auto high = static_cast<std::uint8_t>(access.address >> 8U);
  base::Bytes block;
  if (is_intel) {
    block = {low, high};
  } else {
    const auto config = static_cast<std::uint8_t>((access.is_write ? kConfigWrite : 0U) |
                                                  (length - 1) << 1U | access.address >> 16U);
    block = {config, high, low};
  }
  block.insert(block.end(), access.data.begin(), access.data.end());
  return block;
}

base::Result<Access> decode_block(const Command& command, base::ByteView block) {
  const bool is_write = command.step == Step::kWrite;
  if (command.step == Step::kReadData) {
    return wrong("a block where only an answer belongs");
  }
  return command.format == Format::kIntel ? decode_intel(is_write, block)
                                          : decode_astera(is_write, block);
}

base::Bytes encode_answer(const Access& access, base::ByteView data) {
  base::Bytes block;
  block.reserve(kIntelHead + data.size());
  if (access.format == Format::kIntel) {
    block.push_back(static_cast<std::uint8_t>(access.address));
    block.push_back(static_cast<std::uint8_t>(access.address >> 8U));
  }
  // By push_back: gcc 12 warns falsely of an insert behind an assignment, once it inlines both.
  for (const std::uint8_t byte : data) {
    block.push_back(byte);
  }
  return block;
}

base::Result<base::Bytes> decode_answer(const Access& access, base::ByteView block) {
  const bool is_intel = access.format == Format::kIntel;
  const std::size_t wanted = is_intel ? kIntelHead + kIntelReadMax : access.length;
  if (block.size() != wanted) {
    return base::fail(
        Code::kDataLoss,
        "an answer of " + std::to_string(block.size()) + " bytes, not " + std::to_string(wanted),
        "retimer register access", "another controller came between: read again");
  }
  if (is_intel && static_cast<std::uint32_t>(block[0] | block[1] << 8U) != access.address) {
    return base::fail(Code::kDataLoss, "the answer is of another address",
                      "retimer register access", "another controller came between: read again");
  }
  const base::ByteView data = is_intel ? block.subspan(kIntelHead, access.length) : block;
  return base::Bytes(data.begin(), data.end());
}

}  // namespace weft::wire::retimer
