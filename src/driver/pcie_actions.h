// SPDX-License-Identifier: Apache-2.0
// One end of a PCIe link through its function's configuration space, both ends of a link, and how a
// register there is noted in a journal and put back. PCIe Base 7.5.3. What can be done to a link is
// in pcie_plan.h and pcie_margin.h. Waiting is the caller's: a machine sleeps, a twin's world
// advances.
#pragma once

#include "base/result.h"
#include "base/time.h"
#include "base/units.h"
#include "bus/devices.h"
#include "driver/journal.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace weft::driver {

using Wait = std::function<void(base::Duration)>;

/// What Link Status says, and who answers.
struct PcieLinkView {
  std::uint8_t speed = 0;  ///< as coded: 4 is 16 GT/s
  base::TransferRate rate;
  base::LaneCount width;
  bool is_training = false;
  bool is_active = false;  ///< downstream-facing ports only
  std::uint8_t retimers = 0;
  bool is_flit = false;
};

class PcieEnd {
 public:
  /// kUnavailable: all ones; kFailedPrecondition: no PCI Express link there; kPermissionDenied.
  [[nodiscard]] static base::Result<PcieEnd> open(std::unique_ptr<bus::ConfigSpace> config);

  [[nodiscard]] bus::ConfigSpace& config() const { return *config_; }
  [[nodiscard]] std::string address() const { return config_->description(); }
  [[nodiscard]] bool faces_down() const { return faces_down_; }
  [[nodiscard]] std::uint16_t express() const { return express_; }
  [[nodiscard]] std::uint16_t secondary() const { return secondary_; }  ///< 0: none
  [[nodiscard]] std::uint16_t device3() const { return device3_; }      ///< 0: none
  [[nodiscard]] std::uint16_t margining() const { return margining_; }  ///< 0: none
  [[nodiscard]] std::uint16_t power() const { return power_; }          ///< 0: none
  /// Whether Data Link Layer Link Active means anything here.
  [[nodiscard]] bool reports_active() const { return reports_active_; }
  [[nodiscard]] base::LaneCount width_max() const { return width_max_; }
  [[nodiscard]] std::uint8_t speed_max() const { return speed_max_; }
  [[nodiscard]] base::Result<PcieLinkView> link() const;

 private:
  PcieEnd() = default;
  base::Result<void> walk();
  std::unique_ptr<bus::ConfigSpace> config_;
  bool faces_down_ = false;
  std::uint16_t express_ = 0;
  std::uint16_t power_ = 0;
  std::uint16_t secondary_ = 0;
  std::uint16_t device3_ = 0;
  std::uint16_t margining_ = 0;
  bool reports_active_ = false;
  base::LaneCount width_max_;
  std::uint8_t speed_max_ = 0;
};

/// Both ends of the link at the function `address`; `lower` is absent where nobody answers below.
struct PciePair {
  PcieEnd upper;
  std::optional<PcieEnd> lower;
};
/// `address` names either end. kNotFound with what there is; kFailedPrecondition where the function
/// has no link. A switch's upstream port has the link above it, never the bus inside.
[[nodiscard]] base::Result<PciePair> open_pair(bus::Devices& devices, std::string_view address);

/// Writes a register after its old value is in the journal. Reading first is part of it.
base::Result<void> write_noted(bus::ConfigSpace& config, Journal& journal, std::uint16_t offset,
                               std::uint8_t width, std::uint32_t value);
/// Puts back entries of the doors "config" and "margin" (pcie_margin.h) of this host.
[[nodiscard]] Restore restore_config(bus::Devices& devices, const Wait& wait);

}  // namespace weft::driver
