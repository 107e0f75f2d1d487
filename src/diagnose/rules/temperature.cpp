// SPDX-License-Identifier: Apache-2.0
// Sensors whose own chip says that they are too hot, by alarm or by limit.
#include "diagnose/rules.h"

#include <fmt/format.h>

namespace weft::diagnose {
namespace {

std::optional<double> celsius(const observe::Sample& sample) {
  if (!sample.value) {
    return std::nullopt;
  }
  const auto* value = std::get_if<double>(&*sample.value);
  return value ? std::optional(*value) : std::nullopt;
}

}  // namespace

void find_hot_parts(Context& context) {
  for (std::size_t host = 0; host < context.hosts().size(); ++host) {
    const auto& snapshot = context.snapshot(host);
    for (const auto& sample : snapshot.samples) {
      if (sample.metric != observe::Metric::kTemperature) {
        continue;
      }
      const auto now = celsius(sample);
      const auto alarm =
          context.number(host, sample.subject, observe::Metric::kTemperatureAlarm, sample.label);
      std::optional<double> limit;
      for (const auto* other : context.samples(host, sample.subject)) {
        if (other->metric == observe::Metric::kTemperatureLimit && other->label == sample.label) {
          limit = celsius(*other);
        }
      }
      const bool is_over = now && limit && *limit > 0 && *now >= *limit;
      if (!is_over && alarm.value_or(0) == 0) {
        continue;
      }
      const auto* id = std::get_if<fabric::DeviceId>(&sample.subject);
      const auto* device = id == nullptr ? nullptr : snapshot.fabric.device(*id);
      auto& finding =
          context.add(host, sample.subject, device == nullptr ? sample.label : device->name,
                      Level::kWarning, "too_hot",
                      now ? fmt::format("{} at {:.1f} Cel{}", sample.label, *now,
                                        limit ? fmt::format(", limit {:.1f} Cel", *limit) : "")
                          : sample.label + " raises its alarm");
      finding.cause = "cooling, or the part's load; a hot link part has less margin";
      finding.next_step = "Check fans and airflow at this part.";
    }
  }
}

}  // namespace weft::diagnose
