// SPDX-License-Identifier: Apache-2.0
#include "sim/schedule/chakra_streams.h"

#include <algorithm>
#include <iterator>
#include <tuple>

#include <fmt/format.h>

namespace weft::sim {
namespace {

constexpr std::size_t kPlayMistakesMax = 20;
constexpr std::size_t kPlayStreamsMax = 254;
constexpr std::size_t kPlaySendsMax = 32;  ///< at a time of a rank; more wait for each other
constexpr std::uint64_t kPlayOpsMax = 0xffff'ffff;
constexpr std::uint32_t kPlayTagsEnd = std::uint32_t{1} << 31;  ///< beyond: sends and receives

}  // namespace

/// A collective's messages, for all its members.
struct ChakraInner {
  std::unique_ptr<Workload> inner;  ///< none: a group of one
  Ps base = 0;                      ///< software, once
  std::uint32_t tags = 0;
  Ps closed_form = 0;
};

/// Operations that follow each other in a stream: plain ones, or a collective's.
struct ChakraSegment {
  std::uint64_t first = 0;
  std::uint32_t shape = kNone;
  std::uint32_t member = 0, inner_stream = 0;
  std::uint32_t tag = 0;          ///< added
  std::uint8_t stream = 0;        ///< of inner stream 0
  std::uint64_t inner_first = 0;  ///< where inner stream 0 begins there
  std::size_t op = 0;             ///< of plain ones, in `ops`
};

struct ChakraStream {
  Work work{};
  std::uint64_t count = 0;
  std::vector<ChakraSegment> segments;
  std::vector<Op> ops;
  std::vector<std::uint64_t> waited;  ///< operations of other streams that are surely done
};

class ChakraPlay final : public ChakraWorkload {
 public:
  std::vector<std::vector<ChakraStream>> streams_of;  ///< by rank
  std::vector<ChakraInner> inner;
  std::vector<ChakraShape> told;
  std::vector<std::vector<Rank>> groups;
  std::uint64_t node_count = 0;

  [[nodiscard]] std::uint32_t ranks() const override {
    return static_cast<std::uint32_t>(streams_of.size());
  }
  [[nodiscard]] std::uint32_t streams(Rank rank) const override {
    return static_cast<std::uint32_t>(streams_of[rank].size());
  }
  [[nodiscard]] std::uint64_t ops(Rank rank, std::uint32_t stream) const override {
    return streams_of[rank][stream].count;
  }
  [[nodiscard]] Ps overhead(Rank, const Op& op) const override {
    return op.kind == OpKind::kCompute ? 0 : op.duration;
  }
  [[nodiscard]] std::uint32_t group_size(std::uint32_t group) const override {
    return group == 0 ? ranks() : static_cast<std::uint32_t>(groups[group - 1].size());
  }
  [[nodiscard]] Rank group_member(std::uint32_t group, std::uint32_t index) const override {
    return group == 0 ? index : groups[group - 1][index];
  }
  [[nodiscard]] Work work(Rank rank, std::uint32_t stream) const override {
    return streams_of[rank][stream].work;
  }
  [[nodiscard]] const std::vector<ChakraShape>& shapes() const override { return told; }
  [[nodiscard]] std::uint64_t nodes() const override { return node_count; }

  [[nodiscard]] Op op(Rank rank, std::uint32_t stream, std::uint64_t index) const override {
    const ChakraStream& of = streams_of[rank][stream];
    const auto after =
        std::upper_bound(of.segments.begin(), of.segments.end(), index,
                         [](std::uint64_t at, const ChakraSegment& s) { return at < s.first; });
    const ChakraSegment& at = *std::prev(after);
    return at.shape == kNone ? of.ops[at.op + (index - at.first)]
                             : collective_op(at, index - at.first);
  }

