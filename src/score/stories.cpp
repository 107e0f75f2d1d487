// SPDX-License-Identifier: Apache-2.0
#include "score/stories.h"

#include "base/random.h"
#include "fabric/rack.h"
#include "twin/fault/catalogue.h"
#include "twin/fault/draw.h"
#include "twin/plan/plan.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace weft::score {
namespace stories_cpp {
namespace {

using base::Random;
using twin::FaultRow;
using twin::FaultScope;
using twin::Shape;
using twin::ShapeKind;

struct RackShare {
  std::string_view file;
  unsigned tickets;
};
/// Small ones, since each story lives once: all kinds of links, retimers, optics and machines.
constexpr RackShare kRacks[] = {{"small-pod.yaml", 4},
                                {"gpu-server-8.yaml", 3},
                                {"hgx-h100.yaml", 3},
                                {"active-optical-pcie.yaml", 2}};

constexpr std::string_view kPrefix = "drawn ";
constexpr double kQuietShare = 0.12;
constexpr double kTwoFaultsShare = 0.12;
constexpr double kShort_s = 24 * 60;
/// Drifts and ramps that take days in life are told in these.
constexpr double kLongLeast_s = 3600;
constexpr double kLongMost_s = 12 * 3600;

struct Known {
  std::string file;
  twin::WorldPlan plan;
};

double between(Random& random, double low, double high) {
  return low + (high - low) * random.uniform();
}
double log_between(Random& random, double low, double high) {
  return low * std::pow(high / low, random.uniform());
}

bool is_slow(const Shape& shape) {
  return shape.kind == ShapeKind::kDrift || shape.kind == ShapeKind::kRamp ||
         shape.kind == ShapeKind::kExponential;
}

/// Faults whose strength people can grade.
bool has_strength(const FaultRow& row) {
  return row.amplitude.min < row.amplitude.max;
}

/// A share of the standard strength, within the row's range.
double strength(const FaultRow& row, Random& random) {
  const double by = log_between(random, 0.6, 4);
  const auto& range = row.amplitude;
  const double drawn = range.is_factor ? 1 + (range.standard - 1) * by : range.standard * by;
  return std::clamp(drawn, range.min, range.max);
}

class Author {
 public:
  Author(const std::vector<Known>& racks, std::uint64_t seed) : racks_(racks), seed_(seed) {}

  twin::Scenario story(std::size_t number) {
    Random random(seed_, fmt::format("score/draw/{}", number));
    const double kind = random.uniform();
    const std::size_t faults = kind < kQuietShare ? 0 : kind < 1 - kTwoFaultsShare ? 1 : 2;
    std::size_t first_rack = drawn_rack(random);
    const auto& row = drawn_row(random);
    const bool is_usual = random.uniform() < 0.5;
    Shape shape = is_usual ? twin::parse_shape(row.shape).value_or(Shape{}) : shape_of(row, random);
    const bool is_long = is_slow(shape) || random.uniform() < 0.08;
    length_s_ = is_long ? log_between(random, kLongLeast_s, kLongMost_s) : kShort_s;
    fit_times(shape);

    for (std::size_t turn = 0; turn < racks_.size(); ++turn) {
      const auto& rack = racks_[(first_rack + turn) % racks_.size()];
      Random rest(seed_, fmt::format("score/draw/{}/{}", number, turn));
      twin::Scenario out = world(rack, rest, faults == 0);
      out.name = fmt::format("{}{}", kPrefix, faults == 0 ? "quiet" : row.key);
      if (faults > 0) {
        out.orders.push_back(order(row, shape, rack, rest, 0.25, 0.5));
      }
      if (faults > 1) {
        const auto& other = drawn_row(rest);
        auto its = twin::parse_shape(other.shape).value_or(Shape{});
        fit_times(its);
        out.orders.push_back(order(other, its, rack, rest, 0.4, 0.7));
      }
      const auto drawn = twin::drawn(out, rack.plan, seed_ * kDrawnMost + number);
      if (drawn) {
        return *drawn;
      }
      // The rack has nothing that could have it: the next one may.
    }
    twin::Scenario out = world(racks_[first_rack], random, true);
    out.name = fmt::format("{}quiet", kPrefix);
    out.seed = seed_ * kDrawnMost + number;
    return out;
  }

 private:
  std::size_t drawn_rack(Random& random) const {
    unsigned all = 0;
    for (const auto& each : kRacks) {
      all += each.tickets;
    }
    auto ticket = random.below(all);
    for (std::size_t i = 0; i < racks_.size(); ++i) {
      if (ticket < kRacks[i].tickets) {
        return i;
      }
      ticket -= kRacks[i].tickets;
    }
    return 0;
  }

