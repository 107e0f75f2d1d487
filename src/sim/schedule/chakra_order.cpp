// SPDX-License-Identifier: Apache-2.0
#include "sim/schedule/chakra_order.h"

#include <array>
#include <functional>
#include <optional>
#include <queue>
#include <tuple>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace weft::sim {
namespace {

constexpr std::size_t kOrderMistakesMax = 20;
constexpr Ps kOrderDurationMax = 1'000'000 * kSecond;

class ChakraOrder {
 public:
  std::vector<std::string>& mistakes;
  std::optional<base::Error> error;  ///< of the network

  ChakraOrder(const std::vector<ChakraTrace>& traces, const ChakraLinks& links,
              const ChakraCosts& costs, ChakraStreams& streams, std::vector<std::string>& wrong)
      : mistakes(wrong), traces_(traces), links_(links), costs_(costs), streams_(streams) {}

  void put_all() {
    if (!prepare()) {
      return;
    }
    run();
    if (!error && done_ < count_) {
      mistakes.push_back(circle());
    }
  }

 private:
  enum class What : std::uint8_t { kDone, kArrived, kInstance };
  struct Event {
    Ps at = 0;
    std::uint64_t sequence = 0;
    What what{};
    ChakraAt node;  ///< kInstance: `node.node` is its number
    bool operator>(const Event& other) const {
      return std::tie(at, sequence) > std::tie(other.at, other.sequence);
    }
  };
  struct State {
    std::uint32_t left = 0;
    bool is_ready = false, is_done = false, is_arrived = false;
    std::vector<std::uint32_t> then;
  };
  /// A unit of a rank: one at a time, the first in the file first.
  struct Unit {
    bool is_busy = false;
    std::priority_queue<std::uint32_t, std::vector<std::uint32_t>, std::greater<>> waiting;
  };

  [[nodiscard]] const ChakraNode& node(ChakraAt at) const {
    return traces_[at.rank].nodes[at.node];
  }
  [[nodiscard]] const ChakraLink& link(ChakraAt at) const { return links_.links[at.rank][at.node]; }
  State& state(ChakraAt at) { return states_[at.rank][at.node]; }

  bool prepare() {
    states_.resize(traces_.size());
    units_.resize(traces_.size());
    for (Rank rank = 0; rank < traces_.size(); ++rank) {
      const auto count = static_cast<std::uint32_t>(traces_[rank].nodes.size());
      count_ += count;
      states_[rank].resize(count);
      for (std::uint32_t i = 0; i < count; ++i) {
        const ChakraLink& of = links_.links[rank][i];
        State& at = states_[rank][i];
        at.left = static_cast<std::uint32_t>(of.needs.size()) + (of.follows == kNone ? 0 : 1);
        for (const std::uint32_t need : of.needs) {
          states_[rank][need].then.push_back(i);
        }
        if (of.follows != kNone) {
          states_[rank][of.follows].then.push_back(i);
        }
        if (costs_.duration(node({rank, i})) > kOrderDurationMax &&
            mistakes.size() < kOrderMistakesMax) {
          mistakes.push_back(
              fmt::format("{}: takes more than eleven days", place_of(traces_, ChakraAt{rank, i})));
        }
      }
    }
    for (const ChakraInstance& instance : links_.instances) {
      left_of_.push_back(static_cast<std::uint32_t>(instance.nodes.size()));
    }
    return mistakes.empty();
  }

  void schedule(Ps at, What what, ChakraAt node) { queue_.push({at, sequence_++, what, node}); }

  void run() {
    for (Rank rank = 0; rank < traces_.size(); ++rank) {
      for (std::uint32_t i = 0; i < states_[rank].size(); ++i) {
        if (states_[rank][i].left == 0) {
          ready({rank, i});
        }
      }
    }
    while (!queue_.empty() && !error) {
      const Event event = queue_.top();
      queue_.pop();
      now_ = event.at;
      switch (event.what) {
        case What::kDone:
          done(event.node);
          break;
        case What::kArrived:
          state(event.node).is_arrived = true;
          if (state(event.node).is_ready) {
            done(event.node);
          }
          break;
        case What::kInstance:
          instance_done(event.node.node);
          break;
      }
    }
  }

  Unit& unit(ChakraAt at) { return units_[at.rank][static_cast<std::size_t>(unit_of(node(at)))]; }

  void ready(ChakraAt at) {
    state(at).is_ready = true;
    switch (unit_of(node(at))) {
      case ChakraUnit::kNoTime:
        schedule(now_, What::kDone, at);
        return;
      case ChakraUnit::kNetwork:
        communicate(at);
        return;
      default:
        unit(at).waiting.push(at.node);
        next(at);
        return;
    }
  }

