// SPDX-License-Identifier: Apache-2.0
// Prometheus' text exposition format 0.0.4: written for whoever scrapes us, read from exporters.
// Reading also takes the lines that OpenMetrics 1.0 adds (# UNIT, # EOF, exemplars; times there are
// seconds, which `is_open_metrics` says). Text from outside is hostile: lengths, labels and lines
// are bounded, a bad line is told with its number and the rest is read.
#pragma once

#include "base/result.h"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::wire::prometheus {

enum class Type : std::uint8_t { kUntyped, kCounter, kGauge, kHistogram, kSummary };
[[nodiscard]] std::string_view key(Type type);

/// Name and value, in the order given.
using Labels = std::vector<std::pair<std::string, std::string>>;

struct TextSample {
  std::string name;  ///< the family's, or with _total, _bucket, _sum, _count behind it
  Labels labels;
  double value = 0;
  std::optional<std::int64_t> at_ms;  ///< since 1970; absent: when it was read
  friend bool operator==(const TextSample&, const TextSample&) = default;
};

struct Family {
  std::string name;
  std::string help;
  Type type = Type::kUntyped;
  std::vector<TextSample> samples;
};

/// [a-zA-Z_:][a-zA-Z0-9_:]*
[[nodiscard]] bool is_metric_name(std::string_view name);
/// [a-zA-Z_][a-zA-Z0-9_]*
[[nodiscard]] bool is_label_name(std::string_view name);

/// Adds families to `out`: HELP, TYPE, samples. @pre names are such; values and help may be any
/// text.
void write(const Family& family, std::string& out);

struct TextLimits {
  std::size_t bytes_max = std::size_t{64} << 20;
  std::size_t line_bytes_max = 64 * 1024;
  std::size_t samples_max = 2'000'000;
  std::size_t labels_max = 64;  ///< of one sample
  std::size_t problems_max = 20;
};

struct Exposition {
  std::vector<Family> families;       ///< in the order of their first line
  std::vector<std::string> problems;  ///< "line 12: …"; at most problems_max, then a count
  std::size_t bad_lines = 0;
};

/// kResourceExhausted where the whole is over its limits. Lines that are wrong are problems.
[[nodiscard]] base::Result<Exposition> read(std::string_view text, bool is_open_metrics = false,
                                            const TextLimits& limits = {});

}  // namespace weft::wire::prometheus
