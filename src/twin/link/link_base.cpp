// SPDX-License-Identifier: Apache-2.0
#include "twin/link/link_base.h"

#include "twin/world/world.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace weft::twin {
namespace link_base {

/// What one happening counts, and at which end seen from its receiver.
struct Feed {
  Happening happening;
  LinkCounter counter;
  bool is_other_end;
};
constexpr auto kFeeds = std::to_array<Feed>({
    {Happening::kFraming, LinkCounter::kReceiverErrors, false},
    {Happening::kFraming, LinkCounter::kFramingErrors, false},
    {Happening::kFraming, LinkCounter::kRecoveries, false},
    {Happening::kFraming, LinkCounter::kRecoveries, true},
    {Happening::kReceiver, LinkCounter::kReceiverErrors, false},
    {Happening::kBadTlp, LinkCounter::kBadTlp, false},
    {Happening::kBadTlp, LinkCounter::kNaksSent, false},
    {Happening::kBadTlp, LinkCounter::kNaksReceived, true},
    {Happening::kBadTlp, LinkCounter::kRetries, true},
    {Happening::kBadDllp, LinkCounter::kBadDllp, false},
    {Happening::kReplayTimeout, LinkCounter::kReplayTimeouts, false},
    {Happening::kReplayTimeout, LinkCounter::kRetries, false},
    {Happening::kRollover, LinkCounter::kReplayRollovers, false},
    {Happening::kRollover, LinkCounter::kRecoveries, false},
    {Happening::kRollover, LinkCounter::kRecoveries, true},
    {Happening::kMended, LinkCounter::kFlitCorrected, false},
    {Happening::kPastFec, LinkCounter::kFlitUncorrected, false},
    {Happening::kPastFec, LinkCounter::kNaksSent, false},
    {Happening::kPastFec, LinkCounter::kNaksReceived, true},
    {Happening::kPastFec, LinkCounter::kRetries, true},
    {Happening::kLostAlignment, LinkCounter::kReceiverErrors, false},
    {Happening::kLostAlignment, LinkCounter::kRecoveries, false},
    {Happening::kLostAlignment, LinkCounter::kRecoveries, true},
    {Happening::kContactBlink, LinkCounter::kReceiverErrors, false},
    {Happening::kContactBlink, LinkCounter::kRecoveries, false},
    {Happening::kUnit, LinkCounter::kTrafficUnits, false},
});

/// Counters that lanes' codewords feed where receivers decode them.
constexpr auto kOfCodewords =
    std::to_array({LinkCounter::kFlitCorrected, LinkCounter::kFlitUncorrected,
                   LinkCounter::kBlockErrors, LinkCounter::kTrafficUnits});

/// Normal, cut at 3 sigma, by Box and Muller from one pair of numbers.
double normal(base::Random& random) {
  const double u = 1 - random.uniform();
  const double v = random.uniform();
  return std::clamp(std::sqrt(-2 * std::log(u)) * std::cos(6.283185307179586 * v), -3.0, 3.0);
}

constexpr std::size_t index(End end) {
  return static_cast<std::size_t>(end);
}

}  // namespace link_base

LinkBase::LinkBase(const LinkPlan& plan, std::shared_ptr<Physics> physics)
    : Link("link/" + plan.name, plan, std::move(physics)) {}

void LinkBase::build() {
  if (is_built_) {
    return;
  }
  is_built_ = true;
  base::Random random(world().seed(), path() + "/lanes");
  receivers_.resize(section_count() * 2 * lane_count());
  for (Receiver& receiver : receivers_) {
    receiver.loss_db = 0.25 * link_base::normal(random);
    receiver.jitter = 1 + 0.03 * link_base::normal(random);
    receiver.crosstalk = 1 + 0.05 * link_base::normal(random);
    receiver.misadaptation = 0.002 * std::abs(link_base::normal(random));
    receiver.skew_ps = 5 * (3 + link_base::normal(random));
    receiver.counter = LaneCounter(random());
  }
  for (auto& end : happenings_) {
    for (CountProcess& process : end) {
      process = CountProcess(random());
    }
  }
  chains_.resize(std::size_t{2} * lane_count());
  kinds_.resize(section_count());
  repeaters_.resize(plan_.repeaters.size());
}

void LinkBase::start() {
  build();
  begin();
}

