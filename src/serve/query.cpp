// SPDX-License-Identifier: Apache-2.0
#include "serve/query.h"

#include "base/text.h"
#include "serve/query_parts.h"

#include <array>
#include <chrono>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace weft::serve {
namespace query_parts {

using base::Code;
using base::Result;

constexpr std::int64_t kNsPerS = 1'000'000'000;

struct FunctionRow {
  std::string_view key;
  Function function;
};
constexpr std::array kFunctions = std::to_array<FunctionRow>({{"raw", Function::kRaw},
                                                              {"mean", Function::kMean},
                                                              {"min", Function::kMin},
                                                              {"max", Function::kMax},
                                                              {"rate", Function::kRate},
                                                              {"increase", Function::kIncrease}});

struct Question {
  std::string_view name;
  Result<Json> (*run)(const QuerySource&, const Ask&);
  double since_s;  ///< where the request does not say
  std::string_view members;
};
constexpr std::array kQuestions = std::to_array<Question>({
    {"history", &history, 3600,
     " subject metric label since since_s until until_s step_s function "},
    {"events", &events, 86400, " subject kind since since_s until until_s after count "},
    {"top", &top, 600, " count since_s "},
    {"findings", &findings, 0, " subject phase offset count "},
    {"series", &series, 0, " subject metric label offset count "},
    {"last", &last, 600, " subject metric label since_s offset count "},
});

/// The nearest metric's key, by how much of it is the same.
std::string near_metric(std::string_view asked) {
  std::string out;
  for (const observe::MetricRow& row : observe::metrics()) {
    if (row.key.find(asked) != std::string_view::npos || row.prometheus == asked) {
      out += (out.empty() ? "" : ", ") + std::string(row.key);
    }
  }
  return out.empty() ? "docs/METRICS.md lists all." : "There is " + out + ".";
}

/// Reads members one by one; the first mistake stays.
class Reader {
 public:
  Reader(const Json& request, base::WallTime now) : request_(request), now_(now) {}

  void text(const char* name, std::string& out) {
    if (const Json* at = member(name)) {
      if (!at->is_string() || at->get_ref<const std::string&>().size() > 1000) {
        wrong(name, "is no text of at most 1,000 bytes");
        return;
      }
      out = at->get<std::string>();
    }
  }
  template <class Number>
  void whole(const char* name, Number& out) {
    if (const Json* at = member(name)) {
      if (!at->is_number_unsigned()) {
        wrong(name, "is no whole number");
        return;
      }
      out = at->get<std::uint64_t>();
    }
  }
  /// Seconds, in nanoseconds.
  std::optional<std::int64_t> seconds(const char* name) {
    const Json* at = member(name);
    if (at == nullptr) {
      return std::nullopt;
    }
    const double value = at->is_number() ? at->get<double>() : -1;
    if (!(value >= 0 && value <= kSecondsMost)) {
      wrong(name, "is no number of seconds");
      return std::nullopt;
    }
    return static_cast<std::int64_t>(value * static_cast<double>(kNsPerS));
  }
  std::optional<base::WallTime> time(const char* name) {
    std::string written;
    text(name, written);
    if (written.empty()) {
      return std::nullopt;
    }
    const auto at = parse_time(written);
    if (!at) {
      wrong(name, at.error().what, at.error().hint);
      return std::nullopt;
    }
    return *at;
  }
  void wrong(std::string_view name, std::string_view what, std::string hint = {}) {
    if (!error_) {
      error_ = base::Error{Code::kInvalidArgument, std::string(what), std::string(name),
                           std::move(hint)};
    }
  }
  [[nodiscard]] const std::optional<base::Error>& error() const { return error_; }
  [[nodiscard]] base::WallTime now() const { return now_; }

