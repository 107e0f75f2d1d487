// SPDX-License-Identifier: Apache-2.0
// The plots of a link's eye: density with contours, bathtub, pulse with its cursors. From results
// of phy/eye and phy/link to scenes of cli/draw, in millivolts and unit intervals; nothing is
// computed here but units.
#pragma once

#include "cli/draw/scene.h"
#include "phy/eye/eye.h"
#include "phy/link/slicer_input.h"

#include <cstddef>
#include <span>
#include <string>

namespace weft::cli {

/// Contours at error ratios of at most `contour_count` (the openings' order), 0 for none.
[[nodiscard]] draw::Plot eye_density_plot(const phy::eye::EyeResult& eye, std::string title,
                                          draw::Palette palette, std::span<const double> contours);

/// A curve of a bathtub plot.
struct NamedEye {
  std::string name;
  const phy::eye::EyeResult* eye = nullptr;
};
/// Error ratio over phase, one curve each, with a rule at `target_ber`.
[[nodiscard]] draw::Plot eye_bathtub_plot(std::span<const NamedEye> eyes, double target_ber,
                                          std::string title);

/// The pulse at the slicer around its main cursor; cursors that the DFE takes away are marked apart
/// from those that stay.
[[nodiscard]] draw::Plot eye_pulse_plot(const phy::link::SlicerInput& input, std::string title);

}  // namespace weft::cli
