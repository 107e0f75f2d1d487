// SPDX-License-Identifier: Apache-2.0
// Progress of long work on standard error: one line that is written over on a terminal, a line for
// every tenth where --progress asks for it elsewhere, nothing otherwise.
#pragma once

#include <chrono>
#include <string>

namespace weft::cli {

class Progress {
 public:
  /// `is_forced`: --progress was given.
  Progress(std::string what, bool is_forced);
  ~Progress();  ///< clears the line
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// The finished share, 0 to 1.
  void at(double share);

 private:
  std::string what_;
  bool is_terminal_ = false;
  bool is_on_ = false;
  int shown_ = -1;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace weft::cli
