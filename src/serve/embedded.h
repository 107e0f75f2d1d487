// SPDX-License-Identifier: Apache-2.0
// The mappings of known exporters (data/mappings/*.yaml) as part of the program. cmake/weft.cmake
// (weft_embed) makes the function's body.
#pragma once

#include <array>
#include <span>
#include <string_view>

namespace weft::serve {

struct EmbeddedFile {
  std::string_view name;  ///< "node-exporter"
  std::string_view text;
};

[[nodiscard]] std::span<const EmbeddedFile> embedded_mappings();

}  // namespace weft::serve
