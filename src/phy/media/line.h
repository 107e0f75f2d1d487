// SPDX-License-Identifier: Apache-2.0
// Two-ports of segments, causal and passive by their equations. path.cpp puts them in a row; no
// catalogue and no text here.
//
// Uniform line, per metre:   gamma(f) = j w tau_inf + k_c' (1 + j) sqrt(f) + g_d(f)
//   conductor: sqrt(j w) skin effect, attenuation k_c sqrt(f)               (f in GHz, dB)
//   dielectric: g_d = j w c ln((w2 + j w)/(w1 + j w)): the wideband Debye dispersion of Djordjevic
//     and Sarkar (IEEE Trans. EMC 43, 2001) to first order in the loss tangent, so that attenuation
//     is k_d f within 0.1 % over 10 MHz to 100 GHz; f1 = 10 kHz, f2 = 100 THz
//   impedance: with D = j w tau_inf + g_d, series Z0 j w tau_inf (1 + g_c/D)^2 and shunt admittance
//     D^2/(j w tau_inf Z0): their product is gamma^2, and both have a positive real part at all f,
//     so the line is passive; at 0 Hz the series part is a resistance
// Delay is that of Dk at 1 GHz (phase delay). Two lines in a row are one line of the summed length.
// Temperature: k_c (1 + 0.002/K (T - 25 C)), k_d (1 + 0.003/K (T - 25 C)); modelled.
#pragma once

#include "phy/channel/network.h"

#include <complex>
#include <cstddef>
#include <span>

namespace weft::phy::media {

using channel::Complex;

inline constexpr double kReferenceOhm = 100;  ///< differential, of every segment
inline constexpr double kReferenceCelsius = 25;
inline constexpr double kConductorPerKelvin =
    0.002;  ///< of k_c; modelled (copper: 0.39 %/K in resistivity)
inline constexpr double kDielectricPerKelvin = 0.003;  ///< of k_d; modelled

struct Line {
  double k_c_db_per_m = 0;        ///< at 1 GHz; grows as sqrt(f)
  double k_d_db_per_m = 0;        ///< at 1 GHz; grows as f
  double delay_s_per_m = 0;       ///< at 1 GHz
  double z0_ohm = kReferenceOhm;  ///< differential, at 1 GHz but for the conductor's part
};

/// The line at another temperature, degrees Celsius.
[[nodiscard]] Line at_temperature(Line line, double celsius);

/// Attenuation of the line's equations, dB for `length_m`, matched.
[[nodiscard]] double loss_db(const Line& line, double length_m, double frequency_hz);

/// Complex propagation, 1/m, and characteristic impedance. At 0 Hz: 0 and z0.
struct Propagation {
  Complex gamma_per_m;
  Complex z_ohm;
};
[[nodiscard]] Propagation propagation(const Line& line, double frequency_hz);

/// S-parameters of one frequency, reference kReferenceOhm at both ends.
struct TwoPort {
  Complex s11, s12, s21, s22;
};

/// A stretch of a uniform line. exp(-gamma l) form: any length, no overflow.
[[nodiscard]] TwoPort line(const Line& line, double length_m, double frequency_hz);
/// A line with given gamma*l and impedance.
[[nodiscard]] TwoPort line(Complex gamma_l, Complex z_ohm);
/// Admittance from signal to signal.
[[nodiscard]] TwoPort shunt(Complex y_siemens);
/// Impedance in the way.
[[nodiscard]] TwoPort series(Complex z_ohm);
/// a then b.
[[nodiscard]] TwoPort join(const TwoPort& a, const TwoPort& b);

/// Input admittance of an open stub of `line`.
[[nodiscard]] Complex open_stub(const Line& line, double length_m, double frequency_hz);

}  // namespace weft::phy::media
