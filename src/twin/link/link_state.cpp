// SPDX-License-Identifier: Apache-2.0
// How lanes of a link live: their physical state from spread, quantities, air, rail and heat; their
// readings by the lane models; and what they pass to the link's counters.
#include "twin/link/link_base.h"
#include "twin/world/world.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

namespace weft::twin {
namespace link_state {

constexpr double kJunctionCool = 60;         // Cel
constexpr double kJitterPerKelvin = 0.002;   // modelled
constexpr double kElectricalPerOptical = 2;  // dB of current for a dB of light
constexpr double kLightLeast = 1e-3;
/// hi_ber of clause 49: 16 wrong headers of 2 bits in 125 us of 10 Gb/s, 19531 headers.
constexpr double kHighBer = 16.0 / 19531 / 2;
constexpr double kSwingLeast = 1e-3;  // of a transmitter that is all but dead
/// Receivers tell idle from a signal at 65 mV, of the 800 mV at least that are sent (PCIe Base
/// 8.4.3): what is weaker by more than this is none. Taken as flat for all links (modelled).
constexpr double kDetectDb = 22;

constexpr std::uint32_t sub_of(const LaneAt& at) {
  return lane_sub(at.section, static_cast<std::uint32_t>(at.direction), at.lane);
}

/// "P7" is 7; 0 for others.
std::uint8_t preset_number(std::string_view name) {
  unsigned number = 0;
  if (name.starts_with('P')) {
    std::from_chars(name.data() + 1, name.data() + name.size(), number);
  }
  return static_cast<std::uint8_t>(std::min(number, 10U));
}

}  // namespace link_state

LaneAt LinkBase::end_receiver(Direction direction, std::uint32_t lane) const {
  const bool is_toward_device = direction == Direction::kTowardDevice;
  return {.section = is_toward_device ? static_cast<std::uint32_t>(section_count() - 1) : 0,
          .direction = direction,
          .lane = lane};
}

std::size_t LinkBase::index_of(const LaneAt& at) const {
  return (std::size_t{at.section} * 2 + static_cast<std::size_t>(at.direction)) * lane_count() +
         at.lane;
}

bool LinkBase::is_valid(const LaneAt& at) const {
  return is_built_ && at.section < section_count() && at.lane < lane_count();
}

double LinkBase::load() const {
  return std::clamp(quantity(Quantity::kLoad), 0.0, 1.0);
}

bool LinkBase::is_signal(const LaneAt& at) const {
  const std::uint32_t sub = link_state::sub_of(at);
  const double swing = std::max(link_state::kSwingLeast, quantity(Quantity::kSwing, sub));
  return !own_quantities().is_on(Quantity::kOpen, sub) &&
         quantity(Quantity::kLoss, sub) - 20 * std::log10(swing) < link_state::kDetectDb;
}

bool LinkBase::has_signal(Direction direction, std::uint32_t lane) const {
  if (disabled_lanes_.has(lane)) {
    return false;
  }
  for (std::uint32_t section = 0; section < section_count(); ++section) {
    if (!is_signal({section, direction, lane})) {
      return false;
    }
  }
  return true;
}

LaneMask LinkBase::lanes_with_signal() const {
  LaneMask mask;
  for (std::uint32_t lane = 0; lane < lane_count(); ++lane) {
    if (has_signal(Direction::kTowardDevice, lane) && has_signal(Direction::kTowardHost, lane)) {
      mask.set(lane);
    }
  }
  return mask;
}

std::optional<Reason> LinkBase::obstacle() const {
  if (plan_.b.is_null() || own_quantities().is_on(Quantity::kDisconnect)) {
    return Reason::kNoFarEnd;
  }
  for (const Side& side : sides_) {
    if (!side.is_powered) {
      return Reason::kPowerOff;
    }
    if (!side.is_ready) {
      return Reason::kNoFarEnd;
    }
  }
  for (const Repeater& repeater : repeaters_) {
    if (!repeater.is_ready) {
      return Reason::kRepeaterNotReady;
    }
  }
  return std::nullopt;
}

base::Picoseconds LinkBase::skew(const LaneMask& mask) const {
  double most = 0;
  for (const Direction direction : kDirections) {
    double low = std::numeric_limits<double>::infinity();
    double high = 0;
    for (std::uint32_t lane = 0; lane < lane_count(); ++lane) {
      if (!mask.has(lane)) {
        continue;
      }
      double delay = 0;
      for (std::uint32_t section = 0; section < section_count(); ++section) {
        const LaneAt at{section, direction, lane};
        delay +=
            receivers_[index_of(at)].skew_ps + quantity(Quantity::kSkew, link_state::sub_of(at));
      }
      low = std::min(low, delay);
      high = std::max(high, delay);
    }
    most = std::max(most, high - std::min(low, high));
  }
  return base::Picoseconds(most);
}

double LinkBase::junction_at(const LaneAt& at) const {
  // Toward the device, section n ends at repeater n; the last one at end b.
  const bool is_toward_device = at.direction == Direction::kTowardDevice;
  const std::size_t place = is_toward_device ? at.section : std::size_t{at.section} - 1;
  const bool is_end = is_toward_device ? at.section + 1 == section_count() : at.section == 0;
  if (is_end || place >= repeaters_.size()) {
    return sides_[is_toward_device ? 1 : 0].junction_cel;
  }
  return repeaters_[place].junction_cel;
}

phy::lane::LaneState LinkBase::state_of(const LaneAt& at) const {
  const Receiver& receiver = receivers_[index_of(at)];
  const std::uint32_t sub = link_state::sub_of(at);
  const Side& near = sides_[0];
  const Side& far = sides_[1];
  phy::lane::LaneState state;
  const double hot = std::max(0.0, junction_at(at) - link_state::kJunctionCool);
  state.temperature = base::Celsius(0.5 * (near.air_cel + far.air_cel));
  double loss = receiver.loss_db;
  double rail = (at.direction == Direction::kTowardDevice ? far : near).rail_mv;
  state.jitter_scale = receiver.jitter * (1 + link_state::kJitterPerKelvin * hot);
  state.crosstalk_scale = receiver.crosstalk;
  state.misadaptation = receiver.misadaptation;
  if (!own_quantities().empty()) {
    const double swing = std::max(link_state::kSwingLeast, quantity(Quantity::kSwing, sub));
    loss += quantity(Quantity::kLoss, sub) - 20 * std::log10(swing);
    // Automatic power control keeps the light until the bias has no reserve left.
    const double light = std::clamp(quantity(Quantity::kLaserBias, sub) * kLaserReserve,
                                    link_state::kLightLeast, 1.0);
    loss += link_state::kElectricalPerOptical *
            (quantity(Quantity::kOpticalLoss, sub) - 10 * std::log10(light));
    rail = std::hypot(rail, quantity(Quantity::kSupplyNoise, sub));
    state.noise_extra = base::Millivolts(quantity(Quantity::kNoise, sub));
    state.jitter_scale *= quantity(Quantity::kJitter, sub);
    state.crosstalk_scale *= quantity(Quantity::kCrosstalk, sub);
    state.misadaptation += quantity(Quantity::kMisadaptation, sub);
  }
  state.loss_delta = base::Decibel(loss);
  state.supply_noise = base::Millivolts(rail);
  return state;
}

std::optional<double> LinkBase::ber_at(fabric::ProtocolId protocol, const LaneAt& at) const {
  const std::shared_ptr<const LaneKind> lane_kind = kind_at(at.section, protocol);
  if (!lane_kind) {
    return std::nullopt;
  }
  return lane_kind->model.at(state_of(at)).ber;
}

std::shared_ptr<const LaneKind> LinkBase::kind_at(std::size_t section,
                                                  fabric::ProtocolId protocol) const {
  if (protocol == running_) {
    return kinds_[section];
  }
  const auto made = physics_->lane_kind(plan_.sections[section], protocol);
  return made ? *made : nullptr;
}

bool LinkBase::is_active(const LaneAt& at) const {
  return receivers_[index_of(at)].has_pattern || (is_carrying() && status_.lane_mask.has(at.lane));
}

void LinkBase::take_kinds() {
  for (std::size_t section = 0; section < section_count(); ++section) {
    kinds_[section] = nullptr;
    if (running_ == fabric::ProtocolId::kUnknown || is_passing_) {
      continue;
    }
    if (auto made = physics_->lane_kind(plan_.sections[section], running_)) {
      kinds_[section] = *made;
    }
  }
}

void LinkBase::Chain::add(const phy::lane::Reading& reading, double bits_per_s) {
  const double both = ber + reading.ber;
  burst = both > 0 ? (burst * ber + reading.burst * reading.ber) / both : reading.burst;
  ber = std::min(0.5, both);
  events_per_s += reading.ber * (1 - reading.burst) * bits_per_s;
}

LinkBase::Chain LinkBase::chain_if_run(fabric::ProtocolId protocol, Direction direction,
                                       std::uint32_t lane) const {
  Chain sum;
  const double bits_per_s = fabric::protocol(protocol).line_rate.value();
  for (std::uint32_t section = 0; section < section_count(); ++section) {
    if (const auto lane_kind = kind_at(section, protocol)) {
      sum.add(lane_kind->model.at(state_of({section, direction, lane})), bits_per_s);
    }
  }
  return sum;
}

double LinkBase::lock_losses_per_s(fabric::ProtocolId protocol, Direction direction,
                                   const LaneMask& mask) const {
  double rate = 0;
  const LaneAt last = end_receiver(direction, 0);
  const std::shared_ptr<const LaneKind> lane_kind = kind_at(last.section, protocol);
  if (!lane_kind) {
    return rate;
  }
  const phy::lane::LaneModel& model = lane_kind->model;
  const phy::fec::CodeParameters& code = model.options().code;
  for (std::uint32_t lane = 0; lane < lane_count(); ++lane) {
    const Chain through = mask.has(lane) ? chain_if_run(protocol, direction, lane) : Chain{};
    if (through.ber <= 0) {
      continue;
    }
    if (!is_coded() || code.n == 0) {
      rate += through.ber > link_state::kHighBer ? 2 * kLossesMost : 0;
      continue;
    }
    phy::lane::Reading reading;
    reading.ber = through.ber;
    reading.log10_ber = std::log10(through.ber);
    reading.burst = through.burst;
    const double past = model.fec(reading)[phy::lane::kFecBins - 1];
    rate += past * past * past * fabric::protocol(protocol).line_rate.value() /
            static_cast<double>(code.n * code.symbol_bits);
  }
  return rate;
}

double LinkBase::damaged_ratio() const {
  // What has neither FEC nor flits that a happening counts is taken in units of 256 bytes.
  constexpr double kUnitBits = 256 * 8;
  double worst = 0;
  for (const Direction direction : kDirections) {
    const End receiver = receiver_of(direction);
    const double line_bits =
        fabric::protocol(running_).line_rate.value() * std::max(1U, status_.width.value());
    const double counted = happening_rate(Happening::kUnit, receiver);
    const double units = counted > 0 ? counted : line_bits / kUnitBits;
    const double damaged = happening_rate(Happening::kPastFec, receiver) +
                           happening_rate(Happening::kBadTlp, receiver);
    double ratio = units > 0 ? damaged / units : 0;
    const LaneKind* lane_kind = kinds_[end_receiver(direction, 0).section].get();
    if (is_coded() && lane_kind != nullptr) {
      double past = 0;
      double lanes = 0;
      for (std::uint32_t lane = 0; lane < lane_count(); ++lane) {
        const Chain& through = chain(direction, lane);
        lanes += status_.lane_mask.has(lane) ? 1 : 0;
        if (through.ber > 0) {
          phy::lane::Reading reading;
          reading.ber = through.ber;
          reading.log10_ber = std::log10(through.ber);
          reading.burst = through.burst;
          past += lane_kind->model.fec(reading)[phy::lane::kFecBins - 1];
        }
      }
      ratio = lanes > 0 ? past / lanes : 0;
    }
    worst = std::max(worst, ratio);
  }
  return is_carrying() ? std::min(worst, 1.0) : 0;
}

void LinkBase::run_at(fabric::ProtocolId protocol, bool is_passing) {
  const bool was_passing = std::exchange(is_passing_, is_passing);
  if (std::exchange(running_, protocol) != protocol || was_passing != is_passing) {
    take_kinds();
  }
  refresh();
}

void LinkBase::refresh_chain(Direction direction, std::uint32_t lane) {
  const base::TransferRate rate = fabric::protocol(running_).lane_rate;
  const bool is_toward_device = direction == Direction::kTowardDevice;
  Chain sum;
  for (std::size_t step = 0; step < section_count(); ++step) {
    const std::size_t section = is_toward_device ? step : section_count() - 1 - step;
    const LaneAt at{static_cast<std::uint32_t>(section), direction, lane};
    LaneCounter& counter = receivers_[index_of(at)].counter;
    const LaneKind* lane_kind = kinds_[section].get();
    if (!is_active(at) || !is_signal(at)) {
      counter.run(now(), base::TransferRate(0), nullptr, {}, is_coded());
      continue;
    }
    if (lane_kind == nullptr) {
      counter.run(now(), rate, nullptr, {}, is_coded());
      continue;
    }
    phy::lane::Reading reading = lane_kind->model.at(state_of(at));
    sum.add(reading, static_cast<double>(rate.value()) * 1e6);
    // A codeword passes repeaters as it is: its decoder sees what the sections before did to it.
    if (is_coded() && !receivers_[index_of(at)].has_pattern) {
      reading.ber = sum.ber;
      reading.log10_ber = std::log10(sum.ber);
      reading.burst = sum.burst;
    }
    counter.run(now(), rate, &lane_kind->model, reading, is_coded());
  }
  chains_[static_cast<std::size_t>(direction) * lane_count() + lane] =
      is_carrying() && status_.lane_mask.has(lane) ? sum : Chain{};
}

void LinkBase::refresh() {
  build();
  for (const Direction direction : kDirections) {
    for (std::uint32_t lane = 0; lane < lane_count(); ++lane) {
      refresh_chain(direction, lane);
    }
  }
  rates_changed();
}

void LinkBase::on_quantity(Quantity quantity, std::uint32_t sub) {
  build();  // others may start, and tell, before this link does
  switch (quantity) {
    case Quantity::kOpen:
    case Quantity::kSwing:
    case Quantity::kDisconnect:
    case Quantity::kSkew:
      signals_changed();
      refresh();
      return;
    case Quantity::kLoss:
      signals_changed();  // it may have become too much to be seen
      break;
    case Quantity::kLoad:
    case Quantity::kClockOffset:
    case Quantity::kVibration:
      rates_changed();
      return;
    default:
      break;
  }
  const auto direction = static_cast<Direction>(sub >> 8 & 1);
  const std::uint32_t lane = sub & 0xFF;
  if (lane < lane_count()) {
    refresh_chain(direction, lane);
    rates_changed();
  }
}

void LinkBase::ask(const Message& message) {
  const std::size_t end = message.source == 0 ? 0 : 1;
  switch (static_cast<LinkAsk>(message.sub)) {
    case LinkAsk::kRepeaterReady:
      if (message.source < repeaters_.size()) {
        repeaters_[message.source].is_ready = message.value >= 0.5;
        signals_changed();
      }
      break;
    case LinkAsk::kRepeaterHeat:
      if (message.source < repeaters_.size()) {
        repeaters_[message.source].junction_cel = message.value;
        refresh();
      }
      break;
    case LinkAsk::kPortHeat:
      sides_[end].junction_cel = message.value;
      refresh();
      break;
    case LinkAsk::kPortReady:
      sides_[end].is_ready = message.value >= 0.5;
      signals_changed();
      break;
    case LinkAsk::kPortDisable:
      set_disabled(end == 0 ? End::kA : End::kB, message.value >= 0.5);
      break;
    case LinkAsk::kPortReset:
      hot_reset(end == 0 ? End::kA : End::kB, message.value >= 0.5);
      break;
  }
}

void LinkBase::on_message(const Message& message) {
  build();
  const auto set = [&](double Side::* field) {
    double& value = sides_[message.sub == 0 ? 0 : 1].*field;
    if (std::exchange(value, message.value) != message.value) {
      refresh();
    }
  };
  switch (message.kind) {
    case MessageKind::kAirChanged:
      set(&Side::air_cel);
      break;
    case MessageKind::kHostSupply:
      set(&Side::rail_mv);
      break;
    case MessageKind::kOwn:
      ask(message);
      break;
    default:
      break;
  }
}

LaneReport LinkBase::lane(const LaneAt& at) const {
  LaneReport report;
  if (!is_valid(at)) {
    return report;
  }
  report.is_active = is_active(at);
  report.has_lock = report.is_active && is_signal(at);
  report.state = state_of(at);
  const Receiver& receiver = receivers_[index_of(at)];
  double earliest = std::numeric_limits<double>::infinity();
  for (std::uint32_t lane = 0; lane < lane_count(); ++lane) {
    const LaneAt other_lane{at.section, at.direction, lane};
    earliest = std::min(earliest, receivers_[index_of(other_lane)].skew_ps +
                                      quantity(Quantity::kSkew, link_state::sub_of(other_lane)));
  }
  report.skew = base::Picoseconds(receiver.skew_ps +
                                  quantity(Quantity::kSkew, link_state::sub_of(at)) - earliest);
  const LaneKind* lane_kind = kinds_[at.section].get();
  if (lane_kind == nullptr) {
    return report;
  }
  report.is_modelled = true;
  report.reading = lane_kind->model.at(report.state);
  const phy::link::Equaliser& equaliser = lane_kind->built.equaliser;
  report.preset = link_state::preset_number(equaliser.preset);
  report.tx_taps = equaliser.tx_taps;
  report.ctle_gain_db = equaliser.ctle_gain_db;
  const double gain = std::pow(10.0, -report.state.loss_delta.value() / 20);
  for (const double tap : lane_kind->built.dfe) {
    report.dfe.emplace_back(1e3 * gain * tap);
  }
  return report;
}

}  // namespace weft::twin
