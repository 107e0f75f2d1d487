// SPDX-License-Identifier: Apache-2.0
#include "wire/flit/ualink_flit.h"

#include "base/bytes.h"

#include <algorithm>

namespace weft::wire::flit {

namespace ualink_impl {
namespace {

using fec::Symbol;

constexpr std::size_t kBlockBits = 256;
constexpr std::size_t kLineBlockBits = kBlockBits + 1;
constexpr std::size_t kSymbolBits = 10;
constexpr std::size_t kMessageSymbols = 514;
static_assert(kFlit640Bytes * 8 / kBlockBits * kLineBlockBits == kMessageSymbols * kSymbolBits);

std::uint32_t crc32(std::span<const std::uint8_t> bytes, std::uint32_t polynomial) {
  std::uint32_t rest = 0xFFFFFFFF;
  for (const std::uint8_t byte : bytes) {
    rest ^= byte;
    for (int bit = 0; bit < 8; ++bit) {
      rest = rest >> 1U ^ ((rest & 1U) != 0 ? polynomial : 0);
    }
  }
  return ~rest;
}

bool get_bit(const Flit640& flit, std::size_t bit) {
  return (flit[bit / 8] >> (bit % 8) & 1U) != 0;
}

}  // namespace
}  // namespace ualink_impl

void write_header(const UalinkHeader& header, Flit640& flit) {
  const std::uint32_t bits = (header.operation & 7U) << 21U | (header.sequence & 0x1FFU) << 12U |
                             (header.has_payload ? 1U << 11U : 0U) | (header.acknowledged & 0x1FFU);
  (void)base::write_le(flit, 0, kUalinkHeaderBytes, bits);  // fits by its type
}

UalinkHeader read_header(const Flit640& flit) {
  const auto bits = base::read_le(flit, 0, kUalinkHeaderBytes).value_or(0);
  return {static_cast<std::uint8_t>(bits >> 21U & 7U),
          static_cast<std::uint16_t>(bits >> 12U & 0x1FFU), (bits >> 11U & 1U) != 0,
          static_cast<std::uint16_t>(bits & 0x1FFU)};
}

void seal_flit640(Flit640& flit, std::uint32_t polynomial) {
  const auto crc =
      ualink_impl::crc32(std::span<const std::uint8_t>(flit).first(kUalinkCrcAt), polynomial);
  (void)base::write_le(flit, kUalinkCrcAt, 4, crc);
}

bool is_flit640_right(const Flit640& flit, std::uint32_t polynomial) {
  const auto crc =
      ualink_impl::crc32(std::span<const std::uint8_t>(flit).first(kUalinkCrcAt), polynomial);
  return base::read_le(flit, kUalinkCrcAt, 4) == crc;
}

UalinkCodeword encode_codeword(const Flit640& flit) {
  using namespace ualink_impl;
  UalinkCodeword codeword{};
  std::size_t at = 0;
  const auto put = [&](bool bit) {
    Symbol& symbol = codeword[at / kSymbolBits];
    symbol = static_cast<Symbol>(symbol | (bit ? 1U : 0U) << (at % kSymbolBits));
    ++at;
  };
  for (std::size_t bit = 0; bit < kFlit640Bytes * 8; ++bit) {
    if (bit % kBlockBits == 0) {
      put(true);
    }
    put(get_bit(flit, bit));
  }
  (void)fec::kp4().encode(codeword);  // 544 symbols by its type
  return codeword;
}

base::Result<UalinkCheck> decode_codeword(std::span<const fec::Symbol> received,
                                          std::uint32_t polynomial) {
  using namespace ualink_impl;
  UalinkCodeword codeword{};
  if (received.size() != codeword.size()) {
    return base::fail(base::Code::kInvalidArgument, "a codeword has 544 symbols",
                      "UALink flit codec");
  }
  std::copy(received.begin(), received.end(), codeword.begin());
  const auto outcome = fec::kp4().decode(codeword);
  UalinkCheck found;
  found.is_codeword = outcome && outcome->is_codeword;
  found.corrected_symbols = outcome ? outcome->corrected : 0;
  found.are_blocks_data = true;
  std::size_t to = 0;
  for (std::size_t at = 0; at < kMessageSymbols * kSymbolBits; ++at) {
    const unsigned bit = codeword[at / kSymbolBits] >> (at % kSymbolBits) & 1U;
    if (at % kLineBlockBits == 0) {
      found.are_blocks_data = found.are_blocks_data && bit == 1;
      continue;
    }
    found.flit[to / 8] = static_cast<std::uint8_t>(found.flit[to / 8] | bit << (to % 8));
    ++to;
  }
  found.is_crc_right = is_flit640_right(found.flit, polynomial);
  found.is_accepted = found.is_codeword && found.are_blocks_data && found.is_crc_right;
  return found;
}

}  // namespace weft::wire::flit
