// SPDX-License-Identifier: Apache-2.0
#include "observe/catalogue.h"

#include "observe/event_kind.h"
#include "observe/metric.h"
#include "observe/reading.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace weft::observe {
namespace {

constexpr int kLastAbsence = static_cast<int>(Absence::kAsleep);

std::string_view words_of(Overflow overflow) {
  switch (overflow) {
    case Overflow::kWraps:
      return "wraps";
    case Overflow::kSaturates:
      return "stays at its greatest value";
    case Overflow::kNone:
      break;
  }
  return "";
}

/// "InfiniBand `link_downed` (8 bit, stays at its greatest value, 0 when written)".
std::string source_text(const SourceRow& source) {
  std::string facts;
  const auto add = [&](const std::string& fact) { facts += (facts.empty() ? "" : ", ") + fact; };
  if (source.bits > 0) {
    add(fmt::format("{} bit", source.bits));
  }
  if (source.overflow != Overflow::kNone) {
    add(std::string(words_of(source.overflow)));
  }
  if (!source.resets.empty()) {
    add(fmt::format("0 after: {}", source.resets));
  }
  if (!source.is_read) {
    add("not read by Weftline");
  }
  return fmt::format("{} `{}`{}", key(source.vocabulary), source.name,
                     facts.empty() ? "" : " (" + facts + ")");
}

std::string_view prometheus_type(MetricKind kind) {
  return kind == MetricKind::kCounter || kind == MetricKind::kHistogram ? "counter" : "gauge";
}

constexpr std::string_view kHead =
    R"(# Metrics and events

Generated from the tables in `src/observe/` by `WEFT_REGENERATE=1 weft_observe_test`: do not edit.

A **gauge** is a level; a **counter** only rises until something sets it to 0; a **state** is a
small number that means something; a **histogram** counts by bin, each bin like a counter. Rates
of counters carry exact 95 % bounds (Garwood 1936).

**Not measured.** Every metric may have no value, with the reason in its place. It is never
shown as zero. In Prometheus it is
)";

constexpr std::string_view kMetricsHead =
    R"(
## Metrics
`key` is the name in JSON and on the command line. The Prometheus name is in base units: a value
times `scale` is what stands there. Every series also has labels that name its subject.
Histograms are counters with a further label `bin`.
)";

constexpr std::string_view kEventsHead =
    R"(
## Events
| kind | told by | meaning | of a link | victim |
|---|---|---|---|---|
)";

}  // namespace

std::string catalogue_markdown() {
  std::string out(kHead);
  out += fmt::format(
      "`{}{{metric, label, reason}}` 1. The reasons:\n\n| reason | words |\n|---|---|\n",
      kNotMeasuredName);
  for (int i = 0; i <= kLastAbsence; ++i) {
    const auto why = static_cast<Absence>(i);
    out += fmt::format("| `{}` | {} |\n", key(why), words(why));
  }
  out += kMetricsHead;
  for (const MetricRow& row : metrics()) {
    out += fmt::format("\n### `{}`\n{}.\n\n", row.key, row.help);
    out += fmt::format("- {}, unit `{}`{}\n", key(row.kind), row.unit,
                       row.since.empty() ? "" : fmt::format(", counts since: {}", row.since));
    if (!row.label.empty()) {
      out += fmt::format("- label: {}\n", row.label);
    }
    if (row.is_silent_at_zero) {
      out += "- left out while it is 0 and its subject is read\n";
    }
    out += fmt::format(
        "- Prometheus: `{}` ({}){}\n", row.prometheus, prometheus_type(row.kind),
        row.prometheus_scale == 1 ? "" : fmt::format(", scale {:g}", row.prometheus_scale));
    for (const SourceRow& source : sources_of(row.metric)) {
      out += "- " + source_text(source) + "\n";
    }
  }
  out += kEventsHead;
  for (const EventKindRow& row : event_kinds()) {
    out += fmt::format("| `{}` | {} | {} | {} | {} |\n", row.key, key(row.origin), row.meaning,
                       row.is_of_link ? "yes" : "", row.is_victim ? "yes" : "");
  }
  return out;
}

std::string catalogue_json() {
  using nlohmann::ordered_json;
  ordered_json out;
  out["schema"] = 1;
  out["not_measured"] = ordered_json::array();
  for (int i = 0; i <= kLastAbsence; ++i) {
    const auto why = static_cast<Absence>(i);
    out["not_measured"].push_back({{"reason", key(why)}, {"words", words(why)}});
  }
  out["metrics"] = ordered_json::array();
  for (const MetricRow& row : metrics()) {
    ordered_json one;
    one["key"] = row.key;
    one["kind"] = key(row.kind);
    one["unit"] = row.unit;
    one["since"] = row.since;
    one["label"] = row.label;
    one["silent_at_zero"] = row.is_silent_at_zero;
    one["help"] = row.help;
    one["prometheus"] = {{"name", row.prometheus},
                         {"type", prometheus_type(row.kind)},
                         {"scale", row.prometheus_scale}};
    one["sources"] = ordered_json::array();
    for (const SourceRow& source : sources_of(row.metric)) {
      one["sources"].push_back({{"vocabulary", key(source.vocabulary)},
                                {"name", source.name},
                                {"bits", source.bits},
                                {"overflow", words_of(source.overflow)},
                                {"resets", source.resets},
                                {"read", source.is_read}});
    }
    out["metrics"].push_back(std::move(one));
  }
  out["events"] = ordered_json::array();
  for (const EventKindRow& row : event_kinds()) {
    out["events"].push_back({{"kind", row.key},
                             {"origin", key(row.origin)},
                             {"meaning", row.meaning},
                             {"of_link", row.is_of_link},
                             {"victim", row.is_victim}});
  }
  return out.dump(2) + "\n";
}

std::string catalogue_exposition() {
  std::string out;
  const auto add = [&](std::string_view name, std::string_view type, std::string_view help,
                       std::string_view labels, std::string_view value) {
    out += fmt::format("# HELP {0} {2}.\n# TYPE {0} {1}\n{0}{{{3}}} {4}\n", name, type, help,
                       labels, value);
  };
  for (const MetricRow& row : metrics()) {
    add(row.prometheus, prometheus_type(row.kind), row.help,
        row.kind == MetricKind::kHistogram ? R"(subject="prt-0",label="",bin="0")"
                                           : R"(subject="prt-0",label="")",
        "1");
  }
  add(kNotMeasuredName, "gauge", "1 in place of a value that is not measured, with the reason",
      R"(subject="prt-0",metric="temperature",label="",reason="needs_root")", "1");
  return out;
}

}  // namespace weft::observe
