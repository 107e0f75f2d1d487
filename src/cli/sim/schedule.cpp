// SPDX-License-Identifier: Apache-2.0
#include "cli/sim/schedule.h"

#include "cli/files.h"
#include "sim/amount.h"
#include "sim/schedule/chakra_workload.h"
#include "sim/schedule/goal.h"
#include "sim/schedule/time_parts.h"
#include "sim/trace.h"

#include <algorithm>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace weft::cli {
namespace sim_schedule_impl {
namespace {

using Json = nlohmann::ordered_json;

/// A file that was read; `chakra` is `workload` where it is a trace.
struct Schedule {
  std::unique_ptr<sim::Workload> workload;
  const sim::ChakraWorkload* chakra = nullptr;

  [[nodiscard]] sim::Work work(const sim::TraceSpan& span) const {
    if (chakra != nullptr) {
      return chakra->work(span.rank, span.stream);
    }
    return span.kind == sim::OpKind::kCompute ? sim::Work::kCompute : sim::Work::kCommunication;
  }
};

struct Ran {
  sim::RunResult result;
  std::vector<sim::RankTime> ranks;  ///< of flow runs
  sim::Ps first = 0;                 ///< the first rank was done
  std::string_view fidelity;
};

base::Result<Schedule> read(const Arguments& arguments, const std::string& file,
                            const SimInput& input, const sim::Site& site,
                            const sim::StepSpec& spec) {
  Schedule out;
  if (!sim::is_chakra(file)) {
    auto goal = sim::load_goal(file);
    if (!goal) {
      return tl::unexpected(goal.error());
    }
    out.workload = std::move(*goal);
    return out;
  }
  sim::ChakraOptions options;
  options.profile = input.profile;
  options.peak_flops = spec.peak_flops;
  options.memory_bytes_per_second = spec.memory_bytes_per_second;
  options.in_switch = input.fidelity != sim::Fidelity::kPacket;
  if (const auto path = arguments.value("--groups")) {
    const auto text = small_file(*path);
    auto groups = text ? sim::read_chakra_groups(*text, *path)
                       : base::Result<sim::ChakraGroups>(tl::unexpected(text.error()));
    if (!groups) {
      return tl::unexpected(groups.error());
    }
    options.groups = std::move(*groups);
  }
  auto chakra = sim::load_chakra(file, site, options);
  if (!chakra) {
    return tl::unexpected(chakra.error());
  }
  out.chakra = chakra->get();
  out.workload = std::move(*chakra);
  return out;
}

double us(sim::Ps time) {
  return sim::as_seconds(time) * 1e6;
}

/// Parts of a rank's time with their names, in the order in which they hide each other.
std::vector<std::pair<std::string_view, sim::Ps>> parts_of(const sim::RankTime& rank) {
  return {{"compute", rank.part(sim::Work::kCompute)},
          {"memory", rank.part(sim::Work::kMemory)},
          {"exposed_communication", rank.part(sim::Work::kCommunication)},
          {"processor", rank.part(sim::Work::kProcessor)},
          {"idle", rank.idle()}};
}

/// Collectives of several groups that are alike; those that move most in all first.
struct Alike {
  sim::ChakraShape shape;  ///< `count` of all groups
  std::uint64_t groups = 0;
};

std::vector<Alike> alike_of(const sim::ChakraWorkload& trace) {
  std::map<
      std::tuple<sim::ChakraCollective, std::uint64_t, std::uint32_t, sim::Algorithm, std::string>,
      Alike>
      found;
  for (const sim::ChakraShape& shape : trace.shapes()) {
    const sim::Plan& plan = shape.plan;
    const auto [at, is_new] = found.try_emplace(
        {shape.kind, plan.bytes, plan.spec.ranks, plan.spec.algorithm, plan.protocol},
        Alike{shape, 0});
    at->second.shape.count += is_new ? 0 : shape.count;
    ++at->second.groups;
  }
  std::vector<Alike> out;
  out.reserve(found.size());
  for (auto& [key, alike] : found) {
    out.push_back(std::move(alike));
  }
  const auto moved = [](const Alike& alike) {
    return static_cast<double>(alike.shape.count) * static_cast<double>(alike.shape.plan.bytes);
  };
  std::sort(out.begin(), out.end(), [&](const Alike& one, const Alike& other) {
    return std::tuple(-moved(one), one.shape.kind, one.shape.plan.bytes, one.shape.group) <
           std::tuple(-moved(other), other.shape.kind, other.shape.plan.bytes, other.shape.group);
  });
  return out;
}

Json json_of(const Schedule& schedule, const SimInput& input, const Ran& ran) {
  const sim::Breakdown& path = ran.result.path;
  Json out = {{"schema", "weftline/sim-schedule/1"},
              {"network", input.network.name},
              {"format", schedule.chakra != nullptr ? "chakra" : "goal"},
              {"ranks", ran.result.rank_done.size()},
              {"fidelity", ran.fidelity},
              {"routing", sim::key(input.routing)},
              {"links_not_as_planned", input.state.links.size()},
              {"time_us", us(ran.result.time)},
              {"skew_us", us(ran.result.time - ran.first)},
              {"messages", ran.result.messages},
              {"bytes", ran.result.bytes_delivered},
              {"where_us",
               {{"software", us(path.software)},
                {"skew", us(path.skew)},
                {"compute", us(path.compute)},
                {"latency", us(path.latency)},
                {"serialisation", us(path.serialisation)},
                {"contention", us(path.contention)},
                {"retry", us(path.retry)}}},
              {"rank_done_us", Json::array()}};
  for (const sim::Ps done : ran.result.rank_done) {
    out["rank_done_us"].push_back(us(done));
  }
  for (const sim::RankTime& rank : ran.ranks) {
    Json entry = {{"communication", us(rank.communication)}};
    for (const auto& [name, time] : parts_of(rank)) {
      entry[std::string(name)] = us(time);
    }
    out["rank_us"].push_back(std::move(entry));
  }
  if (schedule.chakra != nullptr) {
    out["nodes"] = schedule.chakra->nodes();
    out["software"] = sim::key(input.profile);
    out["collectives"] = Json::array();
    for (const Alike& alike : alike_of(*schedule.chakra)) {
      out["collectives"].push_back({{"op", sim::key(alike.shape.kind)},
                                    {"groups", alike.groups},
                                    {"ranks", alike.shape.plan.spec.ranks},
                                    {"bytes", alike.shape.plan.bytes},
                                    {"count", alike.shape.count},
                                    {"algorithm", sim::key(alike.shape.plan.spec.algorithm)},
                                    {"protocol", alike.shape.plan.protocol}});
    }
  }
  return out;
}

/// The mean over ranks and the largest of each part.
std::string parts_text(const Ran& ran) {
  std::string out;
  const auto line = [&](std::string_view name, const std::function<sim::Ps(std::size_t)>& part) {
    double sum = 0;
    std::size_t most = 0;
    for (std::size_t rank = 0; rank < ran.ranks.size(); ++rank) {
      sum += sim::as_seconds(part(rank));
      most = part(rank) > part(most) ? rank : most;
    }
    if (part(most) > 0) {
      const double mean = sum / static_cast<double>(ran.ranks.size());
      out += fmt::format("  {:<21} {:>12} {:>6.1f} %   {:>12} (rank {})\n", name,
                         sim::time_text(sim::from_seconds(mean)),
                         100 * mean / sim::as_seconds(ran.result.time), sim::time_text(part(most)),
                         most);
    }
  };
  const auto names = parts_of(ran.ranks.front());
  for (std::size_t i = 0; i < names.size(); ++i) {
    line(names[i].first == "exposed_communication" ? "exposed communication" : names[i].first,
         [&](std::size_t rank) { return parts_of(ran.ranks[rank])[i].second; });
  }
  line("communication in all", [&](std::size_t rank) { return ran.ranks[rank].communication; });
  return fmt::format("  {:<21} {:>12} {:>8}   {:>12}\n", "of a rank's time", "mean", "", "most") +
         out;
}

std::string text_of(const std::string& file, const Schedule& schedule, const SimInput& input,
                    const Ran& ran) {
  std::string out = fmt::format(
      "{} on {}: {} ranks, {} messages, {} bytes, {}, routing {}\nstep {}; the first rank is done "
      "after {}, skew {}\nwhere it goes: {}\n",
      file, input.network.name, ran.result.rank_done.size(), ran.result.messages,
      ran.result.bytes_delivered, ran.fidelity, sim::key(input.routing),
      sim::time_text(ran.result.time), sim::time_text(ran.first),
      sim::time_text(ran.result.time - ran.first), breakdown_text(ran.result.path));
  if (!ran.ranks.empty() && ran.result.time > 0) {
    out += parts_text(ran);
  }
  if (schedule.chakra == nullptr) {
    return out;
  }
  constexpr std::size_t kShown = 12;
  const std::vector<Alike> all = alike_of(*schedule.chakra);
  for (std::size_t i = 0; i < std::min(all.size(), kShown); ++i) {
    const sim::Plan& plan = all[i].shape.plan;
    out += fmt::format("  {} x {} of {}, {} of {} ranks{}\n", all[i].shape.count,
                       sim::key(all[i].shape.kind), sim::size_text(plan.bytes),
                       all[i].groups == 1 ? "a group" : fmt::format("{} groups", all[i].groups),
                       plan.spec.ranks,
                       plan.protocol.empty()
                           ? std::string()
                           : fmt::format(", {}/{}", sim::key(plan.spec.algorithm), plan.protocol));
  }
  if (all.size() > kShown) {
    out += fmt::format("  and {} other kinds of collectives\n", all.size() - kShown);
  }
  return out;
}

}  // namespace
}  // namespace sim_schedule_impl

