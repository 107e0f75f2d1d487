// SPDX-License-Identifier: Apache-2.0
#include "twin/fault/draw.h"

#include "base/random.h"
#include "base/text.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace weft::twin {
namespace fault_draw {

constexpr std::string_view kOneOf = "one of ";
constexpr std::string_view kAsFault = "as fault ";
/// A target that is only tried on is given up after so many.
constexpr std::size_t kTriesMost = 10'000;

/// Takes a word out of the text; whether it was there.
bool take_word(std::string& text, std::string_view word) {
  const std::string with_space = " " + std::string(word);
  const auto at = text.find(with_space);
  const auto end = at + with_space.size();
  if (at == std::string::npos || (end < text.size() && text[end] != ' ' && text[end] != ';')) {
    return false;
  }
  text.erase(at, with_space.size());
  return true;
}

/// Every name of the plan that a selector's pattern means, in the plan's order.
std::vector<std::string> names(const WorldPlan& plan, const Selector& selector) {
  std::vector<std::string> found;
  const auto add = [&](const std::string& name) {
    if (base::matches(selector.name, name)) {
      found.push_back(name);
    }
  };
  switch (selector.kind) {
    case SelectorKind::kLink:
      for (const LinkPlan& link : plan.links) {
        add(link.name);
      }
      break;
    case SelectorKind::kDevice:
      for (const fabric::Device& device : plan.fabric.devices()) {
        add(device.name);
      }
      break;
    case SelectorKind::kPort:
      for (const LinkPlan& link : plan.links) {
        add(plan.fabric.port_name(link.a));
        add(plan.fabric.port_name(link.b));
      }
      break;
    case SelectorKind::kHost:
      for (const MachinePlan& machine : plan.machines) {
        const fabric::Device* device = plan.fabric.device(machine.device);
        if (device != nullptr) {
          add(device->name);
        }
      }
      break;
  }
  return found;
}

class Draw {
 public:
  Draw(const Scenario& scenario, const WorldPlan& plan, std::uint64_t seed)
      : scenario_(scenario), plan_(plan), seed_(seed) {}

  base::Result<Scenario> run() {
    Scenario out = scenario_;
    out.seed = seed_;
    out.rack = drawn_rack(scenario_, seed_);
    out.racks.clear();
    for (std::size_t i = 0; i < out.orders.size(); ++i) {
      ScenarioOrder& each = out.orders[i];
      base::Random random(seed_, fmt::format("scenario/{}/{}", scenario_.name, i));
      draw_values(each, random);
      if (!each.choice.empty()) {
        auto target = choose(each, random);
        if (!target) {
          return base::fail(
              target.error().code,
              fmt::format("{}:{}:{}: error: {}", scenario_.file, each.target_place.line,
                          each.target_place.column, target.error().text()));
        }
        each.order.target = text(*target);
        each.choice.clear();
      }
      if (find_fault(each.order.fault) != nullptr) {
        chosen_.push_back(each.order.target);
      }
    }
    return out;
  }

 private:
  /// Three numbers are drawn whatever the file leaves open, so that opening one moves no other.
  static void draw_values(ScenarioOrder& each, base::Random& random) {
    const auto between = [](double low, double high, double share) {
      return low + (high - low) * share;
    };
    const double at = random.uniform();
    const double length = random.uniform();
    const double amplitude = random.uniform();
    FaultOrder& order = each.order;
    const auto span = [&](Duration low, Duration high, double share) {
      return base::seconds(between(low.seconds(), high.seconds(), share));
    };
    if (each.at_most) {
      order.at = later({}, span(order.at - WorldTime{}, *each.at_most - WorldTime{}, at));
    }
    if (each.length_most && order.length) {
      order.length = span(*order.length, *each.length_most, length);
    }
    if (each.amplitude_most && order.amplitude) {
      order.amplitude = between(*order.amplitude, *each.amplitude_most, amplitude);
    }
    each.at_most.reset();
    each.length_most.reset();
    each.amplitude_most.reset();
  }

  base::Result<Target> choose(const ScenarioOrder& each, base::Random& random) {
    const FaultRow& row = *find_row(each.order.fault);
    const auto choice = parse_choice(each.choice);
    if (!choice) {
      return tl::unexpected(choice.error());
    }
    auto candidates = choice->as_fault ? earlier(*choice) : among(*choice);
    if (!candidates) {
      return tl::unexpected(candidates.error());
    }
    // In an order of the seed's, the first that the fault can be done to.
    for (std::size_t left = candidates->size(); left > 0; --left) {
      const std::size_t at = random.below(left);
      auto fitted = fit(*choice, row, (*candidates)[at], random);
      if (fitted) {
        return fitted;
      }
      std::swap((*candidates)[at], (*candidates)[left - 1]);
    }
    return base::fail(
        base::Code::kNotFound,
        fmt::format("nothing of '{}' can have {}", base::printable(each.choice, 80), row.key),
        plan_.fabric.name);
  }

