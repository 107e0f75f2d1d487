// SPDX-License-Identifier: Apache-2.0
#include "cli/world.h"

#include "twin/fault/catalogue.h"

#include <cstdio>
#include <string>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace weft::cli {
namespace world_inner {

constexpr OptionSpec kFaultsOptions[] = {
    {"--json", "", "The catalogue as JSON, schema weftline/faults/1 (docs/formats/faults.md)."},
};
constexpr ExampleSpec kFaultsExamples[] = {
    {"weft world faults", "What a scenario can do to a rack."},
    {"weft world faults --json", "The same for programs."},
};
constexpr ExitSpec kFaultsExits[] = {{kOk, "the catalogue was printed"}};

std::string faults_text() {
  std::string out;
  for (const twin::FaultRow& row : twin::faults()) {
    out += fmt::format("{:<34} {:<7} {:>9}  {}\n", row.key, key(row.scope),
                       amplitude_text(row, row.amplitude.standard), row.help);
  }
  return out;
}

std::string faults_json() {
  auto list = nlohmann::ordered_json::array();
  for (const twin::FaultRow& row : twin::faults()) {
    auto effects = nlohmann::ordered_json::array();
    for (const twin::FaultEffect& effect : row.effects) {
      effects.push_back(twin::row(effect.quantity).key);
    }
    nlohmann::ordered_json each = {{"key", row.key},
                                   {"of", key(row.scope)},
                                   {"help", row.help},
                                   {"amplitude",
                                    {{"standard", row.amplitude.standard},
                                     {"min", row.amplitude.min},
                                     {"max", row.amplitude.max},
                                     {"unit", row.amplitude.unit},
                                     {"is_factor", row.amplitude.is_factor}}},
                                   {"shape", row.shape},
                                   {"quantities", effects},
                                   {"source", row.source}};
    if (!row.family.empty()) {
      each["family"] = row.family;
    }
    list.push_back(each);
  }
  return nlohmann::ordered_json{{"schema", "weftline/faults/1"}, {"faults", list}}.dump(2) + "\n";
}

int run_faults(const Arguments& arguments) {
  const std::string text = arguments.has("--json") ? faults_json() : faults_text();
  std::fwrite(text.data(), 1, text.size(), stdout);
  return kOk;
}

}  // namespace world_inner

std::string world_faults_json() {
  return world_inner::faults_json();
}

VerbSpec world_faults_verb() {
  return {
      .name = "world faults",
      .summary = "list the faults that a twin can have",
      .description =
          "Lists the catalogue of faults: key, what it is of, its usual amplitude, what is wrong "
          "with the thing. A scenario file (docs/formats/scenario.md) names them by key. Each is a "
          "change of physical or firmware quantities; symptoms follow from it.",
      .positionals = {},
      .options = world_inner::kFaultsOptions,
      .run = &world_inner::run_faults,
      .examples = world_inner::kFaultsExamples,
      .exits = world_inner::kFaultsExits,
  };
}

}  // namespace weft::cli
