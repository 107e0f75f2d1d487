// SPDX-License-Identifier: Apache-2.0
#include "diagnose/judge.h"

#include "diagnose/rules.h"

#include <algorithm>
#include <tuple>

namespace weft::diagnose {
namespace {

void summarize(Report& report) {
  for (const auto& assessment : report.links) {
    ++report.link_counts[static_cast<std::size_t>(assessment.level)];
    report.overall = std::max(report.overall, assessment.level);
  }
  for (const auto& finding : report.findings) {
    report.overall = std::max(report.overall, finding.level);
  }
  std::sort(report.findings.begin(), report.findings.end(), [](const Finding& x, const Finding& y) {
    // Of one place the rules' own order stays: what is wrong before its signs.
    return std::make_tuple(-static_cast<int>(x.level), x.host, x.place, x.order) <
           std::make_tuple(-static_cast<int>(y.level), y.host, y.place, y.order);
  });
  if (!report.findings.empty() && report.findings.front().level >= Level::kUnknown) {
    report.next_step = report.findings.front().next_step;
  }
}

}  // namespace

Report judge(std::span<const HostHistory> hosts, const Expectation* expectation) {
  Peers peers;
  for (const auto& host : hosts) {
    peers.add(host.last());
  }
  auto report = run_rules(hosts, expectation, peers, [](const Rule&) { return true; });
  summarize(report);
  return report;
}

}  // namespace weft::diagnose
