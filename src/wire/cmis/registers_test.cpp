// SPDX-License-Identifier: Apache-2.0
// Register tables and number codings against what OIF-CMIS-05.2 says of offsets, access and units;
// and against two third-party maps, where they are at hand.
#include "wire/cmis/registers.h"

#include "wire/cmis/state.h"
#include "wire/cmis/test_map.h"
#include "wire/cmis/values.h"

#include <cmath>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace weft::wire::cmis {
namespace {

const Register& field(std::string_view name) {
  const auto* const row = find_register(name);
  EXPECT_NE(row, nullptr) << name;
  static const Register kNone;
  return row == nullptr ? kNone : *row;
}

TEST(CmisRegisters, FieldsStandWhereTheSpecificationPutsThem) {
  struct Expected {
    std::string_view name;
    unsigned page, offset;
  };
  for (const auto& [name, page, offset] : {
           Expected{"ModuleState", 0x00, 3},
           {"TempMonValue", 0x00, 14},
           {"VccMonVoltage", 0x00, 16},
           {"LowPwrRequestSW", 0x00, 26},
           {"CdbStatus1", 0x00, 37},
           {"MediaType", 0x00, 85},
           {"PageSelect", 0x00, 127},
           {"VendorPN", 0x00, 148},
           {"MaxPower", 0x00, 201},
           {"MediaInterfaceTechnology", 0x00, 212},
           {"MaxDurationDPInit", 0x01, 144},
           {"MaxDurationModulePwrUp", 0x01, 167},
           {"TempMonThresholds", 0x02, 128},
           {"OpticalPowerTxThresholds", 0x02, 176},
           {"LaserBiasTxThresholds", 0x02, 184},
           {"OpticalPowerRxThresholds", 0x02, 192},
           {"DPDeinitLane", 0x10, 128},
           {"OutputDisableTx", 0x10, 130},
           {"SCS0ApplyDPInit", 0x10, 143},
           {"SCS0ApplyImmediate", 0x10, 144},
           {"SCS0DPConfig", 0x10, 145},
           {"SCS0OutputAmplitudeTargetRx", 0x10, 170},
           {"SCS1ApplyDPInit", 0x10, 178},
           {"DPStateHostLane", 0x11, 128},
           {"LOSFlagRx", 0x11, 147},
           {"CDRLOLFlagRx", 0x11, 148},
           {"OpticalPowerTx", 0x11, 154},
           {"LaserBiasTx", 0x11, 170},
           {"OpticalPowerRx", 0x11, 186},
           {"ConfigStatusLane", 0x11, 202},
           {"ACSDPConfig", 0x11, 206},
           {"DPInitPendingLane", 0x11, 235},
           {"MediaSideOutputLoopbackEnable", 0x13, 180},
           {"HostSideInputLoopbackEnable", 0x13, 183},
           {"DiagnosticsSelector", 0x14, 128},
           {"VDMFreezeRequest", 0x2F, 144},
           {"VDMFreezeDone", 0x2F, 145},
       }) {
    EXPECT_EQ(field(name).page, page) << name;
    EXPECT_EQ(field(name).offset, offset) << name;
  }
}

TEST(CmisRegisters, NamesAreUniqueAndFieldsDoNotOverlap) {
  std::set<std::string_view> names;
  std::set<unsigned> bits;
  for (const auto& row : registers()) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    for (unsigned element = 0; element < row.count; ++element) {
      for (unsigned i = 0; i < row.bits; ++i) {
        const unsigned bit = row.bit + element * row.stride_bits + i;
        const unsigned byte = row.offset + bit / 8;
        ASSERT_LT(byte, row.offset < 128 ? 128U : 256U) << row.name;
        EXPECT_TRUE(bits.insert((row.page * 256U + byte) * 8 + bit % 8).second) << row.name;
      }
    }
  }
}

