// SPDX-License-Identifier: Apache-2.0
#include "score/names.h"

#include "fabric/match.h"

namespace weft::score {

Names::Names(const twin::WorldPlan& plan) : plan_(&plan) {
  for (std::size_t i = 0; i < plan.links.size(); ++i) {
    const twin::LinkPlan& link = plan.links[i];
    links_.emplace(link.id, i);
    ports_.emplace(link.a, i);
    if (plan.fabric.port(link.b) != nullptr) {
      ports_.emplace(link.b, i);
    }
  }
  for (const fabric::Device& device : plan.fabric.devices()) {
    devices_.emplace(device.id, device.id);
  }
  for (std::size_t m = 0; m < plan.machines.size(); ++m) {
    for (const fabric::DeviceId member : plan.machines[m].members) {
      machines_.emplace(member, m);
    }
  }
}

void Names::learn(const observe::Snapshot& snapshot) {
  for (const auto& [planned, live] : fabric::match_devices(plan_->fabric, snapshot.fabric)) {
    devices_.emplace(live, planned);
  }
  for (const fabric::ExpectedLink& each : fabric::expected_links(plan_->fabric, snapshot.fabric)) {
    const auto planned = links_.find(each.planned);
    if (!each.live || planned == links_.end()) {
      continue;
    }
    const std::size_t index = planned->second;
    links_.emplace(*each.live, index);
    if (const fabric::Link* link = snapshot.fabric.link(*each.live)) {
      ports_.emplace(link->a, index);
      ports_.emplace(link->b, index);
    }
  }
}

std::optional<std::size_t> Names::link(fabric::LinkId id) const {
  const auto found = links_.find(id);
  return found == links_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<std::size_t> Names::link_at(fabric::PortId id) const {
  const auto found = ports_.find(id);
  return found == ports_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<fabric::DeviceId> Names::device(fabric::DeviceId id) const {
  const auto found = devices_.find(id);
  return found == devices_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<std::size_t> Names::machine(fabric::DeviceId planned) const {
  const auto found = machines_.find(planned);
  return found == machines_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace weft::score
