// SPDX-License-Identifier: Apache-2.0
// Gives the page (assets.h) to browsers: packed as it lies there, unpacked for who does not take
// gzip, from memory of the browser where a file's name holds its hash. Paths that are no file give
// index.html to browsers that open them (deep links of the page) and nothing to anybody else. With
// a folder instead, for who works on the page: each file is read anew. No token is asked for: the
// page is the same for everybody and holds nothing that was measured.
#pragma once

#include "net/http_server.h"
#include "serve/page/assets.h"

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weft::serve {

class Pages {
 public:
  /// `assets` must outlive it.
  explicit Pages(std::span<const Asset> assets);
  /// Files of this folder, and nothing outside it.
  explicit Pages(std::string folder);

  /// nullopt: no file, and nothing for index.html either: ask the API. GET only.
  [[nodiscard]] std::optional<net::HttpAnswer> answer(const net::HttpRequest& request) const;

 private:
  struct File {
    std::string path;
    std::string type;
    std::string tag;
    bool immutable = false;
    std::shared_ptr<const std::string> packed;
    std::shared_ptr<const std::string> plain;
  };
  [[nodiscard]] static net::HttpAnswer say(const File& file, const net::HttpRequest& request);
  [[nodiscard]] std::optional<File> read(const std::string& path) const;
  [[nodiscard]] std::optional<net::HttpAnswer> find(const std::string& path,
                                                    const net::HttpRequest& request) const;

  std::vector<File> files_;  // by path
  std::string folder_;       // where set, instead of them
};

}  // namespace weft::serve
