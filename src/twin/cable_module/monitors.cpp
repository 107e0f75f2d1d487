// SPDX-License-Identifier: Apache-2.0
// What the module measures of itself and its lanes, and the flags that follow. Conditions are
// looked at when somebody reads, and at thermal steps; what came and went between two reads is
// known from the link's messages. A flag whose condition lasts is there again after it was read
// (OIF-CMIS-05.2 8.1.4).
//
// Light, for each lane: bias rises as the laser's efficiency falls, up to 1.5 times its nominal
// value, 0.4 % for each K above 45 Cel; beyond that, power falls. What arrives is what the far
// laser sends less fibre, connectors and Quantity::kOpticalLoss (modelled).
#include "twin/cable_module/module.h"
#include "wire/cmis/values.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace weft::twin {
namespace module_monitors {

using cable_module::reg;
using fabric::LaneDirection;
using wire::cmis::kBankLanes;

/// Of the lanes that come back, those whose receiver stays adapted to the transient, and the
/// residual ISI that leaves: some two decades (sonic-mgmt pull request 26555; shares modelled).
constexpr double kCaughtShare = 0.2;
constexpr double kResidualLeast = 0.04;
constexpr double kResidualMost = 0.06;
constexpr std::uint32_t kTransientSource = 0x8000'0001;  ///< faults have the numbers below
constexpr double kBiasPerKelvin = 0.004;
constexpr double kBiasReferenceCel = 45;
constexpr double kVcc = 3.3;
constexpr double kVoltsPerWatt = 0.002;  ///< drop over the cage's contacts
constexpr double kDarkDbm = -60;

double milliwatts(double dbm) {
  return dbm <= kDarkDbm ? 0 : std::pow(10.0, dbm / 10);
}

std::uint32_t sub_of(const LaneAt& at) {
  return lane_sub(at.section, at.direction == LaneDirection::kTowardDevice ? 0 : 1, at.lane);
}

LaneDirection opposite(LaneDirection direction) {
  return direction == LaneDirection::kTowardDevice ? LaneDirection::kTowardHost
                                                   : LaneDirection::kTowardDevice;
}

}  // namespace module_monitors

/// Where this module decides bits: from the host (its Tx input) or from the cable (its Rx input).
/// A module without a place on the link shows what the port behind it receives.
LaneAt CableModule::receiver(Side side, unsigned lane) const {
  using namespace module_monitors;
  const bool is_a = setup_.end == End::kA;
  const auto sections = static_cast<std::uint32_t>(setup_.link->plan().sections.size());
  const auto last = sections == 0 ? 0U : sections - 1;
  const auto from_host = is_a ? LaneDirection::kTowardDevice : LaneDirection::kTowardHost;
  const auto index = setup_.repeater;
  const auto host_section = index ? (is_a ? *index : *index + 1) : (is_a ? 0U : last);
  const auto media_section = index ? (is_a ? *index + 1 : *index) : (is_a ? 0U : last);
  return side == kHost ? LaneAt{std::min(host_section, last), from_host, lane}
                       : LaneAt{std::min(media_section, last), opposite(from_host), lane};
}

/// The receiver at the other end of the same section: of what this module sends.
LaneAt CableModule::far_receiver(Side side, unsigned lane) const {
  auto at = receiver(side, lane);
  at.direction = module_monitors::opposite(at.direction);
  return at;
}

CableModule::LaneSignals CableModule::signals(Side side, unsigned lane) const {
  using namespace module_monitors;
  LaneSignals out;
  const auto& link = *setup_.link;
  if (lane >= link.plan().lanes.value()) {
    return out;
  }
  const auto at = receiver(side, lane);
  const auto& quantities = link.own_quantities();
  out.is_known = setup_.repeater.has_value() || side == kMedia;
  out.report = link.lane(at);
  out.has_signal = !quantities.is_on(Quantity::kOpen, sub_of(at));
  if (side == kMedia) {
    out.has_signal = out.has_signal && !quantities.is_on(Quantity::kDisconnect) &&
                     (peer_ == nullptr || peer_->is_transmitting(lane));
    if (setup_.kind->has_light) {
      out.has_signal = out.has_signal &&
                       light(lane).receive_mw > milliwatts(setup_.kind->light.loss_of_signal_dbm);
    }
  } else {
    out.has_signal = out.has_signal && link.status().state != TrainingState::kDisabled;
  }
  out.has_lock = out.has_signal && (out.report.has_lock || is_pattern_locked(side, lane));
  return out;
}

