// SPDX-License-Identifier: Apache-2.0
#include "twin/retimer/eeprom.h"

#include "base/random.h"

#include <algorithm>

namespace weft::twin::retimer {
namespace {

using wire::retimer::kEepromBytes;
using wire::retimer::kEepromPageBytes;

constexpr std::uint32_t kAddressMask = kEepromBytes - 1;
constexpr std::uint32_t kFlipsMax = 4096;

enum MasterRegister : std::uint8_t { kTarget = 0x04, kDataCommand = 0x10, kEnable = 0x6C };
enum DataFlag : std::uint8_t { kRead = 1, kStop = 2, kRestart = 4 };

}  // namespace

std::uint8_t Eeprom::cell(std::uint32_t address) const {
  address &= kAddressMask;
  const auto page = pages_.find(address / kEepromPageBytes);
  return page == pages_.end() ? (*factory_)[address] : page->second[address % kEepromPageBytes];
}

std::uint8_t Eeprom::read(std::uint32_t address) const {
  const std::uint8_t byte = cell(address);
  if (flipped_.empty()) {
    return byte;
  }
  const auto bits = flipped_.find(address & kAddressMask);
  return bits == flipped_.end() ? byte : byte ^ bits->second;
}

void Eeprom::write(std::uint32_t address, std::uint8_t byte) {
  address &= kAddressMask;
  const std::uint32_t number = address / kEepromPageBytes;
  const auto [page, is_new] = pages_.try_emplace(number);
  if (is_new) {
    const auto start = factory_->begin() + static_cast<std::ptrdiff_t>(number * kEepromPageBytes);
    std::copy_n(start, kEepromPageBytes, page->second.begin());
  }
  page->second[address % kEepromPageBytes] = byte;
}

void Eeprom::set_flips(std::uint32_t flips, std::uint64_t seed) {
  flips_ = std::min(flips, kFlipsMax);
  seed_ = seed;
  flipped_.clear();
  base::SplitMix64 place(seed);
  // Cells of the image's first part wear as all others do; only there do flips matter.
  const std::size_t used = wire::retimer::image_end(*factory_);
  for (std::uint32_t i = 0; i < flips_; ++i) {
    const std::uint64_t at = place();
    flipped_[static_cast<std::uint32_t>(at % used)] ^= static_cast<std::uint8_t>(1U << (at >> 61U));
  }
}

base::Bytes Eeprom::image() const {
  base::Bytes bytes = *factory_;
  for (const auto& [number, page] : pages_) {
    std::copy(page.begin(), page.end(),
              bytes.begin() + static_cast<std::ptrdiff_t>(number * kEepromPageBytes));
  }
  for (const auto& [address, bits] : flipped_) {
    bytes[address] ^= bits;
  }
  return bytes;
}

void Eeprom::exchange(Archive& archive) {
  archive.fields(pages_, flips_, seed_);
  if (archive.is_reading()) {
    std::erase_if(pages_,
                  [](const auto& page) { return page.first >= kEepromBytes / kEepromPageBytes; });
    set_flips(flips_, seed_);
  }
}

std::uint32_t I2cMaster::position() const {
  return static_cast<std::uint32_t>(target_ & 3U) << 16U | pointer_;
}

void I2cMaster::reset() {
  address_bytes_ = 0;
  buffer_.clear();
}

void I2cMaster::stop(Eeprom& eeprom) {
  for (const auto& [address, byte] : buffer_) {
    eeprom.write(address, byte);
  }
  reset();
}

void I2cMaster::put(std::uint8_t byte, bool stops, Eeprom& eeprom) {
  if (address_bytes_ < 2) {
    pointer_ = static_cast<std::uint16_t>(pointer_ << 8U | byte);
    ++address_bytes_;
  } else {
    buffer_[position()] = byte;
    const auto page = static_cast<std::uint16_t>(pointer_ & ~(kEepromPageBytes - 1));
    pointer_ = static_cast<std::uint16_t>(page | ((pointer_ + 1U) & (kEepromPageBytes - 1)));
  }
  if (stops) {
    stop(eeprom);
  }
}

std::uint8_t I2cMaster::get(const Eeprom& eeprom) {
  // A read behind an address is joined by a repeated start, which ends the address phase.
  reset();
  received_ = eeprom.read(position());
  ++pointer_;
  return received_;
}

void I2cMaster::command(std::uint8_t number, std::array<std::uint8_t, 4> data, Eeprom& eeprom) {
  switch (number) {
    case kTarget:
      target_ = data[0] & 0x7FU;
      break;
    case kEnable:
      is_enabled_ = (data[0] & 1U) != 0;
      if (!is_enabled_) {
        stop(eeprom);
      }
      break;
    case kDataCommand:
      if (!is_enabled_ || (target_ & ~3U) != 0x50U) {
        received_ = 0xFF;  // nobody acknowledges
      } else if ((data[1] & kRead) != 0) {
        static_cast<void>(get(eeprom));
      } else {
        if ((data[1] & kRestart) != 0) {
          stop(eeprom);
        }
        put(data[0], (data[1] & kStop) != 0, eeprom);
      }
      break;
    default:
      break;  // thresholds and clocks change nothing here
  }
}

void I2cMaster::exchange(Archive& archive) {
  archive.fields(target_, is_enabled_, address_bytes_, pointer_, received_, buffer_);
}

}  // namespace weft::twin::retimer
