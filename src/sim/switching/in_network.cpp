// SPDX-License-Identifier: Apache-2.0
#include "sim/switching/in_network.h"

#include "sim/engine/draw.h"

#include <algorithm>
#include <map>
#include <queue>
#include <tuple>

#include <fmt/format.h>

namespace weft::sim::switching {

base::Result<PushResult> push_reduce(const PushReduce& setting) {
  const std::uint64_t held =
      std::uint64_t{setting.packet_bytes} *
      (setting.order == SumOrder::kByRank ? std::max(1U, setting.ranks) : 1U);
  if (setting.ranks < 2 || setting.bytes == 0 || setting.packet_bytes == 0 ||
      !(setting.bytes_per_second > 0) || setting.latency < 0 || setting.port_to_port < 0 ||
      (!setting.start.empty() && setting.start.size() != setting.ranks) ||
      (setting.buffer_bytes != 0 && setting.buffer_bytes < held)) {
    return base::fail(
        base::Code::kInvalidArgument,
        fmt::format("{} ranks, {} bytes, {} start times, {} bytes of buffer where a "
                    "packet takes {}",
                    setting.ranks, setting.bytes, setting.start.size(), setting.buffer_bytes, held),
        "reduction in a switch", "Give two ranks or more, bytes, and room for one packet's sum.");
  }
  const std::uint64_t size = setting.packet_bytes;
  const std::uint64_t packets = (setting.bytes + size - 1) / size;
  PushResult result;
  result.slots = setting.buffer_bytes == 0 ? packets : setting.buffer_bytes / held;
  const auto span_of = [&](std::uint64_t packet) {
    const std::uint64_t bytes = std::min(size, setting.bytes - packet * size);
    return transfer_time(static_cast<double>(bytes), setting.bytes_per_second);
  };
  std::vector<Ps> sender(setting.ranks, 0);  // when each may send its next packet
  Ps last_start = 0;
  for (std::uint32_t rank = 0; rank < setting.ranks && !setting.start.empty(); ++rank) {
    sender[rank] = setting.start[rank];
    last_start = std::max(last_start, setting.start[rank]);
  }
  std::vector<Ps> freed(std::min(result.slots, packets), 0);  // by slot
  Ps output = 0;
  for (std::uint64_t i = 0; i < packets; ++i) {
    const Ps span = span_of(i);
    Ps& slot = freed[i % freed.size()];
    const Ps allowed = i < freed.size() ? 0 : slot + setting.latency;
    Ps first_bits = 0;
    for (Ps& next : sender) {
      result.stalled += std::max<Ps>(0, allowed - next);
      const Ps sent = std::max(next, allowed);
      next = sent + span;
      first_bits = std::max(first_bits, sent + setting.latency);
    }
    // The sum's first bit follows the last rank's first bit through the switch.
    const Ps leaves = std::max(first_bits + setting.port_to_port, output);
    output = leaves + span;
    slot = output;
  }
  result.finish = output + setting.latency;
  result.bound = last_start + 2 * setting.latency + setting.port_to_port +
                 transfer_time(static_cast<double>(setting.bytes), setting.bytes_per_second);
  return result;
}

namespace {

using Receivers = std::vector<std::uint32_t>;

Receivers draw_receivers(const TokenTraffic& traffic, Draw& draw) {
  Receivers out;
  while (out.size() < traffic.top) {
    const std::uint32_t to = draw.below(traffic.ranks);
    if (std::find(out.begin(), out.end(), to) == out.end()) {
      out.push_back(to);
    }
  }
  std::sort(out.begin(), out.end());
  return out;
}

/// The switch's table of groups: who is in it, since when unused, and from when an entry works.
class GroupTable {
 public:
  GroupTable(const TokenTraffic& traffic, Copying copying) : traffic_(traffic), copying_(copying) {}

  void install(const Receivers& group) {
    if (entries_.size() < traffic_.table_groups) {
      entries_.emplace(group, Entry{});
    }
  }
  /// From when the group may be used; kNever where it is to go unicast.
  Ps ready(const Receivers& group, Ps now, TokenResult& result) {
    const auto found = entries_.find(group);
    if (found != entries_.end()) {
      found->second.used = ++clock_;
      return found->second.ready;
    }
    ++result.misses;
    if (copying_ == Copying::kStaticGroups || traffic_.table_groups == 0) {
      return kNever;
    }
    if (entries_.size() >= traffic_.table_groups) {
      entries_.erase(std::min_element(
          entries_.begin(), entries_.end(),
          [](const auto& a, const auto& b) { return a.second.used < b.second.used; }));
    }
    writer_free_ = std::max(writer_free_, now) + traffic_.update_time;
    ++result.updates;
    entries_[group] = {writer_free_, ++clock_};
    return writer_free_;
  }

 private:
  struct Entry {
    Ps ready = 0;
    std::uint64_t used = 0;
  };
  const TokenTraffic& traffic_;
  Copying copying_;
  std::map<Receivers, Entry> entries_;
  std::uint64_t clock_ = 0;
  Ps writer_free_ = 0;
};

/// The ports of the switch while tokens go through.
class TokenRun {
 public:
  TokenRun(const TokenTraffic& traffic, Copying copying)
      : traffic_(traffic),
        span_(transfer_time(traffic.token_bytes + header_of(traffic, copying),
                            traffic.bytes_per_second)),
        bytes_(traffic.token_bytes + header_of(traffic, copying)),
        in_(traffic.ranks, 0),
        out_(traffic.ranks, 0) {}

