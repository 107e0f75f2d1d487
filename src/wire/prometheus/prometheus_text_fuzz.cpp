// SPDX-License-Identifier: Apache-2.0
// Any bytes as an exposition: no crash, and what was read is written and read again as the same.
#include "wire/prometheus/text.h"

#include <cmath>
#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace prometheus = weft::wire::prometheus;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)prometheus::read(text, true);
  const auto first = prometheus::read(text);
  if (!first) {
    return 0;
  }
  std::size_t samples = 0;
  std::string written;
  for (const auto& family : first->families) {
    prometheus::write(family, written);
    samples += family.samples.size();
  }
  const auto second = prometheus::read(written);
  std::size_t again = 0;
  if (second) {
    for (const auto& family : second->families) {
      again += family.samples.size();
    }
  }
  // A label may hold a carriage return at the end of a line; nothing else may get lost.
  if (!second || second->bad_lines != 0 || again != samples) {
    std::abort();
  }
  return 0;
}
