// SPDX-License-Identifier: Apache-2.0
#include "twin/fault/engine.h"

#include "twin/enclosure/enclosure.h"
#include "twin/world/world.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace weft::twin {
namespace fault_engine_inner {

/// Levels are 0 or more; this one says that nothing was sent.
constexpr double kNotSent = -1;

}  // namespace fault_engine_inner

FaultEngine::FaultEngine(FaultDirectory directory)
    : Actor(std::string(kPath)), directory_(std::move(directory)) {
  const auto& machines = directory_.plan->machines;
  for (std::size_t m = 0; m < machines.size(); ++m) {
    for (const fabric::DeviceId member : machines[m].members) {
      machines_.emplace(member, m);
    }
  }
  air_cel_.assign(machines.size(), 25);
}

std::optional<std::size_t> FaultEngine::machine_of(fabric::DeviceId device) const {
  const auto found = machines_.find(device);
  return found == machines_.end() ? std::nullopt : std::optional(found->second);
}

base::Result<FaultEngine::Fault> FaultEngine::made(const FaultOrder& order) const {
  Fault fault;
  fault.key = order.fault;
  fault.target = order.target;
  fault.label = order.label;
  fault.row = find_row(order.fault);
  if (fault.row == nullptr) {
    return tl::unexpected(fault_named(order.fault).error());
  }
  fault.amplitude = order.amplitude.value_or(fault.row->amplitude.standard);
  const auto standard = parse_shape(fault.row->shape);
  fault.shape = order.shape.value_or(standard ? *standard : Shape{});
  fault.ordered = now();
  fault.begin = std::max(order.at, now());
  fault.end = order.length ? later(fault.begin, *order.length) : kNever;
  if (faults_.size() >= kFaultsMost) {
    return base::fail(base::Code::kResourceExhausted,
                      fmt::format("the world has had {} faults already", kFaultsMost));
  }
  // Workload that followed workload would chase itself.
  if (fault.shape.kind == ShapeKind::kLoad && find_fault(fault.key) == nullptr) {
    return base::fail(base::Code::kInvalidArgument,
                      fmt::format("{} cannot have the shape load", fault.key));
  }
  if (auto prepared = prepare(fault); !prepared) {
    return tl::unexpected(prepared.error());
  }
  return fault;
}

base::Result<void> FaultEngine::check(const FaultOrder& order) const {
  const auto fault = made(order);
  return fault ? base::Result<void>{} : tl::unexpected(fault.error());
}

base::Result<FaultId> FaultEngine::order(const FaultOrder& order) {
  auto fault = made(order);
  if (!fault) {
    return tl::unexpected(fault.error());
  }
  fault->id = next_++;
  Fault& kept = faults_.emplace(fault->id, *std::move(fault)).first->second;
  if (kept.begin > now()) {
    set_timer(kept.id, kept.begin);
  } else {
    this->begin(kept);
  }
  return kept.id;
}

/// Fills in what follows from key and target.
base::Result<void> FaultEngine::prepare(Fault& fault) const {
  if (auto checked = check_amplitude(*fault.row, fault.amplitude); !checked) {
    return checked;
  }
  const auto target = parse_target(fault.target);
  if (!target) {
    return tl::unexpected(target.error());
  }
  const auto sites = resolve(*directory_.plan, *fault.row, *target);
  if (!sites) {
    return tl::unexpected(sites.error());
  }
  add_parts(fault, *sites);
  if (fault.parts.empty()) {
    return base::fail(base::Code::kFailedPrecondition,
                      fmt::format("nothing of '{}' is alive in this world", fault.target), "",
                      "Families that have no twin yet take no faults.");
  }
  fault.sent.assign(fault.parts.size(), fault_engine_inner::kNotSent);
  fault.run = ShapeRun(fault.shape, fault.begin, world().seed(),
                       fmt::format("{}/{}/{}", kPath, fault.key, fault.target));
  return {};
}

