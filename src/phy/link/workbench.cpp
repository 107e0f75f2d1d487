// SPDX-License-Identifier: Apache-2.0
#include "phy/link/workbench.h"

#include "phy/link/complex_math.h"
#include "phy/link/kernels.h"
#include "phy/link/mmse.h"

#include <algorithm>
#include <cmath>
#include <tuple>

namespace weft::phy::link {
namespace {

/// Receiver noise is summed up to so many times the symbol rate.
constexpr double kNoiseTopRatio = 6;
/// UI on each side of the peak in which the sampling instant is looked for.
constexpr std::size_t kWindowUi = 4;

}  // namespace

double TxTaps::correlation(std::size_t lag) const {
  double sum = 0;
  for (std::size_t a = 0; a + lag < c.size(); ++a) {
    sum += c[a] * c[a + lag];
  }
  return sum;
}

Workbench::Workbench(const LinkSetup& setup, const EqualiseOptions& options, Spectra spectra)
    : setup_(setup),
      options_(options),
      spectra_(std::move(spectra)),
      transform_(spectra_.uis, spectra_.per_ui, spectra_.bins()) {
  const double levels = setup.signalling.levels;
  symbol_power_ = (levels * levels - 1) / (3 * (levels - 1) * (levels - 1));
  a_dd_ui_ = setup.jitter.a_dd_ui + (options.sris ? setup.jitter.sris_ui : 0);
  has_ffe_ = setup.rx.ffe.pre + setup.rx.ffe.post > 0;
  const auto taps = setup.tx.ffe.taps.size() + 1;
  margin_ui_ = kWindowUi + taps;
  const auto& ffe = setup.rx.ffe;
  lag_count_ = taps;
  if (has_ffe_) {
    lag_count_ += ffe.pre + std::max(ffe.post, ffe.floating_groups > 0 ? ffe.floating_span : 0);
  }
  lag_count_ = std::min(lag_count_ + 1, spectra_.uis / 2);
  noise_lag_count_ = std::min(lag_count_ + kDisturbanceLags, spectra_.uis / 2);
  fext_power_.assign(spectra_.bins(), 0);
  next_power_.assign(spectra_.bins(), 0);
  for (std::size_t p = 1; p < spectra_.paths.size(); ++p) {
    auto& into = spectra_.paths[p].role == channel::Role::kNext ? next_power_ : fext_power_;
    for (std::size_t k = 0; k < into.size(); ++k) {
      into[k] += std::norm(spectra_.paths[p].x[k]);
    }
  }
  const double df = spectra_.df_hz();
  const double f_r = setup.rx.bandwidth_ratio * spectra_.baud_hz;
  const auto bins = static_cast<std::size_t>(kNoiseTopRatio * static_cast<double>(spectra_.uis));
  std::vector<double> frequency_hz(std::max(bins, spectra_.bins()));
  for (std::size_t k = 0; k < frequency_hz.size(); ++k) {
    frequency_hz[k] = static_cast<double>(k) * df;
  }
  ctle_.emplace(setup.rx.ctle, frequency_hz);
  noise_power_.reserve(bins);
  for (std::size_t k = 0; k < bins; ++k) {
    const double f = frequency_hz[k];
    double density = setup.rx.eta0_v2_per_ghz * 1e-9;
    const auto& at = options.noise_hz;
    if (!at.empty()) {
      const auto next = std::upper_bound(at.begin(), at.end(), f) - at.begin();
      if (next > 0 && static_cast<std::size_t>(next) <= options.noise_v2_per_hz.size()) {
        density += options.noise_v2_per_hz[static_cast<std::size_t>(next) - 1];
      }
    }
    noise_power_.push_back(density * std::norm(butterworth(f_r, f)) * df * (k == 0 ? 0.5 : 1));
  }
}

CtleState& Workbench::state(double gain_db, double low_gain_db) {
  auto& slot = states_[{gain_db, low_gain_db}];
  if (slot) {
    return *slot;
  }
  slot = std::make_unique<CtleState>();
  auto& s = *slot;
  s.gain_db = gain_db;
  s.low_gain_db = low_gain_db;
  const std::size_t bins = spectra_.bins();
  const std::size_t uis = spectra_.uis;
  const std::size_t per_ui = spectra_.per_ui;
  s.response = ctle_->at(gain_db, low_gain_db, std::max(bins, noise_power_.size()));
  std::vector<Complex> x(bins);
  for (std::size_t k = 0; k < bins; ++k) {
    x[k] = times(spectra_.paths.front().x[k], s.response[k]);
  }
  s.phases = transform_.phases(x, spectra_.df_hz());
  const std::size_t at = kernel::largest_at(s.phases.data(), s.phases.size());
  s.peak = at % uis * per_ui + at / uis;
  const std::size_t length = 2 * margin_ui_ * per_ui;
  const std::size_t period = uis * per_ui;
  s.window_start = (s.peak + period - margin_ui_ * per_ui) % period;
  s.window.resize(length);
  for (std::size_t i = 0; i < length; ++i) {
    const std::size_t t = (s.window_start + i) % period;
    s.window[i] = s.phases[t % per_ui * uis + t / per_ui];
  }
  add_noise(s);
  add_crosstalk(s);
  s.lags.resize(per_ui);
  return s;
}

void Workbench::forget() {
  states_.clear();
}

void Workbench::add_noise(CtleState& s) const {
  std::vector<double> density(noise_power_.size());
  for (std::size_t k = 0; k < density.size(); ++k) {
    density[k] = noise_power_[k] * std::norm(s.response[k]);
  }
  s.noise = transform_.cosine_sums(density, noise_lag_count_);
}

void Workbench::add_crosstalk(CtleState& s) const {
  s.fext.assign(lag_count_, 0);
  s.next.assign(lag_count_, 0);
  if (spectra_.paths.size() < 2) {
    return;
  }
  // Mean over phases of sum_n h(n)^2 is N df^2 (X_0^2 + 2 sum |X_k|^2).
  const double scale = 2 * spectra_.df_hz() * spectra_.df_hz() * static_cast<double>(spectra_.uis);
  std::vector<double> density(spectra_.bins());
  const auto sums = [&](const std::vector<double>& power) {
    for (std::size_t k = 0; k < density.size(); ++k) {
      density[k] = power[k] * std::norm(s.response[k]) * scale * (k == 0 ? 0.5 : 1);
    }
    return transform_.cosine_sums(density, lag_count_);
  };
  s.fext = sums(fext_power_);
  s.next = sums(next_power_);
}

const PhaseLags& Workbench::lags(CtleState& s, std::size_t phase) {
  auto& slot = s.lags[phase];
  if (slot) {
    return *slot;
  }
  const std::size_t uis = spectra_.uis;
  const std::size_t per_ui = spectra_.per_ui;
  const std::span<const double> all(s.phases);
  const auto row = [&](std::size_t m) { return all.subspan(m * uis, uis); };
  slot.emplace();
  // h_J between the samples before and after; those of the first and last phase lie in the
  // neighbouring UI, which is the same row one place on.
  const std::size_t before = phase == 0 ? per_ui - 1 : phase - 1;
  const std::size_t after = phase + 1 == per_ui ? 0 : phase + 1;
  std::vector<double> h_j(uis);
  const double slope = static_cast<double>(per_ui) / 2;
  for (std::size_t n = 0; n < uis; ++n) {
    const std::size_t left = phase == 0 ? (n + uis - 1) % uis : n;
    const std::size_t right = phase + 1 == per_ui ? (n + 1) % uis : n;
    h_j[n] = (row(after)[right] - row(before)[left]) * slope;
  }
  if (has_ffe_) {
    std::tie(slot->pulse, slot->jitter) = transform_.autocorrelations(row(phase), h_j, lag_count_);
    return *slot;
  }
  const auto direct = [uis](std::span<const double> x, std::size_t count) {
    std::vector<double> out(count);
    for (std::size_t lag = 0; lag < count; ++lag) {
      double sum = kernel::dot(x.data(), x.data() + lag, uis - lag);
      for (std::size_t n = uis - lag; n < uis; ++n) {
        sum += x[n] * x[n + lag - uis];
      }
      out[lag] = sum;
    }
    return out;
  };
  slot->pulse = direct(row(phase), lag_count_);
  slot->jitter = direct(h_j, lag_count_);
  return *slot;
}

std::size_t Workbench::instant(const CtleState& s, const TxTaps& taps) const {
  const std::size_t per_ui = spectra_.per_ui;
  const std::size_t period = per_ui * spectra_.uis;
  // The pulse behind the FFE, kWindowUi on each side of the peak.
  const std::size_t length = 2 * kWindowUi * per_ui;
  const std::size_t first = (margin_ui_ - kWindowUi) * per_ui;
  thread_local std::vector<double> y;
  y.assign(length, 0);
  for (std::size_t a = 0; a < taps.c.size(); ++a) {
    if (taps.c[a] == 0) {
      continue;
    }
    const double* x = s.window.data() + first + taps.main * per_ui - a * per_ui;
    kernel::add_scaled(y.data(), x, length, taps.c[a]);
  }
  const std::size_t from = 2 * per_ui;
  const std::size_t peak = from + kernel::largest_at(y.data() + from, length - per_ui - from);
  const double b = setup_.rx.dfe.max.empty() ? 0 : setup_.rx.dfe.max.front();
  const auto metric = [&](std::size_t t) {
    return y[t - per_ui] - std::max(y[t + per_ui] - b * y[t], 0.0);
  };
  // Late instants have too much pre-cursor: the metric is positive there.
  std::size_t best = peak;
  double before = metric(peak);
  if (before > 0) {
    for (std::size_t t = peak; t > peak - per_ui; --t) {
      const double now = metric(t - 1);
      if (now <= 0) {
        best = -now < before ? t - 1 : t;
        break;
      }
      before = now;
      best = t - 1;
    }
  }
  return (s.window_start + first + best) % period;
}

std::vector<double> Workbench::samples(const CtleState& s, const TxTaps& taps, std::size_t instant,
                                       std::ptrdiff_t first, std::size_t count) const {
  const auto uis = static_cast<std::ptrdiff_t>(spectra_.uis);
  const std::size_t per_ui = spectra_.per_ui;
  const double* const row = s.phases.data() + instant % per_ui * spectra_.uis;
  const auto n = static_cast<std::ptrdiff_t>(instant / per_ui) + first;
  std::vector<double> out(count, 0.0);
  for (std::size_t a = 0; a < taps.c.size(); ++a) {
    if (taps.c[a] == 0) {
      continue;
    }
    // Tap a comes a - main UI after the main one.
    std::ptrdiff_t at = n + static_cast<std::ptrdiff_t>(taps.main) - static_cast<std::ptrdiff_t>(a);
    at = (at % uis + uis) % uis;
    for (std::size_t i = 0; i < count; at = 0) {
      const std::size_t run = std::min(count - i, static_cast<std::size_t>(uis - at));
      kernel::add_scaled(out.data() + i, row + at, run, taps.c[a]);
      i += run;
    }
  }
  return out;
}

/// Groups of floating DFE taps where they take most power off.
void Workbench::add_floating(std::span<const double> post, double cursor,
                             std::vector<double>& taps) const {
  const auto& dfe = setup_.rx.dfe;
  const double limit = dfe.floating_max * cursor;
  taps.resize(post.size(), 0);
  thread_local std::vector<double> gain;
  gain.assign(post.size(), 0);
  for (std::size_t k = dfe.max.size(); k < post.size(); ++k) {
    const double left = std::max(std::fabs(post[k]) - limit, 0.0);
    gain[k] = post[k] * post[k] - left * left;
  }
  // What a group that starts at a tap takes off.
  const std::size_t end = post.size() + 1 - std::min(post.size() + 1, dfe.floating_taps);
  thread_local std::vector<double> sums;
  sums.assign(end, 0);
  const auto add_up = [&](std::size_t from, std::size_t to) {
    for (std::size_t at = std::max(from, dfe.max.size()); at < std::min(to, end); ++at) {
      double sum = 0;
      for (std::size_t k = at; k < at + dfe.floating_taps; ++k) {
        sum += gain[k];
      }
      sums[at] = sum;
    }
  };
  add_up(0, end);
  for (std::size_t group = 0; group < dfe.floating_groups; ++group) {
    const std::size_t start = kernel::largest_at(sums.data(), sums.size());
    if (sums.empty() || !(sums[start] > 0)) {
      return;
    }
    for (std::size_t k = start; k < start + dfe.floating_taps; ++k) {
      taps[k] = std::clamp(post[k], -limit, limit) / cursor;
      gain[k] = -1e300;  // taken
    }
    add_up(start + 1 - std::min(start + 1, dfe.floating_taps), start + dfe.floating_taps);
  }
}

/// What the DFE takes off the post-cursors' power; its taps relative to the cursor.
double Workbench::tail_after_dfe(std::span<const double> post, double cursor,
                                 std::vector<double>& taps) const {
  const auto& dfe = setup_.rx.dfe;
  taps.clear();
  if (options_.dfe) {
    taps = *options_.dfe;
    taps.resize(std::min(taps.size(), post.size()));
  } else {
    taps.reserve(post.size());
    for (std::size_t k = 0; k < dfe.max.size() && k < post.size(); ++k) {
      taps.push_back(std::clamp(post[k] / cursor, dfe.min[k], dfe.max[k]));
    }
    if (dfe.floating_groups > 0 && dfe.floating_taps > 0) {
      add_floating(post, cursor, taps);
    }
  }
  double off = 0;
  for (std::size_t k = 0; k < taps.size(); ++k) {
    const double left = post[k] - taps[k] * cursor;
    off += post[k] * post[k] - left * left;
  }
  return off;
}

Score Workbench::score(CtleState& s, const TxTaps& taps, std::size_t instant) {
  return has_ffe_ ? score_ffe(s, taps, instant) : score_dfe(s, taps, instant);
}

Score Workbench::score_dfe(CtleState& s, const TxTaps& taps, std::size_t instant) {
  Score out;
  out.instant = instant;
  const auto& dfe = setup_.rx.dfe;
  std::size_t post_count = options_.dfe ? options_.dfe->size() : dfe.max.size();
  if (dfe.floating_groups > 0) {
    post_count = std::max(post_count, dfe.floating_span);
  }
  const auto y = samples(s, taps, instant, 0, post_count + 1);
  out.cursor = y[0];
  if (out.cursor <= 0) {
    return out;
  }
  const auto& at_phase = lags(s, instant % spectra_.per_ui);
  double power = 0;
  double jitter = 0;
  double xt = s.next[0];
  for (std::size_t lag = 0; lag < taps.c.size(); ++lag) {
    const double c = taps.correlation(lag) * (lag == 0 ? 1 : 2);
    power += c * at_phase.pulse[lag];
    jitter += c * at_phase.jitter[lag];
    xt += c * s.fext[lag];
  }
  const double off = tail_after_dfe(std::span(y).subspan(1), out.cursor, out.dfe);
  out.isi2 = std::max(power - out.cursor * out.cursor - off, 0.0);
  const auto& j = setup_.jitter;
  const double disturbance =
      symbol_power_ *
          (out.isi2 + xt + (a_dd_ui_ * a_dd_ui_ + j.sigma_rj_ui * j.sigma_rj_ui) * jitter) +
      out.cursor * out.cursor * std::pow(10, -setup_.tx.snr_db / 10) + s.noise[0];
  const double a_s =
      setup_.signalling.r_lm * out.cursor / (static_cast<double>(setup_.signalling.levels) - 1);
  out.fom_db = 10 * std::log10(a_s * a_s / disturbance);
  return out;
}

Score Workbench::score_ffe(CtleState& s, const TxTaps& taps, std::size_t instant) {
  Score out;
  out.instant = instant;
  const auto& ffe = setup_.rx.ffe;
  const std::size_t span =
      std::max(ffe.post, ffe.floating_groups > 0 ? ffe.floating_span : std::size_t{0});
  const auto& at_phase = lags(s, instant % spectra_.per_ui);
  MmseProblem problem;
  problem.pre = ffe.pre;
  problem.post = ffe.post;
  problem.span = span;
  const std::size_t dfe_count = setup_.rx.dfe.max.size();
  // FFE tap at position p needs y(k - p) for k = 0..dfe_count, p = -pre..span.
  problem.first = -static_cast<std::ptrdiff_t>(span);
  problem.samples = samples(s, taps, instant, problem.first, span + ffe.pre + dfe_count + 1);
  const std::size_t count = ffe.pre + span + 1;
  problem.correlation.resize(count);
  const auto& j = setup_.jitter;
  const double jitter = a_dd_ui_ * a_dd_ui_ + j.sigma_rj_ui * j.sigma_rj_ui;
  const double tx_noise = std::pow(10, -setup_.tx.snr_db / 10) / symbol_power_;
  thread_local std::vector<double> shaped;
  shaped.resize(lag_count_);
  for (std::size_t lag = 0; lag < lag_count_; ++lag) {
    shaped[lag] = at_phase.pulse[lag] + jitter * at_phase.jitter[lag] + s.fext[lag];
  }
  const auto taps_count = static_cast<std::ptrdiff_t>(taps.c.size());
  std::vector<double> c(taps.c.size());
  for (std::size_t d = 0; d < c.size(); ++d) {
    c[d] = taps.correlation(d);
  }
  for (std::size_t lag = 0; lag < count; ++lag) {
    double sum = 0;
    for (std::ptrdiff_t d = 1 - taps_count; d < taps_count; ++d) {
      const auto at = static_cast<std::size_t>(std::abs(static_cast<std::ptrdiff_t>(lag) + d));
      const double weight = c[static_cast<std::size_t>(std::abs(d))];
      sum += at < lag_count_ ? weight * shaped[at] : 0;
    }
    problem.correlation[lag] =
        sum + s.next[lag] + tx_noise * at_phase.pulse[lag] + s.noise[lag] / symbol_power_;
  }
  if (setup_.rx.adc_bits > 0) {
    problem.correlation[0] +=
        quantisation_power(problem.correlation[0] * symbol_power_, setup_.rx.adc_bits) /
        symbol_power_;
  }
  problem.dfe_max = setup_.rx.dfe.max;
  problem.dfe_min = setup_.rx.dfe.min;
  problem.tap_max = ffe.tap_max;
  problem.floating_max = ffe.floating_max;
  problem.groups = ffe.floating_groups;
  problem.group_taps = ffe.floating_taps;
  if (options_.dfe) {
    problem.dfe_max = problem.dfe_min = *options_.dfe;
  }
  auto solved = options_.rx_taps ? evaluate_taps(problem, *options_.rx_taps) : solve_mmse(problem);
  if (!solved) {
    return out;
  }
  out.cursor = 1;
  out.dfe = std::move(solved->dfe);
  out.rx = std::move(solved->taps);
  out.floating = std::move(solved->floating);
  const double error = std::max(symbol_power_ * solved->error, 1e-300);
  out.fom_db = 20 * std::log10(setup_.signalling.r_lm /
                               (static_cast<double>(setup_.signalling.levels) - 1)) -
               10 * std::log10(error);
  return out;
}

}  // namespace weft::phy::link
