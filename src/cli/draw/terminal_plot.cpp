// SPDX-License-Identifier: Apache-2.0
// Text pictures; see terminal_plot.h. Colours are set by ECMA-48 SGR 38 and 48, changed only where
// they change.
#include "cli/draw/terminal_plot.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string_view>

#include <fmt/format.h>

namespace weft::cli::draw {
namespace {

constexpr std::size_t kLabelWidth = 8;
constexpr std::size_t kBarWidth = 11;
constexpr std::string_view kRamp = " .:-=+*#%@";
constexpr std::string_view kReset = "\x1b[0m";

/// One character of the picture.
struct Cell {
  std::string text = " ";
  std::optional<Rgb> front, back;
};

/// A page of cells; each line goes out with as few colour changes as it needs.
class Page {
 public:
  Page(std::size_t columns, std::size_t rows) : columns_(columns), cells_(columns * rows) {}
  Cell& at(std::size_t column, std::size_t row) { return cells_[row * columns_ + column]; }
  [[nodiscard]] std::size_t columns() const { return columns_; }
  [[nodiscard]] std::size_t rows() const { return cells_.size() / columns_; }
  void write(std::size_t column, std::size_t row, std::string_view text) {
    for (std::size_t i = 0; i < text.size() && column + i < columns_; ++i) {
      at(column + i, row).text = text[i];
    }
  }
  [[nodiscard]] std::string text(ColourDepth depth) const;

