// SPDX-License-Identifier: Apache-2.0
// A folder of its own that is gone at the end of its scope: for tests, and for a store that nobody
// asked to keep.
#pragma once

#include <string>
#include <string_view>

namespace weft::base {

class TempFolder {
 public:
  /// Below that folder, or the system's for temporary files; readable by this user only.
  explicit TempFolder(std::string_view prefix = "weft", std::string_view below = {});
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  TempFolder(TempFolder&& from) noexcept;
  TempFolder& operator=(TempFolder&& from) noexcept;
  ~TempFolder();

  /// Empty where none could be made.
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string at(std::string_view name) const {
    return path_ + "/" + std::string(name);
  }

 private:
  std::string path_;
};

}  // namespace weft::base
