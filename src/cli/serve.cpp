// SPDX-License-Identifier: Apache-2.0
#include "cli/serve.h"

#include "base/span.h"
#include "base/text.h"
#include "bus/linux/open.h"
#include "cli/interrupts.h"
#include "cli/up_actions.h"
#include "cli/up_http.h"
#include "cli/up_notify.h"
#include "cli/up_plane.h"
#include "driver/collect.h"
#include "fabric/rack.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <set>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace weft::cli {
namespace serve_parts {

using base::Code;

constexpr PositionalSpec kPositionals[] = {
    {"CAPTURE",
     "What weft capture wrote, or a folder that stands for a machine (default: this one).", false,
     true},
};
constexpr OptionSpec kOptions[] = {
    kHttpOption,
    kNoHttpOption,
    kHttpTokenOption,
    kTlsCertOption,
    kTlsKeyOption,
    kUiDirOption,
    {"--rack", "FILE", "The rack file that says what is expected (default: only what is seen)."},
    {"--every", "SPAN", "Between looks at this machine, 1s to 1h (default: 10s)."},
    {"--for", "SPAN", "Ends after so long, as 30s, 2m, 1h or 1d (default: never)."},
    {"--store", "DIR",
     "Keeps what is measured and found in this folder (default: a folder that is gone when it "
     "ends)."},
    kNotifyOption,
    kNotifyTokenOption,
    kNotifyCaOption,
    kNotifyLevelOption,
    kQuietHoursOption,
    {"--allow-actions", "",
     "Lets operators act on this machine's links, retimers and modules over the API, as weft link "
     "and weft device do (docs/SECURITY.md; default: nothing on it is changed)."},
    {"--json", "", "A line of JSON for the start (docs/formats/serve.md)."},
};
constexpr ExampleSpec kExamples[] = {
    {"weft serve", "This machine on http://127.0.0.1:8088, until Ctrl-C."},
    {"weft serve rack7-*.tar.zst --rack rack7.yaml", "Captures of many machines as one fabric."},
    {"weft serve --store /var/lib/weft --http unix:/run/weft/http.sock", "As a service."},
};
constexpr ExitSpec kExits[] = {{kOk, "the time of --for is over, or it was interrupted"}};

struct Options {
  base::Duration every{10LL * 1'000'000'000};
  std::optional<base::Duration> span;
};

base::Result<Options> read_options(const Arguments& arguments) {
  Options out;
  if (const auto text = arguments.value("--every")) {
    const auto span = base::parse_span(*text);
    if (!span || span->seconds() < 1 || span->seconds() > 3600) {
      return base::fail(Code::kInvalidArgument, "--every is no time of 1s to 1h", {},
                        std::string(base::kSpanHint));
    }
    out.every = *span;
  }
  if (const auto text = arguments.value("--for")) {
    const auto span = base::parse_span(*text);
    if (!span || span->ns <= 0) {
      return base::fail(Code::kInvalidArgument, "--for is no time", {},
                        std::string(base::kSpanHint));
    }
    out.span = *span;
  }
  return out;
}

/// One look at each capture, oldest first.
base::Result<void> add_captures(const std::vector<std::string>& files, PlaneParts& out) {
  std::set<std::string> machines;
  for (const std::string& file : files) {
    auto host = bus::linux_host::open_host(file);
    if (!host) {
      return tl::unexpected(host.error());
    }
    auto look = driver::collect(*host, {});
    if (!look) {
      return tl::unexpected(look.error());
    }
    machines.insert(look->host.identity);
    out.looks.push_back(*std::move(look));
  }
  std::ranges::sort(out.looks, {}, [](const observe::Snapshot& look) {
    return std::pair(look.taken, look.host.source);
  });
  out.name = files.size() == 1 ? files.front() : fmt::format("{} captures", files.size());
  out.machines = machines.size();
  out.now = [at = out.looks.back().taken] { return at; };
  return {};
}

base::Result<void> add_this_machine(PlaneParts& out, bool allows_actions) {
  auto host = bus::linux_host::open_host("/");
  if (!host) {
    return tl::unexpected(host.error());
  }
  out.name = "this machine";
  out.machines = 1;
  out.now = [] { return base::wall_now(); };
  out.hosts.emplace_back(out.name, *std::move(host));
  out.actions = host_actions(allows_actions);
  return {};
}

void print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

std::string start_line(const std::string& name, std::size_t machines, const UpHttp* http,
                       bool is_json) {
  if (!is_json) {
    return fmt::format("Watching {}.\n{}", name, http_line(http));
  }
  nlohmann::ordered_json out = {
      {"schema", "weftline/serve-start/1"}, {"source", name}, {"machines", machines}};
  if (http != nullptr) {
    out["http"] = http->address();
  }
  return out.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

void live(UpPlane& plane, const Options& options) {
  using Clock = std::chrono::steady_clock;
  constexpr auto kTick = std::chrono::milliseconds(50);
  const auto begin = Clock::now();
  while (!Interrupts::asked() &&
         (!options.span || Clock::now() - begin < std::chrono::nanoseconds(options.span->ns))) {
    std::this_thread::sleep_for(kTick);
    for (const std::string& problem : plane.take_problems()) {
      std::fputs(("weft: " + problem + "\n").c_str(), stderr);
    }
  }
}

int run(const Arguments& arguments) {
  const auto options = read_options(arguments);
  if (!options) {
    return report_usage(options.error().what, options.error().hint);
  }
  UpPlaneOptions how;
  how.store = arguments.value("--store").value_or("");
  how.poll_every = options->every;
  if (auto read = read_notify_options(arguments, how); !read) {
    return report(read.error());
  }
  PlaneParts parts;
  if (const auto rack = arguments.value("--rack")) {
    auto plan = fabric::rack_fabric(*rack);
    if (!plan) {
      return report(plan.error());
    }
    parts.plan = *std::move(plan);
  }
  const auto files = arguments.values("CAPTURE");
  if (!files.empty() && arguments.has("--allow-actions")) {
    return report_usage("--allow-actions has no use with captures", "Leave it out.");
  }
  if (auto added = files.empty() ? add_this_machine(parts, arguments.has("--allow-actions"))
                                 : add_captures(files, parts);
      !added) {
    return report(added.error());
  }
  const std::string name = parts.name;
  const std::size_t machines = parts.machines;
  const Interrupts interrupts;
  const auto plane = UpPlane::start(std::move(parts), how);
  if (!plane) {
    return report(plane.error());
  }
  const auto http = open_http(arguments, {.source = (*plane)->api(),
                                          .is_simulated = false,
                                          .audit = (*plane)->folder() + "/audit.jsonl"});
  if (!http) {
    return report(http.error());
  }
  print(start_line(name, machines, http->get(), arguments.has("--json")));
  live(**plane, *options);
  return kOk;
}

}  // namespace serve_parts

VerbSpec serve_verb() {
  return {.name = "serve",
          .summary = "watch this machine, or captures, and show them on a page",
          .description =
              "Looks at this machine again and again, remembers and judges what it says, and shows "
              "it on a page and over an API (docs/formats/api.md), as weft up does for a simulated "
              "rack. With captures it looks at each of them once. It changes nothing on any "
              "device unless --allow-actions is given; marks can be written by operators "
              "(docs/SECURITY.md). Root sees more.",
          .positionals = serve_parts::kPositionals,
          .options = serve_parts::kOptions,
          .run = &serve_parts::run,
          .examples = serve_parts::kExamples,
          .exits = serve_parts::kExits};
}

}  // namespace weft::cli
