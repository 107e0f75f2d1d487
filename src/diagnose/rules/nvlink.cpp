// SPDX-License-Identifier: Apache-2.0
// NVLinks of this host's accelerators, as their management library counts them: inactive ones among
// active siblings, and links that replay or recover.
#include "diagnose/rules.h"

#include <map>

#include <fmt/format.h>

namespace weft::diagnose {
namespace {

using observe::LinkState;
using observe::Metric;

struct NvlinkCounter {
  Metric metric;
  Level level;
  const char* what;
};
constexpr NvlinkCounter kNvlinkCounters[] = {
    {Metric::kNvlinkRecovery, Level::kWarning, "recoveries"},
    {Metric::kNvlinkReplay, Level::kWarning, "replays"},
    {Metric::kNvlinkCrcData, Level::kNote, "data CRC errors"},
    {Metric::kNvlinkCrcFlit, Level::kNote, "flit CRC errors"},
};

}  // namespace

void find_nvlink(Context& context) {
  std::map<std::pair<std::size_t, fabric::DeviceId>, std::pair<int, int>> active_of;  // active, all
  const auto device_of = [&](const LinkState& link, const LinkAssessment& assessment) {
    const auto* device = context.device_of(assessment.host, link.a.port);
    return device == nullptr ? fabric::DeviceId{} : device->id;
  };
  context.for_each_link([&](const LinkState& link, LinkAssessment& assessment) {
    if (link.family == fabric::ProtocolFamily::kNvlink && link.up) {
      auto& [active, all] = active_of[{assessment.host, device_of(link, assessment)}];
      active += *link.up ? 1 : 0;
      ++all;
    }
  });
  context.for_each_link([&](const LinkState& link, LinkAssessment& assessment) {
    if (link.family != fabric::ProtocolFamily::kNvlink) {
      return;
    }
    const auto& [active, all] = active_of[{assessment.host, device_of(link, assessment)}];
    if (link.up && !*link.up && active * 2 > all) {
      auto& finding =
          context.add(assessment, link, Level::kCritical, "nvlink_inactive",
                      fmt::format("inactive, while {} of {} links of this accelerator are "
                                  "active",
                                  active, all));
      finding.cause = "unknown which end: this accelerator, the far port, or the path between";
      finding.next_step = "Look at the far end's port and at Xid or SXid lines in the kernel log.";
    }
  });
}

void find_nvlink_errors(Context& context) {
  context.for_each_link([&](const LinkState& link, LinkAssessment& assessment) {
    if (link.family != fabric::ProtocolFamily::kNvlink) {
      return;
    }
    for (const auto& counter : kNvlinkCounters) {
      const auto rate = context.rate(assessment.host, link.a.port, counter.metric, "");
      const auto count = context.number(assessment.host, link.a.port, counter.metric, "");
      if (!count || *count == 0 || (rate && rate->events == 0)) {
        continue;
      }
      auto& finding =
          context.add(assessment, link, counter.level, "nvlink_errors",
                      fmt::format("{} {} {}", rate ? rate->events : *count, counter.what,
                                  rate && !rate->since_boot ? "in " + duration_text(rate->over)
                                                            : "since the driver loaded"));
      finding.cause = "up but wrong; which end is unknown from this side alone";
      if (rate) {
        finding.evidence.push_back(rate->text());
      }
      finding.next_step = "Read the same counters at the far end, then watch both.";
    }
  });
}

}  // namespace weft::diagnose
