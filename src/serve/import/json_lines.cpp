// SPDX-License-Identifier: Apache-2.0
#include "serve/import/json_lines.h"

#include "base/text.h"
#include "serve/import/mapping.h"
#include "serve/marks.h"
#include "serve/query.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace weft::serve {
namespace json_lines_import {

using base::Code;
using base::Result;
using Json = nlohmann::ordered_json;

constexpr std::size_t kBytesMost = std::size_t{256} << 20;
constexpr std::size_t kLineBytesMost = std::size_t{64} * 1024;
constexpr std::size_t kProblemsMost = 20;

std::string text_in(const Json& object, const char* name) {
  const auto at = object.find(name);
  return at != object.end() && at->is_string() ? at->get<std::string>() : std::string();
}

/// The time under that name; `otherwise` where there is none.
Result<base::WallTime> time_in(const Json& object, const char* name, base::WallTime otherwise) {
  const auto at = object.find(name);
  if (at == object.end()) {
    return otherwise;
  }
  return parse_time(at->is_string() ? at->get<std::string>() : "no text");
}

fabric::ProtocolFamily family_of(std::string_view text) {
  using enum fabric::ProtocolFamily;
  for (const auto family : {kPcie, kEthernet, kNvlink, kInfiniband, kUalink}) {
    if (fabric::key(family) == text) {
      return family;
    }
  }
  return kOther;
}

/// From device, port and link where they are given, else from the one name that export writes.
ImportPlace place_of(const Json& line, const std::string& host, bool is_link) {
  ImportPlace out;
  out.host = host;
  out.device = text_in(line, "device");
  out.port = text_in(line, "port");
  const std::string name = text_in(line, "name");
  const std::string of = text_in(line, "of");
  if (out.device.empty() && out.port.empty() && !name.empty()) {
    const std::string end = name.substr(0, name.find(" - "));
    const std::size_t slash = of == "device" ? std::string::npos : end.rfind('/');
    out.device = end.substr(0, slash);
    out.port = slash != std::string::npos ? end.substr(slash + 1) : of == "device" ? "" : end;
  }
  if (line.contains("link") || is_link) {
    out.family = family_of(text_in(line, "link"));
    out.port = out.port.empty() ? "port" : out.port;
  }
  return out;
}

Result<observe::Reading<observe::Value>> value_in(const Json& line, observe::Metric metric) {
  const auto value = line.find("value");
  if (value == line.end()) {
    for (int i = 0; i <= static_cast<int>(observe::Absence::kAsleep); ++i) {
      if (observe::key(static_cast<observe::Absence>(i)) == text_in(line, "not_measured")) {
        return observe::absent(static_cast<observe::Absence>(i));
      }
    }
    return base::fail(Code::kInvalidArgument, "it has no value, and no reason in not_measured");
  }
  const auto kind = observe::row(metric).kind;
  if (value->is_number_unsigned() && kind != observe::MetricKind::kGauge) {
    return observe::Reading<observe::Value>(observe::Value(value->get<std::uint64_t>()));
  }
  if (value->is_number()) {
    return value_of(metric, value->get<double>());
  }
  if (value->is_string() && kind == observe::MetricKind::kState) {
    return observe::Reading<observe::Value>(observe::Value(value->get<std::string>()));
  }
  constexpr std::size_t kBinsMost = 4096;
  const bool are_counts =
      value->is_array() && value->size() <= kBinsMost &&
      std::ranges::all_of(*value, [](const Json& one) { return one.is_number_unsigned(); });
  if (are_counts && kind == observe::MetricKind::kHistogram) {
    return observe::Reading<observe::Value>(
        observe::Value(observe::Histogram{value->get<std::vector<std::uint64_t>>()}));
  }
  return base::fail(Code::kInvalidArgument, "its value is none that this metric can have");
}

Result<diagnose::Mark> mark_of(const Json& line) {
  diagnose::Mark out;
  out.kind = text_in(line, "mark");
  if (std::ranges::find(mark_kinds(), out.kind) == mark_kinds().end()) {
    return base::fail(Code::kInvalidArgument,
                      "there is no mark '" + base::printable(out.kind, 40) + "'", {},
                      "There are maintenance, job, reboot and repair.");
  }
  out.subject = text_in(line, "subject");
  out.text = base::printable(text_in(line, "text"), 1000);
  const auto from = time_in(line, "from", {});
  const auto until = time_in(line, "until", {});
  if (!from || !until || from->ns == 0) {
    return base::fail(Code::kInvalidArgument, "a mark has a time from, and may have one until", {},
                      "Write them like 2026-11-22T19:14Z.");
  }
  out.from = *from;
  if (until->ns != 0) {
    out.until = *until;
    if (*until < *from) {
      return base::fail(Code::kInvalidArgument, "the mark ends before it begins");
    }
  }
  return out;
}

class Reader {
 public:
  explicit Reader(const JsonLinesOptions& options) : options_(options) {}

