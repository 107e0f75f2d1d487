// SPDX-License-Identifier: Apache-2.0
#include "diagnose/past.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>

namespace weft::diagnose {
namespace {

/// With so many expected, none comes once in twenty times.
constexpr double kEventsDue = 3;
constexpr std::size_t kStretchesMost = 24;
/// Two neighbours are short when together they last less than this share of their age.
constexpr double kResolution = 0.2;
/// What that length costs, against losing all that parts neighbours. A house choice: a step that
/// is half of it survives until all others last five times that share.
constexpr double kLengthCosts = 0.1;
/// Logarithm of the likelihood ratio from which a stretch differs at all. With 100,000 series and
/// a few hundred places for the stretch each, chance alone stays below it for years.
constexpr double kProven = 16.0;
constexpr double kSigmas = 5.0;
constexpr std::uint32_t kLooksLeast = 4;  ///< fewer are no past to hold anything against
constexpr std::int64_t kNsPerS = 1'000'000'000;

Past::Sum joined(const Past::Sum& x, const Past::Sum& y) {
  return {.sum = x.sum + y.sum,
          .weight = x.weight + y.weight,
          .square = x.square + y.square,
          .from_ns = std::min(x.from_ns, y.from_ns),
          .to_ns = std::max(x.to_ns, y.to_ns),
          .looks = x.looks + y.looks};
}

Past::Sum minus(const Past::Sum& all, const Past::Sum& part) {
  return {.sum = all.sum - part.sum,
          .weight = all.weight - part.weight,
          .square = all.square - part.square,
          .from_ns = all.from_ns,
          .to_ns = all.to_ns,
          .looks = all.looks - part.looks};
}

double log_likelihood(const Past::Sum& sum) {
  return sum.sum > 0 && sum.weight > 0 ? sum.sum * std::log(sum.sum / sum.weight) : 0;
}

/// 95 % bounds of a rate; large counts by the normal approximation, which is exact enough there.
base::Interval rate_bounds(const Past::Sum& sum) {
  const double events = std::max(0.0, sum.sum);
  base::Interval out;
  if (events < 1e6) {
    out = base::poisson_bounds(static_cast<std::uint64_t>(events + 0.5));
  } else {
    out = {.low = events - 1.96 * std::sqrt(events), .high = events + 1.96 * std::sqrt(events)};
  }
  out.low /= sum.weight;
  out.high /= sum.weight;
  return out;
}

/// What is lost when two neighbours become one: the squares (gauges), or the logarithm of the
/// likelihood (counts, which have no squares), that telling them apart explains.
double loss(const Past::Sum& x, const Past::Sum& y) {
  if (x.square == 0 && y.square == 0) {
    return log_likelihood(x) + log_likelihood(y) - log_likelihood(joined(x, y));
  }
  const double apart = x.mean() - y.mean();
  return apart * apart * x.weight * y.weight / (x.weight + y.weight);
}

double variance(const Past::Sum& sum) {
  const double mean = sum.mean();
  return sum.weight > 0 ? std::max(0.0, sum.square / sum.weight - mean * mean) : 0;
}

/// Logarithm of the factor by which a rate must grow between the first and the last third of its
/// stretch, where it was zero before: more than a rate that one look divides. A house choice.
constexpr double kGrowsOn = 1.6;

/// Whether the stretch climbs: its first third differs from its last by half of the whole move.
bool climbs(const std::vector<Past::Sum>& stretches, std::size_t from, std::size_t to,
            double before, bool of_logarithm) {
  if (to - from < 4) {
    return false;
  }
  const std::size_t third = (to - from) / 3;
  Past::Sum first = stretches[from];
  for (std::size_t i = from + 1; i < from + third; ++i) {
    first = joined(first, stretches[i]);
  }
  Past::Sum last = stretches[to - 1];
  for (std::size_t i = to - third; i + 1 < to; ++i) {
    last = joined(last, stretches[i]);
  }
  const auto of = [&](double x) { return of_logarithm ? std::log(std::max(x, 1e-300)) : x; };
  const double grown = of(last.mean()) - of(first.mean());
  if (of_logarithm) {
    // From nothing to anything is no way: then it must go on growing once it is there.
    return before > 0 ? grown > 0.4 * (of(last.mean()) - of(before)) : grown > kGrowsOn;
  }
  const double whole = last.mean() - before;
  return std::abs(grown) > 0.4 * std::abs(whole) && whole != 0;
}

/// Share of the whole time that a gauge takes from a quarter of its way to three quarters of it,
/// for the way to count as gradual. A house choice.
constexpr double kGradual = 0.08;

/// From when a gauge went its way gradually, seen over all that is kept (the best stretch of two
/// levels begins somewhere on a slope); nullopt: by a step, or not at all.
std::optional<base::WallTime> slope_of(const std::vector<Past::Sum>& stretches) {
  const auto from = stretches.front().from_ns;
  const auto whole = static_cast<double>(stretches.back().to_ns - from);
  const auto level = [&](double begin, double end) {
    Past::Sum sum;
    for (const auto& stretch : stretches) {
      const auto middle = (static_cast<double>(stretch.from_ns - from) +
                           static_cast<double>(stretch.to_ns - from)) /
                          2 / whole;
      if (middle >= begin && middle <= end) {
        sum = sum.weight == 0 ? stretch : joined(sum, stretch);
      }
    }
    return sum;
  };
  const auto first = level(0, 0.25);
  const auto last = level(0.85, 1);
  if (whole <= 0 || first.weight <= 0 || last.weight <= 0) {
    return std::nullopt;
  }
  const double way = last.mean() - first.mean();
  std::optional<std::int64_t> quarter;
  std::size_t between = 0;
  for (const auto& stretch : stretches) {
    const double share = way == 0 ? 0 : (stretch.mean() - first.mean()) / way;
    if (!quarter && share > 0.25) {
      quarter = stretch.from_ns;
    }
    if (quarter && share > 0.75) {
      const bool is_gradual =
          between >= 2 && static_cast<double>(stretch.from_ns - *quarter) > kGradual * whole;
      return is_gradual ? std::optional(base::WallTime{*quarter}) : std::nullopt;
    }
    between += quarter ? stretch.looks : 0;
  }
  return std::nullopt;
}

}  // namespace

void Past::clear() {
  stretches_.clear();
}

void Past::add_count(base::WallTime at, double events, double exposure) {
  const auto from = stretches_.empty() ? at.ns : stretches_.back().to_ns;
  if (!stretches_.empty() && events == 0 && stretches_.back().sum == 0) {
    stretches_.back().weight += exposure;
    stretches_.back().to_ns = at.ns;
    ++stretches_.back().looks;
    return;
  }
  stretches_.push_back({.sum = events,
                        .weight = exposure,
                        .square = 0,
                        .from_ns = from,
                        .to_ns = at.ns,
                        .looks = 1});
  thin();
}

void Past::add_value(base::WallTime at, double value) {
  const auto from = stretches_.empty() ? at.ns : stretches_.back().to_ns;
  stretches_.push_back({.sum = value,
                        .weight = 1,
                        .square = value * value,
                        .from_ns = from,
                        .to_ns = at.ns,
                        .looks = 1});
  thin();
}

void Past::add_still(base::WallTime from, base::WallTime to, std::uint32_t looks) {
  stretches_.push_back({.sum = 0,
                        .weight = (to - from).seconds(),
                        .square = 0,
                        .from_ns = from.ns,
                        .to_ns = to.ns,
                        .looks = looks});
  thin();
}

void Past::thin() {
  if (stretches_.size() <= kStretchesMost) {
    return;
  }
  // The two that are most alike and short for their age. What a merger loses counts for most, so
  // that a step stays where it was however long ago: a stretch across it belongs to neither side.
  std::array<double, kStretchesMost + 1> losses{};
  double total = 0;
  for (std::size_t i = 0; i + 2 < stretches_.size(); ++i) {
    losses.at(i) = loss(stretches_[i], stretches_[i + 1]);
    total += losses.at(i);
  }
  const auto now = stretches_.back().to_ns;
  std::size_t at = 0;
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i + 2 < stretches_.size(); ++i) {
    const auto span = static_cast<double>(stretches_[i + 1].to_ns - stretches_[i].from_ns);
    const auto age = static_cast<double>(now - stretches_[i + 1].to_ns);
    const double cost =
        (total > 0 ? losses.at(i) / total : 0) + kLengthCosts * span / (kResolution * age + 1);
    if (cost < least) {
      at = i;
      least = cost;
    }
  }
  stretches_[at] = joined(stretches_[at], stretches_[at + 1]);
  stretches_.erase(stretches_.begin() + static_cast<std::ptrdiff_t>(at) + 1);
}

