// SPDX-License-Identifier: Apache-2.0
// How CMIS codes numbers, both ways: monitors, the 16-bit float of error ratios, maximum durations.
// Encoders saturate at what the field can hold; they never wrap. Clauses of OIF-CMIS-05.2: 8.2.4
// monitors, table 8-35 durations, table 8-122 F16.
#pragma once

#include "base/time.h"
#include "base/units.h"

#include <cstdint>

namespace weft::wire::cmis {

/// S16, 1/256 degree.
[[nodiscard]] std::uint16_t encode_celsius(base::Celsius value);
[[nodiscard]] base::Celsius decode_celsius(std::uint16_t raw);
/// U16, 100 uV.
[[nodiscard]] std::uint16_t encode_volts(double volts);
[[nodiscard]] double decode_volts(std::uint16_t raw);
/// U16, 0.1 uW.
[[nodiscard]] std::uint16_t encode_milliwatts(double milliwatts);
[[nodiscard]] double decode_milliwatts(std::uint16_t raw);
/// U16, 2 uA times the module's factor: 1, 2 or 4 for 01h:160.4-3 of 0, 1, 2.
[[nodiscard]] std::uint16_t encode_bias(base::Milliamps value, unsigned scaling = 0);
[[nodiscard]] base::Milliamps decode_bias(std::uint16_t raw, unsigned scaling = 0);
/// U16, 1/256 dB.
[[nodiscard]] std::uint16_t encode_decibel(base::Decibel value);
[[nodiscard]] base::Decibel decode_decibel(std::uint16_t raw);
/// Mantissa (bits 10-0) times ten to the power of (bits 15-11) - 24: 0, or 1e-24 to 2.047e10. The
/// encoder takes the smallest exponent that holds the value, so the mantissa keeps four figures
/// where it can; zero, negatives and not-a-number become 0.
[[nodiscard]] std::uint16_t encode_f16(double value);
[[nodiscard]] double decode_f16(std::uint16_t raw);

/// The greatest time that a 4-bit duration code allows; code 13 has none and gives Duration max, 14
/// and 15 are reserved and give 0.
[[nodiscard]] base::Duration duration_limit(std::uint8_t code);
/// The least code that allows this time.
[[nodiscard]] std::uint8_t duration_code(base::Duration greatest);

}  // namespace weft::wire::cmis
