// SPDX-License-Identifier: Apache-2.0
#include "wire/ethtool/encode.h"

#include "wire/ethtool/link_mode.h"
#include "wire/ethtool/names.h"

#include <algorithm>
#include <map>

namespace weft::wire::ethtool {
namespace reply_encoder {

using base::Bytes;

constexpr std::uint16_t kNested = 0x8000;  // NLA_F_NESTED

/// Attributes of one level, in the order in which they are put.
class Writer {
 public:
  Writer& bytes(std::uint16_t type, base::ByteView payload) {
    const auto length = payload.size() + 4;
    const auto at = out_.size();
    out_.resize(at + (length + 3) / 4 * 4);
    base::write_le(out_, at, 2, length);
    base::write_le(out_, at + 2, 2, type);
    std::copy(payload.begin(), payload.end(), out_.begin() + static_cast<std::ptrdiff_t>(at + 4));
    return *this;
  }
  Writer& number(std::uint16_t type, std::size_t width, std::uint64_t value) {
    Bytes payload(width);
    base::write_le(payload, 0, width, value);
    return bytes(type, payload);
  }
  template <class T>
  Writer& maybe(std::uint16_t type, const std::optional<T>& value) {
    return value ? number(type, sizeof(T), static_cast<std::uint64_t>(*value)) : *this;
  }
  Writer& nest(std::uint16_t type, const Writer& inside) {
    return bytes(static_cast<std::uint16_t>(type | kNested), inside.out_);
  }
  [[nodiscard]] Bytes take() { return std::move(out_); }

 private:
  Bytes out_;
};

Bytes words(const std::vector<std::uint32_t>& bits, std::uint32_t size) {
  Bytes out((size + 31) / 32 * 4);
  for (const auto bit : bits) {
    if (bit < size) {
      out[bit / 8] = static_cast<std::uint8_t>(out[bit / 8] | 1U << (bit % 8));
    }
  }
  return out;
}

std::uint32_t bits_known() {
  return static_cast<std::uint32_t>(link_modes().size());
}

/// A set that lists its values only.
Writer list(const std::vector<std::uint32_t>& bits) {
  Writer set;
  set.bytes(1, {});  // ETHTOOL_A_BITSET_NOMASK
  set.number(2, 4, bits_known()).bytes(4, words(bits, bits_known()));
  return set;
}

Bytes counts(const LaneCounter& counter) {
  Bytes out(8 * (1 + counter.lanes.size()));
  base::write_le(out, 0, 8, counter.total);
  for (std::size_t i = 0; i < counter.lanes.size(); ++i) {
    base::write_le(out, 8 * (i + 1), 8, counter.lanes[i]);
  }
  return out;
}

Writer bin(const FecBin& from) {
  Writer out;
  out.number(2, 4, from.low).number(3, 4, from.high).number(4, 8, from.codewords);
  if (!from.lanes.empty()) {
    Bytes lanes(8 * from.lanes.size());
    for (std::size_t i = 0; i < from.lanes.size(); ++i) {
      base::write_le(lanes, 8 * i, 8, from.lanes[i]);
    }
    out.bytes(5, lanes);
  }
  return out;
}

struct StatisticId {
  std::uint32_t group = 0;
  std::uint16_t id = 0;
};
std::optional<StatisticId> id_of(const Statistic& statistic) {
  constexpr std::uint32_t kGroups = 8;
  constexpr std::uint16_t kIds = 32;
  for (std::uint32_t group = 0; group < kGroups; ++group) {
    for (std::uint16_t id = 0; statistics_group(group) == statistic.group && id < kIds; ++id) {
      if (statistic_name(group, id) == statistic.name) {
        return StatisticId{group, id};
      }
    }
  }
  return std::nullopt;
}

}  // namespace reply_encoder

using reply_encoder::Writer;

base::Bytes encode(const LinkModesReply& reply) {
  constexpr std::uint32_t kSpeedUnknown = 0xFFFFFFFF;
  constexpr std::uint8_t kDuplexUnknown = 0xFF;
  const auto size = reply_encoder::bits_known();
  Writer ours;
  ours.number(2, 4, size)
      .bytes(4, reply_encoder::words(reply.advertised, size))
      .bytes(5, reply_encoder::words(reply.supported, size));
  Writer out;
  out.maybe(2, reply.autonegotiation).nest(3, ours);
  if (reply.peer) {
    out.nest(4, reply_encoder::list(*reply.peer));
  }
  out.number(5, 4, reply.speed_mbps.value_or(kSpeedUnknown));
  out.number(6, 1, reply.is_full_duplex ? (*reply.is_full_duplex ? 1 : 0) : kDuplexUnknown);
  return out.maybe(9, reply.lanes).take();
}

base::Bytes encode(const LinkInfoReply& reply) {
  return Writer().maybe(2, reply.port).take();
}

base::Bytes encode(const LinkStateReply& reply) {
  return Writer()
      .maybe(2, reply.link)
      .maybe(3, reply.signal_quality)
      .maybe(4, reply.signal_quality_max)
      .maybe(5, reply.down_reason)
      .maybe(6, reply.down_detail)
      .maybe(7, reply.down_count)
      .take();
}

base::Bytes encode(const FecReply& reply) {
  Writer out;
  out.nest(2, reply_encoder::list(reply.configured)).maybe(3, reply.is_auto).maybe(4, reply.active);
  Writer statistics;
  const auto put = [&](std::uint16_t type, const std::optional<LaneCounter>& counter) {
    if (counter) {
      statistics.bytes(type, reply_encoder::counts(*counter));
    }
  };
  put(2, reply.corrected_blocks);
  put(3, reply.uncorrectable_blocks);
  put(4, reply.corrected_bits);
  for (const auto& bin : reply.histogram) {
    statistics.nest(5, reply_encoder::bin(bin));
  }
  return out.nest(5, statistics).take();
}

base::Bytes encode(const StatsReply& reply) {
  std::map<std::uint32_t, Writer> groups;
  for (const auto& statistic : reply.statistics) {
    if (const auto id = reply_encoder::id_of(statistic)) {
      auto [group, is_new] = groups.try_emplace(id->group);
      if (is_new) {
        group->second.number(2, 4, id->group);  // ETHTOOL_A_STATS_GRP_ID
      }
      group->second.nest(4, Writer().number(id->id, 8, statistic.value));
    }
  }
  Writer out;
  for (const auto& [number, group] : groups) {
    out.nest(4, group);
  }
  return out.take();
}

base::Bytes encode(const ModuleReply& reply) {
  return Writer().maybe(2, reply.policy).maybe(3, reply.mode).take();
}

}  // namespace weft::wire::ethtool
