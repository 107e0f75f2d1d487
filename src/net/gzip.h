// SPDX-License-Identifier: Apache-2.0
// Bodies for clients that take gzip (RFC 1952), and whether one does (RFC 9110 section 12.5.3).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace weft::net {

/// One gzip member without name and time, so that equal text gives equal bytes; nullopt where the
/// compressor fails. Level 1 to 9.
[[nodiscard]] std::optional<std::string> gzip(std::string_view text, int level = 1);

/// The text of one member without name, comment and extra fields, as gzip() and node's zlib make
/// them; nullopt where it is none, is damaged, or would be longer than `most`.
[[nodiscard]] std::optional<std::string> gunzip(std::string_view packed, std::size_t most);

/// Whether this Accept-Encoding value takes gzip: "gzip", "br, gzip;q=0.5", "*"; not "gzip;q=0".
[[nodiscard]] bool accepts_gzip(std::string_view accept_encoding);

}  // namespace weft::net
