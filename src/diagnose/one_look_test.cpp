// SPDX-License-Identifier: Apache-2.0
// The rules of one look as part of the judgement over time: what has been wrong since boot is a
// finding with a life, excused like all else, one for each link, whichever way the looks come in.
#include "diagnose/one_look.h"

#include "base/random.h"
#include "diagnose/test_host.h"

#include <algorithm>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weft::diagnose {
namespace {

using base::giga_transfers;
using base::LaneCount;
using base::seconds;
using base::WallTime;
using observe::Metric;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr WallTime kLookedAt{1'700'000'000LL * 1'000'000'000};

/// A machine that is looked at again and again.
struct SeenHost : TestHost {
  explicit SeenHost(int links, const std::string& name = "h",
                    fabric::DeviceKind kind = fabric::DeviceKind::kAccelerator)
      : TestHost(links, kind) {
    snapshot.host.name = name;
    snapshot.host.identity = name;
    snapshot.taken = kLookedAt;
    for (const auto& state : snapshot.links) {
      fabric::Link link;
      link.id = state.link;
      link.name = state.a.address + " - " + state.b.address;
      link.a = state.a.port;
      link.b = state.b.port;
      EXPECT_TRUE(snapshot.fabric.add(std::move(link)).has_value());
    }
  }
  /// A later look; `is_whole` as the control plane's polls have it.
  const observe::Snapshot& after(double s, bool is_whole = true) {
    snapshot.taken = snapshot.taken + seconds(s);
    snapshot.host.uptime = base::Duration{snapshot.host.uptime->ns + seconds(s).ns};
    snapshot.is_whole = is_whole;
    return snapshot;
  }
  std::vector<LivingFinding> look(Watch& watch, double s, bool is_whole = true) {
    watch.take(after(s, is_whole));
    return watch.judge(snapshot.taken);
  }
};

std::vector<LivingFinding> open_ones(const std::vector<LivingFinding>& findings) {
  std::vector<LivingFinding> out;
  for (const auto& one : findings) {
    if (one.phase == Phase::kOpen) {
      out.push_back(one);
    }
  }
  return out;
}

TEST(OneLook, ALinkThatIsNarrowSinceBootIsAFindingWithALife) {
  SeenHost host(8);
  host.link(3).width = LaneCount(8);
  Watch watch;
  auto findings = host.look(watch, 0);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].finding.link, host.link(3).link);
  EXPECT_EQ(findings[0].finding.level, Level::kWarning);
  EXPECT_THAT(findings[0].finding.evidence, Contains(HasSubstr("7 of 8")));
  const auto id = findings[0].id;
  for (int poll = 0; poll < 90; ++poll) {
    findings = host.look(watch, 10, poll % 30 == 0);
  }
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].phase, Phase::kOpen);
  // Somebody reseats it: quiet at once, closed after a day, the same finding when it comes back.
  host.link(3).width = LaneCount(16);
  findings = host.look(watch, 10, false);
  EXPECT_THAT(open_ones(findings), IsEmpty());
  findings = host.look(watch, 25 * 3600.0);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].phase, Phase::kClosed);
  host.link(3).width = LaneCount(8);
  host.look(watch, 10);
  findings = host.look(watch, 10);
  ASSERT_EQ(open_ones(findings).size(), 1U);
  EXPECT_EQ(findings[0].id, id);
  EXPECT_EQ(findings[0].recurrences, 1U);
}

TEST(OneLook, ItsFindingsOutliveARestartOfTheWatch) {
  SeenHost host(8);
  host.link(3).width = LaneCount(8);
  Watch watch;
  const auto before = host.look(watch, 0);
  Watch next;
  ASSERT_TRUE(next.restore(watch.save()).has_value());
  const auto after = host.look(next, 10);
  ASSERT_EQ(after.size(), 1U);
  EXPECT_EQ(after[0].id, before[0].id);
  EXPECT_EQ(after[0].opened, before[0].opened);
}

TEST(OneLook, WhatTheBeliefHoldsOfALinkKeepsOneFinding) {
  SeenHost host(8, "h", fabric::DeviceKind::kNic);
  Watch watch;
  host.look(watch, 0);
  host.link(3).width = LaneCount(4);
  host.look(watch, 10);
  const auto findings = host.look(watch, 10);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].finding.code, "link_narrow");
  EXPECT_EQ(findings[0].finding.level, Level::kCritical) << "as the rule has it";
  EXPECT_THAT(findings[0].finding.evidence, Contains(HasSubstr("unknown which end")));
}