  /// Firmware's oddities are left out: they break management, not links.
  static const FaultRow& drawn_row(Random& random) {
    static const std::vector<const FaultRow*> kRows = [] {
      std::vector<const FaultRow*> rows;
      for (const auto& row : twin::faults()) {
        if (row.effects.front().quantity != twin::Quantity::kQuirk) {
          rows.push_back(&row);
        }
      }
      return rows;
    }();
    return *kRows[random.below(kRows.size())];
  }

  /// Another course than the usual one.
  static Shape shape_of(const FaultRow& row, Random& random) {
    constexpr ShapeKind kSwitches[] = {ShapeKind::kStep, ShapeKind::kPulse};
    constexpr ShapeKind kOfPlaces[] = {ShapeKind::kStep, ShapeKind::kRamp, ShapeKind::kExponential,
                                       ShapeKind::kSquare};
    constexpr ShapeKind kOfLinks[] = {
        ShapeKind::kStep,         ShapeKind::kStep, ShapeKind::kRamp, ShapeKind::kSquare,
        ShapeKind::kIntermittent, ShapeKind::kLoad, ShapeKind::kPulse};
    Shape shape;
    if (!has_strength(row)) {
      shape.kind = kSwitches[random.below(std::size(kSwitches))];
    } else if (row.scope == FaultScope::kHost || row.scope == FaultScope::kDevice) {
      shape.kind = kOfPlaces[random.below(std::size(kOfPlaces))];
    } else {
      shape.kind = kOfLinks[random.below(std::size(kOfLinks))];
    }
    shape = twin::standard_shape(shape.kind);
    if (shape.kind == ShapeKind::kIntermittent) {
      shape.values = {log_between(random, 0.2, 20), log_between(random, 10, 120)};
    } else if (shape.kind == ShapeKind::kSquare) {
      shape.values = {log_between(random, 20, 400), between(random, 0.2, 0.7)};
    } else if (shape.kind == ShapeKind::kLoad) {
      shape.values = {0, 1};
    }
    return shape;
  }

  /// Slow ones so that they have grown within the story.
  void fit_times(Shape& shape) const {
    switch (shape.kind) {
      case ShapeKind::kRamp:
        shape.values[0] = length_s_ / 3;
        break;
      case ShapeKind::kDrift:
        shape.values = {length_s_ / 20, std::max(shape.values[1], 5.0)};
        break;
      case ShapeKind::kExponential:
        shape.values[0] = length_s_ / 12;
        break;
      case ShapeKind::kPulse:
        shape.values[0] = length_s_ / 4;
        break;
      default:
        break;
    }
  }

  twin::Scenario world(const Known& rack, Random& random, bool is_quiet) const {
    twin::Scenario out;
    out.file = rack.file;
    out.rack = rack.file.substr(rack.file.rfind('/') + 1);
    out.length = base::seconds(length_s_);
    const double load = between(random, 0, 0.95);
    const double manner = random.uniform();
    if (load > 0.05) {
      twin::ScenarioOrder work;
      work.order.fault = "workload";
      work.order.target = "link:*";
      work.order.amplitude = load;
      work.order.shape = twin::standard_shape(manner < 0.4 ? ShapeKind::kStep : ShapeKind::kSquare);
      if (manner >= 0.4) {
        work.order.shape->values = {log_between(random, 8, 300), 0.75};
      }
      out.orders.push_back(std::move(work));
    }
    if (random.uniform() < 0.4) {
      twin::ScenarioOrder air;
      air.order.fault = "inlet";
      air.order.target = "host:*";
      air.order.amplitude = between(random, -6, 8);
      air.order.shape = twin::standard_shape(ShapeKind::kSine);
      air.order.shape->values[0] = length_s_;
      out.orders.push_back(std::move(air));
    }
    if (random.uniform() < (is_quiet ? 0.4 : 0.1)) {
      restart(rack, random, out);
    }
    return out;
  }

  void restart(const Known& rack, Random& random, twin::Scenario& out) const {
    // What has an operating system of its own; boxes of devices hang on somebody else's.
    std::vector<const twin::MachinePlan*> whole;
    for (const auto& machine : rack.plan.machines) {
      const auto* device = rack.plan.fabric.device(machine.device);
      if (device != nullptr && (device->kind == fabric::DeviceKind::kHost ||
                                device->kind == fabric::DeviceKind::kSwitch)) {
        whole.push_back(&machine);
      }
    }
    if (whole.empty()) {
      return;
    }
    const auto& machine = *whole[random.below(whole.size())];
    const auto* device = rack.plan.fabric.device(machine.device);
    const double at = between(random, 0.1, 0.8) * length_s_;
    const auto length = base::seconds(between(random, 60, 200));
    out.restarts.push_back({device->name, twin::later({}, base::seconds(at)), length});
    // For its neighbours it is as if somebody had pulled their cables.
    for (const auto& link : rack.plan.links) {
      const auto host_a = top_of(rack.plan, link.a);
      const auto host_b = top_of(rack.plan, link.b);
      if (host_a != host_b && (host_a == machine.device || host_b == machine.device)) {
        twin::ScenarioOrder down;
        down.order.fault = "restart";
        down.order.target = fmt::format("link:{}", link.name);
        down.order.at = out.restarts.back().at;
        down.order.length = length;
        out.orders.push_back(std::move(down));
      }
    }
  }

