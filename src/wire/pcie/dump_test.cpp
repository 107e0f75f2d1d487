// SPDX-License-Identifier: Apache-2.0
// parse_dump() over the forms that lspci and its users produce, over garbled ones, and its inverse
// write_dump().
#include "wire/pcie/dump.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace weft::wire::pcie {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// Four lines of bytes from offset 0: a header of 64.
std::string header_bytes(std::string_view end = "\n") {
  std::string out;
  for (int line = 0; line < 4; ++line) {
    out += std::to_string(line) + "0: 86 80 10 9d 07 04 10 00 f1 00 04 06 00 00 81 00" +
           std::string(end);
  }
  return out;
}

TEST(LspciDump, PlainForms) {
  for (const std::string_view line :
       {"00:1c.0 PCI bridge: Intel Corporation Device 9d10 (rev f1)", "0000:00:1c.0 PCI bridge",
        "00:1c.0 PCI bridge [0604]: Intel Corporation Device [8086:9d10] (rev f1)",
        "00:1c.0 0604: 8086:9d10 (rev f1)", "00:1c.0 Class 0604: 8086:9d10", "00:1c.0",
        "00:1C.0 \"PCI bridge\" \"Intel\" \"Device 9d10\" -rf1 \"\" \"\""}) {
    const auto dump = parse_dump(std::string(line) + "\n" + header_bytes() + "\n", "d");
    ASSERT_TRUE(dump.has_value()) << line;
    EXPECT_THAT(dump->problems, IsEmpty()) << line;
    ASSERT_EQ(dump->functions.size(), 1U) << line;
    const DumpedFunction& one = dump->functions[0];
    EXPECT_EQ(one.address(), "0000:00:1c.0");
    EXPECT_EQ(one.config.size(), 64U);
    EXPECT_EQ(one.config[0], 0x86);
    EXPECT_EQ(one.line, 1U);
  }
}

TEST(LspciDump, WideDomainsCarriageReturnsAndVerboseText) {
  const std::string text =
      "pcilib: some warning\r\n\r\n10000:e1:00.0 Non-Volatile memory controller: x\r\n"
      "\tSubsystem: ca:fe: something\r\n\tControl: I/O- Mem+\r\n"
      "\tCapabilities: [40] Express (v2) Endpoint, MSI 00\r\n\t\tDevCap:\tMaxPayload 128 bytes\r\n"
      "\tFF: 00 not really bytes? no: a label\r\n" +
      header_bytes("\r\n") + "\r\n0001:00:00.1 Host bridge\r\n" + header_bytes("\r\n");
  const auto dump = parse_dump(text, "d");
  ASSERT_TRUE(dump.has_value()) << dump.error().text();
  ASSERT_EQ(dump->functions.size(), 2U);
  EXPECT_EQ(dump->functions[0].address(), "10000:e1:00.0");
  EXPECT_EQ(dump->functions[0].description, "Non-Volatile memory controller: x");
  EXPECT_EQ(dump->functions[1].address(), "0001:00:00.1");
  EXPECT_EQ(dump->functions[1].config.size(), 64U);
}

TEST(LspciDump, AGarbledFunctionDoesNotCostTheOthers) {
  const std::string good = "00:00.0 a\n" + header_bytes() + "\n";
  struct Case {
    std::string bytes;
    std::string problem;
    std::size_t kept;
  };
  for (const Case& one : {Case{"00: 86 80\n10: zz\n", "is not 'offset", 2},
                          Case{"00: 86 80 10\n20: 00\n", "jumps from 0x03 to 0x20", 3},
                          Case{header_bytes() + "10: 00\n", "repeats offset 0x10", 64},
                          Case{"00: 1 2 3\n", "is not 'offset", 0},
                          Case{"00: 86 80 10 9d\n", "has only 4 of the header's 64 bytes", 4},
                          Case{"", "has no bytes", 0}}) {
    const auto dump =
        parse_dump(good + "01:00.0 b\n" + one.bytes + "\n02:00.0 c\n" + header_bytes(), "d");
    ASSERT_TRUE(dump.has_value());
    ASSERT_EQ(dump->functions.size(), 3U) << one.problem;
    EXPECT_EQ(dump->functions[1].config.size(), one.kept) << one.problem;
    EXPECT_EQ(dump->functions[2].config.size(), 64U);
    ASSERT_FALSE(dump->problems.empty()) << one.problem;
    EXPECT_THAT(dump->problems[0].what, HasSubstr(one.problem));
    EXPECT_THAT(dump->problems[0].what, HasSubstr("0000:01:00.0"));
    EXPECT_GE(dump->problems[0].line, 7U);
  }
}