  void next(ChakraAt at) {
    Unit& of = unit(at);
    if (!of.is_busy && !of.waiting.empty()) {
      const ChakraAt first{at.rank, of.waiting.top()};
      of.waiting.pop();
      of.is_busy = true;
      schedule(later(now_, costs_.duration(node(first))), What::kDone, first);
    }
  }

  void communicate(ChakraAt at) {
    const ChakraNode& of = node(at);
    if (of.type == ChakraType::kCollective) {
      const std::uint32_t instance = link(at).instance;
      if (--left_of_[instance] == 0) {
        schedule(later(now_, streams_.closed_form(instance)), What::kInstance, {kNone, instance});
      }
    } else if (of.type == ChakraType::kReceive) {
      if (state(at).is_arrived) {
        schedule(now_, What::kDone, at);
      }
    } else if (const auto plan = streams_.message(of.comm_bytes)) {
      streams_.put(at);
      schedule(later(now_, (*plan)->closed_form), What::kDone, at);
    } else {
      error = plan.error();
    }
  }

  void instance_done(std::uint32_t number) {
    streams_.put_instance(number);
    const ChakraInstance& instance = links_.instances[number];
    for (std::size_t member = 0; member < instance.nodes.size(); ++member) {
      complete({links_.groups[instance.group][member], instance.nodes[member]});
    }
  }

  void done(ChakraAt at) {
    if (node(at).type == ChakraType::kSend) {
      streams_.end_send(at);
      schedule(now_, What::kArrived, link(at).peer);
    } else {
      streams_.put(at);
    }
    if (unit_of(node(at)) != ChakraUnit::kNetwork && unit_of(node(at)) != ChakraUnit::kNoTime) {
      unit(at).is_busy = false;
      next(at);
    }
    complete(at);
  }

  void complete(ChakraAt at) {
    state(at).is_done = true;
    ++done_;
    for (const std::uint32_t next : state(at).then) {
      if (--states_[at.rank][next].left == 0) {
        ready({at.rank, next});
      }
    }
  }

  /// What an unfinished node waits for.
  ChakraAt blocker(ChakraAt at) {
    const ChakraLink& of = link(at);
    for (const std::uint32_t need : of.needs) {
      if (!state({at.rank, need}).is_done) {
        return {at.rank, need};
      }
    }
    if (of.follows != kNone && !state({at.rank, of.follows}).is_done) {
      return {at.rank, of.follows};
    }
    if (of.peer.is_there()) {
      return of.peer;
    }
    if (of.instance == kNone) {
      return at;
    }
    const ChakraInstance& instance = links_.instances[of.instance];
    for (std::size_t i = 0; i < instance.nodes.size(); ++i) {
      const ChakraAt other{links_.groups[instance.group][i], instance.nodes[i]};
      if (!state(other).is_ready) {
        return other;
      }
    }
    return at;
  }

  std::string circle() {
    constexpr std::size_t kShown = 8;
    ChakraAt at;
    for (Rank rank = 0; rank < traces_.size() && !at.is_there(); ++rank) {
      for (std::uint32_t i = 0; i < states_[rank].size() && !at.is_there(); ++i) {
        at = states_[rank][i].is_done ? at : ChakraAt{rank, i};
      }
    }
    for (std::uint64_t i = 0; i < count_; ++i) {
      at = blocker(at);
    }
    std::vector<std::string> names;
    const ChakraAt first = at;
    do {
      names.push_back(place_of(traces_, at));
      at = blocker(at);
    } while (at != first && names.size() < kShown);
    names.push_back(at == first ? place_of(traces_, first) : "...");
    return fmt::format("ranks wait for each other: {}", fmt::join(names, " waits for "));
  }

  const std::vector<ChakraTrace>& traces_;
  const ChakraLinks& links_;
  const ChakraCosts& costs_;
  ChakraStreams& streams_;
  std::vector<std::uint32_t> left_of_;  ///< ranks that are not there yet, by instance
  std::vector<std::vector<State>> states_;
  std::vector<std::array<Unit, 4>> units_;
  std::priority_queue<Event, std::vector<Event>, std::greater<>> queue_;
  std::uint64_t sequence_ = 0, done_ = 0, count_ = 0;
  Ps now_ = 0;
};

}  // namespace

base::Result<void> order_chakra(const std::vector<ChakraTrace>& traces, const ChakraLinks& links,
                                const ChakraCosts& costs, ChakraStreams& streams,
                                std::vector<std::string>& mistakes) {
  ChakraOrder order(traces, links, costs, streams, mistakes);
  order.put_all();
  return order.error ? base::Result<void>(tl::unexpected(*order.error)) : base::Result<void>();
}

}  // namespace weft::sim
