// SPDX-License-Identifier: Apache-2.0
#include "phy/eye/eye.h"

#include "phy/eye/burst.h"
#include "phy/eye/column.h"
#include "phy/eye/surface.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>
#include <string>

namespace weft::phy::eye {
namespace result {

constexpr std::size_t kPhasesMax = 1024;
constexpr std::size_t kSamplesMax = 1U << 22U;

/// Bits that differ between the codes of two levels.
double bit_distance(std::size_t a, std::size_t b, bool gray) {
  const auto code = [gray](std::size_t i) { return gray ? i ^ (i >> 1U) : i; };
  return std::popcount(code(a) ^ code(b));
}

/// Between rows: the lowest point of the parabola of ln E through three.
double vertex(const Surface& surface, std::size_t eye, double row) {
  const auto [first, end] = surface.rows_of(eye);
  if (row < static_cast<double>(first) + 1 || row + 2 > static_cast<double>(end)) {
    return row;
  }
  const double a = surface.log_error(surface.centre(), row - 1);
  const double b = surface.log_error(surface.centre(), row);
  const double c = surface.log_error(surface.centre(), row + 1);
  const double bend = a - 2 * b + c;
  const bool is_smooth = std::min({a, b, c}) > kLogZero && bend > 1e-9;
  return is_smooth ? row + std::clamp(0.5 * (a - c) / bend, -1.0, 1.0) : row;
}

/// Row of each eye's threshold at the sampling instant.
std::vector<double> threshold_rows(const Surface& surface, Threshold threshold) {
  std::vector<double> rows;
  const double half = static_cast<double>(surface.rows_each_side());
  const double bin = surface.bin_v();
  const std::vector<double>& level = surface.levels();
  for (std::size_t eye = 0; eye + 1 < level.size(); ++eye) {
    const double middle = 0.5 * (level[eye] + level[eye + 1]) * surface.main_v() / bin + half;
    const auto [first, end] = surface.rows_of(eye);
    double best = middle;
    if (threshold == Threshold::kBest && end > first) {
      double least = surface.log_error(surface.centre(), middle);
      for (std::size_t r = first; r < end; ++r) {
        const double here = surface.log_error(surface.centre(), static_cast<double>(r));
        if (here < least - 1e-3) {
          least = here;
          best = static_cast<double>(r);
        }
      }
      best = vertex(surface, eye, best);
    }
    rows.push_back(best);
  }
  return rows;
}

/// Walks from `start`, where E <= ber, by `step` to the first row or column where it is not, and
/// says where ln E crosses ln ber; `end` is the last place to look at.
template <class LogError>
double edge(const LogError& log_error, double start, double step, double end, double log_ber) {
  double at = start;
  double here = log_error(at);
  while ((end - at) * step > 1e-9) {
    double next = at + step;
    if ((next - end) * step > 0) {
      next = end;
    }
    const double there = log_error(next);
    if (there > log_ber) {
      return at + (next - at) * (log_ber - here) / (there - here);
    }
    at = next;
    here = there;
  }
  return at;
}

struct Span {
  bool is_open = false;
  double low = 0;
  double high = 0;
};

/// Where E <= ber over the rows of one column, around `start`.
Span open_rows(const Surface& surface, std::size_t column, std::size_t eye, double start,
               double log_ber) {
  const auto [first, end] = surface.rows_of(eye);
  const auto log_error = [&](double row) { return surface.log_error(column, row); };
  if (end <= first || log_error(start) > log_ber) {
    return {};
  }
  Span span{true, edge(log_error, start, -1, static_cast<double>(first), log_ber),
            edge(log_error, start, 1, static_cast<double>(end - 1), log_ber)};
  // Open to the last row between the levels: open to the level.
  const auto row_of = [&](double level) {
    return level * surface.main_v() / surface.bin_v() +
           static_cast<double>(surface.rows_each_side());
  };
  if (span.low <= static_cast<double>(first)) {
    span.low = row_of(surface.levels()[eye]);
  }
  if (span.high >= static_cast<double>(end - 1)) {
    span.high = row_of(surface.levels()[eye + 1]);
  }
  return span;
}

/// The row with the fewest errors in this column.
double best_row(const Surface& surface, std::size_t column, std::size_t eye, double threshold) {
  const auto [first, end] = surface.rows_of(eye);
  double best = threshold;
  double least = surface.log_error(column, threshold);
  for (std::size_t r = first; r < end; ++r) {
    const double here = surface.error(column, r);
    if (here <= 0 ? least > kLogZero : std::log(here) < least - 1e-3) {
      least = here <= 0 ? kLogZero : std::log(here);
      best = static_cast<double>(r);
    }
  }
  return best;
}

EyeOpening opening_at(const Surface& surface, std::size_t eye, double threshold, double ber) {
  EyeOpening opening;
  opening.ber = ber;
  opening.eye = eye;
  opening.low_v = opening.high_v = surface.voltage(threshold);
  const double log_ber = std::log(ber);
  const Span rows = open_rows(surface, surface.centre(), eye, threshold, log_ber);
  if (!rows.is_open) {
    return opening;
  }
  opening.low_v = surface.voltage(rows.low);
  opening.high_v = surface.voltage(rows.high);
  opening.height_v = opening.high_v - opening.low_v;
  const auto over_phase = [&](double column) {
    return surface.log_error(static_cast<std::size_t>(column), threshold);
  };
  const auto centre = static_cast<double>(surface.centre());
  const double phases = static_cast<double>(surface.phases());
  opening.left_ui = (edge(over_phase, centre, -1, 0, log_ber) - centre) / phases;
  opening.right_ui = (edge(over_phase, centre, 1, phases - 1, log_ber) - centre) / phases;
  opening.width_ui = opening.right_ui - opening.left_ui;
  return opening;
}

Contour contour_at(const Surface& surface, std::size_t eye, double threshold, double ber) {
  Contour contour;
  contour.ber = ber;
  contour.eye = eye;
  struct Point {
    double phase_ui;
    Span rows;
  };
  std::vector<Point> points;
  const auto walk = [&](std::size_t from, std::ptrdiff_t step) {
    double row = threshold;
    for (auto c = static_cast<std::ptrdiff_t>(from);
         c >= 0 && c < static_cast<std::ptrdiff_t>(surface.phases()); c += step) {
      const auto column = static_cast<std::size_t>(c);
      row = best_row(surface, column, eye, row);
      const Span rows = open_rows(surface, column, eye, row, std::log(ber));
      if (!rows.is_open) {
        return;
      }
      points.push_back({surface.phase_ui(column), rows});
    }
  };
  if (surface.centre() > 0) {
    walk(surface.centre() - 1, -1);
  }
  std::reverse(points.begin(), points.end());
  const std::size_t left = points.size();
  walk(surface.centre(), 1);
  if (points.size() == left) {
    points.clear();  // closed at the sampling instant
  }
  for (const Point& point : points) {
    contour.phase_ui.push_back(point.phase_ui);
    contour.low_v.push_back(surface.voltage(point.rows.low));
    contour.high_v.push_back(surface.voltage(point.rows.high));
  }
  return contour;
}

/// Symbol and bit error ratios at the sampling instant: every level against every threshold.
void add_error_ratios(Surface& surface, const link::SlicerInput& input, bool gray,
                      EyeResult& result) {
  const std::vector<double>& level = surface.levels();
  const double bin = result.bin_v;
  const std::size_t count = level.size();
  const double share = 1 / static_cast<double>(count);
  double bits = 0;
  double mlse = 0;
  const double alpha = input.mlse_alpha;
  for (const JitterNode& node : surface.jitter().nodes) {
    const ColumnCache::Slice slice =
        surface.cache().at(surface.jitter().dirac_ui[node.dirac] +
                           static_cast<double>(node.steps) * surface.jitter().step_ui);
    const double weight = node.weight * share;
    for (std::size_t i = 0; i < count; ++i) {
      const double at = level[i] * slice.main_v;
      // Each threshold passed changes the bits from those of its near side to those of its far.
      for (std::size_t t = i; t + 1 < count; ++t) {
        const double p = std::exp(slice.log_above((result.threshold_v[t] - at) / bin));
        result.ser += t == i ? weight * p : 0;
        bits += weight * p * (bit_distance(i, t + 1, gray) - bit_distance(i, t, gray));
      }
      for (std::size_t t = i; t > 0; --t) {
        const double p = std::exp(slice.log_above((at - result.threshold_v[t - 1]) / bin));
        result.ser += t == i ? weight * p : 0;
        bits += weight * p * (bit_distance(i, t - 1, gray) - bit_distance(i, t, gray));
      }
    }
    if (alpha > 0) {
      // Error events of 1 + alpha D: m symbols, alternating; squared distance relative to one
      // symbol's without the detector (union bound).
      const double half = slice.main_v / static_cast<double>(count - 1) / bin;
      double ways = 2 * (1 - share);
      for (int m = 1; m <= 64; ++m) {
        const double squared = 1 + alpha * alpha + (m - 1) * (1 - alpha) * (1 - alpha);
        mlse += node.weight * m * ways * std::exp(slice.log_above(half * std::sqrt(squared)));
        ways *= 1 - share;
      }
    }
  }
  const double per_symbol = std::log2(static_cast<double>(count));
  result.ber = bits / per_symbol;
  if (alpha > 0) {
    result.mlse_ser = std::min(1.0, mlse);
    result.mlse_ber = *result.mlse_ser / per_symbol;
  }
}

void add_openings(const Surface& surface, const EyeOptions& options,
                  const std::vector<double>& thresholds, EyeResult& result) {
  for (const double ber : options.contours) {
    for (std::size_t eye = 0; eye < thresholds.size(); ++eye) {
      result.openings.push_back(opening_at(surface, eye, thresholds[eye], ber));
      result.contours.push_back(contour_at(surface, eye, thresholds[eye], ber));
    }
  }
  for (std::size_t c = 0; c < surface.phases(); ++c) {
    double worst = 0;
    for (const double row : thresholds) {
      worst = std::max(worst, std::exp(surface.log_error(c, row)));
    }
    result.bathtub.push_back({surface.phase_ui(c), worst});
  }
  for (std::size_t eye = 0; eye < thresholds.size(); ++eye) {
    const auto [first, end] = surface.rows_of(eye);
    for (std::size_t r = first; r < end; ++r) {
      result.voltage_bathtub.push_back(
          {eye, surface.voltage(static_cast<double>(r)), surface.error(surface.centre(), r)});
    }
  }
}

bool is_finite(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); });
}

