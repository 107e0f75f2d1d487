// SPDX-License-Identifier: Apache-2.0
#include "sim/packet/run.h"

#include "sim/engine/wait_cycle.h"
#include "sim/packet/fold.h"
#include "sim/packet/setup.h"
#include "sim/packet/windows.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <tuple>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace weft::sim::packet {

namespace {

base::Result<void> check(const Network& network, const Options& options) {
  std::vector<std::string> wrong = network.problems();
  for (std::string& problem : problems(network, options)) {
    wrong.push_back(std::move(problem));
  }
  if (wrong.empty()) {
    return {};
  }
  return base::fail(base::Code::kInvalidArgument, fmt::format("{}", fmt::join(wrong, "; ")),
                    network.name, "Mend all of these.");
}

/// Everything that lives as long as a run.
struct Session {
  std::optional<Routes> routes;
  std::optional<Fabric> fabric;
  Shared shared;
  std::vector<std::unique_ptr<Partition>> parts;
};

base::Result<std::unique_ptr<Session>> open(const Network& network, const Options& options) {
  if (auto fine = check(network, options); !fine) {
    return tl::unexpected(fine.error());
  }
  auto session = std::make_unique<Session>();
  auto routes = Routes::make(network);
  if (!routes) {
    return tl::unexpected(routes.error());
  }
  session->routes = std::move(*routes);
  auto fabric = Fabric::make(network, *session->routes, options.budget.memory_bytes);
  if (!fabric) {
    return tl::unexpected(fabric.error());
  }
  session->fabric = std::move(*fabric);
  fill_shared(session->shared, *session->fabric, options);
  return session;
}

void push_flaps(Session& session, const Options& options) {
  for (std::uint32_t i = 0; i < options.flaps.size(); ++i) {
    const Flap& flap = options.flaps[i];
    session.parts[session.shared.wires[flap.channel].from_owner]->push_flap(flap.channel, flap.at,
                                                                            i);
  }
}

/// The cycle of channels whose packets wait for each other; empty when no packet waits.
std::string network_standstill(const Session& session) {
  const Shared& shared = session.shared;
  std::vector<std::uint32_t> waits(shared.lanes.size(), kWaitsForNothing);
  bool any = false;
  for (std::size_t lane = 0; lane < shared.lanes.size(); ++lane) {
    const Partition& part = *session.parts[shared.wires[lane / shared.vcs].from_owner];
    for (std::uint32_t i = shared.lanes[lane].head; i != kNone; i = part.packet(i).next) {
      any = true;
      const Packet& packet = part.packet(i);
      if (packet.channel != kNone) {
        // Who waits for room behind `channel` waits for this packet, which waits in `lane`.
        std::uint32_t& slot = waits[std::size_t{packet.channel} * shared.vcs + packet.in_vc];
        slot = std::min(slot, static_cast<std::uint32_t>(lane));
      }
    }
  }
  if (!any) {
    return {};
  }
  const Standstill found = find_standstill(waits);
  std::string text = found.is_cycle ? "deadlock: " : "packets wait and nothing will wake them: ";
  constexpr std::size_t kShown = 16;
  for (std::size_t i = 0; i < std::min(kShown, found.waits.size()); ++i) {
    text += fmt::format("{}{} VC {}", i == 0 ? "" : " waits for ",
                        shared.fabric->network().channel_name(found.waits[i] / shared.vcs),
                        found.waits[i] % shared.vcs);
  }
  return text + (found.waits.size() > kShown
                     ? fmt::format(" and {} more", found.waits.size() - kShown)
                     : (found.is_cycle ? " waits for the first" : ""));
}

/// Messages of which a part is there and the rest will not come.
/// `is_over`: nothing waits and nothing flies, so what is not there will not come.
void find_losses(Session& session, Result& result, bool is_over) {
  for (const auto& part : session.parts) {
    result.losses.insert(result.losses.end(), part->losses().begin(), part->losses().end());
    for (const Incoming& entry : part->incoming().slots()) {
      if (!is_over || entry.key == 0 || entry.is_gap_told != 0) {
        continue;
      }
      result.losses.push_back({.source = static_cast<Rank>((entry.key >> 43) & 0xFFFFF),
                               .destination = static_cast<Rank>((entry.key >> 23) & 0xFFFFF),
                               .message = static_cast<std::uint32_t>(entry.key & 0x7FFFFF),
                               .sequence = entry.received,
                               .noticed = result.finish});
    }
  }
  std::sort(result.losses.begin(), result.losses.end(), [](const auto& a, const auto& b) {
    return std::tie(a.noticed, a.source, a.message) < std::tie(b.noticed, b.source, b.message);
  });
}

/// What must hold after every run that came to its end.
base::Result<void> conserve(const Session& session, const Result& result, bool is_drained) {
  if (!is_drained) {
    return {};
  }
  const Shared& shared = session.shared;
  for (std::size_t lane = 0; lane < shared.lanes.size(); ++lane) {
    const auto channel = static_cast<ChannelIndex>(lane / shared.vcs);
    const Partition& part = *session.parts[shared.wires[channel].from_owner];
    const std::int64_t back = shared.lanes[lane].credits + part.pending_bytes(shared.lanes[lane]);
    if (back != shared.capacity(channel)) {
      return base::fail(
          base::Code::kDataLoss,
          fmt::format("{} of {} bytes of credit came back", back, shared.capacity(channel)),
          shared.fabric->network().channel_name(channel),
          "This is a defect of the simulator; please report it.");
    }
  }
  const Counters& c = result.counters;
  std::uint64_t known = c.delivered + c.merged;
  for (const std::uint64_t dropped : c.dropped) {
    known += dropped;
  }
  const std::uint64_t made = c.injected + c.copies;
  if (made != known && session.shared.options->silent_drops.empty()) {
    return base::fail(base::Code::kDataLoss,
                      fmt::format("{} packets were made and {} accounted for", made, known), "run",
                      "This is a defect of the simulator; please report it.");
  }
  return {};
}

void collect(Session& session, Result& result) {
  for (const auto& part : session.parts) {
    result.counters.add(part->counters());
    for (std::size_t i = 0; i < result.latency.counts.size(); ++i) {
      result.latency.counts[i] += part->latency().counts[i];
    }
    result.memory_bytes += part->memory_bytes();
  }
  const Shared& shared = session.shared;
  result.memory_bytes += shared.ports.size() * (sizeof(Port) + sizeof(Wire) + 16) +
                         shared.lanes.size() * sizeof(Lane) + session.fabric->memory_bytes();
}

void fill_utilisation(const Session& session, Result& result) {
  result.utilisation.reserve(session.shared.ports.size());
  for (const Port& port : session.shared.ports) {
    result.utilisation.push_back(result.finish > 0 ? static_cast<double>(port.busy_total) /
                                                         static_cast<double>(result.finish)
                                                   : 0);
  }
}

/// Everything after the last event.
base::Result<Result> close(Session& session, Result result, bool is_drained, bool is_done) {
  collect(session, result);
  fill_utilisation(session, result);
  std::string stuck = is_drained ? network_standstill(session) : "it was stopped before its end";
  find_losses(session, result, stuck.empty());
  if (!is_done && result.standstill.empty()) {
    result.standstill = stuck;
  }
  if (stuck.empty()) {
    if (auto fine = conserve(session, result, is_drained); !fine) {
      return tl::unexpected(fine.error());
    }
  }
  return result;
}

/// Ranks that wait for each other though no packet is left.
std::string software_standstill(const std::vector<WorkloadSoftware::Waiting>& waiting,
                                std::uint32_t ranks) {
  if (waiting.empty()) {
    return {};
  }
  std::vector<std::uint32_t> waits(ranks, kWaitsForNothing);
  std::vector<const WorkloadSoftware::Waiting*> by_rank(ranks, nullptr);
  for (const auto& entry : waiting) {
    waits[entry.rank] = entry.for_rank;
    by_rank[entry.rank] = &entry;
  }
  const Standstill found = find_standstill(waits);
  std::string text = found.is_cycle ? "ranks wait for each other: " : "ranks wait: ";
  constexpr std::size_t kShown = 8;
  for (std::size_t i = 0; i < std::min(kShown, found.waits.size()); ++i) {
    const auto* entry = found.waits[i] < ranks ? by_rank[found.waits[i]] : nullptr;
    text += fmt::format("{}rank {} ({})", i == 0 ? "" : ", ", found.waits[i],
                        entry != nullptr ? entry->why : "done");
  }
  if (found.waits.empty()) {
    text += fmt::format("rank {} ({})", waiting.front().rank, waiting.front().why);
  }
  return text;
}

bool has_switch_reduction(const Workload& workload) {
  constexpr std::uint64_t kAsked = 4096;
  for (std::uint32_t s = 0; workload.ranks() > 0 && s < workload.streams(0); ++s) {
    const std::uint64_t ops = std::min(workload.ops(0, s), kAsked);
    for (std::uint64_t i = 0; i < ops; ++i) {
      if (workload.op(0, s, i).kind == OpKind::kSwitchReduce) {
        return true;
      }
    }
  }
  return false;
}

}  // namespace

