// SPDX-License-Identifier: Apache-2.0
#include "cli/world_control.h"

#include "base/text.h"
#include "cli/files.h"
#include "cli/line_client.h"
#include "twin/fault/catalogue.h"
#include "twin/fault/control.h"

#include <cstdio>
#include <filesystem>
#include <string>
#include <system_error>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace weft::cli {
namespace world_control_inner {

using Json = nlohmann::ordered_json;
using base::Code;
using base::Result;

constexpr OptionSpec kSocket = {"--socket", "FILE", "Its control socket itself."};
constexpr OptionSpec kJson = {"--json", "",
                              "The answer as JSON, schema weftline/world-control/1 "
                              "(docs/formats/world-control.md)."};

constexpr OptionSpec kPlainOptions[] = {kPlaneFolderOption, kSocket, kJson};
constexpr OptionSpec kInjectOptions[] = {
    {"--target", "TARGET",
     "What it is done to, by names of the rack file: \"link:A--B lane 3\", device:NAME, port:NAME, "
     "host:NAME; * stands for any text."},
    {"--amplitude", "VALUE", "How strong, as \"6 dB\" (default: the fault's own)."},
    {"--shape", "SHAPE",
     "How it goes over time, as step, \"ramp 5 min\", \"sine 1 h\" (default: the fault's own)."},
    {"--for", "DURATION", "Cleared after so much world time, as 30s, \"10 min\" (default: never)."},
    kPlaneFolderOption,
    kSocket,
    kJson,
};
constexpr PositionalSpec kInjectPositionals[] = {
    {"FAULT", "A key of the catalogue; weft world faults lists them."},
};
constexpr PositionalSpec kClearPositionals[] = {
    {"ID", "The fault's number, or all."},
};
constexpr PositionalSpec kCheckpointPositionals[] = {
    {"FILE", "Where the world's state is written; weft up --restore reads it back."},
};
constexpr ExampleSpec kStatusExamples[] = {
    {"weft world status", "Time, links and injected faults of the rack that runs."},
};
constexpr ExampleSpec kInjectExamples[] = {
    {"weft world inject contaminated-connector --target 'link:server0/cpu0/pcie0--*' "
     "--amplitude '6 dB'",
     "Dirt in the connectors of the links of a port."},
    {"weft world inject fan-loss --target host:server0 --for 10min", "Fans stop, for ten minutes."},
};
constexpr ExampleSpec kClearExamples[] = {
    {"weft world clear 3", "Fault 3 ends; what it left behind stays."},
    {"weft world clear all", "Every fault ends."},
};
constexpr OptionSpec kStateOptions[] = {
    {"--output", "FILE", "Where it is written (default: -, standard output)."},
    kPlaneFolderOption,
    kSocket,
};
constexpr ExampleSpec kStateExamples[] = {
    {"weft world state --output now.json", "What the links do now, for weft sim --state now.json."},
};
constexpr ExampleSpec kCheckpointExamples[] = {
    {"weft world checkpoint noon.world",
     "Writes the state of the world as it is now; weft up --restore noon.world goes on from "
     "there."},
};
constexpr ExitSpec kExits[] = {{kOk, "it was done"}};

constexpr LineService kService = {
    .name = "control",
    .schema = twin::kControlSchema,
    .what = "weft up",
    .hint = "Start one with weft up, or name its folder with --folder."};

Result<Json> ask(LineClient& client, const Json& request) {
  const auto line = client.ask(request.dump(-1, ' ', false, Json::error_handler_t::replace));
  if (!line) {
    return tl::unexpected(line.error());
  }
  Json answer = Json::parse(*line, nullptr, false);
  if (!answer.is_object() || !answer.value("ok", false)) {
    return tl::unexpected(error_of(answer));
  }
  return answer;
}

void print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

/// Asks once and prints the answer, as JSON or as `say` puts it.
int ask_once(const Arguments& arguments, const Json& request, std::string (*say)(const Json&)) {
  auto client = LineClient::open(arguments, kService);
  if (!client) {
    return report(client.error());
  }
  const auto answer = ask(*client, request);
  if (!answer) {
    return report(answer.error());
  }
  print(arguments.has("--json") ? answer->dump() + "\n" : say(*answer));
  return kOk;
}

std::string faults_table(const Json& faults) {
  std::string out;
  for (const Json& fault : faults) {
    const auto key = fault.value("fault", "");
    const twin::FaultRow* row = twin::find_row(key);
    const double amplitude = fault.value("amplitude", 0.0);
    out += fmt::format(
        "{:>5} {:<28} {:>9} {:<7} {:>4.0f} %  {}\n", fault.value("id", 0U), key,
        row != nullptr ? twin::amplitude_text(*row, amplitude) : fmt::format("{:g}", amplitude),
        fault.value("phase", ""), 100 * fault.value("level", 0.0), fault.value("target", ""));
  }
  return out.empty() ? out
                     : fmt::format("{:>5} {:<28} {:>9} {:<7} {:>6}  {}\n", "ID", "FAULT",
                                   "AMPLITUDE", "PHASE", "LEVEL", "TARGET") +
                           out;
}

int run_status(const Arguments& arguments) {
  auto client = LineClient::open(arguments, kService);
  if (!client) {
    return report(client.error());
  }
  auto status = ask(*client, {{"command", "status"}});
  if (!status) {
    return report(status.error());
  }
  const auto faults = ask(*client, {{"command", "faults"}});
  if (!faults) {
    return report(faults.error());
  }
  (*status)["faults"] = faults->value("faults", Json::array());
  if (arguments.has("--json")) {
    print(status->dump() + "\n");
    return kOk;
  }
  print(fmt::format("SIMULATED: rack {}, seed {}, {:.1f} s of world time\n"
                    "{} machines; {} links, {} up; {} faults active, {} waiting\n",
                    status->value("rack", ""), status->value("seed", std::uint64_t{0}),
                    status->value("world_seconds", 0.0), status->value("machines", 0U),
                    status->value("links", 0U), status->value("links_up", 0U),
                    status->value("faults_active", 0U), status->value("faults_waiting", 0U)) +
        faults_table((*status)["faults"]));
  return kOk;
}

int run_inject(const Arguments& arguments) {
  const auto target = arguments.value("--target");
  if (!target) {
    return report_usage("--target is missing", "Say what it is done to, as host:server0.");
  }
  Json request = {
      {"command", "inject"}, {"fault", arguments.value("FAULT").value_or("")}, {"target", *target}};
  for (const char* const name : {"amplitude", "shape", "for"}) {
    if (const auto value = arguments.value(std::string("--") + name)) {
      request[name] = *value;
    }
  }
  return ask_once(arguments, request, [](const Json& answer) {
    return fmt::format("fault {} at {:.3f} s of world time\n", answer.value("id", 0U),
                       answer.value("world_seconds", 0.0));
  });
}

int run_clear(const Arguments& arguments) {
  const auto text = arguments.value("ID").value_or("");
  const auto id = base::parse_unsigned(text);
  if (!id && text != "all") {
    return report_usage("'" + base::printable(text, 40) + "' is no fault's number and not all",
                        "weft world status lists them.");
  }
  Json request = {{"command", "clear"}, {"id", "all"}};
  if (id) {
    request["id"] = *id;
  }
  return ask_once(arguments, request, [](const Json& answer) {
    return fmt::format("{} cleared at {:.3f} s of world time\n", answer.value("cleared", 0U),
                       answer.value("world_seconds", 0.0));
  });
}

int run_checkpoint(const Arguments& arguments) {
  std::error_code error;
  const auto file = std::filesystem::absolute(arguments.value("FILE").value_or(""), error);
  return ask_once(
      arguments, {{"command", "checkpoint"}, {"file", file.string()}}, [](const Json& answer) {
        return fmt::format("{}: {} bytes, the world at {:.3f} s\n", answer.value("file", ""),
                           answer.value("bytes", std::uint64_t{0}),
                           answer.value("world_seconds", 0.0));
      });
}

int run_state(const Arguments& arguments) {
  auto client = LineClient::open(arguments, kService);
  if (!client) {
    return report(client.error());
  }
  const auto answer = ask(*client, {{"command", "state"}});
  if (!answer) {
    return report(answer.error());
  }
  const auto file = arguments.value("--output").value_or("-");
  const Json state = answer->value("state", Json::object());
  if (auto written = write_output(file, state.dump(2) + "\n"); !written) {
    return report(written.error());
  }
  if (file != "-") {
    print(fmt::format("{}: {} links are not as planned\n", file,
                      state.value("links", Json::array()).size()));
  }
  return kOk;
}

}  // namespace world_control_inner

