// SPDX-License-Identifier: Apache-2.0
// Protocol buffers' wire format (protobuf.dev, "Encoding"): a message is a row of fields, each a
// number, a wire type and a value; which field means what is the caller's knowledge. Both ways,
// without generated code. The reader takes hostile bytes: it never reads past their end, keeps
// nothing, and refuses groups (wire types 3 and 4, gone since proto3).
#pragma once

#include "base/bytes.h"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weft::wire::protobuf {

enum class Type : std::uint8_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

struct Field {
  std::uint32_t number = 0;
  Type type = Type::kVarint;
  std::uint64_t value = 0;  ///< kVarint, kFixed64, kFixed32
  base::ByteView bytes;     ///< kBytes: a string, a message, packed values
};

/// sint32 and sint64: 0, -1, 1, -2 are written as 0, 1, 2, 3.
[[nodiscard]] constexpr std::int64_t from_zigzag(std::uint64_t value) {
  return static_cast<std::int64_t>(value >> 1U) ^ -static_cast<std::int64_t>(value & 1U);
}

/// Reads a message field by field, or a file of messages that each stand after their size.
class Reader {
 public:
  explicit Reader(base::ByteView bytes) : bytes_(bytes) {}
  [[nodiscard]] bool is_at_end() const { return at_ == bytes_.size(); }
  [[nodiscard]] std::size_t offset() const { return at_; }

  /// nullopt where the bytes are no field.
  [[nodiscard]] std::optional<Field> next() {
    constexpr std::uint64_t kNumberMax = 0x1FFF'FFFF;
    const auto tag = varint();
    if (!tag || *tag >> 3U == 0 || *tag >> 3U > kNumberMax) {
      return std::nullopt;
    }
    Field field{static_cast<std::uint32_t>(*tag >> 3U), static_cast<Type>(*tag & 7U), 0, {}};
    if (field.type == Type::kBytes) {
      const auto bytes = delimited();
      field.bytes = bytes.value_or(base::ByteView());
      return bytes ? std::optional(field) : std::nullopt;
    }
    const auto value = field.type == Type::kVarint    ? varint()
                       : field.type == Type::kFixed64 ? fixed(8)
                       : field.type == Type::kFixed32 ? fixed(4)
                                                      : std::nullopt;
    field.value = value.value_or(0);
    return value ? std::optional(field) : std::nullopt;
  }

  /// Bits beyond the 64th of a tenth byte are dropped, as other decoders do.
  [[nodiscard]] std::optional<std::uint64_t> varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && at_ < bytes_.size(); shift += 7) {
      const std::uint64_t byte = bytes_[at_++];
      value |= (byte & 0x7FU) << shift;
      if (byte < 0x80) {
        return value;
      }
    }
    return std::nullopt;
  }

  /// A size and so many bytes.
  [[nodiscard]] std::optional<base::ByteView> delimited() {
    const auto size = varint();
    if (!size || *size > bytes_.size() - at_) {
      return std::nullopt;
    }
    const base::ByteView out = bytes_.subspan(at_, static_cast<std::size_t>(*size));
    at_ += out.size();
    return out;
  }

 private:
  std::optional<std::uint64_t> fixed(std::size_t width) {
    const auto value = base::read_le(bytes_, at_, width);
    at_ += value ? width : 0;
    return value;
  }

  base::ByteView bytes_;
  std::size_t at_ = 0;
};

/// Every field of a message to `see`; false where it is garbled or `see` says so.
template <class See>
[[nodiscard]] bool each_field(base::ByteView bytes, const See& see) {
  Reader reader(bytes);
  while (!reader.is_at_end()) {
    const auto field = reader.next();
    if (!field || !see(*field)) {
      return false;
    }
  }
  return true;
}

/// Every value of a repeated varint field, packed or one by one, to `see`; false as above.
template <class See>
[[nodiscard]] bool each_varint(const Field& field, const See& see) {
  if (field.type == Type::kVarint) {
    return see(field.value);
  }
  Reader reader(field.bytes);
  while (!reader.is_at_end()) {
    const auto value = reader.varint();
    if (!value || !see(*value)) {
      return false;
    }
  }
  return field.type == Type::kBytes;
}

inline void put_varint(std::uint64_t value, std::string& out) {
  while (value >= 0x80) {
    out += static_cast<char>(value | 0x80U);
    value >>= 7U;
  }
  out += static_cast<char>(value);
}

inline void put_tag(std::uint32_t number, Type type, std::string& out) {
  put_varint(std::uint64_t{number} << 3U | static_cast<std::uint64_t>(type), out);
}

inline void put_varint(std::uint32_t number, std::uint64_t value, std::string& out) {
  put_tag(number, Type::kVarint, out);
  put_varint(value, out);
}

inline void put_bytes(std::uint32_t number, std::string_view bytes, std::string& out) {
  put_tag(number, Type::kBytes, out);
  put_varint(bytes.size(), out);
  out += bytes;
}

inline void put_double(std::uint32_t number, double value, std::string& out) {
  put_tag(number, Type::kFixed64, out);
  const auto bits = std::bit_cast<std::uint64_t>(value);
  for (unsigned i = 0; i < 8; ++i) {
    out += static_cast<char>(bits >> (8 * i));
  }
}

}  // namespace weft::wire::protobuf
