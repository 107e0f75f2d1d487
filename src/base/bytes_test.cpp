// SPDX-License-Identifier: Apache-2.0
#include "base/bytes.h"

#include <limits>

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace weft::base {
namespace {

constexpr std::uint8_t kBytes[] = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x88, 0x99};

TEST(Bytes, LittleAndBigEndian) {
  EXPECT_EQ(read_le(kBytes, 0, 2), 0x0201U);
  EXPECT_EQ(read_be(kBytes, 0, 2), 0x0102U);
  EXPECT_EQ(read_le(kBytes, 0, 8), 0x8807060504030201U);
  EXPECT_EQ(read_be(kBytes, 1, 8), 0x0203040506078899U);
  EXPECT_EQ(read_le(kBytes, 8, 1), 0x99U);
  EXPECT_EQ(read_le(kBytes, 3, 0), 0U);
}

TEST(Bytes, PastTheEndIsNothing) {
  constexpr std::size_t kMost = std::numeric_limits<std::size_t>::max();
  EXPECT_EQ(read_le(kBytes, 8, 2), std::nullopt);
  EXPECT_EQ(read_be(kBytes, 9, 1), std::nullopt);
  EXPECT_EQ(read_le(kBytes, kMost, 1), std::nullopt);
  EXPECT_EQ(read_le(kBytes, kMost - 3, 8), std::nullopt);
  EXPECT_EQ(read_be(kBytes, 0, 9), std::nullopt);
  EXPECT_EQ(read_le({}, 0, 1), std::nullopt);
}

TEST(Bytes, WritesOnlyWhatFits) {
  std::uint8_t bytes[4] = {0xAA, 0xAA, 0xAA, 0xAA};
  EXPECT_TRUE(write_le(bytes, 1, 2, 0x1234));
  EXPECT_EQ(bytes[0], 0xAA);
  EXPECT_EQ(bytes[1], 0x34);
  EXPECT_EQ(bytes[2], 0x12);
  EXPECT_EQ(bytes[3], 0xAA);
  EXPECT_FALSE(write_le(bytes, 3, 2, 0xFFFF));
  EXPECT_EQ(bytes[3], 0xAA);
  EXPECT_FALSE(write_le(bytes, std::numeric_limits<std::size_t>::max(), 1, 0));
}

TEST(Bytes, ReadGivesWhatWriteTook) {
  EXPECT_TRUE(rc::check("write_le, read_le", [](std::uint64_t value) {
    const auto width = *rc::gen::inRange<std::size_t>(1, 9);
    const auto offset = *rc::gen::inRange<std::size_t>(0, 16);
    Bytes bytes(24, 0x55);
    RC_ASSERT(write_le(bytes, offset, width, value));
    const std::uint64_t mask = width == 8 ? ~std::uint64_t{0} : (std::uint64_t{1} << 8 * width) - 1;
    RC_ASSERT(read_le(bytes, offset, width) == std::optional(value & mask));
  }));
}

TEST(Bytes, TextAndBytesAreTheSameMemory) {
  EXPECT_EQ(as_text(as_bytes("weft")), "weft");
  EXPECT_EQ(as_bytes("\xFF")[0], 0xFF);
}

}  // namespace
}  // namespace weft::base
