// SPDX-License-Identifier: Apache-2.0
// Fabric states from outside: read, applied to a small network, written and read again.
#include "sim/fabric_state.h"
#include "sim/topology.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weft::sim;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto state = weft::fabric::read_fabric_state(text, "fuzz");
  if (!state) {
    return 0;
  }
  if (!weft::fabric::read_fabric_state(weft::fabric::fabric_state_json(*state), "again")) {
    std::abort();
  }
  auto network = make_network(*parse_topology("star:3"));
  if (apply(*state, *network) && !network->problems().empty()) {
    // Down links may cut ranks off; nothing else may be wrong.
    for (const auto& problem : network->problems()) {
      if (problem.find("not reached") == std::string::npos) {
        std::abort();
      }
    }
  }
  return 0;
}
