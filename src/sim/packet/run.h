// SPDX-License-Identifier: Apache-2.0
// Runs a workload or plain flows packet by packet on a network. The door of this folder: checks the
// input, says what it will cost and refuses what would not fit, cuts the network into one part a
// thread, runs windows of the smallest latency between parts, and checks every run: packets
// injected = delivered + dropped with a reason (+ copies of multicasts - merged by reductions),
// all credits back, order kept where one way was promised. A run that stands still says which
// wait closes the cycle; a switch that loses packets silently is found by that check. Results are
// the same for any number of threads.
#pragma once

#include "base/result.h"
#include "sim/network.h"
#include "sim/packet/options.h"
#include "sim/packet/software.h"
#include "sim/workload.h"

#include <span>
#include <string>
#include <vector>

namespace weft::sim::packet {

/// Everything wrong with the options for this network, all at once. Empty is fit.
[[nodiscard]] std::vector<std::string> problems(const Network& network, const Options& options);

/// What a run would cost. Asks the workload for its operations; beyond a million it extrapolates.
[[nodiscard]] Cost estimate(const Network& network, const Workload& workload,
                            const Options& options);

/// kInvalidArgument with all mistakes, kResourceExhausted with the numbers; kDataLoss when a check
/// of conservation fails. A standstill or a silent loss is a Result that says so.
[[nodiscard]] base::Result<Result> run(const Network& network, const Workload& workload,
                                       const Options& options);
[[nodiscard]] base::Result<Result> run_flows(const Network& network, std::span<const Flow> flows,
                                             const Options& options);

/// Whether one rank may stand for all: one switch, links that are alike, no faults, and a workload
/// that looks the same from each rank.
[[nodiscard]] bool is_foldable(const Network& network, const Workload& workload,
                               const Options& options);

}  // namespace weft::sim::packet
