// SPDX-License-Identifier: Apache-2.0
// Module maps: third-party hex maps where they are at hand (values read off by hand with the tables
// of CMIS 5.2), and vectors written from the field definitions of SFF-8636, SFF-8472 and CMIS.
#include "wire/cmis/identity.h"

#include "wire/cmis/test_map.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weft::wire::cmis {
namespace {

using base::Bytes;

struct Page {
  Bytes bytes = Bytes(128);
  /// Sets bytes by their offset in the page (128 and up for upper pages).
  Page& set(unsigned offset, std::initializer_list<int> values) {
    for (const int value : values) {
      bytes.at(offset++ % 128) = static_cast<std::uint8_t>(value);
    }
    return *this;
  }
  Page& text(unsigned offset, std::string_view value, unsigned length) {
    for (unsigned i = 0; i < length; ++i) {
      bytes.at((offset + i) % 128) = i < value.size() ? static_cast<std::uint8_t>(value[i]) : ' ';
    }
    return *this;
  }
  /// Stores the sum over [first, last] at `at`.
  Page& checksum(unsigned first, unsigned last, unsigned at) {
    unsigned sum = 0;
    for (unsigned i = first; i <= last; ++i) {
      sum += bytes.at(i % 128);
    }
    return set(at, {static_cast<int>(sum & 0xFF)});
  }
};

TEST(ModuleEeprom, CorpusMap400G) {
  const auto memory = read_map(corpus("Cmis400GLr4.hex"));
  if (!memory) {
    GTEST_SKIP() << "no third-party module maps at hand (set WEFT_CORPUS)";
  }
  const auto info = decode_module(*memory);
  ASSERT_TRUE(info) << info.error().text();
  EXPECT_EQ(info->map, ModuleMap::kCmis);
  EXPECT_EQ(info->form, "QSFP-DD");
  EXPECT_EQ(info->revision, "4.0");
  EXPECT_EQ(info->state_name(), "ready");
  EXPECT_EQ(info->vendor, "FACETEST");
  EXPECT_EQ(info->part_number, "");
  EXPECT_EQ(info->firmware, "2.10");
  EXPECT_NEAR(info->temperature->value(), 45.078, 0.001);
  EXPECT_NEAR(*info->voltage_v, 3.2578, 1e-9);
  EXPECT_DOUBLE_EQ(info->power_max->value(), 12.0);
  EXPECT_EQ(info->connector_name(), "LC");
  EXPECT_EQ(info->medium, ModuleMedium::kOptics);
  EXPECT_EQ(info->technology, "1310 nm EML");
  EXPECT_DOUBLE_EQ(info->length_m.value(), 10000);
  ASSERT_GE(info->applications.size(), 2U);
  EXPECT_EQ(info->applications[0].host_interface, 0x11);
  EXPECT_EQ(info->applications[0].host_lanes.value(), 8U);
  EXPECT_EQ(info->applications[0].media_lanes.value(), 4U);
  ASSERT_EQ(info->lanes.size(), 8U);
  EXPECT_NEAR(info->lanes[0].receive_power_mw.value(), 1.7125, 1e-9);
  EXPECT_NEAR(info->lanes[0].transmit_power_mw.value(), 1.9253, 1e-9);
  EXPECT_NEAR(info->lanes[0].bias->value(), 70.048, 1e-9);
  EXPECT_EQ(info->lanes[0].data_path_state, 4);
  EXPECT_EQ(info->lanes[0].receive_loss_of_signal, false);
}

TEST(ModuleEeprom, CorpusMap200G) {
  const auto memory = read_map(corpus("Cmis200GFr4.hex"));
  if (!memory) {
    GTEST_SKIP() << "no third-party module maps at hand (set WEFT_CORPUS)";
  }
  const auto info = decode_module(*memory);
  ASSERT_TRUE(info) << info.error().text();
  EXPECT_EQ(info->form, "QSFP+ or later with CMIS");
  EXPECT_EQ(info->firmware, "2.7");
  EXPECT_NEAR(info->temperature->value(), 40.27, 0.01);
  EXPECT_EQ(info->temperature_high_alarm, true);  // byte 9 is 5Bh
  EXPECT_EQ(info->lanes.at(0).data_path_state, 4);
  EXPECT_EQ(info->lanes.at(1).data_path_state, 2);
  EXPECT_EQ(info->lanes.at(1).transmit_fault, true);  // byte 135 of page 11h is 0Ah
  EXPECT_EQ(info->lanes.at(0).transmit_fault, false);
}

TEST(ModuleEeprom, Qsfp28PassiveCopper) {
  ModuleMemory memory;
  Page lower;
  lower.set(0, {0x11, 0x07, 0x00}).set(3, {0x21}).set(5, {0x12});
  Page upper;
  upper.set(128, {0x11, 0x00, 0x23})
      .set(146, {3, 0xA0})
      .text(148, "ACME", 16)
      .set(165, {0x00, 0x02, 0xC9})
      .text(168, "DAC-100G-3M", 16)
      .text(184, "A1", 2)
      .set(186, {5, 8, 10, 15})
      .checksum(128, 190, 191)
      .set(192, {0x0B})
      .text(196, "SN12345", 16)
      .text(212, "260101", 8)
      .checksum(192, 222, 223);
  memory.add({}, lower.bytes);
  memory.add({.offset = 128}, upper.bytes);
  EXPECT_TRUE(pages_wanted(memory).empty());
  const auto info = decode_module(memory);
  ASSERT_TRUE(info);
  EXPECT_EQ(info->map, ModuleMap::kSff8636);
  EXPECT_EQ(info->form, "QSFP28");
  EXPECT_EQ(info->vendor, "ACME");
  EXPECT_EQ(info->oui, "00:02:c9");
  EXPECT_EQ(info->part_number, "DAC-100G-3M");
  EXPECT_EQ(info->part_revision, "A1");
  EXPECT_EQ(info->serial, "SN12345");
  EXPECT_EQ(info->date_code, "260101");
  EXPECT_EQ(info->medium, ModuleMedium::kPassiveCopper);
  EXPECT_FALSE(info->is_separable);
  EXPECT_DOUBLE_EQ(info->length_m.value(), 3.0);
  ASSERT_EQ(info->attenuation.size(), 4U);
  EXPECT_DOUBLE_EQ(info->attenuation[3].first.value(), 12.9e9);
  EXPECT_DOUBLE_EQ(info->attenuation[3].second.value(), 15.0);
  ASSERT_EQ(info->lanes.size(), 4U);
  EXPECT_EQ(info->lanes[0].receive_loss_of_signal, true);
  EXPECT_EQ(info->lanes[1].transmit_loss_of_signal, true);
  EXPECT_EQ(info->lanes[1].receive_loss_of_lock, true);
  EXPECT_EQ(info->lanes[0].transmit_loss_of_lock, true);
  EXPECT_FALSE(info->lanes[0].receive_power_mw);  // copper has no light
  EXPECT_FALSE(info->temperature);                // zero is what cables leave there
  EXPECT_THAT(info->checksums, testing::SizeIs(2));
  EXPECT_TRUE(std::ranges::all_of(info->checksums, &Checksum::is_good));
}

TEST(ModuleEeprom, BadChecksumIsReported) {
  ModuleMemory memory;
  Page lower;
  lower.set(0, {0x11});
  Page upper;
  upper.set(128, {0x11}).text(148, "ACME", 16).checksum(128, 190, 191);
  upper.set(148, {'X'});
  memory.add({}, lower.bytes);
  memory.add({.offset = 128}, upper.bytes);
  const auto info = decode_module(memory);
  ASSERT_TRUE(info);
  EXPECT_EQ(info->vendor, "XCME");
  EXPECT_EQ(info->checksums.at(0).name, "CC_BASE");
  EXPECT_FALSE(info->checksums.at(0).is_good());
}

TEST(ModuleEeprom, Qsfp28Optics) {
  ModuleMemory memory;
  Page lower;
  lower.set(0, {0x11, 0x07, 0x00})
      .set(22, {0x1E, 0x80})   // 30.5 degrees
      .set(26, {0x80, 0xE8})   // 33000: 3.3 V
      .set(34, {0x27, 0x10})   // 10000: 1 mW
      .set(42, {0x0D, 0xAC})   // 3500: 7 mA
      .set(50, {0x13, 0x88});  // 5000: 0.5 mW
  Page upper;
  upper.set(128, {0x11, 0x00, 0x0C}).set(142, {0}).set(146, {50, 0x00}).set(220, {0x0C});
  memory.add({}, lower.bytes);
  memory.add({.offset = 128}, upper.bytes);
  const auto info = decode_module(memory);
  ASSERT_TRUE(info);
  EXPECT_EQ(info->medium, ModuleMedium::kOptics);
  EXPECT_EQ(info->technology, "850 nm VCSEL");
  EXPECT_EQ(info->connector_name(), "MPO 1x12");
  EXPECT_DOUBLE_EQ(info->length_m.value(), 100.0);
  EXPECT_DOUBLE_EQ(info->temperature->value(), 30.5);
  EXPECT_NEAR(*info->voltage_v, 3.3, 1e-9);
  EXPECT_NEAR(info->lanes[0].receive_power_mw.value(), 1.0, 1e-9);
  EXPECT_NEAR(info->lanes[0].bias->value(), 7.0, 1e-9);
  EXPECT_NEAR(info->lanes[0].transmit_power_mw.value(), 0.5, 1e-9);
}

TEST(ModuleEeprom, SfpWithDiagnostics) {
  ModuleMemory memory;
  Page a0;
  a0.set(0, {0x03, 0x04, 0x07})
      .set(14, {10, 100})
      .text(20, "ACME", 16)
      .set(37, {0x00, 0x17, 0x6A})
      .text(40, "SFP28-LR", 16)
      .text(56, "B", 4)
      .set(60, {0x05, 0x1E})  // 1310 nm
      .checksum(0, 62, 63)
      .text(68, "S1", 16)
      .text(84, "251231", 8)
      .set(92, {0x68})
      .checksum(64, 94, 95);
  memory.add({}, a0.bytes);
  ASSERT_EQ(pages_wanted(memory).size(), 1U);
  EXPECT_EQ(pages_wanted(memory)[0].i2c_address, kHighI2cAddress);
  Page a2;
  a2.checksum(0, 94, 95)
      .set(96, {0xF6, 0x00})  // -10 degrees
      .set(98, {0x80, 0xE8})
      .set(100, {0x0D, 0xAC})
      .set(102, {0x27, 0x10})
      .set(104, {0x13, 0x88})
      .set(110, {0x06});  // fault and loss of signal
  memory.add({.i2c_address = kHighI2cAddress}, a2.bytes);
  EXPECT_TRUE(pages_wanted(memory).empty());
  const auto info = decode_module(memory);
  ASSERT_TRUE(info);
  EXPECT_EQ(info->map, ModuleMap::kSff8472);
  EXPECT_EQ(info->part_number, "SFP28-LR");
  EXPECT_EQ(info->serial, "S1");
  EXPECT_EQ(info->technology, "1310 nm");
  EXPECT_EQ(info->medium, ModuleMedium::kOptics);
  EXPECT_DOUBLE_EQ(info->length_m.value(), 10000.0);
  EXPECT_DOUBLE_EQ(info->temperature->value(), -10.0);
  ASSERT_EQ(info->lanes.size(), 1U);
  EXPECT_EQ(info->lanes[0].transmit_fault, true);
  EXPECT_EQ(info->lanes[0].receive_loss_of_signal, true);
  EXPECT_NEAR(info->lanes[0].bias->value(), 7.0, 1e-9);
  EXPECT_EQ(info->checksums.size(), 3U);
  EXPECT_TRUE(std::ranges::all_of(info->checksums, &Checksum::is_good));
}

TEST(ModuleEeprom, ExternallyCalibratedSfpGivesNoMonitors) {
  ModuleMemory memory;
  Page a0;
  a0.set(0, {0x03, 0x04, 0x07}).set(92, {0x58});
  Page a2;
  a2.set(96, {0x20, 0x00});
  memory.add({}, a0.bytes);
  memory.add({.i2c_address = kHighI2cAddress}, a2.bytes);
  const auto info = decode_module(memory);
  ASSERT_TRUE(info);
  EXPECT_FALSE(info->temperature);
  EXPECT_FALSE(info->lanes.at(0).receive_power_mw);
  EXPECT_EQ(info->lanes.at(0).transmit_fault, false);
}

TEST(ModuleEeprom, SfpDirectAttachCopper) {
  ModuleMemory memory;
  Page a0;
  a0.set(0, {0x03, 0x04, 0x21}).set(8, {0x04}).set(18, {2});
  memory.add({}, a0.bytes);
  const auto info = decode_module(memory);
  ASSERT_TRUE(info);
  EXPECT_EQ(info->medium, ModuleMedium::kPassiveCopper);
  EXPECT_DOUBLE_EQ(info->length_m.value(), 2.0);
  EXPECT_TRUE(info->lanes.empty());
}

TEST(ModuleEeprom, CmisRetimedCopperCable) {
  ModuleMemory memory;
  Page lower;
  lower.set(0, {0x19, 0x52, 0x00, 0x07})
      .set(14, {0x23, 0x00})
      .set(39, {1, 4})
      .set(85, {0x04, 0x4F, 0x04, 0x88, 0x01, 0xFF});
  Page upper;
  upper.set(128, {0x19})
      .text(129, "ACME", 16)
      .text(148, "AEC-800G", 16)
      .set(201, {60, 0x57, 0x23})  // 15 W, 23 x 1 m, no separable connector
      .set(204, {3, 4, 6, 9})
      .set(212, {0x0C})
      .checksum(128, 221, 222);
  memory.add({}, lower.bytes);
  memory.add({.offset = 128}, upper.bytes);
  EXPECT_EQ(pages_wanted(memory), (std::vector<PageRequest>{{.page = 0x01, .offset = 128},
                                                            {.page = 0x11, .offset = 128}}));
  const auto info = decode_module(memory);
  ASSERT_TRUE(info);
  EXPECT_EQ(info->form, "OSFP 8X");
  EXPECT_EQ(info->revision, "5.2");
  EXPECT_EQ(info->medium, ModuleMedium::kActiveCopper);
  EXPECT_DOUBLE_EQ(info->length_m.value(), 23.0);
  EXPECT_DOUBLE_EQ(info->power_max->value(), 15.0);
  EXPECT_FALSE(info->is_separable);
  EXPECT_EQ(info->attenuation.size(), 4U);
  EXPECT_EQ(info->applications.size(), 1U);
  EXPECT_TRUE(info->checksums.at(0).is_good());
  EXPECT_TRUE(info->lanes.empty());  // page 11h was not read
  EXPECT_DOUBLE_EQ(info->temperature->value(), 35.0);
}

TEST(ModuleEeprom, FlatCmisMemoryAsksForNoMorePages) {
  ModuleMemory memory;
  Page lower;
  lower.set(0, {0x18, 0x40, 0x80, 0x00}).set(85, {0x03});
  memory.add({}, lower.bytes);
  EXPECT_EQ(pages_wanted(memory), (std::vector<PageRequest>{{.offset = 128}}));
  EXPECT_EQ(decode_module(memory)->medium, ModuleMedium::kPassiveCopper);
}

TEST(ModuleEeprom, RefusesWhatIsNoModule) {
  EXPECT_EQ(pages_wanted(ModuleMemory{}), (std::vector<PageRequest>{{}}));
  EXPECT_EQ(decode_module(ModuleMemory{}).error().code, base::Code::kInvalidArgument);
  for (const int fill : {0x00, 0xFF}) {
    ModuleMemory memory;
    memory.add({}, Bytes(128, static_cast<std::uint8_t>(fill)));
    EXPECT_EQ(decode_module(memory).error().code, base::Code::kDataLoss);
  }
  ModuleMemory odd;
  Page lower;
  lower.set(0, {0x7A, 1});
  odd.add({}, lower.bytes);
  EXPECT_EQ(decode_module(odd).error().code, base::Code::kInvalidArgument);
}

TEST(ModuleMemory, WhatWasNotReadIsAbsent) {
  ModuleMemory memory;
  memory.add({.length = 4}, Bytes{1, 2, 3, 4});
  EXPECT_EQ(memory.byte(0, 3), 4);
  EXPECT_EQ(memory.byte(7, 3), 4);  // lower memory is the same on every page
  EXPECT_FALSE(memory.byte(0, 4));
  EXPECT_FALSE(memory.byte(0, 128));
  EXPECT_FALSE(memory.word(0, 3));
  EXPECT_EQ(memory.word(0, 0), 0x0102);
  EXPECT_FALSE(memory.sum(0, 0, 4));
  EXPECT_FALSE(memory.word(0, 255));
  memory.add({.offset = 120}, Bytes(200, 9));
  EXPECT_FALSE(memory.byte(0, 128));  // a read does not spill into the other half
}

}  // namespace
}  // namespace weft::wire::cmis
