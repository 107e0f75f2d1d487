// SPDX-License-Identifier: Apache-2.0
#include "diagnose/finding_json.h"

#include <algorithm>
#include <charconv>

#include <nlohmann/json.hpp>

namespace weft::diagnose {
namespace {

using Json = nlohmann::json;
using OrderedJson = nlohmann::ordered_json;

std::optional<std::uint64_t> hexadecimal(std::string_view text) {
  std::uint64_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  return read.ec == std::errc() && read.ptr == text.data() + text.size() ? std::optional(value)
                                                                         : std::nullopt;
}

observe::Subject subject_of(const std::string& text) {
  const auto dash = text.find('-');
  if (dash == std::string::npos) {
    return std::monostate{};
  }
  const auto value = hexadecimal(std::string_view(text).substr(dash + 1));
  const auto prefix = std::string_view(text).substr(0, dash);
  if (!value) {
    return std::monostate{};
  }
  if (prefix == fabric::DeviceTag::kPrefix) {
    return fabric::DeviceId(*value);
  }
  if (prefix == fabric::PortTag::kPrefix) {
    return fabric::PortId(*value);
  }
  return prefix == fabric::LinkTag::kPrefix ? observe::Subject(fabric::LinkId(*value))
                                            : std::monostate{};
}

std::string subject_text(const observe::Subject& subject) {
  return std::holds_alternative<std::monostate>(subject) ? std::string{} : observe::text(subject);
}

/// 0 where the number is no value of the enumeration.
template <class Enum>
Enum enum_of(std::int64_t value, std::int64_t count) {
  return static_cast<Enum>(value >= 0 && value < count ? value : 0);
}

OrderedJson part_json(const PartRef& part) {
  return {{"kind", part.kind},
          {"place", part.place},
          {"device", part.device.is_null() ? std::string{} : part.device.text()},
          {"vendor", part.identity.vendor},
          {"part_number", part.identity.part_number},
          {"serial", part.identity.serial},
          {"slot", part.identity.slot},
          {"firmware", part.identity.firmware}};
}

PartRef part_of(const Json& in) {
  PartRef part;
  part.kind = text_in(in, "kind");
  part.place = text_in(in, "place");
  const auto device = subject_of(text_in(in, "device"));
  if (const auto* id = std::get_if<fabric::DeviceId>(&device)) {
    part.device = *id;
  }
  part.identity = {text_in(in, "vendor"), text_in(in, "part_number"), text_in(in, "serial"),
                   text_in(in, "slot"), text_in(in, "firmware")};
  return part;
}

OrderedJson hypothesis_json(const Hypothesis& one) {
  OrderedJson out = {{"cause", one.cause},
                     {"words", one.words},
                     {"probability", one.probability},
                     {"stretch", static_cast<int>(one.stretch)},
                     {"lanes", one.lanes}};
  if (one.direction) {
    out["direction"] = static_cast<int>(*one.direction);
  }
  if (one.part) {
    out["part"] = part_json(*one.part);
  }
  return out;
}

const Json& member(const Json& in, const char* name) {
  static const Json kNothing;
  const auto found = in.is_object() ? in.find(name) : in.end();
  return in.is_object() && found != in.end() ? *found : kNothing;
}

Hypothesis hypothesis_of(const Json& in) {
  Hypothesis one;
  one.cause = text_in(in, "cause");
  one.words = text_in(in, "words");
  const auto& probability = member(in, "probability");
  one.probability = probability.is_number() ? probability.get<double>() : 0;
  one.stretch =
      enum_of<Stretch>(whole_in(in, "stretch"), static_cast<std::int64_t>(Stretch::kShared) + 1);
  for (const auto& lane : member(in, "lanes")) {
    if (lane.is_number_unsigned()) {
      one.lanes.push_back(lane.get<std::uint32_t>());
    }
  }
  if (member(in, "direction").is_number()) {
    one.direction = enum_of<fabric::LaneDirection>(whole_in(in, "direction"), 2);
  }
  if (member(in, "part").is_object()) {
    one.part = part_of(member(in, "part"));
  }
  return one;
}

OrderedJson evidence_json(const Evidence& one) {
  OrderedJson out = {{"text", one.text},
                     {"subject", subject_text(one.subject)},
                     {"speaks_against", one.speaks_against}};
  if (one.metric) {
    out["metric"] = observe::row(*one.metric).key;
  }
  if (one.at) {
    out["at_ns"] = one.at->ns;
  }
  return out;
}

Evidence evidence_of(const Json& in) {
  Evidence one;
  one.text = text_in(in, "text");
  one.subject = subject_of(text_in(in, "subject"));
  const auto& against = member(in, "speaks_against");
  one.speaks_against = against.is_boolean() && against.get<bool>();
  const auto metric = text_in(in, "metric");
  for (const auto& row : observe::metrics()) {
    if (row.key == metric) {
      one.metric = row.metric;
    }
  }
  if (member(in, "at_ns").is_number()) {
    one.at = time_in(in, "at_ns");
  }
  return one;
}

std::vector<std::string> texts_in(const Json& in, const char* name) {
  std::vector<std::string> out;
  for (const auto& one : member(in, name)) {
    if (one.is_string()) {
      out.push_back(one.get<std::string>());
    }
  }
  return out;
}

OrderedJson finding_json(const Finding& finding) {
  OrderedJson out = {{"level", static_cast<int>(finding.level)},
                     {"code", finding.code},
                     {"subject", subject_text(finding.subject)},
                     {"place", finding.place},
                     {"sentence", finding.sentence},
                     {"cause", finding.cause},
                     {"evidence", finding.evidence},
                     {"victims", finding.victims},
                     {"next_step", finding.next_step}};
  if (finding.link) {
    out["link"] = finding.link->text();
  }
  if (finding.since) {
    out["since_ns"] = finding.since->ns;
  }
  for (const auto& one : finding.hypotheses) {
    out["hypotheses"].push_back(hypothesis_json(one));
  }
  for (const auto& one : finding.cited) {
    out["cited"].push_back(evidence_json(one));
  }
  for (const auto& one : finding.tests) {
    out["tests"].push_back(
        {{"action", one.action}, {"disturbs", one.disturbs}, {"decides", one.decides}});
  }
  for (const auto& one : finding.victim_subjects) {
    out["victim_subjects"].push_back(subject_text(one));
  }
  return out;
}

Finding finding_of(const Json& in) {
  Finding finding;
  finding.level =
      enum_of<Level>(whole_in(in, "level"), static_cast<std::int64_t>(Level::kCritical) + 1);
  finding.code = text_in(in, "code");
  finding.subject = subject_of(text_in(in, "subject"));
  finding.place = text_in(in, "place");
  finding.sentence = text_in(in, "sentence");
  finding.cause = text_in(in, "cause");
  finding.evidence = texts_in(in, "evidence");
  finding.victims = texts_in(in, "victims");
  finding.next_step = text_in(in, "next_step");
  const auto link = subject_of(text_in(in, "link"));
  if (const auto* id = std::get_if<fabric::LinkId>(&link)) {
    finding.link = *id;
  }
  if (member(in, "since_ns").is_number()) {
    finding.since = time_in(in, "since_ns");
  }
  for (const auto& one : member(in, "hypotheses")) {
    finding.hypotheses.push_back(hypothesis_of(one));
  }
  for (const auto& one : member(in, "cited")) {
    finding.cited.push_back(evidence_of(one));
  }
  for (const auto& one : member(in, "tests")) {
    finding.tests.push_back(
        {text_in(one, "action"), text_in(one, "disturbs"), text_in(one, "decides")});
  }
  for (const auto& one : member(in, "victim_subjects")) {
    finding.victim_subjects.push_back(
        subject_of(one.is_string() ? one.get<std::string>() : std::string{}));
  }
  return finding;
}

}  // namespace

std::string text_in(const Json& in, const char* name) {
  const auto& found = member(in, name);
  return found.is_string() ? found.get<std::string>() : std::string{};
}

std::int64_t whole_in(const Json& in, const char* name) {
  const auto& found = member(in, name);
  return found.is_number_integer() ? found.get<std::int64_t>() : 0;
}

base::WallTime time_in(const Json& in, const char* name) {
  // Differences of any two of them fit.
  constexpr std::int64_t kLatest = std::int64_t{1} << 62;
  return {std::clamp<std::int64_t>(whole_in(in, name), 0, kLatest)};
}

OrderedJson living_json(const LivingFinding& living) {
  OrderedJson out = {{"id", living.id},
                     {"phase", key(living.phase)},
                     {"opened_ns", living.opened.ns},
                     {"updated_ns", living.updated.ns},
                     {"recurrences", living.recurrences},
                     {"earlier_serials", living.earlier_serials},
                     {"finding", finding_json(living.finding)}};
  if (living.closed) {
    out["closed_ns"] = living.closed->ns;
  }
  return out;
}

std::optional<LivingFinding> living_of(const Json& in) {
  if (!in.is_object() || text_in(in, "id").empty() || !member(in, "finding").is_object()) {
    return std::nullopt;
  }
  LivingFinding living;
  living.id = text_in(in, "id");
  for (const auto phase : {Phase::kOpen, Phase::kQuiet, Phase::kClosed}) {
    if (text_in(in, "phase") == key(phase)) {
      living.phase = phase;
    }
  }
  living.opened = time_in(in, "opened_ns");
  living.updated = time_in(in, "updated_ns");
  living.recurrences = static_cast<std::uint32_t>(whole_in(in, "recurrences"));
  living.earlier_serials = texts_in(in, "earlier_serials");
  if (member(in, "closed_ns").is_number()) {
    living.closed = time_in(in, "closed_ns");
  }
  living.finding = finding_of(member(in, "finding"));
  return living;
}

}  // namespace weft::diagnose
