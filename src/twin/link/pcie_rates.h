// SPDX-License-Identifier: Apache-2.0
// What lane errors do to a PCIe link, as rates: pure functions, tested by themselves.
//
// Without flits, 128b/130b (8 to 32 GT/s), an error event of a lane falls on, by share of what the
// lane carries at load u (modelled; TLPs of 280 bytes: 4 token, 12 to 16 header, 256 data, 4 LCRC;
// an Ack or UpdateFC of 8 bytes takes 2 % of the link, and 3 % more at full load):
//   sync header, 2 bits of 130            framing error: receiver error, Recovery
//   TLP token, 4 of 280 bytes, and idle   framing error likewise (4.2.2.3.1: idle must be zero)
//   rest of a TLP                         LCRC: bad TLP, Nak, replay
//   DLLP token, 2 of 8 bytes              framing error
//   rest of a DLLP                        bad DLLP; one in twenty was an Ack with none behind it,
//                                         whose loss the other end's replay timer finds
//   four replays of one TLP in a row      rollover, Recovery
// At 2.5 and 5 GT/s lanes are taken as free of errors: phy has no model of them.
//
// With flits, phy::fec::flit_retry says which are mended and which are replayed; two past FEC in a
// row are taken as lost alignment, which ends in Recovery (modelled). Idle flits count: all flits
// are checked.
#pragma once

#include "base/units.h"

#include <cstddef>

namespace weft::twin {

struct TlpLoad {
  double events_per_s = 0;     ///< error events of all lanes, all sections, one direction
  double bits_per_second = 0;  ///< of all lanes
  double load = 0;             ///< 0 to 1
};
struct TlpRates {
  double framing = 0;  ///< 1/s, as the others
  double bad_tlp = 0;
  double bad_dllp = 0;
  double replay_timeout = 0;
  double rollover = 0;
  double tlps = 0;
};
[[nodiscard]] TlpRates tlp_rates(const TlpLoad& on);

struct FlitLoad {
  double first_bit_error_ratio = 0;  ///< mean of the lanes
  double burst = 0;
  unsigned bits_per_symbol = 2;
  std::size_t lanes = 16;
  double bits_per_second = 0;
};
struct FlitRates {
  double mended = 0;
  double past_fec = 0;
  double lost_alignment = 0;
  double flits = 0;
};
/// Some 100 ns: from tables of log10 of the retry ratio over log10 of the error ratio, steps of
/// 0.25 decade, made when first asked for (0.05 steps of burst).
[[nodiscard]] FlitRates flit_rates(const FlitLoad& on);

}  // namespace weft::twin
