// SPDX-License-Identifier: Apache-2.0
// For tests of any folder: runs a shell command and gives its output and exit status, and finds the
// Python that a foreign judge (x_judge.py) needs. Not part of any library.
#pragma once

#include <array>
#include <cstdio>
#include <map>
#include <string>

#include <sys/wait.h>

namespace weft::base {

/// Whether this test was built with a sanitizer: several times slower, with memory of its own.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kIsSanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool kIsSanitized = true;
#else
inline constexpr bool kIsSanitized = false;
#endif
#else
inline constexpr bool kIsSanitized = false;
#endif

struct Run {
  int code = -1;    ///< exit status; -1 where the shell was killed or did not start
  std::string out;  ///< standard output
};

/// Standard output only; what the command says on standard error goes where the test's does.
inline Run shell_output(const std::string& command) {
  Run run;
  std::FILE* pipe = ::popen(command.c_str(), "r");
  std::array<char, 4096> buffer{};
  std::size_t got = 0;
  while (pipe != nullptr && (got = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0) {
    run.out.append(buffer.data(), got);
  }
  const int status = pipe == nullptr ? -1 : ::pclose(pipe);
  run.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return run;
}

/// Both streams.
inline Run shell(const std::string& command) {
  return shell_output(command + " 2>&1");
}

inline bool has_program(const std::string& name) {
  return shell("command -v " + name).code == 0;
}

/// A Python that imports all of `modules` ("numpy, yaml"): Debian's own, whose modules are Debian
/// packages, else the first of the path; empty for none.
inline std::string python_with(const std::string& modules = "sys") {
  static std::map<std::string, std::string> found;
  const auto [at, is_new] = found.try_emplace(modules);
  const std::string imports = " -c 'import " + modules + "'";
  for (const std::string python : {"/usr/bin/python3", "python3"}) {
    if (is_new && at->second.empty() && shell(python + imports).code == 0) {
      at->second = python;
    }
  }
  return at->second;
}

/// Why a test is skipped where python_with() found none.
inline std::string no_python_with(const std::string& modules = "sys") {
  return modules == "sys" ? "python3 is not installed"
                          : "python3 with " + modules + " is not installed";
}

}  // namespace weft::base
