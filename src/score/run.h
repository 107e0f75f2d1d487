// SPDX-License-Identifier: Apache-2.0
// One template told with one seed: the world is built, its machines are polled with the drivers as
// machines are, the judgement sees the snapshots and the marks and nothing else, and what it said
// is compared with what was injected. The judgement comes in as an interface, so that tests can put
// a known one in its place. The same template, seed and options give the same result at any number
// of threads: each run has its own world; lane models may be shared.
#pragma once

#include "base/result.h"
#include "observe/snapshot.h"
#include "score/compare.h"
#include "twin/fault/draw.h"
#include "twin/machine.h"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace weft::score {

/// Whoever judges; diagnose::Watch in life (watch_judgement.h).
class Judgement {
 public:
  virtual ~Judgement() = default;
  virtual void take(const observe::Snapshot& snapshot) = 0;
  virtual void take(const diagnose::Mark& mark) = 0;
  virtual const std::vector<diagnose::LivingFinding>& judge(base::WallTime now) = 0;
};
/// `plan` is the rack file as operators have it, and outlives the judgement.
using JudgementMaker =
    std::function<std::unique_ptr<Judgement>(const fabric::Fabric& plan, std::string_view source)>;

/// Racks read once and lane models built once, for all runs. Thread-safe.
class Racks {
 public:
  explicit Racks(std::shared_ptr<twin::Physics> physics = std::make_shared<twin::Physics>())
      : physics_(std::move(physics)) {}
  struct Known {
    fabric::Fabric fabric;
    std::shared_ptr<twin::Physics> physics;
  };
  /// kNotFound, kInvalidArgument as the rack file is.
  [[nodiscard]] base::Result<std::shared_ptr<const Known>> get(const std::string& path);

 private:
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<const Known>> known_;
  std::shared_ptr<twin::Physics> physics_;
};

struct RunOptions {
  base::Duration poll{20'000'000'000};  ///< least time between polls
  std::size_t polls_most = 240;         ///< longer stories are polled more rarely
  /// Amplitudes and the rack's constants times a factor of 1 - this to 1 + this, by the seed.
  double perturbed = 0;
};

struct FaultResult {
  std::string fault;
  std::string target;
  std::string part;  ///< what is wrong, as the confusion matrix calls it
  bool is_observable = false;
  bool has_signature = false;
  Answered said;
};

struct RunResult {
  std::string name;
  std::uint64_t seed = 0;
  bool is_kept_out = false;  ///< it judges the rules and was never looked at
  std::string rack;
  std::string error;  ///< empty: it ran
  std::vector<FaultResult> faults;
  std::vector<FalseFinding> false_findings;
  std::size_t links = 0;
  std::size_t polls = 0;
  double weeks = 0;    ///< simulated
  double world_s = 0;  ///< processor time of this run, by what it went into; no part of tables
  double collect_s = 0;
  double judge_s = 0;
  double effect_s = 0;
};

[[nodiscard]] RunResult run(const twin::Scenario& scenario, std::uint64_t seed, Racks& racks,
                            const JudgementMaker& maker, const RunOptions& options = {});

}  // namespace weft::score
