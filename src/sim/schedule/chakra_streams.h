// SPDX-License-Identifier: Apache-2.0
// A trace's nodes as streams of operations, put at their ends one by one in an order that was
// chosen before (chakra_order.h): a stream for each unit of a rank, for its sends, its receives,
// and the collectives of each of its groups. What a node needs of other streams is waited for by
// empty computes before it; a collective's own operations are asked for when they run, never kept.
#pragma once

#include "sim/schedule/chakra_costs.h"
#include "sim/schedule/chakra_link.h"

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace weft::sim {

class ChakraPlay;
struct ChakraStream;

class ChakraStreams {
 public:
  /// All must outlive this.
  ChakraStreams(const std::vector<ChakraTrace>& traces, const ChakraLinks& links,
                ChakraCosts& costs);
  ~ChakraStreams();
  ChakraStreams(const ChakraStreams&) = delete;
  ChakraStreams& operator=(const ChakraStreams&) = delete;

  /// Chooses the algorithms of all collectives; to be called first.
  [[nodiscard]] base::Result<void> plan_collectives();
  [[nodiscard]] Ps closed_form(std::uint32_t instance) const;
  [[nodiscard]] base::Result<const Plan*> message(std::uint64_t bytes);

  /// The node comes next in its stream: sends when they begin, all others when they end. @pre what
  /// it needs was put; of messages that message() was asked for their size
  void put(ChakraAt at);
  /// A send that was put has ended: another one may take its stream.
  void end_send(ChakraAt at);
  /// The next of its group, at all of its ranks.
  void put_instance(std::uint32_t instance);

  /// The workload, or what makes it none.
  [[nodiscard]] std::unique_ptr<ChakraWorkload> finish(std::vector<std::string>& mistakes);

 private:
  struct SendStream {
    std::uint32_t number = 0;
    std::uint32_t sends = 0;  ///< that have not ended
  };
  /// For each stream, how many of its operations must be done so that a node is.
  using Ends = std::vector<std::pair<std::uint8_t, std::uint64_t>>;

  [[nodiscard]] const ChakraNode& node(ChakraAt at) const {
    return traces_[at.rank].nodes[at.node];
  }
  [[nodiscard]] base::Result<void> add_shape(const ChakraInstance& instance);
  ChakraStream& stream(Rank rank, std::uint32_t number);
  std::uint32_t new_stream(Rank rank, Work work);
  std::uint32_t plain_stream(ChakraAt at);
  std::uint32_t send_stream(ChakraAt at);
  void put_op(Rank rank, std::uint32_t number, const Op& op);
  void put_join(Rank rank, std::uint32_t number, std::uint8_t other, std::uint64_t count);
  bool put_joins(ChakraAt at, std::uint32_t number);
  void put_compute(ChakraAt at);
  void put_message(ChakraAt at);
  std::uint32_t tag_of_message(ChakraAt receive);
  void put_collective(ChakraAt at, std::uint32_t shape, std::uint32_t member, std::uint32_t tag);
  void put_nothing(ChakraAt at);
  void end_at(ChakraAt at, std::uint32_t number);
  [[nodiscard]] std::map<std::uint8_t, std::uint64_t> ends_of_needs(ChakraAt at) const;

  const std::vector<ChakraTrace>& traces_;
  const ChakraLinks& links_;
  ChakraCosts& costs_;
  std::unique_ptr<ChakraPlay> out_;
  std::vector<std::uint32_t> shape_of_;  ///< by instance
  std::vector<std::vector<Ends>> ends_;  ///< by rank and place
  std::vector<std::array<std::uint32_t, 4>> plain_streams_;
  std::vector<std::vector<SendStream>> send_streams_;
  std::vector<std::map<std::uint32_t, std::vector<std::uint32_t>>> group_streams_;
  std::map<std::uint64_t, Plan> messages_;
  std::unordered_map<std::uint64_t, std::uint32_t> message_tags_;  ///< sent, not received
  std::uint32_t messages_put_ = 0;
  std::uint32_t tag_ = 0;
};

}  // namespace weft::sim
