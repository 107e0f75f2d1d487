// SPDX-License-Identifier: Apache-2.0
#include "wire/ethtool/replies.h"

#include "wire/ethtool/attributes.h"
#include "wire/ethtool/names.h"

#include <algorithm>
#include <array>

namespace weft::wire::ethtool {
namespace reply_decoder {

// A hostile reply must not make us hold more than this.
constexpr std::uint32_t kBitsMax = 4096;
constexpr std::size_t kLanesMax = 64;
constexpr std::size_t kBinsMax = 64;
constexpr std::size_t kStatisticsMax = 512;

// ETHTOOL_A_BITSET_*, ETHTOOL_A_BITSET_BIT_*
constexpr std::uint16_t kNoMask = 1;
constexpr std::uint16_t kSize = 2;
constexpr std::uint16_t kBits = 3;
constexpr std::uint16_t kValue = 4;
constexpr std::uint16_t kMask = 5;
constexpr std::uint16_t kBitIndex = 1;
constexpr std::uint16_t kBitValue = 3;

std::vector<std::uint32_t> bits_of_words(base::ByteView words, std::uint32_t size) {
  std::vector<std::uint32_t> bits;
  const auto available =
      static_cast<std::uint32_t>(std::min<std::size_t>(words.size(), kBitsMax) * 8);
  for (std::uint32_t bit = 0; bit < std::min(size, available); ++bit) {
    if ((words[bit / 8] >> (bit % 8) & 1) != 0) {
      bits.push_back(bit);
    }
  }
  return bits;
}

/// One bit of a verbose set; false where it has no usable index.
bool add_bit(base::ByteView nest, bool has_mask, BitSet& set) {
  const auto index = find(nest, kBitIndex);
  const auto bit = index ? index->u32() : std::nullopt;
  if (!bit || *bit >= kBitsMax) {
    return false;
  }
  if (has_mask) {
    set.mask.push_back(*bit);
  }
  if (!has_mask || find(nest, kBitValue)) {
    set.value.push_back(*bit);
  }
  return true;
}

/// Reads an attribute's number into `target`; notes a wrong length.
void take(const std::optional<std::uint32_t>& number, std::optional<std::uint32_t>& target,
          bool& is_garbled) {
  target = number;
  is_garbled = is_garbled || !number;
}
void take(const std::optional<std::uint8_t>& number, std::optional<std::uint8_t>& target,
          bool& is_garbled) {
  target = number;
  is_garbled = is_garbled || !number;
}
void take_bool(const std::optional<std::uint8_t>& number, std::optional<bool>& target,
               bool& is_garbled) {
  if (number) {
    target = *number != 0;
  }
  is_garbled = is_garbled || !number;
}

/// Total first, then lanes: how the kernel packs a FEC counter.
std::optional<LaneCounter> lane_counter(base::ByteView words) {
  const std::size_t count = words.size() / 8;
  if (count == 0 || words.size() % 8 != 0 || count > kLanesMax + 1) {
    return std::nullopt;
  }
  LaneCounter counter;
  counter.total = *base::read_le(words, 0, 8);
  for (std::size_t i = 1; i < count; ++i) {
    counter.lanes.push_back(*base::read_le(words, i * 8, 8));
  }
  return counter;
}

std::optional<FecBin> fec_bin(base::ByteView nest) {
  // ETHTOOL_A_FEC_HIST_*
  const auto low = find(nest, 2);
  const auto high = find(nest, 3);
  const auto value = find(nest, 4);
  if (!low || !high || !value || !low->u32() || !high->u32() || !value->uint()) {
    return std::nullopt;
  }
  FecBin bin{*low->u32(), *high->u32(), *value->uint(), {}};
  if (const auto lanes = find(nest, 5)) {
    for (std::size_t i = 0; i < std::min(lanes->payload.size() / 8, kLanesMax); ++i) {
      bin.lanes.push_back(*base::read_le(lanes->payload, i * 8, 8));
    }
  }
  return bin;
}

void read_fec_statistics(base::ByteView nest, FecReply& reply) {
  AttributeReader reader(nest);
  while (const auto attribute = reader.next()) {
    // ETHTOOL_A_FEC_STAT_*: 2 corrected, 3 uncorrectable, 4 corrected bits, 5 histogram bin
    const std::array<std::optional<LaneCounter>*, 3> counters = {
        &reply.corrected_blocks, &reply.uncorrectable_blocks, &reply.corrected_bits};
    if (attribute->type >= 2 && attribute->type <= 4) {
      auto& target = *counters.at(attribute->type - std::size_t{2});
      target = lane_counter(attribute->payload);
      reply.is_garbled = reply.is_garbled || !target;
    } else if (attribute->type == 5 && reply.histogram.size() < kBinsMax) {
      if (auto bin = fec_bin(attribute->payload)) {
        reply.histogram.push_back(std::move(*bin));
      } else {
        reply.is_garbled = true;
      }
    }
  }
  reply.is_garbled = reply.is_garbled || reader.is_garbled();
}

/// The statistics of one group: each a nest whose one attribute's type is the statistic's number.
void read_statistic(std::uint32_t group, base::ByteView nest, StatsReply& reply) {
  AttributeReader reader(nest);
  while (const auto attribute = reader.next()) {
    const auto value = attribute->u64();
    const auto name = statistic_name(group, attribute->type);
    if (!value) {
      reply.is_garbled = true;
    } else if (name.empty() || reply.statistics.size() >= kStatisticsMax) {
      ++reply.unknown;
    } else {
      reply.statistics.push_back({statistics_group(group), name, *value});
    }
  }
  reply.is_garbled = reply.is_garbled || reader.is_garbled();
}

void read_length_bin(bool is_receive, base::ByteView nest, StatsReply& reply) {
  // ETHTOOL_A_STATS_GRP_HIST_BKT_LOW, _HI, _VAL
  const auto low = find(nest, 7);
  const auto high = find(nest, 8);
  const auto value = find(nest, 9);
  if (!low || !high || !value || !low->u32() || !high->u32() || !value->u64() ||
      reply.lengths.size() >= kBinsMax) {
    reply.is_garbled = true;
    return;
  }
  reply.lengths.push_back({is_receive, *low->u32(), *high->u32(), *value->u64()});
}

void read_group(base::ByteView nest, StatsReply& reply) {
  // ETHTOOL_A_STATS_GRP_*: 2 id, 4 statistic, 5 receive bin, 6 transmit bin
  const auto id = find(nest, 2);
  const auto group = id ? id->u32() : std::nullopt;
  if (!group) {
    reply.is_garbled = true;
    return;
  }
  AttributeReader reader(nest);
  while (const auto attribute = reader.next()) {
    if (attribute->type == 4) {
      read_statistic(*group, attribute->payload, reply);
    } else if (attribute->type == 5 || attribute->type == 6) {
      read_length_bin(attribute->type == 5, attribute->payload, reply);
    }
  }
  reply.is_garbled = reply.is_garbled || reader.is_garbled();
}

}  // namespace reply_decoder

std::optional<BitSet> decode_bit_set(base::ByteView bytes) {
  using namespace reply_decoder;
  const bool has_mask = !find(bytes, kNoMask);
  BitSet set;
  if (const auto bits = find(bytes, kBits)) {
    AttributeReader reader(bits->payload);
    while (const auto bit = reader.next()) {
      if (set.value.size() + set.mask.size() > 2 * kBitsMax ||
          !add_bit(bit->payload, has_mask, set)) {
        return std::nullopt;
      }
    }
    std::ranges::sort(set.value);
    std::ranges::sort(set.mask);
    return reader.is_garbled() ? std::nullopt : std::optional(std::move(set));
  }
  const auto size = find(bytes, kSize);
  const auto value = find(bytes, kValue);
  if (!size || !size->u32() || *size->u32() > kBitsMax || !value) {
    return std::nullopt;
  }
  set.value = bits_of_words(value->payload, *size->u32());
  if (const auto mask = find(bytes, kMask); mask && has_mask) {
    set.mask = bits_of_words(mask->payload, *size->u32());
  }
  return set;
}

LinkModesReply decode_link_modes(base::ByteView attributes) {
  using namespace reply_decoder;
  constexpr std::uint32_t kSpeedUnknown = 0xFFFFFFFF;
  LinkModesReply reply;
  AttributeReader reader(attributes);
  while (const auto attribute = reader.next()) {
    switch (attribute->type) {  // ETHTOOL_A_LINKMODES_*
      case 2:
        take_bool(attribute->u8(), reply.autonegotiation, reply.is_garbled);
        break;
      case 3:
        if (auto set = decode_bit_set(attribute->payload)) {
          reply.supported = std::move(set->mask);
          reply.advertised = std::move(set->value);
        } else {
          reply.is_garbled = true;
        }
        break;
      case 4:
        if (auto set = decode_bit_set(attribute->payload)) {
          reply.peer = std::move(set->value);
        } else {
          reply.is_garbled = true;
        }
        break;
      case 5:
        take(attribute->u32(), reply.speed_mbps, reply.is_garbled);
        break;
      case 6:
        if (const auto duplex = attribute->u8(); duplex && *duplex <= 1) {
          reply.is_full_duplex = *duplex == 1;  // DUPLEX_FULL; 255 is unknown
        }
        break;
      case 9:
        take(attribute->u32(), reply.lanes, reply.is_garbled);
        break;
      default:
        break;
    }
  }
  if (reply.speed_mbps == kSpeedUnknown || reply.speed_mbps == 0U) {
    reply.speed_mbps.reset();
  }
  reply.is_garbled = reply.is_garbled || reader.is_garbled();
  return reply;
}

LinkInfoReply decode_link_info(base::ByteView attributes) {
  LinkInfoReply reply;
  AttributeReader reader(attributes);
  while (const auto attribute = reader.next()) {
    if (attribute->type == 2) {  // ETHTOOL_A_LINKINFO_PORT
      reply_decoder::take(attribute->u8(), reply.port, reply.is_garbled);
    }
  }
  reply.is_garbled = reply.is_garbled || reader.is_garbled();
  return reply;
}

std::string_view LinkInfoReply::port_name() const {
  static constexpr std::array<std::string_view, 6> kNames = {
      "twisted pair", "AUI", "MII", "fibre", "BNC", "direct attach copper"};
  if (port == 0xEF) {
    return "none";
  }
  return port && *port < kNames.size() ? kNames.at(*port) : std::string_view{};
}

LinkStateReply decode_link_state(base::ByteView attributes) {
  using namespace reply_decoder;
  LinkStateReply reply;
  AttributeReader reader(attributes);
  while (const auto attribute = reader.next()) {
    switch (attribute->type) {  // ETHTOOL_A_LINKSTATE_*
      case 2:
        take_bool(attribute->u8(), reply.link, reply.is_garbled);
        break;
      case 3:
        take(attribute->u32(), reply.signal_quality, reply.is_garbled);
        break;
      case 4:
        take(attribute->u32(), reply.signal_quality_max, reply.is_garbled);
        break;
      case 5:
        take(attribute->u8(), reply.down_reason, reply.is_garbled);
        break;
      case 6:
        take(attribute->u8(), reply.down_detail, reply.is_garbled);
        break;
      case 7:
        take(attribute->u32(), reply.down_count, reply.is_garbled);
        break;
      default:
        break;
    }
  }
  reply.is_garbled = reply.is_garbled || reader.is_garbled();
  return reply;
}

std::string LinkStateReply::down_text() const {
  if (!down_reason) {
    return {};
  }
  std::string text(down_reason_name(*down_reason));
  if (text.empty()) {
    text = "reason " + std::to_string(*down_reason);
  }
  if (down_detail) {
    const auto detail = down_detail_name(*down_reason, *down_detail);
    text +=
        ": " + (detail.empty() ? "detail " + std::to_string(*down_detail) : std::string(detail));
  }
  return text;
}

FecReply decode_fec(base::ByteView attributes) {
  using namespace reply_decoder;
  FecReply reply;
  AttributeReader reader(attributes);
  while (const auto attribute = reader.next()) {
    switch (attribute->type) {  // ETHTOOL_A_FEC_*
      case 2:
        if (auto set = decode_bit_set(attribute->payload)) {
          reply.configured = std::move(set->value);
        } else {
          reply.is_garbled = true;
        }
        break;
      case 3:
        take_bool(attribute->u8(), reply.is_auto, reply.is_garbled);
        break;
      case 4:
        take(attribute->u32(), reply.active, reply.is_garbled);
        break;
      case 5:
        read_fec_statistics(attribute->payload, reply);
        break;
      default:
        break;
    }
  }
  reply.is_garbled = reply.is_garbled || reader.is_garbled();
  return reply;
}

StatsReply decode_stats(base::ByteView attributes) {
  StatsReply reply;
  AttributeReader reader(attributes);
  while (const auto attribute = reader.next()) {
    if (attribute->type == 4) {  // ETHTOOL_A_STATS_GRP
      reply_decoder::read_group(attribute->payload, reply);
    }
  }
  reply.is_garbled = reply.is_garbled || reader.is_garbled();
  return reply;
}

std::optional<std::uint64_t> StatsReply::value(std::string_view group,
                                               std::string_view name) const {
  const auto it = std::ranges::find_if(
      statistics, [&](const Statistic& s) { return s.group == group && s.name == name; });
  return it == statistics.end() ? std::nullopt : std::optional(it->value);
}

ModuleReply decode_module(base::ByteView attributes) {
  ModuleReply reply;
  AttributeReader reader(attributes);
  while (const auto attribute = reader.next()) {
    if (attribute->type == 2) {  // ETHTOOL_A_MODULE_*
      reply_decoder::take(attribute->u8(), reply.policy, reply.is_garbled);
    } else if (attribute->type == 3) {
      reply_decoder::take(attribute->u8(), reply.mode, reply.is_garbled);
    }
  }
  reply.is_garbled = reply.is_garbled || reader.is_garbled();
  return reply;
}

base::Bytes decode_module_eeprom(base::ByteView attributes) {
  const auto data = find(attributes, 7);  // ETHTOOL_A_MODULE_EEPROM_DATA
  return data ? base::Bytes(data->payload.begin(), data->payload.end()) : base::Bytes{};
}

}  // namespace weft::wire::ethtool
