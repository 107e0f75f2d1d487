// SPDX-License-Identifier: Apache-2.0
// Ethernet links: up, but slower than both ends could; flapping; losing codewords; counting symbol
// errors. A port that nobody plugged or nobody brought up is not wrong.
#include "diagnose/limits.h"
#include "diagnose/rules.h"

#include <fmt/format.h>

namespace weft::diagnose {
namespace {

using observe::LinkState;
using observe::Metric;

void judge_speed(Context& context, LinkAssessment& assessment, const LinkState& link) {
  const auto& best = link.a.max_data_rate;
  const auto& far = link.b.max_data_rate;
  if (!link.data_rate || !best) {
    return;
  }
  const auto possible = far ? std::min(*best, *far) : *best;
  if (*link.data_rate >= possible) {
    return;
  }
  const auto& offered = link.a.advertised_data_rate;
  if (offered && *offered < possible && *link.data_rate >= *offered) {
    auto& finding =
        context.add(assessment, link, Level::kNote, "ethernet_speed_limited",
                    fmt::format("runs {}, the most that it offers; it could {}",
                                data_rate_text(*link.data_rate), data_rate_text(possible)));
    finding.cause = "a setting: the port advertises less than it supports";
    finding.next_step = "If this is not meant so, let it advertise all of its modes (ethtool -s).";
    return;
  }
  // What the far end can is known only where auto-negotiation told it.
  auto& finding = context.add(
      assessment, link, far ? Level::kWarning : Level::kNote, "ethernet_speed_low",
      fmt::format("runs {} of {}", data_rate_text(*link.data_rate), data_rate_text(possible)));
  finding.cause =
      far ? "unknown which end; both advertise more than they run"
          : "the far end's abilities are not known; it, or the module, may be the limit";
  finding.next_step = far ? "Renegotiate the link; if it stays low, swap the cable."
                          : "Compare with the switch port's speed and the module's rating.";
}

void judge_flaps(Context& context, LinkAssessment& assessment, const LinkState& link) {
  const auto flaps = context.rate(assessment.host, link.a.port, Metric::kCarrierDown, "");
  if (!flaps || flaps->events == 0) {
    return;
  }
  const bool is_now = !flaps->since_boot;
  if (!is_now && !flaps->is_proven_above(kFlapsPerDay / 24)) {
    return;
  }
  auto& finding = context.add(
      assessment, link, is_now ? Level::kCritical : Level::kWarning, "ethernet_flaps",
      fmt::format("carrier lost {} time{} {}", flaps->events, flaps->events == 1 ? "" : "s",
                  is_now ? "in " + duration_text(flaps->over) : "since its driver loaded"));
  finding.cause = "unknown which end: module, cable or the far port";
  finding.evidence.push_back(flaps->text());
  finding.next_step = "Look at both ends' logs for who lost the signal first, then swap the cable.";
}

void judge_count(Context& context, LinkAssessment& assessment, const LinkState& link, Metric metric,
                 Level level, const char* code, const char* what, const char* cause) {
  for (const char* label : {"total", ""}) {
    const auto rate = context.rate(assessment.host, link.a.port, metric, label);
    if (!rate || rate->events == 0) {
      continue;
    }
    const bool is_proven = rate->is_proven_above(kUncorrectablePerHour);
    auto& finding = context.add(assessment, link, is_proven ? level : Level::kNote, code,
                                fmt::format("{} {} {}", rate->events, what,
                                            rate->since_boot ? "since its driver loaded"
                                                             : "in " + duration_text(rate->over)));
    finding.cause = cause;
    finding.evidence.push_back(rate->text());
    finding.next_step = rate->since_boot
                            ? "Run `weft scan --watch 60s` to see whether it still goes on."
                            : "Clean or swap the cable or module at one end, then watch again.";
    return;
  }
}

}  // namespace

void find_ethernet(Context& context) {
  context.for_each_link([&](const LinkState& link, LinkAssessment& assessment) {
    if (link.family == fabric::ProtocolFamily::kEthernet && link.up.value_or(false)) {
      judge_speed(context, assessment, link);
    }
  });
}

void find_ethernet_errors(Context& context) {
  context.for_each_link([&](const LinkState& link, LinkAssessment& assessment) {
    if (link.family != fabric::ProtocolFamily::kEthernet) {
      return;
    }
    judge_flaps(context, assessment, link);
    if (!link.up.value_or(false)) {
      return;
    }
    judge_count(context, assessment, link, Metric::kFecUncorrectableBlocks, Level::kWarning,
                "ethernet_fec_uncorrectable", "FEC codewords lost",
                "this receiver: the signal that reaches it is worse than FEC can mend");
    judge_count(context, assessment, link, Metric::kSymbolErrors, Level::kWarning,
                "ethernet_symbol_errors", "symbol errors", "this receiver, or the path toward it");
    judge_count(context, assessment, link, Metric::kReceiveCrcErrors, Level::kWarning,
                "ethernet_crc_errors", "frames with a wrong check sequence",
                "the path toward this receiver, here or at an earlier cut-through hop");
  });
}

}  // namespace weft::diagnose
