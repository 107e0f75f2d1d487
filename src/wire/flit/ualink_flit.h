// SPDX-License-Identifier: Apache-2.0
// UALink's data-link flit: 640 bytes that fill exactly one KP4 codeword. Public (consortium blog
// 822; a public third-party endpoint model, not normative): 3 bytes of header, 5 of segment
// headers, 628 of payload, 4 of CRC-32; 640 bytes are 20 blocks of 256 bits, 257 on the line, 5140
// bits, 514 symbols of 10 bits; 9-bit sequence numbers and go-back-N (replay.h with numbers = 511).
// Modelled: the order header, segment headers, payload, CRC; the header's fields; the CRC's
// polynomial (0x04C11DB7 as Ethernet's, reflected, by default) and byte order; that each block's
// first bit is 1 (all data). Refuses spans of other lengths; a codeword that KP4 cannot correct is
// not accepted.
#pragma once

#include "base/result.h"
#include "wire/fec/reed_solomon.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace weft::wire::flit {

inline constexpr std::size_t kFlit640Bytes = 640;
inline constexpr std::size_t kUalinkHeaderBytes = 3;
inline constexpr std::size_t kUalinkSegments = 5;
inline constexpr std::size_t kUalinkPayloadBytes = 628;
inline constexpr std::size_t kUalinkPayloadAt = kUalinkHeaderBytes + kUalinkSegments;
inline constexpr std::size_t kUalinkCrcAt = kUalinkPayloadAt + kUalinkPayloadBytes;
static_assert(kUalinkCrcAt + 4 == kFlit640Bytes);

using Flit640 = std::array<std::uint8_t, kFlit640Bytes>;

/// The header's 24 bits (modelled): bits 23:21 operation, 20:12 sequence number, 11 payload, 10:9
/// zero, 8:0 acknowledged number.
struct UalinkHeader {
  std::uint8_t operation = 0;  ///< 3 bits: 0 data, 1 Ack, 2 Nak
  std::uint16_t sequence = 0;  ///< 9 bits
  bool has_payload = false;
  std::uint16_t acknowledged = 0;  ///< 9 bits

  friend bool operator==(const UalinkHeader&, const UalinkHeader&) = default;
};
void write_header(const UalinkHeader& header, Flit640& flit);
[[nodiscard]] UalinkHeader read_header(const Flit640& flit);

/// Fills the CRC. `polynomial`: reflected, without its leading term.
void seal_flit640(Flit640& flit, std::uint32_t polynomial = 0xEDB88320);
[[nodiscard]] bool is_flit640_right(const Flit640& flit, std::uint32_t polynomial = 0xEDB88320);

using UalinkCodeword = std::array<fec::Symbol, 544>;
/// The KP4 codeword that carries the flit.
[[nodiscard]] UalinkCodeword encode_codeword(const Flit640& flit);

struct UalinkCheck {
  bool is_accepted = false;  ///< KP4 decoded, every block is data, the CRC fits
  bool is_codeword = false;
  bool are_blocks_data = false;
  bool is_crc_right = false;
  std::size_t corrected_symbols = 0;
  Flit640 flit{};
};
/// kInvalidArgument unless there are 544 symbols.
[[nodiscard]] base::Result<UalinkCheck> decode_codeword(std::span<const fec::Symbol> received,
                                                        std::uint32_t polynomial = 0xEDB88320);

}  // namespace weft::wire::flit
