// SPDX-License-Identifier: Apache-2.0
// Netlink attributes: type, length and payload, padded to four bytes, nested in one another. The
// decoders of ethtool replies and the live netlink source walk messages with this. Layout: struct
// nlattr of linux/netlink.h (uapi). Numbers are in the byte order of the machine that answered, and
// every machine we read is little-endian. A length that lies ends the walk; nothing is read past
// it.
#pragma once

#include "base/bytes.h"

#include <cstdint>
#include <optional>
#include <string>

namespace weft::wire::ethtool {

/// One attribute: NLA_F_NESTED and NLA_F_NET_BYTEORDER are taken off the type.
struct Attribute {
  std::uint16_t type = 0;
  base::ByteView payload;

  /// The payload as a number, if it has exactly this many bytes.
  [[nodiscard]] std::optional<std::uint8_t> u8() const;
  [[nodiscard]] std::optional<std::uint32_t> u32() const;
  [[nodiscard]] std::optional<std::uint64_t> u64() const;
  /// The payload as a number of 4 or 8 bytes (netlink's "uint").
  [[nodiscard]] std::optional<std::uint64_t> uint() const;
  /// The payload up to its first NUL, made printable.
  [[nodiscard]] std::string text() const;
};

/// Walks one level of attributes.
class AttributeReader {
 public:
  explicit AttributeReader(base::ByteView bytes) : rest_(bytes) {}

  /// The next attribute; nullopt at the end or where the bytes make no attribute.
  [[nodiscard]] std::optional<Attribute> next();
  /// Whether bytes remained that make no attribute.
  [[nodiscard]] bool is_garbled() const { return is_garbled_; }

 private:
  base::ByteView rest_;
  bool is_garbled_ = false;
};

/// The first attribute of this type at this level.
[[nodiscard]] std::optional<Attribute> find(base::ByteView bytes, std::uint16_t type);

}  // namespace weft::wire::ethtool
