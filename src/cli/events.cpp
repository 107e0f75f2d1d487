// SPDX-License-Identifier: Apache-2.0
#include "cli/events.h"

#include "base/text.h"
#include "cli/history_plane.h"

#include <chrono>
#include <cstdio>
#include <thread>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace weft::cli {
namespace events_inner {

using Json = Plane::Json;

constexpr OptionSpec kOptions[] = {
    {"--since", "TIME", "From when, as 2h ago or a time (default: 1d)."},
    {"--until", "TIME", "Until when (default: now)."},
    {"--subject", "PATTERN", "Only of these: id, name, host, HOST/NAME; * and ? as in a shell."},
    {"--kind", "PATTERN", "Only of this kind, as link_down or 'aer_*'."},
    {"--count", "N", "The newest so many (default: 1000)."},
    {"--follow", "", "Go on with what comes, until interrupted."},
    {"--json", "",
     "JSON, schema weftline/plane/1 (docs/formats/events.md); one line an event with "
     "--follow."},
    kPlaneFolderOption,
    kPlaneSocketOption,
    kPlaneStoreOption,
};
constexpr ExampleSpec kExamples[] = {
    {"weft events --since 2h --kind 'link_*'", "Links that went up or down."},
    {"weft events --subject 'server3/*' --follow", "What happens at a machine, as it comes."},
};
constexpr ExitSpec kExits[] = {{kOk, "it was answered; there may be no events"}};

std::string event_text(const Json& event) {
  const std::string at = said(event, "at");
  std::string place = place_of(event);
  if (const std::string address = said(event, "address");
      !address.empty() && place.find(address) == std::string::npos) {
    place += (place.empty() ? "" : " ") + address;
  }
  return fmt::format("{}  {:<8}  {:<20}  {}: {}\n", at.empty() ? "time not known" : at,
                     said(event, "severity"), said(event, "kind"), place, said(event, "text"));
}

base::Result<Json> events_request(const Arguments& arguments) {
  Json request = {{"ask", "events"}};
  for (const char* const name : {"--since", "--until"}) {
    if (auto taken = ask_time(arguments, name, request); !taken) {
      return tl::unexpected(taken.error());
    }
  }
  for (const char* const name : {"subject", "kind"}) {
    if (const auto value = arguments.value(std::string("--") + name)) {
      request[name] = *value;
    }
  }
  if (const auto count = arguments.value("--count")) {
    const auto number = base::parse_unsigned(*count);
    if (!number) {
      return base::fail(base::Code::kInvalidArgument, "--count is no whole number");
    }
    request["count"] = *number;
  }
  return request;
}

void show(const Json& answer, bool is_json) {
  for (const Json& event : answer["events"]) {
    const std::string text = is_json ? event.dump() + "\n" : event_text(event);
    std::fwrite(text.data(), 1, text.size(), stdout);
  }
  std::fflush(stdout);
}

int run_events(const Arguments& arguments) {
  auto request = events_request(arguments);
  if (!request) {
    return report_usage(request.error().text());
  }
  const bool follows = arguments.has("--follow");
  if (follows && (arguments.has("--store") || arguments.has("--until"))) {
    return report_usage("--follow is for a running control plane, and has no end");
  }
  auto plane = Plane::open(arguments);
  if (!plane) {
    return report(plane.error());
  }
  for (;;) {
    const auto answer = plane->ask(*request);
    if (!answer) {
      return report(answer.error());
    }
    if (!follows && arguments.has("--json")) {
      const std::string text = answer->dump() + "\n";
      std::fwrite(text.data(), 1, text.size(), stdout);
      return kOk;
    }
    show(*answer, arguments.has("--json"));
    if (!follows) {
      if (answer->value("is_more", false)) {
        std::fputs("weft: there are earlier ones; --count and --since say how many\n", stderr);
      }
      return kOk;
    }
    if (!(*answer)["events"].empty()) {
      (*request)["after"] = (*answer)["events"].back().value("sequence", std::uint64_t{0});
    }
    std::this_thread::sleep_for(std::chrono::seconds(1));
  }
}

}  // namespace events_inner

VerbSpec events_verb() {
  return {.name = "events",
          .summary = "show what happened",
          .description =
              "Lists events of a running control plane, or of a store's folder, in the order in "
              "which they were taken: kernel logs, device logs, what was noticed between two "
              "looks, and marks of operators.",
          .positionals = {},
          .options = events_inner::kOptions,
          .run = &events_inner::run_events,
          .examples = events_inner::kExamples,
          .exits = events_inner::kExits};
}

}  // namespace weft::cli
