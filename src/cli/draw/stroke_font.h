// SPDX-License-Identifier: Apache-2.0
// A small font of strokes, drawn for this project: geometric sans letters made of lines and arcs.
// raster.cpp writes with it, and paint.cpp measures text by it. It has ASCII and the few signs that
// our plots use (micro, ohm, degree, plus-minus, dashes, square root, sigma); what it lacks is a
// box.
#pragma once

#include "cli/draw/canvas.h"

#include <string_view>
#include <vector>

namespace weft::cli::draw {

/// Height of a capital, relative to the font's size.
inline constexpr double kCapHeight = 0.72;

/// Width of UTF-8 `text` at font size 1.
[[nodiscard]] double text_width(std::string_view text);

using Polyline = std::vector<Point>;

/// The strokes of `text` at font size 1 from the origin, y upward from the baseline.
[[nodiscard]] std::vector<Polyline> text_strokes(std::string_view text);

}  // namespace weft::cli::draw
