// SPDX-License-Identifier: Apache-2.0
// Builds the retimers of a machine from its plan: one actor each, on the segment and at the address
// that the plan gives, on every link that names it as a repeater.
#include "twin/families.h"
#include "twin/retimer/device.h"

#include <algorithm>
#include <string>

namespace weft::twin {
namespace {

constexpr std::uint8_t kGenerationMin = 3;
constexpr std::uint8_t kGenerationMax = 6;

std::vector<retimer::Through> links_through(const Rack& rack, fabric::DeviceId device) {
  std::vector<retimer::Through> links;
  std::uint8_t lane = 0;
  for (std::size_t i = 0; i < rack.plan->links.size() && i < rack.links.size(); ++i) {
    const auto& repeaters = rack.plan->links[i].repeaters;
    const auto it = std::find(repeaters.begin(), repeaters.end(), device);
    const auto width = static_cast<std::uint8_t>(
        std::min<std::uint32_t>(rack.plan->links[i].lanes.value(), retimer::kLanes));
    if (it == repeaters.end() || links.size() == wire::retimer::kLinksMax ||
        lane + width > static_cast<int>(retimer::kLanes)) {
      continue;
    }
    links.push_back({.link = rack.links[i],
                     .id = rack.links[i]->id(),
                     .index = static_cast<std::uint32_t>(it - repeaters.begin()),
                     .start = lane,
                     .width = width});
    lane = static_cast<std::uint8_t>(lane + width);
  }
  return links;
}

std::uint8_t generation_of(const Rack& rack, fabric::DeviceId device) {
  std::uint64_t rate = 0;
  for (const LinkPlan& link : rack.plan->links) {
    if (std::find(link.repeaters.begin(), link.repeaters.end(), device) != link.repeaters.end()) {
      rate = std::max(rate, fabric::protocol(link.protocol).lane_rate.value());
    }
  }
  std::uint8_t generation = kGenerationMin;
  for (std::uint64_t step = 8000; step < rate && generation < kGenerationMax; step *= 2) {
    ++generation;
  }
  return generation;
}

}  // namespace

base::Result<void> add_retimers(Rack& rack, std::size_t machine) {
  Machine& to = rack.machines[machine];
  for (const SmbusPlan& plan : to.plan->retimers) {
    const fabric::Device* device = rack.plan->fabric.device(plan.retimer);
    if (device == nullptr) {
      return base::fail(base::Code::kInternal, "a planned retimer is not in the fabric",
                        to.plan->name);
    }
    retimer::DeviceOptions options{.address = plan.address,
                                   .generation = generation_of(rack, plan.retimer),
                                   .links = links_through(rack, plan.retimer)};
    std::uint32_t lanes = 0;
    for (const retimer::Through& through : options.links) {
      lanes += through.width;
    }
    const std::string& part = device->part.part_number;
    options.is_x8 = lanes <= 8 && (part.find("081") != std::string::npos ||
                                   part.find("080") != std::string::npos);
    auto made = std::make_unique<retimer::Device>("retimer/" + device->name, std::move(options));
    retimer::Device& actor = *made;
    const std::vector<retimer::Through> through = links_through(rack, plan.retimer);
    const auto id = rack.world->add(std::move(made));
    if (!id) {
      return tl::unexpected(id.error());
    }
    for (const retimer::Through& link : through) {
      link.link->listen(*id);
    }
    rack.actors_of[plan.retimer].push_back(*id);
    auto& segment = to.segments[plan.segment];
    if (segment == nullptr) {
      segment = std::make_unique<smbus::Segment>(plan.segment);
    }
    segment->attach(actor.target());
  }
  return {};
}

}  // namespace weft::twin
