// SPDX-License-Identifier: Apache-2.0
#include "cli/undo.h"

#include "base/text.h"
#include "base/time.h"
#include "cli/action_report.h"
#include "driver/module_control.h"
#include "driver/pcie_plan.h"
#include "driver/retimer_actions.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>

namespace weft::cli {
namespace undo_parts {

using base::Code;
using base::Result;
using driver::Journal;
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
  Journal journal;
  std::string name;
  std::int64_t at_ns = 0;
  bool lasts = false;
  bool is_chosen = false;
};

Result<std::vector<Found>> find(const Arguments& arguments) {
  const auto folder = driver::state_folder();
  if (!folder) {
    return tl::unexpected(folder.error());
  }
  auto journals = driver::abandoned(*folder);
  if (!journals) {
    return tl::unexpected(journals.error());
  }
  const auto wanted = arguments.values("NAME");
  std::vector<Found> out;
  for (Journal& one : *journals) {
    struct stat file{};
    const bool is_there = ::stat(one.path().c_str(), &file) == 0;
    auto name = std::filesystem::path(one.path()).stem().string();
    const bool lasts = is_lasting(one);
    const bool is_named = std::ranges::find(wanted, name) != wanted.end();
    const bool is_chosen = wanted.empty() ? !lasts || arguments.has("--all") : is_named;
    out.push_back({.journal = std::move(one),
                   .name = std::move(name),
                   .at_ns = is_there ? std::int64_t{file.st_mtim.tv_sec} * 1'000'000'000 +
                                           file.st_mtim.tv_nsec
                                     : 0,
                   .lasts = lasts,
                   .is_chosen = is_chosen});
  }
  for (const std::string& name : wanted) {
    if (std::ranges::find(out, name, &Found::name) == out.end()) {
      return base::fail(Code::kNotFound, "there is no such journal", base::printable(name, 80),
                        fmt::format("weft undo lists those in {}.", *folder));
    }
  }
  // The newest first: what was changed last goes back first.
  std::ranges::sort(out, [](const Found& a, const Found& b) {
    return a.at_ns != b.at_ns ? a.at_ns > b.at_ns : a.name > b.name;
  });
  return out;
}

std::string hex(const base::Bytes& least_first) {
  std::string out = "0x";
  for (std::size_t i = least_first.size(); i-- > 0;) {
    out += fmt::format("{:02x}", least_first[i]);
  }
  return out;
}

std::string text_of(const Found& found) {
  std::string out = fmt::format("{}  {}  {} on {}{}\n", found.name,
                                base::iso8601(base::WallTime{found.at_ns}), found.journal.action(),
                                found.journal.machine(), found.lasts ? ", meant to last" : "");
  for (const JournalEntry& entry : found.journal.entries()) {
    out += fmt::format("  {} {} was {}\n", entry.device, entry.place, hex(entry.old));
  }
  return out;
}

nlohmann::ordered_json json_of(const Found& found) {
  nlohmann::ordered_json out = {{"name", found.name},
                                {"at", base::iso8601(base::WallTime{found.at_ns})},
                                {"action", found.journal.action()},
                                {"source", found.journal.machine()},
                                {"lasting", found.lasts}};
  auto entries = nlohmann::ordered_json::array();
  for (const JournalEntry& entry : found.journal.entries()) {
    entries.push_back({{"door", entry.door},
                       {"device", entry.device},
                       {"place", entry.place},
                       {"old", hex(entry.old)}});
  }
  out["registers"] = std::move(entries);
  return out;
}

Result<void> restore_smbus(bus::Devices& devices, const JournalEntry& entry) {
  const auto slash = entry.device.rfind("/0x");
  const auto address = slash == std::string::npos
                           ? std::nullopt
                           : base::parse_unsigned(entry.device.substr(slash + 3), 16);
  if (!address || *address > 0x7F) {
    return base::fail(Code::kDataLoss, "the journal names no device of a bus", entry.device);
  }
  auto bus = devices.smbus(entry.device.substr(0, slash));
  if (!bus) {
    return tl::unexpected(bus.error());
  }
  driver::RetimerBus retimer(**bus, static_cast<std::uint8_t>(*address));
  return driver::restore_retimer(retimer, entry);
}

Result<void> restore(Place& place, const driver::Restore& link, const JournalEntry& entry) {
  if (entry.door == "smbus") {
    return restore_smbus(*place.devices, entry);
  }
  if (entry.door == "module") {
    auto memory = place.devices->module_memory(entry.device);
    return memory ? driver::restore_module(**memory, entry) : tl::unexpected(memory.error());
  }
  return link(entry);
}

/// Registers put back; the first error, after all were tried.
Result<std::size_t> undo(std::vector<Found>& all, bool forgets) {
  std::size_t count = 0;
  Result<void> first;
  for (Found& one : all) {
    if (!one.is_chosen) {
      continue;
    }
    const std::size_t before = one.journal.entries().size();
    auto place =
        forgets ? Result<std::optional<Place>>(std::nullopt) : reopen_place(one.journal.machine());
    Result<void> done;
    if (!place) {
      done = tl::unexpected(place.error());
    } else if (*place) {
      done = put_back(one.journal, **place);
      count += before - one.journal.entries().size();
    } else {
      done = forget(one.journal);
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
      text += text_of(one);
      journals.push_back(json_of(one));
    }
    left += one.lasts && !one.is_chosen ? 1 : 0;
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

base::Result<void> put_back(driver::Journal& journal, Place& place) {
  const auto link = driver::restore_link(*place.devices, place.wait);
  auto undone = journal.undo(
      [&](const driver::JournalEntry& entry) { return undo_parts::restore(place, link, entry); });
  return undone ? journal.close() : undone;
}

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
