// SPDX-License-Identifier: Apache-2.0
#include "sim/flow/executor.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

namespace weft::sim {

FlowExecutor::FlowExecutor(const Network& network, const Routes& routes, const Workload& workload,
                           const FlowOptions& options)
    : network_(network),
      workload_(workload),
      options_(options),
      ways_(routes, options.routing, options.seed),
      solver_(ways_.capacity()) {
  const std::uint32_t ranks = workload.ranks();
  result_.channel_bytes.assign(network.channels().size(), 0);
  result_.rank_done.assign(ranks, 0);
  streams_left_.assign(ranks, 0);
  for (Rank rank = 0; rank < ranks; ++rank) {
    first_stream_.push_back(static_cast<std::uint32_t>(streams_.size()));
    streams_left_[rank] = workload.streams(rank);
    for (std::uint32_t i = 0; i < workload.streams(rank); ++i) {
      streams_.emplace_back();
      streams_.back().count = workload.ops(rank, i);
    }
  }
}

void FlowExecutor::fail_with(base::Error error) {
  if (!error_) {
    error_ = std::move(error);
  }
}

void FlowExecutor::schedule(Ps time, What what, std::uint32_t subject, std::uint32_t version) {
  queue_.push({time, sequence_++, what, version, subject});
}

void FlowExecutor::begin(Rank rank) {
  for (std::uint32_t i = 0; i < workload_.streams(rank); ++i) {
    // What every rank waits for is software's launch; what only some wait for is skew.
    stream(rank, i).here.software = launch_;
    stream(rank, i).here.skew = now_ - launch_;
  }
  do {
    is_received_ = false;
    for (std::uint32_t i = 0; i < workload_.streams(rank); ++i) {
      advance(rank, i);
    }
  } while (is_received_);
}

bool FlowExecutor::may_issue(Rank rank, const Stream& at, const Op& op) const {
  if ((op.wait == Wait::kPrevious && !at.is_previous_done) ||
      (op.wait == Wait::kAll && at.outstanding > 0)) {
    return false;
  }
  if (op.stream_after == 0xff || op.stream_after >= workload_.streams(rank)) {
    return true;
  }
  const Stream& other = streams_[first_stream_[rank] + op.stream_after];
  const std::uint64_t complete = other.open.empty() ? other.next : *other.open.begin();
  return complete > op.after;
}

void FlowExecutor::advance(Rank rank, std::uint32_t index) {
  const bool has_more = workload_.streams(rank) > 1;
  while (true) {
    Stream& at = stream(rank, index);
    if (at.next == at.count) {
      if (at.outstanding == 0 && at.count != kNever) {
        at.count = at.next = kNever;  // said once
        --streams_left_[rank];
        result_.rank_done[rank] = std::max(result_.rank_done[rank], now_);
        if (now_ >= result_.time) {
          result_.time = now_;
          result_.path = at.here;
        }
      }
      return;
    }
    if (!at.blocked) {
      at.blocked = workload_.op(rank, index, at.next);
    }
    const Op op = *at.blocked;
    if (error_ || !may_issue(rank, at, op)) {
      return;
    }
    at.blocked.reset();
    const OpRef ref{rank, index, at.next++};
    ++at.outstanding;
    at.is_previous_done = false;
    if (has_more) {
      at.open.insert(ref.index);
    }
    issue(ref, op);
  }
}

std::uint32_t FlowExecutor::new_message(const OpRef& at, const Op& op) {
  std::uint32_t index = 0;
  if (free_messages_.empty()) {
    index = static_cast<std::uint32_t>(messages_.size());
    messages_.emplace_back();
  } else {
    index = free_messages_.back();
    free_messages_.pop_back();
  }
  Message& message = messages_[index];
  const std::uint32_t version = message.version + 1;
  message = Message{};
  message.version = version;
  message.op = op;
  message.from = at;
  message.issued = now_;
  message.path = stream(at.rank, at.stream).here;
  return index;
}

void FlowExecutor::issue(const OpRef& at, const Op& op) {
  switch (op.kind) {
    case OpKind::kCompute: {
      const std::uint32_t index = new_message(at, op);
      schedule(later(now_, op.duration), What::kCompute, index);
      return;
    }
    case OpKind::kReceive:
      issue_receive(at, op);
      return;
    case OpKind::kSwitchReduce:
      issue_reduction(at, op);
      return;
    case OpKind::kSend:
    case OpKind::kMulticast: {
      const std::uint32_t index = new_message(at, op);
      const Ps overhead = workload_.overhead(at.rank, op);
      messages_[index].path.software += overhead;
      schedule(later(now_, overhead), What::kStart, index);
      return;
    }
  }
}

void FlowExecutor::issue_receive(const OpRef& at, const Op& op) {
  Pair& pair = pairs_[{op.peer, at.rank, op.tag}];
  if (pair.arrived.empty()) {
    pair.waiting.emplace_back(at, now_);
    return;
  }
  pair.arrived.pop_front();
  // Already there: nothing was waited for. The stream goes on in advance(), which called this;
  // other streams that wait for it are looked at again.
  is_received_ = true;
  Stream& own = stream(at.rank, at.stream);
  --own.outstanding;
  own.open.erase(at.index);
  own.is_previous_done = at.index + 1 == own.next || own.is_previous_done;
  if (options_.trace) {
    options_.trace({at.rank, at.stream, op.kind, op.peer, op.bytes, now_, now_, at.index});
  }
}

void FlowExecutor::issue_reduction(const OpRef& at, const Op& op) {
  const std::uint64_t key = mix((std::uint64_t{op.group} << 32 | op.tag) ^ mix(op.peer));
  Gathering& gathering = gatherings_[key];
  if (gathering.message == kNone) {
    gathering.message = new_message(at, op);
  }
  Message& message = messages_[gathering.message];
  message.members.push_back(at);
  // The last one to come is what the others wait for.
  message.path = stream(at.rank, at.stream).here;
  message.issued = now_;
  const Ps overhead = workload_.overhead(at.rank, op);
  message.path.software += overhead;
  if (++gathering.ready == workload_.group_size(op.group)) {
    const std::uint32_t index = gathering.message;
    gatherings_.erase(key);
    schedule(later(now_, overhead), What::kStart, index);
  }
}

void FlowExecutor::start(std::uint32_t index) {
  Message& message = messages_[index];
  const Op& op = message.op;
  const auto way = op.kind == OpKind::kSend ? ways_.between(message.from.rank, op.peer, op.tag)
                   : op.kind == OpKind::kMulticast
                       ? ways_.multicast(workload_, op.group, message.from.rank)
                       : ways_.reduction(workload_, op.group, op.peer);
  if (!way) {
    fail_with(way.error());
    return;
  }
  message.way = *way;
  message.started = message.settled = now_;
  message.left = static_cast<double>(op.bytes);
  message.rate = 0;
  ++result_.messages;
  result_.bytes_injected +=
      op.bytes * (op.kind == OpKind::kSwitchReduce ? workload_.group_size(op.group) : 1);
  const std::uint64_t receivers = op.kind == OpKind::kSend ? 1
                                  : op.kind == OpKind::kMulticast
                                      ? workload_.group_size(op.group) - 1
                                  : op.peer == kAll ? workload_.group_size(op.group)
                                                    : 1;
  bytes_expected_ += op.bytes * receivers;
  Ways::account(*message.way, message.left, result_.channel_bytes);
  if (op.bytes == 0 || !std::isfinite(message.way->alone)) {
    schedule(now_, What::kDrained, index, message.version);
    return;
  }
  moving_.push_back(index);
  is_changed_ = true;
}

void FlowExecutor::drained(std::uint32_t index) {
  Message& message = messages_[index];
  is_changed_ = is_changed_ || message.left > 0;
  message.left = 0;
  const auto bytes = static_cast<double>(message.op.bytes);
  const Ps took = now_ - message.started;
  const Ps clean = std::min(took, transfer_time(bytes, message.way->alone_clean));
  const Ps alone = std::min(took, transfer_time(bytes, message.way->alone));
  // A rank's own messages beside this one are its serialisation, not contention.
  const Ps rest = took - (alone - clean);
  const Ps own = clean > rest / message.siblings ? rest : clean * message.siblings;
  message.path.serialisation += own;
  message.path.retry += alone - clean;
  message.path.contention += rest - own;
  if (message.op.kind != OpKind::kSwitchReduce) {
    complete(message.from, message.path, message.issued);
  } else {
    const Message done = message;  // completions make new messages, which move the old ones
    for (const OpRef& member : done.members) {
      if (done.op.peer != kAll && member.rank != done.op.peer) {
        complete(member, done.path, done.issued);
      }
    }
  }
  schedule(later(now_, messages_[index].way->latency), What::kArrived, index);
}

void FlowExecutor::arrived(std::uint32_t index) {
  messages_[index].path.latency += messages_[index].way->latency;
  const Message message = messages_[index];
  const Op& op = message.op;
  switch (op.kind) {
    case OpKind::kSend:
      deliver(message.from.rank, op.peer, op, message.path);
      break;
    case OpKind::kMulticast:
      for (std::uint32_t i = 0; i < workload_.group_size(op.group); ++i) {
        const Rank to = workload_.group_member(op.group, i);
        if (to != message.from.rank) {
          deliver(message.from.rank, to, op, message.path);
        }
      }
      break;
    default:
      for (const OpRef& member : message.members) {
        if (op.peer == kAll || member.rank == op.peer) {
          result_.bytes_delivered += op.bytes;
          complete(member, message.path, message.issued);
        }
      }
  }
  freed_messages_.push_back(index);
}

void FlowExecutor::deliver(Rank from, Rank to, const Op& op, const Breakdown& path) {
  result_.bytes_delivered += op.bytes;
  Pair& pair = pairs_[{from, to, op.tag}];
  if (pair.waiting.empty()) {
    pair.arrived.push_back(path);
    return;
  }
  const auto [receiver, posted] = pair.waiting.front();
  pair.waiting.pop_front();
  if (pair.waiting.empty() && pair.arrived.empty()) {
    pairs_.erase({from, to, op.tag});
  }
  complete(receiver, path, posted);
}

void FlowExecutor::complete(OpRef at, Breakdown path, Ps begun) {
  Stream& own = stream(at.rank, at.stream);
  --own.outstanding;
  own.open.erase(at.index);
  if (at.index + 1 == own.next) {
    own.is_previous_done = true;
  }
  if (options_.trace) {
    const Op op = workload_.op(at.rank, at.stream, at.index);
    options_.trace({at.rank, at.stream, op.kind, op.peer, op.bytes, begun, now_, at.index});
  }
  // Whatever goes on at this instant goes on because of this.
  do {
    is_received_ = false;
    for (std::uint32_t i = 0; i < workload_.streams(at.rank); ++i) {
      Stream& other = stream(at.rank, i);
      if (other.count != kNever) {
        const Breakdown before = other.here;
        const std::uint64_t next = other.next;
        const std::uint64_t outstanding = other.outstanding;
        other.here = path;
        advance(at.rank, i);
        Stream& after = stream(at.rank, i);
        if (after.next == next && after.outstanding == outstanding && i != at.stream) {
          after.here = before;
        }
      }
    }
  } while (is_received_ && workload_.streams(at.rank) > 1);
}

void FlowExecutor::count_siblings() {
  sending_.assign(std::size_t{workload_.ranks()} + 1, 0);
  const auto sender = [&](const Message& message) {
    return message.op.kind == OpKind::kSwitchReduce ? workload_.ranks() : message.from.rank;
  };
  for (const std::uint32_t index : moving_) {
    ++sending_[sender(messages_[index])];
  }
  for (const std::uint32_t index : moving_) {
    Message& message = messages_[index];
    message.siblings = std::max(message.siblings, sending_[sender(message)]);
  }
}

void FlowExecutor::solve() {
  is_changed_ = false;
  std::erase_if(moving_, [&](std::uint32_t index) { return !(messages_[index].left > 0); });
  count_siblings();
  solver_.clear();
  for (const std::uint32_t index : moving_) {
    solver_.add(messages_[index].way->shares);
  }
  const std::vector<double>& rates = solver_.solve();
  for (std::size_t i = 0; i < moving_.size(); ++i) {
    Message& message = messages_[moving_[i]];
    if (rates[i] == message.rate) {
      continue;
    }
    message.left -= message.rate * as_seconds(now_ - message.settled);
    message.left = std::max(message.left, 1e-9);
    message.settled = now_;
    message.rate = rates[i];
    const Ps takes = transfer_time(message.left, message.rate);
    if (takes == kNever) {
      fail_with({base::Code::kUnavailable,
                 "a message would never arrive: a channel on its way has "
                 "no bandwidth",
                 fmt::format("rank {}", message.from.rank),
                 {}});
      return;
    }
    schedule(later(now_, takes), What::kDrained, moving_[i], ++message.version);
  }
}

void FlowExecutor::handle(const Event& event) {
  switch (event.what) {
    case What::kBegin:
      begin(event.subject);
      return;
    case What::kCompute: {
      Message& message = messages_[event.subject];
      message.path.compute += message.op.duration;
      const Message done = message;
      freed_messages_.push_back(event.subject);
      complete(done.from, done.path, done.issued);
      return;
    }
    case What::kStart:
      start(event.subject);
      return;
    case What::kDrained:
      if (event.version == messages_[event.subject].version) {
        drained(event.subject);
      }
      return;
    case What::kArrived:
      arrived(event.subject);
      return;
  }
}

base::Result<RunResult> FlowExecutor::run() {
  constexpr std::uint64_t kProgressEvery = 1 << 18;
  launch_ = workload_.ranks() == 0 ? 0 : kNever;
  for (Rank rank = 0; rank < workload_.ranks(); ++rank) {
    launch_ = std::min(launch_, workload_.start(rank));
    schedule(workload_.start(rank), What::kBegin, rank);
  }
  while (!queue_.empty() && !error_) {
    now_ = queue_.top().time;
    if (now_ == kNever) {
      fail_with({base::Code::kOutOfRange, "the run goes beyond the range of its clock", {}, {}});
      break;
    }
    while (!queue_.empty() && queue_.top().time == now_ && !error_) {
      const Event event = queue_.top();
      queue_.pop();
      handle(event);
      if (++result_.events % kProgressEvery == 0 && options_.progress) {
        options_.progress(now_, result_.events);
      }
    }
    if (result_.events > options_.events_max) {
      fail_with({base::Code::kResourceExhausted,
                 fmt::format("more than {} events", options_.events_max), network_.name,
                 "use the closed form, or fewer ranks"});
    }
    if (is_changed_ && !error_) {
      solve();
    }
    // Only now: until solve() a drained message may still stand among those that move.
    free_messages_.insert(free_messages_.end(), freed_messages_.begin(), freed_messages_.end());
    freed_messages_.clear();
  }
  if (!error_ && std::any_of(streams_left_.begin(), streams_left_.end(),
                             [](std::uint32_t left) { return left != 0; })) {
    error_ = stuck();
  }
  if (!error_ && result_.bytes_delivered != bytes_expected_) {
    error_ = {
        base::Code::kInternal,
        fmt::format("{} bytes were to arrive, {} did", bytes_expected_, result_.bytes_delivered),
        network_.name,
        {}};
  }
  if (error_) {
    return tl::unexpected(*error_);
  }
  return std::move(result_);
}

/// Follows who waits for whom until a rank comes up again.
base::Error FlowExecutor::stuck() const {
  const auto waits_for = [&](Rank rank) -> Rank {
    for (const auto& [key, pair] : pairs_) {
      for (const auto& waiting : pair.waiting) {
        if (waiting.first.rank == rank) {
          return key.from;
        }
      }
    }
    return kNone;
  };
  Rank at = 0;
  while (at < workload_.ranks() && streams_left_[at] == 0) {
    ++at;
  }
  std::string text = fmt::format("rank {}", at);
  std::vector<bool> seen(workload_.ranks(), false);
  for (int named = 0; named < 16 && at != kNone && !seen[at]; ++named) {
    seen[at] = true;
    at = waits_for(at);
    text += at == kNone ? std::string(" waits for a reduction that others do not join")
                        : fmt::format(" waits for rank {}", at);
    if (at != kNone && streams_left_[at] == 0) {
      text += ", which is done";
      break;
    }
    text += at != kNone && !seen[at] ? "," : "";
  }
  return {base::Code::kFailedPrecondition, "the workload waits for ever: " + text, network_.name,
          "look at the order of its receives"};
}

}  // namespace weft::sim
