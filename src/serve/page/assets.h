// SPDX-License-Identifier: Apache-2.0
// The page of web/ as part of the program: every file as it is served, packed beforehand. The API's
// server hands them out; cmake/page.cmake makes page_assets()'s body from what web/build.mjs wrote,
// or from a notice of one page where there is no node. Nothing here knows HTTP.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace weft::serve {

struct Asset {
  std::string_view path;          ///< "/index.html", "/assets/app-5F3K2Q7A.js"
  std::string_view content_type;  ///< "text/html; charset=utf-8"
  std::string_view sha256;        ///< of the unpacked bytes, 64 hexadecimal digits
  bool immutable = false;         ///< its name holds a hash of its content
  std::span<const std::byte> gzip;
};

/// Ordered by path. Always holds "/index.html", which is also what deep links get.
[[nodiscard]] std::span<const Asset> page_assets();

}  // namespace weft::serve
