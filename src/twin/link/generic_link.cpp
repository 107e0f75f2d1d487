// SPDX-License-Identifier: Apache-2.0
#include "twin/link/generic_link.h"

#include "twin/world/world.h"

#include <algorithm>
#include <utility>

namespace weft::twin {
namespace generic_link {

// All modelled.
constexpr Duration kDetect{10'000'000};
constexpr Duration kTraining{200'000'000};
constexpr Duration kRecovery{5'000'000};

constexpr std::size_t at(End end) {
  return static_cast<std::size_t>(end);
}

}  // namespace generic_link

GenericLink::GenericLink(const LinkPlan& plan, std::shared_ptr<Physics> physics)
    : LinkBase(plan, std::move(physics)), target_width_{plan.lanes.value(), plan.lanes.value()} {
  status_.is_flit = fabric::protocol(plan.protocol).has(fabric::LinkFeature::kFlit);
}

void GenericLink::begin() {
  losses_ = CountProcess(random()());
  const auto made = physics_->lane_kind(plan_.sections.front(), plan_.protocol);
  is_coded_ = made && (*made)->model.options().code.n > 0;
  stay(TrainingState::kDetectQuiet, Reason::kStart, generic_link::kDetect);
}

bool GenericLink::is_carrying() const {
  return status_.state == TrainingState::kL0;
}

bool GenericLink::retries() const {
  return fabric::protocol(plan_.protocol).has(fabric::LinkFeature::kRetry);
}

void GenericLink::stay(TrainingState state, Reason reason, Duration span) {
  enter(state, reason);
  set_timer(kStep, now() + span);
}

/// The widest set that the protocol allows and that begins at lane 0.
LaneMask GenericLink::mask_possible() const {
  if (obstacle()) {
    return {};
  }
  const LaneMask good = lanes_with_signal();
  const std::uint32_t most = std::min({target_width_[0], target_width_[1], lane_count()});
  for (std::uint32_t width = most; width > 0; --width) {
    const bool is_allowed =
        width == lane_count() || fabric::protocol(plan_.protocol).allows(base::LaneCount(width));
    const LaneMask low = LaneMask::range(0, width);
    if (is_allowed && good.includes(low)) {
      return low;
    }
  }
  return {};
}

double GenericLink::losses_per_s() const {
  double rate = 0;
  for (const Direction direction : kDirections) {
    rate += lock_losses_per_s(plan_.protocol, direction, status_.lane_mask);
  }
  return rate;
}

void GenericLink::on_timer(std::uint32_t timer) {
  if (timer == kStep) {
    step();
  } else if (is_carrying()) {
    recover(quantity(Quantity::kVibration) > 0 ? Reason::kContact : Reason::kLostFecLock);
  }
}

void GenericLink::step() {
  switch (status_.state) {
    case TrainingState::kDetectQuiet:
      if (has_test_pattern() || mask_possible().empty()) {
        cancel_timer(kStep);
      } else {
        stay(TrainingState::kConfiguration, Reason::kSignal, generic_link::kTraining);
      }
      break;
    case TrainingState::kConfiguration:
    case TrainingState::kRecoveryLock:
      come_up();
      break;
    default:
      break;
  }
}

void GenericLink::come_up() {
  const LaneMask mask = mask_possible();
  status_.lane_mask = mask;
  run_at(plan_.protocol);
  if (mask.empty() || has_test_pattern() || losses_per_s() > kLossesMost) {
    go_down(Reason::kNoLock, false);
    enter(TrainingState::kDetectQuiet, Reason::kNoLock);
    cancel_timer(kStep);
    return;
  }
  const auto width = base::LaneCount(mask.count());
  const bool is_changed = status_.is_up && width != status_.width;
  if (is_changed && width < status_.width) {
    count_both(LinkCounter::kWidthDowngrades);
  }
  status_.width = status_.trained_width = width;
  status_.protocol = plan_.protocol;
  status_.rate = fabric::protocol(plan_.protocol).lane_rate;
  enter(TrainingState::kL0, Reason::kStep);
  cancel_timer(kStep);
  if (!std::exchange(status_.is_up, true)) {
    count_both(LinkCounter::kTrainings);
    restart_counts();
    tell(MessageKind::kLinkUp);
    return;
  }
  refresh();
  if (is_changed) {
    tell(MessageKind::kLinkChanged);
  }
}

void GenericLink::recover(Reason reason) {
  count_both(LinkCounter::kRecoveries);
  cancel_timer(kLoss);
  stay(TrainingState::kRecoveryLock, reason, generic_link::kRecovery);
  refresh();
}

void GenericLink::go_down(Reason reason, bool is_told) {
  if (std::exchange(status_.is_up, false)) {
    if (!is_told) {
      count_both(LinkCounter::kLinkDowns);
    }
    tell(MessageKind::kLinkDown, static_cast<std::uint32_t>(reason));
  }
  status_.lane_mask = {};
  cancel_timer(kLoss);
  refresh();
}

void GenericLink::rates_changed() {
  for (const Direction direction : kDirections) {
    double events = 0;
    for (std::uint32_t lane = 0; lane < lane_count(); ++lane) {
      events += chain(direction, lane).events_per_s;
    }
    // Without FEC each error event spoils a unit, which a CRC finds.
    set_happening(Happening::kPastFec, receiver_of(direction), is_coded_ ? 0 : events);
  }
  double losses = is_carrying() ? losses_per_s() : 0;
  if (losses > kLossesMost) {
    recover(Reason::kTooManyErrors);
    return;
  }
  losses += quantity(Quantity::kVibration);
  constexpr double kSeldom = 1e-10;  // once in 300 years
  losses_.set_rate(is_carrying() && losses > kSeldom ? losses : 0, now());
  if (losses_.rate() > 0) {
    set_timer(kLoss, losses_.next(now()));
  } else {
    cancel_timer(kLoss);
  }
  if (status_.state == TrainingState::kDetectQuiet && !timer(kStep)) {
    signals_changed();
  }
}

std::uint64_t GenericLink::counter(LinkCounter counter, End receiver) const {
  // Codewords past FEC are replayed by the other end.
  const bool is_retry = counter == LinkCounter::kRetries && is_coded_ && retries();
  return LinkBase::counter(counter, receiver) +
         (is_retry ? LinkBase::counter(LinkCounter::kFlitUncorrected, other(receiver)) : 0);
}

void GenericLink::signals_changed() {
  if (is_disabled_[0] || is_disabled_[1]) {
    return;
  }
  if (has_test_pattern()) {
    if (status_.state != TrainingState::kLoopback) {
      go_down(Reason::kTestPattern, true);
      enter(TrainingState::kLoopback, Reason::kTestPattern);
      cancel_timer(kStep);
      run_at(plan_.protocol);
    }
    return;
  }
  if (status_.state == TrainingState::kLoopback) {
    stay(TrainingState::kDetectQuiet, Reason::kTestPattern, generic_link::kDetect);
    return;
  }
  const LaneMask mask = mask_possible();
  if (is_carrying()) {
    if (obstacle() || !lanes_with_signal().includes(status_.lane_mask)) {
      recover(mask.empty() ? Reason::kSurprise : Reason::kFewerLanes);
    }
    return;
  }
  if (status_.state == TrainingState::kDetectQuiet && !timer(kStep) && !mask.empty()) {
    set_timer(kStep, now() + generic_link::kDetect);
  }
}

void GenericLink::injected(const LaneAt& at, std::uint64_t bits) {
  if (!is_coded_) {
    add_happening(Happening::kPastFec, receiver_of(at.direction), bits);
  }
}

void GenericLink::retrain(End by) {
  static_cast<void>(by);
  go_down(Reason::kRetrain, true);
  stay(TrainingState::kDetectQuiet, Reason::kRetrain, generic_link::kDetect);
}

void GenericLink::set_target_width(End by, base::LaneCount width) {
  target_width_[generic_link::at(by)] = std::clamp(width.value(), 1U, lane_count());
}

void GenericLink::set_disabled(End by, bool is_disabled) {
  is_disabled_[generic_link::at(by)] = is_disabled;
  const bool is_off = is_disabled_[0] || is_disabled_[1];
  if (is_off && status_.state != TrainingState::kDisabled) {
    go_down(Reason::kDisabled, true);
    enter(TrainingState::kDisabled, Reason::kDisabled);
    cancel_timer(kStep);
  } else if (!is_off && status_.state == TrainingState::kDisabled) {
    stay(TrainingState::kDetectQuiet, Reason::kDisabled, generic_link::kDetect);
  }
}

void GenericLink::hot_reset(End by, bool is_asserted) {
  if (is_asserted) {
    tell(MessageKind::kHotReset);
    retrain(by);
  }
}

void GenericLink::exchange(Archive& archive) {
  LinkBase::exchange(archive);
  archive.fields(is_coded_, target_width_, losses_);
  for (bool& is_disabled : is_disabled_) {
    archive.field(is_disabled);
  }
}

}  // namespace weft::twin
