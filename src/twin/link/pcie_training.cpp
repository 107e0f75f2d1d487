// SPDX-License-Identifier: Apache-2.0
// The LTSSM's decisions: where each state leads when its time is over.
#include "twin/link/pcie_training.h"

#include "twin/link/pcie_link.h"
#include "twin/world/world.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace weft::twin {

void PcieLink::begin() {
  contacts_ = CountProcess(random()());
  status_.state = TrainingState::kDetectQuiet;
  stay(TrainingState::kDetectQuiet, Reason::kStart);
}

Duration PcieLink::dwell(TrainingState state) const {
  const auto sections = static_cast<std::int64_t>(section_count());
  switch (state) {
    case TrainingState::kDetectQuiet:
      return pcie_training::kDetectQuiet;
    case TrainingState::kDetectActive:
      return lanes_with_signal().count() == lane_count() ? pcie_training::kDetectAll
                                                         : pcie_training::kDetectSome;
    case TrainingState::kPollingActive:
      return shape().width == 0 ? pcie_training::kPollingTimeout : pcie_training::kPollingActive;
    case TrainingState::kPollingConfiguration:
      return pcie_training::kPollingConfiguration;
    case TrainingState::kConfiguration:
      return pcie_training::kConfiguration;
    case TrainingState::kRecoveryLock:
      return errand_ == Errand::kLost || errand_ == Errand::kWidth || lock_problem()
                 ? pcie_training::kRecoveryTimeout
                 : pcie_training::kRecoveryLock;
    case TrainingState::kRecoverySpeed:
      return pcie_training::kRecoverySpeed;
    case TrainingState::kRecoveryPhase0:
      return pcie_training::kPhase0;
    case TrainingState::kRecoveryPhase1:
      return pcie_training::kPhase1;
    case TrainingState::kRecoveryPhase2:
    case TrainingState::kRecoveryPhase3:
      return {std::min<std::int64_t>(
          pcie_training::kPhase23.ns + sections * pcie_training::kPhase23PerSection.ns,
          pcie_training::kRecoveryTimeout.ns)};
    case TrainingState::kRecoveryConfiguration:
      return pcie_training::kRecoveryConfiguration;
    case TrainingState::kRecoveryIdle:
      return pcie_training::kRecoveryIdle;
    case TrainingState::kHotReset:
      return pcie_training::kHotReset;
    default:
      return pcie_training::kL0BeforeSpeedChange;
  }
}

/// Enters a state and decides again when its time is over.
void PcieLink::stay(TrainingState state, Reason reason) {
  enter(state, reason);
  set_timer(kStep, now() + dwell(state));
}

bool PcieLink::is_in_recovery() const {
  return status_.state >= TrainingState::kRecoveryLock &&
         status_.state <= TrainingState::kRecoveryIdle;
}

std::size_t PcieLink::wanted_rate() const {
  return std::min({target_[0], target_[1], rate_cap_, rate_most_});
}

PcieLink::Shape PcieLink::shape() const {
  if (obstacle()) {
    return {};
  }
  const LaneMask good = lanes_with_signal();
  const std::uint32_t most = std::min({lane_count(), target_width_[0], target_width_[1], 32U});
  for (std::uint32_t width = std::bit_floor(most); width > 0; width /= 2) {
    const LaneMask low = LaneMask::range(0, width);
    // Lane 0 must be part of the link; where it is not, lanes count from the other end.
    if (good.includes(low)) {
      return {low, width, false};
    }
    const LaneMask high = LaneMask::range(lane_count() - width, width);
    if (good.includes(high)) {
      return {high, width, true};
    }
  }
  return {};
}

void PcieLink::take_shape(const Shape& shape) {
  if (status_.trained_width.value() != 0 && shape.width < status_.trained_width.value() &&
      status_.is_up) {
    count_both(LinkCounter::kWidthDowngrades);
  }
  status_.lane_mask = shape.mask;
  status_.width = base::LaneCount(shape.width);
  status_.trained_width = status_.width;
  status_.is_reversed = shape.is_reversed;
}

