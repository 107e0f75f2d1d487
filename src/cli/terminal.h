// SPDX-License-Identifier: Apache-2.0
// What the terminal behind a stream can show: whether it is one, its width, colour, UTF-8. Verbs
// ask here before they print; nothing else in the program looks at the environment for it. Colour
// follows NO_COLOR (any non-empty value turns it off) and TERM=dumb.
#pragma once

#include <string>
#include <string_view>

namespace weft::cli {

/// How many colours a terminal says it has (COLORTERM and TERM).
enum class ColourDepth { kNone, k16, k256, kTrue };

/// What may be printed to a stream.
struct Terminal {
  bool is_terminal = false;  ///< a person reads it; false for files and pipes
  bool colour = false;
  bool utf8 = false;  ///< the locale's character set; decides between lines and '|' '+'
  int columns = 80;   ///< 80 where it is not a terminal or does not say
  ColourDepth depth = ColourDepth::kNone;  ///< kNone where `colour` is false
};

/// What stands behind file descriptor `fd` (1 is standard output).
[[nodiscard]] Terminal terminal(int fd);

enum class Colour { kRed, kYellow, kGreen, kBlue, kGrey, kBold };

/// `text` in `colour` where `on`, else as it is.
[[nodiscard]] std::string paint(std::string_view text, Colour colour, bool on);

}  // namespace weft::cli
