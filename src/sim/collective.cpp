// SPDX-License-Identifier: Apache-2.0
#include "sim/collective.h"

#include "sim/split.h"

#include <algorithm>
#include <array>
#include <bit>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace weft::sim {
namespace {

constexpr std::array<std::pair<std::string_view, Collective>, 6> kCollectives = {{
    {"allreduce", Collective::kAllReduce},
    {"allgather", Collective::kAllGather},
    {"reducescatter", Collective::kReduceScatter},
    {"alltoall", Collective::kAllToAll},
    {"broadcast", Collective::kBroadcast},
    {"sendrecv", Collective::kSendReceive},
}};
constexpr std::array<std::pair<std::string_view, Algorithm>, 9> kAlgorithms = {{
    {"auto", Algorithm::kAuto},
    {"ring", Algorithm::kRing},
    {"halving-doubling", Algorithm::kHalvingDoubling},
    {"tree", Algorithm::kTree},
    {"two-shot", Algorithm::kTwoShot},
    {"in-switch", Algorithm::kInSwitch},
    {"in-switch-pull", Algorithm::kInSwitchPull},
    {"direct", Algorithm::kDirect},
    {"hierarchical", Algorithm::kHierarchical},
}};

constexpr std::array kAllReduceAlgorithms = {
    Algorithm::kRing,     Algorithm::kHalvingDoubling, Algorithm::kTree,        Algorithm::kTwoShot,
    Algorithm::kInSwitch, Algorithm::kInSwitchPull,    Algorithm::kHierarchical};
constexpr std::array kGatherAlgorithms = {Algorithm::kRing, Algorithm::kHalvingDoubling,
                                          Algorithm::kDirect, Algorithm::kInSwitch};
constexpr std::array kAllToAllAlgorithms = {Algorithm::kDirect, Algorithm::kHierarchical};
constexpr std::array kBroadcastAlgorithms = {Algorithm::kTree, Algorithm::kInSwitch};
constexpr std::array kSendAlgorithms = {Algorithm::kDirect};

constexpr std::uint32_t kSplitsMax = 1024;
constexpr std::uint32_t kStreamsMax = 254;

/// One step of a rank: a message out, a message in.
struct Exchange {
  Wait wait = Wait::kNothing;
  Rank to = 0, from = 0;
  std::uint64_t to_bytes = 0, from_bytes = 0;
};

class CollectiveWorkload : public Workload {
 public:
  explicit CollectiveWorkload(const CollectiveSpec& spec) : spec_(spec) {}
  [[nodiscard]] std::uint32_t ranks() const override { return spec_.ranks; }
  [[nodiscard]] Ps start(Rank) const override { return spec_.launch; }
  [[nodiscard]] Ps overhead(Rank, const Op&) const override { return spec_.overhead; }

 protected:
  [[nodiscard]] std::uint64_t n() const { return spec_.ranks; }
  [[nodiscard]] std::uint64_t part(std::uint64_t index) const {
    return part_of(spec_.bytes, n(), index % n());
  }
  [[nodiscard]] const CollectiveSpec& spec() const { return spec_; }

 private:
  CollectiveSpec spec_;
};

/// Collectives that are a list of exchanges: operation 2s sends, 2s + 1 receives.
class ExchangeWorkload : public CollectiveWorkload {
 public:
  using CollectiveWorkload::CollectiveWorkload;
  [[nodiscard]] virtual std::uint64_t steps() const = 0;
  [[nodiscard]] virtual Exchange exchange(Rank rank, std::uint64_t step) const = 0;
  [[nodiscard]] std::uint64_t ops(Rank, std::uint32_t) const override { return 2 * steps(); }
  [[nodiscard]] bool is_symmetric() const override { return true; }

  [[nodiscard]] Op op(Rank rank, std::uint32_t, std::uint64_t index) const override {
    const Exchange step = exchange(rank, index / 2);
    Op out;
    out.tag = static_cast<std::uint32_t>(index / 2);
    const bool is_send = index % 2 == 0;
    out.kind = is_send ? OpKind::kSend : OpKind::kReceive;
    out.wait = is_send ? step.wait : Wait::kNothing;
    out.peer = is_send ? step.to : step.from;
    out.bytes = is_send ? step.to_bytes : step.from_bytes;
    return out;
  }

