// SPDX-License-Identifier: Apache-2.0
// The rack file against the hosts: planned devices that are absent, planned links that are missing,
// run narrower or could not run as fast as planned. Only devices with `match` keys can be missed:
// without them nobody knows where to look.
#include "diagnose/rules.h"
#include "fabric/match.h"

#include <algorithm>

#include <fmt/format.h>

namespace weft::diagnose {
namespace {

using observe::LinkState;

std::string match_text(const fabric::MatchKeys& keys) {
  std::string out;
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) {
      out += fmt::format("{}{} {}", out.empty() ? "" : ", ", name, value);
    }
  };
  add("host", keys.host);
  add("address", keys.bdf);
  add("serial", keys.serial);
  add("slot", keys.slot);
  add("part", keys.part);
  return out;
}

void find_missing_devices(Context& context, std::size_t host,
                          const std::map<fabric::DeviceId, fabric::DeviceId>& matched) {
  const auto& plan = *context.expectation()->plan;
  const auto& live = context.snapshot(host).fabric;
  for (const auto& [planned, keys] : plan.match) {
    const bool is_here = keys.host == context.snapshot(host).host.name ||
                         (keys.host.empty() && context.hosts().size() == 1);
    const bool names_one = !keys.bdf.empty() || !keys.serial.empty() || !keys.slot.empty();
    if (!is_here || !names_one || matched.contains(planned)) {
      continue;
    }
    const auto answering =
        std::count_if(live.devices().begin(), live.devices().end(),
                      [&](const fabric::Device& device) { return fabric::answers(keys, device); });
    const auto* device = plan.device(planned);
    const auto name = device == nullptr ? planned.text() : device->name;
    const bool is_missing = answering == 0;
    auto& finding = context.add(
        host, planned, name, is_missing ? Level::kCritical : Level::kNote,
        is_missing ? "planned_device_missing" : "planned_device_ambiguous",
        is_missing ? "the rack file plans it, and no device here answers to " + match_text(keys)
                   : fmt::format("{} devices here answer to {}", answering, match_text(keys)));
    finding.cause = is_missing ? "absent, dead, another part, or not enumerated"
                               : "the rack file's match keys name more than one device";
    finding.evidence.push_back(context.expectation()->source + " plans " + name);
    finding.next_step = is_missing ? "Check that it is in its slot and has power."
                                   : "Give its match a serial, slot or address.";
  }
}

void judge_link(Context& context, const fabric::ExpectedLink& expected, const LinkState& link,
                LinkAssessment& assessment) {
  const auto* planned = context.expectation()->plan->link(expected.planned);
  const auto from = context.expectation()->source + " plans " +
                    (planned == nullptr ? expected.planned.text() : planned->name);
  const auto& protocol = fabric::protocol(expected.protocol);
  if (link.width && *link.width < expected.lanes) {
    auto& finding = context.add(assessment, link, Level::kCritical, "narrower_than_planned",
                                fmt::format("runs {}, the rack file plans {}",
                                            width_text(*link.width), width_text(expected.lanes)));
    finding.cause = "see what else is said of this link";
    finding.evidence.push_back(from);
    finding.next_step = "Reseat the card; compare part and slot with the plan.";
  }
  if (link.family == fabric::ProtocolFamily::kPcie && assessment.possible_rate &&
      *assessment.possible_rate < protocol.lane_rate) {
    auto& finding = context.add(
        assessment, link, Level::kWarning, "slower_than_planned",
        fmt::format("could run {} at most, the rack file plans {}",
                    rate_text(*assessment.possible_rate), rate_text(protocol.lane_rate)));
    finding.cause = "a slower part or slot than planned";
    finding.evidence.push_back(from);
    finding.next_step = "Compare part and slot with the plan.";
  }
}

void judge_links(Context& context, std::size_t host) {
  const auto& plan = *context.expectation()->plan;
  for (const auto& expected : fabric::expected_links(plan, context.snapshot(host).fabric)) {
    if (!expected.live) {
      const auto* planned = plan.link(expected.planned);
      const auto name = planned == nullptr ? expected.planned.text() : planned->name;
      auto& finding =
          context.add(host, expected.planned, name, Level::kCritical, "planned_link_missing",
                      "one end is here, and the link that the rack file plans is not");
      finding.cause = "the other end is absent or dead, or the link is down";
      finding.evidence.push_back(context.expectation()->source + " plans " + name);
      finding.next_step = "Check the other end's slot and power.";
      continue;
    }
    context.for_each_link([&](const LinkState& link, LinkAssessment& assessment) {
      if (assessment.host == host && link.link == *expected.live) {
        judge_link(context, expected, link, assessment);
      }
    });
  }
}

}  // namespace

void find_unexpected(Context& context) {
  if (context.expectation() == nullptr || context.expectation()->plan == nullptr) {
    return;
  }
  for (std::size_t host = 0; host < context.hosts().size(); ++host) {
    find_missing_devices(
        context, host,
        fabric::match_devices(*context.expectation()->plan, context.snapshot(host).fabric));
    judge_links(context, host);
  }
}

}  // namespace weft::diagnose