  Result<Imported> read(std::string_view text) {
    std::size_t number = 0;
    while (!text.empty()) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      const std::string_view line = base::trim(text.substr(0, end));
      text.remove_prefix(std::min(end + 1, text.size()));
      ++number;
      if (line.empty()) {
        continue;
      }
      if (auto done = take(line); !done) {
        if (done.error().code == Code::kResourceExhausted) {
          return tl::unexpected(done.error());
        }
        Imported& counts = intake_.counts();
        ++counts.bad_lines;
        if (counts.problems.size() < kProblemsMost) {
          counts.problems.push_back(fmt::format("line {}: {}", number, done.error().what));
        }
      }
    }
    return intake_.finish();
  }

 private:
  Result<void> take(std::string_view line) {
    const auto wrong = [](const char* what) { return base::fail(Code::kInvalidArgument, what); };
    if (line.size() > kLineBytesMost) {
      return wrong("it is longer than 64 KiB");
    }
    const Json json = Json::parse(line, nullptr, false);
    if (!json.is_object()) {
      return wrong("it is no JSON object");
    }
    ++intake_.counts().samples;
    if (json.contains("mark")) {
      auto mark = mark_of(json);
      if (!mark) {
        return tl::unexpected(mark.error());
      }
      intake_.counts().marks.push_back(*std::move(mark));
      return {};
    }
    const auto at = time_in(json, "at", options_.at);
    if (!at) {
      return wrong("its time is none");
    }
    std::string host = text_in(json, "host");
    host = host.empty() ? options_.host : host;
    return json.contains("metric") ? measure(json, *at, host) : happened(json, *at, host);
  }

  Result<void> measure(const Json& json, base::WallTime at, const std::string& host) {
    const std::string name = text_in(json, "metric");
    const auto metric = observe::find_metric(name);
    Imported& counts = intake_.counts();
    if (!metric) {
      ++counts.unmapped[base::printable(name, 100)];
      return {};
    }
    if (const std::string unit = text_in(json, "unit");
        !unit.empty() && unit != observe::row(*metric).unit) {
      ++counts.refused[{name, "its unit is not the catalogue's"}];
      return {};
    }
    if (host.empty()) {
      return base::fail(Code::kInvalidArgument, "it names no host, and --host is not given");
    }
    auto value = value_in(json, *metric);
    if (!value) {
      return tl::unexpected(value.error());
    }
    if (*metric == observe::Metric::kHostUptime) {
      const auto* seconds = *value ? std::get_if<double>(&**value) : nullptr;
      ++counts.taken[{name, name}];
      return seconds != nullptr && *seconds >= 0 && *seconds < 9e9
                 ? intake_.uptime(at, host, base::seconds(*seconds))
                 : Result<void>{};
    }
    auto done = intake_.take(at, place_of(json, host, is_link_state(*metric)), *metric,
                             base::printable(text_in(json, "label"), 200), *std::move(value));
    if (done) {
      ++counts.taken[{name, name}];
    }
    return done;
  }

  Result<void> happened(const Json& json, base::WallTime at, const std::string& host) {
    ImportedEvent out;
    out.host = host;
    out.event.at = at;
    out.event.kind = base::printable(text_in(json, "kind"), 60);
    out.event.text = base::printable(text_in(json, "text"), 2000);
    out.event.address = base::printable(text_in(json, "address"), 200);
    if (out.event.kind.empty()) {
      return base::fail(Code::kInvalidArgument, "it has none of metric, kind and mark");
    }
    for (const auto severity : {observe::Severity::kWarning, observe::Severity::kCritical}) {
      if (observe::key(severity) == text_in(json, "severity")) {
        out.event.severity = severity;
      }
    }
    intake_.counts().events.push_back(std::move(out));
    return {};
  }

  const JsonLinesOptions& options_;
  Intake intake_;
};

}  // namespace json_lines_import

base::Result<Imported> import_json_lines(std::string_view text, const JsonLinesOptions& options) {
  if (text.size() > json_lines_import::kBytesMost) {
    return base::fail(base::Code::kResourceExhausted, "more than 256 MiB of JSON lines", {},
                      "Import it in parts.");
  }
  return json_lines_import::Reader(options).read(text);
}

base::Result<diagnose::Mark> parse_mark(std::string_view json) {
  const auto object = json_lines_import::Json::parse(json, nullptr, false);
  if (!object.is_object()) {
    return base::fail(base::Code::kInvalidArgument, "a mark is one JSON object");
  }
  return json_lines_import::mark_of(object);
}

std::string mark_json(const diagnose::Mark& mark) {
  json_lines_import::Json out = {{"mark", mark.kind},
                                 {"subject", mark.subject},
                                 {"from", base::iso8601(mark.from)},
                                 {"text", mark.text}};
  if (mark.until) {
    out["until"] = base::iso8601(*mark.until);
  }
  return out.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace weft::serve
