// SPDX-License-Identifier: Apache-2.0
// A CMIS module over its memory, beyond what a scan reads: states, statistics, and actions. By
// default nothing is read that reading would clear: flags latch for whoever watches them. Actions
// are planned first (steps()) and written only when asked; what an action changes for a time is in
// the journal before it is written, and put back at its end. OIF-CMIS-05.2 chapters 6, 8 and 9.
#pragma once

#include "base/time.h"
#include "bus/module_memory.h"
#include "driver/journal.h"
#include "observe/snapshot.h"
#include "wire/cmis/cdb.h"
#include "wire/cmis/identity.h"
#include "wire/cmis/registers.h"
#include "wire/cmis/state.h"
#include "wire/cmis/vdm.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace weft::driver {

/// Lets time pass: sleeps on a machine, advances a world.
using Wait = std::function<void(base::Duration)>;

struct ModuleLane {
  std::optional<wire::cmis::DataPathState> state;
  std::optional<wire::cmis::ConfigStatus> configuration;
  std::uint8_t application = 0;  ///< AppSel in effect; 0: not used
  bool is_init_pending = false;
};

struct ModuleLook {
  wire::cmis::ModuleInfo info;
  std::optional<wire::cmis::ModuleState> state;
  bool is_interrupting = false;
  std::vector<ModuleLane> lanes;
  std::vector<wire::cmis::VdmReading> statistics;
  std::uint32_t accesses = 0;  ///< reads and writes that it took
};

struct ModuleLookOptions {
  bool clears_flags = false;  ///< read latched flags too; reading clears them
};
/// kUnavailable while the module initialises; errors of decode_module().
[[nodiscard]] base::Result<ModuleLook> look_at_module(bus::ModuleMemory& memory,
                                                      const ModuleLookOptions& options = {});

/// Statistics as samples of the port: label "media 0 average", lanes from 0.
void add_module_statistics(std::span<const wire::cmis::VdmReading> statistics, fabric::PortId port,
                           observe::Snapshot& snapshot);
inline void add_module_statistics(const ModuleLook& look, fabric::PortId port,
                                  observe::Snapshot& snapshot) {
  add_module_statistics(look.statistics, port, snapshot);
}

enum class ModuleSide : std::uint8_t { kHost, kMedia };
enum class ModuleLoopback : std::uint8_t { kMediaOutput, kMediaInput, kHostOutput, kHostInput };

struct ModuleLaneErrors {
  std::uint8_t lane = 0;
  bool has_lock = false;
  std::uint64_t bits = 0;
  std::uint64_t errors = 0;
};

struct ModuleControlOptions {
  bool apply = false;  ///< false: only plan; nothing is written
  Wait wait;
  Journal* journal = nullptr;  ///< needed by what must be put back
};

/// Actions on one module. Each tells what it disturbs by disturbs().
class ModuleControl {
 public:
  ModuleControl(bus::ModuleMemory& memory, ModuleControlOptions options)
      : memory_(memory), options_(std::move(options)) {}

  /// Takes the data paths of these lanes down and up again (DPDeinit). kDeadlineExceeded where
  /// they do not come up within twice what the module advertises.
  base::Result<void> restart_data_paths(std::uint8_t lanes);
  base::Result<void> set_low_power(bool is_low);
  base::Result<void> reset();
  /// Switches what these lanes send toward the cable on or off (OutputDisableTx). It lasts: the old
  /// value is in the journal and not put back.
  base::Result<void> set_output(std::uint8_t lanes, bool is_on);
  base::Result<void> set_loopback(ModuleLoopback loop, std::uint8_t lanes);
  /// Checks a pattern (0: PRBS-31Q) on these lanes for so long; the far end must send it, or
  /// `generates` sends it from this side of this module (for a loop). Puts all back.
  base::Result<std::vector<ModuleLaneErrors>> soak(ModuleSide side, std::uint8_t lanes,
                                                   std::uint8_t pattern, base::Duration span,
                                                   bool generates);
  /// Sends a pattern from this side on these lanes, for a checker elsewhere, until the journal is
  /// undone.
  base::Result<void> generate(ModuleSide side, std::uint8_t lanes, std::uint8_t pattern);
  /// Downloads by CDB, runs the image (hitless where the module can) and commits it. `progress`
  /// gets bytes done and bytes in all. A download that fails is aborted.
  base::Result<wire::cmis::FirmwareInfo> update_firmware(
      base::ByteView image, const std::function<void(std::size_t, std::size_t)>& progress);
  [[nodiscard]] base::Result<wire::cmis::FirmwareInfo> firmware();
  /// One command, to its end. The reply's bytes.
  base::Result<base::Bytes> command(const wire::cmis::CdbMessage& message, base::Duration greatest);

  /// What was written, or would be: "10h:128 <- ff (DPDeinitLane)".
  [[nodiscard]] const std::vector<std::string>& steps() const { return steps_; }

 private:
  base::Result<std::uint64_t> get(std::string_view field, unsigned index = 0);
  base::Result<void> put(std::uint8_t page, std::uint8_t offset, base::Bytes bytes,
                         std::string_view what);
  /// Pattern select and enable of a generator or a checker, whose registers begin at `at`.
  base::Result<void> start_pattern(std::uint8_t at, std::uint8_t lanes, std::uint8_t pattern);
  base::Result<void> put_back_later(std::uint8_t page, std::uint8_t offset, std::uint8_t length);
  base::Result<void> undo();
  void wait_until_it_leaves();
  base::Result<void> wait_until_ready();
  base::Result<void> wait_for_states(std::uint8_t lanes, wire::cmis::DataPathState state,
                                     base::Duration greatest);

  bus::ModuleMemory& memory_;
  ModuleControlOptions options_;
  std::vector<std::string> steps_;
};

/// Whether the module holds what a journal's entry noted; false where it cannot be read.
[[nodiscard]] bool is_as_noted(bus::ModuleMemory& memory, const JournalEntry& entry);
/// Writes one journal entry of door "module" back where it is another now, and reads it again.
/// kFailedPrecondition where it does not stay.
base::Result<void> restore_module(bus::ModuleMemory& memory, const JournalEntry& entry);

/// What an action does to traffic, for people to read before they ask for it.
[[nodiscard]] std::string_view disturbs(std::string_view action);

}  // namespace weft::driver
