// SPDX-License-Identifier: Apache-2.0
// Reflections over time: the impedance that a step sees along a channel, and effective return loss
// (ERL, IEEE 802.3 93A.5), which weighs a reflection by when it comes back and how likely symbols
// line up. COM's report and `weft channel show` call these.
#pragma once

#include "phy/channel/network.h"

#include <optional>
#include <vector>

namespace weft::phy::channel {

struct ErlSetup {
  double baud_hz = 0;
  unsigned levels = 2;            ///< L
  double rise_time_s = 0;         ///< T_r of the pulse, 20 to 80 %
  double bandwidth_ratio = 0.75;  ///< f_r / f_b
  double der0 = 1e-5;
  double gate_s = 0;             ///< T_fx: what lies nearer (a test fixture) is not counted
  std::size_t n_bx = 0;          ///< reach of the receiver's equaliser, UI
  double rho_x = 0.32;           ///< permitted reflection outside the device
  double beta_x_hz = 1.7e9;      ///< loss that the signal would see, dB/s (as Hz)
  std::size_t length_ui = 1000;  ///< N: UI of reflection that are counted
  unsigned samples_per_ui = 32;  ///< M
};

/// ERL in dB at one port of a network: PTDR of the port, weighted by G_rr and G_loss (93A-60,
/// 93A-61), at the sampling phase of most reflected energy; -20 log10 of what the sum of
/// independent symbols exceeds with probability DER0. kInvalidArgument for a set-up without a baud
/// rate; no reflection at all gives 400.
[[nodiscard]] base::Result<double> effective_return_loss_db(const Network& network,
                                                            std::size_t port,
                                                            const ErlSetup& setup);

struct ImpedancePoint {
  double time_s = 0;  ///< there and back
  double ohm = 0;
};

/// What a step of this rise time (20 to 80 %) sees at a port: Z0 (1 + r) / (1 - r) of the step
/// response r, up to `length_s`. The rise time is at least what the last frequency allows.
/// kInvalidArgument for fewer than two points.
[[nodiscard]] base::Result<std::vector<ImpedancePoint>> impedance_profile(const Network& network,
                                                                          std::size_t port,
                                                                          double rise_time_s,
                                                                          double length_s);

}  // namespace weft::phy::channel
