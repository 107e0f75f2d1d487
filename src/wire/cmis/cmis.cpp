// SPDX-License-Identifier: Apache-2.0
// CMIS 4.0 to 5.3: QSFP-DD, OSFP, QSFP112 and later forms. Lower memory 8.2, page 00h 8.3, page
// 01h 8.4, page 11h 8.10 (clause numbers of CMIS 5.2).
#include "wire/cmis/maps.h"

namespace weft::wire::cmis {
namespace cmis_map {

constexpr unsigned kLanes = 8;

// Byte 85, media type encoding (table 8-21).
constexpr std::uint8_t kMultimode = 0x01;
constexpr std::uint8_t kSinglemode = 0x02;
constexpr std::uint8_t kPassiveCable = 0x03;
constexpr std::uint8_t kActiveCable = 0x04;
constexpr std::uint8_t kBaseT = 0x05;

// SFF-8024 table 4-7: 400ZR, amplified and unamplified.
constexpr std::uint8_t k400ZrAmplified = 0x3E;
constexpr std::uint8_t k400ZrUnamplified = 0x3F;

std::string version(std::optional<std::uint8_t> major, std::optional<std::uint8_t> minor) {
  if (!major || !minor || (*major == 0 && *minor == 0) || (*major == 0xFF && *minor == 0xFF)) {
    return {};  // 0.0: no firmware; FF.FF: the image is invalid (8.2.9)
  }
  return std::to_string(*major) + "." + std::to_string(*minor);
}

void applications(const ModuleMemory& memory, ModuleInfo& info) {
  for (unsigned i = 0; i < 8; ++i) {
    const auto at = [i](unsigned byte) { return static_cast<std::uint8_t>(86 + 4 * i + byte); };
    const auto host = memory.byte(0, at(0));
    const auto media = memory.byte(0, at(1));
    const auto lanes = memory.byte(0, at(2));
    if (!host || !media || !lanes || *host == 0xFF || *host == 0x00) {
      return;  // 0xFF ends the list
    }
    info.applications.push_back({*host, *media,
                                 base::LaneCount(static_cast<std::uint32_t>(*lanes >> 4)),
                                 base::LaneCount(static_cast<std::uint32_t>(*lanes & 0xF))});
  }
}

ModuleMedium medium(std::uint8_t media_type, std::optional<std::uint8_t> technology,
                    const ModuleInfo& info) {
  const auto copper_or = [&](ModuleMedium other) {
    return technology ? copper_of(*technology).value_or(other) : other;
  };
  switch (media_type) {
    case kPassiveCable:
      return copper_or(ModuleMedium::kPassiveCopper);
    case kActiveCable:
      // The host sees an active cable; its technology byte tells copper from fibre.
      return technology ? copper_or(ModuleMedium::kActiveOptical) : ModuleMedium::kUnknown;
    case kBaseT:
      return ModuleMedium::kTwistedPair;
    case kSinglemode:
      if (!info.applications.empty() &&
          (info.applications[0].media_interface == k400ZrAmplified ||
           info.applications[0].media_interface == k400ZrUnamplified)) {
        return ModuleMedium::kCoherentOptics;
      }
      return ModuleMedium::kOptics;
    case kMultimode:
      return ModuleMedium::kOptics;
    default:
      return ModuleMedium::kUnknown;
  }
}

/// Byte 202: bits 7:6 multiply by 0.1, 1, 10 or 100 m. 0 is "not a cable".
std::optional<double> cable_length_m(std::optional<std::uint8_t> raw) {
  static constexpr double kUnits[] = {0.1, 1, 10, 100};
  if (!raw || (*raw & 0x3F) == 0) {
    return std::nullopt;
  }
  return (*raw & 0x3F) * kUnits[*raw >> 6];
}

/// Page 01h bytes 132-136: what the fibre may measure.
std::optional<double> reach_m(const ModuleMemory& memory) {
  if (const auto single = memory.byte(0x01, 132).value_or(0); (single & 0x3F) != 0) {
    return (single & 0x3F) * ((single >> 6) == 0 ? 100.0 : 1000.0);
  }
  for (std::uint8_t offset = 133; offset <= 136; ++offset) {
    if (const auto value = memory.byte(0x01, offset).value_or(0); value != 0) {
      return value * (offset == 136 ? 1.0 : 2.0);
    }
  }
  return std::nullopt;
}

void attenuation(const ModuleMemory& memory, ModuleInfo& info) {
  constexpr double kGhz = 1e9;
  struct At {
    std::uint8_t offset;
    double ghz;
  };
  for (const auto& [offset, ghz] : {At{204, 5.0}, At{205, 7.0}, At{206, 12.9}, At{207, 25.8}}) {
    if (const auto value = memory.byte(0, offset).value_or(0); value != 0) {
      info.attenuation.emplace_back(base::Hertz(ghz * kGhz), base::Decibel(value));
    }
  }
}

void module_monitors(const ModuleMemory& memory, ModuleInfo& info) {
  // Page 01h byte 159 says which monitors there are; without the page they are taken as there when
  // not zero.
  const auto supported = memory.byte(0x01, 159);
  const auto celsius = memory.word(0, 14);
  const auto supply = memory.word(0, 16);
  if (supported ? (*supported & 0x01) != 0 : celsius.value_or(0) != 0) {
    info.temperature = temperature(celsius);
    info.temperature_high_alarm = flag(memory.byte(0, 9), 0);
  }
  if (supported ? (*supported & 0x02) != 0 : supply.value_or(0) != 0) {
    info.voltage_v = volts(supply);
  }
}

/// Page 11h: one byte of flags for eight lanes, then monitors of two bytes a lane. Page 01h byte
/// 160 says which monitors there are and how bias is scaled.
void lanes(const ModuleMemory& memory, ModuleInfo& info) {
  constexpr std::uint8_t kPage = 0x11;
  if (!memory.byte(kPage, 128)) {
    return;
  }
  const auto supported = memory.byte(0x01, 160).value_or(0);
  static constexpr unsigned kScales[] = {1, 2, 4, 1};
  const unsigned scale = kScales[supported >> 3 & 3];
  for (unsigned i = 0; i < kLanes; ++i) {
    ModuleLane lane;
    const auto at = [i](unsigned start) { return static_cast<std::uint8_t>(start + 2 * i); };
    if (const auto states = memory.byte(kPage, static_cast<std::uint8_t>(128 + i / 2))) {
      lane.data_path_state = static_cast<std::uint8_t>(*states >> (4 * (i % 2)) & 0xF);
    }
    lane.transmit_fault = flag(memory.byte(kPage, 135), i);
    lane.transmit_loss_of_signal = flag(memory.byte(kPage, 136), i);
    lane.transmit_loss_of_lock = flag(memory.byte(kPage, 137), i);
    lane.receive_loss_of_signal = flag(memory.byte(kPage, 147), i);
    lane.receive_loss_of_lock = flag(memory.byte(kPage, 148), i);
    if ((supported & 0x02) != 0) {
      lane.transmit_power_mw = milliwatts(memory.word(kPage, at(154)));
    }
    if ((supported & 0x01) != 0) {
      lane.bias = bias(memory.word(kPage, at(170)), scale);
    }
    if ((supported & 0x04) != 0) {
      lane.receive_power_mw = milliwatts(memory.word(kPage, at(186)));
    }
    info.lanes.push_back(lane);
  }
}

}  // namespace cmis_map

void decode_cmis(const ModuleMemory& memory, ModuleInfo& info) {
  using namespace cmis_map;
  if (const auto revision = memory.byte(0, 1)) {
    info.revision = std::to_string(*revision >> 4) + "." + std::to_string(*revision & 0xF);
  }
  if (const auto status = memory.byte(0, 3)) {
    info.state = static_cast<std::uint8_t>(*status >> 1 & 7);
  }
  info.firmware = version(memory.byte(0, 39), memory.byte(0, 40));
  info.vendor = memory.text(0, 129, 16);
  info.oui = oui_text(memory, 145);
  info.part_number = memory.text(0, 148, 16);
  info.part_revision = memory.text(0, 164, 2);
  info.serial = memory.text(0, 166, 16);
  info.date_code = memory.text(0, 182, 8);
  if (const auto power = memory.byte(0, 201); power && *power != 0) {
    info.power_max = base::Watts(*power * 0.25);
  }
  info.connector = memory.byte(0, 203).value_or(0);
  applications(memory, info);
  const auto technology = memory.byte(0, 212);
  info.technology = technology ? technology_name(*technology) : std::string{};
  info.medium = medium(memory.byte(0, 85).value_or(0), technology, info);
  const auto cable = cable_length_m(memory.byte(0, 202));
  info.is_separable = !cable && (info.medium == ModuleMedium::kOptics ||
                                 info.medium == ModuleMedium::kCoherentOptics ||
                                 info.medium == ModuleMedium::kTwistedPair);
  info.length_m = cable ? cable : (info.is_separable ? reach_m(memory) : std::nullopt);
  if (technology && copper_of(*technology)) {
    attenuation(memory, info);
  }
  module_monitors(memory, info);
  lanes(memory, info);
  add_checksum(memory, "page 00h", 0, 128, 221, 222, info);
  add_checksum(memory, "page 01h", 0x01, 130, 254, 255, info);
}

}  // namespace weft::wire::cmis
