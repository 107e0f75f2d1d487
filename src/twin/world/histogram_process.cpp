// SPDX-License-Identifier: Apache-2.0
// Settings and steps over the tree of poisson_tree.h. The rest of a step is its codewords less what
// the other bins drew, which is a Poisson number: steps are so long that twelve of its standard
// deviations fit into the commonest bin's share, so that it is never negative in practice; where it
// would be, it is 0.
#include "twin/world/histogram_process.h"

#include "twin/world/hash.h"

#include <algorithm>
#include <cmath>

namespace weft::twin {
namespace {

constexpr std::uint32_t kLeastStepLevel = 17;     // 0.13 ms
constexpr std::uint32_t kGreatestStepLevel = 33;  // 8.6 s
constexpr double kDeviations = 12;
constexpr double kMostCodewords = 1.8e19;  // what 64 bits hold: three years at the greatest rate

/// The shortest step in which n p >= 12 sqrt(n) codewords of the commonest bin are expected.
std::uint32_t step_level(double codewords_per_s, double commonest) {
  const double needed = kDeviations * kDeviations / (commonest * commonest);
  std::uint32_t level = kLeastStepLevel;
  while (level < kGreatestStepLevel &&
         codewords_per_s * 1e-9 * static_cast<double>(std::uint64_t{1} << level) < needed) {
    ++level;
  }
  return level;
}

}  // namespace

std::uint64_t HistogramProcess::elapsed(WorldTime at) const {
  return at > from_ ? static_cast<std::uint64_t>(at.ns - from_.ns) : 0;
}

std::uint64_t HistogramProcess::whole_steps(WorldTime at) const {
  return elapsed(at) >> step_level_ << step_level_;
}

const HistogramProcess::Bin* HistogramProcess::find(std::size_t bin) const {
  const auto found =
      std::find_if(bins_.begin(), bins_.end(), [&](const Bin& each) { return each.bin == bin; });
  return found == bins_.end() ? nullptr : &*found;
}

std::uint64_t HistogramProcess::drawn(const Bin& bin, std::uint64_t elapsed) const {
  return tree_count(mix(mix(stream_, setting_), bin.bin), bin.per_s, elapsed, bin.cache);
}

std::uint64_t HistogramProcess::rest(std::uint64_t elapsed) const {
  const double codewords = codewords_per_s_ * 1e-9 * static_cast<double>(elapsed);
  const auto all = static_cast<std::uint64_t>(std::min(codewords, kMostCodewords));
  std::uint64_t others = 0;
  for (const Bin& bin : bins_) {
    others += drawn(bin, elapsed);
  }
  return all > others ? all - others : 0;
}

void HistogramProcess::choose_bins(const phy::lane::FecProbabilities& probabilities) {
  bins_.clear();
  commonest_ = static_cast<std::size_t>(std::distance(
      probabilities.begin(), std::max_element(probabilities.begin(), probabilities.end())));
  step_level_ = step_level(codewords_per_s_, std::clamp(probabilities[commonest_], 0.01, 1.0));
  for (std::size_t bin = 0; bin < probabilities.size(); ++bin) {
    const double per_s = bounded_rate(probabilities[bin] * codewords_per_s_);
    if (bin != commonest_ && per_s > 0) {
      bins_.push_back({bin, per_s, {}});
    }
  }
}

void HistogramProcess::set_rates(const phy::lane::FecProbabilities& probabilities,
                                 double codewords_per_s, WorldTime at) {
  HistogramProcess next(stream_);
  next.codewords_per_s_ = bounded_rate(codewords_per_s);
  next.choose_bins(probabilities);
  const auto same = [](const Bin& a, const Bin& b) { return a.bin == b.bin && a.per_s == b.per_s; };
  if (next.codewords_per_s_ == codewords_per_s_ && next.commonest_ == commonest_ &&
      std::equal(bins_.begin(), bins_.end(), next.bins_.begin(), next.bins_.end(), same)) {
    return;
  }
  next.setting_ = setting_ + 1;
  next.from_ = std::max(from_, at);
  next.before_ = before_;
  // The part of a step that has begun counts too; what was seen already must not go down.
  next.before_[commonest_] += std::max(rest(elapsed(at)), rest(whole_steps(at)));
  for (const Bin& bin : bins_) {
    next.before_[bin.bin] += drawn(bin, elapsed(at));
  }
  *this = std::move(next);
}

phy::lane::FecHistogram HistogramProcess::counts(WorldTime at) const {
  phy::lane::FecHistogram counts = before_;
  const std::uint64_t span = whole_steps(at);
  counts[commonest_] += rest(span);
  for (const Bin& bin : bins_) {
    counts[bin.bin] += drawn(bin, span);
  }
  return counts;
}

std::uint64_t HistogramProcess::count(std::size_t bin, WorldTime at) const {
  if (bin == commonest_) {
    return before_[bin] + rest(whole_steps(at));
  }
  const Bin* found = find(bin);
  return before_[bin] + (found == nullptr ? 0 : drawn(*found, whole_steps(at)));
}

WorldTime HistogramProcess::next(std::size_t bin, WorldTime at) const {
  const Duration step{std::int64_t{1} << step_level_};
  const auto seen = static_cast<std::int64_t>(whole_steps(at));
  if (bin == commonest_) {
    return codewords_per_s_ == 0 ? kNever : later(later(from_, {seen}), step);
  }
  const Bin* found = find(bin);
  if (found == nullptr) {
    return kNever;
  }
  const auto cell =
      tree_next(mix(mix(stream_, setting_), bin), found->per_s, static_cast<std::uint64_t>(seen));
  if (!cell) {
    return kNever;
  }
  const std::uint64_t steps = (*cell >> step_level_) + 1;  // seen at the end of its step
  return steps > std::uint64_t{1} << (62 - step_level_)
             ? kNever
             : later(from_, {static_cast<std::int64_t>(steps << step_level_)});
}

double HistogramProcess::rate(std::size_t bin) const {
  if (bin == commonest_) {
    double others = 0;
    for (const Bin& each : bins_) {
      others += each.per_s;
    }
    return std::max(0.0, codewords_per_s_ - others);
  }
  const Bin* found = find(bin);
  return found == nullptr ? 0 : found->per_s;
}

void HistogramProcess::exchange(Archive& archive) {
  std::vector<std::pair<std::size_t, double>> bins;
  bins.reserve(bins_.size());
  for (const Bin& bin : bins_) {
    bins.emplace_back(bin.bin, bin.per_s);
  }
  archive.fields(stream_, setting_, from_, codewords_per_s_, before_, bins, commonest_,
                 step_level_);
  if (!archive.is_reading()) {
    return;
  }
  bool is_sane = from_.ns >= 0 && codewords_per_s_ == bounded_rate(codewords_per_s_) &&
                 commonest_ < phy::lane::kFecBins && step_level_ <= kGreatestStepLevel;
  bins_.clear();
  for (const auto& [bin, per_s] : bins) {
    is_sane = is_sane && bin < phy::lane::kFecBins && per_s == bounded_rate(per_s);
    bins_.push_back({bin, per_s, {}});
  }
  if (!is_sane) {
    *this = HistogramProcess();
    archive.fail();
  }
}

}  // namespace weft::twin
