// SPDX-License-Identifier: Apache-2.0
#include "phy/eye/simulate.h"

#include "base/random.h"
#include "phy/eye/column.h"
#include "phy/eye/eye.h"
#include "phy/eye/kernels.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numbers>
#include <string>
#include <thread>

namespace weft::phy::eye {
namespace simulation {

constexpr std::size_t kBlock = 65536;
constexpr std::size_t kDrift = 512;  // symbols for which an aggressor keeps its phase
constexpr double kJitterSigmas = 9;  // beyond which a draw is clamped
constexpr std::uint64_t kSymbolsMax = 1'000'000'000'000;

/// Standard normal numbers, two per draw (Box and Muller 1958).
class Normal {
 public:
  explicit Normal(base::Random random) : random_(random) {}
  double operator()() {
    if (has_spare_) {
      has_spare_ = false;
      return spare_;
    }
    const double radius = std::sqrt(-2 * std::log(1 - random_.uniform()));
    const double angle = 2 * std::numbers::pi * random_.uniform();
    spare_ = radius * std::sin(angle);
    has_spare_ = true;
    return radius * std::cos(angle);
  }
  base::Random& random() { return random_; }

 private:
  base::Random random_;
  double spare_ = 0;
  bool has_spare_ = false;
};

base::Random stream(std::uint64_t seed, const char* what, std::uint64_t block) {
  return base::Random(seed, std::string("phy/eye/simulate/") + what + '/' + std::to_string(block));
}

/// Cursors one UI apart; tap k acts on the symbol sent k - main UI before.
struct Taps {
  std::vector<double> taps;
  std::size_t main = 0;
};

/// All cursors, before the DFE, at a whole number of samples from the sampling instant.
Taps taps_at(const std::vector<double>& pulse, std::ptrdiff_t first, std::size_t step) {
  Taps result;
  const auto stride = static_cast<std::ptrdiff_t>(step);
  std::ptrdiff_t start = first % stride;
  start += start < 0 ? stride : 0;
  result.main = first >= 0 ? static_cast<std::size_t>(first / stride) : 0;
  if (first < 0) {
    start = first;  // the pulse begins after the instant: zeros come first
  }
  for (std::ptrdiff_t i = start; i < static_cast<std::ptrdiff_t>(pulse.size()); i += stride) {
    result.taps.push_back(i < 0 ? 0 : pulse[static_cast<std::size_t>(i)]);
  }
  return result;
}

/// What every block needs and none changes.
struct Model {
  const link::SlicerInput& input;
  const SimulationOptions& options;
  std::vector<double> levels;
  std::vector<double> thresholds;
  std::ptrdiff_t jitter_reach = 0;  // samples on each side
  std::vector<Taps> phases;         // at -reach .. reach samples from the instant
  std::size_t before = 0;           // symbols that must be known before the first
  std::size_t after = 0;
  double main_v = 0;
  double noise_v = 0;
};

Model make_model(const link::SlicerInput& input, const SimulationOptions& options) {
  Model model{input, options, symbol_levels(input.levels, input.r_lm), {}, 0, {}, 0, 0, 0, 0};
  model.main_v = input.pulse[input.cursor];
  model.thresholds = options.threshold_v;
  for (std::size_t i = model.thresholds.size(); i + 1 < model.levels.size(); ++i) {
    model.thresholds.push_back(0.5 * (model.levels[i] + model.levels[i + 1]) * model.main_v);
  }
  model.noise_v = std::hypot(input.noise_sigma_v, input.tx_noise_sigma_v);
  const double jitter_ui = input.a_dd_ui + kJitterSigmas * input.sigma_rj_ui;
  if (jitter_ui > 0) {
    model.jitter_reach =
        static_cast<std::ptrdiff_t>(std::ceil(jitter_ui * input.samples_per_ui)) + 2;
  }
  for (std::ptrdiff_t s = -model.jitter_reach; s <= model.jitter_reach; ++s) {
    model.phases.push_back(
        taps_at(input.pulse, static_cast<std::ptrdiff_t>(input.cursor) + s, input.samples_per_ui));
    const Taps& taps = model.phases.back();
    model.after = std::max(model.after, taps.main);
    model.before = std::max(model.before, taps.taps.size() - std::min(taps.main, taps.taps.size()));
  }
  model.before = std::max(model.before, input.dfe.size() + 1);
  return model;
}

/// PRBS31 bits from a state that differs by block.
class Prbs31 {
 public:
  explicit Prbs31(std::uint64_t state) : state_((state & 0x7fffffffU) | 1U) {}
  unsigned operator()() {
    const std::uint64_t bit = ((state_ >> 30U) ^ (state_ >> 27U)) & 1U;
    state_ = ((state_ << 1U) | bit) & 0x7fffffffU;
    return static_cast<unsigned>(bit);
  }

