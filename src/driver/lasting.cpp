// SPDX-License-Identifier: Apache-2.0
#include "driver/lasting.h"

#include "base/text.h"
#include "driver/module_control.h"
#include "driver/pcie_plan.h"
#include "driver/retimer_actions.h"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <utility>

namespace weft::driver {
namespace lasting_parts {

base::Result<void> restore_smbus(bus::Devices& devices, const JournalEntry& entry) {
  const auto slash = entry.device.rfind("/0x");
  const auto address = slash == std::string::npos
                           ? std::nullopt
                           : base::parse_unsigned(entry.device.substr(slash + 3), 16);
  if (!address || *address > 0x7F) {
    return base::fail(base::Code::kDataLoss, "the journal names no device of a bus", entry.device);
  }
  auto bus = devices.smbus(entry.device.substr(0, slash));
  if (!bus) {
    return tl::unexpected(bus.error());
  }
  RetimerBus retimer(**bus, static_cast<std::uint8_t>(*address));
  return restore_retimer(retimer, entry);
}

base::Result<void> restore_any(bus::Devices& devices, const Restore& link,
                               const JournalEntry& entry) {
  if (entry.door == "smbus") {
    return restore_smbus(devices, entry);
  }
  if (entry.door == "module") {
    auto memory = devices.module_memory(entry.device);
    return memory ? restore_module(**memory, entry) : tl::unexpected(memory.error());
  }
  return link(entry);
}

}  // namespace lasting_parts

bool is_lasting(const Journal& journal) {
  return journal.action().starts_with("link ") || journal.action().starts_with("device ");
}

std::string journal_name(const Journal& journal) {
  return std::filesystem::path(journal.path()).stem().string();
}

base::Result<Journal> lasting_journal(const std::string& folder, std::string_view action,
                                      const std::string& machine, const std::string& device) {
  auto found = abandoned(folder);
  if (!found) {
    return tl::unexpected(found.error());
  }
  for (Journal& one : *found) {
    const auto& entries = one.entries();
    const bool is_ours =
        is_lasting(one) && one.machine() == machine && !entries.empty() &&
        std::ranges::all_of(entries, [&](const auto& entry) { return entry.device == device; });
    if (is_ours) {
      return std::move(one);
    }
  }
  return Journal::open(folder, action, machine);
}

base::Result<void> forget(Journal& journal) {
  auto undone = journal.undo([](const JournalEntry&) { return base::Result<void>(); });
  return undone ? journal.close() : undone;
}

base::Result<void> strike_unchanged(bus::ModuleMemory& memory, Journal& journal) {
  std::size_t kept = 0;
  auto struck = journal.undo([&](const JournalEntry& entry) -> base::Result<void> {
    if (is_as_noted(memory, entry)) {
      return {};
    }
    ++kept;
    return base::fail(base::Code::kFailedPrecondition, "it is changed", entry.device);
  });
  return kept == 0 ? struck : base::Result<void>();
}

base::Result<void> put_back(Journal& journal, bus::Devices& devices, const Wait& wait) {
  const auto link = restore_link(devices, wait);
  auto undone = journal.undo(
      [&](const JournalEntry& entry) { return lasting_parts::restore_any(devices, link, entry); });
  return undone ? journal.close() : undone;
}

}  // namespace weft::driver
