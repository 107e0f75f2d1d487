// SPDX-License-Identifier: Apache-2.0
#include "wire/fec/hamming.h"

#include "wire/fec/galois.h"

namespace weft::wire::fec {

base::Result<InnerHamming> InnerHamming::create(std::uint32_t polynomial) {
  const auto field = GaloisField::create(7, polynomial);
  if (!field) {
    return base::fail(base::Code::kInvalidArgument,
                      "generator is not a primitive polynomial of degree 7", "Hamming(128,120)");
  }
  InnerHamming code;
  // Cyclic (127,120): bit i of the message is the coefficient of x^(126 - i), so its column is
  // x^(126 - i) mod g; bits 120 to 126 are x^6 to x^0; bit 127 is parity alone.
  for (std::size_t i = 0; i + 1 < kBits; ++i) {
    code.column_[i] = static_cast<std::uint8_t>(field->alpha(126 - i) | 0x80U);
  }
  code.column_[kBits - 1] = 0x80;
  code.position_.fill(kBits);
  for (std::size_t i = 0; i < kBits; ++i) {
    code.position_[code.column_[i]] = static_cast<std::uint8_t>(i);
  }
  for (std::size_t byte = 0; byte < kBits / 8; ++byte) {
    for (std::size_t value = 0; value < 256; ++value) {
      std::uint8_t sum = 0;
      for (std::size_t bit = 0; bit < 8; ++bit) {
        sum = static_cast<std::uint8_t>(
            sum ^ ((value >> bit & 1U) != 0 ? code.column_[byte * 8 + bit] : 0));
      }
      code.byte_[byte][value] = sum;
    }
  }
  return code;
}

unsigned InnerHamming::checks(const Block& block) const {
  unsigned sum = 0;
  for (std::size_t byte = 0; byte < kBits / 8; ++byte) {
    sum ^= byte_[byte][block[byte / 8] >> (byte % 8 * 8) & 0xFFU];
  }
  return sum;
}

InnerHamming::Block InnerHamming::encode(Block message) const {
  Block block = message;
  block[1] &= (std::uint64_t{1} << (kMessageBits - 64)) - 1;
  const unsigned sum = checks(block) & 0x7FU;
  // Columns of bits 120 to 126 are x^6 to x^0.
  for (unsigned i = 0; i < 7; ++i) {
    block[1] |= std::uint64_t{sum >> (6 - i) & 1U} << (kMessageBits - 64 + i);
  }
  block[1] |= std::uint64_t{checks(block) >> 7U} << 63U;
  return block;
}

InnerHamming::Outcome InnerHamming::decode(Block& block) const {
  const unsigned sum = checks(block);
  if (sum == 0) {
    return {true, 0};
  }
  const std::size_t at = position_[sum];
  if (at == kBits) {
    return {false, 0};
  }
  block[at / 64] ^= std::uint64_t{1} << (at % 64);
  return {true, 1};
}

}  // namespace weft::wire::fec
