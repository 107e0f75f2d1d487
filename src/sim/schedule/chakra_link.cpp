// SPDX-License-Identifier: Apache-2.0
#include "sim/schedule/chakra_link.h"

#include "base/text.h"

#include <algorithm>
#include <functional>
#include <map>
#include <numeric>
#include <optional>
#include <queue>
#include <tuple>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace weft::sim {
namespace {

constexpr std::size_t kLinkMistakesMax = 20;
constexpr std::size_t kCircleMax = 6;

class ChakraLinker {
 public:
  ChakraLinks out;

  ChakraLinker(const std::vector<ChakraTrace>& traces, const ChakraGroups& common)
      : traces_(traces), common_(common), orders_(traces.size()) {
    out.links.resize(traces.size());
    all_.resize(traces.size());
    std::iota(all_.begin(), all_.end(), 0);
  }

  void join() {
    for (Rank rank = 0; rank < traces_.size(); ++rank) {
      dependencies(rank);
    }
    if (!out.mistakes.empty()) {
      return;  // without an order nothing can be paired
    }
    for (Rank rank = 0; rank < traces_.size(); ++rank) {
      for (const std::uint32_t at : orders_[rank]) {
        communication({rank, at});
      }
    }
    agree_on_groups();
    if (out.mistakes.empty()) {
      pair_collectives();
      pair_messages();
    }
  }

 private:
  void say(std::string text) {
    if (out.mistakes.size() < kLinkMistakesMax) {
      out.mistakes.push_back(std::move(text));
    }
  }
  [[nodiscard]] const ChakraNode& node(ChakraAt at) const {
    return traces_[at.rank].nodes[at.node];
  }
  void say(ChakraAt at, std::string_view text) {
    say(fmt::format("{}: {}", place_of(traces_, at), text));
  }

  void dependencies(Rank rank) {
    const auto& nodes = traces_[rank].nodes;
    auto& links = out.links[rank];
    links.resize(nodes.size());
    std::unordered_map<std::uint64_t, std::uint32_t> places;
    for (std::uint32_t i = 0; i < nodes.size(); ++i) {
      if (!places.emplace(nodes[i].id, i).second) {
        say({rank, i}, "its id is there twice");
      }
    }
    for (std::uint32_t i = 0; i < nodes.size(); ++i) {
      for (const std::uint64_t id : nodes[i].needs) {
        const auto at = places.find(id);
        if (at == places.end()) {
          say({rank, i}, fmt::format("needs node {}, which is not in the file", id));
        } else {
          links[i].needs.push_back(at->second);
        }
      }
      auto& needs = links[i].needs;
      std::sort(needs.begin(), needs.end());
      needs.erase(std::unique(needs.begin(), needs.end()), needs.end());
    }
    order(rank);
  }

  /// Each after all that it needs, else as in the file.
  void order(Rank rank) {
    const auto& links = out.links[rank];
    std::vector<std::uint32_t> left(links.size());
    std::vector<std::vector<std::uint32_t>> then(links.size());
    std::priority_queue<std::uint32_t, std::vector<std::uint32_t>, std::greater<>> ready;
    for (std::uint32_t i = 0; i < links.size(); ++i) {
      left[i] = static_cast<std::uint32_t>(links[i].needs.size());
      for (const std::uint32_t need : links[i].needs) {
        then[need].push_back(i);
      }
      if (left[i] == 0) {
        ready.push(i);
      }
    }
    std::vector<std::uint32_t>& sorted = orders_[rank];
    while (!ready.empty()) {
      const std::uint32_t at = ready.top();
      ready.pop();
      sorted.push_back(at);
      for (const std::uint32_t next : then[at]) {
        if (--left[next] == 0) {
          ready.push(next);
        }
      }
    }
    if (sorted.size() != links.size()) {
      circle(rank, left);
    }
  }

  void circle(Rank rank, const std::vector<std::uint32_t>& left) {
    // Whoever is left needs one that is left: following that comes round.
    const auto& links = out.links[rank];
    auto at = static_cast<std::uint32_t>(
        std::find_if(left.begin(), left.end(), [](std::uint32_t n) { return n > 0; }) -
        left.begin());
    const auto next = [&](std::uint32_t from) {
      return *std::find_if(links[from].needs.begin(), links[from].needs.end(),
                           [&](std::uint32_t need) { return left[need] > 0; });
    };
    for (std::size_t i = 0; i < links.size(); ++i) {
      at = next(at);
    }
    std::vector<std::uint64_t> ids;
    const std::uint32_t first = at;
    do {
      ids.push_back(node({rank, at}).id);
      at = next(at);
    } while (at != first && ids.size() < kCircleMax);
    say({rank, first},
        fmt::format("its dependencies go in a circle: {} needs {}{}", fmt::join(ids, " needs "),
                    at == first ? "" : "... needs ", node({rank, first}).id));
  }

