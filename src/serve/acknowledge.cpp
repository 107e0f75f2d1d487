// SPDX-License-Identifier: Apache-2.0
#include "serve/acknowledge.h"

#include "base/text.h"
#include "serve/query.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace weft::serve {
namespace acknowledge_parts {

using base::Code;
using base::Result;
using Json = nlohmann::ordered_json;

constexpr std::string_view kRecordKind = "acknowledgement";
constexpr std::size_t kTextMost = 500;
constexpr std::size_t kNameMost = 60;

std::string dumped(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string text_in(const Json& json, const char* name) {
  const auto at = json.find(name);
  return at != json.end() && at->is_string() ? at->get<std::string>() : std::string();
}

bool is_true(const Json& json, const char* name) {
  const auto at = json.find(name);
  return at != json.end() && at->is_boolean() && at->get<bool>();
}

std::int64_t whole_of(const Json& json, const char* name) {
  const auto at = json.find(name);
  return at != json.end() && at->is_number_integer() ? at->get<std::int64_t>() : 0;
}

Json shown(const Acknowledgement& one) {
  Json out = {{"by", one.by}, {"at", base::iso8601(one.at)}};
  if (!one.text.empty()) {
    out["text"] = one.text;
  }
  if (one.until) {
    out["until"] = base::iso8601(*one.until);
  }
  return out;
}

std::optional<Acknowledgement> read_record(std::string_view finding, std::string_view text) {
  const auto json = Json::parse(text, nullptr, false);
  if (!json.is_object()) {
    return std::nullopt;
  }
  const auto level = whole_of(json, "level");
  if (level < 0 || level > static_cast<std::int64_t>(diagnose::Level::kCritical)) {
    return std::nullopt;
  }
  Acknowledgement out{.finding = std::string(finding),
                      .by = text_in(json, "by"),
                      .text = text_in(json, "text"),
                      .at = {whole_of(json, "at_ns")},
                      .until = std::nullopt,
                      .level = static_cast<diagnose::Level>(level),
                      .recurrences = static_cast<std::uint32_t>(whole_of(json, "recurrences"))};
  if (json.contains("until_ns")) {
    out.until = base::WallTime{whole_of(json, "until_ns")};
  }
  return out;
}

/// When it ends by its own words.
Result<std::optional<base::WallTime>> end_of(const Json& json, base::WallTime now) {
  std::optional<base::WallTime> out;
  if (const auto until = text_in(json, "until"); !until.empty()) {
    const auto at = parse_time(until);
    if (!at) {
      return tl::unexpected(at.error());
    }
    out = *at;
  } else if (const auto span = json.find("for_s"); span != json.end()) {
    if (!span->is_number() || !(span->get<double>() > 0 && span->get<double>() <= kSecondsMost)) {
      return base::fail(Code::kInvalidArgument, "is no length of time", "for_s",
                        "Write seconds, as 3600.");
    }
    out = now + base::seconds(span->get<double>());
  }
  if (out && *out <= now) {
    return base::fail(Code::kInvalidArgument, "is over already", "until",
                      "Name a time that comes, or leave it out.");
  }
  return out;
}

}  // namespace acknowledge_parts

bool holds(const Acknowledgement& one, const diagnose::LivingFinding& finding, base::WallTime now) {
  return finding.phase != diagnose::Phase::kClosed && finding.finding.level <= one.level &&
         finding.recurrences <= one.recurrences && (!one.until || now < *one.until);
}

base::Result<void> keep_acknowledgement(telemetry::Store& store, const Acknowledgement& one) {
  acknowledge_parts::Json json = {{"by", one.by},
                                  {"text", one.text},
                                  {"at_ns", one.at.ns},
                                  {"level", static_cast<int>(one.level)},
                                  {"recurrences", one.recurrences}};
  if (one.until) {
    json["until_ns"] = one.until->ns;
  }
  const std::string text = acknowledge_parts::dumped(json);
  return store.put(acknowledge_parts::kRecordKind, one.finding, base::as_bytes(text));
}

base::Result<void> drop_acknowledgement(telemetry::Store& store, std::string_view finding) {
  return store.put(acknowledge_parts::kRecordKind, std::string(finding), {});
}

Acknowledgements kept_acknowledgements(const telemetry::Store& store) {
  Acknowledgements out;
  store.each(acknowledge_parts::kRecordKind, [&out](std::string_view key, base::ByteView value) {
    if (auto one = acknowledge_parts::read_record(key, base::as_text(value))) {
      out.insert_or_assign(std::string(key), *std::move(one));
    }
  });
  return out;
}

base::Result<AskedAcknowledgement> asked_acknowledgement(
    std::string_view request, std::span<const diagnose::LivingFinding> findings,
    const Acknowledgements& known, base::WallTime now) {
  using namespace acknowledge_parts;
  const auto json = Json::parse(request, nullptr, false);
  if (!json.is_object()) {
    return base::fail(Code::kInvalidArgument, "a question is one JSON object");
  }
  const auto id = text_in(json, "finding");
  const auto living = std::ranges::find(findings, id, &diagnose::LivingFinding::id);
  if (living == findings.end()) {
    return base::fail(Code::kNotFound, "there is no such finding", base::printable(id, 80),
                      "Name one by its id, as weft why --json or /api/v1/findings tells it.");
  }
  AskedAcknowledgement out;
  out.applies = is_true(json, "apply");
  out.drops = is_true(json, "drop");
  if (out.drops) {
    const auto kept = known.find(id);
    if (kept == known.end()) {
      return base::fail(Code::kNotFound, "nobody has acknowledged this finding", id);
    }
    out.one = kept->second;
    return out;
  }
  if (living->phase == diagnose::Phase::kClosed) {
    return base::fail(Code::kFailedPrecondition, "the finding is closed", id,
                      "Nobody is told of it any more.");
  }
  const auto until = end_of(json, now);
  if (!until) {
    return tl::unexpected(until.error());
  }
  const auto by = text_in(json, "by");
  out.one = {.finding = id,
             .by = by.empty() ? "somebody" : base::printable(by, kNameMost),
             .text = base::printable(text_in(json, "text"), kTextMost),
             .at = now,
             .until = *until,
             .level = living->finding.level,
             .recurrences = living->recurrences};
  return out;
}

std::string acknowledgement_answer(const base::Result<AskedAcknowledgement>& asked,
                                   base::WallTime now, bool is_simulated) {
  if (!asked) {
    return refusal(is_simulated, asked.error());
  }
  acknowledge_parts::Json out = {{"schema", kPlaneSchema}};
  if (is_simulated) {
    out["simulated"] = true;
  }
  out.update({{"ok", true},
              {"ask", "acknowledge"},
              {"now", base::iso8601(now)},
              {"applied", asked->applies},
              {"finding", asked->one.finding},
              {"dropped", asked->drops},
              {"acknowledged", acknowledge_parts::shown(asked->one)}});
  return acknowledge_parts::dumped(out);
}

std::string acknowledgement_json(const Acknowledgement& one) {
  return acknowledge_parts::dumped(acknowledge_parts::shown(one));
}

std::string acknowledgement_text(const Acknowledgement& one) {
  return fmt::format("acknowledged by {} at {}{}{}", one.by, base::iso8601(one.at),
                     one.until ? ", until " + base::iso8601(*one.until) : "",
                     one.text.empty() ? "" : ": " + one.text);
}

}  // namespace weft::serve
