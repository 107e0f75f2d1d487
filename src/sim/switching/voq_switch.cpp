// SPDX-License-Identifier: Apache-2.0
#include "sim/switching/voq_switch.h"

#include <fmt/format.h>

namespace weft::sim::switching {

base::Result<VoqSwitch> VoqSwitch::make(std::uint32_t ports, std::uint32_t iterations) {
  if (ports == 0 || ports > kMaxPorts || iterations == 0) {
    return base::fail(base::Code::kInvalidArgument,
                      fmt::format("{} ports and {} iterations", ports, iterations), "VOQ switch",
                      "Give 1 to 64 ports and at least one iteration.");
  }
  return VoqSwitch(ports, iterations);
}

void VoqSwitch::match() {
  std::uint64_t free_inputs = ~0ULL;
  matched_outputs_ = 0;
  for (std::uint32_t iteration = 0; iteration < iterations_; ++iteration) {
    std::uint64_t granted = 0;
    for (std::uint64_t left = wanted_ & ~matched_outputs_; left != 0; left &= left - 1) {
      const auto output = static_cast<std::uint32_t>(std::countr_zero(left));
      const std::uint64_t asking = requests_[output] & free_inputs;
      if (asking != 0) {
        const std::uint32_t input = round_robin(asking, grant_pointer_[output]);
        grants_[input] |= 1ULL << output;
        granted |= 1ULL << input;
      }
    }
    if (granted == 0) {
      return;
    }
    for (std::uint64_t left = granted; left != 0; left &= left - 1) {
      const auto input = static_cast<std::uint32_t>(std::countr_zero(left));
      const std::uint32_t output = round_robin(grants_[input], accept_pointer_[input]);
      grants_[input] = 0;
      input_of_[output] = static_cast<std::uint8_t>(input);
      matched_outputs_ |= 1ULL << output;
      if (iteration == 0) {
        grant_pointer_[output] = static_cast<std::uint8_t>((input + 1) % ports_);
        accept_pointer_[input] = static_cast<std::uint8_t>((output + 1) % ports_);
      }
    }
    free_inputs &= ~granted;
  }
}

}  // namespace weft::sim::switching
