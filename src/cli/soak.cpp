// SPDX-License-Identifier: Apache-2.0
#include "cli/soak.h"

#include "base/span.h"
#include "base/text.h"
#include "cli/device_steps.h"
#include "cli/history_plane.h"
#include "cli/interrupts.h"
#include "cli/soak_result.h"
#include "driver/retimer.h"
#include "driver/retimer_actions.h"
#include "wire/pcie/function.h"

#include <algorithm>
#include <cstdio>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

namespace weft::cli {
namespace soak_parts {

using base::Code;
using base::Result;

constexpr PositionalSpec kPositionals[] = {
    {"TARGET",
     "A retimer by bus and address (i2c-9/0x24), or a module by its interface (eth0); of a twin "
     "also a device's or link's name, and with MACHINE/ before it."},
};
constexpr OptionSpec kOptions[] = {
    {"--side", "SIDE",
     "Whose receivers: host or media of a module (default media), host or device of a retimer "
     "(default host)."},
    {"--lane", "N", "This lane only. Default: all that carry data.", true},
    {"--pattern", "N",
     "By the part's own numbers: a module's 0 is PRBS31Q (default), a retimer's 5 is PRBS31 "
     "(default)."},
    {"--for", "DURATION", "How long, as 30s, 10m, 1h (default: 10s)."},
    {"--generate", "", "A module also sends the pattern from this side, for a looped cable."},
    {"--far", "MODULE",
     "The module at the other end of the cable (MACHINE/eth0 of a twin), which sends the pattern "
     "from the same side meanwhile."},
    {"--goal", "RATIO", "Bit error ratio to prove, 1e-18 to 1e-3 (default: 1e-12)."},
    kApplyOption,
    kRootOption,
    kRackOption,
    kSeedOption,
    kAdvanceOption,
    kUpFolderOption,
    kInventoryOption,
    kActionJsonOption,
};
constexpr ExampleSpec kExamples[] = {
    {"weft soak i2c-9/0x24", "What a soak of this retimer would write and disturb."},
    {"sudo weft soak i2c-9/0x24 --for 5m --apply", "Five minutes of PRBS31 on all its lanes."},
    {"weft soak pod-server0/eth0 --folder /tmp/weft-0/reference-pod --lane 0 --apply",
     "A lane of a module of a running twin."},
};
constexpr ExitSpec kExits[] = {
    {kOk, "no lane is proven worse than the goal; or nothing was to be done"},
    {kWarning, "a lane is proven worse than the goal"},
    {kUnknown, "a lane was not measured: no lock, no bits"},
};

constexpr std::uint32_t kRetimerErrorsMost = 4194176;  ///< where its counter stops

struct Options {
  std::string side;
  std::vector<unsigned> lanes;
  std::optional<std::uint8_t> pattern;
  base::Duration span;
  double goal = 1e-12;
  bool generates = false;
  std::string far;
};

Result<Options> options_of(const Arguments& arguments) {
  Options out;
  out.side = arguments.value("--side").value_or("");
  if (!out.side.empty() && out.side != "host" && out.side != "media" && out.side != "device") {
    return base::fail(Code::kInvalidArgument, "--side: give host, media or device");
  }
  for (const std::string& text : arguments.values("--lane")) {
    const auto lane = base::parse_unsigned(text);
    if (!lane || *lane > 15) {
      return base::fail(Code::kInvalidArgument, "--lane: give a lane from 0 to 15");
    }
    out.lanes.push_back(static_cast<unsigned>(*lane));
  }
  std::ranges::sort(out.lanes);
  out.lanes.erase(std::unique(out.lanes.begin(), out.lanes.end()), out.lanes.end());
  const auto pattern = number_option(arguments, "--pattern", -1, 0, 15);
  const auto goal = number_option(arguments, "--goal", 1e-12, 1e-18, 1e-3);
  const auto span = base::parse_span(arguments.value("--for").value_or("10s"));
  if (!pattern || !goal) {
    return tl::unexpected((pattern ? goal : pattern).error());
  }
  if (!span || span->seconds() < 0.1 || span->seconds() > 7 * 86400.0) {
    return base::fail(Code::kInvalidArgument, "--for: give a time from 0.1s to a week, as 5m");
  }
  if (*pattern >= 0) {
    out.pattern = static_cast<std::uint8_t>(*pattern);
  }
  out.goal = *goal;
  out.span = *span;
  out.generates = arguments.has("--generate");
  out.far = arguments.value("--far").value_or("");
  return out;
}

/// Time that goes by in slices, so that people see how far it is and can end it; measures how long
/// the longest wait, the soak itself, took by the devices' clock.
class SoakTime {
 public:
  SoakTime(Place& place, base::Duration span) : place_(place), span_(span) {}

