// SPDX-License-Identifier: Apache-2.0
#include "cli/history.h"

#include "base/span.h"
#include "base/text.h"
#include "cli/draw/terminal_plot.h"
#include "cli/history_plane.h"

#include <algorithm>
#include <cstdio>
#include <limits>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

namespace weft::cli {
namespace history_inner {

using Json = Plane::Json;

constexpr PositionalSpec kPositionals[] = {
    {"SUBJECT", "Whose: id, name, HOST/NAME or planned name; * and ? stand for any text."},
    {"METRIC", "Which metric, by its key in docs/METRICS.md."},
};
constexpr OptionSpec kOptions[] = {
    {"--since", "TIME", "From when, as 2h ago or a time (default: 1h)."},
    {"--until", "TIME", "Until when (default: now)."},
    {"--step", "SPAN", "One value for each step of whole minutes (default: every point)."},
    {"--function", "NAME",
     "What of each step: mean, min, max, rate, increase, or raw (default: mean, of counters "
     "rate)."},
    {"--label", "LABEL", "Only this lane, sensor or error type."},
    {"--rate", "", "Rate of a counter with its exact 95 % bounds."},
    {"--plot", "", "Draw it in the terminal."},
    {"--json", "", "The answer as JSON, schema weftline/plane/1 (docs/formats/history.md)."},
    {"--csv", "", "One line a point."},
    kPlaneFolderOption,
    kPlaneSocketOption,
    kPlaneStoreOption,
};
constexpr ExampleSpec kExamples[] = {
    {"weft history 'server0/*' temperature --since 2h --plot", "Temperatures of a machine."},
    {"weft history 'server0/*' lane_bit_errors --rate --step 10m",
     "How fast errors came, with bounds."},
    {"weft history 'server0/*' link_width --since 1d --csv", "Every point, for a spreadsheet."},
};
constexpr ExitSpec kExits[] = {{kOk, "it was answered; there may be no points"}};

std::string time_text(double seconds) {
  return base::iso8601({static_cast<std::int64_t>(seconds * 1e3) * 1'000'000});
}

/// One row for each point, and one for each span without.
std::string table_text(const Json& answer) {
  std::string out =
      fmt::format("{} ({}), {}, {} to {}\n", said(answer, "metric"), said(answer, "unit"),
                  said(answer, "function"), said(answer, "from"), said(answer, "until"));
  for (const Json& series : answer["series"]) {
    const std::string label = said(series, "label");
    out += fmt::format("\n{}{}\n", place_of(series), label.empty() ? "" : ", " + label);
    for (const Json& point : series["points"]) {
      if (!point.contains("value")) {
        continue;  // told as a span
      }
      out += fmt::format("  {}  {:>12}", time_text(point.value("at", 0.0)),
                         number_text(point["value"]));
      if (point.contains("low")) {
        out += fmt::format("  ({} to {}, 95 %; {} events in {:.0f} s)", number_text(point["low"]),
                           number_text(point["high"]), number_text(point["events"]),
                           point.value("covered_s", 0.0));
      } else if (point.contains("count")) {
        out += fmt::format("  ({} to {}, {} points)", number_text(point["min"]),
                           number_text(point["max"]), number_text(point["count"]));
      }
      out += "\n";
    }
    for (const Json& span : series["spans"]) {
      const std::string detail = said(span, "detail");
      out += fmt::format("  {} to {}: {}{}\n", time_text(span.value("from", 0.0)),
                         time_text(span.value("until", 0.0)), said(span, "why"),
                         detail.empty() ? "" : " (" + detail + ")");
    }
  }
  return out;
}

std::string csv_quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    out += c == '"' ? std::string("\"\"") : std::string(1, c);
  }
  return out + "\"";
}

std::string csv_text(const Json& answer) {
  std::string out = "at,subject,place,label,value,low,high,not_measured\n";
  const auto field = [](const Json& point, const char* name) {
    const auto at = point.find(name);
    return at == point.end() ? std::string()
           : at->is_number() ? at->dump()
                             : csv_quoted(at->dump());
  };
  for (const Json& series : answer["series"]) {
    for (const Json& point : series["points"]) {
      out += fmt::format("{},{},{},{},{},{},{},{}\n", time_text(point.value("at", 0.0)),
                         csv_quoted(said(series, "subject")), csv_quoted(place_of(series)),
                         csv_quoted(said(series, "label")), field(point, "value"),
                         field(point, "low"), field(point, "high"), said(point, "not_measured"));
    }
  }
  return out;
}

