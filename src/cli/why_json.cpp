// SPDX-License-Identifier: Apache-2.0
// `weft why --json`: docs/formats/why.md. Keys whose value is not known are left out.
#include "cli/why.h"

#include <nlohmann/json.hpp>

namespace weft::cli {
namespace why_json_parts {
namespace {

using Json = nlohmann::ordered_json;

void set(Json& out, const char* key, const std::string& value) {
  if (!value.empty()) {
    out[key] = value;
  }
}

Json part_json(const diagnose::PartRef& part) {
  Json out = {{"kind", part.kind}};
  set(out, "place", part.place);
  if (!part.device.is_null()) {
    out["device"] = part.device.text();
  }
  set(out, "vendor", part.identity.vendor);
  set(out, "number", part.identity.part_number);
  set(out, "serial", part.identity.serial);
  set(out, "slot", part.identity.slot);
  set(out, "firmware", part.identity.firmware);
  return out;
}

Json hypothesis_json(const diagnose::Hypothesis& one, const fabric::Link* link,
                     const fabric::Fabric& fabric) {
  Json out = {{"cause", one.cause}, {"words", one.words}, {"probability", one.probability}};
  out["segment"] = diagnose::key(one.stretch);
  if (one.direction) {
    const bool to_b = *one.direction == fabric::LaneDirection::kTowardDevice;
    out["direction"] = to_b ? "toward_b" : "toward_a";
    if (link != nullptr && !(to_b ? link->b : link->a).is_null()) {
      out["toward"] = fabric.port_name(to_b ? link->b : link->a);
    }
  }
  if (!one.lanes.empty()) {
    out["lanes"] = one.lanes;
  }
  if (one.part) {
    out["part"] = part_json(*one.part);
  }
  return out;
}

Json evidence_json(const diagnose::Evidence& line) {
  Json out = {{"text", line.text}};
  if (!std::holds_alternative<std::monostate>(line.subject)) {
    out["subject"] = observe::text(line.subject);
  }
  if (line.metric) {
    out["metric"] = observe::row(*line.metric).key;
  }
  if (line.at) {
    out["at"] = base::iso8601(*line.at);
  }
  out["speaks_against"] = line.speaks_against;
  return out;
}

Json link_json(const fabric::Link& link, const fabric::Fabric& fabric) {
  Json out = {{"id", link.id.text()}, {"name", link.name}, {"a", fabric.port_name(link.a)}};
  if (!link.b.is_null()) {
    out["b"] = fabric.port_name(link.b);
  }
  return out;
}

Json finding_json(const diagnose::LivingFinding& living, const fabric::Fabric& fabric) {
  const auto& finding = living.finding;
  Json out = {{"id", living.id},
              {"phase", diagnose::key(living.phase)},
              {"level", diagnose::key(finding.level)},
              {"code", finding.code},
              {"subject", observe::text(finding.subject)},
              {"place", finding.place},
              {"sentence", finding.sentence},
              {"cause", finding.cause}};
  const auto* link = finding.link ? fabric.link(*finding.link) : nullptr;
  if (link != nullptr) {
    out["link"] = link_json(*link, fabric);
  }
  out["opened"] = base::iso8601(living.opened);
  out["updated"] = base::iso8601(living.updated);
  if (finding.since) {
    out["since"] = base::iso8601(*finding.since);
  }
  if (living.closed) {
    out["closed"] = base::iso8601(*living.closed);
  }
  out["recurrences"] = living.recurrences;
  auto hypotheses = Json::array();
  double known = 0;
  for (const auto& one : finding.hypotheses) {
    known += one.probability;
    hypotheses.push_back(hypothesis_json(one, link, fabric));
  }
  out["hypotheses"] = std::move(hypotheses);
  out["unknown"] = known < 1 ? 1 - known : 0.0;
  auto cited = Json::array();
  for (const auto& line : finding.cited) {
    cited.push_back(evidence_json(line));
  }
  if (finding.cited.empty()) {
    for (const auto& text : finding.evidence) {
      cited.push_back({{"text", text}, {"speaks_against", false}});
    }
  }
  out["evidence"] = std::move(cited);
  auto victims = Json::array();
  for (const auto& subject : finding.victim_subjects) {
    victims.push_back(observe::text(subject));
  }
  out["victims"] = std::move(victims);
  out["victim_names"] = finding.victims;
  auto tests = Json::array();
  for (const auto& test : finding.tests) {
    tests.push_back(
        {{"action", test.action}, {"disturbs", test.disturbs}, {"decides", test.decides}});
  }
  out["tests"] = std::move(tests);
  out["next_step"] = finding.next_step;
  if (!living.earlier_serials.empty()) {
    out["earlier_serials"] = living.earlier_serials;
  }
  return out;
}

Json watched_json(const WatchedSpan& watched) {
  Json out = {{"source", watched.source},
              {"machines", watched.machines},
              {"links", watched.links},
              {"looks", watched.looks}};
  if (watched.from.ns > 0) {
    out["from"] = base::iso8601(watched.from);
    out["until"] = base::iso8601(watched.until);
  }
  auto missing = Json::array();
  for (const auto& [what, count] : watched.not_measured) {
    missing.push_back({{"what", what}, {"count", count}});
  }
  out["not_measured"] = std::move(missing);
  out["notes"] = watched.notes;
  return out;
}

}  // namespace
}  // namespace why_json_parts

std::string why_json(const WhyView& view) {
  why_json_parts::Json out = {{"schema", "weftline/why/1"}};
  auto worst = diagnose::Level::kOk;
  auto findings = why_json_parts::Json::array();
  for (const auto& living : view.findings) {
    if (living.phase != diagnose::Phase::kClosed) {
      worst = std::max(worst, living.finding.level);
    }
    findings.push_back(why_json_parts::finding_json(living, view.joint->fabric()));
  }
  out["verdict"] = diagnose::key(worst);
  out["watched"] = why_json_parts::watched_json(view.watched);
  out["findings"] = std::move(findings);
  return out.dump(2, ' ', false, why_json_parts::Json::error_handler_t::replace) + '\n';
}

}  // namespace weft::cli
