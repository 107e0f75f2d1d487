// SPDX-License-Identifier: Apache-2.0
#include "phy/lane/table.h"

#include "phy/eye/column.h"
#include "phy/eye/surface.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <mutex>

namespace weft::phy::lane {
namespace table {

constexpr std::array<double, 14> kJitterScales = {0,   0.4, 0.6, 0.8, 1,   1.2, 1.45,
                                                  1.7, 2,   2.4, 2.8, 3.3, 4,   5};
constexpr double kZMost = 12;  // 2e-33: the engine's tails end there
constexpr double kZLeast = 1e-3;
constexpr std::size_t kNoiseNodes = 14;
constexpr std::size_t kNoiseFactor = 2;  // of refinement
constexpr std::size_t kCrosstalkFactor = 2;
constexpr std::size_t kJitterFactor = 3;
constexpr std::size_t kFine = 512;    // phases per UI between which jitter is mixed
constexpr std::size_t kSlices = 128;  // phases at which the engine is asked

/// ln of error ratios over the phase for one value of residual ISI.
struct PhaseErrors {
  std::vector<double> bits;   // [0 .. kFine], from -1/2 to 1/2 UI
  std::vector<double> worst;  // of the worst eye at its threshold
};

/// From kSlices + 1 phases to kFine + 1, by cubics.
std::vector<double> spread(const std::vector<double>& logs) {
  std::vector<double> result(kFine + 1);
  constexpr std::size_t kPer = kFine / kSlices;
  const auto last = static_cast<std::ptrdiff_t>(kSlices);
  const auto at = [&](std::ptrdiff_t i) {
    return logs[static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(i, 0, last))];
  };
  for (std::size_t i = 0; i <= kFine; ++i) {
    const auto base = static_cast<std::ptrdiff_t>(i / kPer);
    const double x = static_cast<double>(i % kPer) / kPer;
    const double cubic =
        x * (-0.5 + x * (1 - 0.5 * x)) * at(base - 1) + (1 + x * x * (-2.5 + 1.5 * x)) * at(base) +
        x * (0.5 + x * (2 - 1.5 * x)) * at(base + 1) + x * x * (-0.5 + 0.5 * x) * at(base + 2);
    const bool is_kept = std::min({at(base - 1), at(base), at(base + 1), at(base + 2)}) > -600;
    result[i] = is_kept ? std::min(cubic, 0.0) : std::max(at(base), at(base + 1));
  }
  return result;
}

/// One noise and one crosstalk: what the engine says for all jitters and residuals.
class Engine {
 public:
  Engine(const link::SlicerInput& input, double eye_ber)
      : eye_ber_(eye_ber), plan_(eye::make_plan(input)) {
    eye::ColumnCache cache(input, plan_, 64);
    for (std::size_t i = 0; i <= kSlices; ++i) {
      slices_.push_back(cache.at(static_cast<double>(i) / kSlices - 0.5));
    }
    main_v_ = slices_[kSlices / 2].main_v;
  }

  [[nodiscard]] std::size_t eyes() const { return plan_.alphabet.levels.size() - 1; }

  /// Where each eye has the fewest errors, residual ISI left out: half-way between the levels for
  /// NRZ; beside it for outer eyes of PAM, whose outer level jitter moves more.
  [[nodiscard]] std::vector<double> thresholds(const eye::JitterGrid& jitter) const {
    const std::vector<double>& level = plan_.alphabet.levels;
    std::vector<double> result(eyes());
    for (std::size_t i = 0; i < eyes(); ++i) {
      const std::size_t mirror = eyes() - 1 - i;
      if (i >= mirror) {
        result[i] = i == mirror ? 0 : -result[mirror];
        continue;
      }
      const double reach = 0.5 * (level[i + 1] - level[i]) * main_v_;
      double low = 0.5 * (level[i] + level[i + 1]) * main_v_ - 0.7 * reach;
      double high = low + 1.4 * reach;
      // Golden section: one new point a step.
      constexpr double kGolden = 0.6180339887498949;
      double left = high - kGolden * (high - low);
      double right = low + kGolden * (high - low);
      double at_left = error(jitter, i, left);
      double at_right = error(jitter, i, right);
      for (int step = 0; step < 14; ++step) {
        if (at_left == at_right) {
          // Both beyond the engine's tails: the middle between them is as good.
          low = left;
          high = right;
          left = high - kGolden * (high - low);
          right = low + kGolden * (high - low);
          at_left = error(jitter, i, left);
          at_right = error(jitter, i, right);
        } else if (at_left < at_right) {
          high = right;
          right = left;
          at_right = at_left;
          left = high - kGolden * (high - low);
          at_left = error(jitter, i, left);
        } else {
          low = left;
          left = right;
          at_left = at_right;
          right = low + kGolden * (high - low);
          at_right = error(jitter, i, right);
        }
      }
      result[i] = 0.5 * (low + high);
    }
    return result;
  }

