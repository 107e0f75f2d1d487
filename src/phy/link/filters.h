// SPDX-License-Identifier: Apache-2.0
// The filters of a link as functions of frequency: the transmitter's edge, the receiver's
// bandwidth, CTLE families. Equation numbers are IEEE 802.3 annex 93A's.
#pragma once

#include "phy/link/setup.h"

#include <complex>
#include <span>
#include <vector>

namespace weft::phy::link {

/// H_t = exp(-2 (pi f T_r / 1.6832)^2), T_r from 20 to 80 % (93A-46); 1 where T_r is 0.
[[nodiscard]] double rise_filter(double rise_time_s, double f_hz);

/// Fourth-order Butterworth of bandwidth `f_r` (93A-20); 1 where f_r is 0.
[[nodiscard]] std::complex<double> butterworth(double f_r_hz, double f_hz);

/// Gain of a CTLE at f. kAnnex93a: (10^(g/20) + j f/f_z) / ((1 + j f/f_p1)(1 + j f/f_p2)) (93A-22)
/// times (10^(g2/20) + j f/f_LF) / (1 + j f/f_LF). kPcie: w2 (s + w1 A) / ((s + w1)(s + w2)), A =
/// 10^(g/20), with further poles and the same low-frequency stage.
[[nodiscard]] std::complex<double> ctle_gain(const Ctle& ctle, double gain_db, double low_gain_db,
                                             double f_hz);

/// The same for many gains at the same frequencies: what no gain changes is made once.
class CtleCurve {
 public:
  CtleCurve(const Ctle& ctle, std::span<const double> frequency_hz);
  /// At the first `count` frequencies.
  [[nodiscard]] std::vector<std::complex<double>> at(double gain_db, double low_gain_db,
                                                     std::size_t count) const;

 private:
  bool has_main_ = false;
  bool has_low_ = false;
  std::vector<double> zero_, low_zero_;                 ///< f over the zeros
  std::vector<std::complex<double>> poles_, low_pole_;  ///< 1 / (1 + j f/f_p1)(...)
};

/// The gains that a search may choose from, in order.
struct CtleGrid {
  std::vector<double> gain_db;
  std::vector<double> low_gain_db;
};
[[nodiscard]] CtleGrid ctle_grid(const Ctle& ctle);

}  // namespace weft::phy::link
