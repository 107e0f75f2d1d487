// SPDX-License-Identifier: Apache-2.0
// The state of one flow run: where each rank's streams stand, which messages are on their way, what
// happens next. Used by run_flow() only; flow.h says what it promises.
#pragma once

#include "sim/flow/flow.h"
#include "sim/flow/max_min.h"
#include "sim/flow/way.h"

#include <cstdint>
#include <deque>
#include <optional>
#include <queue>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

namespace weft::sim {

class FlowExecutor {
 public:
  FlowExecutor(const Network& network, const Routes& routes, const Workload& workload,
               const FlowOptions& options);
  [[nodiscard]] base::Result<RunResult> run();

 private:
  struct OpRef {
    Rank rank = 0;
    std::uint32_t stream = 0;
    std::uint64_t index = 0;
  };
  struct Stream {
    std::uint64_t next = 0, count = 0;
    std::uint64_t outstanding = 0;
    bool is_previous_done = true;
    std::optional<Op> blocked;     ///< the operation whose turn it is
    std::set<std::uint64_t> open;  ///< issued, not complete; kept where ranks have more streams
    Breakdown here;                ///< of what let it come this far
  };
  /// A message, reduction or multicast, from its issue until it has arrived.
  struct Message {
    Op op;
    OpRef from;
    const Way* way = nullptr;
    double left = 0;
    double rate = 0;
    Ps settled = 0;  ///< when `left` was right
    Ps issued = 0;
    Ps started = 0;
    std::uint32_t version = 0;
    std::uint32_t siblings = 1;  ///< messages of the same rank that moved at once, at most
    Breakdown path;
    std::vector<OpRef> members;  ///< of a reduction
  };
  struct Pair {
    std::deque<Breakdown> arrived;
    std::deque<std::pair<OpRef, Ps>> waiting;  ///< receives and when they were posted
  };
  struct Gathering {
    std::uint32_t ready = 0;
    std::uint32_t message = kNone;
  };
  enum class What : std::uint8_t { kBegin, kCompute, kStart, kDrained, kArrived };
  struct Event {
    Ps time = 0;
    std::uint64_t sequence = 0;
    What what{};
    std::uint32_t version = 0;
    std::uint32_t subject = 0;  ///< a message, a compute or a rank
    bool operator>(const Event& other) const {
      return std::tie(time, sequence) > std::tie(other.time, other.sequence);
    }
  };
  struct PairKey {
    Rank from = 0, to = 0;
    std::uint32_t tag = 0;
    friend bool operator==(const PairKey&, const PairKey&) = default;
  };
  struct PairHash {
    std::size_t operator()(const PairKey& key) const {
      return mix((std::uint64_t{key.from} << 32 | key.to) ^ mix(key.tag));
    }
  };

  void schedule(Ps time, What what, std::uint32_t subject, std::uint32_t version = 0);
  void begin(Rank rank);
  void advance(Rank rank, std::uint32_t stream);
  [[nodiscard]] bool may_issue(Rank rank, const Stream& stream, const Op& op) const;
  void issue(const OpRef& at, const Op& op);
  void issue_receive(const OpRef& at, const Op& op);
  void issue_reduction(const OpRef& at, const Op& op);
  /// By value: what goes on because of it may move the messages that the two stand in.
  void complete(OpRef at, Breakdown path, Ps begun);
  std::uint32_t new_message(const OpRef& at, const Op& op);
  void start(std::uint32_t message);
  void drained(std::uint32_t message);
  void arrived(std::uint32_t message);
  void deliver(Rank from, Rank to, const Op& op, const Breakdown& path);
  void handle(const Event& event);
  void solve();
  void count_siblings();
  void fail_with(base::Error error);
  [[nodiscard]] base::Error stuck() const;
  Stream& stream(Rank rank, std::uint32_t index) { return streams_[first_stream_[rank] + index]; }

  const Network& network_;
  const Workload& workload_;
  const FlowOptions& options_;
  Ways ways_;
  MaxMin solver_;
  Ps now_ = 0;
  Ps launch_ = 0;  ///< when the first rank begins
  std::uint64_t sequence_ = 0;
  bool is_changed_ = false;
  bool is_received_ = false;  ///< a receive found its message there already
  std::optional<base::Error> error_;
  RunResult result_;
  std::vector<std::uint32_t> first_stream_;
  std::vector<Stream> streams_;
  std::vector<std::uint32_t> streams_left_;  ///< by rank
  std::vector<Message> messages_;
  std::vector<std::uint32_t> free_messages_;
  std::vector<std::uint32_t> freed_messages_;  ///< at this instant
  std::vector<std::uint32_t> sending_;         ///< by rank; the last one counts reductions
  std::vector<std::uint32_t> moving_;  ///< messages with bytes left, in the order of their start
  std::unordered_map<PairKey, Pair, PairHash> pairs_;
  std::unordered_map<std::uint64_t, Gathering> gatherings_;
  std::uint64_t bytes_expected_ = 0;
  std::priority_queue<Event, std::vector<Event>, std::greater<>> queue_;
};

}  // namespace weft::sim
