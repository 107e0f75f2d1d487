// SPDX-License-Identifier: Apache-2.0
// Any bytes as a scenario file: the reader must answer in bounded time and memory, and what it
// takes must read back from its own text.
#include "twin/fault/draw.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weft::twin;
  if (size > 16384) {
    return 0;
  }
  const auto loaded = load_scenario_text({reinterpret_cast<const char*>(data), size}, "fuzz");
  (void)loaded.problem_text();
  (void)rack_path(loaded.scenario);
  if (!loaded.ok()) {
    return 0;
  }
  for (const ScenarioOrder& each : loaded.scenario.orders) {
    if (!each.choice.empty()) {
      if (!parse_choice(each.choice)) {
        std::abort();  // a choice that was taken cannot be drawn
      }
      continue;
    }
    const auto target = parse_target(each.order.target);
    const auto again = target ? parse_target(text(*target)) : target;
    if (!again || *again != *target) {
      std::abort();  // a target that was taken does not read back
    }
    if (each.order.shape && !parse_shape(text(*each.order.shape))) {
      std::abort();  // nor a shape
    }
  }
  return 0;
}