  /// From those of a little less residual ISI: the lowest point of a parabola of ln E.
  void follow(const eye::JitterGrid& jitter, double residual,
              std::vector<double>& threshold) const {
    const std::vector<double>& level = plan_.alphabet.levels;
    for (std::size_t i = 0; 2 * i + 1 < eyes(); ++i) {
      const double step = 0.06 * (level[i + 1] - level[i]) * main_v_;
      const double a = log_or_floor(error(jitter, i, threshold[i] - step, residual));
      const double b = log_or_floor(error(jitter, i, threshold[i], residual));
      const double c = log_or_floor(error(jitter, i, threshold[i] + step, residual));
      const double bend = a - 2 * b + c;
      const double lowest =
          threshold[i] + (bend > 1e-9 ? step * std::clamp(0.5 * (a - c) / bend, -1.0, 1.0) : 0);
      if (b > eye::kLogZero && log_or_floor(error(jitter, i, lowest, residual)) < b) {
        threshold[i] = lowest;
        threshold[eyes() - 1 - i] = -lowest;
      }
    }
  }

  [[nodiscard]] PhaseErrors errors(const std::vector<double>& threshold, double residual) const {
    const std::vector<double>& level = plan_.alphabet.levels;
    const auto count = static_cast<double>(level.size());
    std::vector<double> bits;
    std::vector<double> worst;
    std::vector<double> above(eyes());
    for (const eye::ColumnCache::Slice& slice : slices_) {
      double sum = 0;
      for (std::size_t i = 0; i < eyes(); ++i) {
        above[i] = mixed(slice, threshold[i] - level[i] * slice.main_v, residual);
        // The upper level's slip below is the mirrored eye's lower level's slip above.
        sum += above[i];
      }
      double most = 0;
      for (std::size_t i = 0; i < eyes(); ++i) {
        most = std::max(most, 0.5 * (above[i] + above[eyes() - 1 - i]));
      }
      bits.push_back(log_or_floor(2 * sum / count / std::log2(count)));
      worst.push_back(log_or_floor(most));
    }
    return {spread(bits), spread(worst)};
  }

  /// Mean over jitter around a phase.
  [[nodiscard]] static double at_phase(const std::vector<double>& fine,
                                       const eye::JitterGrid& jitter, double phase_ui) {
    double sum = 0;
    for (const eye::JitterNode& node : jitter.nodes) {
      const double t = phase_ui + offset_of(jitter, node);
      const double x = std::clamp((t + 0.5) * kFine, 0.0, static_cast<double>(kFine));
      const auto base = std::min(static_cast<std::size_t>(x), kFine - 1);
      const double part = x - static_cast<double>(base);
      sum += node.weight * std::exp((1 - part) * fine[base] + part * fine[base + 1]);
    }
    return sum;
  }

  /// Width at the threshold of the worst eye, around the sampling instant.
  [[nodiscard]] double width_ui(const std::vector<double>& fine,
                                const eye::JitterGrid& jitter) const {
    if (at_phase(fine, jitter, 0) > eye_ber_) {
      return 0;
    }
    double width = 0;
    for (const double side : {-1.0, 1.0}) {
      double open = 0;
      double closed = 0.5;
      for (int step = 0; step < 8; ++step) {
        const double t = 0.5 * (open + closed);
        (at_phase(fine, jitter, side * t) > eye_ber_ ? closed : open) = t;
      }
      width += 0.5 * (open + closed);
    }
    return width;
  }

