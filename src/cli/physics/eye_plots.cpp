// SPDX-License-Identifier: Apache-2.0
// See eye_plots.h.
#include "cli/physics/eye_plots.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include <fmt/format.h>

namespace weft::cli {
namespace {

using draw::Role;
using phy::eye::EyeResult;

constexpr double kMillivolts = 1e3;
constexpr std::size_t kRowsDrawn = 480;
/// Lowest density drawn, per millivolt.
constexpr double kLog10Floor = -16;
/// Lowest error ratio drawn in a bathtub.
constexpr double kBathtubFloor = 1e-18;

constexpr double kMinusInfinity = -std::numeric_limits<double>::infinity();

struct RowRange {
  std::size_t low = 0, high = 0;  ///< half open
};

/// The rows that hold anything worth a colour around the sampling instant, with some room. Further
/// off the traces swing beyond it, and would only make the openings small.
RowRange drawn_rows(const EyeResult& eye, double least) {
  constexpr double kNearUi = 0.2;
  RowRange range{eye.rows, 0};
  for (std::size_t c = 0; c < eye.phase_ui.size(); ++c) {
    for (std::size_t r = 0; r < eye.rows && std::abs(eye.phase_ui[c]) <= kNearUi; ++r) {
      if (eye.density[c * eye.rows + r] > least) {
        range.low = std::min(range.low, r);
        range.high = std::max(range.high, r + 1);
      }
    }
  }
  if (range.high <= range.low) {
    return {0, eye.rows};
  }
  const std::size_t room = (range.high - range.low) / 12;
  return {range.low - std::min(range.low, room), std::min(range.high + room, eye.rows)};
}

/// The density per millivolt on at most kRowsDrawn rows.
draw::Density density_of(const EyeResult& eye, draw::Palette palette) {
  const double bin_mv = eye.bin_v * kMillivolts;
  const RowRange range = drawn_rows(eye, 1e-14 * bin_mv);
  const std::size_t source_rows = range.high - range.low;
  const std::size_t each = (source_rows + kRowsDrawn - 1) / kRowsDrawn;
  draw::Density density;
  density.columns = eye.phase_ui.size();
  density.rows = (source_rows + each - 1) / each;
  density.palette = palette;
  density.title = "Probability density (1/mV)";
  density.log10_floor = kLog10Floor;
  density.y_min = (eye.v_min + (static_cast<double>(range.low) - 0.5) * eye.bin_v) * kMillivolts;
  density.y_max = density.y_min + static_cast<double>(density.rows * each) * bin_mv;
  density.x_min = -0.5;
  density.x_max = 0.5;
  density.log10_value.assign(density.columns * density.rows, kMinusInfinity);
  double highest = kMinusInfinity;
  for (std::size_t c = 0; c < density.columns; ++c) {
    for (std::size_t r = 0; r < density.rows; ++r) {
      double sum = 0;
      for (std::size_t k = 0; k < each; ++k) {
        const std::size_t row = range.low + r * each + k;
        sum += row < eye.rows ? eye.density[c * eye.rows + row] : 0;
      }
      if (sum > 0) {
        const double value = std::log10(sum / (static_cast<double>(each) * bin_mv));
        density.log10_value[c * density.rows + r] = value;
        highest = std::max(highest, value);
      }
    }
  }
  density.log10_ceiling = std::isfinite(highest) ? std::max(highest, kLog10Floor + 1) : 0;
  return density;
}

struct ContourLook {
  Role role;
  draw::Dash dash;
  char sign;
};
constexpr ContourLook kContourLooks[] = {
    {Role::kOnDensity, draw::Dash::kSolid, 'a'},
    {Role::kOnDensityMuted, draw::Dash::kDashed, 'b'},
    {Role::kOnDensityMuted, draw::Dash::kDotted, 'c'},
};

void add_contours(const EyeResult& eye, std::span<const double> wanted, draw::Plot& plot) {
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const ContourLook& look = kContourLooks[std::min(i, std::size(kContourLooks) - 1)];
    std::string legend = draw::figure_text(wanted[i], 2);
    bool is_open = false;
    for (const phy::eye::Contour& contour : eye.contours) {
      if (contour.ber != wanted[i] || contour.phase_ui.empty()) {
        continue;
      }
      is_open = true;
      draw::Series series{{}, {look.role, 1.4, look.dash, 1}, std::exchange(legend, ""), look.sign};
      for (std::size_t k = 0; k < contour.phase_ui.size(); ++k) {
        series.points.push_back({contour.phase_ui[k], contour.low_v[k] * kMillivolts});
      }
      for (std::size_t k = contour.phase_ui.size(); k-- > 0;) {
        series.points.push_back({contour.phase_ui[k], contour.high_v[k] * kMillivolts});
      }
      series.points.push_back(series.points.front());
      plot.series.push_back(std::move(series));
    }
    if (!is_open) {
      plot.series.push_back({{}, {look.role, 1.4, look.dash, 1}, legend + " (closed)", look.sign});
    }
  }
}

}  // namespace