TEST(LspciDump, BytesWithoutADeviceAreTold) {
  const auto dump = parse_dump("00: 86 80\n" + std::string("00:00.0 a\n") + header_bytes(), "d");
  ASSERT_TRUE(dump.has_value());
  ASSERT_EQ(dump->problems.size(), 1U);
  EXPECT_EQ(dump->problems[0].line, 1U);
}

TEST(LspciDump, TextWithoutADeviceIsAnError) {
  for (const std::string_view text : {"", "hello\nworld\n", "\xff\xfe\x00", "12:34:56 a time\n"}) {
    const auto dump = parse_dump(text, "notes.txt");
    ASSERT_FALSE(dump.has_value()) << text;
    EXPECT_EQ(dump.error().code, base::Code::kDataLoss);
    EXPECT_THAT(dump.error().where, HasSubstr("notes.txt:"));
    EXPECT_THAT(dump.error().hint, HasSubstr("lspci -xxxx"));
  }
  const auto listing = parse_dump("00:00.0 Host bridge\n00:01.0 VGA\n", "list.txt");
  ASSERT_FALSE(listing.has_value());
  EXPECT_EQ(listing.error().where, "list.txt:1");
}

TEST(LspciDump, LimitsHold) {
  std::string text;
  for (std::size_t i = 0; i <= kDumpFunctionsMax; ++i) {
    text += "00:00.0\n";
  }
  const auto dump = parse_dump(text, "many.txt");
  ASSERT_FALSE(dump.has_value());
  EXPECT_EQ(dump.error().code, base::Code::kResourceExhausted);
  std::string garbled = "00:00.0\n" + header_bytes();
  for (std::size_t i = 0; i < kDumpProblemsMax + 10; ++i) {
    garbled += "01:00.0 b\n00: zz\n";
  }
  const auto many = parse_dump(garbled, "d");
  ASSERT_TRUE(many.has_value());
  EXPECT_EQ(many->problems.size(), kDumpProblemsMax);
  EXPECT_GT(many->problems_dropped, 0U);
}

RC_GTEST_PROP(LspciDumpProperties, ParseOfWriteIsIdentity, ()) {
  std::vector<DumpedFunction> functions;
  std::string text;
  const int count = *rc::gen::inRange(1, 6);
  for (int i = 0; i < count; ++i) {
    DumpedFunction one;
    one.domain = *rc::gen::inRange<std::uint32_t>(0, 0x20000);
    one.bus = *rc::gen::arbitrary<std::uint8_t>();
    one.device = *rc::gen::inRange<std::uint8_t>(0, 32);
    one.function = *rc::gen::inRange<std::uint8_t>(0, 8);
    one.description =
        *rc::gen::element<std::string>("", "PCI bridge: x", "0604: 8086:9d10 (rev f1)");
    const std::size_t size = *rc::gen::element<std::size_t>(64, 128, 256, 4096);
    one.config = *rc::gen::container<base::Bytes>(size, rc::gen::arbitrary<std::uint8_t>());
    text += write_dump(one);
    functions.push_back(std::move(one));
  }
  const auto dump = parse_dump(text, "d");
  RC_ASSERT(dump.has_value());
  RC_ASSERT(dump->problems.empty());
  RC_ASSERT(dump->functions.size() == functions.size());
  for (std::size_t i = 0; i < functions.size(); ++i) {
    RC_ASSERT(dump->functions[i].address() == functions[i].address());
    RC_ASSERT(dump->functions[i].description == functions[i].description);
    RC_ASSERT(dump->functions[i].config == functions[i].config);
  }
}

RC_GTEST_PROP(LspciDumpProperties, AnyTextIsTakenOrRefused, (std::string text)) {
  const auto dump = parse_dump(text, "d");
  RC_ASSERT(dump.has_value() || !dump.error().where.empty());
}

}  // namespace
}  // namespace weft::wire::pcie
