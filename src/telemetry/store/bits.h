// SPDX-License-Identifier: Apache-2.0
// How the store's formats put numbers into bytes: LEB128 for sizes, zigzag for signed ones, and
// bits packed least significant first. Writers append to a vector; readers check every length
// against what is left and, once they ran out, stay failed and give zeros. Format:
// docs/formats/store.md.
#pragma once

#include "base/bytes.h"

#include <algorithm>
#include <array>
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

inline constexpr std::size_t kVarintMost = 10;

/// At `out`, which has room for kVarintMost; how many bytes it took.
inline std::size_t write_varint(std::uint8_t* out, std::uint64_t value) {
  std::size_t size = 0;
  for (; value >= 0x80; value >>= 7) {
    out[size++] = static_cast<std::uint8_t>(value | 0x80);
  }
  out[size++] = static_cast<std::uint8_t>(value);
  return size;
}
inline void put_varint(base::Bytes& out, std::uint64_t value) {
  std::array<std::uint8_t, kVarintMost> bytes;
  const std::size_t size = write_varint(bytes.data(), value);
  out.insert(out.end(), bytes.data(), bytes.data() + size);
}
inline void put_u64(base::Bytes& out, std::uint64_t value) {
  std::array<std::uint8_t, 8> bytes;
  for (unsigned i = 0; i < 8; ++i) {
    bytes[i] = static_cast<std::uint8_t>(value >> (8 * i));
  }
  out.insert(out.end(), bytes.begin(), bytes.end());
}
inline void put_text(base::Bytes& out, std::string_view text) {
  put_varint(out, text.size());
  out.insert(out.end(), text.begin(), text.end());
}

/// Bytes that grow by a check a number and not one a byte: what every point of the log goes
/// through.
class ByteColumn {
 public:
  void put_varint(std::uint64_t value) {
    make_room(kVarintMost);
    size_ += write_varint(bytes_.data() + size_, value);
  }
  void put_u64(std::uint64_t value) {
    make_room(8);
    for (unsigned i = 0; i < 8; ++i) {
      bytes_[size_++] = static_cast<std::uint8_t>(value >> (8 * i));
    }
  }
  void put_byte(std::uint8_t value) {
    make_room(1);
    bytes_[size_++] = value;
  }
  void put_text(std::string_view text) {
    put_varint(text.size());
    make_room(text.size());
    std::copy(text.begin(), text.end(), bytes_.begin() + static_cast<std::ptrdiff_t>(size_));
    size_ += text.size();
  }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] base::ByteView view() const { return base::ByteView(bytes_).first(size_); }
  void clear() { size_ = 0; }

 private:
  void make_room(std::size_t more) {
    if (bytes_.size() - size_ < more) {
      bytes_.resize(2 * bytes_.size() + more);
    }
  }

  base::Bytes bytes_;  ///< the first `size_` are ours, the rest is room
  std::size_t size_ = 0;
};

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
