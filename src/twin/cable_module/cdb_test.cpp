// SPDX-License-Identifier: Apache-2.0
// Firmware through CDB as a host does it: 9Fh:130 on first, then 128-129; 00h:37 says how it went.
#include "wire/cmis/cdb.h"

#include "twin/cable_module/firmware.h"
#include "twin/cable_module/test_link.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weft::twin {
namespace {

using base::seconds;
using cable_module::make_image;
using cable_module::TestCable;
using ::testing::ElementsAre;

/// Writes a message as hosts do, waits, and gives 00h:37.
unsigned command(TestCable& cable, std::uint16_t number, base::Bytes payload = {},
                 std::uint16_t extended = 0) {
  const auto bytes = wire::cmis::encode(wire::cmis::CdbMessage{
      .command = number, .extended_length = extended, .payload = std::move(payload)});
  EXPECT_TRUE(cable.write(0x9F, 130, base::Bytes(bytes->begin() + 2, bytes->end())));
  EXPECT_TRUE(cable.write(0x9F, 128, base::Bytes(bytes->begin(), bytes->begin() + 2)));
  EXPECT_EQ(cable.byte(0, 37) & 0x80, 0x80U) << "busy";
  cable.world.advance(seconds(1));
  return cable.byte(0, 37);
}

void put(base::Bytes& out, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) {
    out.push_back(static_cast<std::uint8_t>(value >> shift));
  }
}

unsigned start(TestCable& cable, const base::Bytes& image) {
  base::Bytes payload;
  put(payload, static_cast<std::uint32_t>(image.size()));
  put(payload, 0);
  payload.insert(payload.end(), image.begin(), image.begin() + 64);
  return command(cable, 0x0101, payload);
}

unsigned block(TestCable& cable, const base::Bytes& image, std::size_t address) {
  base::Bytes payload;
  put(payload, static_cast<std::uint32_t>(address));
  const auto from = image.begin() + 64 + static_cast<std::ptrdiff_t>(address);
  payload.insert(payload.end(), from, from + std::min<std::ptrdiff_t>(116, image.end() - from));
  return command(cable, 0x0103, payload);
}

std::vector<unsigned> versions(TestCable& cable) {
  return {cable.byte(0, 39), cable.byte(0, 40), cable.byte(1, 128), cable.byte(1, 129)};
}

TEST(CableModuleCdb, Queries) {
  TestCable cable;
  cable.bring_up();
  static_cast<void>(cable.byte(0, 8));
  EXPECT_EQ(command(cable, 0x0000, {0x00, 0x10}), 0x01U);
  EXPECT_EQ(cable.byte(0, 8) & 0x40, 0x40U) << "CdbCmdCompleteFlag1";
  EXPECT_EQ(cable.byte(0x9F, 134), 2U);
  EXPECT_EQ(cable.byte(0x9F, 137), 1U);
  EXPECT_EQ(command(cable, 0x0041), 0x01U);
  const auto features = cable.read(0x9F, 128, 128);
  EXPECT_EQ(features[134 - 128], 18);
  EXPECT_EQ(features[138 - 128], 64) << "header bytes that Start takes";
  EXPECT_EQ(features[141 - 128], 0x11) << "local and extended payload";
  EXPECT_TRUE(wire::cmis::decode_cdb_reply(features));
  EXPECT_EQ(features[137 - 128] & 0x08, 0) << "greatest times in ms";
  EXPECT_THAT(base::Bytes(features.begin() + 16, features.begin() + 24),
              ElementsAre(0x03, 0xE8, 0, 100, 0, 50, 0x03, 0xE8))
      << "start, abort, write, complete";
  EXPECT_EQ(command(cable, 0x0100), 0x01U);
  const auto info = cable.read(0x9F, 128, 128);
  EXPECT_EQ(info[136 - 128], 0x03) << "A runs and is committed, B is idle, both are good";
  EXPECT_THAT(base::Bytes(info.begin() + 10, info.begin() + 14), ElementsAre(2, 10, 0, 1));
  EXPECT_EQ(command(cable, 0x0040), 0x01U);
  EXPECT_EQ(cable.byte(0x9F, 134), 36U);
  EXPECT_EQ(cable.word(0x9F, 136 + 34), 1000U) << "greatest completion time, ms";
  EXPECT_EQ(command(cable, 0x7777), 0x41U) << "unknown command";
}

TEST(CableModuleCdb, AWrongCheckCodeIsRefused) {
  TestCable cable;
  cable.bring_up();
  ASSERT_TRUE(cable.write(0x9F, 130, {0, 0, 0, 0x12, 0, 0}));
  ASSERT_TRUE(cable.write(0x9F, 128, {0x01, 0x00}));
  cable.world.advance(seconds(1));
  EXPECT_EQ(cable.byte(0, 37), 0x45U);
}

