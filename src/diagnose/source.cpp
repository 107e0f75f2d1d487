// SPDX-License-Identifier: Apache-2.0
#include "diagnose/source.h"

#include "diagnose/context.h"

#include <algorithm>
#include <array>

namespace weft::diagnose {
namespace {

using observe::Metric;

// Thresholds are house choices where no standard gives one: a decade is more than temperature and
// load move a healthy link's error ratio by, 1 dB of light is more than a connector's repeatability
// (0.2 to 0.5 dB), 12 of 255 is five times the scatter of a retimer's figure of merit.
constexpr double kDecade = 1.0;
constexpr std::array kSources = std::to_array<Source>({
    {Metric::kLaneBits, Quantity::kBits, Whose::kReceiver, true, 0, 0, "bits"},
    {Metric::kLaneBitErrors, Quantity::kBitErrors, Whose::kReceiver, true, kDecade, 0,
     "bit errors"},
    {Metric::kFecCorrectedBits, Quantity::kBitErrors, Whose::kReceiver, true, kDecade, 0,
     "bits corrected"},
    {Metric::kFecCorrectedBlocks, Quantity::kErrorEvents, Whose::kReceiver, true, kDecade, 0,
     "codewords corrected"},
    {Metric::kFecUncorrectableBlocks, Quantity::kUncorrectable, Whose::kReceiver, true, kDecade, 1,
     "codewords lost"},
    {Metric::kSymbolErrors, Quantity::kErrorEvents, Whose::kReceiver, true, kDecade, 6,
     "symbol errors"},
    {Metric::kReceiveCrcErrors, Quantity::kErrorEvents, Whose::kReceiver, true, kDecade, 6,
     "frames with a wrong check sequence"},
    {Metric::kPortReceiveErrors, Quantity::kErrorEvents, Whose::kReceiver, true, kDecade, 6,
     "packets received with an error"},
    {Metric::kLocalLinkIntegrity, Quantity::kErrorEvents, Whose::kReceiver, true, kDecade, 1,
     "link integrity errors"},
    {Metric::kAerCorrectable, Quantity::kErrorEvents, Whose::kReceiver, true, kDecade, 6,
     "correctable errors"},
    {Metric::kAerNonfatal, Quantity::kUncorrectable, Whose::kReceiver, true, kDecade, 0,
     "non-fatal errors"},
    {Metric::kAerFatal, Quantity::kUncorrectable, Whose::kReceiver, true, kDecade, 0.2,
     "fatal errors"},
    {Metric::kNvlinkCrcFlit, Quantity::kErrorEvents, Whose::kReceiver, true, kDecade, 6,
     "flit CRC errors"},
    {Metric::kNvlinkCrcData, Quantity::kErrorEvents, Whose::kReceiver, true, kDecade, 6,
     "data CRC errors"},
    {Metric::kNvlinkReplay, Quantity::kReplays, Whose::kTransmitter, true, kDecade, 2, "replays"},
    {Metric::kNvlinkRecovery, Quantity::kRecoveries, Whose::kLink, true, kDecade, 1, "recoveries"},
    {Metric::kPortRetries, Quantity::kReplays, Whose::kTransmitter, true, kDecade, 0, "replays"},
    {Metric::kPortRecoveries, Quantity::kRecoveries, Whose::kLink, true, kDecade, 2, "recoveries"},
    {Metric::kL0ToRecovery, Quantity::kRecoveries, Whose::kLink, true, kDecade, 2, "recoveries"},
    {Metric::kLinkErrorRecovery, Quantity::kRecoveries, Whose::kLink, true, kDecade, 1,
     "recoveries"},
    {Metric::kCarrierDown, Quantity::kDowns, Whose::kLink, true, kDecade, 0, "carrier losses"},
    {Metric::kLinkDowned, Quantity::kDowns, Whose::kLink, true, kDecade, 0, "link failures"},
    {Metric::kPortLinkDowns, Quantity::kDowns, Whose::kLink, true, kDecade, 0, "link failures"},
    {Metric::kModulePreFecBer, Quantity::kErrorRatio, Whose::kReceiver, false, 1.0, 0,
     "bit error ratio before FEC"},
    {Metric::kPortPreFecBer, Quantity::kErrorRatio, Whose::kReceiver, false, 1.0, 0,
     "bit error ratio before FEC"},
    {Metric::kModuleSnr, Quantity::kMargin, Whose::kReceiver, false, 1.0, 0,
     "signal to noise ratio"},
    {Metric::kLaneFigureOfMerit, Quantity::kMargin, Whose::kReceiver, false, 12, 0,
     "figure of merit"},
    {Metric::kPortFigureOfMerit, Quantity::kMargin, Whose::kReceiver, false, 0.7, 0,
     "signal over all that disturbs it"},
    {Metric::kLaneReceivePower, Quantity::kReceivePower, Whose::kReceiver, false, 1.0, 0,
     "light received"},
    {Metric::kLaneTransmitPower, Quantity::kTransmitPower, Whose::kTransmitter, false, 1.0, 0,
     "light sent"},
    {Metric::kLaneBias, Quantity::kBias, Whose::kTransmitter, false, 8, 0, "laser bias"},
    {Metric::kTemperature, Quantity::kTemperature, Whose::kPart, false, 8, 0, "temperature"},
    {Metric::kModuleTemperature, Quantity::kTemperature, Whose::kPart, false, 8, 0,
     "module temperature"},
    {Metric::kModuleVoltage, Quantity::kVoltage, Whose::kPart, false, 3, 0, "module voltage"},
    {Metric::kLaneErrorStatus, Quantity::kLaneStatus, Whose::kReceiver, false, 1, 0,
     "lanes with errors"},
    {Metric::kUtilization, Quantity::kUtilization, Whose::kPart, false, 30, 0, "utilisation"},
});

/// Of AER's correctable kinds those that the transmitter counts: its own replays.
constexpr Source kReplayRow = {
    Metric::kAerCorrectable, Quantity::kReplays, Whose::kTransmitter, true, kDecade, 6, "replays"};

constexpr Source kWatchedRow = {
    Metric::kAerCorrectable, Quantity::kWatched, Whose::kReceiver, true, kDecade, 0,
    "correctable errors"};

bool is_link_error(std::string_view label) {
  return std::any_of(std::begin(kLinkErrorTypes), std::end(kLinkErrorTypes),
                     [&](const LinkErrorType& type) { return label == type.name; });
}

}  // namespace

std::span<const Source> sources() {
  return kSources;
}

const Source* source(Metric metric, std::string_view label) {
  static const auto kIndex = [] {
    std::array<const Source*, static_cast<std::size_t>(Metric::kCount_)> index{};
    for (const auto& row : kSources) {
      index.at(static_cast<std::size_t>(row.metric)) = &row;
    }
    return index;
  }();
  if (metric == Metric::kAerCorrectable) {
    if (label == "Rollover" || label == "Timeout") {
      return &kReplayRow;
    }
    if (label == "total") {
      return &kWatchedRow;
    }
    if (!is_link_error(label)) {
      return nullptr;
    }
  }
  // Software's own mistakes, and sums that hold them.
  if ((metric == Metric::kAerNonfatal || metric == Metric::kAerFatal) &&
      (label == "total" || label == "UnsupReq" || label == "ACSViol")) {
    return nullptr;
  }
  // Of a module's statistics the one of now; minima and maxima remember what is over.
  if ((metric == Metric::kModuleSnr || metric == Metric::kModulePreFecBer) &&
      label.find("current") == std::string_view::npos &&
      label.find(' ') != std::string_view::npos) {
    return nullptr;
  }
  const auto at = static_cast<std::size_t>(metric);
  return at < kIndex.size() ? kIndex[at] : nullptr;
}

std::uint64_t wraps_at(Metric metric) {
  return metric == Metric::kL0ToRecovery ? 256 : 0;
}

}  // namespace weft::diagnose
