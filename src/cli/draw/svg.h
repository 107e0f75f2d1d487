// SPDX-License-Identifier: Apache-2.0
// A canvas that writes SVG 1.1 with one style sheet: colours are classes, so that one file follows
// the reader's light or dark scheme (`prefers-color-scheme`) unless a theme is asked for. Nothing
// is fetched from elsewhere: images are embedded as PNG, fonts are the reader's own.
#pragma once

#include "cli/draw/canvas.h"

#include <string>

namespace weft::cli::draw {

enum class SvgTheme : std::uint8_t { kFollowReader, kLight, kDark };

class SvgCanvas final : public Canvas {
 public:
  SvgCanvas(double width, double height, SvgTheme theme, std::string_view title);

  void polyline(std::span<const Point> points, const Stroke& stroke) override;
  void polygon(std::span<const Point> points, Role fill, double opacity) override;
  void text(Point at, std::string_view text, const TextStyle& style) override;
  void image(const Box& box, const IndexedImage& image) override;
  void clip(const Box& box) override;
  void unclip() override;
  [[nodiscard]] double image_scale() const override { return 1.25; }

  /// The whole document. @pre every clip() has its unclip()
  [[nodiscard]] std::string document() const { return body_ + "</svg>\n"; }

 private:
  std::string body_;
  int clips_ = 0;
};

/// Text with &, <, > and quotes as entities, and without what XML 1.0 forbids.
[[nodiscard]] std::string xml_text(std::string_view text);

}  // namespace weft::cli::draw