base::Celsius CableModule::laser_temperature() const {
  return base::Celsius(case_temperature().value() + cable_module::kLaserAboveCase);
}

/// Power that the laser before this receiver sends.
double CableModule::laser_dbm(const LaneAt& at, bool is_on) const {
  using namespace module_monitors;
  const double efficiency = setup_.link->own_quantities().value(Quantity::kLaserBias, sub_of(at));
  if (!is_on || efficiency <= 0) {
    return kDarkDbm;
  }
  return setup_.kind->light.transmit_dbm +
         10 * std::log10(std::min(1.0, efficiency * kLaserReserve));
}

CableModule::LightNow CableModule::light(unsigned lane) const {
  using namespace module_monitors;
  LightNow out;
  const auto& kind = *setup_.kind;
  if (!kind.has_light || lane >= setup_.link->plan().lanes.value()) {
    return out;
  }
  const auto& quantities = setup_.link->own_quantities();
  const bool is_on = is_transmitting(lane);
  const auto sent = far_receiver(kMedia, lane);
  out.transmit_mw = milliwatts(laser_dbm(sent, is_on));
  const double efficiency = quantities.value(Quantity::kLaserBias, sub_of(sent));
  if (is_on) {
    const double warm =
        1 + kBiasPerKelvin * std::max(0.0, case_temperature().value() - kBiasReferenceCel);
    out.bias_ma =
        kind.light.bias_ma * warm * std::clamp(1 / std::max(efficiency, 1e-3), 0.1, kLaserReserve);
  }
  const auto received = receiver(kMedia, lane);
  const bool is_lit = (peer_ == nullptr || peer_->is_transmitting(lane)) &&
                      !quantities.is_on(Quantity::kDisconnect) &&
                      !quantities.is_on(Quantity::kOpen, sub_of(received));
  const double dbm = laser_dbm(received, is_lit);
  if (dbm > kDarkDbm) {
    out.receive_mw = milliwatts(dbm - kind.light.connectors_db -
                                kind.light.fibre_db_per_km * setup_.length_m / 1000 -
                                quantities.value(Quantity::kOpticalLoss, sub_of(received)));
  }
  return out;
}

/// After a flap: what the far receivers of this module's light made of how it came back. It stays
/// until their data path is initialised anew, or until the next flap.
void CableModule::light_returned() {
  using namespace module_monitors;
  const auto lanes = std::min(setup_.link->plan().lanes.value(), 32U);
  std::uint32_t caught = 0;
  for (unsigned lane = 0; lane < lanes; ++lane) {
    const bool is_poor = setup_.kind->has_light && is_quirk(Quirk::kPoorTransient) &&
                         random().uniform() < kCaughtShare;
    if (is_poor) {
      caught |= 1U << lane;
      tell_adaptation(far_receiver(kMedia, lane),
                      kResidualLeast + (kResidualMost - kResidualLeast) * random().uniform());
    } else if ((misadapted_ >> lane & 1) != 0) {
      tell_adaptation(far_receiver(kMedia, lane), std::nullopt);
    }
  }
  misadapted_ = caught;
}

/// This module's own receivers, on light that is steady by now.
void CableModule::adapt_anew(const DataPath& path) {
  const auto lanes = std::min(path.first + path.count, setup_.link->plan().lanes.value());
  for (unsigned lane = path.first; setup_.kind->has_light && lane < lanes; ++lane) {
    tell_adaptation(receiver(kMedia, lane), std::nullopt);
  }
}

