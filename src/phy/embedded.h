// SPDX-License-Identifier: Apache-2.0
// Data files that are part of the program, so that it needs no folder beside it: media and link
// set-ups. cmake/weft.cmake (weft_embed) makes the functions' bodies from data/.
#pragma once

#include "base/embedded.h"

#include <span>

namespace weft::phy {

[[nodiscard]] std::span<const base::EmbeddedFile> embedded_media();  ///< data/media/*.yaml
[[nodiscard]] std::span<const base::EmbeddedFile> embedded_links();  ///< data/links/*.yaml

}  // namespace weft::phy
