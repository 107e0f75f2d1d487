// SPDX-License-Identifier: Apache-2.0
#include "phy/com/com.h"

#include "phy/com/density.h"
#include "phy/com/mlse.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace weft::phy::com {
namespace judging {
namespace {

/// Densities are cut off where their ends hold less than this share of DER_0.
constexpr double kNegligible = 1e-12;

/// Samples one UI apart through `at`.
std::vector<double> every_ui(const std::vector<double>& pulse, std::size_t at, std::size_t per_ui) {
  std::vector<double> out;
  out.reserve(pulse.size() / per_ui + 1);
  for (std::size_t t = at % per_ui; t < pulse.size(); t += per_ui) {
    out.push_back(pulse[t]);
  }
  return out;
}

/// What is left of the pulse at the sampling instant: without cursor, behind the DFE.
std::vector<double> residual_isi(const link::SlicerInput& in) {
  auto out = every_ui(in.pulse, in.cursor, in.samples_per_ui);
  const std::size_t n = in.cursor / in.samples_per_ui;
  out[n] = 0;
  // Where the pulse has ended, a DFE tap makes ISI of its own.
  out.resize(std::max(out.size(), n + 1 + in.dfe.size()), 0.0);
  for (std::size_t k = 0; k < in.dfe.size(); ++k) {
    out[n + 1 + k] -= in.dfe[k];
  }
  return out;
}

double decibel(double ratio) {
  return 20 * std::log10(ratio);
}

/// P(the next decision is wrong | this one was, by one level): the wrong tap moves the next symbol
/// by 2 b A_s toward one side, where a neighbour lies for L - 1 of L symbols.
double propagation(const Density& density, double sigma_v, double a_s_v, double b,
                   unsigned levels) {
  const double shift = 2 * std::fabs(b) * a_s_v;
  const double share = (static_cast<double>(levels) - 1) / levels;
  return share * (tail(density, sigma_v, a_s_v - shift) + tail(density, sigma_v, a_s_v + shift));
}

}  // namespace
}  // namespace judging

base::Result<ComCase> judge(const link::LinkSetup& setup, link::Equalised link, double bin_v) {
  using judging::decibel;
  const auto& in = link.input;
  const auto& budget = link.budget;
  const double der0 = setup.target.der0;
  if (!(der0 > 0 && der0 < 0.5) || !(budget.a_s_v > 0) || in.pulse.empty()) {
    return base::fail(base::Code::kOutOfRange, "no margin to judge: A_s or DER_0 is not positive",
                      setup.key);
  }
  ComCase out;
  out.a_s_v = budget.a_s_v;
  const double bin = bin_v > 0 ? bin_v : budget.a_s_v / 1000;
  const double negligible = judging::kNegligible * der0;
  const unsigned levels = in.levels;

  Density all{.bin_v = bin};
  double small2 = add_symbols(all, judging::residual_isi(in), levels, negligible);
  out.peak_isi_v = quantile(all, std::sqrt(std::max(small2, 0.0)), der0);
  Density crosstalk{.bin_v = bin};
  double small_xt2 = 0;
  for (std::size_t k = 0; k < in.aggressors.size(); ++k) {
    const auto cursors =
        judging::every_ui(in.aggressors[k], link.aggressors[k].worst_phase, in.samples_per_ui);
    small_xt2 += add_symbols(crosstalk, cursors, levels, negligible);
    small2 += add_symbols(all, cursors, levels, negligible);
  }
  out.peak_xt_v =
      in.aggressors.empty() ? 0 : quantile(crosstalk, std::sqrt(std::max(small_xt2, 0.0)), der0);
  out.peak_isi_xt_v = quantile(all, std::sqrt(std::max(small2, 0.0)), der0);
  auto jitter = link.jitter_v_per_ui;
  for (double& x : jitter) {
    x *= in.a_dd_ui;
  }
  small2 += add_symbols(all, jitter, levels, negligible);

  out.sigma_g_v =
      std::sqrt(budget.sigma_rj_v * budget.sigma_rj_v + budget.sigma_tx_v * budget.sigma_tx_v +
                budget.sigma_n_v * budget.sigma_n_v);
  out.sigma_dd_v = std::sqrt(
      std::max(budget.sigma_j_v * budget.sigma_j_v - budget.sigma_rj_v * budget.sigma_rj_v, 0.0));
  out.sigma_noise_v = std::hypot(out.sigma_g_v, out.sigma_dd_v);
  out.sigma_isi_xt_v = std::hypot(budget.sigma_isi_v, budget.sigma_xt_v);
  out.sigma_all_v = std::hypot(out.sigma_noise_v, out.sigma_isi_xt_v, budget.sigma_q_v);
  const double sigma =
      std::sqrt(out.sigma_g_v * out.sigma_g_v + budget.sigma_q_v * budget.sigma_q_v + small2);
  out.a_ni_v = quantile(all, sigma, der0);
  out.com_dfe_db = decibel(out.a_s_v / out.a_ni_v);
  out.veo_v = 2 * (out.a_s_v - out.a_ni_v);
  const double b = in.dfe.empty() ? 0 : in.dfe.front() / in.pulse[in.cursor];
  if (setup.rx.mlse) {
    const auto detected = mlse(all, sigma, link.disturbance_v2, out.a_s_v, b, levels);
    out.der = detected.der_slicer;
    out.der_mlse = detected.der;
    out.mlse_gain_db = detected.gain_db;
  } else {
    out.der = out.der_mlse = tail(all, sigma, out.a_s_v);
  }
  out.com_db = out.com_dfe_db + out.mlse_gain_db;
  if (out.com_db > 0) {
    out.vec_db = -decibel(1 - std::pow(10, -out.com_db / 20));
  }
  out.error_propagation = judging::propagation(all, sigma, out.a_s_v, b, levels);
  out.link = std::move(link);
  return out;
}

base::Result<ComCase> com_case(const link::LinkSetup& setup, const channel::Channel& channel,
                               const ComOptions& options) {
  auto link = link::analyse(setup, channel, options.equalise);
  if (!link) {
    return tl::unexpected(link.error());
  }
  return judge(setup, std::move(*link), options.bin_v);
}

base::Result<ComResult> com(const link::LinkSetup& setup, const channel::Channel& channel,
                            const ComOptions& options) {
  ComResult out;
  const std::size_t cases = options.equalise.package ? setup.packages.size() : 1;
  auto one = options;
  for (std::size_t i = 0; i < cases; ++i) {
    one.equalise.package_case = i;
    auto result = com_case(setup, channel, one);
    if (!result) {
      return tl::unexpected(result.error());
    }
    out.cases.push_back(std::move(*result));
    if (out.cases[i].com_db < out.cases[out.worst].com_db) {
      out.worst = i;
    }
  }
  if (out.cases.empty()) {
    return base::fail(base::Code::kInvalidArgument, "the set-up has no package case", setup.key,
                      "Give it `packages`, or go without package.");
  }
  return out;
}

}  // namespace weft::phy::com
