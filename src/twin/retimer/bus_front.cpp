// SPDX-License-Identifier: Apache-2.0
#include "twin/retimer/bus_front.h"

#include "wire/smbus/pec.h"

#include <algorithm>

namespace weft::twin::retimer {
namespace {

using wire::retimer::Access;
using wire::retimer::Command;
using wire::retimer::Format;
using wire::retimer::Step;

constexpr std::size_t kHead = 2;      // command and count
constexpr std::size_t kBlockMax = 7;  // configuration, address, 4 bytes; and one for counted PEC
constexpr std::size_t kArpAnswer = kUdidBytes + 1;

enum ArpCommand : std::uint8_t { kPrepare = 1, kReset = 2, kGetUdid = 3, kAssign = 4 };

}  // namespace

std::optional<std::uint8_t> BusFront::address() const {
  if (assigned_) {
    return assigned_;
  }
  return bank_.has_fixed_address() ? std::optional(strapped_) : std::nullopt;
}

void BusFront::reset() {
  assigned_.reset();
  is_resolved_ = false;
  is_set_up_ = false;
  setup_length_ = 0;
  is_finished_ = true;
  in_.clear();
  out_.clear();
}

void BusFront::bus_clear() {
  is_finished_ = true;
  in_.clear();
  out_.clear();
  bank_.bus_clear();
}

bool BusFront::start(std::uint8_t address, bool is_read) {
  if (!is_read) {
    finish();
  }
  const bool is_arp = address == kArpAddress && this->address() != kArpAddress;
  if (!bank_.is_powered() || (is_arp ? !bank_.wants_arp() : this->address() != address)) {
    return false;
  }
  crc_ = wire::smbus::pec(is_read && !is_finished_ ? crc_ : std::uint8_t{0},
                          wire::smbus::address_byte(address, is_read));
  is_arp_ = is_arp;
  out_.clear();
  out_at_ = 0;
  bank_.spent_byte();
  if (!is_read) {
    in_.clear();
    is_refused_ = false;
    is_finished_ = false;
    was_read_ = false;
    return true;
  }
  was_read_ = true;
  if (!is_finished_ && !is_refused_) {
    if (is_arp_) {
      prepare_arp_answer();
      return !out_.empty();
    }
    prepare_answer();
  }
  is_finished_ = true;
  return true;
}

bool BusFront::write(std::uint8_t byte) {
  bank_.spent_byte();
  if (is_refused_ || is_finished_) {
    return false;
  }
  crc_ = wire::smbus::pec(crc_, byte);
  in_.push_back(byte);
  is_refused_ = is_arp_ ? !accept_arp() : !accept();
  return !is_refused_;
}

/// Whether what came so far can become a transaction.
bool BusFront::accept() {
  const auto command = wire::retimer::decode_command(in_[0]);
  if (!command) {
    return false;
  }
  if (in_.size() == 1) {
    return true;
  }
  const std::size_t count = in_[1];
  if (command->step == Step::kReadData || count == 0 || count > kBlockMax + 1) {
    return false;
  }
  const std::size_t whole = kHead + count;
  if (in_.size() <= whole) {
    return true;
  }
  return command->has_pec && in_.size() == whole + 1 && crc_ == 0;
}

bool BusFront::accept_arp() {
  switch (in_[0]) {
    case kPrepare:
    case kReset:
      return in_.size() == 1 || (in_.size() == 2 && crc_ == 0);
    case kGetUdid:
      return in_.size() == 1;
    case kAssign:
      if (in_.size() == kHead) {
        return in_[1] == kArpAnswer;
      }
      return in_.size() <= kHead + kArpAnswer ||
             (in_.size() == kHead + kArpAnswer + 1 && crc_ == 0);
    default:
      return false;
  }
}

/// The bytes behind the count once all are there and the code, where there is one, is right. The
/// vendor's SDK counts the code of a 17-bit read's set-up as a byte of the block; both are taken.
std::optional<base::ByteView> BusFront::whole_block(const Command& command) const {
  if (in_.size() < kHead) {
    return std::nullopt;
  }
  const std::size_t count = in_[1];
  const base::ByteView bytes(in_);
  if (!command.has_pec) {
    return in_.size() == kHead + count ? std::optional(bytes.subspan(kHead)) : std::nullopt;
  }
  if (crc_ != 0) {
    return std::nullopt;
  }
  if (in_.size() == kHead + count + 1) {
    return bytes.subspan(kHead, count);
  }
  return in_.size() == kHead + count ? std::optional(bytes.subspan(kHead, count - 1))
                                     : std::nullopt;
}

void BusFront::finish() {
  if (is_finished_) {
    return;
  }
  is_finished_ = true;
  if (is_refused_ || was_read_ || in_.empty()) {
    return;
  }
  if (is_arp_) {
    finish_arp();
    return;
  }
  const auto command = wire::retimer::decode_command(in_[0]);
  if (!command) {
    return;
  }
  if (const auto block = whole_block(*command)) {
    execute(*command, *block);
  }
}

void BusFront::execute(const Command& command, base::ByteView block) {
  const auto access = wire::retimer::decode_block(command, block);
  if (!access) {
    return;
  }
  if (is_set_up_) {
    is_set_up_ = false;
    bank_.intervened();
    if (bank_.holds_bus()) {
      return;  // stuck: what came between is lost
    }
  }
  if (command.step == Step::kWrite) {
    bank_.write_registers(access->address, access->data);
    return;
  }
  is_set_up_ = true;
  is_setup_intel_ = access->format == Format::kIntel;
  setup_address_ = access->address;
  setup_length_ = static_cast<std::uint32_t>(access->length);
}

void BusFront::prepare_answer() {
  const auto command = wire::retimer::decode_command(in_.empty() ? std::uint8_t{0} : in_[0]);
  if (!command) {
    return;
  }
  Access access;
  if (command->step == Step::kReadCall) {
    // Its code, where it has one, comes once, behind the answer.
    const auto asked = wire::retimer::decode_block(
        *command, base::ByteView(in_).subspan(std::min(kHead, in_.size())));
    if (!asked || in_.size() != kHead + in_[1]) {
      return;
    }
    access = *asked;
  } else if (command->step == Step::kReadData && in_.size() == 1 && setup_length_ != 0) {
    access.format = is_setup_intel_ ? Format::kIntel : Format::kAstera;
    if (access.format != command->format) {
      return;  // set up in the other format: nothing to say
    }
    access.address = setup_address_;
    access.length = setup_length_;
    is_set_up_ = false;
  } else {
    return;
  }
  base::Bytes block =
      wire::retimer::encode_answer(access, bank_.read_registers(access.address, access.length));
  bank_.spoil(block);
  answer_with(std::move(block), command->has_pec);
}

void BusFront::answer_with(base::Bytes block, bool has_pec) {
  out_.push_back(static_cast<std::uint8_t>(block.size()));
  out_.insert(out_.end(), block.begin(), block.end());
  if (has_pec) {
    out_.push_back(wire::smbus::pec(out_, crc_));
  }
}

void BusFront::prepare_arp_answer() {
  if (in_.size() != 1 || in_[0] != kGetUdid || is_resolved_) {
    return;
  }
  base::Bytes block(kUdid.begin(), kUdid.end());
  const auto mine = address();
  block.push_back(mine ? static_cast<std::uint8_t>(unsigned{*mine} << 1U | 1U)
                       : std::uint8_t{0xFF});
  answer_with(std::move(block), true);
}

void BusFront::finish_arp() {
  const bool is_assign = in_[0] == kAssign;
  if (crc_ != 0 || in_.size() != (is_assign ? kHead + kArpAnswer + 1 : 2)) {
    return;
  }
  if (!is_assign) {
    is_resolved_ = false;
    if (in_[0] == kReset) {
      assigned_.reset();
    }
    return;
  }
  if (!is_resolved_ && std::equal(kUdid.begin(), kUdid.end(), in_.begin() + kHead)) {
    assigned_ = static_cast<std::uint8_t>(in_[kHead + kUdidBytes] >> 1U);
    is_resolved_ = true;
  }
}

std::uint8_t BusFront::read() {
  bank_.spent_byte();
  return out_at_ < out_.size() ? out_[out_at_++] : std::uint8_t{0xFF};
}

void BusFront::stop() {
  finish();
  out_.clear();
  out_at_ = 0;
}

void BusFront::exchange(Archive& archive) {
  archive.fields(assigned_, is_resolved_, is_set_up_, is_setup_intel_, setup_address_,
                 setup_length_, is_arp_, is_refused_, is_finished_, was_read_, crc_, in_, out_,
                 out_at_);
  if (archive.is_reading()) {
    setup_length_ = std::min<std::uint32_t>(setup_length_, wire::retimer::kAsteraReadMax);
  }
}

}  // namespace weft::twin::retimer
