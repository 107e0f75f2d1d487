// SPDX-License-Identifier: Apache-2.0
// The physical and firmware quantities that faults, weather and workloads change, and nothing else
// does: physics upstream, symptoms downstream. Each has a unit, the kind of thing it belongs to, a
// neutral value, and the rule by which several contributions combine, so that a fault that is
// cleared takes away just what it brought. Adding one more: an enumerator and a row in
// quantity.cpp.
#pragma once

#include "base/time.h"
#include "twin/world/archive.h"

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

namespace weft::twin {

/// What a quantity belongs to.
enum class Scope : std::uint8_t {
  kLane,    ///< one lane, one direction, one section of a link: sub is lane_sub()
  kLink,    ///< sub 0
  kDevice,  ///< a retimer, module, function, port; sub 0, or a part of it as the device says
  kHost,    ///< an enclosure: what its devices share; sub 0
};

/// kAdd: neutral 0. kMultiply: neutral 1. kGreatest: neutral 0.
enum class Combine : std::uint8_t { kAdd, kMultiply, kGreatest };

enum class Quantity : std::uint16_t {
  // ---- of lanes: what phy::lane::LaneState is made of ----
  kLoss,           ///< extra loss at Nyquist, dB
  kNoise,          ///< extra noise at the slicer, mV rms
  kJitter,         ///< factor on the built link's jitter
  kCrosstalk,      ///< factor on the aggressors' voltage
  kSupplyNoise,    ///< on the receiver's supply, mV rms
  kMisadaptation,  ///< residual ISI relative to the main cursor
  kSwing,          ///< factor on the transmitter's amplitude
  kSkew,           ///< extra delay of this lane, ps
  kOpen,           ///< 1: no signal arrives (a contact that does not touch, a dead laser)
  kOpticalLoss,    ///< fibre, connector, dB
  kLaserBias,      ///< factor on the laser's efficiency (ageing)
  // ---- of links ----
  kLoad,         ///< share of the link's capacity that traffic uses, each direction, 0 to 1
  kClockOffset,  ///< between the ends' reference clocks, ppm
  kVibration,    ///< rate of short contact interruptions, 1/s
  kDisconnect,   ///< 1: the far end is unplugged
  // ---- of hosts (enclosures) ----
  kAmbient,          ///< air at the inlet, Cel above the world's 25 Cel
  kAirflow,          ///< factor on the air that the fans move
  kHostSupplyNoise,  ///< mV rms on the rail that all its devices share
  // ---- of devices ----
  kHeatSink,      ///< factor on the thermal resistance to air
  kPowerDraw,     ///< W beyond what its work takes
  kFirmwareHang,  ///< 1: the firmware does nothing more
  kSensorStuck,   ///< 1: the temperature sensor repeats its last value
  kSensorOffset,  ///< Cel that the sensor says too much
  kCounterStuck,  ///< 1: error counters do not count
  kEepromFlips,   ///< bits that the EEPROM reads back wrong, count
  kQuirk,         ///< 1: the field quirk numbered `sub` is on; the device's own list
  kCount_,
};

struct QuantityRow {
  Quantity quantity;
  std::string_view key;   ///< "loss", as scenario files write it
  std::string_view unit;  ///< UCUM; "1" for factors and switches
  Scope scope;
  Combine combine;
  double min;  ///< what a single contribution may be
  double max;
  std::string_view help;
};
[[nodiscard]] std::span<const QuantityRow> quantities();
[[nodiscard]] const QuantityRow& row(Quantity quantity);
[[nodiscard]] std::optional<Quantity> find_quantity(std::string_view key);

/// `sub` of a lane: section 0 is at end a; direction 0 is toward end b.
[[nodiscard]] constexpr std::uint32_t lane_sub(std::uint32_t section, std::uint32_t direction,
                                               std::uint32_t lane) {
  return section << 16 | direction << 8 | lane;
}

/// The contributions to one actor's quantities; the actor keeps it and checkpoints it.
class Quantities {
 public:
  /// Sets what `source` contributes, brought into the row's range; nullopt takes it away, not a
  /// number changes nothing. True where the combined value changed.
  bool set(Quantity quantity, std::uint32_t sub, std::uint32_t source, std::optional<double> value);
  /// All contributions combined; the rule's neutral value where there are none.
  [[nodiscard]] double value(Quantity quantity, std::uint32_t sub = 0) const;
  [[nodiscard]] bool is_on(Quantity quantity, std::uint32_t sub = 0) const {
    return value(quantity, sub) >= 0.5;
  }
  [[nodiscard]] bool empty() const { return rows_.empty(); }
  void exchange(Archive& archive) { archive.field(rows_); }
  /// After reading: known quantities only, each contribution in its range.
  [[nodiscard]] bool is_plausible() const;

 private:
  using Key = std::pair<std::uint16_t, std::uint32_t>;  // quantity, sub
  std::map<Key, std::map<std::uint32_t, double>> rows_;
};

}  // namespace weft::twin
