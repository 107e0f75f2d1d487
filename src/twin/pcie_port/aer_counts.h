// SPDX-License-Identifier: Apache-2.0
// Errors of one function as Linux counts them in aer_dev_correctable, aer_dev_nonfatal,
// aer_dev_fatal and, at root ports, aer_rootport_total_err_*: what the sysfs door prints. Counted
// are errors that the function reported, that is: not masked, and with reporting enabled.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weft::twin::pcie_port {

struct AerCounts {
  std::array<std::uint64_t, 32> correctable = {};  ///< by bit of the status register
  std::array<std::uint64_t, 32> nonfatal = {};
  std::array<std::uint64_t, 32> fatal = {};
  struct Root {
    std::uint64_t correctable = 0;
    std::uint64_t nonfatal = 0;
    std::uint64_t fatal = 0;
  };
  std::optional<Root> root;

  /// The files' text: a line "RxErr 0" for each bit that Linux names, then "TOTAL_ERR_COR 0".
  [[nodiscard]] std::string correctable_text() const;
  [[nodiscard]] std::string nonfatal_text() const;
  [[nodiscard]] std::string fatal_text() const;
};

}  // namespace weft::twin::pcie_port
