// SPDX-License-Identifier: Apache-2.0
#include "score/effect.h"

#include "twin/cable_module/module.h"
#include "twin/enclosure/enclosure.h"
#include "twin/retimer/device.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>

namespace weft::score {
namespace effect_cpp {
namespace {

using twin::End;
using twin::LinkCounter;

/// Lanes of one fault that are looked at: faults of whole cables touch all alike.
constexpr std::size_t kLanesMost = 32;
/// Events of a PCIe link's registers that are no accident.
constexpr double kEventsMin = 5;
/// Bit errors of a receiver that counts them, beyond ten times what it had before.
constexpr double kBitErrorsMin = 100;
constexpr double kBitErrorFactor = 10;
constexpr double kFigureFallDb = 1;
constexpr double kWarmerCel = 5;
constexpr double kStuckCel = 3;
constexpr double kOffsetCel = 10;

constexpr auto kPcieCounters = std::to_array<LinkCounter>(
    {LinkCounter::kReceiverErrors, LinkCounter::kFramingErrors, LinkCounter::kBadTlp,
     LinkCounter::kBadDllp, LinkCounter::kReplayTimeouts, LinkCounter::kReplayRollovers,
     LinkCounter::kRecoveries, LinkCounter::kLinkDowns, LinkCounter::kFlitUncorrected,
     LinkCounter::kRetries});

/// What one link or lane counted, against what it did before the fault.
struct Count {
  double first = 0;   // when the story began
  double before = 0;  // when the fault began
  double span_s = 0;  // between them
};

struct LinkWatch {
  const twin::Link* link = nullptr;
  std::uint64_t downs_before = 0;
  Count events;
  twin::LinkStatus before;
  struct Lane {
    twin::LaneAt at;
    Count errors;
    double figure_db = 0;
    bool tells_figure = false;
  };
  std::vector<Lane> lanes;
};

struct FaultWatch {
  twin::InjectedFault fault;
  const twin::FaultRow* row = nullptr;
  const AnswerRow* answer = nullptr;
  std::vector<LinkWatch> links;
  const twin::Enclosure* enclosure = nullptr;
  std::vector<const twin::retimer::Device*> retimers;
  std::vector<const twin::CableModule*> modules;
  double warm_before = 0;
  bool tells_heat = false;  ///< something in the machine has a sensor that drivers read
  std::optional<base::WorldTime> seen;
};

double events(const twin::Link& link) {
  double sum = 0;
  for (const LinkCounter counter : kPcieCounters) {
    sum += static_cast<double>(link.counter(counter, End::kA));
    sum += static_cast<double>(link.counter(counter, End::kB));
  }
  return sum;
}

/// Times that the link went down or came up: every family tells them.
std::uint64_t downs(const twin::Link& link) {
  return link.counter(LinkCounter::kLinkDowns, End::kA) +
         link.counter(LinkCounter::kTrainings, End::kA);
}

double bit_errors(const twin::Link& link, const twin::LaneAt& at) {
  return static_cast<double>(link.lane_counts(at).bit_errors);
}

bool grew(const Count& count, double now, double since_s, double least, double factor) {
  const double usual = count.span_s > 0 ? (count.before - count.first) / count.span_s : 0;
  const double more = now - count.before;
  return more >= least && more >= factor * usual * since_s;
}

bool changed(const twin::LinkStatus& before, const twin::LinkStatus& now) {
  return before.is_up &&
         (!now.is_up || now.rate < before.rate || now.trained_width < before.trained_width);
}

/// Modules that drivers read: those of network interfaces. Cages without one are nobody's to read.
std::set<fabric::DeviceId> modules_read(const twin::WorldPlan& plan) {
  std::set<fabric::DeviceId> out;
  for (const twin::MachinePlan& machine : plan.machines) {
    for (const twin::ModulePlan& module : machine.modules) {
      if (std::ranges::find(machine.netdevs, module.interface, &twin::NetdevPlan::interface) !=
          machine.netdevs.end()) {
        out.insert(module.module);
      }
    }
  }
  return out;
}

/// PCIe ends count no bits and tell no figure; those of other families do, and so do the retimers
/// and modules between them that drivers read.
bool counts_bits(const twin::WorldPlan& plan, const std::set<fabric::DeviceId>& modules_read,
                 const twin::LinkPlan& link, const twin::LaneAt& at) {
  const std::size_t node =
      at.section + (at.direction == fabric::LaneDirection::kTowardDevice ? 1U : 0U);
  if (node == 0 || node >= link.sections.size()) {
    return link.role != twin::LinkRole::kPcie;
  }
  const fabric::DeviceId repeater = link.repeaters[node - 1];
  const fabric::Device* known = plan.fabric.device(repeater);
  return modules_read.contains(repeater) ||
         (known != nullptr && known->kind == fabric::DeviceKind::kRetimer);
}

double warmth(const FaultWatch& watch) {
  if (watch.enclosure != nullptr && watch.retimers.empty() && watch.modules.empty()) {
    return watch.enclosure->air().value();
  }
  double most = 0;
  for (const auto* retimer : watch.retimers) {
    most = std::max(most, retimer->junction().value());
  }
  for (const auto* module : watch.modules) {
    most = std::max(most, module->case_temperature().value());
  }
  return most;
}

}  // namespace
}  // namespace effect_cpp

struct Effects::Impl {
  const twin::Rack* rack;
  std::set<fabric::DeviceId> modules_read;
  std::vector<effect_cpp::FaultWatch> watches;

