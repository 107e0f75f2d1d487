// SPDX-License-Identifier: Apache-2.0
#include "driver/pcie_plan.h"

#include "base/text.h"
#include "wire/pcie/function.h"

#include <algorithm>
#include <array>
#include <bit>
#include <map>
#include <utility>

#include <fmt/format.h>

namespace weft::driver {
namespace pcie_plan {

using base::Code;
using base::Duration;
using base::Result;

constexpr Duration kPoll{1'000'000};
constexpr unsigned kPolls = 1000;
/// A link that comes up changes its speed after a moment at 2.5 GT/s: so often it must look alike.
constexpr unsigned kAlike = 5;
/// A reset is held at least 1 ms, and a device has 100 ms after it, PCIe Base 6.6.1.
constexpr Duration kHold{2'000'000};
constexpr Duration kAfterReset{100'000'000};

constexpr std::uint32_t kDisableBit = 1U << 4;
constexpr std::uint32_t kRetrainBit = 1U << 5;
constexpr std::uint32_t kResetBit = 1U << 6;
constexpr std::uint32_t kSpeedField = 0xF;
constexpr std::uint32_t kWidthField = 0x78;  // L0p Enable and Target Link Width
constexpr std::uint32_t kL0p = 1U << 3;

/// Where a register stands in a port.
enum class Base : std::uint8_t { kHeader, kExpress, kSecondary, kDevice3 };

struct StepRow {
  PcieAction action;
  Base base;
  std::uint16_t offset;
  std::uint8_t width;
  std::uint32_t mask;
  std::uint32_t bits;  ///< where the action has no value
  std::string_view what;
  Duration then;
};
/// In the order in which they are written.
constexpr auto kSteps = std::to_array<StepRow>({
    {PcieAction::kRetrain,
     Base::kExpress,
     0x10,
     2,
     kRetrainBit,
     kRetrainBit,
     "Link Control: Retrain Link (reads 0)",
     {}},
    {PcieAction::kEqualise,
     Base::kSecondary,
     0x04,
     4,
     1,
     1,
     "Link Control 3: Perform Equalization",
     {}},
    {PcieAction::kEqualise, Base::kExpress, 0x10, 2, kRetrainBit, kRetrainBit,
     "Link Control: Retrain Link (reads 0)", Duration{100'000'000}},
    {PcieAction::kEqualise,
     Base::kSecondary,
     0x04,
     4,
     1,
     0,
     "Link Control 3: Perform Equalization, off again",
     {}},
    {PcieAction::kSetSpeed,
     Base::kExpress,
     0x30,
     2,
     kSpeedField,
     0,
     "Link Control 2: Target Link Speed",
     {}},
    {PcieAction::kSetSpeed,
     Base::kExpress,
     0x10,
     2,
     kRetrainBit,
     kRetrainBit,
     "Link Control: Retrain Link (reads 0)",
     {}},
    {PcieAction::kSetWidth,
     Base::kDevice3,
     0x08,
     4,
     kWidthField,
     0,
     "Device Control 3: L0p Enable and Target Link Width",
     {}},
    {PcieAction::kDisable, Base::kExpress, 0x10, 2, kDisableBit, kDisableBit,
     "Link Control: Link Disable", kPoll},
    {PcieAction::kEnable,
     Base::kExpress,
     0x10,
     2,
     kDisableBit,
     0,
     "Link Control: Link Disable, off",
     {}},
    {PcieAction::kReset, Base::kHeader, 0x3E, 2, kResetBit, kResetBit,
     "Bridge Control: Secondary Bus Reset", kHold},
    {PcieAction::kReset, Base::kHeader, 0x3E, 2, kResetBit, 0,
     "Bridge Control: Secondary Bus Reset, off", kAfterReset},
});

struct ActionRow {
  PcieAction action;
  bool lasts;
  bool is_up_after;
  std::string_view disturbs;
  std::string_view undo;
};
constexpr auto kActions = std::to_array<ActionRow>({
    {PcieAction::kRetrain, false, true, "Traffic over the link pauses for some milliseconds.",
     "Nothing stays changed."},
    {PcieAction::kEqualise, false, true,
     "Traffic over the link pauses for some 100 ms while both ends equalise anew.",
     "The ends keep the equalisation that they find; no register stays changed."},
    {PcieAction::kSetSpeed, true, true,
     "The link retrains, so that traffic pauses for some milliseconds, and then runs at the new "
     "speed.",
     "weft undo writes the old target speed back and retrains the link."},
    {PcieAction::kSetWidth, true, true,
     "Lanes go to rest or wake while traffic goes on, over fewer or more of them.",
     "weft undo writes the old width back."},
    {PcieAction::kDisable, true, false,
     "The link goes down. Nothing below it answers until it is enabled again.",
     "weft undo, or weft link enable, switches it on again."},
    {PcieAction::kEnable, true, true, "None: the link is off now, and comes up.",
     "weft undo, or weft link disable, switches it off again."},
    {PcieAction::kReset, false, true,
     "The link goes down, and every function below is reset and loses what was set up in it. "
     "Drivers that use them must be stopped first.",
     "A reset cannot be undone; let the kernel find the functions again."},
});

const ActionRow& row_of(PcieAction action) {
  const auto* const row = std::ranges::find(kActions, action, &ActionRow::action);
  return row == kActions.end() ? kActions.front() : *row;
}

std::uint16_t offset_of(const PcieEnd& end, const StepRow& step) {
  const std::array<std::uint16_t, 4> bases = {0, end.express(), end.secondary(), end.device3()};
  return static_cast<std::uint16_t>(bases.at(static_cast<std::size_t>(step.base)) + step.offset);
}

tl::unexpected<base::Error> refuse(Code code, const PcieEnd& end, std::string what,
                                   std::string hint) {
  return base::fail(code, std::move(what), end.address(), std::move(hint));
}

/// The bits that a value stands for in its register; kInvalidArgument where the port has no such.
Result<std::uint32_t> speed_bits(const PcieEnd& end, std::uint32_t speed) {
  const auto capabilities = end.config().read(static_cast<std::uint16_t>(end.express() + 0x2C), 4);
  if (!capabilities) {
    return tl::unexpected(capabilities.error());
  }
  // Link Capabilities 2 has a bit a speed; ports of PCIe 1 and 2 have none set.
  const std::uint32_t vector = *capabilities & 0xFE;
  const bool is_there =
      speed != 0 && speed <= end.speed_max() && (vector == 0 || (vector >> speed & 1U) != 0);
  if (!is_there) {
    const auto most = wire::pcie::rate_of_code(end.speed_max()).value_or(base::TransferRate{});
    return refuse(Code::kInvalidArgument, end, "the port does not have this speed",
                  fmt::format("Its highest is {} GT/s.", base::as_giga(most)));
  }
  return speed;
}

Result<std::uint32_t> width_bits(const PcieEnd& end, std::uint32_t lanes) {
  const auto able = end.device3() == 0
                        ? Result<std::uint32_t>(0)
                        : end.config().read(static_cast<std::uint16_t>(end.device3() + 4), 4);
  const auto link = end.link();
  if (!able || !link) {
    return tl::unexpected(able ? link.error() : able.error());
  }
  if ((*able & kL0p) == 0 || !link->is_flit) {
    return refuse(Code::kFailedPrecondition, end,
                  "the width of this link cannot be set: it has no L0p",
                  "PCIe lets software change a link's width only by L0p, in flit mode (64 GT/s).");
  }
  const bool is_power = std::has_single_bit(lanes) && lanes <= 16;
  if (!is_power || lanes > end.width_max().value()) {
    return refuse(Code::kInvalidArgument, end, fmt::format("the port has no width x{}", lanes),
                  fmt::format("1, 2, 4, 8 or 16 up to its x{}.", end.width_max().value()));
  }
  return kL0p | static_cast<std::uint32_t>(std::countr_zero(lanes)) << 4;
}

Result<PcieLinkView> wait_for_link(const PcieEnd& upper, const Wait& wait) {
  unsigned alike = 0;
  PcieLinkView last;
  for (unsigned i = 0; i < kPolls; ++i) {
    wait(kPoll);
    auto view = upper.link();
    if (!view) {
      return view;
    }
    const bool is_up = !view->is_training && (view->is_active || !upper.reports_active());
    const bool is_same = view->speed == last.speed && view->width == last.width;
    alike = !is_up ? 0 : is_same ? alike + 1 : 1;
    if (alike == kAlike) {
      return view;
    }
    last = *view;
  }
  return refuse(Code::kDeadlineExceeded, upper, "the link did not come back within a second",
                "weft why tells what it sees of the link.");
}

/// What the link must be after the action.
Result<void> check(const PcieEnd& upper, const PciePlan& plan, const PcieLinkView& now) {
  if (plan.action == PcieAction::kSetSpeed && now.speed != plan.wanted) {
    const auto wanted = wire::pcie::rate_of_code(static_cast<std::uint8_t>(plan.wanted));
    return refuse(Code::kFailedPrecondition, upper,
                  fmt::format("the link came up at {} GT/s, not {}", base::as_giga(now.rate),
                              base::as_giga(wanted.value_or(base::TransferRate{}))),
                  "The other end may not have that speed, or the channel may not hold it.");
  }
  if (plan.action == PcieAction::kSetWidth && now.width.value() != plan.wanted) {
    return refuse(Code::kFailedPrecondition, upper,
                  fmt::format("the link runs x{}, not x{}", now.width.value(), plan.wanted),
                  "The other end may not have agreed.");
  }
  return {};
}

Result<void> write_step(const PcieEnd& upper, const PcieWrite& step, Journal& journal,
                        const Wait& wait) {
  const auto old = upper.config().read(step.offset, step.width);
  if (!old) {
    return tl::unexpected(old.error());
  }
  const std::uint32_t value = (*old & ~step.mask) | (step.value & step.mask);
  if (auto done = write_noted(upper.config(), journal, step.offset, step.width, value); !done) {
    return done;
  }
  wait(step.then);
  const bool clears_itself = step.mask == kRetrainBit;
  const auto now = upper.config().read(step.offset, step.width);
  if (!now) {
    return tl::unexpected(now.error());
  }
  if (!clears_itself && ((*now ^ value) & step.mask) != 0) {
    return refuse(Code::kFailedPrecondition, upper,
                  fmt::format("register 0x{:03x} reads {:#x}, not {:#x}", step.offset, *now, value),
                  "The port may not implement it.");
  }
  return {};
}

std::optional<std::uint32_t> register_now(bus::Devices& devices, const JournalEntry& entry) {
  auto config = devices.config_space(entry.device);
  const auto place = std::string_view(entry.place).substr(0, 2) == "0x"
                         ? base::parse_unsigned(std::string_view(entry.place).substr(2), 16)
                         : std::nullopt;
  if (!config || !place || *place > 0xFFC || entry.old.size() > 4) {
    return std::nullopt;
  }
  const auto value = (*config)->read(static_cast<std::uint16_t>(*place),
                                     static_cast<std::uint8_t>(entry.old.size()));
  return value ? std::optional(*value) : std::nullopt;
}

}  // namespace pcie_plan

PcieActionFacts facts_of(PcieAction action) {
  const pcie_plan::ActionRow& row = pcie_plan::row_of(action);
  return {row.disturbs, row.undo, row.lasts};
}

base::Result<PciePlan> plan_pcie(const PcieEnd& upper, PcieAction action, std::uint32_t value) {
  using namespace pcie_plan;
  if (!upper.faces_down()) {
    return refuse(Code::kInvalidArgument, upper, "the upper end of a link acts on it",
                  "Name the root or downstream port above.");
  }
  const ActionRow& row = row_of(action);
  PciePlan plan{.action = action,
                .wanted = value,
                .before = {},
                .writes = {},
                .disturbs = std::string(row.disturbs),
                .undo = std::string(row.undo),
                .lasts = row.lasts};
  const auto before = upper.link();
  if (!before) {
    return tl::unexpected(before.error());
  }
  plan.before = *before;
  if (action == PcieAction::kEqualise && upper.secondary() == 0) {
    return refuse(Code::kFailedPrecondition, upper, "the port has no equalisation",
                  "It begins with 8 GT/s.");
  }
  auto bits = action == PcieAction::kSetSpeed   ? speed_bits(upper, value)
              : action == PcieAction::kSetWidth ? width_bits(upper, value)
                                                : Result<std::uint32_t>(0);
  if (!bits) {
    return tl::unexpected(bits.error());
  }
  bool has_value = action == PcieAction::kSetSpeed || action == PcieAction::kSetWidth;
  std::map<std::uint16_t, std::uint32_t> known;
  for (const StepRow& step : kSteps) {
    if (step.action != action) {
      continue;
    }
    const std::uint16_t at = offset_of(upper, step);
    if (!known.contains(at)) {
      const auto old = upper.config().read(at, step.width);
      if (!old) {
        return tl::unexpected(old.error());
      }
      known[at] = *old;
    }
    const std::uint32_t set = has_value ? *bits : step.bits;
    has_value = false;  // only the first register takes it
    const std::uint32_t now = (known[at] & ~step.mask) | set;
    plan.writes.push_back({.offset = at,
                           .width = step.width,
                           .mask = step.mask,
                           .old = known[at],
                           .value = now,
                           .what = std::string(step.what),
                           .then = step.then});
    known[at] = now & ~kRetrainBit;
  }
  return plan;
}

base::Result<std::optional<PcieLinkView>> run_pcie(const PcieEnd& upper, const PciePlan& plan,
                                                   Journal& journal, const Wait& wait) {
  using namespace pcie_plan;
  for (const PcieWrite& step : plan.writes) {
    if (auto done = write_step(upper, step, journal, wait); !done) {
      return tl::unexpected(done.error());
    }
  }
  if (!row_of(plan.action).is_up_after) {
    return std::optional<PcieLinkView>();
  }
  auto view = wait_for_link(upper, wait);
  if (view) {
    if (auto fits = check(upper, plan, *view); !fits) {
      return tl::unexpected(fits.error());
    }
  }
  return view ? base::Result<std::optional<PcieLinkView>>(*view) : tl::unexpected(view.error());
}

base::Result<void> strike_unchanged(bus::Devices& devices, Journal& journal) {
  std::size_t kept = 0;
  auto struck = journal.undo([&](const JournalEntry& entry) -> base::Result<void> {
    const auto now = pcie_plan::register_now(devices, entry);
    std::uint32_t old = 0;
    for (std::size_t i = 0; i < entry.old.size() && i < 4; ++i) {
      old |= std::uint32_t{entry.old[i]} << (8 * i);
    }
    if (entry.door == "config" && now && *now == old) {
      return {};
    }
    ++kept;
    return base::fail(base::Code::kFailedPrecondition, "it is changed", entry.device);
  });
  return kept == 0 ? struck : base::Result<void>();
}

Restore restore_link(bus::Devices& devices, const Wait& wait) {
  return [&devices, wait, restore = restore_config(devices, wait)](
             const JournalEntry& entry) -> base::Result<void> {
    if (auto done = restore(entry); !done || entry.door != "config") {
      return done;
    }
    auto config = devices.config_space(entry.device);
    auto end = config ? PcieEnd::open(std::move(*config)) : tl::unexpected(config.error());
    if (!end || !end->faces_down() ||
        entry.place != fmt::format("0x{:03x}", end->express() + 0x30U)) {
      return {};
    }
    const auto at = static_cast<std::uint16_t>(end->express() + 0x10U);
    const auto control = end->config().read(at, 2);
    if (!control || (*control & pcie_plan::kDisableBit) != 0) {
      return control ? base::Result<void>() : tl::unexpected(control.error());
    }
    if (auto done = end->config().write(at, 2, *control | pcie_plan::kRetrainBit); !done) {
      return done;
    }
    return pcie_plan::wait_for_link(*end, wait).map([](const PcieLinkView&) {});
  };
}

}  // namespace weft::driver
