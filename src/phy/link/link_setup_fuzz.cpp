// SPDX-License-Identifier: Apache-2.0
// Any bytes as a link set-up: the reader must answer in bounded time, and what it takes must be
// within the ranges that the engine counts on.
#include "phy/link/setup.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weft::phy::link;
  const std::string_view text(reinterpret_cast<const char*>(data), size < 16384 ? size : 16384);
  const auto setup = parse_setup(text, "fuzz");
  if (!setup) {
    if (setup.error().where.empty()) {
      std::abort();  // a mistake without a place
    }
    return 0;
  }
  if (setup->signalling.baud_hz < 1e8 || setup->signalling.levels < 2 ||
      setup->rx.dfe.max.size() != setup->rx.dfe.min.size() ||
      setup->rx.ctle.gain_db.values().size() > 20'001) {
    std::abort();
  }
  return 0;
}
