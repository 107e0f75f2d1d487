// SPDX-License-Identifier: Apache-2.0
// What a picture is painted on. Two canvases exist, SVG text (svg.h) and pixels (raster.h), so that
// layout (paint.h) is written once. Coordinates are CSS pixels, origin at the top left, y downward.
#pragma once

#include "cli/draw/colour.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace weft::cli::draw {

struct Point {
  double x = 0, y = 0;
};

struct Box {
  double x = 0, y = 0, width = 0, height = 0;
  [[nodiscard]] double right() const { return x + width; }
  [[nodiscard]] double bottom() const { return y + height; }
};

enum class Dash : std::uint8_t { kSolid, kDashed, kDotted };

struct Stroke {
  Role role = Role::kInk;
  double width = 1;
  Dash dash = Dash::kSolid;
  double opacity = 1;
};

enum class Anchor : std::uint8_t { kStart, kMiddle, kEnd };

struct TextStyle {
  double size = 12;  ///< as CSS font-size
  Role role = Role::kInk;
  Anchor anchor = Anchor::kStart;
  bool bold = false;
  bool upward = false;  ///< turned by 90 degrees, read from below
};

/// Pixels row by row from the top, as indices into a palette.
struct IndexedImage {
  std::size_t width = 0, height = 0;
  Palette palette = Palette::kViridis;
  std::vector<std::uint8_t> pixels;
};

class Canvas {
 public:
  virtual ~Canvas() = default;
  virtual void polyline(std::span<const Point> points, const Stroke& stroke) = 0;
  virtual void polygon(std::span<const Point> points, Role fill, double opacity) = 0;
  /// `at` is on the text's baseline.
  virtual void text(Point at, std::string_view text, const TextStyle& style) = 0;
  virtual void image(const Box& box, const IndexedImage& image) = 0;
  /// What follows is seen inside `box` only, until unclip(). Not nested.
  virtual void clip(const Box& box) = 0;
  virtual void unclip() = 0;
  /// Image pixels that one CSS pixel is worth.
  [[nodiscard]] virtual double image_scale() const = 0;

  void rectangle(const Box& box, Role fill, double opacity = 1) {
    const Point corners[] = {
        {box.x, box.y}, {box.right(), box.y}, {box.right(), box.bottom()}, {box.x, box.bottom()}};
    polygon(corners, fill, opacity);
  }
  void line(Point from, Point to, const Stroke& stroke) {
    const Point ends[] = {from, to};
    polyline(ends, stroke);
  }
};

}  // namespace weft::cli::draw