base::Result<Result> run_flows(const Network& network, std::span<const Flow> flows,
                               const Options& options) {
  for (const Flow& flow : flows) {
    if (flow.source >= network.ranks() || flow.destination >= network.ranks() ||
        flow.source == flow.destination || flow.start < 0) {
      return base::fail(
          base::Code::kInvalidArgument,
          fmt::format("a flow from rank {} to rank {}", flow.source, flow.destination),
          network.name, fmt::format("Name two different ranks below {}.", network.ranks()));
    }
  }
  auto opened = open(network, options);
  if (!opened) {
    return tl::unexpected(opened.error());
  }
  Session& session = **opened;
  for (const Flow& flow : flows) {
    session.shared.expected_packets +=
        std::ceil(static_cast<double>(flow.bytes) / static_cast<double>(options.packet_bytes));
  }
  Result result;
  result.message_finish.assign(flows.size(), kNever);
  std::vector<std::unique_ptr<FlowSoftware>> software;
  for (std::uint32_t i = 0; i < session.shared.mail.size(); ++i) {
    software.push_back(std::make_unique<FlowSoftware>(flows, result.message_finish));
    session.parts.push_back(std::make_unique<Partition>(session.shared, i, *software.back()));
    software.back()->begin(*session.parts.back(), session.shared.owner, i);
  }
  push_flaps(session, options);
  const bool is_drained = run_windows(session.shared, session.parts, options, result.windows);
  bool is_done = true;
  for (const Ps finish : result.message_finish) {
    is_done = is_done && finish != kNever;
    result.finish = std::max(result.finish, finish == kNever ? 0 : finish);
  }
  return close(session, std::move(result), is_drained, is_done);
}

