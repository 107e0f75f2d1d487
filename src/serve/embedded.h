// SPDX-License-Identifier: Apache-2.0
// The mappings of known exporters (data/mappings/*.yaml) as part of the program. cmake/weft.cmake
// (weft_embed) makes the function's body.
#pragma once

#include "base/embedded.h"

#include <span>

namespace weft::serve {

[[nodiscard]] std::span<const base::EmbeddedFile> embedded_mappings();

}  // namespace weft::serve
