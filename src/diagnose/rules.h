// SPDX-License-Identifier: Apache-2.0
// The table of rules. Adding one more: a file under rules/, its declaration here and its row in
// rules.cpp. A rule reads the context and adds findings; it never removes another's. Order matters
// only where a rule says so: the expectation rule comes last, to see what was found already.
#pragma once

#include "diagnose/context.h"

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

namespace weft::diagnose {

/// What a rule reads, and so when the judgement over time runs it.
enum class Basis : std::uint8_t {
  kState,   ///< what links and sensors are at: whenever that changed
  kWhole,   ///< the look as a whole; says nothing of one that read link states and counters only
  kTotals,  ///< what was counted and logged before anybody watched: with the first look only, since
            ///< the watch follows from then on what moves
};

struct Rule {
  std::string_view name;
  std::string_view summary;
  void (*run)(Context&);
  Basis basis = Basis::kState;
};

[[nodiscard]] std::span<const Rule> rules();
/// What the wanted ones say of the hosts, in the table's order. `peers` counts at least these
/// hosts.
[[nodiscard]] Report run_rules(std::span<const HostHistory> hosts, const Expectation* expectation,
                               const Peers& peers,
                               const std::function<bool(const Rule&)>& is_wanted);

void find_source_problems(Context& context);
void assess_pcie_links(Context& context);
void find_dead_links(Context& context);
void find_unseen_links(Context& context);
void find_slow_pcie_links(Context& context);
void find_pcie_errors(Context& context);
void find_ethernet(Context& context);
void find_ethernet_errors(Context& context);
void find_infiniband(Context& context);
void find_infiniband_errors(Context& context);
void find_nvlink(Context& context);
void find_nvlink_errors(Context& context);
void find_hot_parts(Context& context);
void find_events(Context& context);
void find_unexpected(Context& context);

}  // namespace weft::diagnose
