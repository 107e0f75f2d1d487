// SPDX-License-Identifier: Apache-2.0
// What a module's memory holds after management initialisation: identity, what it advertises,
// thresholds, and the defaults of its controls (OIF-CMIS-05.2 8.3 to 8.10; 6.2.3 for defaults).
#include "twin/cable_module/module.h"
#include "wire/cmis/cdb.h"
#include "wire/cmis/values.h"
#include "wire/cmis/vdm.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace weft::twin {
namespace module_identity {

using cable_module::reg;

constexpr std::uint8_t kCmisRevision = 0x52;
constexpr std::uint8_t kOsfp = 0x19;  // SFF-8024 table 4-1
constexpr std::uint8_t kQsfpCmis = 0x1E;

// 01h:145 bits 1 and 2 are 0 where Aux2 and Aux3 would be the laser's temperature. Modules without
// a laser set them, since hosts look there without asking 01h:159 whether the monitor is there.
constexpr std::uint8_t kLaserTemperature = 0x04;  // Aux2
constexpr std::uint8_t kNoLaser = 0x06;

/// 00h:200 bits 7-5: class limits of 1.5, 3.5, 7, 8, 10, 12, 14 W, and class 8 above.
std::uint8_t power_class(double watts) {
  std::uint8_t found = 0;
  for (const double limit : {1.5, 3.5, 7.0, 8.0, 10.0, 12.0, 14.0}) {
    if (watts <= limit) {
      return found;
    }
    ++found;
  }
  return 7;
}

/// 00h:202: two bits of multiplier (0.1, 1, 10, 100 m), six of length.
std::uint8_t length_code(double metres) {
  unsigned multiplier = 0;
  for (double unit : {0.1, 1.0, 10.0, 100.0}) {
    const double steps = std::round(metres / unit);
    if (steps <= 63) {
      return static_cast<std::uint8_t>(multiplier << 6 | static_cast<unsigned>(steps));
    }
    ++multiplier;
  }
  return 0xFF;
}

std::uint64_t advertised(double typical_s) {
  return wire::cmis::duration_code(base::seconds(typical_s * 1.25));
}

}  // namespace module_identity

void CableModule::build_memory() {
  memory_.clear();
  build_page_00();
  if (!setup_.kind->is_flat) {
    build_page_01();
    build_page_02();
    memory_.page(0x03) = user_eeprom_;
    memory_.page(wire::cmis::kCdbPage) = {};
    for (unsigned page = 0; page < 16; ++page) {
      memory_.page(static_cast<std::uint8_t>(wire::cmis::kCdbExtendedPage + page)) = {};
    }
    const auto banks = (lanes_.size() + wire::cmis::kBankLanes - 1) / wire::cmis::kBankLanes;
    for (std::size_t bank = 0; bank < banks; ++bank) {
      build_lane_pages(static_cast<std::uint8_t>(bank));
      if (setup_.kind->is_retimed) {
        build_statistics_pages(static_cast<std::uint8_t>(bank));
      }
    }
  }
  build_checksums();
}

void CableModule::build_page_00() {
  using namespace module_identity;
  const auto& kind = *setup_.kind;
  const auto identifier = lanes_.size() > 4 ? kOsfp : kQsfpCmis;
  memory_.set(reg("SFF8024Identifier"), identifier);
  memory_.set(reg("CmisRevision"), kCmisRevision);
  memory_.set(reg("MemoryModel"), kind.is_flat && !is_quirk(Quirk::kFlatNotSaid) ? 1 : 0);
  memory_.set(reg("MciMaxSpeed"), 1);  // 1 MHz
  memory_.set(reg("InterruptDeasserted"), 1);
  memory_.set(reg("LowPwrAllowRequestHW"), 1);
  memory_.set(reg("ModuleActiveFirmwareMajorRevision"), firmware_.active().major);
  memory_.set(reg("ModuleActiveFirmwareMinorRevision"), firmware_.active().minor);
  memory_.set(reg("MediaType"), static_cast<std::uint64_t>(kind.media_type));
  auto& lower = memory_.lower();
  for (std::size_t i = 0; i < 8; ++i) {
    const std::size_t at = 86 + 4 * i;
    if (i < applications_.size()) {
      const auto& row = applications_[i];
      lower.at(at) = row.host_interface;
      lower.at(at + 1) = row.media_interface;
      lower.at(at + 2) = static_cast<std::uint8_t>(row.lanes << 4 | row.lanes);
      lower.at(at + 3) = row.starts;
    } else {
      lower.at(at) = 0xFF;  // ends the list
    }
  }
  memory_.set(reg("SFF8024IdentifierCopy"), identifier);
  memory_.set_text(reg("VendorName"), setup_.vendor);
  memory_.set_text(reg("VendorPN"), setup_.part_number);
  memory_.set_text(reg("VendorRev"), "A1");
  memory_.set_text(reg("VendorSN"), setup_.serial);
  memory_.set_text(reg("DateCode"), "250101");
  memory_.set_text(reg("CLEICode"), "");
  memory_.set(reg("ModulePowerClass"), power_class(kind.power_w));
  memory_.set(reg("MaxPower"), static_cast<std::uint64_t>(std::ceil(kind.power_w * 4)));
  if (kind.is_cable) {
    const auto code = length_code(setup_.length_m);
    memory_.set(reg("LengthMultiplier"), code >> 6);
    memory_.set(reg("BaseLength"), code & 0x3FU);
  }
  memory_.set(reg("ConnectorType"), kind.connector);
  memory_.set(reg("MediaLaneUnsupported"), lanes_.size() >= 8 ? 0 : 0xFFU << lanes_.size() & 0xFFU);
  memory_.set(reg("MediaInterfaceTechnology"), kind.technology);
}