 private:
  const Json* member(const char* name) {
    const auto at = request_.find(name);
    return at == request_.end() ? nullptr : &*at;
  }
  const Json& request_;
  base::WallTime now_;
  std::optional<base::Error> error_;
};

void read_times(Reader& reader, double since_s, Ask& out) {
  out.until = {reader.now().ns + 1};  // what is of this very moment is in
  if (const auto ago = reader.seconds("until_s")) {
    out.until = {reader.now().ns - *ago};
  }
  if (const auto at = reader.time("until")) {
    out.until = *at;
  }
  out.from = {reader.now().ns - static_cast<std::int64_t>(since_s * 1e9)};
  if (const auto ago = reader.seconds("since_s")) {
    out.from = {reader.now().ns - *ago};
  }
  if (const auto at = reader.time("since")) {
    out.from = *at;
  }
  if (out.from >= out.until) {
    reader.wrong("since", "is not before the end", "Say an earlier since, or a later until.");
  }
}

void read_series(Reader& reader, Ask& out) {
  std::string metric;
  reader.text("metric", metric);
  if (!metric.empty()) {
    out.metric = observe::find_metric(metric);
    if (!out.metric) {
      reader.wrong("metric", "there is no metric '" + base::printable(metric, 60) + "'",
                   near_metric(metric));
    }
  }
  reader.text("label", out.label);
  if (const auto step = reader.seconds("step_s")) {
    out.step_ns = *step;
  }
  std::string function;
  reader.text("function", function);
  for (const FunctionRow& row : kFunctions) {
    if (row.key == function) {
      out.function = row.function;
    }
  }
  if (!function.empty() && !out.function) {
    reader.wrong("function", "there is no function '" + base::printable(function, 40) + "'",
                 "There is raw, mean, min, max, rate, increase.");
  }
}

const Question* find_question(std::string_view name) {
  for (const Question& question : kQuestions) {
    if (question.name == name) {
      return &question;
    }
  }
  return nullptr;
}

Result<Ask> read_ask(std::string_view request, base::WallTime now) {
  if (request.size() > kRequestBytesMost) {
    return base::fail(Code::kResourceExhausted, "the request is longer than 16 KiB");
  }
  const Json json = Json::parse(request, nullptr, false);
  if (!json.is_object()) {
    return base::fail(Code::kInvalidArgument, "the request is no JSON object", {},
                      R"(Ask like {"ask":"findings"}.)");
  }
  Reader reader(json, now);
  Ask out;
  reader.text("ask", out.what);
  const Question* question = find_question(out.what);
  if (question == nullptr) {
    return base::fail(Code::kNotFound, "there is no such question", base::printable(out.what, 60),
                      "Ask history, events, top, findings, series or last.");
  }
  for (const auto& [name, value] : json.items()) {
    if (name != "ask" && question->members.find(" " + name + " ") == std::string_view::npos) {
      return base::fail(
          Code::kInvalidArgument,
          fmt::format("'{}' has no '{}'", question->name, base::printable(name, 60)), {},
          fmt::format("It has{}.", question->members.substr(0, question->members.size() - 1)));
    }
  }
  reader.text("subject", out.subject);
  reader.text("kind", out.kind);
  reader.text("phase", out.phase);
  reader.whole("after", out.after);
  reader.whole("offset", out.offset);
  if (json.contains("count")) {
    reader.whole("count", out.count.emplace());
  }
  read_series(reader, out);
  if (question->since_s > 0) {
    read_times(reader, question->since_s, out);
  }
  if (reader.error()) {
    return tl::unexpected(*reader.error());
  }
  return out;
}

std::string_view key(Function function) {
  for (const FunctionRow& row : kFunctions) {
    if (row.function == function) {
      return row.key;
    }
  }
  return "raw";
}

Json error_json(const base::Error& error) {
  return {{"code", base::name(error.code)},
          {"what", error.what},
          {"where", error.where},
          {"hint", error.hint}};
}

Json head(bool is_simulated) {
  Json out = {{"schema", kPlaneSchema}};
  if (is_simulated) {
    out["simulated"] = true;
  }
  return out;
}

std::string line(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace query_parts

std::string greeting(bool is_simulated) {
  auto out = query_parts::head(is_simulated);
  out["service"] = "plane";
  return query_parts::line(out);
}

std::string answer(const QuerySource& source, std::string_view request) {
  auto out = query_parts::head(source.is_simulated);
  const auto ask = query_parts::read_ask(request, source.now);
  auto said = ask ? query_parts::find_question(ask->what)->run(source, *ask)
                  : base::Result<query_parts::Json>(tl::unexpected(ask.error()));
  if (!said) {
    return refusal(source.is_simulated, said.error());
  }
  out["ok"] = true;
  out["ask"] = ask->what;
  out["now"] = base::iso8601(source.now);
  out.update(*said);
  return query_parts::line(out);
}

std::string refusal(bool is_simulated, const base::Error& error) {
  auto out = query_parts::head(is_simulated);
  out["ok"] = false;
  out["error"] = query_parts::error_json(error);
  return query_parts::line(out);
}

base::Result<base::WallTime> parse_time(std::string_view text) {
  const auto wrong = [&] {
    return base::fail(base::Code::kInvalidArgument,
                      "'" + base::printable(text, 40) + "' is no time", {},
                      "Write it like 2026-11-22T19:14:23Z.");
  };
  std::string_view rest = text.ends_with('Z') ? text.substr(0, text.size() - 1) : text;
  constexpr std::string_view kShape = "0000-00-00T00:00:00";
  constexpr std::array<std::size_t, 3> kLengths = {10, 16, 19};
  std::int64_t fraction_ns = 0;
  if (rest.size() > kShape.size()) {
    const std::string_view digits = rest.substr(kShape.size() + 1);
    const auto number = base::parse_unsigned(digits);
    if (rest[kShape.size()] != '.' || !number || digits.size() > 9) {
      return wrong();
    }
    fraction_ns = static_cast<std::int64_t>(*number);
    for (std::size_t i = digits.size(); i < 9; ++i) {
      fraction_ns *= 10;
    }
    rest = rest.substr(0, kShape.size());
  }
  if (rest.size() != kLengths[0] && rest.size() != kLengths[1] && rest.size() != kLengths[2]) {
    return wrong();
  }
  for (std::size_t i = 0; i < rest.size(); ++i) {
    const bool is_digit = rest[i] >= '0' && rest[i] <= '9';
    if (kShape[i] == '0' ? !is_digit : rest[i] != kShape[i] && !(i == 10 && rest[i] == ' ')) {
      return wrong();
    }
  }
  const auto part = [&](std::size_t at, std::size_t length) {
    return at + length <= rest.size()
               ? static_cast<int>(*base::parse_unsigned(rest.substr(at, length)))
               : 0;
  };
  const std::chrono::year_month_day day{std::chrono::year(part(0, 4)),
                                        std::chrono::month(static_cast<unsigned>(part(5, 2))),
                                        std::chrono::day(static_cast<unsigned>(part(8, 2)))};
  constexpr int kFirstYear = 1970;
  constexpr int kLastYear = 2199;  // and kSecondsMost from it is a time of nanoseconds still
  if (!day.ok() || part(0, 4) < kFirstYear || part(0, 4) > kLastYear || part(11, 2) > 23 ||
      part(14, 2) > 59 || part(17, 2) > 60) {
    return wrong();
  }
  const std::int64_t days = std::chrono::sys_days(day).time_since_epoch().count();
  const std::int64_t seconds = ((days * 24 + part(11, 2)) * 60 + part(14, 2)) * 60 + part(17, 2);
  return base::WallTime{seconds * query_parts::kNsPerS + fraction_ns};
}

}  // namespace weft::serve
