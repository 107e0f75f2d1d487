// SPDX-License-Identifier: Apache-2.0
// Joins the parts of a track. Most series never move: such a one keeps its value and some times
// ("calm"), and gets windows only with its second value, filled as if they had been there. Looks
// wait in a row of four before they are settled, so that late ones find their place.
#include "telemetry/track.h"

#include "telemetry/track_counter.h"
#include "telemetry/track_gauge.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <span>

namespace weft::telemetry {
namespace {

constexpr std::size_t kWaiting = 4;

/// The last looks in order of time, not yet settled.
struct Waiting {
  std::array<Look, kWaiting> looks{};
  std::size_t count = 0;

  [[nodiscard]] bool is_full() const { return count == kWaiting; }
  [[nodiscard]] bool holds(std::int64_t at) const {
    return std::any_of(looks.begin(), looks.begin() + static_cast<std::ptrdiff_t>(count),
                       [&](const Look& look) { return look.at == at; });
  }
  void insert(Look look) {
    std::size_t i = count++;
    for (; i > 0 && looks[i - 1].at > look.at; --i) {
      looks[i] = looks[i - 1];
    }
    looks[i] = look;
  }
  Look take_first() {
    const Look first = looks[0];
    std::copy(looks.begin() + 1, looks.begin() + static_cast<std::ptrdiff_t>(count), looks.begin());
    --count;
    return first;
  }
};

struct CounterDetail {
  CounterState settled;
  CounterState now;  ///< with all that waits
  Restart restart;   ///< before the first that waits
  Waiting waiting;
  CounterWindows windows;
  RateChange change;
};

struct GaugeDetail {
  Look settled;
  Waiting waiting;
  GaugeWindows windows;
  LevelChange change;
  std::optional<Change> state_change;
};

base::Result<std::uint64_t> counter_value(const observe::Value& value) {
  if (const auto* whole = std::get_if<std::uint64_t>(&value)) {
    return *whole;
  }
  if (const auto* real = std::get_if<double>(&value)) {
    if (*real >= 0 && *real < 18446744073709549568.0) {
      return static_cast<std::uint64_t>(*real);
    }
  }
  if (const auto* bins = std::get_if<observe::Histogram>(&value)) {
    std::uint64_t sum = 0;
    for (const std::uint64_t count : bins->counts) {
      sum += count;
    }
    return sum;
  }
  return base::fail(base::Code::kInvalidArgument, "not a count");
}

base::Result<std::uint64_t> gauge_value(const observe::Value& value) {
  double number = 0;
  if (const auto* whole = std::get_if<std::uint64_t>(&value)) {
    number = static_cast<double>(*whole);
  } else if (const auto* real = std::get_if<double>(&value)) {
    number = *real;
  } else {
    return base::fail(base::Code::kInvalidArgument, "not a number");
  }
  if (!std::isfinite(number)) {
    return base::fail(base::Code::kInvalidArgument, "not a finite number");
  }
  return std::bit_cast<std::uint64_t>(number == 0 ? 0.0 : number);
}

}  // namespace

base::Duration length(Window window) {
  constexpr std::array<std::int64_t, kWindows> kSeconds = {60, 600, 3600, 86400};
  return {kSeconds[static_cast<std::size_t>(window)] * 1'000'000'000};
}

std::string_view key(Discontinuity what) {
  constexpr std::array<std::string_view, 7> kKeys = {"none",     "reset", "wrapped", "saturated",
                                                     "replaced", "gap",   "clock"};
  return kKeys[static_cast<std::size_t>(what)];
}

base::Duration Rate::until_proven_below(double limit_per_s) const {
  if (limit_per_s <= 0) {
    return {std::numeric_limits<std::int64_t>::max()};
  }
  // Quiet time adds exposure and no events; a lower bound's lossy time proves nothing.
  const double most = base::poisson_bounds(events).high;
  const double proven_s = std::isfinite(per_s.high) && per_s.high > 0 ? most / per_s.high : 0;
  const double missing_s = most / limit_per_s - proven_s;
  constexpr double kLongest_s = 9e9;
  return missing_s <= 0 ? base::Duration{} : base::seconds(std::min(missing_s, kLongest_s));
}

struct Track::Impl {
  observe::MetricKind kind{};
  CounterKind counter;
  Discontinuity what = Discontinuity::kNone;
  std::uint8_t recent_count = 0;
  bool has_settled = false;
  std::uint32_t count = 0;  ///< numbers taken while calm
  std::uint64_t value = 0;  ///< the calm value: a count, or a double's bits
  std::int64_t first = 0;
  std::int64_t settled = 0;                     ///< the look before the recent ones
  std::array<std::int64_t, kWaiting> recent{};  ///< the last looks, in order of time
  std::int64_t gap = 0;                         ///< time that is not covered, while calm
  std::int64_t gap_until = 0;                   ///< none of it is later
  std::unique_ptr<Point> other;                 ///< the last point where it was no number
  std::unique_ptr<CounterDetail> counts;
  std::unique_ptr<GaugeDetail> levels;

  [[nodiscard]] bool is_counter() const {
    return kind == observe::MetricKind::kCounter || kind == observe::MetricKind::kHistogram;
  }
  [[nodiscard]] bool is_calm() const { return !counts && !levels; }
  /// The newest look's time. @pre count > 0, calm
  [[nodiscard]] std::int64_t last() const {
    return recent[static_cast<std::size_t>(recent_count) - 1];
  }
  [[nodiscard]] std::int64_t calm_covered(std::int64_t from, std::int64_t until) const;

  base::Result<Discontinuity> take_calm(Look look);
  void extend_calm(std::int64_t at);
  void unfold(Look start);
  base::Result<Discontinuity> take(Look look);
  base::Result<Discontinuity> insert(Look look);
  void settle_one();
  void replay();
  void begin_anew(std::int64_t at);
};

/// Time covered by looks between two times of a calm counter.
std::int64_t Track::Impl::calm_covered(std::int64_t from, std::int64_t until) const {
  const std::int64_t span = until - from;
  return from < gap_until ? std::max<std::int64_t>(span - gap, 0) : span;
}

void Track::Impl::extend_calm(std::int64_t at) {
  CounterState so_far;
  so_far.last = {last(), value};
  so_far.sum.covered = calm_covered(first, last());
  if (is_counter() && at > last() && is_past_width(counter, so_far, at - last())) {
    gap += at - last();
    gap_until = at;
    what = Discontinuity::kGap;
  }
  if (recent_count == kWaiting) {
    settled = recent[0];
    has_settled = true;
    std::copy(recent.begin() + 1, recent.end(), recent.begin());
    --recent_count;
  }
  std::size_t i = recent_count++;
  for (; i > 0 && recent[i - 1] > at; --i) {
    recent[i] = recent[i - 1];
  }
  recent[i] = at;
  first = std::min(first, at);
  ++count;
}

base::Result<Discontinuity> Track::Impl::take_calm(Look look) {
  if (count == 0) {
    // What a counter that clears on read counted before the first look, it counted since anybody's
    // last read: no time to divide by.
    value = is_counter() && counter.clears_on_read ? 0 : look.value;
    first = recent[0] = look.at;
    recent_count = 1;
    has_settled = false;
    count = 1;
    return Discontinuity::kNone;
  }
  const auto recents = std::span(recent).first(recent_count);
  if ((has_settled && look.at == settled) ||
      std::find(recents.begin(), recents.end(), look.at) != recents.end()) {
    return base::fail(base::Code::kInvalidArgument, "a look at this time is there already");
  }
  if ((has_settled && look.at < settled) || (recent_count == kWaiting && look.at < recent[0])) {
    return base::fail(base::Code::kFailedPrecondition, "too late");
  }
  if (look.value == value) {
    extend_calm(look.at);
    return Discontinuity::kNone;
  }
  // It moves: the looks that are known go where they would have been.
  if (!has_settled && look.at < recent[0]) {
    const std::uint64_t later = value;
    first = look.at;
    const auto times = recent;
    const std::size_t n = recent_count;
    value = look.value;
    unfold(look);
    for (std::size_t i = 0; i < n; ++i) {
      (void)insert({times[i], later});
    }
    return Discontinuity::kNone;
  }
  std::size_t next = 0;
  unfold({has_settled ? settled : recent[next++], value});
  for (; next < recent_count; ++next) {
    (void)insert({recent[next], value});
  }
  return insert(look);
}

/// Makes the windows of a series that begins to move, as they would be.
void Track::Impl::unfold(Look start) {
  const std::int64_t span = std::max<std::int64_t>(start.at - first, 0);
  if (is_counter()) {
    counts = std::make_unique<CounterDetail>();
    CounterState& state = counts->settled;
    state.last = start;
    state.sum.at = start.at;
    state.sum.covered = calm_covered(first, start.at);
    for (std::size_t w = kWindows; w-- > 0;) {
      const std::int64_t step = length(static_cast<Window>(w)).ns / 6;
      const std::int64_t stop = w == 0 ? 0 : length(static_cast<Window>(w - 1)).ns;
      for (std::int64_t back = std::min(step * 6, span - span % step); back > stop; back -= step) {
        const std::int64_t at = start.at - back;
        counts->windows.keep({.at = at, .covered = calm_covered(first, at)});
      }
    }
    counts->windows.keep(state.sum);
    counts->change.feed(0, first, first + state.sum.covered);
    counts->now = state;
    return;
  }
  levels = std::make_unique<GaugeDetail>();
  levels->settled = start;
  const auto level = std::bit_cast<double>(start.value);
  const std::int64_t apart = count > 1 ? std::max<std::int64_t>(span / (count - 1), 1) : 1;
  levels->windows.take_calm(first, start.at, apart, level);
  if (kind == observe::MetricKind::kGauge) {
    constexpr std::int64_t kBlock = 60'000'000'000;
    const std::int64_t blocks = std::min<std::int64_t>(span / std::max(apart, kBlock), 12);
    for (std::int64_t back = blocks; back > 0; --back) {
      levels->change.take(start.at - back * std::max(apart, kBlock), level);
    }
    levels->change.take(start.at, level);
  }
}

base::Result<Discontinuity> Track::Impl::insert(Look look) {
  Waiting& waiting = counts ? counts->waiting : levels->waiting;
  const std::int64_t done = counts ? counts->settled.last.at : levels->settled.at;
  if (look.at == done || waiting.holds(look.at)) {
    return base::fail(base::Code::kInvalidArgument, "a look at this time is there already");
  }
  if (look.at < done ||
      (counts && counts->restart.why != Discontinuity::kNone && look.at < counts->restart.at)) {
    return base::fail(base::Code::kFailedPrecondition, "too late");
  }
  if (waiting.is_full()) {
    if (look.at < waiting.looks[0].at) {
      return base::fail(base::Code::kFailedPrecondition, "too late");
    }
    settle_one();
  }
  const bool is_newest = waiting.count == 0 || look.at > waiting.looks[waiting.count - 1].at;
  waiting.insert(look);
  ++count;
  if (!counts) {
    return Discontinuity::kNone;
  }
  if (!is_newest) {
    replay();
    return Discontinuity::kNone;
  }
  const Restart restart = waiting.count == 1 ? counts->restart : Restart{};
  const CounterStep step = counter_step(counter, counts->now, look, restart);
  counts->now = step.state;
  if (step.what != Discontinuity::kNone) {
    what = step.what;
  }
  return step.what;
}

void Track::Impl::replay() {
  counts->now = counts->settled;
  for (std::size_t i = 0; i < counts->waiting.count; ++i) {
    counts->now = counter_step(counter, counts->now, counts->waiting.looks[i],
                               i == 0 ? counts->restart : Restart{})
                      .state;
  }
}

void Track::Impl::settle_one() {
  if (counts) {
    const CounterState before = counts->settled;
    counts->settled =
        counter_step(counter, before, counts->waiting.take_first(), counts->restart).state;
    counts->restart = {};
    const CounterSum& sum = counts->settled.sum;
    counts->change.feed(sum.events - before.sum.events, sum.at - (sum.covered - before.sum.covered),
                        sum.at);
    counts->windows.keep(sum);
    return;
  }
  const Look look = levels->waiting.take_first();
  const auto level = std::bit_cast<double>(look.value);
  levels->windows.take(look.at, level);
  if (kind == observe::MetricKind::kGauge) {
    levels->change.take(look.at, level);
  } else if (look.value != levels->settled.value) {
    levels->state_change = Change{
        .at = {look.at}, .before = std::bit_cast<double>(levels->settled.value), .after = level};
  }
  levels->settled = look;
}

base::Result<Discontinuity> Track::Impl::take(Look look) {
  return is_calm() ? take_calm(look) : insert(look);
}

/// Forgets windows and sums; the next look is the first.
void Track::Impl::begin_anew(std::int64_t at) {
  counts.reset();
  levels.reset();
  count = 0;
  gap = 0;
  gap_until = 0;
  recent_count = 0;
  has_settled = false;
  first = at;
}

Track::Track(observe::MetricKind kind, CounterKind counter) : impl_(std::make_unique<Impl>()) {
  impl_->kind = kind;
  impl_->counter = counter;
}
Track::~Track() = default;
Track::Track(Track&&) noexcept = default;
Track& Track::operator=(Track&&) noexcept = default;

base::Result<Discontinuity> Track::add(const Point& point) {
  Impl& self = *impl_;
  if (point.at.ns < 0) {
    return base::fail(base::Code::kInvalidArgument, "a time before 1970");
  }
  const bool is_text = point.value && std::holds_alternative<std::string>(*point.value);
  const bool is_histogram = point.value && std::holds_alternative<observe::Histogram>(*point.value);
  if (!point.value || is_text || is_histogram) {
    if (self.other && self.other->at == point.at) {
      return base::fail(base::Code::kInvalidArgument, "a look at this time is there already");
    }
    if (!self.other) {
      self.other = std::make_unique<Point>(point);
    } else if (self.other->at < point.at) {
      *self.other = point;
    }
    if (!is_histogram) {
      return Discontinuity::kNone;
    }
  }
  const auto value = self.is_counter() ? counter_value(*point.value) : gauge_value(*point.value);
  if (!value) {
    return tl::unexpected(value.error());
  }
  return self.take({point.at.ns, *value});
}

void Track::restart(base::WallTime at, Discontinuity why) {
  Impl& self = *impl_;
  if (why == Discontinuity::kNone || self.count == 0) {
    return;
  }
  self.what = why;
  if (why != Discontinuity::kReset) {
    self.begin_anew(at.ns);
    return;
  }
  if (self.levels || !self.is_counter()) {
    return;  // a level is a level, whoever restarted
  }
  if (self.is_calm()) {
    if (self.value == 0) {
      self.gap += std::max<std::int64_t>(at.ns - self.last(), 0);
      self.gap_until = std::max(at.ns, self.last());
      return;
    }
    self.unfold({self.last(), self.value});
  }
  while (self.counts->waiting.count > 0) {
    self.settle_one();
  }
  self.counts->restart = {at.ns, why};
}

std::optional<Point> Track::last() const {
  const Impl& self = *impl_;
  std::optional<Look> look;
  if (self.counts) {
    look = self.counts->now.last;
  } else if (self.levels) {
    const Waiting& waiting = self.levels->waiting;
    look = waiting.count > 0 ? waiting.looks[waiting.count - 1] : self.levels->settled;
  } else if (self.count > 0) {
    look = Look{self.last(), self.value};
  }
  if (self.other && (!look || self.other->at.ns >= look->at)) {
    return *self.other;
  }
  if (!look) {
    return std::nullopt;
  }
  if (self.is_counter()) {
    return Point{.at = {look->at}, .value = look->value};
  }
  return Point{.at = {look->at}, .value = std::bit_cast<double>(look->value)};
}

std::optional<Rate> Track::rate(Window window) const {
  const Impl& self = *impl_;
  if (!self.is_counter()) {
    return std::nullopt;
  }
  if (!self.counts) {
    const std::size_t n = self.recent_count;
    if (n < 2 || self.last() - self.recent[n - 2] > reach(window)) {
      return std::nullopt;
    }
    const std::int64_t from = std::max(self.first, self.last() - length(window).ns);
    return rate_between({}, {.covered = self.calm_covered(from, self.last())});
  }
  const CounterSum& now = self.counts->now.sum;
  if (const auto from = self.counts->windows.oldest(window, now.at)) {
    return rate_between(*from, now);
  }
  CounterState state = self.counts->settled;
  for (std::size_t i = 0; i < self.counts->waiting.count; ++i) {
    if (now.at - state.sum.at <= reach(window)) {
      return rate_between(state.sum, now);
    }
    state = counter_step(self.counter, state, self.counts->waiting.looks[i],
                         i == 0 ? self.counts->restart : Restart{})
                .state;
  }
  return now.at == state.sum.at ? std::nullopt : rate_between(state.sum, now);
}

std::optional<Rate> Track::rate_of_all() const {
  const Impl& self = *impl_;
  if (!self.is_counter()) {
    return std::nullopt;
  }
  if (self.counts) {
    return rate_between({}, self.counts->now.sum);
  }
  if (self.count < 2) {
    return std::nullopt;
  }
  return rate_between({}, {.covered = self.calm_covered(self.first, self.last())});
}

std::optional<Level> Track::level(Window window) const {
  const Impl& self = *impl_;
  if (self.is_counter() || self.count == 0) {
    return std::nullopt;
  }
  if (!self.levels) {
    const auto value = std::bit_cast<double>(self.value);
    const std::int64_t span = self.last() - self.first;
    const std::int64_t within = std::min(length(window).ns, span);
    const auto looks = static_cast<std::uint64_t>(span == 0 ? 0.0
                                                            : static_cast<double>(self.count - 1) *
                                                                  static_cast<double>(within) /
                                                                  static_cast<double>(span));
    return Level{.count = 1 + looks, .mean = value, .min = value, .max = value, .deviation = 0};
  }
  GaugeWindows windows = self.levels->windows;
  std::int64_t now = self.levels->settled.at;
  for (std::size_t i = 0; i < self.levels->waiting.count; ++i) {
    const Look& look = self.levels->waiting.looks[i];
    windows.take(look.at, std::bit_cast<double>(look.value));
    now = look.at;
  }
  return windows.level(window, now);
}

std::optional<double> Track::baseline() const {
  const Impl& self = *impl_;
  if (self.is_counter() || self.count == 0) {
    return std::nullopt;
  }
  if (!self.levels) {
    return std::bit_cast<double>(self.value);
  }
  return self.levels->change.baseline();
}

std::optional<Change> Track::change() const {
  const Impl& self = *impl_;
  if (self.counts) {
    return self.counts->change.last();
  }
  if (!self.levels) {
    return std::nullopt;
  }
  if (self.kind == observe::MetricKind::kGauge) {
    return self.levels->change.last();
  }
  std::optional<Change> out = self.levels->state_change;
  std::uint64_t before = self.levels->settled.value;
  for (std::size_t i = 0; i < self.levels->waiting.count; ++i) {
    const Look& look = self.levels->waiting.looks[i];
    if (look.value != before) {
      out = Change{.at = {look.at},
                   .before = std::bit_cast<double>(before),
                   .after = std::bit_cast<double>(look.value)};
    }
    before = look.value;
  }
  return out;
}

std::optional<Trend> Track::trend() const {
  const Impl& self = *impl_;
  if (!self.levels) {
    if (self.is_counter() || self.count < 4) {
      return std::nullopt;
    }
    const std::int64_t span = self.last() - self.first;
    return Trend{.per_s_bounds = {}, .over = {span}};
  }
  return self.levels->windows.trend(self.levels->settled.at, self.levels->change.quantum());
}

Discontinuity Track::last_discontinuity() const {
  return impl_->what;
}

std::size_t Track::bytes() const {
  return sizeof(Track) + sizeof(Impl) + (impl_->counts ? sizeof(CounterDetail) : 0) +
         (impl_->levels ? sizeof(GaugeDetail) : 0) + (impl_->other ? sizeof(Point) : 0);
}

}  // namespace weft::telemetry
