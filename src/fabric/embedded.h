// SPDX-License-Identifier: Apache-2.0
// The reference racks (racks/*.yaml) as part of the program, so that `weft up` needs no file beside
// it. cmake/weft.cmake (weft_embed) makes the function's body; load_rack() finds them by name.
#pragma once

#include "base/embedded.h"

#include <span>

namespace weft::fabric {

[[nodiscard]] std::span<const base::EmbeddedFile> embedded_racks();

}  // namespace weft::fabric
