// SPDX-License-Identifier: Apache-2.0
// Encoded replies against bytes written out by hand from linux/ethtool_netlink.h and struct nlattr,
// and against the decoders, which have that header and live kernels as their own judges.
#include "wire/ethtool/encode.h"

#include "wire/ethtool/link_mode.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/ethtool_netlink.h>

namespace weft::wire::ethtool {
namespace {

using testing::ElementsAre;

TEST(EthtoolEncode, LinkStateIsTheBytesThatTheKernelsHeaderAsksFor) {
  LinkStateReply reply;
  reply.link = false;
  reply.down_reason = ETHTOOL_LINK_EXT_STATE_NO_CABLE;
  reply.down_count = 0x01020304;
  // length, type, payload, padding to four
  const base::Bytes bytes = {5, 0, ETHTOOL_A_LINKSTATE_LINK,          0, 0, 0, 0, 0,  //
                             5, 0, ETHTOOL_A_LINKSTATE_EXT_STATE,     0, 4, 0, 0, 0,  //
                             8, 0, ETHTOOL_A_LINKSTATE_EXT_STATE + 2, 0, 4, 3, 2, 1};
  EXPECT_EQ(encode(reply), bytes);
}

TEST(EthtoolEncode, LinkModesComeBack) {
  LinkModesReply reply;
  reply.autonegotiation = true;
  reply.supported = {6, 50, 66, 89, 93};
  reply.advertised = {6, 93};
  reply.peer = std::vector<std::uint32_t>{93};
  reply.speed_mbps = 800'000;
  reply.is_full_duplex = true;
  reply.lanes = 8;
  const auto back = decode_link_modes(encode(reply));
  EXPECT_FALSE(back.is_garbled);
  EXPECT_EQ(back.supported, reply.supported);
  EXPECT_EQ(back.advertised, reply.advertised);
  EXPECT_EQ(back.peer, reply.peer);
  EXPECT_EQ(back.speed_mbps, reply.speed_mbps);
  EXPECT_EQ(back.lanes, 8U);
  EXPECT_EQ(decode_link_modes(encode(LinkModesReply{})).speed_mbps, std::nullopt)
      << "a link that is down has no speed";
}

TEST(EthtoolEncode, FecCountersLanesAndBinsComeBack) {
  FecReply reply;
  reply.configured = {kFecRsBit};
  reply.is_auto = true;
  reply.active = kFecRsBit;
  reply.corrected_blocks = LaneCounter{30, {10, 20}};
  reply.uncorrectable_blocks = LaneCounter{1, {}};
  reply.corrected_bits = LaneCounter{0x1'0000'0000, {}};
  reply.histogram = {{0, 0, 1000, {600, 400}}, {1, 1, 30, {10, 20}}};
  const auto back = decode_fec(encode(reply));
  EXPECT_FALSE(back.is_garbled);
  EXPECT_EQ(back.configured, reply.configured);
  EXPECT_EQ(back.active, kFecRsBit);
  EXPECT_THAT(back.corrected_blocks->lanes, ElementsAre(10, 20));
  EXPECT_EQ(back.uncorrectable_blocks->total, 1U);
  EXPECT_EQ(back.corrected_bits->total, 0x1'0000'0000U);
  ASSERT_EQ(back.histogram.size(), 2U);
  EXPECT_EQ(back.histogram[1].codewords, 30U);
  EXPECT_THAT(back.histogram[1].lanes, ElementsAre(10, 20));
}

TEST(EthtoolEncode, StatisticsGoIntoTheirGroupsByName) {
  StatsReply reply;
  reply.statistics = {{"eth-phy", "SymbolErrorDuringCarrier", 7},
                      {"eth-mac", "FrameCheckSequenceErrors", 8},
                      {"eth-mac", "NoSuchStatistic", 9}};
  const auto bytes = encode(reply);
  const auto back = decode_stats(bytes);
  EXPECT_FALSE(back.is_garbled);
  EXPECT_EQ(back.value("eth-phy", "SymbolErrorDuringCarrier"), 7U);
  EXPECT_EQ(back.value("eth-mac", "FrameCheckSequenceErrors"), 8U);
  EXPECT_EQ(back.statistics.size(), 2U);
  EXPECT_EQ(back.unknown, 0U);
}

TEST(EthtoolEncode, ModuleAndPortComeBack) {
  ModuleReply module;
  module.policy = 2;
  module.mode = 2;
  EXPECT_EQ(decode_module(encode(module)).mode, 2);
  LinkInfoReply info;
  info.port = 5;
  EXPECT_EQ(decode_link_info(encode(info)).port_name(), "direct attach copper");
}

}  // namespace
}  // namespace weft::wire::ethtool
