// SPDX-License-Identifier: Apache-2.0
#include "serve/export/alert_rules.h"

#include "base/stats.h"
#include "diagnose/context.h"

#include <algorithm>

#include <fmt/format.h>

namespace weft::serve {
namespace alert_rules_parts {

constexpr std::uint64_t kHoursADay = 24;

/// What is wrong by its state alone.
struct StateAlert {
  std::string_view name;
  std::string_view expression;
  std::string_view lasts;
  std::string_view severity;
  std::string_view summary;
};
constexpr StateAlert kStateAlerts[] = {
    {"WeftLinkDown", "weft_link_up == 0 and max_over_time(weft_link_up[1d]) == 1", "1m", "critical",
     "was up within a day and is down"},
    {"WeftLinkNarrow", "weft_link_width_lanes < max_over_time(weft_link_width_lanes[1d])", "15m",
     "warning", "runs {{ $value }} lanes, fewer than within the last day"},
    {"WeftTooHot", "weft_temperature_alarm == 1", "1m", "warning",
     "its own chip says that it is too hot"},
};

/// PCIe errors are counted by type; only some speak of the link.
std::string selector_of(observe::Metric metric) {
  if (metric != observe::Metric::kAerCorrectable) {
    return std::string(observe::row(metric).prometheus);
  }
  std::string types;
  for (const diagnose::LinkErrorType& type : diagnose::kLinkErrorTypes) {
    types += (types.empty() ? "" : "|") + std::string(type.name);
  }
  return fmt::format("{}{{type=~\"{}\"}}", observe::row(metric).prometheus, types);
}

std::string rule_text(std::string_view name, std::string_view expression, std::string_view lasts,
                      std::string_view severity, std::string_view summary) {
  return fmt::format(
      "      - alert: {}\n        expr: '{}'\n{}        labels:\n          severity: {}\n"
      "        annotations:\n          summary: '{{{{ $labels.host }}}} {{{{ $labels.port }}}}"
      "{{{{ $labels.link }}}}{{{{ $labels.device }}}}: {}'\n"
      "          next_step: 'Ask weft why, which tells cause from victim.'\n",
      name, expression, lasts.empty() ? "" : fmt::format("        for: {}\n", lasts), severity,
      summary);
}

}  // namespace alert_rules_parts

AlertThreshold threshold_of(const diagnose::RateLimit& limit) {
  AlertThreshold out;
  out.hours = limit.per_hour < 1 ? alert_rules_parts::kHoursADay : 1;
  const double most = limit.per_hour * static_cast<double>(out.hours);
  out.count = 1;
  while (base::poisson_bounds(out.count).low <= most) {
    ++out.count;
  }
  return out;
}

std::string alert_rules() {
  namespace parts = alert_rules_parts;
  std::string out =
      "# Made by weft export --rules from the limits that weft itself judges by; do not edit.\n"
      "# A count is the smallest whose lower 95 % bound lies above the limit.\n"
      "groups:\n  - name: weftline\n    rules:\n";
  for (const diagnose::RateLimit& limit : diagnose::kRateLimits) {
    const AlertThreshold threshold = threshold_of(limit);
    const std::string selector = parts::selector_of(limit.metric);
    const std::string inner = fmt::format("increase({}[{}h])", selector, threshold.hours);
    const std::string expression = fmt::format("{} >= {}",
                                               limit.metric == observe::Metric::kAerCorrectable
                                                   ? "sum without (type) (" + inner + ")"
                                                   : inner,
                                               threshold.count);
    out += parts::rule_text(
        limit.alert, expression, {}, diagnose::key(limit.level),
        fmt::format("{{{{ $value }}}} {} in {}, proven to be above {:.3g} per hour", limit.what,
                    threshold.hours == 1 ? "an hour" : "a day", limit.per_hour));
  }
  for (const parts::StateAlert& alert : parts::kStateAlerts) {
    out +=
        parts::rule_text(alert.name, alert.expression, alert.lasts, alert.severity, alert.summary);
  }
  return out;
}

}  // namespace weft::serve