 protected:
  [[nodiscard]] Rank turned(Rank rank, std::uint64_t by) const {
    return static_cast<Rank>((rank + by) % n());
  }
};

class RingWorkload final : public ExchangeWorkload {
 public:
  using ExchangeWorkload::ExchangeWorkload;
  [[nodiscard]] std::uint64_t steps() const override {
    return (spec().collective == Collective::kAllReduce ? 2 : 1) * (n() - 1);
  }
  [[nodiscard]] Exchange exchange(Rank rank, std::uint64_t step) const override {
    const std::uint64_t mine = rank + 2 * n() - step;
    return {step == 0 ? Wait::kNothing : Wait::kPrevious, turned(rank, 1), turned(rank, n() - 1),
            part(mine), part(mine + n() - 1)};
  }
};

class HalvingWorkload final : public ExchangeWorkload {
 public:
  using ExchangeWorkload::ExchangeWorkload;
  [[nodiscard]] std::uint64_t steps() const override {
    return (spec().collective == Collective::kAllReduce ? 2 : 1) * levels();
  }
  [[nodiscard]] Exchange exchange(Rank rank, std::uint64_t step) const override {
    // Level 0 exchanges halves with the far half; all-gather goes through the levels backward.
    std::uint64_t level = step;
    if (spec().collective == Collective::kAllGather) {
      level = levels() - 1 - step;
    } else if (step >= levels()) {
      level = 2 * levels() - 1 - step;
    }
    const auto peer = static_cast<Rank>(rank ^ (n() >> (level + 1)));
    const std::uint64_t pieces = std::uint64_t{2} << level;
    const std::uint64_t bytes = spec().bytes / pieces + (spec().bytes % pieces != 0 ? 1 : 0);
    return {step == 0 ? Wait::kNothing : Wait::kPrevious, peer, peer, bytes, bytes};
  }

 private:
  [[nodiscard]] std::uint64_t levels() const {
    return static_cast<std::uint64_t>(std::bit_width(n()) - 1);
  }
};

/// Everybody to everybody, once or (two-shot all-reduce) twice.
class DirectWorkload final : public ExchangeWorkload {
 public:
  using ExchangeWorkload::ExchangeWorkload;
  [[nodiscard]] std::uint64_t steps() const override {
    return (spec().collective == Collective::kAllReduce ? 2 : 1) * (n() - 1);
  }
  [[nodiscard]] Exchange exchange(Rank rank, std::uint64_t step) const override {
    const bool is_second = step >= n() - 1;
    const std::uint64_t by = step % (n() - 1) + 1;
    Exchange out;
    out.wait = is_second && step == n() - 1 ? Wait::kAll : Wait::kNothing;
    out.to = turned(rank, by);
    out.from = turned(rank, n() - by);
    // Reduction sends the receiver's part; what is gathered is the sender's own.
    const bool is_gather = is_second || spec().collective == Collective::kAllGather;
    out.to_bytes = part(is_gather ? rank : out.to);
    out.from_bytes = part(is_gather ? out.from : rank);
    return out;
  }
};

class SendReceiveWorkload final : public ExchangeWorkload {
 public:
  using ExchangeWorkload::ExchangeWorkload;
  [[nodiscard]] std::uint64_t steps() const override { return 1; }
  [[nodiscard]] Exchange exchange(Rank rank, std::uint64_t) const override {
    return {Wait::kNothing, turned(rank, 1), turned(rank, n() - 1), spec().bytes, spec().bytes};
  }
};

/// All-reduce: direct reduce-scatter in the domain, ring all-reduce of that part among the ranks of
/// the same place in all domains, direct all-gather. All-to-all: first within the domain, so that
/// each rank holds what goes to ranks of its own place, then between domains.
class HierarchicalWorkload final : public ExchangeWorkload {
 public:
  using ExchangeWorkload::ExchangeWorkload;
  [[nodiscard]] std::uint64_t steps() const override {
    return spec().collective == Collective::kAllToAll ? inner() + domains() - 1
                                                      : 2 * inner() + 2 * (domains() - 1);
  }
  [[nodiscard]] Exchange exchange(Rank rank, std::uint64_t step) const override {
    if (step < inner()) {
      return within(rank, step, false);
    }
    step -= inner();
    if (spec().collective == Collective::kAllToAll) {
      const auto to = across(rank, step + 1), from = across(rank, domains() - step - 1);
      const std::uint64_t bytes = part_of(spec().bytes, domains(), 0);
      return {step == 0 ? Wait::kAll : Wait::kNothing, to, from, bytes, bytes};
    }
    if (step < 2 * (domains() - 1)) {
      const std::uint64_t mine = own_part(rank);
      const std::uint64_t slot = rank / spec().domain + 2 * domains() - step;
      return {step == 0 ? Wait::kAll : Wait::kPrevious, across(rank, 1),
              across(rank, domains() - 1), part_of(mine, domains(), slot % domains()),
              part_of(mine, domains(), (slot + domains() - 1) % domains())};
    }
    return within(rank, step - 2 * (domains() - 1), true);
  }