void PcieLink::take_rate(std::size_t rate) {
  rate_ = rate;
  status_.rate = pcie_training::kRates[rate];
  const bool is_full = status_.rate == fabric::protocol(plan_.protocol).lane_rate;
  status_.protocol = is_full ? plan_.protocol : protocol_of(rate);
  run_at(protocol_of(rate), is_passing());
}

bool PcieLink::is_passing() const {
  return rate_ < wanted_rate();
}

std::optional<Reason> PcieLink::lock_problem() const {
  if (shape().width == 0 || !lanes_with_signal().includes(status_.lane_mask)) {
    return Reason::kNoLock;
  }
  if (skew(status_.lane_mask) > pcie_training::skew_most(rate_)) {
    return Reason::kSkew;
  }
  if (rate_ < pcie_training::kFirstEqualised || is_passing()) {
    return std::nullopt;
  }
  const double most =
      pcie_training::kRates[rate_] >= base::giga_transfers(64) ? kLockPam4 : kLockNrz;
  for (std::uint32_t lane = 0; lane < lane_count(); ++lane) {
    if (!status_.lane_mask.has(lane)) {
      continue;
    }
    for (const Direction direction : kDirections) {
      for (std::uint32_t section = 0; section < section_count(); ++section) {
        if (ber_at(running(), {section, direction, lane}).value_or(0) > most) {
          return Reason::kNoLock;
        }
      }
    }
  }
  return std::nullopt;
}

void PcieLink::on_timer(std::uint32_t timer) {
  switch (timer) {
    case kStep:
      step();
      break;
    case kWindow:
      if (is_carrying() &&
          counter(LinkCounter::kRecoveries, End::kA) - recoveries_then_ >= kRecoveriesMost) {
        leave_rate(Reason::kTooManyRecoveries);
      } else {
        watch();
      }
      break;
    case kContact:
      if (is_carrying()) {
        go_down(Reason::kContact, false);
        stay(TrainingState::kDetectQuiet, Reason::kContact);
      }
      break;
    case kIdle:
      if (status_.state == TrainingState::kL0 && rate_ == wanted_rate()) {
        const bool is_deep = (aspm_[0] & aspm_[1] & 2) != 0;
        enter(is_deep ? TrainingState::kL1 : TrainingState::kL0s, Reason::kIdle);
        cancel_timer(kStep);
        refresh();
      }
      break;
    default:
      break;
  }
}

void PcieLink::step() {
  switch (status_.state) {
    case TrainingState::kDetectQuiet:
    case TrainingState::kDetectActive:
      step_detect();
      break;
    case TrainingState::kPollingActive:
      if (shape().width == 0) {
        stay(TrainingState::kDetectQuiet, Reason::kNoLock);
      } else {
        stay(TrainingState::kPollingConfiguration, Reason::kStep);
      }
      break;
    case TrainingState::kPollingConfiguration:
      stay(TrainingState::kConfiguration, Reason::kStep);
      break;
    case TrainingState::kConfiguration:
      step_configuration();
      break;
    case TrainingState::kRecoveryLock:
      step_recovery_lock();
      break;
    case TrainingState::kRecoveryConfiguration:
      step_recovery_configuration();
      break;
    case TrainingState::kRecoverySpeed:
      take_rate(next_rate_);
      errand_ = rate_ >= pcie_training::kFirstEqualised && (equalised_ >> rate_ & 1) == 0
                    ? Errand::kEqualise
                    : Errand::kNone;
      stay(TrainingState::kRecoveryLock, Reason::kStep);
      break;
    case TrainingState::kRecoveryPhase0:
      stay(TrainingState::kRecoveryPhase1, Reason::kStep);
      break;
    case TrainingState::kRecoveryPhase1:
      stay(TrainingState::kRecoveryPhase2, Reason::kStep);
      break;
    case TrainingState::kRecoveryPhase2:
      stay(TrainingState::kRecoveryPhase3, Reason::kStep);
      break;
    case TrainingState::kRecoveryPhase3:
      equalised_ |= 1U << rate_;
      stay(TrainingState::kRecoveryLock, Reason::kStep);
      break;
    case TrainingState::kRecoveryIdle:
      arrive();
      break;
    case TrainingState::kHotReset:
      stay(TrainingState::kDetectQuiet, Reason::kHotReset);
      break;
    case TrainingState::kLoopback:
      if (!has_test_pattern()) {
        stay(TrainingState::kDetectQuiet, Reason::kTestPattern);
      }
      break;
    case TrainingState::kL0:
      if (rate_ != wanted_rate()) {
        recover(Errand::kSpeed, Reason::kSpeedChange);
      }
      break;
    default:
      break;
  }
}

