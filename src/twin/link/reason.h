// SPDX-License-Identifier: Apache-2.0
// Why a link changed its state: what TrainingEvent::reason holds, with a text for logs and views.
// Adding one more: an enumerator and a row in reason.cpp.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace weft::twin {

enum class Reason : std::uint32_t {
  kStep,               ///< the state did what it is for
  kStart,              ///< the world began
  kSignal,             ///< a far end appeared
  kNoFarEnd,           ///< nothing to be detected: absent, unplugged, without power, in reset
  kRepeaterNotReady,   ///< a retimer or module on the way does not forward
  kSpeedChange,        ///< a higher rate that both ends can run
  kSpeedRequest,       ///< software asked for a rate, or for training anew
  kRetrain,            ///< Retrain Link, or a reset of a data path
  kEqualise,           ///< equalisation asked for or due at this rate
  kNoLock,             ///< a lane's receiver found no lock at this rate in time
  kSkew,               ///< lanes too far apart to be aligned
  kTooManyRecoveries,  ///< recoveries came so often that the rate was given up
  kFewerLanes,         ///< a lane in use lost its signal or was switched off
  kMoreLanes,          ///< lanes that had been left out work again
  kSurprise,           ///< the far end went away
  kHotReset,           ///< in-band reset
  kDisabled,           ///< switched off by software
  kPowerOff,           ///< told to be without power
  kTestPattern,        ///< a lane sends or checks a test pattern
  kIdle,               ///< nothing to send: power state
  kWake,               ///< something to send again
  kContact,            ///< a contact opened for a moment
  kLostFecLock,        ///< consecutive codewords past correction
  kTooManyErrors,      ///< error ratio at which no codeword lock holds
  kAutoNegotiation,    ///< clause 73 begins
  kCount_,
};

struct ReasonRow {
  Reason reason;
  std::string_view key;   ///< "no-lock"
  std::string_view text;  ///< a clause, for people
};
[[nodiscard]] std::span<const ReasonRow> reasons();
/// @pre reason is not kCount_
[[nodiscard]] const ReasonRow& row(Reason reason);

}  // namespace weft::twin
