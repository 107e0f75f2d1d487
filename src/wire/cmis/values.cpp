// SPDX-License-Identifier: Apache-2.0
#include "wire/cmis/values.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace weft::wire::cmis {
namespace cmis_values {

std::uint16_t saturate(double value) {
  if (!(value > 0)) {
    return 0;
  }
  return static_cast<std::uint16_t>(std::lround(std::min(value, 65535.0)));
}

constexpr std::int64_t kMs = 1'000'000;
/// Greatest time of codes 0 to 12.
constexpr std::array<std::int64_t, 13> kLimits = {
    1 * kMs,       5 * kMs,       10 * kMs,       50 * kMs,     100 * kMs,
    500 * kMs,     1'000 * kMs,   5'000 * kMs,    10'000 * kMs, 60'000 * kMs,
    300'000 * kMs, 600'000 * kMs, 3'000'000 * kMs};
constexpr std::uint8_t kUnbounded = 13;

constexpr int kExponentBias = 24;
constexpr int kExponentMax = 31;
constexpr double kMantissaMax = 2047;

}  // namespace cmis_values

std::uint16_t encode_celsius(base::Celsius value) {
  const double raw =
      std::clamp(std::isfinite(value.value()) ? value.value() * 256 : 0.0, -32768.0, 32767.0);
  return static_cast<std::uint16_t>(static_cast<std::int16_t>(std::lround(raw)));
}
base::Celsius decode_celsius(std::uint16_t raw) {
  return base::Celsius(static_cast<std::int16_t>(raw) / 256.0);
}

std::uint16_t encode_volts(double volts) {
  return cmis_values::saturate(volts * 1e4);
}
double decode_volts(std::uint16_t raw) {
  return raw * 1e-4;
}

std::uint16_t encode_milliwatts(double milliwatts) {
  return cmis_values::saturate(milliwatts * 1e4);
}
double decode_milliwatts(std::uint16_t raw) {
  return raw * 1e-4;
}

std::uint16_t encode_bias(base::Milliamps value, unsigned scaling) {
  return cmis_values::saturate(value.value() * 500.0 / (1U << std::min(scaling, 2U)));
}
base::Milliamps decode_bias(std::uint16_t raw, unsigned scaling) {
  return base::Milliamps(raw * 2e-3 * (1U << std::min(scaling, 2U)));
}

std::uint16_t encode_decibel(base::Decibel value) {
  return cmis_values::saturate(value.value() * 256.0);
}
base::Decibel decode_decibel(std::uint16_t raw) {
  return base::Decibel(raw / 256.0);
}

std::uint16_t encode_f16(double value) {
  using namespace cmis_values;
  if (!(value > 0)) {
    return 0;
  }
  for (int exponent = 0; exponent <= kExponentMax; ++exponent) {
    const double mantissa = std::nearbyint(value * std::pow(10.0, kExponentBias - exponent));
    if (mantissa <= kMantissaMax) {
      return mantissa < 1 ? std::uint16_t{0}
                          : static_cast<std::uint16_t>(exponent << 11 | static_cast<int>(mantissa));
    }
  }
  return 0xFFFF;
}

double decode_f16(std::uint16_t raw) {
  return (raw & 0x7FF) * std::pow(10.0, (raw >> 11) - cmis_values::kExponentBias);
}

base::Duration duration_limit(std::uint8_t code) {
  if (code < cmis_values::kLimits.size()) {
    return {cmis_values::kLimits.at(code)};
  }
  return {code == cmis_values::kUnbounded ? std::numeric_limits<std::int64_t>::max() : 0};
}

std::uint8_t duration_code(base::Duration greatest) {
  for (std::size_t code = 0; code < cmis_values::kLimits.size(); ++code) {
    if (greatest.ns <= cmis_values::kLimits.at(code)) {
      return static_cast<std::uint8_t>(code);
    }
  }
  return cmis_values::kUnbounded;
}

}  // namespace weft::wire::cmis
