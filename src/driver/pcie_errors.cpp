// SPDX-License-Identifier: Apache-2.0
#include "driver/pcie_errors.h"

#include "base/text.h"

namespace weft::driver {
namespace {

using observe::Absence;
using observe::Metric;
using observe::Value;

struct AerFile {
  const char* file;
  Metric metric;
};
// sysfs-bus-pci-devices-aer_stats of the kernel's ABI documents.
constexpr AerFile kTypedFiles[] = {
    {"aer_dev_correctable", Metric::kAerCorrectable},
    {"aer_dev_nonfatal", Metric::kAerNonfatal},
    {"aer_dev_fatal", Metric::kAerFatal},
};
constexpr AerFile kRootFiles[] = {
    {"aer_rootport_total_err_cor", Metric::kAerRootCorrectable},
    {"aer_rootport_total_err_nonfatal", Metric::kAerRootNonfatal},
    {"aer_rootport_total_err_fatal", Metric::kAerRootFatal},
};

/// Lines "RxErr 3", the last being "TOTAL_ERR_COR 3".
void add_typed(const bus::HostTree& tree, const std::string& path, Metric metric,
               fabric::PortId port, observe::Snapshot& snapshot) {
  const auto content = read_text(tree, path);
  if (!content) {
    if (content.error().why != Absence::kNotProvided) {
      snapshot.samples.push_back({port, metric, "total", tl::unexpected(content.error())});
    }
    return;
  }
  for (const auto line : base::split(*content, '\n')) {
    const auto parts = base::words(line);
    const auto count = parts.size() == 2 ? base::parse_unsigned(parts[1]) : std::nullopt;
    if (!count) {
      snapshot.problems.push_back(path + ": '" + base::printable(line, 60) +
                                  "' is not 'NAME COUNT'");
      continue;
    }
    const bool is_total = parts[0].starts_with("TOTAL_");
    if (is_total || *count > 0) {
      snapshot.samples.push_back(
          {port, metric, is_total ? "total" : base::printable(parts[0], 32), Value(*count)});
    }
  }
}

}  // namespace

void add_pcie_errors(const bus::HostTree& tree, const PciFunction& function, fabric::PortId port,
                     observe::Snapshot& snapshot) {
  const auto base_path = kPciDevices + function.address + "/";
  for (const auto& [file, metric] : kTypedFiles) {
    add_typed(tree, base_path + file, metric, port, snapshot);
  }
  if (function.role == PortRole::kRootPort) {
    for (const auto& [file, metric] : kRootFiles) {
      if (const auto count = read_number(tree, base_path + file)) {
        snapshot.samples.push_back({port, metric, "total", Value(*count)});
      }
    }
  }
  const auto add_bits = [&](Metric metric, std::uint32_t bits) {
    if (bits != 0) {
      snapshot.samples.push_back({port, metric, "", Value(std::uint64_t{bits})});
    }
  };
  if (const auto& aer = function.registers.aer) {
    add_bits(Metric::kAerCorrectableStatus, aer->correctable_status);
    add_bits(Metric::kAerUncorrectableStatus, aer->uncorrectable_status);
  }
  add_bits(Metric::kLaneErrorStatus, function.registers.lane_error_status.value_or(0));
}

}  // namespace weft::driver
