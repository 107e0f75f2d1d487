// SPDX-License-Identifier: Apache-2.0
// What a path inside a HostTree may look like, decided once for every kind of tree: relative,
// bounded, without NUL bytes, and never above the root. ".." is allowed as long as the text stays
// below the root; trees clamp what symbolic links do beyond that, as chroot(2) does.
#pragma once

#include "base/result.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace weft::bus {

/// Linux's PATH_MAX and NAME_MAX: what no kernel would take is not taken here.
inline constexpr std::size_t kPathBytesMax = 4096;
inline constexpr std::size_t kNameBytesMax = 255;
/// Symbolic links followed in one look-up, as Linux has it (path_resolution(7)).
inline constexpr int kLinksFollowedMax = 40;

/// The first component of `rest`, which is cut from it; empty when none is left.
[[nodiscard]] inline std::string_view next_component(std::string_view& rest) {
  const std::size_t begin = rest.find_first_not_of('/');
  if (begin == std::string_view::npos) {
    rest = {};
    return {};
  }
  const std::size_t end = rest.find('/', begin);
  const std::string_view component = rest.substr(begin, end - begin);
  rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
  return component;
}

/// `name` in `folder`, where the root is the empty path.
[[nodiscard]] inline std::string below(std::string_view folder, std::string_view name) {
  std::string path;
  path.reserve(folder.size() + 1 + name.size());
  path += folder;
  path += folder.empty() ? "" : "/";
  path += name;
  return path;
}

/// kInvalidArgument for a path that is absolute, too long, holds a NUL byte or leaves the root.
[[nodiscard]] base::Result<void> check_path(std::string_view path);

/// How errors name a path of a tree: with a leading slash, fit for a terminal. The same for a live
/// machine and its capture, so that reports of both can be compared.
[[nodiscard]] std::string shown_path(std::string_view path);

}  // namespace weft::bus
