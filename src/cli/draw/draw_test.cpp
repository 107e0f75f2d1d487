// SPDX-License-Identifier: Apache-2.0
// Pictures, judged from outside: published colours, ticks, pixels where the data is, SVG by
// Python's XML reader, PNG by zlib, text by its width and by what a terminal can show.
#include "bus/test_folder.h"
#include "cli/draw/paint.h"
#include "cli/draw/png.h"
#include "cli/draw/raster.h"
#include "cli/draw/stroke_font.h"
#include "cli/draw/terminal_plot.h"
#include "cli/physics/eye_plots.h"
#include "cli/physics/test_eye.h"
#include "cli/test_shell.h"

#include <algorithm>
#include <cmath>
#include <sstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weft::cli::draw {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

std::vector<std::string> texts(const std::vector<Tick>& ticks) {
  std::vector<std::string> all;
  for (const Tick& tick : ticks) {
    all.push_back(tick.text);
  }
  return all;
}

Figure figure() {
  static const phy::eye::EyeResult kEye = made_up_eye(4, 0.012);
  static const auto kInput = made_up_pulse();
  const std::vector<double> bers = {1e-6, 1e-12, 1e-15};
  Figure figure;
  figure.width = 900;
  figure.height = 700;
  figure.title = "a < b & \"c\"";
  figure.subtitle = "made up";
  figure.footnote = "foot";
  const NamedEye named{"one", &kEye};
  figure.items.push_back(
      {{10, 60, 500, 340}, eye_density_plot(kEye, "Eye", Palette::kViridis, bers)});
  figure.items.push_back(
      {{10, 410, 430, 260}, eye_bathtub_plot(std::span(&named, 1), 1e-6, "Bathtub")});
  figure.items.push_back({{450, 410, 430, 260}, eye_pulse_plot(kInput, "Pulse")});
  Table table;
  table.columns = {0.5};
  table.rows = {{{"Heading"}}, {{"Height"}, {"12 mV", Role::kGood, true}}};
  figure.items.push_back({{560, 80, 300, 200}, table});
  return figure;
}

TEST(DrawColour, PalettesHaveTheirPublishedColours) {
  // matplotlib's tables: first, 128th and last of 256.
  EXPECT_EQ(palette_colour(Palette::kViridis, 0), (Rgb{68, 1, 84}));
  EXPECT_EQ(palette_colour(Palette::kViridis, 1), (Rgb{253, 231, 37}));
  const Rgb middle = palette_colour(Palette::kCividis, 127.0 / 255);
  EXPECT_NEAR(middle.r, 0.485141 * 255, 2);
  EXPECT_NEAR(middle.g, 0.482451 * 255, 2);
  EXPECT_NEAR(middle.b, 0.470384 * 255, 2);
  EXPECT_EQ(palette_colour(Palette::kViridis, std::nan("")), (Rgb{68, 1, 84}));
}

TEST(DrawColour, PalettesGrowLighterAllTheWay) {
  for (const Palette palette : {Palette::kViridis, Palette::kCividis}) {
    double last = -1;
    for (const Rgb& rgb : palette_table(palette)) {
      const double luma = 0.2126 * rgb.r + 0.7152 * rgb.g + 0.0722 * rgb.b;
      EXPECT_GE(luma, last - 0.75);
      last = std::max(luma, last);
    }
  }
}

TEST(DrawColour, TextIsReadableOnItsPaper) {
  const auto channel = [](double byte) {
    const double c = byte / 255;
    return c <= 0.03928 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4);
  };
  const auto luminance = [&](Rgb rgb) {
    return 0.2126 * channel(rgb.r) + 0.7152 * channel(rgb.g) + 0.0722 * channel(rgb.b);
  };
  for (const bool dark : {false, true}) {
    const double paper = luminance(colour(Role::kPaper, dark));
    for (const Role role : {Role::kInk, Role::kMuted, Role::kGood, Role::kBad}) {
      const double ink = luminance(colour(role, dark));
      const double contrast = (std::max(ink, paper) + 0.05) / (std::min(ink, paper) + 0.05);
      EXPECT_GE(contrast, 4.5) << name(role) << ": WCAG 2.1, 1.4.3";
    }
  }
}

TEST(DrawColour, TerminalColoursAreTheNearest) {
  EXPECT_EQ(terminal_index({0, 0, 0}), 16);
  EXPECT_EQ(terminal_index({255, 255, 255}), 231);
  EXPECT_EQ(terminal_index({255, 0, 0}), 196);
  EXPECT_EQ(terminal_index({128, 128, 128}), 244);
}

