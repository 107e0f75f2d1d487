// SPDX-License-Identifier: Apache-2.0
// The glyphs and their reader; see stroke_font.h. A glyph is a path on a grid where a capital is 10
// high and a small x 7: "M x,y" starts a stroke, "L x,y" goes on, "A cx,cy,rx,ry,from,to" is an arc
// of an ellipse between two angles in degrees, counter-clockwise where `to` is larger.
#include "cli/draw/stroke_font.h"

#include "base/text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <map>
#include <numbers>

namespace weft::cli::draw {
namespace {

struct GlyphSource {
  char32_t sign;
  double width;  ///< of the ink; the gap to the next is added
  std::string_view path;
};

constexpr double kGap = 2.2;               ///< between the ink of two glyphs
constexpr double kUnit = kCapHeight / 10;  ///< one grid step at font size 1
constexpr double kRadians = std::numbers::pi / 180;

constexpr GlyphSource kGlyphs[] = {
    {U' ', 2, ""},
    {U'!', 0, "M0,10 L0,3.2 M0,0.2 L0,0"},
    {U'"', 2, "M0,10 L0,7 M2,10 L2,7"},
    {U'#', 6.4, "M2.2,9.4 L1.2,0.6 M5.2,9.4 L4.2,0.6 M0.3,6.6 L6.4,6.6 M0,3.4 L6.1,3.4"},
    {U'$', 5.6, "A2.8,7.2,2.5,2.1,35,270 A2.8,2.8,2.7,2.3,90,-150 M2.8,10.8 L2.8,-0.8"},
    {U'%', 8.4, "A1.8,7.8,1.8,2.2,0,360 A6.6,2.2,1.8,2.2,0,360 M7,10 L1.4,0"},
    {U'&', 7, "M7,0 L1.4,7 A3,7.9,1.9,2,210,-40 L1.2,4.6 A2.8,2.6,2.8,2.6,125,360 L6,4.4"},
    {U'\'', 0, "M0,10 L0,7"},
    {U'(', 2, "A4.2,4,4.2,8,130,230"},
    {U')', 2, "A-2.2,4,4.2,8,50,-50"},
    {U'*', 4, "M2,10 L2,6 M0.3,9 L3.7,7 M0.3,7 L3.7,9"},
    {U'+', 6, "M3,8 L3,2 M0,5 L6,5"},
    {U',', 0.6, "M0.6,0.4 L0,-2"},
    {U'-', 3.4, "M0,3.8 L3.4,3.8"},
    {U'.', 0, "M0,0.15 L0,0"},
    {U'/', 4, "M0,-1 L4,10.6"},
    {U'0', 6, "A3,5,3,5,0,360"},
    {U'1', 6, "M0.9,8 L3.4,10 L3.4,0"},
    {U'2', 6, "A3,7.1,2.8,2.9,165,-38 L0.2,0 L6,0"},
    {U'3', 6, "A2.9,7.6,2.5,2.4,150,-90 A2.9,2.6,2.95,2.6,90,-150"},
    {U'4', 6, "M4.6,0 L4.6,10 L0,2.9 L6.2,2.9"},
    {U'5', 6, "M5.4,10 L1,10 L0.6,5.3 A2.85,3.25,3.1,3.25,138,-150"},
    {U'6', 6, "A3,3.1,3,3.1,0,360 M4.7,10 A5.6,3.1,5.6,7,100,180"},
    {U'7', 6, "M0,10 L6,10 L2,0"},
    {U'8', 6, "A3,7.6,2.5,2.4,0,360 A3,2.6,3,2.6,0,360"},
    {U'9', 6, "A3,6.9,3,3.1,0,360 M1.3,0 A0.4,6.9,5.6,7,-80,0"},
    {U':', 0, "M0,6.6 L0,6.45 M0,0.15 L0,0"},
    {U';', 0.6, "M0.5,6.6 L0.5,6.45 M0.6,0.4 L0,-2"},
    {U'<', 5.4, "M5.4,8.4 L0,5 L5.4,1.6"},
    {U'=', 6, "M0,6.4 L6,6.4 M0,3.4 L6,3.4"},
    {U'>', 5.4, "M0,8.4 L5.4,5 L0,1.6"},
    {U'?', 4.8, "A2.4,7.6,2.4,2.4,165,-45 L2.3,4.4 L2.3,3.1 M2.3,0.2 L2.3,0"},
    {U'@', 9, "A4.3,4,2,2.4,0,360 M6.3,6.2 L6.3,3 A7.6,3,1.3,1.4,180,360 A4.6,4,4.4,5.2,0,310"},
    {U'A', 7, "M0,0 L3.5,10 L7,0 M1.2,3.3 L5.8,3.3"},
    {U'B', 6,
     "M3.2,5.3 L0,5.3 M0,0 L0,10 L3.2,10 A3.2,7.65,2.3,2.35,90,-90 "
     "A3.3,2.65,2.65,2.65,90,-90 L0,0"},
    {U'C', 6.6, "A3.8,5,3.8,5,46,314"},
    {U'D', 6.8, "M0,0 L0,10 L2.6,10 A2.6,5,4.2,5,90,-90 L0,0"},
    {U'E', 5.2, "M5.2,0 L0,0 L0,10 L5.2,10 M0,5.2 L4.5,5.2"},
    {U'F', 5, "M0,0 L0,10 L5.2,10 M0,5.1 L4.4,5.1"},
    {U'G', 7.2, "A3.8,5,3.8,5,46,335 L7.25,4.7 L4.3,4.7"},
    {U'H', 6.6, "M0,0 L0,10 M6.6,0 L6.6,10 M0,5.2 L6.6,5.2"},
    {U'I', 0, "M0,0 L0,10"},
    {U'J', 3.8, "M3.8,10 L3.8,2.6 A1.7,2.6,2.1,2.6,0,-145"},
    {U'K', 6, "M0,0 L0,10 M5.8,10 L0,3.9 M2.2,6.2 L6.2,0"},
    {U'L', 4.8, "M0,10 L0,0 L4.8,0"},
    {U'M', 8, "M0,0 L0,10 L4,3 L8,10 L8,0"},
    {U'N', 6.8, "M0,0 L0,10 L6.8,0 L6.8,10"},
    {U'O', 7.6, "A3.8,5,3.8,5,0,360"},
    {U'P', 5.8, "M0,0 L0,10 L3.1,10 A3.1,7.25,2.65,2.75,90,-90 L0,4.5"},
    {U'Q', 7.6, "A3.8,5,3.8,5,0,360 M4.8,2.6 L7.6,-0.6"},
    {U'R', 6, "M0,0 L0,10 L3.1,10 A3.1,7.3,2.6,2.7,90,-90 L0,4.6 M3,4.6 L6.1,0"},
    {U'S', 5.8, "A3,7.5,2.7,2.5,32,270 A2.9,2.55,2.95,2.45,90,-152"},
    {U'T', 6.8, "M0,10 L6.8,10 M3.4,10 L3.4,0"},
    {U'U', 6.4, "M0,10 L0,3.3 A3.2,3.3,3.2,3.3,180,360 L6.4,10"},
    {U'V', 6.8, "M0,10 L3.4,0 L6.8,10"},
    {U'W', 9.6, "M0,10 L2.3,0 L4.8,9 L7.3,0 L9.6,10"},
    {U'X', 6.4, "M0,10 L6.4,0 M6.4,10 L0,0"},
    {U'Y', 6.6, "M0,10 L3.3,4.9 L6.6,10 M3.3,4.9 L3.3,0"},
    {U'Z', 6.2, "M0.2,10 L6,10 L0,0 L6.2,0"},
    {U'[', 1.8, "M1.8,11 L0,11 L0,-1.6 L1.8,-1.6"},
    {U'\\', 4, "M0,10.6 L4,-1"},
    {U']', 1.8, "M0,11 L1.8,11 L1.8,-1.6 L0,-1.6"},
    {U'^', 4.8, "M0,7 L2.4,10 L4.8,7"},
    {U'_', 5.6, "M0,-1.6 L5.6,-1.6"},
    {U'`', 1.4, "M0,10.6 L1.4,8.8"},
    {U'a', 5.6, "A2.8,3.5,2.8,3.5,0,360 M5.6,7 L5.6,0"},
    {U'b', 5.6, "M0,10.4 L0,0 M5.6,3.5 A2.8,3.5,2.8,3.5,0,360"},
    {U'c', 4.8, "A2.8,3.5,2.8,3.5,46,314"},
    {U'd', 5.6, "A2.8,3.5,2.8,3.5,0,360 M5.6,10.4 L5.6,0"},
    {U'e', 5.6, "M0.1,3.7 L5.6,3.7 A2.8,3.5,2.8,3.5,3,318"},
    {U'f', 3.2, "M1.1,0 L1.1,8.2 A2.9,8.2,1.8,2.2,180,72 M0,6.7 L3,6.7"},
    {U'g', 5.6, "A2.8,3.5,2.8,3.5,0,360 M5.6,7 L5.6,-0.2 A2.8,-0.2,2.8,2.7,0,-148"},
    {U'h', 5, "M0,10.4 L0,0 M0,4.3 A2.5,4.3,2.5,2.7,180,0 L5,0"},
    {U'i', 0, "M0,7 L0,0 M0,9.8 L0,9.65"},
    {U'j', 1, "M1,7 L1,-1.2 A-0.6,-1.2,1.6,1.7,0,-80 M1,9.8 L1,9.65"},
    {U'k', 4.8, "M0,10.4 L0,0 M4.5,7 L0,2.7 M1.8,4.4 L4.9,0"},
    {U'l', 0, "M0,10.4 L0,0"},
    {U'm', 8.6,
     "M0,7 L0,0 M0,4.7 A2.15,4.7,2.15,2.3,180,0 L4.3,0 "
     "M4.3,4.7 A6.45,4.7,2.15,2.3,180,0 L8.6,0"},
    {U'n', 5, "M0,7 L0,0 M0,4.3 A2.5,4.3,2.5,2.7,180,0 L5,0"},
    {U'o', 5.7, "A2.85,3.5,2.85,3.5,0,360"},
    {U'p', 5.6, "M0,7 L0,-3 M5.6,3.5 A2.8,3.5,2.8,3.5,0,360"},
    {U'q', 5.6, "A2.8,3.5,2.8,3.5,0,360 M5.6,7 L5.6,-3"},
    {U'r', 3, "M0,7 L0,0 M0,4 A2.3,4,2.3,3,180,72"},
    {U's', 4.4, "A2.25,5.3,2.05,1.7,32,270 A2.2,1.8,2.2,1.8,90,-152"},
    {U't', 3.3, "M1.2,9.2 L1.2,1.9 A2.9,1.9,1.7,1.9,180,285 M0,6.8 L3.1,6.8"},
    {U'u', 5, "M0,7 L0,2.6 A2.5,2.6,2.5,2.6,180,360 M5,7 L5,0"},
    {U'v', 5, "M0,7 L2.5,0 L5,7"},
    {U'w', 7.8, "M0,7 L1.9,0 L3.9,6.6 L5.9,0 L7.8,7"},
    {U'x', 4.8, "M0,7 L4.8,0 M4.8,7 L0,0"},
    {U'y', 5, "M0,7 L2.6,0 M5,7 L2.2,-1.2 L1.6,-2.4 L0.3,-3"},
    {U'z', 4.8, "M0.2,7 L4.6,7 L0,0 L4.8,0"},
    {U'{', 2.6, "M2.6,11 L1.2,10.4 L1.2,5.4 L0,4.7 L1.2,4 L1.2,-1 L2.6,-1.6"},
    {U'|', 0, "M0,11 L0,-2"},
    {U'}', 2.6, "M0,11 L1.4,10.4 L1.4,5.4 L2.6,4.7 L1.4,4 L1.4,-1 L0,-1.6"},
    {U'~', 5.6, "A1.4,4.6,1.4,1.2,180,0 A4.2,4.6,1.4,1.2,180,360"},
    {U'\u00b0', 2.6, "A1.3,8.6,1.3,1.4,0,360"},
    {U'\u00b1', 6, "M3,9 L3,3.4 M0,6.2 L6,6.2 M0,1 L6,1"},
    {U'\u00b2', 3.6, "A1.8,9,1.7,1.7,165,-40 L0.1,5 L3.6,5"},
    {U'\u00b5', 5, "M0,7 L0,-3 M0,2.6 A2.5,2.6,2.5,2.6,180,360 M5,7 L5,0"},
    {U'\u00b7', 0, "M0,4.2 L0,4.05"},
    {U'\u00d7', 4.8, "M0,7.4 L4.8,2.6 M4.8,7.4 L0,2.6"},
    {U'\u03a9', 7.4, "M0,0 L2.4,0 A3.7,5.8,3.7,4.2,240,-60 L5,0 L7.4,0"},
    {U'\u03b1', 6, "M6,7 L4.9,2.2 A2.7,3.5,2.7,3.5,-20,-360 M4.9,2.2 L6,0"},
    {U'\u03c3', 6, "A2.8,3.5,2.8,3.5,0,360 M2.8,7 L6.2,7"},
    {U'\u2013', 5, "M0,3.8 L5,3.8"},
    {U'\u2014', 8, "M0,3.8 L8,3.8"},
    {U'\u2026', 5, "M0,0.15 L0,0 M2.5,0.15 L2.5,0 M5,0.15 L5,0"},
    {U'\u2212', 5.4, "M0,5 L5.4,5"},
    {U'\u221a', 6, "M0,4.6 L1.4,5.2 L3,0 L6,10.4 L8,10.4"},
    {U'\u2264', 5.4, "M5.4,9 L0,6 L5.4,3 M0,1 L5.4,1"},
    {U'\u2265', 5.4, "M0,9 L5.4,6 L0,3 M0,1 L5.4,1"},
};
constexpr GlyphSource kBox = {0, 5, "M0,0 L0,9 L5,9 L5,0 L0,0"};

struct Glyph {
  double width = 0;
  std::vector<Polyline> strokes;
};

/// The numbers of "3,7.1,2.8".
std::vector<double> numbers(std::string_view text) {
  std::vector<double> values;
  for (const std::string_view part : base::split(text, ',')) {
    values.push_back(base::parse_double(part).value_or(0));
  }
  return values;
}

void append_arc(Polyline& stroke, const std::vector<double>& arc) {
  const double turn = std::abs(arc[5] - arc[4]);
  const int steps = std::max(2, static_cast<int>(std::ceil(turn / 12)));
  for (int i = 0; i <= steps; ++i) {
    const double angle = (arc[4] + (arc[5] - arc[4]) * i / steps) * kRadians;
    stroke.push_back({arc[0] + arc[2] * std::cos(angle), arc[1] + arc[3] * std::sin(angle)});
  }
}

Glyph read_glyph(const GlyphSource& source) {
  Glyph glyph;
  glyph.width = source.width;
  char last = ' ';
  for (const std::string_view word : base::words(source.path)) {
    const auto values = numbers(word.substr(1));
    // An arc after a line goes on from it; an arc after a whole ellipse starts anew.
    const bool is_closed = last == 'O';
    if (word[0] == 'M' || glyph.strokes.empty() || (word[0] == 'A' && is_closed)) {
      glyph.strokes.emplace_back();
    }
    if (word[0] == 'A') {
      append_arc(glyph.strokes.back(), values);
      last = std::abs(values[5] - values[4]) >= 360 ? 'O' : 'A';
    } else {
      glyph.strokes.back().push_back({values[0], values[1]});
      last = word[0];
    }
  }
  return glyph;
}

const Glyph& glyph(char32_t sign) {
  static const std::map<char32_t, Glyph> kFont = [] {
    std::map<char32_t, Glyph> font;
    for (const GlyphSource& source : kGlyphs) {
      font.emplace(source.sign, read_glyph(source));
    }
    font.emplace(0, read_glyph(kBox));
    return font;
  }();
  const auto at = kFont.find(sign);
  return at == kFont.end() ? kFont.at(0) : at->second;
}

/// The code points of UTF-8; a byte that fits nowhere is 0.
std::vector<char32_t> code_points(std::string_view text) {
  std::vector<char32_t> signs;
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<std::uint8_t>(text[i++]);
    const int more = lead < 0x80 ? 0 : lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : lead >= 0xC0 ? 1 : -1;
    char32_t sign = more <= 0 ? lead : lead & (0x3FU >> static_cast<unsigned>(more));
    int missing = std::max(more, 0);
    for (; missing > 0 && i < text.size() && (static_cast<std::uint8_t>(text[i]) & 0xC0U) == 0x80U;
         --missing) {
      sign = sign << 6U | (static_cast<std::uint8_t>(text[i++]) & 0x3FU);
    }
    signs.push_back(more < 0 || missing > 0 ? 0 : sign);
  }
  return signs;
}

}  // namespace

double text_width(std::string_view text) {
  double width = 0;
  for (const char32_t sign : code_points(text)) {
    width += glyph(sign).width + kGap;
  }
  return width <= 0 ? 0 : (width - kGap) * kUnit;
}

std::vector<Polyline> text_strokes(std::string_view text) {
  std::vector<Polyline> strokes;
  double left = 0;
  for (const char32_t sign : code_points(text)) {
    const Glyph& shape = glyph(sign);
    for (const Polyline& source : shape.strokes) {
      Polyline& stroke = strokes.emplace_back();
      for (const Point& point : source) {
        stroke.push_back({(left + point.x) * kUnit, point.y * kUnit});
      }
    }
    left += shape.width + kGap;
  }
  return strokes;
}

}  // namespace weft::cli::draw
