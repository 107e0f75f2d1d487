// SPDX-License-Identifier: Apache-2.0
// What follows from a segment's medium alone, for whoever cuts a link into stretches: the twin when
// it builds them, the judgement when it says which one a receiver hears.
#pragma once

#include "fabric/model.h"

namespace weft::fabric {

/// Its ends are plugged: a cable or pluggable optics.
[[nodiscard]] bool is_plugged(Medium medium);
/// Its plugged ends decide the bits anew.
[[nodiscard]] bool is_retimed(Medium medium);

}  // namespace weft::fabric
