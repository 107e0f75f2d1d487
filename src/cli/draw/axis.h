// SPDX-License-Identifier: Apache-2.0
// An axis of a plot: its range, its scale and the round values that get a tick. Values are in the
// unit that the title names; whoever makes the plot converts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace weft::cli::draw {

enum class Scale : std::uint8_t { kLinear, kLog10 };

struct Axis {
  std::string title;  ///< with the unit: "Voltage (mV)"
  double min = 0;
  double max = 1;
  Scale scale = Scale::kLinear;
};

struct Tick {
  double value = 0;
  std::string text;
};

/// Where `value` lies: 0 at min, 1 at max, beyond either outside. On a logarithmic axis what is not
/// above 0 lies far below.
[[nodiscard]] double place(const Axis& axis, double value);

/// At most `count_max` + 1 ticks at multiples of 1, 2 or 5 times a power of ten, or at whole
/// decades
/// ("1e-6"). None where the range is empty or not finite.
[[nodiscard]] std::vector<Tick> ticks(const Axis& axis, std::size_t count_max);

/// A number for people: `digits` significant digits, no trailing zeros, "1.2e-16" where small.
[[nodiscard]] std::string figure_text(double value, int digits = 3);

/// A range with round ends that holds [low, high] and a little more.
[[nodiscard]] Axis rounded_axis(std::string title, double low, double high);

}  // namespace weft::cli::draw