void FaultEngine::add_parts(Fault& fault, const Sites& sites) const {
  const auto machine_at_link = [&](std::size_t link) {
    return machine_of(directory_.plan->fabric.owner(directory_.plan->links[link].a));
  };
  const auto add = [&](ActorId actor, std::size_t effect, std::uint32_t sub,
                       std::optional<std::size_t> link, std::optional<std::size_t> machine) {
    if (actor != kNobody) {
      fault.parts.push_back(
          {actor, fault.row->effects[effect].quantity, sub, effect, link, machine});
    }
  };
  for (std::size_t i = 0; i < fault.row->effects.size(); ++i) {
    const FaultEffect& effect = fault.row->effects[i];
    switch (twin::row(effect.quantity).scope) {
      case Scope::kLane:
        for (const LaneSite& site : effect.is_of_neighbours ? sites.neighbours : sites.lanes) {
          add(directory_.links[site.link], i, site.sub, site.link, machine_at_link(site.link));
        }
        break;
      case Scope::kLink:
        for (const std::size_t link : sites.links) {
          add(directory_.links[link], i, effect.sub, link, machine_at_link(link));
        }
        break;
      case Scope::kDevice:
        for (const fabric::DeviceId device : sites.devices) {
          const auto actors = directory_.devices.find(device);
          if (actors == directory_.devices.end()) {
            continue;
          }
          for (const ActorId actor : actors->second) {
            add(actor, i, effect.sub, {}, machine_of(device));
          }
        }
        break;
      case Scope::kHost:
        for (const std::size_t host : sites.hosts) {
          add(directory_.hosts[host], i, effect.sub, {}, host);
        }
        break;
    }
  }
}

double FaultEngine::level(const Fault& fault, const Part& part) const {
  ShapeSurroundings around;
  if (part.link) {
    const auto load = loads_.find(*part.link);
    around.load = load == loads_.end() ? 0 : std::clamp(load->second, 0.0, 1.0);
  }
  if (part.machine) {
    around.air_cel = air_cel_[*part.machine];
  }
  return fault.run.level(around);
}

void FaultEngine::send_part(const Fault& fault, const Part& part, std::optional<double> value) {
  send(part.actor, {.kind = MessageKind::kQuantity,
                    .from = id(),
                    .quantity = part.quantity,
                    .sub = part.sub,
                    .source = fault.id,
                    .value = value.value_or(0),
                    .is_set = value.has_value()});
}

void FaultEngine::begin(Fault& fault) {
  fault.phase = Phase::kActive;
  refresh(fault);
}

void FaultEngine::refresh(Fault& fault) {
  fault.run.run_to(now());
  std::vector<std::size_t> loaded;
  for (std::size_t i = 0; i < fault.parts.size(); ++i) {
    const Part& part = fault.parts[i];
    const double now_level = level(fault, part);
    if (now_level == fault.sent[i] ||
        (now_level == 0 && fault.sent[i] == fault_engine_inner::kNotSent)) {
      continue;
    }
    const FaultEffect& effect = fault.row->effects[part.effect];
    const double value = contribution(*fault.row, effect, fault.amplitude, now_level);
    if (part.quantity == Quantity::kLoad && part.link) {
      const double before = std::max(0.0, fault.sent[i]);
      loads_[*part.link] += fault.amplitude * (now_level - before);
      loaded.push_back(*part.link);
    }
    send_part(fault, part, now_level == 0 ? std::nullopt : std::optional(value));
    fault.sent[i] = now_level == 0 ? fault_engine_inner::kNotSent : now_level;
  }
  if (fault.run.is_over()) {
    end(fault);
  } else {
    plan_next(fault);
  }
  for (const std::size_t link : loaded) {
    workload_changed(link);
  }
}

void FaultEngine::plan_next(const Fault& fault) {
  const WorldTime next = std::min(fault.run.next(), fault.end);
  if (next == kNever) {
    cancel_timer(fault.id);
  } else {
    set_timer(fault.id, next);
  }
}

void FaultEngine::end(Fault& fault) {
  cancel_timer(fault.id);
  std::vector<std::size_t> loaded;
  for (std::size_t i = 0; i < fault.parts.size(); ++i) {
    const Part& part = fault.parts[i];
    if (fault.sent[i] == fault_engine_inner::kNotSent) {
      continue;
    }
    if (part.quantity == Quantity::kLoad && part.link) {
      loads_[*part.link] -= fault.amplitude * fault.sent[i];
      loaded.push_back(*part.link);
    }
    send_part(fault, part, std::nullopt);
    fault.sent[i] = fault_engine_inner::kNotSent;
  }
  fault.phase = Phase::kOver;
  fault.cleared = now();
  for (const std::size_t link : loaded) {
    workload_changed(link);
  }
}

