// SPDX-License-Identifier: Apache-2.0
// Layout; see paint.h. Legends stand in lines between title and plot, so that they never cover
// data.
#include "cli/draw/paint.h"

#include "cli/draw/png.h"
#include "cli/draw/raster.h"
#include "cli/draw/stroke_font.h"

#include <algorithm>
#include <cmath>

namespace weft::cli::draw {
namespace {

constexpr double kTextSize = 12;
constexpr double kTitleSize = 13;
constexpr double kLegendLine = 18;
constexpr double kSwatch = 26;
constexpr double kLeft = 66;
constexpr double kBottom = 46;
constexpr double kColourBar = 84;
constexpr double kTableLine = 19;
/// Readers' fonts are wider than ours.
constexpr double kFontSlack = 1.12;

double width_of(std::string_view text, double size) {
  return text_width(text) * size * kFontSlack;
}

/// The text, cut at its end where it is wider than `width`.
std::string fitted(std::string text, double size, double width) {
  if (width_of(text, size) <= width) {
    return text;
  }
  while (!text.empty() && width_of(text, size) > width - size) {
    // A whole character: back over UTF-8's continuation bytes.
    do {
      text.pop_back();
    } while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xC0U) == 0x80U);
    if (!text.empty() && static_cast<unsigned char>(text.back()) >= 0xC0U) {
      text.pop_back();
    }
  }
  return text + "\u2026";
}

struct LegendEntry {
  const Series* series = nullptr;
  double x = 0;
  std::size_t line = 0;
};

/// Legend entries in lines of at most `width`.
std::vector<LegendEntry> legend_of(const Plot& plot, double width) {
  std::vector<LegendEntry> entries;
  double x = 0;
  std::size_t line = 0;
  for (const Series& series : plot.series) {
    if (series.legend.empty()) {
      continue;
    }
    const double needed = kSwatch + 6 + width_of(series.legend, kTextSize) + 16;
    if (x > 0 && x + needed > width) {
      x = 0;
      ++line;
    }
    entries.push_back({&series, x, line});
    x += needed;
  }
  return entries;
}

/// The figure's data area as a mapping from data to canvas.
struct Frame {
  const Plot& plot;
  Box box;
  [[nodiscard]] Point to(double x, double y) const {
    return {box.x + place(plot.x, x) * box.width, box.bottom() - place(plot.y, y) * box.height};
  }
  [[nodiscard]] Point to(Point p) const { return to(p.x, p.y); }
  [[nodiscard]] std::vector<Point> to(std::span<const Point> points) const {
    std::vector<Point> placed(points.size());
    std::transform(points.begin(), points.end(), placed.begin(), [this](Point p) { return to(p); });
    return placed;
  }
};

IndexedImage density_image(const Density& density, const Frame& frame, double scale) {
  IndexedImage image;
  image.palette = density.palette;
  image.width = static_cast<std::size_t>(std::max(std::lround(frame.box.width * scale), 1L));
  image.height = static_cast<std::size_t>(std::max(std::lround(frame.box.height * scale), 1L));
  image.pixels.resize(image.width * image.height);
  const Axis& x_axis = frame.plot.x;
  const Axis& y_axis = frame.plot.y;
  for (std::size_t row = 0; row < image.height; ++row) {
    const double v = 1 - (static_cast<double>(row) + 0.5) / static_cast<double>(image.height);
    const double y = y_axis.min + v * (y_axis.max - y_axis.min);
    for (std::size_t column = 0; column < image.width; ++column) {
      const double u = (static_cast<double>(column) + 0.5) / static_cast<double>(image.width);
      const double x = x_axis.min + u * (x_axis.max - x_axis.min);
      image.pixels[row * image.width + column] =
          static_cast<std::uint8_t>(std::lround(density.level(x, y) * 255));
    }
  }
  return image;
}

void paint_colour_bar(const Density& density, const Box& box, Canvas& canvas) {
  const Box bar{box.right() + 12, box.y, 14, box.height};
  IndexedImage image;
  image.palette = density.palette;
  image.width = 1;
  image.height = 256;
  for (int i = 255; i >= 0; --i) {
    image.pixels.push_back(static_cast<std::uint8_t>(i));
  }
  canvas.image(bar, image);
  const Axis axis{"", std::pow(10, density.log10_floor), std::pow(10, density.log10_ceiling),
                  Scale::kLog10};
  for (const Tick& tick : ticks(axis, 10)) {
    const double y = bar.bottom() - place(axis, tick.value) * bar.height;
    canvas.line({bar.right(), y}, {bar.right() + 4, y}, {Role::kInk, 1});
    canvas.text({bar.right() + 7, y + 4}, tick.text, {kTextSize - 1});
  }
  TextStyle style{kTextSize, Role::kMuted, Anchor::kMiddle};
  style.upward = true;
  canvas.text({bar.right() + 58, bar.y + bar.height / 2}, density.title, style);
}

