// SPDX-License-Identifier: Apache-2.0
#include "cli/device_steps.h"

#include "driver/lasting.h"

#include <cstdio>

#include <fmt/format.h>

namespace weft::cli {

base::Error wrong_kind(const Place& place, std::string_view verb) {
  return {
      base::Code::kInvalidArgument, fmt::format("{} is not for a {}", verb, key(place.target.kind)),
      place.target.name,
      place.target.kind == TargetKind::kLink
          ? "Name a retimer (i2c-9/0x24) or a module's interface (eth0); weft link is for links."
          : fmt::format("See weft {} --help.", verb)};
}

base::Result<void> recover_first(Place& place, const std::string& folder) {
  if (place.rack != nullptr) {
    return {};
  }
  auto found = driver::abandoned(folder);
  if (!found) {
    return tl::unexpected(found.error());
  }
  for (driver::Journal& journal : *found) {
    if (driver::is_lasting(journal) || journal.machine() != place.source) {
      continue;
    }
    const std::size_t count = journal.entries().size();
    if (auto done = driver::put_back(journal, *place.devices, place.wait); !done) {
      return done;
    }
    std::fprintf(stderr, "weft: put back %zu registers of an earlier run\n", count);
  }
  return {};
}

}  // namespace weft::cli