  void communication(ChakraAt at) {
    const ChakraNode& n = node(at);
    if (n.type == ChakraType::kCollective) {
      collective(at, n);
    } else if (n.type == ChakraType::kSend || n.type == ChakraType::kReceive) {
      const bool is_send = n.type == ChakraType::kSend;
      const auto& own = is_send ? n.source : n.destination;
      const auto& other = is_send ? n.destination : n.source;
      if (own && *own != at.rank) {
        say(at, fmt::format("{} is {}, but this is rank {}'s file",
                            is_send ? "comm_src" : "comm_dst", *own, at.rank));
      } else if (!other) {
        say(at, fmt::format("has no {}", is_send ? "comm_dst" : "comm_src"));
      } else if (*other >= traces_.size() || *other == at.rank) {
        say(at, fmt::format("{} is no other of the {} ranks", *other, traces_.size()));
      } else {
        const auto peer = static_cast<Rank>(*other);
        const auto tag = static_cast<std::uint32_t>(n.tag);
        auto& [sends, receives] =
            messages_[is_send ? std::tuple(at.rank, peer, tag) : std::tuple(peer, at.rank, tag)];
        (is_send ? sends : receives).push_back(at);
      }
    }
  }

  void collective(ChakraAt at, const ChakraNode& n) {
    if (!n.comm_type || *n.comm_type > static_cast<std::uint64_t>(ChakraCollective::kBarrier)) {
      say(at, n.comm_type ? fmt::format("comm_type {} is none of the schema's", *n.comm_type)
                          : std::string("has no comm_type"));
      return;
    }
    const auto kind = static_cast<ChakraCollective>(*n.comm_type);
    if (kind == ChakraCollective::kReduce || kind == ChakraCollective::kGather ||
        kind == ChakraCollective::kScatter) {
      say(at, fmt::format("{} is not played; send and receive nodes are", key(kind)));
      return;
    }
    if (const auto seat = seat_of(at, n)) {
      members_[seat->group].resize(out.groups[seat->group].size());
      std::vector<ChakraAt>& before = members_[seat->group][seat->member];
      out.links[at.rank][at.node].follows = before.empty() ? kNone : before.back().node;
      before.push_back(at);
    }
  }

  /// Where a rank sits in a group.
  struct Seat {
    std::uint32_t group = 0, member = 0;
  };

  /// By this rank's own word, else the common one; nullptr where nobody says.
  [[nodiscard]] const std::vector<std::uint64_t>* said(Rank rank, const std::string& name) const {
    auto at = traces_[rank].groups.find(name);
    bool is_said = at != traces_[rank].groups.end();
    if (!is_said) {
      at = common_.find(name);
      is_said = at != common_.end();
    }
    if (is_said && !at->second.empty()) {
      return &at->second;
    }
    return is_said || name.empty() || name == "0" ? &all_ : nullptr;
  }

  std::optional<Seat> seat_of(ChakraAt at, const ChakraNode& n) {
    const auto [known, is_new] = known_[n.group].try_emplace(at.rank);
    if (is_new) {
      known->second = find_seat(at, n);
    }
    return known->second;
  }

  std::optional<Seat> find_seat(ChakraAt at, const ChakraNode& n) {
    const std::string name = base::printable(n.group, 40);
    const auto* ranks = said(at.rank, n.group);
    if (ranks == nullptr) {
      say(at,
          fmt::format("nothing says which ranks group \"{}\" has; give them with --groups", name));
      return std::nullopt;
    }
    std::vector<Rank> members;
    for (const std::uint64_t rank : *ranks) {
      if (rank >= traces_.size()) {
        say(at, fmt::format("rank {} of group \"{}\" is none of the {} ranks", rank, name,
                            traces_.size()));
        return std::nullopt;
      }
      members.push_back(static_cast<Rank>(rank));
    }
    std::vector<Rank> sorted = members;
    std::sort(sorted.begin(), sorted.end());
    if (std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end()) {
      say(at, fmt::format("group \"{}\" has a rank twice", name));
      return std::nullopt;
    }
    const auto place = std::find(members.begin(), members.end(), at.rank);
    if (place == members.end()) {
      say(at, fmt::format("rank {} is not in group \"{}\"", at.rank, name));
      return std::nullopt;
    }
    const auto member = static_cast<std::uint32_t>(place - members.begin());
    const auto [found, is_new] =
        numbers_.emplace(std::move(members), static_cast<std::uint32_t>(out.groups.size()));
    if (is_new) {
      out.groups.push_back(found->first);
    }
    return Seat{found->second, member};
  }

