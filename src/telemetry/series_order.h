// SPDX-License-Identifier: Apache-2.0
// Series by metric, subject and label, as Prometheus' text and tables want them. Hundreds of
// thousands are put in order by counting; only labels of one metric at one subject are compared.
#pragma once

#include "telemetry/series.h"

#include <optional>
#include <vector>

namespace weft::telemetry {

/// A series and its newest point; both are somebody else's and stay where they are.
struct SeriesPlace {
  const SeriesKey* key = nullptr;
  const std::optional<Point>* last = nullptr;
};

/// Puts them in order; no two have the same key.
void put_in_order(std::vector<SeriesPlace>& places);

}  // namespace weft::telemetry
