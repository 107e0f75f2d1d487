// SPDX-License-Identifier: Apache-2.0
// Any lines at the configuration door of a rack made by hand: an answer of one line, no crash.
#include "twin/door/config_door.h"
#include "twin/door/test_rack.h"

#include <algorithm>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static weft::twin::door::TestRack test;
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  while (!rest.empty()) {
    const auto line = rest.substr(0, rest.find('\n'));
    const auto answer = weft::twin::door::answer_config(test.rack, line);
    if (answer.empty() || answer.find('\n') != std::string::npos) {
      std::abort();
    }
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
  }
  return 0;
}