  void prepare(effect_cpp::FaultWatch& watch) const;
  void begin(effect_cpp::FaultWatch& watch) const;
  [[nodiscard]] bool sees(const effect_cpp::FaultWatch& watch) const;
  [[nodiscard]] bool sees_links(const effect_cpp::FaultWatch& watch) const;
  [[nodiscard]] bool sees_device(const effect_cpp::FaultWatch& watch) const;
  [[nodiscard]] double since(const effect_cpp::FaultWatch& watch) const {
    return (rack->world->now() - watch.fault.begin).seconds();
  }
};

void Effects::Impl::prepare(effect_cpp::FaultWatch& watch) const {
  const twin::WorldPlan& plan = *rack->plan;
  const twin::Sites sites = sites_of(plan, watch.fault);
  std::set<std::size_t> links(watch.fault.links.begin(), watch.fault.links.end());
  std::map<std::size_t, std::vector<twin::LaneAt>> lanes;
  std::vector<twin::LaneSite> at(sites.lanes);
  at.insert(at.end(), sites.neighbours.begin(), sites.neighbours.end());
  const std::size_t step = at.size() / effect_cpp::kLanesMost + 1;
  for (std::size_t i = 0; i < at.size(); i += step) {
    const std::uint32_t sub = at[i].sub;
    lanes[at[i].link].push_back({.section = sub >> 16,
                                 .direction = (sub >> 8 & 0xFF) == 0
                                                  ? fabric::LaneDirection::kTowardDevice
                                                  : fabric::LaneDirection::kTowardHost,
                                 .lane = sub & 0xFF});
  }
  std::set<fabric::DeviceId> inside(sites.devices.begin(), sites.devices.end());
  for (const std::size_t machine : watch.fault.machines) {
    const twin::MachinePlan& of = plan.machines[machine];
    watch.enclosure =
        dynamic_cast<const twin::Enclosure*>(rack->world->find("enclosure/" + of.name));
    if (sites.devices.empty() && sites.lanes.empty() && sites.links.empty()) {
      inside.insert(of.members.begin(), of.members.end());
    }
  }
  for (std::size_t i = 0; i < plan.links.size() && !inside.empty(); ++i) {
    const auto touches = [&](fabric::DeviceId device) { return inside.contains(device); };
    if (touches(plan.fabric.owner(plan.links[i].a)) ||
        touches(plan.fabric.owner(plan.links[i].b)) ||
        std::ranges::any_of(plan.links[i].repeaters, touches)) {
      links.insert(i);
    }
  }
  for (const std::size_t link : links) {
    effect_cpp::LinkWatch one;
    one.link = rack->links[link];
    one.events.first = effect_cpp::events(*one.link);
    auto& wanted = lanes[link];
    if (wanted.empty()) {
      wanted = {{.direction = fabric::LaneDirection::kTowardDevice},
                {.direction = fabric::LaneDirection::kTowardHost}};
    }
    for (const twin::LaneAt& where : wanted) {
      one.lanes.push_back(
          {.at = where,
           .errors = {.first = effect_cpp::bit_errors(*one.link, where)},
           .tells_figure = effect_cpp::counts_bits(plan, modules_read, one.link->plan(), where)});
    }
    watch.links.push_back(std::move(one));
  }
  // Air itself has no sensor that a driver reads; retimers and modules in it have.
  for (const fabric::DeviceId device : inside) {
    const fabric::Device* known = plan.fabric.device(device);
    watch.tells_heat = watch.tells_heat || modules_read.contains(device) ||
                       (known != nullptr && known->kind == fabric::DeviceKind::kRetimer);
  }
  for (const fabric::DeviceId device : sites.devices) {
    const auto actors = rack->actors_of.find(device);
    for (const twin::ActorId id :
         actors == rack->actors_of.end() ? std::vector<twin::ActorId>() : actors->second) {
      const twin::Actor* actor = rack->world->actors()[id].get();
      if (const auto* retimer = dynamic_cast<const twin::retimer::Device*>(actor)) {
        watch.retimers.push_back(retimer);
      } else if (const auto* module = dynamic_cast<const twin::CableModule*>(actor);
                 module != nullptr && modules_read.contains(device)) {
        watch.modules.push_back(module);
      }
    }
  }
}

/// What is usual, at the last look before the fault.
void Effects::Impl::begin(effect_cpp::FaultWatch& watch) const {
  const double now_s = (rack->world->now() - base::WorldTime{}).seconds();
  for (effect_cpp::LinkWatch& each : watch.links) {
    each.before = each.link->status();
    each.downs_before = effect_cpp::downs(*each.link);
    each.events.before = effect_cpp::events(*each.link);
    each.events.span_s = now_s;
    for (auto& lane : each.lanes) {
      lane.errors.before = effect_cpp::bit_errors(*each.link, lane.at);
      lane.errors.span_s = now_s;
      lane.figure_db = each.link->lane(lane.at).reading.fom.value();
    }
  }
  watch.warm_before = effect_cpp::warmth(watch);
}

bool Effects::Impl::sees_links(const effect_cpp::FaultWatch& watch) const {
  const double since_s = since(watch);
  for (const effect_cpp::LinkWatch& each : watch.links) {
    if (effect_cpp::changed(each.before, each.link->status()) ||
        effect_cpp::downs(*each.link) > each.downs_before) {
      return true;
    }
    if (effect_cpp::grew(each.events, effect_cpp::events(*each.link), since_s,
                         effect_cpp::kEventsMin, 3)) {
      return true;
    }
    for (const auto& lane : each.lanes) {
      if (!lane.tells_figure) {
        continue;
      }
      if (effect_cpp::grew(lane.errors, effect_cpp::bit_errors(*each.link, lane.at), since_s,
                           effect_cpp::kBitErrorsMin, effect_cpp::kBitErrorFactor)) {
        return true;
      }
      const twin::LaneReport report = each.link->lane(lane.at);
      if (report.is_modelled &&
          lane.figure_db - report.reading.fom.value() >= effect_cpp::kFigureFallDb) {
        return true;
      }
    }
  }
  return false;
}

bool Effects::Impl::sees_device(const effect_cpp::FaultWatch& watch) const {
  const bool tells = !watch.retimers.empty() || !watch.modules.empty();
  const std::string_view key = watch.fault.fault;
  const double moved = std::abs(effect_cpp::warmth(watch) - watch.warm_before);
  if (key == "firmware-hang") {
    return tells;
  }
  if (key == "stuck-sensor") {
    return tells && moved >= effect_cpp::kStuckCel;
  }
  if (key == "sensor-offset") {
    return tells && std::abs(watch.fault.amplitude) >= effect_cpp::kOffsetCel;
  }
  if (key == "blocked-heat-sink" || key == "leaky-die") {
    return (tells && moved >= effect_cpp::kWarmerCel) || sees_links(watch);
  }
  // A counter that lies is seen where there is something to count; EEPROMs and the quirks of a
  // management interface are not read while a machine works.
  return key == "lying-counter" && sees_links(watch);
}

bool Effects::Impl::sees(const effect_cpp::FaultWatch& watch) const {
  switch (watch.answer != nullptr ? watch.answer->where : Where::kDevice) {
    case Where::kAir:
      return (watch.tells_heat &&
              effect_cpp::warmth(watch) - watch.warm_before >= effect_cpp::kWarmerCel) ||
             sees_links(watch);
    case Where::kDevice:
      return sees_device(watch);
    default:
      return sees_links(watch);
  }
}

Effects::Effects(const twin::Rack& rack, std::vector<twin::InjectedFault> faults)
    : impl_(std::make_unique<Impl>()) {
  impl_->rack = &rack;
  impl_->modules_read = effect_cpp::modules_read(*rack.plan);
  for (twin::InjectedFault& fault : faults) {
    effect_cpp::FaultWatch watch;
    watch.row = twin::find_row(fault.fault);
    watch.answer = answer_row(fault.fault);
    watch.fault = std::move(fault);
    impl_->prepare(watch);
    impl_->watches.push_back(std::move(watch));
  }
}
Effects::~Effects() = default;
Effects::Effects(Effects&&) noexcept = default;

void Effects::look() {
  for (effect_cpp::FaultWatch& watch : impl_->watches) {
    if (impl_->rack->world->now() < watch.fault.begin) {
      impl_->begin(watch);
    } else if (!watch.seen && impl_->sees(watch)) {
      watch.seen = impl_->rack->world->now();
    }
  }
}

std::optional<base::WorldTime> Effects::seen(std::size_t i) const {
  return impl_->watches.at(i).seen;
}

}  // namespace weft::score
