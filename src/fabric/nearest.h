// SPDX-License-Identifier: Apache-2.0
// "Did you mean": the known word nearest to a mistyped one. The rack file's loader and the protocol
// table call it.
#pragma once

#include <span>
#include <string_view>
#include <vector>

namespace weft::fabric {

/// The word of `known` with the smallest edit distance to `word` (insert, delete, replace, swap of
/// neighbours), the first of equals; empty where none is near (more than a third of the letters, at
/// least 2, differ).
[[nodiscard]] std::string_view nearest(std::string_view word,
                                       std::span<const std::string_view> known);

}  // namespace weft::fabric
