// SPDX-License-Identifier: Apache-2.0
#include "phy/eye/column.h"

#include "phy/eye/kernels.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace weft::phy::eye {
namespace column {

constexpr double kPoolBudget = 0.01;          // of ln P, by pooled cursors
constexpr double kSplitBudget = 0.01;         // of ln P, by splitting between bins
constexpr double kRate = 41.446531673892822;  // -ln 1e-18
constexpr double kReach = 12.5;               // sigmas of noise kept: Q = 4e-36
constexpr std::size_t kBinsMax = 8192;        // on one side

/// Half of a symmetric density that cursors are convolved into. Two buffers take turns; each holds
/// the mirror image too, so that the inner loop has no branch.
class Workspace {
 public:
  Workspace(std::size_t support_max, std::size_t shift_max)
      : centre_(support_max + shift_max + 8),
        from_(2 * centre_ + shift_max + 8),
        to_(from_.size()) {}

  void start(std::span<const double> half) {
    std::copy(half.begin(), half.end(), from_.begin() + offset());
    support_ = half.size() - 1;
    mirror(from_);
  }

  /// Convolves with one stage of a cursor of size h; returns the variance that splitting added.
  double convolve(const Alphabet::Stage& stage, double h, double bin_v) {
    double added = 0;
    std::size_t reach = 0;
    for (const Alphabet::Pair& pair : stage.pairs) {
      reach = std::max(reach, bins_of(pair.distance * h, bin_v).first + 1);
    }
    const std::size_t count = support_ + reach + 1;
    double* const out = to_.data() + centre_;
    const double* const in = from_.data() + centre_;
    if (stage.centre > 0) {
      kernel::scale(out, in, count, stage.centre);
    }
    bool is_first = stage.centre <= 0;
    for (const Alphabet::Pair& pair : stage.pairs) {
      const auto [m, phi] = bins_of(pair.distance * h, bin_v);
      added += 2 * pair.weight * phi * (1 - phi) * bin_v * bin_v;
      (is_first ? kernel::pair_set : kernel::pair_add)(out, in, count, m, pair.weight * (1 - phi),
                                                       pair.weight * phi);
      is_first = false;
    }
    support_ += reach;
    swap();
    return added;
  }

  /// Adds two equal masses at distance sqrt(variance), split so that the variance is exact.
  void widen(double variance, double bin_v) {
    const double x = variance / (bin_v * bin_v);
    const double m = std::floor(std::sqrt(x));
    const double far = (x - m * m) / (2 * m + 1);
    const std::size_t count = support_ + static_cast<std::size_t>(m) + 2;
    kernel::pair_set(to_.data() + centre_, from_.data() + centre_, count,
                     static_cast<std::size_t>(m), 0.5 * (1 - far), 0.5 * far);
    support_ = count - 1;
    swap();
  }

  /// Puts mass beyond `bins` back onto that bin.
  void clip(std::size_t bins) {
    double* const f = from_.data() + centre_;
    for (; support_ > bins; --support_) {
      f[bins] += f[support_];
      f[support_] = 0;
      f[-static_cast<std::ptrdiff_t>(support_)] = 0;
    }
    f[-static_cast<std::ptrdiff_t>(bins)] = f[bins];
    // The other buffer still holds a wider support than the next step writes.
    std::fill(to_.begin(), to_.end(), 0);
  }

  [[nodiscard]] std::span<const double> half() const {
    return {from_.data() + centre_, support_ + 1};
  }

  /// Whole bins and the fraction of one more.
  static std::pair<std::size_t, double> bins_of(double distance, double bin_v) {
    const double x = distance / bin_v;
    const double m = std::floor(x);
    return {static_cast<std::size_t>(m), x - m};
  }

 private:
  [[nodiscard]] std::ptrdiff_t offset() const { return static_cast<std::ptrdiff_t>(centre_); }
  void mirror(std::vector<double>& buffer) const {
    double* const f = buffer.data() + centre_;
    for (std::size_t i = 1; i <= support_; ++i) {
      f[-static_cast<std::ptrdiff_t>(i)] = f[i];
    }
  }
  void swap() {
    std::swap(from_, to_);
    mirror(from_);
  }

