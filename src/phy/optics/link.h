// SPDX-License-Identifier: Apache-2.0
// One lane of intensity modulation and direct detection: from launched OMA to a bit error ratio and
// a margin in dB. Modules and fibres come from the catalogue; path.h uses it for linear optics,
// lanes and budgets of retimed optics call analyse().
//
//   I = R OMA 10^(-loss/10),  eye loss: I_eye = I 10^(-TDECQ/10)
//   sigma^2 = B (thermal + 2 q R P_avg + (I/2)^2 10^(RIN/10)) + (R P_avg)^2 2 sum_ij r_i r_j a_ij^2
//   SER = 2 (L-1)/L Q(I_eye / (2 (L-1) sigma)); PAM4: 3/2 Q(I_eye / (6 sigma)); BER = SER / log2 L
//
// RIN is RIN_OMA, thus referred to the modulation's power (OMA/2)^2 (802.3 52.9.6). The MPI term is
// the variance of all doubly reflected copies of the light, fields in line and phases at random: an
// upper bound where polarisations differ. B is half the symbol rate (the reference receiver of
// TDECQ). Thermal noise is what makes the receiver meet its published sensitivity. P_avg follows
// from the extinction ratio. Valid for thermal receivers without an optical amplifier; dispersion
// is in TDECQ.
#pragma once

#include "base/result.h"
#include "phy/media/catalogue.h"

#include <string>
#include <vector>

namespace weft::phy::optics {

inline constexpr std::size_t kReflectionsMax = 64;

/// A place that reflects: return loss, and the one-way loss between transmitter and it.
struct Reflection {
  double return_loss_db = 60;
  double from_tx_db = 0;
};

struct DirectLink {
  double baud_hz = 53.125e9;
  unsigned levels = 4;
  double tx_oma_dbm = 0;  ///< outer, at the transmitter
  double er_db = 4;       ///< extinction ratio, outer levels
  double tdecq_db = 0;
  double rin_db_per_hz = -150;  ///< RIN_OMA
  double loss_db = 0;           ///< fibre and connectors
  double responsivity_a_per_w = 0.8;
  double thermal_a2_per_hz = 1e-22;
  std::vector<Reflection> reflections;  ///< in order from the transmitter
};

/// Variances of the photocurrent, A^2, and what they leave.
struct DirectResult {
  double rx_oma_dbm = 0;
  double rx_average_dbm = 0;
  double thermal_a2 = 0;
  double shot_a2 = 0;
  double rin_a2 = 0;
  double mpi_a2 = 0;
  double q = 0;  ///< I_eye / (2 (L-1) sigma)
  double ser = 0;
  double ber = 0;
};

/// kOutOfRange for values that no link has (level counts other than 2, 4, 8; ER at or below 0 dB;
/// negative losses; more than kReflectionsMax reflections; NaN).
[[nodiscard]] base::Result<DirectResult> analyse(const DirectLink& link);

/// Outer OMA at the receiver, dBm, at which the link has this BER; kOutOfRange where none does,
/// because RIN or MPI alone keep it above.
[[nodiscard]] base::Result<double> sensitivity_dbm(const DirectLink& link, double ber);

/// How many dB the loss may grow before the BER is worse than `ber`; negative where it is already.
[[nodiscard]] base::Result<double> margin_db(const DirectLink& link, double ber);

/// What a budget asks of a link beside its module.
struct BudgetOptions {
  double fibre_m = 0;
  double connector_db = 0.5;        ///< of each
  unsigned connectors = 2;          ///< mated pairs in the way
  double connector_return_db = 45;  ///< their return loss
};

/// A module's worst transmitter and its receiver over a fibre. kInvalidArgument where `module` or
/// `fibre` are of another kind; kOutOfRange where the module's numbers contradict each other.
[[nodiscard]] base::Result<DirectLink> budget_link(const media::Medium& module,
                                                   const media::Medium& fibre,
                                                   const BudgetOptions& options);

/// The budget as data sheets do it: least launched OMA, less loss, less sensitivity.
struct Budget {
  double launch_dbm = 0;
  double loss_db = 0;
  double received_dbm = 0;
  double sensitivity_dbm = 0;
  double left_db = 0;  ///< for MPI, dirt and ageing
};
[[nodiscard]] Budget published_budget(const media::Medium& module, double loss_db);

/// The link of linear optics over this fibre, with its two connectors.
[[nodiscard]] base::Result<DirectLink> linear_hop(const media::Medium& module,
                                                  const media::Medium& fibre, double fibre_m);

/// Noise of the hop referred to its electrical input, V^2/Hz one-sided across the line, where a
/// peak of `swing_v` drives the full OMA: linear optics add it, and no DSP takes it away.
[[nodiscard]] double noise_v2_per_hz(const DirectLink& link, double swing_v);

}  // namespace weft::phy::optics
