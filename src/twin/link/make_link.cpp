// SPDX-License-Identifier: Apache-2.0
// Which class drives a link. A PCIe or Ethernet link outside of any machine's hierarchy trains like
// any other of its kind; what has no public machinery gets the generic one.
#include "twin/families.h"
#include "twin/link/ethernet_link.h"
#include "twin/link/generic_link.h"
#include "twin/link/pcie_link.h"

#include <utility>

namespace weft::twin {

std::unique_ptr<Link> make_link(const LinkPlan& plan, std::shared_ptr<Physics> physics) {
  const fabric::ProtocolFamily family = fabric::protocol(plan.protocol).family;
  using Kind = fabric::ProtocolFamily;
  if (plan.role == LinkRole::kPcie || family == Kind::kPcie || family == Kind::kCxl) {
    return std::make_unique<PcieLink>(plan, std::move(physics));
  }
  if (plan.role == LinkRole::kEthernet || family == Kind::kEthernet ||
      family == Kind::kUltraEthernet) {
    return std::make_unique<EthernetLink>(plan, std::move(physics));
  }
  return std::make_unique<GenericLink>(plan, std::move(physics));
}

}  // namespace weft::twin