Past::Sum Past::all() const {
  Sum sum;
  for (const auto& stretch : stretches_) {
    sum = sum.weight == 0 ? stretch : joined(sum, stretch);
  }
  return sum;
}

Past::Sum Past::since(base::WallTime from) const {
  Sum sum;
  for (const auto& stretch : stretches_) {
    if (stretch.from_ns >= from.ns) {
      sum = sum.weight == 0 ? stretch : joined(sum, stretch);
    }
  }
  return sum;
}

Past::Sum Past::until(base::WallTime to) const {
  Sum sum;
  for (const auto& stretch : stretches_) {
    if (stretch.to_ns <= to.ns) {
      sum = sum.weight == 0 ? stretch : joined(sum, stretch);
    }
  }
  return sum;
}

std::optional<Past::Level> Past::level(std::int64_t from_ns, std::int64_t to_ns) const {
  Sum sum;
  for (const auto& stretch : stretches_) {
    const auto inside = std::min(stretch.to_ns, to_ns) - std::max(stretch.from_ns, from_ns);
    const auto lasts = stretch.to_ns - stretch.from_ns;
    // The first one of all has no length: nobody knows since when it was so.
    const double share = lasts > 0 ? static_cast<double>(inside) / static_cast<double>(lasts)
                         : stretch.to_ns >= from_ns && stretch.to_ns <= to_ns ? 1
                                                                              : 0;
    if (share > 0) {
      sum.sum += share * stretch.sum;
      sum.weight += share * stretch.weight;
      sum.square += share * stretch.square;
    }
  }
  return sum.weight > 0 ? std::optional(Level{.mean = sum.mean(), .variance = variance(sum)})
                        : std::nullopt;
}