 private:
  [[nodiscard]] std::uint64_t inner() const { return spec().domain - 1; }
  [[nodiscard]] std::uint64_t domains() const { return n() / spec().domain; }
  [[nodiscard]] std::uint64_t own_part(Rank rank) const {
    return part_of(spec().bytes, spec().domain, rank % spec().domain);
  }
  [[nodiscard]] Rank across(Rank rank, std::uint64_t by) const {
    return turned(rank, by * spec().domain);
  }
  [[nodiscard]] Exchange within(Rank rank, std::uint64_t step, bool is_gather) const {
    const Rank base = rank - rank % spec().domain;
    const Rank place = rank % spec().domain;
    const auto by = static_cast<Rank>(step + 1);
    Exchange out;
    out.wait = is_gather && step == 0 ? Wait::kAll : Wait::kNothing;
    out.to = base + (place + by) % spec().domain;
    out.from = base + (place + spec().domain - by) % spec().domain;
    out.to_bytes = own_part(is_gather ? rank : out.to);
    out.from_bytes = own_part(is_gather ? out.from : rank);
    return out;
  }
};

/// A binary tree with rank 0 at its root: stream 0 goes up (all-reduce), stream 1 down.
class TreeWorkload final : public CollectiveWorkload {
 public:
  using CollectiveWorkload::CollectiveWorkload;
  [[nodiscard]] std::uint32_t streams(Rank) const override { return 2; }
  [[nodiscard]] std::uint64_t ops(Rank rank, std::uint32_t stream) const override {
    if (stream == 0 && spec().collective == Collective::kBroadcast) {
      return 0;
    }
    return spec().chunks * (children(rank) + (rank == 0 ? 0 : 1));
  }
  [[nodiscard]] Op op(Rank rank, std::uint32_t stream, std::uint64_t index) const override {
    const std::uint64_t per_chunk = children(rank) + (rank == 0 ? 0 : 1);
    const std::uint64_t chunk = index / per_chunk;
    const auto place = static_cast<Rank>(index % per_chunk);
    Op out;
    out.tag = static_cast<std::uint32_t>(2 * chunk + stream);
    out.bytes = part_of(spec().bytes, spec().chunks, chunk);
    const bool is_up = stream == 0;
    const Rank parent_place = is_up ? static_cast<Rank>(children(rank)) : 0;
    const bool is_parent = rank != 0 && place == parent_place;
    out.kind = is_up == is_parent ? OpKind::kSend : OpKind::kReceive;
    if (is_parent) {
      out.peer = (rank - 1) / 2;
    } else {
      out.peer = 2 * rank + 1 + place - (is_up || rank == 0 ? 0 : 1);
    }
    out.wait = Wait::kNothing;
    if (is_up && is_parent) {
      out.wait = Wait::kAll;  // both children's parts of this chunk
    } else if (!is_up && !is_parent) {
      out.wait = rank == 0 ? Wait::kNothing : Wait::kPrevious;
      if (rank != 0 && place == 2) {
        out.wait = Wait::kNothing;  // the second child: its chunk came before the first child's
      }
      if (rank == 0 && spec().collective == Collective::kAllReduce) {
        out.stream_after = 0;
        out.after = static_cast<std::uint32_t>((chunk + 1) * children(0) - 1);
      }
    }
    return out;
  }