base::Result<Result> run(const Network& network, const Workload& workload, const Options& options) {
  if (workload.ranks() > network.ranks()) {
    return base::fail(base::Code::kInvalidArgument,
                      fmt::format("the workload has {} ranks and the network {}", workload.ranks(),
                                  network.ranks()),
                      network.name, "Give fewer ranks or a larger network.");
  }
  if (options.fold) {
    return run_folded(network, workload, options);
  }
  return run_all(network, workload, options, false);
}

base::Result<Result> run_all(const Network& network, const Workload& workload,
                             const Options& options, bool is_folded) {
  auto opened = open(network, options);
  if (!opened) {
    return tl::unexpected(opened.error());
  }
  if (has_switch_reduction(workload)) {
    return base::fail(base::Code::kUnimplemented, "the workload adds up in switches", network.name,
                      "Use the flow model, or switching::push_reduce() for one switch.");
  }
  Session& session = **opened;
  const Cost cost = estimate_with(network, workload, options, mean_hops(network, *session.routes));
  if (auto fits = check_budget(cost, options.budget, network.name); !fits) {
    return tl::unexpected(fits.error());
  }
  session.shared.expected_packets = static_cast<double>(cost.packets);
  const std::uint32_t ranks = is_folded ? 1 : workload.ranks();
  Result result;
  result.rank_finish.assign(ranks, kNever);
  std::vector<std::unique_ptr<WorkloadSoftware>> software;
  for (std::uint32_t i = 0; i < session.shared.mail.size(); ++i) {
    std::vector<Rank> mine;
    for (Rank rank = 0; rank < ranks; ++rank) {
      if (session.shared.owner[rank] == i) {
        mine.push_back(rank);
      }
    }
    software.push_back(std::make_unique<WorkloadSoftware>(workload, result.rank_finish, is_folded));
    session.parts.push_back(std::make_unique<Partition>(session.shared, i, *software.back()));
    software.back()->begin(*session.parts.back(), mine);
  }
  push_flaps(session, options);
  const bool is_drained = run_windows(session.shared, session.parts, options, result.windows);
  bool is_done = true;
  std::vector<WorkloadSoftware::Waiting> waiting;
  for (const Ps finish : result.rank_finish) {
    is_done = is_done && finish != kNever;
    result.finish = std::max(result.finish, finish == kNever ? 0 : finish);
  }
  for (const auto& one : software) {
    for (auto& entry : one->waiting()) {
      waiting.push_back(std::move(entry));
    }
  }
  auto closed = close(session, std::move(result), is_drained, is_done);
  if (closed && !is_done && closed->standstill.empty()) {
    closed->standstill = software_standstill(waiting, ranks);
  }
  if (closed) {
    closed->is_folded = is_folded;
  }
  return closed;
}

}  // namespace weft::sim::packet