std::optional<Past> Past::less(
    const std::function<std::optional<Level>(const Sum&)>& common) const {
  Past out;
  for (auto stretch : stretches_) {
    const auto off = common(stretch);
    if (!off) {
      return std::nullopt;
    }
    const double spread = std::max(0.0, variance(stretch) - off->variance);
    const double mean = stretch.mean() - off->mean;
    stretch.sum = mean * stretch.weight;
    stretch.square = (mean * mean + spread) * stretch.weight;
    out.stretches_.push_back(stretch);
  }
  return out;
}

Shift Past::count_shift(double decades) const {
  Shift out;
  const auto whole = all();
  if (stretches_.size() < 2 || whole.sum <= 0) {
    return out;
  }
  // Of the stretches that differ by enough the likeliest: a burst in one look must not hide that
  // all after it is worse as well.
  double best = kProven;
  std::size_t best_from = 0;
  std::size_t best_to = 0;
  Sum best_sum;
  const double factor = std::pow(10.0, decades);
  for (std::size_t from = 1; from < stretches_.size(); ++from) {
    Sum part;
    for (std::size_t to = from + 1; to <= stretches_.size(); ++to) {
      part = to == from + 1 ? stretches_[from] : joined(part, stretches_[to - 1]);
      const auto rest = minus(whole, part);
      if (part.weight <= 0 || rest.weight <= 0 || rest.looks < kLooksLeast ||
          part.mean() <= factor * rest.mean()) {
        continue;
      }
      const double ratio = log_likelihood(part) + log_likelihood(rest) - log_likelihood(whole);
      if (ratio > best && rate_bounds(part).low > factor * rate_bounds(rest).high) {
        best = ratio;
        best_from = from;
        best_to = to;
        best_sum = part;
      }
    }
  }
  if (best_to == 0) {
    return out;
  }
  const auto before = minus(whole, best_sum);
  out.after_bounds = rate_bounds(best_sum);
  const double past_high = rate_bounds(before).high;
  out.size = std::log10(std::max(out.after_bounds.low, 1e-300) / past_high);
  out.move = Move::kRaised;
  out.onset = {best_sum.from_ns};
  if (best_to < stretches_.size()) {
    out.end = base::WallTime{best_sum.to_ns};
  }
  out.before = before.mean();
  out.after = best_sum.mean();
  out.events = best_sum.sum;
  double on = 0;
  for (std::size_t i = best_from; i < best_to; ++i) {
    // Few events leave gaps by chance: only where some had to come does their absence tell.
    const bool had_to_come = best_sum.mean() * stretches_[i].weight >= kEventsDue;
    on += !had_to_come || stretches_[i].mean() > past_high
              ? static_cast<double>(stretches_[i].to_ns - stretches_[i].from_ns)
              : 0.0;
  }
  const auto lasts = static_cast<double>(best_sum.to_ns - best_sum.from_ns);
  out.share_on = lasts > 0 ? on / lasts : 1;
  out.is_slow = climbs(stretches_, best_from, best_to, out.before, true);
  return out;
}

