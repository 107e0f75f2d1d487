// SPDX-License-Identifier: Apache-2.0
// Brings a machine's PCI functions to life: identity, addresses and bridge windows as a host's
// firmware would give them, slots, serial numbers, and the hierarchy by which errors and resets
// travel. Addresses are modelled: one 32-bit and one 64-bit window a machine, filled depth first,
// each base address aligned to its size, each bridge window spanning what is below.
#include "base/id.h"
#include "twin/families.h"
#include "twin/pcie_port/function.h"
#include "twin/pcie_port/identity.h"

#include <algorithm>
#include <charconv>
#include <map>

#include <fmt/format.h>

namespace weft::twin {
namespace pcie_hierarchy {

using pcie_port::Function;
using pcie_port::FunctionParts;
using pcie_port::Identity;
using pcie_port::Layout;
using pcie_port::Make;

constexpr std::uint64_t kLowBase = 0x9000'0000;
constexpr std::uint64_t kHighBase = 0x2000'0000'0000;
constexpr std::uint64_t kWindow = 0x10'0000;  // granularity of bridge windows

struct Range {
  std::uint64_t first = ~0ULL;
  std::uint64_t last = 0;
  void add(const Range& other) {
    first = std::min(first, other.first);
    last = std::max(last, other.last);
  }
  [[nodiscard]] bool is_empty() const { return first > last; }
};
struct Space {
  std::uint64_t low = 0;  ///< BAR 0
  std::uint64_t high = 0;
  Range low_window;
  Range high_window;
};

class Allocator {
 public:
  Allocator(const std::vector<FunctionPlan>& functions, const std::vector<Identity>& identities)
      : functions_(functions),
        identities_(identities),
        out_(functions.size()),
        children_(functions.size()) {
    for (std::size_t i = 0; i < functions.size(); ++i) {
      if (functions[i].parent && *functions[i].parent < i) {
        children_[*functions[i].parent].push_back(i);
      }
    }
    for (std::size_t i = 0; i < functions.size(); ++i) {
      if (!functions[i].parent) {
        place(i);
      }
    }
  }
  [[nodiscard]] std::vector<Space> take() { return std::move(out_); }

 private:
  static std::uint64_t take_from(std::uint64_t& next, std::uint8_t log2) {
    const std::uint64_t size = std::max(kWindow, std::uint64_t{1} << log2);
    const std::uint64_t at = (next + size - 1) / size * size;
    next = at + size;
    return at;
  }
  void place(std::size_t i) {
    Space& own = out_[i];
    if (functions_[i].role == FunctionPlan::Role::kEndpoint) {
      if (identities_[i].bar0_log2 != 0) {
        own.low = take_from(low_, identities_[i].bar0_log2);
        own.low_window = {own.low, low_ - 1};
      }
      if (identities_[i].bar2_log2 != 0) {
        own.high = take_from(high_, identities_[i].bar2_log2);
        own.high_window = {own.high, high_ - 1};
      }
      return;
    }
    for (const std::size_t child : children_[i]) {
      place(child);
      own.low_window.add(out_[child].low_window);
      own.high_window.add(out_[child].high_window);
    }
  }

  const std::vector<FunctionPlan>& functions_;
  const std::vector<Identity>& identities_;
  std::vector<Space> out_;
  std::vector<std::vector<std::size_t>> children_;
  std::uint64_t low_ = kLowBase;
  std::uint64_t high_ = kHighBase;
};

/// 0 where the text holds no number.
std::uint32_t digits_of(std::string_view text) {
  const std::size_t at = text.find_first_of("0123456789");
  std::uint32_t out = 0;
  if (at != std::string_view::npos) {
    std::from_chars(text.data() + at, text.data() + text.size(), out);
  }
  return out & 0x1FFF;
}

class Builder {
 public:
  Builder(Rack& rack, std::size_t machine)
      : rack_(rack), machine_(rack.machines[machine]), plan_(rack.plan->machines[machine]) {}

