// SPDX-License-Identifier: Apache-2.0
// Reed-Solomon codes: systematic encoder, and bounded-distance decoder for errors (no erasures).
// KP4 = RS(544,514) and KR4 = RS(528,514) over GF(2^10), 802.3 clause 91: message first, highest
// power first, g(x) = product of (x - alpha^i), i = 0 to 2t - 1. The flit's ECC and link layers on
// KP4 build on it. Refuses nothing at run time: words of a wrong length are the caller's error and
// are answered with Error. How it decodes: the received word's remainder (0: done, at the encoder's
// speed), syndromes of the remainder, Berlekamp-Massey, a table-driven search for roots over the
// positions that exist, Forney, and a check that the errors found explain every syndrome.
#pragma once

#include "wire/fec/galois.h"

#include <span>

namespace weft::wire::fec {

struct RsShape {
  std::size_t n = 0;  ///< symbols in a codeword, at most order() of the field
  std::size_t k = 0;  ///< message symbols; n - k is at most 64
  std::size_t first_root = 0;
};

/// What decoding found.
struct RsOutcome {
  bool is_codeword = false;   ///< true: the word now is a codeword; false: uncorrectable, untouched
  std::size_t corrected = 0;  ///< symbols changed
};

class ReedSolomon {
 public:
  [[nodiscard]] static base::Result<ReedSolomon> create(const GaloisField& field,
                                                        const RsShape& shape);

  [[nodiscard]] const GaloisField& field() const { return field_; }
  [[nodiscard]] std::size_t n() const { return shape_.n; }
  [[nodiscard]] std::size_t k() const { return shape_.k; }
  [[nodiscard]] std::size_t parity_symbols() const { return shape_.n - shape_.k; }
  /// Symbols that decoding corrects.
  [[nodiscard]] std::size_t t() const { return parity_symbols() / 2; }

  /// Fills the last n - k symbols of `codeword` from its first k. Symbols are taken modulo 2^m.
  [[nodiscard]] base::Result<void> encode(std::span<Symbol> codeword) const;
  /// Corrects up to t() symbols in place. More errors than that are reported, or end in another
  /// codeword with a probability below 1 / t!.
  [[nodiscard]] base::Result<RsOutcome> decode(std::span<Symbol> word) const;
  /// Whether every syndrome is 0.
  [[nodiscard]] bool is_codeword(std::span<const Symbol> word) const;

 private:
  static constexpr std::size_t kMaxParity = 64;
  static constexpr std::size_t kMaxWords = 10;  // kMaxParity symbols of 10 bits, packed
  using Packed = std::array<std::uint64_t, kMaxWords>;
  using Polynomial = std::array<Symbol, kMaxParity + 1>;  // lowest power first

  struct Locator {
    Polynomial terms{};
    std::size_t degree = 0;
  };
  struct Found {
    std::size_t count = 0;
    std::array<std::size_t, kMaxParity> positions{};  // index into the word
    std::array<Symbol, kMaxParity> values{};
  };

  ReedSolomon(const GaloisField& field, const RsShape& shape);
  void make_remainder_rows();
  void make_syndrome_rows();
  void make_root_cycles();
  [[nodiscard]] Packed pack(const Polynomial& symbols) const;
  template <std::size_t kWords>
  Packed remainder(std::span<const Symbol> word) const;
  [[nodiscard]] Packed remainder_of(std::span<const Symbol> word) const;
  [[nodiscard]] Polynomial unpack(const Packed& packed) const;
  [[nodiscard]] Polynomial syndromes(const Packed& rest) const;
  [[nodiscard]] Locator berlekamp_massey(const Polynomial& syndromes) const;
  [[nodiscard]] bool find_roots(const Locator& locator, Found& found) const;
  [[nodiscard]] bool find_values(const Locator& locator, const Polynomial& syndromes,
                                 Found& found) const;
  [[nodiscard]] bool explains(const Found& found, const Polynomial& syndromes) const;

  GaloisField field_;
  RsShape shape_;
  std::size_t words_ = 0;  // of a packed remainder: first symbol in the top bits of the first word
  // Linear maps as rows for each value of each 5-bit piece of the input, words_ words each. The
  // remainder takes chunk_symbols_ at once; pieces of one chunk are independent look-ups.
  std::size_t chunk_symbols_ = 0;
  std::size_t chunk_pieces_ = 0;
  std::vector<std::uint64_t> remainder_rows_;
  std::size_t syndrome_pieces_ = 0;
  std::vector<std::uint64_t> syndrome_rows_;
  // For power j: alpha^(j i + c) for growing i, one run per residue c of gcd(j, order): the values
  // of a locator's term at consecutive positions are a slice of one run.
  struct RootCycles {
    std::size_t runs = 0;
    std::size_t run_length = 0;
    std::size_t stride = 0;
    std::size_t inverse = 0;  // of j / runs modulo order / runs
    std::vector<Symbol> values;
  };
  std::vector<RootCycles> cycles_;
};

/// RS(544,514), t = 15.
[[nodiscard]] const ReedSolomon& kp4();
/// RS(528,514), t = 7.
[[nodiscard]] const ReedSolomon& kr4();

}  // namespace weft::wire::fec
