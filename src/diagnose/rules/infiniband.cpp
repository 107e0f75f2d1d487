// SPDX-License-Identifier: Apache-2.0
// InfiniBand ports: slower than the device could, or counting recoveries and symbol errors.
#include "diagnose/limits.h"
#include "diagnose/rules.h"

#include <fmt/format.h>

namespace weft::diagnose {
namespace {

using observe::LinkState;
using observe::Metric;

struct ErrorCounter {
  Metric metric;
  Level level;
  const char* code;
  const char* what;
  double per_hour;  ///< proven rate above which it is more than a note
  /// The PortCounters attribute's field stops at this value (InfiniBand Architecture 16.1.3.5: 4, 8
  /// or 16 bits); ports with wider counters pass it unnoticed.
  std::uint64_t stops_at;
};
constexpr ErrorCounter kCounters[] = {
    {Metric::kLinkDowned, Level::kWarning, "infiniband_link_downed", "times down",
     kInfinibandLossesPerHour, 255},
    {Metric::kLinkErrorRecovery, Level::kWarning, "infiniband_recovery", "recoveries",
     kInfinibandLossesPerHour, 255},
    {Metric::kLocalLinkIntegrity, Level::kWarning, "infiniband_integrity",
     "local link integrity errors", kInfinibandLossesPerHour, 15},
    {Metric::kSymbolErrors, Level::kWarning, "infiniband_symbol_errors", "symbol errors",
     kInfinibandSymbolsPerHour, 65535},
    {Metric::kPortReceiveErrors, Level::kWarning, "infiniband_receive_errors", "receive errors",
     kInfinibandReceiveErrorsPerHour, 65535},
};

/// A subnet manager takes a port from INIT over ARMED to ACTIVE; no data passes before that.
void judge_logical_state(Context& context, LinkAssessment& assessment, const LinkState& link) {
  if (link.up.value_or(true) || !link.physically_up.value_or(false)) {
    return;
  }
  auto& finding = context.add(assessment, link, Level::kWarning, "infiniband_not_active",
                              "physically up and not ACTIVE: it carries no data");
  finding.cause = "no subnet manager brought the port up; the physical link is not the trouble";
  finding.next_step = "Look for a running subnet manager (sminfo) and its log on this port.";
}

void judge_counter(Context& context, LinkAssessment& assessment, const LinkState& link,
                   const ErrorCounter& counter) {
  const auto value = context.number(assessment.host, link.a.port, counter.metric, "");
  if (value && *value == counter.stops_at) {
    auto& finding =
        context.add(assessment, link, Level::kUnknown, "infiniband_counter_full",
                    fmt::format("{} {}, and the counter stops there", *value, counter.what));
    finding.cause = "it may go on, or be years old: a full counter shows neither";
    finding.next_step = "Clear it (perfquery -R, as root) and scan again in an hour.";
    return;
  }
  const auto rate = context.rate(assessment.host, link.a.port, counter.metric, "");
  if (!rate || rate->events == 0) {
    return;
  }
  auto& finding = context.add(
      assessment, link, rate->is_proven_above(counter.per_hour) ? counter.level : Level::kNote,
      counter.code, fmt::format("{} {}", rate->events, counter.what));
  finding.cause = "this receiver, or the path toward it";
  finding.evidence.push_back(rate->text());
  finding.next_step = "Run `weft scan --watch 60s` to see whether it still goes on.";
}

}  // namespace

void find_infiniband(Context& context) {
  context.for_each_link([&](const LinkState& link, LinkAssessment& assessment) {
    if (link.family != fabric::ProtocolFamily::kInfiniband) {
      return;
    }
    const auto* device = context.device_of(assessment.host, link.a.port);
    const auto usual =
        device == nullptr ? std::nullopt : context.peers().usual_rate(device->part.part_number);
    if (link.up.value_or(false) && link.data_rate && usual && *link.data_rate < *usual) {
      auto& finding =
          context.add(assessment, link, Level::kWarning, "infiniband_rate_low",
                      fmt::format("runs {}, ports like it {}", data_rate_text(*link.data_rate),
                                  data_rate_text(*usual)));
      finding.cause = "unknown which end; cable, far port or a setting limits it";
      finding.next_step = "Compare with the far port (iblinkinfo), then swap the cable.";
    }
    judge_logical_state(context, assessment, link);
  });
}

void find_infiniband_errors(Context& context) {
  context.for_each_link([&](const LinkState& link, LinkAssessment& assessment) {
    if (link.family == fabric::ProtocolFamily::kInfiniband) {
      for (const auto& counter : kCounters) {
        judge_counter(context, assessment, link, counter);
      }
    }
  });
}

}  // namespace weft::diagnose