  std::size_t centre_;
  std::size_t support_ = 0;
  std::vector<double> from_;
  std::vector<double> to_;
};

/// Pulse samples one UI apart through `first`, which may lie between samples: Catmull-Rom.
std::vector<double> strided(const std::vector<double>& pulse, double first, std::size_t step,
                            std::size_t& at_first) {
  const double whole = std::floor(first);
  const double x = first - whole;
  const auto base = static_cast<std::ptrdiff_t>(whole);
  const auto size = static_cast<std::ptrdiff_t>(pulse.size());
  const auto stride = static_cast<std::ptrdiff_t>(step);
  const auto before = base / stride;  // base >= 0 or slightly below
  std::ptrdiff_t index = base - before * stride;
  at_first = static_cast<std::size_t>(before);
  std::vector<double> samples;
  samples.reserve(static_cast<std::size_t>(size / stride + 2));
  const double w0 = x * (-0.5 + x * (1 - 0.5 * x));
  const double w1 = 1 + x * x * (-2.5 + 1.5 * x);
  const double w2 = x * (0.5 + x * (2 - 1.5 * x));
  const double w3 = x * x * (-0.5 + 0.5 * x);
  const auto at = [&](std::ptrdiff_t i) {
    return i >= 0 && i < size ? pulse[static_cast<std::size_t>(i)] : 0.0;
  };
  for (; index < size + 1; index += stride) {
    samples.push_back(x == 0 ? at(index)
                             : w0 * at(index - 1) + w1 * at(index) + w2 * at(index + 1) +
                                   w3 * at(index + 2));
  }
  return samples;
}

/// ln of the mean of exp(s a h), and its derivative by s, over the symbols a.
std::pair<double, double> log_moment(const Alphabet& alphabet, double s, double h) {
  const double u = s * h;
  double sum = 0;
  double slope = 0;
  for (const double level : alphabet.levels) {
    const double e = std::exp(u * level - std::abs(u));  // the largest term is one
    sum += e;
    slope += level * h * e;
  }
  return {std::log(sum / static_cast<double>(alphabet.levels.size())) + std::abs(u), slope / sum};
}

/// The tilt s at which s K'(s) - K(s) reaches kRate: bisection of its logarithm.
double solve_tilt(const Alphabet& alphabet, double sigma_v, const std::vector<double>& cursors) {
  const double high = std::sqrt(2 * kRate) / sigma_v;
  double variance = sigma_v * sigma_v;
  std::vector<double> large;
  for (const double h : cursors) {
    if (std::abs(h) * high < 0.3) {
      variance += alphabet.variance * h * h;
    } else {
      large.push_back(std::abs(h));
    }
  }
  double low_log = std::log(high) - 5;
  double high_log = std::log(high);
  constexpr int kSteps = 9;  // leaves 1 %; s itself enters accuracy by budgets only
  for (int step = 0; step < kSteps; ++step) {
    const double middle = 0.5 * (low_log + high_log);
    const double s = std::exp(middle);
    double rate = 0.5 * s * s * variance;
    for (const double h : large) {
      const auto [log_mean, slope] = log_moment(alphabet, s, h);
      rate += s * slope - log_mean;
    }
    (rate < kRate ? low_log : high_log) = middle;
  }
  return std::exp(high_log);
}

/// Ascending by magnitude; how many of the first may be pooled within the budget.
std::size_t pooled_count(std::vector<double>& cursors, const Alphabet& alphabet, double tilt,
                         double budget) {
  std::sort(cursors.begin(), cursors.end(),
            [](double a, double b) { return std::abs(a) < std::abs(b); });
  if (tilt <= 0) {
    return 0;
  }
  const double scale = alphabet.fourth_cumulant * std::pow(tilt, 4) / 24;
  double spent = 0;
  std::size_t count = 0;
  for (; count < cursors.size(); ++count) {
    spent += scale * std::pow(cursors[count], 4);
    if (spent > budget) {
      break;
    }
  }
  return count;
}

double sum_of_squares(std::span<const double> values) {
  return std::inner_product(values.begin(), values.end(), values.begin(), 0.0);
}

double sum_of_magnitudes(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0,
                         [](double sum, double v) { return sum + std::abs(v); });
}

double largest_magnitude(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0,
                         [](double most, double v) { return std::max(most, std::abs(v)); });
}

struct Discrete {
  std::vector<double> half;
  double remainder_v2 = 0;  ///< variance that the Gaussian part has to carry; may be negative
};

