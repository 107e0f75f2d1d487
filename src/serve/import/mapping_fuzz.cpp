// SPDX-License-Identifier: Apache-2.0
// Any bytes as a mapping file: refused with a place, or rules of which each does one thing.
#include "serve/import/mapping.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto read = weft::serve::parse_mapping({reinterpret_cast<const char*>(data), size}, "fuzz");
  if (!read) {
    if (read.error().what.empty() || read.error().where.empty()) {
      std::abort();
    }
    return 0;
  }
  for (const auto& rule : read->rules) {
    const bool does_nothing =
        !rule.to && rule.fact == weft::serve::MappingFact::kNone && rule.left_out.empty();
    if (does_nothing || rule.metric.empty()) {
      std::abort();
    }
  }
  return 0;
}
