// SPDX-License-Identifier: Apache-2.0
// The statistical eye: for every sampling phase the probability density of the voltage at the
// slicer, from which error ratio, eye openings, bathtubs and contours are read. Densities are made
// by direct convolution in double, never by FFT, so that tails of 1e-18 are as true as the centre.
// Drawing is somebody else's job (cli/physics).
#pragma once

#include "base/result.h"
#include "phy/link/slicer_input.h"

#include <cstddef>
#include <optional>
#include <vector>

namespace weft::phy::eye {

struct EyeOptions {
  std::size_t phases = 32;  ///< columns over one UI, the sampling instant in the middle
  double bin_v = 0;         ///< width of a voltage bin; 0: chosen from the cursor
  std::vector<double> contours = {1e-6, 1e-12, 1e-15};  ///< error ratios at which openings are read
  bool dfe_error_free = true;  ///< decisions that feed the DFE are taken as right
};

/// One of the levels - 1 eyes at one error ratio.
struct EyeOpening {
  double ber = 0;
  std::size_t eye = 0;               ///< 0 is the lowest
  double height_v = 0;               ///< at the sampling instant; 0 where closed
  double width_ui = 0;               ///< at the decision threshold; 0 where closed
  double low_v = 0, high_v = 0;      ///< edges at the sampling instant
  double left_ui = 0, right_ui = 0;  ///< edges, relative to the sampling instant
};

struct BathtubPoint {
  double phase_ui = 0;  ///< relative to the sampling instant
  double ber = 0;
};

struct Contour {
  double ber = 0;
  std::size_t eye = 0;
  std::vector<double> phase_ui, low_v, high_v;  ///< where open; empty where closed everywhere
};

struct EyeResult {
  double baud_hz = 0;
  unsigned levels = 2;
  std::vector<double> level_v;      ///< the symbols' voltages at the cursor, ascending
  std::vector<double> threshold_v;  ///< between them
  std::vector<double> phase_ui;     ///< of each column
  double v_min = 0, bin_v = 0;      ///< voltage of row 0's centre; step
  std::size_t rows = 0;
  std::vector<double> density;        ///< [column][row]: probability of this bin, all levels
  double ser = 0;                     ///< symbol error ratio at the sampling instant
  double ber = 0;                     ///< with Gray coding, where the set-up has it
  std::vector<BathtubPoint> bathtub;  ///< over phase, worst eye
  std::vector<EyeOpening> openings;
  std::vector<Contour> contours;
  double pda_height_v = 0;  ///< smallest peak-distortion opening, negative when closed
};

[[nodiscard]] base::Result<EyeResult> statistical_eye(const link::SlicerInput& input,
                                                      const EyeOptions& options = {});

}  // namespace weft::phy::eye
