// SPDX-License-Identifier: Apache-2.0
// Transcripts of the wires, written from SMBus 3.2 clause 6.5: what a target sees and says for each
// kind of transaction.
#include "twin/smbus/segment.h"

#include <deque>
#include <string>

#include <gtest/gtest.h>

namespace weft::twin::smbus {
namespace {

using bus::SmbusKind;

std::string hex(std::uint8_t byte) {
  constexpr std::string_view digits = "0123456789abcdef";
  return {digits[byte >> 4U], digits[byte & 0xFU]};
}

/// Writes down the wires: "[40 06 03 P" is start, address byte, bytes, stop; reads are "<xx".
class Scribe : public Target {
 public:
  explicit Scribe(std::uint8_t address) : address_(address) {}
  bool start(std::uint8_t address, bool is_read) override {
    if (address != address_) {
      return false;
    }
    seen += "[" + hex(static_cast<std::uint8_t>(unsigned{address} << 1U | (is_read ? 1U : 0U)));
    return true;
  }
  bool write(std::uint8_t byte) override {
    seen += " " + hex(byte);
    return acknowledged-- > 0;
  }
  std::uint8_t read() override {
    std::uint8_t byte = 0xFF;
    if (!says.empty()) {
      byte = says.front();
      says.pop_front();
    }
    seen += " <" + hex(byte);
    return byte;
  }
  void stop() override { seen += "]"; }
  bool holds_bus() const override { return is_stuck; }
  void bus_clear() override { is_stuck = false; }

  std::string seen;
  std::deque<std::uint8_t> says;
  int acknowledged = 1000;
  bool is_stuck = false;

 private:
  std::uint8_t address_;
};

struct Row {
  SmbusKind kind;
  base::Bytes data;
  bool pec;
  std::deque<std::uint8_t> says;
  std::string wires;
  base::Bytes answer;
};

TEST(SmbusSegment, EveryKindGoesOverTheWiresAsTheSpecificationDrawsIt) {
  // Codes computed by hand with CRC-8/SMBUS over the bytes as drawn.
  const std::vector<Row> rows{
      {SmbusKind::kQuickWrite, {}, false, {}, "[40]", {}},
      {SmbusKind::kQuickRead, {}, false, {}, "[41]", {}},
      {SmbusKind::kSendByte, {0x11}, false, {}, "[40 11]", {}},
      {SmbusKind::kReceiveByte, {}, false, {0x22}, "[41 <22]", {0x22}},
      {SmbusKind::kWriteByte, {0x33}, false, {}, "[40 05 33]", {}},
      {SmbusKind::kReadByte, {}, false, {0x44}, "[40 05[41 <44]", {0x44}},
      {SmbusKind::kWriteWord, {0x34, 0x12}, false, {}, "[40 05 34 12]", {}},
      {SmbusKind::kReadWord, {}, false, {0x78, 0x56}, "[40 05[41 <78 <56]", {0x78, 0x56}},
      {SmbusKind::kProcessCall, {1, 2}, false, {3, 4}, "[40 05 01 02[41 <03 <04]", {3, 4}},
      {SmbusKind::kWriteBlock, {7, 8, 9}, false, {}, "[40 05 03 07 08 09]", {}},
      {SmbusKind::kReadBlock, {}, false, {2, 0xAA, 0xBB}, "[40 05[41 <02 <aa <bb]", {0xAA, 0xBB}},
      {SmbusKind::kBlockProcessCall, {7, 8}, false, {1, 9}, "[40 05 02 07 08[41 <01 <09]", {9}},
  };
  for (const Row& row : rows) {
    Segment segment("i2c-9");
    Scribe scribe(0x20);
    segment.attach(scribe);
    scribe.says = row.says;
    const auto answer = segment.run(
        {.kind = row.kind, .address = 0x20, .command = 5, .data = row.data, .pec = row.pec});
    ASSERT_TRUE(answer) << row.wires;
    EXPECT_EQ(scribe.seen, row.wires);
    EXPECT_EQ(*answer, row.answer);
    EXPECT_EQ(segment.transactions(), 1U);
  }
}

TEST(SmbusSegment, PacketErrorCodeIsSentAndChecked) {
  Segment segment("i2c-9");
  Scribe scribe(0x61);
  segment.attach(scribe);
  // Documented: prepare to ARP is C2 01 with code C0; reset is C2 02 with code C9.
  ASSERT_TRUE(
      segment.run({.kind = SmbusKind::kSendByte, .address = 0x61, .data = {0x01}, .pec = true}));
  EXPECT_EQ(scribe.seen, "[c2 01 c0]");
  scribe.seen.clear();
  ASSERT_TRUE(
      segment.run({.kind = SmbusKind::kSendByte, .address = 0x61, .data = {0x02}, .pec = true}));
  EXPECT_EQ(scribe.seen, "[c2 02 c9]");
  scribe.says = {0x01, 0x00};  // a wrong code
  const auto bad = segment.run({.kind = SmbusKind::kReceiveByte, .address = 0x61, .pec = true});
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().code, base::Code::kDataLoss);
  EXPECT_EQ(segment.errors().pec, 1U);
}

TEST(SmbusSegment, AbsentAddressIsNotAcknowledged) {
  Segment segment("i2c-9");
  Scribe scribe(0x20);
  segment.attach(scribe);
  const auto answer = segment.run({.kind = SmbusKind::kReadByte, .address = 0x21});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, base::Code::kUnavailable);
  EXPECT_NE(answer.error().where.find("0x21"), std::string::npos);
  EXPECT_EQ(segment.errors().address_nak, 1U);
  EXPECT_EQ(scribe.seen, "");
}