  /// Height of the smallest eye per main cursor, without residual ISI.
  [[nodiscard]] double height(const eye::JitterGrid& jitter,
                              const std::vector<double>& threshold) const {
    const std::vector<double>& level = plan_.alphabet.levels;
    double smallest = 2;
    for (std::size_t i = 0; 2 * i < eyes(); ++i) {
      if (error(jitter, i, threshold[i]) > eye_ber_) {
        return 0;
      }
      double total = 0;
      for (const std::size_t side : {i, i + 1}) {
        double open = threshold[i];
        double closed = level[side] * main_v_;
        for (int step = 0; step < 12; ++step) {
          const double at = 0.5 * (open + closed);
          (error(jitter, i, at) > eye_ber_ ? closed : open) = at;
        }
        total += std::abs(open - threshold[i]);
      }
      smallest = std::min(smallest, total / main_v_);
    }
    return smallest;
  }

 private:
  static double log_or_floor(double p) { return p > 0 ? std::log(p) : eye::kLogZero; }
  static double offset_of(const eye::JitterGrid& jitter, const eye::JitterNode& node) {
    return jitter.dirac_ui[node.dirac] + static_cast<double>(node.steps) * jitter.step_ui;
  }

  /// Error ratio of one eye for a threshold at v, at the sampling instant.
  [[nodiscard]] double error(const eye::JitterGrid& jitter, std::size_t i, double v,
                             double residual = 0) const {
    const std::vector<double>& level = plan_.alphabet.levels;
    double sum = 0;
    for (const eye::JitterNode& node : jitter.nodes) {
      const double x =
          std::clamp((offset_of(jitter, node) + 0.5) * kSlices, 0.0, static_cast<double>(kSlices));
      const auto base = std::min(static_cast<std::size_t>(x), kSlices - 1);
      const double part = x - static_cast<double>(base);
      const eye::ColumnCache::Slice& a = slices_[base];
      const eye::ColumnCache::Slice& b = slices_[base + 1];
      double here = 0;
      const std::size_t symbols = residual == 0 ? 1 : level.size();
      for (std::size_t s = 0; s < symbols; ++s) {
        const double shift = residual == 0 ? 0 : residual * main_v_ * level[s];
        const double up =
            (1 - part) * a.log_above((v - shift - level[i] * a.main_v) / plan_.bin_v) +
            part * b.log_above((v - shift - level[i] * b.main_v) / plan_.bin_v);
        const double down =
            (1 - part) * a.log_above((level[i + 1] * a.main_v + shift - v) / plan_.bin_v) +
            part * b.log_above((level[i + 1] * b.main_v + shift - v) / plan_.bin_v);
        here += std::exp(up) + std::exp(down);
      }
      sum += 0.5 * node.weight * here / static_cast<double>(symbols);
    }
    return sum;
  }

  /// P(disturbance > x), the residual cursor's symbol at all its levels.
  [[nodiscard]] double mixed(const eye::ColumnCache::Slice& slice, double x,
                             double residual) const {
    if (residual == 0) {
      return std::exp(slice.log_above(x / plan_.bin_v));
    }
    double sum = 0;
    for (const double level : plan_.alphabet.levels) {
      sum += std::exp(slice.log_above((x - residual * main_v_ * level) / plan_.bin_v));
    }
    return sum / static_cast<double>(plan_.alphabet.levels.size());
  }

