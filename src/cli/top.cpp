// SPDX-License-Identifier: Apache-2.0
#include "cli/top.h"

#include "base/span.h"
#include "base/text.h"
#include "cli/draw/axis.h"
#include "cli/history_plane.h"
#include "cli/terminal.h"

#include <chrono>
#include <cstdio>
#include <thread>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

namespace weft::cli {
namespace top_inner {

using Json = Plane::Json;

constexpr OptionSpec kOptions[] = {
    {"--count", "N", "Rows of each kind (default: 15)."},
    {"--every", "SPAN", "Pause between two looks (default: 2s)."},
    {"--once", "", "One look, also in a terminal."},
    {"--json", "", "One look as JSON, schema weftline/plane/1 (docs/formats/plane.md)."},
    kPlaneFolderOption,
    kPlaneSocketOption,
    kPlaneStoreOption,
};
constexpr ExampleSpec kExamples[] = {
    {"weft top", "What is worst, redrawn until interrupted."},
    {"weft top --once --count 5", "The five worst, as a table."},
};
constexpr ExitSpec kExits[] = {{kOk, "it was answered"}};

std::string clip(std::string text, int columns) {
  const auto most = static_cast<std::size_t>(columns);
  if (text.size() > most) {
    text = base::printable(text, most);
  }
  return text + "\n";
}

std::string top_text(const Json& answer, const Terminal& terminal) {
  const int columns = terminal.is_terminal ? terminal.columns : 200;
  std::string out =
      clip(fmt::format("{}{}  {} open findings, {} series",
                       answer.value("simulated", false) ? "SIMULATED  " : "", said(answer, "now"),
                       answer.value("open", 0U), answer.value("series", std::uint64_t{0})),
           columns);
  for (const Json& finding : answer["findings"]) {
    const std::string level = said(finding, "level");
    std::string line =
        fmt::format("{:<9} {}: {}", level, said(finding, "place"), said(finding, "sentence"));
    if (!finding["hypotheses"].empty()) {
      const Json& first = finding["hypotheses"].front();
      line += fmt::format(" - {} ({:.0f} %)", said(first, "words"),
                          100 * first.value("probability", 0.0));
    }
    if (!finding["victims"].empty()) {
      line += fmt::format(", {} suffer", finding["victims"].size());
    }
    out += paint(clip(line, columns), level == "critical" ? Colour::kRed : Colour::kYellow,
                 terminal.colour);
  }
  if (!answer["moving"].empty()) {
    out += "\n" +
           clip("ERRORS PER HOUR (95 %)     EVENTS  METRIC                        WHERE", columns);
  }
  constexpr double kHour = 3600;
  for (const Json& row : answer["moving"]) {
    const std::string label = said(row, "label");
    out +=
        clip(fmt::format("{:<26} {:>6}  {:<28}  {}",
                         fmt::format("{} to {}", draw::figure_text(row.value("low", 0.0) * kHour),
                                     draw::figure_text(row.value("high", 0.0) * kHour)),
                         row.value("events", std::uint64_t{0}),
                         said(row, "metric") + (label.empty() ? "" : " " + label), place_of(row)),
             columns);
  }
  if (answer["findings"].empty() && answer["moving"].empty()) {
    out += "Nothing is wrong, and no error counter moves.\n";
  }
  return out;
}

int run_top(const Arguments& arguments) {
  const auto count = base::parse_unsigned(arguments.value("--count").value_or("15"));
  const auto every = base::parse_span(arguments.value("--every").value_or("2s"));
  if (!count || !every || every->seconds() < 0.1) {
    return report_usage("--count takes a whole number, --every a span of at least 0.1s");
  }
  auto plane = Plane::open(arguments);
  if (!plane) {
    return report(plane.error());
  }
  const Terminal screen = terminal(STDOUT_FILENO);
  const bool redraws = screen.is_terminal && !arguments.has("--once") && !arguments.has("--json");
  for (;;) {
    const auto answer = plane->ask({{"ask", "top"}, {"count", *count}});
    if (!answer) {
      return report(answer.error());
    }
    const std::string text =
        arguments.has("--json") ? answer->dump() + "\n" : top_text(*answer, screen);
    // Home and clear, so that nothing flickers and nothing is left over.
    const std::string out = redraws ? "\x1b[H\x1b[J" + text : text;
    std::fwrite(out.data(), 1, out.size(), stdout);
    std::fflush(stdout);
    if (!redraws) {
      return kOk;
    }
    std::this_thread::sleep_for(std::chrono::duration<double>(every->seconds()));
  }
}

}  // namespace top_inner

VerbSpec top_verb() {
  return {.name = "top",
          .summary = "show what is worst now",
          .description =
              "Shows the open findings of a running control plane, worst first, and below them the "
              "error counters that are proven to move most. In a terminal it is redrawn until "
              "interrupted; elsewhere it is one table. A store's folder has no findings.",
          .positionals = {},
          .options = top_inner::kOptions,
          .run = &top_inner::run_top,
          .examples = top_inner::kExamples,
          .exits = top_inner::kExits};
}

}  // namespace weft::cli
