// SPDX-License-Identifier: Apache-2.0
// An incident's expectations against what a Watch says. Notes are not counted; every other finding
// that is not closed must have been expected, and each expected one must be there.
#include "diagnose/incident.h"

#include <algorithm>

#include <fmt/format.h>

namespace weft::diagnose {
namespace incident_check {
namespace {

fabric::LinkId link_of(const fabric::Fabric& fabric, const observe::Subject& subject) {
  if (const auto* link = std::get_if<fabric::LinkId>(&subject)) {
    return *link;
  }
  const auto* port = std::get_if<fabric::PortId>(&subject);
  const auto* link = port == nullptr ? nullptr : fabric.link_at(*port);
  return link == nullptr ? fabric::LinkId{} : link->id;
}

bool is_about(const ExpectedFinding& expected, const Finding& finding, const Joint& joint) {
  const auto wanted = joint.subject(expected.subject);
  if (joint.subject(finding.subject) == wanted) {
    return true;
  }
  const auto link = link_of(joint.fabric(), wanted);
  return !link.is_null() &&
         (finding.link == link || link_of(joint.fabric(), finding.subject) == link);
}

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

bool says(const Finding& finding, const std::string& words) {
  return holds(finding.sentence, words) || holds(finding.cause, words) ||
         holds(finding.next_step, words) ||
         std::ranges::any_of(finding.evidence,
                             [&](const auto& line) { return holds(line, words); }) ||
         std::ranges::any_of(finding.cited,
                             [&](const auto& line) { return holds(line.text, words); });
}

/// The device or port at the receiving end, by the first hypothesis's direction.
bool is_toward(const std::string& name, const Finding& finding, const Joint& joint) {
  if (!finding.link || finding.hypotheses.empty() || !finding.hypotheses.front().direction) {
    return false;
  }
  const auto* link = joint.fabric().link(*finding.link);
  const bool to_b = *finding.hypotheses.front().direction == fabric::LaneDirection::kTowardDevice;
  const auto port = link == nullptr ? fabric::PortId{} : (to_b ? link->b : link->a);
  const auto full = joint.fabric().port_name(port);
  return full == name || full.starts_with(name + '/');
}

void compare(const ExpectedFinding& expected, const LivingFinding& living, const Joint& joint,
             std::vector<std::string>& out) {
  const auto& finding = living.finding;
  const auto fail = [&](const std::string& what) {
    out.push_back(fmt::format("{}: {}", expected.about, what));
  };
  const auto* first = finding.hypotheses.empty() ? nullptr : &finding.hypotheses.front();
  if (expected.level && finding.level != *expected.level) {
    fail(fmt::format("level is {}, not {}", key(finding.level), key(*expected.level)));
  }
  if (expected.phase && living.phase != *expected.phase) {
    fail(fmt::format("phase is {}, not {}", key(living.phase), key(*expected.phase)));
  }
  if (!expected.cause.empty() && (first == nullptr || first->cause != expected.cause)) {
    fail(fmt::format("first cause is {}, not {}", first == nullptr ? "unknown" : first->cause,
                     expected.cause));
  }
  const std::string part = first == nullptr || !first->part ? "unknown" : first->part->kind;
  if (!expected.part.empty() && part != expected.part) {
    fail(fmt::format("part is {}, not {}", part, expected.part));
  }
  if (!expected.toward.empty() && !is_toward(expected.toward, finding, joint)) {
    fail("direction is not toward " + expected.toward);
  }
  if (!expected.says.empty() && !says(finding, expected.says)) {
    fail(fmt::format("does not say `{}`", expected.says));
  }
  const auto& test = finding.tests.empty() ? std::string() : finding.tests.front().action;
  if (!expected.next_step.empty() && !holds(finding.next_step, expected.next_step) &&
      !holds(test, expected.next_step)) {
    fail(fmt::format("next step is `{}`, without `{}`", finding.next_step, expected.next_step));
  }
  if (!expected.not_next_step.empty() && holds(finding.next_step, expected.not_next_step)) {
    fail(fmt::format("next step says `{}`", finding.next_step));
  }
  const auto victims =
      finding.victim_subjects.empty() ? finding.victims.size() : finding.victim_subjects.size();
  if (expected.victims && victims != *expected.victims) {
    fail(fmt::format("has {} victims, not {}", victims, *expected.victims));
  }
}

}  // namespace
}  // namespace incident_check

std::vector<std::string> mismatches(const Expected& expected,
                                    std::span<const LivingFinding> findings, const Joint& joint) {
  std::vector<std::string> out;
  std::vector<bool> is_expected(findings.size());
  for (const auto& one : expected.findings) {
    bool is_found = false;
    for (std::size_t i = 0; i < findings.size(); ++i) {
      const bool counts = findings[i].phase != Phase::kClosed || one.phase == Phase::kClosed;
      if (counts && !is_expected[i] && incident_check::is_about(one, findings[i].finding, joint)) {
        is_expected[i] = true;
        is_found = true;
        incident_check::compare(one, findings[i], joint, out);
        break;
      }
    }
    if (!is_found) {
      out.push_back(one.about + ": no finding");
    }
  }
  for (std::size_t i = 0; i < findings.size(); ++i) {
    const auto& finding = findings[i].finding;
    if (!is_expected[i] && findings[i].phase != Phase::kClosed && finding.level > Level::kNote) {
      out.push_back(fmt::format("{}: {} ({}) was not expected", finding.place, finding.sentence,
                                key(finding.level)));
    }
  }
  return out;
}

}  // namespace weft::diagnose
