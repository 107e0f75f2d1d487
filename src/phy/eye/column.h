// SPDX-License-Identifier: Apache-2.0
// One column of the statistical eye: the distribution of what disturbs the main cursor at one
// sampling phase. eye.cpp puts columns together; lane/ and tests look at single ones.
//
// At phase t from the sampling instant the slicer sees
//   y = a_0 p(t) + sum_k a_k h_k(t) + crosstalk + noise,
//   h_k = pulse(t + k UI) - dfe_k for k = 1 .. taps, pulse(t + k UI) otherwise,
// with independent, equally likely symbols a. Aggressors are not locked to the victim: theirs is
// the mean of their distributions over the M phases, the same in every column.
//
// Discrete part. Symbol alphabets are symmetric, so is the density: half of it is stored, as point
// masses at multiples of the bin width b. A cursor convolves it with its levels; a level that falls
// between two bins is split linearly, which keeps the mean and adds phi (1 - phi) b^2 of variance.
// Continuous part. What remains is one Gaussian: receiver and transmitter noise, plus the variance
// of cursors too small to be worth a convolution, minus the variance that splitting added. It is
// applied last and exactly: P(x) = sum mass(v) Q((x - v) / sigma), as differences of erfc summed
// from the tail inward, so that each value has its full relative precision (no FFT anywhere).
//
// Accuracy. Let s be the exponential tilt at which the tail reaches 1e-18 (the saddle point of the
// cumulant generating function, solved once per plan; s <= 9.1 / sigma). Variances being exact, the
// first cumulant that pooling and splitting get wrong is the fourth, and it moves ln P by
// k4 s^4 / 24: pooled cursors are taken from the smallest up while sum |k4| h^4 s^4 / 24 <= 0.01,
// and b is chosen so that splitting stays within 0.01 (and <= sigma / 8, so that ln P is straight
// between bins to 0.002). Together: 0.01 decade at 1e-18, less above.
// Pooling errs towards more errors (uniform symbols are strictly sub-Gaussian).
// Without noise nothing is pooled or compensated; mass that splitting carried beyond the true peak
// is put back onto it, so that the support is that of peak distortion.
#pragma once

#include "phy/link/slicer_input.h"

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

namespace weft::phy::eye {

/// The symbols of PAM-L in [-1, 1]; the inner ones are scaled by R_LM, so that the eyes between
/// them are as small as COM's A_s = R_LM A / (L - 1) says.
[[nodiscard]] std::vector<double> symbol_levels(unsigned levels, double r_lm);

/// A symmetric set of levels as a sum of independent smaller ones: PAM4 is two binary variables,
/// which costs half of four levels at once.
struct Alphabet {
  struct Pair {
    double weight = 0;    ///< of each of the two levels
    double distance = 0;  ///< from zero, for a cursor of one
  };
  struct Stage {
    double centre = 0;  ///< weight of level zero
    std::vector<Pair> pairs;
  };
  std::vector<double> levels;
  std::vector<Stage> stages;
  double variance = 0;
  double fourth_cumulant = 0;  ///< absolute value
};
[[nodiscard]] Alphabet alphabet_of(unsigned levels, double r_lm);

/// Main cursor and what interferes at one phase, DFE taken off.
struct Cursors {
  double main_v = 0;
  std::vector<double> isi_v;
};
[[nodiscard]] Cursors cursors_at(const link::SlicerInput& input, double phase_ui);

/// What all columns of one eye share.
struct Plan {
  Alphabet alphabet;
  double bin_v = 0;
  double tilt_per_v = 0;          ///< s; 0 without noise
  double gaussian_var_v2 = 0;     ///< receiver and transmitter noise
  std::vector<double> crosstalk;  ///< half density: mass at 0, b, 2b, ...
  double crosstalk_var_v2 = 0;    ///< what is Gaussian of it, less its splitting; may be negative
  double crosstalk_peak_v = 0;    ///< all aggressors at their worst phase
  double crosstalk_rms_v = 0;
};

/// @pre check(input) passes; bin_v 0 chooses.
[[nodiscard]] Plan make_plan(const link::SlicerInput& input, double bin_v = 0);

/// The distribution of the disturbance at one phase.
struct Column {
  double main_v = 0;
  double sigma_v = 0;        ///< of the Gaussian part
  double peak_v = 0;         ///< largest |ISI|, crosstalk not included
  double isi_var_v2 = 0;     ///< of the ISI alone
  std::vector<double> mass;  ///< half density of the discrete part: at 0, b, 2b, ...
  std::vector<double> tail;  ///< P(disturbance > j b), j = 0, 1, ..., down to 1e-300 or zero
};

[[nodiscard]] Column make_column(const link::SlicerInput& input, const Plan& plan, double phase_ui);

}  // namespace weft::phy::eye
