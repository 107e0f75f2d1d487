// SPDX-License-Identifier: Apache-2.0
#include "sim/packet/options.h"

#include <algorithm>
#include <bit>

namespace weft::sim::packet {

void LatencyHistogram::add(Ps span) {
  const auto value = static_cast<std::uint64_t>(std::max<Ps>(span, 0));
  if (value < 8) {
    ++counts[value];
    return;
  }
  const unsigned exponent = static_cast<unsigned>(std::bit_width(value)) - 1;
  const std::uint64_t mantissa = (value >> (exponent - 3)) & 7;
  ++counts.at(std::min<std::uint64_t>(8ULL * (exponent - 2) + mantissa, counts.size() - 1));
}

Ps LatencyHistogram::quantile(double share) const {
  std::uint64_t total = 0;
  for (const std::uint64_t count : counts) {
    total += count;
  }
  const double wanted = share * static_cast<double>(total);
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    seen += counts[i];
    if (seen > 0 && static_cast<double>(seen) >= wanted) {
      return i < 8 ? static_cast<Ps>(i) : static_cast<Ps>((8 + i % 8) << (i / 8 - 1));
    }
  }
  return 0;
}

void Counters::add(const Counters& other) {
  injected += other.injected;
  delivered += other.delivered;
  hops += other.hops;
  events += other.events;
  messages += other.messages;
  injected_bytes += other.injected_bytes;
  delivered_bytes += other.delivered_bytes;
  for (std::size_t i = 0; i < dropped.size(); ++i) {
    dropped[i] += other.dropped[i];
  }
  copies += other.copies;
  merged += other.merged;
  retries += other.retries;
  reordered += other.reordered;
  reorder_max = std::max(reorder_max, other.reorder_max);
  order_errors += other.order_errors;
  waited += other.waited;
  replayed += other.replayed;
}

}  // namespace weft::sim::packet
