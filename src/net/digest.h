// SPDX-License-Identifier: Apache-2.0
// SHA-256 (FIPS 180-4) and a comparison that tells nothing of what it compares, by OpenSSL. For
// tokens that are kept as hashes and for tags of files.
#pragma once

#include <string>
#include <string_view>

namespace weft::net {

/// 64 lower-case digits; empty where OpenSSL has none to give.
[[nodiscard]] std::string sha256_hex(std::string_view text);

/// In a time that depends on the lengths only.
[[nodiscard]] bool is_equal_secret(std::string_view one, std::string_view other);

}  // namespace weft::net
