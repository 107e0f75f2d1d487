// SPDX-License-Identifier: Apache-2.0
// A PCIe link below what both its ends allow. Width is judged at once. Speed is not: devices drop
// it when they idle, so one look at a low speed is a note, and only evidence (a cap in Link Control
// 2, errors, work under way, peers, a watch) makes it more.
#include "diagnose/limits.h"
#include "diagnose/rules.h"

#include <algorithm>

#include <fmt/format.h>

namespace weft::diagnose {
namespace {

using observe::LinkState;

/// A link left with this share of its lanes or fewer is critical. A house choice.
constexpr std::uint32_t kCriticalShare = 4;

bool is_idle_changer(const Context& context, const LinkAssessment& assessment,
                     const LinkState& link) {
  const auto* device = context.device_of(assessment.host, link.b.port);
  return device != nullptr && device->kind == fabric::DeviceKind::kAccelerator;
}

/// "8-15", "0, 3": the bits that are set.
std::string lanes_text(std::uint64_t bits) {
  std::string out;
  for (int lane = 0; lane < 32; ++lane) {
    if ((bits >> lane & 1) == 0) {
      continue;
    }
    int last = lane;
    while (last + 1 < 32 && (bits >> (last + 1) & 1) != 0) {
      ++last;
    }
    out += fmt::format("{}{}", out.empty() ? "" : ", ", lane);
    if (last > lane) {
      out += fmt::format("-{}", last);
    }
    lane = last;
  }
  return out;
}

/// Signs at either end that the physical layer had trouble; each is one line of evidence.
std::vector<std::string> trouble(const Context& context, const LinkAssessment& assessment,
                                 const LinkState& link) {
  std::vector<std::string> out;
  for (const auto* end : {&link.a, &link.b}) {
    if (end->port.is_null()) {
      continue;
    }
    if (const auto lanes =
            context.number(assessment.host, end->port, observe::Metric::kLaneErrorStatus, "")) {
      out.push_back(fmt::format("{} saw errors on lanes {} (Lane Error Status {:#x})", end->address,
                                lanes_text(*lanes), *lanes));
    }
    std::string counts;
    std::uint64_t link_bits = 0;
    for (const auto& [type, status_bit] : kLinkErrorTypes) {
      link_bits |= status_bit;
      if (const auto count =
              context.number(assessment.host, end->port, observe::Metric::kAerCorrectable, type)) {
        counts += fmt::format("{}{} {}", counts.empty() ? "" : ", ", *count, type);
      }
    }
    if (!counts.empty()) {
      out.push_back(fmt::format("{} counted {} since boot", end->address, counts));
    }
    const auto status =
        context.number(assessment.host, end->port, observe::Metric::kAerCorrectableStatus, "");
    if (status && (*status & link_bits) != 0) {
      out.push_back(
          fmt::format("AER Correctable Error Status of {} is {:#x}: link errors not cleared",
                      end->address, *status));
    }
  }
  return out;
}

bool has_many_errors(const Context& context, const LinkAssessment& assessment,
                     const LinkState& link) {
  std::uint64_t errors = 0;
  for (const auto* end : {&link.a, &link.b}) {
    for (const auto& [type, status_bit] : kLinkErrorTypes) {
      const auto rate =
          context.rate(assessment.host, end->port, observe::Metric::kAerCorrectable, type);
      errors += rate ? rate->events : 0;
    }
  }
  return errors >= kLinkErrorsMin;
}

/// Which direction the signs point to, where they stand at one end only; empty where they do not
/// say.
std::string direction(const Context& context, const LinkAssessment& assessment,
                      const LinkState& link) {
  const auto sees_errors = [&](const observe::LinkEnd& end) {
    return !end.port.is_null() &&
           (context.number(assessment.host, end.port, observe::Metric::kLaneErrorStatus, "") ||
            context.number(assessment.host, end.port, observe::Metric::kAerCorrectable, "RxErr"));
  };
  const bool upper = sees_errors(link.a);
  const bool lower = sees_errors(link.b);
  if (upper == lower) {
    return {};
  }
  const auto& receiver = upper ? link.a : link.b;
  const auto& sender = upper ? link.b : link.a;
  return fmt::format("; only the receiver of {} saw errors, so rather the way from {} to it",
                     receiver.address, sender.address);
}

std::string could_text(const LinkAssessment& assessment) {
  return rate_text(*assessment.possible_rate) + " " + width_text(*assessment.possible_width);
}

void add_shared_evidence(const LinkState& link, const LinkAssessment& assessment,
                         Finding& finding) {
  if (!assessment.peers.empty()) {
    finding.evidence.push_back(assessment.peers);
  }
  finding.evidence.push_back("both ends could run " + could_text(assessment));
  if (link.retimers.value_or(0) > 0) {
    finding.evidence.push_back(fmt::format("{} retimer{} on the path (Link Status 2)",
                                           *link.retimers, *link.retimers > 1 ? "s" : ""));
  }
  if (link.a.bandwidth_management.value_or(false)) {
    finding.evidence.push_back(link.a.address +
                               " has LBMS set: its bandwidth changed, by software or to stay up");
  }
  if (link.a.autonomous_bandwidth.value_or(false)) {
    finding.evidence.push_back(link.a.address +
                               " has LABS set: hardware changed bandwidth by itself");
  }
}

void add_victims(const Context& context, const LinkAssessment& assessment, const LinkState& link,
                 Finding& finding) {
  const auto* device = context.device_of(assessment.host, link.b.port);
  if (device == nullptr || device->kind != fabric::DeviceKind::kSwitch) {
    return;
  }
  for (const auto& below : context.snapshot(assessment.host).links) {
    const auto* above = context.device_of(assessment.host, below.a.port);
    if (above != nullptr && above->id == device->id) {
      finding.victims.push_back(below.b.address);
    }
  }
}

/// In L0p a link gives lanes a rest and takes them back without training: its width when it trained
/// is what tells lost lanes from resting ones (Device Status 3, Initial Link Width).
bool rests_lanes(Context& context, LinkAssessment& assessment, const LinkState& link) {
  if (!link.trained_width || *link.trained_width < *assessment.possible_width) {
    return false;
  }
  auto& finding = context.add(
      assessment, link, Level::kNote, "pcie_lanes_resting",
      fmt::format("runs {} of {}; trained at {}, so lanes rest in L0p", width_text(*link.width),
                  width_text(*assessment.possible_width), width_text(*link.trained_width)));
  finding.cause = "the link saves power; healthy";
  finding.next_step = "Run `weft scan --watch 30s` while it works: resting lanes come back.";
  return true;
}

void judge_width(Context& context, LinkAssessment& assessment, const LinkState& link) {
  if (!link.width || !assessment.possible_width || *link.width >= *assessment.possible_width ||
      rests_lanes(context, assessment, link)) {
    return;
  }
  const auto possible = assessment.possible_width->value();
  const auto runs = link.width->value();
  const bool is_usual = assessment.usual_width && *assessment.usual_width == *link.width;
  const auto level = is_usual                            ? Level::kNote
                     : runs * kCriticalShare <= possible ? Level::kCritical
                                                         : Level::kWarning;
  auto& finding = context.add(assessment, link, level, "pcie_width_low",
                              fmt::format("runs {} of {}", width_text(*link.width),
                                          width_text(*assessment.possible_width)));
  finding.evidence = trouble(context, assessment, link);
  add_shared_evidence(link, assessment, finding);
  add_victims(context, assessment, link, finding);
  if (is_usual) {
    finding.cause = "most likely how the board is wired: links like it all run so";
    finding.next_step = "Hold it against the board's manual, or a rack file (weft scan --rack).";
    return;
  }
  finding.cause =
      "unknown which end: a lane of the card, of the port or of what joins them did not train" +
      direction(context, assessment, link);
  finding.next_step = fmt::format(
      "Reseat {}; if it stays {}, swap it with a card that runs full width and scan again: the "
      "fault moves with the card or stays with the slot.",
      link.b.address, width_text(*link.width));
}

/// Why a low speed may be more than idling; the strongest reason first.
struct SpeedVerdict {
  Level level = Level::kNote;
  const char* code = "pcie_rate_low_may_be_idle";
  std::string sentence;
  std::string cause;
  std::string next_step;
  std::vector<std::string> evidence;
};

std::optional<SpeedVerdict> held_down(const LinkAssessment& assessment, const LinkState& link,
                                      bool is_busy) {
  for (const auto* end : {&link.a, &link.b}) {
    if (is_busy && end->autonomous_speed_disabled.value_or(false)) {
      return SpeedVerdict{
          .level = Level::kWarning,
          .code = "pcie_rate_stuck_under_load",
          .sentence = "stuck at " + rate_text(*link.rate) + " under load",
          .cause = fmt::format("Hardware Autonomous Speed Disable (Link Control 2, bit 5) of {} is "
                               "set: the link was low when it was set and cannot come back",
                               end->address),
          .next_step = fmt::format("Clear bit 5 of Link Control 2 of {} and retrain the link.",
                                   end->address),
          .evidence = {}};
    }
  }
  const auto& target = link.a.target_rate;
  if (target && *target < *assessment.possible_rate && *link.rate >= *target) {
    return SpeedVerdict{
        .level = Level::kWarning,
        .code = "pcie_rate_held_down",
        .sentence = fmt::format("runs {} of {}", rate_text(*link.rate),
                                rate_text(*assessment.possible_rate)),
        .cause = fmt::format("Target Link Speed of {} (Link Control 2) is {}: firmware or a driver "
                             "set it, or the port fell back",
                             link.a.address, rate_text(*target)),
        .next_step =
            "Look for a firmware setting or kernel quirk that limits this port; if there is "
            "none, retrain the link and scan again.",
        .evidence = {}};
  }
  return std::nullopt;
}

SpeedVerdict weigh_speed(const Context& context, const LinkAssessment& assessment,
                         const LinkState& link, const LinkHistory& history) {
  const auto low =
      fmt::format("runs {} of {}", rate_text(*link.rate), rate_text(*assessment.possible_rate));
  const auto utilization = context.utilization(assessment.host, link.b.port);
  const bool is_busy = utilization.value_or(0) >= kBusyPercent;
  const bool changes_when_idle = is_idle_changer(context, assessment, link);
  const bool was_watched = history.states.size() > 2;
  SpeedVerdict verdict{.level = Level::kNote,
                       .code = "pcie_rate_low_may_be_idle",
                       .sentence = low + "; may be idle",
                       .cause = {},
                       .next_step =
                           "Run `weft scan --watch 30s` while it works: an idle link comes "
                           "back to full speed, a stuck one does not.",
                       .evidence = {}};
  if (was_watched && history.came_back_to(*assessment.possible_rate) && !is_busy) {
    verdict.code = "pcie_rate_cycles";
    verdict.sentence = fmt::format("idle cycling: {} speed changes seen, {} reached",
                                   history.rate_changes(), rate_text(*assessment.possible_rate));
    verdict.cause = "the device saves power; healthy";
    verdict.next_step.clear();
    return verdict;
  }
  const auto& state = link.b.power_state;
  if (state && *state != "D0" && *state != "unknown") {
    verdict.sentence = low + "; the device is in " + *state;
    verdict.cause = "the device is suspended; healthy";
    verdict.next_step.clear();
    return verdict;
  }
  if (!changes_when_idle || is_busy) {
    if (auto held = held_down(assessment, link, is_busy)) {
      return *held;
    }
  }
  if (is_busy) {
    verdict.level = Level::kWarning;
    verdict.code = "pcie_rate_stuck_under_load";
    verdict.sentence = "stuck at " + rate_text(*link.rate) + " under load";
    verdict.cause = "unknown which end; the link fell back and did not return";
    verdict.evidence.push_back(fmt::format("the device is {:.0f} % busy", *utilization));
    verdict.next_step = "Retrain the link; if it stays low, reseat the card and scan again.";
    return verdict;
  }
  if (auto signs = trouble(context, assessment, link); has_many_errors(context, assessment, link)) {
    verdict.level = Level::kWarning;
    verdict.code = "pcie_rate_fell_back";
    verdict.sentence = low + ", with link errors";
    verdict.cause = "unknown which end" + direction(context, assessment, link);
    verdict.evidence = std::move(signs);
    verdict.next_step = fmt::format(
        "Reseat {}; if it comes back low, swap it with a healthy one like it and scan again.",
        link.b.address);
    return verdict;
  }
  const bool peers_are_faster = assessment.usual_rate && *assessment.usual_rate > *link.rate;
  if (peers_are_faster && !changes_when_idle) {
    verdict.level = Level::kWarning;
    verdict.code = "pcie_rate_below_peers";
    verdict.sentence = low + ", links like it run faster";
    verdict.cause = "unknown which end; it trained lower than links like it";
  } else if (was_watched) {
    verdict.level = Level::kUnknown;
    verdict.code = "pcie_rate_low_all_the_time";
    verdict.sentence = low + " during the whole watch";
    verdict.cause = "not proven: nothing shows whether it worked during the watch";
    verdict.next_step = "Put load on the device and watch again.";
  }
  return verdict;
}

void judge_rate(Context& context, LinkAssessment& assessment, const LinkState& link) {
  if (!link.rate || !assessment.possible_rate || *link.rate >= *assessment.possible_rate) {
    return;
  }
  auto verdict =
      weigh_speed(context, assessment, link, context.history(assessment.host, link.link));
  auto& finding =
      context.add(assessment, link, verdict.level, verdict.code, std::move(verdict.sentence));
  finding.cause = std::move(verdict.cause);
  finding.next_step = std::move(verdict.next_step);
  finding.evidence = std::move(verdict.evidence);
  add_shared_evidence(link, assessment, finding);
  for (const auto* end : {&link.a, &link.b}) {
    if (end->autonomous_speed_disabled.value_or(false)) {
      finding.evidence.push_back(
          end->address + " has Hardware Autonomous Speed Disable set (Link Control 2, bit 5)");
    }
  }
  if (verdict.level >= Level::kWarning) {
    add_victims(context, assessment, link, finding);
  }
}

}  // namespace

void find_slow_pcie_links(Context& context) {
  context.for_each_link([&](const LinkState& link, LinkAssessment& assessment) {
    if (link.family != fabric::ProtocolFamily::kPcie || !link.up.value_or(true)) {
      return;
    }
    judge_width(context, assessment, link);
    judge_rate(context, assessment, link);
  });
}

}  // namespace weft::diagnose