  [[nodiscard]] Ps source_free(std::uint32_t source) const { return in_[source]; }
  /// One sending by `source`, not before `from`, to all of these.
  void send(std::uint32_t source, Ps from, const Receivers& to, TokenResult& result) {
    const Ps starts = std::max(in_[source], from);
    in_[source] = starts + span_;
    result.source_bytes += bytes_;
    const Ps first_bit = starts + traffic_.latency + traffic_.port_to_port;
    for (const std::uint32_t receiver : to) {
      out_[receiver] = std::max(out_[receiver], first_bit) + span_;
      result.switch_bytes += bytes_;
      result.finish = std::max(result.finish, out_[receiver] + traffic_.latency);
    }
  }

 private:
  /// A bit for each rank, in whole bytes.
  static std::uint32_t header_of(const TokenTraffic& traffic, Copying copying) {
    return copying == Copying::kPerToken ? (traffic.ranks + 7) / 8 : 0;
  }
  const TokenTraffic& traffic_;
  Ps span_;
  std::uint64_t bytes_;
  std::vector<Ps> in_, out_;
};

Ps bound_of(const TokenTraffic& traffic, const std::vector<std::vector<Receivers>>& tokens,
            bool copies) {
  std::vector<std::uint64_t> receives(traffic.ranks, 0);
  std::uint64_t most_sent = 0;
  for (const auto& source : tokens) {
    std::uint64_t sent = 0;
    for (const Receivers& to : source) {
      sent += copies ? 1 : to.size();
      for (const std::uint32_t receiver : to) {
        ++receives[receiver];
      }
    }
    most_sent = std::max(most_sent, sent);
  }
  const std::uint64_t most =
      std::max(most_sent, *std::max_element(receives.begin(), receives.end()));
  return 2 * traffic.latency + traffic.port_to_port +
         transfer_time(static_cast<double>(most) * traffic.token_bytes, traffic.bytes_per_second);
}

}  // namespace

base::Result<TokenResult> send_tokens(const TokenTraffic& traffic, Copying copying) {
  if (traffic.ranks == 0 || traffic.ranks > 4096 || traffic.sources == 0 ||
      traffic.sources > traffic.ranks || traffic.top == 0 || traffic.top > traffic.ranks ||
      traffic.token_bytes == 0 || !(traffic.bytes_per_second > 0) || traffic.latency < 0 ||
      traffic.port_to_port < 0 || traffic.update_time < 0) {
    return base::fail(base::Code::kInvalidArgument,
                      fmt::format("{} sources of {} ranks, {} receivers a token of {} bytes",
                                  traffic.sources, traffic.ranks, traffic.top, traffic.token_bytes),
                      "multicast in a switch", "Give 1 to 4096 ranks and no more of the others.");
  }
  Draw draw(draw_seed(traffic.seed, 6));
  std::vector<Receivers> known;
  known.reserve(traffic.distinct_groups);
  for (std::uint32_t i = 0; i < traffic.distinct_groups; ++i) {
    known.push_back(draw_receivers(traffic, draw));
  }
  std::vector<std::vector<Receivers>> tokens(traffic.sources);
  for (auto& source : tokens) {
    for (std::uint32_t i = 0; i < traffic.tokens; ++i) {
      source.push_back(known.empty() ? draw_receivers(traffic, draw)
                                     : known[draw.below(traffic.distinct_groups)]);
    }
  }
  TokenResult result;
  GroupTable table(traffic, copying);
  for (const Receivers& group : known) {
    table.install(group);
  }
  TokenRun run(traffic, copying);
  // Whoever is free first sends next; equal times by rank.
  using Turn = std::tuple<Ps, std::uint32_t, std::uint32_t>;
  std::priority_queue<Turn, std::vector<Turn>, std::greater<>> turns;
  for (std::uint32_t source = 0; source < traffic.sources && traffic.tokens > 0; ++source) {
    turns.emplace(0, source, 0);
  }
  while (!turns.empty()) {
    const auto [now, source, number] = turns.top();
    turns.pop();
    const Receivers& to = tokens[source][number];
    Ps from = 0;
    if (copying == Copying::kStaticGroups || copying == Copying::kTableUpdates) {
      from = table.ready(to, now, result);
    }
    if (copying == Copying::kUnicast || from == kNever) {
      // Each source begins with another receiver, so that not all meet at one.
      for (std::size_t i = 0; i < to.size(); ++i) {
        run.send(source, 0, {to[(i + source) % to.size()]}, result);
      }
    } else {
      run.send(source, from, to, result);
    }
    if (number + 1 < traffic.tokens) {
      turns.emplace(run.source_free(source), source, number + 1);
    }
  }
  result.bound = bound_of(traffic, tokens, copying != Copying::kUnicast);
  return result;
}

}  // namespace weft::sim::switching
