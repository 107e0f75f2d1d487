// SPDX-License-Identifier: Apache-2.0
// Last values on their way to others: read from an answer of the plane, written as Prometheus
// exposition, as series of remote_write, as JSON lines and as CSV. Names, units and help are the
// catalogue's; a value that was not measured is left out and counted by its reason.
#pragma once

#include "base/result.h"
#include "base/time.h"
#include "observe/metric.h"
#include "observe/snapshot.h"
#include "wire/prometheus/remote_write.h"
#include "wire/prometheus/text.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weft::serve {

struct ExportValue {
  std::string subject;  ///< text of the id
  std::string of;       ///< "device", "port", "link"; empty: told by the id's prefix
  std::string host;
  std::string name;
  observe::Metric metric{};
  std::string label;
  base::WallTime at;
  observe::Reading<observe::Value> value;
};

/// Values of an answer to "last". kDataLoss where it is none; what the plane refused is its error.
[[nodiscard]] base::Result<std::vector<ExportValue>> values_of(std::string_view answer);

/// Labels as Prometheus has them: host; device, port or link; lane, sensor, type or label; id.
[[nodiscard]] wire::prometheus::Labels labels_of(const ExportValue& value);

[[nodiscard]] std::string exposition(std::span<const ExportValue> values);
/// One sample each, of its own time.
[[nodiscard]] std::vector<wire::prometheus::RemoteSeries> remote_series(
    std::span<const ExportValue> values);
/// docs/formats/export.md
[[nodiscard]] std::string json_lines(std::span<const ExportValue> values);
[[nodiscard]] std::string csv(std::span<const ExportValue> values);

}  // namespace weft::serve
