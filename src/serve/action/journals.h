// SPDX-License-Identifier: Apache-2.0
// The journals of a state folder as `weft undo` and the API list them: what is changed on devices
// now, and what it was before.
#pragma once

#include "base/result.h"
#include "base/time.h"
#include "driver/journal.h"

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace weft::serve {

struct FoundJournal {
  driver::Journal journal;
  std::string name;   ///< "journal-4711-0"
  base::WallTime at;  ///< of its last change
  bool lasts = false;
};

/// Those that nobody holds, the newest first, so that what was changed last goes back first.
[[nodiscard]] base::Result<std::vector<FoundJournal>> found_journals(const std::string& folder);

/// "0x" and most significant byte first.
[[nodiscard]] std::string hex_text(const base::Bytes& least_first);
/// A row of docs/formats/action.md's journals.
[[nodiscard]] nlohmann::ordered_json journal_json(const FoundJournal& found);

}  // namespace weft::serve
