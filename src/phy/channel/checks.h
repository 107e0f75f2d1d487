// SPDX-License-Identifier: Apache-2.0
// Whether a network can be what it says: passive, reciprocal, causal, and measured finely and far
// enough for a signalling rate. Each check gives its number and where it is worst; findings() says
// in words what is out of order. `weft channel check` prints them.
#pragma once

#include "phy/channel/network.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace weft::phy::channel {

/// Passive where no singular value of S exceeds 1 (real reference impedances).
struct Passivity {
  double largest = 0;  ///< singular value over all frequencies
  double at_hz = 0;
  std::size_t points_above = 0;  ///< frequencies where it exceeds 1 by more than the tolerance
};
[[nodiscard]] Passivity check_passivity(const Network& network, double tolerance = 1e-5);

/// The network with each singular value above 1 brought down to 1: the nearest passive one, point
/// by point. It changes the response where it was wrong and nowhere else; causality may suffer.
[[nodiscard]] Network enforce_passivity(const Network& network);

struct Reciprocity {
  double largest = 0;  ///< |S_ij - S_ji|
  double at_hz = 0;
  std::size_t out = 0, in = 0;
};
[[nodiscard]] Reciprocity check_reciprocity(const Network& network);

/// Causality of one transmission, by gating: the response under a Blackman window is transformed to
/// time; what comes earlier than the delay of the upper half of the band (0 where nowhere |S| >
/// 1/2) less the window's own width is taken away, and the rest transformed back. For a causal
/// response the two agree (the Kramers-Kronig relation under a window, Perry and Brazil 1997; the
/// window is what makes the end of the data harmless). Valid where the record 1/df is longer than
/// twice the response; the resolution is 3/f_max.
struct Causality {
  double early_energy = 0;  ///< share of the energy that comes before the delay, 0 to 1
  double error = 0;         ///< largest |S_gated - S| W relative to the largest |S| W
  double error_hz = 0;
  double delay_s = 0;  ///< that was taken for the earliest arrival, without the window's width
};
/// kInvalidArgument for fewer than 16 points.
[[nodiscard]] base::Result<Causality> check_causality(std::span<const double> frequency_hz,
                                                      std::span<const Complex> s);

/// How the frequencies fit what is to be done with them.
struct Sampling {
  double first_hz = 0, last_hz = 0;
  double step_hz = 0;  ///< the widest
  bool is_uniform = false;
  double delay_s = 0;         ///< of the longest transmission
  double turns_per_step = 0;  ///< of its phase: above 1/2 the record in time is too short
  /// |S(first) - what the next points foretell| of the strongest transmission.
  double first_point_error = 0;
};
[[nodiscard]] Sampling check_sampling(const Network& network);

enum class Check : std::uint8_t {
  kPassivity,
  kReciprocity,
  kCausality,
  kDcPoint,
  kFirstPoint,
  kStep,
  kRange,
};
[[nodiscard]] std::string_view key(Check check);  ///< "passivity", "dc-point", ...

struct Finding {
  Check check = Check::kPassivity;
  double value = 0;  ///< what was found; the text names it
  double limit = 0;  ///< what it was held to
  double at_hz = 0;  ///< where; 0 where that has no meaning
  std::string text;  ///< one sentence for people, with the number and the frequency
};

struct CheckLimits {
  double passivity = 1e-5;  ///< above 1
  double reciprocity = 1e-3;
  double early_energy = 1e-3;
  double causality_error = 0.05;
  double turns_per_step = 0.5;
  double baud_hz = 0;  ///< 0: the range is not judged
};

struct CheckReport {
  Passivity passivity;
  Reciprocity reciprocity;
  std::optional<Causality> causality;  ///< of the strongest transmission; absent with few points
  std::size_t causality_out = 0, causality_in = 0;
  Sampling sampling;
  std::vector<Finding> findings;  ///< what is out of order
};
/// All checks of one network.
[[nodiscard]] CheckReport check_network(const Network& network, const CheckLimits& limits = {});

}  // namespace weft::phy::channel
