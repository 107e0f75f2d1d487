// SPDX-License-Identifier: Apache-2.0
// The equaliser search of COM: which transmitter taps, CTLE gains and (with an Rx FFE) sampling
// instant have the best figure of merit. The grid is that of the set-up, or what the options fix.
// Search::kFull looks at all of it; Search::kLocal climbs in the transmitter's taps and the instant
// at each CTLE setting, and goes over the CTLE's plane from coarse to fine.
#pragma once

#include "base/result.h"
#include "phy/link/workbench.h"

#include <string>
#include <vector>

namespace weft::phy::link {

struct Winner {
  TxTaps tx;
  std::string preset;
  double gain_db = 0;
  double low_gain_db = 0;
  std::ptrdiff_t tick = 0;  ///< instant after that of Muller and Mueller, samples
  double fom_db = 0;
  std::size_t settings = 0;  ///< looked at
};

/// kInvalidArgument where fixed taps or a preset do not fit; kOutOfRange where no setting has an
/// open eye; kCancelled.
[[nodiscard]] base::Result<Winner> search(Workbench& bench, const EqualiseOptions& options);

}  // namespace weft::phy::link
