// SPDX-License-Identifier: Apache-2.0
// How a transaction of each kind goes over the wires, byte by byte.
#include "twin/smbus/segment.h"

#include "wire/smbus/pec.h"

#include <algorithm>
#include <array>
#include <string>

namespace weft::twin::smbus {
namespace {

using base::Code;
using bus::SmbusKind;

/// What is written and what is read in each kind.
struct Shape {
  bool has_command = true;
  bool is_block_out = false;  // a count goes before the data
  std::size_t out_min = 0;    // bytes of data
  std::size_t out_max = 0;
  bool is_read = false;
  bool is_block_in = false;
  std::size_t in = 0;  // bytes of answer where it is no block
};
constexpr std::size_t kBlockMax = 255;

constexpr std::array<Shape, 12> kShapes{{
    {.has_command = false},                                      // kQuickWrite
    {.has_command = false, .is_read = true},                     // kQuickRead
    {.has_command = false, .out_min = 1, .out_max = 1},          // kSendByte
    {.has_command = false, .is_read = true, .in = 1},            // kReceiveByte
    {.out_min = 1, .out_max = 1},                                // kWriteByte
    {.is_read = true, .in = 1},                                  // kReadByte
    {.out_min = 2, .out_max = 2},                                // kWriteWord
    {.is_read = true, .in = 2},                                  // kReadWord
    {.out_min = 2, .out_max = 2, .is_read = true, .in = 2},      // kProcessCall
    {.is_block_out = true, .out_min = 1, .out_max = kBlockMax},  // kWriteBlock
    {.is_read = true, .is_block_in = true},                      // kReadBlock
    {.is_block_out = true,
     .out_min = 1,
     .out_max = kBlockMax,  // kBlockProcessCall
     .is_read = true,
     .is_block_in = true},
}};

const Shape& shape(SmbusKind kind) {
  return kShapes[static_cast<std::size_t>(kind)];
}

std::string hex_address(std::uint8_t address) {
  constexpr std::string_view digits = "0123456789abcdef";
  return {'0', 'x', digits[address >> 4U], digits[address & 0xFU]};
}

}  // namespace

base::Result<void> Segment::start(std::uint8_t address, bool is_read) {
  crc_ = wire::smbus::pec(crc_, wire::smbus::address_byte(address, is_read));
  listening_.clear();
  for (Target* target : targets_) {
    if (target->holds_bus()) {
      ++errors_.stuck;
      return base::fail(Code::kDeadlineExceeded, "the bus is stuck: a target holds a wire down",
                        name_, "clear the bus, or reset what hangs on it");
    }
  }
  for (Target* target : targets_) {
    if (target->start(address, is_read)) {
      listening_.push_back(target);
      if (std::find(touched_.begin(), touched_.end(), target) == touched_.end()) {
        touched_.push_back(target);
      }
    }
  }
  if (listening_.empty()) {
    ++errors_.address_nak;
    return base::fail(Code::kUnavailable, "nobody acknowledged the address",
                      name_ + " at " + hex_address(address));
  }
  return {};
}

bool Segment::put(std::uint8_t byte) {
  crc_ = wire::smbus::pec(crc_, byte);
  bool is_acknowledged = false;
  for (Target* target : listening_) {
    is_acknowledged = target->write(byte) || is_acknowledged;
  }
  return is_acknowledged;
}

std::uint8_t Segment::get() {
  std::array<std::uint8_t, 16> said{};
  std::uint8_t seen = 0xFF;
  const std::size_t speakers = std::min(listening_.size(), said.size());
  for (std::size_t i = 0; i < speakers; ++i) {
    said[i] = listening_[i]->read();
    seen &= said[i];
  }
  if (speakers > 1) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < speakers; ++i) {
      if (said[i] == seen) {
        listening_[kept++] = listening_[i];
      } else {
        listening_[i]->stop();
        std::erase(touched_, listening_[i]);
      }
    }
    listening_.resize(kept);
  }
  crc_ = wire::smbus::pec(crc_, seen);
  return seen;
}

