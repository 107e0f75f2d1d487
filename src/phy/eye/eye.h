// SPDX-License-Identifier: Apache-2.0
// The statistical eye: for every sampling phase the probability density of the voltage at the
// slicer, from which error ratio, eye openings, bathtubs and contours are read. Densities are made
// by direct convolution in double, never by FFT, so that tails of 1e-18 are as true as the centre;
// column.h states how, and how exact it is. Refuses pulses that are not finite, a cursor that is
// not positive and levels outside 2..8. Drawing is somebody else's job (cli/physics).
#pragma once

#include "base/result.h"
#include "phy/link/slicer_input.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace weft::phy::eye {

/// Where the levels - 1 decision thresholds stand.
enum class Threshold : std::uint8_t {
  kMidpoint,  ///< half-way between the levels
  kBest,      ///< where each eye has the fewest errors, as an adapting receiver finds it
};

struct EyeOptions {
  std::size_t phases = 32;  ///< columns over one UI, the sampling instant in the middle
  double bin_v = 0;         ///< width of a voltage bin; 0: chosen for 0.01 decade at 1e-18
  std::vector<double> contours = {1e-6, 1e-12, 1e-15};  ///< error ratios at which openings are read
  /// Decisions that feed the DFE are taken as right; else `ser` and `ber` are multiplied by the
  /// mean length of an error run (burst.h).
  bool dfe_error_free = true;
  Threshold threshold = Threshold::kBest;
  bool gray = true;        ///< bits of neighbouring levels differ in one place; else plain binary
  bool is_density = true;  ///< fill EyeResult::density; without it the rest is the same, sooner
};

/// One of the levels - 1 eyes at one error ratio. The error ratio of an eye at a voltage v is
/// (P(above v | lower level) + P(below v | upper level)) / 2; for NRZ this is the BER of a slicer
/// whose threshold is v.
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
  double ber = 0;       ///< of the worst eye at its threshold
};

/// The error ratio of one eye at the sampling instant, over the threshold's voltage.
struct VoltagePoint {
  std::size_t eye = 0;
  double voltage_v = 0;
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
  std::vector<double> density;     ///< [column][row]: probability of this bin, all levels
  double ser = 0;                  ///< symbol error ratio at the sampling instant
  double ber = 0;                  ///< bit error ratio there, by EyeOptions::gray
  std::optional<double> mlse_ser;  ///< estimate behind a 1 + alpha D sequence detector
  std::optional<double> mlse_ber;  ///< likewise, bits
  double burst = 0;  ///< estimate of a, P(next wrong | this wrong), from the DFE's feedback
  std::vector<BathtubPoint> bathtub;          ///< over phase, worst eye
  std::vector<VoltagePoint> voltage_bathtub;  ///< over voltage, eye by eye
  std::vector<EyeOpening> openings;
  std::vector<Contour> contours;
  double pda_height_v = 0;        ///< smallest peak-distortion opening, negative when closed
  std::vector<double> pda_eye_v;  ///< peak-distortion opening of each eye
  double isi_rms_v = 0;           ///< at the sampling instant, behind the DFE
  double crosstalk_rms_v = 0;     ///< of all aggressors, over their random phase
};

/// Peak-distortion opening of each eye at `phase_ui` from the sampling instant: distance of the
/// levels - 2 sum |ISI| - 2 sum of each aggressor's largest sum |pulse| over its phases. Negative
/// where closed; noise and jitter are not in it. @pre the input passes check()
[[nodiscard]] std::vector<double> peak_distortion(const link::SlicerInput& input,
                                                  double phase_ui = 0);

/// kInvalidArgument, saying what is wrong, for an input that no eye can be made of.
[[nodiscard]] base::Result<void> check(const link::SlicerInput& input);

[[nodiscard]] base::Result<EyeResult> statistical_eye(const link::SlicerInput& input,
                                                      const EyeOptions& options = {});

}  // namespace weft::phy::eye
