// SPDX-License-Identifier: Apache-2.0
#include "cli/why.h"

#include "base/span.h"
#include "base/text.h"
#include "bus/linux/open.h"
#include "cli/files.h"
#include "cli/history_plane.h"
#include "diagnose/incident.h"
#include "driver/collect.h"
#include "fabric/rack.h"
#include "serve/control_plane.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <thread>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace weft::cli {
namespace why {
namespace {

using base::Code;

constexpr double kWatchSeconds = 5;
constexpr double kWatchSecondsMax = 24 * 3600;

constexpr PositionalSpec kPositionals[] = {
    {"SUBJECT",
     "A finding's id, a link, port, device or serial, or a pattern of those with *; left out: "
     "everything. An incident file's path is read as --incident.",
     false, false},
};
constexpr OptionSpec kOptions[] = {
    {"--from", "FILE", "Judge captures of one or many machines, in order of their time.", true},
    {"--incident", "FILE", "Replay an incident file (docs/formats/incident.md)."},
    {"--rack", "FILE", "Hold what is seen to this rack file, and use its names."},
    {"--live", "", "Ask the running weft up (or the one of --folder or --socket) what it found."},
    kPlaneFolderOption,
    kPlaneSocketOption,
    {"--store", "DIR", "What a control plane or weft import has found and left in this store."},
    {"--watch", "TIME", "How long to look at this machine: 30s, 2m, 1h. Default 5s, at most 24 h."},
    {"--since", "TIME", "Only what moved in this time before the end: 30s, 2m, 1h, 7d."},
    {"--state", "FILE",
     "Also write what the links do now, for weft sim --state (docs/formats/fabric-state.md). Needs "
     "--rack, or --live."},
    {"--json", "", "Findings as JSON, schema weftline/why/1 (docs/formats/why.md)."},
};
constexpr ExampleSpec kExamples[] = {
    {"weft why", "Look twice, five seconds apart, and say what is wrong with this machine."},
    {"weft why --from rack7-*.tar.zst --rack rack7.yaml", "Many captures as one rack."},
    {"weft why incidents/worse-after-flap.yaml", "Replay a public incident."},
    {"weft why --from rack7-*.tar.zst --rack rack7.yaml --state now.json",
     "And what its links do, for weft sim collective rack7.yaml --state now.json."},
    {"weft why --live", "What the control plane of the running twin has found."},
    {"weft why --live server2/nic0/eth0 --json", "All about one port, for programs."},
};

/// Seconds of a span above 0.
std::optional<double> seconds_of(std::string_view text) {
  const auto span = base::parse_span(text);
  return span && span->ns > 0 ? std::optional(span->seconds()) : std::nullopt;
}

/// What is judged, and what was looked at for it.
struct Case {
  std::unique_ptr<fabric::Fabric> plan;  ///< outlives the watch
  std::unique_ptr<diagnose::Watch> watch;
  std::vector<diagnose::LivingFinding> findings;
  WatchedSpan watched;
  std::set<std::string> machines;
};

void count(const observe::Sample& sample, WatchedSpan& watched) {
  if (!sample.value) {
    ++watched.not_measured[fmt::format("{}: {}", observe::row(sample.metric).key,
                                       observe::words(sample.value.error().why))];
  }
}

void cover(Case& it, base::WallTime at) {
  if (at.ns > 0) {
    it.watched.from = it.watched.from.ns == 0 ? at : std::min(it.watched.from, at);
    it.watched.until = std::max(it.watched.until, at);
  }
}

void take(Case& it, const observe::Snapshot& snapshot) {
  it.watch->take(snapshot);
  cover(it, snapshot.taken);
  ++it.watched.looks;
  if (it.machines.insert(snapshot.host.identity).second) {
    it.watched.links += snapshot.links.size();
    for (const auto& sample : snapshot.samples) {
      count(sample, it.watched);
    }
    for (const auto& note : snapshot.notes) {
      if (std::ranges::find(it.watched.notes, note) == it.watched.notes.end()) {
        it.watched.notes.push_back(note);
      }
    }
  }
  it.watched.machines = it.machines.size();
}

base::Result<observe::Snapshot> look(const std::string& source, bool is_live) {
  auto host = bus::linux_host::open_host(source);
  if (!host) {
    return tl::unexpected(host.error());
  }
  driver::CollectOptions options;
  options.now = is_live ? base::wall_now() : base::WallTime{};
  return driver::collect(*host, options);
}

base::Result<void> judge_machine(Case& it, double seconds) {
  for (const bool is_second : {false, true}) {
    if (is_second) {
      std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
    }
    auto snapshot = look("/", true);
    if (!snapshot) {
      return tl::unexpected(snapshot.error());
    }
    take(it, *snapshot);
    it.findings = it.watch->judge(snapshot->taken);
  }
  it.watched.source = "this machine";
  return {};
}

base::Result<void> judge_captures(Case& it, const std::vector<std::string>& files) {
  std::vector<observe::Snapshot> snapshots;
  for (const auto& file : files) {
    auto snapshot = look(file, false);
    if (!snapshot) {
      return tl::unexpected(snapshot.error());
    }
    snapshots.push_back(std::move(*snapshot));
  }
  std::ranges::sort(snapshots, {},
                    [](const auto& one) { return std::pair(one.taken, one.host.source); });
  for (const auto& snapshot : snapshots) {
    take(it, snapshot);
    it.findings = it.watch->judge(snapshot.taken);
  }
  it.watched.source = files.size() == 1 ? files.front() : fmt::format("{} captures", files.size());
  return {};
}

base::Result<void> judge_incident(Case& it, const std::string& file) {
  const auto incident = diagnose::load_incident(file);
  if (!incident) {
    return tl::unexpected(incident.error());
  }
  if (!incident->ok()) {
    std::fputs(incident->problem_text().c_str(), stderr);
    return base::fail(Code::kInvalidArgument, "the incident file has mistakes", file,
                      "They stand above with their places.");
  }
  diagnose::IncidentReplay replay(*incident, *it.watch);
  while (const auto judged = replay.next()) {
    it.findings = *judged->findings;
    cover(it, judged->at);
  }
  std::set<std::int64_t> moments;
  for (const auto& entry : incident->entries) {
    cover(it, entry.at);
    moments.insert(entry.at.ns);
    if (const auto* timed = std::get_if<diagnose::IncidentEntry::Timed>(&entry.what)) {
      count(timed->sample, it.watched);
    }
  }
  for (const auto& device : incident->fabric.devices()) {
    it.watched.machines += device.kind == fabric::DeviceKind::kHost ? 1 : 0;
  }
  it.watched.links = incident->fabric.links().size();
  it.watched.looks = moments.size();
  it.watched.source = file;
  return {};
}

bool is_incident_file(const std::string& name) {
  std::error_code ignored;
  return (name.ends_with(".yaml") || name.ends_with(".yml")) &&
         std::filesystem::is_regular_file(name, ignored);
}

/// Findings that were kept; the fabric that they are of is not.
base::Result<Case> kept_case(const std::string& folder) {
  std::error_code error;
  if (!std::filesystem::is_directory(folder, error)) {
    return base::fail(Code::kNotFound, "there is no such folder", folder,
                      "Name a store's folder with --store.");
  }
  telemetry::StoreOptions options;
  options.read_only = true;
  auto store = telemetry::Store::open(folder, options);
  if (!store) {
    return tl::unexpected(store.error());
  }
  auto findings = serve::saved_findings(**store);
  if (!findings) {
    return tl::unexpected(findings.error());
  }
  Case out;
  out.watch = std::make_unique<diagnose::Watch>();
  out.findings = *std::move(findings);
  out.watched.source = folder;
  for (const auto& living : out.findings) {
    cover(out, living.opened);
    cover(out, living.updated);
  }
  for (const auto& subject : (*store)->subjects("*")) {
    out.machines.insert(subject.host);
    out.watched.links += subject.kind == "link" ? 1 : 0;
  }
  out.watched.machines = out.machines.size();
  out.watched.notes = (*store)->damage();
  return out;
}

/// The control plane has the joint fabric and the past; it writes the text itself.
int ask_living(const Arguments& arguments, const std::string& subject, double since_s) {
  auto plane = Plane::open(arguments);
  if (!plane) {
    return report(plane.error());
  }
  Plane::Json request = {{"ask", "why"}, {"subject", subject}, {"json", arguments.has("--json")}};
  if (since_s > 0) {
    request["since_s"] = since_s;
  }
  const auto answer = plane->ask(request);
  if (!answer) {
    return report(answer.error());
  }
  if (const auto file = arguments.value("--state")) {
    const auto state = plane->ask({{"ask", "state"}});
    if (!state) {
      return report(state.error());
    }
    const Plane::Json links = state->value("state", Plane::Json::object());
    if (auto written = write_output(*file, links.dump(2) + "\n"); !written) {
      return report(written.error());
    }
  }
  const std::string text = answer->value("text", "");
  std::fwrite(text.data(), 1, text.size(), stdout);
  return answer->value("exit", static_cast<int>(kOk));
}

int show(Case& it, const Arguments& arguments, const std::string& subject, double since_s) {
  const auto from = since_s > 0 ? base::WallTime{it.watched.until.ns - base::seconds(since_s).ns}
                                : base::WallTime{};
  const auto meant = findings_about(it.findings, it.watch->joint(), subject, from);
  if (const auto known = check_subject(it.findings, it.watch->joint(), subject); !known) {
    return report(known.error());
  }
  it.watched.subject = subject;
  if (const auto file = arguments.value("--state")) {
    const auto state = it.watch->fabric_state();
    if (auto written = write_output(*file, fabric::fabric_state_json(state.value())); !written) {
      return report(written.error());
    }
  }
  it.watched.starting = it.watch->starting(it.watched.until);
  const WhyView view{meant, &it.watch->joint(), it.watched};
  const auto text = arguments.has("--json") ? why_json(view) : why_text(view);
  std::fwrite(text.data(), 1, text.size(), stdout);
  return why_exit(view);
}

int run(const Arguments& arguments) {
  auto subject = arguments.value("SUBJECT").value_or("");
  auto incident = arguments.value("--incident");
  if (!incident && is_incident_file(subject)) {
    incident = std::exchange(subject, {});
  }
  const auto files = arguments.values("--from");
  if (incident && (!files.empty() || arguments.has("--watch"))) {
    return report_usage("an incident file goes with neither --from nor --watch");
  }
  if (!files.empty() && arguments.has("--watch")) {
    return report_usage("--watch looks at this machine; it does not go with --from");
  }
  const auto watch_text = arguments.value("--watch");
  const auto watch = watch_text ? seconds_of(*watch_text) : std::optional(kWatchSeconds);
  const auto since_text = arguments.value("--since");
  const double since_s = since_text ? seconds_of(*since_text).value_or(-1) : 0;
  if (!watch || *watch > kWatchSecondsMax || since_s < 0) {
    return report_usage("that is no length of time", "write it as 30s, 2m, 1h or 7d");
  }
  if (arguments.has("--live") || arguments.has("--folder") || arguments.has("--socket")) {
    if (incident || !files.empty() || arguments.has("--watch") || arguments.has("--rack")) {
      return report_usage("a running weft up judges by itself",
                          "Leave --from, --incident, --watch and --rack out.");
    }
    return ask_living(arguments, subject, since_s);
  }
  if (arguments.has("--state") && !arguments.has("--rack")) {
    return report_usage("--state needs --rack",
                        "The state names links as the rack file does; say which with --rack FILE.");
  }
  if (const auto folder = arguments.value("--store")) {
    if (incident || !files.empty() || arguments.has("--watch") || arguments.has("--rack")) {
      return report_usage("a store's findings are judged already",
                          "Leave --from, --incident, --watch and --rack out.");
    }
    auto kept = kept_case(*folder);
    return kept ? show(*kept, arguments, subject, since_s) : report(kept.error());
  }
  Case it;
  diagnose::WatchOptions options;
  if (const auto rack = arguments.value("--rack")) {
    auto plan = fabric::rack_fabric(*rack);
    if (!plan) {
      return report(plan.error());
    }
    it.plan = std::make_unique<fabric::Fabric>(std::move(*plan));
    options.plan = it.plan.get();
    options.plan_source = *rack;
  }
  it.watch = std::make_unique<diagnose::Watch>(options);
  const auto judged = incident         ? judge_incident(it, *incident)
                      : !files.empty() ? judge_captures(it, files)
                                       : judge_machine(it, *watch);
  if (!judged) {
    return report(judged.error());
  }
  return show(it, arguments, subject, since_s);
}

}  // namespace
}  // namespace why

int why_exit(const WhyView& view) {
  auto worst = diagnose::Level::kOk;
  for (const auto& living : view.findings) {
    if (living.phase != diagnose::Phase::kClosed) {
      worst = std::max(worst, living.finding.level);
    }
  }
  return exit_code(worst);
}

VerbSpec why_verb() {
  VerbSpec verb;
  verb.name = "why";
  verb.summary = "Which link, which end, which part is the cause, and what to do";
  verb.description =
      "Judges what was seen over time: of this machine (two looks some seconds apart), of captures "
      "of many machines joined to one fabric, or of an incident file. Says the cause in one "
      "sentence with how sure it is, then the evidence, who merely suffers, what speaks against "
      "it, "
      "what else it may be, which test would decide, and the next step. Where the data decide "
      "nothing it says so. Nothing is written and no device is changed.";
  verb.positionals = why::kPositionals;
  verb.options = why::kOptions;
  verb.run = &why::run;
  verb.examples = why::kExamples;
  verb.exits = kVerdictExits;
  return verb;
}

}  // namespace weft::cli
