// SPDX-License-Identifier: Apache-2.0
#include "wire/fec/reed_solomon.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <utility>

namespace weft::wire::fec {

namespace {

constexpr std::uint32_t kField10 = 0x409;  // x^10 + x^3 + 1, 802.3 clause 91.5.2.7

const ReedSolomon& made(const RsShape& shape) {
  // The shapes are constants that create() accepts; both results are always there.
  static const GaloisField field = *GaloisField::create(10, kField10);
  const auto make = [&](const RsShape& wanted) { return *ReedSolomon::create(field, wanted); };
  static const ReedSolomon kp4_code = make({544, 514, 0});
  static const ReedSolomon kr4_code = make({528, 514, 0});
  return shape.n == 544 ? kp4_code : kr4_code;
}

}  // namespace

const ReedSolomon& kp4() {
  return made({544, 514, 0});
}
const ReedSolomon& kr4() {
  return made({528, 514, 0});
}

base::Result<ReedSolomon> ReedSolomon::create(const GaloisField& field, const RsShape& shape) {
  if (shape.k < 1 || shape.n <= shape.k || shape.n > field.order() ||
      shape.n - shape.k > kMaxParity) {
    return base::fail(base::Code::kInvalidArgument,
                      "a code needs 1 to 64 parity symbols and at most 2^m - 1 symbols",
                      "Reed-Solomon");
  }
  return ReedSolomon(field, shape);
}

ReedSolomon::ReedSolomon(const GaloisField& field, const RsShape& shape)
    : field_(field), shape_(shape) {
  words_ = (parity_symbols() * field_.bits() + 63) / 64;
  make_remainder_rows();
  make_syndrome_rows();
  make_root_cycles();
}

namespace {

constexpr std::size_t kPieceBits = 5;
constexpr std::size_t kPieceValues = 1U << kPieceBits;
constexpr std::size_t kSearchBlock = 16;  // positions tried at once
// Both compilers know it on every architecture: SSE2, NEON, or plain registers.
using EightSymbols [[gnu::vector_size(16)]] = Symbol;
constexpr EightSymbols kEightOnes = {1, 1, 1, 1, 1, 1, 1, 1};
constexpr std::size_t kChunkBitsMax = 60;  // below 64, so that no shift is by a whole word

/// Rows of a linear map whose input bits `image` maps to packed words: for each piece of 5 bits,
/// one row for each of its values.
template <class Image>
std::vector<std::uint64_t> rows_of(std::size_t input_bits, std::size_t words, const Image& image) {
  const std::size_t pieces = (input_bits + kPieceBits - 1) / kPieceBits;
  std::vector<std::uint64_t> rows(pieces * kPieceValues * words, 0);
  for (std::size_t bit = 0; bit < pieces * kPieceBits && bit < input_bits; ++bit) {
    const auto packed = image(bit);  // bit 0 is the first, in the top bit of the input
    const std::size_t in_piece = kPieceBits - 1 - bit % kPieceBits;
    for (std::size_t value = 0; value < kPieceValues; ++value) {
      if ((value >> in_piece & 1U) != 0) {
        std::uint64_t* row = &rows[(bit / kPieceBits * kPieceValues + value) * words];
        for (std::size_t w = 0; w < words; ++w) {
          row[w] ^= packed[w];
        }
      }
    }
  }
  return rows;
}

}  // namespace

ReedSolomon::Packed ReedSolomon::pack(const Polynomial& symbols) const {
  Packed packed{};
  const std::size_t bits = field_.bits();
  const std::uint64_t mask = field_.order();
  for (std::size_t i = 0, at = 0; i < parity_symbols(); ++i, at += bits) {
    const std::uint64_t value = (symbols[i] & mask) << (64 - bits);
    packed[at / 64] |= value >> (at % 64);
    if (at % 64 + bits > 64) {
      packed[at / 64 + 1] |= value << (64 - at % 64);
    }
  }
  return packed;
}

void ReedSolomon::make_remainder_rows() {
  const std::size_t bits = field_.bits();
  chunk_symbols_ = kChunkBitsMax / bits;
  chunk_pieces_ = (chunk_symbols_ * bits + kPieceBits - 1) / kPieceBits;
  const std::vector<Symbol> generator =
      generator_polynomial(field_, shape_.first_root, parity_symbols());
  // x^(2t + i) mod g for i = 0 to chunk - 1; each from the one before.
  std::vector<Polynomial> powers(chunk_symbols_);
  std::copy(generator.begin() + 1, generator.end(), powers[0].begin());
  for (std::size_t i = 1; i < chunk_symbols_; ++i) {
    const Polynomial& last = powers[i - 1];
    for (std::size_t j = 0; j < parity_symbols(); ++j) {
      powers[i][j] = static_cast<Symbol>(last[j + 1] ^ field_.multiply(last[0], generator[j + 1]));
    }
  }
  remainder_rows_ = rows_of(chunk_symbols_ * bits, words_, [&](std::size_t bit) {
    Polynomial image = powers[chunk_symbols_ - 1 - bit / bits];
    for (Symbol& symbol : image) {
      symbol = field_.multiply(symbol, field_.alpha(bits - 1 - bit % bits));
    }
    return pack(image);
  });
}

void ReedSolomon::make_syndrome_rows() {
  const std::size_t bits = field_.bits();
  syndrome_pieces_ = (parity_symbols() * bits + kPieceBits - 1) / kPieceBits;
  syndrome_rows_ = rows_of(parity_symbols() * bits, words_, [&](std::size_t bit) {
    const std::size_t power_of_x = parity_symbols() - 1 - bit / bits;
    Polynomial image{};
    for (std::size_t s = 0; s < parity_symbols(); ++s) {
      image[s] = field_.alpha(bits - 1 - bit % bits + power_of_x * (shape_.first_root + s));
    }
    return pack(image);
  });
}

void ReedSolomon::make_root_cycles() {
  const std::size_t order = field_.order();
  for (std::size_t j = 1; j <= t(); ++j) {
    RootCycles cycle;
    cycle.runs = std::gcd(j, order);
    cycle.run_length = order / cycle.runs;
    cycle.stride = cycle.run_length + shape_.n + kSearchBlock;
    for (cycle.inverse = 1;
         cycle.inverse * (j / cycle.runs) % cycle.run_length != 1 % cycle.run_length;) {
      ++cycle.inverse;
    }
    cycle.values.resize(cycle.runs * cycle.stride);
    for (std::size_t run = 0; run < cycle.runs; ++run) {
      for (std::size_t i = 0; i < cycle.stride; ++i) {
        cycle.values[run * cycle.stride + i] = field_.alpha(run + j * i);
      }
    }
    cycles_.push_back(std::move(cycle));
  }
}

template <std::size_t kWords>
ReedSolomon::Packed ReedSolomon::remainder(std::span<const Symbol> word) const {
  const std::size_t bits = field_.bits();
  const std::size_t chunk_bits = chunk_symbols_ * bits;
  const std::uint64_t mask = field_.order();
  std::array<std::uint64_t, kWords> rest{};
  // Zeros before the first symbol change nothing: the first chunk may be short.
  std::size_t take = word.size() % chunk_symbols_;
  take = take == 0 ? chunk_symbols_ : take;
  for (std::size_t at = 0; at < word.size(); at += take, take = chunk_symbols_) {
    std::uint64_t input = 0;
    for (std::size_t i = 0; i < take; ++i) {
      input = input << bits | (word[at + i] & mask);
    }
    input = input << (64 - chunk_bits) ^ rest[0];
#pragma GCC unroll 10
    for (std::size_t w = 0; w + 1 < kWords; ++w) {
      rest[w] = rest[w] << chunk_bits | rest[w + 1] >> (64 - chunk_bits);
    }
    rest[kWords - 1] <<= chunk_bits;
    const std::uint64_t* rows = remainder_rows_.data();
    for (std::size_t piece = 0; piece < chunk_pieces_; ++piece) {
      const std::uint64_t* row = rows + (input >> (64 - kPieceBits)) * kWords;
#pragma GCC unroll 10
      for (std::size_t w = 0; w < kWords; ++w) {
        rest[w] ^= row[w];
      }
      input <<= kPieceBits;
      rows += kPieceValues * kWords;
    }
  }
  Packed packed{};
  std::copy(rest.begin(), rest.end(), packed.begin());
  return packed;
}

ReedSolomon::Packed ReedSolomon::remainder_of(std::span<const Symbol> word) const {
  using Method = Packed (ReedSolomon::*)(std::span<const Symbol>) const;
  static constexpr Method kMethods[] = {&ReedSolomon::remainder<1>, &ReedSolomon::remainder<2>,
                                        &ReedSolomon::remainder<3>, &ReedSolomon::remainder<4>,
                                        &ReedSolomon::remainder<5>, &ReedSolomon::remainder<6>,
                                        &ReedSolomon::remainder<7>, &ReedSolomon::remainder<8>,
                                        &ReedSolomon::remainder<9>, &ReedSolomon::remainder<10>};
  return (this->*kMethods[words_ - 1])(word);
}

/// Highest power first in `packed`, and so in the result.
ReedSolomon::Polynomial ReedSolomon::unpack(const Packed& packed) const {
  const std::size_t bits = field_.bits();
  Polynomial symbols{};
  for (std::size_t i = 0; i < parity_symbols(); ++i) {
    const std::size_t at = i * bits;
    std::uint64_t value = packed[at / 64] << (at % 64);
    if (at % 64 + bits > 64) {
      value |= packed[at / 64 + 1] >> (64 - at % 64);
    }
    symbols[i] = static_cast<Symbol>(value >> (64 - bits));
  }
  return symbols;
}

base::Result<void> ReedSolomon::encode(std::span<Symbol> codeword) const {
  if (codeword.size() != n()) {
    return base::fail(base::Code::kInvalidArgument, "not the length of a codeword",
                      "Reed-Solomon encoder");
  }
  const Polynomial parity = unpack(remainder_of(codeword.first(k())));
  std::copy_n(parity.begin(), parity_symbols(),
              codeword.begin() + static_cast<std::ptrdiff_t>(k()));
  return {};
}

bool ReedSolomon::is_codeword(std::span<const Symbol> word) const {
  if (word.size() != n()) {
    return false;
  }
  const Packed expected = remainder_of(word.first(k()));
  const Polynomial parity = unpack(expected);
  const auto mask = static_cast<Symbol>(field_.order());
  for (std::size_t i = 0; i < parity_symbols(); ++i) {
    if (parity[i] != (word[k() + i] & mask)) {
      return false;
    }
  }
  return true;
}

base::Result<RsOutcome> ReedSolomon::decode(std::span<Symbol> word) const {
  if (word.size() != n()) {
    return base::fail(base::Code::kInvalidArgument, "not the length of a codeword",
                      "Reed-Solomon decoder");
  }
  // The remainder of the whole word: parity computed against parity received.
  Packed rest = remainder_of(std::span<const Symbol>(word).first(k()));
  Polynomial parity{};
  std::copy(word.begin() + static_cast<std::ptrdiff_t>(k()), word.end(), parity.begin());
  const Packed received = pack(parity);
  std::uint64_t any = 0;
  for (std::size_t w = 0; w < words_; ++w) {
    rest[w] ^= received[w];
    any |= rest[w];
  }
  if (any == 0) {
    return RsOutcome{true, 0};
  }
  const Polynomial sums = syndromes(rest);
  const Locator locator = berlekamp_massey(sums);
  Found found;
  if (locator.degree > t() || !find_roots(locator, found) || !find_values(locator, sums, found) ||
      !explains(found, sums)) {
    return RsOutcome{false, 0};
  }
  for (std::size_t i = 0; i < found.count; ++i) {
    word[found.positions[i]] = static_cast<Symbol>(word[found.positions[i]] ^ found.values[i]);
  }
  return RsOutcome{true, found.count};
}

ReedSolomon::Polynomial ReedSolomon::syndromes(const Packed& rest) const {
  Packed sums{};
  for (std::size_t piece = 0; piece < syndrome_pieces_; ++piece) {
    const std::size_t at = piece * kPieceBits;
    std::uint64_t input = rest[at / 64] << (at % 64);
    if (at % 64 + kPieceBits > 64 && at / 64 + 1 < words_) {
      input |= rest[at / 64 + 1] >> (64 - at % 64);
    }
    const std::uint64_t* row =
        &syndrome_rows_[(piece * kPieceValues + (input >> (64 - kPieceBits))) * words_];
    for (std::size_t w = 0; w < words_; ++w) {
      sums[w] ^= row[w];
    }
  }
  return unpack(sums);
}

ReedSolomon::Locator ReedSolomon::berlekamp_massey(const Polynomial& sums) const {
  Locator now;
  now.terms[0] = 1;
  Polynomial before{};
  before[0] = 1;
  std::size_t length = 0;
  std::size_t shift = 1;
  Symbol last = 1;
  const std::size_t parity = parity_symbols();
  for (std::size_t i = 0; i < parity; ++i) {
    Symbol discrepancy = sums[i];
    for (std::size_t j = 1; j <= length; ++j) {
      discrepancy = static_cast<Symbol>(discrepancy ^ field_.multiply(now.terms[j], sums[i - j]));
    }
    if (discrepancy == 0) {
      ++shift;
      continue;
    }
    const Symbol factor = field_.divide(discrepancy, last);
    const bool grows = 2 * length <= i;
    const Polynomial kept = now.terms;
    for (std::size_t j = 0; j + shift <= std::min(parity, i + 1); ++j) {
      now.terms[j + shift] =
          static_cast<Symbol>(now.terms[j + shift] ^ field_.multiply(factor, before[j]));
    }
    if (grows) {
      length = i + 1 - length;
      before = kept;
      last = discrepancy;
      shift = 1;
    } else {
      ++shift;
    }
  }
  now.degree = length;
  return now;
}

bool ReedSolomon::find_roots(const Locator& locator, Found& found) const {
  // Index a of the word has power n - 1 - a; its locator is a root at alpha^(order - (n - 1) + a).
  const std::size_t order = field_.order();
  const std::size_t offset = order - (n() - 1);
  std::array<const Symbol*, kMaxParity> slices{};
  std::size_t terms = 0;
  for (std::size_t j = 1; j <= locator.degree; ++j) {
    if (locator.terms[j] == 0) {
      continue;
    }
    const RootCycles& cycle = cycles_[j - 1];
    const std::size_t start = (field_.log(locator.terms[j]) + j * offset) % order;
    const std::size_t run = start % cycle.runs;
    const std::size_t step = (start / cycle.runs) * cycle.inverse % cycle.run_length;
    slices[terms++] = &cycle.values[run * cycle.stride + step];
  }
  if (locator.degree == 0 || locator.terms[locator.degree] == 0) {
    return false;
  }
  for (std::size_t a = 0; a < n(); a += kSearchBlock) {
    EightSymbols first = kEightOnes;  // the constant term, in each symbol
    EightSymbols second = kEightOnes;
    for (std::size_t s = 0; s < terms; ++s) {
      EightSymbols part;
      std::memcpy(&part, slices[s] + a, sizeof part);
      first ^= part;
      std::memcpy(&part, slices[s] + a + 8, sizeof part);
      second ^= part;
    }
    // A symbol of 0 borrows from its top bit; symbols never use that bit themselves.
    const EightSymbols borrows = (first - kEightOnes) | (second - kEightOnes);
    std::array<std::uint64_t, 2> any{};
    std::memcpy(any.data(), &borrows, sizeof any);
    if (((any[0] | any[1]) & 0x8000'8000'8000'8000ULL) == 0) {
      continue;
    }
    std::array<Symbol, kSearchBlock> values;
    std::memcpy(values.data(), &first, sizeof first);
    std::memcpy(values.data() + 8, &second, sizeof second);
    for (std::size_t i = 0; i < kSearchBlock && a + i < n(); ++i) {
      if (values[i] == 0) {
        if (found.count == locator.degree) {
          return false;
        }
        found.positions[found.count++] = a + i;
      }
    }
  }
  return found.count == locator.degree;
}

bool ReedSolomon::find_values(const Locator& locator, const Polynomial& sums, Found& found) const {
  // Omega = S * Lambda mod x^(2t); value = X^(1 - first_root) * Omega(1/X) / Lambda'(1/X).
  const std::size_t degree = locator.degree;
  const std::size_t order = field_.order();
  Polynomial omega{};
  for (std::size_t i = 0; i < degree; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      omega[i] = static_cast<Symbol>(omega[i] ^ field_.multiply(locator.terms[j], sums[i - j]));
    }
  }
  for (std::size_t e = 0; e < found.count; ++e) {
    const std::size_t power_of_x = n() - 1 - found.positions[e];
    const std::size_t inverse = (order - power_of_x) % order;
    const Symbol at = field_.alpha(inverse);
    const Symbol at_squared = field_.multiply(at, at);
    Symbol numerator = 0;
    for (std::size_t i = degree; i-- > 0;) {
      numerator = static_cast<Symbol>(field_.multiply(numerator, at) ^ omega[i]);
    }
    Symbol slope = 0;  // odd terms of Lambda only
    for (std::size_t i = degree - (degree % 2 == 0 ? 1 : 0);; i -= 2) {
      slope = static_cast<Symbol>(field_.multiply(slope, at_squared) ^ locator.terms[i]);
      if (i == 1) {
        break;
      }
    }
    if (slope == 0 || numerator == 0) {
      return false;
    }
    const Symbol scale = field_.alpha(power_of_x * (order + 1 - shape_.first_root % order));
    found.values[e] = field_.multiply(scale, field_.divide(numerator, slope));
  }
  return true;
}

bool ReedSolomon::explains(const Found& found, const Polynomial& sums) const {
  const std::size_t order = field_.order();
  Polynomial again{};
  for (std::size_t e = 0; e < found.count; ++e) {
    const std::size_t power_of_x = n() - 1 - found.positions[e];
    std::size_t exponent = (field_.log(found.values[e]) + power_of_x * shape_.first_root) % order;
    for (std::size_t s = 0; s < parity_symbols(); ++s) {
      again[s] = static_cast<Symbol>(again[s] ^ field_.antilog(exponent));
      exponent += power_of_x;
      exponent -= exponent >= order ? order : 0;
    }
  }
  return again == sums;
}

}  // namespace weft::wire::fec