 private:
  [[nodiscard]] Op collective_op(const ChakraSegment& at, std::uint64_t index) const {
    const ChakraInner& shape = inner[at.shape];
    Op out = shape.inner->op(at.member, at.inner_stream, index);
    out.duration = shape.inner->overhead(at.member, out) + (index == 0 ? shape.base : 0);
    out.group = told[at.shape].group + 1;
    out.tag += at.tag;
    if (out.peer != kNone) {
      out.peer = groups[told[at.shape].group][out.peer];
    }
    if (out.stream_after != 0xff) {
      out.stream_after = at.stream;
      out.after += static_cast<std::uint32_t>(at.inner_first);
    }
    return out;
  }
};

ChakraStreams::ChakraStreams(const std::vector<ChakraTrace>& traces, const ChakraLinks& links,
                             ChakraCosts& costs)
    : traces_(traces), links_(links), costs_(costs), out_(std::make_unique<ChakraPlay>()) {
  out_->groups = links.groups;
  out_->streams_of.resize(traces.size());
  group_streams_.resize(traces.size());
  send_streams_.resize(traces.size());
  for (const ChakraTrace& trace : traces) {
    out_->node_count += trace.nodes.size();
    ends_.emplace_back(trace.nodes.size());
    plain_streams_.push_back({kNone, kNone, kNone, kNone});
  }
}

ChakraStreams::~ChakraStreams() = default;

base::Result<void> ChakraStreams::plan_collectives() {
  std::map<std::tuple<ChakraCollective, std::uint64_t, std::uint32_t>, std::uint32_t> known;
  for (const ChakraInstance& instance : links_.instances) {
    const auto [at, is_new] =
        known.emplace(std::tuple(instance.kind, instance.bytes, instance.group),
                      static_cast<std::uint32_t>(out_->told.size()));
    if (is_new) {
      if (auto ok = add_shape(instance); !ok) {
        return ok;
      }
    }
    shape_of_.push_back(at->second);
    ++out_->told[at->second].count;
  }
  return {};
}

base::Result<void> ChakraStreams::add_shape(const ChakraInstance& instance) {
  ChakraInner shape;
  Plan plan;
  const std::vector<Rank>& group = links_.groups[instance.group];
  plan.bytes = instance.bytes;
  plan.spec.ranks = static_cast<std::uint32_t>(group.size());
  if (group.size() > 1) {
    auto planned = costs_.collective(instance.kind, instance.bytes, group);
    auto inner = planned ? make_collective(planned->spec)
                         : base::Result<std::unique_ptr<Workload>>(tl::unexpected(planned.error()));
    if (!inner) {
      return tl::unexpected(inner.error());
    }
    plan = std::move(*planned);
    shape.inner = std::move(*inner);
    shape.base = costs_.software_of(plan);
    shape.closed_form = plan.closed_form;
    for (std::uint32_t stream = 0; stream < shape.inner->streams(0); ++stream) {
      for (std::uint64_t i = 0; i < shape.inner->ops(0, stream); ++i) {
        shape.tags = std::max(shape.tags, shape.inner->op(0, stream, i).tag + 1);
      }
    }
  }
  out_->inner.push_back(std::move(shape));
  out_->told.push_back({instance.kind, instance.group, 0, std::move(plan)});
  return {};
}

Ps ChakraStreams::closed_form(std::uint32_t instance) const {
  return out_->inner[shape_of_[instance]].closed_form;
}

base::Result<const Plan*> ChakraStreams::message(std::uint64_t bytes) {
  auto at = messages_.find(bytes);
  if (at == messages_.end()) {
    auto plan = costs_.message(bytes);
    if (!plan) {
      return tl::unexpected(plan.error());
    }
    at = messages_.emplace(bytes, std::move(*plan)).first;
  }
  return &at->second;
}

void ChakraStreams::put(ChakraAt at) {
  switch (unit_of(node(at))) {
    case ChakraUnit::kNoTime:
      put_nothing(at);
      return;
    case ChakraUnit::kNetwork:
      put_message(at);
      return;
    default:
      put_compute(at);
      return;
  }
}

void ChakraStreams::put_instance(std::uint32_t number) {
  const ChakraInstance& instance = links_.instances[number];
  const std::uint32_t shape = shape_of_[number];
  const std::uint32_t tags = out_->inner[shape].tags;
  if (kPlayTagsEnd - tag_ <= tags) {
    tag_ = 0;
  }
  for (std::uint32_t member = 0; member < instance.nodes.size(); ++member) {
    const ChakraAt at{links_.groups[instance.group][member], instance.nodes[member]};
    put_collective(at, shape, member, tag_);
  }
  tag_ += tags;
}

ChakraStream& ChakraStreams::stream(Rank rank, std::uint32_t number) {
  return out_->streams_of[rank][number];
}

std::uint32_t ChakraStreams::new_stream(Rank rank, Work work) {
  out_->streams_of[rank].emplace_back();
  out_->streams_of[rank].back().work = work;
  return static_cast<std::uint32_t>(out_->streams_of[rank].size() - 1);
}

/// Streams of units and of receives.
std::uint32_t ChakraStreams::plain_stream(ChakraAt at) {
  constexpr std::array kWork = {Work::kCompute, Work::kProcessor, Work::kMemory,
                                Work::kCommunication};
  const auto which = static_cast<std::size_t>(unit_of(node(at))) - 1;
  std::uint32_t& number = plain_streams_[at.rank][which];
  if (number == kNone) {
    number = new_stream(at.rank, kWork[which]);
  }
  return number;
}

/// One whose sends have ended, so that none waits for another.
std::uint32_t ChakraStreams::send_stream(ChakraAt at) {
  auto& streams = send_streams_[at.rank];
  auto found = std::find_if(streams.begin(), streams.end(),
                            [](const SendStream& stream) { return stream.sends == 0; });
  if (found == streams.end() && streams.size() < kPlaySendsMax) {
    streams.push_back({new_stream(at.rank, Work::kCommunication), 0});
    found = std::prev(streams.end());
  }
  SendStream& stream = found == streams.end() ? streams.back() : *found;
  ++stream.sends;
  return stream.number;
}

void ChakraStreams::end_send(ChakraAt at) {
  for (SendStream& stream : send_streams_[at.rank]) {
    stream.sends -= stream.number == ends_[at.rank][at.node].front().first ? 1 : 0;
  }
}

void ChakraStreams::put_op(Rank rank, std::uint32_t number, const Op& op) {
  ChakraStream& to = stream(rank, number);
  if (to.segments.empty() || to.segments.back().shape != kNone) {
    ChakraSegment plain;
    plain.first = to.count;
    plain.op = to.ops.size();
    to.segments.push_back(plain);
  }
  to.ops.push_back(op);
  ++to.count;
}

/// For each stream, how many of its operations `at` needs done: what its needs end with.
std::map<std::uint8_t, std::uint64_t> ChakraStreams::ends_of_needs(ChakraAt at) const {
  std::map<std::uint8_t, std::uint64_t> out;
  for (const std::uint32_t need : links_.links[at.rank][at.node].needs) {
    for (const auto& [number, count] : ends_[at.rank][need]) {
      out[number] = std::max(out[number], count);
    }
  }
  return out;
}

/// An empty compute that waits for `count` operations of another stream.
void ChakraStreams::put_join(Rank rank, std::uint32_t number, std::uint8_t other,
                             std::uint64_t count) {
  Op join;
  join.wait = Wait::kNothing;
  join.stream_after = other;
  join.after = static_cast<std::uint32_t>(count - 1);
  put_op(rank, number, join);
}

/// Joins for all that a node needs of other streams. True where it needs its own stream's last.
bool ChakraStreams::put_joins(ChakraAt at, std::uint32_t number) {
  bool needs_own = false;
  for (const auto& [other, count] : ends_of_needs(at)) {
    auto& waited = stream(at.rank, number).waited;
    waited.resize(std::max<std::size_t>(waited.size(), std::size_t{other} + 1));
    if (other == number) {
      needs_own = true;
    } else if (waited[other] < count) {
      waited[other] = count;
      put_join(at.rank, number, other, count);
    }
  }
  return needs_own;
}

void ChakraStreams::put_compute(ChakraAt at) {
  const std::uint32_t number = plain_stream(at);
  put_joins(at, number);
  Op op;
  op.wait = Wait::kAll;  // a unit does one at a time
  op.duration = costs_.duration(node(at));
  put_op(at.rank, number, op);
  end_at(at, number);
}

void ChakraStreams::put_message(ChakraAt at) {
  const ChakraNode& of = node(at);
  const bool is_send = of.type == ChakraType::kSend;
  const std::uint32_t number = is_send ? send_stream(at) : plain_stream(at);
  const bool needs_own = put_joins(at, number);
  const Plan& plan = messages_.at(of.comm_bytes);
  Op op;
  op.kind = is_send ? OpKind::kSend : OpKind::kReceive;
  // Joins are issued when what they wait for is done, so that the message need not wait for them.
  op.wait = needs_own ? Wait::kAll : Wait::kNothing;
  op.peer = links_.links[at.rank][at.node].peer.rank;
  op.tag = kPlayTagsEnd | tag_of_message(is_send ? links_.links[at.rank][at.node].peer : at);
  op.bytes = plan.spec.bytes;
  op.duration = is_send ? plan.spec.overhead + costs_.software_of(plan) : 0;
  put_op(at.rank, number, op);
  end_at(at, number);
}

/// Each message has its own, so that it meets its receive whatever streams the two are in.
std::uint32_t ChakraStreams::tag_of_message(ChakraAt receive) {
  const std::uint64_t key = std::uint64_t{receive.rank} << 32U | receive.node;
  const auto [at, is_new] = message_tags_.try_emplace(key, messages_put_);
  const std::uint32_t tag = at->second;
  if (is_new) {
    messages_put_ = (messages_put_ + 1) % kPlayTagsEnd;
  } else {
    message_tags_.erase(at);
  }
  return tag;
}

void ChakraStreams::put_collective(ChakraAt at, std::uint32_t shape, std::uint32_t member,
                                   std::uint32_t tag) {
  const Workload* inner = out_->inner[shape].inner.get();
  if (inner == nullptr) {
    put_nothing(at);
    return;
  }
  // The group's streams: as many as the algorithm has; each begins when all have ended.
  auto& numbers = group_streams_[at.rank][out_->told[shape].group];
  while (numbers.size() < inner->streams(member)) {
    numbers.push_back(new_stream(at.rank, Work::kCommunication));
  }
  if (out_->streams_of[at.rank].size() > kPlayStreamsMax) {
    return;  // said at the end
  }
  for (std::size_t i = 1; i < numbers.size(); ++i) {
    if (const std::uint64_t before = stream(at.rank, numbers[i]).count; before > 0) {
      put_join(at.rank, numbers[0], static_cast<std::uint8_t>(numbers[i]), before);
    }
  }
  put_joins(at, numbers[0]);
  Op gate;  // all before it is done; the other streams wait for it
  gate.wait = Wait::kAll;
  put_op(at.rank, numbers[0], gate);
  const std::uint64_t body = stream(at.rank, numbers[0]).count;
  for (std::uint32_t i = 0; i < inner->streams(member); ++i) {
    if (i > 0) {
      put_join(at.rank, numbers[i], static_cast<std::uint8_t>(numbers[0]), body);
    }
    ChakraStream& to = stream(at.rank, numbers[i]);
    if (const std::uint64_t count = inner->ops(member, i); count > 0) {
      to.segments.push_back(
          {to.count, shape, member, i, tag, static_cast<std::uint8_t>(numbers[0]), body, 0});
      to.count += count;
    }
    end_at(at, numbers[i]);
  }
}

/// A node that takes no time is done when what it needs is.
void ChakraStreams::put_nothing(ChakraAt at) {
  for (const auto& end : ends_of_needs(at)) {
    ends_[at.rank][at.node].push_back(end);
  }
}

void ChakraStreams::end_at(ChakraAt at, std::uint32_t number) {
  ends_[at.rank][at.node].emplace_back(static_cast<std::uint8_t>(number),
                                       stream(at.rank, number).count);
}

std::unique_ptr<ChakraWorkload> ChakraStreams::finish(std::vector<std::string>& mistakes) {
  for (Rank rank = 0; rank < traces_.size() && mistakes.size() < kPlayMistakesMax; ++rank) {
    auto& streams = out_->streams_of[rank];
    if (streams.size() > kPlayStreamsMax) {
      mistakes.push_back(fmt::format("rank {} is in more groups than can run at a time ({})", rank,
                                     kPlayStreamsMax));
    } else if (std::any_of(streams.begin(), streams.end(),
                           [](const ChakraStream& of) { return of.count > kPlayOpsMax; })) {
      mistakes.push_back(
          fmt::format("rank {}: more than {} operations in a row", rank, kPlayOpsMax));
    } else if (streams.empty()) {
      streams.emplace_back();
    }
  }
  return mistakes.empty() ? std::move(out_) : nullptr;
}

}  // namespace weft::sim
