// SPDX-License-Identifier: Apache-2.0
// What is asked of a PCIe link from outside, and how its lanes' errors become its counters.
#include "twin/link/pcie_link.h"

#include "phy/lane/counts.h"
#include "twin/link/pcie_rates.h"
#include "twin/link/pcie_training.h"
#include "twin/world/world.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace weft::twin {
namespace pcie_link {

constexpr double kLongContact = 0.05;    // of contact interruptions, long enough to lose the link
constexpr double kClockTolerance = 600;  // ppm between two ends of +-300 ppm each
constexpr double kSkipSymbols = 1.0 / 130;  // of the bits: one slip loses a block
constexpr double kIdleLoad = 1e-3;          // below it ASPM finds time to sleep; modelled

constexpr std::size_t at(End end) {
  return static_cast<std::size_t>(end);
}

}  // namespace pcie_link

PcieLink::PcieLink(const LinkPlan& plan, std::shared_ptr<Physics> physics)
    : LinkBase(plan, std::move(physics)) {
  const base::TransferRate most = fabric::protocol(plan.protocol).lane_rate;
  while (rate_most_ + 1 < pcie_training::kRates.size() &&
         pcie_training::kRates[rate_most_ + 1] <= most) {
    ++rate_most_;
  }
  rate_cap_ = rate_most_;
  target_ = {rate_most_, rate_most_};
  target_width_ = {plan.lanes.value(), plan.lanes.value()};
  status_.is_flit = pcie_training::kRates[rate_most_] >= base::giga_transfers(64);
}

fabric::ProtocolId PcieLink::protocol_of(std::size_t rate) const {
  return fabric::pcie_of(pcie_training::kRates[rate]).value_or(fabric::ProtocolId::kUnknown);
}

bool PcieLink::is_carrying() const {
  return status_.state == TrainingState::kL0;
}

void PcieLink::retrain(End by) {
  static_cast<void>(by);
  rate_cap_ = rate_most_;
  if (!status_.is_up) {
    return;
  }
  const std::size_t wanted = wanted_rate();
  if (wanted != rate_) {
    recover(Errand::kSpeed, Reason::kSpeedRequest);
  } else if (shape().width != status_.trained_width.value()) {
    recover(Errand::kWidth, Reason::kRetrain);
  } else {
    recover(Errand::kNone, Reason::kRetrain);
  }
}

void PcieLink::set_target_rate(End by, base::TransferRate rate) {
  std::size_t index = 0;
  while (index + 1 < pcie_training::kRates.size() && pcie_training::kRates[index + 1] <= rate) {
    ++index;
  }
  target_[pcie_link::at(by)] = std::min(index, rate_most_);
}

void PcieLink::set_target_width(End by, base::LaneCount width) {
  target_width_[pcie_link::at(by)] = std::clamp(width.value(), 1U, lane_count());
  if (!status_.is_flit || !status_.is_up || status_.state != TrainingState::kL0) {
    return;
  }
  // L0p: lanes sleep and wake without Recovery.
  const std::uint32_t wish = std::min(target_width_[0], target_width_[1]);
  const std::uint32_t width_now =
      std::bit_floor(std::clamp(wish, 1U, status_.trained_width.value()));
  if (width_now == status_.width.value()) {
    return;
  }
  status_.width = base::LaneCount(width_now);
  status_.lane_mask =
      LaneMask::range(status_.is_reversed ? lane_count() - width_now : 0, width_now);
  refresh();
  announce();
}

void PcieLink::redo_equalisation(End by) {
  static_cast<void>(by);
  equalised_ &= ~(1U << rate_);
  if (status_.is_up) {
    recover(Errand::kEqualise, Reason::kEqualise);
  }
}

void PcieLink::set_disabled(End by, bool is_disabled) {
  is_disabled_[pcie_link::at(by)] = is_disabled;
  if ((is_disabled_[0] || is_disabled_[1]) && status_.state != TrainingState::kDisabled) {
    go_down(Reason::kDisabled, true);
    enter(TrainingState::kDisabled, Reason::kDisabled);
    cancel_timer(kStep);
  } else if (!is_disabled_[0] && !is_disabled_[1] && status_.state == TrainingState::kDisabled) {
    stay(TrainingState::kDetectQuiet, Reason::kDisabled);
  }
}

void PcieLink::hot_reset(End by, bool is_asserted) {
  is_reset_[pcie_link::at(by)] = is_asserted;
  const bool is_reset = is_reset_[0] || is_reset_[1];
  if (is_reset && status_.is_up) {
    tell(MessageKind::kHotReset);
    go_down(Reason::kHotReset, true);
    enter(TrainingState::kHotReset, Reason::kHotReset);
    cancel_timer(kStep);
  } else if (!is_reset && status_.state == TrainingState::kHotReset) {
    stay(TrainingState::kHotReset, Reason::kHotReset);  // 2 ms more, then Detect
  }
}

void PcieLink::set_aspm(End by, std::uint8_t mask) {
  aspm_[pcie_link::at(by)] = mask;
  look_for_idle();
}

void PcieLink::look_for_idle() {
  const auto mask = static_cast<std::uint8_t>(aspm_[0] & aspm_[1] & 3);
  const bool may_sleep = mask != 0 && load() < pcie_link::kIdleLoad;
  const bool sleeps = status_.state == TrainingState::kL1 || status_.state == TrainingState::kL0s;
  if (may_sleep && status_.state == TrainingState::kL0 && !timer(kIdle)) {
    set_timer(kIdle, now() + pcie_training::kIdleBeforeSleep);
  } else if (!may_sleep) {
    cancel_timer(kIdle);
    if (sleeps) {
      // L0s ends by its fast training sequences, L1 through Recovery; neither is an error.
      stay(status_.state == TrainingState::kL1 ? TrainingState::kRecoveryLock : TrainingState::kL0,
           Reason::kWake);
      if (status_.state == TrainingState::kL0) {
        refresh();
      }
    }
  }
}