void LinkBase::enter(TrainingState state, Reason reason) {
  if (log_.size() == kLogMost) {
    log_.erase(log_.begin());
  }
  log_.push_back({.at = now(),
                  .from = status_.state,
                  .to = state,
                  .rate = status_.rate,
                  .reason = static_cast<std::uint32_t>(reason)});
  status_.state = state;
  status_.since = now();
}

void LinkBase::count(LinkCounter counter, End end, std::uint64_t n) {
  counts_[link_base::index(end)][static_cast<std::size_t>(counter)] += n;
}

void LinkBase::count_both(LinkCounter counter) {
  count(counter, End::kA);
  count(counter, End::kB);
}

void LinkBase::set_happening(Happening happening, End receiver, double per_s) {
  CountProcess& process =
      happenings_[link_base::index(receiver)][static_cast<std::size_t>(happening)];
  constexpr double kNil = 1e-13;
  const double rate = per_s > kNil ? per_s : 0;
  if (process.rate() != rate) {
    process.set_rate(rate, now());
  }
}

double LinkBase::happening_rate(Happening happening, End receiver) const {
  return happenings_[link_base::index(receiver)][static_cast<std::size_t>(happening)].rate();
}

void LinkBase::add_happening(Happening happening, End receiver, std::uint64_t n) {
  happenings_[link_base::index(receiver)][static_cast<std::size_t>(happening)].add(n);
}

void LinkBase::tell(MessageKind kind, std::uint32_t sub, std::uint32_t source) {
  // A retimer counts recoveries from here on, and a module knows whether its light was cut; they
  // cannot ask.
  double value = 0;
  if (kind == MessageKind::kLinkUp) {
    value = static_cast<double>(counter(LinkCounter::kRecoveries, End::kA));
  } else if (kind == MessageKind::kLinkDown) {
    const auto problem = obstacle();
    value = problem == Reason::kNoFarEnd || problem == Reason::kPowerOff ? 1 : 0;
  }
  for (const ActorId listener : listeners_) {
    send(listener, {.kind = kind, .from = id(), .sub = sub, .source = source, .value = value});
  }
}

LinkStatus LinkBase::status() const {
  LinkStatus status = status_;
  if (!status.is_up) {
    status.protocol = fabric::ProtocolId::kUnknown;
    status.rate = base::TransferRate(0);
    status.width = status.trained_width = base::LaneCount(0);
    status.lane_mask = {};
    status.is_reversed = false;
  }
  return status;
}

LinkBase::CodewordSums LinkBase::codewords_at(End receiver) const {
  CodewordSums sums;
  const Direction direction =
      receiver == End::kB ? Direction::kTowardDevice : Direction::kTowardHost;
  for (std::uint32_t lane = 0; lane < lane_count(); ++lane) {
    const auto counts = receivers_[index_of(end_receiver(direction, lane))].counter.counts(now());
    sums.all += counts.codewords;
    sums.past_fec += counts.uncorrectable;
    sums.mended += counts.codewords - counts.histogram[0] - counts.uncorrectable;
    sums.erred_lanes |= counts.bit_errors > 0 && lane < 32 ? 1U << lane : 0;
  }
  return sums;
}

std::uint64_t LinkBase::codewords_for(LinkCounter counter, const CodewordSums& sums) {
  // A codeword carries 20 blocks of 257 bits, each four blocks of the PCS (clause 119).
  constexpr std::uint64_t kBlocksPerCodeword = 80;
  switch (counter) {
    case LinkCounter::kFlitCorrected:
      return sums.mended;
    case LinkCounter::kFlitUncorrected:
      return sums.past_fec;
    case LinkCounter::kBlockErrors:
      return sums.past_fec * kBlocksPerCodeword;
    case LinkCounter::kTrafficUnits:
      return sums.all;
    default:
      return 0;
  }
}

std::uint64_t LinkBase::counter(LinkCounter counter, End receiver) const {
  std::uint64_t sum = counts_[link_base::index(receiver)][static_cast<std::size_t>(counter)];
  for (const link_base::Feed& feed : link_base::kFeeds) {
    if (feed.counter == counter && is_built_) {
      const End at = feed.is_other_end ? other(receiver) : receiver;
      sum +=
          happenings_[link_base::index(at)][static_cast<std::size_t>(feed.happening)].count(now());
    }
  }
  const bool is_of_codewords =
      std::find(link_base::kOfCodewords.begin(), link_base::kOfCodewords.end(), counter) !=
      link_base::kOfCodewords.end();
  if (is_built_ && is_coded() && is_of_codewords) {
    sum += codewords_for(counter, codewords_at(receiver));
  }
  return sum;
}