  base::Result<void> build() {
    for (const FunctionPlan& one : plan_.functions) {
      const fabric::Device* device = rack_.plan->fabric.device(one.device);
      if (device == nullptr) {
        return base::fail(base::Code::kInternal, "a function of no device", one.address);
      }
      identities_.push_back(pcie_port::identity_of(*device, one.role));
    }
    const std::vector<Space> spaces = Allocator(plan_.functions, identities_).take();
    std::vector<Function*> made;
    for (std::size_t i = 0; i < plan_.functions.size(); ++i) {
      auto function = std::make_unique<Function>(parts(i, spaces[i]));
      Function* const it = function.get();
      const auto added = rack_.world->add(std::move(function));
      if (!added) {
        return tl::unexpected(added.error());
      }
      const FunctionPlan& plan = plan_.functions[i];
      if (plan.parent && *plan.parent < i) {
        it->set_parent(*made[*plan.parent]);
      }
      if (it->link() != nullptr) {
        it->link()->listen(*added);
      }
      rack_.actors_of[plan.device].push_back(*added);
      machine_.functions.push_back(it);
      made.push_back(it);
    }
    return {};
  }

 private:
  [[nodiscard]] Link* link_of(const FunctionPlan& plan) const {
    return plan.link && *plan.link < rack_.links.size() ? rack_.links[*plan.link] : nullptr;
  }
  [[nodiscard]] bool is_retimer(fabric::DeviceId id) const {
    const fabric::Device* device = rack_.plan->fabric.device(id);
    return device == nullptr || device->kind == fabric::DeviceKind::kRetimer ||
           device->kind == fabric::DeviceKind::kCableModule;
  }
  [[nodiscard]] const std::string& slot_of(const FunctionPlan& plan) const {
    static const std::string kNone;
    const Link* link = link_of(plan);
    if (link == nullptr || link->plan().b.is_null()) {
      return kNone;
    }
    const fabric::DeviceId below = rack_.plan->fabric.owner(link->plan().b);
    const auto match = rack_.plan->fabric.match.find(below);
    if (match != rack_.plan->fabric.match.end() && !match->second.slot.empty()) {
      return match->second.slot;
    }
    const fabric::Device* device = rack_.plan->fabric.device(below);
    return device == nullptr ? kNone : device->part.slot;
  }
  /// A port has a slot where a connector lies on its link, or the rack file numbers one.
  [[nodiscard]] bool has_slot(const FunctionPlan& plan) const {
    const Link* link = link_of(plan);
    if (link == nullptr || (plan.role != FunctionPlan::Role::kRootPort &&
                            plan.role != FunctionPlan::Role::kDownstream)) {
      return false;
    }
    const auto& sections = link->plan().sections;
    return !slot_of(plan).empty() ||
           std::any_of(sections.begin(), sections.end(), [](const SectionPlan& section) {
             return std::any_of(section.segments.begin(), section.segments.end(),
                                [](const fabric::Segment& segment) {
                                  return segment.medium != fabric::Medium::kBoard &&
                                         segment.medium != fabric::Medium::kPackage &&
                                         segment.medium != fabric::Medium::kUnknown;
                                });
           });
  }

  [[nodiscard]] Make make_of(const FunctionPlan& plan, const Identity& identity) const {
    Make out{.role = plan.role,
             .has_slot = has_slot(plan),
             .bar0_log2 = identity.bar0_log2,
             .bar2_log2 = identity.bar2_log2};
    const Link* link = link_of(plan);
    const fabric::Port* port = rack_.plan->fabric.port(plan.port);
    fabric::ProtocolId protocol = link == nullptr ? fabric::ProtocolId{} : link->plan().protocol;
    base::LaneCount lanes = link == nullptr ? base::LaneCount(0) : link->plan().lanes;
    if (port != nullptr) {
      protocol = port->protocol;
      lanes = port->lanes;
    }
    out.speed = pcie_port::speed_code(fabric::protocol(protocol).lane_rate);
    out.has_link = out.speed != 0 && lanes.value() != 0;
    out.speed = std::max<std::uint8_t>(out.speed, 1);
    out.width = static_cast<std::uint8_t>(std::clamp<std::uint32_t>(lanes.value(), 1, 32));
    return out;
  }

  [[nodiscard]] std::shared_ptr<const Layout> layout(const Make& make) {
    auto& it = layouts_[make];
    if (it == nullptr) {
      it = std::make_shared<const Layout>(pcie_port::layout_of(make));
    }
    return it;
  }

