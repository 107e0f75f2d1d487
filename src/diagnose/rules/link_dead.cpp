// SPDX-License-Identifier: Apache-2.0
// PCIe links that should carry something and do not: a card is present and the link is down,
// somebody disabled it, it trains for ever, or the device below reads all ones.
#include "diagnose/rules.h"

#include <algorithm>

#include <fmt/format.h>

namespace weft::diagnose {
namespace {

using observe::LinkState;

/// Firmware disables ports that nothing is plugged into, and some of those train for ever: with
/// nothing known below, that is worth a note only.
Level below_level(const LinkState& link, Level level) {
  return link.b.port.is_null() && !link.a.occupied.value_or(false) ? Level::kNote : level;
}

void judge_dead(Context& context, LinkAssessment& assessment, const LinkState& link) {
  if (link.a.contained.value_or(false)) {
    auto& finding = context.add(assessment, link, Level::kCritical, "pcie_contained",
                                "Downstream Port Containment holds the link down");
    finding.cause = "an uncorrectable error at " + link.a.address + " or below it triggered DPC";
    finding.next_step =
        "Read the kernel log for the error and its source before the port is released.";
    return;
  }
  const bool is_asleep = link.b.power_state && link.b.power_state->starts_with("D3");
  if (link.b.power_state && *link.b.power_state == "D3cold") {
    return;  // without power it cannot answer
  }
  if (!link.b.answers.value_or(true)) {
    auto& finding = context.add(assessment, link, Level::kCritical, "pcie_no_answer",
                                "the device does not answer: its registers read all ones");
    finding.cause = "device " + link.b.address + " fell off the bus, or its power is gone";
    finding.next_step =
        "Look at the kernel log for its last words; power-cycle the slot or the host.";
    return;
  }
  if (link.disabled.value_or(false)) {
    auto& finding = context.add(assessment, link, below_level(link, Level::kWarning),
                                "pcie_link_disabled", "the link is disabled");
    finding.cause = fmt::format("Link Disable is set in Link Control of {}: software or DPC set it",
                                link.a.address);
    finding.next_step =
        "Find who disabled it (DPC in the kernel log, a hot-plug driver) before "
        "enabling it again.";
    return;
  }
  if (link.training.value_or(false)) {
    const auto states = context.history(assessment.host, link.link).states;
    const bool watched =
        states.size() > 2 && std::all_of(states.begin(), states.end(), [](const LinkState* state) {
          return state->training.value_or(false);
        });
    auto& finding = context.add(
        assessment, link, below_level(link, watched ? Level::kCritical : Level::kUnknown),
        "pcie_training", watched ? "trained during the whole watch" : "is training at this moment");
    finding.cause = "unknown which end; one look cannot tell a retrain from one that never ends";
    finding.next_step = "Run `weft scan --watch 30s`.";
    return;
  }
  if (!link.up.value_or(true) && link.a.powered_off.value_or(false)) {
    auto& finding = context.add(assessment, link, Level::kNote, "pcie_slot_powered_off",
                                "the slot is switched off");
    finding.cause = fmt::format(
        "Power Controller Control is set in Slot Control of {}: software switched it off",
        link.a.address);
    finding.next_step = "If this is not meant so, switch it on through sys/bus/pci/slots/*/power.";
    return;
  }
  if (!link.up.value_or(true) && link.a.occupied.value_or(false)) {
    auto& finding = context.add(assessment, link, Level::kCritical, "pcie_present_but_down",
                                "a card is present and the link is down");
    finding.cause = "unknown: card, slot power or the path did not let the link train";
    finding.next_step = "Reseat the card; if it stays down, try it in a slot that works.";
    return;
  }
  if (!link.up.value_or(true) && !link.b.port.is_null() && !is_asleep) {
    auto& finding = context.add(assessment, link, Level::kCritical, "pcie_down",
                                "the link is down, and a device is known below it");
    finding.cause = "unknown: the device, its power, or the path to it";
    finding.next_step = "Look at the kernel log for when it went down; reseat the card.";
    return;
  }
  const bool is_empty = link.b.port.is_null() && !link.b.max_rate &&
                        link.b.max_rate.error().why == observe::Absence::kNotApplicable;
  if (is_empty && link.up.value_or(false)) {
    auto& finding = context.add(assessment, link, Level::kWarning, "pcie_up_but_empty",
                                "the link is up and nothing was enumerated below it");
    finding.cause = "the device answers training but not configuration, or was removed by software";
    finding.next_step = "Rescan the bus below " + link.a.address + " and look at the kernel log.";
  }
}

}  // namespace

void find_dead_links(Context& context) {
  context.for_each_link([&](const LinkState& link, LinkAssessment& assessment) {
    if (link.family == fabric::ProtocolFamily::kPcie) {
      judge_dead(context, assessment, link);
    }
  });
}

}  // namespace weft::diagnose
