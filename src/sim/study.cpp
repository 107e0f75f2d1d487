// SPDX-License-Identifier: Apache-2.0
#include "sim/study.h"

#include "sim/packet/run.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

namespace weft::sim {
namespace {

constexpr std::array<std::pair<std::string_view, Fidelity>, 4> kFidelities = {{
    {"auto", Fidelity::kAuto},
    {"closed-form", Fidelity::kClosedForm},
    {"flow", Fidelity::kFlow},
    {"packet", Fidelity::kPacket},
}};
/// Operations times channels of a way up to which kAuto takes flows: about a second.
constexpr double kFlowCheap = 3e6;

double flow_cost(const Site& site, const Workload& workload) {
  double ops = 0;
  for (Rank rank = 0; rank < workload.ranks(); ++rank) {
    for (std::uint32_t stream = 0; stream < workload.streams(rank); ++stream) {
      ops += static_cast<double>(workload.ops(rank, stream));
    }
  }
  const auto ways = site.routes().spread(0, workload.ranks() - 1, Routing::kSpray);

  return ops * static_cast<double>(ways.size());
}

packet::Route route_of(Routing routing) {
  return routing == Routing::kEcmp ? packet::Route::kEcmp : packet::Route::kSpray;
}

}  // namespace

std::string_view key(Fidelity fidelity) {
  for (const auto& [name, value] : kFidelities) {
    if (value == fidelity) {
      return name;
    }
  }
  return "?";
}

std::optional<Fidelity> find_fidelity(std::string_view key) {
  for (const auto& [name, value] : kFidelities) {
    if (name == key) {
      return value;
    }
  }
  return std::nullopt;
}

base::Result<std::unique_ptr<Site>> Site::make(Network network, const FabricState& state) {
  std::unique_ptr<Site> site(new Site(std::move(network)));
  if (auto applied = apply(state, site->network_); !applied) {
    return tl::unexpected(applied.error());
  }
  auto routes = Routes::make(site->network_);
  if (!routes) {
    return tl::unexpected(routes.error());
  }
  site->routes_.emplace(std::move(*routes));
  return site;
}

base::Result<RunResult> run_workload(const Site& site, const Workload& workload, Fidelity fidelity,
                                     const FlowOptions& options) {
  if (fidelity != Fidelity::kPacket) {
    return run_flow(site.network(), site.routes(), workload, options);
  }
  packet::Options packets;
  packets.route = route_of(options.routing);
  packets.seed = options.seed;
  packets.fold = packet::is_foldable(site.network(), workload, packets);
  auto ran = packet::run(site.network(), workload, packets);
  if (!ran) {
    return tl::unexpected(ran.error());
  }
  if (!ran->standstill.empty()) {
    return base::fail(base::Code::kFailedPrecondition, ran->standstill, site.network().name);
  }
  RunResult out;
  out.time = ran->finish;
  out.path.software = workload.ranks() == 0 ? 0 : workload.start(0);
  out.path.serialisation = out.time - out.path.software;
  out.bytes_injected = ran->counters.injected_bytes;
  out.bytes_delivered = ran->counters.delivered_bytes;
  out.messages = ran->counters.messages;
  out.events = ran->counters.events;
  out.rank_done = std::move(ran->rank_finish);
  return out;
}

base::Result<Answer> answer(const Site& site, const Study& study) {
  if (study.spec.ranks > site.network().ranks()) {
    return base::fail(base::Code::kInvalidArgument,
                      fmt::format("{} ranks are asked for, {} are there", study.spec.ranks,
                                  site.network().ranks()),
                      site.network().name);
  }
  const auto link = alpha_beta(site.network(), site.routes(), study.spec);
  if (!link) {
    return tl::unexpected(link.error());
  }
  auto plan = plan_collective(study.spec, site.network(), *link, study.profile);
  if (!plan) {
    return tl::unexpected(plan.error());
  }
  Answer out;
  out.plan = std::move(*plan);
  const auto collective = make_collective(out.plan.spec);
  if (!collective) {
    return tl::unexpected(collective.error());
  }
  const Skewed workload(**collective, study.stragglers);
  out.fidelity = study.fidelity;
  if (study.fidelity == Fidelity::kAuto) {
    out.fidelity =
        flow_cost(site, workload) <= kFlowCheap ? Fidelity::kFlow : Fidelity::kClosedForm;
  }
  FlowOptions options;
  options.routing = study.routing;
  options.seed = study.seed;
  options.trace = study.trace;
  auto result = out.fidelity == Fidelity::kClosedForm
                    ? closed_form(out.plan.spec, *link)
                    : run_workload(site, workload, out.fidelity, options);
  if (!result) {
    return tl::unexpected(result.error());
  }
  out.time = result->time;
  out.path = result->path;
  out.channel_bytes = std::move(result->channel_bytes);
  out.bound = bound(study.spec, site.network(), site.routes());
  const double seconds = as_seconds(std::max<Ps>(out.time, 1));
  out.algbw = static_cast<double>(study.spec.bytes) / seconds;
  out.busbw = out.algbw * bus_factor(study.spec.collective, study.spec.ranks);
  return out;
}

}  // namespace weft::sim