void PcieLink::step_detect() {
  if (const auto problem = obstacle(); problem || lanes_with_signal().empty()) {
    // Nothing to be found: whatever changes that wakes the link again.
    if (status_.state != TrainingState::kDetectQuiet) {
      enter(TrainingState::kDetectQuiet, problem.value_or(Reason::kNoFarEnd));
    }
    cancel_timer(kStep);
    return;
  }
  if (has_test_pattern()) {
    enter(TrainingState::kLoopback, Reason::kTestPattern);
    cancel_timer(kStep);
    run_at(protocol_of(rate_most_));
    return;
  }
  if (status_.state == TrainingState::kDetectQuiet) {
    stay(TrainingState::kDetectActive, Reason::kSignal);
    return;
  }
  equalised_ = 0;
  errand_ = Errand::kNone;
  rate_cap_ = rate_most_;
  take_rate(0);
  stay(TrainingState::kPollingActive, Reason::kStep);
}

void PcieLink::step_configuration() {
  const Shape now_possible = shape();
  if (now_possible.width == 0) {
    go_down(Reason::kNoLock, false);
    stay(TrainingState::kDetectQuiet, Reason::kNoLock);
    return;
  }
  take_shape(now_possible);
  arrive();
}

void PcieLink::step_recovery_lock() {
  const Errand errand = std::exchange(errand_, Errand::kNone);
  const Shape possible = shape();
  if (possible.width == 0) {
    go_down(Reason::kSurprise, false);
    stay(TrainingState::kDetectQuiet, Reason::kSurprise);
    return;
  }
  const bool has_lost_lanes = !possible.mask.includes(status_.lane_mask);
  if (errand == Errand::kWidth || has_lost_lanes) {
    stay(TrainingState::kConfiguration, has_lost_lanes ? Reason::kFewerLanes : Reason::kMoreLanes);
    return;
  }
  if (errand == Errand::kEqualise && rate_ >= pcie_training::kFirstEqualised) {
    stay(TrainingState::kRecoveryPhase0, Reason::kEqualise);
    return;
  }
  if (const auto problem = lock_problem()) {
    if (rate_ == 0) {
      go_down(*problem, false);
      stay(TrainingState::kDetectQuiet, *problem);
      return;
    }
    rate_cap_ = rate_ - 1;
    count_both(LinkCounter::kRateDowngrades);
    change_rate(rate_ - 1, *problem);
    return;
  }
  errand_ = errand;
  stay(TrainingState::kRecoveryConfiguration, Reason::kStep);
}

void PcieLink::step_recovery_configuration() {
  if (std::exchange(errand_, Errand::kNone) == Errand::kSpeed && wanted_rate() != rate_) {
    // Rates from 8 GT/s on are reached one after the other, since each is equalised once.
    const std::size_t wanted = wanted_rate();
    std::size_t next = wanted;
    for (std::size_t rate = pcie_training::kFirstEqualised; rate < wanted; ++rate) {
      if ((equalised_ >> rate & 1) == 0) {
        next = rate;
        break;
      }
    }
    change_rate(next, wanted < rate_ ? Reason::kSpeedRequest : Reason::kSpeedChange);
    return;
  }
  stay(TrainingState::kRecoveryIdle, Reason::kStep);
}

void PcieLink::change_rate(std::size_t rate, Reason reason) {
  next_rate_ = rate;
  stay(TrainingState::kRecoverySpeed, reason);
}