void CableModule::build_page_01() {
  using namespace module_identity;
  const auto& kind = *setup_.kind;
  const auto& times = kind.times;
  memory_.set(reg("ModuleInactiveFirmwareMajorRevision"), firmware_.inactive().major);
  memory_.set(reg("ModuleInactiveFirmwareMinorRevision"), firmware_.inactive().minor);
  memory_.set(reg("ModuleHardwareMajorRevision"), 1);
  if (kind.media_type == wire::cmis::MediaType::kSinglemode) {
    memory_.set(reg("LengthSMF"), 5);  // 500 m
  }
  if (kind.has_light) {
    memory_.set(reg("NominalWavelength"),
                static_cast<std::uint64_t>(std::lround(kind.light.wavelength_nm * 20)));
    memory_.set(reg("WavelengthTolerance"), 1300);
  }
  memory_.set(reg("VDMPagesSupported"), kind.is_retimed);
  memory_.set(reg("DiagnosticPagesSupported"), kind.is_retimed);
  memory_.set(reg("Page03hSupported"), 1);
  memory_.set(reg("BanksSupported"), lanes_.size() > 8 ? 1 : 0);
  memory_.set(reg("MaxDurationDPDeinit"), advertised(times.data_path_deinit));
  memory_.set(reg("MaxDurationDPInit"), advertised(times.data_path_init));
  memory_.set(reg("ModuleCharacteristics"), kind.has_light ? kLaserTemperature : kNoLaser);
  memory_.set(reg("ModuleTempMax"), static_cast<std::uint64_t>(kind.temperature_max - 5));
  memory_.set(reg("OperatingVoltageMin"), 157);  // 3.14 V
  memory_.set(reg("SignalCharacteristics"), 0x02);
  memory_.set(reg("RxOutputLevelsSupported"), 0xF);
  memory_.set(reg("TxInputEqMax"), 7);
  memory_.set(reg("RxOutputEqPostCursorMax"), 7);
  memory_.set(reg("RxOutputEqPreCursorMax"), 7);
  memory_.set(reg("SupportedControlsTx"), 0x1F);
  memory_.set(reg("SupportedControlsRx"), 0x07);
  memory_.set(reg("SupportedFlagsTx"), kind.is_retimed ? 0x07 : 0x03);
  memory_.set(reg("SupportedFlagsRx"), kind.is_retimed ? 0x06 : 0x02);
  memory_.set(reg("SupportedModuleMonitors"), kind.has_light ? 0x0B : 0x03);
  memory_.set(reg("RxOpticalPowerMonSupported"), kind.has_light);
  memory_.set(reg("TxOpticalPowerMonSupported"), kind.has_light);
  memory_.set(reg("TxBiasMonSupported"), kind.has_light);
  memory_.set(reg("SupportedSignalIntegrityTx"), kind.is_retimed ? 0x0D : 0x0C);
  memory_.set(reg("SupportedSignalIntegrityRx"), kind.is_retimed ? 0x3D : 0x3C);
  memory_.set(reg("CdbInstancesSupported"), 1);
  memory_.set(reg("CdbBackgroundModeSupported"), 1);
  memory_.set(reg("CdbMaxPagesEPL"), 7);  // A0h to AFh
  memory_.set(reg("CdbReadWriteLengthExtension"), 15);
  memory_.set(reg("CdbMaxBusyTime"), 70);  // 10 ms
  memory_.set(reg("MaxDurationModulePwrDn"), advertised(times.power_down));
  memory_.set(reg("MaxDurationModulePwrUp"), advertised(times.power_up));
  memory_.set(reg("MaxDurationDPTxTurnOff"), advertised(times.transmitter_off));
  memory_.set(reg("MaxDurationDPTxTurnOn"), advertised(times.transmitter_on));
  for (unsigned i = 0; i < applications_.size(); ++i) {
    memory_.set(reg("MediaLaneAssignmentOptions"), applications_[i].starts, i);
  }
  for (unsigned i = 0; i < 7; ++i) {
    memory_.set(reg("ApplicationDescriptors9To15"), 0xFF, 4 * i);
  }
}

