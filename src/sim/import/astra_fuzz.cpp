// SPDX-License-Identifier: Apache-2.0
// ASTRA-sim's network and system files from outside. A network that is taken must be fit to run on,
// and a system file's algorithms must be such as its collectives have.
#include "sim/import/astra.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weft::sim;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  RackOptions options;
  options.ranks = 64;
  const auto network = read_astra_network(text, "fuzz", options);
  if (network && !network->problems().empty()) {
    std::abort();
  }
  const auto system = read_astra_system(text, "fuzz");
  if (!system) {
    return 0;
  }
  for (const auto& [collective, list] : system->algorithms) {
    const auto known = algorithms(collective);
    const auto chosen = system->algorithm(collective);
    if (chosen && std::find(known.begin(), known.end(), *chosen) == known.end()) {
      std::abort();
    }
  }
  return 0;
}
