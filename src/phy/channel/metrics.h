// SPDX-License-Identifier: Apache-2.0
// Numbers that describe a channel: loss, its fit and what deviates from it, crosstalk, mode
// conversion, skew. Losses are positive dB. Equations are those of IEEE 802.3 annex 93A and clause
// 92, numbers in the comments. A value beyond the measured frequencies is absent, not zero.
// Reflections over time (ERL, TDR) are in reflection.h.
#pragma once

#include "phy/channel/channel.h"
#include "phy/channel/cut.h"

#include <optional>
#include <span>
#include <vector>

namespace weft::phy::channel {

/// -20 log10 |s|, at most 400 dB.
[[nodiscard]] double loss_db(Complex s);
[[nodiscard]] std::vector<double> loss_db(std::span<const Complex> s);

/// Loss of s(out, in) at a frequency, in dB linearly between points; nothing outside the points
/// or the ports.
[[nodiscard]] std::optional<double> loss_at(const Network& network, std::size_t out, std::size_t in,
                                            double hz);

/// A loss as a0 + a1 sqrt(f) + a2 f + a4 f^2, f in GHz (93A.3).
struct LossFit {
  double a0_db = 0, a1_db = 0, a2_db = 0, a4_db = 0;
  double f_min_hz = 0, f_max_hz = 0;
  double rms_db = 0;  ///< of the unweighted deviation over the points that were fitted
  [[nodiscard]] double at(double hz) const;
};

struct LossFitOptions {
  double f_min_hz = 50e6;
  double f_max_hz = 0;       ///< 0: the last point
  bool has_constant = true;  ///< a0
  bool has_square = true;    ///< a4
  bool is_weighted = true;   ///< by 10^(-IL/20), so that deep notches do not pull (93A-52)
};

/// Least squares by orthogonal (QR) factorisation. kInvalidArgument for fewer points than terms.
[[nodiscard]] base::Result<LossFit> fit_loss(std::span<const double> frequency_hz,
                                             std::span<const double> loss_db,
                                             const LossFitOptions& options = {});

/// What weighs frequencies: the spectrum of the symbols and the filters of both ends (93A-57).
struct BandWeight {
  double baud_hz = 0;
  double rise_time_s = 0;         ///< 20 to 80 %; f_t = 0.2365 / T; 0 for none
  double bandwidth_ratio = 0.75;  ///< f_r / f_b; 0 for none
  [[nodiscard]] double at(double hz) const;
};

/// FOM_ILD: the deviation of the loss from its fit, dB: root of the mean over the fitted
/// frequencies of W ILD^2 (93A-56), each frequency standing for its step.
[[nodiscard]] double fom_ild_db(std::span<const double> frequency_hz,
                                std::span<const double> loss_db, const LossFit& fit,
                                const BandWeight& weight);

struct CrosstalkSetup {
  BandWeight fext, next;
  double a_fext_v = 0.4;  ///< peak differential amplitude of the aggressors
  double a_next_v = 0.6;
  double f_min_hz = 50e6;
  double f_max_hz = 0;  ///< 0: the baud rate
};

/// Integrated crosstalk noise, volts rms: sqrt(2 df / f_b sum A^2 W(f) |S|^2) by role, and both
/// (92-46, 92-47).
struct CrosstalkNoise {
  double next_v = 0, fext_v = 0, icn_v = 0;
};
[[nodiscard]] CrosstalkNoise crosstalk_noise(const Channel& channel, const CrosstalkSetup& setup);

/// Power sum of the aggressors' losses at a frequency, of one role or all; nothing without one.
[[nodiscard]] std::optional<double> power_sum_loss_db(const Channel& channel,
                                                      std::optional<Role> role, double hz);

/// What a pair's imbalance does, from path_modes(): worst conversion up to a frequency.
struct ModeConversion {
  double scd21_db = 0;  ///< loss from differential to common mode, through; smallest up to f
  double scd21_hz = 0;
  double sdc21_db = 0;  ///< from common to differential
  double sdc21_hz = 0;
};
[[nodiscard]] ModeConversion mode_conversion(const Network& modes, double up_to_hz);

/// Delay of the positive line minus that of the negative one, s: phase of S_p S_n*, weighed by
/// |S_p S_n|, up to a frequency.
[[nodiscard]] double intra_pair_skew_s(const Network& network, const PathPorts& ports,
                                       double up_to_hz);

/// The table that people ask for first, at the Nyquist frequency of a baud rate.
struct ChannelSummary {
  double nyquist_hz = 0;
  std::optional<double> insertion_loss_db, near_return_loss_db, far_return_loss_db;
  std::optional<double> fitted_loss_db;
  std::optional<LossFit> fit;
  std::optional<double> fom_ild_db;
  std::optional<CrosstalkNoise> noise;  ///< absent without aggressors
  std::optional<double> next_loss_db, fext_loss_db, all_crosstalk_loss_db;
  std::optional<double> crosstalk_ratio_db;  ///< ICR: power sum less insertion loss
  double delay_s = 0;
};
[[nodiscard]] ChannelSummary summarise(const Channel& channel, const CrosstalkSetup& setup);

}  // namespace weft::phy::channel
