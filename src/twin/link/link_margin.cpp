// SPDX-License-Identifier: Apache-2.0
// Error ratios at sampling points that are not the receiver's own, by the full engine: columns of
// the statistical eye around the moved instant, mixed by jitter, read at the moved thresholds. The
// receiver's thresholds are half-way between its levels; errors of feedback multiply by 1 / (1 - a)
// as in the lane model. PAM4 counts bits over all three eyes, as a margining receiver does that
// moves all thresholds together.
#include "base/random.h"
#include "phy/eye/column.h"
#include "phy/eye/surface.h"
#include "phy/lane/counts.h"
#include "twin/link/link_base.h"
#include "twin/world/world.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace weft::twin {
namespace link_margin {

constexpr double kSlicesPerUi = 32;
constexpr std::size_t kJitterPhases = 32;

/// Slices of the eye on a grid around `phase_ui`, as far as jitter reaches.
struct Slices {
  double first_ui = 0;
  std::vector<phy::eye::ColumnCache::Slice> all;
};

Slices slices_around(phy::eye::ColumnCache& cache, double phase_ui, double reach_ui) {
  Slices result;
  const double low = std::floor((phase_ui - reach_ui) * kSlicesPerUi);
  const double high = std::ceil((phase_ui + reach_ui) * kSlicesPerUi);
  result.first_ui = low / kSlicesPerUi;
  for (double i = low; i <= std::max(high, low + 1); ++i) {
    result.all.push_back(cache.at(i / kSlicesPerUi));
  }
  return result;
}

/// P(wrong side), both neighbours of one threshold, at an instant between two slices.
double slips(const Slices& slices, double phase_ui, double low_level, double high_level,
             double threshold_v, double bin_v) {
  const double place = (phase_ui - slices.first_ui) * kSlicesPerUi;
  const auto base = std::min(static_cast<std::size_t>(std::max(0.0, place)), slices.all.size() - 2);
  const double part = std::clamp(place - static_cast<double>(base), 0.0, 1.0);
  const auto& a = slices.all[base];
  const auto& b = slices.all[base + 1];
  const double up = (1 - part) * a.log_above((threshold_v - low_level * a.main_v) / bin_v) +
                    part * b.log_above((threshold_v - low_level * b.main_v) / bin_v);
  const double down = (1 - part) * a.log_above((high_level * a.main_v - threshold_v) / bin_v) +
                      part * b.log_above((high_level * b.main_v - threshold_v) / bin_v);
  return std::exp(up) + std::exp(down);
}

double error_ratio(const phy::link::SlicerInput& input, double phase_ui, double voltage_v) {
  const phy::eye::Plan plan = phy::eye::make_plan(input);
  const phy::eye::JitterGrid jitter =
      phy::eye::jitter_grid(input.sigma_rj_ui, input.a_dd_ui, kJitterPhases);
  double reach = 0;
  for (const phy::eye::JitterNode& node : jitter.nodes) {
    const double offset =
        jitter.dirac_ui[node.dirac] + static_cast<double>(node.steps) * jitter.step_ui;
    reach = std::max(reach, std::abs(offset));
  }
  phy::eye::ColumnCache cache(input, plan, static_cast<std::size_t>(kSlicesPerUi));
  const Slices slices = slices_around(cache, phase_ui, reach);
  const double main_v = phy::eye::cursors_at(input, 0).main_v;
  const std::vector<double>& level = plan.alphabet.levels;
  double sum = 0;
  for (const phy::eye::JitterNode& node : jitter.nodes) {
    const double at =
        phase_ui + jitter.dirac_ui[node.dirac] + static_cast<double>(node.steps) * jitter.step_ui;
    for (std::size_t i = 0; i + 1 < level.size(); ++i) {
      const double threshold = 0.5 * (level[i] + level[i + 1]) * main_v + voltage_v;
      sum += node.weight * slips(slices, at, level[i], level[i + 1], threshold, plan.bin_v);
    }
  }
  const auto count = static_cast<double>(level.size());
  return sum / count / std::log2(count);
}

}  // namespace link_margin

double LinkBase::error_ratio_at(const LaneAt& at, base::UnitIntervals time,
                                base::Millivolts voltage) const {
  const LaneReport report = lane(at);
  if (!report.is_modelled) {
    return 0;
  }
  if (!report.has_lock) {
    return 0.5;
  }
  const phy::link::SlicerInput input = kind(at.section)->model.input_at(report.state);
  const double ratio = link_margin::error_ratio(input, time.value(), 1e-3 * voltage.value());
  return std::min(0.5, ratio / (1 - report.reading.burst));
}

MarginCount Link::margin(const LaneAt& at, base::UnitIntervals time, base::Millivolts voltage,
                         std::uint64_t bits) const {
  MarginCount result{.bits = bits, .errors = 0, .error_ratio = error_ratio_at(at, time, voltage)};
  const std::string name = path() + "/margin/" + std::to_string(at.section) + "/" +
                           std::to_string(static_cast<unsigned>(at.direction)) + "/" +
                           std::to_string(at.lane) + "/" + std::to_string(now().ns) + "/" +
                           std::to_string(std::lround(1e6 * time.value())) + "/" +
                           std::to_string(std::lround(1e6 * voltage.value()));
  base::Random random(world().seed(), name);
  result.errors = phy::lane::draw_binomial(bits, std::clamp(result.error_ratio, 0.0, 1.0), random);
  return result;
}

}  // namespace weft::twin
