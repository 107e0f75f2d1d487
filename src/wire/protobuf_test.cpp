// SPDX-License-Identifier: Apache-2.0
// Protocol buffers' wire format against the examples of its own documentation (protobuf.dev,
// "Encoding"), and what is no message.
#include "wire/protobuf.h"

#include <limits>
#include <vector>

#include <gtest/gtest.h>

namespace weft::wire::protobuf {
namespace {

std::vector<Field> fields(const base::Bytes& bytes) {
  std::vector<Field> out;
  EXPECT_TRUE(each_field(bytes, [&](const Field& field) {
    out.push_back(field);
    return true;
  }));
  return out;
}

bool is_message(const base::Bytes& bytes) {
  return each_field(bytes, [](const Field&) { return true; });
}

TEST(Protobuf, ReadsTheExamplesOfItsDocumentation) {
  const base::Bytes number = {0x08, 0x96, 0x01};
  ASSERT_EQ(fields(number).size(), 1U);
  EXPECT_EQ(fields(number)[0].number, 1U);
  EXPECT_EQ(fields(number)[0].value, 150U);

  const base::Bytes text = {0x12, 0x07, 0x74, 0x65, 0x73, 0x74, 0x69, 0x6e, 0x67};
  ASSERT_EQ(fields(text).size(), 1U);
  EXPECT_EQ(fields(text)[0].number, 2U);
  EXPECT_EQ(base::as_text(fields(text)[0].bytes), "testing");

  const base::Bytes packed = {0x32, 0x06, 0x03, 0x8e, 0x02, 0x9e, 0xa7, 0x05};
  std::vector<std::uint64_t> values;
  const auto keep = [&](std::uint64_t value) {
    values.push_back(value);
    return true;
  };
  EXPECT_TRUE(each_varint(fields(packed).at(0), keep));
  EXPECT_TRUE(each_varint(fields(number).at(0), keep));
  EXPECT_EQ(values, (std::vector<std::uint64_t>{3, 270, 86942, 150}));

  EXPECT_EQ(from_zigzag(0), 0);
  EXPECT_EQ(from_zigzag(1), -1);
  EXPECT_EQ(from_zigzag(2), 1);
  EXPECT_EQ(from_zigzag(0xfffffffe), 0x7fffffff);
  EXPECT_EQ(from_zigzag(~std::uint64_t{0}), std::numeric_limits<std::int64_t>::min());

  const base::Bytes minus_two = {0x08, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01};
  EXPECT_EQ(static_cast<std::int64_t>(fields(minus_two).at(0).value), -2);
}

TEST(Protobuf, RefusesWhatIsNoMessage) {
  EXPECT_TRUE(is_message({}));
  EXPECT_FALSE(is_message({0x08}));              // a number without its value
  EXPECT_FALSE(is_message({0x08, 0x80}));        // which does not end
  EXPECT_FALSE(is_message({0x00, 0x01}));        // field 0
  EXPECT_FALSE(is_message({0x12, 0x03, 0x61}));  // longer than what there is
  EXPECT_FALSE(is_message({0x09, 1, 2, 3, 4}));  // half of eight bytes
  EXPECT_FALSE(is_message({0x0b, 0x0c}));        // a group
  EXPECT_FALSE(is_message({0x0f, 0x01}));        // a wire type that there is not
  const base::Bytes endless(11, 0xff);
  EXPECT_FALSE(is_message(endless));
  // A size near 2^64 must not wrap around.
  EXPECT_FALSE(is_message({0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}));
  const Field garbled{1, Type::kBytes, 0, base::ByteView(endless).first(2)};
  EXPECT_FALSE(each_varint(garbled, [](std::uint64_t) { return true; }));
}

TEST(Protobuf, WritesWhatItReads) {
  std::string out;
  put_varint(1, 150, out);
  put_bytes(2, "testing", out);
  put_double(3, 1.5, out);
  const auto back = fields(base::Bytes(out.begin(), out.end()));
  ASSERT_EQ(back.size(), 3U);
  EXPECT_EQ(out.substr(0, 3), "\x08\x96\x01");
  EXPECT_EQ(back[1].number, 2U);
  EXPECT_EQ(std::bit_cast<double>(back[2].value), 1.5);
}

}  // namespace
}  // namespace weft::wire::protobuf
