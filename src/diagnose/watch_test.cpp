// SPDX-License-Identifier: Apache-2.0
// The judgement over time, on series made from what public incidents state: quiet where nothing is
// wrong, the root and not its victims where something is, the same finding through restarts.
#include "diagnose/watch.h"

#include "diagnose/belief.h"
#include "diagnose/cause.h"
#include "diagnose/sight.h"
#include "diagnose/test_host.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weft::diagnose {
namespace {

using base::seconds;
using base::WallTime;
using observe::Metric;
using ::testing::HasSubstr;

constexpr WallTime kStart{1'700'000'000LL * 1'000'000'000};

/// Accelerators whose links meet in one switch: what an incident file would know.
fabric::Fabric accelerators(int devices, int links) {
  fabric::Fabric fabric;
  fabric::Device hub;
  hub.name = "hub";
  hub.kind = fabric::DeviceKind::kSwitch;
  const auto hub_id = fabric.add(hub).value();
  for (int d = 0; d < devices; ++d) {
    fabric::Device device;
    device.name = "gpu" + std::to_string(d);
    device.kind = fabric::DeviceKind::kAccelerator;
    const auto id = fabric.add(device).value();
    for (int n = 0; n < links; ++n) {
      fabric::Port near;
      near.device = id;
      near.name = "link" + std::to_string(n);
      fabric::Port far;
      far.device = hub_id;
      far.name = "p" + std::to_string(d) + "_" + std::to_string(n);
      fabric::Link link;
      link.a = fabric.add(near).value();
      link.b = fabric.add(far).value();
      link.name = device.name + "-" + near.name;
      EXPECT_TRUE(fabric.add(link).has_value());
    }
  }
  return fabric;
}

observe::Sample count(fabric::PortId port, Metric metric, std::uint64_t value,
                      const char* label = "") {
  return {port, metric, label, observe::Value(value)};
}

double sum(const Finding& finding) {
  double out = 0;
  for (const auto& one : finding.hypotheses) {
    out += one.probability;
  }
  return out;
}

std::size_t open_count(const std::vector<LivingFinding>& findings) {
  std::size_t out = 0;
  for (const auto& one : findings) {
    out += one.phase == Phase::kClosed ? 0U : 1U;
  }
  return out;
}

observe::Event event(WallTime at, observe::Subject subject, std::string kind, std::string text) {
  observe::Event out;
  out.at = at;
  out.subject = subject;
  out.kind = std::move(kind);
  out.text = std::move(text);
  out.severity = observe::Severity::kCritical;
  return out;
}

TEST(Causes, EverySignSpeaksOfACauseThatIsThereAndIsAProbability) {
  for (const auto& sign : signs()) {
    EXPECT_NE(cause(sign.cause), nullptr) << sign.cause;
    EXPECT_GE(sign.raised, 0);
    EXPECT_GE(sign.lowered, 0);
    EXPECT_LE(sign.raised + sign.lowered, 0.999) << sign.cause << row(sign.feature).key;
  }
  for (const auto& one : causes()) {
    EXPECT_FALSE(one.source.empty()) << one.key;
    EXPECT_EQ(one.is_fault, !one.repair.empty()) << one.key;
  }
}

/// What a host's snapshot says of its links, as drivers say it.
TestHost whole_host(int links, fabric::Medium medium = fabric::Medium::kUnknown) {
  TestHost host(links);
  for (const auto& state : host.snapshot.links) {
    fabric::Link link;
    link.id = state.link;
    link.name = state.a.address + " - " + state.b.address;
    link.a = state.a.port;
    link.b = state.b.port;
    if (medium != fabric::Medium::kUnknown) {
      link.segments.emplace_back().medium = medium;
    }
    EXPECT_TRUE(host.snapshot.fabric.add(std::move(link)).has_value());
  }
  return host;
}

TEST(Sight, KnowsSinceWhenAMachineAtAnEndIsSilent) {
  auto host = whole_host(1);
  Sight sight{WatchOptions{}};
  const auto look = [&](int second) {
    host.snapshot.taken = kStart + seconds(second);
    host.snapshot.host.uptime = seconds(36000 + second);
    sight.take(host.snapshot);
  };
  look(0);
  ASSERT_EQ(sight.links().size(), 1U);
  const auto& link = sight.links().begin()->second;
  EXPECT_FALSE(sight.silent_since(link, kStart + seconds(600))) << "one look has no usual pace";
  look(20);
  look(40);
  EXPECT_FALSE(sight.silent_since(link, kStart + seconds(40)));
  EXPECT_FALSE(sight.silent_since(link, kStart + seconds(60))) << "its next look may be on its way";
  const auto since = sight.silent_since(link, kStart + seconds(80));
  ASSERT_TRUE(since);
  EXPECT_EQ(since->ns, (kStart + seconds(40)).ns) << "the last look that came";
  look(90);
  EXPECT_FALSE(sight.silent_since(link, kStart + seconds(90))) << "it answers again";
}

// What goes dark when its link goes down waits for the next look: a machine that restarts at the
// other end is known by then.
TEST(Watch, WaitsALookBeforeItBlamesALinkThatJustWentDown) {
  auto host = whole_host(4);
  Watch watch;
  std::size_t open = 0;
  const auto look = [&](int n, double dbm, bool is_up) {
    host.snapshot.taken = kStart + seconds(20 * n);
    host.snapshot.host.uptime = seconds(36000 + 20 * n);
    host.snapshot.samples.clear();
    for (std::size_t i = 0; i < 4; ++i) {
      host.snapshot.samples.push_back({host.ports_a[i], Metric::kLaneReceivePower, "0",
                                       observe::Value(i == 0 ? dbm : -1.0 + 0.01 * (n % 3))});
    }
    host.link(0).up = is_up;
    watch.take(host.snapshot);
    open = open_count(watch.judge(host.snapshot.taken));
  };
  for (int n = 0; n < 30; ++n) {
    look(n, -1.0 + 0.01 * (n % 3), true);
  }
  EXPECT_EQ(open, 0U);
  look(30, -40, false);
  EXPECT_EQ(open, 0U) << "a moment ago";
  look(31, -40, false);
  EXPECT_EQ(open, 1U) << "it stayed down, and its machine answers";
}

/// Looks at one host, 20 s apart; `change` makes of the healthy one what is seen from look 30 on.
/// Samples are those of all ends a, then of all ends b.
template <class Change>
std::vector<LivingFinding> told_of(TestHost host, Metric metric, double usual, Change change) {
  Watch watch;
  std::vector<LivingFinding> out;
  for (int n = 0; n < 40; ++n) {
    host.snapshot.taken = kStart + seconds(20 * n);
    host.snapshot.host.uptime = seconds(36000 + 20 * n);
    host.snapshot.samples.clear();
    for (const auto& ports : {host.ports_a, host.ports_b}) {
      for (const auto port : ports) {
        host.snapshot.samples.push_back(
            {port, metric, "media 1 current", observe::Value(usual * (1 + 0.0005 * (n % 3)))});
      }
    }
    if (n >= 30) {
      change(host);
    }
    watch.take(host.snapshot);
    out = watch.judge(host.snapshot.taken);
  }
  return out;
}

// No PAM4 link carries data with as much noise as signal: such a value was not measured.
TEST(Watch, AModuleThatMeasuresNothingAnyMoreHangsAndHasNoLowMargin) {
  const auto hang = [](TestHost& host) { host.snapshot.samples[0].value = observe::Value(0.0); };
  const auto optical = whole_host(4, fabric::Medium::kDspOptics);
  const auto findings = told_of(optical, Metric::kModuleSnr, 21, hang);
  ASSERT_EQ(open_count(findings), 1U);
  const auto& finding = findings[0].finding;
  EXPECT_EQ(finding.code, "part_firmware");
  ASSERT_FALSE(finding.hypotheses.empty());
  EXPECT_EQ(finding.hypotheses[0].cause, "firmware_hang") << finding.cause;

  const auto low = [](TestHost& host) { host.snapshot.samples[0].value = observe::Value(17.0); };
  const auto lows = told_of(optical, Metric::kModuleSnr, 21, low);
  ASSERT_EQ(open_count(lows), 1U);
  EXPECT_EQ(lows[0].finding.code, "link_margin_low");

  const auto none = told_of(optical, Metric::kModuleSnr, -0.1, [](TestHost&) {});
  EXPECT_EQ(open_count(none), 0U) << "it never measured any";
}

// A boot excuses what is not ready yet, and not what is still so when it is long over.
TEST(Watch, AModuleThatHangsThroughABootIsFoundWhenTheBootIsOver) {
  int looks = 0;
  const auto findings = told_of(whole_host(4, fabric::Medium::kDspOptics), Metric::kModuleSnr, 21,
                                [&looks](TestHost& host) {
                                  host.snapshot.host.uptime = seconds(20 * ++looks);
                                  host.snapshot.samples[0].value = observe::Value(0.0);
                                });
  ASSERT_EQ(open_count(findings), 1U);
  EXPECT_EQ(findings[0].finding.code, "part_firmware");
}

/// The first hypothesis about four optical links, 60 looks of 20 s; `change` sees each look.
template <class Change>
Hypothesis first_of_optics(Change change) {
  auto host = whole_host(4, fabric::Medium::kDspOptics);
  Watch watch;
  std::vector<LivingFinding> findings;
  for (int n = 0; n < 60; ++n) {
    host.snapshot.taken = kStart + seconds(20 * n);
    host.snapshot.host.uptime = seconds(36000 + 20 * n);
    host.snapshot.samples.clear();
    change(host, n);
    watch.take(host.snapshot);
    findings = watch.judge(host.snapshot.taken);
  }
  EXPECT_EQ(open_count(findings), 1U);
  return findings.empty() || findings[0].finding.hypotheses.empty()
             ? Hypothesis{}
             : findings[0].finding.hypotheses[0];
}

void gauge(TestHost& host, fabric::PortId port, Metric metric, const char* label, double value) {
  host.snapshot.samples.push_back({port, metric, label, observe::Value(value)});
}

// FEC that fails loses a codeword, and with it all frames in it: a hundred frames in four clumps
// are four events, and tell nothing of a course. Dirt is a step (CorrOpt).
TEST(Watch, ReadsTheCourseFromCodewordsAndNotFromTheFramesInThem) {
  std::uint64_t bits = 0;
  std::uint64_t lost = 0;
  const auto first = first_of_optics([&](TestHost& host, int n) {
    bits += n >= 30 ? 5'000'000 : 10;
    lost += n >= 30 && n % 8 == 0 ? 1 : 0;
    for (std::size_t i = 0; i < 4; ++i) {
      host.count(host.ports_a[i], Metric::kFecCorrectedBits, "1", i == 0 ? bits : 10U * (n + 1U));
      host.count(host.ports_a[i], Metric::kFecUncorrectableBlocks, "total", i == 0 ? lost : 0);
      host.count(host.ports_a[i], Metric::kReceiveCrcErrors, "", i == 0 ? 80 * lost : 0);
      for (const char* lane : {"0", "1", "2", "3"}) {
        const bool is_low = i == 0 && n >= 30 && lane[0] == '1';
        gauge(host, host.ports_a[i], Metric::kLaneReceivePower, lane, is_low ? -4.0 : -1.0);
        gauge(host, host.ports_b[i], Metric::kLaneReceivePower, lane, -1.0);
      }
    }
  });
  EXPECT_EQ(first.cause, "contaminated_connector");
  EXPECT_GT(first.probability, 0.5);
}

// Bias up first, then no light at all: the lane is dark, and its link flaps and goes down.
TEST(Watch, KnowsALaserThatDiedThoughItsLinkIsDown) {
  const auto first = first_of_optics([](TestHost& host, int n) {
    host.link(0).up = n < 40 || (n < 48 && n % 2 == 1);
    for (std::size_t i = 0; i < 4; ++i) {
      for (const char* lane : {"0", "1", "2", "3"}) {
        const bool is_it = i == 0 && lane[0] == '1';
        const double aged = is_it ? std::min(std::max(n - 15, 0) * 1.3, 30.0) : 0;
        gauge(host, host.ports_b[i], Metric::kLaneBias, lane, 60 + aged);
        const bool is_dark = is_it && n >= 45;
        gauge(host, host.ports_b[i], Metric::kLaneTransmitPower, lane, is_dark ? -40.0 : 0.0);
        gauge(host, host.ports_a[i], Metric::kLaneReceivePower, lane, is_dark ? -40.0 : -1.0);
      }
    }
  });
  EXPECT_TRUE(first.cause == "decaying_laser" || first.cause == "failed_transmitter")
      << first.cause;
  EXPECT_EQ(first.direction, fabric::LaneDirection::kTowardHost);
}

/// Findings about four links whose modules warm up and are then so much warmer.
std::vector<LivingFinding> told_of_heat(std::array<double, 4> warmer) {
  auto host = whole_host(4, fabric::Medium::kDspOptics);
  Watch watch;
  std::vector<LivingFinding> out;
  for (int n = 0; n < 60; ++n) {
    host.snapshot.taken = kStart + seconds(20 * n);
    host.snapshot.host.uptime = seconds(36000 + 20 * n);
    host.snapshot.samples.clear();
    for (std::size_t i = 0; i < 4; ++i) {
      const double usual = 45 - 15 * std::exp(-n / 4.0) + 0.1 * static_cast<double>(i);
      host.snapshot.samples.push_back({host.ports_a[i], Metric::kModuleTemperature, "",
                                       observe::Value(usual + (n >= 40 ? warmer.at(i) : 0))});
    }
    watch.take(host.snapshot);
    out = watch.judge(host.snapshot.taken);
  }
  return out;
}

// Modules of one kind warm up alike and feel the same air: that one of them grew hotter shows
// against the others however far all of them came before.
TEST(Watch, HoldsAModulesHeatAgainstThatOfItsPeers) {
  EXPECT_EQ(open_count(told_of_heat({0, 0, 0, 0})), 0U) << "warming up";
  EXPECT_EQ(open_count(told_of_heat({9, 9, 9, 9})), 0U) << "the room";
  const auto findings = told_of_heat({0, 9, 0, 0});
  ASSERT_EQ(open_count(findings), 1U);
  EXPECT_EQ(findings[0].finding.code, "part_hot");
}

// The weather comes slowly and moves margins by a decibel or so: all links at once by three have a
// reason.
TEST(Watch, TakesAllMarginsForTheWeatherOnlyWithinWhatWeatherDoes) {
  const auto all_at = [](double margin) {
    return told_of(whole_host(8), Metric::kPortFigureOfMerit, 20, [margin](TestHost& host) {
      for (auto& sample : host.snapshot.samples) {
        sample.value = observe::Value(margin);
      }
    });
  };
  EXPECT_EQ(open_count(all_at(19)), 0U);
  EXPECT_EQ(open_count(all_at(17)), 1U);
}

// PCIe's Slot Status says whether a card is there, and a port that trains heard a receiver: a link
// that is down is called unplugged on such grounds only.
TEST(Watch, CallsALinkUnpluggedOnlyWhereSomethingSaysSo) {
  const auto cause_of = [](auto change) {
    const auto findings = told_of(whole_host(4), Metric::kPortFigureOfMerit, 20, change);
    EXPECT_EQ(open_count(findings), 1U);
    const auto& finding = findings.at(0).finding;
    EXPECT_EQ(finding.code, "link_down");
    return finding.hypotheses.empty() ? Hypothesis{} : finding.hypotheses[0];
  };
  const auto pulled = cause_of([](TestHost& host) {
    host.link(0).up = false;
    host.link(0).a.occupied = false;
  });
  EXPECT_EQ(pulled.cause, "unplugged");
  EXPECT_TRUE(pulled.part);
  // A port without a slot may tell, too: Link Status 2, Downstream Component Presence.
  const auto hears_nothing = cause_of([](TestHost& host) {
    host.link(0).up = false;
    host.link(0).a.component_present = false;
  });
  EXPECT_EQ(hears_nothing.cause, "unplugged");
  const auto is_there = cause_of([](TestHost& host) {
    host.link(0).up = false;
    host.link(0).a.occupied = true;
  });
  EXPECT_NE(is_there.cause, "unplugged");
  const auto trains = cause_of([](TestHost& host) {
    host.link(0).up = false;
    host.link(0).training = true;
  });
  EXPECT_NE(trains.cause, "unplugged");
  const auto unsaid = cause_of([](TestHost& host) { host.link(0).up = false; });
  EXPECT_FALSE(unsaid.part) << unsaid.cause;
}

// Nothing on passive copper of other families could tell that a plug is out: silence says nothing.
TEST(Watch, TakesTheCableForPulledWhereNothingCouldTell) {
  auto host = whole_host(4, fabric::Medium::kDac);
  for (auto& state : host.snapshot.links) {
    state.family = fabric::ProtocolFamily::kUalink;
  }
  const auto findings =
      told_of(host, Metric::kPortFigureOfMerit, 20, [](TestHost& one) { one.link(0).up = false; });
  ASSERT_EQ(open_count(findings), 1U);
  const auto& hypotheses = findings[0].finding.hypotheses;
  ASSERT_FALSE(hypotheses.empty());
  EXPECT_EQ(hypotheses[0].cause, "unplugged");
  ASSERT_TRUE(hypotheses[0].part) << findings[0].finding.cause;
  EXPECT_EQ(hypotheses[0].part->kind, "cable");
}

// Without errors there is nothing to send again or to recover from: that it did not happen says no
// more than that no errors came. Both directions have their contacts in common, and little else.
TEST(Watch, AMarginThatFellInBothDirectionsIsOfTheContacts) {
  const auto boards = whole_host(4, fabric::Medium::kBoard);
  const auto findings = told_of(boards, Metric::kPortFigureOfMerit, 20, [](TestHost& host) {
    host.snapshot.samples[0].value = observe::Value(17.0);
    host.snapshot.samples[4].value = observe::Value(17.0);
  });
  ASSERT_EQ(open_count(findings), 1U);
  double contacts = 0;
  for (const auto& one : findings[0].finding.hypotheses) {
    contacts += one.stretch == Stretch::kConnector ? one.probability : 0;
  }
  EXPECT_GE(contacts, 2.0 / 3) << findings[0].finding.cause;
}

// Passive copper decides no bits: what either end's receiver hears is of all that lies between.
TEST(Watch, NamesThePassiveCableWhoseEndsBothHearBadly) {
  const auto cables = whole_host(4, fabric::Medium::kDac);
  const auto findings = told_of(cables, Metric::kPortFigureOfMerit, 20, [](TestHost& host) {
    host.snapshot.samples[0].value = observe::Value(17.0);
    host.snapshot.samples[4].value = observe::Value(17.0);
  });
  ASSERT_EQ(open_count(findings), 1U);
  const auto& hypotheses = findings[0].finding.hypotheses;
  ASSERT_FALSE(hypotheses.empty());
  ASSERT_TRUE(hypotheses[0].part) << findings[0].finding.cause;
  EXPECT_EQ(hypotheses[0].part->kind, "cable");
}

// A fibre has no contacts of metal; those of its modules are beside it.
TEST(Watch, LooksForDirtyContactsBesideTheFibreAndNotInIt) {
  const auto optics = whole_host(4, fabric::Medium::kLpo);
  const auto findings = told_of(optics, Metric::kPortFigureOfMerit, 20, [](TestHost& host) {
    host.snapshot.samples[0].value = observe::Value(17.0);
  });
  ASSERT_EQ(open_count(findings), 1U);
  for (const auto& one : findings[0].finding.hypotheses) {
    const bool is_contact = one.cause == "dirty_contact" || one.cause == "fretting_contact";
    EXPECT_FALSE(is_contact && one.part && one.part->kind == "fibre") << one.cause;
  }
}

// PCIe Base: a transmitter sends again where no acknowledgement comes in time. Where the way back
// is bad, that is the way which loses them.
TEST(Watch, BlamesTheDirectionWithErrorsThoughTheOtherEndSendsAgain) {
  auto host = whole_host(4, fabric::Medium::kBoard);
  Watch watch;
  std::uint64_t bad = 0;
  std::vector<LivingFinding> findings;
  for (int n = 0; n < 40; ++n) {
    host.snapshot.taken = kStart + seconds(20 * n);
    host.snapshot.host.uptime = seconds(36000 + 20 * n);
    host.snapshot.samples.clear();
    bad += n >= 30 ? 5000 : 0;
    for (std::size_t i = 0; i < 4; ++i) {
      host.count(host.ports_a[i], Metric::kAerCorrectable, "RxErr", i == 0 ? bad : 0);
      host.count(host.ports_a[i], Metric::kAerCorrectable, "Rollover", i == 0 ? bad / 2 : 0);
      host.count(host.ports_b[i], Metric::kAerCorrectable, "RxErr", 0);
      host.count(host.ports_b[i], Metric::kAerCorrectable, "Rollover", 0);
    }
    watch.take(host.snapshot);
    findings = watch.judge(host.snapshot.taken);
  }
  ASSERT_EQ(open_count(findings), 1U);
  double toward_host = 0;
  double toward_device = 0;
  for (const auto& one : findings[0].finding.hypotheses) {
    toward_host += one.direction == fabric::LaneDirection::kTowardHost ? one.probability : 0;
    toward_device += one.direction == fabric::LaneDirection::kTowardDevice ? one.probability : 0;
  }
  EXPECT_GT(toward_host, 0.5) << findings[0].finding.cause;
  EXPECT_LT(toward_device, 0.1) << findings[0].finding.cause;
}

TEST(Watch, ALinkThatIsDownHasNoErrorRatio) {
  const auto findings = told_of(whole_host(4, fabric::Medium::kDspOptics), Metric::kModulePreFecBer,
                                1e-8, [](TestHost& host) {
                                  host.link(0).up = false;
                                  host.snapshot.samples[0].value = observe::Value(0.0);
                                });
  ASSERT_EQ(open_count(findings), 1U);
  for (const auto& line : findings[0].finding.evidence) {
    EXPECT_THAT(line, ::testing::Not(HasSubstr("bit error ratio")));
  }
}

// Modules that grow too hot switch themselves off: their light and their links go with them.
TEST(Belief, TooLittleCoolingTakesTheLinksDownAtLast) {
  FeatureSet features;
  features[Feature::kTemperature].move = Move::kRaised;
  features[Feature::kErrors].move = Move::kRaised;
  features[Feature::kDown].move = Move::kRaised;
  features[Feature::kReceivePower].move = Move::kLowered;
  PartRef machine;
  machine.kind = "switch";
  machine.place = "spine0";
  const auto belief = belief_of_shared(features, machine, true);
  ASSERT_FALSE(belief.hypotheses.empty());
  EXPECT_EQ(belief.hypotheses[0].cause, "cooling");
  ASSERT_TRUE(belief.hypotheses[0].part);
  EXPECT_EQ(belief.hypotheses[0].part->kind, "fan");
}

// Sensors feel heat long before eyes close: that no harm came yet is one fact, however many
// counters say it.
TEST(Belief, HeatIsCoolingsBeforeItDoesHarm) {
  FeatureSet features;
  features[Feature::kTemperature].move = Move::kRaised;
  features[Feature::kSlow].move = Move::kRaised;
  for (const auto feature :
       {Feature::kErrors, Feature::kErrorsOpposite, Feature::kMargin, Feature::kMarginOpposite,
        Feature::kMarginElsewhere, Feature::kReplays, Feature::kBias, Feature::kDown}) {
    features[feature].move = Move::kNormal;
  }
  PartRef machine;
  machine.kind = "switch";
  machine.place = "spine0";
  const auto belief = belief_of_shared(features, machine, true);
  ASSERT_FALSE(belief.hypotheses.empty());
  EXPECT_EQ(belief.hypotheses[0].cause, "cooling");
  EXPECT_TRUE(belief.hypotheses[0].part) << belief.hypotheses[0].probability;
}

// A contact that opens ends in recovery: where all eyes close a little and nothing recovers, it is
// the rails, which dip for moments.
TEST(Belief, EyesThatCloseTogetherWithoutRecoveriesAreOfTheSupply) {
  FeatureSet features;
  for (const auto feature : {Feature::kErrors, Feature::kErrorsOpposite, Feature::kIntermittent}) {
    features[feature].move = Move::kRaised;
  }
  for (const auto feature : {Feature::kFewLanes, Feature::kRecoveries, Feature::kUncorrectable,
                             Feature::kMargin, Feature::kReplays, Feature::kTemperature}) {
    features[feature].move = Move::kNormal;
  }
  PartRef machine;
  machine.kind = "enclosure";
  machine.place = "tray0";
  const auto belief = belief_of_shared(features, machine, true);
  ASSERT_FALSE(belief.hypotheses.empty());
  EXPECT_EQ(belief.hypotheses[0].cause, "supply");
  ASSERT_TRUE(belief.hypotheses[0].part);
  EXPECT_EQ(belief.hypotheses[0].part->kind, "supply");
}

/// Findings about eight links whose corrected errors all become so many times as many.
std::size_t found_when_all_grow(std::uint64_t factor) {
  auto host = whole_host(8);
  Watch watch;
  std::size_t open = 0;
  std::uint64_t errors = 0;
  for (int n = 0; n < 45; ++n) {
    host.snapshot.taken = kStart + seconds(20 * n);
    host.snapshot.host.uptime = seconds(36000 + 20 * n);
    host.snapshot.samples.clear();
    errors += 1000 * (n < 30 ? 1 : factor);
    for (std::size_t i = 0; i < 8; ++i) {
      host.count(host.ports_a[i], Metric::kFecCorrectedBits, "total", errors);
    }
    watch.take(host.snapshot);
    open = open_count(watch.judge(host.snapshot.taken));
  }
  return open;
}

// Heat and load move a healthy link's error ratio by about a decade: all links together by two have
// a reason.
TEST(Watch, TakesAllLinksForTheWeatherOnlyWithinWhatWeatherDoes) {
  EXPECT_EQ(found_when_all_grow(20), 0U);
  EXPECT_EQ(found_when_all_grow(200), 1U);
}

/// Errors on the first links of eight: on two of them from look 30 on, on `all` a look later.
struct Spread {
  std::size_t open = 0;
  std::size_t accused = 0;  ///< findings about one link, ever
};
Spread spread_to(std::size_t all) {
  auto host = whole_host(8);
  Watch watch;
  Spread out;
  std::array<std::uint64_t, 8> errors{};
  for (int n = 0; n < 45; ++n) {
    host.snapshot.taken = kStart + seconds(20 * n);
    host.snapshot.host.uptime = seconds(36000 + 20 * n);
    host.snapshot.samples.clear();
    const std::size_t bad = n < 30 ? 0 : n < 31 ? 2 : all;
    for (std::size_t i = 0; i < 8; ++i) {
      errors.at(i) += i < bad ? 50 : 0;
      host.count(host.ports_a[i], Metric::kAerCorrectable, "BadTLP", errors.at(i));
    }
    watch.take(host.snapshot);
    const auto& findings = watch.judge(host.snapshot.taken);
    out.open = open_count(findings);
    out.accused = static_cast<std::size_t>(std::ranges::count_if(
        findings, [](const LivingFinding& one) { return one.finding.link.has_value(); }));
  }
  return out;
}

TEST(Watch, AccusesNoLinkWhileATroubleOfItsMachineSpreads) {
  const auto shared = spread_to(4);
  EXPECT_EQ(shared.open, 1U);
  EXPECT_EQ(shared.accused, 0U) << "one reason";
  EXPECT_EQ(spread_to(2).accused, 2U) << "two links, when a minute is over";
}

// NVSentinel issue 1701: reports of the moment, one for each accelerator, and nothing follows.
TEST(Watch, IsSilentOnPlannedRebootsThatLookLikeFaults) {
  Watch watch;
  const auto fabric = accelerators(4, 18);
  watch.take(fabric);
  for (int day = 0; day < 5; ++day) {
    const auto at = kStart + seconds(day * 86400.0);
    for (int gpu = 0; gpu < 3; ++gpu) {
      watch.take(
          event(at, fabric.device_named("gpu" + std::to_string(gpu))->id, "DCGM_FR_NVLINK_DOWN",
                "NvLink link 16 is currently down; link 17 is currently down"),
          "node" + std::to_string(day));
    }
    EXPECT_EQ(open_count(watch.judge(at + seconds(60))), 0U);
    EXPECT_EQ(open_count(watch.judge(at + seconds(3600))), 0U);
  }
  watch.take(event(kStart + seconds(6 * 86400.0), fabric.device_named("gpu0")->id,
                   "DCGM_FR_NVLINK_ERROR_THRESHOLD", "bit error ratio beyond its threshold"),
             "node9");
  EXPECT_EQ(open_count(watch.judge(kStart + seconds(6 * 86400.0 + 60))), 1U);
}

// marin issue 9086: one link recovers, five days later it takes the domain down.
TEST(Watch, KeepsOneFindingFromTheFirstRecoveriesToTheFailureAndItsVictims) {
  Watch watch;
  const auto fabric = accelerators(4, 18);
  watch.take(fabric);
  const auto sweep = [&](WallTime at, std::uint64_t bad) {
    for (int gpu = 0; gpu < 4; ++gpu) {
      for (int n = 0; n < 18; ++n) {
        const auto* port =
            fabric.port_named("gpu" + std::to_string(gpu) + "/link" + std::to_string(n));
        watch.take(at, count(port->id, Metric::kNvlinkRecovery, gpu == 0 && n == 14 ? bad : 0));
      }
    }
  };
  sweep(kStart, 502);
  EXPECT_EQ(open_count(watch.judge(kStart)), 0U);
  sweep(kStart + seconds(21 * 60), 505);
  sweep(kStart + seconds(8 * 3600), 506);
  const auto warned = watch.judge(kStart + seconds(8 * 3600));
  ASSERT_EQ(open_count(warned), 1U);
  EXPECT_EQ(warned[0].finding.place, "gpu0-link14");
  EXPECT_EQ(warned[0].finding.level, Level::kWarning);
  EXPECT_LE(sum(warned[0].finding), 1.0 + 1e-9);
  const auto id = warned[0].id;

  const auto failed = kStart + seconds(5 * 86400.0);
  watch.take(event(failed, fabric.port_named("gpu0/link14")->id, "xid",
                   "Xid 149, NETIR_LINK_DOWN Fatal XC0 i0 Link 14"),
             "node0");
  for (int gpu = 1; gpu < 4; ++gpu) {
    watch.take(event(failed + seconds(1), fabric.device_named("gpu" + std::to_string(gpu))->id,
                     "xid", "Xid 145, RLW_RXPIPE Nonfatal XC0 i0 Link 13"),
               "node" + std::to_string(gpu));
  }
  const auto& after = watch.judge(failed + seconds(35));
  ASSERT_EQ(open_count(after), 1U);
  EXPECT_EQ(after[0].id, id);
  EXPECT_EQ(after[0].finding.level, Level::kCritical);
  EXPECT_EQ(after[0].finding.victim_subjects.size(), 3U);
}

struct TwoPorts {
  fabric::Fabric fabric = accelerators(2, 4);
  Watch watch;
  TwoPorts() { watch.take(fabric); }
  /// All links' corrected bits for a while: `rate` per second at gpu0/link0, `usual` at the others.
  WallTime run(WallTime from, double length_s, double rate, double usual) {
    WallTime at = from;
    for (double t = 15; t <= length_s; t += 15) {
      at = from + seconds(t);
      for (const auto& port : fabric.ports()) {
        auto& total = totals[port.id];
        total += (fabric.port_name(port.id) == "gpu0/link0" ? rate : usual) * 15;
        watch.take(at, count(port.id, Metric::kFecCorrectedBits, static_cast<std::uint64_t>(total),
                             "total"));
      }
      watch.judge(at);
    }
    return at;
  }
  void flap(WallTime at, std::uint64_t downs) {
    watch.take(at, count(fabric.port_named("gpu0/link0")->id, Metric::kCarrierDown, downs));
  }
  std::map<fabric::PortId, double> totals;
};

// sonic-mgmt pull request 26555: up after a flap, 1e-10 before and 1e-8 after.
TEST(Watch, NamesAReceiverThatAdaptedOnATransient) {
  TwoPorts ports;
  for (int i = 0; i < 4; ++i) {
    ports.flap(kStart + seconds(i), 0);
  }
  const auto before = ports.run(kStart, 1800, 40, 40);
  ports.flap(before + seconds(1), 1);
  const auto after = ports.run(before, 1200, 4000, 40);
  const auto findings = ports.watch.judge(after);
  ASSERT_EQ(open_count(findings), 1U);
  const auto& finding = findings[0].finding;
  EXPECT_EQ(finding.place, "gpu0-link0");
  ASSERT_FALSE(finding.hypotheses.empty());
  EXPECT_EQ(finding.hypotheses[0].cause, "adapted_on_transient") << finding.cause;
  EXPECT_EQ(finding.hypotheses[0].direction, fabric::LaneDirection::kTowardHost);
  EXPECT_THAT(finding.next_step, HasSubstr("e-initialise")) << finding.cause;
}

TEST(Watch, TheOrderOfWhatComesInAtOneTimeDoesNotMatter) {
  const auto fabric = accelerators(2, 4);
  const auto told = [&](bool is_reversed) {
    Watch watch;
    watch.take(fabric);
    auto ports = fabric.ports();
    if (is_reversed) {
      std::reverse(ports.begin(), ports.end());
    }
    for (int look = 1; look <= 160; ++look) {
      for (const auto& port : ports) {
        const bool is_bad = fabric.port_name(port.id) == "gpu1/link2" && look > 100;
        watch.take(
            kStart + seconds(look * 15.0),
            count(port.id, Metric::kFecCorrectedBits,
                  static_cast<std::uint64_t>(is_bad ? (look - 99) * 60'000 : look * 600), "total"));
      }
    }
    watch.judge(kStart + seconds(160 * 15.0));
    return watch.save();
  };
  EXPECT_EQ(told(false), told(true));
  EXPECT_THAT(told(false), HasSubstr("gpu1-link2"));
}

TEST(Watch, WeatherThatMovesAllLinksIsNoFinding) {
  TwoPorts ports;
  const auto before = ports.run(kStart, 1800, 40, 40);
  const auto after = ports.run(before, 1800, 800, 800);
  EXPECT_EQ(open_count(ports.watch.judge(after)), 0U);
}

TEST(Watch, MaintenanceIsNoFinding) {
  TwoPorts ports;
  const auto before = ports.run(kStart, 1800, 40, 40);
  ports.watch.take(Mark{"maintenance", "gpu0", before, before + seconds(1300), "cable work"});
  const auto after = ports.run(before, 1200, 4000, 40);
  EXPECT_EQ(open_count(ports.watch.judge(after)), 0U);
}

TEST(Watch, FindingsOutliveARestart) {
  TwoPorts ports;
  const auto before = ports.run(kStart, 1800, 40, 40);
  const auto after = ports.run(before, 900, 4000, 40);
  const auto first = ports.watch.judge(after);
  ASSERT_EQ(first.size(), 1U);
  Watch next;
  ASSERT_TRUE(next.restore(ports.watch.save()).has_value());
  const auto& kept = next.judge(after + seconds(1));
  ASSERT_EQ(kept.size(), 1U);
  EXPECT_EQ(kept[0].id, first[0].id);
  EXPECT_EQ(kept[0].finding.evidence, first[0].finding.evidence);
  EXPECT_EQ(kept[0].finding.hypotheses.size(), first[0].finding.hypotheses.size());
  EXPECT_EQ(next.save(), ports.watch.save());
  EXPECT_FALSE(next.restore("{\"weftline\":\"findings/1\",\"findings\":[3]}").has_value());
  EXPECT_FALSE(next.restore("{\"weftline\":1,\"findings\":[]}").has_value());
}

}  // namespace
}  // namespace weft::diagnose
