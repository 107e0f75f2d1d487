// SPDX-License-Identifier: Apache-2.0
// The tables of colours; see colour.h. Palettes are sixteen evenly spaced points of the published
// 256, joined linearly: nowhere more than 2/255 off.
#include "cli/draw/colour.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

namespace weft::cli::draw {
namespace {

using Triple = std::array<double, 3>;

constexpr std::array<Triple, 16> kViridis = {{
    {0.267004, 0.004874, 0.329415},
    {0.282656, 0.100196, 0.422160},
    {0.277134, 0.185228, 0.489898},
    {0.253935, 0.265254, 0.529983},
    {0.221989, 0.339161, 0.548752},
    {0.190631, 0.407061, 0.556089},
    {0.163625, 0.471133, 0.558148},
    {0.139147, 0.533812, 0.555298},
    {0.120565, 0.596422, 0.543611},
    {0.134692, 0.658636, 0.517649},
    {0.208030, 0.718701, 0.472873},
    {0.327796, 0.773980, 0.406640},
    {0.477504, 0.821444, 0.318195},
    {0.647257, 0.858400, 0.209861},
    {0.824940, 0.884720, 0.106217},
    {0.993248, 0.906157, 0.143936},
}};

constexpr std::array<Triple, 16> kCividis = {{
    {0.000000, 0.135112, 0.304751},
    {0.000000, 0.181610, 0.421859},
    {0.117612, 0.225935, 0.434308},
    {0.208926, 0.272546, 0.424809},
    {0.279411, 0.318677, 0.423031},
    {0.342246, 0.364939, 0.428559},
    {0.401418, 0.411790, 0.440708},
    {0.458366, 0.459552, 0.460457},
    {0.517920, 0.508454, 0.472707},
    {0.582087, 0.558670, 0.468118},
    {0.648222, 0.610553, 0.454801},
    {0.716177, 0.664384, 0.432386},
    {0.785965, 0.720438, 0.399613},
    {0.857809, 0.778969, 0.353259},
    {0.932180, 0.840159, 0.285880},
    {0.995737, 0.909344, 0.217772},
}};

struct NamedPalette {
  std::string_view name;
  Palette palette;
  const std::array<Triple, 16>* points;
};
constexpr NamedPalette kPalettes[] = {
    {"viridis", Palette::kViridis, &kViridis},
    {"cividis", Palette::kCividis, &kCividis},
};

struct RoleColours {
  Role role;
  std::string_view name;
  Rgb light;
  Rgb dark;
};
constexpr std::array<RoleColours, static_cast<std::size_t>(Role::kCount)> kRoles = {{
    {Role::kPaper, "paper", {255, 255, 255}, {18, 22, 28}},
    {Role::kInk, "ink", {28, 32, 38}, {226, 230, 236}},
    {Role::kMuted, "muted", {98, 106, 118}, {152, 161, 174}},
    {Role::kGrid, "grid", {225, 229, 235}, {48, 55, 66}},
    {Role::kSeries1, "series1", {0, 114, 178}, {86, 180, 233}},
    {Role::kSeries2, "series2", {213, 94, 0}, {240, 128, 48}},
    {Role::kSeries3, "series3", {0, 140, 104}, {38, 190, 145}},
    {Role::kSeries4, "series4", {170, 90, 140}, {214, 140, 186}},
    {Role::kSeries5, "series5", {190, 130, 0}, {240, 190, 70}},
    {Role::kGood, "good", {0, 122, 90}, {38, 190, 145}},
    {Role::kBad, "bad", {190, 60, 0}, {244, 130, 60}},
    {Role::kOnDensity, "on", {255, 255, 255}, {255, 255, 255}},
    {Role::kOnDensityMuted, "onmuted", {196, 204, 220}, {196, 204, 220}},
}};

std::uint8_t byte(double unit) {
  return static_cast<std::uint8_t>(std::lround(std::clamp(unit, 0.0, 1.0) * 255));
}

const RoleColours& row(Role role) {
  return kRoles[std::min(static_cast<std::size_t>(role), kRoles.size() - 1)];
}

constexpr std::array<int, 6> kCube = {0, 95, 135, 175, 215, 255};

int nearest_step(int value) {
  int best = 0;
  for (int i = 1; i < 6; ++i) {
    if (std::abs(kCube[static_cast<std::size_t>(i)] - value) <
        std::abs(kCube[static_cast<std::size_t>(best)] - value)) {
      best = i;
    }
  }
  return best;
}

int distance(int r, int g, int b, Rgb to) {
  return (r - to.r) * (r - to.r) + (g - to.g) * (g - to.g) + (b - to.b) * (b - to.b);
}

}  // namespace

std::optional<Palette> find_palette(std::string_view name) {
  for (const NamedPalette& palette : kPalettes) {
    if (palette.name == name) {
      return palette.palette;
    }
  }
  return std::nullopt;
}

Rgb palette_colour(Palette palette, double t) {
  const auto& points = *kPalettes[static_cast<std::size_t>(palette)].points;
  const double at =
      std::clamp(std::isfinite(t) ? t : 0.0, 0.0, 1.0) * static_cast<double>(points.size() - 1);
  const std::size_t below = std::min(static_cast<std::size_t>(at), points.size() - 2);
  const double part = at - static_cast<double>(below);
  const auto mixed = [&](std::size_t channel) {
    return byte(points[below][channel] * (1 - part) + points[below + 1][channel] * part);
  };
  return {mixed(0), mixed(1), mixed(2)};
}

std::array<Rgb, 256> palette_table(Palette palette) {
  std::array<Rgb, 256> table;
  for (std::size_t i = 0; i < table.size(); ++i) {
    table[i] = palette_colour(palette, static_cast<double>(i) / 255);
  }
  return table;
}

Rgb colour(Role role, bool dark) {
  return dark ? row(role).dark : row(role).light;
}

std::string_view name(Role role) {
  return row(role).name;
}

int terminal_index(Rgb rgb) {
  const int r = nearest_step(rgb.r);
  const int g = nearest_step(rgb.g);
  const int b = nearest_step(rgb.b);
  const auto step = [](int i) { return kCube[static_cast<std::size_t>(i)]; };
  const int grey = std::clamp((rgb.r + rgb.g + rgb.b) / 3 - 8 + 5, 0, 230) / 10;
  const int level = 8 + 10 * grey;
  return distance(level, level, level, rgb) < distance(step(r), step(g), step(b), rgb)
             ? 232 + grey
             : 16 + 36 * r + 6 * g + b;
}

}  // namespace weft::cli::draw
