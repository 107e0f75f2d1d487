// SPDX-License-Identifier: Apache-2.0
// Reading and writing the module's memory: what each byte allows, latches that reading takes away,
// and what a write sets off. A page that is not there reads as page 00h, as CMIS lets PageSelect
// fall back; writes to it are lost. While the firmware hangs, reads give what stood there last and
// writes are acknowledged and lost.
#include "twin/cable_module/module.h"
#include "twin/world/hash.h"
#include "wire/cmis/cdb.h"
#include "wire/cmis/vdm.h"

#include <algorithm>
#include <set>

namespace weft::twin {
namespace module_access {

using cable_module::Half;
using cable_module::reg;
using wire::cmis::kHalfPage;

constexpr unsigned kTargetMode = 64;  ///< 00h:64: whose identity and firmware are shown

/// Pages of which each bank has its own; of the command pages each bank is a CDB instance, and
/// there is one.
constexpr std::uint8_t kFirstBanked = 0x10;

/// What target mode turns to the far end: firmware versions, command status, identity, user memory
/// and command pages.
bool follows_target(std::uint8_t page, unsigned offset) {
  if (offset < kHalfPage) {
    return (offset >= 37 && offset <= 40);
  }
  return page == 0x00 || page == 0x03 || (page == 0x01 && offset <= 131) ||
         (page >= wire::cmis::kCdbPage && page <= 0xAF);
}

base::Result<void> check(bus::ModuleAddress at, std::size_t length, const std::string& where) {
  if (length == 0 || at.offset % kHalfPage + length > kHalfPage) {
    return base::fail(base::Code::kInvalidArgument,
                      "an access has 1 to 128 bytes and stays in lower memory or in one page",
                      where);
  }
  return {};
}

bool overlaps(unsigned first, unsigned last, unsigned from, unsigned to) {
  return first <= to && from <= last;
}

}  // namespace module_access

/// Which page and bank answer: an upper page that is not there is page 00h (8.2.15).
bus::ModuleAddress CableModule::mapped(bus::ModuleAddress at) const {
  using namespace module_access;
  if (at.offset < kHalfPage || at.page < kFirstBanked) {
    at.bank = 0;
  }
  if (at.offset >= kHalfPage && !memory_.has(at.bank, at.page)) {
    at.bank = 0;
    at.page = 0;
  }
  return at;
}

/// Of a place that mapped() gave; another module of the same cable may lack that page.
const cable_module::Half& CableModule::half_at(bus::ModuleAddress at) const {
  using namespace module_access;
  if (at.offset < kHalfPage) {
    return memory_.lower();
  }
  const auto* const half = memory_.find(at.bank, at.page);
  return half != nullptr ? *half : memory_.lower();
}

/// Bits of the static pages that the EEPROM gives wrong: places drawn from the module's own name.
std::uint8_t CableModule::flipped(std::uint8_t page, unsigned offset, std::uint8_t value) const {
  const auto flips = static_cast<unsigned>(quantity(Quantity::kEepromFlips));
  if (flips == 0 || offset < wire::cmis::kHalfPage || page > 0x03) {
    return value;
  }
  constexpr unsigned kBits = 4 * wire::cmis::kHalfPage * 8;
  std::set<unsigned> places;
  const auto seed = hash_text(path());
  for (unsigned i = 0; i < std::min(flips, kBits / 2); ++i) {
    places.insert(static_cast<unsigned>(mix(seed, i) % kBits));
  }
  const unsigned start = (page * wire::cmis::kHalfPage + offset % wire::cmis::kHalfPage) * 8;
  for (unsigned bit = 0; bit < 8; ++bit) {
    if (places.contains(start + bit)) {
      value = static_cast<std::uint8_t>(value ^ 1U << bit);
    }
  }
  return value;
}

/// The module that 00h:64 points at: this one, the far end (1), or none such (null).
CableModule* CableModule::target() {
  const auto mode = memory_.lower().at(module_access::kTargetMode);
  if (mode == 0 || !setup_.kind->is_cable || setup_.kind->is_flat) {
    return this;
  }
  return mode == 1 && peer_ != nullptr && peer_->is_answering() ? peer_ : nullptr;
}

base::Result<base::Bytes> CableModule::read(bus::ModuleAddress from, std::uint8_t length) {
  using namespace module_access;
  if (auto valid = check(from, length, setup_.interface); !valid) {
    return tl::unexpected(std::move(valid.error()));
  }
  if (!is_answering()) {
    return base::fail(base::Code::kUnavailable, "the module does not answer", setup_.interface,
                      "wait until it has initialised, or look at its power");
  }
  const auto at = mapped(from);
  const bool is_hung = quantity(Quantity::kFirmwareHang) >= 0.5;
  if (!is_hung) {
    refresh(at.page, at.offset < kHalfPage);
  }
  auto* const other = target();
  if (other != nullptr && other != this) {
    other->refresh(0, true);
  }
  base::Bytes out(length);
  for (unsigned i = 0; i < length; ++i) {
    const auto offset = static_cast<std::uint8_t>(at.offset + i);
    const auto access = wire::cmis::byte_access(at.page, offset);
    const auto* const source = follows_target(at.page, offset) ? other : this;
    if (source == nullptr) {
      out[i] = 0xFF;
      continue;
    }
    const auto value = source->half_at(at).at(offset % kHalfPage);
    out[i] = source->flipped(at.page, offset, static_cast<std::uint8_t>(value & ~access.hidden));
    if (access.clears_on_read != 0 && !is_hung) {
      auto& own = offset < kHalfPage ? memory_.lower() : memory_.page(at.page, at.bank);
      auto& byte = own.at(offset % kHalfPage);
      byte = static_cast<std::uint8_t>(byte & ~access.clears_on_read);
    }
  }
  return out;
}

base::Result<void> CableModule::write(bus::ModuleAddress to, base::ByteView bytes) {
  using namespace module_access;
  if (auto valid = check(to, bytes.size(), setup_.interface); !valid) {
    return valid;
  }
  if (!is_answering()) {
    return base::fail(base::Code::kUnavailable, "the module does not answer", setup_.interface,
                      "wait until it has initialised, or look at its power");
  }
  if (quantity(Quantity::kFirmwareHang) >= 0.5 || setup_.kind->is_flat) {
    return {};  // flat memory is a ROM: every write is acknowledged and lost
  }
  const auto at = mapped(to);
  // Only pages turn to the far end; in lower memory that would be read-only bytes.
  auto* const taker =
      at.offset >= kHalfPage && follows_target(at.page, at.offset) ? target() : this;
  if (taker != nullptr && (taker == this || taker->quantity(Quantity::kFirmwareHang) < 0.5)) {
    taker->write_own(at, bytes);
  }
  return {};
}

/// Into this module's own memory, whatever its target mode says: two ends that point at each other
/// must not pass a write to and fro.
void CableModule::write_own(bus::ModuleAddress to, base::ByteView bytes) {
  using namespace module_access;
  const bool is_lower = to.offset < kHalfPage;
  if (!is_lower && !memory_.has(to.bank, to.page)) {
    return;
  }
  auto& half = is_lower ? memory_.lower() : memory_.page(to.page, to.bank);
  const auto controls = memory_.lower().at(26);
  for (unsigned i = 0; i < bytes.size(); ++i) {
    const auto offset = static_cast<std::uint8_t>(to.offset + i);
    const auto writable = wire::cmis::byte_access(to.page, offset).writable;
    auto& byte = half.at(offset % kHalfPage);
    byte = static_cast<std::uint8_t>((byte & ~writable) | (bytes[i] & writable));
  }
  const unsigned first = to.offset;
  const auto last = static_cast<unsigned>(first + bytes.size() - 1);
  if (is_lower) {
    acted_lower(first, last, controls);
  } else if (to.page == 0x03) {
    user_eeprom_ = half;
  } else if (to.page == 0x10) {
    acted_lanes(to.bank, first, last);
  } else if (to.page == wire::cmis::kCdbPage) {
    if (overlaps(first, last, 129, 129)) {
      start_command();
    }
  } else if (to.page == 0x13 && overlaps(first, last, 144, 183)) {
    acted_diagnostics(to.bank);
  } else if (to.page == wire::cmis::kVdmControl && overlaps(first, last, 144, 144)) {
    acted_statistics(to.bank);
  }
}

void CableModule::acted_lower(unsigned first, unsigned last, std::uint8_t controls_before) {
  using namespace module_access;
  if (overlaps(first, last, 118, 125)) {
    std::fill(memory_.lower().begin() + 118, memory_.lower().begin() + 126, std::uint8_t{0});
  }
  if (overlaps(first, last, 126, 127)) {
    const auto bank = memory_.get(reg("BankSelect"));
    const auto page = memory_.get(reg("PageSelect"));
    const auto shown = mapped({.bank = static_cast<std::uint8_t>(bank),
                               .page = static_cast<std::uint8_t>(page),
                               .offset = kHalfPage});
    memory_.set(reg("PageSelect"), shown.page);
    memory_.set(reg("BankSelect"), shown.page == page ? bank : 0);
  }
  if (!overlaps(first, last, 26, 26)) {
    return;
  }
  if (memory_.get(reg("SoftwareReset")) != 0) {
    firmware_.running = firmware_.committed;
    firmware_.download = {};
    drop();
    for (std::uint8_t bank = 0; memory_.has(bank, 0x13); ++bank) {
      std::fill(memory_.page(0x13, bank).begin() + 16, memory_.page(0x13, bank).end(),
                std::uint8_t{0});
      patterns_changed(bank);
    }
    enter(Life::kManagementInit);
    tell_link();
    return;
  }
  constexpr std::uint8_t kLowPwrRequest = 0x10;
  if ((memory_.lower().at(26) & ~controls_before & kLowPwrRequest) != 0) {
    const bool is_flap = low_power_flaps_ > 0 && now() - low_power_asked_ < base::seconds(1);
    low_power_flaps_ = is_flap ? low_power_flaps_ + 1 : 1;
    low_power_asked_ = now();
  }
  life_step();
}

void CableModule::acted_lanes(std::uint8_t bank, unsigned first, unsigned last) {
  using namespace module_access;
  for (const auto& [dp_init, immediate, set] :
       {std::tuple{"SCS0ApplyDPInit", "SCS0ApplyImmediate", std::uint8_t{0}},
        std::tuple{"SCS1ApplyDPInit", "SCS1ApplyImmediate", std::uint8_t{1}}}) {
    for (const bool is_immediate : {false, true}) {
      const auto& field = reg(is_immediate ? immediate : dp_init);
      auto& byte = memory_.page(0x10, bank).at(field.offset % kHalfPage);
      const auto mask = byte;
      byte = 0;
      if (mask != 0) {
        apply(bank, set, mask, is_immediate);
      }
    }
  }
  if (overlaps(first, last, 128, 139)) {
    step_all();
    tell_link();
  }
}

void CableModule::acted_diagnostics(std::uint8_t bank) {
  checkers_changed(bank);
  patterns_changed(bank);
  tell_link();
}

/// Every bank shows the one freeze of the module; a request on any of them is meant for all.
void CableModule::acted_statistics(std::uint8_t bank) {
  using namespace module_access;
  static const auto& request = reg("VDMFreezeRequest");
  static const auto& saving = reg("VDMPowerSaving");
  const bool wants_frozen = memory_.get(request, 0, bank) != 0;
  const auto is_saving = memory_.get(saving, 0, bank);
  for (std::uint8_t other = 0; memory_.has(other, wire::cmis::kVdmControl); ++other) {
    memory_.set(request, wants_frozen ? 1 : 0, 0, other);
    memory_.set(saving, is_saving, 0, other);
  }
  if (wants_frozen == is_frozen_) {
    return;
  }
  if (wants_frozen) {
    refresh_statistics();  // what the registers hold from here on
  }
  is_frozen_ = wants_frozen;
  show_freeze(false);
  constexpr std::uint32_t kFreezeTimer = 3;
  set_timer(kFreezeTimer, now() + base::seconds(0.005));
}

/// Brings registers up to now(): monitors, conditions that latch; statistics and diagnostics where
/// they are what is read, since they ask much of the link.
void CableModule::refresh(std::uint8_t page, bool is_lower) {
  using namespace module_access;
  if (quantity(Quantity::kFirmwareHang) >= 0.5) {
    return;
  }
  refresh_monitors();
  if (setup_.kind->is_flat) {
    return;
  }
  refresh_lane_flags();
  if (setup_.kind->is_retimed) {
    const bool is_statistics =
        page >= wire::cmis::kVdmDescriptors && page <= wire::cmis::kVdmControl;
    if (!is_frozen_ && (is_lower || is_statistics)) {
      refresh_statistics();
    }
    for (std::uint8_t bank = 0; memory_.has(bank, 0x14); ++bank) {
      patterns_changed(bank);  // a restart may have ended what the link still takes for running
      if (is_lower || page == 0x14) {
        refresh_diagnostics(bank);
      }
    }
  }
  refresh_summary();
}

}  // namespace weft::twin
