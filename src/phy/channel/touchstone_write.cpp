// SPDX-License-Identifier: Apache-2.0
// Networks as Touchstone text. Numbers are the shortest that read back as the same double.
#include "phy/channel/touchstone.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numbers>

#include <fmt/format.h>

namespace weft::phy::channel {
namespace touchstone_write {
namespace {

using base::Code;

std::string_view format_word(NumberFormat format) {
  switch (format) {
    case NumberFormat::kRealImaginary:
      return "RI";
    case NumberFormat::kMagnitudeAngle:
      return "MA";
    case NumberFormat::kDecibelAngle:
      return "DB";
  }
  return "RI";
}

void append(std::string& text, Complex value, NumberFormat format) {
  auto out = std::back_inserter(text);
  if (format == NumberFormat::kRealImaginary) {
    fmt::format_to(out, " {} {}", value.real(), value.imag());
    return;
  }
  constexpr double kLeastDb = -400;  // of a zero, which has no logarithm
  const double magnitude = std::abs(value);
  const double degrees = std::arg(value) * (180 / std::numbers::pi);
  if (format == NumberFormat::kMagnitudeAngle) {
    fmt::format_to(out, " {} {}", magnitude, degrees);
  } else {
    fmt::format_to(out, " {} {}", magnitude > 0 ? 20 * std::log10(magnitude) : kLeastDb, degrees);
  }
}

/// One frequency: four entries a line from three ports on, each row on a new line.
void append_point(std::string& text, const Network& network, std::size_t point,
                  NumberFormat format) {
  constexpr std::size_t kEntriesPerLine = 4;
  const std::size_t n = network.ports;
  fmt::format_to(std::back_inserter(text), "{}", network.frequency_hz[point]);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      if (n > 2 && ((j == 0 && i > 0) || (j > 0 && j % kEntriesPerLine == 0))) {
        text += '\n';
      }
      // Two-ports are written column by column.
      append(text, n == 2 ? network.at(point, j, i) : network.at(point, i, j), format);
    }
  }
  text += '\n';
}

void append_header(std::string& text, const Network& network, const TouchstoneStyle& style) {
  auto out = std::back_inserter(text);
  if (!style.comment.empty()) {
    fmt::format_to(out, "! {}\n", style.comment);
  }
  for (std::size_t i = 0; i < network.names.size(); ++i) {
    fmt::format_to(out, "! Port[{}] = {}\n", i + 1, network.names[i]);
  }
  if (style.version == 2) {
    text += "[Version] 2.0\n";
  }
  fmt::format_to(out, "# Hz S {} R {}\n", format_word(style.format), network.z0_ohm.front());
  if (style.version != 2) {
    return;
  }
  fmt::format_to(out, "[Number of Ports] {}\n", network.ports);
  if (network.ports == 2) {
    text += "[Two-Port Data Order] 21_12\n";
  }
  fmt::format_to(out, "[Number of Frequencies] {}\n[Reference]", network.points());
  for (std::size_t i = 0; i < network.ports; ++i) {
    fmt::format_to(out, "{}{}", i > 0 && i % 8 == 0 ? "\n" : " ", network.z0_ohm[i]);
  }
  text += "\n[Network Data]\n";
}

}  // namespace
}  // namespace touchstone_write

base::Result<std::string> write_touchstone(const Network& network, const TouchstoneStyle& style) {
  using base::Code;
  if (network.ports == 0 || network.points() == 0) {
    return base::fail(Code::kInvalidArgument, "an empty network has no Touchstone form");
  }
  if (style.version != 1 && style.version != 2) {
    return base::fail(Code::kInvalidArgument,
                      fmt::format("Touchstone version {} is not written", style.version));
  }
  const auto differs = [&](double ohm) { return ohm != network.z0_ohm.front(); };
  if (style.version == 1 && std::any_of(network.z0_ohm.begin(), network.z0_ohm.end(), differs)) {
    return base::fail(Code::kInvalidArgument,
                      "the ports have different reference impedances, which version 1 cannot say",
                      {}, "Renormalise to one impedance, or write version 2.");
  }
  std::string text;
  text.reserve(network.s.size() * 44);
  touchstone_write::append_header(text, network, style);
  for (std::size_t point = 0; point < network.points(); ++point) {
    touchstone_write::append_point(text, network, point, style.format);
  }
  if (style.version == 2) {
    text += "[End]\n";
  }
  return text;
}

}  // namespace weft::phy::channel
