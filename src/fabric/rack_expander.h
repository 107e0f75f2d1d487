// SPDX-License-Identifier: Apache-2.0
// Makes a Fabric of a rack file's rules: expands ranges and templates, joins ports, and checks the
// port arithmetic. Called by rack.cpp only.
#pragma once

#include "fabric/rack.h"
#include "fabric/rack_source.h"

namespace weft::fabric::source {

/// Fills `out`'s fabric and places; mistakes go to `problems`.
void expand(const Rack& rack, const RackLimits& limits, Problems& problems, LoadedRack& out);

}  // namespace weft::fabric::source
