// SPDX-License-Identifier: Apache-2.0
// The scenario reader against wrong files, and every file of scenarios/ against its rack and
// against the checked-in schema, which Debian's python3-jsonschema judges.
#include "base/test_shell.h"
#include "fabric/rack.h"
#include "twin/fault/draw.h"
#include "twin/fault/scenario_keys.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace weft::twin {
namespace {

namespace fs = std::filesystem;
const fs::path kRoot = WEFT_SOURCE_DIR;

std::vector<std::string> files() {
  std::vector<std::string> found;
  for (const auto& entry : fs::directory_iterator(kRoot / "scenarios")) {
    if (entry.path().extension() == ".yaml") {
      found.push_back(entry.path().string());
    }
  }
  std::ranges::sort(found);
  return found;
}

std::string problems(std::string_view yaml) {
  return load_scenario_text(yaml, "s").problem_text();
}

constexpr std::string_view kHead = "weftline: scenario/1\nname: x\nrack: r.yaml\n";

TEST(FaultScenario, EveryFileIsInOrderAndItsRackHasWhatItNames) {
  std::map<std::string, WorldPlan> plans;
  for (const std::string& file : files()) {
    SCOPED_TRACE(file);
    const auto scenario = load_scenario(file);
    ASSERT_TRUE(scenario) << scenario.error().text();
    EXPECT_EQ(scenario->name, fs::path(file).stem().string());
    EXPECT_FALSE(scenario->expect.empty());
    // On each of its racks.
    for (std::uint64_t seed = 1; seed <= scenario->racks.size() + 1; ++seed) {
      Scenario on = *scenario;
      on.rack = drawn_rack(*scenario, seed);
      const std::string rack = rack_path(on);
      if (!plans.contains(rack)) {
        auto fabric = fabric::rack_fabric(rack);
        ASSERT_TRUE(fabric) << fabric.error().text();
        plans.emplace(rack, plan_world(std::move(*fabric)).value());
      }
      const auto story = drawn(*scenario, plans.at(rack), seed);
      ASSERT_TRUE(story) << story.error().text();
      for (const ScenarioOrder& each : story->orders) {
        const auto sites = resolve(plans.at(rack), *find_row(each.order.fault),
                                   parse_target(each.order.target).value());
        EXPECT_TRUE(sites) << each.order.target << ": " << (sites ? "" : sites.error().text());
      }
    }
  }
  EXPECT_GE(files().size(), 12U);
}

TEST(FaultScenario, ReadsEveryKey) {
  const auto loaded = load_scenario_text(R"(weftline: scenario/1
name: all
description: every key
rack: ../racks/x.yaml
seed: 9
length: 2 h
ambient:
  - {target: "host:*", above: 4, shape: sine 1 d, at: 1 min, for: 5 d}
workload:
  - {target: "link:*", load: 80 %, shape: square 12 s 0.75, at: 1 s, for: 1 h}
faults:
  - {fault: dirty-fibre, target: "link:a--b lane 1", amplitude: 2.5 dB, shape: ramp 5 min,
     at: 10 min, for: 30 min, label: first}
expect: [Less light.]
)",
                                         "dir/all.yaml");
  ASSERT_TRUE(loaded.ok()) << loaded.problem_text();
  const Scenario& scenario = loaded.scenario;
  EXPECT_EQ(scenario.seed, 9U);
  EXPECT_EQ(scenario.length, base::seconds(7200));
  EXPECT_EQ(rack_path(scenario), "racks/x.yaml");
  ASSERT_EQ(scenario.orders.size(), 3U);
  EXPECT_EQ(scenario.orders[0].order.fault, "inlet");
  EXPECT_EQ(scenario.orders[0].order.amplitude, 4);
  EXPECT_EQ(scenario.orders[1].order.amplitude, 0.8);
  const FaultOrder& fault = scenario.orders[2].order;
  EXPECT_EQ(fault.fault, "dirty-fibre");
  EXPECT_EQ(fault.target, "link:a--b lane 1");
  EXPECT_EQ(fault.amplitude, 2.5);
  EXPECT_EQ(fault.at.ns, 600'000'000'000);
  EXPECT_EQ(fault.length, base::seconds(1800));
  EXPECT_EQ(text(*fault.shape), "ramp 5 min");
  EXPECT_EQ(fault.label, "first");
}

TEST(FaultScenario, MistakesComeAllAtOnceWithTheirPlaces) {
  const std::string text = problems(std::string(kHead) + R"(seed: many
falts: []
faults:
  - {fault: dirty-fiber, target: "link:*"}
  - {fault: fan-loss, target: "hots:x"}
  - fault: dirty-fibre
    target: "link:*"
    amplitude: 3 mV
    shape: rmap 5 min
    at: 10
)");
  EXPECT_EQ(
      text,
      "s:4:7: error: 'many' is no seed. Write a whole number from 0.\n"
      "s:5:1: error: a scenario has no key 'falts'. Did you mean 'faults'?\n"
      "s:7:13: error: there is no fault 'dirty-fiber'. Did you mean 'dirty-fibre'?\n"
      "s:8:31: error: a target does not begin with 'hots'. Did you mean 'host:'?\n"
      "s:11:16: error: 'mV' is not the unit of dirty-fibre. Write a number, such as 3 dB.\n"
      "s:12:12: error: 'rmap' is no shape. Did you mean 'ramp'?\n"
      "s:13:9: error: '10' is a time without a unit. Units are ns, us, ms, s, min, h and d.\n");
}

TEST(FaultScenario, RefusesWhatIsNoScenario) {
  EXPECT_NE(problems(""), "");
  EXPECT_NE(problems("[1, 2]"), "");
  EXPECT_NE(problems("weftline: rack/1\nname: x\nrack: y\n"), "");
  EXPECT_NE(problems(std::string(kHead) + "faults: {a: b}\n"), "");
  EXPECT_NE(problems(std::string(kHead) + "faults: [step]\n"), "");
  EXPECT_NE(problems(std::string(kHead) + "name: y\n"), "");
  EXPECT_NE(problems(std::string(kHead) + "workload: [{target: \"link:*\", shape: load 0 1}]\n"),
            "");
  EXPECT_NE(problems(std::string(kScenarioBytesMax + 1, '#')), "");
  EXPECT_EQ(problems(kHead), "");
  EXPECT_EQ(load_scenario("/nowhere/x.yaml").error().code, base::Code::kNotFound);
}

TEST(FaultScenario, SchemaHasTheKeysThatTheReaderTakes) {
  std::ifstream in(kRoot / "docs/formats/scenario.schema.json");
  const auto schema = nlohmann::json::parse(in);
  const auto keys = [](const nlohmann::json& at) {
    std::set<std::string> found;
    for (const auto& [key, value] : at.at("properties").items()) {
      found.insert(key);
    }
    return found;
  };
  const auto set = [](const auto& known) {
    return std::set<std::string>(known.begin(), known.end());
  };
  const auto& properties = schema.at("properties");
  EXPECT_EQ(keys(schema), set(scenario_keys::kScenario));
  EXPECT_EQ(keys(properties.at("ambient").at("items")), set(scenario_keys::kAmbient));
  EXPECT_EQ(keys(properties.at("workload").at("items")), set(scenario_keys::kWorkload));
  EXPECT_EQ(keys(properties.at("faults").at("items")), set(scenario_keys::kFault));
  EXPECT_EQ(keys(properties.at("marks").at("items")), set(scenario_keys::kMark));
  EXPECT_EQ(keys(properties.at("restarts").at("items")), set(scenario_keys::kRestart));
  const std::string shape =
      properties.at("faults").at("items").at("properties").at("shape").at("pattern");
  for (const ShapeRow& row : shapes()) {
    EXPECT_NE(shape.find(row.key), std::string::npos) << row.key;
  }
}

TEST(FaultScenario, FilesFollowTheSchema) {
  const std::string python = base::python_with("jsonschema, yaml");
  if (python.empty()) {
    GTEST_SKIP() << base::no_python_with("jsonschema, yaml");
  }
  std::string command = python + " " + (kRoot / "src/fabric/rack_schema_judge.py").string() + " " +
                        (kRoot / "docs/formats/scenario.schema.json").string();
  for (const std::string& file : files()) {
    command += " '" + file + "'";
  }
  const base::Run judged = base::shell(command);
  EXPECT_EQ(judged.code, 0) << judged.out;
  EXPECT_EQ(judged.out.find("bad "), std::string::npos) << judged.out;
}

}  // namespace
}  // namespace weft::twin