TEST(OneLook, TrainingAfterABootIsExcusedAndNotLonger) {
  SeenHost host(8);
  host.snapshot.host.uptime = seconds(20);
  host.link(3).up = false;
  host.link(3).a.occupied = true;
  Watch watch;
  EXPECT_THAT(host.look(watch, 0), IsEmpty());
  EXPECT_THAT(host.look(watch, 60), IsEmpty());
  EXPECT_EQ(open_ones(host.look(watch, 60)).size(), 1U);
}

TEST(OneLook, AMaintenanceIsExcusedAndSoIsARestartThatWasWatched) {
  SeenHost host(8);
  Watch watch;
  host.look(watch, 0);
  watch.take(Mark{"maintenance", "", kLookedAt, kLookedAt + seconds(600), "card work"});
  host.link(3).width = LaneCount(4);
  host.link(4).up = false;
  host.link(4).a.occupied = true;
  host.look(watch, 10);
  EXPECT_THAT(host.look(watch, 300), IsEmpty());
  host.link(3).width = LaneCount(16);
  host.link(4).up = true;
  EXPECT_THAT(host.look(watch, 400), IsEmpty());
  host.link(4).up = false;
  host.snapshot.host.uptime = seconds(0);
  EXPECT_THAT(host.look(watch, 200), IsEmpty()) << "it has just booted";
  host.link(4).up = true;
  EXPECT_THAT(host.look(watch, 200), IsEmpty());
}

TEST(OneLook, TotalsBeforeTheWatchAreProvenOnceAndGrowOld) {
  SeenHost host(8);
  host.count(host.ports_b[2], Metric::kAerCorrectable, "total", 4000);
  host.count(host.ports_b[2], Metric::kAerCorrectable, "BadTLP", 4000);
  Watch watch;
  auto findings = host.look(watch, 0);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].finding.code, "pcie_correctable_errors");
  findings = host.look(watch, 700);
  EXPECT_THAT(open_ones(findings), IsEmpty()) << "nothing came since";
  findings = host.look(watch, 25 * 3600.0);
  EXPECT_EQ(findings[0].phase, Phase::kClosed);
  Watch next;
  ASSERT_TRUE(next.restore(watch.save()).has_value());
  EXPECT_EQ(host.look(next, 10)[0].phase, Phase::kClosed) << "the same old total is nothing new";
}

// rtx6kpro pull request 88: devices that idle change speed all day; the bit that stops it held one
// device at Gen2 while it worked.
TEST(OneLook, IdleRetrainingIsSilentAndTheDeviceStuckAtGen2IsNamed) {
  SeenHost host(8);
  host.snapshot.samples.clear();
  for (const auto& device : host.snapshot.fabric.devices()) {
    if (device.kind == fabric::DeviceKind::kAccelerator) {
      host.snapshot.samples.push_back(
          {device.id, Metric::kUtilization, "", observe::Value(std::uint64_t{0})});
    }
  }
  Watch watch;
  const base::TransferRate kCycle[] = {giga_transfers(32), giga_transfers(5),
                                       base::mega_transfers(2500)};
  for (int step = 0; step < 120; ++step) {
    for (int link = 0; link < 8; ++link) {
      host.link(link).rate = kCycle[static_cast<std::size_t>(step + link) % 3];
    }
    EXPECT_THAT(host.look(watch, 3, step % 30 == 0), IsEmpty()) << step;
  }
  for (int link = 0; link < 8; ++link) {
    host.link(link).rate = giga_transfers(link == 5 ? 5 : 32);
    host.link(link).a.autonomous_speed_disabled = true;
  }
  for (auto& sample : host.snapshot.samples) {
    sample.value = observe::Value(std::uint64_t{100});
  }
  host.look(watch, 10);
  const auto findings = open_ones(host.look(watch, 300));
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].finding.link, host.link(5).link);
  EXPECT_GE(findings[0].finding.level, Level::kWarning);
  EXPECT_THAT(findings[0].finding.evidence,
              Contains(HasSubstr("has Hardware Autonomous Speed Disable set")));
}

TEST(OneLook, ABoxThatRestartsIsNoDeadDevice) {
  for (const bool speaks : {false, true}) {
    SeenHost host(8);
    // What hangs on the second link is a machine of its own.
    SeenHost box(0, "h/0000:01:00.0");
    Watch watch;
    const auto look = [&](bool is_box_seen) {
      box.after(20);
      if (is_box_seen) {
        watch.take(box.snapshot);
      }
      return open_ones(host.look(watch, 20));
    };
    for (int i = 0; i < 12; ++i) {
      EXPECT_THAT(look(true), IsEmpty());
    }
    host.link(1).b.answers = false;
    EXPECT_THAT(look(speaks), IsEmpty()) << "a state must last";
    EXPECT_EQ(look(speaks).size(), speaks ? 1U : 0U);
    EXPECT_EQ(look(speaks).size(), speaks ? 1U : 0U);
  }
}

