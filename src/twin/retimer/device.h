// SPDX-License-Identifier: Apache-2.0
// A PT5161L-class PCIe retimer that lives in a world: what its registers say follows from its links
// (state, lanes, equalisers, errors), its temperature, its EEPROM and world time, worked out when
// somebody reads. Wire facts are in wire/retimer; this folder's README says what is modelled.
//   boot         1.8 s from reset to all loaded, in three parts, each only if its image block is
//   good power        2 W and 0.45 W for each lane of a link that is up (16 lanes: 9.2 W; modelled)
//   temperature  air + power x 4.5 K/W x kHeatSink, time constant 25 s (modelled)
//   heartbeat    one count each 10 ms of world time and of time that bytes take on the bus
// While nothing moves it has no timer pending. It tells its links by message whether it forwards
// and how hot it is.
#pragma once

#include "twin/link/link.h"
#include "twin/retimer/bus_front.h"
#include "twin/retimer/eeprom.h"
#include "twin/retimer/quirk.h"
#include "twin/world/actor.h"
#include "twin/world/thermal.h"
#include "wire/retimer/registers.h"
#include "wire/retimer/structures.h"

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace weft::twin::retimer {

inline constexpr Duration kBootTime{1'800'000'000};
inline constexpr double kIdleWatts = 2.0;
inline constexpr double kLaneWatts = 0.45;
inline constexpr double kKelvinPerWatt = 4.5;
inline constexpr double kThermalSeconds = 25;
inline constexpr base::Celsius kOverTemperature{110};  ///< the flag of register 0x00E
inline constexpr base::Celsius kShutdown{125};         ///< where shutdown is enabled; modelled
inline constexpr unsigned kLanes = 16;
inline constexpr unsigned kSlices = 4;

/// A link through the device.
struct Through {
  Link* link = nullptr;
  ActorId id = kNobody;
  std::uint32_t index = 0;  ///< among the link's repeaters
  std::uint8_t start = 0;   ///< first lane of the device
  std::uint8_t width = 0;
};

struct DeviceOptions {
  std::uint8_t address = 0x20;
  bool is_x8 = false;                             ///< a PT5081L: lanes 4 to 11
  std::uint8_t generation = 5;                    ///< fastest
  std::vector<Through> links = {};                ///< in order of lanes
  std::shared_ptr<const base::Bytes> image = {};  ///< null: firmware 2.8.14
};

class Device final : public Actor, private RegisterBank {
 public:
  Device(std::string path, DeviceOptions options);

  /// What is attached to a segment.
  [[nodiscard]] smbus::Target& target() { return front_; }
  [[nodiscard]] const BusFront& front() const { return front_; }

  void start() override;
  void on_timer(std::uint32_t timer) override;
  void on_message(const Message& message) override;
  void on_quantity(Quantity quantity, std::uint32_t sub) override;
  void exchange(Archive& archive) override;
  void registers(Archive& out) const override;

  // For tests and scoring; clients read registers.
  [[nodiscard]] base::Celsius junction() const;
  [[nodiscard]] bool is_loaded() const { return is_loaded_; }
  [[nodiscard]] const wire::retimer::FirmwareVersion& firmware() const { return firmware_; }
  [[nodiscard]] const Eeprom& eeprom() const { return eeprom_; }

 private:
  enum Timer : std::uint32_t { kBootTimer, kHeatTimer };
  struct Margin {
    WorldTime since;
    std::int64_t bus_ns = 0;
    bool is_on = false;
    void exchange(Archive& archive) { archive.fields(since, bus_ns, is_on); }
  };
  struct Checker {  // a pattern checker's start
    std::uint64_t errors = 0;
    std::uint64_t injected = 0;
    void exchange(Archive& archive) { archive.fields(errors, injected); }
  };
  /// A receiver of the device: side 1 ("A") faces the host.
  struct ReceiverAt {
    const Through* through = nullptr;
    LaneAt at;
  };

  // RegisterBank
  base::Bytes read_registers(std::uint32_t address, std::size_t length) override;
  void write_registers(std::uint32_t address, base::ByteView bytes) override;
  bool is_powered() const override { return is_powered_; }
  bool wants_arp() const override;
  bool has_fixed_address() const override;
  void spent_byte() override { bus_ns_ += kByteNs; }
  void spoil(base::Bytes& answer) override;
  void intervened() override;
  bool holds_bus() const override { return is_powered_ && now() < stuck_until_; }
  void bus_clear() override;

  // Life: device.cpp
  void begin_boot(bool keeps_links);
  void end_boot();
  void stop_firmware();
  void power_off();
  void power_on();
  [[nodiscard]] std::map<std::uint32_t, std::uint8_t> default_registers() const;
  void tell_ready();
  void tell_heat();
  void aim_heat();
  void update_heartbeat();
  [[nodiscard]] bool main_micro_runs() const;
  [[nodiscard]] bool forwards(std::size_t link) const;
  [[nodiscard]] bool is_quirk(Quirk quirk) const {
    return quantity(Quantity::kQuirk, static_cast<std::uint32_t>(quirk)) >= 0.5;
  }

  // Direct registers: direct.cpp
  [[nodiscard]] std::uint8_t byte_at(std::uint32_t address) const;
  [[nodiscard]] std::uint8_t stored(std::uint32_t address, std::uint8_t otherwise = 0) const;
  [[nodiscard]] std::uint32_t stored_word(std::uint32_t address, unsigned bytes) const;
  void store(std::uint32_t address, std::uint8_t value);
  [[nodiscard]] std::optional<std::uint64_t> computed(const wire::retimer::RegisterRow& row) const;
  [[nodiscard]] std::uint8_t path_byte(unsigned path, std::uint32_t offset) const;
  [[nodiscard]] std::uint8_t lane_byte(unsigned path, unsigned in_path, std::uint32_t offset) const;
  [[nodiscard]] std::uint8_t code_load() const;
  [[nodiscard]] std::uint8_t heartbeat() const;
  [[nodiscard]] std::uint8_t efuse(unsigned at) const;
  [[nodiscard]] std::uint8_t calibration(unsigned side, unsigned slice) const;
  struct SliceRange {
    unsigned first;
    unsigned end;
  };
  [[nodiscard]] SliceRange slices() const;
  [[nodiscard]] bool has_temperature() const;
  [[nodiscard]] base::Celsius sensed() const;
  [[nodiscard]] std::uint16_t adc(unsigned side, unsigned slice) const;
  [[nodiscard]] std::uint32_t adc_mean() const;
  [[nodiscard]] std::uint32_t adc_of(base::Celsius temperature) const;
  void wrote(std::uint32_t address);
  void reset_written(std::uint16_t before, std::uint16_t after, bool is_hardware);

  // Mailboxes: assist.cpp
  void assist(std::uint8_t command);
  void assist_pma(wire::retimer::Assist command);
  void assist_wide(unsigned width, bool is_write);
  void assist_eeprom(std::uint8_t command);
  void path_window(unsigned path);

  // SRAM: sram.cpp
  [[nodiscard]] std::uint8_t main_sram(std::uint32_t address) const;
  [[nodiscard]] std::uint8_t path_sram(unsigned path, std::uint32_t address) const;
  [[nodiscard]] std::optional<std::uint8_t> firmware_info(std::uint32_t offset) const;
  [[nodiscard]] std::optional<std::uint8_t> link_byte(std::size_t link, std::uint32_t offset) const;
  [[nodiscard]] std::optional<std::uint8_t> log_byte(std::uint32_t offset) const;
  [[nodiscard]] std::optional<std::uint8_t> control_byte(unsigned path, std::uint32_t offset) const;
  [[nodiscard]] std::uint8_t recoveries(std::size_t link) const;
  [[nodiscard]] wire::retimer::LinkState link_state(std::size_t link) const;
  [[nodiscard]] std::uint8_t link_rate(std::size_t link) const;  // 0 = Gen1
  [[nodiscard]] std::uint8_t read_main_sram(std::uint32_t address);
  void write_main_sram(std::uint32_t address, std::uint8_t value);

  // PMA: pma.cpp
  [[nodiscard]] ReceiverAt receiver(unsigned side, unsigned lane) const;
  [[nodiscard]] LaneAt far_receiver(const Through& through, unsigned side, unsigned lane) const;
  [[nodiscard]] LaneReport report(unsigned side, unsigned lane) const;
  [[nodiscard]] std::uint8_t fom(const LaneReport& report) const;
  [[nodiscard]] std::uint16_t pma_word(unsigned side, unsigned slice, std::uint16_t address) const;
  [[nodiscard]] std::uint16_t pma_lane_word(unsigned side, unsigned lane, std::uint16_t reg) const;
  [[nodiscard]] std::uint16_t pma_stored(unsigned side, unsigned slice,
                                         std::uint16_t address) const;
  void write_pma(unsigned side, unsigned slice, std::uint16_t address, std::uint16_t value);
  void pma_lane_written(unsigned side, unsigned lane, std::uint16_t reg, std::uint16_t before,
                        std::uint16_t after);
  [[nodiscard]] std::uint16_t margin_errors(unsigned side, unsigned lane) const;
  [[nodiscard]] std::uint16_t pattern_errors(unsigned side, unsigned lane) const;

  static constexpr std::int64_t kByteNs = 22'500;  // nine bits at 400 kHz

  DeviceOptions options_;
  std::uint8_t bifurcation_ = 0;  // what the links need
  Eeprom eeprom_;
  I2cMaster master_;
  BusFront front_;

  // ---- state ----
  bool is_powered_ = true;
  bool is_loaded_ = false;
  bool keeps_links_ = false;  // this boot leaves the data path alone
  bool is_shut_down_ = false;
  std::uint8_t load_goal_ = 0;  // CODE_LOAD at the end of this boot
  WorldTime boot_at_;
  wire::retimer::FirmwareVersion firmware_;
  std::uint16_t hardware_reset_ = 0;
  std::uint16_t software_reset_ = 0;
  std::uint8_t status_ = 0;
  std::uint32_t external_perst_ = 0;  // bit n: link n, by message
  std::uint32_t links_up_ = 0;
  std::uint32_t told_ready_ = 0xFFFFFFFF;
  ThermalNode heat_;
  double air_cel_ = 25;
  double hottest_cel_ = 25;
  std::optional<double> stuck_cel_;
  std::int64_t bus_ns_ = 0;
  // The heartbeat: stood at heartbeat_ until it began to run, if it runs.
  std::uint8_t heartbeat_ = 0;
  bool is_beating_ = false;
  WorldTime beat_since_;
  std::int64_t beat_bus_ns_ = 0;
  WorldTime stuck_until_;
  std::uint64_t answers_ = 0;  // given so far: which of them a quirk spoils
  std::uint8_t polls_left_ = 0;
  // The link's count at the counter's last clear. kAfresh: the firmware was loaded in the loop,
  // where nobody looks at a link; the link says it when it comes up.
  static constexpr std::uint64_t kAfresh = ~std::uint64_t{0};
  std::array<std::uint64_t, wire::retimer::kLinksMax> recovered_{};
  // The counter as it was read last; a stuck one shows it. None: not read since the firmware came.
  std::array<std::optional<std::uint8_t>, wire::retimer::kLinksMax> shown_{};
  std::map<std::uint32_t, std::uint8_t> stored_;  // direct registers
  std::map<std::uint32_t, std::uint8_t> sram_;    // written bytes; path micros by path << 20
  std::map<std::uint32_t, std::uint16_t> pma_;    // side << 20 | slice << 16 | address
  std::map<std::uint32_t, Margin> margins_;       // side << 8 | lane
  std::map<std::uint32_t, Checker> checkers_;
};

}  // namespace weft::twin::retimer
