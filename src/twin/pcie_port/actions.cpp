// SPDX-License-Identifier: Apache-2.0
// What a write does beyond storing bits: it reaches the link, the slot, the functions below, or the
// point from which a status counts anew.
#include "base/id.h"
#include "twin/pcie_port/function.h"
#include "twin/pcie_port/tell.h"
#include "twin/world/world.h"

#include <fmt/format.h>

namespace weft::twin::pcie_port {
namespace written_actions {

/// From the write to Command Completed; 6.7.3.2 asks for less than 1 s. Modelled.
constexpr Duration kHotPlugCommand{10'000'000};

bool has_changed(std::uint32_t before, std::uint32_t after, std::uint32_t bits) {
  return ((before ^ after) & bits) != 0;
}

}  // namespace written_actions

void Function::after_write(const Written& written) {
  const Layout& layout = *parts_.layout;
  const std::uint16_t at = written.offset;
  if (at == 0x3C && layout.is_bridge() &&
      written_actions::has_changed(written.before, written.after, 1U << 22)) {
    reset_below((written.after & 1U << 22) != 0);
  } else if (at >= layout.express && at < layout.express + 0x3C) {
    after_express(written);
  } else if (at >= layout.aer && at < layout.aer + 0x48) {
    after_aer(written);
  } else if (layout.dpc != 0 && at >= layout.dpc && at < layout.dpc + 0xC) {
    after_dpc(written);
  } else if (layout.secondary != 0 && at == layout.secondary + 8 && written.cleared != 0) {
    if (parts_.link != nullptr) {
      clear_lane_errors(written.cleared);
    }
  } else if (layout.margining != 0 && at >= layout.margining + 8 &&
             at < layout.margining + 8 + 4 * layout.make.width) {
    after_margining(written);
  } else if (layout.device3 != 0 && at == layout.device3 + 8) {
    command_width(written);
  }
}

void Function::clear_lane_errors(std::uint32_t cleared) {
  const auto counts = lane_error_counts();
  const std::uint32_t shown = lane_errors();
  if (!lane_from_) {
    lane_from_.emplace(counts.size(), 0);
  }
  for (std::size_t lane = 0; lane < counts.size(); ++lane) {
    if ((cleared >> lane & 1U) != 0 || (shown >> lane & 1U) == 0) {
      (*lane_from_)[lane] = counts[lane];
    } else if (counts[lane] == 0) {
      (*lane_from_)[lane] = 0;
    }
  }
}

void Function::after_express(const Written& written) {
  using written_actions::has_changed;
  const Layout& layout = *parts_.layout;
  Link* const link = parts_.link;
  switch (written.offset - layout.express) {
    case 0x08:
      if ((written.cleared & 1U << 16) != 0) {
        device_from_ = counted();
      }
      if ((written.commanded & 1U << 15) != 0) {
        reset_function();
      }
      return;
    case 0x10:
      if (link == nullptr) {
        return;
      }
      if (layout.faces_down() && has_changed(written.before, written.after, 1U << 4) &&
          !is_contained()) {
        link->set_disabled(parts_.end, (written.after & 1U << 4) != 0);
      }
      if (has_changed(written.before, written.after, 3)) {
        link->set_aspm(parts_.end, static_cast<std::uint8_t>(written.after & 3U));
      }
      if ((written.cleared & 1U << 30) != 0 && has_retrained()) {
        retrain_from_.reset();
      }
      if ((written.commanded & 1U << 5) != 0) {
        // A link that trains already, or rests, comes to L0 without being counted once more.
        if (const LinkStatus status = link->status(); status.is_up) {
          const std::uint64_t counted = trainings();
          const bool is_counted = status.state != TrainingState::kL0 && counted != 0;
          retrain_from_ = counted - (is_counted ? 1U : 0U);
        }
        const bool is_equalising =
            layout.secondary != 0 && (stored(layout.secondary + 4U) & 1U) != 0;
        is_equalising ? link->redo_equalisation(parts_.end) : link->retrain(parts_.end);
      }
      return;
    case 0x18:
      if ((written.cleared & 1U << 19) != 0) {
        was_present_ = is_present();
      }
      if ((written.cleared & 1U << 20) != 0 && now() >= command_done_) {
        is_command_pending_ = false;
      }
      if (layout.make.has_slot && (written.lanes & 0xFFFFU) != 0) {
        command_slot(written.before, written.after);
      }
      return;
    case 0x30:
      if (link != nullptr && has_changed(written.before, written.after, 0xF)) {
        const auto code = static_cast<std::uint8_t>(written.after & 0xFU);
        // A code that is not supported means the highest that is.
        link->set_target_rate(
            parts_.end,
            rate_of_speed(code == 0 || code > layout.make.speed ? layout.make.speed : code));
      }
      return;
    default:
      return;
  }
}

void Function::command_width(const Written& written) {
  constexpr std::uint32_t kL0p = 1U << 3;
  if (parts_.link == nullptr ||
      !written_actions::has_changed(written.before, written.after, kL0p | 0x70U)) {
    return;
  }
  const std::uint32_t code = written.after >> 4 & 7U;
  const bool is_narrowed = (written.after & kL0p) != 0 && code <= 4;
  parts_.link->set_target_width(
      parts_.end, base::LaneCount(is_narrowed ? 1U << code : parts_.layout->make.width));
}

void Function::command_slot(std::uint32_t before, std::uint32_t after) {
  // Every write of Slot Control is one command, 6.7.3.2.
  is_command_pending_ = true;
  command_done_ = now() + written_actions::kHotPlugCommand;
  if (parts_.link != nullptr && written_actions::has_changed(before, after, 1U << 10)) {
    parts_.link->set_power(parts_.end, (after & 1U << 10) == 0);
  }
}

void Function::reset_below(bool is_asserted) {
  if (parts_.layout->faces_down()) {
    if (parts_.link != nullptr) {
      parts_.link->hot_reset(parts_.end, is_asserted);
    }
    return;
  }
  // An upstream port resets its switch: the ports below and, by them, their links.
  for (Function* child : children_) {
    if (is_asserted) {
      child->reset(true);
    } else {
      child->restore_by_host();
    }
    if (child->parts_.link != nullptr) {
      child->parts_.link->hot_reset(child->parts_.end, is_asserted);
    }
  }
}

void Function::after_aer(const Written& written) {
  const Layout& layout = *parts_.layout;
  switch (written.offset - layout.aer) {
    case 0x10: {
      const Classes now_counted = counted();
      constexpr std::array<std::uint8_t, kClasses> kBits = {0, 6, 7, 8, 12};
      for (std::size_t i = 0; i < kClasses; ++i) {
        if ((written.cleared >> kBits[i] & 1U) != 0) {
          status_from_[i] = now_counted[i];
        }
      }
      return;
    }
    case 0x30: {
      if ((written.cleared & 3U) == 0 || !layout.is_root()) {
        return;
      }
      const RootView view = correctable_received();
      const bool is_multiple = view.received > 1 && view.received > root_mult_from_;
      if ((written.cleared & 2U) != 0) {
        root_mult_from_ = view.received;
      }
      if ((written.cleared & 1U) != 0 && view.received != 0) {
        store(layout.aer + 0x34U, (stored(layout.aer + 0x34U) & 0xFFFF0000U) | view.source);
        clear_correctable_received();
        if (is_multiple && (written.cleared & 2U) == 0) {
          set_bits(layout.aer + 0x30U, 2U);
        }
      }
      return;
    }
    default:
      return;
  }
}

void Function::after_dpc(const Written& written) {
  const Layout& layout = *parts_.layout;
  switch (written.offset - layout.dpc) {
    case 0x04: {
      const bool is_enabled = (written.after >> 16 & 3U) != 0;
      if ((written.commanded & 1U << 22) != 0 && is_enabled) {
        contain(3, 1, 0);
      }
      return;
    }
    case 0x08:
      if ((written.cleared & written.before & 1U) != 0) {
        ask_link(LinkAsk::kPortDisable, (stored(layout.express + 0x10U) & 1U << 4) != 0);
      }
      return;
    default:
      return;
  }
}

void Function::after_margining(const Written& written) {
  if ((written.lanes & 0xFFFFU) == 0) {
    return;
  }
  const auto lane = static_cast<std::uint32_t>(written.offset - parts_.layout->margining - 8) / 4;
  const auto value = static_cast<std::uint16_t>(written.after & 0xFFFF);
  const std::uint64_t stream = base::fnv1a64(
      fmt::format("{}/margin/{}/{}/{}/{}", path(), lane, now().ns, value, world().seed()));
  margining_.command(lane, value, now(), stream);
}

}  // namespace weft::twin::pcie_port
