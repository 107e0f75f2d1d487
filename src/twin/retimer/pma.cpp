// SPDX-License-Identifier: Apache-2.0
// The words of the receivers' and transmitters' own registers: equaliser, figure of merit, pattern
// generators and checkers, margining. Side 1 ("A") faces the host: its receivers decide bits that
// travel toward the device. What is modelled: the figure of merit as 6 codes a dB; attenuator and
// VGA from the CTLE's gain.
#include "twin/retimer/device.h"
#include "wire/retimer/convert.h"

#include <algorithm>
#include <cmath>

namespace weft::twin::retimer {
namespace {

namespace wr = wire::retimer;
using fabric::LaneDirection;

constexpr double kFomCodesPerDb = 6.0;
constexpr std::uint16_t kLaneAreaA = 0x1000;  // lane n at + n * stride
constexpr std::uint16_t kLaneAreaB = 0x2000;
constexpr std::uint16_t kAreaBytes = 4 * wr::kPmaLaneStride;

constexpr std::uint16_t kRequestOverride = 1U << 5U;
constexpr std::uint16_t kRequest = 1U << 4U;
constexpr std::uint16_t kMarginRuns = 3U << 12U;
constexpr std::uint16_t kTimingEnable = 1U << 12U;
constexpr std::uint16_t kVoltageEnable = 1U << 11U;
constexpr std::uint16_t kBertMode = 0xF;
constexpr std::uint16_t kBertAct = 1U << 4U;  // receiver: sync; transmitter: inject

/// Lane of the slice and register without it; nullopt outside the lanes' areas.
struct LaneRegister {
  unsigned lane;
  std::uint16_t reg;
};
std::optional<LaneRegister> lane_register(std::uint16_t address) {
  for (const std::uint16_t area : {kLaneAreaA, kLaneAreaB}) {
    if (address >= area && address < area + kAreaBytes) {
      const auto in = static_cast<unsigned>(address - area);
      return LaneRegister{in / wr::kPmaLaneStride,
                          static_cast<std::uint16_t>(area + in % wr::kPmaLaneStride)};
    }
  }
  return std::nullopt;
}
std::uint16_t word_address(unsigned lane, std::uint16_t reg) {
  return static_cast<std::uint16_t>(reg + lane % kSlices * wr::kPmaLaneStride);
}
std::uint32_t receiver_key(unsigned side, unsigned lane) {
  return side << 8U | lane;
}

}  // namespace

Device::ReceiverAt Device::receiver(unsigned side, unsigned lane) const {
  const unsigned first = options_.is_x8 ? 4 : 0;
  // Which way a side faces: bit 8 of register 0x010 swaps them.
  const bool is_swapped = (stored(wr::kGlobalParam4 + 1) & 1U) != 0;
  const bool toward_host = (side == 0) != is_swapped;
  for (const Through& through : options_.links) {
    const unsigned start = through.start + first;
    if (lane >= start && lane < start + through.width) {
      ReceiverAt at;
      at.through = &through;
      at.at.lane = lane - start;
      at.at.section = toward_host ? through.index + 1 : through.index;
      at.at.direction = toward_host ? LaneDirection::kTowardHost : LaneDirection::kTowardDevice;
      return at;
    }
  }
  return {};
}

/// Who decides the bits that this side's transmitter sends.
LaneAt Device::far_receiver(const Through& through, unsigned side, unsigned lane) const {
  const ReceiverAt own = receiver(side, lane);
  const bool faces_host = own.at.direction == LaneDirection::kTowardDevice;
  return {.section = faces_host ? through.index : through.index + 1,
          .direction = faces_host ? LaneDirection::kTowardHost : LaneDirection::kTowardDevice,
          .lane = own.at.lane};
}

LaneReport Device::report(unsigned side, unsigned lane) const {
  const ReceiverAt at = receiver(side, lane);
  return at.through == nullptr || !is_powered_ ? LaneReport{} : at.through->link->lane(at.at);
}

std::uint8_t Device::fom(const LaneReport& report) const {
  if (!report.is_active || !report.is_modelled) {
    return 0;
  }
  const double code = std::round(report.reading.fom.value() * kFomCodesPerDb);
  return static_cast<std::uint8_t>(std::clamp(std::isfinite(code) ? code : 0.0, 0.0, 255.0));
}

std::uint16_t Device::pma_stored(unsigned side, unsigned slice, std::uint16_t address) const {
  const auto it = pma_.find(side << 20U | slice << 16U | address);
  return it == pma_.end() ? std::uint16_t{0} : it->second;
}

std::uint16_t Device::pma_word(unsigned side, unsigned slice, std::uint16_t address) const {
  slice %= kSlices;
  if (const auto of = lane_register(address)) {
    return pma_lane_word(side, slice * kSlices + of->lane, of->reg);
  }
  return pma_stored(side, slice, address);
}

std::uint16_t Device::pma_lane_word(unsigned side, unsigned lane, std::uint16_t reg) const {
  const LaneReport here = report(side, lane);
  for (unsigned tap = 1; tap <= wr::kDfeTaps; ++tap) {
    if (reg == wr::dfe_address(tap)) {
      const base::Millivolts value =
          tap <= here.dfe.size() ? here.dfe[tap - 1] : base::Millivolts(0);
      return wr::dfe_word(tap, value);
    }
  }
  const std::uint16_t kept = pma_stored(side, lane / kSlices, word_address(lane, reg));
  switch (reg) {
    case wr::kPmaFom:
      return fom(here);
    case wr::kPmaCtle:
      return wr::ctle_word(base::Decibel(std::max(0.0, here.ctle_gain_db)));
    case wr::kPmaAttenuator:  // short channels need little CTLE and arrive too strong
      return wr::attenuator_word(base::Decibel(std::clamp(6.0 - here.ctle_gain_db, 0.0, 7.5)));
    case wr::kPmaVga:
      return wr::vga_word(base::Decibel(std::clamp(3.0 + here.ctle_gain_db, 0.0, 13.5)));
    case wr::kPmaRxIn1:
      return static_cast<std::uint16_t>(kept | (is_powered_ ? 1U << 2U : 0U));
    case wr::kPmaRxOut0:
      return static_cast<std::uint16_t>((here.is_active ? 1U << 2U : 0U) |
                                        (here.has_lock ? 1U << 1U : 0U));
    case wr::kPmaRxPcsOut: {
      const std::uint16_t request =
          pma_stored(side, lane / kSlices, word_address(lane, wr::kPmaMarginRequest));
      const bool is_asked = (request & kRequestOverride) != 0 && (request & kRequest) != 0;
      return is_asked && here.is_active ? 1 : 0;
    }
    case wr::kPmaMarginErrors:
      return margin_errors(side, lane);
    case wr::kPmaRxBertErrors:
      return pattern_errors(side, lane);
    default:
      return kept;
  }
}

void Device::write_pma(unsigned side, unsigned slice, std::uint16_t address, std::uint16_t value) {
  slice %= kSlices;
  const std::uint16_t before = pma_stored(side, slice, address);
  pma_[side << 20U | slice << 16U | address] = value;
  if (const auto of = lane_register(address)) {
    pma_lane_written(side, slice * kSlices + of->lane, of->reg, before, value);
  }
}

void Device::pma_lane_written(unsigned side, unsigned lane, std::uint16_t reg, std::uint16_t before,
                              std::uint16_t after) {
  const ReceiverAt at = receiver(side, lane);
  if (at.through == nullptr) {
    return;
  }
  Link& link = *at.through->link;
  const auto rises = [before, after](std::uint16_t bit) {
    return (before & bit) == 0 && (after & bit) != 0;
  };
  switch (reg) {
    case wr::kPmaMarginRequest:
      if ((after & kRequestOverride) != 0 && rises(kRequest)) {
        const std::uint16_t run =
            pma_stored(side, lane / kSlices, word_address(lane, wr::kPmaVoltageOffset));
        margins_[receiver_key(side, lane)] = {now(), bus_ns_, (run & kMarginRuns) == kMarginRuns};
      }
      break;
    case wr::kPmaRxBert: {
      const bool was_on = (before & kBertMode) != 0;
      const bool is_on = (after & kBertMode) != 0;
      if (was_on != is_on) {
        link.set_test_pattern(at.at, is_on);
      }
      if (is_on && (!was_on || rises(kBertAct))) {
        checkers_[receiver_key(side, lane)] = {link.lane_counts(at.at).bit_errors, 0};
      }
      break;
    }
    case wr::kPmaTxBert: {
      const LaneAt far = far_receiver(*at.through, side, lane);
      if (((before & kBertMode) != 0) != ((after & kBertMode) != 0)) {
        link.set_test_pattern(far, (after & kBertMode) != 0);
      }
      if (rises(kBertAct)) {
        link.inject_errors(far, 1);
      }
      break;
    }
    default:
      break;
  }
}

std::uint16_t Device::margin_errors(unsigned side, unsigned lane) const {
  const auto it = margins_.find(receiver_key(side, lane));
  const ReceiverAt at = receiver(side, lane);
  if (it == margins_.end() || !it->second.is_on || at.through == nullptr) {
    return 0;
  }
  const LinkStatus status = at.through->link->status();
  if (!status.is_up || !report(side, lane).is_active) {
    return wr::kMarginErrorsMax;
  }
  const std::uint16_t time =
      pma_stored(side, lane / kSlices, word_address(lane, wr::kPmaTimingOffset));
  const std::uint16_t voltage =
      pma_stored(side, lane / kSlices, word_address(lane, wr::kPmaVoltageOffset));
  // Positive is left, that is earlier.
  const int left = (time & kTimingEnable) != 0 ? wr::timing_field(time) : 0;
  const int up = (voltage & kVoltageEnable) != 0 ? wr::voltage_field(voltage) : 0;
  const double seconds =
      (Duration{(now() - it->second.since).ns + bus_ns_ - it->second.bus_ns}).seconds();
  const auto bits =
      static_cast<std::uint64_t>(seconds * static_cast<double>(status.rate.value()) * 1e6);
  const MarginCount count =
      at.through->link->margin(at.at, wr::timing_offset(-left), wr::voltage_offset(up), bits);
  return static_cast<std::uint16_t>(std::min<std::uint64_t>(count.errors, wr::kMarginErrorsMax));
}

std::uint16_t Device::pattern_errors(unsigned side, unsigned lane) const {
  const std::uint16_t mode = pma_stored(side, lane / kSlices, word_address(lane, wr::kPmaRxBert));
  const ReceiverAt at = receiver(side, lane);
  const auto it = checkers_.find(receiver_key(side, lane));
  if ((mode & kBertMode) == 0 || at.through == nullptr || it == checkers_.end()) {
    return 0;
  }
  const std::uint64_t errors = at.through->link->lane_counts(at.at).bit_errors;
  // Counts start anew when a receiver locks again.
  return wr::bert_word(errors >= it->second.errors ? errors - it->second.errors : errors);
}

}  // namespace weft::twin::retimer