/// The density of `cursors`, on top of `start`.
Discrete density_of(std::vector<double> cursors, const Alphabet& alphabet, double tilt,
                    double budget, double bin_v, std::span<const double> start) {
  const std::size_t pooled = pooled_count(cursors, alphabet, tilt, budget);
  const std::span<const double> all(cursors);
  Discrete result;
  result.remainder_v2 = alphabet.variance * sum_of_squares(all.first(pooled));
  const std::span<const double> convolved = all.subspan(pooled);
  double reach = 2;
  for (const double h : convolved) {
    reach += std::abs(h) / bin_v + static_cast<double>(alphabet.stages.size()) * 2;
  }
  const auto shift_max = static_cast<std::size_t>(largest_magnitude(convolved) / bin_v) + 2;
  Workspace workspace(start.size() + static_cast<std::size_t>(reach), shift_max);
  workspace.start(start);
  double peak = static_cast<double>(start.size() - 1);
  for (const double h : convolved) {
    if (h == 0) {
      continue;
    }
    for (const Alphabet::Stage& stage : alphabet.stages) {
      result.remainder_v2 -= workspace.convolve(stage, std::abs(h), bin_v);
    }
    peak += std::abs(h) / bin_v;
    if (tilt <= 0) {
      workspace.clip(static_cast<std::size_t>(peak * (1 + 1e-12)));
    }
  }
  result.half.assign(workspace.half().begin(), workspace.half().end());
  return result;
}

/// Half of the convolution of two symmetric densities.
std::vector<double> convolve_halves(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> result(a.size() + b.size() - 1, 0.0);
  const auto full = [&b](std::ptrdiff_t i) { return b[static_cast<std::size_t>(std::abs(i))]; };
  const auto reach = static_cast<std::ptrdiff_t>(b.size()) - 1;
  const auto na = static_cast<std::ptrdiff_t>(a.size()) - 1;
  for (std::ptrdiff_t i = -na; i <= na; ++i) {
    const double mass = a[static_cast<std::size_t>(std::abs(i))];
    for (std::ptrdiff_t j = std::max(-reach, -i); j <= reach; ++j) {
      result[static_cast<std::size_t>(i + j)] += mass * full(j);
    }
  }
  return result;
}

/// One aggressor over all phases, each equally likely; the Gaussian part is that of the phase with
/// the least, what others have more becomes a pair of masses with the same variance.
Discrete aggressor_density(const std::vector<double>& pulse, std::size_t samples_per_ui,
                           const Plan& plan, double budget) {
  std::vector<Discrete> phases;
  const std::vector<double> start{1.0};
  for (std::size_t m = 0; m < samples_per_ui; ++m) {
    std::size_t first = 0;
    phases.push_back(density_of(strided(pulse, static_cast<double>(m), samples_per_ui, first),
                                plan.alphabet, plan.tilt_per_v, budget, plan.bin_v, start));
  }
  Discrete result;
  result.remainder_v2 =
      std::min_element(phases.begin(), phases.end(), [](const auto& a, const auto& b) {
        return a.remainder_v2 < b.remainder_v2;
      })->remainder_v2;
  const double share = 1 / static_cast<double>(samples_per_ui);
  for (const Discrete& phase : phases) {
    std::vector<double> half = phase.half;
    const double excess = phase.remainder_v2 - result.remainder_v2;
    if (plan.tilt_per_v > 0 && excess > 0) {
      const auto shift = static_cast<std::size_t>(std::sqrt(excess) / plan.bin_v) + 2;
      Workspace workspace(half.size() + 2 * shift, shift);
      workspace.start(half);
      workspace.widen(excess, plan.bin_v);
      half.assign(workspace.half().begin(), workspace.half().end());
    }
    if (half.size() > result.half.size()) {
      result.half.resize(half.size(), 0.0);
    }
    kernel::add_scaled(result.half.data(), half.data(), half.size(), share);
  }
  if (plan.tilt_per_v <= 0) {
    result.remainder_v2 = 0;
  }
  return result;
}

/// The phase of each aggressor with the most variance, for the tilt; peak and rms on the way.
std::vector<double> survey_aggressors(const link::SlicerInput& input, Plan& plan) {
  std::vector<double> worst;
  double variance = 0;
  for (const std::vector<double>& pulse : input.aggressors) {
    double peak = 0;
    double most = -1;
    std::vector<double> kept;
    for (std::size_t m = 0; m < input.samples_per_ui; ++m) {
      std::size_t first = 0;
      std::vector<double> cursors =
          strided(pulse, static_cast<double>(m), input.samples_per_ui, first);
      const double squares = sum_of_squares(cursors);
      variance += plan.alphabet.variance * squares / input.samples_per_ui;
      peak = std::max(peak, sum_of_magnitudes(cursors));
      if (squares > most) {
        most = squares;
        kept = std::move(cursors);
      }
    }
    plan.crosstalk_peak_v += peak;
    worst.insert(worst.end(), kept.begin(), kept.end());
  }
  plan.crosstalk_rms_v = std::sqrt(variance);
  return worst;
}

