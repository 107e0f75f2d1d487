// SPDX-License-Identifier: Apache-2.0
// What the hardware shows when it is read: each function here turns a stored dword into what it
// reads now, from the link's state. Nothing here changes anything.
#include "twin/pcie_port/function.h"
#include "twin/world/world.h"

#include <algorithm>

namespace weft::twin::pcie_port {
namespace live_registers {

constexpr std::uint32_t kConfiguration =
    1U << static_cast<unsigned>(TrainingState::kConfiguration) |
    1U << static_cast<unsigned>(TrainingState::kRecoveryLock) |
    1U << static_cast<unsigned>(TrainingState::kRecoverySpeed) |
    1U << static_cast<unsigned>(TrainingState::kRecoveryPhase0) |
    1U << static_cast<unsigned>(TrainingState::kRecoveryPhase1) |
    1U << static_cast<unsigned>(TrainingState::kRecoveryPhase2) |
    1U << static_cast<unsigned>(TrainingState::kRecoveryPhase3) |
    1U << static_cast<unsigned>(TrainingState::kRecoveryConfiguration) |
    1U << static_cast<unsigned>(TrainingState::kRecoveryIdle);

LaneAt receiver(End end, std::uint32_t lane, const LinkPlan& plan) {
  const auto last = static_cast<std::uint32_t>(plan.repeaters.size());
  return end == End::kA ? LaneAt{.direction = fabric::LaneDirection::kTowardHost, .lane = lane}
                        : LaneAt{.section = last, .lane = lane};
}

bool is_in(std::uint16_t offset, std::uint16_t base, std::uint32_t length) {
  return base != 0 && offset >= base && offset < base + length;
}

/// Bits 3:0 of the 16, 32 and 64 GT/s status: complete, phases 1 to 3.
constexpr std::uint32_t kAllPhases = 0xF;

}  // namespace live_registers

std::uint32_t Function::dword(std::uint16_t offset) const {
  using live_registers::is_in;
  const Layout& layout = *parts_.layout;
  const std::uint32_t value = stored(offset);
  if (is_in(offset, layout.express, 0x3C)) {
    return express_dword(offset - layout.express, value);
  }
  if (is_in(offset, layout.aer, 0x48)) {
    return aer_dword(offset - layout.aer, value);
  }
  return offset >= 0x160 ? physical_dword(offset, value) : value;
}

bool Function::is_training() const {
  const auto state = static_cast<unsigned>(parts_.link->status().state);
  return (live_registers::kConfiguration >> state & 1U) != 0;
}

bool Function::has_retrained() const {
  return retrain_from_ && !is_training() && trainings() > *retrain_from_;
}

std::uint64_t Function::trainings() const {
  return parts_.link->counter(LinkCounter::kRecoveries, parts_.end) +
         parts_.link->counter(LinkCounter::kTrainings, parts_.end);
}

std::uint32_t Function::link_status() const {
  const LinkStatus status = parts_.link->status();
  std::uint32_t out = status.is_up ? speed_code(status.rate) | status.width.value() << 4 : 1U;
  if (parts_.layout->faces_down()) {
    const bool is_asked = retrain_from_ && trainings() <= *retrain_from_ && status.is_up;
    out |= (is_training() || is_asked ? 1U << 11 : 0U) | (status.is_up ? 1U << 13 : 0U) |
           (has_retrained() ? 1U << 14 : 0U);
  }
  return out;
}

bool Function::has_equalised(std::uint8_t speed) const {
  const LinkStatus status = parts_.link->status();
  const base::TransferRate rate = rate_of_speed(speed);
  if (!status.is_up) {
    return false;
  }
  if (status.rate >= rate) {
    return true;
  }
  const auto log = parts_.link->log();
  return std::any_of(log.begin(), log.end(), [&](const TrainingEvent& event) {
    return event.to == TrainingState::kL0 && event.rate >= rate;
  });
}

std::uint32_t Function::link_status_2(std::uint32_t value) const {
  const LinkStatus status = parts_.link->status();
  if (parts_.layout->make.speed >= 3 && has_equalised(3)) {
    value |= 0x1EU << 16;
  }
  if (status.is_up && parts_.layout->make.speed >= 4) {
    value |= (parts_.retimers >= 1 ? 1U << 22 : 0U) | (parts_.retimers >= 2 ? 1U << 23 : 0U);
  }
  value |= status.is_flit ? 1U << 26 : 0U;
  if (parts_.layout->faces_down()) {
    value |= (status.is_up ? 4U : is_present() ? 2U : 1U) << 28;
  }
  return value;
}

bool Function::is_present() const {
  return parts_.link != nullptr && !parts_.link->plan().b.is_null() &&
         !parts_.link->own_quantities().is_on(Quantity::kDisconnect);
}

std::uint32_t Function::slot_status(std::uint32_t value) const {
  const bool is_there = is_present();
  value |= is_there ? 1U << 22 : 0U;
  value |= is_there != was_present_ ? 1U << 19 : 0U;
  value |= is_command_pending_ && now() >= command_done_ ? 1U << 20 : 0U;
  return value;
}

std::uint32_t Function::express_dword(std::uint16_t at, std::uint32_t value) const {
  const Layout& layout = *parts_.layout;
  switch (at) {
    case 0x08:
      return value | (counted() != device_from_ ? 1U << 16 : 0U);
    case 0x10:
      return parts_.link == nullptr ? value : value | link_status() << 16;
    case 0x18:
      return layout.make.has_slot ? slot_status(value) : value;
    case 0x30:
      return parts_.link == nullptr ? value : link_status_2(value);
    default:
      return value;
  }
}

std::uint32_t Function::aer_dword(std::uint16_t at, std::uint32_t value) const {
  if (at == 0x10) {
    return correctable_status();
  }
  if (parts_.layout->is_root() && (at == 0x30 || at == 0x34)) {
    const RootView view = correctable_received();
    if (at == 0x34) {
      return view.received == 0 ? value : (value & 0xFFFF0000U) | view.source;
    }
    value |= view.received > 0 ? 1U : 0U;
    value |= view.received > 1 && view.received > root_mult_from_ ? 2U : 0U;
  }
  return value;
}

std::uint32_t Function::lane_errors() const {
  const std::uint32_t ever = parts_.link->lanes_with_errors(parts_.end);
  if (!lane_from_) {
    return ever;
  }
  std::uint32_t out = 0;
  for (std::uint32_t lane = 0; lane < lane_from_->size(); ++lane) {
    if ((ever >> lane & 1U) == 0) {
      continue;
    }
    const std::uint64_t count =
        parts_.link->lane_counts(live_registers::receiver(parts_.end, lane, parts_.link->plan()))
            .bit_errors;
    // A receiver that locked anew counts from zero again.
    const std::uint64_t from = (*lane_from_)[lane];
    out |= (count >= from ? count > from : count > 0) ? 1U << lane : 0U;
  }
  return out;
}

std::vector<std::uint64_t> Function::lane_error_counts() const {
  std::vector<std::uint64_t> out;
  for (std::uint32_t lane = 0; lane < parts_.layout->make.width; ++lane) {
    out.push_back(
        parts_.link->lane_counts(live_registers::receiver(parts_.end, lane, parts_.link->plan()))
            .bit_errors);
  }
  return out;
}

/// Transmitter presets of the rate in use: what each side's receiver asked the other for. Other
/// rates keep their initial ones.
std::uint8_t Function::lane_preset(std::uint32_t lane, bool is_downstream_port,
                                   std::uint8_t initial) const {
  const auto last = static_cast<std::uint32_t>(parts_.link->plan().repeaters.size());
  const LaneAt at =
      is_downstream_port
          ? LaneAt{.section = 0, .lane = lane}
          : LaneAt{.section = last, .direction = fabric::LaneDirection::kTowardHost, .lane = lane};
  const LaneReport report = parts_.link->lane(at);
  return report.is_active ? report.preset & 0xFU : initial;
}

std::uint32_t Function::lane_presets(std::uint32_t value, std::uint32_t first_lane,
                                     std::uint8_t speed) const {
  if (parts_.link->status().rate != rate_of_speed(speed)) {
    return value;
  }
  const unsigned bits = speed == 3 ? 16 : 8;  // the 8 GT/s entries hold receiver hints too
  const unsigned upstream_at = speed == 3 ? 8 : 4;
  for (std::uint32_t i = 0; i < 32 / bits && first_lane + i < parts_.layout->make.width; ++i) {
    for (const bool is_downstream : {true, false}) {
      const unsigned at = bits * i + (is_downstream ? 0U : upstream_at);
      const std::uint32_t preset =
          lane_preset(first_lane + i, is_downstream, static_cast<std::uint8_t>(value >> at & 0xF));
      value = (value & ~(0xFU << at)) | preset << at;
    }
  }
  return value;
}

std::uint32_t Function::margin_dword(std::uint16_t at, std::uint32_t value) const {
  if (at == 4) {
    return value | (margining_.is_ready() ? 1U << 16 : 0U);
  }
  if (at < 8) {
    return value;
  }
  const std::uint32_t lane = (at - 8U) / 4;
  return margining_.control(lane) | std::uint32_t{margining_.status(lane, now())} << 16;
}

std::uint32_t Function::device3_status() const {
  const LinkStatus status = parts_.link->status();
  std::uint32_t code = 0;
  while (code < 4 && 1U << code < status.trained_width.value()) {
    ++code;
  }
  return status.is_up ? code | (status.is_flit ? 1U << 4 : 0U) : 0U;
}

std::uint32_t Function::physical_dword(std::uint16_t offset, std::uint32_t value) const {
  using live_registers::is_in;
  const Layout& layout = *parts_.layout;
  const std::uint32_t width = layout.make.width;
  if (parts_.link == nullptr) {
    return value;
  }
  if (is_in(offset, layout.secondary, 0x0C + 2 * width)) {
    const std::uint32_t at = offset - layout.secondary;
    return at == 8      ? value | lane_errors()
           : at >= 0x0C ? lane_presets(value, (at - 12) / 2, 3)
                        : value;
  }
  struct Phy {
    std::uint16_t base;
    std::uint32_t lanes_at;
    std::uint8_t speed;
  };
  for (const Phy& phy :
       {Phy{layout.phy16, 0x20, 4}, Phy{layout.phy32, 0x20, 5}, Phy{layout.phy64, 0x10, 6}}) {
    if (is_in(offset, phy.base, phy.lanes_at + width)) {
      const std::uint32_t at = offset - phy.base;
      if (at == 0x0C) {
        return value | (has_equalised(phy.speed) ? live_registers::kAllPhases : 0U);
      }
      return at >= phy.lanes_at ? lane_presets(value, at - phy.lanes_at, phy.speed) : value;
    }
  }
  if (is_in(offset, layout.margining, 8 + 4 * width)) {
    return margin_dword(offset - layout.margining, value);
  }
  if (offset == layout.dlf + 8U && layout.dlf != 0) {
    return value | (parts_.link->status().is_up ? 0x80000001U : 0U);
  }
  if (offset == layout.device3 + 0xCU && layout.device3 != 0) {
    return value | device3_status();
  }
  return value;
}

}  // namespace weft::twin::pcie_port
