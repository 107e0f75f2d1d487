// SPDX-License-Identifier: Apache-2.0
// Every key that a scenario file may hold. The reader takes no other, and a test holds
// docs/formats/scenario.schema.json to this table. Adding one more: here, in scenario.cpp, in the
// schema and in scenario.md.
#pragma once

#include <array>
#include <string_view>

namespace weft::twin::scenario_keys {

inline constexpr auto kScenario = std::to_array<std::string_view>(
    {"weftline", "name", "description", "rack", "seed", "length", "ambient", "workload", "faults",
     "expect", "racks", "marks", "restarts"});
inline constexpr auto kAmbient =
    std::to_array<std::string_view>({"target", "above", "shape", "at", "for"});
inline constexpr auto kWorkload =
    std::to_array<std::string_view>({"target", "load", "shape", "at", "for"});
inline constexpr auto kFault = std::to_array<std::string_view>(
    {"fault", "target", "amplitude", "shape", "at", "for", "label"});
inline constexpr auto kMark =
    std::to_array<std::string_view>({"kind", "subject", "at", "for", "text"});
inline constexpr auto kRestart = std::to_array<std::string_view>({"host", "target", "at", "for"});

}  // namespace weft::twin::scenario_keys
