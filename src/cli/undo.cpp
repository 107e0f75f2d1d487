// SPDX-License-Identifier: Apache-2.0
#include "cli/undo.h"

#include "base/text.h"
#include "base/time.h"
#include "cli/action_report.h"
#include "cli/place.h"
#include "driver/journal.h"
#include "driver/lasting.h"
#include "serve/action/journals.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace weft::cli {
namespace undo_parts {

using base::Code;
using base::Result;
using driver::JournalEntry;

constexpr PositionalSpec kPositionals[] = {
    {"NAME", "These journals only, as --list names them; also of changes that are to last.", false,
     true},
};
constexpr OptionSpec kOptions[] = {
    {"--list", "", "Only list what there is; so does weft undo without --apply."},
    {"--apply", "", "Put it back."},
    {"--all", "", "Also changes that are to last: speed, width, disable."},
    {"--forget", "",
     "With --apply: remove what was chosen and put nothing back, where the devices are gone for "
     "good."},
    {"--json", "", "The result as JSON, schema weftline/undo/1 (docs/formats/action.md)."},
};
constexpr ExampleSpec kExamples[] = {
    {"weft undo", "What killed actions left changed, and what was changed to last."},
    {"sudo weft undo --apply", "Put back what killed actions left."},
    {"sudo weft undo journal-4711-0 --apply", "Put back one change that was meant to last."},
};
constexpr ExitSpec kExits[] = {{kOk, "all that was chosen is put back, or nothing was to be done"}};

struct Found {
  serve::FoundJournal found;
  bool is_chosen = false;
};

Result<std::vector<Found>> find(const Arguments& arguments) {
  const auto folder = driver::state_folder();
  if (!folder) {
    return tl::unexpected(folder.error());
  }
  auto journals = serve::found_journals(*folder);
  if (!journals) {
    return tl::unexpected(journals.error());
  }
  const auto wanted = arguments.values("NAME");
  std::vector<Found> out;
  for (serve::FoundJournal& one : *journals) {
    const bool is_named = std::ranges::find(wanted, one.name) != wanted.end();
    const bool is_chosen = wanted.empty() ? !one.lasts || arguments.has("--all") : is_named;
    out.push_back({.found = std::move(one), .is_chosen = is_chosen});
  }
  for (const std::string& name : wanted) {
    const auto is_it = [&name](const Found& one) { return one.found.name == name; };
    if (std::ranges::find_if(out, is_it) == out.end()) {
      return base::fail(Code::kNotFound, "there is no such journal", base::printable(name, 80),
                        fmt::format("weft undo lists those in {}.", *folder));
    }
  }
  return out;
}

std::string text_of(const serve::FoundJournal& found) {
  std::string out = fmt::format("{}  {}  {} on {}{}\n", found.name, base::iso8601(found.at),
                                found.journal.action(), found.journal.machine(),
                                found.lasts ? ", meant to last" : "");
  for (const JournalEntry& entry : found.journal.entries()) {
    out += fmt::format("  {} {} was {}\n", entry.device, entry.place, serve::hex_text(entry.old));
  }
  return out;
}

/// Registers put back; the first error, after all were tried.
Result<std::size_t> undo(std::vector<Found>& all, bool forgets) {
  std::size_t count = 0;
  Result<void> first;
  for (Found& one : all) {
    if (!one.is_chosen) {
      continue;
    }
    const std::size_t before = one.found.journal.entries().size();
    auto place = forgets ? Result<std::optional<Place>>(std::nullopt)
                         : reopen_place(one.found.journal.machine());
    Result<void> done;
    if (!place) {
      done = tl::unexpected(place.error());
    } else if (*place) {
      done = driver::put_back(one.found.journal, *(*place)->devices, (*place)->wait);
      count += before - one.found.journal.entries().size();
    } else {
      done = driver::forget(one.found.journal);
    }
    if (!done && first) {
      first = done;
    }
  }
  return first ? Result<std::size_t>(count) : tl::unexpected(first.error());
}

int run(const Arguments& arguments) {
  auto all = find(arguments);
  if (!all) {
    return report(all.error());
  }
  const bool is_applied = arguments.has("--apply") && !arguments.has("--list");
  std::string text;
  auto journals = nlohmann::ordered_json::array();
  std::size_t left = 0;
  for (const Found& one : *all) {
    if (!is_applied || one.is_chosen) {
      text += text_of(one.found);
      journals.push_back(serve::journal_json(one.found));
    }
    left += one.found.lasts && !one.is_chosen ? 1 : 0;
  }
  nlohmann::ordered_json json = {
      {"schema", "weftline/undo/1"}, {"applied", is_applied}, {"journals", std::move(journals)}};
  if (is_applied) {
    const auto count = undo(*all, arguments.has("--forget"));
    if (!count) {
      return report(count.error());
    }
    json["put_back"] = *count;
    text += *count == 0 ? "Nothing was put back.\n"
                        : fmt::format("Put back {} register{}.\n", *count, *count == 1 ? "" : "s");
  } else if (all->empty()) {
    text = "Nothing is to be put back.\n";
  } else {
    text += "Nothing was written. Add --apply to put it back.\n";
  }
  if (left != 0) {
    text += fmt::format("{} meant to last: name {} or give --all.\n",
                        left == 1 ? "One change was" : fmt::format("{} changes were", left),
                        left == 1 ? "it" : "them");
  }
  print_text(arguments.has("--json") ? json.dump(2) + "\n" : text);
  return kOk;
}

}  // namespace undo_parts

VerbSpec undo_verb() {
  return {.name = "undo",
          .summary = "put back what actions changed on devices",
          .description =
              "Every action of weft notes a register's old value in a journal before it changes "
              "it. This lists the journals whose program is gone, killed or ended, and with "
              "--apply writes the old values back, the newest change first, each read back "
              "afterwards. Without a name only what a killed action left (soak, margin) goes back; "
              "changes that are meant to last (weft link) need their name or --all. What cannot be "
              "put back stays in its journal for the next try.",
          .positionals = undo_parts::kPositionals,
          .options = undo_parts::kOptions,
          .run = undo_parts::run,
          .examples = undo_parts::kExamples,
          .exits = undo_parts::kExits};
}

}  // namespace weft::cli
