// SPDX-License-Identifier: Apache-2.0
#include "diagnose/feature.h"

namespace weft::diagnose {
namespace {

using enum Feature;

constexpr std::array kFeatureRows = std::to_array<FeatureRow>({
    {kErrors, "errors", "errors at the receiver"},
    {kErrorsOpposite, "errors_opposite", "errors in the other direction"},
    {kFewLanes, "few_lanes", "only some lanes"},
    {kOneWayAll, "one_way_all", "all lanes of one direction only"},
    {kUncorrectable, "uncorrectable", "errors beyond what FEC mends"},
    {kMargin, "margin", "signal quality at the section's receiver"},
    {kMarginElsewhere, "margin_elsewhere", "signal quality in the other sections"},
    {kMarginOpposite, "margin_opposite", "signal quality in the other direction"},
    {kReceivePower, "receive_power", "light received"},
    {kReceivePowerOpposite, "receive_power_opposite", "light received in the other direction"},
    {kTransmitPower, "transmit_power", "light sent"},
    {kBias, "bias", "laser bias"},
    {kTemperature, "temperature", "temperature"},
    {kVoltage, "voltage", "supply voltage"},
    {kFlaps, "flaps", "flaps"},
    {kDown, "down", "down"},
    {kRecoveries, "recoveries", "recoveries"},
    {kReplays, "replays", "replays"},
    {kWidth, "width", "width"},
    {kSpeed, "speed", "speed"},
    {kSlow, "slow", "grew gradually"},
    {kIntermittent, "intermittent", "comes and goes"},
    {kAfterFlap, "after_flap", "began with a flap"},
    {kFollowsTemperature, "follows_temperature", "follows the temperature"},
    {kFollowsLoad, "follows_load", "follows the link's own load"},
    {kFollowsNeighbour, "follows_neighbour", "follows a neighbour's load"},
    {kSiblings, "siblings", "other links of the same device"},
    {kFirmware, "firmware", "firmware health"},
    {kLossOfSignal, "loss_of_signal", "loss of signal"},
    {kTransmitFault, "transmit_fault", "transmitter fault"},
    {kIdentity, "identity", "identity memory"},
    {kSpeedDisabled, "speed_disabled", "autonomous speed disable"},
    {kFatalLog, "fatal_log", "fatal link event in the log"},
    {kPresence, "presence", "presence"},
    {kCompanion, "companion", "contradiction with what must move with it"},
});
static_assert(kFeatureRows.size() == kFeatures);

}  // namespace

const FeatureRow& row(Feature feature) {
  return kFeatureRows.at(static_cast<std::size_t>(feature));
}

}  // namespace weft::diagnose
