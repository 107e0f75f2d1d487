// SPDX-License-Identifier: Apache-2.0
// Topologies from outside. What is taken must be fit to run on.
#include "sim/import/nccl_topology.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto network = weft::sim::read_nccl_topology(
      std::string_view(reinterpret_cast<const char*>(data), size), "fuzz");
  if (network && !network->problems().empty()) {
    std::abort();
  }
  return 0;
}
