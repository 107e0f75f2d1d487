// SPDX-License-Identifier: Apache-2.0
// Any bytes as saved findings: the watch takes them or says what is wrong, and goes on judging.
// What it took it writes so that it reads it back as the same.
#include "diagnose/watch.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weft::diagnose;
  constexpr weft::base::WallTime kNow{1'700'000'000LL * 1'000'000'000};
  Watch watch;
  if (!watch.restore({reinterpret_cast<const char*>(data), size})) {
    if (!watch.judge(kNow).empty()) {
      std::abort();  // what was refused must leave nothing behind
    }
    return 0;
  }
  const auto saved = watch.save();
  Watch again;
  if (!again.restore(saved) || again.save() != saved) {
    std::abort();
  }
  const auto count = watch.judge(kNow).size();
  if (again.judge(kNow).size() != count || again.save() != watch.save()) {
    std::abort();
  }
  return 0;
}
