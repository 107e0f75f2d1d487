// SPDX-License-Identifier: Apache-2.0
// See enclosure.h.
#include "twin/enclosure/enclosure.h"

#include "twin/families.h"

#include <algorithm>
#include <memory>
#include <string_view>
#include <unordered_set>

namespace weft::twin {
namespace enclosure_cpp {
namespace {

constexpr std::uint32_t kStepTimer = 0;
constexpr base::KelvinDelta kStep{Enclosure::kStepCelsius};

const ModulePlan* find_module(const MachinePlan& plan, std::string_view interface) {
  const auto found = std::ranges::find(plan.modules, interface, &ModulePlan::interface);
  return found == plan.modules.end() ? nullptr : &*found;
}

}  // namespace
}  // namespace enclosure_cpp

base::Celsius Enclosure::wanted() const {
  const double airflow = std::max(quantity(Quantity::kAirflow), kAirflowLeast);
  return base::Celsius(kWorldAirCelsius + quantity(Quantity::kAmbient) +
                       kPreheatCelsius * (1 / airflow - 1));
}

void Enclosure::send_all(MessageKind kind, double value) {
  for (const auto& [actor, sub] : told_) {
    send(actor, Message{.kind = kind, .from = id(), .sub = sub, .value = value});
  }
}

void Enclosure::start() {
  air_ = ThermalNode(wanted(), kTimeConstantS);
  send_all(MessageKind::kAirChanged, air_.stepped(now(), enclosure_cpp::kStep).value());
  send_all(MessageKind::kHostSupply, quantity(Quantity::kHostSupplyNoise));
}

void Enclosure::on_quantity(Quantity which, std::uint32_t /*sub*/) {
  if (which == Quantity::kHostSupplyNoise) {
    send_all(MessageKind::kHostSupply, quantity(which));
  } else if (which == Quantity::kAmbient || which == Quantity::kAirflow) {
    air_.set_target(wanted(), now());
    plan_step();
  }
}

/// The next step that devices are told; none where the air stays.
void Enclosure::plan_step() {
  set_timer(enclosure_cpp::kStepTimer, air_.next_step(now(), enclosure_cpp::kStep));
}

void Enclosure::on_timer(std::uint32_t /*timer*/) {
  send_all(MessageKind::kAirChanged, air_.stepped(now(), enclosure_cpp::kStep).value());
  plan_step();
}

void Enclosure::exchange(Archive& archive) {
  archive.field(air_);
}

base::Result<void> add_enclosure(Rack& rack, std::size_t machine) {
  const auto& plan = rack.plan->machines.at(machine);
  auto enclosure = std::make_unique<Enclosure>("enclosure/" + plan.name);
  const std::unordered_set<fabric::DeviceId> members(plan.members.begin(), plan.members.end());
  for (const auto member : plan.members) {
    if (const auto found = rack.actors_of.find(member); found != rack.actors_of.end()) {
      for (const auto actor : found->second) {
        enclosure->tell(actor, 0);
      }
    }
  }
  // Modules that the rack file names as a segment only have no device of their own.
  for (const auto& [interface, memory] : rack.machines.at(machine).modules) {
    const auto* actor = dynamic_cast<const Actor*>(memory);
    const auto* planned = enclosure_cpp::find_module(plan, interface);
    if (actor != nullptr && planned != nullptr && planned->module.is_null()) {
      enclosure->tell(actor->id(), 0);
    }
  }
  for (const Link* link : rack.links) {
    const auto owner_a = rack.plan->fabric.owner(link->plan().a);
    const auto owner_b = rack.plan->fabric.owner(link->plan().b);
    if (members.contains(owner_a)) {
      enclosure->tell(link->id(), 0);
    }
    if (!owner_b.is_null() && members.contains(owner_b)) {
      enclosure->tell(link->id(), 1);
    }
  }
  auto added = rack.world->add(std::move(enclosure));
  return added ? base::Result<void>{} : tl::unexpected(added.error());
}

}  // namespace weft::twin
