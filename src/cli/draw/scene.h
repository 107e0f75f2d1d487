// SPDX-License-Identifier: Apache-2.0
// What a picture shows, before anybody knows whether it becomes SVG, PNG or text: plots with axes,
// densities, series, areas and rules, tables of numbers, and a figure that places them. paint.h
// paints figures, terminal_plot.h writes single plots as text.
#pragma once

#include "cli/draw/axis.h"
#include "cli/draw/canvas.h"

#include <cstddef>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace weft::cli::draw {

/// A density over the plane, [column][row] from the low end, as log10 of its values; what is absent
/// is -infinity. The cells' outer edges are those of the plot's ranges given here.
struct Density {
  std::size_t columns = 0, rows = 0;
  double x_min = 0, x_max = 1;
  double y_min = 0, y_max = 1;
  std::vector<double> log10_value;
  double log10_floor = -18, log10_ceiling = 0;  ///< ends of the colour scale
  Palette palette = Palette::kViridis;
  std::string title;  ///< of the colour bar, with the unit

  [[nodiscard]] double at(std::size_t column, std::size_t row) const {
    return log10_value[column * rows + row];
  }
  /// 0..1 of the colour scale at a place, interpolated; 0 outside.
  [[nodiscard]] double level(double x, double y) const;
};

struct Series {
  std::vector<Point> points;
  Stroke stroke;
  std::string legend;  ///< empty: not in the legend
  char sign = '*';     ///< what stands for it where there is neither colour nor braille
};

/// Filled ground between two curves over the same x.
struct Area {
  std::vector<Point> outline;
  Role role = Role::kSeries1;
  double opacity = 0.15;
};

/// A straight line across the plot.
struct Rule {
  bool is_vertical = true;
  double at = 0;
  Stroke stroke = {Role::kMuted, 1, Dash::kDashed, 1};
  std::string label;
};

struct Mark {
  Point at;
  Role role = Role::kInk;
  double radius = 2.6;
  std::string label;
};

struct Plot {
  std::string title;
  Axis x, y;
  std::optional<Density> density;
  std::vector<Area> areas;
  std::vector<Series> series;
  std::vector<Rule> rules;
  std::vector<Mark> marks;
};

struct TableCell {
  std::string text;
  Role role = Role::kInk;
  bool bold = false;
};

/// Rows of text; the first column is left-aligned, `columns` are where the others start, as parts
/// of the table's width. A row of one cell is a heading.
struct Table {
  std::vector<double> columns;
  std::vector<std::vector<TableCell>> rows;
};

struct Item {
  Box box;
  std::variant<Plot, Table> content;
};

struct Figure {
  double width = 900, height = 600;
  std::string title;
  std::string subtitle;
  Role subtitle_role = Role::kMuted;
  std::string footnote;
  std::vector<Item> items;
};

}  // namespace weft::cli::draw
