// SPDX-License-Identifier: Apache-2.0
// What to do next: the tests that would tell the remaining explanations apart, cheapest first, and
// the repair where one explanation is left. One table of tests, each with what it disturbs.
#pragma once

#include "diagnose/judge.h"

#include <string>
#include <vector>

namespace weft::diagnose {

/// What of a link is known already, so that nobody is sent to read it.
struct AlreadyRead {
  bool both_ends = false;  ///< error counters of both directions
  bool light = false;      ///< received light of both directions
};

[[nodiscard]] std::vector<SeparatingTest> separating_tests(const Finding& finding,
                                                           const AlreadyRead& read = {});
/// One sentence: the repair of what is believed enough, else the cheapest test.
[[nodiscard]] std::string next_step(const Finding& finding);

}  // namespace weft::diagnose
