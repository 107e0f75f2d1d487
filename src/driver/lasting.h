// SPDX-License-Identifier: Apache-2.0
// Journals of changes that are meant to last until somebody undoes them (a link's speed, a lane
// switched off), and putting back what any journal notes, whatever doors it came through. The verbs
// that act, `weft undo` and the API share these, so that each can undo what another did.
#pragma once

#include "base/result.h"
#include "driver/journal.h"
#include "driver/pcie_actions.h"

#include <string>
#include <string_view>

namespace weft::driver {

/// Whether what this journal notes was meant to last until it is undone (weft link, weft device),
/// not to be put back by itself.
[[nodiscard]] bool is_lasting(const Journal& journal);
/// "journal-4711-0": what weft undo and the API call it.
[[nodiscard]] std::string journal_name(const Journal& journal);

/// The journal that holds how `device` was before its first lasting change: an earlier one of this
/// machine goes on, so that undoing goes back to the beginning. @param action "link set-speed"
[[nodiscard]] base::Result<Journal> lasting_journal(const std::string& folder,
                                                    std::string_view action,
                                                    const std::string& machine,
                                                    const std::string& device);
/// Drops a journal whose devices are gone.
base::Result<void> forget(Journal& journal);

/// Strikes from the journal what the module holds as it was: nothing is to be put back there.
base::Result<void> strike_unchanged(bus::ModuleMemory& memory, Journal& journal);

/// Writes a journal's old values back through any of the machine's doors, and removes it. What
/// cannot be put back stays in it, and the first such error is given.
base::Result<void> put_back(Journal& journal, bus::Devices& devices, const Wait& wait);

}  // namespace weft::driver
