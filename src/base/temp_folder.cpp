// SPDX-License-Identifier: Apache-2.0
#include "base/temp_folder.h"

#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>

namespace weft::base {

TempFolder::TempFolder(std::string_view prefix, std::string_view below) {
  std::error_code error;
  const auto all =
      below.empty() ? std::filesystem::temp_directory_path(error) : std::filesystem::path(below);
  std::string name = (all / (std::string(prefix) + "-XXXXXX")).string();
  if (!error && ::mkdtemp(name.data()) != nullptr) {
    path_ = std::move(name);
  }
}

TempFolder::TempFolder(TempFolder&& from) noexcept : path_(std::exchange(from.path_, {})) {}

TempFolder& TempFolder::operator=(TempFolder&& from) noexcept {
  std::swap(path_, from.path_);
  return *this;
}

TempFolder::~TempFolder() {
  if (!path_.empty()) {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
}

}  // namespace weft::base