  double eye_ber_;
  eye::Plan plan_;
  double main_v_ = 0;
  std::vector<eye::ColumnCache::Slice> slices_;
};

/// Slopes of a monotone cubic (Fritsch and Carlson) through points at `x`.
std::vector<double> monotone_slopes(const std::vector<double>& x, const std::vector<double>& y) {
  const std::size_t n = x.size();
  std::vector<double> secant(n - 1);
  std::vector<double> slope(n);
  for (std::size_t i = 0; i + 1 < n; ++i) {
    secant[i] = (y[i + 1] - y[i]) / (x[i + 1] - x[i]);
  }
  // Three-point ends, kept monotone.
  const auto end = [](double h0, double h1, double d0, double d1) {
    const double s = ((2 * h0 + h1) * d0 - h0 * d1) / (h0 + h1);
    return s * d0 <= 0 ? 0 : std::abs(s) > 3 * std::abs(d0) ? 3 * d0 : s;
  };
  slope[0] = n > 2 ? end(x[1] - x[0], x[2] - x[1], secant[0], secant[1]) : secant[0];
  slope[n - 1] = n > 2 ? end(x[n - 1] - x[n - 2], x[n - 2] - x[n - 3], secant[n - 2], secant[n - 3])
                       : secant[n - 2];
  for (std::size_t i = 1; i + 1 < n; ++i) {
    if (secant[i - 1] * secant[i] > 0) {
      const double before = x[i] - x[i - 1];
      const double after = x[i + 1] - x[i];
      const double w1 = 2 * after + before;
      const double w2 = after + 2 * before;
      slope[i] = (w1 + w2) / (w1 / secant[i - 1] + w2 / secant[i]);
    }
  }
  return slope;
}

std::vector<double> refined_nodes(const std::vector<double>& x, std::size_t factor) {
  if (x.size() < 2) {
    return x;
  }
  std::vector<double> fine;
  for (std::size_t i = 0; i + 1 < x.size(); ++i) {
    for (std::size_t k = 0; k < factor; ++k) {
      fine.push_back(x[i] +
                     (x[i + 1] - x[i]) * static_cast<double>(k) / static_cast<double>(factor));
    }
  }
  fine.push_back(x.back());
  return fine;
}

/// A monotone cubic between base and base + 1, at x.
double cubic_at(const std::vector<double>& nodes, const std::vector<double>& y,
                const std::vector<double>& slope, std::size_t base, double x) {
  const double h = nodes[base + 1] - nodes[base];
  const double t = (x - nodes[base]) / h;
  return (1 + 2 * t) * (1 - t) * (1 - t) * y[base] + t * (1 - t) * (1 - t) * h * slope[base] +
         t * t * (3 - 2 * t) * y[base + 1] - t * t * (1 - t) * h * slope[base + 1];
}

/// A block whose nodes along one axis are `stride` apart, refined along it.
std::vector<float> refine(const std::vector<double>& x, const std::vector<double>& fine,
                          std::size_t factor, std::size_t stride, const std::vector<float>& block) {
  if (x.size() < 2) {
    return block;
  }
  const std::size_t outer = block.size() / (stride * x.size());
  std::vector<float> result(outer * fine.size() * stride);
  std::vector<double> y(x.size());
  for (std::size_t o = 0; o < outer; ++o) {
    for (std::size_t s = 0; s < stride; ++s) {
      for (std::size_t i = 0; i < x.size(); ++i) {
        y[i] = block[(o * x.size() + i) * stride + s];
      }
      const std::vector<double> slope = monotone_slopes(x, y);
      for (std::size_t f = 0; f < fine.size(); ++f) {
        const std::size_t base = std::min(f / factor, x.size() - 2);
        result[(o * fine.size() + f) * stride + s] =
            static_cast<float>(cubic_at(x, y, slope, base, fine[f]));
      }
    }
  }
  return result;
}

}  // namespace table

double upper_tail(double z) {
  return 0.5 * std::erfc(z * 0.70710678118654752);
}

double quantile_of(double p) {
  // Starts from the tail's leading term; Newton on ln Q, which is nearly a parabola.
  if (p >= 0.5) {
    return 0;
  }
  double z = p < 0.1 ? std::sqrt(-2 * std::log(p) - std::log(-2 * std::log(p))) : 1.0;
  for (int step = 0; step < 8; ++step) {
    const double q = upper_tail(z);
    const double density = 0.3989422804014327 * std::exp(-0.5 * z * z);
    z += (std::log(q) - std::log(p)) * q / density;
  }
  return z;
}

