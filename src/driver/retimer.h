// SPDX-License-Identifier: Apache-2.0
// What a PT4/PT5-class retimer says of itself over SMBus: identity, firmware, temperature, links,
// figures of merit, recoveries. read_retimer() is one poll; collect_retimers() puts polls of all
// that a host has into its snapshot, where Collection's host can be asked at run time. Only
// addresses at which the kernel knows a retimer (sysfs: 9-0024/name is "pt5161l") are spoken to,
// since other chips at 0x20 to 0x27 would take the bytes for commands; on a simulated host also the
// straps 0x20 to 0x27.
#pragma once

#include "base/units.h"
#include "driver/collect.h"
#include "driver/retimer_bus.h"
#include "driver/retimer_identity.h"
#include "observe/reading.h"
#include "wire/retimer/structures.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace weft::driver {

struct RetimerOptions {
  bool with_lanes = true;       ///< figure of merit of each active lane: 4 transactions each
  bool with_equaliser = false;  ///< also attenuator, VGA, CTLE and DFE: 44 more
  /// As an earlier poll read them; nothing: this poll reads them.
  std::optional<RetimerFuses> fuses = std::nullopt;
};

/// A receiver of the device.
struct RetimerLane {
  unsigned side = 1;  ///< 1 faces the host
  unsigned lane = 0;
  std::uint8_t fom = 0;
  std::optional<base::Decibel> attenuator;
  std::optional<base::Decibel> vga;
  std::optional<base::Decibel> ctle;
  std::vector<base::Millivolts> dfe;
};

struct RetimerLink {
  unsigned number = 0;
  unsigned start = 0;  ///< first lane
  unsigned width = 0;
  unsigned detected_width = 0;
  unsigned generation = 0;
  wire::retimer::LinkState state = wire::retimer::LinkState::kReset;
  std::uint8_t recoveries = 0;  ///< wraps at 256
};

struct RetimerReport {
  std::uint16_t vendor = 0;
  std::uint8_t device = 0;
  std::uint8_t revision = 0;
  std::uint8_t code_load = 0;
  bool is_loaded = false;
  bool is_beating = false;
  wire::retimer::FirmwareVersion firmware;
  std::optional<RetimerFuses> fuses;  ///< without them temperatures are of the default calibration
  observe::Reading<double> temperature = observe::absent(observe::Absence::kNotProvided);  // Cel
  observe::Reading<double> temperature_max = observe::absent(observe::Absence::kNotProvided);
  observe::Reading<double> temperature_all_time = observe::absent(observe::Absence::kNotProvided);
  bool is_over_temperature = false;
  bool had_bus_clear = false;
  std::uint8_t bifurcation = 0;
  std::vector<RetimerLink> links;
  std::vector<RetimerLane> lanes;
  std::vector<std::string> problems;  ///< what did not answer
  std::uint64_t transactions = 0;     ///< what this poll cost
};

/// kNotFound where whoever answers is not such a part; kUnavailable where nobody does. What fails
/// later is said in the report.
[[nodiscard]] base::Result<RetimerReport> read_retimer(RetimerBus& retimer,
                                                       const RetimerOptions& options = {});

}  // namespace weft::driver
