// SPDX-License-Identifier: Apache-2.0
// Chakra traces as a workload: every node waits for what it needs, takes its time or its messages,
// and the network decides the rest. What the format leaves open is taken thus (modelled):
// - a compute takes its measured duration; without one the longer of its operations at the rank's
//   peak and its tensor at the memory's rate. A load or store takes its tensor at that rate, or its
//   duration. A rank does one compute, one processor operation (is_cpu_op), one load or store at a
//   time; metadata takes none.
// - collectives of a group run one after another, in the order that the ranks' dependencies and
//   files give; those of different groups overlap. comm_size is what a rank puts in: an all-gather
//   of N ranks ends with N times as much. Each is run by the algorithm that the software would
//   take. A barrier is an all-reduce of no bytes; reduce, gather and scatter are refused.
// - sends and receives of one pair and tag meet in the order of their ranks.
// - where several nodes could go next on the same unit, the order is that of a run with closed-form
//   costs, fixed before the start: on a network that is much slower than that, a unit may wait for
//   a node though another could go. It cannot lock: every wait is for something earlier in it.
#pragma once

#include "base/result.h"
#include "sim/schedule/chakra.h"
#include "sim/schedule/time_parts.h"
#include "sim/study.h"
#include "sim/workload.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace weft::sim {

struct ChakraOptions {
  Profile profile = Profile::kIdeal;
  double peak_flops = 312e12;             ///< of one rank
  double memory_bytes_per_second = 2e12;  ///< of one rank
  bool in_switch = true;                  ///< switches that can may reduce; not in packet runs
  ChakraGroups groups = {};               ///< for names that a trace does not tell
};

/// Collectives that are alike: same group, kind and size.
struct ChakraShape {
  ChakraCollective kind{};
  std::uint32_t group = 0;
  std::uint64_t count = 0;
  Plan plan;
};

class ChakraWorkload : public Workload {
 public:
  /// What a rank does in a stream.
  [[nodiscard]] virtual Work work(Rank rank, std::uint32_t stream) const = 0;
  [[nodiscard]] virtual const std::vector<ChakraShape>& shapes() const = 0;
  [[nodiscard]] virtual std::uint64_t nodes() const = 0;
};

/// One trace a rank, in order. kInvalidArgument with all mistakes, at most 20: nodes that are there
/// twice or need one that is not, or each other in a circle; ranks out of range; groups that are
/// not known or that ranks do not agree upon; collectives that differ among the ranks of a group;
/// sends without a receive; ranks that wait for each other.
[[nodiscard]] base::Result<std::unique_ptr<ChakraWorkload>> play_chakra(
    const std::vector<ChakraTrace>& traces, std::string_view name, const Site& site,
    const ChakraOptions& options);

/// Whether a schedule's path is that of a Chakra trace: NAME.RANK.et, or NAME where NAME.0.et is.
[[nodiscard]] bool is_chakra(const std::string& path);
/// All ranks' files of the trace that `path` is one of, or begins. kNotFound with those missing.
[[nodiscard]] base::Result<std::unique_ptr<ChakraWorkload>> load_chakra(
    const std::string& path, const Site& site, const ChakraOptions& options);

}  // namespace weft::sim
