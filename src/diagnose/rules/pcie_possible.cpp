// SPDX-License-Identifier: Apache-2.0
// What a PCIe link could run at: the weaker of its two ends, and how links like it fare. A x16
// device under a x4 port is the port's doing, not the device's fault.
#include "diagnose/rules.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

namespace weft::diagnose {
namespace {

using observe::LinkState;

template <class T>
std::optional<T> weaker(const observe::Reading<T>& a, const observe::Reading<T>& b) {
  if (a && b) {
    return std::min(*a, *b);
  }
  return std::nullopt;
}

/// Links are peers when the same part hangs on the same class of port.
std::string peer_group(const Context& context, std::size_t host, const LinkState& link) {
  const auto* device = context.device_of(host, link.b.port);
  if (device == nullptr || !link.a.max_rate || !link.a.max_width) {
    return {};
  }
  return fmt::format("{} under {} {}", device->part.part_number, rate_text(*link.a.max_rate),
                     width_text(*link.a.max_width));
}

using Running = std::pair<base::TransferRate, base::LaneCount>;

struct PeerGroup {
  std::map<Running, int> running;
  int links = 0;
};

}  // namespace

void assess_pcie_links(Context& context) {
  std::map<std::string, PeerGroup> groups;
  context.for_each_link([&](const LinkState& link, LinkAssessment& assessment) {
    if (link.family != fabric::ProtocolFamily::kPcie) {
      return;
    }
    assessment.possible_rate = weaker(link.a.max_rate, link.b.max_rate);
    assessment.possible_width = weaker(link.a.max_width, link.b.max_width);
    if (!assessment.possible_rate || !assessment.possible_width) {
      return;
    }
    const bool port_is_weaker =
        *link.a.max_width < *link.b.max_width || *link.a.max_rate < *link.b.max_rate;
    if (port_is_weaker) {
      assessment.narrowed_by = link.a.address;
      const auto* device = context.device_of(assessment.host, link.b.port);
      const bool is_switch = device != nullptr && device->kind == fabric::DeviceKind::kSwitch;
      auto& finding =
          context.add(assessment, link, Level::kNote, "pcie_narrowed_by_port",
                      fmt::format("device could {} {}, the port above it {} {}",
                                  rate_text(*link.b.max_rate), width_text(*link.b.max_width),
                                  rate_text(*link.a.max_rate), width_text(*link.a.max_width)));
      finding.cause = fmt::format("port {} is the narrower end, by design{}", link.a.address,
                                  is_switch ? "; all below the switch share it" : "");
      finding.next_step = "If this is not meant so, move the card to a wider or faster slot.";
    }
    if (const auto group = peer_group(context, assessment.host, link);
        !group.empty() && link.rate && link.width) {
      ++groups[group].running[{*link.rate, *link.width}];
      ++groups[group].links;
    }
  });
  context.for_each_link([&](const LinkState& link, LinkAssessment& assessment) {
    const auto found = groups.find(peer_group(context, assessment.host, link));
    if (link.family != fabric::ProtocolFamily::kPcie || found == groups.end() ||
        found->second.links < 2) {
      return;
    }
    const auto& group = found->second;
    const auto most =
        std::max_element(group.running.begin(), group.running.end(),
                         [](const auto& x, const auto& y) { return x.second < y.second; });
    assessment.peers = fmt::format("{} of {} like it run {} {}", most->second, group.links,
                                   rate_text(most->first.first), width_text(most->first.second));
    // Speed and width are counted apart: idling links differ in speed and not in width.
    std::map<base::TransferRate, int> rates;
    std::map<base::LaneCount, int> widths;
    for (const auto& [running, count] : group.running) {
      rates[running.first] += count;
      widths[running.second] += count;
    }
    const auto is_usual = [&](int count) {
      return group.links >= 3 && count * 3 >= group.links * 2;
    };
    for (const auto& [rate, count] : rates) {
      if (is_usual(count)) {
        assessment.usual_rate = rate;
      }
    }
    for (const auto& [width, count] : widths) {
      if (is_usual(count)) {
        assessment.usual_width = width;
      }
    }
  });
}

}  // namespace weft::diagnose