std::pair<std::size_t, double> Table::Axis::find(double x, bool& is_clamped) const {
  if (nodes.size() == 1) {
    return {0, 0};
  }
  if (!(x > nodes.front())) {
    is_clamped = is_clamped || x < nodes.front();
    return {0, 0};
  }
  if (x >= nodes.back()) {
    is_clamped = is_clamped || x > nodes.back();
    return {nodes.size() - 2, 1};
  }
  const auto above = std::upper_bound(nodes.begin(), nodes.end(), x);
  const auto base = static_cast<std::size_t>(above - nodes.begin()) - 1;
  return {base, (x - nodes[base]) / (nodes[base + 1] - nodes[base])};
}

struct Table::Rows {
  Rows(const link::SlicerInput& slicer_input, double ber) : input(slicer_input), eye_ber(ber) {}
  link::SlicerInput input;
  double eye_ber;
  std::mutex filling;
  std::vector<Block> raw;   // monotone; under `filling`
  std::vector<Block> fine;  // [0, ready) stay as they are
  std::atomic<std::size_t> ready = 0;
};

Table::Table(Table&& other) noexcept = default;
Table& Table::operator=(Table&& other) noexcept = default;
Table::~Table() = default;

std::array<std::size_t, Table::kAxes> Table::strides(const Axes& axes) {
  std::array<std::size_t, kAxes> result{};
  std::size_t stride = kValues;
  for (std::size_t a = kAxes; a-- > 0;) {
    result[a] = stride;
    stride *= axes[a].nodes.size();
  }
  return result;
}

Table::Table(const link::SlicerInput& input, double eye_ber)
    : rows_(std::make_unique<Rows>(input, eye_ber)) {
  const double gap = 1.0 / (input.levels - 1) * input.r_lm;
  raw_[0].nodes.reserve(table::kNoiseNodes);
  for (std::size_t i = 0; i < table::kNoiseNodes; ++i) {
    // From half the eye being 18 sigmas, where jitter and ISI alone count, to half a sigma.
    const double part = static_cast<double>(i) / (table::kNoiseNodes - 1);
    raw_[0].nodes.push_back(std::log(gap / 18) + part * std::log(36.0));
  }
  raw_[1].nodes = {0};
  if (!input.aggressors.empty()) {
    for (const double scale : {0.35, 0.7, 1.0, 1.4, 2.0, 3.0}) {
      raw_[1].nodes.push_back(scale * scale);
    }
  }
  for (const double scale : table::kJitterScales) {
    raw_[2].nodes.push_back(scale * scale);
  }
  for (const double part : {0.0, 0.025, 0.05, 0.1, 0.16, 0.24, 0.34, 0.46, 0.65, 0.9}) {
    raw_[3].nodes.push_back(part * gap);
  }
  axes_[0].nodes = table::refined_nodes(raw_[0].nodes, table::kNoiseFactor);
  axes_[1].nodes = table::refined_nodes(raw_[1].nodes, table::kCrosstalkFactor);
  axes_[2].nodes = table::refined_nodes(raw_[2].nodes, table::kJitterFactor);
  axes_[3].nodes = raw_[3].nodes;
  rows_->fine.resize(axes_[0].nodes.size());
}

void Table::ensure(std::size_t row) const {
  if (row < rows_->ready.load(std::memory_order_acquire)) {
    return;
  }
  const std::lock_guard hold(rows_->filling);
  for (std::size_t next = rows_->ready.load(); next <= row; ++next) {
    // A row between two nodes needs the slopes at both, and these the nodes beside them; a slope at
    // an end needs the three nodes there.
    const std::size_t base = next / table::kNoiseFactor;
    const std::size_t last = std::min(table::kNoiseNodes - 1, base + 2);
    while (rows_->raw.size() <= last) {
      Block block = fill(raw_[0].nodes[rows_->raw.size()]);
      make_monotone(raw_, block);
      for (std::size_t i = 0; i < block.size() && !rows_->raw.empty(); ++i) {
        block[i] = std::min(block[i], rows_->raw.back()[i]);
      }
      rows_->raw.push_back(std::move(block));
    }
    rows_->fine[next] = refined(next);
    rows_->ready.store(next + 1, std::memory_order_release);
  }
}