 private:
  std::uint64_t state_;
};

std::vector<std::uint8_t> draw_symbols(const Model& model, std::uint64_t block, std::size_t count) {
  std::vector<std::uint8_t> symbols(count);
  base::Random random = stream(model.options.seed, "symbols", block);
  const unsigned levels = model.input.levels;
  if (model.options.pattern == Pattern::kRandom) {
    for (std::uint8_t& s : symbols) {
      s = static_cast<std::uint8_t>(random.below(levels));
    }
    return symbols;
  }
  Prbs31 bits(random());
  for (std::uint8_t& s : symbols) {
    unsigned code = 0;
    for (unsigned weight = levels; weight > 1; weight /= 2) {
      code = code * 2 + bits();
    }
    unsigned index = code;
    for (unsigned shift = 1; shift < 8; shift *= 2) {
      index ^= index >> shift;  // from Gray's code to the level
    }
    s = static_cast<std::uint8_t>(model.options.gray ? index : code);
  }
  return symbols;
}

/// out[n] += taps over values, where values[before + n] is symbol n.
void add_filtered(const Taps& filter, const std::vector<double>& values, std::size_t before,
                  std::size_t first, std::size_t count, double* out) {
  for (std::size_t k = 0; k < filter.taps.size(); ++k) {
    if (filter.taps[k] != 0) {
      kernel::add_scaled(out, values.data() + (before + first + filter.main - k), count,
                         filter.taps[k]);
    }
  }
}

/// Crosstalk `shift` samples after the instants that it is drawn for.
void add_crosstalk(const Model& model, std::uint64_t block, std::size_t shift,
                   std::vector<double>& y) {
  const std::size_t step = model.input.samples_per_ui;
  for (std::size_t i = 0; i < model.input.aggressors.size(); ++i) {
    base::Random random = stream(model.options.seed, "aggressor", block * 1024 + i);
    const std::vector<double>& pulse = model.input.aggressors[i];
    const std::size_t length = pulse.size() / step + 2;
    std::vector<double> sent(kDrift + length + 2);
    for (std::size_t first = 0; first < y.size(); first += kDrift) {
      for (double& v : sent) {
        v = model.levels[random.below(model.levels.size())];
      }
      const Taps taps =
          taps_at(pulse, static_cast<std::ptrdiff_t>(random.below(step) + shift), step);
      const std::size_t count = std::min(kDrift, y.size() - first);
      add_filtered(taps, sent, length - 1, 0, count, y.data() + first);
    }
  }
}

/// The samples at the slicer before the DFE, one per symbol.
std::vector<double> received(const Model& model, std::uint64_t block,
                             const std::vector<double>& values, std::size_t count) {
  std::vector<double> y(count, 0.0);
  if (model.jitter_reach == 0) {
    add_filtered(model.phases[0], values, model.before, 0, count, y.data());
  } else {
    Normal jitter(stream(model.options.seed, "jitter", block));
    constexpr std::size_t kChunk = 1024;
    std::vector<double> at(model.phases.size() * kChunk);
    for (std::size_t first = 0; first < count; first += kChunk) {
      const std::size_t chunk = std::min(kChunk, count - first);
      std::fill(at.begin(), at.end(), 0.0);
      for (std::size_t p = 0; p < model.phases.size(); ++p) {
        add_filtered(model.phases[p], values, model.before, first, chunk, at.data() + p * kChunk);
      }
      for (std::size_t n = 0; n < chunk; ++n) {
        const double side = (jitter.random()() >> 63U) != 0 ? 1 : -1;
        const double normal = std::clamp(jitter(), -kJitterSigmas, kJitterSigmas);
        const double offset = (side * model.input.a_dd_ui + model.input.sigma_rj_ui * normal) *
                                  model.input.samples_per_ui +
                              static_cast<double>(model.jitter_reach);
        const double whole = std::floor(offset);
        const double x = offset - whole;
        const double* const s = at.data() + static_cast<std::size_t>(whole) * kChunk + n;
        const double* const previous = s - kChunk;
        y[first + n] =
            x * (-0.5 + x * (1 - 0.5 * x)) * *previous + (1 + x * x * (-2.5 + 1.5 * x)) * s[0] +
            x * (0.5 + x * (2 - 1.5 * x)) * s[kChunk] + x * x * (-0.5 + 0.5 * x) * s[2 * kChunk];
      }
    }
  }
  add_crosstalk(model, block, 0, y);
  if (model.noise_v > 0) {
    Normal noise(stream(model.options.seed, "noise", block));
    for (double& v : y) {
      v += model.noise_v * noise();
    }
  }
  return y;
}

std::uint8_t slice(const Model& model, double v) {
  std::uint8_t level = 0;
  for (const double threshold : model.thresholds) {
    level = static_cast<std::uint8_t>(level + (v > threshold ? 1 : 0));
  }
  return level;
}

struct Decided {
  std::vector<std::uint8_t> levels;
  std::vector<double> unequalised_by_tap1;  ///< input of the sequence detector
};

/// DFE and slicer, symbol by symbol; before the block all decisions were right.
Decided decide(const Model& model, const std::vector<double>& y,
               const std::vector<double>& values) {
  const std::vector<double>& dfe = model.input.dfe;
  Decided result;
  result.levels.resize(y.size());
  result.unequalised_by_tap1.resize(y.size());
  std::vector<double> fed(values.begin(),
                          values.begin() + static_cast<std::ptrdiff_t>(model.before));
  fed.resize(model.before + y.size());
  for (std::size_t n = 0; n < y.size(); ++n) {
    const double* const last = fed.data() + model.before + n;
    double v = y[n];
    for (std::size_t k = 1; k < dfe.size(); ++k) {
      v -= dfe[k] * *(last - k - 1);
    }
    result.unequalised_by_tap1[n] = v;
    if (!dfe.empty()) {
      v -= dfe[0] * *(last - 1);
    }
    result.levels[n] = slice(model, v);
    fed[model.before + n] =
        model.options.dfe_error_free ? values[model.before + n] : model.levels[result.levels[n]];
  }
  return result;
}

/// The likeliest sequence through 1 + alpha D (Viterbi), starting from a known symbol.
std::vector<std::uint8_t> detect(const Model& model, const std::vector<double>& z, double before) {
  const std::size_t count = model.levels.size();
  // The detector takes the post-cursor that the first DFE tap would remove.
  const double tap = model.input.mlse_alpha * model.main_v;
  std::vector<double> cost(count);
  std::vector<double> next(count);
  std::vector<std::uint8_t> from(z.size() * count);
  for (std::size_t n = 0; n < z.size(); ++n) {
    for (std::size_t s = 0; s < count; ++s) {
      const double own = z[n] - model.main_v * model.levels[s];
      double least = 0;
      for (std::size_t p = 0; p < count; ++p) {
        const double left = own - tap * (n == 0 ? before : model.levels[p]);
        const double here = (n == 0 ? 0 : cost[p]) + left * left;
        if (p == 0 || here < least) {
          least = here;
          from[n * count + s] = static_cast<std::uint8_t>(p);
        }
      }
      next[s] = least;
    }
    const double base = *std::min_element(next.begin(), next.end());
    for (std::size_t s = 0; s < count; ++s) {
      cost[s] = next[s] - base;
    }
  }
  std::vector<std::uint8_t> result(z.size());
  auto state = static_cast<std::size_t>(std::min_element(cost.begin(), cost.end()) - cost.begin());
  for (std::size_t n = z.size(); n-- > 0;) {
    result[n] = static_cast<std::uint8_t>(state);
    state = from[n * count + state];
  }
  return result;
}

void count_errors(const Model& model, const std::vector<std::uint8_t>& sent,
                  const std::vector<std::uint8_t>& decided, std::size_t before,
                  ErrorCounts& counts) {
  const auto code = [&](unsigned i) { return model.options.gray ? i ^ (i >> 1U) : i; };
  const auto levels = static_cast<int>(model.levels.size());
  std::size_t run = 0;
  int previous = 0;
  const auto end_run = [&] {
    if (run > 0) {
      ++counts.runs[std::min(run, counts.runs.size()) - 1];
      run = 0;
    }
  };
  for (std::size_t n = 0; n < decided.size(); ++n) {
    const unsigned right = sent[before + n];
    const int error = static_cast<int>(decided[n]) - static_cast<int>(right);
    // 1 + D modulo L of the errors is what the precoder's inverse leaves.
    counts.precoded_symbol_errors += (error + previous) % levels != 0 ? 1 : 0;
    previous = error;
    if (error == 0) {
      end_run();
      continue;
    }
    ++run;
    ++counts.symbol_errors;
    counts.bit_errors += static_cast<std::uint64_t>(std::popcount(code(right) ^ code(decided[n])));
  }
  end_run();
}

void add(ErrorCounts& sum, const ErrorCounts& part) {
  sum.symbol_errors += part.symbol_errors;
  sum.bit_errors += part.bit_errors;
  sum.precoded_symbol_errors += part.precoded_symbol_errors;
  for (std::size_t i = 0; i < sum.runs.size(); ++i) {
    sum.runs[i] += part.runs[i];
  }
}

SimulationResult run_block(const Model& model, std::uint64_t block, std::size_t count) {
  const std::vector<std::uint8_t> sent =
      draw_symbols(model, block, model.before + count + model.after + 1);
  std::vector<double> values(sent.size());
  std::transform(sent.begin(), sent.end(), values.begin(),
                 [&](std::uint8_t s) { return model.levels[s]; });
  const std::vector<double> y = received(model, block, values, count);
  const Decided decided = decide(model, y, values);
  SimulationResult result;
  count_errors(model, sent, decided.levels, model.before, result.slicer);
  if (model.input.mlse_alpha > 0) {
    count_errors(model, sent, detect(model, decided.unequalised_by_tap1, values[model.before - 1]),
                 model.before, result.mlse);
  }
  return result;
}

}  // namespace simulation

double ErrorCounts::burst() const {
  std::uint64_t starts = 0;
  for (const std::uint64_t count : runs) {
    starts += count;
  }
  return symbol_errors == 0 ? 0
                            : 1 - static_cast<double>(starts) / static_cast<double>(symbol_errors);
}

double SimulationResult::ser() const {
  return symbols == 0 ? 0
                      : static_cast<double>(slicer.symbol_errors) / static_cast<double>(symbols);
}

double SimulationResult::ber() const {
  return bits == 0 ? 0 : static_cast<double>(slicer.bit_errors) / static_cast<double>(bits);
}

base::Result<SimulationResult> simulate(const link::SlicerInput& input,
                                        const SimulationOptions& options) {
  if (auto ok = check(input); !ok) {
    return tl::unexpected(ok.error());
  }
  if (options.symbols == 0 || options.symbols > simulation::kSymbolsMax) {
    return base::fail(base::Code::kInvalidArgument, "the number of symbols is out of range", {},
                      "Simulate 1 to 1e12 symbols.");
  }
  if (!options.threshold_v.empty() && options.threshold_v.size() + 1 != input.levels) {
    return base::fail(base::Code::kInvalidArgument, "the number of thresholds is wrong", {},
                      "Give one between each two levels, or none.");
  }
  if (options.pattern != Pattern::kRandom && !std::has_single_bit(input.levels)) {
    return base::fail(base::Code::kInvalidArgument,
                      "a bit pattern needs levels that are a power of two", {},
                      "Use random symbols for PAM-" + std::to_string(input.levels) + ".");
  }
  const simulation::Model model = simulation::make_model(input, options);
  const std::uint64_t blocks = (options.symbols - 1) / simulation::kBlock + 1;
  const unsigned threads =
      static_cast<unsigned>(std::min<std::uint64_t>(std::max(1U, options.threads), blocks));
  std::vector<SimulationResult> parts(threads);
  const auto work = [&](unsigned thread) {
    for (std::uint64_t block = thread; block < blocks; block += threads) {
      const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(
          simulation::kBlock, options.symbols - block * simulation::kBlock));
      const SimulationResult one = simulation::run_block(model, block, count);
      simulation::add(parts[thread].slicer, one.slicer);
      simulation::add(parts[thread].mlse, one.mlse);
    }
  };
  std::vector<std::thread> others;
  for (unsigned thread = 1; thread < threads; ++thread) {
    others.emplace_back(work, thread);
  }
  work(0);
  for (std::thread& other : others) {
    other.join();
  }
  SimulationResult result;
  for (const SimulationResult& part : parts) {
    simulation::add(result.slicer, part.slicer);
    simulation::add(result.mlse, part.mlse);
  }
  result.symbols = options.symbols;
  result.bits = options.symbols * static_cast<std::uint64_t>(std::bit_width(input.levels) - 1);
  return result;
}

