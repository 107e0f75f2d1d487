// SPDX-License-Identifier: Apache-2.0
#include "cli/export.h"

#include "base/span.h"
#include "base/text.h"
#include "cli/history_plane.h"
#include "cli/up_notify.h"
#include "observe/catalogue.h"
#include "serve/export/alert_rules.h"
#include "serve/export/remote_writer.h"
#include "serve/export/values.h"

#include <chrono>
#include <cstdio>
#include <map>
#include <thread>
#include <tuple>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace weft::cli {
namespace export_inner {

using Json = Plane::Json;
using Values = std::vector<serve::ExportValue>;

constexpr OptionSpec kOptions[] = {
    {"--prometheus", "", "Last values as Prometheus exposition text (the default)."},
    {"--json-lines", "", "Last values, one JSON object a line (docs/formats/export.md)."},
    {"--csv", "", "Last values, one line each."},
    {"--remote-write", "URL", "Send them to a remote_write receiver, until interrupted."},
    {"--every", "SPAN", "With --remote-write: pause between two rounds (default: 15s)."},
    {"--once", "", "With --remote-write: one round."},
    {"--ca", "FILE", "With --remote-write: certificates to trust, PEM (default: the system's)."},
    {"--token", "FILE",
     "With --remote-write: the file's first line is sent as a bearer token (default: none)."},
    {"--rules", "", "An alert rule file for Prometheus, from the limits that weft judges by."},
    {"--catalogue", "", "HELP and TYPE of every metric that there is."},
    {"--subject", "PATTERN", "Only of these: id, name, HOST/NAME; * and ? as in a shell."},
    {"--metric", "METRIC", "Only this one, by its key in docs/METRICS.md."},
    {"--age", "SPAN", "Leave out what is older (default: 10m)."},
    kPlaneFolderOption,
    kPlaneSocketOption,
    kPlaneStoreOption,
};
constexpr ExampleSpec kExamples[] = {
    {"weft export --prometheus > /var/lib/prometheus/node-exporter/weft.prom",
     "For node_exporter's textfile collector."},
    {"weft export --remote-write http://127.0.0.1:9090/api/v1/write --every 15s",
     "Keeps a Prometheus fed."},
    {"weft export --rules > weft-alerts.yml", "Alerts at the limits that weft judges by."},
};
constexpr ExitSpec kExits[] = {{kOk, "it was written, or sent"}};

void put(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

/// In pages, so that no answer is large.
base::Result<Values> read_values(Plane& plane, const Json& request) {
  constexpr std::size_t kPage = 4000;
  Values out;
  Json page = request;
  page["count"] = kPage;
  for (std::size_t offset = 0;; offset += kPage) {
    page["offset"] = offset;
    const auto line = plane.ask_line(page);
    if (!line) {
      return tl::unexpected(line.error());
    }
    auto some = serve::values_of(*line);
    if (!some) {
      return tl::unexpected(some.error());
    }
    const bool is_more = line->ends_with(R"("is_more":true})");
    out.insert(out.end(), std::make_move_iterator(some->begin()),
               std::make_move_iterator(some->end()));
    if (!is_more) {
      return out;
    }
  }
}

/// Without what was there the last time already: a receiver takes each sample once.
class News {
 public:
  Values of(Values values) {
    std::erase_if(values, [&](const serve::ExportValue& value) {
      auto& seen = seen_[{value.subject, value.metric, value.label}];
      const bool is_known = value.at.ns <= seen;
      seen = std::max(seen, value.at.ns);
      return is_known;
    });
    return values;
  }

 private:
  std::map<std::tuple<std::string, observe::Metric, std::string>, std::int64_t> seen_;
};

/// One line for each thing that goes wrong, however often it does.
class Teller {
 public:
  void tell(const std::string& problem, std::size_t waiting) {
    if (problem != told_) {
      told_ = problem;
      std::fprintf(stderr, "weft: %s; %zu samples wait\n", problem.c_str(), waiting);
    }
  }
  void forget() { told_.clear(); }

 private:
  std::string told_;
};

base::Result<serve::RemoteWriter> writer_of(const Arguments& arguments) {
  serve::RemoteWriterOptions options{.url = arguments.value("--remote-write").value_or(""),
                                     .ca_file = arguments.value("--ca").value_or("")};
  if (const auto file = arguments.value("--token")) {
    auto token = read_token(*file);
    if (!token) {
      return tl::unexpected(token.error());
    }
    options.token = *std::move(token);
  }
  return serve::RemoteWriter::make(std::move(options));
}

int write_once(const Arguments& arguments, serve::RemoteWriter& writer) {
  constexpr double kPatienceS = 30;
  const bool is_sent = writer.send(base::seconds(kPatienceS));
  const serve::RemoteWriterStatus& status = writer.status();
  if (!is_sent || status.samples_refused > 0) {
    return report({base::Code::kUnavailable, "the receiver did not take it all",
                   arguments.value("--remote-write").value_or(""), status.last_problem});
  }
  put(fmt::format("{} samples sent\n", status.samples_sent));
  return kOk;
}

/// Until it is interrupted; what nobody takes waits, also while the control plane starts anew.
int write_remotely(const Arguments& arguments, Plane plane, const Json& request, double every_s) {
  auto writer = writer_of(arguments);
  if (!writer) {
    return report(writer.error());
  }
  News news;
  Teller teller;
  for (;;) {
    auto values = read_values(plane, request);
    const bool is_answered = values.has_value();
    if (is_answered) {
      if (auto pushed = writer->push(serve::remote_series(news.of(*std::move(values)))); !pushed) {
        return report(pushed.error());
      }
    } else if (arguments.has("--once")) {
      return report(values.error());
    } else {
      teller.tell(values.error().text(), writer->status().waiting);
      if (auto again = Plane::open(arguments)) {
        plane = *std::move(again);
      }
    }
    if (arguments.has("--once")) {
      return write_once(arguments, *writer);
    }
    const std::uint64_t refused = writer->status().samples_refused;
    const bool is_sent = writer->send(base::seconds(every_s));
    const serve::RemoteWriterStatus& status = writer->status();
    if (!is_sent || status.samples_refused != refused) {
      teller.tell(status.last_problem, status.waiting);
    } else if (is_answered) {
      teller.forget();
    }
    std::this_thread::sleep_for(std::chrono::duration<double>(every_s));
  }
}

int run_export(const Arguments& arguments) {
  if (arguments.has("--rules")) {
    put(serve::alert_rules());
    return kOk;
  }
  if (arguments.has("--catalogue")) {
    put(observe::catalogue_exposition());
    return kOk;
  }
  if (arguments.has("--token") && !arguments.has("--remote-write")) {
    return report_usage("nothing is sent to anybody", "--token goes with --remote-write URL.");
  }
  const auto every = base::parse_span(arguments.value("--every").value_or("15s"));
  const auto age = base::parse_span(arguments.value("--age").value_or("10m"));
  if (!every || !age || every->seconds() < 1) {
    return report_usage("--every takes a span of at least 1s, --age a span", "As 15s or 10m.");
  }
  Json request = {{"ask", "last"}, {"since_s", age->seconds()}};
  for (const char* const name : {"subject", "metric"}) {
    if (const auto value = arguments.value(std::string("--") + name)) {
      request[name] = *value;
    }
  }
  auto plane = Plane::open(arguments);
  if (!plane) {
    return report(plane.error());
  }
  if (arguments.has("--remote-write")) {
    return write_remotely(arguments, *std::move(plane), request, every->seconds());
  }
  const auto values = read_values(*plane, request);
  if (!values) {
    return report(values.error());
  }
  put(arguments.has("--json-lines") ? serve::json_lines(*values)
      : arguments.has("--csv")      ? serve::csv(*values)
                                    : serve::exposition(*values));
  return kOk;
}

}  // namespace export_inner

VerbSpec export_verb() {
  return {.name = "export",
          .summary = "give last values and alert rules to other tools",
          .description =
              "Writes the last value of every series of a running control plane, or of a store's "
              "folder, as Prometheus text, JSON lines or CSV, or sends them by remote_write: kept "
              "while nobody takes them or the token or address is refused, tried again with "
              "growing pauses, the oldest dropped beyond a million. What was not measured is left "
              "out and counted by its reason.",
          .positionals = {},
          .options = export_inner::kOptions,
          .run = &export_inner::run_export,
          .examples = export_inner::kExamples,
          .exits = export_inner::kExits};
}

}  // namespace weft::cli
