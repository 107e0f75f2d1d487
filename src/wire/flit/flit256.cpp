// SPDX-License-Identifier: Apache-2.0
#include "wire/flit/flit256.h"

#include <algorithm>
#include <utility>

namespace weft::wire::flit {

namespace flit256_impl {
namespace {

using fec::Symbol;

constexpr std::size_t kLongWord = 86;
constexpr std::size_t kShortWord = 85;
constexpr std::size_t kCheckBytes = 2;

base::Result<void> check_size(std::span<const std::uint8_t> flit) {
  if (flit.size() != kFlit256Bytes) {
    return base::fail(base::Code::kInvalidArgument, "a flit has 256 bytes", "flit codec");
  }
  return {};
}

/// Bytes of one ECC word, first byte first; check bytes are the last two of the word.
struct Word {
  std::array<Symbol, kLongWord> symbols{};
  std::size_t size = 0;

  [[nodiscard]] std::span<Symbol> span() { return {symbols.data(), size}; }
};

Word gather(std::span<const std::uint8_t> flit, std::size_t word) {
  Word gathered;
  for (std::size_t i = word; i < kFlit256Bytes; i += kEccWords) {
    gathered.symbols[gathered.size++] = flit[i];
  }
  return gathered;
}

void scatter(const Word& gathered, std::span<std::uint8_t> flit, std::size_t word) {
  for (std::size_t i = 0; i < gathered.size; ++i) {
    flit[word + i * kEccWords] = static_cast<std::uint8_t>(gathered.symbols[i]);
  }
}

std::array<Symbol, kEccAt> crc_word(std::span<const std::uint8_t> flit) {
  std::array<Symbol, kEccAt> symbols{};
  std::copy_n(flit.begin(), kEccAt, symbols.begin());
  return symbols;
}

}  // namespace
}  // namespace flit256_impl

base::Result<Flit256Codec> Flit256Codec::create(const Polynomials& polynomials) {
  using namespace flit256_impl;
  const auto crc_field = fec::GaloisField::create(8, polynomials.crc);
  const auto ecc_field = fec::GaloisField::create(8, polynomials.ecc);
  if (!crc_field || !ecc_field) {
    return base::fail(base::Code::kInvalidArgument, "not a primitive polynomial of degree 8",
                      "flit codec", "Known ones are 0x12B and 0x11D.");
  }
  auto crc = fec::ReedSolomon::create(*crc_field, {kEccAt, kCrcAt, 1});
  auto long_word = fec::ReedSolomon::create(*ecc_field, {kLongWord, kLongWord - kCheckBytes, 0});
  auto short_word = fec::ReedSolomon::create(*ecc_field, {kShortWord, kShortWord - kCheckBytes, 0});
  return Flit256Codec(std::move(*crc), std::move(*long_word), std::move(*short_word));
}

base::Result<void> Flit256Codec::encode(std::span<std::uint8_t> flit) const {
  using namespace flit256_impl;
  if (auto ok = check_size(flit); !ok) {
    return ok;
  }
  auto crc = crc_word(flit);
  (void)crc_.encode(crc);  // sizes fit by construction, here and below
  for (std::size_t i = 0; i < kCrcBytes; ++i) {
    flit[kCrcAt + i] = static_cast<std::uint8_t>(crc[kCrcAt + i]);
  }
  for (std::size_t word = 0; word < kEccWords; ++word) {
    Word gathered = gather(flit, word);
    (void)word_code(word).encode(gathered.span());
    scatter(gathered, flit, word);
  }
  return {};
}

base::Result<FlitCheck> Flit256Codec::decode(std::span<std::uint8_t> flit) const {
  using namespace flit256_impl;
  if (auto ok = check_size(flit); !ok) {
    return tl::unexpected(std::move(ok).error());
  }
  FlitCheck found;
  bool are_words_decoded = true;
  for (std::size_t word = 0; word < kEccWords; ++word) {
    Word gathered = gather(flit, word);
    const auto outcome = word_code(word).decode(gathered.span());
    found.is_word_decoded[word] = outcome && outcome->is_codeword;
    are_words_decoded = are_words_decoded && found.is_word_decoded[word];
    if (outcome && outcome->corrected > 0) {
      found.corrected_bytes += outcome->corrected;
      scatter(gathered, flit, word);
    }
  }
  found.is_crc_right = crc_.is_codeword(crc_word(flit));
  found.is_accepted = are_words_decoded && found.is_crc_right;
  return found;
}

}  // namespace weft::wire::flit
