// SPDX-License-Identifier: Apache-2.0
// The rack file against the hosts: planned devices that are absent, planned links that are missing,
// run narrower or could not run as fast as planned. Only devices with `match` keys can be missed:
// without them nobody knows where to look.
#include "diagnose/joint.h"
#include "diagnose/rules.h"
#include "fabric/match.h"

#include <algorithm>
#include <set>
#include <unordered_map>
#include <utility>

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

/// The planned devices that are found on this host.
std::set<fabric::DeviceId> found_devices(const Context& context, std::size_t host) {
  const auto& expectation = *context.expectation();
  const auto& live = context.snapshot(host).fabric;
  std::set<fabric::DeviceId> out;
  if (expectation.joint == nullptr) {
    for (const auto& [planned, device] : fabric::match_devices(*expectation.plan, live)) {
      out.insert(planned);
    }
    return out;
  }
  for (const auto& device : live.devices()) {
    if (const auto joined = expectation.joint->device(device.id)) {
      out.insert(*joined);
    }
  }
  return out;
}

/// The planned links that a host should show. One that another host shows is not missing here.
std::vector<fabric::ExpectedLink> links_expected(const Context& context, std::size_t host,
                                                 const std::set<fabric::DeviceId>& found) {
  const auto& expectation = *context.expectation();
  const auto& plan = *expectation.plan;
  const auto& live = context.snapshot(host).fabric;
  if (expectation.joint == nullptr) {
    return fabric::expected_links(plan, live);
  }
  std::vector<fabric::ExpectedLink> out;
  const auto add = [&](const fabric::Link& planned, std::optional<fabric::LinkId> seen) {
    const auto less = plan.expect.find(planned.id);
    out.push_back(
        less == plan.expect.end()
            ? fabric::ExpectedLink{planned.id, seen, planned.protocol, planned.lanes}
            : fabric::ExpectedLink{planned.id, seen, less->second.protocol, less->second.lanes});
  };
  for (const auto& link : live.links()) {
    const auto joined = expectation.joint->link(link.id);
    if (const auto* planned = joined ? plan.link(joined->link) : nullptr) {
      add(*planned, link.id);
    }
  }
  for (const auto& link : plan.links()) {
    const bool is_here = found.contains(plan.owner(link.a)) || found.contains(plan.owner(link.b));
    if (is_here && !expectation.joint->is_seen_at_a(link.id) &&
        !expectation.joint->is_seen_at_b(link.id)) {
      add(link, std::nullopt);
    }
  }
  return out;
}

void find_missing_devices(Context& context, std::size_t host,
                          const std::set<fabric::DeviceId>& found) {
  const auto& plan = *context.expectation()->plan;
  const auto& live = context.snapshot(host).fabric;
  for (const auto& [planned, keys] : plan.match) {
    const bool is_here = keys.host == context.snapshot(host).host.name ||
                         (keys.host.empty() && context.peers().hosts() == 1);
    const bool names_one = !keys.bdf.empty() || !keys.serial.empty() || !keys.slot.empty();
    if (!is_here || !names_one || found.contains(planned)) {
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

void judge_links(Context& context, std::size_t host, const std::set<fabric::DeviceId>& found) {
  const auto& plan = *context.expectation()->plan;
  std::unordered_map<fabric::LinkId, std::pair<const LinkState*, LinkAssessment*>> by_link;
  context.for_each_link([&](const LinkState& link, LinkAssessment& assessment) {
    if (assessment.host == host) {
      by_link.emplace(link.link, std::pair(&link, &assessment));
    }
  });
  for (const auto& expected : links_expected(context, host, found)) {
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
    if (const auto at = by_link.find(*expected.live); at != by_link.end()) {
      judge_link(context, expected, *at->second.first, *at->second.second);
    }
  }
}

}  // namespace

void find_unexpected(Context& context) {
  if (context.expectation() == nullptr || context.expectation()->plan == nullptr) {
    return;
  }
  for (std::size_t host = 0; host < context.hosts().size(); ++host) {
    const auto found = found_devices(context, host);
    find_missing_devices(context, host, found);
    judge_links(context, host, found);
  }
}

}  // namespace weft::diagnose
