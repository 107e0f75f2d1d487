// SPDX-License-Identifier: Apache-2.0
// Any bytes as a rack file: the loader must answer in bounded time and memory, and what it takes
// must be a fabric that can be shown, compared and asked.
#include "fabric/diff.h"
#include "fabric/graph.h"
#include "fabric/match.h"
#include "fabric/rack.h"
#include "fabric/show.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weft::fabric;
  constexpr RackLimits kLimits = {.bytes = 16384,
                                  .yaml_nodes = 2000,
                                  .devices = 200,
                                  .ports = 1000,
                                  .links = 300,
                                  .steps = 2000,
                                  .template_depth = 6};
  const auto rack = load_rack_text({reinterpret_cast<const char*>(data), size}, "fuzz", kLimits);
  (void)rack.problem_text();
  (void)tree_text(rack.fabric);
  (void)fabric_json(rack.fabric);
  (void)dot_text(rack.fabric);
  if (!diff(rack.fabric, rack.fabric).empty()) {
    std::abort();  // a fabric differs from itself
  }
  (void)expected_links(rack.fabric, rack.fabric);
  const Graph graph(rack.fabric);
  if (!rack.fabric.links().empty()) {
    (void)graph.cut_off(rack.fabric.links().front().id);
  }
  return 0;
}
