// SPDX-License-Identifier: Apache-2.0
// The reference racks (racks/*.yaml) as part of the program, so that `weft up` needs no file beside
// it. cmake/weft.cmake (weft_embed) makes the function's body.
#pragma once

#include <array>
#include <span>
#include <string_view>

namespace weft::twin {

struct EmbeddedFile {
  std::string_view name;  ///< "reference-pod"
  std::string_view text;
};

[[nodiscard]] std::span<const EmbeddedFile> embedded_racks();

}  // namespace weft::twin