Table::Block Table::refined(std::size_t row) const {
  // Slopes at `base` and `base + 1` come out the same from these nodes as from all.
  const std::vector<double>& nodes = raw_[0].nodes;
  const std::size_t base = std::min(row / table::kNoiseFactor, table::kNoiseNodes - 2);
  const std::size_t first = base > 0 ? base - 1 : 0;
  const std::size_t count = std::min(nodes.size(), base + 3) - first;
  std::vector<double> x(nodes.begin() + static_cast<std::ptrdiff_t>(first),
                        nodes.begin() + static_cast<std::ptrdiff_t>(first + count));
  std::vector<double> y(x.size());
  Block block(rows_->raw[base].size());
  for (std::size_t i = 0; i < block.size(); ++i) {
    for (std::size_t n = 0; n < x.size(); ++n) {
      y[n] = rows_->raw[first + n][i];
    }
    block[i] = static_cast<float>(
        table::cubic_at(x, y, table::monotone_slopes(x, y), base - first, axes_[0].nodes[row]));
  }
  const auto raw = strides(raw_);
  block = table::refine(raw_[1].nodes, axes_[1].nodes, table::kCrosstalkFactor, raw[1], block);
  return table::refine(raw_[2].nodes, axes_[2].nodes, table::kJitterFactor, raw[2], block);
}

Table::Block Table::fill(double log_noise) const {
  const link::SlicerInput& input = rows_->input;
  const double eye_ber = rows_->eye_ber;
  std::size_t size = kValues;
  for (std::size_t a = 1; a < kAxes; ++a) {
    size *= raw_[a].nodes.size();
  }
  Block raw(size, 0.0F);
  link::SlicerInput point = input;
  const double main = input.pulse[input.cursor];
  const bool has_jitter = input.sigma_rj_ui > 0 || input.a_dd_ui > 0;
  std::vector<eye::JitterGrid> jitters;
  jitters.reserve(table::kJitterScales.size());
  for (const double scale : table::kJitterScales) {
    jitters.push_back(eye::jitter_grid(std::min(0.5, scale * input.sigma_rj_ui),
                                       std::min(0.5, scale * input.a_dd_ui), 1));
  }
  point.sigma_rj_ui = 0;
  point.a_dd_ui = 0;
  point.tx_noise_sigma_v = 0;
  point.noise_sigma_v = std::exp(log_noise) * main;
  std::size_t at = 0;
  for (const double squared : raw_[1].nodes) {
    for (std::size_t i = 0; i < input.aggressors.size(); ++i) {
      std::transform(input.aggressors[i].begin(), input.aggressors[i].end(),
                     point.aggressors[i].begin(), [&](double v) { return v * std::sqrt(squared); });
    }
    if (squared == 0) {
      point.aggressors.clear();
    }
    const table::Engine engine(point, eye_ber);
    point.aggressors = input.aggressors;
    std::vector<table::PhaseErrors> errors(raw_[3].nodes.size());
    for (std::size_t j = 0; j < jitters.size(); ++j) {
      if (j > 0 && !has_jitter) {
        const std::size_t row = errors.size() * kValues;
        std::copy_n(raw.begin() + static_cast<std::ptrdiff_t>(at - row), row,
                    raw.begin() + static_cast<std::ptrdiff_t>(at));
        at += row;
        continue;
      }
      std::vector<double> thresholds = engine.thresholds(jitters[j]);
      const double height = engine.height(jitters[j], thresholds);
      for (std::size_t e = 0; e < errors.size(); ++e, at += kValues) {
        if (e > 0) {
          engine.follow(jitters[j], raw_[3].nodes[e], thresholds);
        }
        if (j == 0 || engine.eyes() > 1) {  // NRZ has the same threshold for any jitter
          errors[e] = engine.errors(thresholds, raw_[3].nodes[e]);
        }
        const double p = engine.at_phase(errors[e].bits, jitters[j], 0);
        const double z =
            p > 0 ? std::clamp(quantile_of(p), table::kZLeast, table::kZMost) : table::kZMost;
        raw[at] = static_cast<float>(std::log(z));
        raw[at + 1] = static_cast<float>(std::max(0.0, height - 2 * raw_[3].nodes[e]));
        raw[at + 2] = static_cast<float>(engine.width_ui(errors[e].worst, jitters[j]));
      }
    }
  }
  return raw;
}

