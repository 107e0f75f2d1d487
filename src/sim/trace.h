// SPDX-License-Identifier: Apache-2.0
// What a run leaves for other people's viewers: a Chrome trace-event document that Perfetto opens
// (one process a rank, one thread a stream), and a Graphviz graph with the links' utilisation.
#pragma once

#include "sim/flow/flow.h"

#include <cstddef>
#include <string>
#include <vector>

namespace weft::sim {

class PerfettoTrace {
 public:
  /// Spans beyond the limit are counted, and said in the document.
  explicit PerfettoTrace(std::size_t spans_max = 1'000'000) : spans_max_(spans_max) {}
  void add(const TraceSpan& span);
  [[nodiscard]] std::string document() const;

 private:
  std::size_t spans_max_;
  std::size_t spans_ = 0, left_out_ = 0;
  std::string events_;
};

/// Both directions of a link as one edge, coloured and labelled by the busier one. Without bytes,
/// the plain network.
[[nodiscard]] std::string utilisation_dot(const Network& network,
                                          const std::vector<double>& channel_bytes, Ps time);

}  // namespace weft::sim
