// SPDX-License-Identifier: Apache-2.0
// What a flit link makes of its lanes' errors: the ratio of flits that its ECC cannot mend and that
// the CRC sends back, and from it retry rate, replay latency, goodput and a bound of what passes
// undetected. PCIe 6 to 7 and CXL 3 (256 bytes, three ECC words over bytes 0, 3, 6 ...; 1, 4, 7
// ...; 2, 5, 8 ..., each correcting one byte: pcisig.com Q&A, US 12,355,565), and the three modes
// of eFEC (AsteraLabs/efec: 3, 4 or 5 bytes anywhere in the 256). Bytes are dealt to lanes in turn;
// errors are the chain of analytic.h, but held by the *first* bit error ratio, as PCIe states it: a
// right line symbol is followed by a wrong one with probability bits_per_symbol * FBER. Exact for
// that model, sums of positive terms. An uncorrectable flit is counted as retried whether the ECC
// noticed or miscorrected: the CRC sees it.
#pragma once

#include "base/result.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace weft::phy::fec {

enum class FlitFec : std::uint8_t { kPcie6, kEfec0, kEfec1, kEfec2 };

/// Sizes of a 256-byte flit's parts.
struct FlitCode {
  FlitFec fec{};
  std::string_view key;  ///< "pcie6-flit", "efec0"
  unsigned payload_bytes = 236;
  unsigned crc_bytes = 8;
  unsigned ecc_bytes = 6;
  unsigned corrects = 0;  ///< bytes in the flit (pcie6-flit: one in each of three words)
};
[[nodiscard]] std::span<const FlitCode> flit_codes();

struct FlitErrors {
  double first_bit_error_ratio = 0;            ///< error events for each bit of a lane
  std::optional<double> burst = std::nullopt;  ///< a; absent: bits fail independently
  unsigned bits_per_symbol = 2;                ///< 2 at 64 GT/s and above, 1 below
  bool precoding = false;
  std::size_t lanes = 16;  ///< 1, 2, 4, 8 or 16
};

struct FlitRetry {
  double bit_error_ratio = 0;  ///< at the slicer, bursts included
  double touched = 0;          ///< P(a flit has at least one wrong byte)
  double retry = 0;            ///< P(more wrong bytes than the ECC corrects)
  double log10_retry = 0;      ///< kept where `retry` would underflow
};
/// kInvalidArgument for ratios outside [0, 1), bits per symbol or lanes that do not exist.
[[nodiscard]] base::Result<FlitRetry> flit_retry(FlitFec fec, const FlitErrors& errors);

/// The link above the lanes.
struct FlitLink {
  double bits_per_second = 0;  ///< of all lanes, one direction
  double round_trip_s = 0;     ///< from a flit's last bit to the first bit of its replay, without
                               ///< errors on the way: two flights, FEC and CRC, Nak, replay start
  bool is_selective =
      false;  ///< only the damaged flit is replayed; else all sent since (go back N)
};

struct FlitService {
  double flit_s = 0;  ///< time that a flit takes on the link
  double flits_per_s = 0;
  double retries_per_s = 0;
  double between_retries_s = 0;   ///< mean; infinite without errors
  double replay_latency_s = 0;    ///< what one retry adds to a flit's delivery
  double replayed_flits = 0;      ///< flits sent again by one retry
  double efficiency = 0;          ///< flits delivered for each flit time
  double goodput_bits_per_s = 0;  ///< transaction bytes delivered
  double undetected_fit_max = 0;  ///< bound: wrong flits that pass the CRC, in 1e9 hours
};
/// Go back N delivers (1 - p) / (1 - p + p W) of the flits with W = flits in a round trip;
/// selective, 1 - p. The undetected bound gives the CRC no credit for its distance, only 2^-bits.
[[nodiscard]] FlitService flit_service(FlitFec fec, const FlitRetry& retry, const FlitLink& link);

}  // namespace weft::phy::fec
