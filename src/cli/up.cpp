// SPDX-License-Identifier: Apache-2.0
#include "cli/up.h"

#include "base/span.h"
#include "base/text.h"
#include "cli/interrupts.h"
#include "cli/terminal.h"
#include "cli/up_http.h"
#include "cli/up_notify.h"
#include "cli/up_plane.h"
#include "cli/up_services.h"
#include "cli/up_start.h"
#include "cli/up_summary.h"
#include "cli/up_world.h"
#include "fabric/rack.h"
#include "twin/door/pacer.h"
#include "twin/door/sysfs_tree.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <optional>
#include <thread>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace weft::cli {
namespace up_parts {

constexpr PositionalSpec kPositionals[] = {
    {"RACK",
     "A rack file, or the name of a reference rack that is part of the program (default: "
     "reference-pod).",
     false, false},
};
constexpr OptionSpec kOptions[] = {
    {"--scenario", "FILE",
     "A scenario (docs/formats/scenario.md): its rack and seed where none is given here, and its "
     "weather, workload and faults."},
    {"--seed", "N", "Seed of all that is drawn; the same seed, the same life (default: 1)."},
    {"--speed", "X", "World seconds in a second, or max for as fast as it goes (default: 1)."},
    {"--for", "DURATION", "Ends after so much world time, as 30s, 2m, 1h or 1d (default: never)."},
    {"--threads", "N",
     "Threads that run the world, 1 to 64; results do not depend on it "
     "(default: 1)."},
    {"--restore", "FILE",
     "Goes on from a checkpoint (weft world checkpoint) of the same rack and seed; its faults are "
     "in it, those of --scenario are left out."},
    {"--doors", "",
     "Opens the doors: files of each machine, SMBus, module memory; prints where they are."},
    {"--folder", "DIR",
     "Where doors and control socket are (default: $XDG_RUNTIME_DIR/weft/RACK, else "
     "/tmp/weft-UID/RACK)."},
    {"--no-mount", "", "Files as snapshot folders, written anew every 5 s, instead of mounted."},
    {"--tcp", "", "SMBus and module doors also on ports of 127.0.0.1."},
    {"--guests", "",
     "With --doors: sockets too on which QEMU and User-Mode Linux take SMBus segments and PCI "
     "functions of one machine, 64 functions at most; prints start-up lines."},
    {"--machine", "NAME", "Whose devices --guests gives (default: the only one that has any)."},
    {"--store", "DIR",
     "Keeps what is measured and found in this folder, for weft history and for the next start "
     "(default: a folder that is gone when it ends)."},
    kNotifyOption,
    kNotifyTokenOption,
    kNotifyCaOption,
    kNotifyLevelOption,
    kQuietHoursOption,
    kHttpOption,
    kNoHttpOption,
    kHttpTokenOption,
    kTlsCertOption,
    kTlsKeyOption,
    kUiDirOption,
    {"--state", "DIR",
     "Keeps world, store and audit in this folder, and goes on from there at the next start "
     "(default: with no argument at all $XDG_STATE_HOME/weft/up/RACK, else nothing is kept)."},
    {"--fresh", "", "Forgets what is kept there, and begins anew."},
    {"--no-plane", "", "Only the world: nobody polls it, remembers or judges."},
    {"--json", "", "A line of JSON for the start and for each summary."},
};
constexpr ExampleSpec kExamples[] = {
    {"weft up",
     "The reference pod at the pace of the clock with two hours of history and one subtle fault, "
     "and a page on http://127.0.0.1:8088, until Ctrl-C."},
    {"weft up racks/hgx-h100.yaml --doors", "One server whose lspci, SMBus and modules answer."},
    {"weft up --scenario scenarios/fan-loss.yaml --speed 60", "A story, an hour in a minute."},
    {"weft up --store history --notify http://127.0.0.1:9000/pages --quiet-hours 22:00-06:00",
     "Remembers, and wakes somebody."},
    {"weft up --http 9000", "Page and API on http://127.0.0.1:9000."},
    {"weft up --speed max --for 1d --json", "A day of the reference pod, as fast as it goes."},
};
constexpr ExitSpec kExits[] = {{kOk, "the time of --for is over, or it was interrupted"}};

/// kOk, or the exit code of what was told to the user.
int parse(const Arguments& arguments, UpOptions& out) {
  constexpr std::uint64_t kThreadsMax = 64;
  constexpr double kSpeedMax = 1e6;
  out.rack = arguments.value("RACK").value_or(out.rack);
  out.json = arguments.has("--json");
  if (const auto text = arguments.value("--seed")) {
    const auto seed = base::parse_unsigned(*text);
    if (!seed) {
      return report_usage("--seed: '" + base::printable(*text, 40) + "' is not a whole number");
    }
    out.world.seed = *seed;
  }
  if (const auto text = arguments.value("--threads")) {
    const auto threads = base::parse_unsigned(*text);
    if (!threads || *threads < 1 || *threads > kThreadsMax) {
      return report_usage("--threads: '" + base::printable(*text, 40) + "' is not 1 to 64");
    }
    out.world.threads = static_cast<unsigned>(*threads);
  }
  if (const auto text = arguments.value("--speed"); text && *text != "max") {
    const auto speed = base::parse_double(*text);
    if (!speed || *speed <= 0 || *speed > kSpeedMax) {
      return report_usage("--speed: '" + base::printable(*text, 40) + "' is no speed",
                          "Write a factor up to 1000000, or max.");
    }
    out.speed = *speed;
  } else if (text) {
    out.speed = 0;
  }
  if (const auto text = arguments.value("--for")) {
    constexpr base::Duration kMost = base::seconds(10 * 365 * 86400.0);
    const auto span = base::parse_span(*text);
    if (span && span->ns > 0 && *span <= kMost) {
      out.span = *span;
    } else {
      return report_usage("--for: '" + base::printable(*text, 40) + "' is no time",
                          "Write it as 30s, 2m, 1h or 1d.");
    }
  }
  return kOk;
}

void print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

std::string banner(const twin::Rack& rack, const UpOptions& options, double start_seconds) {
  return fmt::format(
      "SIMULATED: rack {}: {} machines, {} links; seed {}, speed {}; started in {:.2f} s\n",
      rack.plan->fabric.name, rack.machines.size(), rack.links.size(), options.world.seed,
      options.speed > 0 ? fmt::format("{:g}", options.speed) : "max", start_seconds);
}

std::string start_json(const twin::Rack& rack, const UpOptions& options, double start_seconds,
                       std::span<const twin::door::DoorRow> doors, const UpHttp* http) {
  using Object = nlohmann::ordered_json;
  Object out = {{"schema", "weftline/up-start/1"}, {"simulated", true},
                {"rack", rack.plan->fabric.name},  {"machines", rack.machines.size()},
                {"links", rack.links.size()},      {"seed", options.world.seed},
                {"start_seconds", start_seconds},  {"doors", Object::array()}};
  for (const auto& row : doors) {
    out["doors"].push_back(
        {{"door", row.door}, {"machine", row.machine}, {"address", row.address}, {"try", row.how}});
  }
  if (http != nullptr) {
    out["http"] = http->address();
  }
  return out.dump() + "\n";
}

/// Prints summaries while the world goes on: in place on a terminal, else as lines.
class Watcher {
 public:
  Watcher(twin::Rack& rack, const UpOptions& options, UpPlane* plane)
      : rack_(rack),
        plane_(plane),
        json_(options.json),
        in_place_(!options.json && terminal(1).is_terminal) {
    for (std::size_t i = 0; i < rack.machines.size(); ++i) {
      trees_.push_back(twin::door::sysfs_tree(rack, i));
    }
  }

