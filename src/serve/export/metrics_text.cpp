// SPDX-License-Identifier: Apache-2.0
#include "serve/export/metrics_text.h"

#include "base/text.h"
#include "observe/catalogue.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

namespace weft::serve {
namespace metrics_text {

using observe::MetricKind;

/// What the format escapes in a label's value.
void append_escaped(std::string_view text, std::string& out) {
  while (!text.empty()) {
    const std::size_t plain = std::min(text.find_first_of("\\\"\n"), text.size());
    out += text.substr(0, plain);
    text.remove_prefix(plain);
    if (!text.empty()) {
      out += '\\';
      out += text[0] == '\n' ? 'n' : text[0];
      text.remove_prefix(1);
    }
  }
}

void append_label(char before, std::string_view name, std::string_view value, std::string& out) {
  out += before;
  out += name;
  out += "=\"";
  append_escaped(value, out);
  out += '"';
}

void append_head(std::string_view name, std::string_view help, std::string_view type,
                 std::string& out) {
  out += "# HELP ";
  out += name;
  out += ' ';
  for (const char c : help) {  // quotes stand for themselves here
    out += c == '\\' ? "\\\\" : c == '\n' ? "\\n" : std::string(1, c);
  }
  out += "\n# TYPE ";
  out += name;
  out += ' ';
  out += type;
  out += '\n';
}

}  // namespace metrics_text

std::string_view subject_kind(std::string_view of, std::string_view subject) {
  if (of == "device" || of == "port" || of == "link") {
    return of;
  }
  return subject.starts_with("dev-")   ? "device"
         : subject.starts_with("prt-") ? "port"
         : subject.starts_with("lnk-") ? "link"
                                       : "subject";
}

std::string_view label_name(const observe::MetricRow& row) {
  return row.label.starts_with("lane")                      ? "lane"
         : row.label == "sensor"                            ? "sensor"
         : row.label == "error type"                        ? "type"
         : row.kind == metrics_text::MetricKind::kHistogram ? "lane"
                                                            : "label";
}

SubjectLabels subject_labels(std::string_view of, std::string_view host, std::string_view name,
                             std::string_view subject) {
  SubjectLabels out;
  char before = '{';
  if (!host.empty()) {
    metrics_text::append_label(std::exchange(before, ','), "host", host, out.head);
  }
  metrics_text::append_label(before, subject_kind(of, subject), name.empty() ? subject : name,
                             out.head);
  metrics_text::append_label(',', "id", subject, out.tail);  // two things may be called the same
  return out;
}

MetricsText::MetricsText(std::size_t bytes)
    : absent_(static_cast<std::size_t>(observe::Metric::kCount_)) {
  out_.reserve(bytes);
}

void MetricsText::begin(const observe::MetricRow& row) {
  using metrics_text::MetricKind;
  row_ = &row;
  label_name_ = label_name(row);
  const bool counts = row.kind == MetricKind::kCounter || row.kind == MetricKind::kHistogram;
  metrics_text::append_head(row.prometheus, row.help, counts ? "counter" : "gauge", out_);
}

void MetricsText::head_of(const SubjectLabels& subject, std::string_view label) {
  out_ += row_->prometheus;
  out_ += subject.head;
  if (!label.empty()) {
    metrics_text::append_label(',', label_name_, label, out_);
  }
  out_ += subject.tail;
}

void MetricsText::add_number(std::uint64_t value) {
  if (row_->prometheus_scale != 1) {
    add_number(static_cast<double>(value));
    return;
  }
  std::array<char, 24> room{};
  const auto end = std::to_chars(room.data(), room.data() + room.size(), value).ptr;
  out_ += "} ";
  out_.append(room.data(), end);
  out_ += '\n';
}

void MetricsText::add_number(double value) {
  value *= row_->prometheus_scale;
  out_ += "} ";
  if (std::isfinite(value)) {
    std::array<char, 32> room{};
    const auto end = std::to_chars(room.data(), room.data() + room.size(), value).ptr;
    out_.append(room.data(), end);
  } else {
    out_ += std::isnan(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
  }
  out_ += '\n';
}

/// A line for each bin. Bins that are no single number are named behind the lane: "total 0,1-3".
void MetricsText::add_histogram(const SubjectLabels& subject, std::string_view label,
                                const observe::Histogram& histogram) {
  const auto words = base::words(label);
  const auto names =
      words.size() == 2 ? base::split(words[1], ',') : std::vector<std::string_view>{};
  for (std::size_t i = 0; i < histogram.counts.size(); ++i) {
    head_of(subject, words.empty() ? std::string_view() : words[0]);
    metrics_text::append_label(
        ',', "symbols",
        names.size() == histogram.counts.size() ? std::string(names[i]) : std::to_string(i), out_);
    add_number(histogram.counts[i]);
  }
}

void MetricsText::add(observe::Metric metric, const SubjectLabels& subject, std::string_view label,
                      const observe::Reading<observe::Value>& value) {
  if (!value) {
    const auto why = std::min(static_cast<std::size_t>(value.error().why), kAbsences - 1);
    ++absent_[static_cast<std::size_t>(metric)].at(why);
    return;
  }
  if (std::holds_alternative<std::string>(*value)) {
    return;
  }
  if (row_ == nullptr || row_->metric != metric) {
    begin(observe::row(metric));
  }
  if (const auto* histogram = std::get_if<observe::Histogram>(&*value)) {
    add_histogram(subject, label, *histogram);
    return;
  }
  head_of(subject, label);
  if (const auto* whole = std::get_if<std::uint64_t>(&*value)) {
    add_number(*whole);
  } else {
    add_number(std::get<double>(*value));
  }
}

std::string MetricsText::take() {
  struct Count {
    std::string_view metric, reason;
    std::uint64_t count = 0;
  };
  std::vector<Count> counts;
  for (std::size_t metric = 0; metric < absent_.size(); ++metric) {
    for (std::size_t why = 0; why < kAbsences; ++why) {
      if (const std::uint64_t count = absent_[metric].at(why); count > 0) {
        counts.push_back({observe::row(static_cast<observe::Metric>(metric)).key,
                          observe::key(static_cast<observe::Absence>(why)), count});
      }
    }
  }
  std::ranges::sort(counts, {}, [](const Count& one) { return std::pair(one.metric, one.reason); });
  if (!counts.empty()) {
    metrics_text::append_head(observe::kNotMeasuredName,
                              "Series without a value, by metric and reason", "gauge", out_);
  }
  for (const Count& one : counts) {
    out_ += observe::kNotMeasuredName;
    metrics_text::append_label('{', "metric", one.metric, out_);
    metrics_text::append_label(',', "reason", one.reason, out_);
    out_ += "} " + std::to_string(one.count) + '\n';
  }
  return std::move(out_);
}

}  // namespace weft::serve
