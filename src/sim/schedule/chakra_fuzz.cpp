// SPDX-License-Identifier: Apache-2.0
// Chakra traces from outside, the same file for each of two ranks. What is taken must answer for
// every operation within its ranks, and run to its end on a network.
#include "sim/schedule/chakra_workload.h"
#include "sim/topology.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weft::sim;
  static const auto site = Site::make(make_network(parse_topology("star:2").value()).value());
  auto trace = read_chakra({data, size}, "fuzz");
  (void)read_chakra_groups({reinterpret_cast<const char*>(data), size}, "fuzz");
  if (!trace) {
    return 0;
  }
  const auto workload = play_chakra({*trace, *trace}, "fuzz", **site, {});
  if (!workload) {
    return 0;
  }
  if (!problems(**workload).empty()) {
    std::abort();
  }
  FlowOptions options;
  options.events_max = 1'000'000;
  const auto ran = run_workload(**site, **workload, Fidelity::kFlow, options);
  if (!ran && ran.error().code == weft::base::Code::kFailedPrecondition) {
    std::abort();  // it stood still
  }
  return 0;
}
