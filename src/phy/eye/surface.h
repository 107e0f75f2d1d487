// SPDX-License-Identifier: Apache-2.0
// The error ratio of each eye over phase and voltage, jitter included: columns (column.h) on a grid
// of phases, and between them ln P interpolated by cubics, in which Gaussian tails are nearly
// quadratic. eye.cpp reads openings off it; lane/ reads single phases.
//
// Jitter moves the sampling instant against all symbols together, so that it mixes columns:
//   P(y, t) = sum over nodes of w P(y, t + offset),
// with a sampled Gaussian of step <= sigma_rj / 2 around each of the two Diracs at +-A_DD. The sum
// is the integral but for exp(-2 pi^2 (w / step)^2), w the width of the product of weight and P:
// 3e-9 where P is steep enough to halve it. Unlike the product of amplitude noise and slope that
// COM uses, this needs no linear pulse and keeps the correlation of main cursor and ISI. Jitter is
// taken as white: no part of it is followed by clock recovery.
#pragma once

#include "phy/eye/column.h"
#include "phy/link/slicer_input.h"

#include <cstddef>
#include <span>
#include <vector>

namespace weft::phy::eye {

/// A possible displacement of the sampling instant.
struct JitterNode {
  std::size_t dirac = 0;  ///< which of the Diracs: offset = dirac_ui[dirac] + steps * step_ui
  std::ptrdiff_t steps = 0;
  double weight = 0;
};

struct JitterGrid {
  double step_ui = 0;
  std::size_t steps_per_column = 1;  ///< columns of the eye are so many steps apart
  std::vector<double> dirac_ui;      ///< one (no dual-Dirac jitter) or two
  std::vector<JitterNode> nodes;     ///< weights sum to one
  std::ptrdiff_t reach = 0;          ///< largest |steps|
};
[[nodiscard]] JitterGrid jitter_grid(double sigma_rj_ui, double a_dd_ui, std::size_t phases);

/// The disturbance at any phase: columns at a regular grid, made when first asked for.
class ColumnCache {
 public:
  ColumnCache(const link::SlicerInput& input, const Plan& plan, std::size_t columns_per_ui);

  /// ln P(disturbance > j b) for j = -reach .. reach, reach() of them on each side of the middle.
  struct Slice {
    double main_v = 0;
    std::vector<double> log_tail;
    [[nodiscard]] std::ptrdiff_t reach() const {
      return (static_cast<std::ptrdiff_t>(log_tail.size()) - 1) / 2;
    }
    /// ln P(disturbance > x b); beyond the ends 0 or kLogZero.
    [[nodiscard]] double log_above(double x) const;
  };
  [[nodiscard]] Slice at(double phase_ui);
  /// The column of the grid that lies at `index` steps from the sampling instant.
  [[nodiscard]] const Column& column(std::ptrdiff_t index);

 private:
  struct Entry {
    bool is_made = false;
    Column column;
    std::vector<double> log_tail;  // both sides
  };
  const Entry& entry(std::ptrdiff_t index);

  const link::SlicerInput& input_;
  const Plan& plan_;
  std::ptrdiff_t columns_per_ui_;
  std::ptrdiff_t first_ = 0;  // index of entries_[0]
  std::vector<Entry> entries_;
};

inline constexpr double kLogZero = -800;  ///< stands for ln 0; exp of it is 0 in this code

/// E(eye, v) for all columns of an eye.
class Surface {
 public:
  /// @pre check(input) passes, phases > 0; `rows_each_side` bounds what is drawn
  Surface(const link::SlicerInput& input, const Plan& plan, std::size_t phases, bool is_density);

  [[nodiscard]] std::size_t phases() const { return phases_; }
  [[nodiscard]] double phase_ui(std::size_t column) const;
  [[nodiscard]] std::size_t centre() const { return phases_ / 2; }
  /// Row r is at voltage (r - rows_each_side) b.
  [[nodiscard]] std::size_t rows_each_side() const { return half_rows_; }
  [[nodiscard]] double voltage(double row) const;
  [[nodiscard]] double bin_v() const { return plan_.bin_v; }
  /// First and one past the last row between the levels of this eye.
  [[nodiscard]] std::pair<std::size_t, std::size_t> rows_of(std::size_t eye) const;
  /// (P(above | lower level) + P(below | upper level)) / 2 in this column and row.
  [[nodiscard]] double error(std::size_t column, std::size_t row) const;
  /// ln of it between rows; kLogZero where none.
  [[nodiscard]] double log_error(std::size_t column, double row) const;
  [[nodiscard]] std::vector<double>& density() { return density_; }
  [[nodiscard]] double main_v() const { return main_v_; }
  [[nodiscard]] const std::vector<double>& levels() const { return plan_.alphabet.levels; }
  [[nodiscard]] ColumnCache& cache() { return cache_; }
  [[nodiscard]] const JitterGrid& jitter() const { return jitter_; }

 private:
  struct Fine {
    std::vector<double> error;
    std::vector<double> density;
  };
  void size_rows();
  void fill();
  [[nodiscard]] Fine fine_at(double phase_ui);
  void add_errors(const ColumnCache::Slice& slice, std::vector<double>& out) const;
  void add_density(const ColumnCache::Slice& slice, std::vector<double>& out) const;

  const Plan& plan_;
  std::size_t phases_;
  bool is_density_;
  JitterGrid jitter_;
  ColumnCache cache_;
  double main_v_;
  std::size_t half_rows_ = 0;
  std::vector<double> error_;    // [column][row]
  std::vector<double> density_;  // [column][row]
};

}  // namespace weft::phy::eye
