// SPDX-License-Identifier: Apache-2.0
// Traffic matrices from outside, of both forms. What is taken must be fit to run.
#include "sim/topology.h"
#include "sim/traffic/matrix.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weft::sim;
  static const Network kNetwork = make_network(parse_topology("star:16").value()).value();
  const auto matrix = read_traffic_matrix(
      std::string_view(reinterpret_cast<const char*>(data), size), "fuzz", kNetwork);
  if (!matrix) {
    return 0;
  }
  for (const TrafficMessage& message : matrix->messages) {
    if (message.from >= 16 || message.to >= 16 || message.from == message.to || message.at < 0 ||
        message.bytes == 0) {
      std::abort();
    }
  }
  TrafficSpec spec;
  spec.pattern = Pattern::kMatrix;
  spec.matrix = matrix->weights;
  if (matrix->messages.empty()) {
    (void)demands(spec, 16);  // all weights may be zero
  }
  return 0;
}
