// SPDX-License-Identifier: Apache-2.0
#include "cli/scan.h"

#include "base/span.h"
#include "base/text.h"
#include "bus/linux/open.h"
#include "cli/demo.h"
#include "cli/files.h"
#include "cli/interrupts.h"
#include "cli/scan_json.h"
#include "cli/scan_report.h"
#include "cli/scan_text.h"
#include "cli/terminal.h"
#include "diagnose/watch.h"
#include "driver/collect.h"
#include "fabric/rack.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <thread>

#include <fmt/format.h>

namespace weft::cli {
namespace {

/// How often a watch looks. A speed change of an idling device lasts longer.
constexpr std::chrono::milliseconds kWatchStep{500};
constexpr double kWatchSecondsMax = 24 * 3600;

/// A kernel log that the user named must be there, a file, and readable: a typing error is no
/// verdict.
base::Result<void> check_readable(const std::string& path) {
  const char* hint = "name a file of kernel messages";
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    return base::fail(base::Code::kInvalidArgument, "is a folder", path, hint);
  }
  errno = 0;
  if (!std::ifstream(path)) {
    return base::fail(errno == EACCES ? base::Code::kPermissionDenied : base::Code::kNotFound,
                      "cannot be read", path, hint);
  }
  return {};
}

base::Result<ScannedHost> scan_source(bus::Host source, const driver::CollectOptions& options) {
  auto snapshot = driver::collect(source, options);
  if (!snapshot) {
    return tl::unexpected(snapshot.error());
  }
  ScannedHost host;
  host.snapshots.push_back(std::make_unique<observe::Snapshot>(std::move(*snapshot)));
  host.source = std::move(source);
  return host;
}

/// Captures of one machine at several times are one host with a history.
void add_host(std::vector<ScannedHost>& hosts, ScannedHost next) {
  const auto& identity = next.snapshots.back()->host.identity;
  const auto same = std::find_if(hosts.begin(), hosts.end(), [&](const ScannedHost& host) {
    const auto& info = host.snapshots.back()->host;
    return info.identity == identity && info.is_one_of_several_looks &&
           next.snapshots.back()->host.is_one_of_several_looks;
  });
  if (same == hosts.end()) {
    hosts.push_back(std::move(next));
    return;
  }
  const bool is_newer = next.snapshots.back()->taken >= same->snapshots.back()->taken;
  const auto later =
      std::upper_bound(same->snapshots.begin(), same->snapshots.end(), next.snapshots.back(),
                       [](const auto& x, const auto& y) { return x->taken < y->taken; });
  same->snapshots.insert(later, std::move(next.snapshots.back()));
  if (is_newer) {
    same->source = std::move(next.source);
  }
}

/// Looks again and again for `seconds`, then once more in full. Ctrl-C ends it early with what it
/// has.
base::Result<void> watch(ScannedHost& host, double seconds, const driver::CollectOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  const auto elapsed = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  const Interrupts interrupts;
  const bool shows_progress = terminal(2).is_terminal;
  auto quick = options;
  quick.links_only = true;
  while (elapsed() < seconds && !Interrupts::asked()) {
    std::this_thread::sleep_for(kWatchStep);
    quick.now = base::wall_now();
    auto snapshot = driver::collect(host.source, quick);
    if (!snapshot) {
      return tl::unexpected(snapshot.error());
    }
    // Between the first look and the last only the links' states count; a day's watch must stay
    // small.
    observe::Snapshot middle;
    middle.taken = snapshot->taken;
    middle.host = std::move(snapshot->host);
    middle.links = std::move(snapshot->links);
    host.snapshots.push_back(std::make_unique<observe::Snapshot>(std::move(middle)));
    if (shows_progress) {
      std::cerr << fmt::format("\rwatching: {:.0f} of {:.0f} s ", elapsed(), seconds) << std::flush;
    }
  }
  if (shows_progress) {
    std::cerr << "\r\033[K";
  }
  auto last = options;
  last.now = base::wall_now();
  auto snapshot = driver::collect(host.source, last);
  if (!snapshot) {
    return tl::unexpected(snapshot.error());
  }
  host.snapshots.push_back(std::make_unique<observe::Snapshot>(std::move(*snapshot)));
  return {};
}

base::Result<std::vector<ScannedHost>> gather(const Arguments& arguments) {
  driver::CollectOptions options;
  options.now = base::wall_now();
  options.kernel_log = arguments.value("--kernel-log").value_or("");
  std::vector<ScannedHost> hosts;
  if (arguments.has("--demo")) {
    auto source = demo_host();
    auto host = source ? scan_source(std::move(*source), options)
                       : base::Result<ScannedHost>(tl::unexpected(source.error()));
    if (!host) {
      return tl::unexpected(host.error());
    }
    hosts.push_back(std::move(*host));
    return hosts;
  }
  auto sources = arguments.values("--from");
  if (sources.empty()) {
    sources.emplace_back("/");
  }
  for (const auto& name : sources) {
    auto source = bus::linux_host::open_host(name);
    if (!source) {
      return tl::unexpected(source.error());
    }
    // A capture that carries no time is as old as nobody knows.
    options.now = source->tree->is_live() ? base::wall_now() : base::WallTime{};
    auto host = scan_source(std::move(*source), options);
    if (!host) {
      return tl::unexpected(host.error());
    }
    add_host(hosts, std::move(*host));
  }
  return hosts;
}

/// The same looks through the judgement over time, which knows both ends of a link as one.
base::Result<void> write_state(const Scan& scan, const fabric::Fabric& plan,
                               const std::string& file) {
  diagnose::Watch watch({.plan = &plan, .plan_source = {}});
  for (const auto& host : scan.hosts) {
    for (const auto& snapshot : host.snapshots) {
      if (!snapshot->fabric.devices().empty()) {  // those in the middle of a watch have none
        watch.take(*snapshot);
      }
    }
  }
  base::WallTime last;
  for (const auto& host : scan.hosts) {
    last = std::max(last, host.snapshots.back()->taken);
  }
  watch.judge(last);
  return write_output(file, fabric::fabric_state_json(watch.fabric_state().value()));
}

int run_scan(const Arguments& arguments) {
  const auto watch_text = arguments.value("--watch");
  const auto watch_span = base::parse_span(watch_text.value_or("0"));
  const double watch_seconds = watch_span ? watch_span->seconds() : 0;
  if (watch_text && (watch_seconds <= 0 || watch_seconds > kWatchSecondsMax)) {
    return report_usage(
        "--watch: '" + base::printable(*watch_text, 40) + "' is not a time of at most 24 h",
        "write it as 30s, 2m or 1h");
  }
  if (arguments.has("--demo") && (arguments.has("--from") || watch_text)) {
    return report_usage("--demo goes with neither --from nor --watch");
  }
  if (const auto log = arguments.value("--kernel-log")) {
    if (auto readable = check_readable(*log); !readable) {
      return report(readable.error());
    }
  }
  if (arguments.has("--state") && !arguments.has("--rack")) {
    return report_usage("--state needs --rack",
                        "The state names links as the rack file does; say which with --rack FILE.");
  }
  diagnose::Expectation expectation;
  fabric::LoadedRack rack;
  if (const auto file = arguments.value("--rack")) {
    auto loaded = fabric::load_rack(*file);
    if (!loaded) {
      return report(loaded.error());
    }
    rack = std::move(*loaded);
    if (!rack.ok()) {
      std::cerr << rack.problem_text();
      return kBadData;
    }
    expectation = {.plan = &rack.fabric, .source = *file};
  }
  auto hosts = gather(arguments);
  if (!hosts) {
    return report(hosts.error());
  }
  if (watch_text) {
    if (hosts->size() != 1 || !hosts->front().source.tree->is_live()) {
      return report_usage("--watch needs a live machine",
                          "captures of one machine at two times give rates too: --from A --from B");
    }
    driver::CollectOptions options;
    options.kernel_log = arguments.value("--kernel-log").value_or("");
    if (auto done = watch(hosts->front(), watch_seconds, options); !done) {
      return report(done.error());
    }
  }
  Scan scan{.hosts = std::move(*hosts), .report = {}};
  std::vector<diagnose::HostHistory> histories;
  for (const auto& host : scan.hosts) {
    auto& history = histories.emplace_back();
    for (const auto& snapshot : host.snapshots) {
      history.snapshots.push_back(snapshot.get());
    }
  }
  scan.report = diagnose::judge(histories, expectation.plan != nullptr ? &expectation : nullptr);
  if (const auto file = arguments.value("--state")) {
    if (auto written = write_state(scan, rack.fabric, *file); !written) {
      return report(written.error());
    }
  }
  if (arguments.has("--json")) {
    write_scan_json(scan, std::cout);
  } else {
    std::cout << scan_text(scan, terminal(1), {.verbose = arguments.has("--verbose")});
  }
  std::cout.flush();
  if (!std::cout) {
    return report({base::Code::kUnavailable, "the output could not be written", "standard output",
                   "check the disk or pipe it goes to"});
  }
  return exit_code(scan.report);
}

constexpr OptionSpec kScanOptions[] = {
    {.name = "--from",
     .value = "SOURCE",
     .help =
         "Read SOURCE instead of this machine: a root folder, a capture (.tar.zst), an lspci -xxxx "
         "dump, or - for standard input. Several sources are compared as peers; several captures "
         "of one machine give rates between them.",
     .repeats = true},
    {.name = "--watch",
     .value = "TIME",
     .help = "Look twice a second for TIME (30s, 2m, 1h; at most 24h), then judge rates and tell "
             "idling links from stuck ones. Ctrl-C ends it early with a verdict."},
    {.name = "--rack",
     .value = "FILE",
     .help = "Hold what is found against this rack file: missing, narrower, slower, other parts."},
    {.name = "--kernel-log",
     .value = "FILE",
     .help = "Read kernel messages from FILE (dmesg, journalctl -k or /dev/kmsg records) instead "
             "of the "
             "machine's own log."},
    {.name = "--demo",
     .value = "",
     .help = "Scan a simulated 8-GPU server that the program carries; one of its links is up but "
             "wrong."},
    {.name = "--state",
     .value = "FILE",
     .help = "Also write what the links of --rack do now, for weft sim --state "
             "(docs/formats/fabric-state.md)."},
    {.name = "--json",
     .value = "",
     .help = "Print everything as JSON (docs/formats/scan.md), each register field included."},
    {.name = "--verbose", .value = "", .help = "Print every link, all evidence and all notes."},
};

constexpr ExampleSpec kScanExamples[] = {
    {.command = "weft scan", .help = "this machine, without root"},
    {.command = "sudo weft scan --watch 30s", .help = "with every register, and rates over 30 s"},
    {.command = "weft scan --from rack7-*.tar.zst",
     .help = "compare captured machines with each other"},
    {.command = "lspci -xxxx | weft scan --from -", .help = "a dump of another system"},
};

}  // namespace

int exit_code(const diagnose::Report& report) {
  return exit_code(report.overall);
}

VerbSpec scan_verb() {
  VerbSpec verb;
  verb.name = "scan";
  verb.summary = "Which of this machine's links is up but wrong";
  verb.description =
      "Reads what the kernel tells of every PCIe, CXL, Ethernet, InfiniBand and NVLink link, and "
      "judges it: what the link runs at, what both ends could do, what narrows it, how links like "
      "it "
      "fare. Nothing is written and no device is woken or changed. Without root it sees speeds, "
      "widths "
      "and error totals; with root every register.\n\n"
      "A low speed in one look is a note, not a fault: devices slow their links when idle. Use "
      "--watch "
      "under load to tell.";
  verb.options = kScanOptions;
  verb.examples = kScanExamples;
  verb.exits = kVerdictExits;
  verb.run = run_scan;
  verb.is_read_only = true;
  return verb;
}

}  // namespace weft::cli
