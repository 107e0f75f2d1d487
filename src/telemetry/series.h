// SPDX-License-Identifier: Apache-2.0
// What a number in time belongs to. A series is one metric of one subject under one label; its
// points are values, or the reason why there was none. Everything in telemetry/ and above names
// series by this key. Subjects are texts of ids ("lnk-…"), which come from places and stay; what
// people call them is kept beside them in a SubjectRecord.
#pragma once

#include "base/time.h"
#include "observe/metric.h"
#include "observe/reading.h"
#include "observe/snapshot.h"

#include <compare>
#include <functional>
#include <string>
#include <vector>

namespace weft::telemetry {

struct SeriesKey {
  std::string subject;  ///< observe::text() of the subject: "prt-…"
  observe::Metric metric{};
  std::string label;
  friend auto operator<=>(const SeriesKey&, const SeriesKey&) = default;
};

struct Point {
  base::WallTime at;
  observe::Reading<observe::Value> value;
};

struct KeyedPoint {
  SeriesKey key;
  Point point;
};

/// What people call a subject, and which part it was from when to when. A subject whose part is
/// replaced gets a second record; the first one's `until` is set.
struct SubjectRecord {
  std::string subject;
  std::string kind;           ///< "device", "port", "link"
  std::string host;           ///< host name, as its source tells it; may be empty
  std::string name;           ///< "0000:3b:00.0", "eth0", "0000:16:00.0 - 0000:17:00.0"
  std::string planned;        ///< name in the rack file, where it is known to be this one
  fabric::PartIdentity part;  ///< of a port: the module plugged into it
  base::WallTime since;
  base::WallTime until;  ///< 0: still so
};

}  // namespace weft::telemetry

template <>
struct std::hash<weft::telemetry::SeriesKey> {
  std::size_t operator()(const weft::telemetry::SeriesKey& key) const noexcept {
    const std::hash<std::string> of;
    return (of(key.subject) * 31 + static_cast<std::size_t>(key.metric)) * 31 + of(key.label);
  }
};
