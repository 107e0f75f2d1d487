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

/// Pages of which each bank has its own: 10h to 9Eh but for the maker's B0h to FFh.
bool is_banked(std::uint8_t page) {
  return page >= 0x10 && page < wire::cmis::kCdbPage;
}

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

const cable_module::Half* CableModule::half_at(bus::ModuleAddress at) const {
  using namespace module_access;
  if (at.offset < kHalfPage) {
    return &memory_.lower();
  }
  const auto* const half = memory_.find(is_banked(at.page) ? at.bank : std::uint8_t{0}, at.page);
  return half != nullptr ? half : memory_.find(0, 0);
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
  const bool is_hung = quantity(Quantity::kFirmwareHang) >= 0.5;
  if (!is_hung) {
    refresh(from.page, from.offset < kHalfPage);
  }
  auto* const other = target();
  if (other != nullptr && other != this) {
    other->refresh(0, true);
  }
  base::Bytes out(length);
  for (unsigned i = 0; i < length; ++i) {
    const auto offset = static_cast<std::uint8_t>(from.offset + i);
    const auto access = wire::cmis::byte_access(from.page, offset);
    auto* const source = follows_target(from.page, offset) ? other : this;
    if (source == nullptr) {
      out[i] = 0xFF;
      continue;
    }
    const auto& half = *source->half_at({from.bank, from.page, offset});
    out[i] = source->flipped(
        from.page, offset, static_cast<std::uint8_t>(half.at(offset % kHalfPage) & ~access.hidden));
    if (access.clears_on_read != 0 && !is_hung && &half != memory_.find(0, 0)) {
      auto& own = offset < kHalfPage ? memory_.lower() : memory_.page(from.page, from.bank);
      own.at(offset % kHalfPage) &= static_cast<std::uint8_t>(~access.clears_on_read);
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
  if (quantity(Quantity::kFirmwareHang) >= 0.5) {
    return {};
  }
  if (follows_target(to.page, to.offset)) {
    auto* const other = target();
    if (other != this) {
      return other == nullptr ? base::Result<void>{} : other->write(to, bytes);
    }
  }
  const auto bank = is_banked(to.page) ? to.bank : std::uint8_t{0};
  const bool is_lower = to.offset < kHalfPage;
  if (!is_lower && !memory_.has(bank, to.page)) {
    return {};
  }
  auto& half = is_lower ? memory_.lower() : memory_.page(to.page, bank);
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
    acted_lanes(bank, first, last);
  } else if (to.page == wire::cmis::kCdbPage) {
    if (overlaps(first, last, 129, 129)) {
      start_command();
    }
  } else if (to.page == 0x13 || to.page == 0x14 || to.page == wire::cmis::kVdmControl) {
    acted_diagnostics(bank, first, last);
  }
  return {};
}

void CableModule::acted_lower(unsigned first, unsigned last, std::uint8_t controls_before) {
  using namespace module_access;
  if (setup_.kind->is_flat) {
    return;
  }
  if (overlaps(first, last, 118, 125)) {
    std::fill(memory_.lower().begin() + 118, memory_.lower().begin() + 126, std::uint8_t{0});
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

void CableModule::acted_diagnostics(std::uint8_t bank, unsigned first, unsigned last) {
  using namespace module_access;
  if (memory_.has(bank, 0x13) && overlaps(first, last, 144, 183)) {
    checkers_changed(bank);
    patterns_changed(bank);
    tell_link();
  }
  static const auto& request = reg("VDMFreezeRequest");
  static const auto& done = reg("VDMFreezeDone");
  static const auto& undone = reg("VDMUnfreezeDone");
  if (!memory_.has(bank, wire::cmis::kVdmControl)) {
    return;
  }
  const bool wants_frozen = memory_.get(request) != 0;
  if (wants_frozen != is_frozen_) {
    if (wants_frozen) {
      refresh_statistics();  // what the registers hold from here on
    }
    is_frozen_ = wants_frozen;
    memory_.set(done, 0);
    memory_.set(undone, 0);
    constexpr std::uint32_t kFreezeTimer = 3;
    set_timer(kFreezeTimer, now() + base::seconds(0.005));
  }
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
