// SPDX-License-Identifier: Apache-2.0
// The source itself: what was lost of it, and what changed between the looks. A verdict over half a
// machine is not "ok".
#include "diagnose/rules.h"

#include <unordered_map>

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

/// Links of the first look that the last one does not have, or has down.
void find_vanished(Context& context, std::size_t host) {
  const auto& looks = context.hosts()[host].snapshots;
  if (looks.size() < 2) {
    return;
  }
  std::unordered_map<fabric::LinkId, const observe::LinkState*> last;
  for (const auto& link : context.snapshot(host).links) {
    last.emplace(link.link, &link);
  }
  for (const auto& link : looks.front()->links) {
    const auto found = last.find(link.link);
    const auto* now = found == last.end() ? nullptr : found->second;
    const bool was_up = link.up.value_or(false);
    const bool is_gone = now == nullptr || (now->b.port.is_null() && !link.b.port.is_null());
    const bool went_down = now != nullptr && !is_gone && !now->up.value_or(true) &&
                           link.family != fabric::ProtocolFamily::kPcie;
    if (!was_up || (!is_gone && !went_down)) {
      continue;
    }
    auto& finding = context.add(host, link.link, link_place(link), Level::kCritical, "link_lost",
                                is_gone ? "was up at the first look, and is gone"
                                        : "was up at the first look, and is down");
    finding.cause = "removed, dead, or cut off; one cannot tell from here whether on purpose";
    finding.next_step = "Look at the kernel log between the looks.";
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
