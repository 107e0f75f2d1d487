// SPDX-License-Identifier: Apache-2.0
// Plots as lines of text: densities in half blocks, two pixels a character, and curves in braille
// dots where the terminal has colour and UTF-8; otherwise the same picture in plain characters. A
// line is never longer than `columns`.
#pragma once

#include "cli/draw/scene.h"
#include "cli/terminal.h"

#include <cstddef>
#include <string>

namespace weft::cli::draw {

struct TerminalForm {
  ColourDepth depth = ColourDepth::kNone;
  bool utf8 = false;
  std::size_t columns = 80;  ///< of the whole plot, axes included; at least 40
  std::size_t rows = 22;     ///< of the data area
};

[[nodiscard]] TerminalForm form_of(const Terminal& terminal, std::size_t rows);

/// A plot with a density; its series are drawn over it.
[[nodiscard]] std::string density_text(const Plot& plot, const TerminalForm& form);

/// A plot of curves.
[[nodiscard]] std::string series_text(const Plot& plot, const TerminalForm& form);

}  // namespace weft::cli::draw