TEST(CableModuleCdb, DownloadRunCommit) {
  TestCable cable;
  cable.bring_up();
  const auto image = make_image(3, 1, 7, 1000);
  ASSERT_EQ(start(cable, image), 0x01U);
  for (std::size_t at = 0; at < 1000; at += 116) {
    ASSERT_EQ(block(cable, image, at), 0x01U) << at;
  }
  EXPECT_THAT(versions(cable), ElementsAre(2, 10, 0, 0)) << "not complete yet";
  ASSERT_EQ(command(cable, 0x0107), 0x01U);
  EXPECT_THAT(versions(cable), ElementsAre(2, 10, 3, 1));
  ASSERT_EQ(command(cable, 0x0109, {0, 1, 0, 0}), 0x01U);
  EXPECT_THAT(versions(cable), ElementsAre(3, 1, 2, 10));
  EXPECT_EQ(cable.byte(0x11, 128), 0x44U) << "hitless: data goes on";
  // A reset before commit goes back to the old image.
  ASSERT_TRUE(cable.write(0, 26, {0x08}));
  cable.world.advance(seconds(5));
  EXPECT_THAT(versions(cable), ElementsAre(2, 10, 3, 1));
  // Mode 0 restarts with traffic down.
  const auto bytes =
      wire::cmis::encode(wire::cmis::CdbMessage{.command = 0x0109, .payload = {0, 0, 0, 0}});
  ASSERT_TRUE(cable.write(0x9F, 130, base::Bytes(bytes->begin() + 2, bytes->end())));
  ASSERT_TRUE(cable.write(0x9F, 128, {0x01, 0x09}));
  cable.world.advance(seconds(0.2));
  EXPECT_FALSE(cable.a->read({}, 1)) << "it restarts";
  cable.world.advance(seconds(5));
  ASSERT_EQ(command(cable, 0x010A), 0x01U);
  ASSERT_TRUE(cable.write(0, 26, {0x08}));
  cable.world.advance(seconds(5));
  EXPECT_THAT(versions(cable), ElementsAre(3, 1, 2, 10));
}

/// Run Image as SONiC and Linux send it: no waiting for its end.
void run(TestCable& cable, std::uint8_t mode, std::uint16_t delay_ms) {
  const auto bytes = wire::cmis::encode(
      wire::cmis::CdbMessage{.command = 0x0109,
                             .payload = {0, mode, static_cast<std::uint8_t>(delay_ms >> 8),
                                         static_cast<std::uint8_t>(delay_ms)}});
  static_cast<void>(cable.byte(0, 8));
  ASSERT_TRUE(cable.write(0x9F, 130, base::Bytes(bytes->begin() + 2, bytes->end())));
  ASSERT_TRUE(cable.write(0x9F, 128, {0x01, 0x09}));
}

// The delay counts from the command's completion (OIF-CMIS-05.2 9.7.10); SONiC asks for 512 ms and
// wants to see success before the module is gone.
TEST(CableModuleCdb, RunImageSucceedsBeforeItResets) {
  TestCable cable;
  cable.bring_up();
  run(cable, 0, 512);
  cable.world.advance(seconds(0.05));
  EXPECT_EQ(cable.byte(0, 37), 0x01U) << "success";
  EXPECT_EQ(cable.byte(0, 8) & 0x40, 0x40U) << "CdbCmdCompleteFlag1";
  EXPECT_THAT(versions(cable), ElementsAre(2, 10, 2, 9)) << "nothing restarted yet";
  ASSERT_TRUE(cable.write(0x9F, 130, {0, 0, 0, 0xF4, 0, 0}));
  ASSERT_TRUE(cable.write(0x9F, 128, {0x01, 0x0A}));
  cable.world.advance(seconds(0.1));
  EXPECT_EQ(cable.byte(0, 37), 0x47U) << "no commit while it is open which image will run";
  cable.world.advance(seconds(0.5));
  EXPECT_FALSE(cable.a->read({}, 1)) << "it resets";
  cable.world.advance(seconds(5));
  EXPECT_THAT(versions(cable), ElementsAre(2, 9, 2, 10));
  EXPECT_EQ(cable.byte(0x11, 128), 0x44U);
}

TEST(CableModuleCdb, RunImageWaitsForItsDelay) {
  TestCable cable;
  cable.bring_up();
  run(cable, 2, 2000);
  cable.world.advance(seconds(1.9));
  EXPECT_TRUE(cable.a->read({}, 1));
  EXPECT_EQ(cable.byte(0x11, 128), 0x44U);
  cable.world.advance(seconds(0.2));
  EXPECT_FALSE(cable.a->read({}, 1)) << "it resets";
  cable.world.advance(seconds(5));
  EXPECT_THAT(versions(cable), ElementsAre(2, 10, 2, 9)) << "mode 2 keeps the running image";
  run(cable, 1, 500);
  cable.world.advance(seconds(0.4));
  EXPECT_EQ(cable.byte(0, 37), 0x01U);
  EXPECT_EQ(cable.byte(0, 40), 10U);
  cable.world.advance(seconds(0.2));
  EXPECT_EQ(cable.byte(0, 40), 9U) << "hitless, after its delay";
  EXPECT_EQ(cable.byte(0x11, 128), 0x44U);
}

