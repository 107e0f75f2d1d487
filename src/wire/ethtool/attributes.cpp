// SPDX-License-Identifier: Apache-2.0
#include "wire/ethtool/attributes.h"

#include "base/text.h"

#include <algorithm>

namespace weft::wire::ethtool {
namespace {

constexpr std::size_t kHeaderBytes = 4;
constexpr std::uint16_t kTypeMask = 0x3FFF;  // NLA_TYPE_MASK

}  // namespace

std::optional<std::uint8_t> Attribute::u8() const {
  return payload.size() == 1 ? std::optional(payload[0]) : std::nullopt;
}

std::optional<std::uint32_t> Attribute::u32() const {
  if (payload.size() != 4) {
    return std::nullopt;
  }
  return static_cast<std::uint32_t>(*base::read_le(payload, 0, 4));
}

std::optional<std::uint64_t> Attribute::u64() const {
  return payload.size() == 8 ? base::read_le(payload, 0, 8) : std::nullopt;
}

std::optional<std::uint64_t> Attribute::uint() const {
  if (payload.size() != 4 && payload.size() != 8) {
    return std::nullopt;
  }
  return base::read_le(payload, 0, payload.size());
}

std::string Attribute::text() const {
  const auto chars = base::as_text(payload);
  return base::printable(chars.substr(0, chars.find('\0')));
}

std::optional<Attribute> AttributeReader::next() {
  if (rest_.empty()) {
    return std::nullopt;
  }
  const auto length = base::read_le(rest_, 0, 2);
  const auto type = base::read_le(rest_, 2, 2);
  if (!length || !type || *length < kHeaderBytes || *length > rest_.size()) {
    is_garbled_ = true;
    rest_ = {};
    return std::nullopt;
  }
  Attribute attribute;
  attribute.type = static_cast<std::uint16_t>(*type & kTypeMask);
  attribute.payload = rest_.subspan(kHeaderBytes, *length - kHeaderBytes);
  const std::size_t padded = (*length + 3) & ~std::size_t{3};
  rest_ = rest_.subspan(std::min(padded, rest_.size()));
  return attribute;
}

std::optional<Attribute> find(base::ByteView bytes, std::uint16_t type) {
  AttributeReader reader(bytes);
  while (auto attribute = reader.next()) {
    if (attribute->type == type) {
      return attribute;
    }
  }
  return std::nullopt;
}

}  // namespace weft::wire::ethtool
