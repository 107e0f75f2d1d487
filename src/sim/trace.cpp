// SPDX-License-Identifier: Apache-2.0
#include "sim/trace.h"

#include "fabric/yaml_tree.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

namespace weft::sim {
namespace {

std::string_view op_name(OpKind kind) {
  switch (kind) {
    case OpKind::kSend:
      return "send";
    case OpKind::kReceive:
      return "receive";
    case OpKind::kCompute:
      return "compute";
    case OpKind::kSwitchReduce:
      return "switch reduce";
    case OpKind::kMulticast:
      return "multicast";
  }
  return "?";
}

}  // namespace

void PerfettoTrace::add(const TraceSpan& span) {
  if (spans_ == spans_max_) {
    ++left_out_;
    return;
  }
  events_ += spans_++ == 0 ? "\n" : ",\n";
  // Times are microseconds in this format.
  events_ += fmt::format(R"({{"name":"{}{}","ph":"X","pid":{},"tid":{},"ts":{:.6f},"dur":{:.6f},)"
                         R"("args":{{"bytes":{}}}}})",
                         op_name(span.kind),
                         span.peer == kNone ? std::string() : fmt::format(" {}", span.peer),
                         span.rank, span.stream, static_cast<double>(span.begin) / 1e6,
                         static_cast<double>(span.end - span.begin) / 1e6, span.bytes);
}

std::string PerfettoTrace::document() const {
  return fmt::format(
      "{{\"displayTimeUnit\":\"ns\",\"otherData\":{{\"spans_left_out\":{}}},"
      "\"traceEvents\":[{}\n]}}\n",
      left_out_, events_);
}

std::string utilisation_dot(const Network& network, const std::vector<double>& channel_bytes,
                            Ps time) {
  std::string out = "graph network {\n  node [shape=box];\n";
  for (NodeIndex i = 0; i < network.nodes().size(); ++i) {
    out += fmt::format("  n{} [label={}{}];\n", i, fabric::double_quoted(network.node(i).name),
                       network.node(i).kind == NodeKind::kSwitch ? ", shape=ellipse" : "");
  }
  for (std::uint32_t link = 0; link < network.links(); ++link) {
    double busiest = 0;
    for (const ChannelIndex i : network.channels_of(link)) {
      const Channel& channel = network.channel(i);
      if (i < channel_bytes.size() && channel.is_up() && time > 0) {
        busiest =
            std::max(busiest, channel_bytes[i] / (channel.bytes_per_second * as_seconds(time)));
      }
    }
    const Channel& channel = network.channel(network.channels_of(link)[0]);
    // Hue from blue (idle) to red (full); a link that is down is dashed.
    out += fmt::format("  n{} -- n{} [label=\"{:.0f}%\", color=\"{:.3f} 0.9 0.8\"{}];\n",
                       channel.from, channel.to, 100 * busiest, 0.66 * (1 - std::min(busiest, 1.0)),
                       channel.is_up() ? "" : ", style=dashed");
  }
  return out + "}\n";
}

}  // namespace weft::sim
