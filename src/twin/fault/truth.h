// SPDX-License-Identifier: Apache-2.0
// The ground truth: what was injected where, when, and when it was taken away. Only this folder
// (whose control service tells people their own injections), src/score/ and tests may include it;
// truth_test.cpp walks the sources and fails for anybody else. Whoever diagnoses a world must find
// it out through the doors.
#pragma once

#include "twin/fault/engine.h"

#include <optional>
#include <string>
#include <vector>

namespace weft::twin {

enum class TruthPhase : std::uint8_t { kWaiting, kActive, kOver };
[[nodiscard]] std::string_view key(TruthPhase phase);  ///< "waiting"

/// One fault, or one entry of workload or weather, as it was brought into the world.
struct InjectedFault {
  FaultId id = 0;
  std::string fault;
  std::string target;
  std::string label;
  bool is_background = false;  ///< workload or weather
  double amplitude = 0;
  Shape shape;
  TruthPhase phase = TruthPhase::kWaiting;
  WorldTime begin;
  std::optional<WorldTime> planned_end;  ///< where it was ordered for a time
  std::optional<WorldTime> cleared;      ///< when it was over
  double level = 0;                      ///< strongest of its things now, 0 to 1
  std::vector<std::size_t> links;        ///< WorldPlan::links that it touches; ascending, each once
  std::vector<std::size_t> machines;     ///< WorldPlan::machines where they are; as links

  /// Whether it was in the world at `at`.
  [[nodiscard]] bool lives(WorldTime at) const {
    return phase != TruthPhase::kWaiting && begin <= at && (!cleared || at < *cleared);
  }
};

struct GroundTruth {
  WorldTime now;
  std::vector<InjectedFault> faults;  ///< by id: in the order in which they were ordered
};

class TruthReader {
 public:
  [[nodiscard]] static GroundTruth read(const FaultEngine& engine);
};

/// The caller holds the world.
[[nodiscard]] GroundTruth ground_truth(Rack& rack);

}  // namespace weft::twin
