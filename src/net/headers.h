// SPDX-License-Identifier: Apache-2.0
// Header fields of HTTP messages, as client and server pass them: names and values in the order in
// which they came.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::net {

using Headers = std::vector<std::pair<std::string, std::string>>;

/// The first value of that name, whatever its case; empty where there is none.
[[nodiscard]] std::string_view header(const Headers& headers, std::string_view name);

}  // namespace weft::net
