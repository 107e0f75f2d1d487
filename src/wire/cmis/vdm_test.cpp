// SPDX-License-Identifier: Apache-2.0
// VDM pages against the layout of OIF-CMIS-05.2 8.13 to 8.18 and a third-party map.
#include "wire/cmis/vdm.h"

#include "wire/cmis/test_map.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weft::wire::cmis {
namespace {

TEST(CmisVdm, ObservablesAreInOrderOfTheirTypes) {
  const auto rows = vdm_observables();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(rows[i].type, i + 1);
  }
  EXPECT_EQ(find_vdm(15)->name, "Pre-FEC BER Current Value Media Input");
  EXPECT_EQ(find_vdm(0), nullptr);
  EXPECT_EQ(find_vdm(200), nullptr);
}

TEST(CmisVdm, DescriptorHasThresholdSetAndLaneThenType) {
  EXPECT_EQ(encode(VdmDescriptor{.type = 15, .lane = 3, .thresholds = 2}),
            (std::array<std::uint8_t, 2>{0x23, 0x0F}));
  EXPECT_EQ(decode_vdm_descriptor(0x2F, 0x09).lane, 15);
}

TEST(CmisVdm, PagesByTheRules) {
  // Instance 65: group 2, index 1: descriptor 21h:130, sample 25h:130, set 3 at 29h:152-159,
  // flags 2Ch:160 bits 7-4.
  ModuleMemory memory;
  const auto put = [&](std::uint8_t page, std::uint8_t offset, base::Bytes bytes) {
    memory.add({.page = page, .offset = offset, .length = static_cast<std::uint8_t>(bytes.size())},
               bytes);
  };
  put(0x21, 130, {0x34, 0x05});
  put(0x25, 130, {0x13, 0x80});
  put(0x29, 152, {0x40, 0x00, 0x0C, 0x00, 0x30, 0x00, 0x0E, 0x00});
  put(0x2C, 160, {0xA0});
  put(0x2F, 128, {0x01});
  const auto readings = decode_vdm(memory);
  ASSERT_EQ(readings.size(), 1U);
  EXPECT_EQ(readings[0].instance, 65);
  EXPECT_EQ(readings[0].observable->name, "eSNR Media Input");
  EXPECT_EQ(readings[0].lane, 4);
  EXPECT_DOUBLE_EQ(readings[0].value.value(), 19.5);
  EXPECT_DOUBLE_EQ(readings[0].thresholds[0].value(), 64);
  EXPECT_DOUBLE_EQ(readings[0].thresholds[1].value(), 12);
  EXPECT_DOUBLE_EQ(readings[0].thresholds[3].value(), 14);
  EXPECT_EQ(readings[0].flags, 0xA) << "low alarm and low warning";
  EXPECT_EQ(vdm_groups(memory), 2U);
}

TEST(CmisVdm, EncodingsSaturate) {
  const auto& esnr = *find_vdm(5);
  EXPECT_EQ(encode_vdm(esnr, 19.5), 0x1380);
  EXPECT_EQ(encode_vdm(esnr, -1), 0);
  EXPECT_EQ(encode_vdm(esnr, 1e9), 0xFFFF);
  const auto& current = *find_vdm(2);
  EXPECT_EQ(encode_vdm(current, -100), 0x8001);
  EXPECT_NEAR(decode_vdm(current, 0x8001), -100, 1e-9);
}

TEST(CmisVdm, ThirdPartyOptics) {
  const auto memory = read_map(corpus("Cmis400GLr4.hex"));
  if (!memory) {
    GTEST_SKIP() << "Cmis400GLr4.hex is not at hand (WEFT_CORPUS)";
  }
  const auto readings = decode_vdm(*memory);
  const auto find = [&](std::uint8_t type, std::uint8_t lane) {
    const auto it = std::ranges::find_if(readings, [&](const VdmReading& reading) {
      return reading.observable->type == type && reading.lane == lane;
    });
    return it == readings.end() ? std::nullopt : it->value;
  };
  EXPECT_DOUBLE_EQ(find(5, 0).value(), 0x1530 / 256.0);
  EXPECT_DOUBLE_EQ(find(5, 3).value(), 0x156A / 256.0);
  // 71EFh: exponent 14, mantissa 495: 4.95e-8; lane 15 is the whole data path.
  EXPECT_NEAR(find(9, 15).value(), 4.95e-8, 1e-12);
  EXPECT_NEAR(find(15, 15).value(), 0x2E6 * 1e-10, 1e-13);
  EXPECT_EQ(readings.size(), 24U);
  EXPECT_EQ(vdm_groups(*memory), 2U);
}

}  // namespace
}  // namespace weft::wire::cmis
