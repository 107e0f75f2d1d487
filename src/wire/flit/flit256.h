// SPDX-License-Identifier: Apache-2.0
// The 256-byte flit of PCIe 6 and 7 (and of CXL 3's standard form): 236 bytes of transactions, 6 of
// the data link layer (DLP), 8 of CRC over those 242, 6 of ECC over those 250. ECC: three words,
// consecutive bytes in different ones (byte i in word i mod 3: 86, 85 and 85 bytes with their two
// check bytes), each corrects one byte; the receiver applies ECC, then CRC, then sequence and retry
// (replay.h). Sources: pcisig.com PCIe 6.0 webinar Q&A, US 12,355,565 claims 1 and 6,
// AsteraLabs/efec (sizes). Modelled, since no public source confirms them: the fields' polynomial
// (0x12B by default), that ECC words are RS with roots alpha^0, alpha^1 and the CRC one with roots
// alpha^1 to alpha^8 (any primitive polynomial detects the same), and the layout of the DLP
// (dlp.h). Both ends of a link of ours agree; it is not wire-compatible with silicon. Refuses spans
// that are not 256 bytes.
#pragma once

#include "base/bytes.h"
#include "wire/fec/reed_solomon.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace weft::wire::flit {

inline constexpr std::size_t kFlit256Bytes = 256;
inline constexpr std::size_t kTlpBytes = 236;
inline constexpr std::size_t kDlpBytes = 6;
inline constexpr std::size_t kCrcBytes = 8;
inline constexpr std::size_t kEccBytes = 6;
inline constexpr std::size_t kEccWords = 3;
inline constexpr std::size_t kCrcAt = kTlpBytes + kDlpBytes;
inline constexpr std::size_t kEccAt = kCrcAt + kCrcBytes;

using Flit256 = std::array<std::uint8_t, kFlit256Bytes>;

/// What the receiver found.
struct FlitCheck {
  bool is_accepted = false;         ///< every ECC word decoded and the CRC fits
  bool is_crc_right = false;        ///< after ECC
  std::size_t corrected_bytes = 0;  ///< 0 to 3
  std::array<bool, kEccWords> is_word_decoded{};
};

/// Encoder and decoder; the tables are made once, both are const and free of state.
class Flit256Codec {
 public:
  struct Polynomials {
    std::uint32_t crc = 0x12B;
    std::uint32_t ecc = 0x12B;
  };
  /// kInvalidArgument for polynomials that are not primitive of degree 8.
  [[nodiscard]] static base::Result<Flit256Codec> create(const Polynomials& polynomials);
  [[nodiscard]] static base::Result<Flit256Codec> create() { return create(Polynomials{}); }

  /// Fills CRC and ECC from the first 242 bytes. @pre flit.size() is 256, in decode too
  [[nodiscard]] base::Result<void> encode(std::span<std::uint8_t> flit) const;
  /// Corrects in place what the ECC can; a flit that is not accepted may have been changed.
  [[nodiscard]] base::Result<FlitCheck> decode(std::span<std::uint8_t> flit) const;

 private:
  Flit256Codec(fec::ReedSolomon crc, fec::ReedSolomon long_word, fec::ReedSolomon short_word)
      : crc_(std::move(crc)),
        long_word_(std::move(long_word)),
        short_word_(std::move(short_word)) {}
  [[nodiscard]] const fec::ReedSolomon& word_code(std::size_t word) const {
    return word == 0 ? long_word_ : short_word_;
  }

  fec::ReedSolomon crc_;
  fec::ReedSolomon long_word_;   // bytes 0, 3, 6 ...: 86
  fec::ReedSolomon short_word_;  // the others: 85
};

}  // namespace weft::wire::flit
