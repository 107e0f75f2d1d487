// SPDX-License-Identifier: Apache-2.0
// Codecs and conversions against the documented bytes and numbers, written from the facts and not
// from the encoders.
#include "wire/retimer/access.h"
#include "wire/retimer/convert.h"
#include "wire/retimer/image.h"
#include "wire/retimer/registers.h"
#include "wire/retimer/structures.h"

#include <algorithm>
#include <array>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace weft::wire::retimer {
namespace {

using base::Bytes;

TEST(RetimerAccess, CommandBytesAreTheDocumentedOnes) {
  const std::vector<std::pair<std::uint8_t, Command>> rows{
      {0x07, {Format::kIntel, Step::kWrite, false}},
      {0x02, {Format::kIntel, Step::kReadSetup, false}},
      {0x01, {Format::kIntel, Step::kReadData, false}},
      {0x0F, {Format::kAstera, Step::kWrite, false}},
      {0x0A, {Format::kAstera, Step::kReadSetup, false}},
      {0x09, {Format::kAstera, Step::kReadData, false}},
      {0x0B, {Format::kAstera, Step::kReadCall, false}},
      {0x8A, {Format::kAstera, Step::kReadSetup, true}},
      {0x87, {Format::kIntel, Step::kWrite, true}},
  };
  for (const auto& [byte, command] : rows) {
    EXPECT_EQ(encode(command), byte);
    const auto decoded = decode_command(byte);
    ASSERT_TRUE(decoded);
    EXPECT_EQ(*decoded, command);
  }
  for (const int byte : {0x00, 0x03, 0x04, 0x05, 0x06, 0x0C, 0x0E, 0x13, 0x1F, 0x2A, 0x4A}) {
    EXPECT_FALSE(decode_command(static_cast<std::uint8_t>(byte))) << byte;
  }
}

TEST(RetimerAccess, BlocksAreTheDocumentedOnes) {
  // The average temperature, 4 bytes at 0x42C, as the mainline driver asks for it.
  const Access temperature{.address = 0x42C, .length = 4};
  EXPECT_EQ(*encode_block(temperature), (Bytes{0x06, 0x04, 0x2C}));
  // The mailbox's address bytes, written as the mainline driver does.
  const Access mailbox{.is_write = true, .address = 0xD99, .length = 3, .data = {0x80, 0x7F, 0x00}};
  EXPECT_EQ(*encode_block(mailbox), (Bytes{0x44, 0x0D, 0x99, 0x80, 0x7F, 0x00}));
  // Address bit 16 is in the configuration byte.
  EXPECT_EQ(*encode_block({.address = 0x13E41, .length = 16}), (Bytes{0x1F, 0x3E, 0x41}));
  EXPECT_EQ(*encode_block({.format = Format::kIntel, .address = 0x0004, .length = 4}),
            (Bytes{0x04, 0x00}));
  EXPECT_EQ(*encode_block({.format = Format::kIntel,
                           .is_write = true,
                           .address = 0x0600,
                           .length = 2,
                           .data = {0xFF, 0x06}}),
            (Bytes{0x00, 0x06, 0xFF, 0x06}));
}

TEST(RetimerAccess, IntelAnswerOfTheVendorRegister) {
  const Access access{.format = Format::kIntel, .address = 4, .length = 4};
  // On the wire behind the count 06.
  const Bytes block{0x04, 0x00, 0x01, 0x00, 0xFA, 0x1D};
  const auto data = decode_answer(access, block);
  ASSERT_TRUE(data);
  EXPECT_EQ(*data, (Bytes{0x01, 0x00, 0xFA, 0x1D}));
  EXPECT_EQ((*data)[3] << 8 | (*data)[2], kVendorId);
  EXPECT_EQ(encode_answer(access, *data), block);
}

TEST(RetimerAccess, AnswerOfSomebodyElsesReadIsDataLoss) {
  const Access access{.format = Format::kIntel, .address = 4, .length = 4};
  EXPECT_EQ(decode_answer(access, Bytes{0x05, 0, 1, 0, 0, 0}).error().code, base::Code::kDataLoss);
  EXPECT_EQ(decode_answer({.address = 4, .length = 2}, Bytes{1}).error().code,
            base::Code::kDataLoss);
}

TEST(RetimerAccess, RefusesWhatDoesNotFit) {
  EXPECT_FALSE(encode_block({.format = Format::kIntel, .address = 0x10000, .length = 1}));
  EXPECT_FALSE(encode_block({.format = Format::kIntel, .address = 4, .length = 5}));
  EXPECT_FALSE(encode_block({.address = 0x20000, .length = 1}));
  EXPECT_FALSE(encode_block({.address = 4, .length = 17}));
  EXPECT_FALSE(encode_block({.is_write = true, .address = 4, .data = Bytes(5)}));
  const Command write{Format::kAstera, Step::kWrite, false};
  EXPECT_FALSE(decode_block(write, Bytes{0x40, 0x0D}));
  EXPECT_FALSE(decode_block(write, Bytes{0x40, 0x0D, 0x9D}));        // no data
  EXPECT_FALSE(decode_block(write, Bytes{0x00, 0x0D, 0x9D, 0x16}));  // says read
  EXPECT_FALSE(decode_block(write, Bytes{0x42, 0x0D, 0x9D, 0x16}));  // says 2 bytes
  EXPECT_FALSE(decode_block({Format::kIntel, Step::kReadSetup, false}, Bytes{4, 0, 0}));
}

RC_GTEST_PROP(RetimerAccess, DecodesWhatItEncodes, (bool is_intel, bool is_write)) {
  Access access;
  access.format = is_intel ? Format::kIntel : Format::kAstera;
  access.is_write = is_write;
  access.address = *rc::gen::inRange<std::uint32_t>(0, is_intel ? 0x10000U : 0x20000U);
  const auto most = is_write ? kWriteMax : read_max(access.format);
  access.length = *rc::gen::inRange<std::size_t>(1, most + 1);
  if (is_write) {
    access.data = *rc::gen::container<Bytes>(access.length, rc::gen::arbitrary<std::uint8_t>());
  } else if (is_intel) {
    access.length = kIntelReadMax;
  }
  const Command command{access.format, is_write ? Step::kWrite : Step::kReadSetup, false};
  const auto block = encode_block(access);
  RC_ASSERT(block.has_value());
  const auto decoded = decode_block(command, *block);
  RC_ASSERT(decoded.has_value());
  RC_ASSERT(*decoded == access);
}

TEST(RetimerConvert, TemperatureByTheDriversFormula) {
  // 110 Cel is the code 84 + 250; each code is 0.32 Cel cooler.
  EXPECT_DOUBLE_EQ(temperature(334, 84)->value(), 110.0);
  EXPECT_NEAR(temperature(434, 84)->value(), 78.0, 1e-9);
  EXPECT_FALSE(temperature(0, 84));
  EXPECT_FALSE(temperature(0x3FF, 84));
  EXPECT_TRUE(temperature(0x3FE, 84));
  for (double t = -20; t <= 125; t += 0.7) {
    EXPECT_NEAR(temperature(temperature_code(base::Celsius(t), 80), 80)->value(), t, 0.161);
  }
}

TEST(RetimerConvert, EqualiserWords) {
  EXPECT_DOUBLE_EQ(attenuator(0x0060).value(), -4.5);             // code 3
  EXPECT_DOUBLE_EQ(vga(0x0140).value(), 9.0);                     // code 10
  EXPECT_NEAR(ctle_boost(0x00E0).value(), 4.55, 1e-9);            // code 7
  EXPECT_NEAR(ctle_boost(0x01A0).value(), 6.5, 1e-9);             // code 13 counts as 10
  EXPECT_NEAR(dfe(1, 0x1FE0 << 1 & 0x3FE0).value(), -3.7, 1e-9);  // two's complement of -2
  EXPECT_NEAR(dfe(2, 128 << 5).value(), 0, 1e-9);
  EXPECT_NEAR(dfe(3, (64 + 10) << 5).value(), 7.0, 1e-9);
  EXPECT_NEAR(dfe(8, (64 - 4) << 5).value(), -1.4, 1e-9);
  EXPECT_EQ(dfe_address(1), 0x10AE);
  EXPECT_EQ(dfe_address(5), 0x10B2);
  EXPECT_EQ(dfe_address(6), 0x10CE);
  EXPECT_EQ(dfe_address(8), 0x10D0);
  for (unsigned tap = 1; tap <= 8; ++tap) {
    EXPECT_NEAR(dfe(tap, dfe_word(tap, base::Millivolts(-5.0))).value(), -5.0, 0.93);
  }
}

TEST(RetimerConvert, MarginSteps) {
  EXPECT_NEAR(timing_offset(14).value(), 0.4, 1e-12);
  EXPECT_NEAR(voltage_offset(-108).value(), -200, 1e-12);
  // -3 steps: 0x7D in bits 11:5; -1: 0x1FF in bits 10:2.
  EXPECT_EQ(with_timing_field(0x1000, -3), 0x1000 | 0x7D << 5);
  EXPECT_EQ(timing_field(0x1000 | 0x7D << 5), -3);
  EXPECT_EQ(with_voltage_field(0, -1), 0x1FF << 2);
  EXPECT_EQ(voltage_field(0x1FF << 2), -1);
}

TEST(RetimerConvert, PatternCheckerCounts) {
  EXPECT_EQ(bert_errors(5), 5U);
  EXPECT_EQ(bert_errors(0xFFFF), 4194176U);  // what the SDK calls saturated
  EXPECT_EQ(bert_word(10'000'000), 0xFFFF);
  EXPECT_EQ(bert_word(7), 7);
  EXPECT_EQ(bert_errors(bert_word(3'000'064)), 3'000'064U);
}

TEST(RetimerStructures, PlacesOfThePublicMap) {
  EXPECT_EQ(kFirmwareInfo, 0x17F80U);
  EXPECT_EQ(kFirmwareInfo + kInfoPathSize, 0x17FAAU);
  EXPECT_EQ(kPathFirmwareInfo, 0xBF00U);
  EXPECT_EQ(path_base(15) + kPathLaneState, 0x130B7U);
  EXPECT_EQ(path_base(0) + kPathSram, 0x4200U);
  EXPECT_EQ(path_base(0) + kPathPac, 0x4400U);
  EXPECT_EQ(path_base(0) + kPathRate, 0x460EU);
  EXPECT_EQ(path_base(0) + kPathLane + kLaneTxDeemphasisSeen, 0x497CU);
  EXPECT_EQ(path_base(0) + kPathLane + kLaneFomFeedback, 0x498CU);
  EXPECT_EQ(path_base(0) + kPathLane + kLaneTermination, 0x48D8U);
  EXPECT_EQ(path_of(5, true), 5U);
  EXPECT_EQ(path_of(5, false), 4U);
}

TEST(RetimerStructures, Bifurcation) {
  EXPECT_EQ(bifurcation(0).size(), 1U);
  EXPECT_EQ(bifurcation(0)[0].width, 16);
  const auto four = bifurcation(6);  // x4x4x4x4
  ASSERT_EQ(four.size(), 4U);
  EXPECT_EQ(four[3].start, 12);
  EXPECT_EQ(bifurcation(7).size(), 8U);
  EXPECT_EQ(bifurcation(0x21)[1].start, 4);  // x4x8x4
  EXPECT_TRUE(bifurcation(35).empty());
  EXPECT_EQ(*bifurcation_of(std::array<std::uint8_t, 2>{4, 4}), 0x1C);
  EXPECT_EQ(*bifurcation_of(std::array<std::uint8_t, 2>{8, 8}), 3);
  EXPECT_FALSE(bifurcation_of(std::array<std::uint8_t, 1>{3}));
  EXPECT_EQ(with_bifurcation(0, 3), 3U << 7);
  EXPECT_EQ(bifurcation_field(with_bifurcation(0xFFFFFFFF, 6)), 6);
  EXPECT_EQ(max_rate_field(5U << 24), 5);
}

TEST(RetimerStructures, PartNames) {
  EXPECT_EQ(part_name(0x40 | 16), "PT5161L");
  EXPECT_EQ(part_name(0x40 | 8), "PT5081L");
  EXPECT_EQ(part_name(16), "PT4161L");
  EXPECT_EQ(part_name(0xC0 | 16), "");
}

TEST(RetimerRegisters, AreInOrderAndDoNotOverlap) {
  std::uint32_t next = 0;
  for (const RegisterRow& row : registers()) {
    EXPECT_GE(row.address, next) << row.name;
    next = row.address + row.bytes;
  }
  ASSERT_NE(describe(0x42E), nullptr);
  EXPECT_EQ(describe(0x42E)->name, "cur_avg_temp_adc");
  EXPECT_EQ(describe(0x700), nullptr);
}

TEST(RetimerImage, BlocksOfAHandMadeImage) {
  // Two blocks as the SDK walks them: magic, type, length, ..., CRC at + 11 + length, next + 13.
  Bytes image{0xA5, 0x5A, 0xA5, 0x5A, 0x01, 0x04, 0x00, 0,    0, 0, 0, 2, 8,    14,
              0,    0x00, 0x00, 0xA5, 0x5A, 0xA5, 0x5A, 0xFF, 0, 0, 0, 0, 0xFF, 0xFF};
  image.resize(200, 0xFF);
  const auto found = blocks(image);
  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), 1U);
  EXPECT_EQ((*found)[0].length, 4U);
  EXPECT_FALSE((*found)[0].is_good);
  EXPECT_EQ(image_end(image), 28U);
  EXPECT_EQ(image_version(image).error().code, base::Code::kDataLoss);
}

