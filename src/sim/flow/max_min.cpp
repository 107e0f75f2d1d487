// SPDX-License-Identifier: Apache-2.0
#include "sim/flow/max_min.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <queue>
#include <tuple>
#include <utility>

namespace weft::sim {
namespace {

constexpr double kInfinite = std::numeric_limits<double>::infinity();

}  // namespace

MaxMin::MaxMin(std::vector<double> capacity)
    : capacity_(std::move(capacity)), bin_of_(capacity_.size(), kNone) {}

void MaxMin::fill_bins() {
  for (const ChannelIndex channel : used_) {
    bin_of_[channel] = kNone;
  }
  used_.clear();
  bins_.clear();
  for (const auto& flow : flows_) {
    for (const Share& share : flow) {
      std::uint32_t& bin = bin_of_[share.channel];
      if (bin == kNone) {
        bin = static_cast<std::uint32_t>(bins_.size());
        bins_.push_back({.left = capacity_[share.channel]});
        used_.push_back(share.channel);
      }
      bins_[bin].weight += share.part;
      ++bins_[bin].count;
    }
  }
  std::uint32_t sum = 0;
  for (Bin& bin : bins_) {
    bin.first = sum;
    sum += bin.count;
    bin.growing = bin.count;
    bin.count = 0;
  }
  members_.resize(sum);
  for (std::uint32_t flow = 0; flow < flows_.size(); ++flow) {
    for (const Share& share : flows_[flow]) {
      Bin& bin = bins_[bin_of_[share.channel]];
      members_[bin.first + bin.count++] = flow;
    }
  }
}

void MaxMin::freeze(std::uint32_t flow, double rate) {
  rates_[flow] = rate;
  for (const Share& share : flows_[flow]) {
    const std::uint32_t index = bin_of_[share.channel];
    Bin& bin = bins_[index];
    bin.left = std::max(0.0, bin.left - rate * share.part);
    --bin.growing;
    bin.weight = bin.growing == 0 ? 0 : std::max(0.0, bin.weight - share.part);
    touched_.push_back(index);
  }
}

const std::vector<double>& MaxMin::solve() {
  rates_.assign(flows_.size(), -1);
  fill_bins();
  // (level, bin, version): entries of older versions are skipped when they come up.
  using Entry = std::tuple<double, std::uint32_t, std::uint32_t>;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue;
  for (std::uint32_t bin = 0; bin < bins_.size(); ++bin) {
    queue.emplace(bins_[bin].left / bins_[bin].weight, bin, 0);
  }
  while (!queue.empty()) {
    const auto [level, index, version] = queue.top();
    queue.pop();
    if (bins_[index].version != version || bins_[index].growing == 0) {
      continue;
    }
    touched_.clear();
    for (std::uint32_t i = 0; i < bins_[index].count; ++i) {
      const std::uint32_t flow = members_[bins_[index].first + i];
      if (rates_[flow] < 0) {
        freeze(flow, level);
      }
    }
    std::sort(touched_.begin(), touched_.end());
    touched_.erase(std::unique(touched_.begin(), touched_.end()), touched_.end());
    for (const std::uint32_t other : touched_) {
      Bin& bin = bins_[other];
      ++bin.version;
      if (bin.growing > 0 && bin.weight > 0) {
        // Levels only rise; rounding must not let one fall below what is already given.
        queue.emplace(std::max(level, bin.left / bin.weight), other, bin.version);
      }
    }
  }
  for (double& rate : rates_) {
    rate = rate < 0 ? kInfinite : rate;
  }
  return rates_;
}

}  // namespace weft::sim