// Linux: 1 s twice before it looks for a reply, then 1 s for the module's state to be low power or
// ready; a look that is not answered is tried again.
TEST(CableModuleCdb, OpticsRestartInTheTimeThatLinuxGives) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    TestCable cable(fabric::Medium::kDspOptics, 8, true, seed);
    cable.bring_up();
    run(cable, 0, 0);
    cable.world.advance(seconds(3));
    ASSERT_EQ(cable.byte(0, 3) >> 1 & 7, 3U) << seed;
  }
}

// Linux refuses a reply whose check code is 0.
TEST(CableModuleCdb, RepliesHaveACheckCode) {
  TestCable cable;
  cable.bring_up();
  for (const std::uint16_t number : {0x0000, 0x0040, 0x0041, 0x0100}) {
    ASSERT_EQ(command(cable, number, base::Bytes(number == 0 ? 2 : 0)), 0x01U);
    EXPECT_NE(cable.byte(0x9F, 135), 0U) << number;
  }
}

TEST(CableModuleCdb, ExtendedPayload) {
  TestCable cable;
  cable.bring_up();
  const auto image = make_image(4, 0, 1, 300);
  ASSERT_EQ(start(cable, image), 0x01U);
  for (unsigned page = 0; page < 3; ++page) {
    const auto first = image.begin() + 64 + 128 * page;
    ASSERT_TRUE(cable.write(
        0xA0 + page, 128,
        base::Bytes(first, first + std::min<std::ptrdiff_t>(128, image.end() - first))));
  }
  // Hosts that always say 2048 bytes are understood: what lies behind the image is filling.
  ASSERT_EQ(command(cable, 0x0104, {0, 0, 0, 0}, 2048), 0x01U);
  ASSERT_EQ(command(cable, 0x0107), 0x01U);
  EXPECT_THAT(versions(cable), ElementsAre(2, 10, 4, 0));
}

TEST(CableModuleCdb, WhatIsBrokenDoesNotBecomeValid) {
  TestCable cable;
  cable.bring_up();
  auto image = make_image(3, 1, 7, 400);
  image[64 + 200] ^= 1;
  ASSERT_EQ(start(cable, image), 0x01U);
  EXPECT_EQ(start(cable, image) & 0x40, 0x40U) << "one at a time";
  for (std::size_t at = 0; at < 400; at += 116) {
    ASSERT_EQ(block(cable, image, at), 0x01U);
  }
  EXPECT_EQ(command(cable, 0x0107), 0x60U) << "its sum does not fit";
  EXPECT_THAT(versions(cable), ElementsAre(2, 10, 0, 0));
  EXPECT_EQ(command(cable, 0x0109, {0, 1, 0, 0}) & 0x40, 0x40U) << "there is nothing to run";
  // Interrupted by a reset: the idle bank stays empty, the running one is untouched.
  image[64 + 200] ^= 1;
  ASSERT_EQ(start(cable, image), 0x01U);
  ASSERT_EQ(block(cable, image, 0), 0x01U);
  ASSERT_TRUE(cable.write(0, 26, {0x08}));
  cable.world.advance(seconds(5));
  EXPECT_THAT(versions(cable), ElementsAre(2, 10, 0, 0));
  EXPECT_EQ(block(cable, image, 116) & 0x40, 0x40U) << "no download any more";
  ASSERT_EQ(start(cable, image), 0x01U);
  ASSERT_EQ(command(cable, 0x0102), 0x01U) << "abort";
  EXPECT_EQ(command(cable, 0x0107) & 0x40, 0x40U);
  EXPECT_EQ(start(cable, base::Bytes(200)) & 0x7F, 0x42U) << "no image at all";
}

TEST(CableModuleCdb, FarEnd) {
  TestCable cable;
  cable.bring_up();
  ASSERT_TRUE(cable.write(0, 64, {1}));
  const auto image = make_image(3, 1, 7, 100);
  ASSERT_EQ(start(cable, image), 0x01U);
  ASSERT_EQ(block(cable, image, 0), 0x01U);
  ASSERT_EQ(command(cable, 0x0107), 0x01U);
  EXPECT_EQ(cable.byte(1, 128, cable.b), 3U);
  ASSERT_TRUE(cable.write(0, 64, {0}));
  EXPECT_EQ(cable.byte(1, 128), 2U) << "this end kept its own";
}

TEST(CableModuleCdb, Crc32) {
  EXPECT_EQ(cable_module::crc32(base::as_bytes("123456789")), 0xCBF43926U);
}

}  // namespace
}  // namespace weft::twin
