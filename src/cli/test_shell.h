// SPDX-License-Identifier: Apache-2.0
// For tests that meet the program as a user does: runs a shell command, gives its output and exit
// code.
#pragma once

#include <array>
#include <cstdio>
#include <string>

#include <sys/wait.h>

namespace weft::cli {

struct Run {
  int code = -1;
  std::string out;  ///< both streams
};

inline Run shell(const std::string& command) {
  Run run;
  std::FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
  std::array<char, 4096> buffer{};
  std::size_t got = 0;
  while (pipe != nullptr && (got = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0) {
    run.out.append(buffer.data(), got);
  }
  const int status = pipe == nullptr ? -1 : ::pclose(pipe);
  run.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return run;
}

/// The program that was built beside this test.
inline std::string weft() {
  return std::string(WEFT_BINARY_DIR) + "/bin/weft ";
}

}  // namespace weft::cli
