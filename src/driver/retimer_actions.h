// SPDX-License-Identifier: Apache-2.0
// What can be done to a retimer over SMBus: margin its receivers out of band, soak lanes with a
// pattern, reset it, give it new firmware. These disturb; retimer_plan.h says what without doing
// it, for people who are asked first, and each action begins with its plan. Registers that
// margining and soaking touch are noted in a journal and put back, also by the next program where
// this one dies. Time passes by the caller's Wait, so that a twin's clock can be driven.
#pragma once

#include "base/time.h"
#include "driver/journal.h"
#include "driver/retimer_bus.h"
#include "driver/retimer_plan.h"
#include "wire/retimer/image.h"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace weft::driver {

/// Lets time pass; a real machine sleeps.
using Wait = std::function<void(base::Duration)>;

struct RetimerMarginOptions {
  unsigned side = 1;            ///< 1: the receivers that face the host
  std::vector<unsigned> lanes;  ///< of the device
  base::Duration dwell = base::seconds(1);
  std::uint8_t error_limit = 4;  ///< a step with more errors is outside the eye
  std::string journal_folder;    ///< as state_folder() gives it
  std::string machine = {};      ///< the journal's; empty: the device's own name
};
/// Steps that hold, each way; 14 and 108 are the ends of what the part can do.
struct RetimerMargin {
  unsigned lane = 0;
  int left_steps = 0;
  int right_steps = 0;
  int up_steps = 0;
  int down_steps = 0;
};
/// By bisection: at most 4 + 4 + 7 + 7 dwells a lane.
[[nodiscard]] base::Result<std::vector<RetimerMargin>> margin_retimer(
    RetimerBus& retimer, const RetimerMarginOptions& options, const Wait& wait);

struct RetimerSoakOptions {
  unsigned side = 1;
  std::vector<unsigned> lanes;
  std::uint8_t pattern = 5;  ///< of the part's generators: PRBS31
  base::Duration span = base::seconds(10);
  std::string journal_folder;
  std::string machine = {};  ///< as above
};
struct RetimerSoak {
  unsigned lane = 0;
  std::uint32_t errors = 0;
};
/// Checkers on these lanes for the span; the far transmitters must send the pattern.
[[nodiscard]] base::Result<std::vector<RetimerSoak>> soak_retimer(RetimerBus& retimer,
                                                                  const RetimerSoakOptions& options,
                                                                  const Wait& wait);

/// Holds the part in reset for 1 ms, lets it load. kDataLoss where its firmware does not load.
base::Result<void> reset_retimer(RetimerBus& retimer, const Wait& wait);

/// Writes the image to the EEPROM, through the main micro where it runs and byte by byte where it
/// does not, verifies it by checksum where it runs, resets, and gives the version that came up.
/// `progress` gets 0 to 1. kDataLoss for an image that is not whole, before anything is written;
/// after a failure the EEPROM may hold half of an image: run it again.
[[nodiscard]] base::Result<wire::retimer::FirmwareVersion> update_retimer(
    RetimerBus& retimer, base::ByteView image, const std::function<void(double)>& progress,
    const Wait& wait);

/// For abandoned journals: writes a PMA word back ("i2c-9/0x24", "pma/<side>/<lane>/<word>") where
/// it is another now, and reads it again. kFailedPrecondition where it does not stay.
base::Result<void> restore_retimer(RetimerBus& retimer, const JournalEntry& entry);

}  // namespace weft::driver
