// SPDX-License-Identifier: Apache-2.0
// Any text as a dump of lspci -x: taken or refused without a crash, and what was taken is written
// and parsed again to the same bytes.
#include "wire/pcie/dump.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace pcie = weft::wire::pcie;
  const auto text = weft::base::as_text(weft::base::ByteView(data, size));
  const auto dump = pcie::parse_dump(text, "fuzz");
  if (!dump.has_value()) {
    return 0;
  }
  for (const pcie::DumpedFunction& one : dump->functions) {
    if (one.config.empty()) {
      continue;
    }
    const auto again = pcie::parse_dump(pcie::write_dump(one), "again");
    if (!again.has_value() || again->functions.size() != 1 ||
        again->functions[0].config != one.config) {
      std::abort();
    }
  }
  return 0;
}
