// SPDX-License-Identifier: Apache-2.0
// `weft why` for people: the sentence first, then evidence, victims, what speaks against, what else
// it may be, what would decide, what to do.
#include "base/text.h"
#include "cli/why.h"
#include "diagnose/context.h"
#include "diagnose/sight.h"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

namespace weft::cli {
namespace why_text_parts {
namespace {

using diagnose::Finding;
using diagnose::LivingFinding;

constexpr std::size_t kEvidenceMost = 12;
constexpr std::size_t kVictimsMost = 4;
constexpr std::size_t kNotMeasuredMost = 6;
constexpr std::size_t kPlacesMost = 2;

std::string percent(double share) {
  return fmt::format("{:.0f} %", share * 100);
}

/// "module eth3, part C1, serial X1": what one goes and takes hold of.
std::string part_text(const diagnose::PartRef& part) {
  std::string out = part.kind;
  const auto add = [&out](std::string_view word, const std::string& value) {
    if (!value.empty()) {
      out += fmt::format("{}{}{}{}",
                         out.empty()    ? ""
                         : word.empty() ? " "
                                        : ", ",
                         word, word.empty() ? "" : " ", base::printable(value, 80));
    }
  };
  add("", part.place);
  add("slot", part.identity.slot == part.place ? std::string() : part.identity.slot);
  add("part", part.identity.part_number);
  add("serial", part.identity.serial);
  return out;
}

const fabric::Link* link_of(const Finding& finding, const diagnose::Joint& joint) {
  return finding.link ? joint.fabric().link(*finding.link) : nullptr;
}

/// "toward leaf0/port3": which receiver the bits go to; empty for both ways.
std::string direction_text(const diagnose::Hypothesis& one, const fabric::Link& link,
                           const diagnose::Joint& joint) {
  if (!one.direction) {
    return {};
  }
  const auto port = *one.direction == fabric::LaneDirection::kTowardDevice ? link.b : link.a;
  return port.is_null() ? std::string("toward the end that is not seen")
                        : "toward " + joint.fabric().port_name(port);
}

/// "in the module at leaf0/port3": the stretch of the link, for people; empty where not known.
std::string stretch_text(diagnose::Stretch stretch, const fabric::Link& link,
                         const diagnose::Joint& joint) {
  using diagnose::Stretch;
  const auto at = [&](std::string_view what, fabric::PortId port) {
    return port.is_null() ? fmt::format("in {} at the end that is not seen", what)
                          : fmt::format("in {} at {}", what, joint.fabric().port_name(port));
  };
  switch (stretch) {
    case Stretch::kSerdesA:
      return at("the chip", link.a);
    case Stretch::kSerdesB:
      return at("the chip", link.b);
    case Stretch::kBoardA:
      return at("the board", link.a);
    case Stretch::kBoardB:
      return at("the board", link.b);
    case Stretch::kModuleA:
      return at("the module", link.a);
    case Stretch::kModuleB:
      return at("the module", link.b);
    case Stretch::kUnknown:
      return {};
    default:
      return fmt::format("in the {}", key(stretch));
  }
}

/// One explanation: a cause at a part; places that differ stand together where no part is named.
struct Choice {
  double probability = 0;
  std::string words;
  std::string part;  ///< empty: no data names it
  std::vector<std::string> places;
};

/// In the order of the hypotheses, whose first cause is the most probable one.
std::vector<Choice> choices(const Finding& finding, const diagnose::Joint& joint) {
  std::vector<Choice> out;
  const auto* link = link_of(finding, joint);
  for (const auto& one : finding.hypotheses) {
    const std::string part = one.part ? part_text(*one.part) : std::string();
    auto choice = std::ranges::find_if(
        out, [&](const Choice& known) { return known.words == one.words && known.part == part; });
    if (choice == out.end()) {
      choice = out.insert(out.end(), Choice{0, one.words, part, {}});
    }
    choice->probability += one.probability;
    if (link == nullptr) {
      continue;
    }
    std::string place = stretch_text(one.stretch, *link, joint);
    const std::string direction = direction_text(one, *link, joint);
    place += (place.empty() || direction.empty() ? "" : " ") + direction;
    if (!place.empty() && std::ranges::find(choice->places, place) == choice->places.end()) {
      choice->places.push_back(std::move(place));
    }
  }
  return out;
}

/// "in the board at a or 3 other places"; empty for none.
std::string places_text(std::vector<std::string> places) {
  if (places.size() > kPlacesMost) {
    const auto more = places.size() - kPlacesMost + 1;
    places.resize(kPlacesMost - 1);
    places.push_back(fmt::format("{} other places", more));
  }
  return fmt::format("{}", fmt::join(places, " or "));
}

/// Which link, which end, which part, how sure: one sentence.
std::string sentence(const Finding& finding, const diagnose::Joint& joint) {
  std::string out = fmt::format("{}: {}", finding.place, finding.sentence);
  const auto all = choices(finding, joint);
  if (all.empty()) {
    return out + (finding.cause.empty() || finding.cause == "unknown"
                      ? std::string(". The cause is unknown.")
                      : fmt::format(". Cause: {}.", finding.cause));
  }
  const auto& first = all.front();
  const auto& hypothesis = finding.hypotheses.front();
  const auto* link = link_of(finding, joint);
  if (link != nullptr && hypothesis.direction && (!first.part.empty() || first.places.size() < 2)) {
    out += ", " + direction_text(hypothesis, *link, joint);
  }
  out += fmt::format(". {} {} ({})", first.probability >= 0.5 ? "Most likely" : "Perhaps",
                     first.words, percent(first.probability));
  if (!first.part.empty()) {
    return out + fmt::format(": {}.", first.part);
  }
  return out + (first.places.size() > 1 ? ", " + places_text(first.places) : std::string()) +
         "; no data names the part.";
}

void add_evidence(const Finding& finding, std::string& out) {
  std::size_t shown = 0;
  std::size_t all = 0;
  for (const auto& line : finding.cited) {
    if (!line.speaks_against && ++all && shown < kEvidenceMost) {
      out += fmt::format("  seen     {}{}\n", line.at ? base::iso8601(*line.at) + "  " : "",
                         line.text);
      ++shown;
    }
  }
  if (all == 0) {
    for (const auto& line : finding.evidence) {
      if (++all && shown < kEvidenceMost) {
        out += fmt::format("  seen     {}\n", line);
        ++shown;
      }
    }
  }
  if (all > shown) {
    out += fmt::format("           and {} more lines (--json has them)\n", all - shown);
  }
}

void add_victims(const Finding& finding, const diagnose::Joint& joint, std::string& out) {
  std::vector<std::string> names = finding.victims;
  if (!finding.victim_subjects.empty()) {
    names.clear();
    for (const auto& subject : finding.victim_subjects) {
      const auto* id = std::get_if<fabric::DeviceId>(&subject);
      const auto* device = id == nullptr ? nullptr : joint.fabric().device(*id);
      names.push_back(device == nullptr ? observe::text(subject) : device->name);
    }
  }
  if (names.empty()) {
    return;
  }
  const auto shown = std::min(names.size(), kVictimsMost);
  out += fmt::format(
      "  victims  {} only suffer{}: {}{}\n", names.size(), names.size() == 1 ? "s" : "",
      fmt::join(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(shown), ", "),
      names.size() > shown ? ", …" : "");
}

/// What else it may be, one line a cause: places that differ stand behind it.
void add_alternatives(const Finding& finding, const diagnose::Joint& joint, std::string& out) {
  auto lines = choices(finding, joint);
  double rest = 1;
  for (const auto& line : lines) {
    rest -= line.probability;
  }
  if (!lines.empty()) {
    lines.erase(lines.begin());  // the sentence has it
  }
  std::ranges::sort(lines, [](const Choice& x, const Choice& y) {
    return std::tie(y.probability, x.words, x.part) < std::tie(x.probability, y.words, y.part);
  });
  for (const auto& line : lines) {
    out += fmt::format("  or       {} {}{}{}{}{}\n", percent(line.probability), line.words,
                       line.part.empty() ? "" : ": ", line.part, line.places.empty() ? "" : ", ",
                       places_text(line.places));
  }
  if (!finding.hypotheses.empty() && rest > 0.005) {
    out += fmt::format("  or       {} something else\n", percent(rest));
  }
}

void add_rest(const Finding& finding, const diagnose::Joint& joint, std::string& out) {
  for (const auto& line : finding.cited) {
    if (line.speaks_against) {
      out += fmt::format("  against  {}{}\n", line.at ? base::iso8601(*line.at) + "  " : "",
                         line.text);
    }
  }
  add_alternatives(finding, joint, out);
  for (const auto& test : finding.tests) {
    out += fmt::format("  decide   {} (disturbs {}): {}\n", test.action,
                       test.disturbs.empty() ? "nothing" : test.disturbs, test.decides);
  }
  if (!finding.next_step.empty()) {
    out += fmt::format("  next     {}\n", finding.next_step);
  }
}

std::string head(const LivingFinding& living) {
  std::string level(diagnose::key(living.finding.level));
  std::ranges::transform(level, level.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  std::string out = fmt::format("{}  {}  {}", level, living.id, diagnose::key(living.phase));
  const auto since = living.finding.since.value_or(living.opened);
  if (since.ns > 0) {
    out += " since " + base::iso8601(since);
  }
  if (living.recurrences > 0) {
    out += fmt::format(", came back {} time{}", living.recurrences,
                       living.recurrences == 1 ? "" : "s");
  }
  return out + '\n';
}

std::string watched_text(const WatchedSpan& watched) {
  std::string out = fmt::format("{} link{}", watched.links, watched.links == 1 ? "" : "s");
  if (watched.machines > 0) {  // an incident may name links only
    out += fmt::format(" of {} machine{}", watched.machines, watched.machines == 1 ? "" : "s");
  }
  const auto length = watched.until - watched.from;
  if (watched.looks > 1 && length.ns > 0) {
    out += fmt::format(" over {}", diagnose::duration_text(length));
  } else if (watched.looks > 0) {
    out += ", one look";
  }
  return out;
}

std::string not_measured_text(const WatchedSpan& watched) {
  std::vector<std::pair<std::size_t, std::string>> order;
  order.reserve(watched.not_measured.size());
  for (const auto& [what, count] : watched.not_measured) {
    order.emplace_back(count, what);
  }
  std::ranges::sort(order, std::greater<>());
  std::string out;
  for (std::size_t i = 0; i < order.size() && i < kNotMeasuredMost; ++i) {
    out += fmt::format("{}{} ({})", i == 0 ? "" : "; ", order[i].second, order[i].first);
  }
  if (order.size() > kNotMeasuredMost) {
    out += fmt::format("; {} more kinds", order.size() - kNotMeasuredMost);
  }
  for (const auto& note : watched.notes) {
    out += (out.empty() ? "" : "; ") + note;
  }
  return out;
}

/// Silence about machines that have just started says little.
std::string starting_text(const WatchedSpan& watched) {
  return watched.starting == 0
             ? std::string()
             : fmt::format(
                   " {} of {} machines started less than {:.0f} min before the last look: "
                   "links may train so long, and what they show does not count yet.",
                   watched.starting, watched.machines, diagnose::kGrace.seconds() / 60);
}

}  // namespace
}  // namespace why_text_parts

std::string why_text(const WhyView& view) {
  using namespace why_text_parts;  // NOLINT(google-build-using-namespace): this file's own helpers
  std::string out;
  for (const auto& living : view.findings) {
    const auto& finding = living.finding;
    out += head(living) + sentence(finding, *view.joint) + '\n';
    add_evidence(finding, out);
    add_victims(finding, *view.joint, out);
    add_rest(finding, *view.joint, out);
    for (const auto& serial : living.earlier_serials) {
      out += fmt::format("  earlier  serial {}\n", serial);
    }
    out += '\n';
  }
  const auto missing = not_measured_text(view.watched);
  const std::string rest = (missing.empty() ? "" : " Not measured: " + missing + '.') +
                           starting_text(view.watched) + '\n';
  if (view.findings.empty()) {
    out += fmt::format("Nothing is wrong{}: watched {} ({}).{}",
                       view.watched.subject.empty()
                           ? std::string()
                           : fmt::format(" with {}", base::printable(view.watched.subject, 80)),
                       watched_text(view.watched), view.watched.source, rest);
  } else {
    out += fmt::format("Watched {} ({}).{}", watched_text(view.watched), view.watched.source, rest);
  }
  return out;
}

}  // namespace weft::cli
