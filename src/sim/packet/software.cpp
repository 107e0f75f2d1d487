// SPDX-License-Identifier: Apache-2.0
#include "sim/packet/software.h"

#include <algorithm>

#include <fmt/format.h>

namespace weft::sim::packet {

void FlowSoftware::begin(Partition& part, std::span<const std::uint32_t> owner,
                         std::uint32_t number) {
  for (std::size_t i = 0; i < flows_.size(); ++i) {
    const Flow& flow = flows_[i];
    if (owner[flow.source] == number) {
      part.send(flow.source, flow.destination, flow.bytes, static_cast<std::uint32_t>(i), 0, false,
                flow.start);
    }
  }
}

void FlowSoftware::received(Partition&, Rank, Rank, std::uint32_t tag, Ps now) {
  finish_[tag] = now;
}

namespace {

// A cookie: 55 bits of operation, 8 of stream.
constexpr unsigned kStreamBits = 8;
std::uint64_t cookie_of(std::uint32_t stream, std::uint64_t op) {
  return (op << kStreamBits) | stream;
}
constexpr std::uint64_t kStartCookie = ~0ULL >> 1;

std::uint64_t match_key(Rank peer, std::uint32_t tag) {
  return (std::uint64_t{peer} << 32) | tag;
}

}  // namespace

WorkloadSoftware::WorkloadSoftware(const Workload& workload, std::vector<Ps>& finish, bool fold)
    : workload_(workload), finish_(finish), fold_(fold) {}

void WorkloadSoftware::begin(Partition& part, std::span<const Rank> ranks) {
  for (const Rank rank : ranks) {
    State& state = states_[rank];
    state.streams.resize(workload_.streams(rank));
    for (std::uint32_t s = 0; s < state.streams.size(); ++s) {
      state.streams[s].count = workload_.ops(rank, s);
      state.left += state.streams[s].count > 0 ? 1 : 0;
    }
    if (state.left == 0) {
      finish_[rank] = workload_.start(rank);
    } else {
      part.timer(rank, workload_.start(rank), kStartCookie);
    }
  }
}

bool WorkloadSoftware::may_issue(const State& state, const Stream& stream, const Op& op) const {
  if (op.wait == Wait::kAll && !stream.open.empty()) {
    return false;
  }
  if (op.wait == Wait::kPrevious && stream.next > 0 &&
      std::find(stream.open.begin(), stream.open.end(), stream.next - 1) != stream.open.end()) {
    return false;
  }
  if (op.stream_after < state.streams.size()) {
    const Stream& other = state.streams[op.stream_after];
    return other.next > op.after &&
           std::all_of(other.open.begin(), other.open.end(),
                       [&](std::uint64_t open) { return open > op.after; });
  }
  return true;
}

void WorkloadSoftware::advance(Partition& part, Rank rank, Ps now) {
  State& state = states_.at(rank);
  // A stream may wait for another one, so all are asked until none moves.
  for (bool moved = true; moved;) {
    moved = false;
    for (std::uint32_t s = 0; s < state.streams.size(); ++s) {
      Stream& stream = state.streams[s];
      while (stream.next < stream.count) {
        const Op op = workload_.op(rank, s, stream.next);
        if (!may_issue(state, stream, op)) {
          break;
        }
        issue(part, rank, state, s, op, now);
        moved = state.streams.size() > 1;
      }
    }
  }
}

void WorkloadSoftware::issue(Partition& part, Rank rank, State& state, std::uint32_t stream,
                             const Op& op, Ps now) {
  Stream& entry = state.streams[stream];
  const std::uint64_t cookie = cookie_of(stream, entry.next);
  entry.open.push_back(entry.next++);
  const Ps at = now + workload_.overhead(rank, op);
  switch (op.kind) {
    case OpKind::kSend:
      send(part, rank, op.peer, op, cookie, at);
      break;
    case OpKind::kReceive: {
      const auto [found, is_new] = state.matches.try_emplace(match_key(op.peer, op.tag));
      Match& match = found->second;
      if (match.arrived == 0) {
        match.wanted.push_back(cookie);
        break;
      }
      if (--match.arrived == 0) {
        state.matches.erase(found);
      }
      close(rank, state, cookie, now);
      break;
    }
    case OpKind::kMulticast: {
      // Without tables in switches: a copy for each, one after the other.
      const std::uint32_t size = workload_.group_size(op.group);
      copies_left_[{rank, cookie}] = size - 1;
      for (std::uint32_t i = 0; i < size; ++i) {
        if (const Rank to = workload_.group_member(op.group, i); to != rank) {
          send(part, rank, to, op, cookie, at);
        }
      }
      break;
    }
    case OpKind::kSwitchReduce:
      break;  // refused before the start
    case OpKind::kCompute:
      part.timer(rank, now + op.duration, cookie);
      break;
  }
}

void WorkloadSoftware::send(Partition& part, Rank rank, Rank to, const Op& op, std::uint64_t cookie,
                            Ps at) {
  if (!fold_) {
    part.send(rank, to, op.bytes, op.tag, cookie, true, at);
    return;
  }
  // Folded: to itself; it arrives as if from as far behind as it went ahead.
  const Rank count = workload_.ranks();
  std::uint32_t index = 0;
  if (free_folded_.empty()) {
    index = static_cast<std::uint32_t>(folded_.size());
    folded_.emplace_back();
  } else {
    index = free_folded_.back();
    free_folded_.pop_back();
  }
  folded_[index] = {(rank + count - to + rank) % count, op.tag};
  part.send(rank, rank, op.bytes, index, cookie, true, at);
}

void WorkloadSoftware::close(Rank rank, State& state, std::uint64_t cookie, Ps now) {
  Stream& stream = state.streams[cookie & ((1U << kStreamBits) - 1)];
  const auto found = std::find(stream.open.begin(), stream.open.end(), cookie >> kStreamBits);
  if (found == stream.open.end()) {
    return;
  }
  *found = stream.open.back();
  stream.open.pop_back();
  ++ops_done_;
  if (stream.next == stream.count && stream.open.empty() && --state.left == 0) {
    finish_[rank] = now;
  }
}

void WorkloadSoftware::sent(Partition& part, Rank rank, std::uint64_t cookie, Ps now) {
  if (!copies_left_.empty()) {
    const auto copies = copies_left_.find({rank, cookie});
    if (copies != copies_left_.end()) {
      if (--copies->second != 0) {
        return;
      }
      copies_left_.erase(copies);
    }
  }
  close(rank, states_.at(rank), cookie, now);
  advance(part, rank, now);
}

void WorkloadSoftware::received(Partition& part, Rank rank, Rank source, std::uint32_t tag,
                                Ps now) {
  State& state = states_.at(rank);
  if (fold_) {
    free_folded_.push_back(tag);
    source = folded_[tag].first;
    tag = folded_[tag].second;
  }
  const auto [found, is_new] = state.matches.try_emplace(match_key(source, tag));
  Match& match = found->second;
  if (match.served == match.wanted.size()) {
    ++match.arrived;
    return;
  }
  const std::uint64_t cookie = match.wanted[match.served++];
  if (match.served == match.wanted.size()) {
    state.matches.erase(found);
  }
  close(rank, state, cookie, now);
  advance(part, rank, now);
}

void WorkloadSoftware::timer(Partition& part, Rank rank, std::uint64_t cookie, Ps now) {
  if (cookie != kStartCookie) {
    close(rank, states_.at(rank), cookie, now);
  }
  advance(part, rank, now);
}

std::vector<WorkloadSoftware::Waiting> WorkloadSoftware::waiting() const {
  std::vector<Waiting> out;
  for (const auto& [rank, state] : states_) {
    if (state.left == 0) {
      continue;
    }
    Waiting entry{.rank = rank, .for_rank = kNone, .why = "waits for its own operations"};
    for (std::uint32_t s = 0; s < state.streams.size() && entry.for_rank == kNone; ++s) {
      for (const std::uint64_t open : state.streams[s].open) {
        const Op op = workload_.op(rank, s, open);
        if (op.kind == OpKind::kReceive) {
          entry.for_rank = op.peer;
          entry.why = fmt::format("operation {} of stream {}: receive from rank {}, tag {}", open,
                                  s, op.peer, op.tag);
          break;
        }
      }
    }
    out.push_back(std::move(entry));
  }
  std::sort(out.begin(), out.end(),
            [](const Waiting& a, const Waiting& b) { return a.rank < b.rank; });
  return out;
}

}  // namespace weft::sim::packet
