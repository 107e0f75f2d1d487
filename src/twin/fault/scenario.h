// SPDX-License-Identifier: Apache-2.0
// The scenario file: a rack, a seed, weather, workload and faults in time, in a page of YAML
// (docs/formats/scenario.md). Read by `weft up --scenario`, by tests and by scoring. Reading
// reports every mistake at once with its line and column, and what the text alone can be wrong in;
// whether the rack has what it names, apply() finds.
#pragma once

#include "base/result.h"
#include "fabric/rack_problem.h"
#include "twin/fault/engine.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft::twin {

inline constexpr std::size_t kScenarioBytesMax = 1024 * 1024;
inline constexpr std::size_t kScenarioNodesMax = 50'000;
/// Entries of each of its lists.
inline constexpr std::size_t kScenarioEntriesMax = 2000;

/// An order and where the file gives it. What a template leaves to the seed, draw.h decides.
struct ScenarioOrder {
  FaultOrder order;                       ///< the low ends of ranges
  std::string choice = {};                ///< "one of link:*"; then the order has no target yet
  std::optional<WorldTime> at_most = {};  ///< high ends of ranges
  std::optional<Duration> length_most = {};
  std::optional<double> amplitude_most = {};
  fabric::Place place;
  fabric::Place target_place;
};

/// What people and schedulers say of a time: no truth about the rack, but known to whoever judges.
struct ScenarioMark {
  std::string kind;     ///< "maintenance", "job", "reboot", "repair"
  std::string subject;  ///< pattern of names; empty: everything
  WorldTime at;
  std::optional<Duration> length;
  std::string text;
};

/// A machine that restarts: it says nothing for a while, and its links to others are down.
struct ScenarioRestart {
  std::string host;  ///< pattern of top-level devices
  WorldTime at;
  Duration length{};
};

struct Scenario {
  std::string name;
  std::string description;
  std::string rack;                     ///< path, as the file gives it: from the file's own folder
  std::vector<std::string> racks = {};  ///< further ones, for other seeds
  std::vector<ScenarioMark> marks = {};
  std::vector<ScenarioRestart> restarts = {};
  std::uint64_t seed = 1;
  Duration length{};                  ///< how long the story is; 0: without end
  std::vector<ScenarioOrder> orders;  ///< weather, workload, faults, in this order
  std::vector<std::string> expect;    ///< what it should show, for people
  std::string file;
};

struct LoadedScenario {
  Scenario scenario;  ///< complete where ok()
  std::vector<fabric::RackProblem> problems;

  [[nodiscard]] bool ok() const;
  /// A line for each problem.
  [[nodiscard]] std::string problem_text() const;
};

/// `file` is for messages only.
[[nodiscard]] LoadedScenario load_scenario_text(std::string_view yaml, std::string file);
/// Without mistakes; else kInvalidArgument with all of them. kNotFound, kPermissionDenied,
/// kUnavailable where the file cannot be read.
[[nodiscard]] base::Result<Scenario> load_scenario(const std::string& path);
/// Where its rack file is: relative to the scenario's folder.
[[nodiscard]] std::string rack_path(const Scenario& scenario);

/// Orders all of it in a world at its time zero. All mistakes in one error, each with its place.
base::Result<void> apply(const Scenario& scenario, FaultEngine& engine);

}  // namespace weft::twin
