// SPDX-License-Identifier: Apache-2.0
#include "phy/link/search.h"

#include "fabric/nearest.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <set>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

namespace weft::phy::link {
namespace searching {
namespace {

using base::Code;
using Steps = std::vector<int>;  ///< of each transmitter tap's range, then the tick
using Cell = std::pair<std::size_t, std::size_t>;  ///< of CTLE gain and low-frequency gain

/// Samples around Muller and Mueller's instant that an FFE receiver may choose, in parts of a UI.
constexpr std::size_t kTickPart = 2;
/// CTLE settings up to which a local search looks at all of them.
constexpr std::size_t kSmallPlane = 24;
/// Settings of the transmitter likewise, where the instant is not searched for.
constexpr std::size_t kSmallGrid = 600;
/// CTLE settings around which it looks closer.
constexpr std::size_t kStarts = 2;

class Searcher {
 public:
  Searcher(Workbench& bench, const EqualiseOptions& options) : bench_(bench), options_(options) {}
  base::Result<Winner> run();

 private:
  struct Best {
    Steps steps;
    double fom_db = -std::numeric_limits<double>::infinity();
  };
  base::Result<void> make_candidates();
  base::Result<void> check() const;
  void make_moves();
  /// nullopt where the main tap would be too small.
  [[nodiscard]] std::optional<TxTaps> taps_of(const Steps& steps) const;
  double evaluate(CtleState& state, const Steps& steps);
  Best climb(CtleState& state, const Steps& from);
  Best exhaust(CtleState& state);
  Best best_at(std::size_t gain, std::size_t low);
  [[nodiscard]] Steps with_best_tick(CtleState& state, Steps steps);
  [[nodiscard]] std::vector<Steps> scattered() const;
  void polish(Cell cell);
  void refine(Cell best, std::size_t reach);
  base::Result<void> over_the_plane();
  base::Result<void> everywhere();
  [[nodiscard]] bool go_on(double share) const {
    return !options_.progress || options_.progress(std::min(share, 1.0));
  }

