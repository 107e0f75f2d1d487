// SPDX-License-Identifier: Apache-2.0
// SFF-8472 rev 12.4: SFP, SFP+, SFP28. Address A0h holds identity (bytes 0-127), A2h diagnostics
// (bytes 0-127). Table 4-1 gives the offsets.
#include "wire/cmis/maps.h"

namespace weft::wire::cmis {
namespace sff8472 {

constexpr std::uint8_t kRj45 = 0x22;

ModuleMedium medium(const ModuleMemory& memory, std::uint8_t connector) {
  const auto cable = memory.byte(0, 8).value_or(0);  // SFP+ cable technology
  if ((cable & 0x04) != 0) {
    return ModuleMedium::kPassiveCopper;
  }
  const bool is_pigtail_fibre = connector == 0x0B || connector == 0x23;
  const auto extended = memory.byte(0, 36).value_or(0);  // SFF-8024 table 4-4
  if (extended == 0x01 || extended == 0x18) {            // AOC for 100G/25G
    return ModuleMedium::kActiveOptical;
  }
  if (extended == 0x08 || extended == 0x19) {  // ACC for 100G/25G
    return ModuleMedium::kActiveCopper;
  }
  if ((cable & 0x08) != 0) {
    // Byte 60 bits: active copper compliance; an active cable without it is optical.
    return (memory.byte(0, 60).value_or(0) & 0x0F) != 0 && connector != 0x0B
               ? ModuleMedium::kActiveCopper
               : ModuleMedium::kActiveOptical;
  }
  if (connector == kRj45 || extended == 0x16 || extended == 0x1C || extended == 0x1D ||
      extended == 0x1E) {
    return ModuleMedium::kTwistedPair;
  }
  if (extended >= 0x0B && extended <= 0x0D) {  // 100GBASE-CR4, 25GBASE-CR CA-S, CA-N
    return ModuleMedium::kPassiveCopper;
  }
  return is_pigtail_fibre ? ModuleMedium::kActiveOptical : ModuleMedium::kOptics;
}

std::optional<double> length_m(const ModuleMemory& memory, ModuleMedium medium) {
  const auto copper_or_om4 = memory.byte(0, 18).value_or(0);
  if (medium == ModuleMedium::kPassiveCopper || medium == ModuleMedium::kActiveCopper ||
      medium == ModuleMedium::kActiveOptical) {
    return copper_or_om4 == 0 ? std::nullopt : std::optional<double>(copper_or_om4);
  }
  struct Reach {
    std::uint8_t offset;
    double unit_m;
  };
  for (const auto& [offset, unit_m] : {Reach{14, 1000}, Reach{15, 100}, Reach{18, 10},
                                       Reach{19, 10}, Reach{16, 10}, Reach{17, 10}}) {
    if (const auto value = memory.byte(0, offset).value_or(0); value != 0) {
      return value * unit_m;
    }
  }
  return std::nullopt;
}

void diagnostics(const ModuleMemory& memory, ModuleInfo& info) {
  constexpr auto kHigh = kHighI2cAddress;
  const auto kind = memory.byte(0, 92).value_or(0);
  if ((kind & 0x40) == 0 || !memory.byte(0, 96, kHigh)) {
    return;
  }
  ModuleLane lane;
  const auto status = memory.byte(0, 110, kHigh);
  lane.transmit_fault = flag(status, 2);
  lane.receive_loss_of_signal = flag(status, 1);
  if ((kind & 0x20) != 0) {  // internally calibrated
    info.temperature = temperature(memory.word(0, 96, kHigh));
    info.voltage_v = volts(memory.word(0, 98, kHigh));
    info.temperature_high_alarm = flag(memory.byte(0, 112, kHigh), 7);
    lane.bias = bias(memory.word(0, 100, kHigh));
    lane.transmit_power_mw = milliwatts(memory.word(0, 102, kHigh));
    lane.receive_power_mw = milliwatts(memory.word(0, 104, kHigh));
  }
  info.lanes.push_back(lane);
  add_checksum(memory, "CC_DMI", 0, 0, 94, 95, info, kHigh);
}

}  // namespace sff8472

void decode_sff8472(const ModuleMemory& memory, ModuleInfo& info) {
  info.connector = memory.byte(0, 2).value_or(0);
  info.vendor = memory.text(0, 20, 16);
  info.oui = oui_text(memory, 37);
  info.part_number = memory.text(0, 40, 16);
  info.part_revision = memory.text(0, 56, 4);
  info.serial = memory.text(0, 68, 16);
  info.date_code = memory.text(0, 84, 8);
  info.medium = sff8472::medium(memory, info.connector);
  info.is_separable =
      info.medium == ModuleMedium::kOptics || info.medium == ModuleMedium::kTwistedPair;
  info.length_m = sff8472::length_m(memory, info.medium);
  const auto wavelength = memory.word(0, 60).value_or(0);
  if (info.medium == ModuleMedium::kOptics && wavelength != 0) {
    info.technology = std::to_string(wavelength) + " nm";
  }
  add_checksum(memory, "CC_BASE", 0, 0, 62, 63, info);
  add_checksum(memory, "CC_EXT", 0, 64, 94, 95, info);
  sff8472::diagnostics(memory, info);
}

}  // namespace weft::wire::cmis