 private:
  [[nodiscard]] std::uint64_t children(Rank rank) const {
    const std::uint64_t first = 2 * std::uint64_t{rank} + 1;
    return first >= n() ? 0 : std::min<std::uint64_t>(2, n() - first);
  }
};

/// What switches that reduce and copy do: all-reduce pushed, all-gather, reduce-scatter, broadcast.
/// Parts go one after another, without waiting.
class InSwitchWorkload final : public CollectiveWorkload {
 public:
  using CollectiveWorkload::CollectiveWorkload;
  [[nodiscard]] bool is_symmetric() const override {
    return spec().collective != Collective::kBroadcast;
  }
  [[nodiscard]] std::uint64_t ops(Rank, std::uint32_t) const override {
    return spec().collective == Collective::kAllGather ||
                   spec().collective == Collective::kReduceScatter
               ? n()
               : 1;
  }
  [[nodiscard]] Op op(Rank rank, std::uint32_t, std::uint64_t index) const override {
    Op out;
    out.wait = Wait::kNothing;
    switch (spec().collective) {
      case Collective::kAllReduce:
        out.kind = OpKind::kSwitchReduce;
        out.peer = kAll;
        out.bytes = spec().bytes;
        return out;
      case Collective::kReduceScatter:
        out.kind = OpKind::kSwitchReduce;
        out.peer = static_cast<Rank>(index);
        out.tag = static_cast<std::uint32_t>(index);
        out.bytes = part(index);
        return out;
      case Collective::kAllGather:
        out.kind = index == 0 ? OpKind::kMulticast : OpKind::kReceive;
        out.peer = index == 0 ? kNone : static_cast<Rank>((rank + index) % n());
        out.bytes = part(rank + index);
        return out;
      default:
        out.kind = rank == 0 ? OpKind::kMulticast : OpKind::kReceive;
        out.peer = rank == 0 ? kNone : 0;
        out.bytes = spec().bytes;
        return out;
    }
  }
};

/// All-reduce as NVLS does it: stream 0 pulls the sum of this rank's part from the switch, chunk by
/// chunk; stream 1 stores each chunk to all as soon as it is there. The two use opposite
/// directions.
class PullWorkload final : public CollectiveWorkload {
 public:
  using CollectiveWorkload::CollectiveWorkload;
  [[nodiscard]] bool is_symmetric() const override { return true; }
  [[nodiscard]] std::uint32_t streams(Rank) const override { return 2; }
  [[nodiscard]] std::uint64_t ops(Rank, std::uint32_t) const override {
    return n() * spec().chunks;
  }
  [[nodiscard]] Op op(Rank rank, std::uint32_t stream, std::uint64_t index) const override {
    const std::uint64_t chunk = index / n(), place = index % n();
    Op out;
    out.wait = place == 0 && stream == 0 ? Wait::kAll : Wait::kNothing;
    const Rank owner = static_cast<Rank>(stream == 0 ? place : (rank + place) % n());
    out.bytes = part_of(part(owner), spec().chunks, chunk);
    out.peer = owner;
    if (stream == 0) {
      out.kind = OpKind::kSwitchReduce;
      out.tag = static_cast<std::uint32_t>(index);
      return out;
    }
    out.tag = static_cast<std::uint32_t>(chunk);
    out.kind = place == 0 ? OpKind::kMulticast : OpKind::kReceive;
    if (place == 0) {
      out.peer = kNone;
      out.stream_after = 0;
      out.after = static_cast<std::uint32_t>((chunk + 1) * n() - 1);
    }
    return out;
  }
};

std::vector<std::string> spec_mistakes(const CollectiveSpec& spec) {
  std::vector<std::string> out;
  if (spec.ranks < 2) {
    out.push_back(fmt::format("{} ranks: at least two are needed", spec.ranks));
  }
  const auto known = algorithms(spec.collective);
  if (std::find(known.begin(), known.end(), spec.algorithm) == known.end()) {
    out.push_back(
        fmt::format("{} is no algorithm for {}", key(spec.algorithm), key(spec.collective)));
  }
  if (spec.algorithm == Algorithm::kHalvingDoubling && !std::has_single_bit(spec.ranks)) {
    out.push_back(
        fmt::format("recursive halving needs a power of two, {} ranks are not", spec.ranks));
  }
  if (spec.algorithm == Algorithm::kHierarchical &&
      (spec.domain < 2 || spec.ranks % spec.domain != 0 || spec.ranks == spec.domain)) {
    out.push_back(fmt::format("{} ranks are not several equal domains of {} or more", spec.ranks,
                              std::max(spec.domain, 2U)));
  }
  if (spec.chunks == 0 || spec.launch < 0 || spec.overhead < 0) {
    out.emplace_back("chunks, launch and overhead cannot be zero chunks or negative times");
  }
  if (spec.splits == 0 || spec.active == 0 || spec.splits > kSplitsMax) {
    out.push_back(fmt::format("{} parts, {} at a time: 1 to {} are wanted", spec.splits,
                              spec.active, kSplitsMax));
  }
  return out;
}

template <class Key, std::size_t N>
std::string_view name_in(const std::array<std::pair<std::string_view, Key>, N>& table, Key key) {
  for (const auto& [name, value] : table) {
    if (value == key) {
      return name;
    }
  }
  return "?";
}

template <class Key, std::size_t N>
std::optional<Key> value_in(const std::array<std::pair<std::string_view, Key>, N>& table,
                            std::string_view key) {
  for (const auto& [name, value] : table) {
    if (name == key) {
      return value;
    }
  }
  return std::nullopt;
}

}  // namespace

