// SPDX-License-Identifier: Apache-2.0
#include "diagnose/rules.h"

#include <algorithm>
#include <array>
#include <utility>

namespace weft::diagnose {
namespace {

void list_links(std::span<const HostHistory> hosts, Report& report) {
  for (std::size_t host = 0; host < hosts.size(); ++host) {
    report.interval = std::max(report.interval, hosts[host].interval());
    for (std::size_t link = 0; link < hosts[host].last().links.size(); ++link) {
      LinkAssessment assessment;
      assessment.host = host;
      assessment.link = link;
      report.links.push_back(std::move(assessment));
    }
  }
}

}  // namespace

std::span<const Rule> rules() {
  static constexpr std::array kRules = std::to_array<Rule>({
      {"source", "what was lost of the source, and links lost between the looks",
       find_source_problems, Basis::kWhole},
      {"pcie_possible", "what both ends of a PCIe link allow, and which narrows the other",
       assess_pcie_links},
      {"link_dead", "present but down, disabled, training for ever, not answering",
       find_dead_links},
      {"link_unseen", "links of which neither speed nor width can be read", find_unseen_links,
       Basis::kWhole},
      {"pcie_slow", "width or speed below what both ends allow, told apart from idling",
       find_slow_pcie_links},
      {"pcie_errors", "correctable rates beyond bounds, uncorrectable errors", find_pcie_errors,
       Basis::kTotals},
      {"ethernet", "speed of Ethernet links", find_ethernet},
      {"ethernet_errors", "flaps, FEC losses and errors of Ethernet links", find_ethernet_errors,
       Basis::kTotals},
      {"infiniband", "state and rate of InfiniBand ports", find_infiniband},
      {"infiniband_errors", "errors of InfiniBand ports", find_infiniband_errors, Basis::kTotals},
      {"nvlink", "inactive NVLinks among active ones", find_nvlink},
      {"nvlink_errors", "replays and recoveries of NVLinks", find_nvlink_errors, Basis::kTotals},
      {"temperature", "sensors that raise their alarm", find_hot_parts},
      {"events", "what the kernel said: DPC, Xid, link down, resets", find_events, Basis::kTotals},
      {"expectation", "what the rack file plans and the hosts do not show", find_unexpected,
       Basis::kWhole},
  });
  return kRules;
}

Report run_rules(std::span<const HostHistory> hosts, const Expectation* expectation,
                 const Peers& peers, const std::function<bool(const Rule&)>& is_wanted) {
  Report report;
  list_links(hosts, report);
  Context context(hosts, expectation, peers, report);
  for (const auto& rule : rules()) {
    if (is_wanted(rule)) {
      rule.run(context);
    }
  }
  return report;
}

}  // namespace weft::diagnose
