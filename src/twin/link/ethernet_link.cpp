// SPDX-License-Identifier: Apache-2.0
#include "twin/link/ethernet_link.h"

#include "twin/world/world.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace weft::twin {
namespace ethernet_link {

// Times: those of clause 73's and 136's timers where named, else modelled.
constexpr Duration kSettle{5'000'000};             // optics and clock recovery
constexpr Duration kAutoNegotiation{150'000'000};  // break_link_timer 60 to 75 ms and pages
constexpr Duration kLinkTraining{300'000'000};     // within max_wait_timer 3 s
constexpr Duration kLock{2'000'000};               // alignment markers of all lanes
constexpr Duration kDebounce{100'000'000};         // after a lock was lost

constexpr std::size_t at(End end) {
  return static_cast<std::size_t>(end);
}

}  // namespace ethernet_link

EthernetLink::EthernetLink(const LinkPlan& plan, std::shared_ptr<Physics> physics)
    : LinkBase(plan, std::move(physics)) {
  const fabric::Protocol& protocol = fabric::protocol(plan.protocol);
  is_coded_ = protocol.fec.starts_with("RS");
  is_trained_copper_ = plan.sections.size() == 1 && !plan.sections.front().is_optical;
}

void EthernetLink::begin() {
  for (CountProcess& losses : losses_) {
    losses = CountProcess(random()());
  }
  train(Reason::kStart);
}

LinkStatus EthernetLink::status() const {
  LinkStatus status = LinkBase::status();
  const bool is_locked_b = is_locked_[0];
  const bool is_locked_a = is_locked_[1];
  status.local_fault_a = !is_locked_a;
  status.local_fault_b = !is_locked_b;
  status.remote_fault_a = is_locked_a && !is_locked_b;
  status.remote_fault_b = is_locked_b && !is_locked_a;
  return status;
}

bool EthernetLink::is_carrying() const {
  return is_locked_[0] || is_locked_[1];
}

void EthernetLink::stay(TrainingState state, Reason reason, Duration span) {
  enter(state, reason);
  set_timer(kStep, now() + span);
}

bool EthernetLink::has_all_signals(Direction direction) const {
  for (std::uint32_t lane = 0; lane < lane_count(); ++lane) {
    if (!has_signal(direction, lane)) {
      return false;
    }
  }
  return true;
}

bool EthernetLink::has_signal_somewhere() const {
  return !obstacle() &&
         (has_all_signals(Direction::kTowardDevice) || has_all_signals(Direction::kTowardHost));
}

double EthernetLink::loss_rate(Direction direction) const {
  return lock_losses_per_s(plan_.protocol, direction, LaneMask::range(0, lane_count()));
}

bool EthernetLink::can_lock(Direction direction) const {
  return !obstacle() && !has_test_pattern() && has_all_signals(direction) &&
         loss_rate(direction) <= kLossesMost;
}

void EthernetLink::train(Reason reason) {
  if (is_disabled_[0] || is_disabled_[1]) {
    return;
  }
  if (!has_signal_somewhere() || has_test_pattern()) {
    if (status_.state != TrainingState::kDetectQuiet || reason == Reason::kStart) {
      enter(TrainingState::kDetectQuiet, obstacle().value_or(reason));
    }
    if (obstacle() || has_test_pattern() || reason != Reason::kStart) {
      cancel_timer(kStep);
      return;
    }
  }
  stay(TrainingState::kDetectQuiet, reason, ethernet_link::kSettle);
}

void EthernetLink::on_timer(std::uint32_t timer) {
  if (timer == kStep) {
    step();
    return;
  }
  // A loss of lock that was drawn: of whichever direction it is.
  for (const Direction direction : kDirections) {
    const auto i = static_cast<std::size_t>(direction);
    if (is_locked_[i] && due_[i] <= now()) {
      const bool is_contact = quantity(Quantity::kVibration) > 0.5 * losses_[i].rate();
      lose_lock(direction, is_contact ? Reason::kContact : Reason::kLostFecLock);
      return;
    }
  }
  reckon_losses();
}

void EthernetLink::step() {
  switch (status_.state) {
    case TrainingState::kDetectQuiet:
      if (!has_signal_somewhere() || has_test_pattern()) {
        cancel_timer(kStep);
      } else if (is_trained_copper_) {
        stay(TrainingState::kPollingActive, Reason::kAutoNegotiation,
             ethernet_link::kAutoNegotiation);
      } else {
        stay(TrainingState::kRecoveryLock, Reason::kSignal, ethernet_link::kLock);
      }
      break;
    case TrainingState::kPollingActive:
      // Pages need both directions.
      if (!has_all_signals(Direction::kTowardDevice) || !has_all_signals(Direction::kTowardHost)) {
        enter(TrainingState::kDetectQuiet, Reason::kNoLock);
        cancel_timer(kStep);
      } else {
        stay(TrainingState::kConfiguration, Reason::kStep, ethernet_link::kLinkTraining);
      }
      break;
    case TrainingState::kConfiguration:
      stay(TrainingState::kRecoveryLock, Reason::kStep, ethernet_link::kLock);
      break;
    case TrainingState::kRecoveryLock:
      lock();
      break;
    default:
      break;
  }
}

