// SPDX-License-Identifier: Apache-2.0
// For tests that meet the program as a user does: runs `weft` in a shell.
#pragma once

#include "base/test_shell.h"

#include <string>

namespace weft::cli {

using base::Run;
using base::shell;

/// The program that was built beside this test.
inline std::string weft() {
  return std::string(WEFT_BINARY_DIR) + "/bin/weft ";
}

}  // namespace weft::cli
