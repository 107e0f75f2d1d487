// SPDX-License-Identifier: Apache-2.0
// What is asked of the evidence about one direction of a link (transmitter to receiver) or about a
// thing that links share. Each feature was seen raised, lowered, normal, or nobody measured it;
// the table of causes says how likely each of these is under each cause. Adding one more: an
// enumerator, its row in feature.cpp, where it is read (sight.cpp), and the causes that it speaks
// of (signature.cpp).
#pragma once

#include "diagnose/judge.h"
#include "diagnose/past.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weft::diagnose {

enum class Feature : std::uint8_t {
  kErrors,           ///< errors that this direction's receiver counts, against its past and peers
  kErrorsOpposite,   ///< the same of the other direction
  kFewLanes,         ///< raised: a few of several lanes; normal: all alike
  kOneWayAll,        ///< raised: all lanes of this direction and none of the other
  kUncorrectable,    ///< beyond what FEC mends
  kMargin,           ///< the receiver at the end of the section in question
  kMarginElsewhere,  ///< this direction's receivers of other sections
  kMarginOpposite,   ///< the other direction's receiver of the same section
  kReceivePower,
  kReceivePowerOpposite,
  kTransmitPower,  ///< of this direction's transmitter
  kBias,
  kTemperature,  ///< of a part of this link, against its past and its peers
  kVoltage,
  kFlaps,  ///< went down and came back
  kDown,   ///< is down now and should not be
  kRecoveries,
  kReplays,  ///< sent again by this direction's transmitter
  kWidth,
  kSpeed,
  kSlow,          ///< raised: it grew gradually; normal: a step
  kIntermittent,  ///< raised: it comes and goes
  kAfterFlap,     ///< raised: it began when the link came back from a flap
  kFollowsTemperature,
  kFollowsLoad,
  kFollowsNeighbour,
  kSiblings,      ///< other links of the same device or enclosure began together with it
  kFirmware,      ///< a part's firmware does not answer or is not loaded
  kLossOfSignal,  ///< the module sees no light or no signal
  kTransmitFault,
  kIdentity,       ///< a part's identity memory does not check
  kSpeedDisabled,  ///< the bit that forbids autonomous speed changes is set, at low speed
  kFatalLog,       ///< the device itself logged that this link failed
  kPresence,       ///< lowered: module or card is not there any more
  kCompanion,      ///< raised: what must move with it did not: the value contradicts the rest
  kCount_,
};
inline constexpr std::size_t kFeatures = static_cast<std::size_t>(Feature::kCount_);

struct FeatureRow {
  Feature feature;
  std::string_view key;
  std::string_view words;  ///< "errors at the receiver"
};
[[nodiscard]] const FeatureRow& row(Feature feature);

/// One feature as it was seen, with the line of evidence that says so.
struct Seen {
  Move move = Move::kAbsent;
  base::WallTime onset;
  base::WallTime at;  ///< of the newest evidence
  double size = 0;
  std::string text;  ///< empty where it is not worth a line
  observe::Subject subject;
  std::optional<observe::Metric> metric;
};

struct FeatureSet {
  std::array<Seen, kFeatures> seen;
  [[nodiscard]] Seen& operator[](Feature feature) {
    return seen[static_cast<std::size_t>(feature)];
  }
  [[nodiscard]] const Seen& operator[](Feature feature) const {
    return seen[static_cast<std::size_t>(feature)];
  }
};

}  // namespace weft::diagnose
