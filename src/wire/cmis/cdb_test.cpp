// SPDX-License-Identifier: Apache-2.0
// CDB messages written from the tables of OIF-CMIS-05.2 chapter 9.
#include "wire/cmis/cdb.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace weft::wire::cmis {
namespace {

using ::testing::ElementsAre;

base::Bytes page_of(base::Bytes bytes) {
  bytes.resize(128);
  return bytes;
}

TEST(CmisCdb, QueryStatusAsItGoesOverTheWire) {
  // Command 0000h, delay 10h in two bytes: the sum of 02h (length) and 10h is 12h, so EDh.
  const auto bytes = encode(CdbMessage{.command = 0x0000, .payload = {0x00, 0x10}});
  ASSERT_TRUE(bytes);
  EXPECT_THAT(*bytes, ElementsAre(0, 0, 0, 0, 2, 0xED, 0, 0, 0x00, 0x10));
}

TEST(CmisCdb, WriteLocalBlock) {
  const auto bytes =
      encode(CdbMessage{.command = static_cast<std::uint16_t>(CdbCommand::kWriteLocal),
                        .payload = {0x00, 0x00, 0x01, 0x74, 0xAA, 0xBB}});
  ASSERT_TRUE(bytes);
  EXPECT_THAT(*bytes, ElementsAre(0x01, 0x03, 0, 0, 6,
                                  0xFF - ((0x01 + 0x03 + 6 + 0x01 + 0x74 + 0xAA + 0xBB) & 0xFF), 0,
                                  0, 0x00, 0x00, 0x01, 0x74, 0xAA, 0xBB));
}

TEST(CmisCdb, DecodingRefusesWrongCheckCodesAndLengths) {
  auto page = page_of(*encode(CdbMessage{.command = 0x0100}));
  ASSERT_TRUE(decode_cdb_message(page));
  page[5] ^= 1;
  EXPECT_EQ(decode_cdb_message(page).error().code, base::Code::kDataLoss);
  page[4] = 121;
  EXPECT_EQ(decode_cdb_message(page).error().code, base::Code::kDataLoss);
  EXPECT_EQ(decode_cdb_message(base::Bytes(10)).error().code, base::Code::kInvalidArgument);
  EXPECT_FALSE(encode(CdbMessage{.payload = base::Bytes(121)}));
}

RC_GTEST_PROP(CmisCdb, MessagesComeBack, ()) {
  CdbMessage message{
      .command = *rc::gen::arbitrary<std::uint16_t>(),
      .extended_length = *rc::gen::arbitrary<std::uint16_t>(),
      .payload = *rc::gen::container<base::Bytes>(*rc::gen::inRange<std::size_t>(0, 121),
                                                  rc::gen::arbitrary<std::uint8_t>())};
  const auto decoded = decode_cdb_message(page_of(*encode(message)));
  RC_ASSERT(decoded.has_value());
  RC_ASSERT(decoded->command == message.command);
  RC_ASSERT(decoded->extended_length == message.extended_length);
  RC_ASSERT(decoded->payload == message.payload);
}

TEST(CmisCdb, Status) {
  EXPECT_TRUE(decode_cdb_status(0x01).is_success());
  EXPECT_TRUE(decode_cdb_status(0x81).is_busy);
  EXPECT_EQ(encode(CdbStatus{.has_failed = true, .result = 5}), 0x45);
  EXPECT_EQ(failure(decode_cdb_status(0x45)), "the check code is wrong");
  EXPECT_TRUE(failure(decode_cdb_status(0x01)).empty());
}

TEST(CmisCdb, FirmwareInfo) {
  FirmwareInfo info;
  info.images[0] = {.is_running = true,
                    .is_committed = true,
                    .is_valid = true,
                    .is_present = true,
                    .major = 2,
                    .minor = 11,
                    .build = 0x0102};
  info.images[1] = {.is_valid = false};
  const auto bytes = encode(info);
  ASSERT_EQ(bytes.size(), 110U);
  // 9Fh:136: A runs (bit 0) and is committed (bit 1), B is invalid (bit 6).
  EXPECT_EQ(bytes[0], 0x43);
  EXPECT_EQ(bytes[1], 0x01);
  EXPECT_EQ(bytes[138 - 136], 2);
  EXPECT_EQ(bytes[139 - 136], 11);
  EXPECT_EQ(bytes[141 - 136], 2);
  EXPECT_EQ(decode_firmware_info(bytes).value(), info);
  EXPECT_FALSE(decode_firmware_info(base::Bytes(20)));
}

TEST(CmisCdb, FirmwareFeatures) {
  const FirmwareFeatures features{.abort = true,
                                  .duration_in_10_ms = true,
                                  .start_payload = 64,
                                  .length_extension = 255,
                                  .writes_local = true,
                                  .writes_extended = true,
                                  .max_write = 200};
  const auto bytes = encode(features);
  EXPECT_EQ(bytes[137 - 136], 0x09);
  EXPECT_EQ(bytes[138 - 136], 64);
  EXPECT_EQ(bytes[140 - 136], 255);
  EXPECT_EQ(bytes[141 - 136], 0x11);
  EXPECT_EQ(bytes[149 - 136], 200);
  EXPECT_EQ(decode_firmware_features(bytes).value(), features);
  EXPECT_FALSE(decode_firmware_features(base::Bytes(17)));
}

TEST(CmisCdb, Reply) {
  auto page = page_of({0, 0, 0, 0, 0, 0, 3, 0, 1, 2, 3});
  page[7] = 0xFF - 6;
  EXPECT_THAT(decode_cdb_reply(page).value(), ElementsAre(1, 2, 3));
  page[10] = 4;
  EXPECT_FALSE(decode_cdb_reply(page));
}

}  // namespace
}  // namespace weft::wire::cmis
