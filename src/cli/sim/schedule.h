// SPDX-License-Identifier: Apache-2.0
// What `weft sim collective RACK --schedule FILE` does: runs somebody else's schedule (GOAL text)
// on the rack instead of a collective of ours. Called by collective.cpp.
#pragma once

#include "cli/sim/input.h"
#include "cli/verb.h"

namespace weft::cli {

inline constexpr OptionSpec kSimSchedule = {
    "--schedule", "FILE",
    "Run this schedule (GOAL's text form) instead; --op, --size and --algo do not count."};

[[nodiscard]] int run_sim_schedule(const Arguments& arguments, const SimInput& input,
                                   const sim::Site& site);

}  // namespace weft::cli
