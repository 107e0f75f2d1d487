// SPDX-License-Identifier: Apache-2.0
// A data file that is part of the program. cmake/weft.cmake (weft_embed) makes the tables; each
// folder's embedded.h says which it has.
#pragma once

#include <string_view>

namespace weft::base {

struct EmbeddedFile {
  std::string_view name;  ///< the file's name without folder and ending
  std::string_view text;
};

}  // namespace weft::base
