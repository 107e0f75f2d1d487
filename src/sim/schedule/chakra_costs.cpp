// SPDX-License-Identifier: Apache-2.0
#include "sim/schedule/chakra_costs.h"

#include "sim/parameter.h"

#include <algorithm>

#include <fmt/format.h>

namespace weft::sim {

ChakraUnit unit_of(const ChakraNode& node) {
  switch (node.type) {
    case ChakraType::kInvalid:
    case ChakraType::kMetadata:
      return ChakraUnit::kNoTime;
    case ChakraType::kLoad:
    case ChakraType::kStore:
      return ChakraUnit::kMemory;
    case ChakraType::kCompute:
      return node.is_on_processor ? ChakraUnit::kProcessor : ChakraUnit::kCompute;
    case ChakraType::kSend:
    case ChakraType::kReceive:
    case ChakraType::kCollective:
      return ChakraUnit::kNetwork;
    default:
      return ChakraUnit::kProcessor;
  }
}

Ps duration_of(const ChakraNode& node, const ChakraOptions& options) {
  const Ps measured = static_cast<Ps>(node.duration_us) * kMicrosecond;
  const Ps moved =
      transfer_time(static_cast<double>(node.tensor_bytes), options.memory_bytes_per_second);
  switch (unit_of(node)) {
    case ChakraUnit::kMemory:
      return node.tensor_bytes > 0 ? moved : measured;
    case ChakraUnit::kCompute:
      return measured > 0 ? measured
                          : std::max(moved, transfer_time(static_cast<double>(node.operations),
                                                          options.peak_flops));
    case ChakraUnit::kProcessor:
      return measured;
    default:
      return 0;
  }
}

ChakraCosts::ChakraCosts(const Site& site, const ChakraOptions& options)
    : site_(site), options_(options) {
  if (!options.in_switch) {
    without_switches_ = site.network();
    for (NodeIndex i = 0; i < without_switches_->nodes().size(); ++i) {
      without_switches_->node(i).can_reduce = false;
    }
  }
}

base::Result<Plan> ChakraCosts::collective(ChakraCollective kind, std::uint64_t bytes,
                                           const std::vector<Rank>& group) {
  CollectiveSpec spec;
  spec.algorithm = Algorithm::kAuto;
  spec.ranks = static_cast<std::uint32_t>(group.size());
  spec.bytes = bytes;
  spec.domain = domain_of(group);
  switch (kind) {
    case ChakraCollective::kAllGather:
      spec.collective = Collective::kAllGather;
      spec.bytes = bytes * spec.ranks;
      break;
    case ChakraCollective::kReduceScatter:
    case ChakraCollective::kReduceScatterBlock:
      spec.collective = Collective::kReduceScatter;
      break;
    case ChakraCollective::kAllToAll:
      spec.collective = Collective::kAllToAll;
      break;
    case ChakraCollective::kBroadcast:
      spec.collective = Collective::kBroadcast;
      break;
    default:
      spec.collective = Collective::kAllReduce;
      break;
  }
  return plan(spec);
}

base::Result<Plan> ChakraCosts::message(std::uint64_t bytes) {
  CollectiveSpec spec;
  spec.collective = Collective::kSendReceive;
  spec.algorithm = Algorithm::kDirect;
  spec.bytes = bytes;
  return plan(spec);
}

Ps ChakraCosts::software_of(const Plan& plan) const {
  return options_.profile == Profile::kIdeal
             ? 0
             : plan.spec.launch - parameter_time(fmt::format("{}.launch", key(options_.profile)));
}

base::Result<Plan> ChakraCosts::plan(const CollectiveSpec& spec) {
  auto [at, is_new] = links_.try_emplace({spec.ranks, spec.domain});
  if (is_new) {
    auto link = alpha_beta(site_.network(), site_.routes(), spec);
    if (!link) {
      return tl::unexpected(link.error());
    }
    at->second = *link;
  }
  const Network& network = without_switches_ ? *without_switches_ : site_.network();
  return plan_collective(spec, network, at->second, options_.profile);
}

/// Members of each scale-up domain, where they are as many in all and stand together; else 0.
std::uint32_t ChakraCosts::domain_of(const std::vector<Rank>& group) const {
  const auto domain = [&](std::size_t i) { return site_.network().node(group[i]).domain; };
  std::size_t size = 1;
  while (size < group.size() && domain(size) == domain(0)) {
    ++size;
  }
  for (std::size_t i = 0; i < group.size(); ++i) {
    if (domain(i) != domain(i - i % size) ||
        (i >= size && i % size == 0 && domain(i) == domain(i - 1))) {
      return 0;
    }
  }
  return static_cast<std::uint32_t>(size);
}

}  // namespace weft::sim
