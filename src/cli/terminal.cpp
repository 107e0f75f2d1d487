// SPDX-License-Identifier: Apache-2.0
// The environment and one ioctl; see terminal.h. Escape codes are those of ECMA-48, SGR.
#include "cli/terminal.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>

#include <sys/ioctl.h>
#include <unistd.h>

namespace weft::cli {
namespace {

std::string_view environment(const char* variable) {
  const char* value = std::getenv(variable);
  return value == nullptr ? std::string_view{} : std::string_view{value};
}

/// POSIX order: LC_ALL, then LC_CTYPE, then LANG; the first that is set decides.
bool locale_is_utf8() {
  for (const char* variable : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    std::string value(environment(variable));
    if (value.empty()) {
      continue;
    }
    std::transform(value.begin(), value.end(), value.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return value.find("utf-8") != std::string::npos || value.find("utf8") != std::string::npos;
  }
  return false;
}

ColourDepth colour_depth() {
  const std::string_view said = environment("COLORTERM");
  if (said == "truecolor" || said == "24bit") {
    return ColourDepth::kTrue;
  }
  return environment("TERM").find("256color") != std::string_view::npos ? ColourDepth::k256
                                                                        : ColourDepth::k16;
}

constexpr std::string_view code(Colour colour) {
  switch (colour) {
    case Colour::kRed:
      return "31";
    case Colour::kYellow:
      return "33";
    case Colour::kGreen:
      return "32";
    case Colour::kBlue:
      return "34";
    case Colour::kGrey:
      return "90";
    case Colour::kBold:
      return "1";
  }
  return "0";
}

}  // namespace

Terminal terminal(int fd) {
  Terminal result;
  result.utf8 = locale_is_utf8();
  result.is_terminal = ::isatty(fd) == 1;
  if (!result.is_terminal) {
    return result;
  }
  result.colour = environment("NO_COLOR").empty() && environment("TERM") != "dumb";
  result.depth = result.colour ? colour_depth() : ColourDepth::kNone;
  winsize size{};
  if (::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col >= 20) {
    result.columns = size.ws_col;
  }
  return result;
}

std::string paint(std::string_view text, Colour colour, bool on) {
  if (!on || text.empty()) {
    return std::string(text);
  }
  std::string out = "\x1b[";
  out += code(colour);
  out += 'm';
  out += text;
  out += "\x1b[0m";
  return out;
}

}  // namespace weft::cli
