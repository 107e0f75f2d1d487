// SPDX-License-Identifier: Apache-2.0
#include "cli/mark.h"

#include "base/span.h"
#include "base/text.h"
#include "cli/history_plane.h"
#include "serve/import/json_lines.h"
#include "serve/marks.h"
#include "serve/query.h"
#include "telemetry/ingest.h"
#include "telemetry/store.h"

#include <algorithm>
#include <cstdio>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

namespace weft::cli {
namespace mark_inner {

using base::Code;
using base::Result;
using Json = Plane::Json;

constexpr PositionalSpec kPositionals[] = {
    {"SUBJECT",
     "What is meant: name, id or pattern of a machine, device, port or link; * is everything."},
    {"KIND", "maintenance, repair, reboot or job (default: maintenance).", false},
};
constexpr OptionSpec kOptions[] = {
    {"--from", "TIME", "When it begins, like 2026-11-22T19:14Z (default: now)."},
    {"--to", "TIME", "When it ends."},
    {"--for", "SPAN", "How long it lasts, as 30m or 2h (default: until it is marked again)."},
    {"--note", "TEXT", "Why, for those who read it later."},
    {"--json", "", "The answer as JSON, schema weftline/plane/1 (docs/formats/plane.md)."},
    kPlaneFolderOption,
    kPlaneSocketOption,
    {"--store", "DIR", "Write it into this store's folder instead, which no weft up has open."},
};
constexpr ExampleSpec kExamples[] = {
    {"weft mark server3 --for 2h --note 'cable B is exchanged'",
     "What happens at server3 for two hours is nobody's fault."},
    {"weft mark 'leaf1/*' maintenance --from 2026-11-22T22:00Z --to 2026-11-23T02:00Z",
     "A planned window."},
};
constexpr ExitSpec kExits[] = {{kOk, "it is kept"}};

Result<Json> request_of(const Arguments& arguments) {
  const std::string kind = arguments.value("KIND").value_or("maintenance");
  if (std::ranges::find(serve::mark_kinds(), kind) == serve::mark_kinds().end()) {
    return base::fail(Code::kInvalidArgument,
                      "there is no mark '" + base::printable(kind, 40) + "'", {},
                      fmt::format("There are {}.", fmt::join(serve::mark_kinds(), ", ")));
  }
  std::string subject = arguments.value("SUBJECT").value_or("");
  Json out = {{"ask", "mark"},
              {"mark", kind},
              {"subject", subject == "*" ? "" : subject},
              {"text", arguments.value("--note").value_or("")}};
  for (const auto& [option, member] : {std::pair{"--from", "from"}, std::pair{"--to", "until"}}) {
    if (const auto text = arguments.value(option)) {
      const auto at = serve::parse_time(*text);
      if (!at) {
        return tl::unexpected(at.error());
      }
      out[member] = base::iso8601(*at);
    }
  }
  if (const auto text = arguments.value("--for")) {
    const auto span = base::parse_span(*text);
    if (!span) {
      return tl::unexpected(span.error());
    }
    if (out.contains("until")) {
      return base::fail(Code::kInvalidArgument, "--to and --for say the same twice");
    }
    out["for_s"] = span->seconds();
  }
  return out;
}

Result<Json> into_store(const std::string& folder, const Json& request) {
  const base::WallTime now = base::wall_now();
  const auto mark = serve::asked_mark(request.dump(), now);
  if (!mark) {
    return tl::unexpected(mark.error());
  }
  telemetry::StoreOptions options;
  options.counter_kind = &telemetry::counter_kind;
  auto store = telemetry::Store::open(folder, options);
  if (!store) {
    return tl::unexpected(store.error());
  }
  if (auto kept = serve::keep_mark(**store, *mark); !kept) {
    return tl::unexpected(kept.error());
  }
  if (auto done = (*store)->commit(); !done) {
    return tl::unexpected(done.error());
  }
  return Json::parse(serve::mark_answer(mark, now, false));
}

Result<Json> into_plane(const Arguments& arguments, const Json& request) {
  auto plane = Plane::open(arguments);
  if (!plane) {
    return tl::unexpected(plane.error());
  }
  return plane->ask(request);
}

int run_mark(const Arguments& arguments) {
  const auto request = request_of(arguments);
  if (!request) {
    return report_usage(request.error().what, request.error().hint);
  }
  const auto folder = arguments.value("--store");
  const auto answer = folder ? into_store(*folder, *request) : into_plane(arguments, *request);
  if (!answer) {
    return report(answer.error());
  }
  if (arguments.has("--json")) {
    std::puts(answer->dump().c_str());
    return kOk;
  }
  const std::string subject = said(*answer, "subject");
  const std::string until = said(*answer, "until");
  std::puts(fmt::format("{} of {} from {} {}", said(*answer, "mark"),
                        subject.empty() ? "everything" : subject, said(*answer, "from"),
                        until.empty() ? "until it is marked again" : "until " + until)
                .c_str());
  return kOk;
}

}  // namespace mark_inner

VerbSpec mark_verb() {
  return {.name = "mark",
          .summary = "say that people are at work: maintenance, repair, a job",
          .description =
              "Tells a running control plane, or a store, that something is done to a machine, "
              "device, port or link on purpose. What happens there in a maintenance, repair or "
              "reboot opens no finding and wakes nobody; weft events shows the mark. A mark of the "
              "same kind, subject and beginning replaces the one before. It is kept in the store.",
          .positionals = mark_inner::kPositionals,
          .options = mark_inner::kOptions,
          .run = &mark_inner::run_mark,
          .examples = mark_inner::kExamples,
          .exits = mark_inner::kExits};
}

}  // namespace weft::cli
