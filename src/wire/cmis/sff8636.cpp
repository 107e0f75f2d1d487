// SPDX-License-Identifier: Apache-2.0
// SFF-8636 rev 2.11: QSFP+ and QSFP28. Lower memory holds status and monitors (table 6-1 and on),
// page 00h identity (table 6-14 and on).
#include "wire/cmis/maps.h"

#include <algorithm>

namespace weft::wire::cmis {
namespace sff8636 {

constexpr unsigned kLanes = 4;

ModuleMedium medium(const ModuleMemory& memory, std::uint8_t connector, std::uint8_t technology) {
  if (const auto copper = copper_of(technology)) {
    return *copper;
  }
  const auto extended = memory.byte(0, 192).value_or(0);  // SFF-8024 table 4-4
  if (extended == 0x01 || extended == 0x18 || connector == 0x0B || connector == 0x23) {
    return ModuleMedium::kActiveOptical;
  }
  return connector == 0x22 ? ModuleMedium::kTwistedPair : ModuleMedium::kOptics;
}

/// Copper states dB at four frequencies in bytes 186-189; 0 is "not given".
void attenuation(const ModuleMemory& memory, ModuleInfo& info) {
  constexpr double kGhz = 1e9;
  struct At {
    std::uint8_t offset;
    double ghz;
  };
  for (const auto& [offset, ghz] : {At{186, 2.5}, At{187, 5.0}, At{188, 7.0}, At{189, 12.9}}) {
    if (const auto value = memory.byte(0, offset).value_or(0); value != 0) {
      info.attenuation.emplace_back(base::Hertz(ghz * kGhz), base::Decibel(value));
    }
  }
}

std::optional<double> length_m(const ModuleMemory& memory, bool is_cable) {
  struct Reach {
    std::uint8_t offset;
    double unit_m;
  };
  if (is_cable) {
    const auto value = memory.byte(0, 146).value_or(0);
    return value == 0 ? std::nullopt : std::optional<double>(value);
  }
  for (const auto& [offset, unit_m] :
       {Reach{142, 1000}, Reach{146, 2}, Reach{143, 2}, Reach{144, 1}, Reach{145, 1}}) {
    if (const auto value = memory.byte(0, offset).value_or(0); value != 0) {
      return value * unit_m;
    }
  }
  return std::nullopt;
}

void monitors(const ModuleMemory& memory, bool is_optical, ModuleInfo& info) {
  // Byte 2 bit 0: the monitors are not ready yet. Cables without monitors leave them zero.
  if ((memory.byte(0, 2).value_or(1) & 1) == 0) {
    const auto celsius = memory.word(0, 22);
    const auto supply = memory.word(0, 26);
    info.temperature = celsius.value_or(0) != 0 ? temperature(celsius) : std::nullopt;
    info.voltage_v = supply.value_or(0) != 0 ? volts(supply) : std::nullopt;
    info.temperature_high_alarm = flag(memory.byte(0, 6), 7);
  }
  const bool has_transmit_power = (memory.byte(0, 220).value_or(0) & 0x04) != 0;
  for (unsigned i = 0; i < kLanes; ++i) {
    ModuleLane lane;
    const auto at = [i](unsigned start) { return static_cast<std::uint8_t>(start + 2 * i); };
    if (is_optical) {
      lane.receive_power_mw = milliwatts(memory.word(0, at(34)));
      lane.bias = bias(memory.word(0, at(42)));
      if (has_transmit_power) {
        lane.transmit_power_mw = milliwatts(memory.word(0, at(50)));
      }
    }
    lane.receive_loss_of_signal = flag(memory.byte(0, 3), i);
    lane.transmit_loss_of_signal = flag(memory.byte(0, 3), i + 4);
    lane.transmit_fault = flag(memory.byte(0, 4), i);
    lane.receive_loss_of_lock = flag(memory.byte(0, 5), i);
    lane.transmit_loss_of_lock = flag(memory.byte(0, 5), i + 4);
    info.lanes.push_back(lane);
  }
}

}  // namespace sff8636

void decode_sff8636(const ModuleMemory& memory, ModuleInfo& info) {
  info.connector = memory.byte(0, 130).value_or(0);
  info.vendor = memory.text(0, 148, 16);
  info.oui = oui_text(memory, 165);
  info.part_number = memory.text(0, 168, 16);
  info.part_revision = memory.text(0, 184, 2);
  info.serial = memory.text(0, 196, 16);
  info.date_code = memory.text(0, 212, 8);
  const auto technology_byte = memory.byte(0, 147);
  if (technology_byte) {
    const auto technology = static_cast<std::uint8_t>(*technology_byte >> 4);
    info.technology = technology_name(technology);
    info.medium = sff8636::medium(memory, info.connector, technology);
  }
  const bool is_copper = info.medium == ModuleMedium::kPassiveCopper ||
                         info.medium == ModuleMedium::kLinearCopper ||
                         info.medium == ModuleMedium::kActiveCopper;
  const bool is_cable = is_copper || info.medium == ModuleMedium::kActiveOptical;
  info.is_separable = !is_cable;
  info.length_m = sff8636::length_m(memory, is_cable);
  if (is_copper) {
    sff8636::attenuation(memory, info);
  }
  sff8636::monitors(memory, !is_copper, info);
  add_checksum(memory, "CC_BASE", 0, 128, 190, 191, info);
  add_checksum(memory, "CC_EXT", 0, 192, 222, 223, info);
}

}  // namespace weft::wire::cmis
