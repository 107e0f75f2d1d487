// SPDX-License-Identifier: Apache-2.0
// See families.h.
#include "twin/families.h"

#include <array>

namespace weft::twin {

std::span<const Family> families() {
  static constexpr std::array kFamilies = {
      Family{"pcie-function", add_pcie_functions},
      Family{"retimer", add_retimers},
      Family{"cable-module", add_cable_modules},
      Family{"generic-port", add_generic_ports},
      // The last: it tells the others what air they stand in.
      Family{"enclosure", add_enclosure},
  };
  return kFamilies;
}

}  // namespace weft::twin
