// SPDX-License-Identifier: Apache-2.0
// The texts of reasons, and the names of training states as PCIe Base 4.2 writes them.
#include "twin/link/reason.h"

#include "twin/link/link.h"

#include <array>

namespace weft::twin {
namespace reason_table {

constexpr auto kRows = std::to_array<ReasonRow>({
    {Reason::kStep, "step", "the state is complete"},
    {Reason::kStart, "start", "the world began"},
    {Reason::kSignal, "signal", "a far end appeared"},
    {Reason::kNoFarEnd, "no-far-end", "no far end is detected"},
    {Reason::kRepeaterNotReady, "repeater-not-ready", "a retimer or module does not forward"},
    {Reason::kSpeedChange, "speed-change", "both ends can run a higher rate"},
    {Reason::kSpeedRequest, "speed-request", "software asked for this rate"},
    {Reason::kRetrain, "retrain", "software asked for training anew"},
    {Reason::kEqualise, "equalise", "equalisation is due at this rate"},
    {Reason::kNoLock, "no-lock", "a receiver found no lock at this rate in time"},
    {Reason::kSkew, "skew", "lanes are too far apart to be aligned"},
    {Reason::kTooManyRecoveries, "too-many-recoveries", "recoveries came too often at this rate"},
    {Reason::kFewerLanes, "fewer-lanes", "a lane in use was lost or switched off"},
    {Reason::kMoreLanes, "more-lanes", "lanes that had been left out work again"},
    {Reason::kSurprise, "surprise", "the far end went away"},
    {Reason::kHotReset, "hot-reset", "in-band reset"},
    {Reason::kDisabled, "disabled", "software switched the link off"},
    {Reason::kPowerOff, "power-off", "an end is without power"},
    {Reason::kTestPattern, "test-pattern", "a lane carries a test pattern"},
    {Reason::kIdle, "idle", "nothing to send"},
    {Reason::kWake, "wake", "something to send again"},
    {Reason::kContact, "contact", "a contact opened for a moment"},
    {Reason::kLostFecLock, "lost-fec-lock", "consecutive codewords were past correction"},
    {Reason::kTooManyErrors, "too-many-errors", "the error ratio lets no codeword lock hold"},
    {Reason::kAutoNegotiation, "auto-negotiation", "auto-negotiation begins"},
});
static_assert(kRows.size() == static_cast<std::size_t>(Reason::kCount_));

constexpr auto kStates = std::to_array<std::string_view>({
    "Detect.Quiet",
    "Detect.Active",
    "Polling.Active",
    "Polling.Compliance",
    "Polling.Config",
    "Configuration",
    "Recovery.RcvrLock",
    "Recovery.Speed",
    "Recovery.Phase0",
    "Recovery.Phase1",
    "Recovery.Phase2",
    "Recovery.Phase3",
    "Recovery.RcvrCfg",
    "Recovery.Idle",
    "L0",
    "L0s",
    "L1",
    "L2",
    "Disabled",
    "Loopback",
    "Hot Reset",
});
static_assert(kStates.size() == static_cast<std::size_t>(TrainingState::kHotReset) + 1);

}  // namespace reason_table

std::span<const ReasonRow> reasons() {
  return reason_table::kRows;
}

const ReasonRow& row(Reason reason) {
  return reason_table::kRows[static_cast<std::size_t>(reason)];
}

std::string_view key(TrainingState state) {
  const auto index = static_cast<std::size_t>(state);
  return index < reason_table::kStates.size() ? reason_table::kStates[index] : "unknown";
}

}  // namespace weft::twin
