// SPDX-License-Identifier: Apache-2.0
// Data files that are part of the program: parameters with their sources. cmake/weft.cmake
// (weft_embed) makes the function's body from data/sim.
#pragma once

#include "base/embedded.h"

#include <span>

namespace weft::sim {

[[nodiscard]] std::span<const base::EmbeddedFile> embedded_parameters();  ///< data/sim/*.yaml

}  // namespace weft::sim
