// SPDX-License-Identifier: Apache-2.0
// The stories that `weft up` tells by itself (data/stories/*.yaml, scenarios like any other) as
// part of the program. cmake/weft.cmake (weft_embed) makes the function's body.
#pragma once

#include "base/embedded.h"

#include <span>

namespace weft::twin {

[[nodiscard]] std::span<const base::EmbeddedFile> embedded_stories();

}  // namespace weft::twin
