// SPDX-License-Identifier: Apache-2.0
// The source itself: what was lost of it, and what changed between the looks. A verdict over half a
// machine is not "ok".
#include "diagnose/rules.h"

#include <unordered_map>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace weft::diagnose {
namespace {

void find_damage(Context& context, std::size_t host) {
  const auto& snapshot = context.snapshot(host);
  if (snapshot.damage.empty()) {
    return;
  }
  auto& finding = context.add(host, std::monostate{}, snapshot.host.source, Level::kUnknown,
                              "source_damaged", "part of the source could not be read");
  finding.cause = "truncated, garbled or incomplete; what is missing cannot be judged";
  finding.evidence = snapshot.damage;
  finding.next_step = "Take the capture or dump again.";
}

/// A link of the first look that the last one does not have, or has down.
struct Vanished {
  const observe::LinkState* link;
  bool is_gone;
  bool is_told;      ///< here; PCIe that is there and down is for other rules
  std::size_t root;  ///< the vanished link nearest to the host that cuts this one off; or itself
};

std::vector<Vanished> vanished_between(const observe::Snapshot& first,
                                       const observe::Snapshot& last) {
  std::unordered_map<fabric::LinkId, const observe::LinkState*> still;
  for (const auto& link : last.links) {
    still.emplace(link.link, &link);
  }
  std::vector<Vanished> out;
  for (const auto& link : first.links) {
    const auto found = still.find(link.link);
    const auto* now = found == still.end() ? nullptr : found->second;
    const bool is_gone = now == nullptr || (now->b.port.is_null() && !link.b.port.is_null());
    const bool went_down = now != nullptr && !is_gone && !now->up.value_or(true);
    if (link.up.value_or(false) && (is_gone || went_down)) {
      const bool is_told = is_gone || link.family != fabric::ProtocolFamily::kPcie;
      out.push_back({&link, is_gone, is_told, out.size()});
    }
  }
  return out;
}

/// What lies below a device that is gone or cut off is gone with it: no finding of its own.
void find_roots(const observe::Snapshot& first, std::vector<Vanished>& vanished) {
  const auto device_of = [&first](fabric::PortId id) {
    const auto* port = first.fabric.port(id);
    return port == nullptr ? fabric::DeviceId{} : port->device;
  };
  std::unordered_map<fabric::DeviceId, std::size_t> above;  // by the device that it leads down to
  for (std::size_t i = 0; i < vanished.size(); ++i) {
    if (const auto below = device_of(vanished[i].link->b.port); !below.is_null()) {
      above.emplace(below, i);
    }
  }
  for (auto& link : vanished) {
    for (std::size_t steps = 0; steps < vanished.size(); ++steps) {
      const auto up = above.find(device_of(vanished[link.root].link->a.port));
      if (up == above.end() || up->second == link.root) {
        break;
      }
      link.root = up->second;
    }
  }
}

void find_vanished(Context& context, std::size_t host) {
  const auto& looks = context.hosts()[host].snapshots;
  if (looks.size() < 2) {
    return;
  }
  auto vanished = vanished_between(*looks.front(), context.snapshot(host));
  find_roots(*looks.front(), vanished);
  std::vector<std::vector<std::string>> victims(vanished.size());
  for (std::size_t i = 0; i < vanished.size(); ++i) {
    if (vanished[i].root != i) {
      victims[vanished[i].root].push_back(vanished[i].link->b.address);
    }
  }
  for (std::size_t i = 0; i < vanished.size(); ++i) {
    const auto& [link, is_gone, is_told, root] = vanished[i];
    if (root != i || !is_told) {
      continue;
    }
    auto& finding = context.add(host, link->link, link_place(*link), Level::kCritical, "link_lost",
                                is_gone ? "was up at the first look, and is gone"
                                        : "was up at the first look, and is down");
    finding.cause = "removed, dead, or cut off; one cannot tell from here whether on purpose";
    finding.next_step = "Look at the kernel log between the looks.";
    finding.victims = std::move(victims[i]);
  }
}

void find_restart(Context& context, std::size_t host) {
  const auto& looks = context.hosts()[host].snapshots;
  if (looks.size() < 2 || context.was_watched(host)) {
    return;
  }
  auto& finding = context.add(
      host, std::monostate{}, context.snapshot(host).host.name, Level::kNote, "no_interval",
      "the looks give no rates: the machine restarted between them, or their times are "
      "not known");
  finding.cause = "counters are totals since boot";
}

}  // namespace

void find_source_problems(Context& context) {
  for (std::size_t host = 0; host < context.hosts().size(); ++host) {
    find_damage(context, host);
    find_vanished(context, host);
    find_restart(context, host);
  }
}

}  // namespace weft::diagnose