double choose_bin(const Plan& plan, const Cursors& main, std::vector<double> cursors) {
  constexpr double kMainBinsLeast = 96;
  constexpr double kMainBinsNoiseless = 512;
  const double reach = main.main_v + plan.crosstalk_peak_v + sum_of_magnitudes(main.isi_v) +
                       kReach * std::sqrt(plan.gaussian_var_v2);
  const double finest = reach / static_cast<double>(kBinsMax);
  if (plan.tilt_per_v <= 0) {
    return std::max(main.main_v / kMainBinsNoiseless, finest);
  }
  const std::size_t pooled = pooled_count(cursors, plan.alphabet, plan.tilt_per_v, kPoolBudget);
  const double count =
      static_cast<double>((cursors.size() - pooled) * plan.alphabet.stages.size()) + 4;
  // Splitting's fourth cumulant is b^4 / 30 on average over where levels fall.
  const double bin = std::pow(kSplitBudget * 24 * 30 / count, 0.25) / plan.tilt_per_v;
  return std::max(
      std::min({bin, std::sqrt(plan.gaussian_var_v2) / 8, main.main_v / kMainBinsLeast}), finest);
}

/// P(discrete + Gaussian > j b): the Gaussian's mass per bin, convolved, summed from the far end.
std::vector<double> tail_of(std::span<const double> half, double sigma_v, double bin_v) {
  const auto n = static_cast<std::ptrdiff_t>(half.size()) - 1;
  const auto reach = static_cast<std::ptrdiff_t>(std::ceil(kReach * sigma_v / bin_v));
  // Multiples of four, so that the inner loop takes four at once.
  const std::ptrdiff_t d = (reach + 4) / 4 * 4;
  const auto count = static_cast<std::size_t>(n + d + 1);
  std::vector<double> mass(count, 0.0);
  if (sigma_v <= 0) {
    // Mass at j b itself is not above j b.
    std::copy(half.begin() + 1, half.end(), mass.begin());
  } else {
    std::vector<double> above(static_cast<std::size_t>(d) + 1);
    for (std::size_t i = 0; i < above.size(); ++i) {
      above[i] = 0.5 * std::erfc(static_cast<double>(i) * bin_v / sigma_v * std::sqrt(0.5));
    }
    // kernel[i] = P(noise in [i b, (i+1) b)) for i >= 0; mirrored below zero.
    std::vector<double> kernel_mass(static_cast<std::size_t>(d));
    for (std::size_t i = 0; i < kernel_mass.size(); ++i) {
      kernel_mass[i] = above[i] - above[i + 1];
    }
    kernel_mass.back() += above.back();
    std::vector<double> padded(count + static_cast<std::size_t>(2 * d + n) + 8, 0.0);
    double* const centre = padded.data() + d + n + 4;
    for (std::ptrdiff_t i = -n; i <= n; ++i) {
      centre[i] = half[static_cast<std::size_t>(std::abs(i))];
    }
    for (std::ptrdiff_t i = -d; i < d; i += 4) {
      double weights[4];
      for (std::ptrdiff_t k = 0; k < 4; ++k) {
        const std::ptrdiff_t at = i + k;
        weights[k] = kernel_mass[static_cast<std::size_t>(at >= 0 ? at : -at - 1)];
      }
      const std::ptrdiff_t first = std::max<std::ptrdiff_t>(0, i - n);
      const std::ptrdiff_t last =
          std::min<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(count), i + 3 + n + 1);
      if (last > first) {
        kernel::add_four(mass.data() + first, centre + (first - i),
                         static_cast<std::size_t>(last - first), weights);
      }
    }
  }
  for (std::size_t i = count - 1; i > 0; --i) {
    mass[i - 1] += mass[i];
  }
  return mass;
}

}  // namespace column

std::vector<double> symbol_levels(unsigned levels, double r_lm) {
  std::vector<double> result(levels);
  for (unsigned i = 0; i < levels; ++i) {
    const bool is_outer = i == 0 || i + 1 == levels;
    result[i] = (2.0 * i / (levels - 1) - 1) * (is_outer ? 1 : r_lm);
  }
  return result;
}