struct Extent {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();
  void take(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
};

constexpr std::size_t kPlotted = 5;  // more curves nobody tells apart

std::string plot_text(const Json& answer) {
  constexpr draw::Role kRoles[kPlotted] = {draw::Role::kSeries1, draw::Role::kSeries2,
                                           draw::Role::kSeries3, draw::Role::kSeries4,
                                           draw::Role::kSeries5};
  constexpr char kSigns[kPlotted + 1] = "*o+x#";
  draw::Plot plot;
  Extent x;
  Extent y;
  double end = 0;
  for (const Json& series : answer["series"]) {
    for (const Json& point : series["points"]) {
      end = std::max(end, point.value("at", 0.0));
    }
  }
  const auto curve = [&](const Json& series, const char* member, std::size_t i) {
    draw::Series out;
    out.stroke.role = kRoles[i];
    out.sign = member == std::string_view("value") ? kSigns[i] : '.';
    for (const Json& point : series["points"]) {
      const auto at = point.find(member);
      if (at != point.end() && at->is_number()) {
        out.points.push_back({(point.value("at", 0.0) - end) / 60, at->get<double>()});
        x.take(out.points.back().x);
        y.take(out.points.back().y);
      }
    }
    return out;
  };
  std::size_t shown = 0;
  for (const Json& series : answer["series"]) {
    if (shown == kPlotted) {
      break;
    }
    for (const char* const bound : {"low", "high"}) {
      if (auto bounds = curve(series, bound, shown); !bounds.points.empty()) {
        bounds.stroke.dash = draw::Dash::kDotted;
        plot.series.push_back(std::move(bounds));
      }
    }
    auto values = curve(series, "value", shown);
    values.legend = place_of(series) + " " + said(series, "label");
    plot.series.push_back(std::move(values));
    ++shown;
  }
  if (x.low > x.high) {
    return "Nothing to draw: no numbers in that time.\n";
  }
  plot.title = fmt::format("{} ({})", said(answer, "metric"), said(answer, "function"));
  plot.x = {"Minutes before " + time_text(end), x.low, x.high > x.low ? x.high : x.low + 1,
            draw::Scale::kLinear};
  plot.y = draw::rounded_axis(said(answer, "metric") + " (" + said(answer, "unit") + ")", y.low,
                              y.high > y.low ? y.high : y.low + 1);
  constexpr std::size_t kRows = 18;
  std::string out = draw::series_text(plot, draw::form_of(terminal(STDOUT_FILENO), kRows));
  if (answer["series"].size() > kPlotted) {
    out += fmt::format("and {} more series\n", answer["series"].size() - kPlotted);
  }
  for (const Json& series : answer["series"]) {
    if (!series["spans"].empty()) {
      out += fmt::format("{} {}: {} spans without a value; without --plot they are listed.\n",
                         place_of(series), said(series, "label"), series["spans"].size());
    }
  }
  return out;
}

base::Result<Json> request_of(const Arguments& arguments) {
  Json request = {{"ask", "history"},
                  {"subject", arguments.value("SUBJECT").value_or("*")},
                  {"metric", arguments.value("METRIC").value_or("")}};
  for (const char* const name : {"--since", "--until"}) {
    if (auto taken = ask_time(arguments, name, request); !taken) {
      return tl::unexpected(taken.error());
    }
  }
  if (const auto step = arguments.value("--step")) {
    const auto span = base::parse_span(*step);
    if (!span) {
      return tl::unexpected(span.error());
    }
    request["step_s"] = span->seconds();
  }
  if (const auto label = arguments.value("--label")) {
    request["label"] = *label;
  }
  if (const auto function = arguments.value("--function")) {
    request["function"] = *function;
  } else if (arguments.has("--rate")) {
    request["function"] = "rate";
  }
  return request;
}

int run_history(const Arguments& arguments) {
  const auto request = request_of(arguments);
  if (!request) {
    return report_usage(request.error().text());
  }
  auto plane = Plane::open(arguments);
  if (!plane) {
    return report(plane.error());
  }
  const auto answer = plane->ask(*request);
  if (!answer) {
    return report(answer.error());
  }
  const std::string text = arguments.has("--json")   ? answer->dump() + "\n"
                           : arguments.has("--csv")  ? csv_text(*answer)
                           : arguments.has("--plot") ? plot_text(*answer)
                                                     : table_text(*answer);
  std::fwrite(text.data(), 1, text.size(), stdout);
  if (!arguments.has("--json")) {
    for (const Json& note : (*answer)["notes"]) {
      std::fprintf(stderr, "weft: %s\n", base::printable(note.get<std::string>()).c_str());
    }
  }
  return kOk;
}

}  // namespace history_inner

VerbSpec history_verb() {
  return {.name = "history",
          .summary = "show how a metric went",
          .description =
              "Asks a running control plane, or a store's folder, for a metric of a subject over "
              "time: every point, or steps with mean, least, greatest, rate or increase. Rates "
              "carry exact 95 % bounds; where nothing was measured, the reason is said.",
          .positionals = history_inner::kPositionals,
          .options = history_inner::kOptions,
          .run = &history_inner::run_history,
          .examples = history_inner::kExamples,
          .exits = history_inner::kExits};
}

}  // namespace weft::cli
