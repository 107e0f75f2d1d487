// SPDX-License-Identifier: Apache-2.0
#include "sim/schedule/time_parts.h"

#include <algorithm>

namespace weft::sim {

void TimeParts::add(std::uint32_t rank, Work work, Ps begin, Ps end) {
  if (end <= begin) {
    return;
  }
  std::vector<Span>& spans = spans_[rank][static_cast<std::size_t>(work)];
  while (!spans.empty() && spans.back().end >= begin) {
    begin = std::min(begin, spans.back().begin);
    end = std::max(end, spans.back().end);
    spans.pop_back();
  }
  spans.push_back({begin, end});
}

RankTime TimeParts::of(std::uint32_t rank, Ps done) const {
  struct Edge {
    Ps at = 0;
    std::size_t work = 0;
    bool is_begin = false;
  };
  std::vector<Edge> edges;
  RankTime out;
  out.done = done;
  for (std::size_t work = 0; work < kWorks; ++work) {
    for (const Span& span : spans_[rank][work]) {
      edges.push_back({span.begin, work, true});
      edges.push_back({span.end, work, false});
      out.communication +=
          work == static_cast<std::size_t>(Work::kCommunication) ? span.end - span.begin : 0;
    }
  }
  std::sort(edges.begin(), edges.end(),
            [](const Edge& one, const Edge& other) { return one.at < other.at; });
  std::array<bool, kWorks> is_open{};
  Ps last = 0;
  for (const Edge& edge : edges) {
    const auto first = std::find(is_open.begin(), is_open.end(), true);
    if (first != is_open.end()) {
      out.parts[static_cast<std::size_t>(first - is_open.begin())] += edge.at - last;
    }
    last = edge.at;
    is_open[edge.work] = edge.is_begin;
  }
  return out;
}

}  // namespace weft::sim