  void wait(base::Duration span) {
    if (span < span_ || span.ns == 0) {
      place_.wait(span);
      return;
    }
    constexpr std::int64_t kSliceMost = 1'000'000'000;
    const auto begin = place_.clock();
    const bool shows = isatty(STDERR_FILENO) == 1;
    for (std::int64_t left = span.ns; left > 0 && !Interrupts::asked();) {
      const std::int64_t slice = std::min(left, kSliceMost);
      place_.wait({slice});
      left -= slice;
      if (shows) {
        std::fprintf(stderr, "\rsoaking: %s of %s ",
                     span_text(base::Duration{span.ns - left}.seconds()).c_str(),
                     span_text(span.seconds()).c_str());
      }
    }
    if (shows) {
      std::fputs("\n", stderr);
    }
    const auto end = place_.clock();
    seconds_ = begin && end ? *end - *begin : span.seconds();
  }
  [[nodiscard]] double seconds() const { return seconds_; }

 private:
  Place& place_;
  base::Duration span_;
  double seconds_ = 0;
};

/// What a kind of target plans, and does.
struct Soaker {
  Outline outline;
  std::function<Result<std::vector<SoakLane>>(const std::string& folder, SoakTime&)> soak;
};

std::vector<unsigned> lanes_of(const driver::RetimerReport& report) {
  std::vector<unsigned> out;
  for (const driver::RetimerLink& link : report.links) {
    for (unsigned i = 0; i < link.detected_width; ++i) {
      out.push_back(link.start + i);
    }
  }
  return out;
}

/// Bits a second of the link that the lane is of; 0 where it runs at none.
double rate_of(const driver::RetimerReport& report, unsigned lane) {
  for (const driver::RetimerLink& link : report.links) {
    if (lane >= link.start && lane < link.start + link.width) {
      const auto rate = wire::pcie::rate_of_code(link.generation);
      return rate ? base::as_giga(*rate) * 1e9 : 0;
    }
  }
  return 0;
}

Result<Soaker> retimer_soaker(Place& place, Outline outline, const Options& options) {
  auto opened = open_retimer(place);
  if (!opened) {
    return tl::unexpected(opened.error());
  }
  const std::shared_ptr<OpenRetimer> device = std::make_shared<OpenRetimer>(std::move(*opened));
  auto report = driver::read_retimer(*device->retimer, {.with_lanes = false});
  if (!report) {
    return tl::unexpected(report.error());
  }
  driver::RetimerSoakOptions soak{
      .side = options.side == "device" ? 0U : 1U,
      .lanes = options.lanes.empty() ? lanes_of(*report) : options.lanes,
      .pattern = options.pattern.value_or(5),
      .span = options.span,
      .journal_folder = {},
      .machine = place.source};
  if (soak.lanes.empty()) {
    return base::fail(Code::kFailedPrecondition, "none of its lanes carries data",
                      place.target.name, "Name one with --lane.");
  }
  const auto plan = driver::plan_soak(*device->retimer, soak);
  if (!plan) {
    return tl::unexpected(plan.error());
  }
  add_plan(outline, *plan);
  outline.notes.emplace_back(
      "The transmitters at the far end of these lanes must send the pattern; a retimer's checkers "
      "do not tell whether they found it.");
  return Soaker{.outline = std::move(outline),
                .soak = [device, soak, report = std::move(*report)](
                            const std::string& folder,
                            SoakTime& time) mutable -> Result<std::vector<SoakLane>> {
                  soak.journal_folder = folder;
                  const auto found = driver::soak_retimer(
                      *device->retimer, soak, [&time](base::Duration span) { time.wait(span); });
                  if (!found) {
                    return tl::unexpected(found.error());
                  }
                  std::vector<SoakLane> out;
                  for (const driver::RetimerSoak& one : *found) {
                    const double bits = rate_of(report, one.lane) * time.seconds();
                    out.push_back({.lane = one.lane,
                                   .has_lock = true,
                                   .bits = static_cast<std::uint64_t>(bits),
                                   .errors = one.errors,
                                   .is_at_least = one.errors >= kRetimerErrorsMost});
                  }
                  return out;
                }};
}

/// A module's pattern, and the module that sends it where that is another.
struct ModulePattern {
  std::unique_ptr<bus::ModuleMemory> memory;
  FarModule far;
  driver::ModuleSide side{};
  std::uint8_t lanes = 0;
  std::uint8_t pattern = 0;
  bool generates = false;
  base::Duration span;
};

Result<ModulePattern> open_pattern(Place& place, const Options& options) {
  ModulePattern out;
  auto memory = place.devices->module_memory(place.target.name);
  if (!memory) {
    return tl::unexpected(memory.error());
  }
  out.memory = std::move(*memory);
  const auto mask = lanes_in_use(*out.memory, options.lanes);
  if (!mask) {
    return tl::unexpected(mask.error());
  }
  if (!options.far.empty()) {
    auto far = open_module_elsewhere(place, options.far);
    if (!far) {
      return tl::unexpected(far.error());
    }
    out.far = std::move(*far);
  }
  out.side = options.side == "host" ? driver::ModuleSide::kHost : driver::ModuleSide::kMedia;
  out.lanes = *mask;
  out.pattern = options.pattern.value_or(0);
  out.generates = options.generates;
  out.span = options.span;
  return out;
}

/// Runs `work` with a journal that is undone after it, whatever comes of it.
Result<void> with_journal(const std::string& folder, const std::string& source,
                          bus::ModuleMemory& memory,
                          const std::function<Result<void>(driver::Journal&)>& work) {
  auto journal = driver::Journal::open(folder, "soak", source);
  if (!journal) {
    return tl::unexpected(journal.error());
  }
  auto done = work(*journal);
  auto back = journal->undo(
      [&](const driver::JournalEntry& entry) { return driver::restore_module(memory, entry); });
  if (back) {
    back = journal->close();
  }
  return done ? back : done;
}

Result<std::vector<SoakLane>> soak_module(const ModulePattern& one, const std::string& folder,
                                          const std::string& source, SoakTime& time) {
  const auto wait = [&time](base::Duration span) { time.wait(span); };
  std::vector<SoakLane> out;
  const auto check = [&](driver::Journal& journal) -> Result<void> {
    driver::ModuleControl control(*one.memory, {.apply = true, .wait = wait, .journal = &journal});
    const auto found = control.soak(one.side, one.lanes, one.pattern, one.span, one.generates);
    for (const driver::ModuleLaneErrors& lane :
         found.value_or(std::vector<driver::ModuleLaneErrors>())) {
      out.push_back(
          {.lane = lane.lane, .has_lock = lane.has_lock, .bits = lane.bits, .errors = lane.errors});
    }
    return found ? Result<void>() : tl::unexpected(found.error());
  };
  const auto near = [&] { return with_journal(folder, source, *one.memory, check); };
  if (one.far.memory == nullptr) {
    return near().map([&] { return out; });
  }
  return with_journal(folder, source, *one.far.memory,
                      [&](driver::Journal& journal) {
                        driver::ModuleControl sender(
                            *one.far.memory, {.apply = true, .wait = wait, .journal = &journal});
                        return sender.generate(one.side, one.lanes, one.pattern).and_then(near);
                      })
      .map([&] { return out; });
}

Result<Soaker> module_soaker(Place& place, Outline outline, const Options& options) {
  auto opened = open_pattern(place, options);
  if (!opened) {
    return tl::unexpected(opened.error());
  }
  const auto one = std::make_shared<ModulePattern>(std::move(*opened));
  const driver::ModuleControlOptions dry{.apply = false, .wait = {}, .journal = nullptr};
  if (one->far.memory != nullptr) {
    driver::ModuleControl sender(*one->far.memory, dry);
    if (const auto planned = sender.generate(one->side, one->lanes, one->pattern); !planned) {
      return tl::unexpected(planned.error());
    }
    const auto near = std::exchange(outline.target, options.far);
    add_steps(outline, *one->far.memory, sender.steps());
    outline.target = near;
  }
  driver::ModuleControl checker(*one->memory, dry);
  const auto planned = checker.soak(one->side, one->lanes, one->pattern, one->span, one->generates);
  if (!planned) {
    return tl::unexpected(planned.error());
  }
  add_steps(outline, *one->memory, checker.steps());
  outline.disturbs = driver::disturbs("soak");
  outline.undo =
      "Every register is put back at the end; after a kill by weft undo or the next run.";
  add_module_notes(outline, place);
  if (!options.generates && options.far.empty()) {
    outline.notes.emplace_back(
        "The far end must send the pattern: --far, or --generate in a loop.");
  }
  return Soaker{.outline = std::move(outline),
                .soak = [one, source = place.source](const std::string& folder, SoakTime& time) {
                  return soak_module(*one, folder, source, time);
                }};
}

int apply(Place& place, const Soaker& soaker, const Options& options, bool is_json) {
  const auto folder = driver::state_folder();
  if (!folder) {
    return report(folder.error());
  }
  if (auto recovered = recover_first(place, *folder); !recovered) {
    return report(recovered.error());
  }
  SoakTime time(place, options.span);
  const Interrupts interrupts;
  const auto lanes = soaker.soak(*folder, time);
  if (!lanes) {
    return report(lanes.error());
  }
  const SoakResult result{.lanes = *lanes,
                          .seconds = time.seconds(),
                          .goal = options.goal,
                          .is_interrupted = Interrupts::asked()};
  auto json = outline_json(soaker.outline, true);
  json["soak"] = soak_json(result);
  print_text(is_json ? json.dump(2) + "\n" : outline_text(soaker.outline) + soak_text(result));
  return soak_exit(result);
}

int run(const Arguments& arguments) {
  const auto options = options_of(arguments);
  if (!options) {
    return report_usage(options.error().what);
  }
  auto place = open_place(arguments, arguments.value("TARGET").value_or(""));
  if (!place) {
    return report(place.error());
  }
  const bool is_module = place->target.kind == TargetKind::kModule;
  if (place->target.kind == TargetKind::kLink) {
    return report(wrong_kind(*place, "soak"));
  }
  if (options->side == (is_module ? "device" : "media")) {
    return report_usage("--side: a module has host and media, a retimer host and device");
  }
  auto outline = outline_of(*place, "soak");
  const auto soaker = is_module ? module_soaker(*place, std::move(outline), *options)
                                : retimer_soaker(*place, std::move(outline), *options);
  if (!soaker) {
    return report(soaker.error());
  }
  const bool is_json = arguments.has("--json");
  if (arguments.has("--apply")) {
    return apply(*place, *soaker, *options, is_json);
  }
  print_text(is_json ? outline_json(soaker->outline, false).dump(2) + "\n"
                     : dry_run_text(soaker->outline));
  return kOk;
}

}  // namespace soak_parts

VerbSpec soak_verb() {
  return {.name = "soak",
          .summary = "Count bit errors of a test pattern at a retimer or module",
          .description =
              "Switches the pattern checkers of a retimer's or module's lanes on for some time, "
              "reads what they counted, and says for each lane between which error ratios the "
              "truth lies with 95 % confidence, whether that proves it better than the goal, and "
              "how much longer that would take. The lanes carry no traffic meanwhile. Without "
              "--apply it prints every write and whom it disturbs. With --apply each old value is "
              "in a journal before it changes and is put back at the end, also after Ctrl-C; after "
              "a kill by weft undo or by the next run. A soak of a module needs a way to write its "
              "memory, which Linux does not give by the network interface; a retimer needs "
              "/dev/i2c-N and root.",
          .positionals = soak_parts::kPositionals,
          .options = soak_parts::kOptions,
          .run = soak_parts::run,
          .examples = soak_parts::kExamples,
          .exits = soak_parts::kExits};
}

}  // namespace weft::cli
