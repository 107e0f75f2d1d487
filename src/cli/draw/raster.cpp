// SPDX-License-Identifier: Apache-2.0
// Painting into pixels; see raster.h.
#include "cli/draw/raster.h"

#include "cli/draw/stroke_font.h"

#include <algorithm>
#include <cmath>

namespace weft::cli::draw {
namespace {

/// Pixels that one canvas may have in each direction.
constexpr double kSideMax = 16384;

std::size_t side(double length, double scale) {
  return static_cast<std::size_t>(std::lround(std::clamp(length * scale, 1.0, kSideMax)));
}

double distance_to_segment(Point p, Point a, Point b) {
  const double dx = b.x - a.x;
  const double dy = b.y - a.y;
  const double length2 = dx * dx + dy * dy;
  const double t =
      length2 > 0 ? std::clamp(((p.x - a.x) * dx + (p.y - a.y) * dy) / length2, 0.0, 1.0) : 0;
  return std::hypot(p.x - a.x - t * dx, p.y - a.y - t * dy);
}

/// The parts of a path that a dash pattern leaves.
std::vector<std::vector<Point>> dashed(std::span<const Point> path, double on, double off) {
  std::vector<std::vector<Point>> parts;
  double left = on;
  bool is_on = true;
  for (std::size_t i = 0; i + 1 < path.size(); ++i) {
    Point from = path[i];
    const Point to = path[i + 1];
    double length = std::hypot(to.x - from.x, to.y - from.y);
    if (is_on && (parts.empty() || i == 0)) {
      parts.push_back({from});
    }
    while (length > left) {
      const double t = left / length;
      from = {from.x + (to.x - from.x) * t, from.y + (to.y - from.y) * t};
      length -= left;
      if (is_on) {
        parts.back().push_back(from);
      } else {
        parts.push_back({from});
      }
      is_on = !is_on;
      left = is_on ? on : off;
    }
    left -= length;
    if (is_on) {
      parts.back().push_back(to);
    }
  }
  return parts;
}

}  // namespace

RasterCanvas::RasterCanvas(double width, double height, double scale, bool dark)
    : scale_(scale),
      dark_(dark),
      width_(side(width, scale)),
      height_(side(height, scale)),
      clip_{0, 0, static_cast<long>(width_), static_cast<long>(height_)},
      rgb_(width_ * height_ * 3) {
  const Rgb paper = colour(Role::kPaper, dark);
  for (std::size_t i = 0; i < rgb_.size(); i += 3) {
    rgb_[i] = paper.r;
    rgb_[i + 1] = paper.g;
    rgb_[i + 2] = paper.b;
  }
}

Rgb RasterCanvas::at(std::size_t x, std::size_t y) const {
  const std::size_t i = (std::min(y, height_ - 1) * width_ + std::min(x, width_ - 1)) * 3;
  return {rgb_[i], rgb_[i + 1], rgb_[i + 2]};
}

void RasterCanvas::blend(long x, long y, Rgb colour, double alpha) {
  if (x < clip_.x0 || x >= clip_.x1 || y < clip_.y0 || y >= clip_.y1 || alpha <= 0) {
    return;
  }
  const std::size_t i = (static_cast<std::size_t>(y) * width_ + static_cast<std::size_t>(x)) * 3;
  const double part = std::min(alpha, 1.0);
  const auto mix = [part](std::uint8_t under, std::uint8_t over) {
    return static_cast<std::uint8_t>(std::lround(under + (over - under) * part));
  };
  rgb_[i] = mix(rgb_[i], colour.r);
  rgb_[i + 1] = mix(rgb_[i + 1], colour.g);
  rgb_[i + 2] = mix(rgb_[i + 2], colour.b);
}

void RasterCanvas::stroke_paths(const std::vector<std::vector<Point>>& paths, double width,
                                Rgb colour, double opacity) {
  // A line thinner than a pixel is one pixel wide and paler.
  const double half = std::max(width, 1.0) / 2;
  const double strength = opacity * std::min(width, 1.0);
  const double reach = half + 1;
  Point low{kSideMax, kSideMax};
  Point high{0, 0};
  for (const auto& path : paths) {
    for (const Point& p : path) {
      low = {std::min(low.x, p.x), std::min(low.y, p.y)};
      high = {std::max(high.x, p.x), std::max(high.y, p.y)};
    }
  }
  const auto bounded = [](double v, long from, long to) {
    return std::clamp(static_cast<long>(std::floor(std::clamp(v, -1.0, kSideMax + 1))), from, to);
  };
  const Pixels box{bounded(low.x - reach, clip_.x0, clip_.x1),
                   bounded(low.y - reach, clip_.y0, clip_.y1),
                   bounded(high.x + reach + 1, clip_.x0, clip_.x1),
                   bounded(high.y + reach + 1, clip_.y0, clip_.y1)};
  if (box.x0 >= box.x1 || box.y0 >= box.y1) {
    return;
  }
  const auto columns = static_cast<std::size_t>(box.x1 - box.x0);
  std::vector<float> mask(columns * static_cast<std::size_t>(box.y1 - box.y0), 0);
  const auto cover = [&](Point a, Point b) {
    const long y0 = bounded(std::min(a.y, b.y) - reach, box.y0, box.y1);
    const long y1 = bounded(std::max(a.y, b.y) + reach + 1, box.y0, box.y1);
    const long x0 = bounded(std::min(a.x, b.x) - reach, box.x0, box.x1);
    const long x1 = bounded(std::max(a.x, b.x) + reach + 1, box.x0, box.x1);
    for (long y = y0; y < y1; ++y) {
      for (long x = x0; x < x1; ++x) {
        const Point centre{static_cast<double>(x) + 0.5, static_cast<double>(y) + 0.5};
        const double covered = std::clamp(half + 0.5 - distance_to_segment(centre, a, b), 0.0, 1.0);
        float& cell = mask[static_cast<std::size_t>(y - box.y0) * columns +
                           static_cast<std::size_t>(x - box.x0)];
        cell = std::max(cell, static_cast<float>(covered));
      }
    }
  };
  for (const auto& path : paths) {
    for (std::size_t i = 0; i + 1 < path.size(); ++i) {
      cover(path[i], path[i + 1]);
    }
  }
  for (long y = box.y0; y < box.y1; ++y) {
    for (long x = box.x0; x < box.x1; ++x) {
      blend(x, y, colour,
            strength * static_cast<double>(mask[static_cast<std::size_t>(y - box.y0) * columns +
                                                static_cast<std::size_t>(x - box.x0)]));
    }
  }
}

void RasterCanvas::polyline(std::span<const Point> points, const Stroke& stroke) {
  std::vector<Point> path;
  for (const Point& p : points) {
    if (std::isfinite(p.x) && std::isfinite(p.y)) {
      path.push_back({std::clamp(p.x * scale_, -kSideMax, 2 * kSideMax),
                      std::clamp(p.y * scale_, -kSideMax, 2 * kSideMax)});
    }
  }
  if (path.size() < 2) {
    return;
  }
  const double width = stroke.width * scale_;
  // Straight axes and rules fall on whole pixels, so that they are sharp.
  if (path.size() == 2 && (path[0].x == path[1].x || path[0].y == path[1].y)) {
    const double shift = std::lround(std::max(width, 1.0)) % 2 == 1 ? 0.5 : 0;
    for (Point& p : path) {
      p = {std::floor(p.x) + shift, std::floor(p.y) + shift};
    }
  }
  std::vector<std::vector<Point>> paths = {path};
  if (stroke.dash == Dash::kDashed) {
    paths = dashed(path, 6 * scale_, 4 * scale_);
  } else if (stroke.dash == Dash::kDotted) {
    paths = dashed(path, 1.2 * scale_, 3 * scale_);
  }
  stroke_paths(paths, width, colour(stroke.role, dark_), stroke.opacity);
}

void RasterCanvas::polygon(std::span<const Point> points, Role fill, double opacity) {
  constexpr int kSubRows = 4;
  if (points.size() < 3) {
    return;
  }
  const Rgb rgb = colour(fill, dark_);
  std::vector<double> crossings;
  std::vector<double> covered(width_ + 1);
  for (long y = clip_.y0; y < clip_.y1; ++y) {
    std::fill(covered.begin(), covered.end(), 0.0);
    bool is_touched = false;
    for (int sub = 0; sub < kSubRows; ++sub) {
      const double row = (static_cast<double>(y) + (sub + 0.5) / kSubRows) / scale_;
      crossings.clear();
      for (std::size_t i = 0; i < points.size(); ++i) {
        const Point a = points[i];
        const Point b = points[(i + 1) % points.size()];
        if ((a.y <= row) != (b.y <= row)) {
          crossings.push_back((a.x + (b.x - a.x) * (row - a.y) / (b.y - a.y)) * scale_);
        }
      }
      std::sort(crossings.begin(), crossings.end());
      for (std::size_t i = 0; i + 1 < crossings.size(); i += 2) {
        const double from = std::clamp(crossings[i], 0.0, static_cast<double>(width_));
        const double to = std::clamp(crossings[i + 1], 0.0, static_cast<double>(width_));
        for (auto x = static_cast<std::size_t>(from); static_cast<double>(x) < to; ++x) {
          const double left = std::max(from, static_cast<double>(x));
          const double right = std::min(to, static_cast<double>(x + 1));
          covered[x] += (right - left) / kSubRows;
          is_touched = true;
        }
      }
    }
    for (long x = clip_.x0; is_touched && x < clip_.x1; ++x) {
      blend(x, y, rgb, opacity * covered[static_cast<std::size_t>(x)]);
    }
  }
}

void RasterCanvas::text(Point at, std::string_view text, const TextStyle& style) {
  const double width = text_width(text) * style.size;
  const double back = style.anchor == Anchor::kStart    ? 0
                      : style.anchor == Anchor::kMiddle ? width / 2
                                                        : width;
  const double weight = std::max(style.size * (style.bold ? 0.125 : 0.085), 0.9);
  std::vector<std::vector<Point>> paths;
  for (const Polyline& stroke : text_strokes(text)) {
    std::vector<Point>& path = paths.emplace_back();
    for (const Point& p : stroke) {
      const double along = p.x * style.size - back;
      const double up = p.y * style.size;
      path.push_back(style.upward ? Point{(at.x - up) * scale_, (at.y - along) * scale_}
                                  : Point{(at.x + along) * scale_, (at.y - up) * scale_});
    }
  }
  if (!paths.empty()) {
    stroke_paths(paths, weight * scale_, colour(style.role, dark_), 1);
  }
}

void RasterCanvas::image(const Box& box, const IndexedImage& image) {
  if (image.width == 0 || image.height == 0 || image.pixels.size() < image.width * image.height) {
    return;
  }
  const auto table = palette_table(image.palette);
  const auto pixel = [this](double v) { return std::lround(v * scale_); };
  const long x0 = pixel(box.x);
  const long y0 = pixel(box.y);
  const long columns = std::max(pixel(box.right()) - x0, 1L);
  const long rows = std::max(pixel(box.bottom()) - y0, 1L);
  for (long y = 0; y < rows; ++y) {
    const auto from_y = static_cast<std::size_t>(y) * image.height / static_cast<std::size_t>(rows);
    for (long x = 0; x < columns; ++x) {
      const auto from_x =
          static_cast<std::size_t>(x) * image.width / static_cast<std::size_t>(columns);
      blend(x0 + x, y0 + y, table[image.pixels[from_y * image.width + from_x]], 1);
    }
  }
}

void RasterCanvas::clip(const Box& box) {
  const auto bounded = [](double v, std::size_t to) {
    return std::clamp(std::lround(std::clamp(v, -kSideMax, kSideMax)), 0L, static_cast<long>(to));
  };
  clip_ = {bounded(box.x * scale_, width_), bounded(box.y * scale_, height_),
           bounded(box.right() * scale_, width_), bounded(box.bottom() * scale_, height_)};
}

void RasterCanvas::unclip() {
  clip_ = {0, 0, static_cast<long>(width_), static_cast<long>(height_)};
}

}  // namespace weft::cli::draw
