// SPDX-License-Identifier: Apache-2.0
// Findings as JSON, whole and back again: what the ledger saves. Reading takes nothing on trust:
// a field of the wrong kind reads as empty, an object that is no finding as absent.
#pragma once

#include "diagnose/watch.h"

#include <cstdint>
#include <optional>
#include <string>

#include <nlohmann/json_fwd.hpp>

namespace weft::diagnose {

[[nodiscard]] nlohmann::ordered_json living_json(const LivingFinding& living);
[[nodiscard]] std::optional<LivingFinding> living_of(const nlohmann::json& in);

/// A text or whole number of an object; empty or 0 where it is another kind.
[[nodiscard]] std::string text_in(const nlohmann::json& in, const char* name);
[[nodiscard]] std::int64_t whole_in(const nlohmann::json& in, const char* name);
/// A time in nanoseconds; one that no clock could have given reads as the nearest that could.
[[nodiscard]] base::WallTime time_in(const nlohmann::json& in, const char* name);

}  // namespace weft::diagnose
