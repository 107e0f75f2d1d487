// SPDX-License-Identifier: Apache-2.0
// The catalogue of metrics and event kinds as other people read it: the page docs/METRICS.md, JSON
// for the web page and clients, and one Prometheus exposition with every metric once, by which
// `promtool check metrics` judges the names. All three come from the tables of metric.h and
// event_kind.h; a test holds docs/METRICS.md to the first.
#pragma once

#include <string>

namespace weft::observe {

/// The gauge that stands for a value that is not there: 1, with labels metric, label and reason.
inline constexpr const char* kNotMeasuredName = "weft_not_measured";

[[nodiscard]] std::string catalogue_markdown();
[[nodiscard]] std::string catalogue_json();
/// HELP, TYPE and one sample of each metric.
[[nodiscard]] std::string catalogue_exposition();

}  // namespace weft::observe