draw::Plot eye_density_plot(const EyeResult& eye, std::string title, draw::Palette palette,
                            std::span<const double> contours) {
  draw::Plot plot;
  plot.title = std::move(title);
  plot.density = density_of(eye, palette);
  plot.x = {"Time from the sampling instant (UI)", -0.5, 0.5, draw::Scale::kLinear};
  plot.y = {"Voltage at the slicer (mV)", plot.density->y_min, plot.density->y_max,
            draw::Scale::kLinear};
  add_contours(eye, contours, plot);
  return plot;
}

draw::Plot eye_bathtub_plot(std::span<const NamedEye> eyes, double target_ber, std::string title) {
  constexpr Role kRoles[] = {Role::kSeries1, Role::kSeries2, Role::kSeries3, Role::kSeries4};
  draw::Plot plot;
  plot.title = std::move(title);
  plot.x = {"Time from the sampling instant (UI)", -0.5, 0.5, draw::Scale::kLinear};
  plot.y = {"Error ratio of the worst eye", kBathtubFloor, 1, draw::Scale::kLog10};
  for (std::size_t i = 0; i < eyes.size(); ++i) {
    draw::Series series{{},
                        {kRoles[i % std::size(kRoles)], 1.8, draw::Dash::kSolid, 1},
                        eyes[i].name,
                        "*o+x"[i % 4]};
    for (const phy::eye::BathtubPoint& point : eyes[i].eye->bathtub) {
      series.points.push_back({point.phase_ui, std::max(point.ber, kBathtubFloor / 10)});
    }
    plot.series.push_back(std::move(series));
  }
  draw::Rule rule;
  rule.is_vertical = false;
  rule.at = target_ber;
  rule.label = fmt::format("target {}", draw::figure_text(target_ber, 2));
  plot.rules.push_back(std::move(rule));
  return plot;
}

draw::Plot eye_pulse_plot(const phy::link::SlicerInput& input, std::string title) {
  constexpr int kBefore = 4;
  constexpr int kAfterMin = 14;
  const auto m = static_cast<double>(std::max(input.samples_per_ui, 1U));
  const int after = std::clamp(static_cast<int>(input.dfe.size()) + 4, kAfterMin, 30);
  draw::Plot plot;
  plot.title = std::move(title);
  draw::Series pulse{{}, {Role::kSeries1, 1.8, draw::Dash::kSolid, 1}, "pulse", '*'};
  double low = 0;
  double high = 0;
  for (std::size_t i = 0; i < input.pulse.size(); ++i) {
    const double ui = (static_cast<double>(i) - static_cast<double>(input.cursor)) / m;
    if (ui >= -kBefore && ui <= after) {
      const double mv = input.pulse[i] * kMillivolts;
      pulse.points.push_back({ui, mv});
      low = std::min(low, mv);
      high = std::max(high, mv);
    }
  }
  plot.series.push_back(std::move(pulse));
  const auto legend_only = [&plot](Role role, const char* text) {
    plot.series.push_back({{}, {role, 4, draw::Dash::kSolid, 1}, text, 'o'});
  };
  legend_only(Role::kInk, "main cursor");
  if (!input.dfe.empty()) {
    legend_only(Role::kSeries3, "left by the DFE");
  }
  legend_only(Role::kSeries2, "intersymbol interference");
  for (int n = -kBefore; n <= after; ++n) {
    const double at = static_cast<double>(input.cursor) + n * m;
    if (at < 0 || at >= static_cast<double>(input.pulse.size())) {
      continue;
    }
    const double value = input.pulse[static_cast<std::size_t>(at)];
    const bool has_tap = n >= 1 && static_cast<std::size_t>(n) <= input.dfe.size();
    const double left = has_tap ? value - input.dfe[static_cast<std::size_t>(n) - 1] : value;
    if (has_tap) {
      plot.marks.push_back({{static_cast<double>(n), left * kMillivolts}, Role::kSeries3, 3, ""});
    } else {
      plot.marks.push_back(
          {{static_cast<double>(n), value * kMillivolts},
           n == 0 ? Role::kInk : Role::kSeries2,
           n == 0 ? 3.4 : 2.6,
           n == 0 ? fmt::format("{} mV", draw::figure_text(value * kMillivolts)) : ""});
    }
  }
  draw::Rule zero;
  zero.is_vertical = false;
  zero.stroke = {Role::kMuted, 1, draw::Dash::kSolid, 0.6};
  plot.rules.push_back(zero);
  plot.x = {"Time from the main cursor (UI)", -kBefore, static_cast<double>(after),
            draw::Scale::kLinear};
  plot.y = draw::rounded_axis("Response to one symbol (mV)", low, high);
  return plot;
}

}  // namespace weft::cli
