// SPDX-License-Identifier: Apache-2.0
#include "wire/cmis/vdm.h"

#include "wire/cmis/values.h"

#include <algorithm>
#include <cmath>

namespace weft::wire::cmis {

std::span<const VdmObservable> vdm_observables() {
  using enum VdmSide;
  using enum VdmStatistic;
  using enum VdmFormat;
  static constexpr auto kRows = std::to_array<VdmObservable>({
      {1, "Laser Age", "%", kMedia, kCurrent, kU16, 1},
      {2, "TEC Current", "%", kModule, kCurrent, kS16, 100.0 / 32767},
      {3, "Laser Frequency Error", "MHz", kMedia, kCurrent, kS16, 10},
      {4, "Laser Temperature", "Cel", kMedia, kCurrent, kS16, 1.0 / 256},
      {5, "eSNR Media Input", "dB", kMedia, kCurrent, kU16, 1.0 / 256},
      {6, "eSNR Host Input", "dB", kHost, kCurrent, kU16, 1.0 / 256},
      {7, "PAM4 Level Transition Parameter Media Input", "dB", kMedia, kCurrent, kU16, 1.0 / 256},
      {8, "PAM4 Level Transition Parameter Host Input", "dB", kHost, kCurrent, kU16, 1.0 / 256},
      {9, "Pre-FEC BER Minimum Media Input", "1", kMedia, kMinimum, kF16, 1},
      {10, "Pre-FEC BER Minimum Host Input", "1", kHost, kMinimum, kF16, 1},
      {11, "Pre-FEC BER Maximum Media Input", "1", kMedia, kMaximum, kF16, 1},
      {12, "Pre-FEC BER Maximum Host Input", "1", kHost, kMaximum, kF16, 1},
      {13, "Pre-FEC BER Average Media Input", "1", kMedia, kAverage, kF16, 1},
      {14, "Pre-FEC BER Average Host Input", "1", kHost, kAverage, kF16, 1},
      {15, "Pre-FEC BER Current Value Media Input", "1", kMedia, kCurrent, kF16, 1},
      {16, "Pre-FEC BER Current Value Host Input", "1", kHost, kCurrent, kF16, 1},
      {17, "Errored Frames Minimum Media Input", "1", kMedia, kMinimum, kF16, 1},
      {18, "Errored Frames Minimum Host Input", "1", kHost, kMinimum, kF16, 1},
      {19, "Errored Frames Maximum Media Input", "1", kMedia, kMaximum, kF16, 1},
      {20, "Errored Frames Maximum Host Input", "1", kHost, kMaximum, kF16, 1},
      {21, "Errored Frames Average Media Input", "1", kMedia, kAverage, kF16, 1},
      {22, "Errored Frames Average Host Input", "1", kHost, kAverage, kF16, 1},
      {23, "Errored Frames Current Value Media Input", "1", kMedia, kCurrent, kF16, 1},
      {24, "Errored Frames Current Value Host Input", "1", kHost, kCurrent, kF16, 1},
      {25, "FERC Total Accumulated Media Input", "1", kMedia, kTotal, kF16, 1},
      {26, "FERC Total Accumulated Host Input", "1", kHost, kTotal, kF16, 1},
      {27, "SEWmax Minimum Media Input", "{symbol}", kMedia, kMinimum, kU16, 1},
      {28, "SEWmax Minimum Host Input", "{symbol}", kHost, kMinimum, kU16, 1},
      {29, "SEWmax Maximum Media Input", "{symbol}", kMedia, kMaximum, kU16, 1},
      {30, "SEWmax Maximum Host Input", "{symbol}", kHost, kMaximum, kU16, 1},
      {31, "SEWmax Average Media Input", "{symbol}", kMedia, kAverage, kU16, 1},
      {32, "SEWmax Average Host Input", "{symbol}", kHost, kAverage, kU16, 1},
      {33, "SEWmax Current Value Media Input", "{symbol}", kMedia, kCurrent, kU16, 1},
      {34, "SEWmax Current Value Host Input", "{symbol}", kHost, kCurrent, kU16, 1},
  });
  return kRows;
}

const VdmObservable* find_vdm(std::uint8_t type) {
  const auto rows = vdm_observables();
  return type == 0 || type > rows.size() ? nullptr : &rows[type - 1U];
}

std::uint16_t encode_vdm(const VdmObservable& observable, double value) {
  if (observable.format == VdmFormat::kF16) {
    return encode_f16(value);
  }
  const double number = std::isfinite(value) ? value / observable.scale : 0;
  if (observable.format == VdmFormat::kS16) {
    return static_cast<std::uint16_t>(
        static_cast<std::int16_t>(std::lround(std::clamp(number, -32768.0, 32767.0))));
  }
  return static_cast<std::uint16_t>(std::lround(std::clamp(number, 0.0, 65535.0)));
}

double decode_vdm(const VdmObservable& observable, std::uint16_t raw) {
  switch (observable.format) {
    case VdmFormat::kF16:
      return decode_f16(raw);
    case VdmFormat::kS16:
      return static_cast<std::int16_t>(raw) * observable.scale;
    case VdmFormat::kU16:
      break;
  }
  return raw * observable.scale;
}

std::array<std::uint8_t, 2> encode(const VdmDescriptor& descriptor) {
  return {static_cast<std::uint8_t>((descriptor.thresholds & 0xF) << 4 | (descriptor.lane & 0xF)),
          descriptor.type};
}

VdmDescriptor decode_vdm_descriptor(std::uint8_t first, std::uint8_t second) {
  return {.type = second,
          .lane = static_cast<std::uint8_t>(first & 0xF),
          .thresholds = static_cast<std::uint8_t>(first >> 4)};
}

std::vector<VdmReading> decode_vdm(const ModuleMemory& memory, std::uint8_t bank) {
  std::vector<VdmReading> readings;
  for (unsigned instance = 0; instance < kVdmGroups * kVdmPerGroup; ++instance) {
    const auto group = static_cast<std::uint8_t>(instance / kVdmPerGroup);
    const auto index = static_cast<std::uint8_t>(instance % kVdmPerGroup);
    const auto at = static_cast<std::uint8_t>(128 + 2 * index);
    const auto raw =
        memory.word(static_cast<std::uint8_t>(kVdmDescriptors + group), at, kLowI2cAddress, bank);
    if (!raw) {
      continue;
    }
    const auto descriptor = decode_vdm_descriptor(static_cast<std::uint8_t>(*raw >> 8),
                                                  static_cast<std::uint8_t>(*raw & 0xFF));
    VdmReading reading{.instance = static_cast<std::uint16_t>(instance),
                       .observable = find_vdm(descriptor.type),
                       .lane = descriptor.lane,
                       .value = {},
                       .thresholds = {},
                       .flags = {}};
    if (reading.observable == nullptr) {
      continue;
    }
    if (const auto sample =
            memory.word(static_cast<std::uint8_t>(kVdmSamples + group), at, kLowI2cAddress, bank)) {
      reading.value = decode_vdm(*reading.observable, *sample);
    }
    for (unsigned i = 0; i < reading.thresholds.size(); ++i) {
      const auto offset = static_cast<std::uint8_t>(128 + 8 * descriptor.thresholds + 2 * i);
      if (const auto limit = memory.word(static_cast<std::uint8_t>(kVdmThresholds + group), offset,
                                         kLowI2cAddress, bank)) {
        reading.thresholds.at(i) = decode_vdm(*reading.observable, *limit);
      }
    }
    if (const auto flags = memory.byte(kVdmFlags, static_cast<std::uint8_t>(128 + instance / 2),
                                       kLowI2cAddress, bank)) {
      reading.flags = static_cast<std::uint8_t>(*flags >> (4 * (instance % 2)) & 0xF);
    }
    readings.push_back(reading);
  }
  return readings;
}

std::optional<unsigned> vdm_groups(const ModuleMemory& memory) {
  const auto groups = memory.byte(kVdmControl, 128);
  return groups ? std::optional<unsigned>((*groups & 3U) + 1U) : std::nullopt;
}

}  // namespace weft::wire::cmis
