// SPDX-License-Identifier: Apache-2.0
// CXL's flits. 256 bytes, standard: 2 of header, 15 slots of 16, then CRC and ECC as Flit256Codec
// does them. 256 bytes, latency-optimised (sgpjbg deck 171243: two halves of 128, a 6-byte CRC
// each, one ECC): first half header 2, slots 120, CRC 6; second half slots 116, ECC 6, CRC 6. A
// receiver takes a half at once when its CRC fits and asks the ECC only when one does not. 68 bytes
// (CXL 1.1 and 2): protocol id 2, slots 64, CRC 2. The 6-byte CRC's generator is the product of (x
// - alpha^i), i = 1 to 6, over 0x12B. Modelled: order of the parts in the second half, the ECC's
// polynomial and roots, the 68-byte CRC (polynomial 0x1F053, start 0, most significant bit first,
// over the slots).
#pragma once

#include "base/result.h"
#include "wire/fec/reed_solomon.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace weft::wire::flit {

inline constexpr std::size_t kHalfBytes = 128;
inline constexpr std::size_t kCxlCrcBytes = 6;

struct LatencyOptimisedCheck {
  std::array<bool, 2> was_half_clean{};    ///< its CRC fitted as received
  std::array<bool, 2> is_half_accepted{};  ///< it fits now, after ECC where that was needed
  bool used_ecc = false;
  std::size_t corrected_bytes = 0;
};

/// The latency-optimised flit of 256 bytes.
class LatencyOptimisedCodec {
 public:
  /// kInvalidArgument for polynomials that are not primitive of degree 8.
  [[nodiscard]] static base::Result<LatencyOptimisedCodec> create(std::uint32_t polynomial = 0x12B);

  /// Fills both CRCs and the ECC. kInvalidArgument unless there are 256 bytes, in decode too.
  [[nodiscard]] base::Result<void> encode(std::span<std::uint8_t> flit) const;
  [[nodiscard]] base::Result<LatencyOptimisedCheck> decode(std::span<std::uint8_t> flit) const;

 private:
  LatencyOptimisedCodec(fec::ReedSolomon first_crc, fec::ReedSolomon second_crc,
                        fec::ReedSolomon long_word, fec::ReedSolomon short_word)
      : half_crc_{std::move(first_crc), std::move(second_crc)},
        long_word_(std::move(long_word)),
        short_word_(std::move(short_word)) {}
  [[nodiscard]] bool is_half_right(std::span<const std::uint8_t> flit, std::size_t half) const;

  std::array<fec::ReedSolomon, 2> half_crc_;
  fec::ReedSolomon long_word_;
  fec::ReedSolomon short_word_;
};

inline constexpr std::size_t kFlit68Bytes = 68;
/// Fills the last two bytes from the 64 of slots; false unless there are 68.
bool seal_flit68(std::span<std::uint8_t> flit);
/// Whether there are 68 bytes and the CRC fits.
[[nodiscard]] bool is_flit68_right(std::span<const std::uint8_t> flit);

}  // namespace weft::wire::flit
