// SPDX-License-Identifier: Apache-2.0
// Settings over the tree of poisson_tree.h: each setting begins a tree of its own.
#include "twin/world/count_process.h"

#include "twin/world/hash.h"

namespace weft::twin {

std::uint64_t CountProcess::elapsed(WorldTime at) const {
  return at > from_ ? static_cast<std::uint64_t>(at.ns - from_.ns) : 0;
}

std::uint64_t CountProcess::seed() const {
  return mix(stream_, setting_);
}

void CountProcess::set_rate(double per_s, WorldTime at) {
  const double rate = bounded_rate(per_s);
  if (rate == rate_) {
    return;
  }
  before_ = count(at);
  from_ = std::max(from_, at);
  rate_ = rate;
  ++setting_;
  cache_ = {};
}

std::uint64_t CountProcess::count(WorldTime at) const {
  return rate_ == 0 ? before_ : before_ + tree_count(seed(), rate_, elapsed(at), cache_);
}

WorldTime CountProcess::next(WorldTime at) const {
  const auto cell = tree_next(seed(), rate_, elapsed(at));
  return cell ? later(from_, Duration{static_cast<std::int64_t>(*cell) + 1}) : kNever;
}

void CountProcess::exchange(Archive& archive) {
  archive.fields(stream_, setting_, before_, rate_, from_);
  if (archive.is_reading()) {
    cache_ = {};
    if (rate_ != bounded_rate(rate_) || from_.ns < 0) {
      rate_ = 0;
      from_ = {};
      archive.fail();
    }
  }
}

}  // namespace weft::twin
