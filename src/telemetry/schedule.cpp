// SPDX-License-Identifier: Apache-2.0
#include "telemetry/schedule.h"

#include "base/id.h"

#include <algorithm>
#include <array>
#include <limits>
#include <string_view>

#include <fmt/format.h>

namespace weft::telemetry {
namespace {

constexpr double kSpeedUp = 0.25;
constexpr double kSlowDown = 1.5;
constexpr double kBackOff = 2;
constexpr double kLearn = 0.25;

base::Duration scaled(base::Duration interval, double by, const PollSource& source) {
  const auto ns = static_cast<std::int64_t>(static_cast<double>(interval.ns) * by);
  return {std::clamp(ns, source.fastest.ns, std::max(source.fastest.ns, source.slowest.ns))};
}

std::string span_text(base::Duration span) {
  const double s = span.seconds();
  return s < 10    ? fmt::format("{:.1f} s", s)
         : s < 120 ? fmt::format("{:.0f} s", s)
                   : fmt::format("{:.0f} min", s / 60);
}

}  // namespace

std::string_view key(PollReason reason) {
  constexpr std::array<std::string_view, 5> kKeys = {"new", "moving", "stirred", "calm", "failing"};
  return kKeys[static_cast<std::size_t>(reason)];
}

void Schedule::Budget::refill(base::WallTime now, double per_s, base::Duration burst) {
  const double most = per_s * burst.seconds();
  if (at.ns == 0) {
    left = most;
  } else if (now > at) {
    left = std::min(most, left + per_s * (now - at).seconds());
  }
  at = std::max(at, now);
}

SourceId Schedule::add(PollSource source, base::WallTime now) {
  const SourceId id = next_id_++;
  Entry entry;
  entry.state.interval = source.fastest;
  const auto phase = static_cast<std::int64_t>(
      base::fnv1a64(source.name) %
      static_cast<std::uint64_t>(std::max<std::int64_t>(source.fastest.ns, 1)));
  entry.source = std::move(source);
  entry.added = now;
  Entry& kept = sources_.emplace(id, std::move(entry)).first->second;
  plan(id, kept, now + base::Duration{phase});
  return id;
}

void Schedule::remove(SourceId source) {
  if (const auto it = sources_.find(source); it != sources_.end()) {
    queue_.erase({it->second.state.next, source});
    sources_.erase(it);
  }
}

void Schedule::plan(SourceId id, Entry& entry, base::WallTime next) {
  queue_.erase({entry.state.next, id});
  entry.state.next = next;
  queue_.emplace(next, id);
}

void Schedule::stir(SourceId source, base::WallTime now) {
  const auto it = sources_.find(source);
  if (it == sources_.end()) {
    return;
  }
  Entry& entry = it->second;
  entry.state.reason = PollReason::kStirred;
  entry.state.interval = entry.source.fastest;
  entry.calm = 0;
  if (!entry.is_out && entry.state.next > now) {
    plan(source, entry, now);
  }
}

base::Duration Schedule::wait_for_budget(Entry& entry, base::WallTime now) {
  // A read that costs more than a full budget goes when the budget is full. Those that wait are
  // lined up, so that each comes back when it is its turn.
  const auto missing_s = [&](Budget& budget, double cost, double per_s) {
    budget.refill(now, per_s, options_.burst);
    if (budget.call != calls_) {
      budget.call = calls_;
      budget.promised = 0;
    }
    const double needed = std::min(cost, per_s * options_.burst.seconds()) + budget.promised;
    // A hair less is enough: sums of refills are rounded.
    return budget.left + 1e-6 * needed >= needed ? 0.0 : (needed - budget.left) / per_s;
  };
  const PollSource& source = entry.source;
  Budget& host = hosts_[source.host];
  Budget* device = source.device.empty() ? nullptr : &devices_[source.device];
  const double host_s = missing_s(host, source.milliseconds, options_.host_milliseconds_per_s);
  const double device_s = device == nullptr ? 0.0
                                            : missing_s(*device, source.transactions,
                                                        options_.device_transactions_per_s);
  const bool fits = host_s <= 0 && device_s <= 0;
  (fits ? host.left : host.promised) += fits ? -source.milliseconds : source.milliseconds;
  if (device != nullptr) {
    (fits ? device->left : device->promised) += fits ? -source.transactions : source.transactions;
  }
  if (fits) {
    entry.state.limit = PollLimit::kNone;
    return {};
  }
  entry.state.limit = device_s > host_s ? PollLimit::kDeviceBudget : PollLimit::kHostBudget;
  return {base::seconds(std::max(host_s, device_s)).ns + 1};
}

std::vector<SourceId> Schedule::due(base::WallTime now) {
  struct Due {
    int rank = 0;
    base::WallTime since;
    SourceId id = 0;
    auto operator<=>(const Due&) const = default;
  };
  std::vector<Due> ready;
  ++calls_;
  for (auto it = queue_.begin(); it != queue_.end() && it->first <= now; ++it) {
    const Entry& entry = sources_.at(it->second);
    if (entry.is_out) {
      continue;
    }
    // What has waited past its slowest rate goes first: nobody starves.
    const base::WallTime last = entry.state.last.ns == 0 ? entry.added : entry.state.last;
    const bool is_overdue = now.ns - last.ns > 2 * entry.source.slowest.ns;
    const bool is_urgent =
        entry.state.reason == PollReason::kMoving || entry.state.reason == PollReason::kStirred;
    ready.push_back({is_overdue ? 0 : (is_urgent ? 1 : 2), last, it->second});
  }
  std::ranges::sort(ready);
  std::vector<SourceId> out;
  for (const Due& one : ready) {
    Entry& entry = sources_.at(one.id);
    const base::Duration wait = wait_for_budget(entry, now);
    if (wait.ns == 0) {
      entry.is_out = true;
      queue_.erase({entry.state.next, one.id});
      out.push_back(one.id);
    } else {
      plan(one.id, entry, now + wait);
    }
  }
  return out;
}

void Schedule::done(SourceId source, base::WallTime at, const PollResult& result) {
  const auto it = sources_.find(source);
  if (it == sources_.end()) {
    return;
  }
  Entry& entry = it->second;
  PollState& state = entry.state;
  const auto learn = [](double& known, double now) {
    known = now > 0 ? known + (now - known) * kLearn : known;
  };
  learn(entry.source.transactions, result.transactions);
  learn(entry.source.milliseconds, result.milliseconds);
  if (result.has_failed) {
    state.reason = PollReason::kFailing;
    state.interval = scaled(state.interval, kBackOff, entry.source);
  } else if (result.has_moved) {
    // A source that comes back after failures is caught up with at once.
    state.reason = PollReason::kMoving;
    state.interval = scaled(state.interval, kSpeedUp, entry.source);
    state.moved = at;
    entry.calm = 0;
  } else if (++entry.calm >= options_.calm_reads || state.reason == PollReason::kFailing) {
    state.reason = PollReason::kCalm;
    state.interval = scaled(state.interval, kSlowDown, entry.source);
  } else if (state.reason == PollReason::kNew) {
    state.reason = PollReason::kCalm;
  }
  state.last = at;
  entry.is_out = false;
  plan(source, entry, at + state.interval);
}

base::WallTime Schedule::next() const {
  return queue_.empty() ? base::WallTime{std::numeric_limits<std::int64_t>::max()}
                        : queue_.begin()->first;
}

PollState Schedule::state(SourceId source, base::WallTime now) const {
  const auto it = sources_.find(source);
  if (it == sources_.end()) {
    return {};
  }
  const Entry& entry = it->second;
  PollState out = entry.state;
  std::string why;
  switch (out.reason) {
    case PollReason::kNew:
      why = "it was not read yet";
      break;
    case PollReason::kMoving:
      why = fmt::format("its values moved {} ago", span_text(now - out.moved));
      break;
    case PollReason::kStirred:
      why = "somebody asked to look closely";
      break;
    case PollReason::kCalm:
      why = out.moved.ns == 0 ? "nothing ever moved"
                              : fmt::format("calm for {}", span_text(now - out.moved));
      break;
    case PollReason::kFailing:
      why = "the last read failed";
      break;
  }
  out.text = fmt::format("every {}: {}", span_text(out.interval), why);
  if (out.limit == PollLimit::kDeviceBudget) {
    out.text += fmt::format("; waits for {} ({:g} transactions/s)", entry.source.device,
                            options_.device_transactions_per_s);
  } else if (out.limit == PollLimit::kHostBudget) {
    out.text += fmt::format("; waits for {} ({:g} ms/s)", entry.source.host,
                            options_.host_milliseconds_per_s);
  }
  return out;
}

}  // namespace weft::telemetry