void paint_axes(const Frame& frame, Canvas& canvas) {
  const Plot& plot = frame.plot;
  const Box& box = frame.box;
  const auto wanted = [](double length, double each) {
    return static_cast<std::size_t>(std::clamp(length / each, 2.0, 14.0));
  };
  const bool has_grid = !plot.density.has_value();
  for (const Tick& tick : ticks(plot.x, wanted(box.width, 62))) {
    const double x = frame.to(tick.value, plot.y.min).x;
    if (has_grid) {
      canvas.line({x, box.y}, {x, box.bottom()}, {Role::kGrid, 1});
    }
    canvas.line({x, box.bottom()}, {x, box.bottom() + 4}, {Role::kInk, 1});
    canvas.text({x, box.bottom() + 17}, tick.text, {kTextSize, Role::kInk, Anchor::kMiddle});
  }
  for (const Tick& tick : ticks(plot.y, wanted(box.height, 30))) {
    const double y = frame.to(plot.x.min, tick.value).y;
    if (has_grid) {
      canvas.line({box.x, y}, {box.right(), y}, {Role::kGrid, 1});
    }
    canvas.line({box.x - 4, y}, {box.x, y}, {Role::kInk, 1});
    canvas.text({box.x - 7, y + 4}, tick.text, {kTextSize, Role::kInk, Anchor::kEnd});
  }
  canvas.text({box.x + box.width / 2, box.bottom() + 36}, plot.x.title,
              {kTextSize, Role::kMuted, Anchor::kMiddle});
  TextStyle style{kTextSize, Role::kMuted, Anchor::kMiddle};
  style.upward = true;
  canvas.text({box.x - kLeft + 13, box.y + box.height / 2}, plot.y.title, style);
}

void paint_legend(const Frame& frame, const Box& outer, Canvas& canvas) {
  const auto entries = legend_of(frame.plot, frame.box.width);
  for (const LegendEntry& entry : entries) {
    const double x = frame.box.x + entry.x;
    const double y = outer.y + 22 + kLegendLine * (static_cast<double>(entry.line) + 0.7);
    if (frame.plot.density.has_value()) {
      IndexedImage ground;
      ground.palette = frame.plot.density->palette;
      ground.width = ground.height = 1;
      ground.pixels = {20};
      canvas.image({x, y - 9.5, kSwatch, 11}, ground);
    }
    canvas.line({x + 2, y - 4}, {x + kSwatch - 2, y - 4}, entry.series->stroke);
    canvas.text({x + kSwatch + 6, y}, entry.series->legend, {kTextSize});
  }
}

void paint_rules(const Frame& frame, Canvas& canvas) {
  const Box& box = frame.box;
  for (const Rule& rule : frame.plot.rules) {
    const Point at = rule.is_vertical ? frame.to(rule.at, frame.plot.y.min)
                                      : frame.to(frame.plot.x.min, rule.at);
    if (rule.is_vertical) {
      canvas.line({at.x, box.y}, {at.x, box.bottom()}, rule.stroke);
      canvas.text({at.x + 4, box.y + 13}, rule.label, {kTextSize - 1, rule.stroke.role});
    } else {
      canvas.line({box.x, at.y}, {box.right(), at.y}, rule.stroke);
      canvas.text({box.right() - 5, at.y - 4}, rule.label,
                  {kTextSize - 1, rule.stroke.role, Anchor::kEnd});
    }
  }
}

void paint_marks(const Frame& frame, Canvas& canvas) {
  for (const Mark& mark : frame.plot.marks) {
    const Point at = frame.to(mark.at);
    std::vector<Point> circle;
    for (int i = 0; i < 16; ++i) {
      const double angle = i * 2 * 3.14159265358979 / 16;
      circle.push_back(
          {at.x + mark.radius * std::cos(angle), at.y + mark.radius * std::sin(angle)});
    }
    canvas.polygon(circle, mark.role, 1);
    if (!mark.label.empty()) {
      canvas.text({at.x - mark.radius - 3, at.y - 4}, mark.label,
                  {kTextSize - 1, mark.role, Anchor::kEnd});
    }
  }
}

