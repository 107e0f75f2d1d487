// SPDX-License-Identifier: Apache-2.0
// Errors of a function and what becomes of them: latched in status registers, reported up the
// hierarchy, gathered at the root port, contained on the way. PCIe Base 6.2.
#include "twin/pcie_port/function.h"
#include "twin/pcie_port/tell.h"
#include "twin/world/time.h"
#include "twin/world/world.h"

#include <algorithm>
#include <cstdlib>
#include <numeric>

namespace weft::twin::pcie_port {
namespace error_classes {

struct Class {
  LinkCounter counter;
  std::uint8_t bit;  ///< in Correctable Error Status
};
constexpr std::array<Class, 5> kAll = {{{LinkCounter::kReceiverErrors, 0},
                                        {LinkCounter::kBadTlp, 6},
                                        {LinkCounter::kBadDllp, 7},
                                        {LinkCounter::kReplayRollovers, 8},
                                        {LinkCounter::kReplayTimeouts, 12}}};

constexpr std::uint8_t kDataLinkProtocol = 4;
constexpr std::uint8_t kSurpriseDown = 5;
constexpr std::uint8_t kPoisoned = 12;
/// Errors that a TLP brings: its header is logged.
constexpr std::uint32_t kWithHeader = 0x03BBF000 & ~(1U << 13) & ~(1U << 14);

void gather(const Function& at, std::vector<const Function*>& out) {
  out.push_back(&at);
  for (const Function* child : at.children()) {
    gather(*child, out);
  }
}

}  // namespace error_classes

Function::Classes Function::counted() const {
  Classes out{};
  if (parts_.link != nullptr) {
    for (std::size_t i = 0; i < kClasses; ++i) {
      out[i] = parts_.link->counter(error_classes::kAll[i].counter, parts_.end);
    }
  }
  return out;
}

std::uint32_t Function::correctable_status() const {
  std::uint32_t out = stored(parts_.layout->aer + 0x10U);
  const Classes now_counted = counted();
  for (std::size_t i = 0; i < kClasses; ++i) {
    out |= now_counted[i] > status_from_[i] ? 1U << error_classes::kAll[i].bit : 0U;
  }
  return out;
}

std::uint32_t Function::wanted_reports() const {
  const Layout& layout = *parts_.layout;
  const bool is_enabled = (stored(layout.express + 8U) & 1U) != 0;
  return is_enabled ? ~stored(layout.aer + 0x14U) : 0U;
}

Function::Classes Function::reported_by_class() const {
  Classes out = reported_;
  const Classes now_counted = counted();
  for (std::size_t i = 0; i < kClasses; ++i) {
    if ((reporting_ >> error_classes::kAll[i].bit & 1U) != 0) {
      out[i] += now_counted[i] - reported_from_[i];
    }
  }
  return out;
}

std::uint64_t Function::reported() const {
  const Classes by_class = reported_by_class();
  return std::accumulate(by_class.begin(), by_class.end(), std::uint64_t{0});
}

void Function::settle_reports() {
  reported_ = reported_by_class();
  reported_from_ = counted();
  reporting_ = wanted_reports();
}

Function::RootView Function::correctable_received() const {
  std::vector<const Function*> below;
  error_classes::gather(*this, below);
  RootView out;
  for (std::size_t i = 0; i < below.size(); ++i) {
    const std::uint64_t from = i < root_from_.size() ? root_from_[i] : 0;
    const std::uint64_t fresh = below[i]->reported() - from;
    if (fresh != 0 && out.received == 0) {
      out.source = below[i]->requester();
    }
    out.received += fresh;
  }
  return out;
}

void Function::clear_correctable_received() {
  std::vector<const Function*> below;
  error_classes::gather(*this, below);
  root_from_.clear();
  for (const Function* one : below) {
    root_from_.push_back(one->reported());
  }
  root_mult_from_ = 0;
}

std::uint16_t Function::requester() const {
  // "0000:3b:00.0": bus, device, function.
  const std::string& address = parts_.address;
  if (address.size() < 7) {
    return 0;
  }
  const std::string tail = address.substr(address.size() - 7);
  const auto number = [&](std::size_t at, std::size_t digits) {
    return std::strtoul(tail.substr(at, digits).c_str(), nullptr, 16);
  };
  return static_cast<std::uint16_t>(number(0, 2) << 8 | number(3, 2) << 3 | number(6, 1));
}

bool Function::is_contained() const {
  const std::uint16_t dpc = parts_.layout->dpc;
  return dpc != 0 && (stored(dpc + 8U) & 1U) != 0;
}

bool Function::traps(bool is_fatal) const {
  const std::uint16_t dpc = parts_.layout->dpc;
  if (dpc == 0 || is_contained()) {
    return false;
  }
  const std::uint32_t enable = stored(dpc + 4U) >> 16 & 3U;
  return enable == 2 || (enable == 1 && is_fatal);
}

bool Function::contain(std::uint32_t reason, std::uint32_t extension, std::uint16_t source) {
  const std::uint16_t dpc = parts_.layout->dpc;
  if (dpc == 0 || is_contained()) {
    return false;
  }
  const bool interrupts = (stored(dpc + 4U) & 1U << 19) != 0;
  std::uint32_t status = stored(dpc + 8U);
  status &= ~0xFFFF0066U;
  status |=
      1U | reason << 1 | (interrupts ? 8U : 0U) | extension << 5 | std::uint32_t{source} << 16;
  store(dpc + 8U, status);
  ask_link(LinkAsk::kPortDisable, true);
  if (interrupts) {
    set_timer(kHostRecovers, later(now(), kHostRecovery));
  }
  return true;
}

void Function::end_containment() {
  const std::uint16_t dpc = parts_.layout->dpc;
  if (is_contained()) {
    store(dpc + 8U, stored(dpc + 8U) & ~9U);  // Trigger Status, Interrupt Status
    ask_link(LinkAsk::kPortDisable, (stored(parts_.layout->express + 0x10U) & 1U << 4) != 0);
  }
}

void Function::on_link_error(LinkError error) {
  const Layout& layout = *parts_.layout;
  switch (error) {
    case LinkError::kSurpriseDown:
      if (layout.faces_down() && !is_contained() &&
          (stored(layout.express + 0x10U) & 1U << 4) == 0) {
        report_uncorrectable(error_classes::kSurpriseDown);
      }
      return;
    case LinkError::kDataLinkProtocol:
      return report_uncorrectable(error_classes::kDataLinkProtocol);
    case LinkError::kReplayRollover:
      return;  // correctable: the link counts it
    case LinkError::kUncorrectable:
      return report_uncorrectable(error_classes::kPoisoned);
  }
}

void Function::report_uncorrectable(std::uint8_t bit) {
  const Layout& layout = *parts_.layout;
  const std::uint32_t one = 1U << (bit & 31U);
  const std::uint32_t status = stored(layout.aer + 4U);
  const bool is_masked = (stored(layout.aer + 8U) & one) != 0;
  const bool is_fatal = (stored(layout.aer + 0xCU) & one) != 0;
  store(layout.aer + 4U, status | one);
  set_bits(layout.express + 8U, is_fatal ? 1U << 18 : 1U << 17);
  if (is_masked) {
    return;
  }
  const std::uint32_t pointer = stored(layout.aer + 0x18U) & 0x1FU;
  if ((status >> pointer & 1U) == 0) {  // no earlier error holds pointer and log
    store(layout.aer + 0x18U, (stored(layout.aer + 0x18U) & ~0x1FU) | bit);
    const bool has_header = (error_classes::kWithHeader & one) != 0;
    // Modelled: a posted memory write of 64 bytes from this requester.
    const std::uint32_t header[4] = {0x60000010, std::uint32_t{requester()} << 16 | 0xFF, 0x20,
                                     0x00001000};
    for (std::uint16_t i = 0; i < 4; ++i) {
      store(static_cast<std::uint16_t>(layout.aer + 0x1CU + 4U * i), has_header ? header[i] : 0);
    }
  }
  const std::uint32_t control = stored(layout.express + 8U);
  const bool has_serr = (stored(0x04) & 0x100U) != 0;
  if ((control & (is_fatal ? 4U : 2U)) == 0 && !has_serr) {
    return;
  }
  ++(is_fatal ? fatal_ : nonfatal_)[bit & 31U];
  if (layout.faces_down() && traps(is_fatal)) {
    contain(0, 0, 0);
    return;
  }
  send_error(is_fatal, requester());
}

void Function::send_error(bool is_fatal, std::uint16_t source) {
  const Layout& layout = *parts_.layout;
  if ((stored(0x04) & 0x100U) != 0) {
    set_bits(0x04, 1U << 30);  // Signaled System Error
  }
  if (layout.is_root()) {
    return note_at_root(is_fatal, source);
  }
  const bool is_cut_off = parts_.link != nullptr && parts_.end == End::kB && !is_link_up_;
  if (parent_ != nullptr && !is_cut_off) {
    send(parent_->id(),
         {.kind = MessageKind::kOwn,
          .from = id(),
          .sub = static_cast<std::uint32_t>(is_fatal ? Tell::kFatal : Tell::kNonFatal),
          .source = source});
  }
}

void Function::receive_error(bool is_fatal, std::uint16_t source) {
  set_bits(0x1C, 1U << 30);  // Received System Error, secondary side
  if (parts_.layout->faces_down()) {
    if (is_contained()) {
      return;
    }
    if (traps(is_fatal)) {
      contain(is_fatal ? 2 : 1, 0, source);
      return;
    }
  }
  if ((stored(0x3C) & 1U << 17) != 0) {  // SERR# Enable in Bridge Control
    send_error(is_fatal, source);
  }
}

void Function::note_at_root(bool is_fatal, std::uint16_t source) {
  const std::uint16_t aer = parts_.layout->aer;
  std::uint32_t status = stored(aer + 0x30U);
  if ((status & 4U) == 0) {
    status |= is_fatal ? 0x10U : 0U;
    store(aer + 0x34U, (stored(aer + 0x34U) & 0xFFFFU) | std::uint32_t{source} << 16);
  } else {
    status |= 8U;
  }
  store(aer + 0x30U, status | 4U | (is_fatal ? 0x40U : 0x20U));
  ++(is_fatal ? root_fatal_ : root_nonfatal_);
}

AerCounts Function::aer_counts() const {
  AerCounts out;
  const Classes by_class = reported_by_class();
  for (std::size_t i = 0; i < kClasses; ++i) {
    out.correctable[error_classes::kAll[i].bit] = by_class[i];
  }
  out.nonfatal = nonfatal_;
  out.fatal = fatal_;
  if (parts_.layout->is_root()) {
    std::vector<const Function*> below;
    error_classes::gather(*this, below);
    AerCounts::Root root{.nonfatal = root_nonfatal_, .fatal = root_fatal_};
    for (const Function* one : below) {
      root.correctable += one->reported();
    }
    out.root = root;
  }
  return out;
}

}  // namespace weft::twin::pcie_port
