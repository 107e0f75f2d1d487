// SPDX-License-Identifier: Apache-2.0
// VDM and diagnostics pages as a host reads them, byte values from OIF-CMIS-05.2.
#include "twin/cable_module/module.h"
#include "twin/cable_module/test_link.h"
#include "wire/cmis/values.h"
#include "wire/cmis/vdm.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weft::twin {
namespace {

using base::seconds;
using cable_module::TestCable;
using ::testing::ElementsAre;

double f16(unsigned raw) {
  return wire::cmis::decode_f16(static_cast<std::uint16_t>(raw));
}

TEST(CableModuleVdm, DescriptorsSamplesAndThresholds) {
  TestCable cable;
  cable.bring_up();
  EXPECT_EQ(cable.byte(0x2F, 128) & 3, 1U) << "two groups";
  EXPECT_THAT(cable.read(0x20, 128, 4), ElementsAre(0x00, 0x05, 0x01, 0x05));
  EXPECT_THAT(cable.read(0x21, 128, 2), ElementsAre(0x00, 0x06));
  // Instance 40 to 47 of group 1: type 15, current pre-FEC BER, threshold set 2.
  EXPECT_THAT(cable.read(0x20, 208, 2), ElementsAre(0x20, 0x0F));
  EXPECT_NEAR(f16(cable.word(0x24, 208)), 1e-8, 1e-11);
  EXPECT_NEAR(f16(cable.word(0x28, 144)), 2.4e-4, 1e-7) << "high alarm of set 2";
  // eSNR of a PAM4 signal whose figure of merit is 15 dB.
  EXPECT_NEAR(cable.word(0x24, 128) / 256.0, 15 + 6.99, 0.01);
  EXPECT_NEAR(cable.word(0x25, 128) / 256.0, 15 + 6.99, 0.01);
  // Level transition parameter: q = 10^(15/20), 10 log10(exp(q^2/2)/2).
  const double q = std::pow(10.0, 0.75);
  EXPECT_NEAR(cable.word(0x24, 144) / 256.0, 10 * std::log10(std::exp(q * q / 2) / 2), 0.01);
}

TEST(CableModuleVdm, FreezingHoldsSamplesAndEndsTheInterval) {
  TestCable cable;
  cable.bring_up();
  static_cast<void>(cable.read(0x24, 128, 128));  // the interval begins
  cable.world.advance(seconds(10));
  ASSERT_TRUE(cable.write(0x2F, 144, {0x80}));
  EXPECT_EQ(cable.byte(0x2F, 145) & 0xC0, 0U) << "neither done yet";
  cable.world.advance(seconds(0.01));
  EXPECT_EQ(cable.byte(0x2F, 145) & 0xC0, 0x80U) << "VDMFreezeDone";
  const auto frozen = cable.read(0x24, 128, 128);
  cable.link->report.reading.ber = 1e-3;
  cable.world.advance(seconds(10));
  EXPECT_EQ(cable.read(0x24, 128, 128), frozen);
  ASSERT_TRUE(cable.write(0x2F, 144, {0x00}));
  cable.world.advance(seconds(0.01));
  EXPECT_EQ(cable.byte(0x2F, 145) & 0xC0, 0x40U) << "VDMUnfreezeDone";
  // Minimum is type 9, set 2, from instance 16 on: a new interval knows only the new ratio.
  EXPECT_THAT(cable.read(0x20, 160, 2), ElementsAre(0x20, 0x09));
  EXPECT_NEAR(f16(cable.word(0x24, 160)), 1e-3, 2e-6);
  EXPECT_NEAR(f16(cable.word(0x24, 208)), 1e-3, 2e-6);
}

// The freeze is the module's; every bank's page 2Fh shows it and takes requests for it.
TEST(CableModuleVdm, AnyBankFreezesTheModule) {
  TestCable cable(fabric::Medium::kAec, 16);
  cable.bring_up();
  const auto freeze = [&](std::uint8_t bank, std::uint8_t request) {
    ASSERT_TRUE(cable.a->write({.bank = bank, .page = 0x2F, .offset = 144}, {{request}}));
    cable.world.advance(seconds(0.01));
    for (unsigned shown = 0; shown < 2; ++shown) {
      EXPECT_THAT(cable.read(0x2F, 144, 2, nullptr, shown),
                  ElementsAre(request, request == 0 ? 0x40 : 0x80))
          << unsigned{bank} << " shown on " << shown;
    }
  };
  freeze(1, 0x80);
  const auto frozen = cable.read(0x24, 128, 128);
  const auto second = cable.read(0x24, 128, 128, nullptr, 1);
  cable.link->report.reading.ber = 1e-3;
  cable.world.advance(seconds(1));
  EXPECT_EQ(cable.read(0x24, 128, 128), frozen);
  EXPECT_EQ(cable.read(0x24, 128, 128, nullptr, 1), second);
  freeze(0, 0x00);
  EXPECT_NE(cable.read(0x24, 128, 128), frozen);
  freeze(0, 0x80);
  freeze(1, 0x00);
}

TEST(CableModuleVdm, HighErrorRatioRaisesItsFlag) {
  TestCable cable;
  cable.bring_up();
  static_cast<void>(cable.read(0x2C, 128, 64));
  EXPECT_EQ(cable.byte(0, 4) & 8, 0U);
  LaneReport bad = cable.link->report;
  bad.reading.ber = 1e-3;
  // Toward end a on the cable, lane 1: instance 41, high alarm and high warning.
  cable.link->reports[cable_module::TestLink::key({1, fabric::LaneDirection::kTowardHost, 1})] =
      bad;
  EXPECT_EQ(cable.byte(0, 4) & 8, 8U);
  EXPECT_EQ(cable.byte(0x2C, 128 + 20), 0x50U);
}

TEST(CableModuleVdm, UncorrectableFramesShow) {
  TestCable cable;
  cable.bring_up();
  static_cast<void>(cable.read(0x24, 128, 128));
  cable.link->uncorrectable = 1000;
  cable.world.advance(seconds(1));
  // Types 17, 19, 21, 23 on every other lane: 21 begins at instance 56.
  EXPECT_THAT(cable.read(0x20, 240, 2), ElementsAre(0x30, 0x15));
  EXPECT_NEAR(f16(cable.word(0x24, 240)), 1000 / (106.25e9 / 5440), 1e-6);
}

TEST(CableModuleDiagnostics, PatternsFromEndToEnd) {
  TestCable cable;
  cable.bring_up();
  // PRBS-31Q on all media lanes of b; a checks.
  ASSERT_TRUE(cable.write(0x13, 156, base::Bytes(4, 0x00), cable.b));
  ASSERT_TRUE(cable.write(0x13, 152, {0xFF}, cable.b));
  EXPECT_EQ(cable.link->patterns.size(), 8U) << "the link carries no data meanwhile";
  ASSERT_TRUE(cable.write(0x13, 172, base::Bytes(4, 0x00)));
  ASSERT_TRUE(cable.write(0x13, 168, {0xFF}));
  static_cast<void>(cable.read(0x14, 132, 8));
  cable.world.advance(seconds(10));
  EXPECT_EQ(cable.byte(0x14, 139), 0U) << "locked";
  ASSERT_TRUE(cable.write(0x14, 128, {0x01}));
  EXPECT_NEAR(f16(cable.word(0x14, 208)), 1e-8, 1e-10) << "media lane 1";
  ASSERT_TRUE(cable.write(0x14, 128, {0x04}));
  const auto counts = cable.read(0x14, 192, 16);
  EXPECT_NEAR(static_cast<double>(base::read_le(counts, 0, 8).value()), 10625, 2)
      << "errors, least significant byte first";
  EXPECT_NEAR(static_cast<double>(base::read_le(counts, 8, 8).value()), 1.0625e12, 1e9);
  ASSERT_TRUE(cable.write(0x14, 128, {0x06}));
  EXPECT_NEAR(static_cast<double>(base::read_le(cable.read(0x14, 240, 2), 0, 2).value()) / 256,
              21.99, 0.01)
      << "SNR of media lane 1";
  // Another pattern than is sent: no lock, nothing counted.
  ASSERT_TRUE(cable.write(0x13, 172, base::Bytes(4, 0x22)));
  EXPECT_EQ(cable.byte(0x14, 139), 0xFFU);
  ASSERT_TRUE(cable.write(0x13, 152, {0x00}, cable.b));
  for (const auto& [key, is_on] : cable.link->patterns) {
    EXPECT_FALSE(is_on);
  }
}

TEST(CableModuleDiagnostics, ALoopInsideHasNoErrors) {
  TestCable cable;
  cable.bring_up();
  ASSERT_TRUE(cable.write(0x13, 144, {0x0F}));  // host side generator, lanes 1 to 4
  ASSERT_TRUE(cable.write(0x13, 182, {0x0F}));  // host side output looped back
  ASSERT_TRUE(cable.write(0x13, 160, {0x0F}));
  static_cast<void>(cable.read(0x14, 132, 8));
  cable.world.advance(seconds(1));
  EXPECT_FALSE(cable.link->ready[0]) << "looped lanes pass nothing on";
  EXPECT_EQ(cable.byte(0x14, 138), 0U);
  ASSERT_TRUE(cable.write(0x14, 128, {0x02}));
  const auto counts = cable.read(0x14, 192, 16);
  EXPECT_EQ(base::read_le(counts, 0, 8), 0U);
  EXPECT_NEAR(static_cast<double>(base::read_le(counts, 8, 8).value()), 106.25e9, 1e6);
  ASSERT_TRUE(cable.write(0, 26, {0x08}));
  cable.world.advance(seconds(5));
  EXPECT_TRUE(cable.link->ready[0]) << "a reset ends loops and patterns";
}

}  // namespace
}  // namespace weft::twin