VerbSpec world_status_verb() {
  return {.name = "world status",
          .summary = "say how a running twin is and what was injected",
          .description =
              "Asks a running weft up for its time, its links and the faults that are "
              "in it or are to come.",
          .positionals = {},
          .options = world_control_inner::kPlainOptions,
          .run = &world_control_inner::run_status,
          .examples = world_control_inner::kStatusExamples,
          .exits = world_control_inner::kExits};
}

VerbSpec world_inject_verb() {
  return {.name = "world inject",
          .summary = "do a fault to a running twin",
          .description =
              "Brings a fault of the catalogue (weft world faults) into a running weft "
              "up at once. It changes physical or firmware quantities; symptoms follow "
              "from them. Prints the fault's number.",
          .positionals = world_control_inner::kInjectPositionals,
          .options = world_control_inner::kInjectOptions,
          .run = &world_control_inner::run_inject,
          .examples = world_control_inner::kInjectExamples,
          .exits = world_control_inner::kExits};
}

VerbSpec world_clear_verb() {
  return {.name = "world clear",
          .summary = "take a fault away from a running twin",
          .description =
              "Ends a fault, or all of them. What symptoms it left (latched flags, "
              "counts, a link that fell back) stays, as in life. Workload and weather "
              "of a scenario go on.",
          .positionals = world_control_inner::kClearPositionals,
          .options = world_control_inner::kPlainOptions,
          .run = &world_control_inner::run_clear,
          .examples = world_control_inner::kClearExamples,
          .exits = world_control_inner::kExits};
}

VerbSpec world_state_verb() {
  return {.name = "world state",
          .summary = "write what a running twin's links do, for weft sim --state",
          .description =
              "Writes those links of a running weft up that are not as its rack file plans them: "
              "down, fewer lanes, slower, or with flits that arrive damaged "
              "(docs/formats/fabric-state.md). It is the world's truth, not a measurement; weft "
              "why --live --state writes what the control plane has seen. weft sim reads both.",
          .positionals = {},
          .options = world_control_inner::kStateOptions,
          .run = &world_control_inner::run_state,
          .examples = world_control_inner::kStateExamples,
          .exits = world_control_inner::kExits};
}

VerbSpec world_checkpoint_verb() {
  return {.name = "world checkpoint",
          .summary = "write the state of a running twin to a file",
          .description =
              "Writes the whole state of a running weft up's world "
              "(docs/formats/checkpoint.md), the file whole or not at all and readable "
              "by its user only. weft up --restore goes on from it, with the same rack "
              "and seed.",
          .positionals = world_control_inner::kCheckpointPositionals,
          .options = world_control_inner::kPlainOptions,
          .run = &world_control_inner::run_checkpoint,
          .examples = world_control_inner::kCheckpointExamples,
          .exits = world_control_inner::kExits};
}

}  // namespace weft::cli
