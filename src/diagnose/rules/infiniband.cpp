// SPDX-License-Identifier: Apache-2.0
// InfiniBand ports: slower than the device could, or counting recoveries and symbol errors.
#include <fmt/format.h>

#include "diagnose/rules.h"

namespace weft::diagnose {
namespace {

using observe::LinkState;
using observe::Metric;

struct ErrorCounter {
  Metric metric;
  Level level;
  const char* code;
  const char* what;
  double per_hour;  ///< proven rate above which it is more than a note. House choices.
};
constexpr ErrorCounter kCounters[] = {
    {Metric::kLinkDowned, Level::kWarning, "infiniband_link_downed", "times down", 0.2},
    {Metric::kLinkErrorRecovery, Level::kWarning, "infiniband_recovery", "recoveries", 0.2},
    {Metric::kLocalLinkIntegrity, Level::kWarning, "infiniband_integrity",
     "local link integrity errors", 0.2},
    {Metric::kSymbolErrors, Level::kWarning, "infiniband_symbol_errors", "symbol errors", 10},
    {Metric::kPortReceiveErrors, Level::kWarning, "infiniband_receive_errors", "receive errors", 1},
};

}  // namespace

void find_infiniband(Context& context) {
  context.for_each_link([&](const LinkState& link, LinkAssessment& assessment) {
    if (link.family != fabric::ProtocolFamily::kInfiniband) {
      return;
    }
    const auto& best = link.a.max_data_rate;
    if (link.up.value_or(false) && link.data_rate && best && *link.data_rate < *best) {
      auto& finding = context.add(assessment, link, Level::kWarning, "infiniband_rate_low",
                                  fmt::format("runs {} of {}", data_rate_text(*link.data_rate),
                                              data_rate_text(*best)));
      finding.cause = "unknown which end; cable, far port or a setting limits it";
      finding.next_step = "Compare with the far port (iblinkinfo), then swap the cable.";
    }
    for (const auto& counter : kCounters) {
      const auto rate = context.rate(assessment.host, link.a.port, counter.metric, "");
      if (!rate || rate->events == 0) {
        continue;
      }
      auto& finding = context.add(
          assessment, link, rate->per_hour.low > counter.per_hour ? counter.level : Level::kNote,
          counter.code, fmt::format("{} {}", rate->events, counter.what));
      finding.cause = "this receiver, or the path toward it";
      finding.evidence.push_back(rate->text());
      finding.next_step = "Run `weft scan --watch 60s` to see whether it still goes on.";
    }
  });
}

}  // namespace weft::diagnose