void CableModule::tell_adaptation(const LaneAt& at, std::optional<double> residual) {
  using namespace module_monitors;
  send(setup_.link->id(), {.kind = MessageKind::kQuantity,
                           .from = id(),
                           .quantity = Quantity::kMisadaptation,
                           .sub = sub_of(at),
                           .source = kTransientSource,
                           .value = residual.value_or(0),
                           .is_set = residual.has_value()});
}

void CableModule::latch(const Register& field, bool is_on, unsigned index, std::uint8_t bank) {
  if (is_on) {
    memory_.set(field, 1, index, bank);
  }
}

void CableModule::latch_limits(const Register& flags, const Register& limits, double raw,
                               bool is_signed) {
  if (memory_.find(0, limits.page) == nullptr) {
    return;
  }
  const auto limit = [&](unsigned i) {
    const auto value = static_cast<std::uint16_t>(memory_.get(limits, i));
    return static_cast<double>(is_signed ? int{static_cast<std::int16_t>(value)} : int{value});
  };
  const auto set = (raw > limit(0) ? 1U : 0U) | (raw < limit(1) ? 2U : 0U) |
                   (raw > limit(2) ? 4U : 0U) | (raw < limit(3) ? 8U : 0U);
  memory_.set(flags, memory_.get(flags) | set);
}

void CableModule::refresh_monitors() {
  using namespace module_monitors;
  static const auto& temperature = reg("TempMonValue");
  static const auto& voltage = reg("VccMonVoltage");
  if (setup_.kind->is_flat || !is_answering()) {
    return;
  }
  const double celsius = stuck_cel_ ? *stuck_cel_ : case_temperature().value();
  const auto raw_celsius =
      wire::cmis::encode_celsius(base::Celsius(celsius + quantity(Quantity::kSensorOffset)));
  memory_.set(temperature, raw_celsius);
  const double power = life_ == Life::kReady ? setup_.kind->power_w : setup_.kind->low_power_w;
  const auto raw_volts = wire::cmis::encode_volts(kVcc - kVoltsPerWatt * power);
  memory_.set(voltage, raw_volts);
  latch_limits(reg("TempMonFlags"), reg("TempMonThresholds"),
               static_cast<std::int16_t>(raw_celsius), true);
  latch_limits(reg("VccMonFlags"), reg("VccMonThresholds"), raw_volts, false);
  if (setup_.kind->has_light) {
    const auto raw_laser = wire::cmis::encode_celsius(laser_temperature());
    memory_.set(reg("Aux2MonValue"), raw_laser);
    latch_limits(reg("Aux2MonFlags"), reg("Aux2MonThresholds"),
                 static_cast<std::int16_t>(raw_laser), true);
  }
}

