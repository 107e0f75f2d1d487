// SPDX-License-Identifier: Apache-2.0
// What logs say of devices and machines where no link could be named: one verdict for each device
// (or machine), unless the lines are echoes of another's failure or of a restart. Lines that speak
// of a link are read with the link's other evidence (evidence.h).
#pragma once

#include "diagnose/life.h"
#include "diagnose/sight.h"

#include <vector>

namespace weft::diagnose {

/// What kind of statement a log line is.
enum class Says : std::uint8_t {
  kNothing,     ///< of no concern, or a victim by its own words
  kDownNow,     ///< "is currently down": a state, true as well while links train after a boot
  kErrorRatio,  ///< errors beyond a threshold: up but wrong
  kFailed,      ///< the device says that it failed
};
[[nodiscard]] Says says(const LogLine& line);

/// Reports of a state that go on for longer than a boot takes. What stops before that was a boot.
[[nodiscard]] bool goes_on(const std::vector<const LogLine*>& lines);

[[nodiscard]] std::vector<Verdict> log_findings(const Sight& sight, base::WallTime now);

}  // namespace weft::diagnose
