// SPDX-License-Identifier: Apache-2.0
// Transcripts of the bus, byte for byte as public clients send them: the mainline hwmon driver, the
// BIC's vendor check, the vendor's SDK. None of them goes through this project's encoders.
#include "twin/retimer/test_link.h"
#include "wire/smbus/pec.h"

#include <gtest/gtest.h>

namespace weft::twin::retimer {
namespace {

using base::Bytes;
using test::Bench;

TEST(RetimerBus, VendorByIntelFormat) {
  Bench bench;
  bench.wire({0x02, 0x02, 0x04, 0x00});
  EXPECT_EQ(bench.wire({0x01}, 7), (Bytes{0x06, 0x04, 0x00, 0x01, 0x00, 0xFA, 0x1D}));
}

TEST(RetimerBus, VendorByAsteraFormat) {
  Bench bench;
  bench.wire({0x0A, 0x03, 0x06, 0x00, 0x04});
  EXPECT_EQ(bench.wire({0x09}, 5), (Bytes{0x04, 0x01, 0x00, 0xFA, 0x1D}));
}

TEST(RetimerBus, SetUpAndDataInOneCombinedTransfer) {
  Bench bench;
  std::vector<smbus::Message> messages{{.address = 0x24, .bytes = {0x0A, 0x03, 0x06, 0x00, 0x04}},
                                       {.address = 0x24, .bytes = {0x09}},
                                       {.address = 0x24, .is_read = true, .bytes = Bytes(5)}};
  ASSERT_TRUE(bench.segment.transfer(messages));
  EXPECT_EQ(messages[2].bytes, (Bytes{0x04, 0x01, 0x00, 0xFA, 0x1D}));
}

TEST(RetimerBus, VendorByBlockProcessCall) {
  Bench bench;
  EXPECT_EQ(bench.wire({0x0B, 0x03, 0x06, 0x00, 0x04}, 5), (Bytes{0x04, 0x01, 0x00, 0xFA, 0x1D}));
}

TEST(RetimerBus, TheMainlineDriversProbe) {
  Bench bench;
  // Load status: 0x0E and more is "all loaded".
  bench.wire({0x0A, 0x03, 0x00, 0x06, 0x05});
  EXPECT_EQ(bench.wire({0x09}, 2), (Bytes{0x01, 0x0E}));
  // Heartbeat: must change within 100 reads, though the world stands still.
  bench.wire({0x0A, 0x03, 0x00, 0x09, 0x23});
  const std::uint8_t first = bench.wire({0x09}, 2)[1];
  int reads = 0;
  for (; reads < 100; ++reads) {
    bench.wire({0x0A, 0x03, 0x00, 0x09, 0x23});
    if (bench.wire({0x09}, 2)[1] != first) {
      break;
    }
  }
  EXPECT_LT(reads, 100);
  // Firmware version: byte by byte from SRAM at 0x17F80, as 0x7F80.
  Bytes version;
  for (std::uint8_t i = 0; i < 4; ++i) {
    bench.wire({0x0F, 0x06, 0x44, 0x0D, 0x99, static_cast<std::uint8_t>(0x80 + i), 0x7F, 0x00});
    bench.wire({0x0F, 0x04, 0x40, 0x0D, 0x9D, 0x16});
    bench.wire({0x0A, 0x03, 0x00, 0x0D, 0x9D});
    EXPECT_EQ(bench.wire({0x09}, 2), (Bytes{0x01, 0x00}));
    bench.wire({0x0A, 0x03, 0x00, 0x0D, 0x9C});
    version.push_back(bench.wire({0x09}, 2)[1]);
  }
  EXPECT_EQ(version, (Bytes{2, 8, 14, 0}));
  // Temperature: 0x42C through the spare registers, since the firmware is 2.2.0 or later.
  bench.wire({0x0F, 0x06, 0x44, 0x0D, 0x9F, 0x2C, 0x04, 0x00});
  bench.wire({0x0F, 0x04, 0x40, 0x0D, 0x9D, 0x1F});
  bench.wire({0x0A, 0x03, 0x00, 0x0D, 0x9D});
  EXPECT_EQ(bench.wire({0x09}, 2), (Bytes{0x01, 0x00}));
  bench.wire({0x0A, 0x03, 0x06, 0x0D, 0xA2});
  const Bytes code = bench.wire({0x09}, 5);
  ASSERT_EQ(code[0], 4);
  const long adc = code[4] << 24 | code[3] << 16 | code[2] << 8 | code[1];
  ASSERT_GT(adc, 0);
  ASSERT_LT(adc, 0x3FF);
  const double cel = (110000.0 + static_cast<double>(adc - (84 + 250)) * -320.0) / 1000;
  EXPECT_NEAR(cel, bench.device->junction().value(), 3.0);  // the stated uncertainty
}

TEST(RetimerBus, FirmwareBefore220HasNoWideAssist) {
  Bench bench(
      DeviceOptions{.image = std::make_shared<const Bytes>(wire::retimer::make_image({1, 31, 0}))});
  bench.write(0xD9F, {0x2C, 0x04, 0x00});
  bench.write(0xD9D, {0x1F});
  EXPECT_EQ(bench.read(0xD9D), Bytes{0x1F});   // nobody takes it
  EXPECT_EQ(bench.read(0x42C, 4).size(), 4U);  // direct reads work
}

TEST(RetimerBus, PacketErrorCodesOfBothDirections) {
  Bench bench;
  Bytes setup{0x48, 0x8A, 0x03, 0x06, 0x00, 0x04};
  setup.push_back(wire::smbus::pec(setup));
  setup.erase(setup.begin());
  bench.wire(setup);
  ASSERT_TRUE(bench.is_acknowledged);
  const Bytes answer = bench.wire({0x89}, 6);
  Bytes seen{0x48, 0x89, 0x49};
  seen.insert(seen.end(), answer.begin(), answer.end());
  EXPECT_EQ(answer[1], 0x01);
  EXPECT_EQ(wire::smbus::pec(seen), 0);
  // The SDK counts the code of this set-up as a fourth byte of the block.
  Bytes counted{0x48, 0x8A, 0x04, 0x06, 0x06, 0x00};
  counted.push_back(wire::smbus::pec(counted));
  counted.erase(counted.begin());
  bench.wire(counted);
  EXPECT_TRUE(bench.is_acknowledged);
  EXPECT_EQ(bench.wire({0x89}, 6)[0], 4);
  // A wrong code is not acknowledged, and nothing is written.
  const std::uint8_t before = bench.read(0x916)[0];
  bench.wire({0x8F, 0x04, 0x40, 0x09, 0x16, 0x5A, 0x00});
  EXPECT_FALSE(bench.is_acknowledged);
  EXPECT_EQ(bench.read(0x916)[0], before);
}

TEST(RetimerBus, WhatIsNoTransactionIsNotAcknowledged) {
  Bench bench;
  bench.wire({0x13});
  EXPECT_FALSE(bench.is_acknowledged);
  bench.wire({0x0F, 0x03, 0x40, 0x09, 0x16, 0x5A});  // a byte more than it said
  EXPECT_FALSE(bench.is_acknowledged);
  bench.wire({0x0F, 0x05, 0x40, 0x09, 0x16, 0x5A});  // a byte fewer: nothing happens
  EXPECT_EQ(bench.read(0x916)[0], 0);
  EXPECT_EQ(bench.wire({}, 2), (Bytes{0xFF, 0xFF}));
}

TEST(RetimerBus, ArpAsTheSdkRunsIt) {
  Bench bench;
  bench.set(Quirk::kArpOnly);
  bench.wire({0x0A, 0x03, 0x00, 0x06, 0x05});
  EXPECT_FALSE(bench.is_acknowledged);
  const auto arp = [&](Bytes out, std::size_t in = 0) {
    std::vector<smbus::Message> messages{{.address = 0x61, .bytes = std::move(out)}};
    if (in != 0) {
      messages.push_back({.address = 0x61, .is_read = true, .bytes = Bytes(in)});
    }
    bench.is_acknowledged = bench.segment.transfer(messages).has_value();
    return messages.back().bytes;
  };
  arp({0x02, 0xC9});
  EXPECT_TRUE(bench.is_acknowledged);
  arp({0x01, 0xC0});
  EXPECT_TRUE(bench.is_acknowledged);
  arp({0x01, 0xC1});
  EXPECT_FALSE(bench.is_acknowledged);
  const Bytes udid = arp({0x03}, 19);
  EXPECT_EQ(udid[0], 17);
  EXPECT_EQ(udid[3], 0x1D);
  EXPECT_EQ(udid[4], 0xFA);
  EXPECT_EQ(udid[17], 0xFF);  // no address yet
  Bytes seen{0xC2, 0x03, 0xC3};
  seen.insert(seen.end(), udid.begin(), udid.end());
  EXPECT_EQ(wire::smbus::pec(seen), 0);
  Bytes assign{0xC2, 4, 17, 1, 9, 29, 250, 0, 1, 0, 21, 0, 0, 0, 0, 0, 0, 0, 1, 0x48};
  assign.push_back(wire::smbus::pec(assign));
  assign.erase(assign.begin());
  arp(assign);
  EXPECT_TRUE(bench.is_acknowledged);
  EXPECT_EQ(bench.read(0x605), Bytes{0x0E});  // at 0x24 now
  arp({0x03}, 19);
  EXPECT_FALSE(bench.is_acknowledged);  // resolved: silent
}

TEST(RetimerBus, LoadedFirmwareTakesNoPartInArp) {
  Bench bench;
  std::vector<smbus::Message> messages{{.address = 0x61, .bytes = {0x01, 0xC0}}};
  EXPECT_FALSE(bench.segment.transfer(messages));
}

TEST(RetimerBus, AddressesOnlyItsOwn) {
  Bench bench;
  std::vector<smbus::Message> messages{{.address = 0x25, .bytes = {0x09}}};
  EXPECT_FALSE(bench.segment.transfer(messages));
}

TEST(RetimerBus, QuirksOfTheBus) {
  Bench bench;
  bench.set(Quirk::kAllOnesReads);
  bench.set(Quirk::kWrongBlockCount);
  int ones = 0;
  int wrong = 0;
  for (int i = 0; i < 32; ++i) {
    bench.wire({0x0A, 0x03, 0x06, 0x00, 0x04});
    const Bytes answer = bench.wire({0x09}, 5);
    ones += answer == Bytes{0x04, 0xFF, 0xFF, 0xFF, 0xFF} ? 1 : 0;
    wrong += answer[0] == 3 ? 1 : 0;
  }
  EXPECT_EQ(ones, 4);
  EXPECT_EQ(wrong, 4);
}

TEST(RetimerBus, InterveningTransactionSticksAndFirmwareFreesTheBus) {
  Bench bench;
  bench.set(Quirk::kStuckByIntervening);
  bench.wire({0x0A, 0x03, 0x06, 0x00, 0x04});
  bench.wire({0x0A, 0x03, 0x00, 0x06, 0x05});  // somebody else's
  bench.wire({0x09}, 5);
  EXPECT_FALSE(bench.is_acknowledged);
  EXPECT_EQ(bench.segment.errors().stuck, 1U);
  bench.world.advance(base::seconds(0.05));
  EXPECT_EQ(bench.read(0x922)[0] & 1, 1);
  bench.write(0x921, {0x01});
  EXPECT_EQ(bench.read(0x922)[0] & 1, 0);
}

}  // namespace
}  // namespace weft::twin::retimer