  /// Ranks of a group that take the same name for other ranks.
  void agree_on_groups() {
    for (const auto& [name, seats] : known_) {
      for (const auto& [rank, seat] : seats) {
        if (!seat) {
          continue;
        }
        const std::vector<Rank>& mine = out.groups[seat->group];
        for (const Rank other : mine) {
          const auto theirs = seats.find(other);
          if (theirs != seats.end() && theirs->second && theirs->second->group != seat->group) {
            say(fmt::format("group \"{}\" has ranks {} in rank {}'s file, {} in rank {}'s",
                            base::printable(name, 40), fmt::join(mine, ","), rank,
                            fmt::join(out.groups[theirs->second->group], ","), other));
            return;
          }
        }
      }
    }
  }

  void pair_collectives() {
    for (const auto& [group, lists] : members_) {
      const std::vector<Rank>& ranks = out.groups[group];
      for (std::size_t member = 0; member < lists.size(); ++member) {
        if (lists[member].size() != lists[0].size()) {
          say(fmt::format("ranks {} and {} do {} and {} collectives of their group of {}", ranks[0],
                          ranks[member], lists[0].size(), lists[member].size(), ranks.size()));
          return;
        }
      }
      for (std::size_t k = 0; k < lists[0].size(); ++k) {
        instance(group, lists, k);
      }
    }
  }

  void instance(std::uint32_t group, const std::vector<std::vector<ChakraAt>>& lists,
                std::size_t k) {
    const ChakraNode& first = node(lists[0][k]);
    ChakraInstance made;
    made.kind = static_cast<ChakraCollective>(first.comm_type.value_or(0));
    made.bytes = made.kind == ChakraCollective::kBarrier ? 0 : first.comm_bytes;
    made.group = group;
    for (const auto& list : lists) {
      const ChakraNode& other = node(list[k]);
      if (other.comm_type != first.comm_type || other.comm_bytes != first.comm_bytes) {
        say(list[k], fmt::format("is {} of {} bytes where {} is {} of {}",
                                 key(static_cast<ChakraCollective>(other.comm_type.value_or(0))),
                                 other.comm_bytes, place_of(traces_, lists[0][k]), key(made.kind),
                                 first.comm_bytes));
        return;
      }
      made.nodes.push_back(list[k].node);
      out.links[list[k].rank][list[k].node].instance =
          static_cast<std::uint32_t>(out.instances.size());
    }
    out.instances.push_back(std::move(made));
  }

  void pair_messages() {
    for (const auto& [pair, both] : messages_) {
      const auto& [from, to, tag] = pair;
      const auto& [sends, receives] = both;
      if (sends.size() != receives.size()) {
        say(fmt::format("from rank {} to {} with tag {}: {} sends, {} receives", from, to, tag,
                        sends.size(), receives.size()));
        continue;
      }
      for (std::size_t i = 0; i < sends.size(); ++i) {
        if (node(sends[i]).comm_bytes != node(receives[i]).comm_bytes) {
          say(receives[i], fmt::format("takes {} bytes, {} sends {}", node(receives[i]).comm_bytes,
                                       place_of(traces_, sends[i]), node(sends[i]).comm_bytes));
        }
        out.links[from][sends[i].node].peer = receives[i];
        out.links[to][receives[i].node].peer = sends[i];
      }
    }
  }

  const std::vector<ChakraTrace>& traces_;
  const ChakraGroups& common_;
  std::vector<std::vector<std::uint32_t>> orders_;
  std::map<std::tuple<Rank, Rank, std::uint32_t>,
           std::pair<std::vector<ChakraAt>, std::vector<ChakraAt>>>
      messages_;
  std::vector<std::uint64_t> all_;
  std::map<std::string, std::map<Rank, std::optional<Seat>>> known_;
  std::map<std::vector<Rank>, std::uint32_t> numbers_;
  std::map<std::uint32_t, std::vector<std::vector<ChakraAt>>> members_;  ///< by group and member
};

}  // namespace

ChakraLinks link_chakra(const std::vector<ChakraTrace>& traces, const ChakraGroups& common) {
  ChakraLinker linker(traces, common);
  linker.join();
  return std::move(linker.out);
}

std::string place_of(const std::vector<ChakraTrace>& traces, ChakraAt at) {
  return fmt::format("rank {}: {}", at.rank, place_of(traces[at.rank].nodes[at.node]));
}

}  // namespace weft::sim
