// SPDX-License-Identifier: Apache-2.0
// What a plugged module says it is, and how it does: identity, kind of medium, monitors and flags
// of SFP (SFF-8472), QSFP+/QSFP28 (SFF-8636) and CMIS modules (QSFP-DD, OSFP, QSFP112). Input is
// its management memory; driver/netdev reads the pages that pages_wanted() names. Identifiers are
// SFF-8024's. A checksum that does not fit is reported and the fields are still given. Externally
// calibrated SFPs give no monitors: their raw numbers mean nothing without the calibration.
#pragma once

#include "base/result.h"
#include "base/units.h"
#include "wire/cmis/memory.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft::wire::cmis {

/// Which map the module's memory follows.
enum class ModuleMap : std::uint8_t { kUnknown, kSff8472, kSff8636, kCmis };
[[nodiscard]] std::string_view key(ModuleMap map);

/// What carries the signal behind the connector.
enum class ModuleMedium : std::uint8_t {
  kUnknown,
  kPassiveCopper,  ///< DAC
  kLinearCopper,   ///< linear active equalisers: ACC
  kActiveCopper,   ///< limiting active equalisers or retimers: AEC
  kActiveOptical,  ///< AOC: both ends fixed
  kOptics,         ///< pluggable transceiver
  kCoherentOptics,
  kTwistedPair,  ///< BASE-T
};
[[nodiscard]] std::string_view key(ModuleMedium medium);

/// A memory checksum: what stands there and what the bytes sum up to.
struct Checksum {
  std::string name;  ///< "CC_BASE", "page 01h"
  std::uint8_t stored = 0;
  std::uint8_t computed = 0;
  [[nodiscard]] bool is_good() const { return stored == computed; }
};

/// Host and media interface of one CMIS application (the first is the default).
struct Application {
  std::uint8_t host_interface = 0;   ///< SFF-8024 table 4-5
  std::uint8_t media_interface = 0;  ///< SFF-8024 table 4-6 to 4-10, by media type
  base::LaneCount host_lanes;
  base::LaneCount media_lanes;
};

/// One lane as the module sees it. Directions are the module's: transmit is toward the cable.
struct ModuleLane {
  std::optional<double> transmit_power_mw;
  std::optional<double> receive_power_mw;
  std::optional<base::Milliamps> bias;
  std::optional<bool> receive_loss_of_signal;
  std::optional<bool> receive_loss_of_lock;
  std::optional<bool> transmit_loss_of_signal;  ///< from the host
  std::optional<bool> transmit_loss_of_lock;
  std::optional<bool> transmit_fault;
  std::optional<std::uint8_t> data_path_state;  ///< CMIS 5.2 table 6-6: 4 is activated
};

struct ModuleInfo {
  ModuleMap map = ModuleMap::kUnknown;
  std::uint8_t identifier = 0;  ///< SFF-8024 table 4-1
  std::string form;             ///< "QSFP28", "OSFP 8X"
  std::string revision;         ///< of the management interface: "4.0"; empty where it has none
  std::string vendor;
  std::string oui;  ///< "00:02:c9"; empty where zero
  std::string part_number;
  std::string part_revision;
  std::string serial;
  std::string date_code;       ///< YYMMDD and lot, as stored
  std::string firmware;        ///< active firmware, "2.11"; CMIS only
  std::uint8_t connector = 0;  ///< SFF-8024 table 4-3
  ModuleMedium medium = ModuleMedium::kUnknown;
  std::string technology;          ///< "850 nm VCSEL", "copper, unequalised"; may be empty
  std::optional<double> length_m;  ///< of a cable assembly, or the fibre it reaches
  bool is_separable = true;        ///< false: the length is the cable's own
  std::vector<std::pair<base::Hertz, base::Decibel>>
      attenuation;  ///< copper, as the maker states it
  std::optional<base::Celsius> temperature;
  std::optional<double> voltage_v;
  std::optional<bool> temperature_high_alarm;
  std::optional<base::Watts> power_max;
  std::optional<std::uint8_t> state;  ///< CMIS module state: 3 is ready, 5 is fault
  std::vector<Application> applications;
  std::vector<ModuleLane> lanes;
  std::vector<Checksum> checksums;

  [[nodiscard]] std::string_view state_name() const;
  [[nodiscard]] std::string_view connector_name() const;
};

/// The pages to read, given what was read so far: start with an empty memory, read what this names,
/// add it, ask again until it names nothing new. A page that could not be read must not be asked
/// twice.
[[nodiscard]] std::vector<PageRequest> pages_wanted(const ModuleMemory& memory);

/// kInvalidArgument where the identifier is unknown or not read; kDataLoss where the memory is all
/// zeros or all ones (no module answers).
[[nodiscard]] base::Result<ModuleInfo> decode_module(const ModuleMemory& memory);

/// "QSFP28" of 0x11; empty where unknown.
[[nodiscard]] std::string_view form_name(std::uint8_t identifier);
[[nodiscard]] ModuleMap map_of(std::uint8_t identifier);

}  // namespace weft::wire::cmis
