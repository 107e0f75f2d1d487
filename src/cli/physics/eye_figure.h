// SPDX-License-Identifier: Apache-2.0
// `weft eye` as one figure for a report: density with contours, bathtub, pulse with cursors, and
// the numbers that matter.
#pragma once

#include "cli/draw/scene.h"
#include "cli/physics/eye_report.h"
#include "cli/physics/eye_text.h"

namespace weft::cli {

[[nodiscard]] draw::Figure eye_figure(const EyeReport& report, EyePlotKind kind,
                                      draw::Palette palette);
[[nodiscard]] draw::Figure eye_compare_figure(const EyeReport& a, const EyeReport& b,
                                              draw::Palette palette);

}  // namespace weft::cli