TEST(OneLook, ALinkThatIsGoneIsLostUnlessSomebodyTookItOut) {
  for (const bool is_planned : {false, true}) {
    SeenHost host(8);
    Watch watch;
    host.look(watch, 0);
    if (is_planned) {
      watch.take(Mark{"maintenance", "", kLookedAt, kLookedAt + seconds(60), "card taken out"});
    }
    host.snapshot.links.erase(host.snapshot.links.begin() + 2);
    host.look(watch, 10);
    const auto findings = open_ones(host.look(watch, 300));
    ASSERT_EQ(findings.size(), is_planned ? 0U : 1U);
    if (!is_planned) {
      EXPECT_EQ(findings[0].finding.code, "link_lost");
      EXPECT_EQ(findings[0].finding.link, fabric::LinkId::of("2"));
    }
  }
}

TEST(OneLook, WhatHangsBelowALostLinkSuffersOnly) {
  SeenHost host(8);
  fabric::Port below;  // the third device is a switch, and the fourth link leads down from it
  below.device = host.snapshot.fabric.port(host.ports_b[2])->device;
  below.name = "0000:0a:00.0";
  host.link(3).a.port = host.snapshot.fabric.add(below).value();
  Watch watch;
  host.look(watch, 0);
  host.snapshot.links.erase(host.snapshot.links.begin() + 2, host.snapshot.links.begin() + 4);
  host.look(watch, 10);
  const auto findings = open_ones(host.look(watch, 300));
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].finding.link, fabric::LinkId::of("2"));
  EXPECT_THAT(findings[0].finding.victims, Contains("0000:03:00.0"));
}

TEST(OneLook, ALinkOrDeviceThatThePlanHasIsMissedByItsPlannedName) {
  fabric::Fabric plan;
  fabric::Device tray;
  tray.name = "rack7/tray1";
  tray.kind = fabric::DeviceKind::kHost;
  const auto tray_id = plan.add(tray).value();
  plan.match[tray_id].host = "h";
  std::vector<fabric::LinkId> links;
  for (int i = 0; i < 2; ++i) {
    fabric::Device card;
    card.name = "rack7/gpu" + std::to_string(i);
    card.kind = fabric::DeviceKind::kAccelerator;
    const auto card_id = plan.add(card).value();
    plan.match[card_id].host = "h";
    plan.match[card_id].bdf = i == 0 ? "0000:00:00.0" : "0000:77:00.0";
    fabric::Port near;
    near.device = tray_id;
    near.name = "slot" + std::to_string(i);
    fabric::Port far;
    far.device = card_id;
    far.name = "pcie0";
    fabric::Link link;
    link.a = plan.add(near).value();
    link.b = plan.add(far).value();
    link.name = "rack7/slot" + std::to_string(i);
    link.lanes = LaneCount(16);
    link.protocol = fabric::find_protocol("pcie5").value();
    links.push_back(plan.add(link).value());
  }
  SeenHost host(1);
  Watch watch({.plan = &plan, .plan_source = "rack7.yaml"});
  host.look(watch, 0);
  const auto findings = host.look(watch, 20);
  ASSERT_FALSE(findings.empty());
  EXPECT_EQ(findings[0].finding.place, "rack7/gpu1");
  EXPECT_EQ(findings[0].finding.code, "planned_device_missing");
  for (const auto& one : findings) {
    EXPECT_NE(one.finding.place, "rack7/gpu0") << one.finding.sentence;
  }
}

