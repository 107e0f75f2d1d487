// SPDX-License-Identifier: Apache-2.0
// One plugged module: a cable's end or optics, as its host sees it through CMIS 5 memory. It is an
// actor (states change by timers) and the memory itself (registers are computed when read). What
// light, eyes and error ratios are belongs to the link; what they look like in registers is here.
//   module.cpp       life: reset, power, heat, messages
//   access.cpp       read and write: access rules, latches, what a write sets off
//   data_path.cpp    data path states, staged control sets, configuration status
//   monitors.cpp     monitors, thresholds, flags
//   statistics.cpp   VDM and diagnostics pages
//   cdb.cpp          command messages, firmware download
//   identity.cpp     the bytes that do not change
// Clauses of OIF-CMIS-05.2: 6.3 state machines, 8 memory map, 9 commands.
#pragma once

#include "bus/module_memory.h"
#include "phy/lane/lane_model.h"
#include "twin/cable_module/firmware.h"
#include "twin/cable_module/kind.h"
#include "twin/cable_module/memory.h"
#include "twin/cable_module/quirk.h"
#include "twin/link/link.h"
#include "twin/world/actor.h"
#include "twin/world/thermal.h"
#include "wire/cmis/state.h"

#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace weft::twin {

struct CableModuleSetup {
  const cable_module::Kind* kind = nullptr;
  Link* link = nullptr;
  End end = End::kA;                           ///< the link's end that its host side looks at
  std::optional<std::uint32_t> repeater = {};  ///< index on the link; absent: a segment only
  std::string interface = {};                  ///< "eth0"
  std::string vendor = "Weftline";
  std::string part_number = {};
  std::string serial = {};
  unsigned lanes = 8;
  double length_m = 0;  ///< of the cable, or the fibre plugged in
};

class CableModule final : public Actor, public bus::ModuleMemory {
 public:
  CableModule(std::string path, const CableModuleSetup& setup);

  /// The module at the other end of the same cable or fibre; both must live as long.
  void set_peer(CableModule* peer) { peer_ = peer; }
  [[nodiscard]] const CableModuleSetup& setup() const { return setup_; }

  // bus::ModuleMemory
  [[nodiscard]] base::Result<base::Bytes> read(bus::ModuleAddress from,
                                               std::uint8_t length) override;
  base::Result<void> write(bus::ModuleAddress to, base::ByteView bytes) override;
  [[nodiscard]] std::string description() const override { return setup_.interface; }

  // Actor
  void start() override;
  void on_timer(std::uint32_t timer) override;
  void on_message(const Message& message) override;
  void on_quantity(Quantity quantity, std::uint32_t sub) override;
  void exchange(Archive& archive) override;
  void registers(Archive& out) const override;

  /// The cage's LPMode pin, LowPwrRequestHW: a host that has one may raise it.
  void set_low_power_pin(bool is_asserted);
  /// Whether this media lane sends light or symbols now.
  [[nodiscard]] bool is_transmitting(unsigned lane) const;
  [[nodiscard]] wire::cmis::DataPathState data_path_state(unsigned lane) const {
    return lanes_.at(lane).state;
  }
  [[nodiscard]] base::Celsius case_temperature() const;

 private:
  using DataPathState = wire::cmis::DataPathState;
  using ConfigStatus = wire::cmis::ConfigStatus;
  using Quirk = cable_module::Quirk;
  using Register = cable_module::Register;

  /// States of the whole, with those in which no management is possible.
  enum class Life : std::uint8_t { kOff, kManagementInit, kLowPwr, kPwrUp, kReady, kPwrDn, kFault };

