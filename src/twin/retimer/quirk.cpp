// SPDX-License-Identifier: Apache-2.0
#include "twin/retimer/quirk.h"

#include <array>

namespace weft::twin::retimer {
namespace {

constexpr std::array<QuirkRow, static_cast<std::size_t>(Quirk::kCount_)> kQuirks{{
    {Quirk::kAllOnesReads, "all-ones-reads",
     "One read in eight answers 0xFF in every byte, as seen where two controllers share the bus."},
    {Quirk::kTemperatureNotReady, "temperature-not-ready",
     "Temperature registers read 0 for 10 s after the firmware has loaded."},
    {Quirk::kHeartbeatStopsInPerst, "heartbeat-stops-in-perst",
     "The heartbeat stands still while a link's PERST is asserted, though the firmware runs."},
    {Quirk::kWrongBlockCount, "wrong-block-count",
     "One block answer in eight is a byte short; readers must read again."},
    {Quirk::kStuckByIntervening, "stuck-by-intervening",
     "A transaction between a read's set-up and its data makes the retimer hold the bus for 30 ms; "
     "its firmware then clears that and sets bit 0 of register 0x922."},
    {Quirk::kArpOnly, "arp-only",
     "The retimer answers no fixed address; controllers must assign one by ARP at 0x61."},
    {Quirk::kSlowMailbox, "slow-mailbox",
     "An access that the main micro assists is done only when its command was read three times."},
}};

}  // namespace

std::span<const QuirkRow> quirks() {
  return kQuirks;
}

std::optional<Quirk> find_quirk(std::string_view key) {
  for (const QuirkRow& row : kQuirks) {
    if (row.key == key) {
      return row.quirk;
    }
  }
  return std::nullopt;
}

}  // namespace weft::twin::retimer