double Table::noise_for_crosstalk(const link::SlicerInput& input, double own,
                                  double eye_ber) const {
  link::SlicerInput point = input;
  point.noise_sigma_v = own * input.pulse[input.cursor];
  point.sigma_rj_ui = 0;
  point.a_dd_ui = 0;
  point.tx_noise_sigma_v = 0;
  const eye::JitterGrid jitter =
      eye::jitter_grid(std::min(0.5, input.sigma_rj_ui), std::min(0.5, input.a_dd_ui), 1);
  const table::Engine engine(point, eye_ber);
  const double p =
      table::Engine::at_phase(engine.errors(engine.thresholds(jitter), 0).bits, jitter, 0);
  const double log_z =
      std::log(p > 0 ? std::clamp(quantile_of(p), table::kZLeast, table::kZMost) : table::kZMost);
  const auto is_better = [&](double noise) {
    return at({.noise = noise, .crosstalk = 0}).log_z > log_z;
  };
  // z falls along noise: what lies above a node that is as bad need not be filled.
  double bad = std::exp(axes_[0].nodes.back());
  for (const double node : axes_[0].nodes) {
    if (std::exp(node) > own && !is_better(std::exp(node))) {
      bad = std::exp(node);
      break;
    }
  }
  double low = own;
  double high = std::exp(axes_[0].nodes.back());
  for (int step = 0; step < 60 && low < high; ++step) {
    const double middle = 0.5 * (low + high);
    (middle < bad && is_better(middle) ? low : high) = middle;
  }
  const double total = 0.5 * (low + high);
  return std::sqrt(std::max(0.0, total * total - own * own));
}

void Table::make_monotone(const Axes& axes, Block& block) {
  // Whatever the engine's own accuracy of 0.01 decade leaves.
  const std::array<std::size_t, kAxes> stride = strides(axes);
  for (std::size_t a = 1; a < kAxes; ++a) {
    const std::size_t span = stride[a] * axes[a].nodes.size();
    for (std::size_t i = 0; i < block.size(); ++i) {
      if (i % span >= stride[a]) {
        block[i] = std::min(block[i], block[i - stride[a]]);
      }
    }
  }
}

Values Table::at(const Coordinates& point) const {
  Values values;
  const std::array<double, kAxes> x = {std::log(std::max(point.noise, 1e-300)),
                                       point.crosstalk * point.crosstalk,
                                       point.jitter * point.jitter, point.residual};
  const std::array<std::size_t, kAxes> stride = strides(axes_);
  std::array<std::size_t, kAxes> step{};
  std::array<double, kAxes> part{};
  std::size_t row = 0;
  std::size_t base = 0;
  for (std::size_t a = 0; a < kAxes; ++a) {
    const auto [index, fraction] = axes_[a].find(x[a], values.is_clamped);
    (a == 0 ? row : base) += a == 0 ? index : index * stride[a];
    part[a] = fraction;
    step[a] = a > 0 && axes_[a].nodes.size() > 1 ? stride[a] : 0;
  }
  ensure(part[0] > 0 ? row + 1 : row);
  double sum[kValues] = {};
  for (std::size_t corner = 0; corner < 1U << kAxes; ++corner) {
    double weight = 1;
    std::size_t at = base;
    for (std::size_t a = 0; a < kAxes; ++a) {
      const bool is_upper = (corner >> a & 1U) != 0;
      weight *= is_upper ? part[a] : 1 - part[a];
      at += is_upper ? step[a] : 0;
    }
    if (weight > 0) {
      const Block& block = rows_->fine[row + (corner & 1U)];
      for (std::size_t v = 0; v < kValues; ++v) {
        sum[v] += weight * static_cast<double>(block[at + v]);
      }
    }
  }
  values.log_z = sum[0];
  values.height = sum[1];
  values.width_ui = sum[2];
  return values;
}

}  // namespace weft::phy::lane
