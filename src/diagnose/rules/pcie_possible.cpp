// SPDX-License-Identifier: Apache-2.0
// What a PCIe link could run at: the weaker of its two ends, and how links like it fare. A x16
// device under a x4 port is the port's doing, not the device's fault.
#include "diagnose/rules.h"

#include <algorithm>

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

}  // namespace

void assess_pcie_links(Context& context) {
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
  });
  context.for_each_link([&](const LinkState& link, LinkAssessment& assessment) {
    const auto* peers = link.family == fabric::ProtocolFamily::kPcie
                            ? context.peers().of(context.snapshot(assessment.host), link)
                            : nullptr;
    if (peers != nullptr) {
      assessment.peers = peers->text();
      assessment.usual_rate = peers->usual_rate;
      assessment.usual_width = peers->usual_width;
    }
  });
}

}  // namespace weft::diagnose
