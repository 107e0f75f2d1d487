// SPDX-License-Identifier: Apache-2.0
// Data files that are part of the program, so that it needs no folder beside it: media and link
// set-ups. cmake/weft.cmake (weft_embed) makes the functions' bodies from data/.
#pragma once

#include <array>
#include <span>
#include <string_view>

namespace weft::phy {

struct EmbeddedFile {
  std::string_view name;  ///< the file's name without folder and ending
  std::string_view text;
};

[[nodiscard]] std::span<const EmbeddedFile> embedded_media();  ///< data/media/*.yaml
[[nodiscard]] std::span<const EmbeddedFile> embedded_links();  ///< data/links/*.yaml

}  // namespace weft::phy
