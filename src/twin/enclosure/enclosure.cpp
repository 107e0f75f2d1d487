// SPDX-License-Identifier: Apache-2.0
// See enclosure.h.
#include "twin/enclosure/enclosure.h"

#include "twin/families.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <unordered_set>

namespace weft::twin {
namespace enclosure_cpp {
namespace {

constexpr std::uint32_t kStepTimer = 0;
/// So near to its target the air is there.
constexpr double kSettledCelsius = 0.05;

}  // namespace
}  // namespace enclosure_cpp

double Enclosure::wanted() const {
  const double airflow = std::max(quantity(Quantity::kAirflow), kAirflowLeast);
  return kWorldAirCelsius + quantity(Quantity::kAmbient) + kPreheatCelsius * (1 / airflow - 1);
}

double Enclosure::air_celsius() const {
  const double passed_s = static_cast<double>((now() - from_).ns) * 1e-9;
  return target_celsius_ + (from_celsius_ - target_celsius_) * std::exp(-passed_s / kTimeConstantS);
}

void Enclosure::send_all(MessageKind kind, double value) {
  for (const auto& [actor, sub] : told_) {
    send(actor, Message{.kind = kind, .from = id(), .sub = sub, .value = value});
  }
}

void Enclosure::start() {
  from_ = now();
  from_celsius_ = target_celsius_ = said_celsius_ = wanted();
  send_all(MessageKind::kAirChanged, said_celsius_);
  send_all(MessageKind::kHostSupply, quantity(Quantity::kHostSupplyNoise));
}

void Enclosure::on_quantity(Quantity which, std::uint32_t /*sub*/) {
  if (which == Quantity::kHostSupplyNoise) {
    send_all(MessageKind::kHostSupply, quantity(which));
  } else if (which == Quantity::kAmbient || which == Quantity::kAirflow) {
    set_target();
  }
}

void Enclosure::set_target() {
  from_celsius_ = air_celsius();
  from_ = now();
  target_celsius_ = wanted();
  plan_step();
}

/// Sets the timer for the next step that devices are told, if any is left.
void Enclosure::plan_step() {
  const double left = target_celsius_ - said_celsius_;
  const double away = from_celsius_ - target_celsius_;
  if (left == 0 && std::abs(away) <= enclosure_cpp::kSettledCelsius) {
    from_celsius_ = target_celsius_;
    cancel_timer(enclosure_cpp::kStepTimer);
    return;
  }
  // How far from the target the air is when it has gone the next step; the last one is shorter.
  const double next = std::abs(left) > kStepCelsius
                          ? said_celsius_ + std::copysign(kStepCelsius, left)
                          : target_celsius_ + std::copysign(enclosure_cpp::kSettledCelsius, away);
  const double ratio = away == 0 ? 0 : (next - target_celsius_) / away;
  // Past it already (the target has moved back): now.
  const double wait_s = ratio > 0 && ratio < 1 ? -kTimeConstantS * std::log(ratio) : 0;
  set_timer(enclosure_cpp::kStepTimer, from_ + base::seconds(wait_s));
}

void Enclosure::on_timer(std::uint32_t /*timer*/) {
  const double air = air_celsius();
  const bool is_there = std::abs(air - target_celsius_) <= 2 * enclosure_cpp::kSettledCelsius;
  from_celsius_ = is_there ? target_celsius_ : air;
  from_ = now();
  said_celsius_ = from_celsius_;
  send_all(MessageKind::kAirChanged, said_celsius_);
  plan_step();
}

void Enclosure::exchange(Archive& archive) {
  archive.fields(from_celsius_, target_celsius_, said_celsius_, from_);
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
