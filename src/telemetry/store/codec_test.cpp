// SPDX-License-Identifier: Apache-2.0
// The codecs by their law: whatever is put in comes back bit by bit, and any bytes are refused or
// read without harm. Sizes are held to what the papers and arithmetic promise, not to our output.
#include "telemetry/store/codec.h"

#include "base/random.h"
#include "telemetry/store/doubles.h"
#include "telemetry/store/integers.h"

#include <bit>
#include <cmath>
#include <limits>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace weft::telemetry::store_parts {
namespace {

using Column = std::vector<std::uint64_t>;

Column integers_back(const Column& column, std::size_t* size = nullptr) {
  base::Bytes bytes;
  encode_integers(column, bytes);
  if (size != nullptr) {
    *size = bytes.size();
  }
  ByteReader in(bytes);
  Column back;
  EXPECT_TRUE(decode_integers(in, column.size(), back));
  EXPECT_EQ(in.left(), 0U);
  return back;
}

Column doubles_back(const Column& column, std::size_t* size = nullptr) {
  base::Bytes bytes;
  encode_doubles(column, bytes);
  if (size != nullptr) {
    *size = bytes.size();
  }
  ByteReader in(bytes);
  Column back;
  EXPECT_TRUE(decode_doubles(in, column.size(), back));
  EXPECT_EQ(in.left(), 0U);
  return back;
}

RC_GTEST_PROP(store_codec, any_integers_come_back, (const Column& column)) {
  RC_ASSERT(integers_back(column) == column);
}

RC_GTEST_PROP(store_codec, any_doubles_come_back, (const Column& column)) {
  RC_ASSERT(doubles_back(column) == column);
}

RC_GTEST_PROP(store_codec, walks_of_any_step_come_back, (std::uint64_t start, std::uint8_t shift)) {
  base::Random random(start, "walk");
  Column column;
  for (int i = 0; i < 200; ++i) {
    start += (random() >> (shift % 64)) * (random.below(8) == 0 ? ~0ULL : 1ULL);
    column.push_back(start);
  }
  RC_ASSERT(integers_back(column) == column);
  RC_ASSERT(doubles_back(column) == column);
}

TEST(store_codec, odd_doubles_come_back) {
  Column column;
  for (const double value :
       {0.0, -0.0, 1.0, -1.0, std::numeric_limits<double>::infinity(),
        -std::numeric_limits<double>::infinity(), std::numeric_limits<double>::denorm_min(),
        std::numeric_limits<double>::max(), 1e-300, 45.25, 45.1, 0.1 + 0.2, 9007199254740993.0}) {
    column.push_back(std::bit_cast<std::uint64_t>(value));
    EXPECT_EQ(doubles_back({column.back()}), Column{column.back()});
    EXPECT_EQ(doubles_back(Column(9, column.back())), Column(9, column.back()));
  }
  column.push_back(0x7ff8000000000001);  // quiet NaN with a payload
  column.push_back(0x7ff0000000000001);  // signalling
  column.push_back(0xffffffffffffffff);
  EXPECT_EQ(doubles_back(column), column);
}

TEST(store_codec, regular_times_cost_next_to_nothing) {
  Column times;
  for (std::uint64_t i = 0; i < 500; ++i) {
    times.push_back(1'700'000'000'000'000'000 + i * 10'000'000'000);
  }
  std::size_t size = 0;
  EXPECT_EQ(integers_back(times, &size), times);
  EXPECT_LE(size, 25U);
}

TEST(store_codec, milliseconds_cost_as_milliseconds) {
  base::Random random(1, "jitter");
  Column times;
  for (std::uint64_t i = 0; i < 500; ++i) {
    times.push_back(1'700'000'000'000'000'000 + i * 10'000'000'000 + random.below(8) * 1'000'000);
  }
  std::size_t size = 0;
  EXPECT_EQ(integers_back(times, &size), times);
  EXPECT_LE(size, 500U * 5 / 8 + 40);  // 3 bits of jitter, twice, less than 5 in all
}

TEST(store_codec, a_temperature_costs_its_noise) {
  base::Random random(2, "temperature");
  for (const double quantum : {0.0625, 0.1, 0.25, 1.0}) {
    Column column;
    for (int i = 0; i < 500; ++i) {
      const double noise = random.uniform() + random.uniform() + random.uniform() - 1.5;
      const double steps = std::nearbyint(45.0 / quantum + 2 * noise);
      column.push_back(std::bit_cast<std::uint64_t>(quantum == 0.1 ? steps / 10 : steps * quantum));
    }
    std::size_t size = 0;
    EXPECT_EQ(doubles_back(column, &size), column);
    EXPECT_LE(size, 500U * 4 / 8) << quantum;  // entropy of one step of deviation: 2 bits
  }
}

TEST(store_codec, a_quiet_counter_costs_its_events) {
  Column column(1000, 17);
  for (std::size_t i = 400; i < 1000; ++i) {
    column[i] = 18;
  }
  std::size_t size = 0;
  EXPECT_EQ(integers_back(column, &size), column);
  EXPECT_LE(size, 12U);
}

Strip every_kind() {
  Strip strip;
  const std::string up = "up";
  const std::string down = "down";
  observe::Histogram histogram{{1, 2, 3, 0}};
  const observe::NotMeasured absent{observe::Absence::kAsleep, "D3cold"};
  for (int i = 0; i < 100; ++i) {
    const std::int64_t at = 1000 + 3 * i;
    switch (i % 7) {
      case 0:
        strip.push(at, {.kind = Kind::kText, .text = i % 2 == 0 ? &up : &down});
        break;
      case 1:
        ++histogram.counts[static_cast<std::size_t>(i % 4)];
        strip.push(at, {.kind = Kind::kHistogram, .histogram = &histogram});
        break;
      case 2:
        strip.push(at, {.kind = Kind::kAbsent, .absent = &absent});
        break;
      case 3:
        strip.push(at, {.kind = Kind::kReal, .bits = std::bit_cast<std::uint64_t>(0.1 * i)});
        break;
      default:
        strip.push(at, {.kind = Kind::kWhole, .bits = static_cast<std::uint64_t>(i)});
    }
  }
  return strip;
}

void expect_equal(const Strip& a, const Strip& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a.at(i), b.at(i));
    EXPECT_EQ(a.point(i).value, b.point(i).value) << i;
  }
}

TEST(store_codec, a_block_of_every_kind_comes_back) {
  const Strip strip = every_kind();
  const base::Bytes bytes = encode_block(strip, 0, strip.size());
  const auto back = decode_block(bytes);
  ASSERT_TRUE(back) << back.error().text();
  expect_equal(*back, strip);
  const BlockHead head = peek_block(bytes);
  EXPECT_EQ(head.count, 100U);
  EXPECT_EQ(head.first, 1000);
  EXPECT_EQ(head.last, 1297);
}

TEST(store_codec, a_block_cut_short_is_refused) {
  const Strip strip = every_kind();
  const base::Bytes bytes = encode_block(strip, 0, strip.size());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(decode_block(base::ByteView(bytes).first(size))) << size;
  }
}

