// SPDX-License-Identifier: Apache-2.0
// The dry run of retimer_actions.h: each action's plan says what would be written and whose traffic
// would be disturbed, and refuses what the action would refuse. Making a plan only polls the part:
// it writes nothing but the mailboxes that reading goes through, keeps no journal and lets no time
// pass. Actions make their own plan first, so that a dry run and a real one cannot part.
#pragma once

#include "driver/retimer.h"

#include <string>
#include <vector>

namespace weft::driver {

struct RetimerMarginOptions;
struct RetimerSoakOptions;

struct RetimerWrite {
  std::string place;  ///< "0x0600", "pma/<side>/<lane>/0x200c", "eeprom/0x00000"
  std::string what;   ///< "hardware reset"
};

struct RetimerPlan {
  std::string disturbs;  ///< whose traffic and how long, in sentences
  std::vector<RetimerWrite> writes;
  bool is_restored = false;  ///< what was in these places is put back at the end
};

/// kInvalidArgument for a lane that the part does not have; kFailedPrecondition where the firmware
/// is not loaded or a lane's link does not forward; what the poll fails with.
[[nodiscard]] base::Result<RetimerPlan> plan_margin(RetimerBus& retimer,
                                                    const RetimerMarginOptions& options);
[[nodiscard]] base::Result<RetimerPlan> plan_soak(RetimerBus& retimer,
                                                  const RetimerSoakOptions& options);
[[nodiscard]] base::Result<RetimerPlan> plan_reset(RetimerBus& retimer);
/// kDataLoss for an image that is not whole.
[[nodiscard]] base::Result<RetimerPlan> plan_update(RetimerBus& retimer, base::ByteView image);

/// Bytes of the EEPROM that an update with this image writes, in whole pages.
[[nodiscard]] std::size_t update_bytes(base::ByteView image);

}  // namespace weft::driver