void FaultEngine::workload_changed(std::size_t link) {
  for (auto& [id, fault] : faults_) {
    const bool is_coupled = fault.phase == Phase::kActive && fault.shape.kind == ShapeKind::kLoad;
    if (is_coupled &&
        std::ranges::find(fault.parts, std::optional(link), &Part::link) != fault.parts.end()) {
      refresh(fault);
    }
  }
}

base::Result<void> FaultEngine::clear(FaultId id) {
  const auto found = faults_.find(id);
  if (found == faults_.end() || found->second.phase == Phase::kOver) {
    return base::fail(base::Code::kNotFound, found == faults_.end()
                                                 ? fmt::format("there is no fault {}", id)
                                                 : fmt::format("fault {} is over already", id));
  }
  end(found->second);
  return {};
}

std::size_t FaultEngine::clear_faults() {
  std::size_t count = 0;
  for (auto& [id, fault] : faults_) {
    if (fault.phase != Phase::kOver && find_fault(fault.key) != nullptr) {
      end(fault);
      ++count;
    }
  }
  return count;
}

void FaultEngine::on_timer(std::uint32_t timer) {
  const auto found = faults_.find(timer);
  if (found == faults_.end() || found->second.phase == Phase::kOver) {
    return;
  }
  Fault& fault = found->second;
  if (fault.end <= now()) {
    end(fault);
  } else if (fault.phase == Phase::kWaiting) {
    begin(fault);
  } else {
    refresh(fault);
  }
}

void FaultEngine::on_message(const Message& message) {
  if (message.kind != MessageKind::kAirChanged || message.sub >= air_cel_.size()) {
    return;
  }
  air_cel_[message.sub] = message.value;
  for (auto& [id, fault] : faults_) {
    if (fault.phase == Phase::kActive && fault.shape.kind == ShapeKind::kTemperature) {
      refresh(fault);
    }
  }
}

void FaultEngine::Fault::exchange(Archive& archive) {
  archive.fields(id, key, target, label, amplitude, shape, ordered, begin, end, cleared, phase,
                 sent);
}

void FaultEngine::exchange(Archive& archive) {
  archive.fields(next_, loads_, air_cel_);
  std::uint64_t count = faults_.size();
  archive.field(count);
  if (!archive.is_reading()) {
    for (auto& [id, fault] : faults_) {
      archive.fields(fault, fault.run);
    }
    return;
  }
  faults_.clear();
  air_cel_.resize(directory_.plan->machines.size(), 25);
  for (std::uint64_t i = 0; i < count && !archive.failed(); ++i) {
    Fault fault;
    archive.field(fault);
    const std::vector<double> sent = fault.sent;
    fault.row = find_row(fault.key);
    // What this rack does not know is dropped: its contributions are the actors' own state.
    const bool is_known = fault.row != nullptr &&
                          static_cast<std::size_t>(fault.shape.kind) < kShapeKinds &&
                          parse_shape(text(fault.shape)) && prepare(fault);
    archive.field(fault.run);
    if (is_known && sent.size() == fault.parts.size()) {
      fault.sent = sent;
      faults_.emplace(fault.id, std::move(fault));
    }
  }
}

base::Result<void> add_fault_engine(Rack& rack) {
  FaultDirectory directory;
  directory.plan = rack.plan.get();
  directory.devices = rack.actors_of;
  for (const Link* link : rack.links) {
    directory.links.push_back(link->id());
  }
  std::vector<Enclosure*> enclosures;
  for (const MachinePlan& machine : rack.plan->machines) {
    enclosures.push_back(dynamic_cast<Enclosure*>(rack.world->find("enclosure/" + machine.name)));
    directory.hosts.push_back(enclosures.back() != nullptr ? enclosures.back()->id() : kNobody);
  }
  const auto added = rack.world->add(std::make_unique<FaultEngine>(std::move(directory)));
  if (!added) {
    return tl::unexpected(added.error());
  }
  for (std::size_t machine = 0; machine < enclosures.size(); ++machine) {
    if (enclosures[machine] != nullptr) {
      enclosures[machine]->tell(*added, static_cast<std::uint32_t>(machine));
    }
  }
  return {};
}

FaultEngine& fault_engine(Rack& rack) {
  return static_cast<FaultEngine&>(*rack.world->find(FaultEngine::kPath));
}

}  // namespace weft::twin
