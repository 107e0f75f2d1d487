// SPDX-License-Identifier: Apache-2.0
#include "phy/link/equalise.h"

#include "phy/link/complex_math.h"
#include "phy/link/mmse.h"
#include "phy/link/search.h"
#include "phy/link/spectra.h"
#include "phy/link/workbench.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

namespace weft::phy::link {
namespace slicing {
namespace {

using base::Code;

/// Period of the pulses that a search works with, UI: what rings longer is folded into it.
constexpr std::size_t kSearchUis = 256;
/// What lies below this share of the cursor at a pulse's ends is left out.
constexpr double kNothing = 1e-9;

/// The receiver's FFE: taps at positions in UI after the main one.
struct Filter {
  std::vector<std::ptrdiff_t> at;
  std::vector<double> tap;
};

/// A phase-major pulse through taps that are whole UI apart.
std::vector<double> filtered(const std::vector<double>& phases, std::size_t uis,
                             const Filter& filter) {
  std::vector<double> out(phases.size(), 0.0);
  const auto n = static_cast<std::ptrdiff_t>(uis);
  for (std::size_t row = 0; row < phases.size(); row += uis) {
    for (std::size_t i = 0; i < filter.tap.size(); ++i) {
      const double c = filter.tap[i];
      if (c == 0) {
        continue;
      }
      std::ptrdiff_t from = ((-filter.at[i]) % n + n) % n;
      for (std::size_t k = 0; k < uis; ++k) {
        out[row + k] += c * phases[row + static_cast<std::size_t>(from)];
        from = from + 1 == n ? 0 : from + 1;
      }
    }
  }
  return out;
}

/// First and one past the last whole UI of a time-ordered pulse that has anything in it.
std::pair<std::size_t, std::size_t> extent(const std::vector<double>& pulse, std::size_t per_ui,
                                           double least) {
  std::size_t first = 0;
  std::size_t last = pulse.size();
  while (first < last && std::fabs(pulse[first]) < least) {
    ++first;
  }
  while (last > first && std::fabs(pulse[last - 1]) < least) {
    --last;
  }
  return {first / per_ui * per_ui, std::min((last + per_ui - 1) / per_ui * per_ui, pulse.size())};
}

class Slicer {
 public:
  Slicer(Workbench& bench, const Winner& winner) : bench_(bench), winner_(winner) {}
  base::Result<Equalised> make();

 private:
  void set_filters();
  void set_victim();
  void set_disturbances();
  void set_noise();
  void set_aggressors();
  void set_correlation();
  void set_setting();
  [[nodiscard]] double shaped(std::span<const double> lags, std::size_t lag) const;
  [[nodiscard]] std::vector<double> row_of(const std::vector<double>& phases,
                                           std::size_t instant) const;

