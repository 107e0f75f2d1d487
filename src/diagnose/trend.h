// SPDX-License-Identifier: Apache-2.0
// Where a gauge that went gradually is going: the limit of its kind, and when it would be reached
// at the pace of its slope, with the 95 % interval. One line of evidence; decides nothing. Called
// by evidence.h. Limits are the end of life that laser makers test to and what standards allow.
#pragma once

#include "diagnose/sight.h"

#include <string>

namespace weft::diagnose {

/// ", at this pace bias +50 % (end of life) in 8 to 13 d"; empty where it did not go gradually, its
/// kind has no limit, or it does not go toward it.
[[nodiscard]] std::string trend_text(const Sight& sight, const Signal& signal, const Shift& shift);

}  // namespace weft::diagnose
