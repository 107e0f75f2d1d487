// SPDX-License-Identifier: Apache-2.0
// The scorer against judgements whose answers are known: one that says nothing, one that accuses
// everybody, one that was told the truth. Lane models are those of twin/link/fake_physics.h.
#include "base/text.h"
#include "bus/test_folder.h"
#include "score/stories.h"
#include "score/suite.h"
#include "twin/link/fake_physics.h"
#include "twin/test_rack.h"

#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <set>

#include <gtest/gtest.h>

namespace weft::score {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kStory = R"(weftline: scenario/1
name: pulled
rack: small.yaml
length: 3 min
faults:
  - {fault: unplugged, target: "one of link:*eth0--*", at: 40 s to 70 s}
)";
constexpr std::string_view kQuiet = R"(weftline: scenario/1
name: nothing
rack: small.yaml
length: 2 min
)";

/// Says what a test wants of one link of the plan, from a time on.
class Told final : public Judgement {
 public:
  explicit Told(std::vector<diagnose::LivingFinding> findings) : said_(std::move(findings)) {}
  void take(const observe::Snapshot&) override { ++snapshots_; }
  void take(const diagnose::Mark&) override {}
  const std::vector<diagnose::LivingFinding>& judge(base::WallTime) override {
    return snapshots_ > 5 ? said_ : none_;
  }

 private:
  std::vector<diagnose::LivingFinding> said_;
  std::vector<diagnose::LivingFinding> none_;
  std::size_t snapshots_ = 0;
};

diagnose::LivingFinding about(const fabric::Link& link, std::string kind) {
  diagnose::LivingFinding out;
  out.id = "fnd-" + link.name;
  out.finding.level = diagnose::Level::kCritical;
  out.finding.code = "link_down";
  out.finding.link = link.id;
  out.finding.subject = link.id;
  diagnose::Hypothesis top;
  top.cause = "pulled";
  top.probability = 0.9;
  top.stretch = diagnose::Stretch::kCable;
  top.part = diagnose::PartRef{.kind = std::move(kind), .place = "", .device = {}, .identity = {}};
  out.finding.hypotheses.push_back(top);
  return out;
}

class Scored : public ::testing::Test {
 protected:
  void SetUp() override {
    std::ofstream(folder_.at("small.yaml")) << twin::test::kSmallRack;
    std::ofstream(folder_.at("pulled.yaml")) << kStory;
    std::ofstream(folder_.at("nothing.yaml")) << kQuiet;
    options_.physics = std::make_shared<twin::FakePhysics>();
    options_.seeds = 2;
  }
  std::vector<RunResult> score(const std::string& file, const JudgementMaker& maker,
                               unsigned threads = 1) {
    auto templates = load_templates(folder_.at(file));
    EXPECT_TRUE(templates) << (templates ? "" : templates.error().text());
    options_.threads = threads;
    return run_suite(*templates, maker, options_);
  }
  static JudgementMaker nobody() {
    return [](const fabric::Fabric&, std::string_view) {
      return std::make_unique<Told>(std::vector<diagnose::LivingFinding>());
    };
  }
  /// Accuses the links whose names match, of this kind of part.
  static JudgementMaker accuser(std::string pattern, std::string kind) {
    return [pattern, kind](const fabric::Fabric& plan, std::string_view) {
      std::vector<diagnose::LivingFinding> said;
      for (const fabric::Link& link : plan.links()) {
        if (base::matches(pattern, link.name)) {
          said.push_back(about(link, kind));
        }
      }
      return std::make_unique<Told>(std::move(said));
    };
  }

  bus::TestFolder folder_;
  SuiteOptions options_;
};

TEST_F(Scored, SilenceMissesAFaultAndIsRightWhereNothingIsWrong) {
  const auto missed = score("pulled.yaml", nobody());
  ASSERT_EQ(missed.size(), 2U);
  ASSERT_EQ(missed[0].error, "");
  ASSERT_EQ(missed[0].faults.size(), 1U);
  EXPECT_TRUE(missed[0].faults[0].is_observable);
  EXPECT_EQ(missed[0].faults[0].said.link, Verdict::kMissed);
  const Table table = tabulate(score("nothing.yaml", nobody()));
  EXPECT_EQ(table.quiet.runs, 1U) << "it leaves nothing to the seed";
  EXPECT_EQ(table.quiet.false_findings, 0U);
  EXPECT_GT(table.quiet.false_rate().high, 0);
}

TEST_F(Scored, TheTruthIsRightAndAWrongPartIsWrong) {
  const auto right = score("pulled.yaml", accuser("*eth0--*", "cable"));
  ASSERT_EQ(right[0].faults.size(), 1U);
  EXPECT_EQ(right[0].faults[0].said.link, Verdict::kRight);
  EXPECT_EQ(right[0].faults[0].said.part, Verdict::kRight);
  EXPECT_EQ(right[0].faults[0].said.segment, Verdict::kRight);
  EXPECT_TRUE(right[0].faults[0].said.seconds_to_detect);
  EXPECT_TRUE(right[0].false_findings.empty());
  const auto wrong = score("pulled.yaml", accuser("*eth0--*", "fan"));
  EXPECT_EQ(wrong[0].faults[0].said.part, Verdict::kWrong);
}

