// SPDX-License-Identifier: Apache-2.0
// What runs on the ends: a Workload, by its rules of execution (workload.h), or a plain list of
// flows. Each partition has its own, for its ranks; nothing here is shared between threads. Made by
// run.cpp.
#pragma once

#include "sim/packet/partition.h"
#include "sim/workload.h"

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace weft::sim::packet {

/// One message of a plain traffic pattern.
struct Flow {
  Rank source = 0, destination = 0;
  std::uint64_t bytes = 0;
  Ps start = 0;
};

class FlowSoftware final : public Software {
 public:
  /// `finish`: by flow, shared by all partitions; each flow is written by one.
  FlowSoftware(std::span<const Flow> flows, std::vector<Ps>& finish)
      : flows_(flows), finish_(finish) {}
  void begin(Partition& part, std::span<const std::uint32_t> owner, std::uint32_t number);
  void sent(Partition&, Rank, std::uint64_t, Ps) override {}
  void received(Partition& part, Rank rank, Rank source, std::uint32_t tag, Ps now) override;
  void timer(Partition&, Rank, std::uint64_t, Ps) override {}

 private:
  std::span<const Flow> flows_;
  std::vector<Ps>& finish_;
};

class WorkloadSoftware final : public Software {
 public:
  /// `fold`: rank 0 stands for all; what it sends to d ahead it gets from d behind.
  WorkloadSoftware(const Workload& workload, std::vector<Ps>& finish, bool fold);
  void begin(Partition& part, std::span<const Rank> ranks);
  void sent(Partition& part, Rank rank, std::uint64_t cookie, Ps now) override;
  void received(Partition& part, Rank rank, Rank source, std::uint32_t tag, Ps now) override;
  void timer(Partition& part, Rank rank, std::uint64_t cookie, Ps now) override;

  [[nodiscard]] std::uint64_t ops_done() const { return ops_done_; }
  /// Which rank each of these ranks waits for, and in words why; only ranks that are not done.
  struct Waiting {
    Rank rank = 0, for_rank = kNone;
    std::string why;
  };
  [[nodiscard]] std::vector<Waiting> waiting() const;

 private:
  struct Stream {
    std::uint64_t next = 0, count = 0;
    std::vector<std::uint64_t> open;  ///< issued and not complete
  };
  /// Messages that are there and nobody asked for yet, or receives that wait.
  struct Match {
    std::uint32_t arrived = 0;
    std::vector<std::uint64_t> wanted;  ///< cookies, first asked first served
    std::size_t served = 0;
  };
  struct State {
    std::vector<Stream> streams;
    std::unordered_map<std::uint64_t, Match> matches;
    std::uint32_t left = 0;  ///< streams that are not done
  };

  void advance(Partition& part, Rank rank, Ps now);
  bool may_issue(const State& state, const Stream& stream, const Op& op) const;
  void issue(Partition& part, Rank rank, State& state, std::uint32_t stream, const Op& op, Ps now);
  void send(Partition& part, Rank rank, Rank to, const Op& op, std::uint64_t cookie, Ps at);
  void close(Rank rank, State& state, std::uint64_t cookie, Ps now);

  const Workload& workload_;
  std::vector<Ps>& finish_;
  bool fold_;
  std::unordered_map<Rank, State> states_;
  std::map<std::pair<Rank, std::uint64_t>, std::uint32_t> copies_left_;  ///< of multicasts
  std::vector<std::pair<Rank, std::uint32_t>> folded_;  ///< by the tag sent: source and tag meant
  std::vector<std::uint32_t> free_folded_;
  std::uint64_t ops_done_ = 0;
};

}  // namespace weft::sim::packet