  static fabric::DeviceId top_of(const twin::WorldPlan& plan, fabric::PortId port) {
    const auto owner = plan.fabric.owner(port);
    for (const auto& machine : plan.machines) {
      if (std::ranges::find(machine.members, owner) != machine.members.end()) {
        return machine.device;
      }
    }
    return owner;
  }

  twin::ScenarioOrder order(const FaultRow& row, const Shape& shape, const Known& rack,
                            Random& random, double from, double to) const {
    twin::ScenarioOrder out;
    out.order.fault = std::string(row.key);
    out.order.at = twin::later({}, base::seconds(between(random, from, to) * length_s_));
    out.order.shape = shape;
    const double by = strength(row, random);
    if (has_strength(row)) {
      out.order.amplitude = by;
    }
    out.choice = choice(row, rack, random);
    return out;
  }

  static std::string choice(const FaultRow& row, const Known& rack, Random& random) {
    const double lane = random.uniform();
    const double direction = random.uniform();
    const double section = random.uniform();
    switch (row.scope) {
      case FaultScope::kHost:
        return "one of host:*";
      case FaultScope::kLink:
        return "one of link:*";
      case FaultScope::kDevice:
        return device_choice(rack, random);
      case FaultScope::kLanes:
        break;
    }
    std::string out = "one of link:*";
    const bool is_of_lane = row.lanes == twin::FaultLanes::kFirst;
    out += lane < (is_of_lane ? 0.9 : 0.3) ? " any-lane" : "";
    const bool is_of_end = row.reach != twin::FaultReach::kBoth || row.is_one_way;
    out += direction < (is_of_end ? 1.0 : 0.3) ? " any-direction" : "";
    out += section < 0.3 && !is_of_end ? " any-section" : "";
    return out;
  }

  /// Retimers and modules mostly: of others little is read.
  static std::string device_choice(const Known& rack, Random& random) {
    std::string some;
    for (const auto& machine : rack.plan.machines) {
      for (const auto& retimer : machine.retimers) {
        add(rack, retimer.retimer, some);
      }
      for (const auto& module : machine.modules) {
        add(rack, module.module, some);
      }
    }
    const bool is_any = random.uniform() < 0.15;
    if (some.empty() || is_any) {
      some = devices_with_links(rack);
    }
    return "one of " + some;
  }

  /// Enclosures and what manages them have no twin of their own: nothing can befall them.
  static std::string devices_with_links(const Known& rack) {
    std::string out;
    for (const auto& link : rack.plan.links) {
      for (const auto port : {link.a, link.b}) {
        add(rack, rack.plan.fabric.owner(port), out);
      }
    }
    return out;
  }

  static void add(const Known& rack, fabric::DeviceId id, std::string& out) {
    const auto* device = id.is_null() ? nullptr : rack.plan.fabric.device(id);
    const auto one = device == nullptr ? std::string{} : "device:" + device->name;
    if (!one.empty() && (out + ";").find(one + ";") == std::string::npos &&
        out.size() + one.size() < twin::kTargetBytesMax / 2) {
      out += (out.empty() ? "" : "; ") + one;
    }
  }

  const std::vector<Known>& racks_;
  std::uint64_t seed_;
  double length_s_ = kShort_s;
};

}  // namespace
}  // namespace stories_cpp

base::Result<std::vector<twin::Scenario>> drawn_stories(const std::string& racks, std::size_t count,
                                                        std::uint64_t seed) {
  std::vector<stories_cpp::Known> known;
  known.reserve(std::size(stories_cpp::kRacks));
  for (const auto& each : stories_cpp::kRacks) {
    const auto path = racks + "/" + std::string(each.file);
    auto fabric = fabric::rack_fabric(path);
    if (!fabric) {
      return tl::unexpected(fabric.error());
    }
    auto plan = twin::plan_world(std::move(*fabric));
    if (!plan) {
      return tl::unexpected(plan.error());
    }
    known.push_back({path, std::move(*plan)});
  }
  std::vector<twin::Scenario> out;
  out.reserve(std::min(count, kDrawnMost));
  for (std::size_t i = 0; i < std::min(count, kDrawnMost); ++i) {
    out.push_back(stories_cpp::Author(known, seed).story(i));
  }
  return out;
}

std::optional<std::uint64_t> drawn_seed(const twin::Scenario& scenario) {
  return scenario.name.starts_with(stories_cpp::kPrefix) ? std::optional(scenario.seed / kDrawnMost)
                                                         : std::nullopt;
}

}  // namespace weft::score
