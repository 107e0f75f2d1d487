// SPDX-License-Identifier: Apache-2.0
#include "cli/sim/schedule.h"

#include "cli/files.h"
#include "sim/amount.h"
#include "sim/schedule/goal.h"
#include "sim/trace.h"

#include <algorithm>
#include <cstdio>
#include <string>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace weft::cli {
namespace sim_schedule_impl {
namespace {

using Json = nlohmann::ordered_json;

Json json_of(const SimInput& input, std::string_view fidelity, const sim::RunResult& ran) {
  const auto us = [](sim::Ps time) { return sim::as_seconds(time) * 1e6; };
  Json out = {{"schema", "weftline/sim-schedule/1"},
              {"network", input.network.name},
              {"ranks", ran.rank_done.size()},
              {"fidelity", fidelity},
              {"routing", sim::key(input.routing)},
              {"links_not_as_planned", input.state.links.size()},
              {"time_us", us(ran.time)},
              {"messages", ran.messages},
              {"bytes", ran.bytes_delivered},
              {"where_us",
               {{"software", us(ran.path.software)},
                {"skew", us(ran.path.skew)},
                {"compute", us(ran.path.compute)},
                {"latency", us(ran.path.latency)},
                {"serialisation", us(ran.path.serialisation)},
                {"contention", us(ran.path.contention)},
                {"retry", us(ran.path.retry)}}},
              {"rank_done_us", Json::array()}};
  for (const sim::Ps done : ran.rank_done) {
    out["rank_done_us"].push_back(us(done));
  }
  return out;
}

}  // namespace
}  // namespace sim_schedule_impl

int run_sim_schedule(const Arguments& arguments, const SimInput& input, const sim::Site& site) {
  const std::string file = arguments.value("--schedule").value_or("");
  const auto workload = sim::load_goal(file);
  if (!workload) {
    return report(workload.error());
  }
  if ((*workload)->ranks() > input.network.ranks()) {
    return report({base::Code::kInvalidArgument,
                   fmt::format("the schedule has {} ranks, the network {}", (*workload)->ranks(),
                               input.network.ranks()),
                   file, "take a larger network"});
  }
  sim::PerfettoTrace trace;
  sim::FlowOptions options;
  options.routing = input.routing;
  options.trace = [&](const sim::TraceSpan& span) { trace.add(span); };
  const bool is_packet = input.fidelity == sim::Fidelity::kPacket;
  const auto ran = sim::run_workload(
      site, **workload, is_packet ? sim::Fidelity::kPacket : sim::Fidelity::kFlow, options);
  if (!ran) {
    return report(ran.error());
  }
  if (const auto path = arguments.value("--trace")) {
    if (auto written = write_output(*path, trace.document()); !written) {
      return report(written.error());
    }
  }
  const std::string_view fidelity = is_packet ? "packet" : "flow";
  std::string text;
  if (arguments.has("--json")) {
    text = sim_schedule_impl::json_of(input, fidelity, *ran).dump(2) + "\n";
  } else {
    const auto first = std::min_element(ran->rank_done.begin(), ran->rank_done.end());
    text = fmt::format(
        "{} on {}: {} ranks, {} messages, {} bytes, {}, routing {}\n{}; the first "
        "rank is done after {}\nwhere it goes: {}\n",
        file, input.network.name, ran->rank_done.size(), ran->messages, ran->bytes_delivered,
        fidelity, sim::key(input.routing), sim::time_text(ran->time),
        sim::time_text(first == ran->rank_done.end() ? 0 : *first), breakdown_text(ran->path));
  }
  std::fwrite(text.data(), 1, text.size(), stdout);
  return kOk;
}

}  // namespace weft::cli
