// SPDX-License-Identifier: Apache-2.0
// The judgement in life: diagnose::Watch, given the rack file as operators have it.
#pragma once

#include "score/run.h"

namespace weft::score {

class WatchJudgement final : public Judgement {
 public:
  WatchJudgement(const fabric::Fabric& plan, std::string_view source)
      : watch_({.plan = &plan, .plan_source = std::string(source)}) {}

  void take(const observe::Snapshot& snapshot) override { watch_.take(snapshot); }
  void take(const diagnose::Mark& mark) override { watch_.take(mark); }
  const std::vector<diagnose::LivingFinding>& judge(base::WallTime now) override {
    return watch_.judge(now);
  }

 private:
  diagnose::Watch watch_;
};

[[nodiscard]] inline std::unique_ptr<Judgement> watch_judgement(const fabric::Fabric& plan,
                                                                std::string_view source) {
  return std::make_unique<WatchJudgement>(plan, source);
}

}  // namespace weft::score
