// SPDX-License-Identifier: Apache-2.0
#include "serve/action/journals.h"

#include "driver/lasting.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>

namespace weft::serve {

base::Result<std::vector<FoundJournal>> found_journals(const std::string& folder) {
  auto journals = driver::abandoned(folder);
  if (!journals) {
    return tl::unexpected(journals.error());
  }
  std::vector<FoundJournal> out;
  for (driver::Journal& one : *journals) {
    struct stat file{};
    const bool is_there = ::stat(one.path().c_str(), &file) == 0;
    auto name = driver::journal_name(one);
    const bool lasts = driver::is_lasting(one);
    const base::WallTime at{
        is_there ? std::int64_t{file.st_mtim.tv_sec} * 1'000'000'000 + file.st_mtim.tv_nsec : 0};
    out.push_back({.journal = std::move(one), .name = std::move(name), .at = at, .lasts = lasts});
  }
  std::ranges::sort(out, [](const FoundJournal& a, const FoundJournal& b) {
    return a.at != b.at ? a.at > b.at : a.name > b.name;
  });
  return out;
}

std::string hex_text(const base::Bytes& least_first) {
  std::string out = "0x";
  for (std::size_t i = least_first.size(); i-- > 0;) {
    out += fmt::format("{:02x}", least_first[i]);
  }
  return out;
}

nlohmann::ordered_json journal_json(const FoundJournal& found) {
  nlohmann::ordered_json out = {{"name", found.name},
                                {"at", base::iso8601(found.at)},
                                {"action", found.journal.action()},
                                {"source", found.journal.machine()},
                                {"lasting", found.lasts}};
  auto entries = nlohmann::ordered_json::array();
  for (const driver::JournalEntry& entry : found.journal.entries()) {
    entries.push_back({{"door", entry.door},
                       {"device", entry.device},
                       {"place", entry.place},
                       {"old", hex_text(entry.old)}});
  }
  out["registers"] = std::move(entries);
  return out;
}

}  // namespace weft::serve
