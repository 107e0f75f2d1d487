// SPDX-License-Identifier: Apache-2.0
// What `weft up` says of a running rack at one moment: links by state, the worst lanes, the hottest
// parts. Read as a client reads: status and counts of links, sensors through their files. Holds the
// world for some links at a time, so that its pace does not stall.
#pragma once

#include "diagnose/watch.h"
#include "twin/door/live_tree.h"
#include "twin/machine.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace weft::cli {

struct UpSummary {
  double world_seconds = 0;
  double factor = 0;  ///< world seconds a second
  double lag_seconds = 0;
  double events_per_s = 0;
  std::size_t up = 0;
  std::size_t training = 0;
  std::size_t down = 0;
  std::uint64_t recoveries = 0;
  std::uint64_t link_downs = 0;
  std::vector<std::pair<std::string, double>> worst;  ///< link, error ratio before FEC; worst first
  std::vector<std::pair<std::string, double>> hottest;  ///< part, Cel; hottest first
  std::vector<diagnose::LivingFinding> findings;        ///< open ones, worst first
  std::vector<std::string> problems;  ///< of the control plane, since the last summary
};

/// `trees` are the machines' files, in their order; a null one is left out.
[[nodiscard]] UpSummary look_at(twin::Rack& rack,
                                const std::vector<std::unique_ptr<twin::door::LiveTree>>& trees);
[[nodiscard]] std::string summary_line(const UpSummary& summary);
[[nodiscard]] std::string summary_block(const UpSummary& summary);  ///< several lines
[[nodiscard]] std::string summary_json(const UpSummary& summary);   ///< one line

}  // namespace weft::cli