void PcieLink::arrive() {
  if (has_test_pattern()) {
    signals_changed();
    return;
  }
  enter(TrainingState::kL0, Reason::kStep);
  run_at(protocol_of(rate_), is_passing());
  if (!status_.is_up) {
    status_.is_up = true;
    count_both(LinkCounter::kTrainings);
    restart_counts();
  } else {
    refresh();
  }
  announce();
  if (rate_ != wanted_rate()) {
    set_timer(kStep, now() + pcie_training::kL0BeforeSpeedChange);
  } else {
    cancel_timer(kStep);
    look_for_idle();
  }
  signals_changed();  // of what came or went on the way here
}

void PcieLink::announce() {
  const bool is_same = announced_rate_ == status_.rate && announced_width_ == status_.width.value();
  if (is_announced_ && is_same) {
    return;
  }
  tell(is_announced_ ? MessageKind::kLinkChanged : MessageKind::kLinkUp);
  is_announced_ = true;
  announced_rate_ = status_.rate;
  announced_width_ = status_.width.value();
}

void PcieLink::recover(Errand errand, Reason reason) {
  if (is_in_recovery()) {
    errand_ = errand;
    return;
  }
  if (status_.state == TrainingState::kL0) {
    count_both(LinkCounter::kRecoveries);
  }
  errand_ = errand;
  stay(TrainingState::kRecoveryLock, reason);
  refresh();
}

void PcieLink::leave_rate(Reason reason) {
  if (rate_ == 0) {
    return;
  }
  rate_cap_ = rate_ - 1;
  count_both(LinkCounter::kRateDowngrades);
  recover(Errand::kSpeed, reason);
}

void PcieLink::go_down(Reason reason, bool is_told) {
  cancel_timer(kStep);
  cancel_timer(kIdle);
  if (!status_.is_up) {
    return;
  }
  status_.is_up = false;
  status_.rate = base::TransferRate(0);
  status_.protocol = fabric::ProtocolId::kUnknown;
  status_.width = status_.trained_width = base::LaneCount(0);
  status_.lane_mask = {};
  is_announced_ = false;
  if (!is_told) {
    count_both(LinkCounter::kLinkDowns);
  }
  tell(MessageKind::kLinkDown, static_cast<std::uint32_t>(reason));
  if (!is_told) {
    tell(MessageKind::kLinkError, static_cast<std::uint32_t>(LinkError::kSurpriseDown));
  }
  run_at(fabric::ProtocolId::kUnknown);
}

void PcieLink::signals_changed() {
  if (status_.state == TrainingState::kDisabled || status_.state == TrainingState::kHotReset) {
    return;
  }
  if (has_test_pattern() || status_.state == TrainingState::kLoopback) {
    if (status_.state != TrainingState::kLoopback && !obstacle()) {
      go_down(Reason::kTestPattern, true);
      enter(TrainingState::kLoopback, Reason::kTestPattern);
      run_at(protocol_of(rate_most_));
    } else if (!has_test_pattern()) {
      stay(TrainingState::kDetectQuiet, Reason::kTestPattern);
    }
    return;
  }
  if (!status_.is_up) {
    if (status_.state == TrainingState::kDetectQuiet && !timer(kStep) && !obstacle() &&
        !lanes_with_signal().empty()) {
      stay(TrainingState::kDetectQuiet, Reason::kSignal);
    }
    return;
  }
  const auto problem = obstacle();
  if (problem == Reason::kPowerOff) {
    go_down(Reason::kPowerOff, true);
    stay(TrainingState::kDetectQuiet, Reason::kPowerOff);
    return;
  }
  const bool has_lost = !lanes_with_signal().includes(status_.lane_mask);
  const bool is_skewed = skew(status_.lane_mask) > pcie_training::skew_most(rate_);
  if (problem || has_lost || is_skewed) {
    const Reason reason = problem ? *problem : has_lost ? Reason::kFewerLanes : Reason::kSkew;
    if (is_in_recovery()) {
      return;
    }
    recover(is_skewed && !problem && !has_lost ? Errand::kNone : Errand::kLost, reason);
  }
}

}  // namespace weft::twin
