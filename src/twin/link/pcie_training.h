// SPDX-License-Identifier: Apache-2.0
// Times and limits of the LTSSM. Those of the specification are its public values; "modelled" ones
// lie within what it allows.
#pragma once

#include "base/time.h"
#include "base/units.h"

#include <array>
#include <cstdint>

namespace weft::twin::pcie_training {

inline constexpr std::array kRates = {base::TransferRate(2500),  base::TransferRate(5000),
                                      base::TransferRate(8000),  base::TransferRate(16000),
                                      base::TransferRate(32000), base::TransferRate(64000),
                                      base::TransferRate(128000)};
inline constexpr std::size_t kFirstEqualised = 2;  ///< 8 GT/s

[[nodiscard]] constexpr base::Duration micros(std::int64_t n) {
  return {n * 1000};
}
[[nodiscard]] constexpr base::Duration millis(std::int64_t n) {
  return {n * 1'000'000};
}

inline constexpr base::Duration kDetectQuiet = millis(12);          ///< 4.2.6.1.1
inline constexpr base::Duration kDetectAll = millis(1);             ///< all lanes at once; modelled
inline constexpr base::Duration kDetectSome = millis(12);           ///< 4.2.6.1.2: looks again
inline constexpr base::Duration kPollingActive = micros(66);        ///< 1024 TS1 of 64 ns
inline constexpr base::Duration kPollingTimeout = millis(24);       ///< 4.2.6.2.1
inline constexpr base::Duration kPollingConfiguration = micros(2);  ///< 16 TS2, and 8 received
inline constexpr base::Duration kConfiguration = micros(40);        ///< six sub-states; modelled
inline constexpr base::Duration kRecoveryLock = micros(8);          ///< some 100 TS1; modelled
inline constexpr base::Duration kRecoveryTimeout = millis(24);      ///< 4.2.6.4.1
inline constexpr base::Duration kRecoveryConfiguration = micros(4);  ///< modelled
inline constexpr base::Duration kRecoverySpeed = micros(6);          ///< 4.2.6.4.4: at least 800 ns
inline constexpr base::Duration kRecoveryIdle = micros(1);           ///< 16 idle; modelled
inline constexpr base::Duration kPhase0 = micros(200);               ///< modelled; at most 12 ms
inline constexpr base::Duration kPhase1 = micros(500);               ///< modelled; at most 24 ms
/// Phases 2 and 3, search of presets and coefficients: modelled; at most 24 and 32 ms.
inline constexpr base::Duration kPhase23 = millis(4);
inline constexpr base::Duration kPhase23PerSection = millis(2);     ///< more for each section
inline constexpr base::Duration kHotReset = millis(2);              ///< 4.2.6.11
inline constexpr base::Duration kL0BeforeSpeedChange = micros(20);  ///< modelled
inline constexpr base::Duration kIdleBeforeSleep = micros(20);      ///< modelled
inline constexpr base::Duration kWindow = millis(1000);  ///< in which recoveries are too many

/// Lane-to-lane skew that a receiver aligns, by rate: 20, 8, 6 ns and 5 ns from 16 GT/s on.
[[nodiscard]] constexpr base::Picoseconds skew_most(std::size_t rate) {
  constexpr std::array kMost = {20000.0, 8000.0, 6000.0, 5000.0};
  return base::Picoseconds(kMost[rate < kMost.size() ? rate : kMost.size() - 1]);
}

}  // namespace weft::twin::pcie_training
