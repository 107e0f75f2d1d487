// SPDX-License-Identifier: Apache-2.0
#include "phy/media/line.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace weft::phy::media {
namespace line_cpp {
namespace {

constexpr double kDbPerNeper = 8.685889638065037;  // 20 / ln 10
constexpr double kDebyeLowHz = 1e4;
constexpr double kDebyeHighHz = 1e14;
constexpr double kDelayAtHz = 1e9;

/// ln((w2 + j w)/(w1 + j w)): what the wideband Debye model adds to the permittivity, unscaled.
Complex debye(double frequency_hz) {
  return std::log(Complex(kDebyeHighHz, frequency_hz) / Complex(kDebyeLowHz, frequency_hz));
}

/// c of g_d = j w c ln(...): attenuation w c pi/2 shall be k_d f.
double dispersion_s_per_m(const Line& line) {
  return line.k_d_db_per_m / kDbPerNeper * 1e-9 / (std::numbers::pi * std::numbers::pi);
}

}  // namespace
}  // namespace line_cpp

Line at_temperature(Line line, double celsius) {
  const double kelvin = celsius - kReferenceCelsius;
  line.k_c_db_per_m *= std::max(0.0, 1 + kConductorPerKelvin * kelvin);
  line.k_d_db_per_m *= std::max(0.0, 1 + kDielectricPerKelvin * kelvin);
  return line;
}

double loss_db(const Line& line, double length_m, double frequency_hz) {
  const double f_ghz = frequency_hz * 1e-9;
  return length_m * (line.k_c_db_per_m * std::sqrt(f_ghz) + line.k_d_db_per_m * f_ghz);
}

namespace line_cpp {
namespace {

/// The delay at infinite frequency: that at 1 GHz less what dispersion adds.
double front_delay_s_per_m(const Line& line) {
  return line.delay_s_per_m - dispersion_s_per_m(line) * debye(kDelayAtHz).real();
}

/// The impedance at infinite frequency, of a line that has z0 at 1 GHz.
double front_ohm(const Line& line) {
  return line.z0_ohm * line.delay_s_per_m / front_delay_s_per_m(line);
}

double conductor_neper_per_m(const Line& line) {
  return line.k_c_db_per_m / kDbPerNeper;
}

/// Limit of the series impedance at 0 Hz, ohm/m: what skin effect's law leaves of a conductor
/// there.
double dc_ohm_per_m(const Line& line) {
  const double a = conductor_neper_per_m(line);
  const double tau = front_delay_s_per_m(line);
  const double slow = tau + dispersion_s_per_m(line) * std::log(kDebyeHighHz / kDebyeLowHz);
  return front_ohm(line) * a * a * 1e-9 * tau / (std::numbers::pi * slow * slow);
}

}  // namespace
}  // namespace line_cpp

Propagation propagation(const Line& line, double frequency_hz) {
  if (frequency_hz <= 0) {
    return {0, line.z0_ohm};
  }
  const Complex jw(0, 2 * std::numbers::pi * frequency_hz);
  const Complex lossless = jw * line_cpp::front_delay_s_per_m(line);
  const Complex conductor =
      Complex(1, 1) * (line_cpp::conductor_neper_per_m(line) * std::sqrt(frequency_hz * 1e-9));
  const Complex insulated =
      lossless + jw * line_cpp::dispersion_s_per_m(line) * line_cpp::debye(frequency_hz);
  const Complex gamma = insulated + conductor;
  return {gamma, line_cpp::front_ohm(line) * lossless * gamma / (insulated * insulated)};
}

TwoPort line(const Line& line, double length_m, double frequency_hz) {
  if (frequency_hz <= 0) {
    return series(line_cpp::dc_ohm_per_m(line) * length_m);
  }
  const auto wave = propagation(line, frequency_hz);
  return media::line(wave.gamma_per_m * length_m, wave.z_ohm);
}

TwoPort line(Complex gamma_l, Complex z_ohm) {
  if (gamma_l == Complex{}) {
    return {0, 1, 1, 0};
  }
  const Complex rho = (z_ohm - kReferenceOhm) / (z_ohm + kReferenceOhm);
  const Complex p = std::exp(-gamma_l);
  const Complex d = 1.0 / (1.0 - rho * rho * p * p);
  const Complex reflected = rho * (1.0 - p * p) * d;
  const Complex passed = p * (1.0 - rho * rho) * d;
  return {reflected, passed, passed, reflected};
}

TwoPort shunt(Complex y_siemens) {
  const Complex y = y_siemens * kReferenceOhm;
  const Complex d = 1.0 / (2.0 + y);
  return {-y * d, 2.0 * d, 2.0 * d, -y * d};
}

TwoPort series(Complex z_ohm) {
  const Complex z = z_ohm / kReferenceOhm;
  const Complex d = 1.0 / (2.0 + z);
  return {z * d, 2.0 * d, 2.0 * d, z * d};
}

TwoPort join(const TwoPort& a, const TwoPort& b) {
  const Complex d = 1.0 / (1.0 - a.s22 * b.s11);
  return {a.s11 + a.s12 * b.s11 * a.s21 * d, a.s12 * b.s12 * d, b.s21 * a.s21 * d,
          b.s22 + b.s21 * a.s22 * b.s12 * d};
}

Complex open_stub(const Line& line, double length_m, double frequency_hz) {
  const auto wave = propagation(line, frequency_hz);
  return std::tanh(wave.gamma_per_m * length_m) / wave.z_ohm;
}

}  // namespace weft::phy::media