TEST(store_codec, a_block_that_asks_for_much_memory_is_refused) {
  // 65,536 histograms of 4,096 bins, all zero: 2 GB from a few kilobytes.
  base::Bytes bytes;
  put_varint(bytes, kPointsMost);
  put_u64(bytes, 0);
  put_varint(bytes, 0);
  bytes.push_back(3);
  put_varint(bytes, 2);
  bytes.push_back(0);
  bytes.push_back(0);
  put_varint(bytes, kBinsMost);
  put_varint(bytes, kPointsMost);
  bytes.resize(bytes.size() + 2 * kBinsMost);
  const auto refused = decode_block(bytes);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().what, "its values cannot be read");
}

TEST(store_codec, extreme_times_come_back) {
  Strip strip;
  strip.push(std::numeric_limits<std::int64_t>::min(), {.kind = Kind::kWhole, .bits = 1});
  strip.push(0, {.kind = Kind::kWhole, .bits = ~0ULL});
  strip.push(std::numeric_limits<std::int64_t>::max(), {.kind = Kind::kWhole, .bits = 0});
  const auto back = decode_block(encode_block(strip, 0, 3));
  ASSERT_TRUE(back);
  expect_equal(*back, strip);
}

TEST(store_strip, late_points_find_their_place) {
  Strip strip;
  for (const std::int64_t at : {10, 30, 20, 5, 40}) {
    EXPECT_TRUE(strip.insert(at, {.kind = at == 20 ? Kind::kReal : Kind::kWhole,
                                  .bits = static_cast<std::uint64_t>(at)}));
  }
  EXPECT_FALSE(strip.insert(20, {.kind = Kind::kWhole, .bits = 7}));
  ASSERT_EQ(strip.size(), 5U);
  EXPECT_EQ(strip.at(0), 5);
  EXPECT_EQ(strip.at(2), 20);
  EXPECT_EQ(strip.kind(2), Kind::kReal);
  EXPECT_EQ(strip.kind(3), Kind::kWhole);
}

}  // namespace
}  // namespace weft::telemetry::store_parts