base::Result<Trace> simulate_trace(const link::SlicerInput& input, std::uint64_t symbols,
                                   std::uint64_t seed) {
  constexpr std::uint64_t kTraceMax = 1'000'000;
  if (auto ok = check(input); !ok) {
    return tl::unexpected(ok.error());
  }
  if (symbols == 0 || symbols > kTraceMax) {
    return base::fail(base::Code::kInvalidArgument, "the number of symbols is out of range", {},
                      "Trace 1 to 1e6 symbols.");
  }
  SimulationOptions options;
  options.seed = seed;
  const simulation::Model model = simulation::make_model(input, options);
  const std::size_t step = input.samples_per_ui;
  const auto count = static_cast<std::size_t>(symbols);
  const std::size_t history = input.pulse.size() / step + 2 + input.dfe.size();
  const std::vector<std::uint8_t> sent = simulation::draw_symbols(model, 0, 2 * history + count);
  Trace trace;
  trace.samples_per_ui = input.samples_per_ui;
  std::vector<double> values(sent.size());
  std::transform(sent.begin(), sent.end(), values.begin(),
                 [&](std::uint8_t s) { return model.levels[s]; });
  trace.symbols.assign(values.begin() + static_cast<std::ptrdiff_t>(history),
                       values.begin() + static_cast<std::ptrdiff_t>(history + count));
  trace.voltage_v.resize(count * step);
  std::vector<double> column(count);
  simulation::Normal noise(simulation::stream(seed, "trace", 0));
  std::vector<double> jitter_ui(count, 0.0);
  if (model.jitter_reach > 0) {
    for (double& offset : jitter_ui) {
      const double side = (noise.random()() >> 63U) != 0 ? 1 : -1;
      offset = side * input.a_dd_ui + input.sigma_rj_ui * noise();
    }
  }
  for (std::size_t i = 0; i < step; ++i) {
    const std::ptrdiff_t shift =
        static_cast<std::ptrdiff_t>(i) - static_cast<std::ptrdiff_t>(step / 2);
    std::fill(column.begin(), column.end(), 0.0);
    simulation::add_filtered(
        simulation::taps_at(input.pulse, static_cast<std::ptrdiff_t>(input.cursor) + shift, step),
        values, history, 0, count, column.data());
    simulation::add_crosstalk(model, 0, i, column);
    for (std::size_t n = 0; n < count; ++n) {
      double v = column[n] + model.noise_v * noise();
      for (std::size_t k = 0; k < input.dfe.size(); ++k) {
        v -= input.dfe[k] * values[history + n - k - 1];
      }
      trace.voltage_v[n * step + i] = v;
    }
  }
  // Jitter moves a UI as a whole, by the slope between its samples.
  std::vector<double> moved = trace.voltage_v;
  for (std::size_t n = 0; n < count; ++n) {
    if (jitter_ui[n] == 0) {
      continue;
    }
    for (std::size_t i = 0; i < step; ++i) {
      const double at =
          std::clamp(static_cast<double>(n * step + i) + jitter_ui[n] * static_cast<double>(step),
                     0.0, static_cast<double>(moved.size() - 1));
      const auto base = static_cast<std::size_t>(at);
      const double part = at - static_cast<double>(base);
      const std::size_t next = std::min(base + 1, moved.size() - 1);
      moved[n * step + i] = (1 - part) * trace.voltage_v[base] + part * trace.voltage_v[next];
    }
  }
  trace.voltage_v = std::move(moved);
  return trace;
}

}  // namespace weft::phy::eye
