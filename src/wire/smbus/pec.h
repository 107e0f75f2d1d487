// SPDX-License-Identifier: Apache-2.0
// The packet error code of SMBus 3.2 clause 6.4.1: CRC-8 with x^8 + x^2 + x + 1 (0x107), start 0,
// over every byte of a transaction, addresses with their direction bit included. Bus adapters,
// twins of targets and codecs use it.
#pragma once

#include "base/bytes.h"

#include <cstdint>

namespace weft::wire::smbus {

/// The code goes on from `crc`, so that a transaction can be fed byte by byte. 0 over a sequence
/// that ends with its right code.
[[nodiscard]] constexpr std::uint8_t pec(std::uint8_t crc, std::uint8_t byte) {
  unsigned value = crc ^ unsigned { byte };
  for (int bit = 0; bit < 8; ++bit) {
    value = ((value << 1U) ^ ((value & 0x80U) != 0 ? 0x07U : 0U)) & 0xFFU;
  }
  return static_cast<std::uint8_t>(value);
}
[[nodiscard]] constexpr std::uint8_t pec(base::ByteView bytes, std::uint8_t crc = 0) {
  for (const std::uint8_t byte : bytes) {
    crc = pec(crc, byte);
  }
  return crc;
}

/// The first byte on the wire: 7 bits of address, then 1 for a read.
[[nodiscard]] constexpr std::uint8_t address_byte(std::uint8_t address, bool is_read) {
  return static_cast<std::uint8_t>(unsigned{address} << 1U | (is_read ? 1U : 0U));
}

}  // namespace weft::wire::smbus