base::Result<void> check_options(const EyeOptions& options) {
  using base::Code;
  if (options.phases == 0 || options.phases > kPhasesMax) {
    return base::fail(Code::kInvalidArgument,
                      "an eye of " + std::to_string(options.phases) + " phases cannot be made", {},
                      "Ask for 1 to " + std::to_string(kPhasesMax) + " phases.");
  }
  if (!(options.bin_v >= 0) || !std::isfinite(options.bin_v)) {
    return base::fail(Code::kInvalidArgument, "the voltage bin is negative or not a number", {},
                      "Give a width in volts, or 0 to have it chosen.");
  }
  for (const double ber : options.contours) {
    if (!(ber > 1e-30) || !(ber < 0.5)) {
      return base::fail(Code::kInvalidArgument, "an error ratio for contours is out of range", {},
                        "Give ratios between 1e-30 and 0.5.");
    }
  }
  return {};
}

}  // namespace result

base::Result<void> check(const link::SlicerInput& input) {
  using base::Code;
  const auto refuse = [](std::string what, std::string hint) {
    return base::fail(Code::kInvalidArgument, std::move(what), {}, std::move(hint));
  };
  if (!(input.baud_hz > 0) || !std::isfinite(input.baud_hz)) {
    return refuse("the symbol rate is not a positive number", "Give the baud rate in hertz.");
  }
  if (input.levels < 2 || input.levels > 8) {
    return refuse("PAM-" + std::to_string(input.levels) + " is not supported",
                  "Use 2 to 8 levels.");
  }
  if (!(input.r_lm > 0) || input.r_lm > 1) {
    return refuse("R_LM is not in (0, 1]", "Give the level separation mismatch ratio, 1 if equal.");
  }
  if (input.samples_per_ui == 0 || input.pulse.empty() ||
      input.pulse.size() > result::kSamplesMax) {
    return refuse("the pulse response has no samples or too many",
                  "Sample the pulse at least once a UI, and cut it where it has settled.");
  }
  bool is_finite = result::is_finite(input.pulse) && result::is_finite(input.dfe);
  for (const std::vector<double>& aggressor : input.aggressors) {
    is_finite = is_finite && result::is_finite(aggressor);
  }
  if (!is_finite) {
    return refuse("a pulse response holds values that are not finite",
                  "Check the channel for NaN and for poles right of the axis.");
  }
  if (input.cursor >= input.pulse.size() || !(input.pulse[input.cursor] > 0)) {
    return refuse("the main cursor is not positive",
                  "Check the sampling instant, and the polarity of the pair.");
  }
  for (const double v : {input.noise_sigma_v, input.tx_noise_sigma_v, input.sigma_rj_ui,
                         input.a_dd_ui, input.mlse_alpha}) {
    if (!(v >= 0) || !std::isfinite(v)) {
      return refuse("noise, jitter or the detector's alpha is negative or not finite",
                    "Give zero for what is absent.");
    }
  }
  if (input.sigma_rj_ui > 0.5 || input.a_dd_ui > 1) {
    return refuse("jitter is beyond 0.5 UI rms or 1 UI peak", "Give jitter in unit intervals.");
  }
  return {};
}