void CableModule::refresh_lane_flags() {
  using namespace module_monitors;
  static const auto& sent = reg("OpticalPowerTx");
  static const auto& bias = reg("LaserBiasTx");
  static const auto& received = reg("OpticalPowerRx");
  static const auto& los_host = reg("LOSFlagTx");
  static const auto& lol_host = reg("CDRLOLFlagTx");
  static const auto& los_media = reg("LOSFlagRx");
  static const auto& lol_media = reg("CDRLOLFlagRx");
  static const auto& status_host = reg("OutputStatusRx");
  static const auto& status_media = reg("OutputStatusTx");
  static const auto& changed = reg("OutputStatusChangedFlagRx");
  static const auto& disable = reg("OutputDisableRx");
  const bool saw_down = std::exchange(saw_link_down_, false);
  const auto limits_of = [&](std::string_view name, unsigned first_flag, unsigned lane,
                             std::uint8_t bank, double raw) {
    for (unsigned i = 0; i < 4; ++i) {
      const auto limit = static_cast<double>(memory_.get(reg(name), i));
      if (i % 2 == 0 ? raw > limit : raw < limit) {
        auto& byte = memory_.page(0x11, bank).at(first_flag + i - wire::cmis::kHalfPage);
        byte = static_cast<std::uint8_t>(byte | 1U << lane);
      }
    }
  };
  for (unsigned lane = 0; lane < lanes_.size(); ++lane) {
    const auto bank = static_cast<std::uint8_t>(lane / kBankLanes);
    const unsigned index = lane % kBankLanes;
    const auto state = lanes_[lane].state;
    const bool is_running = state == DataPathState::kActivated ||
                            state == DataPathState::kInitialized ||
                            state == DataPathState::kTxTurnOn || state == DataPathState::kTxTurnOff;
    const auto lit = light(lane);
    memory_.set(sent, wire::cmis::encode_milliwatts(lit.transmit_mw), index, bank);
    memory_.set(bias, wire::cmis::encode_bias(base::Milliamps(lit.bias_ma)), index, bank);
    memory_.set(received, wire::cmis::encode_milliwatts(lit.receive_mw), index, bank);
    const auto host = signals(kHost, lane);
    const auto media = signals(kMedia, lane);
    if (is_running) {
      latch(los_host, host.is_known && !host.has_signal, index, bank);
      latch(los_media, media.is_known && !media.has_signal, index, bank);
      if (setup_.kind->is_retimed) {
        latch(lol_host, host.is_known && !host.has_lock, index, bank);
        latch(lol_media, media.is_known && (!media.has_lock || saw_down), index, bank);
      }
    }
    if (setup_.kind->has_light && state == DataPathState::kActivated) {
      limits_of("OpticalPowerTxThresholds", 139, index, bank, lit.transmit_mw * 1e4);
      limits_of("LaserBiasTxThresholds", 143, index, bank, lit.bias_ma * 500);
      limits_of("OpticalPowerRxThresholds", 149, index, bank, lit.receive_mw * 1e4);
    }
    // The host sees a valid output while light or symbols come in; squelched otherwise.
    const bool is_valid = is_running && media.has_signal && memory_.get(disable, index, bank) == 0;
    latch(changed, (memory_.get(status_host, index, bank) != 0) != is_valid, index, bank);
    memory_.set(status_host, is_valid, index, bank);
    memory_.set(status_media, is_transmitting(lane), index, bank);
  }
}

/// Flag summaries of the banks and the interrupt, which masked flags do not raise.
void CableModule::refresh_summary() {
  using namespace module_monitors;
  static const auto& summary = reg("FlagsSummaryBank");
  static const auto& deasserted = reg("InterruptDeasserted");
  bool is_asserted = false;
  const auto look = [&](const cable_module::Half* flags, unsigned first, unsigned last,
                        const cable_module::Half* masks, unsigned first_mask) {
    bool is_any = false;
    for (unsigned at = first; flags != nullptr && at <= last; ++at) {
      const auto raised = flags->at(at % wire::cmis::kHalfPage);
      const auto masked =
          masks == nullptr ? 0 : masks->at((first_mask + at - first) % wire::cmis::kHalfPage);
      is_any = is_any || raised != 0;
      is_asserted = is_asserted || (raised & ~masked) != 0;
    }
    return is_any;
  };
  look(&memory_.lower(), 8, 11, &memory_.lower(), 31);
  for (std::uint8_t bank = 0; memory_.has(bank, 0x11); ++bank) {
    const bool lanes = look(memory_.find(bank, 0x11), 134, 153, memory_.find(bank, 0x10), 213);
    const bool tests = look(memory_.find(bank, 0x14), 132, 139, memory_.find(bank, 0x13), 206);
    const bool statistics = look(memory_.find(bank, 0x2C), 128, 255, memory_.find(bank, 0x2D), 128);
    memory_.set(summary, (lanes ? 1U : 0U) | (tests ? 4U : 0U) | (statistics ? 8U : 0U), bank);
  }
  memory_.set(deasserted, !is_asserted);
}

}  // namespace weft::twin
