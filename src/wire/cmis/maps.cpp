// SPDX-License-Identifier: Apache-2.0
#include "wire/cmis/maps.h"

#include <array>

namespace weft::wire::cmis {

std::string oui_text(const ModuleMemory& memory, std::uint8_t offset) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  unsigned any = 0;
  for (unsigned i = 0; i < 3; ++i) {
    const auto value = memory.byte(0, static_cast<std::uint8_t>(offset + i));
    if (!value) {
      return {};
    }
    any |= *value;
    out += i == 0 ? "" : ":";
    out += kDigits[*value >> 4];
    out += kDigits[*value & 0xF];
  }
  return any == 0 ? std::string{} : out;
}

void add_checksum(const ModuleMemory& memory, std::string name, std::uint8_t page,
                  std::uint8_t first, std::uint8_t last, std::uint8_t at, ModuleInfo& info,
                  std::uint8_t i2c_address) {
  const auto computed = memory.sum(page, first, last, i2c_address);
  const auto stored = memory.byte(page, at, i2c_address);
  if (computed && stored) {
    info.checksums.push_back({std::move(name), *stored, *computed});
  }
}

std::optional<base::Celsius> temperature(std::optional<std::uint16_t> raw) {
  return raw ? std::optional(base::Celsius(static_cast<std::int16_t>(*raw) / 256.0)) : std::nullopt;
}

std::optional<double> volts(std::optional<std::uint16_t> raw) {
  return raw ? std::optional(*raw * 1e-4) : std::nullopt;
}

std::optional<double> milliwatts(std::optional<std::uint16_t> raw) {
  return raw ? std::optional(*raw * 1e-4) : std::nullopt;
}

std::optional<base::Milliamps> bias(std::optional<std::uint16_t> raw, unsigned scale) {
  return raw ? std::optional(base::Milliamps(*raw * 2e-3 * scale)) : std::nullopt;
}

std::optional<bool> flag(std::optional<std::uint8_t> byte, unsigned bit) {
  return byte ? std::optional((*byte >> bit & 1) != 0) : std::nullopt;
}

std::string technology_name(std::uint8_t code) {
  static constexpr std::array<std::string_view, 17> kNames = {
      "850 nm VCSEL",
      "1310 nm VCSEL",
      "1550 nm VCSEL",
      "1310 nm FP",
      "1310 nm DFB",
      "1550 nm DFB",
      "1310 nm EML",
      "1550 nm EML",
      "other",
      "1490 nm DFB",
      "copper, unequalised",
      "copper, passive equalised",
      "copper, limiting equalisers at both ends",
      "copper, limiting equaliser at the far end",
      "copper, limiting equaliser at the near end",
      "copper, linear equalisers",
      "tunable C-band laser"};
  return std::string(code < kNames.size() ? kNames.at(code) : std::string_view{});
}

std::optional<ModuleMedium> copper_of(std::uint8_t code) {
  if (code < 0x0A || code > 0x0F) {
    return std::nullopt;
  }
  if (code <= 0x0B) {
    return ModuleMedium::kPassiveCopper;
  }
  return code == 0x0F ? ModuleMedium::kLinearCopper : ModuleMedium::kActiveCopper;
}

}  // namespace weft::wire::cmis
