// SPDX-License-Identifier: Apache-2.0
// Any bytes as a configuration space: the typed read, the complete decode and its tree end without
// a crash.
#include "wire/pcie/decode.h"
#include "wire/pcie/function.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const weft::base::ByteView config(data, size);
  const auto function = weft::wire::pcie::read_function(config);
  const auto decoded = weft::wire::pcie::decode(config);
  for (const auto& one : decoded.capabilities) {
    if (one.offset + one.raw.size() > size) {
      std::abort();
    }
  }
  const auto root = weft::wire::pcie::tree(decoded);
  return root.children.size() == 2 && function.problems.size() < 100 ? 0 : -1;
}
