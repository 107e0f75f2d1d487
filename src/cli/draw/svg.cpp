// SPDX-License-Identifier: Apache-2.0
// Writing SVG; see svg.h. Coordinates keep two decimals, which is finer than any screen.
#include "cli/draw/svg.h"

#include "base/text.h"
#include "cli/draw/png.h"

#include <cmath>
#include <iterator>

#include <fmt/format.h>

namespace weft::cli::draw {
namespace {

std::string number(double value) {
  std::string text = fmt::format("{:.2f}", std::isfinite(value) ? value : 0);
  while (text.back() == '0') {
    text.pop_back();
  }
  if (text.back() == '.') {
    text.pop_back();
  }
  return text == "-0" ? "0" : text;
}

std::string points_text(std::span<const Point> points) {
  std::string text;
  for (const Point& p : points) {
    if (std::isfinite(p.x) && std::isfinite(p.y)) {
      text += fmt::format("{}{},{}", text.empty() ? "" : " ", number(p.x), number(p.y));
    }
  }
  return text;
}

std::string rules(bool dark) {
  std::string text;
  for (int i = 0; i < static_cast<int>(Role::kCount); ++i) {
    const Role role = static_cast<Role>(i);
    const Rgb rgb = colour(role, dark);
    text += fmt::format(
        ".s-{0}{{stroke:#{1:02x}{2:02x}{3:02x}}}.f-{0}{{fill:#{1:02x}{2:02x}{3:02x}}}\n",
        name(role), rgb.r, rgb.g, rgb.b);
  }
  return text;
}

std::string style_sheet(SvgTheme theme) {
  std::string text =
      "<style>\ntext{font-family:system-ui,'Segoe UI',Roboto,'DejaVu Sans',Arial,sans-serif}\n"
      "polyline{fill:none;stroke-linejoin:round;stroke-linecap:round}\n";
  text += rules(theme == SvgTheme::kDark);
  if (theme == SvgTheme::kFollowReader) {
    text += "@media (prefers-color-scheme: dark){\n" + rules(true) + "}\n";
  }
  return text + "</style>\n";
}

std::string opacity_text(double opacity) {
  return opacity < 1 ? fmt::format(" opacity=\"{}\"", number(opacity)) : "";
}

}  // namespace

std::string xml_text(std::string_view text) {
  std::string out;
  for (const char sign : base::printable(text, 4000)) {
    switch (sign) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += sign;
    }
  }
  return out;
}

SvgCanvas::SvgCanvas(double width, double height, SvgTheme theme, std::string_view title) {
  body_ = fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" "
      "viewBox=\"0 0 {0} {1}\" role=\"img\">\n<title>{2}</title>\n",
      number(width), number(height), xml_text(title));
  body_ += style_sheet(theme);
  rectangle({0, 0, width, height}, Role::kPaper);
}

void SvgCanvas::polyline(std::span<const Point> points, const Stroke& stroke) {
  const char* dash = stroke.dash == Dash::kDashed   ? " stroke-dasharray=\"6 4\""
                     : stroke.dash == Dash::kDotted ? " stroke-dasharray=\"1.2 3\""
                                                    : "";
  body_ += fmt::format("<polyline class=\"s-{}\" stroke-width=\"{}\"{}{} points=\"{}\"/>\n",
                       name(stroke.role), number(stroke.width), dash, opacity_text(stroke.opacity),
                       points_text(points));
}

void SvgCanvas::polygon(std::span<const Point> points, Role fill, double opacity) {
  body_ += fmt::format("<polygon class=\"f-{}\"{} points=\"{}\"/>\n", name(fill),
                       opacity_text(opacity), points_text(points));
}

void SvgCanvas::text(Point at, std::string_view text, const TextStyle& style) {
  constexpr std::string_view kAnchors[] = {"start", "middle", "end"};
  const std::string turn =
      style.upward ? fmt::format(" transform=\"rotate(-90 {} {})\"", number(at.x), number(at.y))
                   : "";
  body_ += fmt::format(
      "<text class=\"f-{}\" x=\"{}\" y=\"{}\" font-size=\"{}\" text-anchor=\"{}\"{}{}>{}</text>\n",
      name(style.role), number(at.x), number(at.y), number(style.size),
      kAnchors[static_cast<std::size_t>(style.anchor)], style.bold ? " font-weight=\"600\"" : "",
      turn, xml_text(text));
}

void SvgCanvas::image(const Box& box, const IndexedImage& image) {
  const auto file = png(image);
  if (!file) {
    return;  // only an image without pixels is refused, and there is nothing to see in it
  }
  body_ += fmt::format(
      "<image x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" preserveAspectRatio=\"none\" "
      "href=\"data:image/png;base64,{}\"/>\n",
      number(box.x), number(box.y), number(box.width), number(box.height), base64(*file));
}

void SvgCanvas::clip(const Box& box) {
  body_ += fmt::format(
      "<clipPath id=\"c{0}\"><rect x=\"{1}\" y=\"{2}\" width=\"{3}\" height=\"{4}\"/></clipPath>\n"
      "<g clip-path=\"url(#c{0})\">\n",
      clips_, number(box.x), number(box.y), number(box.width), number(box.height));
  ++clips_;
}

void SvgCanvas::unclip() {
  body_ += "</g>\n";
}

}  // namespace weft::cli::draw