Shift Past::value_shift(double size) const {
  Shift out;
  const auto whole = all();
  if (stretches_.size() < 3 || whole.weight < 4) {
    return out;
  }
  double best = 0;
  std::size_t best_from = 0;
  std::size_t best_to = 0;
  Sum best_sum;
  std::uint32_t looks_before = 0;
  for (std::size_t from = 1; from < stretches_.size(); ++from) {
    looks_before += stretches_[from - 1].looks;
    if (looks_before < 2) {
      continue;
    }
    Sum part;
    for (std::size_t to = from + 1; to <= stretches_.size(); ++to) {
      part = to == from + 1 ? stretches_[from] : joined(part, stretches_[to - 1]);
      const auto rest = minus(whole, part);
      if (rest.weight < 2) {
        continue;
      }
      // Explained sum of squares: what telling the two levels apart takes away.
      const double apart = part.mean() - rest.mean();
      const double gain = apart * apart * part.weight * rest.weight / whole.weight;
      if (gain > best) {
        best = gain;
        best_from = from;
        best_to = to;
        best_sum = part;
      }
    }
  }
  if (best_to == 0) {
    return out;
  }
  const auto before = minus(whole, best_sum);
  const double spread = std::sqrt(variance(before));
  const double apart = best_sum.mean() - before.mean();
  out.before = before.mean();
  out.after = best_sum.mean();
  out.size = apart;
  out.sigmas = std::abs(apart) / std::max(spread, std::abs(size) / 20);
  const double wide = 1.96 * std::sqrt(variance(best_sum) / std::max(1.0, best_sum.weight));
  out.after_bounds = {.low = out.after - wide, .high = out.after + wide};
  if (std::abs(apart) < size || out.sigmas < kSigmas) {
    return out;
  }
  out.move = apart > 0 ? Move::kRaised : Move::kLowered;
  out.onset = {best_sum.from_ns};
  if (best_to < stretches_.size()) {
    out.end = base::WallTime{best_sum.to_ns};
  }
  const auto slope = slope_of(stretches_);
  out.is_slow = slope || climbs(stretches_, best_from, best_to, out.before, false);
  out.slope_from = slope.value_or(out.onset);
  return out;
}

std::optional<Line> line_through(const Past& past, bool of_logarithm, base::WallTime from) {
  double n = 0;
  double sx = 0;
  double sy = 0;
  double sxx = 0;
  double sxy = 0;
  double syy = 0;
  std::size_t count = 0;
  const auto& stretches = past.stretches();
  if (stretches.size() < 4) {
    return std::nullopt;
  }
  const double zero = static_cast<double>(std::max(stretches.front().from_ns, from.ns)) / kNsPerS;
  double last_x = 0;
  for (const auto& stretch : stretches) {
    const double y = stretch.mean();
    if (stretch.weight <= 0 || (of_logarithm && y <= 0) || stretch.from_ns < from.ns) {
      continue;
    }
    const double x =
        (static_cast<double>(stretch.from_ns) + static_cast<double>(stretch.to_ns)) / 2 / kNsPerS -
        zero;
    const double value = of_logarithm ? std::log10(y) : y;
    n += 1;
    sx += x;
    sy += value;
    sxx += x * x;
    sxy += x * value;
    syy += value * value;
    last_x = static_cast<double>(stretch.to_ns) / kNsPerS - zero;
    ++count;
  }
  const double det = n * sxx - sx * sx;
  if (count < 4 || det <= 0) {
    return std::nullopt;
  }
  Line line;
  line.per_s = (n * sxy - sx * sy) / det;
  const double offset = (sy - line.per_s * sx) / n;
  const double residual =
      std::max(0.0, syy - offset * sy - line.per_s * sxy) / std::max(1.0, n - 2);
  // Student's t at 95 % for few points, as 1.96 + 4/n: within 5 % from n = 5 on.
  const double wide = (1.96 + 4 / std::max(1.0, n - 2)) * std::sqrt(residual * n / det);
  line.per_s_bounds = {.low = line.per_s - wide, .high = line.per_s + wide};
  line.now = offset + line.per_s * last_x;
  line.over = base::seconds(last_x);
  return line;
}

}  // namespace weft::diagnose
