// SPDX-License-Identifier: Apache-2.0
// Replies built attribute by attribute from linux/ethtool_netlink.h, whose numbers Debian's kernel
// headers hold, and what must come out. The live replies of a kernel are bus/linux's test.
#include "wire/ethtool/replies.h"

#include "wire/ethtool/attributes.h"
#include "wire/ethtool/link_mode.h"

#include <gtest/gtest.h>
#include <linux/ethtool_netlink.h>

namespace weft::wire::ethtool {
namespace {

static_assert(int(Request::kLinkInfoGet) == ETHTOOL_MSG_LINKINFO_GET);
static_assert(int(Request::kLinkModesGet) == ETHTOOL_MSG_LINKMODES_GET);
static_assert(int(Request::kLinkStateGet) == ETHTOOL_MSG_LINKSTATE_GET);
static_assert(int(Request::kFecGet) == ETHTOOL_MSG_FEC_GET);
static_assert(int(Request::kModuleEepromGet) == ETHTOOL_MSG_MODULE_EEPROM_GET);
static_assert(int(Request::kStatsGet) == ETHTOOL_MSG_STATS_GET);
static_assert(int(Request::kModuleGet) == ETHTOOL_MSG_MODULE_GET);
static_assert(kFecNoneBit == ETHTOOL_LINK_MODE_FEC_NONE_BIT);
static_assert(kFecRsBit == ETHTOOL_LINK_MODE_FEC_RS_BIT);
static_assert(kFecBaseRBit == ETHTOOL_LINK_MODE_FEC_BASER_BIT);
static_assert(kFecLlrsBit == ETHTOOL_LINK_MODE_FEC_LLRS_BIT);

using base::Bytes;

/// One attribute with its padding.
Bytes attribute(std::uint16_t type, const Bytes& payload) {
  const auto length = payload.size() + 4;
  Bytes out = {static_cast<std::uint8_t>(length), static_cast<std::uint8_t>(length >> 8),
               static_cast<std::uint8_t>(type), static_cast<std::uint8_t>(type >> 8)};
  out.insert(out.end(), payload.begin(), payload.end());
  out.resize((out.size() + 3) & ~std::size_t{3});
  return out;
}
Bytes number(std::uint64_t value, std::size_t width) {
  Bytes out(width);
  base::write_le(out, 0, width, value);
  return out;
}
Bytes u8(std::uint16_t type, std::uint8_t value) {
  return attribute(type, {value});
}
Bytes u32(std::uint16_t type, std::uint32_t value) {
  return attribute(type, number(value, 4));
}
Bytes u64(std::uint16_t type, std::uint64_t value) {
  return attribute(type, number(value, 8));
}
Bytes nest(std::uint16_t type, const std::vector<Bytes>& parts) {
  Bytes inside;
  for (const auto& part : parts) {
    inside.insert(inside.end(), part.begin(), part.end());
  }
  return attribute(static_cast<std::uint16_t>(type | 0x8000), inside);  // NLA_F_NESTED
}
Bytes all(const std::vector<Bytes>& parts) {
  Bytes out;
  for (const auto& part : parts) {
    out.insert(out.end(), part.begin(), part.end());
  }
  return out;
}
/// A compact bit set of 128 bits.
Bytes words(const std::vector<std::uint32_t>& bits) {
  Bytes out(16);
  for (const auto bit : bits) {
    out[bit / 8] = static_cast<std::uint8_t>(out[bit / 8] | 1U << (bit % 8));
  }
  return out;
}

TEST(EthtoolReply, LinkModesSayWhatBothEndsCouldDo) {
  const auto reply = decode_link_modes(all({
      u8(ETHTOOL_A_LINKMODES_AUTONEG, 1),
      nest(ETHTOOL_A_LINKMODES_OURS,
           {u32(ETHTOOL_A_BITSET_SIZE, 128), attribute(ETHTOOL_A_BITSET_VALUE, words({6, 38, 80})),
            attribute(ETHTOOL_A_BITSET_MASK, words({6, 31, 38, 80, 89}))}),
      nest(ETHTOOL_A_LINKMODES_PEER,
           {attribute(ETHTOOL_A_BITSET_NOMASK, {}), u32(ETHTOOL_A_BITSET_SIZE, 128),
            attribute(ETHTOOL_A_BITSET_VALUE, words({38}))}),
      u32(ETHTOOL_A_LINKMODES_SPEED, 100000),
      u8(ETHTOOL_A_LINKMODES_DUPLEX, 1),
      u32(ETHTOOL_A_LINKMODES_LANES, 4),
  }));
  EXPECT_FALSE(reply.is_garbled);
  EXPECT_EQ(reply.autonegotiation, true);
  EXPECT_EQ(reply.advertised, (std::vector<std::uint32_t>{6, 38, 80}));
  EXPECT_EQ(reply.supported, (std::vector<std::uint32_t>{6, 31, 38, 80, 89}));
  EXPECT_EQ(reply.peer, (std::vector<std::uint32_t>{38}));
  EXPECT_EQ(reply.speed_mbps, 100000U);
  EXPECT_EQ(reply.is_full_duplex, true);
  EXPECT_EQ(reply.lanes, 4U);
}

TEST(EthtoolReply, UnknownSpeedIsNoSpeed) {
  const auto reply = decode_link_modes(
      all({u32(ETHTOOL_A_LINKMODES_SPEED, 0xFFFFFFFF), u8(ETHTOOL_A_LINKMODES_DUPLEX, 255)}));
  EXPECT_FALSE(reply.speed_mbps);
  EXPECT_FALSE(reply.is_full_duplex);
  EXPECT_FALSE(reply.peer);
}

TEST(EthtoolReply, VerboseBitSetsReadLikeCompactOnes) {
  const auto bit = [](std::uint32_t index, bool is_set) {
    std::vector<Bytes> parts = {u32(ETHTOOL_A_BITSET_BIT_INDEX, index),
                                attribute(ETHTOOL_A_BITSET_BIT_NAME, {'x', 0})};
    if (is_set) {
      parts.push_back(attribute(ETHTOOL_A_BITSET_BIT_VALUE, {}));
    }
    return nest(ETHTOOL_A_BITSET_BITS_BIT, parts);
  };
  const auto set =
      decode_bit_set(all({u32(ETHTOOL_A_BITSET_SIZE, 128),
                          nest(ETHTOOL_A_BITSET_BITS, {bit(50, true), bit(49, false)})}));
  ASSERT_TRUE(set);
  EXPECT_EQ(set->value, (std::vector<std::uint32_t>{50}));
  EXPECT_EQ(set->mask, (std::vector<std::uint32_t>{49, 50}));
}

TEST(EthtoolReply, LinkStateGivesTheReason) {
  const auto reply = decode_link_state(
      all({u8(ETHTOOL_A_LINKSTATE_LINK, 0), u32(ETHTOOL_A_LINKSTATE_SQI, 3),
           u32(ETHTOOL_A_LINKSTATE_SQI_MAX, 7),
           u8(ETHTOOL_A_LINKSTATE_EXT_STATE, ETHTOOL_LINK_EXT_STATE_LINK_TRAINING_FAILURE),
           u8(ETHTOOL_A_LINKSTATE_EXT_SUBSTATE, ETHTOOL_LINK_EXT_SUBSTATE_LT_REMOTE_FAULT),
           u32(7, 12)}));
  EXPECT_EQ(reply.link, false);
  EXPECT_EQ(reply.signal_quality, 3U);
  EXPECT_EQ(reply.down_count, 12U);
  EXPECT_EQ(reply.down_text(), "link training failure: remote fault");
  EXPECT_EQ(decode_link_state(u8(ETHTOOL_A_LINKSTATE_EXT_STATE, ETHTOOL_LINK_EXT_STATE_NO_CABLE))
                .down_text(),
            "no cable");
  EXPECT_EQ(decode_link_state(u8(ETHTOOL_A_LINKSTATE_EXT_STATE, 200)).down_text(), "reason 200");
  EXPECT_EQ(decode_link_state({}).down_text(), "");
  EXPECT_FALSE(decode_link_state({}).link);
}

TEST(EthtoolReply, FecHasModesCountersAndHistogram) {
  Bytes corrected = number(100, 8);
  for (const std::uint64_t lane : {10U, 20U, 30U, 40U}) {
    const auto bytes = number(lane, 8);
    corrected.insert(corrected.end(), bytes.begin(), bytes.end());
  }
  const auto reply = decode_fec(all({
      nest(ETHTOOL_A_FEC_MODES,
           {attribute(ETHTOOL_A_BITSET_NOMASK, {}), u32(ETHTOOL_A_BITSET_SIZE, 128),
            attribute(ETHTOOL_A_BITSET_VALUE, words({50}))}),
      u8(ETHTOOL_A_FEC_AUTO, 0),
      u32(ETHTOOL_A_FEC_ACTIVE, ETHTOOL_LINK_MODE_FEC_RS_BIT),
      nest(ETHTOOL_A_FEC_STATS,
           {attribute(ETHTOOL_A_FEC_STAT_CORRECTED, corrected), u64(ETHTOOL_A_FEC_STAT_UNCORR, 7),
            nest(5, {u32(2, 1), u32(3, 15), u64(4, 99)})}),
  }));
  EXPECT_FALSE(reply.is_garbled);
  EXPECT_EQ(reply.configured, (std::vector<std::uint32_t>{50}));
  EXPECT_EQ(reply.is_auto, false);
  EXPECT_EQ(fec_name(reply.active.value()), "RS");
  EXPECT_EQ(reply.corrected_blocks->total, 100U);
  EXPECT_EQ(reply.corrected_blocks->lanes, (std::vector<std::uint64_t>{10, 20, 30, 40}));
  EXPECT_EQ(reply.uncorrectable_blocks->total, 7U);
  EXPECT_TRUE(reply.uncorrectable_blocks->lanes.empty());
  EXPECT_FALSE(reply.corrected_bits);
  ASSERT_EQ(reply.histogram.size(), 1U);
  EXPECT_EQ(reply.histogram[0].high, 15U);
  EXPECT_EQ(reply.histogram[0].codewords, 99U);
}

TEST(EthtoolReply, StatisticsHaveTheirNames) {
  const auto stat = [](std::uint16_t id, std::uint64_t value) {
    return nest(ETHTOOL_A_STATS_GRP_STAT, {u64(id, value)});
  };
  const auto reply = decode_stats(all({
      nest(ETHTOOL_A_STATS_GRP,
           {u32(ETHTOOL_A_STATS_GRP_ID, ETHTOOL_STATS_ETH_PHY), u32(ETHTOOL_A_STATS_GRP_SS_ID, 17),
            stat(ETHTOOL_A_STATS_ETH_PHY_5_SYM_ERR, 5), stat(60, 1)}),
      nest(ETHTOOL_A_STATS_GRP, {u32(ETHTOOL_A_STATS_GRP_ID, ETHTOOL_STATS_ETH_MAC),
                                 stat(ETHTOOL_A_STATS_ETH_MAC_6_FCS_ERR, 6),
                                 stat(ETHTOOL_A_STATS_ETH_MAC_25_TOO_LONG_ERR, 25)}),
      nest(ETHTOOL_A_STATS_GRP,
           {u32(ETHTOOL_A_STATS_GRP_ID, ETHTOOL_STATS_RMON), stat(ETHTOOL_A_STATS_RMON_JABBER, 3),
            nest(ETHTOOL_A_STATS_GRP_HIST_RX, {u32(ETHTOOL_A_STATS_GRP_HIST_BKT_LOW, 0),
                                               u32(ETHTOOL_A_STATS_GRP_HIST_BKT_HI, 64),
                                               u64(ETHTOOL_A_STATS_GRP_HIST_VAL, 11)})}),
  }));
  EXPECT_FALSE(reply.is_garbled);
  EXPECT_EQ(reply.value("eth-phy", "SymbolErrorDuringCarrier"), 5U);
  EXPECT_EQ(reply.value("eth-mac", "FrameCheckSequenceErrors"), 6U);
  EXPECT_EQ(reply.value("eth-mac", "FrameTooLongErrors"), 25U);
  EXPECT_EQ(reply.value("rmon", "etherStatsJabbers"), 3U);
  EXPECT_FALSE(reply.value("rmon", "etherStatsFragments"));
  EXPECT_EQ(reply.unknown, 1U);
  ASSERT_EQ(reply.lengths.size(), 1U);
  EXPECT_EQ(reply.lengths[0].packets, 11U);
}

TEST(EthtoolReply, ModuleAndInfo) {
  EXPECT_EQ(decode_module(u8(ETHTOOL_A_MODULE_POWER_MODE, ETHTOOL_MODULE_POWER_MODE_HIGH)).mode, 2);
  EXPECT_EQ(decode_link_info(u8(ETHTOOL_A_LINKINFO_PORT, PORT_FIBRE)).port_name(), "fibre");
  EXPECT_EQ(decode_link_info(u8(ETHTOOL_A_LINKINFO_PORT, PORT_DA)).port_name(),
            "direct attach copper");
  EXPECT_EQ(decode_link_info(u8(ETHTOOL_A_LINKINFO_PORT, PORT_NONE)).port_name(), "none");
  EXPECT_EQ(decode_link_info(u8(ETHTOOL_A_LINKINFO_PORT, PORT_OTHER)).port_name(), "");
  EXPECT_EQ(decode_module_eeprom(attribute(ETHTOOL_A_MODULE_EEPROM_DATA, {1, 2, 3})),
            (Bytes{1, 2, 3}));
}

TEST(EthtoolReply, GarbledBytesAreSaidAndReadNoFurther) {
  auto bytes = u32(ETHTOOL_A_LINKMODES_SPEED, 100000);
  bytes[0] = 200;  // longer than the message
  EXPECT_TRUE(decode_link_modes(bytes).is_garbled);
  EXPECT_FALSE(decode_link_modes(bytes).speed_mbps);
  EXPECT_TRUE(decode_link_state(attribute(ETHTOOL_A_LINKSTATE_LINK, {1, 2})).is_garbled);
  EXPECT_TRUE(
      decode_fec(nest(ETHTOOL_A_FEC_STATS, {attribute(ETHTOOL_A_FEC_STAT_UNCORR, {1, 2, 3})}))
          .is_garbled);
  EXPECT_TRUE(decode_fec(Bytes{1, 0, 0}).is_garbled);
  EXPECT_FALSE(decode_bit_set(u32(ETHTOOL_A_BITSET_SIZE, 0xFFFFFFFF)));
}

TEST(LinkModes, AgreeWithTheKernelsHeader) {
  struct Row {
    std::uint32_t bit;
    const char* name;
  };
  // A sample over the whole range of the enum of Debian's header.
  for (const auto& [bit, name] :
       {Row{ETHTOOL_LINK_MODE_10baseT_Half_BIT, "10baseT/Half"},
        Row{ETHTOOL_LINK_MODE_25000baseCR_Full_BIT, "25000baseCR/Full"},
        Row{ETHTOOL_LINK_MODE_100000baseLR4_ER4_Full_BIT, "100000baseLR4_ER4/Full"},
        Row{ETHTOOL_LINK_MODE_200000baseDR4_Full_BIT, "200000baseDR4/Full"},
        Row{ETHTOOL_LINK_MODE_100000baseKR_Full_BIT, "100000baseKR/Full"},
        Row{ETHTOOL_LINK_MODE_400000baseCR4_Full_BIT, "400000baseCR4/Full"},
        Row{ETHTOOL_LINK_MODE_10baseT1L_Full_BIT, "10baseT1L/Full"}}) {
    ASSERT_NE(link_mode(bit), nullptr);
    EXPECT_EQ(link_mode(bit)->name, name);
  }
  EXPECT_EQ(link_mode(124)->name, "1600000baseDR8_2/Full");
  EXPECT_EQ(link_mode(125), nullptr);
}

TEST(LinkModes, RowsAreInOrderAndTheirNamesSayTheSpeed) {
  std::uint32_t bit = 0;
  for (const auto& mode : link_modes()) {
    EXPECT_EQ(mode.bit, bit++);
    if (mode.kind != LinkModeKind::kLink) {
      EXPECT_EQ(mode.speed_mbps, 0U);
      continue;
    }
    EXPECT_TRUE(mode.name.starts_with(std::to_string(mode.speed_mbps) + "base")) << mode.name;
    EXPECT_EQ(mode.is_full_duplex, mode.name.ends_with("/Full"));
    EXPECT_GT(mode.lanes.value(), 0U);
    EXPECT_LE(mode.speed_mbps / mode.lanes.value(), 200000U) << mode.name;
  }
}

}  // namespace
}  // namespace weft::wire::ethtool