  void show(const twin::door::PacerStatus& pace) {
    auto summary = look_at(rack_, trees_);
    const auto now = std::chrono::steady_clock::now();
    const auto events = events_now();
    const double span = std::chrono::duration<double>(now - last_).count();
    summary.world_seconds = base::Duration{pace.now.ns}.seconds();
    summary.events_per_s = span > 0 ? static_cast<double>(events - events_) / span : 0;
    summary.factor = pace.factor;
    summary.lag_seconds = pace.lag_seconds;
    if (plane_ != nullptr) {
      summary.findings = plane_->open_findings();
      summary.problems = plane_->take_problems();
    }
    last_ = now;
    events_ = events;
    if (json_) {
      print(summary_json(summary) + "\n");
    } else if (in_place_) {
      draw(summary_block(summary));
    } else {
      print(summary_line(summary) + "\n");
    }
  }

 private:
  std::uint64_t events_now() const {
    const twin::Hold hold(rack_.world->mutex());
    return rack_.world->events();
  }

  /// Over what was drawn before: cursor up, then each line cleared.
  void draw(const std::string& block) {
    std::string out = drawn_ > 0 ? fmt::format("\x1b[{}A\x1b[J", drawn_) : "";
    drawn_ = static_cast<int>(std::ranges::count(block, '\n'));
    print(out + block);
  }

