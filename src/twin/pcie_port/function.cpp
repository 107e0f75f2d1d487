// SPDX-License-Identifier: Apache-2.0
// The function's frame: stored bits, their resets, messages, checkpoint.
#include "twin/pcie_port/function.h"

#include "twin/pcie_port/tell.h"
#include "twin/world/world.h"

#include <algorithm>

#include <fmt/format.h>

namespace weft::twin::pcie_port {

Function::Function(FunctionParts parts)
    : Actor(parts.path),
      parts_(std::move(parts)),
      bytes_(parts_.enumerated),
      margining_(parts_.layout->margining == 0 ? nullptr : parts_.link, parts_.end,
                 parts_.layout->make.width) {
  reporting_ = wanted_reports();
}

void Function::set_parent(Function& parent) {
  parent_ = &parent;
  parent.children_.push_back(this);
}

std::uint32_t Function::stored(std::uint16_t offset) const {
  return static_cast<std::uint32_t>(base::read_le(bytes_, offset, 4).value_or(0));
}

void Function::store(std::uint16_t offset, std::uint32_t value) {
  base::write_le(bytes_, offset, 4, value);
}

bool Function::answers() const {
  if (is_held_) {
    return false;
  }
  if (parts_.link != nullptr && parts_.end == End::kB && !parts_.link->status().is_up) {
    return false;
  }
  return parent_ == nullptr || (!parent_->is_contained() && parent_->answers());
}

base::Result<std::uint32_t> Function::read(std::uint16_t offset, std::uint8_t width) {
  if ((width != 1 && width != 2 && width != 4) || offset % width != 0 || offset + width > 4096) {
    return base::fail(base::Code::kInvalidArgument,
                      fmt::format("no register of {} bytes at offset {:#x}", width, offset),
                      parts_.address, "Read 1, 2 or 4 bytes at a multiple of that, below 4096.");
  }
  const std::uint32_t value = answers() ? dword(offset & 0xFFCU) : 0xFFFFFFFF;
  const std::uint32_t shifted = value >> (8 * (offset & 3U));
  return width == 4 ? shifted : shifted & ((1U << (8 * width)) - 1);
}

base::Result<void> Function::write(std::uint16_t offset, std::uint8_t width, std::uint32_t value) {
  if ((width != 1 && width != 2 && width != 4) || offset % width != 0 || offset + width > 4096) {
    return base::fail(base::Code::kInvalidArgument,
                      fmt::format("no register of {} bytes at offset {:#x}", width, offset),
                      parts_.address, "Write 1, 2 or 4 bytes at a multiple of that, below 4096.");
  }
  const auto at = static_cast<std::uint16_t>(offset & 0xFFC);
  if (!answers() || at + 4U > bytes_.size()) {
    return {};  // nobody takes it: posted and lost
  }
  settle_reports();
  const unsigned shift = 8 * (offset & 3U);
  const std::uint32_t lanes = (width == 4 ? ~0U : (1U << (8 * width)) - 1) << shift;
  const std::uint32_t moved = value << shift & lanes;
  const Semantics& can = parts_.layout->semantics;
  Written written{.offset = at, .before = stored(at), .lanes = lanes};
  const std::uint32_t writable = Semantics::at(can.writable, at) & lanes;
  written.cleared = Semantics::at(can.clears, at) & moved;
  written.commanded = Semantics::at(can.commands, at) & moved;
  written.after = (written.before & ~writable) | (moved & writable);
  written.after &= ~written.cleared;
  store(at, written.after);
  after_write(written);
  settle_reports();
  return {};
}

void Function::reset(bool keeps_sticky) {
  const Semantics& can = parts_.layout->semantics;
  for (std::size_t i = 0; i < bytes_.size(); ++i) {
    const unsigned held = keeps_sticky ? can.sticky[i] : 0U;
    // What is neither writable nor latched never moved.
    bytes_[i] = static_cast<std::uint8_t>((bytes_[i] & held) | (parts_.power_on[i] & ~held));
  }
  margining_.reset();
  retrain_from_.reset();
  is_command_pending_ = false;
  is_fresh_ = true;
}

void Function::reset_function() {
  // A function level reset leaves the link's controls alone, PCIe Base 6.6.2.
  const std::uint16_t express = parts_.layout->express;
  const std::uint32_t link = stored(express + 0x10U);
  const std::uint32_t link_2 = stored(express + 0x30U);
  reset(true);
  is_fresh_ = false;
  store(express + 0x10U, link);
  store(express + 0x30U, link_2);
}

void Function::restore_by_host() {
  if (!is_fresh_) {
    return;
  }
  const Semantics& can = parts_.layout->semantics;
  for (std::size_t i = 0; i < bytes_.size(); ++i) {
    const unsigned own = can.writable[i];
    bytes_[i] = static_cast<std::uint8_t>((bytes_[i] & ~own) | (parts_.enumerated[i] & own));
  }
  is_fresh_ = false;
  for (const Function* child : children_) {
    if (child->parts_.layout->make.role == FunctionPlan::Role::kDownstream) {
      send(child->id(),
           {.kind = MessageKind::kOwn, .sub = static_cast<std::uint32_t>(Tell::kRestore)});
    }
  }
}

void Function::pass_reset() {
  for (const Function* child : children_) {
    send(child->id(), {.kind = MessageKind::kHotReset, .from = id()});
  }
}

void Function::ask_link(LinkAsk ask, bool is_on) {
  if (parts_.link != nullptr) {
    send(parts_.link->id(), {.kind = MessageKind::kOwn,
                             .from = id(),
                             .sub = static_cast<std::uint32_t>(ask),
                             .source = parts_.end == End::kA ? 0U : 1U,
                             .value = is_on ? 1.0 : 0.0});
  }
}

void Function::link_moved(bool is_up) {
  const Layout& layout = *parts_.layout;
  const bool is_change = is_up != is_link_up_;
  is_link_up_ = is_up;
  if (!is_up) {
    margining_.reset();
  }
  if (parts_.end == End::kB) {
    if (is_up) {
      restore_by_host();
    } else {
      reset(true);
      if (layout.make.role == FunctionPlan::Role::kUpstream) {
        pass_reset();
      }
    }
  } else if (layout.make.has_slot && is_change && has_been_up_) {
    set_bits(layout.express + 0x18U, 1U << 24);  // Data Link Layer State Changed
  }
  has_been_up_ = has_been_up_ || is_up;
}

void Function::on_timer(std::uint32_t timer) {
  if (timer == kReleaseReset) {
    ask_link(LinkAsk::kPortReset, false);
  } else if (timer == kHostRecovers) {
    end_containment();
  }
}

void Function::on_message(const Message& message) {
  const Layout& layout = *parts_.layout;
  switch (message.kind) {
    case MessageKind::kLinkUp:
      return link_moved(true);
    case MessageKind::kLinkDown:
      return link_moved(false);
    case MessageKind::kLinkChanged:
      if (layout.faces_down()) {
        set_bits(layout.express + 0x10U, 1U << 30);  // Link Bandwidth Management Status
      }
      return;
    case MessageKind::kLinkError:
      if (message.source == (parts_.end == End::kA ? 0U : 1U)) {
        on_link_error(static_cast<LinkError>(message.sub));
      }
      return;
    case MessageKind::kHotReset:
      if (layout.make.role == FunctionPlan::Role::kDownstream) {
        reset(true);
        ask_link(LinkAsk::kPortReset, true);
        set_timer(kReleaseReset, now() + kResetHeld);
      } else if (parts_.end == End::kB) {
        reset(true);
        if (layout.make.role == FunctionPlan::Role::kUpstream) {
          pass_reset();
        }
      }
      return;
    case MessageKind::kPerst:
    case MessageKind::kPower:
      is_held_ = (message.kind == MessageKind::kPerst) == (message.sub == 1);
      reset(false);
      if (!is_held_) {
        restore_by_host();
      }
      return;
    case MessageKind::kOwn:
      break;
    default:
      return;
  }
  switch (static_cast<Tell>(message.sub)) {
    case Tell::kNonFatal:
    case Tell::kFatal:
      return receive_error(static_cast<Tell>(message.sub) == Tell::kFatal,
                           static_cast<std::uint16_t>(message.source));
    case Tell::kRestore:
      return restore_by_host();
  }
}

void Function::exchange(Archive& archive) {
  const std::size_t size = bytes_.size();
  archive.fields(bytes_, margining_, status_from_, device_from_, reported_, reported_from_,
                 reporting_, nonfatal_, fatal_, root_nonfatal_, root_fatal_, root_from_,
                 root_mult_from_, lane_from_, retrain_from_, command_done_, is_command_pending_,
                 was_present_, is_link_up_, has_been_up_, is_held_, is_fresh_);
  bytes_.resize(size);
}

void Function::registers(Archive& out) const {
  bool is_there = answers();
  out.field(is_there);
  for (std::uint16_t offset = 0; is_there && offset < bytes_.size(); offset += 4) {
    std::uint32_t value = dword(offset);
    out.field(value);
  }
  auto counts = aer_counts();
  out.fields(counts.correctable, counts.nonfatal, counts.fatal);
}

Function* function_of(bus::ConfigSpace* space) {
  return dynamic_cast<Function*>(space);
}

}  // namespace weft::twin::pcie_port
