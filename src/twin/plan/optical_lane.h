// SPDX-License-Identifier: Apache-2.0
// A lane of light between two DSPs as what arrives at a slicer, so that phy's lane model can tick
// it as any other. physics.cpp calls it. The eye is that of phy/optics (its Q, from shot, thermal,
// intensity and multipath noise), drawn as noise-limited: a pulse without ISI and Gaussian noise of
// that Q. Modelled: all noise is taken as independent of the level, and as the receiver's own.
#pragma once

#include "base/result.h"
#include "phy/link/setup.h"
#include "phy/link/slicer_input.h"
#include "phy/media/catalogue.h"

namespace weft::twin::planning {

struct OpticalLane {
  phy::link::SlicerInput input;
  double loss_db = 0;  ///< fibre and connectors, optical
};

/// A module of the class's middle launch power (half way in dB between the least and the greatest
/// that its data sheet allows; the least where it gives one only) over this fibre.
[[nodiscard]] base::Result<OpticalLane> optical_lane(const phy::link::LinkSetup& setup,
                                                     const phy::media::Medium& module,
                                                     const phy::media::Medium& fibre,
                                                     double fibre_m);

}  // namespace weft::twin::planning
