// SPDX-License-Identifier: Apache-2.0
// Any bytes as an incident file: the reader must answer in bounded time and memory, its entries
// must be in order of time, and what it takes must be about things of its own topology.
#include "diagnose/incident.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weft::diagnose;
  constexpr IncidentLimits kLimits = {.bytes = 16384,
                                      .yaml_nodes = 2000,
                                      .entries = 2000,
                                      .steps = 4000,
                                      .rack = {.bytes = 16384,
                                               .yaml_nodes = 2000,
                                               .devices = 200,
                                               .ports = 1000,
                                               .links = 300,
                                               .steps = 2000,
                                               .template_depth = 6}};
  const auto incident =
      load_incident_text({reinterpret_cast<const char*>(data), size}, "fuzz", kLimits);
  (void)incident.problem_text();
  const bool is_sorted = std::ranges::is_sorted(incident.entries, {}, &IncidentEntry::at) &&
                         std::ranges::is_sorted(incident.judge);
  if (!is_sorted || incident.entries.size() > kLimits.entries) {
    std::abort();
  }
  for (const auto& entry : incident.entries) {
    const auto* state = std::get_if<weft::observe::LinkState>(&entry.what);
    if (state != nullptr && incident.fabric.link(state->link) == nullptr) {
      std::abort();
    }
  }
  return 0;
}
