// SPDX-License-Identifier: Apache-2.0
#include "score/compare.h"

#include <algorithm>
#include <array>
#include <tuple>

namespace weft::score {
namespace compare_cpp {
namespace {

using diagnose::Finding;
using diagnose::Hypothesis;

/// Notes say that nothing is wrong; they neither answer nor accuse.
constexpr diagnose::Level kLevelMin = diagnose::Level::kUnknown;

const Hypothesis* first(const Finding& finding) {
  return finding.hypotheses.empty() ? nullptr : &finding.hypotheses.front();
}

std::optional<std::size_t> link_of(const Finding& finding, const Names& names) {
  if (finding.link) {
    return names.link(*finding.link);
  }
  if (const auto* link = std::get_if<fabric::LinkId>(&finding.subject)) {
    return names.link(*link);
  }
  if (const auto* port = std::get_if<fabric::PortId>(&finding.subject)) {
    return names.link_at(*port);
  }
  return std::nullopt;
}

std::optional<fabric::DeviceId> device_of(const Finding& finding, const Names& names) {
  const auto* device = std::get_if<fabric::DeviceId>(&finding.subject);
  return device == nullptr ? std::nullopt : names.device(*device);
}

std::optional<fabric::DeviceId> part_device(const Finding& finding, const Names& names) {
  const Hypothesis* top = first(finding);
  return top == nullptr || !top->part ? std::nullopt : names.device(top->part->device);
}

/// A shared cause is placed by its machine: the subject or the part is in it, and no single link is
/// accused.
bool is_at_machine(const Finding& finding, const Answer& answer, const Names& names) {
  if (finding.link) {
    return false;
  }
  for (const auto& device : {device_of(finding, names), part_device(finding, names)}) {
    if (device && names.machine(*device) == answer.machine) {
      return true;
    }
  }
  return false;
}

bool is_at_device(const Finding& finding, const Answer& answer, const Names& names) {
  for (const auto& device : {device_of(finding, names), part_device(finding, names)}) {
    if (device && answer.devices.contains(*device)) {
      return true;
    }
  }
  const auto link = link_of(finding, names);
  if (!link) {
    return false;
  }
  const twin::LinkPlan& plan = names.plan().links[*link];
  const auto is_it = [&](fabric::DeviceId device) { return answer.devices.contains(device); };
  return is_it(names.plan().fabric.owner(plan.a)) || is_it(names.plan().fabric.owner(plan.b)) ||
         std::ranges::any_of(plan.repeaters, is_it);
}

/// One finding of what several links share answers for a fault of several links: two of them or
/// more are among those that it names, and they are half of them or more.
bool covers_links(const Finding& finding, const Answer& answer, const Names& names) {
  if (finding.link || answer.links.size() < 2) {
    return false;
  }
  std::size_t own = 0;
  std::size_t all = 0;
  for (const auto& subject : finding.victim_subjects) {
    const auto* id = std::get_if<fabric::LinkId>(&subject);
    if (id == nullptr) {
      continue;
    }
    const auto link = names.link(*id);
    ++all;
    own += link && std::ranges::find(answer.links, *link) != answer.links.end() ? 1U : 0U;
  }
  return own >= 2 && own * 2 >= all;
}

/// Whether the finding is about this fault.
bool is_about(const Finding& finding, const Answer& answer, const Names& names) {
  if (answer.is_shared()) {
    return is_at_machine(finding, answer, names);
  }
  if (answer.links.empty()) {
    return is_at_device(finding, answer, names);
  }
  const auto link = link_of(finding, names);
  return (link && std::ranges::find(answer.links, *link) != answer.links.end()) ||
         covers_links(finding, answer, names);
}

Verdict part_of(const Finding& finding, const Answer& answer, const Names& names) {
  const Hypothesis* top = first(finding);
  if (top == nullptr || !top->part || finding.level == diagnose::Level::kUnknown) {
    return Verdict::kUnknown;
  }
  const auto device = names.device(top->part->device);
  if (device && answer.devices.contains(*device)) {
    // A machine holds fans, supplies and chips: there the kind must fit as well.
    return !answer.is_shared() || answer.kinds.contains(top->part->kind) ? Verdict::kRight
                                                                         : Verdict::kWrong;
  }
  return answer.kinds.contains(top->part->kind) ? Verdict::kRight : Verdict::kWrong;
}

Verdict segment_of(const Finding& finding, const Answer& answer) {
  const Hypothesis* top = first(finding);
  if (answer.stretches.empty()) {
    return Verdict::kNotAsked;
  }
  if (top == nullptr || top->stretch == diagnose::Stretch::kUnknown) {
    return Verdict::kUnknown;
  }
  return answer.stretches.contains(top->stretch) ? Verdict::kRight : Verdict::kWrong;
}

Verdict direction_of(const Finding& finding, const Answer& answer) {
  const Hypothesis* top = first(finding);
  if (!answer.direction) {
    return Verdict::kNotAsked;
  }
  if (top == nullptr || !top->direction) {
    return Verdict::kUnknown;
  }
  return *top->direction == *answer.direction ? Verdict::kRight : Verdict::kWrong;
}

/// Which finding answers which fault, and which are about none.
struct Assignment {
  std::vector<const Record*> answers;    // as asked
  std::vector<std::size_t> places;       // where it stood among different things that were said
  std::vector<const Record*> strangers;  // about no fault
};

Assignment assign(const std::vector<const Record*>& ranked, const std::vector<Asked>& asked,
                  const Names& names) {
  Assignment out;
  out.answers.assign(asked.size(), nullptr);
  out.places.assign(asked.size(), 0);
  std::size_t place = 0;
  for (const Record* record : ranked) {
    bool is_known = false;
    std::optional<std::size_t> best;
    for (std::size_t i = 0; i < asked.size(); ++i) {
      const bool fits = is_about(record->last.finding, asked[i].answer, names) &&
                        record->last_seen >= asked[i].begin;
      is_known = is_known || fits;
      if (!fits || out.answers[i] != nullptr) {
        continue;
      }
      const bool is_better =
          !best || (asked[i].seen && !asked[*best].seen) ||
          (part_of(record->last.finding, asked[i].answer, names) == Verdict::kRight &&
           part_of(record->last.finding, asked[*best].answer, names) != Verdict::kRight);
      best = is_better ? std::optional(i) : best;
    }
    if (best) {
      out.answers[*best] = record;
      out.places[*best] = place++;
    } else if (!is_known) {
      out.strangers.push_back(record);
      ++place;
    }
  }
  return out;
}

FalseFinding false_finding(const Record& record) {
  const Finding& finding = record.last.finding;
  const Hypothesis* top = first(finding);
  return {.code = finding.code,
          .cause = top == nullptr ? "" : top->cause,
          .place = finding.place,
          .sentence = finding.sentence};
}

Answered answered(const Record& record, const Asked& asked, bool is_first, const Names& names) {
  const Finding& finding = record.last.finding;
  Answered out;
  out.link = is_first ? Verdict::kRight : Verdict::kWrong;
  out.part = part_of(finding, asked.answer, names);
  out.segment = segment_of(finding, asked.answer);
  out.direction = direction_of(finding, asked.answer);
  if (asked.seen) {
    out.seconds_to_detect = std::max(0.0, (record.first_seen - *asked.seen).seconds());
  }
  const Hypothesis* top = first(finding);
  out.said_cause = top == nullptr ? "" : top->cause;
  out.said_part = top == nullptr || !top->part ? "unknown" : top->part->kind;
  return out;
}

}  // namespace
}  // namespace compare_cpp

std::string_view key(Verdict verdict) {
  static constexpr std::array<std::string_view, kVerdicts> kKeys = {"right", "wrong", "unknown",
                                                                    "missed", "not_asked"};
  return kKeys.at(static_cast<std::size_t>(verdict));
}

void Records::take(const std::vector<diagnose::LivingFinding>& findings, base::WallTime now) {
  for (const diagnose::LivingFinding& finding : findings) {
    if (finding.phase == diagnose::Phase::kClosed ||
        finding.finding.level < compare_cpp::kLevelMin) {
      continue;
    }
    auto [found, is_new] = records_.try_emplace(finding.id);
    Record& record = found->second;
    if (is_new) {
      record.first_seen = now;
    }
    record.last_seen = now;
    if (is_new || record.last.updated != finding.updated ||
        record.last.finding.level != finding.finding.level) {
      record.last = finding;
    }
  }
}

std::vector<const Record*> Records::ranked() const {
  std::vector<const Record*> out;
  out.reserve(records_.size());
  for (const auto& [id, record] : records_) {
    out.push_back(&record);
  }
  const auto rank = [](const Record* r) {
    return std::tuple(-static_cast<int>(r->last.finding.level), r->first_seen, r->last.id);
  };
  std::ranges::sort(out, {}, rank);
  return out;
}

Comparison compare(const std::vector<const Record*>& ranked, const std::vector<Asked>& asked,
                   const Names& names) {
  Comparison out;
  const auto assigned = compare_cpp::assign(ranked, asked, names);
  const auto observable = static_cast<std::size_t>(
      std::ranges::count_if(asked, [](const Asked& one) { return one.seen.has_value(); }));
  std::size_t wrong_places = assigned.strangers.size();
  for (std::size_t i = 0; i < asked.size(); ++i) {
    if (const Record* record = assigned.answers[i]) {
      const bool is_first = assigned.places[i] < std::max<std::size_t>(observable, 1);
      out.answers.push_back(compare_cpp::answered(*record, asked[i], is_first, names));
      continue;
    }
    Answered none;
    none.said_part = "none";
    if (asked[i].seen && wrong_places > 0) {
      // Something else was accused instead.
      --wrong_places;
      none.link = Verdict::kWrong;
    }
    if (!asked[i].answer.direction) {
      none.direction = Verdict::kNotAsked;
    }
    out.answers.push_back(std::move(none));
  }
  for (const Record* record : assigned.strangers) {
    out.false_findings.push_back(compare_cpp::false_finding(*record));
  }
  return out;
}

}  // namespace weft::score
