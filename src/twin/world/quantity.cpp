// SPDX-License-Identifier: Apache-2.0
// The table of quantities: one row each, in the order of the enumerators. Ranges are what a single
// contribution may be; they keep nonsense out of the physics, they are no promise that the model is
// right up to there.
#include "twin/world/quantity.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace weft::twin {
namespace {

constexpr auto kQuantities = std::to_array<QuantityRow>({
    {Quantity::kLoss, "loss", "dB", Scope::kLane, Combine::kAdd, -10, 60,
     "Extra loss of the lane at its Nyquist frequency."},
    {Quantity::kNoise, "noise", "mV", Scope::kLane, Combine::kAdd, 0, 500,
     "Extra noise at the slicer, rms."},
    {Quantity::kJitter, "jitter", "1", Scope::kLane, Combine::kMultiply, 0, 100,
     "Factor on the jitter of the link as built."},
    {Quantity::kCrosstalk, "crosstalk", "1", Scope::kLane, Combine::kMultiply, 0, 100,
     "Factor on the aggressors' voltage."},
    {Quantity::kSupplyNoise, "supply_noise", "mV", Scope::kLane, Combine::kAdd, 0, 500,
     "Extra noise on the receiver's supply, rms."},
    {Quantity::kMisadaptation, "misadaptation", "1", Scope::kLane, Combine::kAdd, 0, 1,
     "Residual intersymbol interference relative to the main cursor."},
    {Quantity::kSwing, "swing", "1", Scope::kLane, Combine::kMultiply, 0, 2,
     "Factor on the transmitter's amplitude."},
    {Quantity::kSkew, "skew", "ps", Scope::kLane, Combine::kAdd, -100'000, 100'000,
     "Extra delay of this lane."},
    {Quantity::kOpen, "open", "1", Scope::kLane, Combine::kGreatest, 0, 1,
     "1: no signal arrives, as with a contact that does not touch or a dead laser."},
    {Quantity::kOpticalLoss, "optical_loss", "dB", Scope::kLane, Combine::kAdd, -10, 60,
     "Extra loss of fibre and optical connectors."},
    {Quantity::kLaserBias, "laser_bias", "1", Scope::kLane, Combine::kMultiply, 0, 2,
     "Factor on the laser's efficiency; it falls with age."},
    {Quantity::kLoad, "load", "1", Scope::kLink, Combine::kAdd, -1, 1,
     "Share of the link's capacity that traffic uses, each direction."},
    {Quantity::kClockOffset, "clock_offset", "ppm", Scope::kLink, Combine::kAdd, -10'000, 10'000,
     "Difference of the two ends' reference clocks."},
    {Quantity::kVibration, "vibration", "1/s", Scope::kLink, Combine::kAdd, 0, 1e6,
     "Rate of short interruptions of a contact."},
    {Quantity::kDisconnect, "disconnect", "1", Scope::kLink, Combine::kGreatest, 0, 1,
     "1: the far end is unplugged."},
    {Quantity::kAmbient, "ambient", "Cel", Scope::kHost, Combine::kAdd, -60, 100,
     "Air at the inlet above the world's 25 Cel."},
    {Quantity::kAirflow, "airflow", "1", Scope::kHost, Combine::kMultiply, 0, 2,
     "Factor on the air that the fans move."},
    {Quantity::kHostSupplyNoise, "host_supply_noise", "mV", Scope::kHost, Combine::kAdd, 0, 500,
     "Noise on the rail that all devices of the host share, rms."},
    {Quantity::kHeatSink, "heat_sink", "1", Scope::kDevice, Combine::kMultiply, 0.1, 100,
     "Factor on the device's thermal resistance to air."},
    {Quantity::kPowerDraw, "power_draw", "W", Scope::kDevice, Combine::kAdd, -2000, 2000,
     "Power beyond what the device's work takes."},
    {Quantity::kFirmwareHang, "firmware_hang", "1", Scope::kDevice, Combine::kGreatest, 0, 1,
     "1: the firmware does nothing more."},
    {Quantity::kSensorStuck, "sensor_stuck", "1", Scope::kDevice, Combine::kGreatest, 0, 1,
     "1: the temperature sensor repeats its last value."},
    {Quantity::kSensorOffset, "sensor_offset", "Cel", Scope::kDevice, Combine::kAdd, -200, 200,
     "What the temperature sensor says too much."},
    {Quantity::kCounterStuck, "counter_stuck", "1", Scope::kDevice, Combine::kGreatest, 0, 1,
     "1: error counters do not count."},
    {Quantity::kEepromFlips, "eeprom_flips", "1", Scope::kDevice, Combine::kAdd, 0, 1e6,
     "Number of bits that the EEPROM reads back wrong."},
    {Quantity::kQuirk, "quirk", "1", Scope::kDevice, Combine::kGreatest, 0, 1,
     "1: the field quirk of this number is on; each device has its own list."},
});
static_assert(kQuantities.size() == static_cast<std::size_t>(Quantity::kCount_));

constexpr double neutral_value(Combine combine) {
  return combine == Combine::kMultiply ? 1 : 0;
}

double combined_value(Combine combine, const std::map<std::uint32_t, double>& contributions) {
  double value = neutral_value(combine);
  for (const auto& [source, contribution] : contributions) {
    switch (combine) {
      case Combine::kAdd:
        value += contribution;
        break;
      case Combine::kMultiply:
        value *= contribution;
        break;
      case Combine::kGreatest:
        value = std::max(value, contribution);
        break;
    }
  }
  return value;
}

}  // namespace

std::span<const QuantityRow> quantities() {
  return kQuantities;
}

const QuantityRow& row(Quantity quantity) {
  return kQuantities.at(static_cast<std::size_t>(quantity));
}

std::optional<Quantity> find_quantity(std::string_view key) {
  for (const QuantityRow& each : kQuantities) {
    if (each.key == key) {
      return each.quantity;
    }
  }
  return std::nullopt;
}

bool Quantities::set(Quantity quantity, std::uint32_t sub, std::uint32_t source,
                     std::optional<double> value) {
  if (quantity >= Quantity::kCount_ || (value && std::isnan(*value))) {
    return false;
  }
  const double before = this->value(quantity, sub);
  const Key key{static_cast<std::uint16_t>(quantity), sub};
  if (value) {
    const QuantityRow& limits = row(quantity);
    rows_[key][source] = std::clamp(*value, limits.min, limits.max);
  } else if (const auto found = rows_.find(key); found != rows_.end()) {
    found->second.erase(source);
    if (found->second.empty()) {
      rows_.erase(found);
    }
  }
  return this->value(quantity, sub) != before;
}

double Quantities::value(Quantity quantity, std::uint32_t sub) const {
  const Combine combine = row(quantity).combine;
  const auto found = rows_.find({static_cast<std::uint16_t>(quantity), sub});
  return found == rows_.end() ? neutral_value(combine) : combined_value(combine, found->second);
}

bool Quantities::is_plausible() const {
  for (const auto& [key, contributions] : rows_) {
    if (key.first >= static_cast<std::uint16_t>(Quantity::kCount_) || contributions.empty()) {
      return false;
    }
    const QuantityRow& limits = row(static_cast<Quantity>(key.first));
    for (const auto& [source, value] : contributions) {
      if (!(value >= limits.min && value <= limits.max)) {
        return false;
      }
    }
  }
  return true;
}

}  // namespace weft::twin