std::string_view key(Collective collective) {
  return name_in(kCollectives, collective);
}
std::string_view key(Algorithm algorithm) {
  return name_in(kAlgorithms, algorithm);
}
std::optional<Collective> find_collective(std::string_view key) {
  return value_in(kCollectives, key);
}
std::optional<Algorithm> find_algorithm(std::string_view key) {
  return value_in(kAlgorithms, key);
}

std::span<const Algorithm> algorithms(Collective collective) {
  switch (collective) {
    case Collective::kAllReduce:
      return kAllReduceAlgorithms;
    case Collective::kAllGather:
    case Collective::kReduceScatter:
      return kGatherAlgorithms;
    case Collective::kAllToAll:
      return kAllToAllAlgorithms;
    case Collective::kBroadcast:
      return kBroadcastAlgorithms;
    case Collective::kSendReceive:
      return kSendAlgorithms;
  }
  return {};
}

double bus_factor(Collective collective, std::uint32_t ranks) {
  const double n = ranks;
  switch (collective) {
    case Collective::kAllReduce:
      return 2 * (n - 1) / n;
    case Collective::kAllGather:
    case Collective::kReduceScatter:
    case Collective::kAllToAll:
      return (n - 1) / n;
    case Collective::kBroadcast:
    case Collective::kSendReceive:
      return 1;
  }
  return 1;
}

base::Result<std::unique_ptr<Workload>> make_collective(const CollectiveSpec& spec) {
  if (const auto wrong = spec_mistakes(spec); !wrong.empty()) {
    return base::fail(base::Code::kInvalidArgument, fmt::format("{}", fmt::join(wrong, "; ")),
                      fmt::format("{} by {}", key(spec.collective), key(spec.algorithm)));
  }
  if (spec.splits > 1) {
    CollectiveSpec part = spec;
    part.splits = part.active = 1;
    part.bytes = spec.bytes / spec.splits + (spec.bytes % spec.splits == 0 ? 0 : 1);
    auto inner = make_collective(part);
    const std::uint32_t active = std::min(spec.active, spec.splits);
    if (inner && active * (*inner)->streams(0) > kStreamsMax) {
      return base::fail(base::Code::kInvalidArgument,
                        fmt::format("{} parts at a time are more than can run", active),
                        fmt::format("{} by {}", key(spec.collective), key(spec.algorithm)));
    }
    return inner ? std::make_unique<Split>(std::move(*inner), spec.splits, active)
                 : base::Result<std::unique_ptr<Workload>>(tl::unexpected(inner.error()));
  }
  switch (spec.algorithm) {
    case Algorithm::kRing:
      return std::make_unique<RingWorkload>(spec);
    case Algorithm::kHalvingDoubling:
      return std::make_unique<HalvingWorkload>(spec);
    case Algorithm::kTree:
      return std::make_unique<TreeWorkload>(spec);
    case Algorithm::kHierarchical:
      return std::make_unique<HierarchicalWorkload>(spec);
    case Algorithm::kInSwitch:
      return std::make_unique<InSwitchWorkload>(spec);
    case Algorithm::kInSwitchPull:
      return std::make_unique<PullWorkload>(spec);
    default:
      break;
  }
  if (spec.collective == Collective::kSendReceive) {
    return std::make_unique<SendReceiveWorkload>(spec);
  }
  return std::make_unique<DirectWorkload>(spec);
}

}  // namespace weft::sim