void Segment::stop() {
  for (Target* target : touched_) {
    target->stop();
  }
  touched_.clear();
  listening_.clear();
  crc_ = 0;
}

void Segment::bus_clear() {
  for (Target* target : targets_) {
    target->bus_clear();
  }
}

base::Result<void> Segment::put_all(base::ByteView bytes) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (!put(bytes[i])) {
      ++errors_.data_nak;
      return base::fail(Code::kUnavailable, "byte " + std::to_string(i) + " was not acknowledged",
                        name_);
    }
  }
  return {};
}

base::Result<void> Segment::transfer(std::span<Message> messages) {
  ++transactions_;
  crc_ = 0;
  base::Result<void> result;
  for (std::size_t i = 0; i < messages.size() && result; ++i) {
    Message& message = messages[i];
    result = start(message.address, message.is_read);
    if (result && message.is_read) {
      std::generate(message.bytes.begin(), message.bytes.end(), [this] { return get(); });
    } else if (result) {
      result = put_all(message.bytes);
    }
    if (!result) {
      result.error().where += ", message " + std::to_string(i);
    }
  }
  stop();
  return result;
}

base::Result<base::Bytes> Segment::run(const bus::SmbusTransaction& transaction) {
  const auto kind = static_cast<std::size_t>(transaction.kind);
  if (kind >= kShapes.size() || transaction.address > 0x7F) {
    return base::fail(Code::kInvalidArgument, "no such SMBus transaction", name_);
  }
  const Shape& is = shape(transaction.kind);
  if (transaction.data.size() < is.out_min || transaction.data.size() > is.out_max) {
    return base::fail(Code::kInvalidArgument,
                      std::to_string(transaction.data.size()) +
                          " bytes of data do not fit this kind of transaction",
                      name_);
  }
  ++transactions_;
  crc_ = 0;
  base::Result<base::Bytes> result = send(transaction);
  stop();
  return result;
}

base::Result<base::Bytes> Segment::send(const bus::SmbusTransaction& transaction) {
  const Shape& is = shape(transaction.kind);
  if (!is.has_command && is.is_read) {
    return start(transaction.address, true).and_then([&] { return receive(transaction); });
  }
  if (auto begun = start(transaction.address, false); !begun) {
    return tl::unexpected(begun.error());
  }
  base::Bytes out;
  if (is.has_command) {
    out.push_back(transaction.command);
  }
  if (is.is_block_out) {
    out.push_back(static_cast<std::uint8_t>(transaction.data.size()));
  }
  out.insert(out.end(), transaction.data.begin(), transaction.data.end());
  if (auto put_out = put_all(out); !put_out) {
    return tl::unexpected(put_out.error());
  }
  if (is.is_read) {
    return start(transaction.address, true).and_then([&] { return receive(transaction); });
  }
  if (transaction.pec && transaction.kind != SmbusKind::kQuickWrite && !put(crc_)) {
    ++errors_.pec;
    return base::fail(Code::kDataLoss, "the packet error code was not acknowledged", name_);
  }
  return base::Bytes{};
}

base::Result<base::Bytes> Segment::receive(const bus::SmbusTransaction& transaction) {
  const Shape& is = shape(transaction.kind);
  std::size_t count = is.in;
  if (is.is_block_in) {
    count = get();
    if (count == 0) {
      ++errors_.count;
      return base::fail(Code::kDataLoss, "a block answer says that it has no bytes", name_);
    }
  }
  base::Bytes answer(count);
  std::generate(answer.begin(), answer.end(), [this] { return get(); });
  if (transaction.pec && transaction.kind != SmbusKind::kQuickRead) {
    const std::uint8_t right = crc_;
    if (get() != right) {
      ++errors_.pec;
      return base::fail(Code::kDataLoss, "the packet error code of the answer is wrong", name_,
                        "read again");
    }
  }
  return answer;
}

}  // namespace weft::twin::smbus
