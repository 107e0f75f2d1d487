// SPDX-License-Identifier: Apache-2.0
// PCIe links of which neither speed nor width can be read. Nothing can be said of them, and that is
// not "ok": it is unknown, with the reason.
#include "diagnose/rules.h"

namespace weft::diagnose {

void find_unseen_links(Context& context) {
  context.for_each_link([&](const observe::LinkState& link, LinkAssessment& assessment) {
    if (link.family != fabric::ProtocolFamily::kPcie || link.rate || link.width ||
        !link.up.value_or(true)) {
      return;
    }
    const auto& why = link.rate.error();
    if (why.why == observe::Absence::kUnreadable && why.detail.starts_with("asleep")) {
      return;
    }
    auto& finding = context.add(assessment, link, Level::kUnknown, "link_unreadable",
                                "neither its speed nor its width can be read");
    finding.cause = why.text();
    finding.next_step = why.why == observe::Absence::kNeedsRoot
                            ? "Run the scan as root."
                            : "Look at the device's link registers with another tool, or as root.";
  });
}

}  // namespace weft::diagnose