  Workbench& bench_;
  const EqualiseOptions& options_;
  CtleGrid grid_;
  std::vector<std::vector<double>> values_;  ///< of each tap but the main one
  std::vector<TxTaps> list_;                 ///< presets or fixed taps; else empty
  std::vector<std::string> names_;
  std::vector<Steps> moves_;
  int ticks_ = 0;               ///< on each side
  bool is_small_grid_ = false;  ///< of the transmitter: climbing would save nothing
  std::unordered_map<std::uint64_t, double> seen_;  ///< of the present CTLE setting
  std::map<Cell, Best> plane_;
  std::set<Cell> polished_;
  std::size_t settings_ = 0;
};

base::Result<void> Searcher::make_candidates() {
  const auto& ffe = bench_.setup().tx.ffe;
  const std::size_t count = ffe.taps.size() + 1;
  if (!options_.tx_taps.empty()) {
    if (options_.tx_taps.size() != count) {
      return base::fail(Code::kInvalidArgument,
                        fmt::format("{} transmitter taps", options_.tx_taps.size()),
                        bench_.setup().key, fmt::format("The set-up has {}.", count));
    }
    list_.push_back({options_.tx_taps, ffe.pre});
    names_.emplace_back();
  } else if (!options_.preset.empty()) {
    std::vector<std::string_view> known;
    for (const auto& preset : ffe.presets) {
      if (preset.name == options_.preset) {
        list_.push_back({preset.taps, ffe.pre});
        names_.push_back(preset.name);
      }
      known.emplace_back(preset.name);
    }
    if (list_.empty()) {
      return base::fail(Code::kInvalidArgument,
                        fmt::format("no transmitter preset '{}'", options_.preset),
                        bench_.setup().key,
                        known.empty() ? std::string("The set-up has none.")
                                      : fmt::format("It has {}.", fmt::join(known, ", ")));
    }
  } else if (options_.presets && !ffe.presets.empty()) {
    for (const auto& preset : ffe.presets) {
      list_.push_back({preset.taps, ffe.pre});
      names_.push_back(preset.name);
    }
  } else {
    for (const auto& range : ffe.taps) {
      values_.push_back(range.values());
    }
  }
  grid_ = ctle_grid(bench_.setup().rx.ctle);
  if (options_.ctle_gain_db) {
    grid_.gain_db = {*options_.ctle_gain_db};
  }
  if (options_.ctle_low_gain_db) {
    grid_.low_gain_db = {*options_.ctle_low_gain_db};
  }
  if (bench_.has_ffe()) {
    ticks_ = static_cast<int>(bench_.spectra().per_ui / kTickPart);
  }
  std::size_t settings = 1;
  for (const auto& values : values_) {
    settings *= values.size();
  }
  is_small_grid_ = !list_.empty() || (ticks_ == 0 && settings <= kSmallGrid);
  return check();
}

base::Result<void> Searcher::check() const {
  const auto& rx = bench_.setup().rx;
  if (options_.rx_taps &&
      (!bench_.has_ffe() || options_.rx_taps->size() != rx.ffe.pre + rx.ffe.post + 1)) {
    return base::fail(
        Code::kInvalidArgument, fmt::format("{} receiver FFE taps", options_.rx_taps->size()),
        bench_.setup().key,
        bench_.has_ffe() ? fmt::format("The set-up has {}.", rx.ffe.pre + rx.ffe.post + 1)
                         : std::string("The set-up has none."));
  }
  return {};
}

/// Steps that a climb tries: one and two along each axis, one along two axes at once.
void Searcher::make_moves() {
  const std::size_t axes = values_.size() + 1;
  const auto is_axis = [&](std::size_t a) { return a < values_.size() || ticks_ > 0; };
  for (std::size_t a = 0; a < axes; ++a) {
    for (const int by : {1, -1, 2, -2}) {
      Steps move(axes, 0);
      move[a] = by;
      if (is_axis(a)) {
        moves_.push_back(move);
      }
    }
  }
  for (std::size_t a = 0; a < axes; ++a) {
    for (std::size_t b = a + 1; b < axes; ++b) {
      for (const int sign : {1, -1}) {
        for (const int other : {1, -1}) {
          Steps move(axes, 0);
          move[a] = sign;
          move[b] = other;
          if (is_axis(a) && is_axis(b)) {
            moves_.push_back(move);
          }
        }
      }
    }
  }
}

std::optional<TxTaps> Searcher::taps_of(const Steps& steps) const {
  const auto& ffe = bench_.setup().tx.ffe;
  TxTaps out;
  out.main = ffe.pre;
  out.c.reserve(values_.size() + 1);
  double rest = 1;
  for (std::size_t i = 0; i <= values_.size(); ++i) {
    if (i == ffe.pre) {
      out.c.push_back(0);
    }
    if (i < values_.size()) {
      out.c.push_back(values_[i][static_cast<std::size_t>(steps[i])]);
      rest -= std::fabs(out.c.back());
    }
  }
  if (rest < ffe.main_min - 1e-9) {
    return std::nullopt;
  }
  out.c[ffe.pre] = rest;
  return out;
}

double Searcher::evaluate(CtleState& state, const Steps& steps) {
  constexpr double kNever = -std::numeric_limits<double>::infinity();
  std::uint64_t code = 0;
  for (std::size_t i = 0; i < values_.size(); ++i) {
    if (steps[i] < 0 || static_cast<std::size_t>(steps[i]) >= values_[i].size()) {
      return kNever;
    }
    code = code * values_[i].size() + static_cast<std::uint64_t>(steps[i]);
  }
  const int tick = steps[values_.size()];
  if (std::abs(tick) > ticks_) {
    return kNever;
  }
  code =
      code * static_cast<std::uint64_t>(2 * ticks_ + 1) + static_cast<std::uint64_t>(tick + ticks_);
  const auto [at, is_new] = seen_.try_emplace(code, kNever);
  if (!is_new) {
    return at->second;
  }
  const auto taps = taps_of(steps);
  if (!taps) {
    return kNever;
  }
  ++settings_;
  const std::size_t period = bench_.spectra().uis * bench_.spectra().per_ui;
  const std::size_t instant =
      (bench_.instant(state, *taps) + period + static_cast<std::size_t>(tick + ticks_) -
       static_cast<std::size_t>(ticks_)) %
      period;
  at->second = bench_.score(state, *taps, instant).fom_db;
  return at->second;
}

Searcher::Best Searcher::climb(CtleState& state, const Steps& from) {
  Best best{from, evaluate(state, from)};
  for (bool is_better = true; is_better;) {
    is_better = false;
    for (const auto& move : moves_) {
      // A good direction is followed to its end.
      for (;;) {
        Steps next = best.steps;
        for (std::size_t i = 0; i < next.size(); ++i) {
          next[i] += move[i];
        }
        const double fom = evaluate(state, next);
        if (!(fom > best.fom_db)) {
          break;
        }
        best = {std::move(next), fom};
        is_better = true;
      }
    }
  }
  return best;
}

/// Every setting of the transmitter and every tick.
Searcher::Best Searcher::exhaust(CtleState& state) {
  Best best;
  const std::size_t period = bench_.spectra().uis * bench_.spectra().per_ui;
  const auto look = [&](const TxTaps& taps, const Steps& steps) {
    const std::size_t centre = bench_.instant(state, taps);
    for (int tick = -ticks_; tick <= ticks_; ++tick) {
      ++settings_;
      const auto at = static_cast<std::size_t>(static_cast<std::ptrdiff_t>(centre + period) + tick);
      const double fom = bench_.score(state, taps, at % period).fom_db;
      if (fom > best.fom_db) {
        best = {steps, fom};
        best.steps.back() = tick;
      }
    }
  };
  if (!list_.empty()) {
    for (std::size_t i = 0; i < list_.size(); ++i) {
      look(list_[i], {static_cast<int>(i), 0});
    }
    return best;
  }
  Steps steps(values_.size() + 1, 0);
  for (;;) {
    if (const auto taps = taps_of(steps)) {
      look(*taps, steps);
    }
    std::size_t axis = 0;
    while (axis < values_.size() &&
           static_cast<std::size_t>(++steps[axis]) == values_[axis].size()) {
      steps[axis++] = 0;
    }
    if (axis == values_.size()) {
      return best;
    }
  }
}

Searcher::Best Searcher::best_at(std::size_t gain, std::size_t low) {
  const auto key = std::pair(gain, low);
  if (const auto at = plane_.find(key); at != plane_.end()) {
    return at->second;
  }
  auto& state = bench_.state(grid_.gain_db[gain], grid_.low_gain_db[low]);
  seen_.clear();
  Best best;
  if (is_small_grid_) {
    best = exhaust(state);
  } else {
    // From the best known setting of the nearest CTLE; at first from no equalisation at all.
    Steps from(values_.size() + 1, 0);
    for (std::size_t i = 0; i < values_.size(); ++i) {
      const auto zero =
          std::min_element(values_[i].begin(), values_[i].end(),
                           [](double a, double b) { return std::fabs(a) < std::fabs(b); });
      from[i] = static_cast<int>(zero - values_[i].begin());
    }
    std::size_t nearest = ~std::size_t{0};
    for (const auto& [at, known] : plane_) {
      const std::size_t distance = (at.first > gain ? at.first - gain : gain - at.first) +
                                   (at.second > low ? at.second - low : low - at.second);
      if (distance < nearest && std::isfinite(known.fom_db)) {
        nearest = distance;
        from = known.steps;
      }
    }
    best = climb(state, with_best_tick(state, from));
  }
  plane_.emplace(key, best);
  return best;
}

/// The same with the tick, of every fourth one, that is best there.
Steps Searcher::with_best_tick(CtleState& state, Steps steps) {
  Best best{steps};
  for (int tick = -ticks_; tick <= ticks_ && ticks_ > 0; tick += 4) {
    steps.back() = tick;
    const double fom = evaluate(state, steps);
    if (fom > best.fom_db) {
      best = {steps, fom};
    }
  }
  return best.steps;
}

/// Starts spread over the transmitter's grid: each tap at a sixth or at two thirds of its range.
std::vector<Steps> Searcher::scattered() const {
  std::vector<Steps> out;
  for (std::size_t pattern = 0; pattern < (std::size_t{1} << values_.size()); ++pattern) {
    Steps steps(values_.size() + 1, 0);
    for (std::size_t i = 0; i < values_.size(); ++i) {
      const std::size_t last = values_[i].size() - 1;
      steps[i] = static_cast<int>((pattern >> i & 1U) != 0 ? last * 2 / 3 : last / 6);
    }
    out.push_back(std::move(steps));
  }
  return out;
}

/// Climbs from many starts at one CTLE setting.
void Searcher::polish(Cell cell) {
  if (is_small_grid_ || !polished_.insert(cell).second) {
    return;
  }
  auto& state = bench_.state(grid_.gain_db[cell.first], grid_.low_gain_db[cell.second]);
  seen_.clear();
  auto& best = plane_[cell];
  for (const auto& start : scattered()) {
    auto one = climb(state, with_best_tick(state, start));
    if (one.fom_db > best.fom_db) {
      best = std::move(one);
    }
  }
}

/// Coarse over the whole plane, then finer around the best few: the plane has ridges, along which
/// CTLE and transmitter do each other's work, so that the best coarse setting may mislead.
base::Result<void> Searcher::over_the_plane() {
  const std::size_t gains = grid_.gain_db.size();
  const std::size_t lows = grid_.low_gain_db.size();
  const bool is_small = gains * lows <= kSmallPlane;
  const std::size_t wide = is_small ? 1 : std::max<std::size_t>(gains / 5, 1);
  const std::size_t high = is_small ? 1 : std::max<std::size_t>(lows / 3, 1);
  for (std::size_t gain = 0; gain < gains; gain += wide) {
    for (std::size_t low = 0; low < lows; low += high) {
      best_at(gain, low);
    }
    if (!go_on(0.5 * static_cast<double>(gain + 1) / static_cast<double>(gains))) {
      return base::fail(Code::kCancelled, "the search was stopped");
    }
  }
  std::vector<std::pair<double, Cell>> starts;
  starts.reserve(plane_.size());
  for (const auto& [cell, best] : plane_) {
    starts.emplace_back(-best.fom_db, cell);
  }
  std::sort(starts.begin(), starts.end());
  starts.resize(std::min(starts.size(), kStarts));
  for (const auto& [fom, cell] : starts) {
    refine(cell, std::max(wide, high));
    if (!go_on(0.75)) {
      return base::fail(Code::kCancelled, "the search was stopped");
    }
  }
  return {};
}

/// To the best neighbour until there is none, with ever smaller steps.
void Searcher::refine(Cell best, std::size_t reach) {
  const auto gains = static_cast<std::ptrdiff_t>(grid_.gain_db.size());
  const auto lows = static_cast<std::ptrdiff_t>(grid_.low_gain_db.size());
  polish(best);
  for (; reach >= 1; reach /= 2) {
    for (Cell centre{gains, lows}; centre != best;) {
      centre = best;
      for (const int dg : {0, 1, -1}) {
        for (const int dl : {0, 1, -1}) {
          const auto by = static_cast<std::ptrdiff_t>(reach);
          const auto gain = static_cast<std::ptrdiff_t>(centre.first) + dg * by;
          const auto low = static_cast<std::ptrdiff_t>(centre.second) + dl * by;
          if (gain < 0 || low < 0 || gain >= gains || low >= lows) {
            continue;
          }
          const Cell cell{gain, low};
          if (best_at(cell.first, cell.second).fom_db > plane_[best].fom_db) {
            best = cell;
          }
        }
      }
    }
  }
  polish(best);
}

base::Result<void> Searcher::everywhere() {
  for (std::size_t gain = 0; gain < grid_.gain_db.size(); ++gain) {
    for (std::size_t low = 0; low < grid_.low_gain_db.size(); ++low) {
      plane_[{gain, low}] = exhaust(bench_.state(grid_.gain_db[gain], grid_.low_gain_db[low]));
      bench_.forget();
      const auto done = gain * grid_.low_gain_db.size() + low + 1;
      if (!go_on(static_cast<double>(done) /
                 static_cast<double>(grid_.gain_db.size() * grid_.low_gain_db.size()))) {
        return base::fail(Code::kCancelled, "the search was stopped");
      }
    }
  }
  return {};
}

base::Result<Winner> Searcher::run() {
  if (auto made = make_candidates(); !made) {
    return tl::unexpected(made.error());
  }
  make_moves();
  auto done = options_.search == Search::kFull ? everywhere() : over_the_plane();
  if (!done) {
    return tl::unexpected(done.error());
  }
  const auto best = std::max_element(
      plane_.begin(), plane_.end(),
      [](const auto& a, const auto& b) { return a.second.fom_db < b.second.fom_db; });
  if (best == plane_.end() || !std::isfinite(best->second.fom_db)) {
    return base::fail(Code::kOutOfRange, "no setting of the equaliser gives a pulse", {},
                      "Check the order of the ports and the loss of the channel.");
  }
  Winner out;
  const auto& steps = best->second.steps;
  if (list_.empty()) {
    out.tx = *taps_of(steps);
  } else {
    out.tx = list_[static_cast<std::size_t>(steps.front())];
    out.preset = names_[static_cast<std::size_t>(steps.front())];
  }
  out.gain_db = grid_.gain_db[best->first.first];
  out.low_gain_db = grid_.low_gain_db[best->first.second];
  out.tick = steps.back();
  out.fom_db = best->second.fom_db;
  out.settings = settings_;
  return out;
}

}  // namespace
}  // namespace searching

base::Result<Winner> search(Workbench& bench, const EqualiseOptions& options) {
  return searching::Searcher(bench, options).run();
}

}  // namespace weft::phy::link