TEST(DrawAxis, TicksAreRound) {
  EXPECT_THAT(texts(ticks({"", -0.5, 0.5}, 5)), ElementsAre("-0.4", "-0.2", "0.0", "0.2", "0.4"));
  EXPECT_THAT(texts(ticks({"", -310, 290}, 4)), ElementsAre("-200", "0", "200"));
  EXPECT_THAT(texts(ticks({"", 1e-9, 1, Scale::kLog10}, 3)),
              ElementsAre("1e-9", "1e-6", "1e-3", "1"));
  EXPECT_TRUE(ticks({"", 1, 1}, 5).empty());
  EXPECT_TRUE(ticks({"", 0, std::nan("")}, 5).empty());
  EXPECT_TRUE(ticks({"", 0, 1, Scale::kLog10}, 5).empty());
}

TEST(DrawAxis, NumbersForPeople) {
  EXPECT_EQ(figure_text(0), "0");
  EXPECT_EQ(figure_text(12.345), "12.3");
  EXPECT_EQ(figure_text(-0.05), "-0.05");
  EXPECT_EQ(figure_text(1e-6, 2), "1e-6");
  EXPECT_EQ(figure_text(2.4e-4, 2), "2.4e-4");
  EXPECT_EQ(figure_text(1.26e-15, 2), "1.3e-15");
  EXPECT_EQ(figure_text(32e9), "3.2e10");
  EXPECT_EQ(figure_text(std::nan("")), "not known");
}

TEST(DrawAxis, RoundedAxisHoldsItsData) {
  const Axis axis = rounded_axis("", -12.3, 296.1);
  EXPECT_LE(axis.min, -12.3);
  EXPECT_GE(axis.max, 296.1);
  const Axis flat = rounded_axis("", 3, 3);
  EXPECT_LT(flat.min, 3);
  EXPECT_GT(flat.max, 3);
}

TEST(DrawFont, EveryAsciiSignHasStrokesAndStaysOnTheLine) {
  const double box = text_width("\xE2\x98\x83");
  for (char sign = '!'; sign <= '~'; ++sign) {
    const auto strokes = text_strokes(std::string(1, sign));
    EXPECT_FALSE(strokes.empty()) << sign;
    for (const Polyline& stroke : strokes) {
      EXPECT_GE(stroke.size(), 2U) << sign;
      for (const Point& p : stroke) {
        EXPECT_GT(p.x, -0.12) << sign;
        EXPECT_LT(p.x, text_width(std::string(1, sign)) + 0.15) << sign;
        EXPECT_GT(p.y, -0.3) << sign;
        EXPECT_LT(p.y, 0.9) << sign;
      }
    }
  }
  EXPECT_GT(box, 0) << "what the font lacks is a box";
  EXPECT_FALSE(text_strokes("\xFF\xC3").empty()) << "broken UTF-8 does no harm";
}

TEST(DrawRaster, LinesAndAreasCoverWhatTheyShould) {
  RasterCanvas canvas(40, 30, 1, false);
  canvas.rectangle({10, 5, 10, 10}, Role::kSeries1);
  EXPECT_EQ(canvas.at(15, 10), colour(Role::kSeries1, false));
  EXPECT_EQ(canvas.at(25, 10), colour(Role::kPaper, false));
  canvas.line({0, 20.2}, {40, 20.2}, {Role::kInk, 1});
  EXPECT_EQ(canvas.at(30, 20), colour(Role::kInk, false)) << "an axis is sharp";
  EXPECT_EQ(canvas.at(30, 19), colour(Role::kPaper, false));
  canvas.clip({0, 0, 5, 5});
  canvas.rectangle({0, 0, 40, 30}, Role::kBad);
  canvas.unclip();
  EXPECT_EQ(canvas.at(4, 4), colour(Role::kBad, false));
  EXPECT_EQ(canvas.at(15, 10), colour(Role::kSeries1, false));
  const Point wild[] = {{1e12, std::nan("")}, {-1e12, 3}, {1e30, 1e30}};
  canvas.polyline(wild, {Role::kInk, 2, Dash::kDashed, 1});
}

TEST(DrawPaint, DensityIsBrightWhereTheLevelsAre) {
  const phy::eye::EyeResult eye = made_up_eye(4, 0.012);
  const Plot plot = eye_density_plot(eye, "Eye", Palette::kViridis, {});
  const Box outer{0, 0, 600, 500};
  const Box data = data_box(plot, outer);
  RasterCanvas canvas(600, 500, 1, false);
  Figure figure;
  figure.width = 600;
  figure.height = 500;
  figure.items.push_back({outer, plot});
  paint(figure, canvas);
  const auto pixel_row = [&](double mv) {
    return static_cast<std::size_t>(data.bottom() - place(plot.y, mv) * data.height);
  };
  const auto middle = static_cast<std::size_t>(data.x + place(plot.x, 0) * data.width);
  const auto green = [&](double mv) { return canvas.at(middle, pixel_row(mv)).g; };
  for (const double level : {-300.0, -100.0, 100.0, 300.0}) {
    EXPECT_GT(green(level), 215) << level;
  }
  for (const double eye_mv : {-200.0, 0.0, 200.0}) {
    EXPECT_LT(green(eye_mv), 60) << eye_mv;
  }
}

