// SPDX-License-Identifier: Apache-2.0
// What a request asks for, taken apart: RFC 9112 section 3.2 (origin and absolute form), RFC 3986
// escapes. Targets come from outside: anything that is no clean path is refused, with what is
// wrong, so that no route ever sees "..", a control character or text that is not UTF-8. Pure.
#pragma once

#include "base/result.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::net {

inline constexpr std::size_t kTargetBytesMost = std::size_t{8} * 1024;
inline constexpr std::size_t kQueryFieldsMost = 64;

struct Target {
  std::string authority;              ///< of an absolute form: "127.0.0.1:8088"; else empty
  std::vector<std::string> segments;  ///< decoded; "/a/b%2Fc" is "a", "b/c"; "/" has none
  std::vector<std::pair<std::string, std::string>> query;  ///< decoded, '+' is a space; in order
};

/// kInvalidArgument says what is wrong: an escape that is none, invalid UTF-8, a control character,
/// an empty, "." or ".." segment, a fragment; kResourceExhausted: it is too long.
[[nodiscard]] base::Result<Target> parse_target(std::string_view text);

/// Text as one segment of a path or one field of a query.
[[nodiscard]] std::string percent_encoded(std::string_view text);

/// "localhost", "127.0.0.1", "[::1]", each also with ":PORT" and in any case; or one of `names`.
/// Another name that leads here is a page of somebody else's that asks through a browser (DNS
/// rebinding).
[[nodiscard]] bool is_own_host(std::string_view host, const std::vector<std::string>& names);

}  // namespace weft::net
