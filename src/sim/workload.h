// SPDX-License-Identifier: Apache-2.0
// What runs on a network: each rank has streams of operations, and an operation is asked for by its
// number, so that nothing is materialised: op() is a pure function, safe from many threads, and two
// fidelities that ask the same get the same. Both run_flow() and the packet model execute this.
//
// Rules of execution, the same for every fidelity:
// - a stream issues its operations in order; one is issued when the one before it was issued and
//   what its `wait` (and `after`) names is complete;
// - a send is complete when its last byte has left the rank; a receive when the whole message with
//   that peer and tag is there (first sent, first matched); a compute after its duration;
// - a switch reduction is complete at a rank when the result is there, or, where it gets none, when
//   its own part has left; a multicast at its root when its last byte has left; the others receive
//   it with a receive from the root;
// - a rank is done when all its streams are; the workload when all ranks are.
#pragma once

#include "sim/network.h"
#include "sim/units.h"

#include <cstdint>
#include <string>
#include <vector>

namespace weft::sim {

enum class OpKind : std::uint8_t {
  kSend,
  kReceive,
  kCompute,
  kSwitchReduce,  ///< all of `group` contribute `bytes`; `peer` gets the sum, or all (kAll)
  kMulticast,     ///< this rank sends `bytes` once to all others of `group`
};

/// What must be complete before an operation is issued.
enum class Wait : std::uint8_t {
  kNothing,   ///< at once
  kPrevious,  ///< the operation before it in its stream
  kAll,       ///< all operations before it in its stream
};

/// Rank that stands for all of a group.
inline constexpr Rank kAll = kNone;

struct Op {
  OpKind kind = OpKind::kCompute;
  Wait wait = Wait::kAll;
  std::uint8_t stream_after = 0xff;  ///< another stream of this rank, or 0xff
  std::uint32_t after = 0;           ///< ... whose operations 0 to `after` must be complete as well
  Rank peer = kNone;
  std::uint32_t tag = 0;
  std::uint32_t group = 0;
  std::uint64_t bytes = 0;
  Ps duration = 0;  ///< of a compute
};

class Workload {
 public:
  Workload() = default;
  Workload(const Workload&) = delete;
  Workload& operator=(const Workload&) = delete;
  virtual ~Workload() = default;

  [[nodiscard]] virtual std::uint32_t ranks() const = 0;
  [[nodiscard]] virtual std::uint32_t streams(Rank) const { return 1; }
  [[nodiscard]] virtual std::uint64_t ops(Rank rank, std::uint32_t stream) const = 0;
  /// @pre index < ops(rank, stream)
  [[nodiscard]] virtual Op op(Rank rank, std::uint32_t stream, std::uint64_t index) const = 0;

  /// When a rank begins: start skew.
  [[nodiscard]] virtual Ps start(Rank) const { return 0; }
  /// Software's time between an operation's turn and its first byte, for sends, reductions and
  /// multicasts: launch, proxy, protocol.
  [[nodiscard]] virtual Ps overhead(Rank, const Op&) const { return 0; }
  /// Ranks of a group, in order; group 0 is all of them.
  [[nodiscard]] virtual std::uint32_t group_size(std::uint32_t group) const;
  [[nodiscard]] virtual Rank group_member(std::uint32_t group, std::uint32_t index) const;
  /// Every rank does the same, turned by its number: where the network looks the same from each
  /// rank too, one may stand for all.
  [[nodiscard]] virtual bool is_symmetric() const { return false; }
};

/// Ranks that start late or compute slowly. Late starts are drawn per rank, evenly from 0 to
/// `skew`, from the seed and the rank alone.
struct Stragglers {
  Ps skew = 0;
  std::uint64_t seed = 1;
  std::vector<std::pair<Rank, Ps>> late;      ///< further delays of single ranks
  std::vector<std::pair<Rank, double>> slow;  ///< compute durations times this
};

/// A workload with stragglers; it must outlive this.
class Skewed final : public Workload {
 public:
  Skewed(const Workload& inner, Stragglers stragglers);
  [[nodiscard]] std::uint32_t ranks() const override { return inner_.ranks(); }
  [[nodiscard]] std::uint32_t streams(Rank rank) const override { return inner_.streams(rank); }
  [[nodiscard]] std::uint64_t ops(Rank rank, std::uint32_t stream) const override {
    return inner_.ops(rank, stream);
  }
  [[nodiscard]] Op op(Rank rank, std::uint32_t stream, std::uint64_t index) const override;
  [[nodiscard]] Ps start(Rank rank) const override;
  [[nodiscard]] Ps overhead(Rank rank, const Op& op) const override {
    return inner_.overhead(rank, op);
  }
  [[nodiscard]] std::uint32_t group_size(std::uint32_t group) const override {
    return inner_.group_size(group);
  }
  [[nodiscard]] Rank group_member(std::uint32_t group, std::uint32_t index) const override {
    return inner_.group_member(group, index);
  }

 private:
  const Workload& inner_;
  Stragglers stragglers_;
};

/// Everything wrong with a workload, found by asking for its operations (at most `ops_max` of
/// them): peers and groups that are not there, sends to oneself, sends without receive and the
/// other way round, sizes that differ. Empty is fit.
[[nodiscard]] std::vector<std::string> problems(const Workload& workload,
                                                std::uint64_t ops_max = 1'000'000);

}  // namespace weft::sim