  /// What a configuration command will do to a lane when its time has come.
  struct Command {
    bool is_pending = false;
    std::uint8_t group = 0;  ///< lowest lane of the command: whose timer ends it
    std::uint8_t set = 0;    ///< staged control set
    bool is_immediate = false;
    ConfigStatus result = ConfigStatus::kUndefined;
    bool is_stuck = false;
    void exchange(Archive& archive) {
      archive.fields(is_pending, group, set, is_immediate, result, is_stuck);
    }
  };
  struct LaneState {
    DataPathState state = DataPathState::kDeactivated;
    bool wants_init = false;  ///< initialise anew as soon as it is deactivated
    Command command;
    void exchange(Archive& archive) { archive.fields(state, wants_init, command); }
  };
  /// A data path: lanes [first, first + count), absolute numbers.
  struct DataPath {
    unsigned first = 0;
    unsigned count = 0;
    std::uint8_t application = 0;  ///< AppSel, from 1
  };
  /// The counts of one receiver when its statistics began, and what was seen since.
  struct Interval {
    phy::lane::Counts start;
    double least = 0;
    double most = 0;
    std::uint32_t looks = 0;
    void exchange(Archive& archive);
  };
  /// A test pattern checker since it was started.
  struct Checker {
    bool is_on = false;
    bool is_sending = false;  ///< the side's generator, as the link was told
    WorldTime since;
    phy::lane::Counts start;
    phy::lane::Counts stopped;  ///< what it had counted when it was switched off
    void exchange(Archive& archive);
  };
  enum Side : std::uint8_t { kHost, kMedia };
  struct LaneSignals {
    bool is_known = false;  ///< this module decides bits there, or sees the light
    bool has_signal = true;
    bool has_lock = true;
    LaneReport report;
  };

  // ---- module.cpp
  void enter(Life life);
  void life_step();
  void drop();
  void management_init();
  [[nodiscard]] bool wants_low_power() const;
  [[nodiscard]] bool is_answering() const {
    return life_ != Life::kOff && life_ != Life::kManagementInit;
  }
  [[nodiscard]] bool is_quirk(Quirk quirk) const {
    return quantity(Quantity::kQuirk, static_cast<std::uint32_t>(quirk)) >= 0.5;
  }
  [[nodiscard]] bool sticks() const {
    return is_quirk(Quirk::kLowPowerSticks) && low_power_flaps_ >= 2;
  }
  [[nodiscard]] Duration drawn(double typical_s);
  void heat_changed();
  void thermal_step();
  [[nodiscard]] bool passes(unsigned lane) const;
  void tell_link();

  // ---- identity.cpp
  void build_memory();
  void build_page_00();
  void build_page_01();
  void build_page_02();
  void build_lane_pages(std::uint8_t bank);
  void build_statistics_pages(std::uint8_t bank);
  void build_checksums();

  // ---- access.cpp
  [[nodiscard]] bus::ModuleAddress mapped(bus::ModuleAddress at) const;
  [[nodiscard]] const cable_module::Half& half_at(bus::ModuleAddress at) const;
  void write_own(bus::ModuleAddress to, base::ByteView bytes);
  void refresh(std::uint8_t page, bool is_lower);
  void acted_lower(unsigned first, unsigned last, std::uint8_t controls_before);
  void acted_lanes(std::uint8_t bank, unsigned first, unsigned last);
  void acted_diagnostics(std::uint8_t bank);
  void acted_statistics(std::uint8_t bank);
  [[nodiscard]] std::uint8_t flipped(std::uint8_t page, unsigned offset, std::uint8_t value) const;
  [[nodiscard]] CableModule* target();

  // ---- data_path.cpp
  [[nodiscard]] std::optional<DataPath> data_path_of(unsigned lane) const;
  [[nodiscard]] std::vector<DataPath> data_paths() const;
  void step_all();
  void step(const DataPath& path);
  void enter(const DataPath& path, DataPathState state);
  [[nodiscard]] DataPathState state_of(const DataPath& path) const {
    return lanes_.at(path.first).state;
  }
  [[nodiscard]] bool any(const DataPath& path, const Register& field) const;
  [[nodiscard]] bool must_deactivate(const DataPath& path) const;
  [[nodiscard]] bool must_be_silent(const DataPath& path) const;
  void apply(std::uint8_t bank, std::uint8_t set, std::uint8_t mask, bool is_immediate);
  [[nodiscard]] bool are_lanes_free(const DataPath& wanted, std::uint8_t mask) const;
  [[nodiscard]] ConfigStatus judge(std::uint8_t bank, std::uint8_t set, std::uint8_t mask,
                                   unsigned lane) const;
  [[nodiscard]] bool are_settings_valid(std::uint8_t bank, std::uint8_t set, unsigned lane) const;
  void finish_commands(unsigned group);
  void commit(unsigned lane);
  void release_orphans();
  void set_config_status(unsigned lane, ConfigStatus status);
  [[nodiscard]] bool all_deactivated() const;