TEST(RetimerImage, MadeImagesAreWholeAndAChangedByteIsSeen) {
  Bytes image = make_image(FirmwareVersion{2, 8, 14});
  ASSERT_EQ(image.size(), kEepromBytes);
  EXPECT_EQ(image_version(image)->text(), "2.8.14");
  EXPECT_EQ(blocks(image)->size(), 3U);
  image[50000] ^= 1;  // in the second block
  EXPECT_FALSE(image_version(image));
  EXPECT_EQ(blocks_before_trouble(image).size(), 1U);
  EXPECT_TRUE(blocks_before_trouble(Bytes(kEepromBytes, 0xFF)).empty());
  EXPECT_EQ(checksum(Bytes{0xFF, 0xFF, 2}), 512U);
}

/// The vendor's SDK (aries_api.c, verification by checksum): sums of whole banks, but of the bank
/// in which the image ends only up to there; and it sends the partial command only behind a change
/// of bank, so that an image which ends in bank 0 never verifies.
TEST(RetimerImage, EndsWhereTheSdksPartialChecksumReaches) {
  const Bytes image = make_image(FirmwareVersion{2, 8, 14});
  const Bytes mark{0xA5, 0x5A, 0xA5, 0x5A, 0xFF};
  const auto found = std::search(image.begin(), image.end(), mark.begin(), mark.end());
  std::size_t end = static_cast<std::size_t>(found - image.begin()) + 8;
  end += end % 32 == 0 ? 0 : 32 - end % 32;
  EXPECT_EQ(end / 65536, 1U);
  EXPECT_NE(end % 65536, 0U);  // 0 would ask for the whole bank
}

}  // namespace
}  // namespace weft::wire::retimer