TEST(CmisRegisters, AccessOfBytes) {
  EXPECT_EQ(byte_access(0x00, 0).writable, 0);
  EXPECT_EQ(byte_access(0x77, 0).writable, 0) << "lower memory is the same on every page";
  EXPECT_EQ(byte_access(0x00, 26).writable, 0xF8);
  EXPECT_EQ(byte_access(0x00, 26).self_clears, 0x08);
  EXPECT_EQ(byte_access(0x00, 8).clears_on_read, 0xC7);
  EXPECT_EQ(byte_access(0x00, 9).clears_on_read, 0xFF);
  EXPECT_EQ(byte_access(0x00, 122).hidden, 0xFF) << "passwords read as zero";
  EXPECT_EQ(byte_access(0x00, 129).writable, 0) << "the vendor's name";
  EXPECT_EQ(byte_access(0x03, 200).writable, 0xFF) << "user memory";
  EXPECT_EQ(byte_access(0x10, 128).writable, 0xFF);
  EXPECT_EQ(byte_access(0x10, 143).self_clears, 0xFF);
  EXPECT_EQ(byte_access(0x11, 128).writable, 0);
  EXPECT_EQ(byte_access(0x11, 134).clears_on_read, 0xFF);
  EXPECT_EQ(byte_access(0x11, 154).clears_on_read, 0);
  EXPECT_EQ(byte_access(0x2C, 128).clears_on_read, 0xFF);
  EXPECT_EQ(byte_access(0x2F, 144).writable, 0xC0);
  EXPECT_EQ(byte_access(0x9F, 136).writable, 0xFF);
}

TEST(CmisRegisters, LanesShareBytesOddLaneLow) {
  base::Bytes half(128);
  const auto& state = field("DPStateHostLane");
  ASSERT_TRUE(set_raw(half, state, 0, 4));
  ASSERT_TRUE(set_raw(half, state, 1, 7));
  EXPECT_EQ(half[0], 0x74) << "11h:128 bits 3-0 are lane 1, bits 7-4 lane 2";
  EXPECT_EQ(raw(half, state, 1), 7U);
  EXPECT_FALSE(set_raw(half, state, 8, 1));
  EXPECT_FALSE(raw(half, state, 8));
  const auto& power = field("OpticalPowerRx");
  ASSERT_TRUE(set_raw(half, power, 2, 0x1234));
  EXPECT_EQ(half[190 - 128], 0x12);
  EXPECT_EQ(half[191 - 128], 0x34);
}

RC_GTEST_PROP(CmisRegisters, WhatIsSetReadsBackAndTouchesNothingElse, ()) {
  const auto rows = registers();
  const auto& row = rows[*rc::gen::inRange<std::size_t>(0, rows.size())];
  RC_PRE(row.bits <= 64);
  const auto index = *rc::gen::inRange<unsigned>(0, row.count);
  const auto before =
      *rc::gen::container<std::vector<std::uint8_t>>(128, rc::gen::arbitrary<std::uint8_t>());
  auto half = before;
  const auto value = *rc::gen::arbitrary<std::uint64_t>();
  const auto mask = row.bits == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << row.bits) - 1;
  RC_ASSERT(set_raw(half, row, index, value));
  RC_ASSERT(raw(half, row, index) == (value & mask));
  RC_ASSERT(set_raw(half, row, index, *raw(before, row, index)));
  RC_ASSERT(half == before);
}

TEST(CmisValues, Monitors) {
  EXPECT_EQ(encode_celsius(base::Celsius(45.5)), 0x2D80);
  EXPECT_EQ(encode_celsius(base::Celsius(-0.5)), 0xFF80);
  EXPECT_DOUBLE_EQ(decode_celsius(0xFF80).value(), -0.5);
  EXPECT_EQ(encode_volts(3.3), 33000);
  EXPECT_EQ(encode_milliwatts(1.0), 10000);
  EXPECT_EQ(encode_milliwatts(7.0), 65535) << "saturates";
  EXPECT_EQ(encode_milliwatts(-1.0), 0);
  EXPECT_EQ(encode_bias(base::Milliamps(50)), 25000);
  EXPECT_EQ(encode_bias(base::Milliamps(200), 1), 50000);
  EXPECT_DOUBLE_EQ(decode_bias(50000, 1).value(), 200);
  EXPECT_EQ(encode_decibel(base::Decibel(19.5)), 19 * 256 + 128);
}

TEST(CmisValues, F16) {
  // 2.4e-4 = 2400e-7 does not fit 11 bits, 240e-6 does: exponent 18.
  EXPECT_EQ(encode_f16(2.4e-4), 18 << 11 | 240);
  EXPECT_EQ(encode_f16(1e-24), 1);
  EXPECT_EQ(encode_f16(0), 0);
  EXPECT_EQ(encode_f16(-1), 0);
  EXPECT_EQ(encode_f16(std::nan("")), 0);
  EXPECT_EQ(encode_f16(1e300), 0xFFFF);
  EXPECT_DOUBLE_EQ(decode_f16(18 << 11 | 240), 2.4e-4);
  EXPECT_DOUBLE_EQ(decode_f16(0xFFFF), 2047e7);
}

