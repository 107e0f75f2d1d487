// SPDX-License-Identifier: Apache-2.0
// GOAL schedules from outside. What is taken must answer for every operation within its ranks.
#include "sim/schedule/goal.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weft::sim;
  const auto workload =
      read_goal(std::string_view(reinterpret_cast<const char*>(data), size), "fuzz");
  if (!workload) {
    return 0;
  }
  const Workload& of = **workload;
  for (Rank rank = 0; rank < of.ranks(); ++rank) {
    for (std::uint32_t stream = 0; stream < of.streams(rank); ++stream) {
      for (std::uint64_t i = 0; i < of.ops(rank, stream); ++i) {
        const Op op = of.op(rank, stream, i);
        const bool is_message = op.kind == OpKind::kSend || op.kind == OpKind::kReceive;
        if ((is_message && op.peer >= of.ranks()) ||
            (op.stream_after != 0xff && op.after >= of.ops(rank, op.stream_after))) {
          std::abort();
        }
      }
    }
  }
  return 0;
}
