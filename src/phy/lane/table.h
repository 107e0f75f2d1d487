// SPDX-License-Identifier: Apache-2.0
// The lane model's table: quantile of the error ratio, eye height and eye width over noise, jitter,
// crosstalk and residual ISI, filled by the full engine (eye/column.h, eye/surface.h) and read by
// multilinear interpolation. lane_model.h says why these four axes. Rows of noise are filled when
// first read, from the least noise up: a calm lane needs half of them. What is read does not depend
// on what was read before. Internal to lane/.
#pragma once

#include "phy/link/slicer_input.h"

#include <array>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace weft::phy::lane {

/// Where a state lies: all relative to the main cursor.
struct Coordinates {
  double noise = 0;      ///< Gaussian rms
  double jitter = 1;     ///< times the built link's
  double crosstalk = 1;  ///< times the built link's, per main cursor
  double residual = 0;   ///< one more cursor
};

/// What the table holds at a point.
struct Values {
  double log_z = 0;   ///< ln of z, error ratio = Q(z); errors of feedback not counted
  double height = 0;  ///< smallest eye, per main cursor
  double width_ui = 0;
  bool is_clamped = false;
};

/// Q(x) = P(standard normal > x) and its inverse for p in (0, 1/2]; log10 Q down to z = 37.
[[nodiscard]] double upper_tail(double z);
[[nodiscard]] double quantile_of(double p);

class Table {
 public:
  /// @pre eye::check(input) passes
  Table(const link::SlicerInput& input, double eye_ber);
  Table(Table&& other) noexcept;
  Table& operator=(Table&& other) noexcept;
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;
  ~Table();
  /// The Gaussian noise, relative to the main cursor, that in place of `input`'s aggressors gives
  /// the engine's error ratio at neutral state with noise `own`. @pre this table is of the same
  /// input without aggressors
  [[nodiscard]] double noise_for_crosstalk(const link::SlicerInput& input, double own,
                                           double eye_ber) const;
  /// Safe from several threads.
  [[nodiscard]] Values at(const Coordinates& point) const;

 private:
  static constexpr std::size_t kAxes = 4;
  static constexpr std::size_t kValues = 3;
  struct Axis {
    std::vector<double> nodes;  // ascending, transformed
    [[nodiscard]] std::pair<std::size_t, double> find(double x, bool& is_clamped) const;
  };
  using Block = std::vector<float>;  // [noise][crosstalk][jitter][residual][value]
  using Axes = std::array<Axis, kAxes>;
  struct Rows;  // what is filled so far

  /// Fills rows up to and including this one.
  void ensure(std::size_t row) const;
  /// All crosstalks, jitters and residuals at a noise, as the engine has them.
  [[nodiscard]] Block fill(double noise) const;
  /// The row between nodes of noise, refined along all axes.
  [[nodiscard]] Block refined(std::size_t row) const;
  static void make_monotone(const Axes& axes, Block& block);
  [[nodiscard]] static std::array<std::size_t, kAxes> strides(const Axes& axes);

  // In this order: ln noise, crosstalk squared, jitter squared (both signs of an offset are equally
  // likely, so nothing odd in it is left), residual.
  Axes raw_;
  Axes axes_;  // refined
  std::unique_ptr<Rows> rows_;
};

}  // namespace weft::phy::lane
