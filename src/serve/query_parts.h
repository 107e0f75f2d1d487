// SPDX-License-Identifier: Apache-2.0
// What the questions share: the request as it was understood, what people call a subject, findings
// as JSON. For query*.cpp and api/ only.
#pragma once

#include "serve/acknowledge.h"
#include "serve/query.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include <nlohmann/json_fwd.hpp>

namespace weft::serve::query_parts {

using Json = nlohmann::ordered_json;

inline constexpr std::size_t kSeriesMost = 1000;     ///< of one answer
inline constexpr std::size_t kPointsMost = 200'000;  ///< likewise
inline constexpr std::size_t kEventsMost = 10'000;
inline constexpr std::size_t kListMost = 100'000;  ///< series and last values

enum class Function { kRaw, kMean, kMin, kMax, kRate, kIncrease };

struct Ask {
  std::string what;
  std::string subject = "*";
  std::optional<observe::Metric> metric;
  std::string label;
  std::string kind = "*";
  std::string phase = "living";
  base::WallTime from;
  base::WallTime until;
  std::int64_t step_ns = 0;
  std::optional<Function> function;
  std::uint64_t after = 0;  ///< sequence number of an event
  std::size_t offset = 0;
  std::optional<std::size_t> count;
};

[[nodiscard]] base::Result<Ask> read_ask(std::string_view request, base::WallTime now);
[[nodiscard]] std::string_view key(Function function);

/// What people call the subjects of a store, which keeps the records: not for longer than nothing
/// is put there.
class Names {
 public:
  explicit Names(const telemetry::Store& store);
  /// nullptr where nobody has told.
  [[nodiscard]] const telemetry::SubjectRecord* find(std::string_view subject) const;
  /// Adds "subject", and "host", "name", "planned" where they are known.
  void tell(const std::string& subject, Json& out) const;
  /// By id, name, host/name or planned name.
  [[nodiscard]] bool fits(std::string_view pattern, const std::string& subject) const;

 private:
  std::unordered_map<std::string_view, const telemetry::SubjectRecord*> records_;
};

/// Seconds since 1970, to the nanosecond as far as a double goes.
[[nodiscard]] double seconds_of(base::WallTime at);
[[nodiscard]] Json value_json(const observe::Value& value);
[[nodiscard]] Json finding_json(const diagnose::LivingFinding& living);
/// With "acknowledged" where somebody has and it holds.
[[nodiscard]] Json finding_json(const diagnose::LivingFinding& living,
                                const Acknowledgements& known, base::WallTime now);
[[nodiscard]] Acknowledgements acknowledgements_of(const QuerySource& source);
/// The store, or the error that there is none.
[[nodiscard]] base::Result<const telemetry::Store*> store_of(const QuerySource& source);

/// The last point of each series that is asked for, in order of keys.
[[nodiscard]] base::Result<std::map<telemetry::SeriesKey, telemetry::Point>> last_points(
    const QuerySource& source, const telemetry::Store& store, const Ask& ask, const Names& names);

[[nodiscard]] base::Result<Json> history(const QuerySource& source, const Ask& ask);
[[nodiscard]] base::Result<Json> events(const QuerySource& source, const Ask& ask);
[[nodiscard]] base::Result<Json> top(const QuerySource& source, const Ask& ask);
[[nodiscard]] base::Result<Json> findings(const QuerySource& source, const Ask& ask);
[[nodiscard]] base::Result<Json> series(const QuerySource& source, const Ask& ask);
[[nodiscard]] base::Result<Json> last(const QuerySource& source, const Ask& ask);

}  // namespace weft::serve::query_parts
