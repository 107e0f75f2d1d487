// SPDX-License-Identifier: Apache-2.0
// PCIe links of which neither speed nor width can be read. Nothing can be said of them, and that is
// not "ok": it is unknown, with the reason.
#include "diagnose/rules.h"

namespace weft::diagnose {

void find_unseen_links(Context& context) {
  context.for_each_link([&](const observe::LinkState& link, LinkAssessment& assessment) {
    const auto is_garbled = [](const auto& reading) {
      return !reading && reading.error().why == observe::Absence::kGarbled;
    };
    const bool is_unseen = !link.rate && !link.width;
    const bool is_contradictory = is_garbled(link.rate) || is_garbled(link.width);
    if (link.family != fabric::ProtocolFamily::kPcie || !link.up.value_or(true) ||
        (!is_unseen && !is_contradictory)) {
      return;
    }
    const auto& why = link.rate ? link.width.error() : link.rate.error();
    if (why.why == observe::Absence::kAsleep) {
      return;
    }
    auto& finding = context.add(assessment, link, Level::kUnknown, "link_unreadable",
                                is_unseen ? "neither its speed nor its width can be read"
                                          : "its registers do not make sense");
    finding.cause = why.text();
    finding.next_step = why.why == observe::Absence::kNeedsRoot
                            ? "Run the scan as root."
                            : "Look at the device's link registers with another tool, or as root.";
  });
}

}  // namespace weft::diagnose
