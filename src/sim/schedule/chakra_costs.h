// SPDX-License-Identifier: Apache-2.0
// What a trace's nodes cost by themselves: the time of computes, loads and stores, and how the
// software would run collectives and messages. Used by chakra_workload.cpp's parts only.
#pragma once

#include "sim/schedule/chakra_workload.h"

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace weft::sim {

/// What keeps a node: units that do one at a time, or the network.
enum class ChakraUnit : std::uint8_t { kNoTime, kCompute, kProcessor, kMemory, kNetwork };

[[nodiscard]] ChakraUnit unit_of(const ChakraNode& node);
/// 0 for what takes no time or is the network's.
[[nodiscard]] Ps duration_of(const ChakraNode& node, const ChakraOptions& options);

class ChakraCosts {
 public:
  /// Both must outlive this.
  ChakraCosts(const Site& site, const ChakraOptions& options);

  /// `bytes` as the trace has them. @pre the group has two ranks or more
  [[nodiscard]] base::Result<Plan> collective(ChakraCollective kind, std::uint64_t bytes,
                                              const std::vector<Rank>& group);
  [[nodiscard]] base::Result<Plan> message(std::uint64_t bytes);
  /// Launches are queued ahead of the work (as in step.h); what stays is the collective's own.
  [[nodiscard]] Ps software_of(const Plan& plan) const;
  [[nodiscard]] Ps duration(const ChakraNode& node) const { return duration_of(node, options_); }

 private:
  base::Result<Plan> plan(const CollectiveSpec& spec);
  [[nodiscard]] std::uint32_t domain_of(const std::vector<Rank>& group) const;

  const Site& site_;
  const ChakraOptions& options_;
  std::optional<Network> without_switches_;  ///< that reduce, where they may not be asked to
  std::map<std::pair<std::uint32_t, std::uint32_t>, AlphaBeta> links_;
};

}  // namespace weft::sim
