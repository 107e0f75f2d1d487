// SPDX-License-Identifier: Apache-2.0
// For benchmarks of the store: samples such as a poll of a living rack gives them, in shares that
// are assumed, not counted. Drawn from a seed; the noise of each kind of
// series is stated where it is drawn. Times are on a grid of milliseconds, with a jitter of some.
#pragma once

#include "base/random.h"
#include "telemetry/store.h"

#include <cmath>
#include <vector>

namespace weft::telemetry {

/// Series of a rack, and their next values.
class RackSamples {
 public:
  /// What a series does. Shares of a hundred series: see kShares.
  enum class Kind : std::uint8_t {
    kStill,        ///< a counter or limit that does not move
    kRare,         ///< a counter that moves by one now and then (once in 200 polls)
    kTraffic,      ///< bits of a lane: a constant rate, less some hundred words of skips
    kErrors,       ///< bit errors before FEC: Poisson, mean 20 a poll
    kTemperature,  ///< drift of hours, noise of 0.3 K, steps of 1/16 K
    kPower,        ///< a lane's optical power: noise of 0.02 dB, steps of 0.01 dB
    kAbsent,       ///< not measured, the same reason each time
  };

  RackSamples(std::size_t series, std::uint64_t seed) : random_(seed, "rack_samples") {
    for (std::size_t i = 0; i < series; ++i) {
      rows_.push_back({kind_of(i), 0, 40 + 30 * random_.uniform()});
    }
  }

  [[nodiscard]] std::size_t size() const { return rows_.size(); }
  [[nodiscard]] SeriesKey key(std::size_t i) const {
    const auto metric = [&] {
      switch (rows_[i].kind) {
        case Kind::kTraffic:
          return observe::Metric::kLaneBits;
        case Kind::kErrors:
          return observe::Metric::kLaneBitErrors;
        case Kind::kTemperature:
          return observe::Metric::kTemperature;
        case Kind::kPower:
          return observe::Metric::kLaneReceivePower;
        default:
          return observe::Metric::kAerCorrectable;
      }
    }();
    return {"prt-" + std::to_string(i / 20), metric, std::to_string(i % 20)};
  }

  /// All series' samples at this time.
  void poll(base::WallTime at, std::vector<StorePoint>& out) {
    const double seconds = static_cast<double>(at.ns) * 1e-9;
    out.resize(rows_.size());
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      out[i].series = static_cast<SeriesId>(i);
      out[i].point.at = at;
      out[i].point.value = next(rows_[i], seconds);
    }
  }

 private:
  struct Row {
    Kind kind;
    std::uint64_t count;
    double level;
  };

  /// Of a hundred series.
  static Kind kind_of(std::size_t i) {
    const std::size_t of = i * 37 % 100;
    return of < 52   ? Kind::kStill
           : of < 62 ? Kind::kRare
           : of < 74 ? Kind::kTraffic
           : of < 84 ? Kind::kErrors
           : of < 90 ? Kind::kTemperature
           : of < 96 ? Kind::kPower
                     : Kind::kAbsent;
  }

  /// Near enough to normal, and quick.
  double normal() { return (random_.uniform() + random_.uniform() + random_.uniform() - 1.5) * 2; }

  observe::Reading<observe::Value> next(Row& row, double seconds) {
    switch (row.kind) {
      case Kind::kStill:
        return observe::Value(row.count);
      case Kind::kRare:
        row.count += random_.below(200) == 0 ? 1 : 0;
        return observe::Value(row.count);
      case Kind::kTraffic:
        row.count += 640'000'000'000 - 64 * random_.below(256);
        return observe::Value(row.count);
      case Kind::kErrors:
        row.count += static_cast<std::uint64_t>(std::max(0.0, 20.5 + std::sqrt(20.0) * normal()));
        return observe::Value(row.count);
      case Kind::kTemperature:
        return observe::Value(
            std::nearbyint(16 * (row.level + 2 * std::sin(seconds / 9000) + 0.3 * normal())) / 16);
      case Kind::kPower:
        return observe::Value(std::nearbyint(100 * (row.level / 50 - 2 + 0.02 * normal())) / 100);
      case Kind::kAbsent:
        break;
    }
    return observe::absent(observe::Absence::kNotSupported, "aer_dev_correctable");
  }

  base::Random random_;
  std::vector<Row> rows_;
};

}  // namespace weft::telemetry
