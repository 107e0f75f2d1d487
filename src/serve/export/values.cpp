// SPDX-License-Identifier: Apache-2.0
#include "serve/export/values.h"

#include "base/text.h"
#include "serve/export/metrics_text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace weft::serve {
namespace export_values {

namespace prometheus = wire::prometheus;
using Json = nlohmann::ordered_json;
using observe::MetricKind;

constexpr std::array kAbsences = std::to_array(
    {observe::Absence::kNeedsRoot, observe::Absence::kNotProvided, observe::Absence::kNotSupported,
     observe::Absence::kUnreadable, observe::Absence::kGarbled, observe::Absence::kNotApplicable,
     observe::Absence::kNotModelled, observe::Absence::kAsleep});

std::string text_of(const Json& in, const char* name) {
  const auto at = in.find(name);
  return at != in.end() && at->is_string() ? at->get<std::string>() : std::string();
}

/// False where it is no value of ours.
bool read_value_into(const Json& in, MetricKind kind, observe::Value& out) {
  if (in.is_number_unsigned() && kind != MetricKind::kGauge) {
    out = in.get<std::uint64_t>();
  } else if (in.is_number()) {
    out = in.get<double>();
  } else if (in.is_string()) {
    out = in.get<std::string>();
  } else if (in.is_array()) {
    observe::Histogram& histogram = out.emplace<observe::Histogram>();
    for (const Json& bin : in) {
      if (!bin.is_number_unsigned()) {
        return false;
      }
      histogram.counts.push_back(bin.get<std::uint64_t>());
    }
  } else {
    return false;
  }
  return true;
}

observe::Reading<observe::Value> reading_of(const Json& in, MetricKind kind) {
  if (const auto at = in.find("value"); at != in.end()) {
    observe::Value value;
    if (read_value_into(*at, kind, value)) {
      return value;
    }
    return observe::absent(observe::Absence::kGarbled);
  }
  const std::string reason = text_of(in, "not_measured");
  for (const observe::Absence why : kAbsences) {
    if (observe::key(why) == reason) {
      return observe::absent(why);
    }
  }
  return observe::absent(observe::Absence::kNotProvided);
}

/// nullopt where the metric is none that this program knows.
std::optional<ExportValue> read_value(const Json& in) {
  if (!in.is_object()) {
    return std::nullopt;
  }
  const std::string name = text_of(in, "metric");
  const auto at = in.find("at");
  constexpr double kLatest = 9e9;
  const double seconds = at != in.end() && at->is_number() ? at->get<double>() : kLatest;
  for (const observe::MetricRow& row : observe::metrics()) {
    if (row.key != name || !(std::abs(seconds) < kLatest)) {
      continue;
    }
    ExportValue out;
    out.subject = text_of(in, "subject");
    out.of = text_of(in, "of");
    out.host = text_of(in, "host");
    out.name = text_of(in, "name");
    out.metric = row.metric;
    out.label = text_of(in, "label");
    out.at = {std::llround(seconds * 1e3) * 1'000'000};
    out.value = reading_of(in, row.kind);
    return out;
  }
  return std::nullopt;
}

std::optional<double> number_of(const observe::Value& value) {
  if (const auto* whole = std::get_if<std::uint64_t>(&value)) {
    return static_cast<double>(*whole);
  }
  if (const auto* real = std::get_if<double>(&value)) {
    return *real;
  }
  return std::nullopt;
}

struct Numbered {
  prometheus::Labels labels;
  double value = 0;
};

/// One sample, or one for each bin; none for a text.
std::vector<Numbered> numbers_of(const ExportValue& value) {
  const observe::MetricRow& row = observe::row(value.metric);
  std::vector<Numbered> out;
  if (const auto number = number_of(*value.value)) {
    out.push_back({labels_of(value), *number * row.prometheus_scale});
  }
  if (const auto* histogram = std::get_if<observe::Histogram>(&*value.value)) {
    // Bins that are no single number are named behind the lane: "total 0,1-3".
    const auto words = base::words(value.label);
    const auto names =
        words.size() == 2 ? base::split(words[1], ',') : std::vector<std::string_view>{};
    ExportValue plain = value;
    plain.label = words.empty() ? std::string() : std::string(words[0]);
    for (std::size_t i = 0; i < histogram->counts.size(); ++i) {
      auto labels = labels_of(plain);
      labels.emplace_back("symbols", names.size() == histogram->counts.size()
                                         ? std::string(names[i])
                                         : std::to_string(i));
      out.push_back(
          {std::move(labels), static_cast<double>(histogram->counts[i]) * row.prometheus_scale});
    }
  }
  return out;
}

std::string csv_field(std::string_view text) {
  // A spreadsheet takes what begins with =, +, - or @ for a formula.
  std::string out =
      !text.empty() && std::string_view("=+-@").find(text[0]) != std::string_view::npos ? "\"'"
                                                                                        : "\"";
  for (const char c : text) {
    out += c == '"' ? std::string("\"\"") : std::string(1, c);
  }
  return out + "\"";
}

Json json_of(const ExportValue& value) {
  Json out = {{"at", base::iso8601(value.at)}};
  const std::pair<const char*, const std::string*> members[] = {
      {"host", &value.host}, {"of", &value.of}, {"name", &value.name}, {"subject", &value.subject}};
  for (const auto& [name, text] : members) {
    if (!text->empty()) {
      out[name] = *text;
    }
  }
  const observe::MetricRow& row = observe::row(value.metric);
  out["metric"] = row.key;
  out["label"] = value.label;
  out["unit"] = row.unit;
  if (!value.value) {
    out["not_measured"] = observe::key(value.value.error().why);
  } else if (const auto* histogram = std::get_if<observe::Histogram>(&*value.value)) {
    out["value"] = histogram->counts;
  } else if (const auto* text = std::get_if<std::string>(&*value.value)) {
    out["value"] = *text;
  } else if (const auto* whole = std::get_if<std::uint64_t>(&*value.value)) {
    out["value"] = *whole;
  } else {
    out["value"] = std::get<double>(*value.value);
  }
  return out;
}

std::string line_of(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace export_values

base::Result<std::vector<ExportValue>> values_of(std::string_view answer) {
  using export_values::Json;
  const Json json = Json::parse(answer, nullptr, false);
  const auto list = json.is_object() ? json.find("values") : json.end();
  if (!json.is_object() || list == json.end() || !list->is_array()) {
    return base::fail(base::Code::kDataLoss, "the answer has no values");
  }
  std::vector<ExportValue> out;
  for (const Json& each : *list) {
    if (auto value = export_values::read_value(each)) {
      out.push_back(*std::move(value));
    }
  }
  return out;
}

wire::prometheus::Labels labels_of(const ExportValue& value) {
  wire::prometheus::Labels out;
  if (!value.host.empty()) {
    out.emplace_back("host", value.host);
  }
  out.emplace_back(subject_kind(value.of, value.subject),
                   value.name.empty() ? value.subject : value.name);
  if (!value.label.empty()) {
    out.emplace_back(label_name(observe::row(value.metric)), value.label);
  }
  out.emplace_back("id", value.subject);  // two things may be called the same
  return out;
}

std::string exposition(std::span<const ExportValue> values) {
  std::vector<const ExportValue*> order;
  order.reserve(values.size());
  for (const ExportValue& value : values) {
    order.push_back(&value);
  }
  // Stable: all point into one array.
  std::sort(order.begin(), order.end(), [](const ExportValue* a, const ExportValue* b) {
    return a->metric != b->metric ? a->metric < b->metric : a < b;
  });
  constexpr std::size_t kUsualLine = 150;
  MetricsText out(values.size() * kUsualLine);
  SubjectLabels labels;
  const ExportValue* labelled = nullptr;
  for (const ExportValue* value : order) {
    if (labelled == nullptr || labelled->subject != value->subject ||
        labelled->host != value->host || labelled->name != value->name ||
        labelled->of != value->of) {
      labels = subject_labels(value->of, value->host, value->name, value->subject);
      labelled = value;
    }
    out.add(value->metric, labels, value->label, value->value);
  }
  return out.take();
}

std::vector<wire::prometheus::RemoteSeries> remote_series(std::span<const ExportValue> values) {
  std::vector<wire::prometheus::RemoteSeries> out;
  for (const ExportValue& value : values) {
    if (!value.value) {
      continue;
    }
    for (auto& number : export_values::numbers_of(value)) {
      number.labels.emplace_back("__name__", observe::row(value.metric).prometheus);
      wire::prometheus::RemoteSeries series;
      series.labels = std::move(number.labels);
      series.samples.push_back({number.value, value.at.ns / 1'000'000});
      out.push_back(std::move(series));
    }
  }
  return out;
}

std::string json_lines(std::span<const ExportValue> values) {
  std::string out;
  for (const ExportValue& value : values) {
    out += export_values::line_of(export_values::json_of(value));
  }
  return out;
}

std::string csv(std::span<const ExportValue> values) {
  std::string out = "at,host,of,name,subject,metric,label,unit,value,not_measured\n";
  for (const ExportValue& value : values) {
    const observe::MetricRow& row = observe::row(value.metric);
    std::string said;
    if (value.value) {
      const auto json = export_values::json_of(value)["value"];
      said = json.is_string()  ? export_values::csv_field(json.get<std::string>())
             : json.is_array() ? export_values::csv_field(json.dump())
                               : json.dump();
    }
    out +=
        fmt::format("{},{},{},{},{},{},{},{},{},{}\n", base::iso8601(value.at),
                    export_values::csv_field(value.host),
                    export_values::csv_field(subject_kind(value.of, value.subject)),
                    export_values::csv_field(value.name), export_values::csv_field(value.subject),
                    row.key, export_values::csv_field(value.label), row.unit, said,
                    value.value ? std::string_view() : observe::key(value.value.error().why));
  }
  return out;
}

}  // namespace weft::serve