Alphabet alphabet_of(unsigned levels, double r_lm) {
  Alphabet result;
  result.levels = symbol_levels(levels, r_lm);
  const std::vector<double>& v = result.levels;
  double fourth = 0;
  for (const double level : v) {
    result.variance += level * level / levels;
    fourth += level * level * level * level / levels;
  }
  result.fourth_cumulant = std::abs(fourth - 3 * result.variance * result.variance);
  if (levels == 4) {
    result.stages = {{0, {{0.5, (v[3] - v[2]) / 2}}}, {0, {{0.5, (v[3] + v[2]) / 2}}}};
  } else if (levels == 8 && r_lm == 1) {
    result.stages = {{0, {{0.5, 1.0 / 7}}}, {0, {{0.5, 2.0 / 7}}}, {0, {{0.5, 4.0 / 7}}}};
  } else {
    Alphabet::Stage stage;
    stage.centre = levels % 2 == 1 ? 1.0 / levels : 0;
    for (unsigned i = (levels + 1) / 2; i < levels; ++i) {
      stage.pairs.push_back({1.0 / levels, v[i]});
    }
    result.stages = {stage};
  }
  return result;
}

Cursors cursors_at(const link::SlicerInput& input, double phase_ui) {
  Cursors result;
  const std::size_t step = input.samples_per_ui;
  // One whole UI is added so that the position stays positive for cursors in the first UI.
  double position = static_cast<double>(input.cursor) + phase_ui * static_cast<double>(step);
  std::vector<double> shifted;
  const std::vector<double>* pulse = &input.pulse;
  if (position < 0) {
    const auto pad =
        static_cast<std::size_t>(std::ceil(-position / static_cast<double>(step))) * step;
    shifted.assign(pad, 0.0);
    shifted.insert(shifted.end(), input.pulse.begin(), input.pulse.end());
    position += static_cast<double>(pad);
    pulse = &shifted;
  }
  std::size_t main = 0;
  result.isi_v = column::strided(*pulse, position, step, main);
  result.isi_v.resize(std::max(result.isi_v.size(), main + 1 + input.dfe.size()), 0.0);
  for (std::size_t n = 0; n < input.dfe.size(); ++n) {
    result.isi_v[main + 1 + n] -= input.dfe[n];
  }
  result.main_v = result.isi_v[main];
  result.isi_v.erase(result.isi_v.begin() + static_cast<std::ptrdiff_t>(main));
  return result;
}

Plan make_plan(const link::SlicerInput& input, double bin_v) {
  Plan plan;
  plan.alphabet = alphabet_of(input.levels, input.r_lm);
  plan.gaussian_var_v2 =
      input.noise_sigma_v * input.noise_sigma_v + input.tx_noise_sigma_v * input.tx_noise_sigma_v;
  const Cursors main = cursors_at(input, 0);
  std::vector<double> cursors = column::survey_aggressors(input, plan);
  cursors.insert(cursors.end(), main.isi_v.begin(), main.isi_v.end());
  // Noise below a millionth of the cursor is none: its bins could not be afforded.
  if (plan.gaussian_var_v2 > 1e-12 * main.main_v * main.main_v) {
    plan.tilt_per_v = column::solve_tilt(plan.alphabet, std::sqrt(plan.gaussian_var_v2), cursors);
  } else {
    plan.gaussian_var_v2 = 0;
  }
  plan.bin_v = bin_v > 0 ? bin_v : column::choose_bin(plan, main, std::move(cursors));
  plan.crosstalk = {1.0};
  const double budget = 0.5 * column::kPoolBudget /
                        static_cast<double>(std::max<std::size_t>(1, input.aggressors.size()));
  for (const std::vector<double>& pulse : input.aggressors) {
    const column::Discrete one =
        column::aggressor_density(pulse, input.samples_per_ui, plan, budget);
    plan.crosstalk = column::convolve_halves(plan.crosstalk, one.half);
    plan.crosstalk_var_v2 += one.remainder_v2;
  }
  return plan;
}

Column make_column(const link::SlicerInput& input, const Plan& plan, double phase_ui) {
  Cursors cursors = cursors_at(input, phase_ui);
  Column result;
  result.main_v = cursors.main_v;
  result.peak_v = column::sum_of_magnitudes(cursors.isi_v);
  result.isi_var_v2 = plan.alphabet.variance * column::sum_of_squares(cursors.isi_v);
  column::Discrete discrete =
      column::density_of(std::move(cursors.isi_v), plan.alphabet, plan.tilt_per_v,
                         0.5 * column::kPoolBudget, plan.bin_v, plan.crosstalk);
  result.mass = std::move(discrete.half);
  if (plan.tilt_per_v > 0) {
    result.sigma_v = std::sqrt(
        std::max(0.0, plan.gaussian_var_v2 + plan.crosstalk_var_v2 + discrete.remainder_v2));
  }
  result.tail = column::tail_of(result.mass, result.sigma_v, plan.bin_v);
  return result;
}

}  // namespace weft::phy::eye
