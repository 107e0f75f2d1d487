// SPDX-License-Identifier: Apache-2.0
// Writes last values as Prometheus text into one buffer, family by family: what a scrape of some
// hundred thousand samples waits for. What a subject is called is made into label text once. For
// values.cpp and api/ only; the caller brings values in the order in which they are to stand.
#pragma once

#include "observe/metric.h"
#include "observe/snapshot.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weft::serve {

/// "device", "port" or "link" as it was told, else by the id's prefix; "subject" where nothing
/// tells.
[[nodiscard]] std::string_view subject_kind(std::string_view of, std::string_view subject);
/// The Prometheus label that tells what a metric's own label tells: "lane", "sensor", …
[[nodiscard]] std::string_view label_name(const observe::MetricRow& row);

/// A subject's labels, before and behind that of the metric.
struct SubjectLabels {
  std::string head;  ///< {host="n7",port="eth0"
  std::string tail;  ///< ,id="prt-…"
};
[[nodiscard]] SubjectLabels subject_labels(std::string_view of, std::string_view host,
                                           std::string_view name, std::string_view subject);

class MetricsText {
 public:
  /// Room for so many bytes.
  explicit MetricsText(std::size_t bytes = 0);

  /// @pre values of one metric come one after the other. Texts are left out.
  void add(observe::Metric metric, const SubjectLabels& subject, std::string_view label,
           const observe::Reading<observe::Value>& value);
  /// All, with the counts of what was not measured at the end. Call once.
  [[nodiscard]] std::string take();

 private:
  void begin(const observe::MetricRow& row);
  void head_of(const SubjectLabels& subject, std::string_view label);
  void add_histogram(const SubjectLabels& subject, std::string_view label,
                     const observe::Histogram& histogram);
  void add_number(double value);
  void add_number(std::uint64_t value);

  static constexpr std::size_t kAbsences = 16;
  std::string out_;
  const observe::MetricRow* row_ = nullptr;
  std::string_view label_name_;
  std::vector<std::array<std::uint64_t, kAbsences>> absent_;  ///< by metric
};

}  // namespace weft::serve