 private:
  std::size_t columns_;
  std::vector<Cell> cells_;
};

std::string colour_code(std::optional<Rgb> rgb, bool is_front, ColourDepth depth) {
  if (!rgb.has_value()) {
    return is_front ? "39" : "49";
  }
  return depth == ColourDepth::kTrue
             ? fmt::format("{};2;{};{};{}", is_front ? 38 : 48, rgb->r, rgb->g, rgb->b)
             : fmt::format("{};5;{}", is_front ? 38 : 48, terminal_index(*rgb));
}

std::string Page::text(ColourDepth depth) const {
  std::string out;
  for (std::size_t row = 0; row < rows(); ++row) {
    std::optional<Rgb> front, back;
    std::string line;
    for (std::size_t column = 0; column < columns_; ++column) {
      const Cell& cell = cells_[row * columns_ + column];
      if (depth != ColourDepth::kNone && (cell.front != front || cell.back != back)) {
        line += fmt::format("\x1b[{};{}m", colour_code(cell.front, true, depth),
                            colour_code(cell.back, false, depth));
        front = cell.front;
        back = cell.back;
      }
      line += cell.text;
    }
    if (front.has_value() || back.has_value()) {
      line += kReset;
    }
    while (!line.empty() && line.back() == ' ') {
      line.pop_back();
    }
    out += line + '\n';
  }
  return out;
}

/// Whether the form can show colours that a palette needs.
bool has_palette(const TerminalForm& form) {
  return form.utf8 && (form.depth == ColourDepth::k256 || form.depth == ColourDepth::kTrue);
}

/// The picture's area inside the page.
struct Field {
  std::size_t left = kLabelWidth, columns = 0, rows = 0;
};

/// Calls `dot(x, y)` for every step of a polyline over a grid of `width` by `height` dots.
template <class Dot>
void walk(const Plot& plot, const std::vector<Point>& points, std::size_t width, std::size_t height,
          Dot dot) {
  const auto to = [&](Point p) {
    return Point{place(plot.x, p.x) * static_cast<double>(width),
                 (1 - place(plot.y, p.y)) * static_cast<double>(height)};
  };
  for (std::size_t i = 0; i + 1 < points.size(); ++i) {
    const Point a = to(points[i]);
    const Point b = to(points[i + 1]);
    const double length = std::max(std::abs(b.x - a.x), std::abs(b.y - a.y));
    const int steps = std::isfinite(length) ? static_cast<int>(std::min(length * 2 + 1, 4e4)) : 0;
    for (int k = 0; k <= steps && steps > 0; ++k) {
      const double x = a.x + (b.x - a.x) * k / steps;
      const double y = a.y + (b.y - a.y) * k / steps;
      if (x >= 0 && y >= 0 && x < static_cast<double>(width) && y < static_cast<double>(height)) {
        dot(static_cast<std::size_t>(x), static_cast<std::size_t>(y));
      }
    }
  }
}

void write_y_axis(Page& page, const Field& area, const Plot& plot, bool utf8) {
  for (std::size_t row = 0; row < area.rows; ++row) {
    page.at(area.left - 1, row).text = utf8 ? "│" : "|";
  }
  const std::size_t wanted = std::max<std::size_t>(area.rows / 3, 2);
  for (const Tick& tick : ticks(plot.y, wanted)) {
    const double at = (1 - place(plot.y, tick.value)) * static_cast<double>(area.rows);
    const auto row =
        static_cast<std::size_t>(std::clamp(at, 0.0, static_cast<double>(area.rows) - 1));
    page.write(kLabelWidth - 1 - std::min(tick.text.size() + 1, kLabelWidth - 1), row,
               tick.text.substr(0, kLabelWidth - 2));
    page.at(area.left - 1, row).text = utf8 ? "┤" : "+";
  }
}

void write_x_axis(Page& page, const Field& area, const Plot& plot, bool utf8) {
  page.at(area.left - 1, area.rows).text = utf8 ? "└" : "+";
  for (std::size_t i = 0; i < area.columns; ++i) {
    page.at(area.left + i, area.rows).text = utf8 ? "─" : "-";
  }
  for (const Tick& tick : ticks(plot.x, area.columns / 12)) {
    const double at = place(plot.x, tick.value) * static_cast<double>(area.columns);
    const auto column =
        static_cast<std::size_t>(std::clamp(at, 0.0, static_cast<double>(area.columns) - 1));
    page.at(area.left + column, area.rows).text = utf8 ? "┬" : "+";
    const std::size_t half = tick.text.size() / 2;
    const std::size_t start = std::min(area.left + column - std::min(half, column),
                                       page.columns() - std::min(tick.text.size(), page.columns()));
    page.write(start, area.rows + 1, tick.text);
  }
}

std::string title_line(const std::string& title) {
  return title.empty() ? "" : fmt::format("{:{}}{}\n", "", kLabelWidth, title);
}

/// Which sub-pixels the plot's curves cross: the index of the series + 1, or 0.
std::vector<std::size_t> crossed(const Plot& plot, std::size_t width, std::size_t height) {
  std::vector<std::size_t> dots(width * height, 0);
  for (std::size_t i = 0; i < plot.series.size(); ++i) {
    walk(plot, plot.series[i].points, width, height,
         [&](std::size_t x, std::size_t y) { dots[y * width + x] = i + 1; });
  }
  return dots;
}

double level_at(const Plot& plot, std::size_t x, std::size_t y, std::size_t width,
                std::size_t height) {
  const double u = (static_cast<double>(x) + 0.5) / static_cast<double>(width);
  const double v = 1 - (static_cast<double>(y) + 0.5) / static_cast<double>(height);
  return plot.density->level(plot.x.min + u * (plot.x.max - plot.x.min),
                             plot.y.min + v * (plot.y.max - plot.y.min));
}

void write_blocks(Page& page, const Field& area, const Plot& plot) {
  const std::size_t height = 2 * area.rows;
  const auto curves = crossed(plot, area.columns, height);
  const auto pixel = [&](std::size_t x, std::size_t y) {
    const std::size_t curve = curves[y * area.columns + x];
    return curve > 0
               ? colour(plot.series[curve - 1].stroke.role, true)
               : palette_colour(plot.density->palette, level_at(plot, x, y, area.columns, height));
  };
  for (std::size_t row = 0; row < area.rows; ++row) {
    for (std::size_t x = 0; x < area.columns; ++x) {
      Cell& cell = page.at(area.left + x, row);
      cell.text = "▀";
      cell.front = pixel(x, 2 * row);
      cell.back = pixel(x, 2 * row + 1);
    }
  }
}

char ramp_sign(double level) {
  const auto last = static_cast<double>(kRamp.size() - 1);
  return kRamp[static_cast<std::size_t>(std::lround(std::clamp(level, 0.0, 1.0) * last))];
}

void write_ramp(Page& page, const Field& area, const Plot& plot) {
  const auto curves = crossed(plot, area.columns, area.rows);
  for (std::size_t row = 0; row < area.rows; ++row) {
    for (std::size_t x = 0; x < area.columns; ++x) {
      const std::size_t curve = curves[row * area.columns + x];
      page.at(area.left + x, row).text =
          curve > 0 ? plot.series[curve - 1].sign
                    : ramp_sign(level_at(plot, x, row, area.columns, area.rows));
    }
  }
}

void write_bar(Page& page, const Field& area, const Plot& plot, bool in_colour) {
  const Density& density = *plot.density;
  const std::size_t left = area.left + area.columns + 2;
  for (std::size_t row = 0; row < area.rows; ++row) {
    const double level = 1 - (static_cast<double>(row) + 0.5) / static_cast<double>(area.rows);
    for (std::size_t i = 0; i < 2; ++i) {
      Cell& cell = page.at(left + i, row);
      cell.text = in_colour ? ' ' : ramp_sign(level);
      cell.back = in_colour ? std::optional(palette_colour(density.palette, level)) : std::nullopt;
    }
  }
  const Axis axis{"", std::pow(10, density.log10_floor), std::pow(10, density.log10_ceiling),
                  Scale::kLog10};
  for (const Tick& tick : ticks(axis, std::max<std::size_t>(area.rows / 3, 2))) {
    const double at = (1 - place(axis, tick.value)) * static_cast<double>(area.rows);
    page.write(left + 3,
               static_cast<std::size_t>(std::clamp(at, 0.0, static_cast<double>(area.rows) - 1)),
               tick.text);
  }
}

/// What stands before a legend's words, and how many columns it fills.
std::string legend_sign(const Series& series, const TerminalForm& form) {
  if (!form.utf8 || form.depth == ColourDepth::kNone) {
    return std::string(1, series.sign);
  }
  const std::string sign = series.points.empty() ? "●" : "━━";
  return form.depth == ColourDepth::k16
             ? sign
             : fmt::format("\x1b[{}m{}{}",
                           colour_code(colour(series.stroke.role, true), true, form.depth), sign,
                           kReset);
}

std::string legend_text(const Plot& plot, const TerminalForm& form) {
  constexpr std::size_t kSignColumns = 6;
  std::string text;
  std::string line;
  std::size_t used = kLabelWidth;
  for (const Series& series : plot.series) {
    if (series.legend.empty()) {
      continue;
    }
    const std::size_t needed = kSignColumns + series.legend.size();
    if (!line.empty() && used + needed > form.columns) {
      text += title_line(line);
      line.clear();
      used = kLabelWidth;
    }
    line +=
        fmt::format("{}{} {}", line.empty() ? "" : "   ", legend_sign(series, form), series.legend);
    used += needed;
  }
  return text + title_line(line);
}

/// The dots of one braille character, bit by column and row of the 2 x 4 grid (Unicode chapter 21).
constexpr unsigned kBrailleBits[4][2] = {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};

std::string utf8_braille(unsigned bits) {
  const unsigned sign = 0x2800U + bits;
  return {static_cast<char>(0xE0U | sign >> 12U), static_cast<char>(0x80U | (sign >> 6U & 0x3FU)),
          static_cast<char>(0x80U | (sign & 0x3FU))};
}

void write_braille(Page& page, const Field& area, const Plot& plot, ColourDepth depth) {
  const std::size_t width = 2 * area.columns;
  const auto dots = crossed(plot, width, 4 * area.rows);
  for (std::size_t row = 0; row < area.rows; ++row) {
    for (std::size_t x = 0; x < area.columns; ++x) {
      unsigned bits = 0;
      std::size_t series = 0;
      for (std::size_t dy = 0; dy < 4; ++dy) {
        for (std::size_t dx = 0; dx < 2; ++dx) {
          const std::size_t hit = dots[(4 * row + dy) * width + 2 * x + dx];
          bits |= hit > 0 ? kBrailleBits[dy][dx] : 0U;
          series = std::max(series, hit);
        }
      }
      if (bits != 0) {
        Cell& cell = page.at(area.left + x, row);
        cell.text = utf8_braille(bits);
        if (depth == ColourDepth::k256 || depth == ColourDepth::kTrue) {
          cell.front = colour(plot.series[series - 1].stroke.role, true);
        }
      }
    }
  }
}

void write_signs(Page& page, const Field& area, const Plot& plot) {
  const auto dots = crossed(plot, area.columns, area.rows);
  for (std::size_t row = 0; row < area.rows; ++row) {
    for (std::size_t x = 0; x < area.columns; ++x) {
      if (const std::size_t series = dots[row * area.columns + x]; series > 0) {
        page.at(area.left + x, row).text = plot.series[series - 1].sign;
      }
    }
  }
}

/// Marks as single signs over the curves.
void write_marks(Page& page, const Field& area, const Plot& plot, const TerminalForm& form) {
  for (const Mark& mark : plot.marks) {
    const double x = place(plot.x, mark.at.x) * static_cast<double>(area.columns);
    const double y = (1 - place(plot.y, mark.at.y)) * static_cast<double>(area.rows);
    if (x >= 0 && y >= 0 && x < static_cast<double>(area.columns) &&
        y < static_cast<double>(area.rows)) {
      Cell& cell = page.at(area.left + static_cast<std::size_t>(x), static_cast<std::size_t>(y));
      cell.text = form.utf8 ? "●" : "o";
      if (form.depth == ColourDepth::k256 || form.depth == ColourDepth::kTrue) {
        cell.front = colour(mark.role, true);
      }
    }
  }
}

/// Rules as faint lines under the curves, where a cell is still empty.
void write_rules(Page& page, const Field& area, const Plot& plot, bool utf8) {
  for (const Rule& rule : plot.rules) {
    const double part = rule.is_vertical ? place(plot.x, rule.at) : 1 - place(plot.y, rule.at);
    if (!(part >= 0 && part < 1)) {
      continue;
    }
    const std::size_t count = rule.is_vertical ? area.rows : area.columns;
    const auto at = static_cast<std::size_t>(
        part * static_cast<double>(rule.is_vertical ? area.columns : area.rows));
    for (std::size_t i = 0; i < count; ++i) {
      Cell& cell = page.at(area.left + (rule.is_vertical ? at : i), rule.is_vertical ? i : at);
      if (cell.text == " ") {
        cell.text = rule.is_vertical ? (utf8 ? "┊" : ":") : (utf8 ? "┈" : ".");
      }
    }
  }
}

}  // namespace

TerminalForm form_of(const Terminal& terminal, std::size_t rows) {
  return {terminal.depth, terminal.utf8,
          static_cast<std::size_t>(std::clamp(terminal.columns, 40, 140)), rows};
}

std::string density_text(const Plot& plot, const TerminalForm& form) {
  if (!plot.density.has_value()) {
    return series_text(plot, form);
  }
  const std::size_t columns = std::max<std::size_t>(form.columns, 40);
  const Field area{kLabelWidth, columns - kLabelWidth - kBarWidth, form.rows};
  Page page(columns, form.rows + 2);
  const bool in_colour = has_palette(form);
  if (in_colour) {
    write_blocks(page, area, plot);
  } else {
    write_ramp(page, area, plot);
  }
  write_bar(page, area, plot, in_colour);
  write_y_axis(page, area, plot, form.utf8);
  write_x_axis(page, area, plot, form.utf8);
  return title_line(plot.y.title) + page.text(form.depth) + title_line(plot.x.title) +
         legend_text(plot, form);
}

std::string series_text(const Plot& plot, const TerminalForm& form) {
  const std::size_t columns = std::max<std::size_t>(form.columns, 40);
  const Field area{kLabelWidth, columns - kLabelWidth - 1, form.rows};
  Page page(columns, form.rows + 2);
  if (form.utf8) {
    write_braille(page, area, plot, form.depth);
  } else {
    write_signs(page, area, plot);
  }
  write_marks(page, area, plot, form);
  write_rules(page, area, plot, form.utf8);
  write_y_axis(page, area, plot, form.utf8);
  write_x_axis(page, area, plot, form.utf8);
  return title_line(plot.y.title) + page.text(form.depth) + title_line(plot.x.title) +
         legend_text(plot, form);
}

}  // namespace weft::cli::draw