  void write_identity(base::Bytes& to, const Layout& layout, std::size_t i) const {
    const FunctionPlan& plan = plan_.functions[i];
    const Identity& id = identities_[i];
    base::write_le(to, 0x00, 2, id.vendor);
    base::write_le(to, 0x02, 2, id.device);
    base::write_le(to, 0x08, 4, std::uint64_t{id.class_code} << 8 | id.revision);
    if (!layout.is_bridge()) {
      base::write_le(to, 0x2C, 2, id.vendor);
      base::write_le(to, 0x2E, 2, id.device);
    }
    // An EUI-64, locally administered.
    const std::uint64_t serial =
        base::fnv1a64(fmt::format("serial/{}/{}", rack_.world->seed(), path(plan)));
    base::write_le(to, layout.serial + 4U, 8, (serial & ~(1ULL << 56)) | 1ULL << 57);
    const std::uint64_t link_cap = *base::read_le(to, layout.express + 0xCU, 4);
    base::write_le(to, layout.express + 0xCU, 4, link_cap | (i & 0xFF) << 24);
    if (layout.make.has_slot) {
      const std::uint32_t number = digits_of(slot_of(plan));
      const std::uint64_t slot = *base::read_le(to, layout.express + 0x14U, 4);
      base::write_le(
          to, layout.express + 0x14U, 4,
          slot | std::uint64_t{number == 0 ? static_cast<std::uint32_t>(i + 1) : number} << 19);
    }
  }

  static void write_addresses(base::Bytes& to, const Layout& layout, const FunctionPlan& plan,
                              std::uint8_t primary, const Space& space) {
    if (!layout.is_bridge()) {
      base::write_le(to, 0x10, 4, space.low);
      if (layout.make.bar2_log2 != 0) {
        base::write_le(to, 0x18, 8, space.high | 0x0C);
      }
      return;
    }
    base::write_le(to, 0x18, 1, primary);
    base::write_le(to, 0x19, 1, plan.secondary);
    base::write_le(to, 0x1A, 1, plan.subordinate);
    const bool has_low = !space.low_window.is_empty();
    base::write_le(to, 0x20, 2, has_low ? space.low_window.first >> 16 : 0xFFF0);
    base::write_le(to, 0x22, 2, has_low ? space.low_window.last >> 16 & 0xFFF0 : 0);
    const bool has_high = !space.high_window.is_empty();
    base::write_le(to, 0x24, 2, (has_high ? space.high_window.first >> 16 & 0xFFF0 : 0xFFF0) | 1);
    base::write_le(to, 0x26, 2, (has_high ? space.high_window.last >> 16 & 0xFFF0 : 0) | 1);
    base::write_le(to, 0x28, 4, has_high ? space.high_window.first >> 32 : 0);
    base::write_le(to, 0x2C, 4, has_high ? space.high_window.last >> 32 : 0);
  }

  [[nodiscard]] std::string path(const FunctionPlan& plan) const {
    return fmt::format("pcie/{}/{}", plan_.name, plan.address);
  }

  [[nodiscard]] FunctionParts parts(std::size_t i, const Space& space) {
    const FunctionPlan& plan = plan_.functions[i];
    FunctionParts out;
    out.path = path(plan);
    out.address = plan.address;
    out.layout = layout(make_of(plan, identities_[i]));
    out.power_on = out.layout->power_on;
    out.enumerated = out.layout->enumerated;
    write_identity(out.power_on, *out.layout, i);
    write_identity(out.enumerated, *out.layout, i);
    const auto primary = static_cast<std::uint8_t>(
        plan.parent && *plan.parent < i ? plan_.functions[*plan.parent].secondary : 0);
    write_addresses(out.enumerated, *out.layout, plan, primary, space);
    out.link = link_of(plan);
    if (out.link != nullptr) {
      out.end = plan.port == out.link->plan().a ? End::kA : End::kB;
      out.retimers = static_cast<std::uint32_t>(
          std::count_if(out.link->plan().repeaters.begin(), out.link->plan().repeaters.end(),
                        [&](fabric::DeviceId id) { return is_retimer(id); }));
    }
    return out;
  }

  Rack& rack_;
  Machine& machine_;
  const MachinePlan& plan_;
  std::vector<Identity> identities_;
  std::map<Make, std::shared_ptr<const Layout>> layouts_;
};

}  // namespace pcie_hierarchy

base::Result<void> add_pcie_functions(Rack& rack, std::size_t machine) {
  return pcie_hierarchy::Builder(rack, machine).build();
}

}  // namespace weft::twin