/// Looks at three machines whose links move at random, but stay for at least a minute.
std::vector<observe::Snapshot> random_looks(std::uint64_t seed) {
  base::Random random(seed, "looks");
  std::vector<SeenHost> hosts;
  for (int h = 0; h < 3; ++h) {
    hosts.emplace_back(6, "h" + std::to_string(h));
    for (auto& state : hosts.back().snapshot.links) {
      // Link ids of one machine are not those of another.
      state.link = fabric::LinkId::of(std::to_string(h) + observe::text(state.link));
    }
  }
  std::vector<observe::Snapshot> out;
  for (int round = 0; round < 12; ++round) {
    for (auto& host : hosts) {
      auto& state = host.link(static_cast<int>(random.below(6)));
      switch (random.below(5)) {
        case 0:
          state.width = LaneCount(state.width->value() == 16 ? 8 : 16);
          break;
        case 1:
          state.up = !*state.up;
          state.a.occupied = true;
          break;
        case 2:
          state.b.answers = !*state.b.answers;
          break;
        default:
          break;
      }
      for (int look = 0; look < 3; ++look) {
        out.push_back(host.after(20, round % 3 == 0));
      }
    }
  }
  std::sort(out.begin(), out.end(), [](const auto& x, const auto& y) {
    return std::tuple(x.taken.ns, x.host.name) < std::tuple(y.taken.ns, y.host.name);
  });
  return out;
}

std::set<std::string> what_is_open(const std::vector<LivingFinding>& findings) {
  std::set<std::string> out;
  for (const auto& one : open_ones(findings)) {
    out.insert(one.id + " " + one.finding.code + " " + std::string(key(one.finding.level)));
  }
  return out;
}

TEST(OneLook, JudgedOneByOneOrAllAtOnceTheSameFindingsAreOpen) {
  std::size_t seen = 0;
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    const auto looks = random_looks(seed);
    Watch one_by_one;
    Watch at_once;
    for (const auto& look : looks) {
      one_by_one.take(look);
      one_by_one.judge(look.taken);
      at_once.take(look);
    }
    const auto now = looks.back().taken + seconds(1);
    const auto expected = what_is_open(at_once.judge(now));
    EXPECT_EQ(what_is_open(one_by_one.judge(now)), expected) << "seed " << seed;
    seen += expected.size();
  }
  EXPECT_GT(seen, 12U) << "the machines were hardly ever wrong: the test says nothing";
}

// A part is a device that somebody told of, a module that was read, or a medium that is written
// down: property over machines with random faults and random knowledge.
TEST(OneLook, AFindingNeverNamesAPartOfWhichNobodyTold) {
  base::Random random(7, "parts");
  std::size_t named = 0;
  for (int run = 0; run < 20; ++run) {
    SeenHost host(6, "h", fabric::DeviceKind::kNic);
    std::set<std::string> told;
    for (auto& device : host.snapshot.fabric.devices()) {
      const auto serial = random.below(2) == 0 ? "" : "SN" + std::to_string(random.below(1 << 20));
      host.snapshot.fabric.device(device.id)->part.serial = serial;
      told.insert(serial);
    }
    Watch watch;
    std::vector<std::uint64_t> errors(6);
    const auto bad = random.below(6);
    for (int look = 0; look < 120; ++look) {
      host.snapshot.samples.clear();
      for (std::size_t i = 0; i < errors.size(); ++i) {
        errors[i] += look > 60 && i == bad ? 5000 : 0;
        host.count(host.ports_a[i], Metric::kAerCorrectable, "total", errors[i]);
        host.count(host.ports_a[i], Metric::kAerCorrectable, "BadTLP", errors[i]);
      }
      if (look == 80 && run % 2 == 0) {
        host.link(static_cast<int>(bad)).width = LaneCount(4);
      }
      for (const auto& living : host.look(watch, 20)) {
        for (const auto& one : living.finding.hypotheses) {
          if (!one.part) {
            continue;
          }
          ++named;
          EXPECT_TRUE(told.contains(one.part->identity.serial)) << one.part->identity.serial;
          EXPECT_NE(one.part->kind, "module") << "nobody told of one";
          EXPECT_NE(one.part->kind, "cable");
          EXPECT_NE(one.part->kind, "retimer");
          EXPECT_NE(one.part->kind, "fibre");
          if (!one.part->device.is_null()) {
            EXPECT_NE(watch.joint().fabric().device(one.part->device), nullptr);
          }
        }
      }
    }
    ASSERT_FALSE(watch.judge(host.snapshot.taken).empty());
  }
  SUCCEED() << named;
}

TEST(OneLook, CalmPollsAreNotSavedAgain) {
  SeenHost host(8);
  host.link(3).width = LaneCount(8);
  Watch watch;
  host.look(watch, 0);
  const auto first = watch.revision();
  for (int poll = 0; poll < 5; ++poll) {
    host.look(watch, 10, false);
    EXPECT_EQ(watch.revision(), first);
  }
  host.look(watch, 15, false);
  EXPECT_NE(watch.revision(), first) << "a minute of new evidence is worth a write";
}

}  // namespace
}  // namespace weft::diagnose