TEST(SmbusSegment, DataThatIsNotAcknowledgedEndsTheTransaction) {
  Segment segment("i2c-9");
  Scribe scribe(0x20);
  scribe.acknowledged = 2;
  segment.attach(scribe);
  const auto answer =
      segment.run({.kind = SmbusKind::kWriteBlock, .address = 0x20, .command = 1, .data = {5, 6}});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, base::Code::kUnavailable);
  EXPECT_EQ(scribe.seen, "[40 01 02 05]");
}

TEST(SmbusSegment, RefusesWhatDoesNotFitItsKind) {
  Segment segment("i2c-9");
  EXPECT_EQ(segment.run({.kind = SmbusKind::kWriteByte, .data = {1, 2}}).error().code,
            base::Code::kInvalidArgument);
  EXPECT_EQ(segment.run({.kind = SmbusKind::kQuickWrite, .address = 0x80}).error().code,
            base::Code::kInvalidArgument);
  EXPECT_EQ(segment.transactions(), 0U);
}

TEST(SmbusSegment, EmptyBlockIsDataLoss) {
  Segment segment("i2c-9");
  Scribe scribe(0x20);
  scribe.says = {0};
  segment.attach(scribe);
  EXPECT_EQ(segment.run({.kind = SmbusKind::kReadBlock, .address = 0x20}).error().code,
            base::Code::kDataLoss);
  EXPECT_EQ(segment.errors().count, 1U);
}

TEST(SmbusSegment, PlainMessagesAreJoinedByRepeatedStarts) {
  Segment segment("i2c-9");
  Scribe scribe(0x50);
  scribe.says = {1, 2};
  segment.attach(scribe);
  std::vector<Message> messages{{.address = 0x50, .bytes = {0x10}},
                                {.address = 0x50, .is_read = true, .bytes = base::Bytes(3)}};
  ASSERT_TRUE(segment.transfer(messages));
  EXPECT_EQ(scribe.seen, "[a0 10[a1 <01 <02 <ff]");
  EXPECT_EQ(messages[1].bytes, (base::Bytes{1, 2, 0xFF}));
  messages[1].address = 0x51;
  const auto absent = segment.transfer(messages);
  ASSERT_FALSE(absent);
  EXPECT_NE(absent.error().where.find("message 1"), std::string::npos);
}

TEST(SmbusSegment, WhoeverLosesArbitrationFallsSilent) {
  Segment segment("i2c-9");
  Scribe low(0x61);
  Scribe high(0x61);
  segment.attach(high);
  segment.attach(low);
  low.says = {3, 0x10, 0x20, 0x30};
  high.says = {3, 0x12, 0x00, 0x00};
  const auto answer = segment.run({.kind = SmbusKind::kReadBlock, .address = 0x61, .command = 3});
  ASSERT_TRUE(answer);
  EXPECT_EQ(*answer, (base::Bytes{0x10, 0x20, 0x30}));
  EXPECT_EQ(high.seen, "[c2 03[c3 <03 <12]");
}

TEST(SmbusSegment, StuckBusAndItsClearing) {
  Segment segment("i2c-9");
  Scribe scribe(0x20);
  Scribe other(0x21);
  segment.attach(scribe);
  segment.attach(other);
  scribe.is_stuck = true;
  const auto stuck = segment.run({.kind = SmbusKind::kQuickWrite, .address = 0x21});
  ASSERT_FALSE(stuck);
  EXPECT_EQ(stuck.error().code, base::Code::kDeadlineExceeded);
  segment.bus_clear();
  EXPECT_TRUE(segment.run({.kind = SmbusKind::kQuickWrite, .address = 0x21}));
}

}  // namespace
}  // namespace weft::twin::smbus
