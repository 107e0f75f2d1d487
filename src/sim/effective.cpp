// SPDX-License-Identifier: Apache-2.0
#include "sim/effective.h"

#include <algorithm>
#include <cmath>

namespace weft::sim {

double flit_bytes(fabric::ProtocolId protocol) {
  return fabric::protocol(protocol).family == fabric::ProtocolFamily::kUalink ? 640 : 256;
}

double replay_flits(const Channel& channel) {
  const double flit_time = flit_bytes(channel.protocol) / channel.bytes_per_second;
  return std::max(1.0, std::ceil(2 * as_seconds(channel.latency) / flit_time));
}

double go_back_n_share(double flit_error_ratio, double replay_flits) {
  const double good = 1 - flit_error_ratio;
  return good / (good + flit_error_ratio * replay_flits);
}

double effective_rate(const Channel& channel) {
  if (!channel.is_up() || !(channel.flit_error_ratio > 0)) {
    return channel.bytes_per_second;
  }
  return channel.bytes_per_second *
         go_back_n_share(std::min(channel.flit_error_ratio, 1.0), replay_flits(channel));
}

std::vector<double> effective_rates(const Network& network) {
  std::vector<double> out;
  out.reserve(network.channels().size());
  for (const Channel& channel : network.channels()) {
    out.push_back(effective_rate(channel));
  }
  return out;
}

}  // namespace weft::sim
