// SPDX-License-Identifier: Apache-2.0
// For tests of this folder: a temporary folder that is gone at the end of its scope.
#pragma once

#include "base/temp_folder.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>

namespace weft::bus {

class TestFolder {
 public:
  explicit TestFolder(const std::filesystem::path& below = {})
      : folder_("weft-bus", below.string()), path_(folder_.path()) {
    if (path_.empty()) {
      ADD_FAILURE() << "no temporary folder";
    }
  }

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::string at(const std::string& name) const { return (path_ / name).string(); }

  void file(const std::string& name, const std::string& content) const {
    std::filesystem::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name, std::ios::binary | std::ios::trunc) << content;
  }
  void link(const std::string& name, const std::string& target) const {
    std::filesystem::create_directories((path_ / name).parent_path());
    std::error_code error;
    std::filesystem::create_symlink(target, path_ / name, error);
    EXPECT_FALSE(error) << name << " -> " << target << ": " << error.message();
  }
  [[nodiscard]] std::string content(const std::string& name) const {
    std::ifstream in(path_ / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  }

 private:
  base::TempFolder folder_;
  std::filesystem::path path_;
};

}  // namespace weft::bus
