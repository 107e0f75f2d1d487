// SPDX-License-Identifier: Apache-2.0
// The rack file against the hosts: planned links that are missing, run narrower or slower than planned,
// planned devices that are absent or another part.
#include <fmt/format.h>

#include <algorithm>

#include "diagnose/rules.h"

namespace weft::diagnose {
namespace {

using observe::LinkState;

bool is_end(const LinkState& link, const std::string& address) {
  return address.empty() || link.a.address == address || link.b.address == address;
}

void judge_expected(Context& context, const Expectation::ExpectedLink& expected) {
  if (expected.address_a.empty() && expected.address_b.empty()) {
    return;  // the plan does not say which live link this is
  }
  bool was_found = false;
  bool host_was_seen = expected.host.empty();
  for (const auto& host : context.hosts()) {
    host_was_seen = host_was_seen || host.last().host.name == expected.host;
  }
  if (!host_was_seen) {
    return;
  }
  context.for_each_link([&](const LinkState& link, LinkAssessment& assessment) {
    const bool is_here = expected.host.empty() ||
                         context.snapshot(assessment.host).host.name == expected.host;
    if (!is_here || !is_end(link, expected.address_a) || !is_end(link, expected.address_b)) {
      return;
    }
    was_found = true;
    const auto& protocol = fabric::protocol(expected.protocol);
    if (link.width && expected.lanes.value() != 0 && *link.width < expected.lanes) {
      auto& finding = context.add(assessment, link, Level::kCritical, "narrower_than_planned",
                                  fmt::format("runs {}, the rack file plans {}",
                                              width_text(*link.width), width_text(expected.lanes)));
      finding.cause = "see this link's other findings";
      finding.evidence.push_back(context.expectation()->source + ": " + expected.name);
      finding.next_step = "Reseat the card; compare the slot with the plan.";
    }
    if (link.family == fabric::ProtocolFamily::kPcie && assessment.possible_rate &&
        *assessment.possible_rate < protocol.lane_rate) {
      auto& finding = context.add(
          assessment, link, Level::kWarning, "slower_than_planned",
          fmt::format("could run {} at most, the rack file plans {}",
                      rate_text(*assessment.possible_rate), rate_text(protocol.lane_rate)));
      finding.cause = "a slower part or slot than planned";
      finding.evidence.push_back(context.expectation()->source + ": " + expected.name);
      finding.next_step = "Compare the part and the slot with the plan.";
    }
  });
  if (!was_found) {
    const auto place = expected.address_a.empty()   ? expected.address_b
                       : expected.address_b.empty() ? expected.address_a
                                                    : expected.address_a + " - " + expected.address_b;
    auto& finding = context.add(0, expected.link, place, Level::kCritical, "planned_link_missing",
                                fmt::format("the rack file plans a link here ({})", expected.name));
    finding.cause = "the card is absent, dead, or sits elsewhere";
    finding.evidence.push_back(context.expectation()->source + ": " + expected.name);
    finding.next_step = "Check that the card is in its slot and has power.";
  }
}

void judge_expected(Context& context, const Expectation::ExpectedDevice& expected) {
  if (expected.address.empty() && expected.serial.empty()) {
    return;
  }
  for (std::size_t host = 0; host < context.hosts().size(); ++host) {
    const auto& snapshot = context.snapshot(host);
    if (!expected.host.empty() && snapshot.host.name != expected.host) {
      continue;
    }
    const auto& devices = snapshot.fabric.devices();
    const auto found = std::find_if(devices.begin(), devices.end(), [&](const fabric::Device& device) {
      return expected.address.empty() ? device.part.serial == expected.serial
                                      : device.name == expected.address;
    });
    const auto place = expected.address.empty() ? "serial " + expected.serial : expected.address;
    if (found == devices.end()) {
      auto& finding = context.add(host, std::monostate{}, place, Level::kCritical,
                                  "planned_device_missing",
                                  fmt::format("the rack file plans {} here", expected.name));
      finding.cause = "absent, dead, or not enumerated";
      finding.evidence.push_back(context.expectation()->source + ": " + expected.name);
      finding.next_step = "Check that it is in its slot and has power.";
    } else if (!expected.part_number.empty() &&
               !found->part.part_number.starts_with(expected.part_number)) {
      auto& finding =
          context.add(host, found->id, place, Level::kWarning, "other_part_than_planned",
                      fmt::format("is {}, the rack file plans {}", found->part.part_number,
                                  expected.part_number));
      finding.cause = "another part than planned";
      finding.evidence.push_back(context.expectation()->source + ": " + expected.name);
      finding.next_step = "Correct the rack file or the part.";
    }
  }
}

}  // namespace

void find_unexpected(Context& context) {
  if (context.expectation() == nullptr) {
    return;
  }
  for (const auto& link : context.expectation()->links) {
    judge_expected(context, link);
  }
  for (const auto& device : context.expectation()->devices) {
    judge_expected(context, device);
  }
}

}  // namespace weft::diagnose
