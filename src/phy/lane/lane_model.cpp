// SPDX-License-Identifier: Apache-2.0
#include "phy/lane/lane_model.h"

#include "phy/eye/burst.h"
#include "phy/eye/column.h"
#include "phy/eye/eye.h"
#include "phy/lane/counts.h"
#include "phy/lane/fec_table.h"
#include "phy/lane/table.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

namespace weft::phy::lane {
namespace model {

constexpr double kZeroCelsius = 273.15;
constexpr double kBurstMost = 0.95;
constexpr double kLn10 = 2.302585092994046;

/// Variances of what disturbs the slicer, per squared main cursor, in the built link.
struct Disturbance {
  double isi = 0;
  double crosstalk = 0;
  double jitter = 0;
};

Disturbance disturbance_of(const link::SlicerInput& input, double symbol_variance) {
  Disturbance result;
  const eye::Cursors at = eye::cursors_at(input, 0);
  const double scale = symbol_variance / (at.main_v * at.main_v);
  for (const double h : at.isi_v) {
    result.isi += scale * h * h;
  }
  for (const std::vector<double>& pulse : input.aggressors) {
    for (const double h : pulse) {
      result.crosstalk += scale * h * h / input.samples_per_ui;
    }
  }
  // Slope of every cursor, as (93A-28); the DFE's taps do not move.
  link::SlicerInput bare = input;
  bare.dfe.clear();
  const double step = 1.0 / std::max(2U, input.samples_per_ui);
  const eye::Cursors before = eye::cursors_at(bare, -step);
  const eye::Cursors after = eye::cursors_at(bare, step);
  const auto slope2 = [step](double a, double b) { return (b - a) * (b - a) / (4 * step * step); };
  double slopes = slope2(before.main_v, after.main_v);
  for (std::size_t i = 0; i < std::min(before.isi_v.size(), after.isi_v.size()); ++i) {
    slopes += slope2(before.isi_v[i], after.isi_v[i]);
  }
  result.jitter =
      scale * slopes * (input.sigma_rj_ui * input.sigma_rj_ui + input.a_dd_ui * input.a_dd_ui);
  return result;
}

}  // namespace model

struct LaneModel::Tables {
  link::SlicerInput input;
  LaneOptions options;
  double main_v = 0;
  double symbol_variance = 0;
  double bits_per_symbol = 1;
  double own_burst = 0;
  model::Disturbance disturbance;
  Table table;
  double crosstalk_noise = 0;  // LaneOptions::crosstalk_as_noise: relative to the main cursor
  std::optional<FecTable> fec;