void paint_plot(const Plot& plot, const Box& outer, Canvas& canvas) {
  const Frame frame{plot, data_box(plot, outer)};
  TextStyle title{kTitleSize};
  title.bold = true;
  canvas.text({frame.box.x, outer.y + 15}, plot.title, title);
  paint_legend(frame, outer, canvas);
  paint_axes(frame, canvas);
  canvas.clip(frame.box);
  if (plot.density.has_value()) {
    canvas.image(frame.box, density_image(*plot.density, frame, canvas.image_scale()));
  }
  for (const Area& area : plot.areas) {
    canvas.polygon(frame.to(area.outline), area.role, area.opacity);
  }
  paint_rules(frame, canvas);
  for (const Series& series : plot.series) {
    if (series.points.size() >= 2) {
      canvas.polyline(frame.to(series.points), series.stroke);
    }
  }
  paint_marks(frame, canvas);
  canvas.unclip();
  const Point border[] = {{frame.box.x, frame.box.y},
                          {frame.box.x, frame.box.bottom()},
                          {frame.box.right(), frame.box.bottom()}};
  canvas.polyline(border, {Role::kInk, 1});
  if (plot.density.has_value()) {
    paint_colour_bar(*plot.density, frame.box, canvas);
  }
}

void paint_table(const Table& table, const Box& box, Canvas& canvas) {
  double y = box.y + 15;
  for (const auto& row : table.rows) {
    const bool is_heading = row.size() == 1;
    if (is_heading && y > box.y + 15) {
      y += 7;
    }
    for (std::size_t i = 0; i < row.size(); ++i) {
      const double part = i == 0 || i > table.columns.size() ? 0 : table.columns[i - 1];
      TextStyle style{is_heading ? kTitleSize : kTextSize, row[i].role};
      style.bold = row[i].bold || is_heading;
      canvas.text({box.x + part * box.width, y}, row[i].text, style);
    }
    y += kTableLine;
  }
}

}  // namespace

double Density::level(double x, double y) const {
  if (columns == 0 || rows == 0) {
    return 0;
  }
  const double u = (x - x_min) / (x_max - x_min) * static_cast<double>(columns) - 0.5;
  const double v = (y - y_min) / (y_max - y_min) * static_cast<double>(rows) - 0.5;
  const auto nearest = [](double value, std::size_t count) {
    return static_cast<std::size_t>(std::clamp(value, 0.0, static_cast<double>(count - 1)));
  };
  if (u < -0.5 || v < -0.5 || u > static_cast<double>(columns) - 0.5 ||
      v > static_cast<double>(rows) - 0.5) {
    return 0;
  }
  const std::size_t c0 = nearest(std::floor(u), columns);
  const std::size_t c1 = nearest(std::floor(u) + 1, columns);
  const std::size_t r0 = nearest(std::floor(v), rows);
  const std::size_t r1 = nearest(std::floor(v) + 1, rows);
  const double a = std::clamp(u - static_cast<double>(c0), 0.0, 1.0);
  const double b = std::clamp(v - static_cast<double>(r0), 0.0, 1.0);
  const auto bounded = [this](double value) {
    return std::clamp((value - log10_floor) / (log10_ceiling - log10_floor), 0.0, 1.0);
  };
  return (bounded(at(c0, r0)) * (1 - b) + bounded(at(c0, r1)) * b) * (1 - a) +
         (bounded(at(c1, r0)) * (1 - b) + bounded(at(c1, r1)) * b) * a;
}

Box data_box(const Plot& plot, const Box& box) {
  const double right = plot.density.has_value() ? kColourBar : 14;
  const double width = std::max(box.width - kLeft - right, 20.0);
  const auto entries = legend_of(plot, width);
  const double lines = entries.empty() ? 0 : static_cast<double>(entries.back().line + 1);
  const double top = 26 + lines * kLegendLine;
  return {box.x + kLeft, box.y + top, width, std::max(box.height - top - kBottom, 20.0)};
}

void paint(const Figure& figure, Canvas& canvas) {
  TextStyle title{17};
  title.bold = true;
  canvas.text({20, 30}, fitted(figure.title, title.size * 1.06, figure.width - 40), title);
  canvas.text({20, 50}, fitted(figure.subtitle, kTextSize, figure.width - 40),
              {kTextSize, figure.subtitle_role});
  for (const Item& item : figure.items) {
    if (const auto* plot = std::get_if<Plot>(&item.content)) {
      paint_plot(*plot, item.box, canvas);
    } else {
      paint_table(std::get<Table>(item.content), item.box, canvas);
    }
  }
  canvas.text({20, figure.height - 12}, figure.footnote, {kTextSize - 1, Role::kMuted});
}

std::string svg_file(const Figure& figure, SvgTheme theme) {
  SvgCanvas canvas(figure.width, figure.height, theme, figure.title);
  paint(figure, canvas);
  return canvas.document();
}

base::Result<std::string> png_file(const Figure& figure, bool dark, double scale) {
  RasterCanvas canvas(figure.width, figure.height, scale, dark);
  paint(figure, canvas);
  return png(canvas);
}

}  // namespace weft::cli::draw