void LinkBase::restart_counts() {
  for (const End end : {End::kA, End::kB}) {
    const CodewordSums sums = codewords_at(end);
    for (const LinkCounter counter : link_base::kOfCodewords) {
      count(counter, end, is_coded() ? codewords_for(counter, sums) : 0);
    }
    erred_lanes_[link_base::index(end)] |= sums.erred_lanes;
  }
  for (Receiver& receiver : receivers_) {
    receiver.counter.restart(now());
  }
  refresh();
}

std::uint32_t LinkBase::lanes_with_errors(End receiver) const {
  std::uint32_t mask = erred_lanes_[link_base::index(receiver)];
  const Direction direction =
      receiver == End::kB ? Direction::kTowardDevice : Direction::kTowardHost;
  for (std::uint32_t lane = 0; is_built_ && lane < std::min(32U, lane_count()); ++lane) {
    if (receivers_[index_of(end_receiver(direction, lane))].counter.has_errors(now())) {
      mask |= 1U << lane;
    }
  }
  return mask;
}

phy::lane::Counts LinkBase::lane_counts(const LaneAt& at) const {
  return is_valid(at) ? receivers_[index_of(at)].counter.counts(now()) : phy::lane::Counts{};
}

void LinkBase::set_power(End by, bool is_powered) {
  build();
  Side& side = sides_[link_base::index(by)];
  if (std::exchange(side.is_powered, is_powered) != is_powered) {
    signals_changed();
  }
}

void LinkBase::set_lane_enabled(std::uint32_t lane, bool is_enabled) {
  build();
  if (lane < lane_count() && disabled_lanes_.has(lane) == is_enabled) {
    disabled_lanes_.set(lane, !is_enabled);
    signals_changed();
  }
}

void LinkBase::set_test_pattern(const LaneAt& at, bool is_on) {
  build();
  if (!is_valid(at)) {
    return;
  }
  Receiver& receiver = receivers_[index_of(at)];
  if (std::exchange(receiver.has_pattern, is_on) == is_on) {
    return;
  }
  patterns_on_ = is_on ? patterns_on_ + 1 : patterns_on_ - 1;
  signals_changed();
  receiver.counter.restart(now());
  refresh();
}

void LinkBase::inject_errors(const LaneAt& at, std::uint64_t bits) {
  if (!is_valid(at) || !is_active(at) || bits == 0) {
    return;
  }
  receivers_[index_of(at)].counter.inject(bits);
  if (is_carrying()) {
    injected(at, bits);
  }
}

void LinkBase::exchange(Archive& archive) {
  build();
  archive.fields(receivers_, chains_, running_, is_passing_, repeaters_, disabled_lanes_,
                 patterns_on_, counts_, happenings_, erred_lanes_, log_);
  for (Side& side : sides_) {
    archive.field(side);
  }
  LinkStatus& s = status_;
  archive.fields(s.state, s.is_up, s.protocol, s.rate, s.width, s.trained_width, s.lane_mask,
                 s.is_flit, s.is_reversed, s.local_fault_a, s.local_fault_b, s.remote_fault_a,
                 s.remote_fault_b, s.since);
  if (archive.is_reading()) {
    receivers_.resize(section_count() * 2 * lane_count());
    chains_.resize(std::size_t{2} * lane_count());
    repeaters_.resize(plan_.repeaters.size());
    take_kinds();
  }
}

void LinkBase::registers(Archive& out) const {
  LinkStatus s = status();
  out.fields(s.state, s.is_up, s.protocol, s.rate, s.width, s.trained_width, s.lane_mask, s.is_flit,
             s.is_reversed, s.local_fault_a, s.local_fault_b, s.remote_fault_a, s.remote_fault_b,
             s.since);
  for (const End end : {End::kA, End::kB}) {
    for (std::size_t i = 0; i < static_cast<std::size_t>(LinkCounter::kCount_); ++i) {
      std::uint64_t value = counter(static_cast<LinkCounter>(i), end);
      out.field(value);
    }
  }
  for (const Receiver& receiver : receivers_) {
    phy::lane::Counts counts = receiver.counter.counts(now());
    out.fields(counts.bits, counts.bit_errors, counts.codewords, counts.uncorrectable,
               counts.histogram);
  }
}

}  // namespace weft::twin
