// SPDX-License-Identifier: Apache-2.0
#include "sim/workload.h"

#include "base/random.h"

#include <cmath>
#include <map>
#include <tuple>
#include <utility>

#include <fmt/format.h>

namespace weft::sim {

std::uint32_t Workload::group_size(std::uint32_t group) const {
  return group == 0 ? ranks() : 0;
}
Rank Workload::group_member(std::uint32_t, std::uint32_t index) const {
  return index;
}

Skewed::Skewed(const Workload& inner, Stragglers stragglers)
    : inner_(inner), stragglers_(std::move(stragglers)) {}

Op Skewed::op(Rank rank, std::uint32_t stream, std::uint64_t index) const {
  Op out = inner_.op(rank, stream, index);
  for (const auto& [slow, factor] : stragglers_.slow) {
    if (slow == rank) {
      out.duration = static_cast<Ps>(std::llround(static_cast<double>(out.duration) * factor));
    }
  }
  return out;
}

Ps Skewed::start(Rank rank) const {
  Ps out = inner_.start(rank);
  if (stragglers_.skew > 0) {
    base::Random random(stragglers_.seed, fmt::format("skew/{}", rank));
    out += static_cast<Ps>(random.below(static_cast<std::uint64_t>(stragglers_.skew) + 1));
  }
  for (const auto& [late, delay] : stragglers_.late) {
    out += late == rank ? delay : 0;
  }
  return out;
}

namespace {

constexpr std::size_t kWorkloadProblemsMax = 50;

/// Messages of one (source, destination, tag) in the order of their operations.
using Messages = std::map<std::tuple<Rank, Rank, std::uint32_t>,
                          std::pair<std::vector<std::uint64_t>, std::vector<std::uint64_t>>>;

class WorkloadCheck {
 public:
  explicit WorkloadCheck(const Workload& workload) : workload_(workload) {}

  void look(Rank rank, const Op& op) {
    const std::uint32_t ranks = workload_.ranks();
    const bool is_group = op.kind == OpKind::kSwitchReduce || op.kind == OpKind::kMulticast;
    if (op.duration < 0) {
      say(fmt::format("rank {}: a compute of negative duration", rank));
    }
    if (is_group && workload_.group_size(op.group) == 0) {
      say(fmt::format("rank {}: group {} has no members", rank, op.group));
    }
    if (op.kind == OpKind::kMulticast) {
      for (std::uint32_t i = 0; i < workload_.group_size(op.group); ++i) {
        const Rank to = workload_.group_member(op.group, i);
        if (to != rank) {
          messages_[{rank, to, op.tag}].first.push_back(op.bytes);
        }
      }
    }
    if (op.kind != OpKind::kSend && op.kind != OpKind::kReceive) {
      return;
    }
    if (op.peer >= ranks) {
      say(fmt::format("rank {}: peer {} is not one of {} ranks", rank, op.peer, ranks));
    } else if (op.peer == rank) {
      say(fmt::format("rank {}: sends to itself or receives from itself (tag {})", rank, op.tag));
    } else if (op.kind == OpKind::kSend) {
      messages_[{rank, op.peer, op.tag}].first.push_back(op.bytes);
    } else {
      messages_[{op.peer, rank, op.tag}].second.push_back(op.bytes);
    }
  }

  std::vector<std::string> finish() {
    for (const auto& [key, pair] : messages_) {
      const auto& [from, to, tag] = key;
      const auto& [sent, received] = pair;
      if (sent.size() != received.size()) {
        say(fmt::format("from rank {} to {} with tag {}: {} sends, {} receives", from, to, tag,
                        sent.size(), received.size()));
      } else if (sent != received) {
        say(fmt::format("from rank {} to {} with tag {}: sizes of send and receive differ", from,
                        to, tag));
      }
    }
    return std::move(problems_);
  }

 private:
  void say(std::string text) {
    if (problems_.size() < kWorkloadProblemsMax) {
      problems_.push_back(std::move(text));
    }
  }

  const Workload& workload_;
  Messages messages_;
  std::vector<std::string> problems_;
};

}  // namespace

std::vector<std::string> problems(const Workload& workload, std::uint64_t ops_max) {
  WorkloadCheck check(workload);
  std::uint64_t total = 0;
  for (Rank rank = 0; rank < workload.ranks(); ++rank) {
    for (std::uint32_t stream = 0; stream < workload.streams(rank); ++stream) {
      total += workload.ops(rank, stream);
    }
  }
  if (total > ops_max) {
    return {};  // too many to ask for; a run that waits for ever says so itself
  }
  for (Rank rank = 0; rank < workload.ranks(); ++rank) {
    for (std::uint32_t stream = 0; stream < workload.streams(rank); ++stream) {
      for (std::uint64_t i = 0; i < workload.ops(rank, stream); ++i) {
        check.look(rank, workload.op(rank, stream, i));
      }
    }
  }
  return check.finish();
}

}  // namespace weft::sim