int run_sim_schedule(const Arguments& arguments, const SimInput& input, const sim::Site& site,
                     const sim::StepSpec& spec) {
  namespace impl = sim_schedule_impl;
  const std::string file = arguments.value("--schedule").value_or("");
  const auto schedule = impl::read(arguments, file, input, site, spec);
  if (!schedule) {
    return report(schedule.error());
  }
  const sim::Workload& workload = *schedule->workload;
  if (workload.ranks() > input.network.ranks()) {
    return report({base::Code::kInvalidArgument,
                   fmt::format("the schedule has {} ranks, the network {}", workload.ranks(),
                               input.network.ranks()),
                   file, "take a larger network"});
  }
  const bool is_packet = input.fidelity == sim::Fidelity::kPacket;
  const bool is_traced = arguments.has("--trace");
  sim::PerfettoTrace trace;
  sim::TimeParts parts(workload.ranks());
  sim::FlowOptions options;
  options.routing = input.routing;
  options.trace = [&](const sim::TraceSpan& span) {
    parts.add(span.rank, schedule->work(span), span.begin, span.end);
    if (is_traced) {
      trace.add(span);
    }
  };
  auto result = sim::run_workload(
      site, workload, is_packet ? sim::Fidelity::kPacket : sim::Fidelity::kFlow, options);
  if (!result) {
    return report(result.error());
  }
  impl::Ran ran{std::move(*result), {}, 0, is_packet ? "packet" : "flow"};
  const auto& done = ran.result.rank_done;
  ran.first = done.empty() ? 0 : *std::min_element(done.begin(), done.end());
  for (std::uint32_t rank = 0; rank < done.size() && !is_packet; ++rank) {
    ran.ranks.push_back(parts.of(rank, done[rank]));
  }
  if (is_traced) {
    if (auto written = write_output(*arguments.value("--trace"), trace.document()); !written) {
      return report(written.error());
    }
  }
  const std::string text = arguments.has("--json")
                               ? impl::json_of(*schedule, input, ran).dump(2) + "\n"
                               : impl::text_of(file, *schedule, input, ran);
  std::fwrite(text.data(), 1, text.size(), stdout);
  return kOk;
}

}  // namespace weft::cli
