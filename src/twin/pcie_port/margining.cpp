// SPDX-License-Identifier: Apache-2.0
#include "twin/pcie_port/margining.h"

#include <algorithm>
#include <limits>

namespace weft::twin::pcie_port {
namespace margining_of_port {

constexpr std::uint64_t kRateMinMt = 16000;
/// A port answers at once; a retimer with the next Control SKP ordered sets. Modelled: 8.4.4 allows
/// 10 ms.
constexpr Duration kOwnAnswer{5'000};
constexpr Duration kRetimerAnswer{100'000};
/// Between the first answer and the sampler standing at its offset. Modelled: 8.4.4 allows 200 ms.
constexpr Duration kSetUp{2'000'000};
constexpr std::uint8_t kErrorCountMax = 63;
constexpr std::uint8_t kNak = 3 << 6;
constexpr std::uint8_t kInProgress = 2 << 6;
constexpr std::uint8_t kSettingUp = 1 << 6;

constexpr std::uint16_t word(std::uint8_t receiver, MarginType type, std::uint8_t payload) {
  return static_cast<std::uint16_t>(unsigned{payload} << 8 | static_cast<unsigned>(type) << 3 |
                                    receiver);
}
std::uint8_t receiver_of(std::uint16_t value) {
  return value & 7;
}
MarginType type_of(std::uint16_t value) {
  return static_cast<MarginType>(value >> 3 & 7);
}
std::uint8_t payload_of(std::uint16_t value) {
  return static_cast<std::uint8_t>(value >> 8);
}

}  // namespace margining_of_port

MarginAbility retimer_ability() {
  return {.timing_steps = 14,
          .timing_offset_percent = 40,
          .voltage_steps = 108,
          .voltage_offset_percent = 20,
          .sampling_rate = 31,
          .max_lanes = 15};
}

Margining::Margining(Link* link, End end, std::uint32_t lanes)
    : link_(link), end_(end), lanes_(lanes) {
  for (std::uint8_t receiver = 2; receiver <= 5; ++receiver) {
    abilities_[receiver] = retimer_ability();
  }
}

bool Margining::is_ready() const {
  if (link_ == nullptr) {
    return false;
  }
  const LinkStatus status = link_->status();
  return status.is_up && status.rate.value() >= margining_of_port::kRateMinMt;
}

bool Margining::reaches(std::uint8_t receiver) const {
  if (end_ == End::kB) {
    return receiver == 6;
  }
  return receiver == 1 ||
         (receiver >= 2 && receiver <= 5 &&
          std::size_t{receiver} / 2 <= std::min<std::size_t>(link_->plan().repeaters.size(), 2));
}

LaneAt Margining::place(std::uint8_t receiver, std::uint32_t lane) const {
  const auto last = static_cast<std::uint32_t>(link_->plan().repeaters.size());
  if (receiver == 6) {
    return {.section = last, .direction = fabric::LaneDirection::kTowardDevice, .lane = lane};
  }
  // A is at section 0, B and C at the first retimer's two sides, D and E at the second's.
  const bool is_upstream_side = receiver % 2 == 0;
  return {.section = static_cast<std::uint32_t>((receiver - 1) / 2),
          .direction = is_upstream_side ? fabric::LaneDirection::kTowardDevice
                                        : fabric::LaneDirection::kTowardHost,
          .lane = lane};
}

std::optional<std::uint8_t> Margining::report(std::uint8_t receiver, std::uint8_t payload) const {
  const MarginAbility& can = abilities_[receiver];
  switch (payload) {
    case 0x88:
      return static_cast<std::uint8_t>(
          (can.has_voltage ? 1 : 0) | (can.is_up_down && can.has_voltage ? 2 : 0) |
          (can.is_left_right ? 4 : 0) | 8 | (can.has_independent_sampler ? 16 : 0));
    case 0x89:
      return can.has_voltage ? can.voltage_steps : std::uint8_t{0};
    case 0x8A:
      return can.timing_steps;
    case 0x8B:
      return can.timing_offset_percent;
    case 0x8C:
      return can.has_voltage ? can.voltage_offset_percent : std::uint8_t{0};
    case 0x8D:
    case 0x8E:
      return can.sampling_rate;
    case 0x8F:
      return 0;  // sampling rates are reported instead
    case 0x90:
      return can.max_lanes;
    default:
      break;
  }
  // Access Retimer Register: B and D, registers 00h-87h and A0h-FFh. None is implemented: 00h.
  const bool is_register = payload <= 0x87 || payload >= 0xA0;
  if (is_register && (receiver == 2 || receiver == 4)) {
    return 0;
  }
  return std::nullopt;
}

std::optional<std::uint8_t> Margining::set(Lane& lane, std::uint8_t receiver,
                                           std::uint8_t payload) {
  if (payload >> 6 == 3 && receiver != 0) {
    lane.limits[receiver] = payload & 0x3F;
    return payload;
  }
  if (payload == 0x0F || payload == 0x55) {
    return payload;
  }
  return std::nullopt;
}

std::uint32_t Margining::steps_running(std::uint8_t receiver) const {
  return static_cast<std::uint32_t>(
      std::count_if(lanes_.begin(), lanes_.end(), [&](const Lane& lane) {
        return lane.step && lane.step->receiver == receiver && !lane.step->is_refused;
      }));
}

void Margining::begin_step(std::uint32_t lane, std::uint16_t value, WorldTime now,
                           std::uint64_t stream) {
  namespace own = margining_of_port;
  const std::uint8_t receiver = own::receiver_of(value);
  const std::uint8_t payload = own::payload_of(value);
  const MarginAbility& can = abilities_[receiver];
  const LinkStatus status = link_->status();
  const bool is_timing = own::type_of(value) == MarginType::kStepTiming;
  const std::uint8_t count = payload & (is_timing ? 0x3F : 0x7F);
  const bool is_negative = (payload & (is_timing ? 0x40 : 0x80)) != 0;
  const std::uint8_t count_max = is_timing         ? can.timing_steps
                                 : can.has_voltage ? can.voltage_steps
                                                   : std::uint8_t{0};
  Step step;
  step.receiver = receiver;
  step.rate_mt = status.rate.value();
  step.begins = now + own::kSetUp;
  step.is_refused = !is_ready() || status.state != TrainingState::kL0 || count > count_max ||
                    (!is_timing && !can.has_voltage) || steps_running(receiver) > can.max_lanes;
  const LaneAt at = place(receiver, lane);
  step.is_refused = step.is_refused || !link_->lane(at).is_active;
  if (!step.is_refused) {
    const double share = static_cast<double>(count) / count_max * 0.01;
    const double offset =
        (is_negative ? -share : share) *
        (is_timing ? can.timing_offset_percent : can.voltage_offset_percent * 1000.0);
    const auto ratio_at = [&](double value_at) {
      return is_timing
                 ? link_->error_ratio_at(at, base::UnitIntervals(value_at), base::Millivolts(0))
                 : link_->error_ratio_at(at, base::UnitIntervals(0), base::Millivolts(value_at));
    };
    double ratio = ratio_at(offset);
    // Without a side of its own a receiver shows the worse of both.
    if (is_timing ? !can.is_left_right : !can.is_up_down) {
      ratio = std::max(ratio, ratio_at(-offset));
    }
    const double bits_per_s = static_cast<double>(status.rate.value()) * 1e6;
    step.errors = CountProcess(stream);
    step.errors.set_rate(ratio * bits_per_s * (can.sampling_rate + 1) / 64, step.begins);
  }
  lanes_[lane].step = std::move(step);
}

void Margining::end_step(std::uint32_t lane, WorldTime now) {
  Lane& it = lanes_[lane];
  if (it.step && !it.step->is_refused && now > it.step->begins &&
      !abilities_[it.step->receiver].has_independent_sampler) {
    // The sampler that was moved is the one that decides data: its errors were the traffic's.
    const std::uint64_t errors = std::min<std::uint64_t>(
        it.step->errors.count(now), std::uint64_t{it.limits[it.step->receiver]} + 1);
    link_->inject_errors(place(it.step->receiver, lane), errors);
  }
  it.step.reset();
}

void Margining::command(std::uint32_t lane, std::uint16_t value, WorldTime now,
                        std::uint64_t stream) {
  namespace own = margining_of_port;
  Lane& it = lanes_[lane];
  const std::uint16_t shown = status(lane, now);
  const bool is_same = value == it.control;
  it.control = value;
  if (is_same || link_ == nullptr || !link_->status().is_up) {
    return;  // a repeated command is one command; a link that is down carries none
  }
  const std::uint8_t receiver = own::receiver_of(value);
  const MarginType type = own::type_of(value);
  const bool is_for_retimer = receiver >= 2 && receiver <= 5;
  it.before = shown;
  it.answers_at = now + (is_for_retimer ? own::kRetimerAnswer : own::kOwnAnswer);
  std::optional<std::uint8_t> answer;
  if ((value & 0x40) != 0) {
    return;  // a reserved usage model: nobody answers
  }
  switch (type) {
    case MarginType::kNone:
      if (receiver == 0) {
        answer = own::payload_of(kNoCommand);
      }
      break;
    case MarginType::kReport:
      if (reaches(receiver) && is_ready()) {
        answer = report(receiver, own::payload_of(value));
      }
      break;
    case MarginType::kSet:
      if ((receiver == 0 || reaches(receiver)) && is_ready()) {
        answer = set(it, receiver, own::payload_of(value));
        if (answer == 0x0F) {
          end_step(lane, now);
        } else if (answer == 0x55 && it.step && !it.step->is_refused) {
          // The log starts anew at this moment.
          const double rate = it.step->errors.rate();
          const WorldTime from = std::max(now, it.step->begins);
          it.step->errors = CountProcess(stream);
          it.step->errors.set_rate(rate, from);
        }
      }
      break;
    case MarginType::kStepTiming:
    case MarginType::kStepVoltage:
      if (reaches(receiver)) {
        end_step(lane, now);
        begin_step(lane, value, now, stream);
        answer = 0;
      }
      break;
  }
  if (answer) {
    it.answer = own::word(receiver, type, *answer);
  } else {
    it.answers_at = WorldTime{std::numeric_limits<std::int64_t>::max()};
  }
}

std::uint8_t Margining::step_payload(const Lane& lane, const Step& step, WorldTime now) const {
  namespace own = margining_of_port;
  if (step.is_refused) {
    return own::kNak;
  }
  if (link_->status().rate.value() != step.rate_mt) {
    return 0;  // the link changed speed: the receiver went back to its own settings
  }
  if (now < step.begins) {
    return own::kSettingUp;
  }
  const std::uint64_t errors = step.errors.count(now);
  const std::uint8_t limit = lane.limits[step.receiver];
  if (errors > limit) {
    return static_cast<std::uint8_t>(std::min<unsigned>(limit + 1U, own::kErrorCountMax));
  }
  return static_cast<std::uint8_t>(own::kInProgress | errors);
}

std::uint16_t Margining::status(std::uint32_t lane, WorldTime now) const {
  namespace own = margining_of_port;
  const Lane& it = lanes_[lane];
  if (now < it.answers_at) {
    return it.before;
  }
  const MarginType type = own::type_of(it.answer);
  const bool is_step = type == MarginType::kStepTiming || type == MarginType::kStepVoltage;
  if (is_step && it.step) {
    return own::word(own::receiver_of(it.answer), type, step_payload(it, *it.step, now));
  }
  return it.answer;
}

void Margining::reset() {
  std::fill(lanes_.begin(), lanes_.end(), Lane{});
}

void Margining::exchange(Archive& archive) {
  const std::size_t lanes = lanes_.size();
  archive.field(lanes_);
  lanes_.resize(lanes);
}

}  // namespace weft::twin::pcie_port
