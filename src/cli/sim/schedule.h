// SPDX-License-Identifier: Apache-2.0
// What `weft sim step RACK --schedule FILE` does: runs what another program has written, a Chakra
// trace or a schedule in GOAL's text form, on the rack instead of a model's step. Called by
// step.cpp.
#pragma once

#include "cli/sim/input.h"
#include "cli/verb.h"
#include "sim/step.h"

namespace weft::cli {

inline constexpr OptionSpec kSimSchedule = {
    "--schedule", "FILE",
    "Run this instead of a model: a Chakra trace (any of its files NAME.RANK.et, or NAME), or a "
    "schedule in GOAL's text form. --peak and --memory time what a trace did not measure."};
inline constexpr OptionSpec kSimGroups = {
    "--groups", "FILE",
    "Ranks of the trace's communicator groups, where it does not tell: JSON, {\"1\": [0, 1]}."};
inline constexpr OptionSpec kSimTrace = {
    "--trace", "FILE", "The schedule's operations as a trace that Perfetto opens; of flow runs."};

/// Of `spec` only the peak and the memory's rate count.
[[nodiscard]] int run_sim_schedule(const Arguments& arguments, const SimInput& input,
                                   const sim::Site& site, const sim::StepSpec& spec);

}  // namespace weft::cli
