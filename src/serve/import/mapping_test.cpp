// SPDX-License-Identifier: Apache-2.0
// The reader of mappings: the program's own, and mistakes by line.
#include "serve/import/mapping.h"

#include "serve/embedded.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weft::serve {
namespace {

using testing::HasSubstr;

constexpr std::string_view kHead = "weftline: mapping/1\nname: x\nrules:\n";

base::Result<Mapping> with_rule(std::string_view rule) {
  return parse_mapping(std::string(kHead) + "  - " + std::string(rule) + "\n", "x.yaml");
}

TEST(MappingTest, TheProgramsOwnAreRead) {
  EXPECT_GE(embedded_mappings().size(), 3U);
  const auto all = find_mappings("");
  ASSERT_TRUE(all) << all.error().text();
  for (const Mapping& one : *all) {
    EXPECT_FALSE(one.description.empty()) << one.name;
    EXPECT_EQ(find_mappings(one.name)->size(), 1U);
  }
  const auto none = find_mappings("no-such");
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error().hint, HasSubstr("node-exporter"));
}

TEST(MappingTest, ReadsARule) {
  const auto read = with_rule(
      "{metric: [a, b], when: {device: \"eth*\"}, device: \"{device}\", kind: nic, "
      "port: \"{device}/{port}\", link: infiniband, to: link_up, is: 4}");
  ASSERT_TRUE(read) << read.error().text();
  ASSERT_EQ(read->rules.size(), 2U);
  EXPECT_EQ(read->rules[1].metric, "b");
  EXPECT_EQ(read->rules[0].kind, fabric::DeviceKind::kNic);
  EXPECT_EQ(read->rules[0].to, observe::Metric::kLinkUp);
  EXPECT_EQ(read->rules[0].is, 4);
  EXPECT_EQ(read->rules[0].port.of({{"device", "mlx5_0"}, {"port", "1"}}), "mlx5_0/1");
  EXPECT_FALSE(read->rules[0].port.of({{"device", "mlx5_0"}}));
}

TEST(MappingTest, MistakesHaveTheirPlaceAndAHint) {
  struct Case {
    std::string_view rule;
    std::string_view what;
  };
  for (const Case& one :
       {Case{"{metric: a}", "one of to, sets and left_out"},
        Case{"{to: link_up}", "names no metric"},
        Case{"{metric: a, to: no_such}", "there is no metric 'no_such'"},
        Case{"{metric: a, to: link_up}", "needs port and link"},
        Case{"{metric: a, to: fec_codewords}", "histogram"},
        Case{"{metric: a, left_out: x, colour: red}", "no key 'colour'"},
        Case{"{metric: a, to: temperature, factor: hot}", "is no number"},
        Case{"{metric: a, to: temperature, factor: 0}", "is no number"},
        Case{"{metric: a, to: temperature, kind: spoon}", "no kind of device 'spoon'"},
        Case{"{metric: a, to: temperature, device: \"{a\"}", "brace"},
        Case{"{metric: a, to: temperature, device: \"{a|b}\"}", "is no label"},
        Case{"{metric: a, to: temperature, when: [x]}", "labels with their patterns"},
        Case{"just text", "a rule is a mapping"}}) {
    const auto read = with_rule(one.rule);
    ASSERT_FALSE(read) << one.rule;
    EXPECT_EQ(read.error().code, base::Code::kInvalidArgument);
    EXPECT_THAT(read.error().what, HasSubstr(one.what));
    EXPECT_THAT(read.error().where, HasSubstr("x.yaml:4:")) << one.rule;
  }
  EXPECT_THAT(parse_mapping("name: x\nrules: []\n", "f").error().what,
              HasSubstr("does not say that it is a mapping"));
  EXPECT_FALSE(parse_mapping("a: [", "f"));
  EXPECT_FALSE(parse_mapping(std::string(kMappingBytesMost + 1, ' '), "f"));
}

TEST(MappingTest, PciAddressesAsLinuxWritesThem) {
  EXPECT_EQ(linux_bdf("00000000:1B:00.0"), "0000:1b:00.0");
  EXPECT_EQ(linux_bdf("00010000:1B:00.0"), "00010000:1b:00.0");
  EXPECT_EQ(linux_bdf("0008:06:00.0"), "0008:06:00.0");
  EXPECT_EQ(linux_bdf("GPU-1"), "GPU-1");
}

}  // namespace
}  // namespace weft::serve
