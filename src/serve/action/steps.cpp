// SPDX-License-Identifier: Apache-2.0
#include "serve/action/steps.h"

#include "base/text.h"

#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace weft::serve {
namespace step_text {

/// "10h:128 <- ff (DPDeinitLane)", put apart; `what` alone for a step that is no write.
struct Step {
  std::string place;
  std::string value;
  std::string what;
  std::optional<bus::ModuleAddress> at;
};

Step parse(std::string_view text) {
  const auto arrow = text.find(" <- ");
  const auto open = text.find(" (", arrow == std::string_view::npos ? 0 : arrow);
  if (arrow == std::string_view::npos || open == std::string_view::npos || !text.ends_with(')')) {
    return {.place = "cdb", .value = {}, .what = std::string(text), .at = std::nullopt};
  }
  Step out{.place = std::string(text.substr(0, arrow)),
           .value = "0x" + std::string(text.substr(arrow + 4, open - arrow - 4)),
           .what = std::string(text.substr(open + 2, text.size() - open - 3)),
           .at = std::nullopt};
  const auto colon = out.place.find("h:");
  if (colon != std::string::npos) {
    const auto page = base::parse_unsigned(out.place.substr(0, colon), 16);
    const auto offset = base::parse_unsigned(out.place.substr(colon + 2));
    if (page && offset && *page <= 0xFF && *offset <= 0xFF) {
      out.at = bus::ModuleAddress{.page = static_cast<std::uint8_t>(*page),
                                  .offset = static_cast<std::uint8_t>(*offset)};
    }
  }
  return out;
}

}  // namespace step_text

base::Result<OpenRetimer> open_retimer(const ActionPlace& place) {
  auto bus = place.devices->smbus(place.target.segment);
  if (!bus) {
    return tl::unexpected(bus.error());
  }
  OpenRetimer out;
  out.bus = std::move(*bus);
  out.retimer = std::make_unique<driver::RetimerBus>(*out.bus, place.target.address);
  return out;
}

void add_plan(Outline& outline, const driver::RetimerPlan& plan) {
  outline.disturbs = plan.disturbs;
  for (const driver::RetimerWrite& write : plan.writes) {
    outline.writes.push_back({.device = outline.target,
                              .place = write.place,
                              .what = write.what,
                              .old = {},
                              .value = {}});
  }
  if (plan.is_restored) {
    outline.undo = "Every word is put back at the end; after a kill by weft undo or the next run.";
  }
}

void add_steps(Outline& outline, bus::ModuleMemory& memory, const std::vector<std::string>& steps) {
  for (const std::string& text : steps) {
    const auto step = step_text::parse(text);
    std::string old;
    if (step.at && step.value.size() > 2) {
      const auto bytes =
          memory.read(*step.at, static_cast<std::uint8_t>((step.value.size() - 2) / 2));
      for (std::size_t i = 0; bytes && i < bytes->size(); ++i) {
        old += fmt::format("{}{:02x}", i == 0 ? "0x" : "", (*bytes)[i]);
      }
    }
    outline.writes.push_back({.device = outline.target,
                              .place = step.place,
                              .what = step.what,
                              .old = old,
                              .value = step.value});
  }
}

void add_module_notes(Outline& outline, const ActionPlace& place) {
  if (!place.is_simulated) {
    outline.notes.emplace_back(
        "Linux gives no way to write a module's memory by its network interface (ethtool's netlink "
        "reads only): with --apply this is refused.");
  }
}

base::Result<std::uint8_t> lanes_in_use(bus::ModuleMemory& memory,
                                        const std::vector<unsigned>& lanes) {
  constexpr unsigned kLanes = 8;
  unsigned mask = 0;
  for (const unsigned lane : lanes) {
    if (lane >= kLanes) {
      return base::fail(base::Code::kInvalidArgument, "a module's lanes are 0 to 7 (of bank 0)",
                        memory.description());
    }
    mask |= 1U << lane;
  }
  if (mask == 0) {
    const auto look = driver::look_at_module(memory);
    if (!look) {
      return tl::unexpected(look.error());
    }
    for (std::size_t i = 0; i < look->lanes.size() && i < kLanes; ++i) {
      mask |= look->lanes[i].application != 0 ? 1U << i : 0U;
    }
  }
  return static_cast<std::uint8_t>(mask == 0 ? 0xFF : mask);
}

}  // namespace weft::serve
