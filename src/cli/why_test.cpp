// SPDX-License-Identifier: Apache-2.0
// `weft why` from outside: on an incident file, on captures, on nothing wrong; its JSON by its
// schema; and the printed forms on a finding made by hand.
#include "cli/why.h"

#include "bus/archive.h"
#include "bus/synthetic/host.h"
#include "bus/test_folder.h"
#include "cli/test_schema.h"
#include "cli/test_shell.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace weft::cli {
namespace {

using ::testing::HasSubstr;

std::string incident(const std::string& name) {
  return std::string(WEFT_SOURCE_DIR) + "/incidents/" + name;
}

diagnose::LivingFinding example() {
  diagnose::LivingFinding out;
  out.id = "fnd-0000000000000001";
  out.opened = {1'000'000'000};
  out.updated = {2'000'000'000};
  auto& finding = out.finding;
  finding.level = diagnose::Level::kWarning;
  finding.code = "link_errors";
  finding.place = "a/eth0 - leaf/port2";
  finding.sentence = "up, and loses bits";
  finding.next_step = "Clean both connectors.";
  diagnose::Hypothesis first;
  first.cause = "contaminated_connector";
  first.words = "a dirty connector";
  first.probability = 0.7;
  first.part = diagnose::PartRef{"module", "eth0", {}, {"ACME", "C1", "X1", "eth0", ""}};
  finding.hypotheses.push_back(first);
  diagnose::Hypothesis second;
  second.cause = "bent_fibre";
  second.words = "a bent fibre";
  second.probability = 0.2;
  finding.hypotheses.push_back(second);
  finding.cited.push_back({"pre-FEC BER 1e-7", {}, std::nullopt, base::WallTime{5}, false});
  finding.cited.push_back({"light is as strong as before", {}, std::nullopt, std::nullopt, true});
  finding.victims = {"a/gpu0", "a/gpu1"};
  finding.tests.push_back({"swap the ends", "traffic of this link", "the fault moves with it"});
  return out;
}

struct Printed : ::testing::Test {
  std::vector<diagnose::LivingFinding> findings{example()};
  diagnose::Joint joint;
  WhyView view{findings, &joint, {}};
};

TEST_F(Printed, SaysTheSentenceFirstAndThenWhatItStandsOn) {
  const auto text = why_text(view);
  EXPECT_THAT(text, HasSubstr("a/eth0 - leaf/port2: up, and loses bits. Most likely a dirty "
                              "connector (70 %): module eth0, part C1, serial X1.\n"));
  EXPECT_THAT(text, HasSubstr("  victims  2 only suffer: a/gpu0, a/gpu1\n"));
  EXPECT_THAT(text, HasSubstr("  against  light is as strong as before\n"));
  EXPECT_THAT(text, HasSubstr("  or       20 % a bent fibre\n"));
  EXPECT_THAT(text, HasSubstr("  or       10 % something else\n"));
  EXPECT_THAT(text, HasSubstr("  decide   swap the ends (disturbs traffic of this link): "));
  EXPECT_THAT(text, HasSubstr("  next     Clean both connectors.\n"));
  EXPECT_EQ(why_exit(view), kWarning);
}

TEST_F(Printed, UnknownIsAnAnswer) {
  findings.front().finding.hypotheses.clear();
  EXPECT_THAT(why_text(view), HasSubstr("up, and loses bits. The cause is unknown.\n"));
}

/// The link of the example, with names.
struct Named : Printed {
  Named() {
    fabric::Fabric known;
    const auto port = [&](const std::string& device, const std::string& name) {
      fabric::Device owner;
      owner.id = fabric::DeviceId::of(device);
      owner.name = device;
      EXPECT_TRUE(known.add(std::move(owner)));
      fabric::Port made;
      made.id = fabric::PortId::of(device + "/" + name);
      made.device = fabric::DeviceId::of(device);
      made.name = name;
      return known.add(std::move(made)).value();
    };
    fabric::Link link;
    link.id = fabric::LinkId::of("a/eth0 - leaf/port2");
    link.name = "a/eth0 - leaf/port2";
    link.a = port("a", "eth0");
    link.b = port("leaf", "port2");
    findings.front().finding.link = link.id;
    EXPECT_TRUE(known.add(std::move(link)));
    joint.take(known);
  }
};

TEST_F(Named, OneCauseAtManyPlacesIsOneLine) {
  auto& all = findings.front().finding.hypotheses;
  all[1].stretch = diagnose::Stretch::kFibre;
  all.push_back(all[1]);
  all[1].probability = all[2].probability = 0.1;
  all[2].direction = fabric::LaneDirection::kTowardHost;
  const auto text = why_text(view);
  EXPECT_THAT(text, HasSubstr("  or       20 % a bent fibre, in the fibre or in the fibre toward "
                              "a/eth0\n"));
}

TEST_F(Named, AMistypedNameIsNotAllClear) {
  EXPECT_TRUE(check_subject(findings, joint, ""));
  EXPECT_TRUE(check_subject(findings, joint, "a/*"));
  EXPECT_TRUE(check_subject({}, joint, "leaf/port2")) << "is there, and nothing is wrong with it";
  const auto wrong = check_subject(findings, joint, "leaf/prot2");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, base::Code::kNotFound);
  const auto run =
      shell(weft() + "why no-such-link --incident " + incident("idle-retraining.yaml"));
  EXPECT_EQ(run.code, 69);
  EXPECT_THAT(run.out, HasSubstr("nothing here is called 'no-such-link'"));
  view.watched.subject = "leaf/port2";
  view.findings = {};
  EXPECT_THAT(why_text(view), HasSubstr("Nothing is wrong with leaf/port2: watched "));
}

TEST_F(Printed, JsonFollowsItsSchema) {
  const bus::TestFolder folder;
  folder.file("why.json", why_json(view));
  expect_follows_schema("why", {folder.at("why.json")});
}

TEST_F(Printed, FindingsAreFoundByNamePatternAndSerial) {
  for (const auto* subject : {"", "fnd-0000000000000001", "X1", "a/*", "eth0", "a/gpu1"}) {
    EXPECT_EQ(findings_about(findings, joint, subject).size(), 1U) << subject;
  }
  EXPECT_TRUE(findings_about(findings, joint, "b/*").empty());
  EXPECT_TRUE(findings_about(findings, joint, "", {3'000'000'000}).empty());
}

TEST(Why, ReplaysAnIncidentAndItsJsonFollowsTheSchema) {
  const auto file = incident("idle-retraining.yaml");
  const auto run = shell(weft() + "why " + file);
  EXPECT_THAT(run.out, HasSubstr("server/gpu-e3/pcie0"));
  EXPECT_GE(run.code, 1);
  const bus::TestFolder folder;
  const auto json = shell(weft() + "why --json " + file + " > " + folder.at("why.json"));
  EXPECT_EQ(json.code, run.code) << json.out;
  expect_follows_schema("why", {folder.at("why.json")});
}

TEST(Why, NothingWrongIsOneLineThatSaysWhatWasWatched) {
  const bus::TestFolder folder;
  folder.file("calm.yaml",
              "weftline: incident/1\nname: calm\ntopology:\n  devices:\n    h:\n      kind: host\n"
              "      ports: {p: pcie5 x16}\n  links: [{from: h/p}]\n"
              "links: [{at: 2026-01-01, link: h/p, up: true, every: 1 min, times: 5}]\n");
  const auto run = shell(weft() + "why " + folder.at("calm.yaml"));
  EXPECT_EQ(run.code, 0) << run.out;
  EXPECT_THAT(run.out, HasSubstr("Nothing is wrong: watched 1 link of 1 machine"));
}

// The same links, levels and causes: one judgement, through either door.
TEST(Why, OneCaptureIsJudgedAsScanJudgesIt) {
  const bus::TestFolder folder;
  folder.file(
      "demo.tar.zst",
      bus::write_archive(bus::synthetic::demo_server().tree(), bus::Packing::kZstd).value());
  const auto capture = "--json --from " + folder.at("demo.tar.zst");
  const auto scan_run = shell(weft() + "scan " + capture);
  const auto why_run = shell(weft() + "why " + capture);
  EXPECT_EQ(why_run.code, scan_run.code);
  const auto scan = nlohmann::json::parse(scan_run.out);
  const auto why = nlohmann::json::parse(why_run.out);
  EXPECT_EQ(why["verdict"], scan["verdict"]);
  std::set<std::string> agreed;
  for (const auto& found : scan["findings"]) {
    if (found["level"] == "note") {
      continue;
    }
    const auto same = std::ranges::find_if(why["findings"], [&](const auto& one) {
      return one.contains("link") ? one["link"]["id"] == found["subject"]
                                  : one["subject"] == found["subject"];
    });
    ASSERT_NE(same, why["findings"].end()) << found.dump();
    EXPECT_EQ((*same)["level"], found["level"]);
    // Its cause is the finding's, or stands among the evidence of a finding that knows more.
    EXPECT_THAT(same->dump(), HasSubstr(found["cause"].dump().substr(1, 40)));
    agreed.insert(found["subject"]);
  }
  EXPECT_EQ(why["findings"].size(), agreed.size()) << why_run.out;
  EXPECT_EQ(agreed.size(), 1U);
}

TEST(Why, SaysWhatIsWrongWithTheRequest) {
  EXPECT_EQ(shell(weft() + "why --incident /nonexistent.yaml").code, 69);
  EXPECT_EQ(shell(weft() + "why --incident x.yaml --watch 5s").code, 64);
  EXPECT_EQ(shell(weft() + "why --since yesterday").code, 64);
  const bus::TestFolder folder;
  folder.file("wrong.yaml", "weftline: incident/1\nsampels: []\n");
  const auto run = shell(weft() + "why " + folder.at("wrong.yaml"));
  EXPECT_EQ(run.code, 65);
  EXPECT_THAT(run.out, HasSubstr("wrong.yaml:2:1: error"));
}

}  // namespace
}  // namespace weft::cli
