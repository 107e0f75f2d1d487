// SPDX-License-Identifier: Apache-2.0
// What can be done to a PCIe link through its upper port, as a plan first: each action is a list of
// register writes with the value that is there and the value that would be, whom it disturbs, and
// how it is undone. run_pcie() does what the plan says and nothing else: each old value is in the
// journal before its register changes. PCIe Base 6.x clauses 7.5.1.3.13, 7.5.3.7, 7.5.3.19, 7.7.3.2
// and 7.7.9.3 (Device Control 3, for L0p).
#pragma once

#include "driver/pcie_actions.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft::driver {

enum class PcieAction : std::uint8_t {
  kRetrain,
  kEqualise,  ///< equalisation anew at the rate in use
  kSetSpeed,  ///< value: speed code, 4 is 16 GT/s
  kSetWidth,  ///< value: lanes; by L0p, which only flit mode has
  kDisable,
  kEnable,
  kReset,  ///< secondary bus reset for 2 ms: a hot reset
};

/// What is known of an action before any port is looked at.
struct PcieActionFacts {
  std::string_view disturbs;
  std::string_view undo;
  bool lasts = false;  ///< registers stay changed after the action
};
[[nodiscard]] PcieActionFacts facts_of(PcieAction action);

struct PcieWrite {
  std::uint16_t offset = 0;
  std::uint8_t width = 2;  ///< bytes
  std::uint32_t mask = 0;  ///< the bits that change
  std::uint32_t old = 0;   ///< the whole register as it was when planned
  std::uint32_t value = 0;
  std::string what;
  base::Duration then{};  ///< passes after it
};

struct PciePlan {
  PcieAction action{};
  std::uint32_t wanted = 0;  ///< the action's value
  PcieLinkView before;       ///< zero where nothing could be said of the link
  std::vector<PcieWrite> writes;
  std::string disturbs;
  std::string undo;
  bool lasts = false;  ///< registers stay changed after the action
};

/// kInvalidArgument for a port that has not what is asked, and for one that faces up;
/// kFailedPrecondition where the link is not in a state for it.
[[nodiscard]] base::Result<PciePlan> plan_pcie(const PcieEnd& upper, PcieAction action,
                                               std::uint32_t value = 0);

/// The link as it is afterwards, nullopt where it was told to be down. Every register is noted
/// before it is written and read back after. kDeadlineExceeded where the link does not come back
/// within a second, kFailedPrecondition where a register or the link is not as asked: then undo the
/// journal.
[[nodiscard]] base::Result<std::optional<PcieLinkView>> run_pcie(const PcieEnd& upper,
                                                                 const PciePlan& plan,
                                                                 Journal& journal,
                                                                 const Wait& wait);

/// Strikes from the journal what the devices hold as it was: nothing is to be put back there.
/// What differs or cannot be read stays.
base::Result<void> strike_unchanged(bus::Devices& devices, Journal& journal);

/// restore_config(), and where a target speed was put back the link retrains to it.
[[nodiscard]] Restore restore_link(bus::Devices& devices, const Wait& wait);

}  // namespace weft::driver
