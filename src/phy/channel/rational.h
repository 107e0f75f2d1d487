// SPDX-License-Identifier: Apache-2.0
// A channel as rational functions with delay: each response is
//
//   H(s) = exp(-s tau) (d + sum_n r_n / (s - p_n)),   poles common to all responses, Re p < 0
//
// thus causal and stable by its form, with an exact answer in time. fit_rational() makes one of
// sampled S-parameters by relaxed vector fitting with the fast QR formulation (Gustavsen and
// Semlyen, IEEE Trans. PWRD 14, 1999; Gustavsen, PWRD 21, 2006; Deschrijver et al., MWCL 18, 2008),
// after taking each response's delay off; enforce_passivity() moves residues as little as possible
// until no singular value exceeds 1. Errors before and after are reported. Verbs `channel fit` and
// the time-domain check call it. Refused: fewer points than unknowns, NaN, frequencies that do not
// ascend.
#pragma once

#include "base/result.h"
#include "phy/channel/network.h"

#include <complex>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::phy::channel {

inline constexpr std::size_t kPolesMax = 200;

/// One response over the model's common poles.
struct RationalResponse {
  double delay_s = 0;
  double constant = 0;                 ///< d: what is left at infinite frequency
  std::vector<Complex> residues = {};  ///< rad/s, one for each pole of the model
};

struct RationalModel {
  std::size_t ports = 0;            ///< 0: a list of responses that are no network
  std::vector<double> z0_ohm = {};  ///< of each port
  /// rad/s. One with a positive imaginary part stands for itself and its conjugate (as does its
  /// residue); a real one has the imaginary part 0.
  std::vector<Complex> poles = {};
  std::vector<RationalResponse> responses = {};  ///< of a network: [out][in]

  /// How many poles, conjugates counted.
  [[nodiscard]] std::size_t order() const;
};

/// The response `index` at a frequency, inside and outside of the fitted band.
[[nodiscard]] Complex evaluate(const RationalModel& model, std::size_t index, double frequency_hz);
/// The network on these frequencies. @pre model.ports > 0
[[nodiscard]] Network evaluate(const RationalModel& model, std::span<const double> frequency_hz);

/// Answer to a step of 1 at t = 0, at t = 0, step_s, 2 step_s, ...: exact at any step.
[[nodiscard]] std::vector<double> step_response(const RationalModel& model, std::size_t index,
                                                double step_s, std::size_t count);
/// Answer to a rectangle of height 1 and this width that starts at t = 0.
[[nodiscard]] std::vector<double> pulse_response(const RationalModel& model, std::size_t index,
                                                 double width_s, double step_s, std::size_t count);
/// Answer to an input that holds each sample for `step_s`, by recursive convolution: cost grows
/// with samples times poles, not with their memory.
[[nodiscard]] std::vector<double> convolve(const RationalModel& model, std::size_t index,
                                           std::span<const double> input, double step_s);

/// dx/dt = A x + B u, y_oi = exp(-s tau_oi) of (C x + D u) for input i: real, A block-diagonal, one
/// copy of the poles for each input. Row-major. Delays stand beside it, [out][in].
struct StateSpace {
  std::size_t states = 0, ports = 0;
  std::vector<double> a, b, c, d, delay_s;
};
[[nodiscard]] StateSpace state_space(const RationalModel& model);

/// A sub-circuit `name` of SPICE (R, C, E, G and T elements only: ngspice and its kin) with one
/// node pair for each port, against node `ref`. @pre model.ports > 0
[[nodiscard]] std::string spice(const RationalModel& model, std::string_view name);

enum class FitWeight : std::uint8_t {
  kUniform,      ///< absolute error: what time-domain accuracy asks for
  kInverseRoot,  ///< 1/sqrt|H|
  kInverse,      ///< 1/|H|: relative error
};

struct FitOptions {
  std::size_t order = 0;        ///< poles; 0: grown until rms_target is met or nothing is gained
  std::size_t order_max = 100;  ///< when grown
  double rms_target = 1e-3;     ///< absolute, worst response
  std::size_t iterations = 8;   ///< of pole relocation at most
  bool extract_delay = true;
  bool exact_dc = true;           ///< the model equals the data at 0 Hz, where the data have it
  bool enforce_passivity = true;  ///< of networks
  FitWeight weight = FitWeight::kUniform;
};

struct FitReport {
  std::size_t order = 0;
  std::size_t iterations = 0;
  std::vector<double> rms;  ///< of each response: absolute, over all points, as delivered
  double rms_worst = 0;
  double max_error = 0;             ///< greatest |H - fit| of any point and response
  double rms_before_passivity = 0;  ///< worst response, before residues were moved
  double singular_before = 0;       ///< greatest singular value before; 0 where not a network
  double singular_after = 0;
  double singular_hz = 0;   ///< where the greatest was, before
  bool is_passive = false;  ///< as delivered; of a network
  bool met_target = false;
};

struct RationalFit {
  RationalModel model;
  FitReport report;
};

[[nodiscard]] base::Result<RationalFit> fit_rational(const Network& network,
                                                     const FitOptions& options = {});
/// Responses that share poles and are no network: no passivity. All of frequency_hz.size().
[[nodiscard]] base::Result<RationalFit> fit_rational(
    std::span<const double> frequency_hz, std::span<const std::vector<Complex>> responses,
    const FitOptions& options = {});

/// The delay that, taken off, lets few poles fit best; 0 for what has none.
[[nodiscard]] double estimate_delay_s(std::span<const double> frequency_hz,
                                      std::span<const Complex> response);

/// Of a fitted model (checks.h has that of a network as it was measured).
struct ModelPassivity {
  bool is_passive = false;
  double singular_max = 0;
  double at_hz = 0;
  /// Bands in which a singular value exceeds 1, Hz; the last may end at infinity.
  std::vector<std::pair<double, double>> violations;
  bool is_exact =
      false;  ///< by the Hamiltonian's eigenvalues; else by dense sampling (with delays)
};
/// Without delays by the imaginary eigenvalues of the Hamiltonian (Boyd et al. 1989; Grivet-Talocia
/// 2004): no crossing is missed. Delays between responses make it no matrix pencil: then sampled at
/// data and pole frequencies, refined at each peak, up to 100 times band_hz. @pre model.ports > 0
[[nodiscard]] ModelPassivity check_passivity(const RationalModel& model, double band_hz);

/// Moves residues and constants until no singular value exceeds 1, with the least squared error
/// over 0 to band_hz (Gustavsen, PWRD 23, 2008, perturbation of residues to first order, repeated);
/// where that does not converge, scales all responses by the greatest singular value.
[[nodiscard]] RationalModel enforce_passivity(RationalModel model, double band_hz);

}  // namespace weft::phy::channel
