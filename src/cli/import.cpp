// SPDX-License-Identifier: Apache-2.0
#include "cli/import.h"

#include "base/text.h"
#include "bus/linux/open.h"
#include "cli/why.h"
#include "driver/collect.h"
#include "fabric/rack.h"
#include "serve/control_plane.h"
#include "serve/import/exposition.h"
#include "serve/import/json_lines.h"
#include "serve/query.h"
#include "telemetry/ingest.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <set>
#include <sstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace weft::cli {
namespace import_inner {

using base::Code;
using base::Result;
using serve::Imported;
using Json = nlohmann::ordered_json;

constexpr PositionalSpec kPositionals[] = {
    {"FILE",
     "Prometheus text, JSON lines or a weft capture, told apart by their first bytes; - is "
     "standard input.",
     true, true},
};
constexpr OptionSpec kOptions[] = {
    {"--mapping", "NAME",
     "How their metrics become ours: node-exporter, dcgm-exporter, sonic, or a file "
     "(docs/formats/mapping.md); may be given several times (default: all that are part of the "
     "program).",
     true},
    {"--into", "DIR",
     "Keep it in this store, which weft history, weft events and weft why read with --store."},
    {"--why", "", "Judge it and say what is wrong, like weft why."},
    {"--rack", "FILE", "With --why or --into: hold it to this rack file, and use its names."},
    {"--host", "NAME",
     "The machine that it is of, where the file does not say so or says wrongly."},
    {"--at", "TIME",
     "Time of samples that carry none, like 2026-11-22T19:14Z (default: the file's own; now for "
     "standard input)."},
    {"--open-metrics", "", "The text is OpenMetrics 1.0, whose times are seconds."},
    {"--json", "", "What was taken as JSON, schema weftline/import/1 (docs/formats/import.md)."},
};
constexpr ExampleSpec kExamples[] = {
    {"weft import node7.prom", "Say what of it would be taken, and what no mapping knows."},
    {"curl -s http://node7:9100/metrics | weft import - --into history --host node7",
     "Add what node_exporter says now to a store."},
    {"weft import monday.prom tuesday.prom --mapping dcgm-exporter --why",
     "What is wrong with these accelerators, from two looks."},
};
constexpr ExitSpec kExits[] = {
    {kOk, "something was taken; with --why: nothing is wrong"},
    {kWarning, "with --why: a link is up but wrong"},
    {kCritical, "with --why: a link is down or badly degraded"},
    {kUnknown, "with --why: suspicious, and the evidence decides nothing"},
};

/// One file and what came of it.
struct Source {
  std::string name;
  std::string format;
  Imported imported;
};

struct Options {
  std::vector<serve::Mapping> mappings;
  std::string host;
  std::optional<base::WallTime> at;
  bool is_open_metrics = false;
};

bool is_compressed(std::string_view text) {
  return text.starts_with("\x28\xb5\x2f\xfd");  // zstd's magic number
}

Result<std::string> text_of(const std::string& name) {
  std::ostringstream all;
  if (name == "-") {
    all << std::cin.rdbuf();
    return all.str();
  }
  std::error_code error;
  std::ifstream in(name, std::ios::binary);
  if (!in || std::filesystem::is_directory(name, error)) {
    return base::fail(Code::kNotFound, "cannot be read", name, "Name a file, or - .");
  }
  all << in.rdbuf();
  return all.str();
}

base::WallTime file_time(const std::string& name) {
  std::error_code error;
  const auto written = std::filesystem::last_write_time(name, error);
  if (name == "-" || error) {
    return base::wall_now();
  }
  const auto since = std::chrono::file_clock::to_sys(written).time_since_epoch();
  return {std::chrono::duration_cast<std::chrono::nanoseconds>(since).count()};
}

Result<Imported> read_capture(const std::string& name) {
  auto host = bus::linux_host::open_host(name);
  if (!host) {
    return tl::unexpected(host.error());
  }
  auto snapshot = driver::collect(*host, {.now = {}, .links_only = false, .kernel_log = {}});
  if (!snapshot) {
    return tl::unexpected(snapshot.error());
  }
  Imported out;
  out.samples = snapshot->samples.size();
  for (const observe::Sample& sample : snapshot->samples) {
    const std::string key(observe::row(sample.metric).key);
    ++out.taken[{key, key}];
  }
  out.problems = snapshot->problems;
  out.problems.insert(out.problems.end(), snapshot->damage.begin(), snapshot->damage.end());
  out.looks.push_back(std::move(*snapshot));
  return out;
}

Result<Source> read_source(const std::string& name, const Options& options) {
  const auto text = text_of(name);
  if (!text) {
    return tl::unexpected(text.error());
  }
  Source out{.name = name == "-" ? "standard input" : name, .format = {}, .imported = {}};
  const base::WallTime at = options.at.value_or(file_time(name));
  Result<Imported> read{};
  if (is_compressed(*text)) {
    out.format = "capture";
    read = read_capture(name);
  } else if (base::trim(*text).starts_with('{')) {
    out.format = "json-lines";
    read = serve::import_json_lines(*text, {.host = options.host, .at = at});
  } else {
    out.format = "prometheus";
    read = serve::import_exposition(
        *text, options.mappings,
        {.host = options.host, .at = at, .is_open_metrics = options.is_open_metrics});
  }
  if (!read) {
    base::Error error = read.error();
    error.where = error.where.empty() ? out.name : out.name + ": " + error.where;
    return tl::unexpected(error);
  }
  out.imported = *std::move(read);
  return out;
}

std::set<std::string> hosts_of(const Imported& imported) {
  std::set<std::string> out;
  for (const observe::Snapshot& look : imported.looks) {
    out.insert(look.host.name);
  }
  return out;
}

// --- what is told ---

template <class Counts>
std::size_t sum(const Counts& counts) {
  std::size_t out = 0;
  for (const auto& [key, count] : counts) {
    out += count;
  }
  return out;
}

std::string list_text(const std::map<std::string, std::size_t>& counts) {
  constexpr std::size_t kShown = 12;
  std::string out;
  std::size_t shown = 0;
  for (const auto& [name, count] : counts) {
    if (shown++ == kShown) {
      return out +
             fmt::format("    … and {} more names; --json lists all\n", counts.size() - kShown);
    }
    out += fmt::format("    {} ({})\n", base::printable(name, 120), count);
  }
  return out;
}

std::map<std::string, std::size_t> joined(
    const std::map<std::pair<std::string, std::string>, std::size_t>& counts) {
  std::map<std::string, std::size_t> out;
  for (const auto& [key, count] : counts) {
    out[key.first + ": " + key.second] += count;
  }
  return out;
}

std::string source_text(const Source& source) {
  const Imported& of = source.imported;
  const auto hosts = hosts_of(of);
  std::string out =
      fmt::format("{}: {}; {} read, {} taken ({} machines, {} looks, {} events, {} marks)\n",
                  source.name, source.format, of.samples, of.taken_count(), hosts.size(),
                  of.looks.size(), of.events.size(), of.marks.size());
  if (!of.left_out.empty()) {
    out += fmt::format("  {} left out by a rule that says why\n", sum(of.left_out));
  }
  if (!of.unmapped.empty()) {
    out += fmt::format("  {} known to no rule:\n{}", sum(of.unmapped), list_text(of.unmapped));
  }
  if (!of.refused.empty()) {
    out += fmt::format("  {} refused:\n{}", sum(of.refused), list_text(joined(of.refused)));
  }
  if (of.bad_lines > 0) {
    out += fmt::format("  {} lines could not be read\n", of.bad_lines);
  }
  for (const std::string& problem : of.problems) {
    out += "    " + base::printable(problem) + "\n";
  }
  return out;
}

Json counts_json(const std::map<std::pair<std::string, std::string>, std::size_t>& counts,
                 const char* second) {
  Json out = Json::array();
  for (const auto& [key, count] : counts) {
    out.push_back({{"name", key.first}, {second, key.second}, {"count", count}});
  }
  return out;
}

Json source_json(const Source& source) {
  const Imported& of = source.imported;
  Json unmapped = Json::array();
  for (const auto& [name, count] : of.unmapped) {
    unmapped.push_back({{"name", name}, {"count", count}});
  }
  return {{"source", source.name},
          {"format", source.format},
          {"hosts", hosts_of(of)},
          {"looks", of.looks.size()},
          {"read", of.samples},
          {"events", of.events.size()},
          {"marks", of.marks.size()},
          {"taken", counts_json(of.taken, "metric")},
          {"left_out", counts_json(of.left_out, "why")},
          {"refused", counts_json(of.refused, "why")},
          {"unmapped", unmapped},
          {"bad_lines", of.bad_lines},
          {"problems", of.problems}};
}

void print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

/// All looks in order of time, into the store and before the judge.
struct Fed {
  std::unique_ptr<telemetry::Store> store;
  std::unique_ptr<fabric::Fabric> plan;
  std::unique_ptr<serve::ControlPlane> plane;
  std::vector<std::string> problems;
  WatchedSpan watched;
};

Result<void> open(Fed& fed, const Arguments& arguments) {
  serve::ControlPlaneOptions how;
  if (const auto rack = arguments.value("--rack")) {
    auto plan = fabric::rack_fabric(*rack);
    if (!plan) {
      return tl::unexpected(plan.error());
    }
    fed.plan = std::make_unique<fabric::Fabric>(std::move(*plan));
    how.plan = fed.plan.get();
    how.plan_source = *rack;
  }
  if (const auto folder = arguments.value("--into")) {
    telemetry::StoreOptions options;
    options.counter_kind = &telemetry::counter_kind;
    auto store = telemetry::Store::open(*folder, options);
    if (!store) {
      return tl::unexpected(store.error());
    }
    fed.store = *std::move(store);
    fed.problems = fed.store->damage();
  }
  fed.plane = std::make_unique<serve::ControlPlane>(fed.store.get(), how);
  return {};
}

void feed(Fed& fed, std::vector<Source>& sources) {
  std::vector<observe::Snapshot> looks;
  std::set<std::string> machines;
  for (Source& source : sources) {
    for (const diagnose::Mark& mark : source.imported.marks) {
      fed.plane->take(mark);
    }
    for (const serve::ImportedEvent& one : source.imported.events) {
      fed.plane->take(one.event, one.host);
    }
    std::ranges::copy(source.imported.looks, std::back_inserter(looks));
  }
  std::ranges::sort(looks, {}, [](const observe::Snapshot& look) {
    return std::pair(look.taken, std::string_view(look.host.identity));
  });
  constexpr base::Duration kSettleEvery{60LL * 1'000'000'000};
  base::WallTime settled = looks.empty() ? base::WallTime{} : looks.front().taken;
  const auto settle = [&](base::WallTime at) {
    for (std::string& problem : fed.plane->settle(at).problems) {
      fed.problems.push_back(std::move(problem));
    }
    settled = at;
  };
  for (const observe::Snapshot& look : looks) {
    if (look.taken - settled >= kSettleEvery) {
      settle(fed.watched.until);
    }
    machines.insert(look.host.name);
    fed.watched.from = fed.watched.from.ns == 0 ? look.taken : fed.watched.from;
    fed.watched.until = look.taken;
    for (std::string& problem : fed.plane->take(look).problems) {
      fed.problems.push_back(std::move(problem));
    }
  }
  settle(fed.watched.until);
  fed.watched.looks = looks.size();
  fed.watched.machines = machines.size();
  fed.watched.links = fed.plane->watch().joint().fabric().links().size();
  fed.watched.source =
      sources.size() == 1 ? sources.front().name : fmt::format("{} files", sources.size());
}

std::string kept_text(const Fed& fed, const std::string& folder) {
  const telemetry::StoreCounts counts = fed.store->counts();
  return fmt::format("{}: {} points in {} series kept; {} were there already, {} came too late\n",
                     folder, counts.points, counts.series, counts.duplicates, counts.late_refused);
}

Json kept_json(const Fed& fed) {
  const telemetry::StoreCounts counts = fed.store->counts();
  return {{"points", counts.points},
          {"series", counts.series},
          {"known_already", counts.duplicates},
          {"too_late", counts.late_refused}};
}

Result<Options> options_of(const Arguments& arguments) {
  Options out;
  out.host = arguments.value("--host").value_or("");
  out.is_open_metrics = arguments.has("--open-metrics");
  auto names = arguments.values("--mapping");
  if (names.empty()) {
    names.emplace_back();
  }
  for (const std::string& name : names) {
    auto found = serve::find_mappings(name);
    if (!found) {
      return tl::unexpected(found.error());
    }
    std::ranges::move(*found, std::back_inserter(out.mappings));
  }
  if (const auto text = arguments.value("--at")) {
    const auto at = serve::parse_time(*text);
    if (!at) {
      return tl::unexpected(at.error());
    }
    out.at = *at;
  }
  return out;
}

int run_import(const Arguments& arguments) {
  const bool judges = arguments.has("--why");
  const auto folder = arguments.value("--into");
  if (judges && folder) {
    return report_usage("--why and --into do not go together",
                        "Import first, then ask weft why --store DIR.");
  }
  const auto options = options_of(arguments);
  if (!options) {
    return report(options.error());
  }
  std::vector<Source> sources;
  std::size_t taken = 0;
  for (const std::string& name : arguments.values("FILE")) {
    auto source = read_source(name, *options);
    if (!source) {
      return report(source.error());
    }
    // A capture may hold links and no counters; it is taken all the same.
    taken += source->imported.taken_count() +
             (source->format == "capture" ? source->imported.looks.size() : 0);
    sources.push_back(*std::move(source));
  }
  Json json = {{"schema", "weftline/import/1"}, {"sources", Json::array()}};
  std::string text;
  for (const Source& source : sources) {
    json["sources"].push_back(source_json(source));
    text += source_text(source);
  }
  Fed fed;
  if (judges || folder) {
    if (auto opened = open(fed, arguments); !opened) {
      return report(opened.error());
    }
    feed(fed, sources);
    if (folder) {
      json["kept"] = kept_json(fed);
      text += kept_text(fed, *folder);
    }
  }
  for (const std::string& problem : fed.problems) {
    std::fprintf(stderr, "weft: %s\n", base::printable(problem).c_str());
  }
  if (judges) {
    std::fputs(text.c_str(), stderr);
    const auto meant = findings_about(fed.plane->findings(), fed.plane->watch().joint(), {}, {});
    const WhyView view{meant, &fed.plane->watch().joint(), fed.watched};
    print(arguments.has("--json") ? why_json(view) : why_text(view));
    return why_exit(view);
  }
  print(arguments.has("--json") ? json.dump() + "\n" : text);
  return taken > 0 ? kOk
                   : report({Code::kInvalidArgument,
                             "nothing of it could be taken",
                             {},
                             "The names above say what there was; --mapping names another file."});
}

}  // namespace import_inner

VerbSpec import_verb() {
  return {.name = "import",
          .summary = "take in what other programs measured",
          .description =
              "Reads Prometheus text of exporters (node_exporter, dcgm-exporter, SONiC), JSON "
              "lines and captures, and says how many samples became which metric of which link, "
              "port or device. What no rule of a mapping knows is counted and named, never dropped "
              "silently. With --into it is kept in a store, with --why it is judged; else nothing "
              "but the account is made.",
          .positionals = import_inner::kPositionals,
          .options = import_inner::kOptions,
          .run = &import_inner::run_import,
          .examples = import_inner::kExamples,
          .exits = import_inner::kExits};
}

}  // namespace weft::cli
