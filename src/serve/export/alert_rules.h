// SPDX-License-Identifier: Apache-2.0
// A rule file for Prometheus, made from the limits that the rules of diagnose/ judge by
// (diagnose/limits.h). A rate's limit becomes the smallest count in the window whose lower 95 %
// bound lies above the limit, so that an alert says the same as a finding. `weft export --rules`.
#pragma once

#include "diagnose/limits.h"

#include <cstdint>
#include <string>

namespace weft::serve {

struct AlertThreshold {
  std::uint64_t hours = 1;  ///< the window
  std::uint64_t count = 0;  ///< this many or more are proven to be above the limit
};
[[nodiscard]] AlertThreshold threshold_of(const diagnose::RateLimit& limit);

/// YAML.
[[nodiscard]] std::string alert_rules();

}  // namespace weft::serve