  // ---- monitors.cpp
  [[nodiscard]] LaneAt receiver(Side side, unsigned lane) const;
  [[nodiscard]] LaneAt far_receiver(Side side, unsigned lane) const;
  [[nodiscard]] LaneSignals signals(Side side, unsigned lane) const;
  struct LightNow {
    double transmit_mw = 0;
    double receive_mw = 0;
    double bias_ma = 0;
  };
  [[nodiscard]] LightNow light(unsigned lane) const;
  [[nodiscard]] base::Celsius laser_temperature() const;
  void light_returned();
  void adapt_anew(const DataPath& path);
  void tell_adaptation(const LaneAt& at, std::optional<double> residual);
  [[nodiscard]] double laser_dbm(const LaneAt& at, bool is_on) const;
  void refresh_monitors();
  void refresh_lane_flags();
  void latch(const Register& field, bool is_on, unsigned index = 0, std::uint8_t bank = 0);
  /// Latches bits `low` to `low + 3` of a byte by four limits: high alarm, low alarm, high warning,
  /// low warning.
  void latch_limits(const Register& flags, const Register& limits, double raw, bool is_signed);
  void refresh_summary();

  // ---- statistics.cpp
  [[nodiscard]] phy::lane::Counts counts(Side side, unsigned lane) const;
  void restart_statistics();
  void refresh_statistics();
  void freeze_step();
  void show_freeze(bool is_done);
  /// What a receiver says at one look.
  struct Look {
    LaneReport report;
    phy::lane::Counts total;
  };
  [[nodiscard]] Look look(Side side, unsigned lane) const;
  [[nodiscard]] double statistic(std::uint8_t type, Side side, unsigned lane, const Look& look);
  void refresh_diagnostics(std::uint8_t bank);
  void checkers_changed(std::uint8_t bank);
  void patterns_changed(std::uint8_t bank);
  [[nodiscard]] phy::lane::Counts checked(Side side, unsigned lane) const;
  [[nodiscard]] bool is_looped(Side side, unsigned lane) const;
  [[nodiscard]] bool is_pattern_locked(Side side, unsigned lane) const;
  [[nodiscard]] std::optional<std::uint8_t> generated(Side side, unsigned lane) const;

  // ---- cdb.cpp
  /// A Run Image command that was taken and not yet carried out.
  struct Run {
    std::uint8_t mode = 0;
    std::uint16_t delay_ms = 0;
    bool is_counting = false;  ///< the command is complete, the timer runs
    [[nodiscard]] bool is_switch() const { return mode <= 1; }
    [[nodiscard]] bool is_hitless() const { return mode % 2 == 1; }
    void exchange(Archive& archive) { archive.fields(mode, delay_ms, is_counting); }
  };
  void start_command();
  void finish_command();
  void restart();
  struct CdbOutcome {
    std::uint8_t failure = 0;  ///< 0: success
    base::Bytes reply = {};
    double seconds = 0.002;
  };
  void build_firmware_versions();
  [[nodiscard]] CdbOutcome run_command(const wire::cmis::CdbMessage& message);
  [[nodiscard]] CdbOutcome start_download(base::ByteView payload);
  [[nodiscard]] CdbOutcome write_block(const wire::cmis::CdbMessage& message, bool is_extended);
  [[nodiscard]] CdbOutcome run_image(base::ByteView payload);

  CableModuleSetup setup_;
  CableModule* peer_ = nullptr;
  std::vector<cable_module::ApplicationRow> applications_;  // AppSel 1 first

  // ---- what a checkpoint holds
  cable_module::Memory memory_;
  cable_module::Half user_eeprom_ = {};
  Life life_ = Life::kOff;
  bool is_powered_ = true;
  bool low_power_pin_ = false;
  bool is_ready_told_ = false;
  bool saw_link_down_ = false;
  bool is_dark_ = false;          // its light was cut since the link was up
  std::uint32_t misadapted_ = 0;  // far receivers' lanes, by its last transient
  std::vector<LaneState> lanes_;
  std::array<std::vector<Interval>, 2> intervals_;  // by Side
  std::array<std::vector<Checker>, 2> checkers_;
  bool is_frozen_ = false;
  ThermalNode thermal_;
  double air_cel_ = 25;
  double rail_mv_ = 0;
  std::optional<double> stuck_cel_;
  cable_module::Firmware firmware_;
  std::uint8_t cdb_result_ = 0;  // what 00h:37 will say
  base::Bytes cdb_reply_;
  std::optional<Run> run_;
  std::set<std::uint32_t> held_timers_;  // that fell due while the firmware hung
  WorldTime low_power_asked_;
  std::uint32_t low_power_flaps_ = 0;
};

}  // namespace weft::twin
