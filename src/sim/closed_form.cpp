// SPDX-License-Identifier: Apache-2.0
#include "sim/closed_form.h"

#include "sim/effective.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <utility>

#include <fmt/format.h>

namespace weft::sim {
namespace {

/// A number of latencies and of bytes one after another.
struct Steps {
  double alphas = 0;
  double bytes = 0;
  double far_alphas = 0;
  double far_bytes = 0;
};

double largest_part(const CollectiveSpec& spec) {
  return static_cast<double>(part_of(spec.bytes, spec.ranks, 0));
}

Steps exchange_steps(const CollectiveSpec& spec) {
  const double n = spec.ranks;
  const double part = largest_part(spec);
  const double times = spec.collective == Collective::kAllReduce ? 2 : 1;
  switch (spec.algorithm) {
    case Algorithm::kRing:
      return {times * (n - 1), times * (n - 1) * part};
    case Algorithm::kHalvingDoubling:
      return {times * std::log2(n), times * (n - 1) * part};
    case Algorithm::kTwoShot:
      return {2, 2 * (n - 1) * part};
    default:
      break;
  }
  if (spec.collective == Collective::kSendReceive) {
    return {1, static_cast<double>(spec.bytes)};
  }
  return {1, (n - 1) * part};
}

/// A chunk goes down (and before that up) the levels; a rank passes each chunk to two children.
Steps tree_steps(const CollectiveSpec& spec) {
  const double levels = std::floor(std::log2(static_cast<double>(spec.ranks)));
  const auto chunk = static_cast<double>(part_of(spec.bytes, spec.chunks, 0));
  const double passes = spec.collective == Collective::kAllReduce ? 2 : 1;
  const double fan = spec.ranks > 2 ? 2 : 1;
  return {passes * levels, (passes * levels + (spec.chunks - 1)) * fan * chunk};
}

Steps in_switch_steps(const CollectiveSpec& spec) {
  const auto bytes = static_cast<double>(spec.bytes);
  const double part = largest_part(spec);
  if (spec.algorithm == Algorithm::kInSwitchPull) {
    // The first chunk is pulled alone; then each stage sends its pull and the store before it; the
    // last store ends it.
    const double n = spec.ranks, chunks = spec.chunks;
    return {2, bytes / chunks * (1 + (chunks - 1) * (1 + 1 / n) + (n - 1) / n)};
  }
  if (spec.collective == Collective::kAllGather) {
    return {1, (spec.ranks - 1) * part};
  }
  return {1, bytes};
}

Steps hierarchical_steps(const CollectiveSpec& spec) {
  const double m = spec.domain;
  const double domains = spec.ranks / m;
  const auto bytes = static_cast<double>(spec.bytes);
  if (spec.collective == Collective::kAllToAll) {
    return {1, (m - 1) / m * bytes, 1, (domains - 1) / domains * bytes};
  }
  return {2, 2 * (m - 1) / m * bytes, 2 * (domains - 1), 2 * (domains - 1) / domains * bytes / m};
}

Steps steps_of(const CollectiveSpec& spec) {
  switch (spec.algorithm) {
    case Algorithm::kTree:
      return tree_steps(spec);
    case Algorithm::kInSwitch:
    case Algorithm::kInSwitchPull:
      return in_switch_steps(spec);
    case Algorithm::kHierarchical:
      return hierarchical_steps(spec);
    default:
      return exchange_steps(spec);
  }
}

Ps times(double count, Ps each) {
  return static_cast<Ps>(std::llround(count * static_cast<double>(each)));
}

/// Bytes that the narrowest rank must send or receive.
double bound_bytes(const CollectiveSpec& spec, bool is_in_switch) {
  const double n = spec.ranks;
  const auto bytes = static_cast<double>(spec.bytes);
  const double share = bytes * (n - 1) / n;
  switch (spec.collective) {
    case Collective::kAllReduce:
      return is_in_switch ? bytes : 2 * share;
    case Collective::kBroadcast:
    case Collective::kSendReceive:
      return bytes;
    default:
      return share;
  }
}

}  // namespace

base::Result<RunResult> closed_form(const CollectiveSpec& spec, AlphaBeta link) {
  if (const auto workload = make_collective(spec); !workload) {
    return tl::unexpected(workload.error());
  }
  const Steps steps = steps_of(spec);
  const double far_rate =
      link.far_bytes_per_second > 0 ? link.far_bytes_per_second : link.bytes_per_second;
  const Ps far_alpha = link.far_alpha > 0 ? link.far_alpha : link.alpha;
  RunResult out;
  // Parts that are under way together share the rate; those one after another add their latencies.
  const auto rounds = (spec.splits + spec.active - 1) / std::max(spec.active, 1U);
  const auto turns = static_cast<double>(rounds);
  out.path.software = spec.launch + times(turns * (steps.alphas + steps.far_alphas), spec.overhead);
  out.path.latency =
      times(turns * steps.alphas, link.alpha) + times(turns * steps.far_alphas, far_alpha);
  out.path.serialisation = later(transfer_time(steps.bytes, link.bytes_per_second),
                                 transfer_time(steps.far_bytes, far_rate));
  if (out.path.serialisation == kNever) {
    return base::fail(base::Code::kUnavailable, "no bandwidth", "closed form");
  }
  out.time = out.path.total();
  return out;
}

base::Result<AlphaBeta> alpha_beta(const Network& network, const Routes& routes,
                                   const CollectiveSpec& spec) {
  AlphaBeta out;
  out.bytes_per_second = std::numeric_limits<double>::infinity();
  const std::vector<double> rates = effective_rates(network);
  const std::uint32_t step = std::max(1U, spec.ranks / 64);
  const auto way = [&](Rank from, Rank to) -> Ps {
    const auto path = routes.path(from, to);
    return path.empty() ? kNever : routes.latency(path);
  };
  for (Rank rank = 0; rank < spec.ranks; ++rank) {
    double egress = 0, ingress = 0;
    for (ChannelIndex i = network.first_out(rank); i < network.last_out(rank); ++i) {
      egress += rates[i];
      ingress += rates[network.channel(i).reverse];
    }
    out.bytes_per_second = std::min({out.bytes_per_second, egress, ingress});
    if (rank % step == 0) {
      out.alpha = std::max(out.alpha, way(rank, (rank + 1) % spec.ranks));
      if (spec.domain > 0 && spec.ranks > spec.domain) {
        out.far_alpha = std::max(out.far_alpha, way(rank, (rank + spec.domain) % spec.ranks));
      }
    }
  }
  if (out.alpha == kNever || out.far_alpha == kNever || !(out.bytes_per_second > 0)) {
    return base::fail(base::Code::kUnavailable, "a rank has no way to its neighbour", network.name,
                      "a link is down, or the rack file does not join them");
  }
  return out;
}

bool switches_reduce(const Network& network) {
  bool has_switch = false;
  for (const Node& node : network.nodes()) {
    if (node.kind == NodeKind::kSwitch && node.hop_cost == 1) {
      has_switch = true;
      if (!node.can_reduce || !node.can_multicast) {
        return false;
      }
    }
  }
  return has_switch;
}

Ps bound_of(const CollectiveSpec& spec, AlphaBeta link, bool is_in_switch) {
  return later(link.alpha, transfer_time(bound_bytes(spec, is_in_switch), link.bytes_per_second));
}

Bound bound(const CollectiveSpec& spec, const Network& network, const Routes& routes) {
  double least = std::numeric_limits<double>::infinity();
  const char* direction = "send";
  for (Rank rank = 0; rank < spec.ranks; ++rank) {
    if (network.egress(rank) < least) {
      least = network.egress(rank);
      direction = "send";
    }
    if (network.ingress(rank) < least) {
      least = network.ingress(rank);
      direction = "receive";
    }
  }
  const bool in_switch = switches_reduce(network);
  Ps alpha = kNever;
  const auto way = routes.path(0, 1);
  alpha = way.empty() ? 0 : routes.latency(way);
  Bound out;
  out.time = bound_of(spec, {alpha, least}, in_switch);
  out.what = fmt::format(
      "each rank must {} {:.4g} of {} bytes at {:.4g} GB/s{}", direction,
      spec.bytes == 0 ? 0 : bound_bytes(spec, in_switch) / static_cast<double>(spec.bytes),
      spec.bytes, least / 1e9,
      in_switch && spec.collective == Collective::kAllReduce ? ", since the switches reduce" : "");
  return out;
}

Algorithm best_algorithm(const CollectiveSpec& spec, AlphaBeta link, bool switches) {
  Algorithm best = algorithms(spec.collective)[0];
  Ps least = kNever;
  for (const Algorithm algorithm : algorithms(spec.collective)) {
    const bool is_in_switch =
        algorithm == Algorithm::kInSwitch || algorithm == Algorithm::kInSwitchPull;
    CollectiveSpec tried = spec;
    tried.algorithm = algorithm;
    if (is_in_switch && !switches) {
      continue;
    }
    const auto result = closed_form(tried, link);
    if (result && result->time < least) {
      least = result->time;
      best = algorithm;
    }
  }
  return best;
}

}  // namespace weft::sim
