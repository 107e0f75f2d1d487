// SPDX-License-Identifier: Apache-2.0
// Codes of a retimer's registers to quantities and back, with the constants of the vendor's SDK
// (aries_misc.c, aries_link.c, aries_margin.h). Both directions are here: drivers read codes, twins
// make them.
//   temperature     T = 110 - 0.32 (adc - (cal + 250)) Cel; cal from eFuse, 84 where it has none;
//                   adc 0 or from 0x3FF on is no reading; add 3 Cel of uncertainty before alarms
//   attenuator      -1.5 dB a code, word bits 7:5
//   VGA             0.9 dB a code, word bits 9:5
//   CTLE            0.65 dB a code, no more boost beyond 10; word bits 9:5, pole 11:10
//   DFE             word bits from 5 on; tap 1 two's complement of 9 bits, tap 2 offset 128, others
//                   offset 64; 1.85 mV (tap 1), 0.7 mV (tap 3), 0.35 mV (others) a code
//   margining       timing 14 steps = 0.4 UI, voltage 108 steps = 200 mV; both two's complement (7
//                   and 9 bits); positive is left and up
#pragma once

#include "base/units.h"

#include <cstdint>
#include <optional>

namespace weft::wire::retimer {

inline constexpr std::uint8_t kDefaultCalibration = 84;
inline constexpr double kTemperatureUncertainty = 3.0;  ///< Cel
inline constexpr std::uint32_t kAdcInvalid = 0x3FF;
inline constexpr double kTemperatureWarning = 100.0;  ///< Cel, with the uncertainty added
inline constexpr double kTemperatureAlert = 110.0;
inline constexpr std::uint8_t kFomAlert = 0x55;  ///< and below

/// nullopt where the code is no reading.
[[nodiscard]] std::optional<base::Celsius> temperature(std::uint32_t adc, std::uint8_t calibration);
/// Clamped to codes that are readings.
[[nodiscard]] std::uint16_t temperature_code(base::Celsius temperature, std::uint8_t calibration);

[[nodiscard]] base::Decibel attenuator(std::uint16_t word);
[[nodiscard]] std::uint16_t attenuator_word(base::Decibel loss);  ///< `loss` positive
[[nodiscard]] base::Decibel vga(std::uint16_t word);
[[nodiscard]] std::uint16_t vga_word(base::Decibel gain);
[[nodiscard]] base::Decibel ctle_boost(std::uint16_t word);  ///< of the stage itself
[[nodiscard]] std::uint16_t ctle_word(base::Decibel boost);
inline constexpr unsigned kDfeTaps = 8;
/// @pre 1 <= tap <= 8
[[nodiscard]] base::Millivolts dfe(unsigned tap, std::uint16_t word);
[[nodiscard]] std::uint16_t dfe_word(unsigned tap, base::Millivolts voltage);
/// The PMA word that holds a tap. @pre 1 <= tap <= 8
[[nodiscard]] std::uint16_t dfe_address(unsigned tap);

inline constexpr int kTimingSteps = 14;
inline constexpr int kVoltageSteps = 108;
inline constexpr std::uint8_t kMarginErrorsMax = 63;
/// What the steps of the two fields move the sampler by: left and down are negative.
[[nodiscard]] base::UnitIntervals timing_offset(int steps);
[[nodiscard]] base::Millivolts voltage_offset(int steps);
/// Fields of the words 0x200C and 0x203A, sign extended. Positive steps in the timing field are
/// left.
[[nodiscard]] int timing_field(std::uint16_t word);
[[nodiscard]] int voltage_field(std::uint16_t word);
[[nodiscard]] std::uint16_t with_timing_field(std::uint16_t word, int steps);
[[nodiscard]] std::uint16_t with_voltage_field(std::uint16_t word, int steps);

/// Errors that a pattern checker's word says: from 0x8000 on, half of it times 128, up to 4194176.
[[nodiscard]] std::uint32_t bert_errors(std::uint16_t word);
[[nodiscard]] std::uint16_t bert_word(std::uint64_t errors);

}  // namespace weft::wire::retimer
