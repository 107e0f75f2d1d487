// SPDX-License-Identifier: Apache-2.0
#include "diagnose/rules.h"

#include <array>

namespace weft::diagnose {

std::span<const Rule> rules() {
  static constexpr std::array kRules = std::to_array<Rule>({
      {"source", "what was lost of the source, and links lost between the looks",
       find_source_problems},
      {"pcie_possible", "what both ends of a PCIe link allow, and which narrows the other",
       assess_pcie_links},
      {"link_dead", "present but down, disabled, training for ever, not answering",
       find_dead_links},
      {"link_unseen", "links of which neither speed nor width can be read", find_unseen_links},
      {"pcie_slow", "width or speed below what both ends allow, told apart from idling",
       find_slow_pcie_links},
      {"pcie_errors", "correctable rates beyond bounds, uncorrectable errors", find_pcie_errors},
      {"ethernet", "speed, FEC, flaps and errors of Ethernet links", find_ethernet},
      {"infiniband", "state, rate and errors of InfiniBand ports", find_infiniband},
      {"nvlink", "inactive NVLinks among active ones, and their errors", find_nvlink},
      {"temperature", "sensors that raise their alarm", find_hot_parts},
      {"events", "what the kernel said: DPC, Xid, link down, resets", find_events},
      {"expectation", "what the rack file plans and the hosts do not show", find_unexpected},
  });
  return kRules;
}

}  // namespace weft::diagnose
