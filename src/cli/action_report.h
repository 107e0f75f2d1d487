// SPDX-License-Identifier: Apache-2.0
// What every verb that acts prints first, and all that it prints without --apply: each write, whom
// it disturbs, how it is undone. For people and as JSON (docs/formats/action.md). Also the journal
// of a verb's changes that last until weft undo.
#pragma once

#include "cli/affected.h"
#include "cli/place.h"
#include "driver/journal.h"

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace weft::cli {

inline constexpr OptionSpec kApplyOption = {
    "--apply", "", "Do it. Without it nothing is written: what would be is printed."};
inline constexpr OptionSpec kActionJsonOption = {
    "--json", "", "The result as JSON, schema weftline/action/1 (docs/formats/action.md)."};

struct ActionWrite {
  std::string device;
  std::string place;
  std::string what;
  std::string old;    ///< may be empty: not read beforehand
  std::string value;  ///< may be empty: several, or of a file
};

struct Outline {
  std::string action;  ///< "link set-speed"
  std::string target;
  TargetKind kind = TargetKind::kLink;
  std::string source;
  bool is_simulated = false;
  std::string disturbs;  ///< sentences
  bool goes_down = true;
  Affected affected;
  std::vector<ActionWrite> writes;
  std::string undo;
  std::vector<std::string> notes;
};

/// With what `place` says of its target filled in, and whom an action there disturbs.
[[nodiscard]] Outline outline_of(const Place& place, std::string action);
[[nodiscard]] std::string outline_text(const Outline& outline);
/// What outline_text() says, and that nothing was written.
[[nodiscard]] std::string dry_run_text(const Outline& outline);
[[nodiscard]] nlohmann::ordered_json outline_json(const Outline& outline, bool is_applied);

void print_text(const std::string& text);

/// Whether what this journal notes was meant to last until weft undo (weft link, weft device), not
/// to be put back by itself.
[[nodiscard]] bool is_lasting(const driver::Journal& journal);

/// The journal that holds how `device` was before its first lasting change: an earlier one of this
/// machine goes on, so that weft undo goes back to the beginning. @param action "link set-speed"
[[nodiscard]] base::Result<driver::Journal> lasting_journal(const std::string& folder,
                                                            std::string_view action,
                                                            const std::string& machine,
                                                            const std::string& device);
/// Drops a journal whose devices are gone with their twin.
base::Result<void> forget(driver::Journal& journal);

}  // namespace weft::cli
