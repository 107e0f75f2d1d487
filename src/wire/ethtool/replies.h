// SPDX-License-Identifier: Apache-2.0
// What a network device's driver answers over ethtool netlink, decoded: link modes, link state, FEC
// with its statistics, standard statistics, module power. Input is what bus::Netdev::query returns:
// the attributes behind the genetlink header of one reply. Source:
// Documentation/netlink/specs/ethtool.yaml and linux/ethtool_netlink.h (uapi). An attribute that
// the driver left out stays nullopt; one with a wrong length is taken as left out, and the reply
// says that it is garbled.
#pragma once

#include "base/bytes.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft::wire::ethtool {

/// The requests that Weftline sends: numbers of ETHTOOL_MSG_*_GET. All of them only read.
enum class Request : std::uint8_t {
  kLinkInfoGet = 2,
  kLinkModesGet = 4,
  kLinkStateGet = 6,
  kFecGet = 29,
  kModuleEepromGet = 31,
  kStatsGet = 32,
  kModuleGet = 34,
};

/// A set of link-mode bits. `mask` says which bits the set speaks of (all where it is empty).
struct BitSet {
  std::vector<std::uint32_t> value;  ///< bits set, ascending
  std::vector<std::uint32_t> mask;   ///< bits in the mask, ascending
};

struct LinkModesReply {
  std::optional<bool> autonegotiation;
  std::vector<std::uint32_t> supported;  ///< link-mode bits, link_mode.h
  std::vector<std::uint32_t> advertised;
  std::optional<std::vector<std::uint32_t>> peer;  ///< what the partner advertised, if it was heard
  std::optional<std::uint32_t> speed_mbps;         ///< nullopt also where the kernel says "unknown"
  std::optional<bool> is_full_duplex;
  std::optional<std::uint32_t> lanes;
  bool is_garbled = false;
};

struct LinkInfoReply {
  std::optional<std::uint8_t> port;  ///< PORT_* of linux/ethtool.h
  bool is_garbled = false;
  /// "twisted pair", "fibre", "direct attach copper", …; empty where unknown.
  [[nodiscard]] std::string_view port_name() const;
};

struct LinkStateReply {
  std::optional<bool> link;
  std::optional<std::uint32_t> signal_quality;  ///< SQI, 0 to signal_quality_max
  std::optional<std::uint32_t> signal_quality_max;
  std::optional<std::uint8_t> down_reason;  ///< ETHTOOL_LINK_EXT_STATE_*
  std::optional<std::uint8_t> down_detail;  ///< ETHTOOL_LINK_EXT_SUBSTATE_* of that reason
  std::optional<std::uint32_t> down_count;  ///< times that the physical link went down
  bool is_garbled = false;
  /// "no cable", "link training failure: remote fault"; empty where the driver gave none.
  [[nodiscard]] std::string down_text() const;
};

/// A counter with, where the driver has them, its parts by lane.
struct LaneCounter {
  std::uint64_t total = 0;
  std::vector<std::uint64_t> lanes;
};

/// One bin of the FEC histogram: codewords that needed `low` to `high` symbols corrected.
struct FecBin {
  std::uint32_t low = 0;
  std::uint32_t high = 0;
  std::uint64_t codewords = 0;
  std::vector<std::uint64_t> lanes;
};

struct FecReply {
  std::vector<std::uint32_t> configured;  ///< FEC bits of link_mode.h
  std::optional<bool> is_auto;
  std::optional<std::uint32_t> active;  ///< FEC bit; nullopt while the link is down
  std::optional<LaneCounter> corrected_blocks;
  std::optional<LaneCounter> uncorrectable_blocks;
  std::optional<LaneCounter> corrected_bits;
  std::vector<FecBin> histogram;
  bool is_garbled = false;
};

/// One standard statistic: "eth-phy", "SymbolErrorDuringCarrier".
struct Statistic {
  std::string_view group;
  std::string_view name;
  std::uint64_t value = 0;
};

/// One bin of the packet-length histogram (RMON).
struct LengthBin {
  bool is_receive = true;
  std::uint32_t low = 0;   ///< bytes
  std::uint32_t high = 0;  ///< bytes
  std::uint64_t packets = 0;
};

struct StatsReply {
  std::vector<Statistic> statistics;
  std::vector<LengthBin> lengths;
  std::uint32_t unknown = 0;  ///< statistics of newer kernels, not in our table
  bool is_garbled = false;

  [[nodiscard]] std::optional<std::uint64_t> value(std::string_view group,
                                                   std::string_view name) const;
};

struct ModuleReply {
  std::optional<std::uint8_t> policy;  ///< 1 high, 2 auto
  std::optional<std::uint8_t> mode;    ///< 1 low power, 2 high power
  bool is_garbled = false;
};

[[nodiscard]] std::optional<BitSet> decode_bit_set(base::ByteView bytes);
[[nodiscard]] LinkModesReply decode_link_modes(base::ByteView attributes);
[[nodiscard]] LinkInfoReply decode_link_info(base::ByteView attributes);
[[nodiscard]] LinkStateReply decode_link_state(base::ByteView attributes);
[[nodiscard]] FecReply decode_fec(base::ByteView attributes);
[[nodiscard]] StatsReply decode_stats(base::ByteView attributes);
[[nodiscard]] ModuleReply decode_module(base::ByteView attributes);
/// The bytes of a MODULE_EEPROM_GET reply; empty where it holds none.
[[nodiscard]] base::Bytes decode_module_eeprom(base::ByteView attributes);

}  // namespace weft::wire::ethtool
