// SPDX-License-Identifier: Apache-2.0
// How the store's formats put numbers into bytes: LEB128 for sizes, zigzag for signed ones, and
// bits packed least significant first. Writers append to a vector; readers check every length
// against what is left and, once they ran out, stay failed and give zeros. Format:
// docs/formats/store.md.
#pragma once

#include "base/bytes.h"

#include <bit>
#include <cstring>
#include <string>
#include <string_view>

namespace weft::telemetry::store_parts {

[[nodiscard]] constexpr std::uint64_t zigzag(std::uint64_t difference) {
  return difference << 1 ^ (0 - (difference >> 63));
}
[[nodiscard]] constexpr std::uint64_t unzigzag(std::uint64_t coded) {
  return coded >> 1 ^ (0 - (coded & 1));
}
[[nodiscard]] constexpr std::size_t varint_size(std::uint64_t value) {
  std::size_t size = 1;
  for (; value >= 0x80; value >>= 7) {
    ++size;
  }
  return size;
}

inline void put_varint(base::Bytes& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) {
    out.push_back(static_cast<std::uint8_t>(value | 0x80));
  }
  out.push_back(static_cast<std::uint8_t>(value));
}
inline void put_u64(base::Bytes& out, std::uint64_t value) {
  for (unsigned i = 0; i < 8; ++i) {
    out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
  }
}
inline void put_text(base::Bytes& out, std::string_view text) {
  put_varint(out, text.size());
  out.insert(out.end(), text.begin(), text.end());
}

/// Reads what the functions above wrote.
class ByteReader {
 public:
  explicit ByteReader(base::ByteView bytes) : bytes_(bytes) {}

  [[nodiscard]] std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (at_ >= bytes_.size()) {
        break;
      }
      const std::uint8_t byte = bytes_[at_++];
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if ((byte & 0x80) == 0) {
        return value;
      }
    }
    failed_ = true;
    return 0;
  }
  [[nodiscard]] std::uint8_t byte() {
    if (at_ >= bytes_.size()) {
      failed_ = true;
      return 0;
    }
    return bytes_[at_++];
  }
  [[nodiscard]] std::uint64_t u64() {
    const auto value = base::read_le(bytes_, at_, 8);
    if (!value) {
      failed_ = true;
      return 0;
    }
    at_ += 8;
    return *value;
  }
  [[nodiscard]] base::ByteView take(std::uint64_t size) {
    if (size > left()) {
      failed_ = true;
      return {};
    }
    const base::ByteView taken = bytes_.subspan(at_, static_cast<std::size_t>(size));
    at_ += static_cast<std::size_t>(size);
    return taken;
  }
  [[nodiscard]] std::string text() { return std::string(base::as_text(take(varint()))); }
  [[nodiscard]] base::ByteView rest() const { return bytes_.subspan(at_); }
  [[nodiscard]] std::size_t left() const { return bytes_.size() - at_; }
  [[nodiscard]] bool failed() const { return failed_; }
  void fail() { failed_ = true; }

 private:
  base::ByteView bytes_;
  std::size_t at_ = 0;
  bool failed_ = false;
};

/// Bits, the first in the lowest place; finish() fills up the last byte.
class BitWriter {
 public:
  explicit BitWriter(base::Bytes& out) : out_(&out) {}

  /// @pre width <= 64 and value < 2^width
  void put(std::uint64_t value, unsigned width) {
    pending_ |= value << used_;
    if (used_ + width < 64) {
      used_ += width;
      return;
    }
    put_u64(*out_, pending_);
    const unsigned written = 64 - used_;
    pending_ = written < 64 ? value >> written : 0;
    used_ = width - written;
  }
  void finish() {
    for (; used_ > 0; used_ -= used_ < 8 ? used_ : 8) {
      out_->push_back(static_cast<std::uint8_t>(pending_));
      pending_ >>= 8;
    }
    pending_ = 0;
  }

 private:
  base::Bytes* out_;
  std::uint64_t pending_ = 0;
  unsigned used_ = 0;  ///< bits in `pending_`, always below 64
};

class BitReader {
 public:
  explicit BitReader(base::ByteView bytes) : bytes_(bytes) {}

  /// The next 57 bits or more, without moving on; zeros stand behind the end.
  [[nodiscard]] std::uint64_t peek() const {
    const std::size_t byte = at_ >> 3;
    std::uint64_t word = 0;
    if (byte + 8 <= bytes_.size()) {
      std::memcpy(&word, bytes_.data() + byte, 8);
      if constexpr (std::endian::native == std::endian::big) {
        word = __builtin_bswap64(word);
      }
    } else {
      for (std::size_t i = byte; i < bytes_.size(); ++i) {
        word |= static_cast<std::uint64_t>(bytes_[i]) << (8 * (i - byte));
      }
    }
    return word >> (at_ & 7);
  }
  void skip(std::size_t bits) { at_ += bits; }
  [[nodiscard]] std::uint64_t get(unsigned width) {
    if (width > 57) {
      const std::uint64_t low = get(32);
      return low | get(width - 32) << 32;
    }
    const std::uint64_t value = peek() & ((1ULL << width) - 1);
    at_ += width;
    return value;
  }
  [[nodiscard]] bool failed() const { return at_ > bytes_.size() * 8; }
  /// Bytes used so far, the last one whole.
  [[nodiscard]] std::size_t bytes_used() const { return (at_ + 7) / 8; }

 private:
  base::ByteView bytes_;
  std::size_t at_ = 0;  ///< in bits
};

}  // namespace weft::telemetry::store_parts
