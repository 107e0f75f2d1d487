// SPDX-License-Identifier: Apache-2.0
// What the kernel said about links, as findings: one for each kind and place, with its count, first
// and last line. A line that says itself that it was "caused by previous" names a victim.
#include "diagnose/rules.h"

#include <map>
#include <tuple>

#include <fmt/format.h>

namespace weft::diagnose {
namespace {

/// A line older than this is history: still a warning, no longer critical. A house choice.
constexpr double kFreshSeconds = 24 * 3600;

bool is_old(const observe::Event& event, const observe::Snapshot& snapshot) {
  if (event.since_boot && snapshot.host.uptime) {
    return snapshot.host.uptime->seconds() - event.since_boot->seconds() > kFreshSeconds;
  }
  return event.at && snapshot.taken.ns > 0 &&
         (snapshot.taken - *event.at).seconds() > kFreshSeconds;
}

struct Group {
  std::size_t count = 0;
  const observe::Event* first = nullptr;
  const observe::Event* last = nullptr;
};

std::string when(const observe::Event& event) {
  if (event.at) {
    return base::iso8601(*event.at);
  }
  return event.since_boot ? fmt::format("{:.1f} s after boot", event.since_boot->seconds()) : "?";
}

}  // namespace

void find_events(Context& context) {
  for (std::size_t host = 0; host < context.hosts().size(); ++host) {
    std::map<std::tuple<std::string, std::string>, Group> groups;
    std::map<std::string, std::vector<std::string>> victims;
    for (const auto& event : context.snapshot(host).events) {
      if (event.kind == "xid_victim") {
        victims[event.address].push_back(event.text);
        continue;
      }
      if (event.severity == observe::Severity::kInfo) {
        continue;
      }
      auto& group = groups[{event.address, event.kind}];
      ++group.count;
      if (group.first == nullptr) {
        group.first = &event;
      }
      if (group.last == nullptr || event.severity >= group.last->severity) {
        group.last = &event;
      }
    }
    for (const auto& [key, group] : groups) {
      const auto& [address, kind] = key;
      const bool is_critical = group.last->severity == observe::Severity::kCritical &&
                               !is_old(*group.last, context.snapshot(host));
      const auto level = is_critical ? Level::kCritical : Level::kWarning;
      auto& finding = context.add(host, group.last->subject,
                                  address.empty() ? "kernel log" : address, level, "kernel_" + kind,
                                  fmt::format("the kernel logged {} {} time{}", kind, group.count,
                                              group.count > 1 ? "s" : ""));
      finding.evidence.push_back(when(*group.first) + ": " + group.first->text);
      if (group.last != group.first) {
        finding.evidence.push_back(when(*group.last) + ": " + group.last->text);
      }
      finding.cause = "as the kernel names it; the log may be older than the last repair";
      finding.next_step = "Check when it happened, then watch the link: `weft scan --watch 60s`.";
      if (const auto found = victims.find(address); found != victims.end()) {
        finding.evidence.push_back(
            fmt::format("{} more lines say that they were caused by it", found->second.size()));
      }
    }
  }
}

}  // namespace weft::diagnose