std::vector<double> peak_distortion(const link::SlicerInput& input, double phase_ui) {
  const Cursors cursors = cursors_at(input, phase_ui);
  double worst = 0;
  for (const double h : cursors.isi_v) {
    worst += std::abs(h);
  }
  for (const std::vector<double>& pulse : input.aggressors) {
    std::vector<double> sums(input.samples_per_ui, 0.0);
    for (std::size_t i = 0; i < pulse.size(); ++i) {
      sums[i % input.samples_per_ui] += std::abs(pulse[i]);
    }
    worst += *std::max_element(sums.begin(), sums.end());
  }
  const std::vector<double> level = symbol_levels(input.levels, input.r_lm);
  std::vector<double> eyes;
  for (std::size_t i = 0; i + 1 < level.size(); ++i) {
    eyes.push_back((level[i + 1] - level[i]) * cursors.main_v - 2 * worst);
  }
  return eyes;
}

base::Result<EyeResult> statistical_eye(const link::SlicerInput& input, const EyeOptions& options) {
  if (auto ok = check(input); !ok) {
    return tl::unexpected(ok.error());
  }
  if (auto ok = result::check_options(options); !ok) {
    return tl::unexpected(ok.error());
  }
  const Plan plan = make_plan(input, options.bin_v);
  Surface surface(input, plan, options.phases, options.is_density);
  EyeResult eye;
  eye.baud_hz = input.baud_hz;
  eye.levels = input.levels;
  eye.bin_v = plan.bin_v;
  eye.rows = 2 * surface.rows_each_side() + 1;
  eye.v_min = surface.voltage(0);
  for (const double level : surface.levels()) {
    eye.level_v.push_back(level * surface.main_v());
  }
  for (std::size_t c = 0; c < surface.phases(); ++c) {
    eye.phase_ui.push_back(surface.phase_ui(c));
  }
  eye.pda_eye_v = peak_distortion(input);
  eye.pda_height_v = *std::min_element(eye.pda_eye_v.begin(), eye.pda_eye_v.end());
  eye.isi_rms_v = std::sqrt(surface.cache().column(0).isi_var_v2);
  eye.crosstalk_rms_v = plan.crosstalk_rms_v;
  const std::vector<double> thresholds = result::threshold_rows(surface, options.threshold);
  for (const double row : thresholds) {
    eye.threshold_v.push_back(surface.voltage(row));
  }
  result::add_error_ratios(surface, input, options.gray, eye);
  const BurstEstimate burst = estimate_burst(input, plan, surface.cache(), surface.jitter());
  eye.burst = burst.a;
  if (!options.dfe_error_free) {
    eye.ser = std::min(1.0, eye.ser * burst.mean_length);
    eye.ber = std::min(1.0, eye.ber * burst.mean_length);
  }
  result::add_openings(surface, options, thresholds, eye);
  eye.density = std::move(surface.density());
  return eye;
}

}  // namespace weft::phy::eye
