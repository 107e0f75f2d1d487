// SPDX-License-Identifier: Apache-2.0
// The rules that tree_path.h states.
#include "bus/tree_path.h"

#include "base/text.h"

#include <string>

namespace weft::bus {

std::string shown_path(std::string_view path) {
  constexpr std::size_t kShownBytesMax = 400;
  return base::printable("/" + std::string(path), kShownBytesMax);
}

base::Result<void> check_path(std::string_view path) {
  const auto refuse = [path](const char* what) {
    return base::fail(base::Code::kInvalidArgument, what, shown_path(path),
                      "Give a path relative to the root, such as sys/bus/pci/devices.");
  };
  if (path.size() >= kPathBytesMax) {
    return refuse("the path is longer than 4095 bytes");
  }
  if (path.starts_with('/')) {
    return refuse("the path is absolute");
  }
  if (path.find('\0') != std::string_view::npos) {
    return refuse("the path holds a NUL byte");
  }
  std::size_t depth = 0;
  for (std::string_view name = next_component(path); !name.empty(); name = next_component(path)) {
    if (name.size() > kNameBytesMax) {
      return refuse("a name in the path is longer than 255 bytes");
    }
    if (name == "..") {
      if (depth == 0) {
        return refuse("the path leaves the root");
      }
      --depth;
    } else if (name != ".") {
      ++depth;
    }
  }
  return {};
}

}  // namespace weft::bus
