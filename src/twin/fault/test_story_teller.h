// SPDX-License-Identifier: Apache-2.0
// Tells a story: brings its fault, looks at every sign step by step, judges their order, clears the
// fault and looks again. What failed is shown with all that was seen. Only tests include it.
#pragma once

#include "twin/fault/engine.h"
#include "twin/fault/test_story_look.h"
#include "twin/test_rack.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace weft::twin::story {

class Teller {
 public:
  explicit Teller(const Story& story) : story_(story) {
    auto made = build_rack(test::rack_of(kRack), {.seed = 3},
                           {.starts = true, .physics = shared_physics()});
    EXPECT_TRUE(made) << (made ? "" : made.error().text());
    rack_ = std::move(*made);
    looker_ = std::make_unique<Looker>(*rack_);
    if (story.load > 0) {
      order("workload", "link:*", story.load);
    }
    if (!story.before.fault.empty()) {
      bring(story.before);
    }
    rack_->world->advance(base::seconds(kCalm_s));
  }

  void tell() {
    for (const auto* part : {&story_.signs, &story_.quiet, &story_.after}) {
      for (const Sign& sign : *part) {
        calm_.push_back(looker_->value(sign));
        history_ += fmt::format(" {:10.4g}", calm_.back().value_or(0));
      }
    }
    history_ += " calm\n";
    const FaultId id =
        order(story_.fault, story_.target, story_.amplitude, parse_shape(story_.shape).value());
    std::vector<int> seen(story_.signs.size(), kNotSeen);
    for (int step = 1; step <= story_.steps; ++step) {
      look(step, seen);
    }
    judge_order(seen);
    clear(id);
    if (testing::Test::HasFailure()) {
      ADD_FAILURE() << story_.fault << " (" << story_.fact << "), what was seen at each step:\n"
                    << history_;
    }
  }

 private:
  static constexpr double kCalm_s = 900;  // all is as warm as it gets
  static constexpr int kNotSeen = 1'000'000;

  /// Models are the same whoever builds them, and building is what takes time.
  static std::shared_ptr<Physics> shared_physics() {
    static const auto kPhysics = std::make_shared<Physics>();
    return kPhysics;
  }

  FaultId order(std::string_view fault, std::string_view target, double amplitude,
                const std::optional<Shape>& shape = {}) {
    FaultOrder what;
    what.fault = fault;
    what.target = target;
    what.shape = shape;
    if (amplitude != 0) {
      what.amplitude = amplitude;
    }
    const auto id = fault_engine(*rack_).order(what);
    EXPECT_TRUE(id) << (id ? "" : id.error().text());
    return id.value_or(0);
  }

  FaultId bring(const Companion& what) { return order(what.fault, what.target, what.amplitude); }

  void look(int step, std::vector<int>& seen) {
    if (!story_.also.fault.empty() && step == story_.also.step + 1) {
      companion_ = bring(story_.also);
    }
    rack_->world->advance(base::seconds(story_.step_s));
    history_ += fmt::format("{:3}", step);
    for (std::size_t i = 0; i < story_.signs.size(); ++i) {
      const auto more = risen(story_.signs[i], i);
      if (more && *more >= story_.signs[i].least) {
        seen[i] = std::min(seen[i], step);
      }
    }
    history_ += " |";
    for (std::size_t i = 0; i < story_.quiet.size(); ++i) {
      const auto more = risen(story_.quiet[i], story_.signs.size() + i);
      if (more && std::abs(*more) >= story_.quiet[i].least && !is_loud_) {
        is_loud_ = true;
        ADD_FAILURE() << story_.fault << ": quiet sign " << i << " moved by " << *more;
      }
    }
    history_ += '\n';
  }

  /// Since the calm; nothing where it cannot be compared.
  std::optional<double> risen(const Sign& sign, std::size_t index) {
    const auto now = looker_->value(sign);
    if (!now || !calm_[index]) {
      history_ += "          -";
      return std::nullopt;
    }
    const double more = *now - *calm_[index];
    history_ += fmt::format(" {:10.3g}", more);
    return more;
  }

  void judge_order(const std::vector<int>& seen) const {
    const int begin = story_.also.fault.empty() ? 1 : story_.also.step + 1;
    int since = begin;  // the last one that came later
    int before = begin;
    int last = begin;  // of all so far
    for (std::size_t i = 0; i < seen.size(); ++i) {
      if (seen[i] == kNotSeen) {
        ADD_FAILURE() << story_.fault << ": sign " << i << " never came";
        return;
      }
      const Turn turn = story_.signs[i].turn;
      const int soonest = turn == Turn::kLater ? last + 1 : turn == Turn::kBeside ? since : before;
      EXPECT_GE(seen[i], soonest) << story_.fault << ": sign " << i << " came too early";
      since = turn == Turn::kLater ? seen[i] : since;
      before = seen[i];
      last = std::max(last, seen[i]);
    }
  }

  void clear(FaultId id) {
    ASSERT_TRUE(fault_engine(*rack_).clear(id));
    const std::size_t first = story_.signs.size() + story_.quiet.size();
    if (!story_.after.empty()) {
      rack_->world->advance(base::seconds(story_.step_s));
    }
    for (std::size_t i = 0; i < story_.after.size(); ++i) {
      EXPECT_GE(*looker_->value(story_.after[i]) - *calm_[first + i], story_.after[i].least)
          << story_.fault << ": after it, sign " << i;
    }
    if (companion_) {
      ASSERT_TRUE(fault_engine(*rack_).clear(*companion_));
    }
    // A PCIe link that fell back stays so until it is asked.
    for (int asked = 0; asked < 2; ++asked) {  // for its rate, for its width
      rack_->world->advance(base::seconds(2));
      for (Link* each : rack_->links) {
        if (each->plan().role == LinkRole::kPcie) {
          each->retrain(End::kA);
        }
      }
    }
    rack_->world->advance(base::seconds(story_.rest_s));
    std::vector<std::optional<double>> rested;
    rested.reserve(story_.signs.size());
    for (const Sign& sign : story_.signs) {
      rested.push_back(looker_->value(sign));
    }
    const double more_s = story_.step_s * story_.steps / 4;
    rack_->world->advance(base::seconds(more_s));
    history_ += "cleared";
    for (std::size_t i = 0; i < story_.signs.size(); ++i) {
      const Sign& sign = story_.signs[i];
      const auto more = risen(sign, i);
      if (!more || !rested[i]) {
        ADD_FAILURE() << story_.fault << ": sign " << i << " cannot be read";
      } else if (is_count(sign.what)) {
        const double before = *rested[i] - *calm_[i];
        EXPECT_LE(*more - before, 0.05 * before + 2) << story_.fault << ": count " << i;
      } else {
        EXPECT_NEAR(*more, 0, 0.5 * sign.least) << story_.fault << ": sign " << i;
      }
    }
    history_ += '\n';
    for (const Link* each : rack_->links) {
      EXPECT_TRUE(each->status().is_up) << each->plan().name;
      EXPECT_EQ(each->status().width.value(), each->plan().lanes.value()) << each->plan().name;
      EXPECT_EQ(each->status().rate, fabric::protocol(each->plan().protocol).lane_rate)
          << each->plan().name;
    }
  }

  const Story& story_;
  std::unique_ptr<Rack> rack_;
  std::vector<std::optional<double>> calm_;
  std::optional<FaultId> companion_;
  std::string history_;
  std::unique_ptr<Looker> looker_;
  bool is_loud_ = false;
};

}  // namespace weft::twin::story
