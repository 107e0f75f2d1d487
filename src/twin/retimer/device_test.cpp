// SPDX-License-Identifier: Apache-2.0
// What a retimer's registers say of its links, its heat and its firmware, read over the bus as
// clients do, at the places and by the formulas of the public facts.
#include "twin/retimer/test_link.h"
#include "wire/retimer/convert.h"

#include <array>
#include <numeric>
#include <string>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace weft::twin::retimer {
namespace {

using base::Bytes;
using test::Bench;

TEST(RetimerDevice, LinkStructureAtItsDocumentedPlace) {
  Bench bench;
  EXPECT_EQ(bench.sram(0x17FAA), 38);  // size of a path structure
  const unsigned pointer = bench.sram(0x17F8A) | bench.sram(0x17F8B) << 8;
  const unsigned link = 0x10000 + pointer + 2 * 38;
  EXPECT_EQ(bench.sram(link + 1), 16);
  EXPECT_EQ(bench.sram(link + 6), 4);   // Gen5
  EXPECT_EQ(bench.sram(link + 10), 6);  // forwarding
  EXPECT_EQ(bench.sram(link + 43), 16);
  bench.link->now_.state = TrainingState::kRecoveryPhase2;
  bench.link->now_.rate = base::TransferRate(8000);
  EXPECT_EQ(bench.sram(link + 10), 8);
  EXPECT_EQ(bench.sram(link + 6), 2);
  bench.link->now_.state = TrainingState::kDetectQuiet;
  EXPECT_EQ(bench.sram(link + 10), 5);
  // Lane HW state: 0x13 on every lane that forwards.
  EXPECT_EQ(bench.read(0x130B7)[0], 0x13);
  // Bifurcation x16 is 0 in bits 12:7, the fastest rate in 26:24.
  const Bytes param = bench.read(0x000, 4);
  EXPECT_EQ((param[1] & 0x1F) << 1 | param[0] >> 7, 0);
  EXPECT_EQ(param[3] & 7, 5);
}

TEST(RetimerDevice, EightLinksOfTwoLanesAndTheirNumbers) {
  Bench one;
  DeviceOptions options;
  for (std::uint8_t i = 0; i < 8; ++i) {
    options.links.push_back({.link = one.link,
                             .id = one.link->id(),
                             .index = 0,
                             .start = static_cast<std::uint8_t>(2 * i),
                             .width = 2});
  }
  Bench bench(options);
  const Bytes param = bench.read(0x000, 4);
  EXPECT_EQ((param[1] & 0x1F) << 1 | param[0] >> 7, 7);
}

TEST(RetimerDevice, RecoveryCountIsOneByteAndIsCleared) {
  Bench bench;
  const unsigned print = bench.print();
  bench.link->recoveries = 300;
  EXPECT_EQ(bench.sram(print + 7), 300 - 256);
  const std::uint32_t at = print + 7 - 0x10000;
  bench.write(0xD99, {static_cast<std::uint8_t>(at), static_cast<std::uint8_t>(at >> 8), 0});
  bench.write(0xD9C, {0});
  bench.write(0xD9D, {0x17});
  EXPECT_EQ(bench.sram(print + 7), 0);
  bench.link->recoveries = 305;
  EXPECT_EQ(bench.sram(print + 7), 5);
}

TEST(RetimerDevice, StuckCounterStaysAtWhatWasReadLast) {
  Bench bench;
  const unsigned count = bench.print() + 7;
  bench.link->recoveries = 5;
  EXPECT_EQ(bench.sram(count), 5);
  bench.link->recoveries = 9;
  bench.set(Quantity::kCounterStuck, 1);
  EXPECT_EQ(bench.sram(count), 5);
  bench.link->recoveries = 400;
  EXPECT_EQ(bench.sram(count), 5);
  bench.world.set_quantity(bench.id, Quantity::kCounterStuck, 0, 1, std::nullopt);
  EXPECT_EQ(bench.sram(count), 400 - 256);
  // Where nobody had read it: the first reading stays.
  Bench fresh;
  fresh.link->recoveries = 3;
  fresh.set(Quantity::kCounterStuck, 1);
  EXPECT_EQ(fresh.sram(count), 3);
  fresh.link->recoveries = 8;
  EXPECT_EQ(fresh.sram(count), 3);
}

TEST(RetimerDevice, RecoveryCountStartsAfreshWithTheFirmware) {
  Bench bench;
  const unsigned count = bench.print() + 7;
  bench.link->recoveries = 41;
  EXPECT_EQ(bench.sram(count), 41);
  const auto reset = [&](std::uint32_t reg, const Bytes& on) {
    bench.write(reg, on);
    bench.write(reg, {0x00, 0x00});
    bench.world.advance(base::seconds(2));
  };
  reset(0x600, {0xFF, 0x06});  // everything: the link trains anew
  EXPECT_EQ(bench.sram(count), 0);
  bench.link->recoveries = 43;
  bench.link->say(MessageKind::kLinkUp, bench.id);
  bench.world.advance(base::seconds(0.01));
  bench.link->recoveries = 45;
  EXPECT_EQ(bench.sram(count), 2);
  reset(0x602, {0x00, 0x04});  // the main micro alone: the link stays up and tells nothing
  EXPECT_EQ(bench.sram(count), 0);
  bench.link->recoveries = 46;
  EXPECT_EQ(bench.sram(count), 1);
  bench.write(0x00E, {0x02});  // reload with the next secondary bus reset
  bench.link->say(MessageKind::kHotReset, bench.id);
  bench.world.advance(base::seconds(2));
  EXPECT_EQ(bench.sram(count), 0);
  bench.link->say(MessageKind::kLinkUp, bench.id);
  bench.world.advance(base::seconds(0.01));
  EXPECT_EQ(bench.sram(count), 0);
}

TEST(RetimerDevice, PowerLossBringsRegistersBackToWhatTheyWere) {
  Bench bench;
  const Bytes param = bench.read(0x000, 4);
  const auto power = [&](bool is_on) {
    Message message;
    message.kind = MessageKind::kPower;
    message.sub = is_on ? 1 : 0;
    bench.device->on_message(message);
    bench.world.advance(base::seconds(2));
  };
  bench.write(0x000, {0x00, 0x00, 0x00, 0x03});
  bench.write(0x420, {0, 0, 0, 1});
  bench.write(0x604, {0xFE});
  bench.write(0x916, {0x5A});
  bench.write(0x917, {0x00});
  bench.write(0x4000 + 0x60E, {0x0B});  // a rate that was forced
  power(false);
  power(true);
  EXPECT_EQ(bench.read(0x000, 4), param);
  EXPECT_EQ(bench.read(0x420, 4), (Bytes{0, 0, 0, 0}));
  EXPECT_EQ(bench.read(0x604)[0], 0xFF);
  EXPECT_EQ(bench.read(0x916)[0], 0);
  EXPECT_EQ(bench.read(0x917)[0], 0x0E);
  EXPECT_EQ(bench.read(0x4000 + 0x60E)[0], 4);  // Gen5 again
  EXPECT_TRUE(bench.link->is_ready);
}

TEST(RetimerDevice, EqualiserWordsOfALane) {
  Bench bench;
  // 22 dB and half a dB more for each lane; the other side 2 dB less.
  EXPECT_EQ(bench.pma(1, 0, 0x201B) & 0xFF, 132);
  EXPECT_EQ(bench.pma(1, 5, 0x201B) & 0xFF, 147);
  EXPECT_EQ(bench.pma(0, 5, 0x201B) & 0xFF, 135);
  EXPECT_NEAR(wire::retimer::dfe(1, bench.pma(1, 3, 0x10AE)).value(), -12.95, 0.93);
  EXPECT_NEAR(wire::retimer::dfe(3, bench.pma(1, 3, 0x10B0)).value(), -7.0, 0.36);
  EXPECT_EQ(bench.pma(1, 3, 0x10AD) >> 5 & 0x1F, 8);  // 5.2 dB at 0.65
  // The same word through the quad slice's window: side A is mask bit 1.
  bench.write(0x4400, {0x04});
  bench.write(0x4401, {0x20});
  bench.write(0x4402, {0x1B});
  EXPECT_EQ(bench.read(0x4403)[0], 132);
  // FoM as the path's PIPE interface says it, and the transmitter's cursors, full swing 48.
  EXPECT_EQ(bench.read(0x498C)[0], 132);
  const Bytes cursors = bench.read(0x497C, 3);
  const unsigned word = cursors[0] | cursors[1] << 8U | static_cast<unsigned>(cursors[2]) << 16U;
  EXPECT_EQ(word & 0x3F, 5U);
  EXPECT_EQ(word >> 6 & 0x3F, 34U);
  EXPECT_EQ(word >> 12 & 0x3F, 10U);
}

TEST(RetimerDevice, PathMicrosEqualisation) {
  Bench bench;
  const auto path = [&](unsigned number, std::uint32_t address) {
    const std::uint32_t window = 0x4200 + 0x1000 * number;
    bench.write(window, {0x00});
    bench.write(window + 1, {static_cast<std::uint8_t>(address >> 8)});
    bench.write(window + 2, {static_cast<std::uint8_t>(address)});
    EXPECT_EQ(bench.read(window + 0xB)[0] & 1, 1);
    return bench.read(window + 3)[0];
  };
  const unsigned control = 45 * 1024 + (path(4, 0xBF06) | path(4, 0xBF07) << 8);
  EXPECT_EQ(path(4, control + 2), 5);  // Gen5
  EXPECT_EQ(path(4, control + 3), 3);
  EXPECT_EQ(path(4, control + 5 + 2), 7);             // the preset it kept
  EXPECT_EQ(path(4, control + 25 + 2), 132 + 4 * 3);  // and its FoM, lane 4
  EXPECT_EQ(path(4, control + 46), 7);
}

TEST(RetimerDevice, MarginsAReceiverOutOfBand) {
  Bench bench;
  const auto count = [&](int left, int up) {
    bench.write_pma(1, 2, 0x200C, 0x1000U | (static_cast<unsigned>(left) & 0x7FU) << 5U);
    bench.write_pma(1, 2, 0x203A, 0x3803U | (static_cast<unsigned>(up) & 0x1FFU) << 2U);
    bench.write_pma(1, 2, 0x2020, 0x20);
    bench.write_pma(1, 2, 0x2020, 0x30);
    EXPECT_EQ(bench.pma(1, 2, 0x2019) & 1, 1);
    bench.world.advance(base::seconds(0.1));
    const int errors = bench.pma(1, 2, 0x212D) & 0x3F;
    bench.write_pma(1, 2, 0x2020, 0);
    return errors;
  };
  EXPECT_EQ(count(0, 0), 0);
  EXPECT_EQ(count(5, 0), 0);
  EXPECT_NEAR(bench.link->margined.first, -5 * 0.4 / 14, 1e-12);
  EXPECT_EQ(count(14, 0), 63);  // 0.4 UI: beyond the eye
  EXPECT_EQ(count(-14, 0), 63);
  EXPECT_NEAR(bench.link->margined.first, 0.4, 1e-12);
  EXPECT_EQ(count(0, 20), 0);
  EXPECT_EQ(count(0, -108), 63);
  EXPECT_NEAR(bench.link->margined.second, -200, 1e-9);
}

TEST(RetimerDevice, PatternsAndInjectedErrors) {
  Bench bench;
  bench.write_pma(1, 1, 0x108C, 0x05);
  EXPECT_NE(bench.link->asked.find("pattern0.1"), std::string::npos);
  bench.link->bit_errors = 0;
  bench.write_pma(0, 1, 0x1072, 0x05);  // toward the device: section behind it
  EXPECT_NE(bench.link->asked.find("pattern1.1"), std::string::npos);
  bench.write_pma(0, 1, 0x1072, 0x15);
  EXPECT_EQ(bench.pma(1, 1, 0x108D), 1);
  bench.write_pma(1, 1, 0x108C, 0x15);  // sync clears
  EXPECT_EQ(bench.pma(1, 1, 0x108D), 0);
}

TEST(RetimerDevice, HardwareResetReloadsInDocumentedTime) {
  Bench bench;
  bench.write(0x600, {0xFF, 0x06});
  bench.world.advance(base::seconds(0.002));
  EXPECT_FALSE(bench.link->is_ready);
  EXPECT_EQ(bench.read(0x605)[0], 0);
  EXPECT_EQ(bench.read(0x915)[0] & 1, 0);
  bench.write(0x600, {0x00, 0x00});
  bench.world.advance(base::seconds(1.0));
  EXPECT_LT(bench.read(0x605)[0], 0x0E);
  bench.world.advance(base::seconds(0.81));
  EXPECT_GE(bench.read(0x605)[0], 0x0E);
  EXPECT_EQ(bench.read(0x915)[0] & 1, 1);
  EXPECT_TRUE(bench.link->is_ready);
  EXPECT_FALSE(bench.world.next_event());  // calm again
}

TEST(RetimerDevice, PerstOfALinkAndTheFalseHeartbeatAlarm) {
  Bench bench;
  bench.set(Quirk::kHeartbeatStopsInPerst);
  bench.write(0x604, {0xFE});
  bench.world.advance(base::seconds(0.01));
  EXPECT_FALSE(bench.link->is_ready);
  const std::uint8_t still = bench.read(0x923)[0];
  bench.world.advance(base::seconds(1));
  EXPECT_EQ(bench.read(0x923)[0], still);
  bench.write(0x604, {0xFF});
  bench.world.advance(base::seconds(0.1));
  EXPECT_NE(bench.read(0x923)[0], still);
  EXPECT_TRUE(bench.link->is_ready);
}

TEST(RetimerDevice, HangStopsHeartbeatAndMailboxes) {
  Bench bench;
  bench.set(Quantity::kFirmwareHang, 1);
  const std::uint8_t still = bench.read(0x923)[0];
  bench.world.advance(base::seconds(1));
  EXPECT_EQ(bench.read(0x923)[0], still);
  bench.write(0xD9D, {0x16});
  EXPECT_EQ(bench.read(0xD9D)[0], 0x16);
  EXPECT_EQ(bench.read(0x605)[0], 0x0E);
  bench.world.set_quantity(bench.id, Quantity::kFirmwareHang, 0, 1, std::nullopt);
  bench.world.advance(base::seconds(0.1));
  EXPECT_NE(bench.read(0x923)[0], still);
}

double cel(const Bytes& code) {
  return 110 - 0.32 * ((code[0] | code[1] << 8) - (84 + 250));
}

TEST(RetimerDevice, HeatFollowsAirAndPowerAndIsTold) {
  Bench bench;
  const double before = cel(bench.read(0x42C, 4));
  bench.link->say(MessageKind::kLinkUp, bench.id);
  bench.world.advance(base::seconds(300));
  // 16 lanes of 0.45 W at 4.5 K/W: 32.4 K.
  EXPECT_NEAR(cel(bench.read(0x42C, 4)) - before, 32.4, 0.7);
  EXPECT_NEAR(bench.link->heat_cel, bench.device->junction().value(), 0.6);
  bench.set(Quantity::kHeatSink, 2.2);
  bench.world.advance(base::seconds(300));
  EXPECT_GT(cel(bench.read(0x424, 4)), 110);
  EXPECT_EQ(bench.read(0x00E)[0] & 0x04, 0x04);
  bench.world.set_quantity(bench.id, Quantity::kHeatSink, 0, 1, std::nullopt);
  bench.world.advance(base::seconds(300));
  EXPECT_EQ(bench.read(0x00E)[0] & 0x04, 0);
  EXPECT_GT(cel(bench.read(0x424, 4)), 110);  // all-time
  EXPECT_LT(cel(bench.read(0x428, 4)), 80);
  EXPECT_FALSE(bench.world.next_event());
}

TEST(RetimerDevice, ThermalShutdownWhereItIsEnabled) {
  Bench bench;
  bench.write(0x420, {0, 0, 0, 1});
  bench.set(Quantity::kPowerDraw, 40);
  bench.world.advance(base::seconds(100));
  EXPECT_FALSE(bench.link->is_ready);
  EXPECT_EQ(bench.read(0x42C, 4), (Bytes{0, 0, 0, 0}));
}

TEST(RetimerDevice, SensorFaults) {
  Bench bench;
  const double before = cel(bench.read(0x42C, 4));
  bench.set(Quantity::kSensorOffset, 10);
  EXPECT_NEAR(cel(bench.read(0x42C, 4)) - before, 10, 0.4);
  bench.set(Quantity::kSensorStuck, 1);
  bench.set(Quantity::kPowerDraw, 10);
  bench.world.advance(base::seconds(200));
  EXPECT_NEAR(cel(bench.read(0x42C, 4)) - before, 10, 0.4);
}

TEST(RetimerDevice, EfuseAndRevision) {
  Bench bench;
  const auto fuse = [&](std::uint8_t at) {
    bench.write(0x8F6, {at});
    return bench.read(0x8F7)[0];
  };
  EXPECT_EQ(fuse(48) & 4, 4);
  EXPECT_EQ(fuse(63) & 0x80, 0);
  for (std::uint8_t slice = 0; slice < 4; ++slice) {
    EXPECT_NEAR(fuse(static_cast<std::uint8_t>(34 + 4 * slice)), 84, 3);
  }
  EXPECT_EQ(wire::retimer::part_name(fuse(12)), "PT5161L");
  EXPECT_EQ(bench.read(0x949)[0], 0x64);
  EXPECT_EQ(bench.read(0x924)[0] & 1, 1);
}

/// The SDK reads every sensor with its own eFuse code (aries_misc.c: the firmware's first four are
/// PMA A's), and the registers of the whole device with the mean code: of all slices in an x16, of
/// the two in the middle in an x8.
void expect_temperatures_by_efuse(Bench& bench, unsigned first, unsigned end) {
  const auto fuse = [&](unsigned at) {
    bench.write(0x8F6, {static_cast<std::uint8_t>(at)});
    return bench.read(0x8F7)[0];
  };
  const auto cel_of = [](int code, int calibration) {
    return 110 - 0.32 * (code - (calibration + 250));
  };
  // Sensors differ by less than 1.7 Cel (modelled); a code of another sensor would add up to 1.9.
  const std::array<std::array<double, 4>, 2> from_mean{
      {{-0.6, 0.2, 0.5, -0.4}, {-0.3, 0.6, 0.8, -0.8}}};
  const double junction = bench.device->junction().value();
  int sum = 0;
  for (unsigned slice = 0; slice < 4; ++slice) {
    for (unsigned side = 0; side < 2; ++side) {
      const int calibration = fuse((side == 0 ? 34 : 32) + 4 * slice);
      const unsigned at = 0x17F80 + 26 + side * 8 + slice * 2;
      const int code = bench.sram(at) | bench.sram(at + 1) << 8;
      EXPECT_NEAR(cel_of(code, calibration), junction + from_mean[side][slice], 0.17);
      sum += slice >= first && slice < end ? calibration : 0;
    }
  }
  const int count = static_cast<int>(2 * (end - first));
  const int mean = (sum + count / 2) / count;
  const auto cel_at = [&](std::uint32_t reg) {
    const Bytes code = bench.read(reg, 4);
    return cel_of(code[0] | code[1] << 8, mean);
  };
  EXPECT_NEAR(cel_at(0x424), junction + 0.8, 0.17);
  EXPECT_NEAR(cel_at(0x428), junction + 0.8, 0.17);
  EXPECT_NEAR(cel_at(0x42C), junction, 0.6);
}

TEST(RetimerDevice, SensorsAreReadByTheirOwnEfuseCodes) {
  for (const unsigned n : {0U, 1U, 2U, 3U}) {
    const std::string name = "retimer/r" + std::to_string(n);
    Bench wide({}, 1, name);
    expect_temperatures_by_efuse(wide, 0, 4);
    Bench probe;
    Bench narrow({.is_x8 = true,
                  .links = {{.link = probe.link, .id = probe.link->id(), .start = 0, .width = 8}}},
                 1, name);
    expect_temperatures_by_efuse(narrow, 1, 3);
  }
}

/// The SDK's fast path: address by the I2C master, data in 32-byte blocks by the main micro.
void program(Bench& bench, const Bytes& image, std::size_t end) {
  const auto master = [&](std::uint8_t reg, std::uint8_t value, std::uint8_t flags) {
    bench.write(0xD04, {reg});
    bench.write(0xD05, {value});
    bench.write(0xD06, {flags});
    bench.write(0xD09, {1});
  };
  for (std::size_t page = 0; page < end; page += 256) {
    if (page % 65536 == 0) {
      master(0x6C, 0, 0);
      master(0x04, static_cast<std::uint8_t>(0x50 + page / 65536), 0);
      master(0x6C, 1, 0);
    }
    master(0x10, static_cast<std::uint8_t>(page >> 8), 0);
    master(0x10, static_cast<std::uint8_t>(page), 0);
    for (std::size_t block = 0; block < 256; block += 32) {
      for (std::size_t i = 0; i < 32; i += 4) {
        const auto from = image.begin() + static_cast<std::ptrdiff_t>(page + block + i);
        bench.write(static_cast<std::uint32_t>(0x88E7 + i), Bytes(from, from + 4));
      }
      bench.write(0x920, {static_cast<std::uint8_t>(block == 224 ? 0x82 : 0x81)});
      ASSERT_EQ(bench.read(0x920)[0], 0);
    }
  }
}

TEST(RetimerDevice, FirmwareUpdateWhole) {
  Bench bench;
  const Bytes image = wire::retimer::make_image({2, 9, 1});
  const std::size_t end = wire::retimer::image_end(image);
  program(bench, image, end + 256);
  // As the SDK verifies it: all of bank 0, then of bank 1 up to the image's end in blocks of 32.
  const auto master = [&](std::uint8_t reg, std::uint8_t value, std::uint8_t flags) {
    bench.write(0xD04, {reg});
    bench.write(0xD05, {value, flags});
    bench.write(0xD09, {1});
  };
  const auto sum = [&](std::uint8_t bank, std::uint8_t command) {
    master(0x6C, 0, 0);
    master(0x04, static_cast<std::uint8_t>(0x50 + bank), 0);
    master(0x6C, 1, 0);
    master(0x10, 0, 4);
    master(0x10, 0, 2);
    bench.write(0x920, {command});
    EXPECT_EQ(bench.read(0x920)[0], 0);
    const Bytes word = bench.read(0x88E7, 4);
    return word[0] | word[1] << 8 | word[2] << 16 | word[3] << 24;
  };
  const auto bytes = [&](std::size_t from, std::size_t to) {
    return std::accumulate(image.begin() + static_cast<std::ptrdiff_t>(from),
                           image.begin() + static_cast<std::ptrdiff_t>(to), 0);
  };
  EXPECT_EQ(sum(0, 0x90), bytes(0, 65536));
  const std::size_t delta = (end + 31) / 32 * 32 - 65536;
  bench.write(0x88E7,
              {static_cast<std::uint8_t>(delta), static_cast<std::uint8_t>(delta >> 8), 0, 0});
  EXPECT_EQ(sum(1, 0x91), bytes(65536, 65536 + delta));
  EXPECT_EQ(bench.sram(0x17F81), 8);  // still the old one
  bench.write(0x00E, {0x02});         // reload at the next secondary bus reset
  bench.link->say(MessageKind::kHotReset, bench.id);
  bench.world.advance(base::seconds(2));
  EXPECT_EQ(bench.sram(0x17F81), 9);
  EXPECT_EQ(bench.read(0x00E)[0] & 2, 0);
  EXPECT_TRUE(bench.link->is_ready);
}

TEST(RetimerDevice, InterruptedUpdateAndRecoveryByTheSlowPath) {
  Bench bench;
  const Bytes image = wire::retimer::make_image({2, 9, 1});
  constexpr std::size_t kCut = 40704;
  program(bench, image, kCut);  // near the end of the main micro's block
  const auto power = [&](bool is_on) {
    Message message;
    message.kind = MessageKind::kPower;
    message.sub = is_on ? 1 : 0;
    bench.device->on_message(message);
  };
  power(false);
  bench.wire({0x09}, 2);
  EXPECT_FALSE(bench.is_acknowledged);
  power(true);
  bench.world.advance(base::seconds(3));
  EXPECT_LT(bench.read(0x605)[0], 0x0E);
  EXPECT_FALSE(bench.link->is_ready);
  bench.write(0x920, {0x81});
  EXPECT_EQ(bench.read(0x920)[0], 0x81);  // no main micro to assist
  // Byte by byte through the I2C master, as the SDK does in legacy mode, only what is left.
  bench.write(0x602, {0x00, 0x04});
  const std::size_t end = wire::retimer::image_end(image);
  const auto master = [&](std::uint8_t reg, std::uint8_t byte, std::uint8_t flags) {
    bench.write(0xD04, {reg});
    bench.write(0xD05, {byte, flags});
    bench.write(0xD09, {1});
  };
  const auto put = [&](std::uint8_t byte, std::uint8_t flags) { master(0x10, byte, flags); };
  for (std::size_t page = kCut; page < end; page += 256) {
    if (page == 65536) {
      master(0x6C, 0, 0);
      master(0x04, 0x51, 0);
      master(0x6C, 1, 0);
    }
    put(static_cast<std::uint8_t>(page >> 8), 0);
    put(static_cast<std::uint8_t>(page), 0);
    for (std::size_t i = 0; i < 256; ++i) {
      put(image[page + i], i == 255 ? 2 : 0);
    }
  }
  bench.write(0x602, {0x00, 0x00});
  bench.world.advance(base::seconds(2));
  EXPECT_EQ(bench.read(0x605)[0], 0x0E);
  EXPECT_EQ(bench.sram(0x17F81), 9);
  EXPECT_TRUE(bench.link->is_ready);
}

TEST(RetimerDevice, EepromFlipsShowAtTheNextLoad) {
  Bench bench;
  bench.set(Quantity::kEepromFlips, 8);
  EXPECT_EQ(bench.read(0x605)[0], 0x0E);
  bench.write(0x600, {0xFF, 0x06});
  bench.write(0x600, {0x00, 0x00});
  bench.world.advance(base::seconds(2));
  EXPECT_LT(bench.read(0x605)[0], 0x0E);
  EXPECT_FALSE(bench.link->is_ready);
}

TEST(RetimerDevice, TemperatureIsNotReadyAtStart) {
  Bench bench;
  bench.set(Quirk::kTemperatureNotReady);
  bench.write(0x600, {0xFF, 0x06});
  bench.write(0x600, {0x00, 0x00});
  bench.world.advance(base::seconds(5));
  EXPECT_EQ(bench.read(0x42C, 4), (Bytes{0, 0, 0, 0}));
  bench.world.advance(base::seconds(8));
  EXPECT_NE(bench.read(0x42C, 4), (Bytes{0, 0, 0, 0}));
}

TEST(RetimerDevice, CheckpointInMidFlightEqualsUninterrupted) {
  const auto prepare = [](Bench& bench) {
    bench.link->say(MessageKind::kLinkUp, bench.id);
    bench.write(0x600, {0xFF, 0x06});
    bench.write(0x600, {0x00, 0x00});
    // Through the quad slice's window: the main micro is not up yet.
    bench.write(0x4400, {0x05});
    bench.write(0x4403, {0x34});
    bench.write(0x4404, {0x12});
    bench.write(0x4401, {0x24});
    bench.write(0x4402, {0x0C});
    bench.world.advance(base::seconds(0.7));
    bench.wire({0x0A, 0x03, 0x06, 0x00, 0x04});  // a read half done
  };
  const auto finish = [](Bench& bench) {
    const Bytes answer = bench.wire({0x09}, 5);
    bench.world.advance(base::seconds(40));
    EXPECT_EQ(answer, (Bytes{0x04, 0x01, 0x00, 0xFA, 0x1D}));
    EXPECT_EQ(bench.pma(1, 2, 0x200C), 0x1234);
    return bench.world.hash();
  };
  Bench whole;
  prepare(whole);
  const Bytes saved = whole.world.checkpoint();
  const auto expected = finish(whole);
  LinkPlan plan = test::plan_of_16_lanes();
  World world({.seed = 1});
  auto made_link = std::make_unique<test::FakeLink>("link/a", plan);
  test::FakeLink* link = made_link.get();
  const ActorId link_id = world.add(std::move(made_link)).value();
  auto made = std::make_unique<Device>(
      "retimer/r0",
      DeviceOptions{.address = 0x24, .links = {{.link = link, .id = link_id, .width = 16}}});
  Device* device = made.get();
  ASSERT_TRUE(world.add(std::move(made)));
  ASSERT_TRUE(world.restore(saved));
  smbus::Segment segment("i2c-9");
  segment.attach(device->target());
  std::vector<smbus::Message> messages{{.address = 0x24, .bytes = {0x09}},
                                       {.address = 0x24, .is_read = true, .bytes = Bytes(5)}};
  ASSERT_TRUE(segment.transfer(messages));
  EXPECT_EQ(messages[1].bytes, (Bytes{0x04, 0x01, 0x00, 0xFA, 0x1D}));
  world.advance(base::seconds(40));
  // The same reads as above, so that the time on the bus is the same.
  for (const Bytes& out : std::vector<Bytes>{{0x0F, 0x06, 0x44, 0x0D, 0x99, 0x0C, 0x24, 0x00},
                                             {0x0F, 0x04, 0x40, 0x0D, 0x9D, 0x07}}) {
    std::vector<smbus::Message> write{{.address = 0x24, .bytes = out}};
    ASSERT_TRUE(segment.transfer(write));
  }
  for (const std::uint8_t at : {0x9C, 0x9E}) {
    std::vector<smbus::Message> setup{{.address = 0x24, .bytes = {0x0A, 0x03, 0x00, 0x0D, at}}};
    ASSERT_TRUE(segment.transfer(setup));
    std::vector<smbus::Message> data{{.address = 0x24, .bytes = {0x09}},
                                     {.address = 0x24, .is_read = true, .bytes = Bytes(2)}};
    ASSERT_TRUE(segment.transfer(data));
  }
  EXPECT_EQ(world.hash(), expected);
}

RC_GTEST_PROP(RetimerDevice, NoBytesOnTheBusBreakIt, ()) {
  Bench bench;
  const int transfers = *rc::gen::inRange(1, 60);
  for (int i = 0; i < transfers; ++i) {
    const bool is_shaped = *rc::gen::inRange(0, 4) != 0;
    Bytes out;
    if (is_shaped) {
      const auto n = *rc::gen::inRange<std::uint8_t>(1, 5);
      out = {0x0F, static_cast<std::uint8_t>(3 + n),
             static_cast<std::uint8_t>(0x40 | (n - 1) << 1 | *rc::gen::inRange(0, 2)),
             *rc::gen::element<std::uint8_t>(0x00, 0x06, 0x09, 0x0D, 0x42, 0x44, 0x88),
             *rc::gen::arbitrary<std::uint8_t>()};
      for (int k = 0; k < n; ++k) {
        out.push_back(*rc::gen::arbitrary<std::uint8_t>());
      }
    } else {
      out = *rc::gen::container<Bytes>(rc::gen::arbitrary<std::uint8_t>());
    }
    bench.wire(out, *rc::gen::inRange<std::size_t>(0, 20));
    if (*rc::gen::inRange(0, 8) == 0) {
      bench.world.advance(base::seconds(0.3));
    }
  }
  bench.world.advance(base::seconds(3));
  // Identity stays, loads stay in their range, temperatures are readings or none.
  RC_ASSERT(bench.read(0x004, 4) == (Bytes{0x01, 0x00, 0xFA, 0x1D}));
  RC_ASSERT((bench.read(0x605)[0] & 0xF1) == 0);
  const Bytes adc = bench.read(0x42C, 4);
  RC_ASSERT((adc[0] | adc[1] << 8) < 0x3FF && adc[2] == 0 && adc[3] == 0);
}

}  // namespace
}  // namespace weft::twin::retimer