  twin::Rack& rack_;
  UpPlane* plane_;  // null: nobody judges
  bool json_;
  bool in_place_;
  std::vector<std::unique_ptr<twin::door::LiveTree>> trees_;
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
  std::uint64_t events_ = 0;
  int drawn_ = 0;
};

base::Result<std::unique_ptr<twin::door::Doors>> open_doors(twin::Rack& rack, UpPlane* plane,
                                                            const Arguments& arguments) {
  twin::door::DoorsOptions options;
  options.folder = arguments.value("--folder").value_or("");
  options.mounts = !arguments.has("--no-mount");
  options.has_tcp = arguments.has("--tcp");
  if (auto is_free = check_folder_is_free(
          options.folder.empty() ? twin::door::default_door_folder(rack.plan->fabric.name)
                                 : options.folder);
      !is_free) {
    return tl::unexpected(is_free.error());
  }
  options.services = up_services(rack, plane);
  options.has_guests = arguments.has("--guests");
  options.guest_machine = arguments.value("--machine").value_or("");
  return twin::door::Doors::open(rack, std::move(options));
}

/// Until its history is made, or a signal came.
void wait_for_history(const UpPlane* plane, bool json) {
  constexpr auto kTick = std::chrono::milliseconds(50);
  bool is_told = false;
  while (plane != nullptr && !plane->is_prepared() && !Interrupts::asked()) {
    if (!json && !is_told && terminal(1).is_terminal) {
      is_told = true;
      print("Its history is being made…\n");
    }
    std::this_thread::sleep_for(kTick);
  }
}

/// Until --for is over or a signal came.
void live(twin::Rack& rack, const UpOptions& options, twin::door::Doors* doors, UpPlane* plane,
          UpWorld& world) {
  using Clock = std::chrono::steady_clock;
  constexpr auto kTick = std::chrono::milliseconds(20);
  constexpr auto kSnapshotEvery = std::chrono::seconds(5);
  const auto every = std::chrono::seconds(terminal(1).is_terminal ? 1 : 5);
  wait_for_history(plane, options.json);
  if (Interrupts::asked()) {
    return;
  }
  twin::door::PacerOptions pace{.speed = options.speed};
  if (options.span) {
    pace.until = rack.world->now() + *options.span;
  }
  Watcher watcher(rack, options, plane);
  world.start(pace);
  auto shown = Clock::now();
  auto written = shown;
  while (!Interrupts::asked() && !world.status().is_done) {
    std::this_thread::sleep_for(kTick);
    const auto now = Clock::now();
    if (now - shown >= every) {
      shown = now;
      watcher.show(world.status());
    }
    if (doors != nullptr && now - written >= kSnapshotEvery) {
      written = now;
      if (auto refreshed = doors->refresh(); !refreshed) {
        report(refreshed.error());
      }
    }
  }
  world.stop();
  watcher.show(world.status());
}

base::Result<std::unique_ptr<UpHttp>> open_up_http(const Arguments& arguments, UpPlane* plane,
                                                   const UpStart& start) {
  if (plane == nullptr) {
    if (arguments.has("--http")) {
      return base::fail(base::Code::kInvalidArgument, "--http has nothing to tell with --no-plane",
                        {}, "Leave one of them out.");
    }
    return std::unique_ptr<UpHttp>();
  }
  return open_http(
      arguments, {.source = plane->api(),
                  .is_simulated = true,
                  .audit = start.state ? start.state->audit() : plane->folder() + "/audit.jsonl"});
}

int up(const Arguments& arguments) {
  UpStart begun;
  UpOptions& options = begun.options;
  if (const int exit = parse(arguments, options); exit != kOk) {
    return exit;
  }
  if (auto read = begun.read(arguments); !read) {
    return report(read.error());
  }
  if (arguments.has("--guests") && !arguments.has("--doors")) {
    return report_usage("--guests needs --doors", "Give both.");
  }
  UpPlaneOptions plane_options;
  if (auto read = read_notify_options(arguments, plane_options); !read) {
    return report(read.error());
  }
  const auto begin = std::chrono::steady_clock::now();
  auto fabric = fabric::rack_fabric(options.rack);
  if (!fabric) {
    return report(fabric.error());
  }
  if (auto opened = begun.open_state(arguments, *fabric); !opened) {
    return report(opened.error());
  }
  auto rack = begun.build(arguments, *std::move(fabric));
  if (!rack) {
    return report(rack.error());
  }
  UpWorld world(**rack, options.speed);
  std::unique_ptr<UpPlane> plane;
  plane_options.world_at =
      begun.saved ? begun.saved->world_at : base::WallTime{base::wall_now().ns - begun.history.ns};
  if (!arguments.has("--no-plane")) {
    plane_options.store =
        begun.state ? begun.state->store() : arguments.value("--store").value_or("");
    plane_options.history = begun.history;
    plane_options.world = &world;
    plane_options.door_folder =
        arguments.value("--folder")
            .value_or(twin::door::default_door_folder((*rack)->plan->fabric.name));
    world.set_prepared(begun.history.ns > 0 ? 0 : 1);
    plane_options.prepared = [&world](double share) { world.set_prepared(share); };
    auto started = UpPlane::start(**rack, plane_options);
    if (!started) {
      return report(started.error());
    }
    plane = std::move(*started);
  }
  const Interrupts interrupts;
  std::unique_ptr<twin::door::Doors> doors;
  std::unique_ptr<OpenServices> services;
  if (arguments.has("--doors")) {
    auto opened = open_doors(**rack, plane.get(), arguments);
    if (!opened) {
      return report(opened.error());
    }
    doors = std::move(*opened);
  } else {
    auto opened = open_services(**rack, plane.get(), arguments.value("--folder").value_or(""));
    if (opened) {
      services = std::move(*opened);
    } else {
      report(opened.error());  // it lives all the same, without weft world
    }
  }
  auto http = open_up_http(arguments, plane.get(), begun);
  if (!http) {
    return report(http.error());
  }
  const std::vector<twin::door::DoorRow> no_rows;
  const double start =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  if (options.json) {
    print(start_json(**rack, options, start,
                     doors      ? doors->map()
                     : services ? services->map
                                : no_rows,
                     http->get()));
  } else {
    print(banner(**rack, options, start) + (doors ? doors->map_text() : "") +
          http_line(http->get()));
  }
  live(**rack, options, doors.get(), plane.get(), world);
  const bool is_whole = plane == nullptr || plane->is_prepared();
  http->reset();
  services.reset();
  doors.reset();
  plane.reset();
  if (is_whole) {
    begun.keep(**rack, plane_options.world_at);
  }
  return kOk;
}

}  // namespace up_parts

VerbSpec up_verb() {
  return {.name = "up",
          .summary = "bring a rack to life: a twin whose machines, buses and modules answer",
          .description =
              "Builds a twin of a rack file, every link with its physics and every device behind "
              "its real management interface, and lets its time go by. Everything it shows is "
              "simulated.\n\nWith --doors, programs that know nothing of this one can look: files "
              "of each machine as its Linux kernel shows them (lspci, node_exporter, weft scan "
              "--from), SMBus segments and module memory on sockets "
              "(docs/formats/smbus-door.md, module-door.md). All doors close when it ends, with "
              "Ctrl-C or after --for.",
          .positionals = up_parts::kPositionals,
          .options = up_parts::kOptions,
          .run = &up_parts::up,
          .examples = up_parts::kExamples,
          .exits = up_parts::kExits};
}

}  // namespace weft::cli