void CableModule::build_page_02() {
  using namespace module_identity;
  const auto& kind = *setup_.kind;
  const auto limits = [&](std::string_view name, auto encode, double high, double low,
                          double high_warning, double low_warning) {
    unsigned i = 0;
    for (const double value : {high, low, high_warning, low_warning}) {
      memory_.set(reg(name), encode(value), i++);
    }
  };
  limits(
      "TempMonThresholds",
      [](double value) { return wire::cmis::encode_celsius(base::Celsius(value)); },
      kind.temperature_max, -5, kind.temperature_max - 5, 0);
  limits("VccMonThresholds", wire::cmis::encode_volts, 3.63, 2.97, 3.465, 3.135);
  if (!kind.has_light) {
    return;
  }
  const auto power = [](double dbm) {
    return wire::cmis::encode_milliwatts(std::pow(10.0, dbm / 10));
  };
  const double laser = kind.temperature_max + cable_module::kLaserAboveCase;
  limits(
      "Aux2MonThresholds",
      [](double value) { return wire::cmis::encode_celsius(base::Celsius(value)); }, laser, -5,
      laser - 5, 0);
  const double transmit = kind.light.transmit_dbm;
  limits("OpticalPowerTxThresholds", power, transmit + 4, transmit - 5, transmit + 3, transmit - 4);
  limits(
      "LaserBiasTxThresholds",
      [](double value) { return wire::cmis::encode_bias(base::Milliamps(value)); },
      kind.light.bias_ma * 1.45, kind.light.bias_ma * 0.3, kind.light.bias_ma * 1.3,
      kind.light.bias_ma * 0.4);
  limits("OpticalPowerRxThresholds", power, transmit + 4, kind.light.loss_of_signal_dbm + 2,
         transmit + 3, kind.light.loss_of_signal_dbm + 4);
}

/// The active and staged sets start with the first application on every lane (6.2.3.1).
void CableModule::build_lane_pages(std::uint8_t bank) {
  using namespace module_identity;
  memory_.page(0x10, bank) = {};
  memory_.page(0x11, bank) = {};
  const auto& first = applications_.front();
  for (unsigned lane = 0; lane < wire::cmis::kBankLanes; ++lane) {
    const bool is_there = bank * wire::cmis::kBankLanes + lane < lanes_.size();
    const unsigned start = lane / first.lanes * first.lanes;
    const bool is_used = is_there && (first.starts >> start & 1) != 0;
    const std::uint64_t config = is_used ? 1U << 4 | start << 1 : 0U;
    for (const auto* const set : {"SCS0", "SCS1", "ACS"}) {
      memory_.set(reg(fmt::format("{}DPConfig", set)), config, lane, bank);
      for (const auto& setting : cable_module::lane_settings()) {
        memory_.set(reg(fmt::format("{}{}", set, setting.name)), setting.by_default, lane, bank);
      }
    }
    memory_.set(reg("DPStateHostLane"), static_cast<std::uint64_t>(DataPathState::kDeactivated),
                lane, bank);
    memory_.set(reg("MediaLaneToWavelengthTx"), 0x10U | (lane + 1), lane, bank);
    memory_.set(reg("MediaLaneToWavelengthRx"), 0x10U | (lane + 1), lane, bank);
  }
}