  struct Effect {
    double gain = 1;
    double receiver_noise_v = 0;
    Coordinates at;
  };
  [[nodiscard]] Effect effect_of(const LaneState& state) const;
};

LaneModel::Tables::Effect LaneModel::Tables::effect_of(const LaneState& state) const {
  const double kelvin = (state.temperature - options.reference).value();
  const double loss_db =
      state.loss_delta.value() + options.channel_loss.value() * options.loss_per_kelvin * kelvin;
  Effect effect;
  effect.gain = std::exp(-loss_db * model::kLn10 / 20);
  const double warmth = std::max(0.0, (state.temperature.value() + model::kZeroCelsius) /
                                          (options.reference.value() + model::kZeroCelsius));
  const double extra_v = 1e-3 * state.noise_extra.value();
  effect.receiver_noise_v =
      std::sqrt(input.noise_sigma_v * input.noise_sigma_v * warmth + extra_v * extra_v);
  const double signal_v = effect.gain * main_v;
  const double noise = effect.receiver_noise_v / signal_v;
  const double tx = input.tx_noise_sigma_v / main_v;
  const double crosstalk = crosstalk_noise * std::max(0.0, state.crosstalk_scale) / effect.gain;
  effect.at.noise = std::sqrt(noise * noise + tx * tx + crosstalk * crosstalk);
  effect.at.jitter =
      std::max(0.0, state.jitter_scale + state.supply_noise / options.supply_per_jitter);
  effect.at.crosstalk = std::max(0.0, state.crosstalk_scale) / effect.gain;
  effect.at.residual =
      std::max(0.0, state.misadaptation) + options.isi_per_db * std::max(0.0, loss_db);
  return effect;
}

base::Result<LaneModel> LaneModel::build(const link::SlicerInput& input,
                                         const LaneOptions& options) {
  if (auto ok = eye::check(input); !ok) {
    return tl::unexpected(std::move(ok.error()));
  }
  const bool is_sane = options.channel_loss.value() >= 0 && options.loss_per_kelvin >= 0 &&
                       options.isi_per_db >= 0 && options.supply_per_jitter.value() > 0 &&
                       options.eye_ber > 1e-30 && options.eye_ber < 0.1 &&
                       options.reference.value() > -model::kZeroCelsius;
  if (!is_sane) {
    return base::fail(base::Code::kInvalidArgument, "an option of the lane model is out of range",
                      {}, "Give losses and slopes of at least 0, eye_ber between 1e-30 and 0.1.");
  }
  const unsigned bits = static_cast<unsigned>(std::lround(std::log2(input.levels)));
  std::optional<FecTable> fec;
  if (options.code.n > 0) {
    auto built = FecTable::build(options.code, {.bits_per_symbol = std::max(1U, bits),
                                                .precoding = options.precoding,
                                                .interleave = options.interleave});
    if (!built) {
      return tl::unexpected(std::move(built.error()));
    }
    fec = std::move(*built);
  }
  const eye::Alphabet alphabet = eye::alphabet_of(input.levels, input.r_lm);
  const double main_v = input.pulse[input.cursor];
  const bool is_folded = options.crosstalk_as_noise && !input.aggressors.empty();
  link::SlicerInput alone = input;
  if (is_folded) {
    alone.aggressors.clear();
  }
  Tables tables{input,
                options,
                main_v,
                alphabet.variance,
                std::log2(input.levels),
                std::min(model::kBurstMost, eye::estimate_burst(input).a),
                model::disturbance_of(input, alphabet.variance),
                Table(alone, options.eye_ber),
                0,
                std::move(fec)};
  if (is_folded) {
    const double own = std::hypot(input.noise_sigma_v, input.tx_noise_sigma_v) / main_v;
    tables.crosstalk_noise = tables.table.noise_for_crosstalk(input, own, options.eye_ber);
  }
  return LaneModel(std::make_shared<const Tables>(std::move(tables)));
}

Reading LaneModel::at(const LaneState& state) const {
  const Tables& t = *tables_;
  const Tables::Effect effect = t.effect_of(state);
  const Values values = t.table.at(effect.at);
  Reading reading;
  reading.is_clamped = values.is_clamped;
  reading.burst = std::clamp(state.burst.value_or(t.own_burst), 0.0, model::kBurstMost);
  reading.ber = std::min(0.5, upper_tail(std::exp(values.log_z)) / (1 - reading.burst));
  reading.log10_ber = std::log10(reading.ber);
  const double signal_v = effect.gain * t.main_v;
  reading.eye_height = base::Millivolts(1e3 * signal_v * values.height);
  reading.eye_width = base::UnitIntervals(values.width_ui);
  const double gap = t.input.r_lm / (t.input.levels - 1);
  const Coordinates& at = effect.at;
  const double folded = t.crosstalk_noise * at.crosstalk;  // counted by its own power below
  const double disturbing = t.disturbance.isi +
                            t.disturbance.crosstalk * at.crosstalk * at.crosstalk +
                            t.disturbance.jitter * at.jitter * at.jitter +
                            std::max(0.0, at.noise * at.noise - folded * folded) +
                            t.symbol_variance * at.residual * at.residual;
  reading.fom = base::Decibel(10 * std::log10(gap * gap / std::max(disturbing, 1e-30)));
  return reading;
}

link::SlicerInput LaneModel::input_at(const LaneState& state) const {
  const Tables::Effect effect = tables_->effect_of(state);
  link::SlicerInput input = tables_->input;
  if (effect.at.residual > 0) {
    // One more cursor, the same at every phase: a plateau of one UI behind the pulse.
    const std::size_t step = input.samples_per_ui;
    const std::size_t uis = (input.pulse.size() - input.cursor) / step + 3;
    const std::size_t first = input.cursor + uis * step - step / 2;
    input.pulse.resize(first, 0.0);
    input.pulse.resize(first + step, effect.at.residual * tables_->main_v);
  }
  for (double& v : input.pulse) {
    v *= effect.gain;
  }
  for (double& v : input.dfe) {
    v *= effect.gain;
  }
  for (std::vector<double>& pulse : input.aggressors) {
    for (double& v : pulse) {
      v *= std::max(0.0, state.crosstalk_scale);
    }
  }
  input.noise_sigma_v = effect.receiver_noise_v;
  input.tx_noise_sigma_v *= effect.gain;
  input.sigma_rj_ui = std::min(0.5, input.sigma_rj_ui * effect.at.jitter);
  input.a_dd_ui = std::min(0.5, input.a_dd_ui * effect.at.jitter);
  return input;
}

base::Decibel LaneModel::loss_margin(const LaneState& state, double ber) const {
  constexpr double kMost = 30;
  double low = -kMost;
  double high = kMost;
  for (int step = 0; step < 48; ++step) {
    const double middle = 0.5 * (low + high);
    LaneState worse = state;
    worse.loss_delta = state.loss_delta + base::Decibel(middle);
    (at(worse).ber <= ber ? low : high) = middle;
  }
  return base::Decibel(0.5 * (low + high));
}

base::Decibel LaneModel::noise_margin(const LaneState& state, double ber) const {
  constexpr double kMost = 40;
  const Tables::Effect effect = tables_->effect_of(state);
  const double now_v = effect.at.noise * effect.gain * tables_->main_v;
  const double extra_v = 1e-3 * state.noise_extra.value();
  double low = 0;
  double high = kMost;
  for (int step = 0; step < 48; ++step) {
    const double middle = 0.5 * (low + high);
    const double added = now_v * now_v * (std::pow(10.0, middle / 10) - 1);
    LaneState worse = state;
    worse.noise_extra = base::Millivolts(1e3 * std::sqrt(extra_v * extra_v + added));
    (at(worse).ber <= ber ? low : high) = middle;
  }
  return base::Decibel(at(state).ber > ber ? 0 : 0.5 * (low + high));
}

FecProbabilities LaneModel::fec(const Reading& reading) const {
  FecProbabilities result{};
  result[0] = 1;
  if (!tables_->fec) {
    return result;
  }
  const FecTable::Place place = tables_->fec->place(reading.log10_ber, reading.burst);
  const std::size_t t = tables_->options.code.t;
  double at_least = std::exp(tables_->fec->log_at_least(place, 1));
  result[0] = 1 - at_least;
  for (std::size_t k = 1; k <= t; ++k) {
    const double next = std::exp(tables_->fec->log_at_least(place, k + 1));
    result[k] = std::max(0.0, at_least - next);
    at_least = next;
  }
  result[kFecBins - 1] = at_least;
  return result;
}

Counts LaneModel::draw(const Reading& reading, std::uint64_t bits, base::Random& random) const {
  Counts counts;
  counts.bits = bits;
  const LaneOptions& options = tables_->options;
  if (!tables_->fec) {
    // Bursts start as a Poisson process; each goes on with probability a.
    const double starts = static_cast<double>(bits) * reading.ber * (1 - reading.burst);
    const std::uint64_t bursts = draw_poisson(starts, random);
    const double more = reading.burst / (1 - reading.burst);
    counts.bit_errors =
        bursts + (more > 0 ? draw_poisson(static_cast<double>(bursts) * more, random) : 0);
    return counts;
  }
  const std::uint64_t length = options.code.n * options.code.symbol_bits;
  counts.codewords = bits / length;
  if (random.uniform() * static_cast<double>(length) < static_cast<double>(bits % length)) {
    ++counts.codewords;
  }
  const FecTable& fec = *tables_->fec;
  const FecTable::Place place = fec.place(reading.log10_ber, reading.burst);
  double log_here = fec.log_at_least(place, 1);
  std::uint64_t left = draw_binomial(counts.codewords, std::exp(log_here), random);
  counts.histogram[0] = counts.codewords - left;
  if (left == 0) {
    return counts;
  }
  std::uint64_t symbols = 0;
  for (std::size_t k = 1; k <= options.code.t && left > 0; ++k) {
    const double log_next = fec.log_at_least(place, k + 1);
    const std::uint64_t further =
        draw_binomial(left, std::min(1.0, std::exp(log_next - log_here)), random);
    counts.histogram[k] = left - further;
    symbols += k * (left - further);
    left = further;
    log_here = log_next;
  }
  counts.histogram[kFecBins - 1] = left;
  counts.uncorrectable = left;
  symbols += (options.code.t + 1) * left;
  const double more = std::exp(fec.log_bits_per_symbol(place)) - 1;
  counts.bit_errors =
      symbols + (more > 0 ? draw_poisson(more * static_cast<double>(symbols), random) : 0);
  return counts;
}

Counts LaneModel::draw(const LaneState& state, std::uint64_t bits, base::Random& random) const {
  return draw(at(state), bits, random);
}

Rates LaneModel::rates(const Reading& reading) const {
  Rates rates;
  rates.error_events_per_s = reading.ber * (1 - reading.burst) * bits_per_second();
  if (tables_->fec) {
    const LaneOptions& options = tables_->options;
    const FecTable::Place place = tables_->fec->place(reading.log10_ber, reading.burst);
    rates.uncorrectable_per_s = std::exp(tables_->fec->log_at_least(place, options.code.t + 1)) *
                                bits_per_second() /
                                static_cast<double>(options.code.n * options.code.symbol_bits);
  }
  return rates;
}

double LaneModel::seconds_to_next(double rate_per_s, base::Random& random) {
  const double exponential = -std::log1p(-random.uniform());
  return rate_per_s > 0 ? exponential / rate_per_s : std::numeric_limits<double>::infinity();
}

double LaneModel::bits_per_second() const {
  return tables_->input.baud_hz * tables_->bits_per_symbol;
}

const LaneOptions& LaneModel::options() const {
  return tables_->options;
}

double LaneModel::own_burst() const {
  return tables_->own_burst;
}

std::array<double, kStateFields> pack(const LaneState& state) {
  return {state.loss_delta.value(),  state.noise_extra.value(), state.jitter_scale,
          state.temperature.value(), state.crosstalk_scale,     state.supply_noise.value(),
          state.misadaptation,       state.burst.value_or(-1)};
}

LaneState unpack(const std::array<double, kStateFields>& fields) {
  LaneState state;
  state.loss_delta = base::Decibel(fields[0]);
  state.noise_extra = base::Millivolts(fields[1]);
  state.jitter_scale = fields[2];
  state.temperature = base::Celsius(fields[3]);
  state.crosstalk_scale = fields[4];
  state.supply_noise = base::Millivolts(fields[5]);
  state.misadaptation = fields[6];
  if (fields[7] >= 0) {
    state.burst = fields[7];
  }
  return state;
}

Counts& Counts::operator+=(const Counts& other) {
  bits += other.bits;
  bit_errors += other.bit_errors;
  codewords += other.codewords;
  uncorrectable += other.uncorrectable;
  for (std::size_t i = 0; i < histogram.size(); ++i) {
    histogram[i] += other.histogram[i];
  }
  return *this;
}

}  // namespace weft::phy::lane
