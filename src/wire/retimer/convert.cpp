// SPDX-License-Identifier: Apache-2.0
#include "wire/retimer/convert.h"

#include "wire/retimer/registers.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace weft::wire::retimer {
namespace {

constexpr double kCelAtReference = 110.0;
constexpr double kCelPerCode = 0.32;
constexpr int kCodeAtReference = 250;
constexpr unsigned kFieldShift = 5;  // of every equaliser word
constexpr double kAttenuatorStep = 1.5;
constexpr double kVgaStep = 0.9;
constexpr double kCtleStep = 0.65;
constexpr int kCtleSaturation = 10;
constexpr double kTimingMax = 0.4;   // UI
constexpr double kVoltageMax = 200;  // mV

struct Tap {
  unsigned bits;
  int offset;  // 0: two's complement
  double millivolts;
};
constexpr std::array<Tap, kDfeTaps> kTaps{{{9, 0, 1.85},
                                           {8, 128, 0.35},
                                           {7, 64, 0.7},
                                           {7, 64, 0.35},
                                           {7, 64, 0.35},
                                           {7, 64, 0.35},
                                           {7, 64, 0.35},
                                           {7, 64, 0.35}}};

int field(std::uint16_t word, unsigned shift, unsigned bits) {
  return static_cast<int>((static_cast<unsigned>(word) >> shift) & ((1U << bits) - 1U));
}
int signed_field(std::uint16_t word, unsigned shift, unsigned bits) {
  const int value = field(word, shift, bits);
  return value >= 1 << (bits - 1) ? value - (1 << bits) : value;
}
std::uint16_t with_field(std::uint16_t word, unsigned shift, unsigned bits, int value) {
  const unsigned mask = ((1U << bits) - 1U) << shift;
  return static_cast<std::uint16_t>((word & ~mask) |
                                    ((static_cast<unsigned>(value) << shift) & mask));
}
std::uint16_t code_word(double value, double step, int code_max) {
  const double code = std::isfinite(value) ? std::round(value / step) : 0.0;
  return static_cast<std::uint16_t>(
      static_cast<unsigned>(std::clamp(code, 0.0, static_cast<double>(code_max))) << kFieldShift);
}

}  // namespace

std::optional<base::Celsius> temperature(std::uint32_t adc, std::uint8_t calibration) {
  if (adc == 0 || adc >= kAdcInvalid) {
    return std::nullopt;
  }
  const double code = static_cast<double>(adc) - (calibration + kCodeAtReference);
  return base::Celsius(kCelAtReference - kCelPerCode * code);
}

std::uint16_t temperature_code(base::Celsius temperature, std::uint8_t calibration) {
  const double above = (kCelAtReference - temperature.value()) / kCelPerCode;
  const double code = std::round(above + calibration + kCodeAtReference);
  return static_cast<std::uint16_t>(
      std::isfinite(code) ? std::clamp(code, 1.0, static_cast<double>(kAdcInvalid - 1)) : 1.0);
}

base::Decibel attenuator(std::uint16_t word) {
  return base::Decibel(-kAttenuatorStep * field(word, kFieldShift, 3));
}
std::uint16_t attenuator_word(base::Decibel loss) {
  return code_word(loss.value(), kAttenuatorStep, 7);
}
base::Decibel vga(std::uint16_t word) {
  return base::Decibel(kVgaStep * field(word, kFieldShift, 5));
}
std::uint16_t vga_word(base::Decibel gain) {
  return code_word(gain.value(), kVgaStep, 31);
}
base::Decibel ctle_boost(std::uint16_t word) {
  return base::Decibel(kCtleStep * std::min(field(word, kFieldShift, 5), kCtleSaturation));
}
std::uint16_t ctle_word(base::Decibel boost) {
  return code_word(boost.value(), kCtleStep, 31);
}

base::Millivolts dfe(unsigned tap, std::uint16_t word) {
  const Tap& is = kTaps[std::clamp(tap, 1U, kDfeTaps) - 1];
  const int code = is.offset == 0 ? signed_field(word, kFieldShift, is.bits)
                                  : field(word, kFieldShift, is.bits) - is.offset;
  return base::Millivolts(code * is.millivolts);
}

std::uint16_t dfe_word(unsigned tap, base::Millivolts voltage) {
  const Tap& is = kTaps[std::clamp(tap, 1U, kDfeTaps) - 1];
  const double half = 1 << (is.bits - 1);
  const double wanted =
      std::isfinite(voltage.value()) ? std::round(voltage.value() / is.millivolts) : 0.0;
  const int code = static_cast<int>(std::clamp(wanted, -half, half - 1));
  return with_field(0, kFieldShift, is.bits, code + is.offset);
}

std::uint16_t dfe_address(unsigned tap) {
  return static_cast<std::uint16_t>(tap <= 5 ? kPmaDfe1 + (tap - 1) : kPmaDfe6 + (tap - 6));
}

base::UnitIntervals timing_offset(int steps) {
  return base::UnitIntervals(kTimingMax * steps / kTimingSteps);
}
base::Millivolts voltage_offset(int steps) {
  return base::Millivolts(kVoltageMax * steps / kVoltageSteps);
}
int timing_field(std::uint16_t word) {
  return signed_field(word, 5, 7);
}
int voltage_field(std::uint16_t word) {
  return signed_field(word, 2, 9);
}
std::uint16_t with_timing_field(std::uint16_t word, int steps) {
  return with_field(word, 5, 7, steps);
}
std::uint16_t with_voltage_field(std::uint16_t word, int steps) {
  return with_field(word, 2, 9, steps);
}

std::uint32_t bert_errors(std::uint16_t word) {
  return word < 0x8000U ? word : (static_cast<std::uint32_t>(word) >> 1U) * 128U;
}

std::uint16_t bert_word(std::uint64_t errors) {
  const std::uint64_t code = errors / 128U;
  if (code < 0x4000U) {  // between 32768 and 2097151 the checker shows the lower end
    return static_cast<std::uint16_t>(std::min<std::uint64_t>(errors, 0x7FFFU));
  }
  return code >= 0x7FFFU ? std::uint16_t{0xFFFF} : static_cast<std::uint16_t>(code << 1U);
}

}  // namespace weft::wire::retimer
