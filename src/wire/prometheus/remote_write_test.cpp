// SPDX-License-Identifier: Apache-2.0
// remote_write bodies: one written by hand from the field numbers, round trips, and Prometheus and
// VictoriaMetrics themselves as judges of ours.
#include "wire/prometheus/remote_write.h"

#include "base/test_shell.h"
#include "base/time.h"

#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace weft::wire::prometheus {
namespace {

/// A Snappy block of literals only: length as varint, then tag (n - 1) << 2 and n bytes.
base::Bytes literal_block(const base::Bytes& plain) {
  base::Bytes out = {static_cast<std::uint8_t>(plain.size()),
                     static_cast<std::uint8_t>((plain.size() - 1) << 2)};
  out.insert(out.end(), plain.begin(), plain.end());
  return out;
}

TEST(PrometheusRemoteWriteTest, ReadsABodyWrittenByHand) {
  const base::Bytes plain = {0x0A, 0x1F,  // timeseries, 31 bytes
                             0x0A, 0x0D, 0x0A, 0x08, '_',  '_', 'n',  'a',  'm',
                             'e',  '_',  '_',  0x12, 0x01, 'x', 0x12, 0x0E, 0x09,
                             0,    0,    0,    0,    0,    0,   0xF8, 0x3F,  // value 1.5
                             0x10, 0xE8, 0x07,                               // timestamp 1000
                             0x18, 0x07};                                    // a field nobody knows
  const auto series = read_request(literal_block(plain));
  ASSERT_TRUE(series) << series.error().text();
  ASSERT_EQ(series->size(), 1U);
  EXPECT_EQ((*series)[0].labels, (Labels{{"__name__", "x"}}));
  ASSERT_EQ((*series)[0].samples.size(), 1U);
  EXPECT_EQ((*series)[0].samples[0], (RemoteSample{1.5, 1000}));
}

TEST(PrometheusRemoteWriteTest, RefusesWhatIsGarbled) {
  EXPECT_EQ(read_request({}).error().code, base::Code::kDataLoss);
  EXPECT_EQ(read_request(base::Bytes{0x05, 0xFF}).error().code, base::Code::kDataLoss);
  EXPECT_EQ(read_request(literal_block({0x0A, 0x05, 0x0A})).error().code, base::Code::kDataLoss);
  // Says that it unpacks to 4 GiB - 1: refused before any of it is unpacked.
  EXPECT_EQ(read_request(base::Bytes{0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 0x00}).error().code,
            base::Code::kResourceExhausted);
  EXPECT_EQ(write_request({{RemoteSeries{{{"a b", "c"}}, {}}}}).error().code,
            base::Code::kInvalidArgument);
  EXPECT_EQ(write_request({{RemoteSeries{{{"a", "c"}, {"a", "d"}}, {}}}}).error().code,
            base::Code::kInvalidArgument);
}

TEST(PrometheusRemoteWritePropertyTest, ReadsWhatItWrote) {
  EXPECT_TRUE(rc::check([] {
    std::vector<RemoteSeries> series(*rc::gen::inRange<std::size_t>(0, 5));
    for (auto& one : series) {
      one.labels.emplace_back("__name__", "weft_x");
      one.labels.emplace_back("z", *rc::gen::arbitrary<std::string>());
      one.samples.resize(*rc::gen::inRange<std::size_t>(0, 6));
      for (auto& sample : one.samples) {
        sample = {static_cast<double>(*rc::gen::arbitrary<std::int32_t>()) / 8,
                  *rc::gen::arbitrary<std::int64_t>()};
      }
    }
    const auto body = write_request(series);
    RC_ASSERT(body.has_value());
    const auto again = read_request(*body);
    RC_ASSERT(again.has_value());
    RC_ASSERT(*again == series);
  }));
}

struct RemoteWriteJudge : testing::TestWithParam<const char*> {};

TEST_P(RemoteWriteJudge, HasTheSamplesThatWereSent) {
  const std::int64_t now_ms = base::wall_now().ns / 1'000'000 - 60'000;
  const std::vector<RemoteSeries> series = {
      {{{"__name__", "weft_temperature_celsius"}, {"device", "gpu \"0\""}},
       {{41.5, now_ms}, {42, now_ms + 15'000}}},
      {{{"__name__", "weft_errors_total"}, {"lane", "3"}}, {{9007199254740991.0, now_ms}}}};
  const auto body = write_request(series);
  ASSERT_TRUE(body);
  const std::string file = testing::TempDir() + "/weft_remote_write_" + GetParam();
  std::ofstream(file, std::ios::binary) << base::as_text(*body);
  const std::string command = std::string("python3 ") + WEFT_SOURCE_DIR +
                              "/src/wire/prometheus/remote_write_judge.py " + GetParam() + " " +
                              file;
  const auto [code, said] = base::shell_output(command);
  if (code == 77 || code == 127) {
    GTEST_SKIP() << "no " << GetParam();
  }
  ASSERT_EQ(code, 0) << said;
  const std::string at = std::to_string(now_ms);
  const std::string later = std::to_string(now_ms + 15'000);
  EXPECT_EQ(said, "{__name__=\"weft_errors_total\",lane=\"3\"} " + at + " 9007199254740991\n" +
                      "{__name__=\"weft_temperature_celsius\",device=\"gpu \"0\"\"} " + at +
                      " 41.5\n" + "{__name__=\"weft_temperature_celsius\",device=\"gpu \"0\"\"} " +
                      later + " 42\n");
}

INSTANTIATE_TEST_SUITE_P(Servers, RemoteWriteJudge,
                         testing::Values("prometheus", "victoria-metrics"), [](const auto& one) {
                           std::string name = one.param;
                           std::erase(name, '-');
                           return name;
                         });

}  // namespace
}  // namespace weft::wire::prometheus