/// Each direction locks by itself; where neither can, whatever changes tries again.
void EthernetLink::lock() {
  status_.rate = fabric::protocol(plan_.protocol).lane_rate;
  status_.protocol = plan_.protocol;
  status_.width = status_.trained_width = plan_.lanes;
  status_.lane_mask = LaneMask::range(0, lane_count());
  bool is_new = false;
  for (const Direction direction : kDirections) {
    const bool can = can_lock(direction);
    is_new |= can && !is_locked_[static_cast<std::size_t>(direction)];
    is_locked_[static_cast<std::size_t>(direction)] = can;
  }
  cancel_timer(kStep);
  if (is_new) {
    restart_counts();
  }
  run_at(plan_.protocol);
  if (is_locked_[0] && is_locked_[1] && !status_.is_up) {
    enter(TrainingState::kL0, Reason::kStep);
    status_.is_up = true;
    count_both(LinkCounter::kTrainings);
    tell(MessageKind::kLinkUp);
  }
  rates_changed();
}

void EthernetLink::lose_lock(Direction direction, Reason reason) {
  is_locked_[static_cast<std::size_t>(direction)] = false;
  const End receiver = receiver_of(direction);
  if (reason == Reason::kLostFecLock || reason == Reason::kTooManyErrors) {
    count(LinkCounter::kBlockErrors, receiver, 3 * 80);  // the codewords that told
  }
  go_down(reason, false);
  // Copper negotiates anew; others wait for codewords that fit.
  if (is_trained_copper_) {
    is_locked_ = {};
    refresh();
    train(reason);
  } else if (can_lock(direction)) {
    stay(TrainingState::kRecoveryLock, reason, ethernet_link::kDebounce);
  } else {
    enter(TrainingState::kRecoveryLock, reason);
    cancel_timer(kStep);
  }
}

void EthernetLink::go_down(Reason reason, bool is_told) {
  if (std::exchange(status_.is_up, false)) {
    if (!is_told) {
      count_both(LinkCounter::kLinkDowns);
    }
    tell(MessageKind::kLinkDown, static_cast<std::uint32_t>(reason));
  }
  cancel_timer(kLoss);
  refresh();
}

/// The timer stands at the first loss that is to come; where that is past all use, there is none.
void EthernetLink::reckon_losses() {
  constexpr double kSeldom = 1e-10;  // once in 300 years
  for (const Direction direction : kDirections) {
    const auto i = static_cast<std::size_t>(direction);
    const double rate =
        status_.is_up && is_locked_[i] ? loss_rate(direction) + quantity(Quantity::kVibration) : 0;
    losses_[i].set_rate(rate > kSeldom ? rate : 0, now());
    due_[i] = losses_[i].next(now());
  }
  const WorldTime first = std::min(due_[0], due_[1]);
  if (first == kNever) {
    cancel_timer(kLoss);
  } else {
    set_timer(kLoss, first);
  }
}

void EthernetLink::rates_changed() {
  for (const Direction direction : kDirections) {
    if (status_.is_up && !can_lock(direction)) {
      lose_lock(direction, Reason::kTooManyErrors);
      return;
    }
  }
  if (!status_.is_up && status_.state == TrainingState::kRecoveryLock && !timer(kStep) &&
      (can_lock(Direction::kTowardDevice) != is_locked_[0] ||
       can_lock(Direction::kTowardHost) != is_locked_[1])) {
    stay(TrainingState::kRecoveryLock, Reason::kSignal, ethernet_link::kSettle);
  }
  reckon_losses();
}

void EthernetLink::signals_changed() {
  if (is_disabled_[0] || is_disabled_[1]) {
    return;
  }
  if (has_test_pattern()) {
    if (status_.state != TrainingState::kLoopback) {
      is_locked_ = {};
      go_down(Reason::kTestPattern, true);
      enter(TrainingState::kLoopback, Reason::kTestPattern);
      cancel_timer(kStep);
      run_at(plan_.protocol);
    }
    return;
  }
  if (status_.state == TrainingState::kLoopback) {
    train(Reason::kTestPattern);
    return;
  }
  if (const auto problem = obstacle()) {
    is_locked_ = {};
    go_down(*problem, *problem == Reason::kPowerOff);
    train(*problem);
    return;
  }
  if (status_.is_up) {
    for (const Direction direction : kDirections) {
      if (!has_all_signals(direction)) {
        lose_lock(direction, Reason::kFewerLanes);
        return;
      }
    }
  } else if (!timer(kStep)) {
    if (status_.state == TrainingState::kDetectQuiet) {
      train(Reason::kSignal);
    } else {
      rates_changed();
    }
  }
}

void EthernetLink::injected(const LaneAt& at, std::uint64_t bits) {
  // Without FEC every wrong bit spoils a block.
  if (!is_coded_) {
    count(LinkCounter::kBlockErrors, receiver_of(at.direction), bits);
  }
}

void EthernetLink::retrain(End by) {
  static_cast<void>(by);
  is_locked_ = {};
  go_down(Reason::kRetrain, true);
  train(Reason::kRetrain);
}

void EthernetLink::set_disabled(End by, bool is_disabled) {
  is_disabled_[ethernet_link::at(by)] = is_disabled;
  const bool is_off = is_disabled_[0] || is_disabled_[1];
  if (is_off && status_.state != TrainingState::kDisabled) {
    is_locked_ = {};
    go_down(Reason::kDisabled, true);
    enter(TrainingState::kDisabled, Reason::kDisabled);
    cancel_timer(kStep);
  } else if (!is_off && status_.state == TrainingState::kDisabled) {
    enter(TrainingState::kDetectQuiet, Reason::kDisabled);
    train(Reason::kDisabled);
  }
}

void EthernetLink::hot_reset(End by, bool is_asserted) {
  if (is_asserted) {
    retrain(by);
  }
}

void EthernetLink::exchange(Archive& archive) {
  LinkBase::exchange(archive);
  archive.fields(losses_, due_);
  for (std::size_t i = 0; i < 2; ++i) {
    archive.fields(is_locked_[i], is_disabled_[i]);
  }
}

}  // namespace weft::twin
