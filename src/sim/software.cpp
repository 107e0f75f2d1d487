// SPDX-License-Identifier: Apache-2.0
#include "sim/software.h"

#include "sim/parameter.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include <fmt/format.h>

namespace weft::sim {
namespace {

constexpr std::array<std::pair<std::string_view, Profile>, 4> kProfiles = {{
    {"ideal", Profile::kIdeal},
    {"nvlink4", Profile::kNvlink4},
    {"nvlink5", Profile::kNvlink5},
    {"other", Profile::kOther},
}};
/// Chunks that a pull and a tree pipeline where software does; NCCL's buffers give many.
constexpr std::uint32_t kChunks = 32;

bool uses_switch(Algorithm algorithm) {
  return algorithm == Algorithm::kInSwitch || algorithm == Algorithm::kInSwitchPull;
}

/// What libraries choose from by themselves; the others run when they are asked for.
bool is_shipped(const CollectiveSpec& spec, Algorithm algorithm) {
  constexpr std::uint32_t kTreeFrom = 16;  // NCCL's trees are for several nodes
  if (spec.collective == Collective::kAllReduce) {
    return algorithm == Algorithm::kRing || algorithm == Algorithm::kInSwitchPull ||
           algorithm == Algorithm::kHierarchical ||
           (algorithm == Algorithm::kTree && spec.ranks > kTreeFrom);
  }
  const bool is_gather =
      spec.collective == Collective::kAllGather || spec.collective == Collective::kReduceScatter;
  return !is_gather || algorithm == Algorithm::kRing || algorithm == Algorithm::kInSwitch;
}

/// A protocol's costs under a profile.
struct Transport {
  std::string_view name;
  std::string_view share, base, hop;
};
constexpr Transport kLowLatency = {"ll", "ll", "base", "hop"};
constexpr Transport kSimple = {"simple", "ring", "base-simple", "hop-simple"};
constexpr Transport kSwitch = {"in-switch", "in-switch", "base-in-switch", ""};

Plan under(const CollectiveSpec& wanted, Algorithm algorithm, Profile profile,
           const Transport& transport) {
  const auto name = [&](std::string_view what) { return fmt::format("{}.{}", key(profile), what); };
  Plan plan;
  plan.bytes = wanted.bytes;
  plan.spec = wanted;
  plan.spec.algorithm = algorithm;
  plan.protocol = transport.name;
  plan.share = parameter(name(transport.share));
  plan.spec.launch += parameter_time(name("launch")) + parameter_time(name(transport.base));
  plan.spec.overhead += transport.hop.empty() ? 0 : parameter_time(name(transport.hop));
  plan.spec.bytes =
      static_cast<std::uint64_t>(std::llround(static_cast<double>(wanted.bytes) / plan.share));
  return plan;
}

std::vector<Plan> candidates(const CollectiveSpec& wanted, Algorithm algorithm, Profile profile) {
  std::vector<Plan> out;
  CollectiveSpec spec = wanted;
  const bool is_piped = algorithm == Algorithm::kTree || algorithm == Algorithm::kInSwitchPull;
  if (is_piped && wanted.chunks == 1) {
    spec.chunks = static_cast<std::uint32_t>(
        std::clamp<std::uint64_t>(wanted.bytes / (64 * 1024) / wanted.ranks, 1, kChunks));
  }
  if (profile == Profile::kIdeal) {
    Plan plan;
    plan.spec = spec;
    plan.spec.algorithm = algorithm;
    plan.bytes = wanted.bytes;
    plan.protocol = "ideal";
    out.push_back(std::move(plan));
  } else if (uses_switch(algorithm)) {
    out.push_back(under(spec, algorithm, profile, kSwitch));
  } else {
    out.push_back(under(spec, algorithm, profile, kLowLatency));
    out.push_back(under(spec, algorithm, profile, kSimple));
  }
  return out;
}

}  // namespace

std::string_view key(Profile profile) {
  for (const auto& [name, value] : kProfiles) {
    if (value == profile) {
      return name;
    }
  }
  return "?";
}

std::optional<Profile> find_profile(std::string_view key) {
  for (const auto& [name, value] : kProfiles) {
    if (name == key) {
      return value;
    }
  }
  return std::nullopt;
}

Profile profile_of(const Network& network) {
  if (network.ranks() == 0 || network.first_out(0) == network.last_out(0)) {
    return Profile::kIdeal;
  }
  double best = -1;
  fabric::ProtocolId protocol{};
  for (ChannelIndex i = network.first_out(0); i < network.last_out(0); ++i) {
    const Channel& channel = network.channel(i);
    // Of a GPU's links the fabric's are most; a single wide one leads to its processor.
    if (channel.lanes <= 32 && channel.planned_bytes_per_second > best) {
      best = channel.planned_bytes_per_second;
      protocol = channel.protocol;
    }
  }
  if (protocol == fabric::ProtocolId::kUnknown) {
    return Profile::kIdeal;
  }
  const std::string_view name = fabric::protocol(protocol).key;
  if (name == "nvlink3" || name == "nvlink4") {
    return Profile::kNvlink4;
  }
  if (name == "nvlink5" || name == "nvlink6") {
    return Profile::kNvlink5;
  }
  return Profile::kOther;
}

base::Result<Plan> plan_collective(const CollectiveSpec& wanted, const Network& network,
                                   AlphaBeta link, Profile profile) {
  std::vector<Algorithm> tried = {wanted.algorithm};
  if (wanted.algorithm == Algorithm::kAuto) {
    const auto all = algorithms(wanted.collective);
    tried.assign(all.begin(), all.end());
  }
  const bool switches = switches_reduce(network);
  std::optional<Plan> best;
  base::Error error{base::Code::kInvalidArgument, "no algorithm fits", network.name, {}};
  for (const Algorithm algorithm : tried) {
    if (uses_switch(algorithm) && !switches) {
      error = {base::Code::kFailedPrecondition, "the switches of this network do not reduce",
               network.name, "--in-switch lets them"};
      continue;
    }
    if (wanted.algorithm == Algorithm::kAuto && profile != Profile::kIdeal &&
        !is_shipped(wanted, algorithm)) {
      continue;
    }
    for (Plan& plan : candidates(wanted, algorithm, profile)) {
      const auto cost = closed_form(plan.spec, link);
      if (!cost) {
        error = cost.error();
        continue;
      }
      plan.closed_form = cost->time;
      if (!best || plan.closed_form < best->closed_form) {
        best = std::move(plan);
      }
    }
  }
  if (!best) {
    return tl::unexpected(error);
  }
  return std::move(*best);
}

}  // namespace weft::sim
