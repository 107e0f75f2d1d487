// SPDX-License-Identifier: Apache-2.0
#include "phy/eye/surface.h"

#include "phy/eye/kernels.h"

#include <algorithm>
#include <cmath>

namespace weft::phy::eye {
namespace surface {

constexpr double kSigmas = 9.2;             // of random jitter: 4e-20 beyond
constexpr double kFinestStep = 1.0 / 1024;  // UI
constexpr std::size_t kColumnsLeast = 32;   // of the grid, per UI
constexpr std::size_t kHalfRowsMax = 4096;
constexpr double kLogKept = -690;  // below it a value counts as zero

std::size_t grid_columns(std::size_t phases) {
  // A single instant can afford, and jitter about it deserves, a finer grid.
  const std::size_t least = phases < kColumnsLeast ? 2 * kColumnsLeast : kColumnsLeast;
  return phases * ((least + phases - 1) / phases);
}

}  // namespace surface

JitterGrid jitter_grid(double sigma_rj_ui, double a_dd_ui, std::size_t phases) {
  JitterGrid grid;
  const double column = 1 / static_cast<double>(phases);
  const double step_most = std::max(0.5 * sigma_rj_ui, surface::kFinestStep);
  if (sigma_rj_ui > 0) {
    grid.steps_per_column = static_cast<std::size_t>(std::max(1.0, std::ceil(column / step_most)));
  }
  grid.step_ui = column / static_cast<double>(grid.steps_per_column);
  grid.dirac_ui = a_dd_ui > 0 ? std::vector<double>{-a_dd_ui, a_dd_ui} : std::vector<double>{0};
  const double ratio = sigma_rj_ui / grid.step_ui;
  std::vector<double> weights{1.0};  // of 0, 1, 2, ... steps
  if (ratio >= 1) {
    grid.reach = static_cast<std::ptrdiff_t>(std::ceil(surface::kSigmas * ratio));
    for (std::ptrdiff_t j = 1; j <= grid.reach; ++j) {
      const double z = static_cast<double>(j) / ratio;
      weights.push_back(std::exp(-0.5 * z * z));
    }
  } else if (ratio > 0) {
    grid.reach = 1;
    weights = {1 - ratio * ratio, 0.5 * ratio * ratio};
  }
  double sum = weights[0];
  for (std::size_t j = 1; j < weights.size(); ++j) {
    sum += 2 * weights[j];
  }
  sum *= static_cast<double>(grid.dirac_ui.size());
  for (std::size_t dirac = 0; dirac < grid.dirac_ui.size(); ++dirac) {
    for (std::ptrdiff_t j = -grid.reach; j <= grid.reach; ++j) {
      grid.nodes.push_back({dirac, j, weights[static_cast<std::size_t>(std::abs(j))] / sum});
    }
  }
  return grid;
}

ColumnCache::ColumnCache(const link::SlicerInput& input, const Plan& plan,
                         std::size_t columns_per_ui)
    : input_(input), plan_(plan), columns_per_ui_(static_cast<std::ptrdiff_t>(columns_per_ui)) {}

const ColumnCache::Entry& ColumnCache::entry(std::ptrdiff_t index) {
  const auto count = static_cast<std::ptrdiff_t>(entries_.size());
  if (entries_.empty()) {
    first_ = index;
    entries_.resize(1);
  } else if (index < first_) {
    std::vector<Entry> wider(static_cast<std::size_t>(first_ - index));
    std::move(entries_.begin(), entries_.end(), std::back_inserter(wider));
    entries_ = std::move(wider);
    first_ = index;
  } else if (index >= first_ + count) {
    entries_.resize(static_cast<std::size_t>(index - first_ + 1));
  }
  Entry& made = entries_[static_cast<std::size_t>(index - first_)];
  if (made.is_made) {
    return made;
  }
  made.is_made = true;
  made.column =
      make_column(input_, plan_, static_cast<double>(index) / static_cast<double>(columns_per_ui_));
  const std::vector<double>& tail = made.column.tail;
  const std::size_t reach = tail.size() - 1;
  made.log_tail.resize(2 * reach + 1);
  for (std::size_t j = 0; j <= reach; ++j) {
    made.log_tail[reach + j] = tail[j] > 0 ? std::log(tail[j]) : kLogZero;
    made.log_tail[reach - j] = std::log1p(-tail[j]);
  }
  made.log_tail[reach] = tail[0] > 0 ? std::log(tail[0]) : kLogZero;
  return made;
}

const Column& ColumnCache::column(std::ptrdiff_t index) {
  return entry(index).column;
}

double ColumnCache::Slice::log_above(double x) const {
  const double at = x + static_cast<double>(reach());
  if (at <= 0) {
    return 0;
  }
  const auto base = static_cast<std::size_t>(at);
  if (base + 1 >= log_tail.size()) {
    return kLogZero;
  }
  const double part = at - static_cast<double>(base);
  return (1 - part) * log_tail[base] + part * log_tail[base + 1];
}

ColumnCache::Slice ColumnCache::at(double phase_ui) {
  const double position = phase_ui * static_cast<double>(columns_per_ui_);
  double whole = std::floor(position + 1e-9);
  const double x = std::max(0.0, position - whole);
  const auto base = static_cast<std::ptrdiff_t>(whole);
  Slice slice;
  if (x < 2e-9) {
    const Entry& exact = entry(base);
    slice.main_v = exact.column.main_v;
    slice.log_tail = exact.log_tail;
    return slice;
  }
  slice.main_v = cursors_at(input_, phase_ui).main_v;
  // Made in this order so that none of the pointers is moved by the next.
  entry(base - 1);
  entry(base + 2);
  const Entry* const four[4] = {&entry(base - 1), &entry(base), &entry(base + 1), &entry(base + 2)};
  const double w[4] = {x * (-0.5 + x * (1 - 0.5 * x)), 1 + x * x * (-2.5 + 1.5 * x),
                       x * (0.5 + x * (2 - 1.5 * x)), x * x * (-0.5 + 0.5 * x)};
  std::size_t reach = 0;
  for (const Entry* one : four) {
    reach = std::max(reach, one->log_tail.size() / 2);
  }
  slice.log_tail.resize(2 * reach + 1);
  const auto value = [&](const Entry& one, std::ptrdiff_t j) {
    const auto own = static_cast<std::ptrdiff_t>(one.log_tail.size() / 2);
    return j > own ? kLogZero : j < -own ? 0 : one.log_tail[static_cast<std::size_t>(own + j)];
  };
  const auto side = static_cast<std::ptrdiff_t>(reach);
  for (std::ptrdiff_t j = -side; j <= side; ++j) {
    const double a = value(*four[0], j);
    const double b = value(*four[1], j);
    const double c = value(*four[2], j);
    const double d = value(*four[3], j);
    const bool is_kept = std::min(std::min(a, b), std::min(c, d)) > surface::kLogKept;
    // Beside a zero the worse neighbour counts.
    const double result =
        is_kept ? std::min(0.0, w[0] * a + w[1] * b + w[2] * c + w[3] * d) : std::max(b, c);
    slice.log_tail[static_cast<std::size_t>(side + j)] = result;
  }
  return slice;
}

Surface::Surface(const link::SlicerInput& input, const Plan& plan, std::size_t phases,
                 bool is_density)
    : plan_(plan),
      phases_(phases),
      is_density_(is_density),
      jitter_(jitter_grid(input.sigma_rj_ui, input.a_dd_ui, phases)),
      cache_(input, plan, surface::grid_columns(phases)),
      main_v_(cursors_at(input, 0).main_v) {
  size_rows();
  fill();
}

double Surface::phase_ui(std::size_t column) const {
  return (static_cast<double>(column) - static_cast<double>(centre())) /
         static_cast<double>(phases_);
}

double Surface::voltage(double row) const {
  return (row - static_cast<double>(half_rows_)) * plan_.bin_v;
}

std::pair<std::size_t, std::size_t> Surface::rows_of(std::size_t eye) const {
  const std::vector<double>& level = plan_.alphabet.levels;
  // A row that lies on a level belongs to no eye.
  const double low = std::floor(level[eye] * main_v_ / plan_.bin_v + 1e-9) + 1;
  const double high = std::ceil(level[eye + 1] * main_v_ / plan_.bin_v - 1e-9) - 1;
  const auto half = static_cast<double>(half_rows_);
  return {static_cast<std::size_t>(std::max(0.0, low + half)),
          static_cast<std::size_t>(std::max(0.0, high + half + 1))};
}

double Surface::error(std::size_t column, std::size_t row) const {
  return error_[column * (2 * half_rows_ + 1) + row];
}

double Surface::log_error(std::size_t column, double row) const {
  const auto base = static_cast<std::size_t>(std::max(0.0, row));
  const double part = row - static_cast<double>(base);
  const auto log_of = [this, column](std::size_t r) {
    const double e = error(column, std::min(r, 2 * half_rows_));
    return e > 0 ? std::log(e) : kLogZero;
  };
  return part < 1e-12 ? log_of(base) : (1 - part) * log_of(base) + part * log_of(base + 1);
}

void Surface::size_rows() {
  // Enough for the levels, and where a density is drawn for what lies beyond at 1e-15.
  double reach = main_v_ / plan_.bin_v + 1;
  if (is_density_) {
    const auto per_ui = static_cast<std::ptrdiff_t>(surface::grid_columns(phases_));
    const auto step = per_ui / static_cast<std::ptrdiff_t>(phases_);
    for (std::size_t c = 0; c < phases_; ++c) {
      const Column& column = cache_.column(
          (static_cast<std::ptrdiff_t>(c) - static_cast<std::ptrdiff_t>(centre())) * step);
      const auto end = std::partition_point(column.tail.begin(), column.tail.end(),
                                            [](double p) { return p > 1e-15; });
      reach = std::max(reach, std::abs(column.main_v) / plan_.bin_v + 2 +
                                  static_cast<double>(end - column.tail.begin()));
    }
  }
  half_rows_ =
      static_cast<std::size_t>(std::min(reach, static_cast<double>(surface::kHalfRowsMax)));
}

void Surface::add_errors(const ColumnCache::Slice& slice, std::vector<double>& out) const {
  const std::size_t last = 2 * half_rows_;
  std::vector<double> above(last + 1, 0.0);
  std::vector<double> logs;
  for (std::size_t eye = 0; eye + 1 < plan_.alphabet.levels.size(); ++eye) {
    const auto [first, end] = rows_of(eye);
    if (end <= first) {
      continue;
    }
    // Rows are one bin apart, so the fraction between bins is the same for all of them.
    const double x = static_cast<double>(first) - static_cast<double>(half_rows_) -
                     plan_.alphabet.levels[eye] * slice.main_v / plan_.bin_v +
                     static_cast<double>(slice.reach());
    const double whole = std::floor(x);
    const double part = x - whole;
    const auto base = static_cast<std::ptrdiff_t>(whole);
    const auto size = static_cast<std::ptrdiff_t>(slice.log_tail.size());
    logs.resize(end - first);
    for (std::size_t r = 0; r < logs.size(); ++r) {
      const std::ptrdiff_t at = base + static_cast<std::ptrdiff_t>(r);
      const double near = at < 0       ? 0
                          : at >= size ? kLogZero
                                       : slice.log_tail[static_cast<std::size_t>(at)];
      const double far = at + 1 < 0       ? 0
                         : at + 1 >= size ? kLogZero
                                          : slice.log_tail[static_cast<std::size_t>(at + 1)];
      logs[r] = (1 - part) * near + part * far;
    }
    kernel::exponential(above.data() + first, logs.data(), logs.size());
  }
  // Levels and disturbance are symmetric: below the upper level is above the lower one, mirrored.
  for (std::size_t r = 0; r <= last; ++r) {
    out[r] = 0.5 * (above[r] + above[last - r]);
  }
}

void Surface::add_density(const ColumnCache::Slice& slice, std::vector<double>& out) const {
  const std::ptrdiff_t reach = slice.reach();
  std::vector<double> mass(static_cast<std::size_t>(2 * reach), 0.0);
  std::vector<double> tail(static_cast<std::size_t>(reach) + 1);
  kernel::exponential(tail.data(), slice.log_tail.data() + reach, tail.size());
  // Without noise the two sides leave out the mass at zero.
  const double middle = std::max(0.0, 0.5 - tail[0]);
  for (std::ptrdiff_t j = 0; j < reach; ++j) {
    const auto i = static_cast<std::size_t>(j);
    const double here = tail[i] - tail[i + 1];
    mass[static_cast<std::size_t>(reach + j)] = here;
    mass[static_cast<std::size_t>(reach - 1 - j)] = here;
  }
  if (reach > 0) {
    mass[static_cast<std::size_t>(reach)] += middle;
    mass[static_cast<std::size_t>(reach - 1)] += middle;
  }
  const double share = 1 / static_cast<double>(plan_.alphabet.levels.size());
  for (const double level : plan_.alphabet.levels) {
    // mass[i] lies half a bin above (i - reach) b.
    const double x = level * slice.main_v / plan_.bin_v + static_cast<double>(half_rows_) -
                     static_cast<double>(reach) + 0.5;
    const double whole = std::floor(x);
    const double part = x - whole;
    const auto base = static_cast<std::ptrdiff_t>(whole);
    const auto rows = static_cast<std::ptrdiff_t>(out.size());
    for (std::ptrdiff_t k = 0; k < 2; ++k) {
      const std::ptrdiff_t to = base + k;
      const std::ptrdiff_t skip = std::max<std::ptrdiff_t>(0, -to);
      const std::ptrdiff_t end = std::min<std::ptrdiff_t>(2 * reach, rows - to);
      if (end > skip) {
        kernel::add_scaled(out.data() + to + skip, mass.data() + skip,
                           static_cast<std::size_t>(end - skip),
                           share * (k == 0 ? 1 - part : part));
      }
    }
  }
}

Surface::Fine Surface::fine_at(double phase_ui) {
  const ColumnCache::Slice slice = cache_.at(phase_ui);
  Fine fine;
  const std::size_t rows = 2 * half_rows_ + 1;
  fine.error.assign(rows, 0.0);
  add_errors(slice, fine.error);
  if (is_density_) {
    fine.density.assign(rows, 0.0);
    add_density(slice, fine.density);
  }
  return fine;
}

void Surface::fill() {
  const std::size_t rows = 2 * half_rows_ + 1;
  error_.assign(phases_ * rows, 0.0);
  density_.assign(is_density_ ? phases_ * rows : 0, 0.0);
  const auto per_column = static_cast<std::ptrdiff_t>(jitter_.steps_per_column);
  const auto columns = static_cast<std::ptrdiff_t>(phases_);
  const std::ptrdiff_t first = -jitter_.reach;
  const std::ptrdiff_t last = (columns - 1) * per_column + jitter_.reach;
  for (std::size_t dirac = 0; dirac < jitter_.dirac_ui.size(); ++dirac) {
    const auto nodes = std::span(jitter_.nodes)
                           .subspan(dirac * static_cast<std::size_t>(2 * jitter_.reach + 1),
                                    static_cast<std::size_t>(2 * jitter_.reach + 1));
    for (std::ptrdiff_t at = first; at <= last; ++at) {
      // Columns that are within reach of this phase.
      const std::ptrdiff_t from = std::max<std::ptrdiff_t>(
          0, (at - jitter_.reach + per_column - 1 + per_column * 4096) / per_column - 4096);
      const std::ptrdiff_t to = std::min(columns - 1, (at + jitter_.reach) / per_column);
      if (to < from) {
        continue;
      }
      const double phase =
          phase_ui(0) + static_cast<double>(at) * jitter_.step_ui + jitter_.dirac_ui[dirac];
      const Fine fine = fine_at(phase);
      for (std::ptrdiff_t c = from; c <= to; ++c) {
        const std::ptrdiff_t steps = at - c * per_column;
        const double weight = nodes[static_cast<std::size_t>(steps + jitter_.reach)].weight;
        const auto offset = static_cast<std::size_t>(c) * rows;
        kernel::add_scaled(error_.data() + offset, fine.error.data(), rows, weight);
        if (is_density_) {
          kernel::add_scaled(density_.data() + offset, fine.density.data(), rows, weight);
        }
      }
    }
  }
}

}  // namespace weft::phy::eye
