// SPDX-License-Identifier: Apache-2.0
// A canvas of pixels with anti-aliased lines, areas and text; png.h makes a file of it. Coverage is
// computed exactly enough for plots (distance to a line, four sub-rows of an area), the same on
// every machine.
#pragma once

#include "cli/draw/canvas.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace weft::cli::draw {

class RasterCanvas final : public Canvas {
 public:
  /// `width` and `height` in CSS pixels; each is `scale` pixels.
  RasterCanvas(double width, double height, double scale, bool dark);

  void polyline(std::span<const Point> points, const Stroke& stroke) override;
  void polygon(std::span<const Point> points, Role fill, double opacity) override;
  void text(Point at, std::string_view text, const TextStyle& style) override;
  void image(const Box& box, const IndexedImage& image) override;
  void clip(const Box& box) override;
  void unclip() override;
  [[nodiscard]] double image_scale() const override { return scale_; }

  [[nodiscard]] std::size_t width() const { return width_; }
  [[nodiscard]] std::size_t height() const { return height_; }
  /// Three bytes a pixel, red first, row by row from the top.
  [[nodiscard]] const std::vector<std::uint8_t>& rgb() const { return rgb_; }
  [[nodiscard]] Rgb at(std::size_t x, std::size_t y) const;

 private:
  struct Pixels {
    long x0 = 0, y0 = 0, x1 = 0, y1 = 0;  ///< half open
  };
  /// Lines through `points` (in pixels), painted once however often they cross themselves.
  void stroke_paths(const std::vector<std::vector<Point>>& paths, double width, Rgb colour,
                    double opacity);
  void blend(long x, long y, Rgb colour, double alpha);

  double scale_ = 1;
  bool dark_ = false;
  std::size_t width_ = 0, height_ = 0;
  Pixels clip_;
  std::vector<std::uint8_t> rgb_;
};

}  // namespace weft::cli::draw