TEST(DrawPaint, SvgIsXmlWithoutOutsideReferences) {
  const bus::TestFolder folder;
  folder.file("a.svg", svg_file(figure(), SvgTheme::kFollowReader));
  const std::string text = folder.content("a.svg");
  EXPECT_THAT(text, HasSubstr("prefers-color-scheme: dark"));
  EXPECT_THAT(text, HasSubstr("a &lt; b &amp; &quot;c&quot;"));
  EXPECT_EQ(text, svg_file(figure(), SvgTheme::kFollowReader)) << "the same input, the same bytes";
  EXPECT_THAT(svg_file(figure(), SvgTheme::kDark), Not(HasSubstr("prefers-color-scheme")));
  const std::string python = base::python_with();
  if (python.empty()) {
    GTEST_SKIP() << base::no_python_with();
  }
  const auto judged =
      shell(python + " " WEFT_SOURCE_DIR "/src/cli/draw/draw_judge.py svg " + folder.at("a.svg"));
  EXPECT_EQ(judged.code, 0) << judged.out;
}

TEST(DrawPaint, PngIsReadByOthers) {
  const auto bytes = png_file(figure(), true, 1);
  ASSERT_TRUE(bytes) << bytes.error().text();
  EXPECT_EQ(*bytes, png_file(figure(), true, 1).value());
  const bus::TestFolder folder;
  folder.file("a.png", *bytes);
  if (base::has_program("pngfix")) {
    EXPECT_EQ(shell("pngfix --quiet " + folder.at("a.png")).code, 0);
  }
  const std::string python = base::python_with();
  if (python.empty()) {
    GTEST_SKIP() << base::no_python_with();
  }
  const auto judged = shell(python + " " WEFT_SOURCE_DIR "/src/cli/draw/draw_judge.py png " +
                            folder.at("a.png") + " 900 700");
  EXPECT_EQ(judged.code, 0) << judged.out;
}

TEST(DrawPng, Base64IsThatOfTheRfc) {
  // RFC 4648 section 10.
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
  EXPECT_FALSE(png(IndexedImage{}));
}

/// Columns that a line of text fills: code points without escape codes.
std::size_t columns_of(const std::string& line) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\x1b') {
      i = line.find('m', i);
      continue;
    }
    count += (static_cast<unsigned char>(line[i]) & 0xC0U) != 0x80U ? 1U : 0U;
  }
  return count;
}

TEST(DrawTerminal, EveryFormFitsItsColumns) {
  const auto eye = made_up_eye(4, 0.012);
  const std::vector<double> bers = {1e-6};
  const NamedEye named{"one", &eye};
  const Plot plots[] = {eye_density_plot(eye, "", Palette::kViridis, bers),
                        eye_bathtub_plot(std::span(&named, 1), 1e-6, ""),
                        eye_pulse_plot(made_up_pulse(), "")};
  for (const std::size_t columns : {40U, 80U, 140U}) {
    for (const ColourDepth depth :
         {ColourDepth::kNone, ColourDepth::k16, ColourDepth::k256, ColourDepth::kTrue}) {
      for (const bool utf8 : {false, true}) {
        const TerminalForm form{depth, utf8, columns, 18};
        for (const Plot& plot : plots) {
          const std::string text =
              plot.density ? density_text(plot, form) : series_text(plot, form);
          std::istringstream lines(text);
          std::string line;
          while (columns >= 80 && std::getline(lines, line)) {
            EXPECT_LE(columns_of(line), columns) << line;
          }
          if (depth == ColourDepth::kNone) {
            EXPECT_THAT(text, Not(HasSubstr("\x1b")));
          }
          if (!utf8) {
            EXPECT_TRUE(std::all_of(text.begin(), text.end(), [](char c) { return c > 0; }));
          }
        }
      }
    }
  }
}

TEST(DrawTerminal, PlainTextShowsTheOpenings) {
  const auto eye = made_up_eye(2, 0.02);
  const std::string text = density_text(eye_density_plot(eye, "", Palette::kViridis, {}),
                                        {ColourDepth::kNone, false, 80, 21});
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    lines.push_back(line);
  }
  EXPECT_EQ(lines[11][8 + 30], ' ') << "the eye's middle is empty\n" << text;
  EXPECT_EQ(lines[4][8 + 30], '@') << "the upper level is full\n" << text;
}

}  // namespace
}  // namespace weft::cli::draw
