// SPDX-License-Identifier: Apache-2.0
// The registers that clients reach directly: what is worked out when it is read, what is kept, and
// what writing sets going.
#include "twin/retimer/device.h"
#include "twin/world/hash.h"
#include "wire/retimer/convert.h"

#include <algorithm>
#include <cmath>

namespace weft::twin::retimer {
namespace {

namespace wr = wire::retimer;

constexpr std::uint8_t kDeviceRevision = 0x01;
constexpr std::int64_t kBeatNs = 10'000'000;
constexpr Duration kNotReady{10'000'000'000};  // Quirk::kTemperatureNotReady
constexpr Duration kFirstReading{500'000'000};
constexpr std::array<std::array<double, kSlices>, 2> kGradient{
    // Cel from the mean, side, slice
    {{-0.6, 0.2, 0.5, -0.4}, {-0.3, 0.6, 0.8, -0.8}}};

std::uint8_t byte_of(std::uint64_t value, std::uint32_t index) {
  return static_cast<std::uint8_t>(value >> (8U * index));
}

}  // namespace

std::uint8_t Device::stored(std::uint32_t address, std::uint8_t otherwise) const {
  const auto it = stored_.find(address);
  return it == stored_.end() ? otherwise : it->second;
}

std::uint32_t Device::stored_word(std::uint32_t address, unsigned bytes) const {
  std::uint32_t word = 0;
  for (unsigned i = bytes; i-- > 0;) {
    word = word << 8U | stored(address + i);
  }
  return word;
}

void Device::store(std::uint32_t address, std::uint8_t value) {
  stored_[address] = value;
}

std::uint8_t Device::code_load() const {
  if (is_loaded_) {
    return load_goal_;
  }
  const Duration since = now() - boot_at_;
  // Main micro, path micros and PMA one after the other.
  unsigned done = 0;
  done |= since.ns >= kBootTime.ns / 4 ? 0x2U : 0U;
  done |= since.ns >= kBootTime.ns / 2 ? 0x4U : 0U;
  done |= since.ns >= kBootTime.ns ? 0x8U : 0U;
  return static_cast<std::uint8_t>(load_goal_ & done);
}

std::uint8_t Device::heartbeat() const {
  if (!is_beating_) {
    return heartbeat_;
  }
  const std::int64_t ns = (now() - beat_since_).ns + bus_ns_ - beat_bus_ns_;
  return static_cast<std::uint8_t>(heartbeat_ + static_cast<std::uint64_t>(ns / kBeatNs));
}

// ---- eFuse and temperature ----

std::uint8_t Device::efuse(unsigned at) const {
  at %= wr::kEfuseBytes / 2;  // the second page is a copy
  if (at < wr::kEfuseChipIdBytes) {
    return static_cast<std::uint8_t>(hash_text(path(), at));
  }
  if (at == wr::kEfusePart) {
    return static_cast<std::uint8_t>(0x40U | (options_.is_x8 ? 8U : 16U));
  }
  if (at >= wr::kEfuseLot && at < wr::kEfuseLot + wr::kEfuseLotBytes) {
    constexpr std::array<std::uint8_t, wr::kEfuseLotBytes> lot{'W', 'F', '2', '6', '0', '1'};
    return lot[at - wr::kEfuseLot];
  }
  for (unsigned slice = 0; slice < kSlices; ++slice) {
    for (unsigned side = 0; side < 2; ++side) {
      const unsigned base = side == 0 ? wr::kEfuseCalibrationA : wr::kEfuseCalibrationB;
      if (at == base + 4 * slice) {
        return static_cast<std::uint8_t>(wr::kDefaultCalibration - 3 +
                                         hash_text(path(), 64 + side * kSlices + slice) % 7);
      }
    }
  }
  return at == wr::kEfuseFlags ? 0x04 : 0x00;
}

/// Of the sensor whose code the firmware keeps at this side: the first four are PMA A's.
std::uint8_t Device::calibration(unsigned side, unsigned slice) const {
  return efuse((side == 0 ? wr::kEfuseCalibrationA : wr::kEfuseCalibrationB) + 4 * slice);
}

bool Device::has_temperature() const {
  if (!is_powered_ || !is_loaded_ || (load_goal_ & 0x2U) == 0) {
    return false;
  }
  const Duration wait = is_quirk(Quirk::kTemperatureNotReady) ? kNotReady : kFirstReading;
  return now() - boot_at_ >= Duration{kBootTime.ns + wait.ns};
}

base::Celsius Device::sensed() const {
  const double cel = stuck_cel_ ? *stuck_cel_ : heat_.value(now()).value();
  return base::Celsius(cel + quantity(Quantity::kSensorOffset));
}

std::uint16_t Device::adc(unsigned side, unsigned slice) const {
  if (!has_temperature()) {
    return 0;
  }
  const base::Celsius here(sensed().value() + kGradient[side & 1U][slice % kSlices]);
  return wr::temperature_code(here, calibration(side & 1U, slice % kSlices));
}

/// An x8 part has the two in the middle.
Device::SliceRange Device::slices() const {
  return options_.is_x8 ? SliceRange{1, 3} : SliceRange{0, kSlices};
}

/// The mean of the codes of the slices that the part has.
std::uint32_t Device::adc_mean() const {
  if (!has_temperature()) {
    return 0;
  }
  std::uint32_t sum = 0;
  std::uint32_t count = 0;
  const SliceRange has = slices();
  for (unsigned slice = has.first; slice < has.end; ++slice) {
    sum += adc(0, slice) + std::uint32_t{adc(1, slice)};
    count += 2;
  }
  return (sum + count / 2) / count;
}

/// As a register of the whole device says it: by the mean calibration.
std::uint32_t Device::adc_of(base::Celsius temperature) const {
  const SliceRange has = slices();
  unsigned sum = 0;
  for (unsigned slice = has.first; slice < has.end; ++slice) {
    sum += calibration(0, slice) + unsigned{calibration(1, slice)};
  }
  const unsigned count = 2 * (has.end - has.first);
  const auto mean = static_cast<std::uint8_t>((sum + count / 2) / count);
  return has_temperature() ? wr::temperature_code(temperature, mean) : 0;
}

// ---- reading ----

std::optional<std::uint64_t> Device::computed(const wr::RegisterRow& row) const {
  switch (row.address) {
    case wr::kGlobalParam1:
      return std::uint64_t{wr::kVendorId} << 16U | kDeviceRevision;
    case wr::kGlobalErrorMask2: {
      const bool is_hot = firmware_ >= wr::kOverTemperatureSince && has_temperature() &&
                          sensed() >= kOverTemperature;
      return (stored(row.address) & 0xFBU) | (is_hot ? 0x04U : 0U);
    }
    case wr::kTemperatureAllTimeMax: {
      const double now_cel = heat_.value(now()).value();
      return adc_of(base::Celsius(std::max(hottest_cel_, now_cel) + kGradient[1][2]));
    }
    case wr::kTemperatureMax:
      return adc_of(base::Celsius(sensed().value() + kGradient[1][2]));
    case wr::kTemperatureAverage:
      return adc_mean();
    case wr::kHardwareReset:
      return hardware_reset_;
    case wr::kSoftwareReset:
      return software_reset_;
    case wr::kCodeLoad:
      return code_load();
    case wr::kEfuseData:
      return efuse(stored(wr::kEfuseAddress) & 0x7FU);
    case wr::kGpioIn: {
      // Inputs float low; what is driven reads back. GPIO0 is the firmware's.
      const unsigned driven = stored(wr::kGpioOut) & ~unsigned{stored(wr::kGpioDirection)} & 0xFEU;
      return driven | (is_loaded_ && load_goal_ >= wr::kCodeLoaded ? 1U : 0U);
    }
    case wr::kStatusClear:
      return 0;
    case wr::kStatus:
      return status_;
    case wr::kHeartbeat:
      return heartbeat();
    case wr::kRevisionStep:
      return 1;
    case wr::kRevision:
      return 0x64;
    default:
      return std::nullopt;
  }
}

std::uint8_t Device::byte_at(std::uint32_t address) const {
  if (address >= wr::kQuadSlice && address < wr::path_base(wr::kPaths)) {
    const std::uint32_t from = address - wr::kQuadSlice;
    return path_byte(from / wr::kPathStride, from % wr::kPathStride);
  }
  if (const wr::RegisterRow* row = wr::describe(address)) {
    if (const auto value = computed(*row)) {
      return byte_of(*value, address - row->address);
    }
  }
  return stored(address);
}

std::uint8_t Device::path_byte(unsigned path, std::uint32_t offset) const {
  const bool is_host_side = path % 2 != 0;
  const unsigned lane = path / 2 * 2;
  if (offset == wr::kPathLaneState) {
    // Here the wrapper's number is a lane's.
    const ReceiverAt at = receiver(1, path);
    return at.through != nullptr && report(1, path).is_active && report(1, path).has_lock
               ? wr::kLaneForwarding
               : 0;
  }
  if (offset == wr::kPathRate || offset == wr::kPathNextState) {
    const ReceiverAt at = receiver(is_host_side ? 0 : 1, lane);
    if (at.through == nullptr) {
      return stored(wr::path_base(path) + offset);
    }
    const auto link = static_cast<std::size_t>(at.through - options_.links.data());
    if (offset == wr::kPathRate) {
      const std::uint8_t forced = stored(wr::path_base(path) + offset);
      return (forced & 0x08U) != 0 ? forced : link_rate(link);
    }
    return static_cast<std::uint8_t>(link_state(link));
  }
  if (offset >= wr::kPathLane) {
    const std::uint32_t in_lane = offset - wr::kPathLane;
    return lane_byte(path, in_lane / wr::kPathLaneStride, in_lane % wr::kPathLaneStride);
  }
  return stored(wr::path_base(path) + offset);
}

std::uint8_t Device::lane_byte(unsigned path, unsigned in_path, std::uint32_t offset) const {
  const unsigned lane = path / 2 * 2 + in_path;
  const unsigned side = path % 2 != 0 ? 0 : 1;
  const std::uint32_t address =
      wr::path_base(path) + wr::kPathLane + in_path * wr::kPathLaneStride + offset;
  const ReceiverAt at = receiver(side, lane);
  if (at.through == nullptr) {
    return stored(address);
  }
  if (offset >= wr::kLaneTxDeemphasisSeen && offset < wr::kLaneTxDeemphasisSeen + 3) {
    // The transmitter that this path drives, with what the receiver behind it asked for.
    const std::uint32_t forced = stored_word(address - offset + wr::kLaneTxDeemphasis, 3);
    if ((forced >> 18U & 1U) != 0) {
      return byte_of(forced & 0x3FFFFU, offset - wr::kLaneTxDeemphasisSeen);
    }
    const LaneReport far = at.through->link->lane(far_receiver(*at.through, 1 - side, lane));
    constexpr double kFullSwing = 48;
    const auto part = [&far](std::size_t tap) {
      const double value = tap < far.tx_taps.size() ? std::abs(far.tx_taps[tap]) : 0.0;
      return static_cast<std::uint32_t>(std::clamp(std::round(value * kFullSwing), 0.0, 63.0));
    };
    // Pre-cursors come first: with 3 taps the main one is in the middle.
    const std::size_t main = far.tx_taps.size() >= 4 ? 2 : (far.tx_taps.size() >= 3 ? 1 : 0);
    const std::uint32_t pre = main > 0 ? part(main - 1) : 0;
    return byte_of(pre | part(main) << 6U | part(main + 1) << 12U,
                   offset - wr::kLaneTxDeemphasisSeen);
  }
  const LaneReport here = report(side, lane);
  switch (offset) {
    case wr::kLaneNumber:
      return static_cast<std::uint8_t>(at.at.lane);
    case wr::kLaneTermination:
      return 1;
    case wr::kLaneDeskewClocks: {
      constexpr double kClockPs = 1000;  // a symbol clock of 1 GHz
      return static_cast<std::uint8_t>(std::clamp(here.skew.value() / kClockPs, 0.0, 31.0));
    }
    case wr::kLaneDeskewStatus:
      return here.is_active ? 1 : 0;
    case wr::kLaneFomFeedback:
      return fom(here);
    default:
      return stored(address);
  }
}

base::Bytes Device::read_registers(std::uint32_t address, std::size_t length) {
  base::Bytes bytes(length);
  for (std::size_t i = 0; i < length; ++i) {
    const auto at = static_cast<std::uint32_t>((address + i) & wr::kAddressMax);
    bytes[i] = byte_at(at);
    if (at == wr::kAssistCommand && polls_left_ > 0) {
      --polls_left_;
      if (polls_left_ == 0) {
        assist(stored(wr::kAssistCommand));
      }
    }
  }
  return bytes;
}

// ---- writing ----

void Device::write_registers(std::uint32_t address, base::ByteView bytes) {
  const std::uint16_t hardware = hardware_reset_;
  const std::uint16_t software = software_reset_;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto at = static_cast<std::uint32_t>((address + i) & wr::kAddressMax);
    const wr::RegisterRow* row = wr::describe(at);
    if (row != nullptr && !row->is_writable) {
      continue;
    }
    store(at, bytes[i]);
    if (row != nullptr &&
        (row->address == wr::kHardwareReset || row->address == wr::kSoftwareReset)) {
      std::uint16_t& reset = row->address == wr::kHardwareReset ? hardware_reset_ : software_reset_;
      const unsigned shift = 8 * (at - row->address);
      reset = static_cast<std::uint16_t>((reset & ~(0xFFU << shift)) | unsigned{bytes[i]} << shift);
    }
    wrote(at);
  }
  if (hardware != hardware_reset_) {
    reset_written(hardware, hardware_reset_, true);
  }
  if (software != software_reset_) {
    reset_written(software, software_reset_, false);
  }
}

void Device::reset_written(std::uint16_t before, std::uint16_t after, bool is_hardware) {
  const auto rises = [before, after](std::uint16_t bits) {
    return (before & bits) != bits && (after & bits) == bits;
  };
  const auto falls = [before, after](std::uint16_t bits) {
    return (before & bits) != 0 && (after & bits) == 0;
  };
  if (rises(wr::kResetI2cMaster)) {
    master_.reset();
  }
  if (is_hardware && rises(wr::kHardwareResetAll)) {
    software_reset_ = 0;
    pma_.clear();
    margins_.clear();
    checkers_.clear();
    stop_firmware();
  } else if (rises(wr::kResetMainMicro)) {
    keeps_links_ = is_loaded_ && load_goal_ >= wr::kCodeLoaded;
    stop_firmware();
  }
  if (falls(wr::kResetMainMicro)) {
    is_shut_down_ = is_hardware ? false : is_shut_down_;
    begin_boot(!is_hardware && keeps_links_);
  }
}

void Device::wrote(std::uint32_t address) {
  if (address >= wr::kQuadSlice && address < wr::path_base(wr::kPaths)) {
    const std::uint32_t from = address - wr::kQuadSlice;
    const unsigned path = from / wr::kPathStride;
    const std::uint32_t offset = from % wr::kPathStride;
    if (offset == wr::kPathSram + 2) {
      path_window(path);
    } else if (path % kSlices == 0 && offset == wr::kPathPac + 2) {
      const std::uint32_t window = address - 2;
      const unsigned command = stored(window);
      const auto at = static_cast<std::uint16_t>(stored(window + 1) << 8U | stored(window + 2));
      const unsigned slice = path / kSlices;
      const unsigned side = (command & 0x4U) != 0 ? 1 : 0;
      if ((command & 1U) == 0) {
        const std::uint16_t word = pma_word(side, slice, at);
        store(window + 3, static_cast<std::uint8_t>(word));
        store(window + 4, static_cast<std::uint8_t>(word >> 8U));
        return;
      }
      const auto word = static_cast<std::uint16_t>(stored(window + 3) | stored(window + 4) << 8U);
      for (unsigned to = 0; to < 2; ++to) {
        if ((command >> (1 + to) & 1U) != 0) {
          write_pma(to, slice, at, word);
        }
      }
    }
    return;
  }
  switch (address) {
    case wr::kPerstN:
      tell_ready();
      update_heartbeat();
      break;
    case wr::kGlobalParam0 + 3:
      for (const Through& through : options_.links) {
        constexpr std::array<std::uint64_t, 7> kRates{0, 2500, 5000, 8000, 16000, 32000, 64000};
        const unsigned rate = stored(address) & 7U;
        if (rate >= 1 && rate < kRates.size()) {
          through.link->set_target_rate(End::kA, base::TransferRate(kRates[rate]));
        }
      }
      break;
    case wr::kStatusClear:
      status_ = static_cast<std::uint8_t>(status_ & ~unsigned{stored(address)});
      break;
    case wr::kEepromAssistCommand:
      assist_eeprom(stored(address));
      break;
    case wr::kAssistCommand:
      if (is_quirk(Quirk::kSlowMailbox) && stored(address) != 0) {
        polls_left_ = 3;
      } else {
        assist(stored(address));
      }
      break;
    case wr::kMasterCommand:
      if ((stored(address) & 1U) != 0 &&
          ((hardware_reset_ | software_reset_) & wr::kResetI2cMaster) == 0) {
        master_.command(stored(wr::kMasterRegister),
                        {stored(wr::kMasterData), stored(wr::kMasterData + 1),
                         stored(wr::kMasterData + 2), stored(wr::kMasterData + 3)},
                        eeprom_);
        if (stored(wr::kMasterRegister) == 0x10 && (stored(wr::kMasterData + 1) & 1U) != 0) {
          store(wr::kMasterData, master_.received());
        }
      }
      break;
    case wr::kMasterInit:
      master_.reset();
      break;
    default:
      break;
  }
}

}  // namespace weft::twin::retimer
