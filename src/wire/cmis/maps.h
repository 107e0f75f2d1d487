// SPDX-License-Identifier: Apache-2.0
// The three memory maps' decoders and what they share. Only identity.cpp and the decoders include
// it.
#pragma once

#include "wire/cmis/identity.h"

#include <optional>
#include <string>

namespace weft::wire::cmis {

void decode_sff8472(const ModuleMemory& memory, ModuleInfo& info);
void decode_sff8636(const ModuleMemory& memory, ModuleInfo& info);
void decode_cmis(const ModuleMemory& memory, ModuleInfo& info);

/// "00:02:c9" from three bytes; empty where they are zero or were not read.
[[nodiscard]] std::string oui_text(const ModuleMemory& memory, std::uint8_t offset);
/// Adds the checksum over [first, last] of a page, stored at `at`, where all of it was read.
void add_checksum(const ModuleMemory& memory, std::string name, std::uint8_t page,
                  std::uint8_t first, std::uint8_t last, std::uint8_t at, ModuleInfo& info,
                  std::uint8_t i2c_address = kLowI2cAddress);
/// 1/256 degree, two's complement.
[[nodiscard]] std::optional<base::Celsius> temperature(std::optional<std::uint16_t> raw);
/// Units of 100 uV.
[[nodiscard]] std::optional<double> volts(std::optional<std::uint16_t> raw);
/// Units of 0.1 uW.
[[nodiscard]] std::optional<double> milliwatts(std::optional<std::uint16_t> raw);
/// Units of 2 uA, times the module's scale.
[[nodiscard]] std::optional<base::Milliamps> bias(std::optional<std::uint16_t> raw,
                                                  unsigned scale = 1);
/// One bit of a flag byte that may not have been read.
[[nodiscard]] std::optional<bool> flag(std::optional<std::uint8_t> byte, unsigned bit);

/// Transmitter technology codes 0 to 15: SFF-8636 byte 147 bits 7:4 and CMIS byte 212 agree on
/// them.
[[nodiscard]] std::string technology_name(std::uint8_t code);
/// Copper kinds by that code: 10 and 11 passive, 12 to 14 limiting, 15 linear.
[[nodiscard]] std::optional<ModuleMedium> copper_of(std::uint8_t code);

}  // namespace weft::wire::cmis
