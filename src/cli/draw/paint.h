// SPDX-License-Identifier: Apache-2.0
// From a figure to a picture: layout of axes, ticks, legends, colour bars and tables on any canvas,
// and the two files that verbs write. Width and height limits are RasterCanvas's.
#pragma once

#include "base/result.h"
#include "cli/draw/scene.h"
#include "cli/draw/svg.h"

#include <string>

namespace weft::cli::draw {

void paint(const Figure& figure, Canvas& canvas);

/// The part of a plot's box where data is drawn.
[[nodiscard]] Box data_box(const Plot& plot, const Box& box);

[[nodiscard]] std::string svg_file(const Figure& figure, SvgTheme theme);
/// `scale`: pixels per CSS pixel.
[[nodiscard]] base::Result<std::string> png_file(const Figure& figure, bool dark, double scale = 2);

}  // namespace weft::cli::draw