  base::Result<std::vector<Selector>> among(const TargetChoice& choice) const {
    std::vector<Selector> found;
    std::set<std::string> seen;
    for (const Selector& selector : choice.among.selectors) {
      for (const std::string& name : names(plan_, selector)) {
        Selector one = selector;
        one.name = name;
        if (found.size() < kTriesMost && seen.insert(text(Target{{one}})).second) {
          found.push_back(std::move(one));
        }
      }
    }
    return found;
  }

  base::Result<std::vector<Selector>> earlier(const TargetChoice& choice) const {
    if (*choice.as_fault > chosen_.size()) {
      return base::fail(base::Code::kInvalidArgument,
                        fmt::format("there is no fault {} before this one", *choice.as_fault));
    }
    auto target = parse_target(chosen_[*choice.as_fault - 1]);
    if (!target) {
      return tl::unexpected(target.error());
    }
    Selector one = choice.among.selectors.front();
    one.kind = target->selectors.front().kind;
    one.name = target->selectors.front().name;
    return std::vector<Selector>{one};
  }

  /// With lane, section and direction drawn among those that the fault has there.
  base::Result<Target> fit(const TargetChoice& choice, const FaultRow& row, Selector selector,
                           base::Random& random) const {
    if (choice.any_direction) {
      selector.direction = random.below(2) == 0 ? fabric::LaneDirection::kTowardDevice
                                                : fabric::LaneDirection::kTowardHost;
    }
    if (choice.any_lane) {
      // All lanes, for the fault's own choice is one of them.
      selector.lanes = {0};
    }
    auto sites = resolve(plan_, row, Target{{selector}});
    if (!sites) {
      return tl::unexpected(sites.error());
    }
    if (!sites->lanes.empty()) {
      const LaneSite& site = sites->lanes[random.below(sites->lanes.size())];
      const LinkPlan& link = plan_.links[site.link];
      if (choice.any_section) {
        selector.section = site.sub >> 16;
      }
      if (choice.any_lane) {
        selector.lanes = {static_cast<std::uint32_t>(random.below(link.lanes.value()))};
      }
    }
    return Target{{std::move(selector)}};
  }

  const Scenario& scenario_;
  const WorldPlan& plan_;
  std::uint64_t seed_;
  std::vector<std::string> chosen_;  // targets of the faults so far
};

}  // namespace fault_draw

bool is_choice(std::string_view text) {
  return text.starts_with(fault_draw::kOneOf) || text.starts_with(fault_draw::kAsFault);
}

base::Result<TargetChoice> parse_choice(std::string_view text) {
  TargetChoice choice;
  std::string rest(text);
  choice.any_lane = fault_draw::take_word(rest, "any-lane");
  choice.any_section = fault_draw::take_word(rest, "any-section");
  choice.any_direction = fault_draw::take_word(rest, "any-direction");
  if (rest.starts_with(fault_draw::kAsFault)) {
    rest.erase(0, fault_draw::kAsFault.size());
    const auto end = std::min(rest.find(' '), rest.size());
    const auto number = base::parse_unsigned(rest.substr(0, end));
    if (!number || *number == 0) {
      return base::fail(base::Code::kInvalidArgument, "'as fault' does not say which one", "",
                        "Write as fault 1: the first fault of this file.");
    }
    choice.as_fault = *number;
    rest = "link:x" + rest.substr(end);
  } else if (rest.starts_with(fault_draw::kOneOf)) {
    rest.erase(0, fault_draw::kOneOf.size());
  } else {
    return base::fail(base::Code::kInvalidArgument, "no choice", "",
                      "Begin with one of, or as fault.");
  }
  auto target = parse_target(rest);
  if (!target) {
    return tl::unexpected(target.error());
  }
  choice.among = std::move(*target);
  return choice;
}

bool is_template(const Scenario& scenario) {
  return !scenario.racks.empty() ||
         std::ranges::any_of(scenario.orders, [](const ScenarioOrder& each) {
           return !each.choice.empty() || each.at_most || each.length_most || each.amplitude_most;
         });
}

const std::string& drawn_rack(const Scenario& scenario, std::uint64_t seed) {
  const std::uint64_t turn = seed % (scenario.racks.size() + 1);
  return turn == 0 ? scenario.rack : scenario.racks[turn - 1];
}

base::Result<Scenario> drawn(const Scenario& scenario, const WorldPlan& plan, std::uint64_t seed) {
  return fault_draw::Draw(scenario, plan, seed).run();
}

}  // namespace weft::twin