  Workbench& bench_;
  const Winner& winner_;
  CtleState* state_ = nullptr;
  Score score_;
  Filter tx_, rx_;
  std::vector<double> pulse_;  ///< of the victim at the slicer, phase-major
  std::vector<double> isi_;    ///< at the sampling instant, behind the DFE, cursor 0
  std::vector<double> xt_lags_;
  Equalised out_;
};

/// sum_ij w_i w_j R(|p_i - p_j + lag|): an autocorrelation behind the FFE.
double Slicer::shaped(std::span<const double> lags, std::size_t lag) const {
  double sum = 0;
  for (std::size_t i = 0; i < rx_.tap.size(); ++i) {
    for (std::size_t j = 0; j < rx_.tap.size(); ++j) {
      const auto at = static_cast<std::size_t>(
          std::abs(rx_.at[i] - rx_.at[j] + static_cast<std::ptrdiff_t>(lag)));
      sum += at < lags.size() ? rx_.tap[i] * rx_.tap[j] * lags[at] : 0;
    }
  }
  return sum;
}

std::vector<double> Slicer::row_of(const std::vector<double>& phases, std::size_t instant) const {
  const std::size_t uis = bench_.spectra().uis;
  const auto begin =
      phases.begin() + static_cast<std::ptrdiff_t>(instant % bench_.spectra().per_ui * uis);
  return {begin, begin + static_cast<std::ptrdiff_t>(uis)};
}

void Slicer::set_filters() {
  for (std::size_t i = 0; i < winner_.tx.c.size(); ++i) {
    tx_.at.push_back(static_cast<std::ptrdiff_t>(i) - static_cast<std::ptrdiff_t>(winner_.tx.main));
    tx_.tap.push_back(winner_.tx.c[i]);
  }
  if (!bench_.has_ffe()) {
    rx_ = {{0}, {1}};
    return;
  }
  const auto& ffe = bench_.setup().rx.ffe;
  const double main = score_.rx[ffe.pre];
  for (std::size_t i = 0; i < score_.rx.size(); ++i) {
    const std::size_t fixed = ffe.pre + ffe.post + 1;
    rx_.at.push_back(i < fixed
                         ? static_cast<std::ptrdiff_t>(i) - static_cast<std::ptrdiff_t>(ffe.pre)
                         : static_cast<std::ptrdiff_t>(score_.floating[i - fixed]));
    rx_.tap.push_back(score_.rx[i] / main);
  }
}

void Slicer::set_victim() {
  const std::size_t uis = bench_.spectra().uis;
  const std::size_t per_ui = bench_.spectra().per_ui;
  pulse_ = filtered(filtered(state_->phases, uis, tx_), uis, rx_);
  auto& in = out_.input;
  const auto& setup = bench_.setup();
  in.baud_hz = bench_.spectra().baud_hz;
  in.samples_per_ui = static_cast<unsigned>(per_ui);
  in.levels = setup.signalling.levels;
  in.r_lm = setup.signalling.r_lm;
  const auto time = time_order(pulse_, uis, per_ui);
  const double cursor = time[score_.instant];
  const auto [first, last] = extent(time, per_ui, kNothing * std::fabs(cursor));
  in.pulse.assign(time.begin() + static_cast<std::ptrdiff_t>(first),
                  time.begin() + static_cast<std::ptrdiff_t>(last));
  in.cursor = score_.instant - first;
  for (const double tap : score_.dfe) {
    in.dfe.push_back(tap * cursor);
  }
  in.sigma_rj_ui = setup.jitter.sigma_rj_ui;
  in.a_dd_ui = bench_.a_dd_ui();
  in.mlse_alpha = setup.rx.mlse && !score_.dfe.empty() ? score_.dfe.front() : 0;
}

void Slicer::set_disturbances() {
  const std::size_t uis = bench_.spectra().uis;
  const std::size_t per_ui = bench_.spectra().per_ui;
  const auto& setup = bench_.setup();
  auto& budget = out_.budget;
  isi_ = row_of(pulse_, score_.instant);
  const std::size_t n = score_.instant / per_ui;
  const double cursor = isi_[n];
  budget.a_s_v =
      setup.signalling.r_lm * cursor / (static_cast<double>(setup.signalling.levels) - 1);
  isi_[n] = 0;
  for (std::size_t k = 0; k < out_.input.dfe.size(); ++k) {
    isi_[(n + k + 1) % uis] -= out_.input.dfe[k];
  }
  double power = 0;
  for (const double x : isi_) {
    power += x * x;
  }
  budget.sigma_isi_v = std::sqrt(bench_.symbol_power() * power);
  const std::size_t period = uis * per_ui;
  const auto after = row_of(pulse_, score_.instant + 1);
  const auto before = row_of(pulse_, score_.instant + period - 1);
  const std::size_t phase = score_.instant % per_ui;
  double jitter = 0;
  for (std::size_t k = 0; k < uis; ++k) {
    const std::size_t right = phase + 1 == per_ui ? (k + 1) % uis : k;
    const std::size_t left = phase == 0 ? (k + uis - 1) % uis : k;
    const double h_j = (after[right] - before[left]) * static_cast<double>(per_ui) / 2;
    out_.jitter_v_per_ui.push_back(h_j);
    jitter += h_j * h_j;
  }
  const double rj = setup.jitter.sigma_rj_ui;
  budget.sigma_rj_v = rj * std::sqrt(bench_.symbol_power() * jitter);
  budget.sigma_j_v =
      std::sqrt((rj * rj + bench_.a_dd_ui() * bench_.a_dd_ui()) * bench_.symbol_power() * jitter);
  set_noise();
}

void Slicer::set_noise() {
  const auto& setup = bench_.setup();
  auto& budget = out_.budget;
  budget.sigma_n_v = std::sqrt(std::max(shaped(state_->noise, 0), 0.0));
  const double snr = std::pow(10, -setup.tx.snr_db / 20);
  const double cursor = out_.input.pulse[out_.input.cursor];
  if (bench_.has_ffe()) {
    const auto& lags = bench_.lags(*state_, score_.instant % bench_.spectra().per_ui);
    budget.sigma_tx_v = snr * std::sqrt(std::max(shaped(lags.pulse, 0), 0.0));
    if (setup.rx.adc_bits > 0) {
      const auto before = filtered(state_->phases, bench_.spectra().uis, tx_);
      double power = 0;
      for (const double x : row_of(before, score_.instant)) {
        power += x * x;
      }
      double gain = 0;
      for (const double w : rx_.tap) {
        gain += w * w;
      }
      const double signal =
          bench_.symbol_power() * power + state_->noise[0] + snr * snr * lags.pulse[0];
      budget.sigma_q_v = std::sqrt(quantisation_power(signal, setup.rx.adc_bits) * gain);
    }
  } else {
    budget.sigma_tx_v = snr * cursor;
  }
  out_.input.noise_sigma_v = std::hypot(budget.sigma_n_v, budget.sigma_q_v);
  out_.input.tx_noise_sigma_v = budget.sigma_tx_v;
}

void Slicer::set_aggressors() {
  const auto& spectra = bench_.spectra();
  const std::size_t uis = spectra.uis;
  const double cursor = out_.input.pulse[out_.input.cursor];
  double total = 0;
  xt_lags_.assign(kDisturbanceLags, 0);
  for (std::size_t p = 1; p < spectra.paths.size(); ++p) {
    const auto& path = spectra.paths[p];
    auto x = path.x;
    for (std::size_t k = 0; k < x.size(); ++k) {
      x[k] = times(x[k], state_->response[k]);
    }
    auto phases = bench_.transform().phases(x, spectra.df_hz());
    if (path.role != channel::Role::kNext) {
      phases = filtered(phases, uis, tx_);
    }
    phases = filtered(phases, uis, rx_);
    Aggressor one{.role = path.role, .name = path.name, .worst_phase = 0, .sigma_v = 0};
    double most = -1;
    for (std::size_t m = 0; m < spectra.per_ui; ++m) {
      double power = 0;
      for (std::size_t n = 0; n < uis; ++n) {
        power += phases[m * uis + n] * phases[m * uis + n];
      }
      if (power > most) {
        most = power;
        one.worst_phase = m;
      }
    }
    one.sigma_v = std::sqrt(bench_.symbol_power() * most);
    total += bench_.symbol_power() * most;
    const auto lags =
        bench_.transform().autocorrelation(row_of(phases, one.worst_phase), kDisturbanceLags);
    for (std::size_t lag = 0; lag < lags.size(); ++lag) {
      xt_lags_[lag] += bench_.symbol_power() * lags[lag];
    }
    const auto time = time_order(phases, uis, spectra.per_ui);
    const auto [first, last] = extent(time, spectra.per_ui, kNothing * std::fabs(cursor));
    out_.input.aggressors.emplace_back(time.begin() + static_cast<std::ptrdiff_t>(first),
                                       time.begin() + static_cast<std::ptrdiff_t>(last));
    out_.aggressors.push_back(std::move(one));
  }
  out_.budget.sigma_xt_v = std::sqrt(total);
}

void Slicer::set_correlation() {
  const auto& transform = bench_.transform();
  const auto isi = transform.autocorrelation(isi_, kDisturbanceLags);
  const auto jitter = transform.autocorrelation(out_.jitter_v_per_ui, kDisturbanceLags);
  const auto& j = bench_.setup().jitter;
  const double jitter_ui2 = j.sigma_rj_ui * j.sigma_rj_ui + bench_.a_dd_ui() * bench_.a_dd_ui();
  const double snr = std::pow(10, -bench_.setup().tx.snr_db / 10);
  double gain = 0;
  for (const double w : rx_.tap) {
    gain += w * w;
  }
  std::vector<double> white{out_.budget.sigma_q_v * out_.budget.sigma_q_v / gain};
  out_.disturbance_v2.resize(kDisturbanceLags);
  for (std::size_t lag = 0; lag < kDisturbanceLags; ++lag) {
    double sum = bench_.symbol_power() * (isi[lag] + jitter_ui2 * jitter[lag]) + xt_lags_[lag] +
                 shaped(state_->noise, lag) + shaped(white, lag);
    if (bench_.has_ffe()) {
      const auto& lags = bench_.lags(*state_, score_.instant % bench_.spectra().per_ui);
      sum += snr * shaped(lags.pulse, lag);
    } else if (lag == 0) {
      sum += out_.budget.sigma_tx_v * out_.budget.sigma_tx_v;
    }
    out_.disturbance_v2[lag] = sum;
  }
}

void Slicer::set_setting() {
  auto& e = out_.input.equaliser;
  e.preset = winner_.preset;
  e.tx_taps = winner_.tx.c;
  e.ctle_gain_db = winner_.gain_db;
  e.ctle_low_gain_db = winner_.low_gain_db;
  if (bench_.has_ffe()) {
    const auto& ffe = bench_.setup().rx.ffe;
    const auto fixed = static_cast<std::ptrdiff_t>(ffe.pre + ffe.post + 1);
    e.rx_taps.assign(rx_.tap.begin(), rx_.tap.begin() + fixed);
    e.floating_taps.assign(rx_.tap.begin() + fixed, rx_.tap.end());
    e.floating_positions = score_.floating;
  }
  e.phase = out_.input.cursor % bench_.spectra().per_ui;
  const auto& b = out_.budget;
  const double all = b.sigma_tx_v * b.sigma_tx_v + b.sigma_isi_v * b.sigma_isi_v +
                     b.sigma_j_v * b.sigma_j_v + b.sigma_xt_v * b.sigma_xt_v +
                     b.sigma_n_v * b.sigma_n_v + b.sigma_q_v * b.sigma_q_v;
  e.fom_db = 10 * std::log10(b.a_s_v * b.a_s_v / all);
}

base::Result<Equalised> Slicer::make() {
  const std::size_t period = bench_.spectra().uis * bench_.spectra().per_ui;
  state_ = &bench_.state(winner_.gain_db, winner_.low_gain_db);
  const std::size_t centre = bench_.instant(*state_, winner_.tx);
  const auto at =
      static_cast<std::size_t>(static_cast<std::ptrdiff_t>(centre + period) + winner_.tick) %
      period;
  score_ = bench_.score(*state_, winner_.tx, at);
  if (!std::isfinite(score_.fom_db) || score_.cursor <= 0) {
    return base::fail(Code::kOutOfRange, "the equalised pulse has no cursor");
  }
  set_filters();
  set_victim();
  set_disturbances();
  set_aggressors();
  set_correlation();
  set_setting();
  return std::move(out_);
}

base::Result<void> check(const LinkSetup& setup, const EqualiseOptions& options) {
  if (options.noise_hz.size() != options.noise_v2_per_hz.size()) {
    return base::fail(Code::kInvalidArgument, "noise densities and frequencies differ in number");
  }
  if (setup.signalling.baud_hz <= 0 || setup.samples_per_ui < 2 || setup.signalling.levels < 2 ||
      setup.rx.dfe.max.size() != setup.rx.dfe.min.size()) {
    return base::fail(Code::kInvalidArgument, "the link set-up is not complete", setup.key);
  }
  if (options.dfe && options.dfe->size() > kSearchUis / 2) {
    return base::fail(Code::kInvalidArgument, fmt::format("{} DFE taps", options.dfe->size()));
  }
  return {};
}

}  // namespace
}  // namespace slicing

base::Result<Equalised> analyse(const LinkSetup& setup, const channel::Channel& channel,
                                const EqualiseOptions& options) {
  if (auto good = slicing::check(setup, options); !good) {
    return tl::unexpected(good.error());
  }
  auto spectra = make_spectra(setup, channel, options);
  if (!spectra) {
    return tl::unexpected(spectra.error());
  }
  const double measured_to_hz = spectra->measured_to_hz;
  double peak = 0;
  base::Result<Winner> winner = [&] {
    const std::size_t stride = std::max<std::size_t>(spectra->uis / slicing::kSearchUis, 1);
    Workbench bench(setup, options, thinned(*spectra, stride));
    const auto raw =
        bench.transform().phases(bench.spectra().paths.front().x, bench.spectra().df_hz());
    peak = *std::max_element(raw.begin(), raw.end());
    return search(bench, options);
  }();
  if (!winner) {
    return tl::unexpected(winner.error());
  }
  Workbench bench(setup, options, std::move(*spectra));
  auto out = slicing::Slicer(bench, *winner).make();
  if (!out) {
    return out;
  }
  out->settings = winner->settings;
  out->pulse_peak_v = peak;
  out->measured_to_hz = measured_to_hz;
  const double bandwidth_ratio = setup.rx.bandwidth_ratio > 0 ? setup.rx.bandwidth_ratio : 0.5;
  out->is_wide_enough =
      measured_to_hz >= std::max(bandwidth_ratio, 0.5) * setup.signalling.baud_hz * (1 - 1e-9);
  if (!out->is_wide_enough) {
    out->notes.push_back(fmt::format(
        "the channel is known to {:.2f} GHz only; this receiver's bandwidth is {:.2f} GHz",
        measured_to_hz * 1e-9, bandwidth_ratio * setup.signalling.baud_hz * 1e-9));
  }
  if (options.package && !setup.packages.empty()) {
    out->package_case = setup.packages[options.package_case].name;
  }
  return out;
}

base::Result<SlicerInput> equalise(const LinkSetup& setup, const channel::Channel& channel,
                                   const EqualiseOptions& options) {
  auto all = analyse(setup, channel, options);
  if (!all) {
    return tl::unexpected(all.error());
  }
  return std::move(all->input);
}

}  // namespace weft::phy::link
