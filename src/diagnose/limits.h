// SPDX-License-Identifier: Apache-2.0
// The rates above which the rules call a counter wrong, once: the rules judge by them, and the
// alert rules for Prometheus are made from them (serve/export/alert_rules.h). A rate counts when it
// is proven, that is when its lower 95 % bound lies above. All are house choices.
#pragma once

#include "diagnose/judge.h"
#include "observe/metric.h"

#include <array>
#include <string_view>

namespace weft::diagnose {

/// Correctable PCIe link errors: far below what a bit error ratio of 1e-12 would give (0.5 a second
/// on x16 at 32 GT/s) and far above a healthy link.
inline constexpr double kCorrectablePerHour = 6.0;
/// Carrier losses that make an Ethernet link a flapping one.
inline constexpr double kFlapsPerDay = 4.0;
/// Uncorrectable codewords and frames lost for the link's sake.
inline constexpr double kUncorrectablePerHour = 1.0;
inline constexpr double kInfinibandLossesPerHour = 0.2;  ///< downs, recoveries, integrity
inline constexpr double kInfinibandSymbolsPerHour = 10;
inline constexpr double kInfinibandReceiveErrorsPerHour = 1;

/// Share of its time that a device must be busy for "idle" to be ruled out.
inline constexpr double kBusyPercent = 20.0;

struct RateLimit {
  observe::Metric metric;
  double per_hour;
  Level level;
  std::string_view alert;  ///< name of the alert
  std::string_view what;   ///< "correctable PCIe link errors"
};
/// Metrics whose proven rate alone is a warning or worse.
inline constexpr std::array kRateLimits = std::to_array<RateLimit>({
    {observe::Metric::kAerCorrectable, kCorrectablePerHour, Level::kWarning,
     "WeftPcieCorrectableErrors", "correctable PCIe link errors"},
    {observe::Metric::kCarrierDown, kFlapsPerDay / 24, Level::kCritical, "WeftEthernetFlaps",
     "carrier losses"},
    {observe::Metric::kFecUncorrectableBlocks, kUncorrectablePerHour, Level::kWarning,
     "WeftFecUncorrectable", "uncorrectable FEC codewords"},
    {observe::Metric::kReceiveCrcErrors, kUncorrectablePerHour, Level::kWarning,
     "WeftReceiveCrcErrors", "frames with a wrong check sequence"},
    {observe::Metric::kLinkDowned, kInfinibandLossesPerHour, Level::kWarning,
     "WeftInfinibandLinkDowned", "InfiniBand link failures"},
    {observe::Metric::kLinkErrorRecovery, kInfinibandLossesPerHour, Level::kWarning,
     "WeftInfinibandRecoveries", "InfiniBand link recoveries"},
    {observe::Metric::kLocalLinkIntegrity, kInfinibandLossesPerHour, Level::kWarning,
     "WeftInfinibandIntegrity", "InfiniBand local link integrity errors"},
    {observe::Metric::kPortReceiveErrors, kInfinibandReceiveErrorsPerHour, Level::kWarning,
     "WeftInfinibandReceiveErrors", "InfiniBand receive errors"},
});

}  // namespace weft::diagnose