void CableModule::build_statistics_pages(std::uint8_t bank) {
  using namespace module_identity;
  memory_.page(0x13, bank) = {};
  memory_.page(0x14, bank) = {};
  memory_.set(reg("PerLaneMediaSideLoopbacks"), 1, 0, bank);
  memory_.set(reg("PerLaneHostSideLoopbacks"), 1, 0, bank);
  memory_.set(reg("HostSideInputLoopbackSupported"), 1, 0, bank);
  memory_.set(reg("HostSideOutputLoopbackSupported"), 1, 0, bank);
  memory_.set(reg("MediaSideInputLoopbackSupported"), 1, 0, bank);
  memory_.set(reg("MediaSideOutputLoopbackSupported"), 1, 0, bank);
  memory_.set(reg("DiagnosticReportingCapabilities"), 0x33, 0, bank);  // BER, counts, SNR of both
  memory_.set(reg("PatternLocations"), 0xAA, 0, bank);                 // before FEC
  for (const auto* const name : {"HostSideGeneratorPatterns", "MediaSideGeneratorPatterns",
                                 "HostSideCheckerPatterns", "MediaSideCheckerPatterns"}) {
    memory_.set(reg(name), 0x55, 0, bank);  // PRBS-31Q, 23Q, 15Q, 13Q
    memory_.set(reg(name), 0x01, 1, bank);  // PRBS-9Q
  }
  memory_.set(reg("PerLanePatternCapabilities"), 0x0F, 0, bank);
  // Groups: media inputs, host inputs, lasers.
  const unsigned groups = setup_.kind->has_light ? 3 : 2;
  for (unsigned group = 0; group < groups; ++group) {
    for (const auto base :
         {wire::cmis::kVdmDescriptors, wire::cmis::kVdmSamples, wire::cmis::kVdmThresholds}) {
      memory_.page(static_cast<std::uint8_t>(base + group), bank) = {};
    }
  }
  memory_.page(wire::cmis::kVdmFlags, bank) = {};
  memory_.page(wire::cmis::kVdmMasks, bank) = {};
  memory_.page(wire::cmis::kVdmControl, bank) = {};
  memory_.set(reg("VDMGroupsSupported"), groups - 1, 0, bank);
  memory_.set(reg("VDMFineIntervalLength"), 10'000, 0, bank);  // 1 s in 0.1 ms
  memory_.set(reg("VDMUnfreezeDone"), 1, 0, bank);
  struct Row {
    std::uint8_t type;  // of the media input; the host's is one more
    std::uint8_t every;
    std::uint8_t thresholds;
  };
  const auto fill = [&](unsigned group, std::initializer_list<Row> rows, unsigned offset) {
    std::size_t at = 0;
    auto& page = memory_.page(static_cast<std::uint8_t>(wire::cmis::kVdmDescriptors + group), bank);
    for (const auto& row : rows) {
      for (unsigned lane = 0; lane < wire::cmis::kBankLanes; lane += row.every, at += 2) {
        if (bank * wire::cmis::kBankLanes + lane < lanes_.size()) {
          const auto bytes = wire::cmis::encode(
              wire::cmis::VdmDescriptor{.type = static_cast<std::uint8_t>(row.type + offset),
                                        .lane = static_cast<std::uint8_t>(lane),
                                        .thresholds = row.thresholds});
          page.at(at) = bytes[0];
          page.at(at + 1) = bytes[1];
        }
      }
    }
  };
  const auto limits = [&](unsigned group, unsigned set, std::uint8_t type,
                          std::initializer_list<double> values) {
    auto& page = memory_.page(static_cast<std::uint8_t>(wire::cmis::kVdmThresholds + group), bank);
    std::size_t at = std::size_t{8} * set;
    for (const double value : values) {
      const auto raw = wire::cmis::encode_vdm(*wire::cmis::find_vdm(type), value);
      page.at(at++) = static_cast<std::uint8_t>(raw >> 8);
      page.at(at++) = static_cast<std::uint8_t>(raw);
    }
  };
  for (unsigned group = 0; group < 2; ++group) {
    fill(group,
         {{5, 1, 0},
          {7, 1, 1},
          {9, 1, 2},
          {11, 1, 2},
          {13, 1, 2},
          {15, 1, 2},
          {17, 2, 3},
          {19, 2, 3},
          {21, 2, 3},
          {23, 2, 3}},
         group);
    limits(group, 0, 5, {255, 15.5, 254, 16.5});
    limits(group, 1, 7, {255.9, 12, 255, 14});
    limits(group, 2, 15, {2.4e-4, 0, 1e-4, 0});
    limits(group, 3, 23, {1e-6, 0, 1e-9, 0});
  }
  if (groups == 3) {
    fill(2, {{1, 1, 0}, {4, 1, 1}}, 0);
    limits(2, 0, 1, {100, 0, 90, 0});
    const double laser = setup_.kind->temperature_max + cable_module::kLaserAboveCase;
    limits(2, 1, 4, {laser, -5, laser - 5, 0});
  }
}

void CableModule::build_checksums() {
  using namespace module_identity;
  memory_.set(reg("PageChecksum00h"), memory_.sum(0x00, 128, 221));
  if (!setup_.kind->is_flat) {
    memory_.set(reg("PageChecksum01h"), memory_.sum(0x01, 130, 254));
    memory_.set(reg("PageChecksum02h"), memory_.sum(0x02, 128, 254));
  }
}

}  // namespace weft::twin
