// SPDX-License-Identifier: Apache-2.0
// Which metric says what of a link, and of whom: the receiver of a direction, its transmitter, the
// link as a whole, or a part. One table; sight.h files samples by it. Adding one more: a row in
// source.cpp.
#pragma once

#include "observe/metric.h"

#include <cstdint>
#include <span>
#include <string_view>

namespace weft::diagnose {

enum class Quantity : std::uint8_t {
  kBits,         ///< exposure of the lane's bit errors
  kBitErrors,    ///< before FEC, of known bits; or FEC's corrections over time
  kErrorEvents,  ///< what a link layer counts of its receiver
  kUncorrectable,
  kReplays,
  kRecoveries,
  kDowns,
  kErrorRatio,  ///< a module's own, as a decimal logarithm
  kMargin,
  kReceivePower,
  kTransmitPower,
  kBias,  ///< per cent of its past
  kTemperature,
  kVoltage,  ///< per cent of its past
  kUtilization,
  kLaneStatus,  ///< bits of the lanes that saw errors since somebody cleared them
  kWatched,     ///< a total: it says that its kinds were counted, also those that stand at zero
  kCount_,
};

enum class Whose : std::uint8_t { kReceiver, kTransmitter, kLink, kPart };

struct Source {
  observe::Metric metric{};
  Quantity quantity{};
  Whose whose{};
  bool is_counter = false;
  double least = 0;       ///< decades (counters) or size (gauges) from which a shift counts
  double per_hour = 0;    ///< counters that stand still on healthy links: proven above this, it is
                          ///< wrong without any past; 0: they move on healthy links too
  std::string_view word;  ///< "bit errors"
};

/// nullptr for what the judgement does not follow over time.
[[nodiscard]] const Source* source(observe::Metric metric, std::string_view label);
[[nodiscard]] std::span<const Source> sources();

/// A counter that goes over at this value; 0: none is known to.
[[nodiscard]] std::uint64_t wraps_at(observe::Metric metric);

}  // namespace weft::diagnose