double PcieLink::recoveries_per_s() const {
  double sum = 0;
  for (const End end : {End::kA, End::kB}) {
    sum += happening_rate(Happening::kFraming, end) + happening_rate(Happening::kRollover, end) +
           happening_rate(Happening::kLostAlignment, end);
  }
  return sum + happening_rate(Happening::kContactBlink, End::kA);
}

void PcieLink::set_link_rates(End receiver) {
  const Direction direction =
      receiver == End::kB ? Direction::kTowardDevice : Direction::kTowardHost;
  double events = 0;
  double ber = 0;
  double burst = 0;
  for (std::uint32_t lane = 0; lane < lane_count(); ++lane) {
    const Chain& one = chain(direction, lane);
    events += one.events_per_s;
    ber += one.ber;
    burst += one.burst * one.ber;
  }
  const bool is_on = is_carrying();
  const double lanes = std::max(1U, status_.width.value());
  const double lane_bits = is_on ? static_cast<double>(status_.rate.value()) * 1e6 : 0;
  const double apart = std::abs(quantity(Quantity::kClockOffset));
  const double slips = std::max(0.0, apart - pcie_link::kClockTolerance) * 1e-6 * lane_bits *
                       pcie_link::kSkipSymbols;
  FlitRates flit;
  TlpRates tlp;
  if (status_.is_flit) {
    flit = flit_rates({.first_bit_error_ratio = events / lanes / std::max(1.0, lane_bits),
                       .burst = ber > 0 ? burst / ber : 0,
                       .bits_per_symbol = status_.rate >= base::giga_transfers(64) ? 2U : 1U,
                       .lanes = status_.width.value(),
                       .bits_per_second = lane_bits * lanes});
  } else {
    tlp = tlp_rates({.events_per_s = events, .bits_per_second = lane_bits * lanes, .load = load()});
  }
  set_happening(Happening::kFraming, receiver, tlp.framing + slips);
  set_happening(Happening::kBadTlp, receiver, tlp.bad_tlp);
  set_happening(Happening::kBadDllp, receiver, tlp.bad_dllp);
  set_happening(Happening::kReplayTimeout, receiver, tlp.replay_timeout);
  set_happening(Happening::kRollover, receiver, tlp.rollover);
  set_happening(Happening::kMended, receiver, flit.mended);
  set_happening(Happening::kPastFec, receiver, flit.past_fec);
  set_happening(Happening::kLostAlignment, receiver, flit.lost_alignment);
  set_happening(Happening::kUnit, receiver, flit.flits + tlp.tlps);
  const double vibration = is_on ? quantity(Quantity::kVibration) : 0;
  set_happening(Happening::kContactBlink, receiver, vibration * (1 - pcie_link::kLongContact));
}

void PcieLink::rates_changed() {
  set_link_rates(End::kA);
  set_link_rates(End::kB);
  const double contacts =
      is_carrying() ? quantity(Quantity::kVibration) * pcie_link::kLongContact : 0;
  if (contacts_.rate() != contacts) {
    contacts_.set_rate(contacts, now());
    if (contacts > 0) {
      set_timer(kContact, contacts_.next(now()));
    } else {
      cancel_timer(kContact);
    }
  }
  watch();
  look_for_idle();
}

/// Looks at recoveries second by second, but only where sixteen in one of them can be met: with a
/// mean of 2 it happens once in some 1e10.
void PcieLink::watch() {
  constexpr double kCalm = 2;
  const bool is_sick = is_carrying() && recoveries_per_s() > kCalm;
  if (is_sick && !timer(kWindow)) {
    recoveries_then_ = counter(LinkCounter::kRecoveries, End::kA);
    set_timer(kWindow, now() + pcie_training::kWindow);
  }
}

void PcieLink::injected(const LaneAt& at, std::uint64_t bits) {
  const End receiver = receiver_of(at.direction);
  if (status_.is_flit) {
    add_happening(Happening::kMended, receiver, bits);
    return;
  }
  if (status_.rate < base::giga_transfers(8)) {
    add_happening(Happening::kReceiver, receiver, bits);
    return;
  }
  const TlpRates shares = tlp_rates({.events_per_s = 1, .bits_per_second = 1e9, .load = load()});
  const std::uint64_t framing =
      phy::lane::draw_binomial(bits, std::min(1.0, shares.framing), random());
  const double left = std::max(1e-12, 1 - shares.framing);
  const std::uint64_t tlps = phy::lane::draw_binomial(
      bits - framing, std::clamp(shares.bad_tlp / left, 0.0, 1.0), random());
  add_happening(Happening::kFraming, receiver, framing);
  add_happening(Happening::kBadTlp, receiver, tlps);
  add_happening(Happening::kBadDllp, receiver, bits - framing - tlps);
}

void PcieLink::exchange(Archive& archive) {
  LinkBase::exchange(archive);
  archive.fields(rate_, rate_cap_, next_rate_, target_, target_width_, aspm_, equalised_, errand_,
                 is_announced_, announced_rate_, announced_width_, recoveries_then_, contacts_);
  for (std::size_t end = 0; end < 2; ++end) {
    archive.fields(is_disabled_[end], is_reset_[end]);
  }
}

}  // namespace weft::twin
