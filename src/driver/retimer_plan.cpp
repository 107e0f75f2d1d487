// SPDX-License-Identifier: Apache-2.0
#include "driver/retimer_plan.h"

#include "driver/retimer_actions.h"
#include "wire/retimer/image.h"

#include <algorithm>
#include <initializer_list>
#include <utility>

#include <fmt/format.h>

namespace weft::driver {
namespace retimer_plan {

namespace wr = wire::retimer;
using wr::LinkState;

base::Result<RetimerReport> poll(RetimerBus& retimer) {
  return read_retimer(retimer, {.with_lanes = false});
}

std::string name(const RetimerLink& link) {
  return fmt::format("link {} (lanes {} to {}, Gen{} x{})", link.number, link.start,
                     link.start + link.width - 1, link.generation, link.detected_width);
}

bool forwards(const RetimerLink& link) {
  return link.state == LinkState::kForwarding;
}

std::string names_of_live(const RetimerReport& report) {
  std::vector<std::string> names;
  for (const RetimerLink& link : report.links) {
    if (forwards(link)) {
      names.push_back(name(link));
    }
  }
  return names.empty() ? "" : fmt::format("{}", fmt::join(names, ", "));
}

/// The links that these lanes are of, each once.
base::Result<std::vector<RetimerLink>> links_of(const RetimerReport& report,
                                                const std::vector<unsigned>& lanes,
                                                const std::string& who) {
  if (!report.is_loaded) {
    return base::fail(base::Code::kFailedPrecondition, "its firmware is not loaded", who,
                      "Write a whole image to its EEPROM.");
  }
  std::vector<RetimerLink> out;
  for (const unsigned lane : lanes) {
    const auto of =
        std::find_if(report.links.begin(), report.links.end(), [lane](const RetimerLink& link) {
          return lane >= link.start && lane < link.start + link.width;
        });
    if (of == report.links.end()) {
      return base::fail(base::Code::kInvalidArgument, fmt::format("lane {} is of no link", lane),
                        who, fmt::format("It has {} links: see a poll.", report.links.size()));
    }
    const bool is_known = std::any_of(out.begin(), out.end(), [of](const RetimerLink& link) {
      return link.number == of->number;
    });
    if (!is_known) {
      out.push_back(*of);
    }
  }
  return out;
}

std::string join(const std::vector<RetimerLink>& links) {
  std::vector<std::string> names;
  names.reserve(links.size());
  for (const RetimerLink& link : links) {
    names.push_back(name(link));
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

RetimerWrite pma(unsigned side, unsigned lane, std::uint16_t word, std::string what) {
  return {fmt::format("pma/{}/{}/0x{:04x}", side, lane, word), std::move(what)};
}
RetimerWrite direct(std::uint32_t address, std::string what) {
  return {fmt::format("0x{:04x}", address), std::move(what)};
}

/// A plan for what changes words of these lanes for a time and puts them back, and the links that
/// it concerns.
struct LaneWord {
  std::uint16_t word;
  const char* what;
};
struct LanePlan {
  RetimerPlan plan;
  std::vector<RetimerLink> links;
};
base::Result<LanePlan> plan_lanes(RetimerBus& retimer, unsigned side,
                                  const std::vector<unsigned>& lanes,
                                  std::initializer_list<LaneWord> words) {
  const auto report = poll(retimer);
  if (!report) {
    return tl::unexpected(report.error());
  }
  auto links = links_of(*report, lanes, retimer.description());
  if (!links) {
    return tl::unexpected(links.error());
  }
  LanePlan out{.plan = {.disturbs = {}, .writes = {}, .is_restored = true},
               .links = std::move(*links)};
  for (const unsigned lane : lanes) {
    for (const LaneWord& one : words) {
      out.plan.writes.push_back(pma(side, lane, one.word, one.what));
    }
  }
  return out;
}

void add_reset(RetimerPlan& plan, const RetimerReport& report) {
  plan.writes.push_back(direct(wr::kHardwareReset, "reset of everything, held for 1 ms"));
  const std::string live = names_of_live(report);
  plan.disturbs += live.empty()
                       ? "No link forwards now; the part is away for some two seconds."
                       : fmt::format("These links go down for some two seconds: {}.", live);
}

}  // namespace retimer_plan

base::Result<RetimerPlan> plan_margin(RetimerBus& retimer, const RetimerMarginOptions& options) {
  namespace wr = wire::retimer;
  auto lanes = retimer_plan::plan_lanes(retimer, options.side, options.lanes,
                                        {{wr::kPmaTimingOffset, "sampler's time"},
                                         {wr::kPmaVoltageOffset, "sampler's voltage"},
                                         {wr::kPmaMarginRequest, "request to margin"}});
  if (!lanes) {
    return tl::unexpected(lanes.error());
  }
  for (const RetimerLink& link : lanes->links) {
    if (!retimer_plan::forwards(link)) {
      return base::fail(base::Code::kFailedPrecondition,
                        fmt::format("link {} does not forward", link.number), retimer.description(),
                        "Margining needs a link in L0.");
    }
  }
  lanes->plan.disturbs =
      fmt::format("Traffic goes on over {}: an error sampler beside the data's moves.",
                  retimer_plan::join(lanes->links));
  return std::move(lanes->plan);
}

base::Result<RetimerPlan> plan_soak(RetimerBus& retimer, const RetimerSoakOptions& options) {
  namespace wr = wire::retimer;
  auto lanes = retimer_plan::plan_lanes(retimer, options.side, options.lanes,
                                        {{wr::kPmaRxBert, "pattern checker's mode"}});
  if (!lanes) {
    return tl::unexpected(lanes.error());
  }
  lanes->plan.disturbs = fmt::format("A pattern takes the lanes: {} is down for {:.0f} s.",
                                     retimer_plan::join(lanes->links), options.span.seconds());
  return std::move(lanes->plan);
}

base::Result<RetimerPlan> plan_reset(RetimerBus& retimer) {
  const auto report = retimer_plan::poll(retimer);
  if (!report) {
    return tl::unexpected(report.error());
  }
  RetimerPlan plan;
  retimer_plan::add_reset(plan, *report);
  return plan;
}

std::size_t update_bytes(base::ByteView image) {
  namespace wr = wire::retimer;
  constexpr std::size_t kPage = wr::kEepromPageBytes;
  return std::min((wr::image_end(image) + kPage) / kPage * kPage, std::size_t{wr::kEepromBytes});
}

base::Result<RetimerPlan> plan_update(RetimerBus& retimer, base::ByteView image) {
  namespace wr = wire::retimer;
  using retimer_plan::direct;
  if (image.size() != wr::kEepromBytes) {
    return base::fail(base::Code::kDataLoss,
                      fmt::format("an image of {} bytes, not 262144", image.size()),
                      "firmware image", "Give the whole image.");
  }
  const auto version = wr::image_version(image);
  if (!version) {
    return tl::unexpected(version.error());
  }
  const auto report = retimer_plan::poll(retimer);
  if (!report) {
    return tl::unexpected(report.error());
  }
  RetimerPlan plan{.disturbs = "Writing takes about a minute, in which traffic goes on. Then: ",
                   .writes = {}};
  plan.writes.push_back(
      {"eeprom/0x00000",
       fmt::format("{} bytes: firmware {} in place of {}", update_bytes(image), version->text(),
                   report->is_loaded ? report->firmware.text() : "one that does not load")});
  plan.writes.push_back(direct(wr::kSoftwareReset, report->is_loaded
                                                       ? "reset of the EEPROM's I2C master"
                                                       : "reset of main micro and I2C master"));
  plan.writes.push_back(direct(wr::kMasterRegister, "I2C master: register"));
  plan.writes.push_back(direct(wr::kMasterData, "I2C master: value"));
  plan.writes.push_back(direct(wr::kMasterCommand, "I2C master: go"));
  if (report->is_loaded) {
    const bool is_new = report->firmware >= wr::kEepromBlockSince;
    plan.writes.push_back(direct(is_new ? wr::kEepromBlock : wr::kEepromBlockWide,
                                 is_new ? "blocks of 32 bytes" : "blocks of 16 bytes"));
    plan.writes.push_back(direct(wr::kEepromAssistCommand, "the firmware's EEPROM commands"));
  }
  retimer_plan::add_reset(plan, *report);
  return plan;
}

}  // namespace weft::driver
