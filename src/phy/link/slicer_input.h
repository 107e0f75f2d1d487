// SPDX-License-Identifier: Apache-2.0
// What arrives at the slicer of one equalised link: the seam between the linear part of the engine
// (link/, which makes it) and everything that draws conclusions from it (eye/, com/, lane/). It
// holds pulses, not frequency responses: equalisers but the DFE are in them already.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace weft::phy::link {

/// The equaliser settings that made it, for reports.
struct Equaliser {
  std::string preset;           ///< of the transmitter, where one was used
  std::vector<double> tx_taps;  ///< pre-cursors first
  double ctle_gain_db = 0;
  double ctle_low_gain_db = 0;
  std::vector<double> rx_taps;  ///< fixed FFE taps, pre-cursors first; empty for none
  std::vector<std::size_t> floating_positions;  ///< UI after the cursor of each floating FFE tap
  std::vector<double> floating_taps;
  std::size_t phase = 0;  ///< sampling phase: samples after the pulse's start, modulo M
  double fom_db = 0;      ///< figure of merit, 93A (93A-36) or 178A
};

struct SlicerInput {
  double baud_hz = 0;
  unsigned samples_per_ui = 32;  ///< M
  unsigned levels = 2;
  double r_lm = 1;
  /// Volts at the slicer over time for one symbol of value 1 one UI long, where a link's symbols
  /// lie in [-1, 1]; sampled M times a UI. Transmitter taps, CTLE and Rx FFE are in it, DFE is not.
  std::vector<double> pulse;
  std::size_t cursor = 0;  ///< index in `pulse` of the main cursor at the sampling instant
  std::vector<std::vector<double>> aggressors;  ///< their pulses, at the same rate
  /// DFE taps in volts, first post-cursor first: tap n takes dfe[n-1] * (decided symbol n UI ago)
  /// off the signal. A tap within its limit equals pulse[cursor + n * M].
  std::vector<double> dfe;
  double noise_sigma_v = 0;     ///< receiver noise, rms, Gaussian, at the slicer
  double tx_noise_sigma_v = 0;  ///< transmitter noise (SNR_TX), rms, at the slicer
  double sigma_rj_ui = 0;
  double a_dd_ui = 0;
  double mlse_alpha = 0;  ///< of 1 + alpha D where a sequence detector follows; 0 for none
  Equaliser equaliser;
};

}  // namespace weft::phy::link
