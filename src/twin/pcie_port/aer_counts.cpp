// SPDX-License-Identifier: Apache-2.0
#include "twin/pcie_port/aer_counts.h"

#include <numeric>

#include <fmt/format.h>

namespace weft::twin::pcie_port {
namespace aer_names {

using Names = std::array<std::string_view, 32>;
/// Documentation/ABI/testing/sysfs-bus-pci-devices-aer_stats.
constexpr Names kCorrectable = {"RxErr",      "",         "", "", "", "",        "BadTLP",
                                "BadDLLP",    "Rollover", "", "", "", "Timeout", "NonFatalErr",
                                "CorrIntErr", "HeaderOF"};
constexpr Names kUncorrectable = {"Undefined",
                                  "",
                                  "",
                                  "",
                                  "DLP",
                                  "SDES",
                                  "",
                                  "",
                                  "",
                                  "",
                                  "",
                                  "",
                                  "TLP",
                                  "FCP",
                                  "CmpltTO",
                                  "CmpltAbrt",
                                  "UnxCmplt",
                                  "RxOF",
                                  "MalfTLP",
                                  "ECRC",
                                  "UnsupReq",
                                  "ACSViol",
                                  "UncorrIntErr",
                                  "BlockedTLP",
                                  "AtomicOpBlocked",
                                  "TLPBlockedErr",
                                  "PoisonTLPBlocked"};

std::string text(const Names& names, const std::array<std::uint64_t, 32>& counts,
                 std::string_view total) {
  std::string out;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!names[i].empty()) {
      out += fmt::format("{} {}\n", names[i], counts[i]);
    }
  }
  return out + fmt::format("{} {}\n", total,
                           std::accumulate(counts.begin(), counts.end(), std::uint64_t{0}));
}

}  // namespace aer_names

std::string AerCounts::correctable_text() const {
  return aer_names::text(aer_names::kCorrectable, correctable, "TOTAL_ERR_COR");
}
std::string AerCounts::nonfatal_text() const {
  return aer_names::text(aer_names::kUncorrectable, nonfatal, "TOTAL_ERR_NONFATAL");
}
std::string AerCounts::fatal_text() const {
  return aer_names::text(aer_names::kUncorrectable, fatal, "TOTAL_ERR_FATAL");
}

}  // namespace weft::twin::pcie_port