RC_GTEST_PROP(CmisValues, F16KeepsThreeFigures, ()) {
  const double value = std::pow(10.0, *rc::gen::inRange(-2000, 1000) / 100.0);
  RC_ASSERT(std::abs(decode_f16(encode_f16(value)) / value - 1) < 2.6e-3);
}

TEST(CmisValues, Durations) {
  EXPECT_EQ(duration_limit(0), base::seconds(1e-3));
  EXPECT_EQ(duration_limit(7), base::seconds(5));
  EXPECT_EQ(duration_limit(14), base::Duration{});
  EXPECT_EQ(duration_code(base::seconds(5e-3)), 1);
  EXPECT_EQ(duration_code(base::seconds(0.6)), 6);
  EXPECT_EQ(duration_code(base::seconds(1e6)), 13);
}

TEST(CmisStates, Names) {
  EXPECT_EQ(name(ModuleState::kReady), "ModuleReady");
  EXPECT_EQ(name(DataPathState::kActivated), "DPActivated");
  EXPECT_EQ(name(ConfigStatus::kInProgress), "ConfigInProgress");
  EXPECT_EQ(
      host_interface_of(base::giga_transfers(106) + base::mega_transfers(250), base::LaneCount(8)),
      0x51);
  EXPECT_EQ(host_interface_name(0x51), "800GAUI-8-S C2M");
  EXPECT_EQ(media_interface_name(MediaType::kSinglemode, 0x56), "800GBASE-DR8");
}

// Read off the hex by hand with the offsets of CMIS.
TEST(CmisRegisters, ThirdPartyOptics) {
  const auto memory = read_map(corpus("Cmis400GLr4.hex"));
  if (!memory) {
    GTEST_SKIP() << "Cmis400GLr4.hex is not at hand (WEFT_CORPUS)";
  }
  const auto get = [&](std::string_view name, unsigned index = 0) {
    return raw(*memory, field(name), index).value_or(~std::uint64_t{0});
  };
  EXPECT_EQ(get("SFF8024Identifier"), 0x18U);
  EXPECT_EQ(get("ModuleState"), 3U);
  EXPECT_EQ(get("InterruptDeasserted"), 1U);
  EXPECT_DOUBLE_EQ(decode_celsius(static_cast<std::uint16_t>(get("TempMonValue"))).value(),
                   0x2D14 / 256.0);
  EXPECT_EQ(get("LowPwrAllowRequestHW"), 0U);
  EXPECT_EQ(get("VDMPagesSupported"), 1U);
  EXPECT_EQ(get("CdbInstancesSupported"), 1U);
  EXPECT_EQ(get("MaxDurationDPInit"), 7U);
  EXPECT_EQ(get("TempMonThresholds", 0), 0x4B00U);
  for (unsigned lane = 0; lane < kBankLanes; ++lane) {
    EXPECT_EQ(get("DPStateHostLane", lane), 4U);
    EXPECT_EQ(get("ConfigStatusLane", lane), 1U);
    EXPECT_EQ(get("ACSDPConfig", lane) >> 4, 1U);
  }
  EXPECT_EQ(get("OpticalPowerRx", 3), 0x5332U);
  EXPECT_EQ(get("DiagnosticsSelector"), 6U);
  EXPECT_EQ(get("VDMFineIntervalLength"), 30000U);
}

TEST(CmisRegisters, ThirdPartyOpticsOfTwoUnusedHalves) {
  const auto memory = read_map(corpus("Cmis200GFr4.hex"));
  if (!memory) {
    GTEST_SKIP() << "Cmis200GFr4.hex is not at hand (WEFT_CORPUS)";
  }
  EXPECT_EQ(raw(*memory, field("CmisRevision")), 0x40U);
  EXPECT_EQ(raw(*memory, field("ACSDPConfig"), 0), 0x10U);
  EXPECT_EQ(raw(*memory, field("ACSDPConfig"), 7), 0x08U) << "AppSel 0: not part of a data path";
}

}  // namespace
}  // namespace weft::wire::cmis
