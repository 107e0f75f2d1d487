// SPDX-License-Identifier: Apache-2.0
// What tells one kind of module from another, as data: what it is made of, what it advertises, how
// long its transitions take, how warm it gets. One engine (module.h) lives by these rows. Power and
// optical figures: public data sheets as facts/devices.md 4.4 collects them; times are modelled, of
// the order that public switch logs show.
#pragma once

#include "fabric/model.h"
#include "wire/cmis/state.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weft::twin::cable_module {

/// Typical times in seconds; a module advertises the next duration code above 1.25 times these.
struct Times {
  double management_init = 0.5;
  double power_up = 0.4;
  double power_down = 0.03;
  double data_path_init = 0.8;
  double data_path_deinit = 0.02;
  double transmitter_on = 0.02;
  double transmitter_off = 0.005;
  double configuration = 0.004;
};

/// What lasers are warmer than their case, K (modelled).
inline constexpr double kLaserAboveCase = 5;

/// Light of one lane; without light all of it is 0.
struct Light {
  double transmit_dbm = 0;
  double bias_ma = 0;  ///< at 25 Cel, new laser
  double loss_of_signal_dbm = 0;
  double fibre_db_per_km = 0;
  double connectors_db = 0;
  double wavelength_nm = 0;
};

struct Kind {
  std::string_view key;  ///< "aec"
  fabric::Medium medium = fabric::Medium::kUnknown;
  wire::cmis::MediaType media_type = wire::cmis::MediaType::kUndefined;
  std::uint8_t technology = 0;  ///< 00h:212
  std::uint8_t connector = 0;   ///< 00h:203, SFF-8024 table 4-3
  bool is_flat = false;         ///< lower memory and 00h only, no state machine to speak of
  bool is_retimed = false;      ///< decides bits: loss of lock, error counting, test patterns
  bool is_cable = false;        ///< both ends are one part with the medium between
  bool has_light = false;
  double power_w = 0;
  double low_power_w = 0;
  double kelvin_per_watt = 0;  ///< case above the air of its cage
  double time_constant_s = 40;
  double temperature_max = 75;  ///< high alarm; warning 5 below
  Times times;
  Light light;
};
[[nodiscard]] std::span<const Kind> kinds();
/// The kind whose medium this is; nullptr for media without a module.
[[nodiscard]] const Kind* find_kind(fabric::Medium medium);

/// One application that a module advertises.
struct ApplicationRow {
  std::uint8_t host_interface = 0;
  std::uint8_t media_interface = 0;
  std::uint8_t lanes = 0;   ///< host and media lanes alike
  std::uint8_t starts = 0;  ///< bit n: may begin at lane n of a bank
};
/// A signal setting that each lane has in the staged control sets and the active one.
struct LaneSetting {
  std::string_view name;  ///< register, behind "SCS0", "SCS1" or "ACS"
  std::uint64_t by_default = 0;
};
/// The settings that every application of ours has unless the host controls them explicitly.
[[nodiscard]] std::span<const LaneSetting> lane_settings();

/// What a module of so many lanes offers on a link of this protocol, the whole width first.
[[nodiscard]] std::vector<ApplicationRow> applications(const Kind& kind,
                                                       fabric::ProtocolId protocol, unsigned lanes);

}  // namespace weft::twin::cable_module
