// SPDX-License-Identifier: Apache-2.0
// Colours of our pictures: perceptual palettes for densities, and the roles that lines and text
// play (ink, grid, first series, ...), which a light and a dark theme fill in. Palettes are viridis
// (S. van der Walt, N. Smith 2015) and cividis (Nunez, Anderton, Renslow 2018, PLoS ONE 13(7)
// e0199239), both CC0; series are Okabe and Ito's (2008). All are told apart with any colour
// vision.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace weft::cli::draw {

struct Rgb {
  std::uint8_t r = 0, g = 0, b = 0;
  friend bool operator==(const Rgb&, const Rgb&) = default;
};

enum class Palette : std::uint8_t { kViridis, kCividis };
[[nodiscard]] std::optional<Palette> find_palette(std::string_view name);

/// The colour at `t` of 0 (dark, little) to 1 (bright, much); clamped.
[[nodiscard]] Rgb palette_colour(Palette palette, double t);
/// The palette in 256 steps, as indexed images use it.
[[nodiscard]] std::array<Rgb, 256> palette_table(Palette palette);

/// What a mark is, not which colour it has: the theme decides that.
enum class Role : std::uint8_t {
  kPaper,  ///< behind everything
  kInk,    ///< text and axes
  kMuted,  ///< secondary text
  kGrid,
  kSeries1,  ///< blue
  kSeries2,  ///< vermilion
  kSeries3,  ///< green
  kSeries4,  ///< purple
  kSeries5,  ///< orange
  kGood,
  kBad,
  kOnDensity,       ///< lines over a density image, the same in both themes
  kOnDensityMuted,  ///< secondary ones
  kCount,
};

[[nodiscard]] Rgb colour(Role role, bool dark);
/// "ink": the name of the role's class in a style sheet.
[[nodiscard]] std::string_view name(Role role);

/// The nearest of the 256 colours that terminals number (16..255: cube and greys).
[[nodiscard]] int terminal_index(Rgb rgb);

}  // namespace weft::cli::draw
