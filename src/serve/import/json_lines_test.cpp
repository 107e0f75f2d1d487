// SPDX-License-Identifier: Apache-2.0
// JSON lines: what export and events write comes back, marks are read, wrong lines are named.
#include "serve/import/json_lines.h"

#include "serve/export/values.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weft::serve {
namespace {

using observe::Metric;

TEST(JsonLinesTest, ExportsOwnLinesComeBack) {
  std::vector<ExportValue> values(3);
  values[0].host = "node7";
  values[0].of = "port";
  values[0].name = "0000:02:00.0/eth0";
  values[0].subject = "prt-1";
  values[0].metric = Metric::kReceiveErrors;
  values[0].at = {1'700'000'000LL * 1'000'000'000};
  values[0].value = observe::Value(std::uint64_t{12});
  values[1] = values[0];
  values[1].metric = Metric::kModuleTemperature;
  values[1].value = observe::Value(41.5);
  values[2] = values[0];
  values[2].metric = Metric::kFecCorrectedBits;
  values[2].value = observe::absent(observe::Absence::kNotSupported, "x");
  const auto got = import_json_lines(json_lines(values), {});
  ASSERT_TRUE(got) << got.error().text();
  EXPECT_THAT(got->problems, testing::IsEmpty());
  ASSERT_EQ(got->looks.size(), 1U);
  const observe::Snapshot& look = got->looks[0];
  EXPECT_EQ(look.host.name, "node7");
  EXPECT_EQ(look.taken.ns, values[0].at.ns);
  ASSERT_EQ(look.samples.size(), 3U);
  EXPECT_EQ(look.fabric.port_name(std::get<fabric::PortId>(look.samples[0].subject)),
            "0000:02:00.0/eth0");
  EXPECT_EQ(*look.samples[0].value, observe::Value(std::uint64_t{12}));
  EXPECT_EQ(*look.samples[1].value, observe::Value(41.5));
  EXPECT_EQ(look.samples[2].value.error().why, observe::Absence::kNotSupported);
}

TEST(JsonLinesTest, EventsAndMarks) {
  const auto got = import_json_lines(
      "{\"at\":\"2026-11-22T19:14:23Z\",\"kind\":\"link_down\",\"severity\":\"warning\","
      "\"host\":\"a\",\"text\":\"eth0: link is down\"}\n"
      "{\"mark\":\"maintenance\",\"subject\":\"a*\",\"from\":\"2026-11-22T19:00Z\","
      "\"until\":\"2026-11-22T20:00Z\",\"text\":\"cable work\"}\n",
      {});
  ASSERT_TRUE(got);
  ASSERT_EQ(got->events.size(), 1U);
  EXPECT_EQ(got->events[0].host, "a");
  EXPECT_EQ(got->events[0].event.severity, observe::Severity::kWarning);
  ASSERT_EQ(got->marks.size(), 1U);
  EXPECT_EQ((*got->marks[0].until - got->marks[0].from).seconds(), 3600);
  const auto again = parse_mark(mark_json(got->marks[0]));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->from, got->marks[0].from);
  EXPECT_EQ(again->text, "cable work");
}

TEST(JsonLinesTest, LinkStatesNameTheirLink) {
  const auto got = import_json_lines(
      "{\"at\":\"2026-11-22T19:14Z\",\"host\":\"a\",\"device\":\"nic\",\"port\":\"eth0\","
      "\"link\":\"ethernet\",\"metric\":\"link_up\",\"value\":0}\n",
      {});
  ASSERT_TRUE(got);
  ASSERT_EQ(got->looks.size(), 1U);
  ASSERT_EQ(got->looks[0].links.size(), 1U);
  EXPECT_EQ(got->looks[0].links[0].up, false);
  EXPECT_EQ(got->looks[0].links[0].family, fabric::ProtocolFamily::kEthernet);
}

TEST(JsonLinesTest, WrongLinesAreNamedAndTheRestIsRead) {
  const auto got = import_json_lines(
      "{\"metric\":\"temperature\",\"value\":41}\n"
      "[]\n"
      "{\"host\":\"a\",\"metric\":\"temperature\"}\n"
      "{\"host\":\"a\",\"metric\":\"temperature\",\"unit\":\"K\",\"value\":300}\n"
      "{\"host\":\"a\",\"metric\":\"no_such\",\"value\":1}\n"
      "{\"host\":\"a\",\"metric\":\"receive_errors\",\"value\":\"many\"}\n"
      "{\"mark\":\"party\",\"from\":\"2026-11-22\"}\n"
      "{\"mark\":\"job\",\"from\":\"2026-11-22\",\"until\":\"2026-11-21\"}\n"
      "{\"at\":7,\"kind\":\"x\"}\n"
      "{\"host\":\"a\",\"metric\":\"temperature\",\"value\":41}\n",
      {.host = "", .at = {1'700'000'000LL * 1'000'000'000}});
  ASSERT_TRUE(got);
  EXPECT_EQ(got->bad_lines, 7U);
  EXPECT_EQ(got->unmapped.size(), 1U);
  EXPECT_EQ(got->refused.size(), 1U);
  ASSERT_EQ(got->looks.size(), 1U);
  EXPECT_EQ(got->looks[0].samples.size(), 1U);
}

}  // namespace
}  // namespace weft::serve