TEST_F(Scored, AccusingEverybodyIsFalse) {
  const auto all = score("pulled.yaml", accuser("*", "cable"));
  EXPECT_GT(all[0].false_findings.size(), 3U);
  const Table table = tabulate(score("nothing.yaml", accuser("*psw0*", "card")));
  EXPECT_EQ(table.quiet.noisy_runs, 1U);
  EXPECT_GT(table.quiet.false_rate().low, 0);
}

TEST_F(Scored, AnotherLinkInsteadIsWrong) {
  const auto other = score("pulled.yaml", accuser("*nvme0*", "card"));
  EXPECT_EQ(other[0].faults[0].said.link, Verdict::kWrong);
  EXPECT_EQ(other[0].false_findings.size(), 1U);
}

TEST_F(Scored, ThreadsDoNotMatter) {
  const auto one = score("pulled.yaml", accuser("*eth0--*", "cable"), 1);
  const auto two = score("pulled.yaml", accuser("*eth0--*", "cable"), 2);
  ASSERT_EQ(one.size(), two.size());
  for (std::size_t i = 0; i < one.size(); ++i) {
    EXPECT_EQ(one[i].faults[0].target, two[i].faults[0].target);
    EXPECT_EQ(one[i].faults[0].said.seconds_to_detect, two[i].faults[0].said.seconds_to_detect);
  }
}

TEST_F(Scored, PerturbedWorldsRunAndDiffer) {
  options_.run.perturbed = 0.5;
  const auto runs = score("pulled.yaml", nobody());
  EXPECT_EQ(runs[0].error, "");
}

TEST(ScoreAnswers, EveryFaultOfTheCatalogueHasARowOrIsAQuirk) {
  for (const twin::FaultRow& row : twin::faults()) {
    const bool is_quirk = row.effects.front().quantity == twin::Quantity::kQuirk;
    EXPECT_TRUE(is_quirk || answer_row(row.key) != nullptr) << row.key;
  }
}

TEST(ScoreStories, AreTheSameForTheSameSeedAndTellable) {
  const std::string racks = std::string(WEFT_SOURCE_DIR) + "/racks";
  const auto one = drawn_stories(racks, 60, 1);
  const auto two = drawn_stories(racks, 60, 1);
  const auto other = drawn_stories(racks, 60, 2);
  ASSERT_TRUE(one) << one.error().text();
  ASSERT_TRUE(two && other);
  ASSERT_EQ(one->size(), 60U);
  std::size_t quiet = 0;
  std::size_t same = 0;
  std::set<std::string> names;
  for (std::size_t i = 0; i < one->size(); ++i) {
    const auto& story = (*one)[i];
    EXPECT_EQ(story.name, (*two)[i].name);
    ASSERT_EQ(story.orders.size(), (*two)[i].orders.size());
    for (std::size_t k = 0; k < story.orders.size(); ++k) {
      EXPECT_EQ(story.orders[k].order.target, (*two)[i].orders[k].order.target);
      EXPECT_EQ(story.orders[k].order.amplitude, (*two)[i].orders[k].order.amplitude);
      EXPECT_TRUE(story.orders[k].choice.empty()) << "nothing is left to the seed";
    }
    EXPECT_FALSE(twin::is_template(story));
    EXPECT_EQ(drawn_seed(story), 1U);
    EXPECT_FALSE(is_kept_out(story));
    EXPECT_TRUE(is_kept_out((*other)[i])) << "even seeds judge";
    names.insert(story.name);
    quiet += story.name == "drawn quiet" ? 1U : 0U;
    same += story.name == (*other)[i].name ? 1U : 0U;
  }
  EXPECT_GT(names.size(), 20U);
  EXPECT_GT(quiet, 0U);
  EXPECT_LT(quiet, 25U);
  EXPECT_LT(same, 30U) << "another seed tells other stories";
  EXPECT_FALSE(drawn_stories("/nowhere", 1, 1));
}

TEST(ScoreStories, AreOfThingsThatLive) {
  const auto stories = drawn_stories(std::string(WEFT_SOURCE_DIR) + "/racks", 250, 1);
  ASSERT_TRUE(stories) << stories.error().text();
  Racks racks;
  std::map<std::string, std::unique_ptr<twin::Rack>> built;
  for (const twin::Scenario& story : *stories) {
    auto& rack = built[twin::rack_path(story)];
    if (rack == nullptr) {
      auto known = racks.get(twin::rack_path(story));
      ASSERT_TRUE(known) << known.error().text();
      auto made = twin::build_rack((*known)->fabric, {.seed = 1},
                                   {.physics = std::make_shared<twin::FakePhysics>()});
      ASSERT_TRUE(made) << made.error().text();
      rack = std::move(*made);
    }
    for (const twin::ScenarioOrder& each : story.orders) {
      const auto checked = twin::fault_engine(*rack).check(each.order);
      EXPECT_TRUE(checked) << story.name << ": " << checked.error().text();
    }
  }
}

TEST(ScoreSplit, IsTheCommittedRule) {
  // By the command of scenarios/SPLIT.md.
  EXPECT_TRUE(is_kept_out("poor-after-flap"));
  EXPECT_TRUE(is_kept_out("calm"));
  EXPECT_FALSE(is_kept_out("fan-loss"));
  EXPECT_FALSE(is_kept_out("dirty-ferrule"));
}

}  // namespace
}  // namespace weft::score
