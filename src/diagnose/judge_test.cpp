// SPDX-License-Identifier: Apache-2.0
// The judge over snapshots made by hand: each rule finds its own fault, says which end, and stays
// quiet on what is healthy.
#include "diagnose/judge.h"

#include "diagnose/test_host.h"

#include <algorithm>
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weft::diagnose {
namespace {

using base::giga_transfers;
using base::LaneCount;
using base::mega_transfers;
using observe::Metric;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Report judged(const std::vector<const observe::Snapshot*>& snapshots) {
  const HostHistory history{snapshots};
  return judge({&history, 1}, nullptr);
}
Report judged(const TestHost& host) {
  return judged({&host.snapshot});
}

const Finding* find(const Report& report, const std::string& code) {
  for (const auto& finding : report.findings) {
    if (finding.code == code) {
      return &finding;
    }
  }
  return nullptr;
}

TEST(Judge, IsSilentOnAHealthyHost) {
  const TestHost host(8);
  const auto report = judged(host);
  EXPECT_THAT(report.findings, IsEmpty());
  EXPECT_EQ(report.overall, Level::kOk);
  EXPECT_EQ(report.link_counts[0], 8U);
}

TEST(Judge, NarrowLinkAmongWidePeersIsAWarningWithPeersAsEvidence) {
  TestHost host(8);
  host.link(3).width = LaneCount(8);
  const auto report = judged(host);
  ASSERT_EQ(report.findings.size(), 1U);
  const auto& finding = report.findings[0];
  EXPECT_EQ(finding.code, "pcie_width_low");
  EXPECT_EQ(finding.level, Level::kWarning);
  EXPECT_EQ(finding.sentence, "runs x8 of x16");
  EXPECT_THAT(finding.evidence, ::testing::Contains(HasSubstr("7 of 8")));
  EXPECT_THAT(finding.cause, HasSubstr("unknown which end"));
  EXPECT_EQ(report.overall, Level::kWarning);
}

TEST(Judge, AQuarterOfTheLanesIsCritical) {
  TestHost host(4);
  host.link(0).width = LaneCount(4);
  EXPECT_EQ(judged(host).overall, Level::kCritical);
}

TEST(Judge, AllPeersEquallyNarrowIsTheBoard) {
  TestHost host(4);
  for (int i = 0; i < 4; ++i) {
    host.link(i).width = LaneCount(8);
  }
  const auto report = judged(host);
  EXPECT_EQ(report.overall, Level::kNote);
  ASSERT_NE(find(report, "pcie_width_low"), nullptr);
}

TEST(Judge, APortThatIsNarrowerThanItsDeviceIsNamedAndNotAFault) {
  TestHost host(1);
  host.link(0).a.max_width = LaneCount(4);
  host.link(0).width = LaneCount(4);
  const auto report = judged(host);
  EXPECT_EQ(report.overall, Level::kNote);
  EXPECT_EQ(report.links[0].narrowed_by, host.link(0).a.address);
  EXPECT_EQ(find(report, "pcie_width_low"), nullptr);
}

TEST(Judge, LowSpeedInOneLookIsANoteNotAFault) {
  TestHost host(1);
  host.link(0).rate = mega_transfers(2500);
  const auto report = judged(host);
  EXPECT_EQ(report.overall, Level::kNote);
  ASSERT_NE(find(report, "pcie_rate_low_may_be_idle"), nullptr);
}

TEST(Judge, IdleCyclingSeenInAWatchIsHealthy) {
  TestHost looks[4] = {TestHost(1), TestHost(1), TestHost(1), TestHost(1)};
  std::vector<const observe::Snapshot*> history;
  for (int i = 0; i < 4; ++i) {
    looks[i].snapshot.taken.ns = i * 1'000'000'000LL;
    looks[i].link(0).rate = i == 1 ? giga_transfers(32) : mega_transfers(2500);
    history.push_back(&looks[i].snapshot);
  }
  const auto report = judged(history);
  EXPECT_EQ(report.overall, Level::kNote);
  ASSERT_NE(find(report, "pcie_rate_cycles"), nullptr);
}

TEST(Judge, LowSpeedUnderLoadWithAutonomousSpeedDisabledNamesTheBit) {
  // A public incident: the bit was set while the link was low, and the device then trained at Gen2
  // for hours at full utilisation.
  TestHost host(1);
  host.link(0).rate = giga_transfers(5);
  host.link(0).b.autonomous_speed_disabled = true;
  const auto* device = host.snapshot.fabric.port(host.ports_b[0]);
  host.snapshot.samples.push_back(
      {device->device, Metric::kUtilization, "", observe::Value(std::uint64_t{100})});
  const auto report = judged(host);
  const auto* finding = find(report, "pcie_rate_stuck_under_load");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->level, Level::kWarning);
  EXPECT_THAT(finding->cause, HasSubstr("Link Control 2, bit 5"));
  EXPECT_THAT(finding->cause, HasSubstr(host.link(0).b.address));
}

TEST(Judge, TheSameBitOnAnIdleLinkIsNoFault) {
  TestHost host(1);
  host.link(0).rate = giga_transfers(5);
  host.link(0).b.autonomous_speed_disabled = true;
  EXPECT_EQ(judged(host).overall, Level::kNote);
}

TEST(Judge, AStorageLinkHeldDownByItsTargetSpeedIsAWarning) {
  TestHost host(1, fabric::DeviceKind::kStorage);
  host.link(0).rate = giga_transfers(8);
  host.link(0).a.target_rate = giga_transfers(8);
  const auto report = judged(host);
  const auto* finding = find(report, "pcie_rate_held_down");
  ASSERT_NE(finding, nullptr);
  EXPECT_THAT(finding->cause, HasSubstr("Target Link Speed"));
}

TEST(Judge, LowSpeedWithReceiverErrorsFellBack) {
  TestHost host(1, fabric::DeviceKind::kNic);
  host.link(0).rate = giga_transfers(16);
  host.count(host.ports_a[0], Metric::kAerCorrectable, "RxErr", 12);
  const auto report = judged(host);
  ASSERT_NE(find(report, "pcie_rate_fell_back"), nullptr);
  EXPECT_EQ(report.overall, Level::kWarning);
}

TEST(Judge, CorrectableRateNamesTheReceiverAndItsBounds) {
  TestHost before(1);
  TestHost after(1);
  after.snapshot.taken.ns = 60'000'000'000;
  before.count(before.ports_b[0], Metric::kAerCorrectable, "total", 0);
  after.count(after.ports_b[0], Metric::kAerCorrectable, "RxErr", 120);
  const auto report = judged({&before.snapshot, &after.snapshot});
  const auto* finding = find(report, "pcie_correctable_errors");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->level, Level::kWarning);
  EXPECT_THAT(finding->cause, HasSubstr(after.link(0).b.address));
  EXPECT_THAT(finding->cause, HasSubstr("away from the host"));
  EXPECT_THAT(finding->evidence, ::testing::Contains(HasSubstr("95 %")));
}

TEST(Judge, AFewCorrectableErrorsSinceBootAreANote) {
  TestHost host(1);
  host.count(host.ports_b[0], Metric::kAerCorrectable, "RxErr", 3);
  const auto report = judged(host);
  EXPECT_EQ(report.overall, Level::kNote);
}

TEST(Judge, UnsupportedRequestsAreSoftwaresDoing) {
  TestHost host(1);
  host.count(host.ports_b[0], Metric::kAerNonfatal, "total", 2);
  host.count(host.ports_b[0], Metric::kAerNonfatal, "UnsupReq", 2);
  EXPECT_EQ(judged(host).overall, Level::kNote);
}

TEST(Judge, ADeviceThatReadsAllOnesIsCritical) {
  TestHost host(2);
  host.link(1).b.answers = false;
  const auto report = judged(host);
  ASSERT_NE(find(report, "pcie_no_answer"), nullptr);
  EXPECT_EQ(report.overall, Level::kCritical);
}

TEST(Judge, ASleepingDeviceIsNotDead) {
  TestHost host(1);
  host.link(0).b.answers = false;
  host.link(0).b.power_state = std::string("D3cold");
  EXPECT_EQ(find(judged(host), "pcie_no_answer"), nullptr);
}

TEST(Judge, PresentButDownIsCritical) {
  TestHost host(1);
  host.link(0).up = false;
  host.link(0).a.occupied = true;
  const auto report = judged(host);
  ASSERT_NE(find(report, "pcie_present_but_down"), nullptr);
}

TEST(Judge, APortThatFirmwareDisabledWithNothingBelowIsANote) {
  TestHost host(1);
  host.link(0).disabled = true;
  EXPECT_EQ(judged(host).overall, Level::kWarning);
  host.link(0).b = {};
  host.link(0).up = false;
  EXPECT_EQ(judged(host).overall, Level::kNote);
}

TEST(Judge, ContainmentIsCritical) {
  TestHost host(1);
  host.link(0).a.contained = true;
  host.link(0).up = false;
  const auto report = judged(host);
  ASSERT_EQ(report.findings.size(), 1U);
  EXPECT_EQ(report.findings[0].code, "pcie_contained");
  EXPECT_EQ(report.overall, Level::kCritical);
}

TEST(Judge, UpWithNothingBelowCountsOnlyWhereTheSourceIsWhole) {
  TestHost host(1);
  host.link(0).b = {};
  host.link(0).b.max_rate = observe::absent(observe::Absence::kNotProvided);
  EXPECT_EQ(judged(host).overall, Level::kOk) << "a dump may hold part of a machine";
  host.link(0).b.max_rate = observe::absent(observe::Absence::kNotApplicable);
  EXPECT_EQ(judged(host).overall, Level::kWarning);
}

TEST(Judge, ALinkOfWhichNothingIsReadableIsUnknownNotOk) {
  TestHost host(1);
  host.link(0).rate = observe::absent(observe::Absence::kUnreadable);
  host.link(0).width = observe::absent(observe::Absence::kUnreadable);
  EXPECT_EQ(judged(host).overall, Level::kUnknown);
}

TEST(Judge, PeersAcrossHostsShowTheOddOne) {
  std::vector<std::unique_ptr<TestHost>> hosts;
  std::vector<HostHistory> histories;
  for (int i = 0; i < 5; ++i) {
    hosts.push_back(std::make_unique<TestHost>(1, fabric::DeviceKind::kNic));
    if (i == 2) {
      hosts.back()->link(0).rate = giga_transfers(16);
    }
    histories.push_back(HostHistory{{&hosts.back()->snapshot}});
  }
  const auto report = judge(histories, nullptr);
  const auto* finding = find(report, "pcie_rate_below_peers");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->host, 2U);
  EXPECT_EQ(finding->level, Level::kWarning);
}

observe::Event event(const char* kind, observe::Severity severity, double since_boot) {
  observe::Event out;
  out.kind = kind;
  out.severity = severity;
  out.address = "0000:01:00.0";
  out.since_boot = base::seconds(since_boot);
  out.text = "a line of the kernel";
  return out;
}

TEST(Judge, FreshCriticalLinesAreCriticalOldOnesAWarning) {
  TestHost fresh(1);
  fresh.snapshot.host.uptime = base::seconds(10 * 86400);
  fresh.snapshot.events.push_back(event("dpc", observe::Severity::kCritical, 10 * 86400 - 60));
  EXPECT_EQ(judged(fresh).overall, Level::kCritical);
  TestHost old(1);
  old.snapshot.host.uptime = base::seconds(10 * 86400);
  old.snapshot.events.push_back(event("dpc", observe::Severity::kCritical, 60));
  EXPECT_EQ(judged(old).overall, Level::kWarning);
}

TEST(Judge, ALineThatNamesItselfAVictimIsNoFindingOfItsOwn) {
  TestHost host(1);
  host.snapshot.events.push_back(event("xid", observe::Severity::kCritical, 35990));
  host.snapshot.events.push_back(event("xid_victim", observe::Severity::kCritical, 35991));
  const auto report = judged(host);
  ASSERT_EQ(report.findings.size(), 1U);
  EXPECT_EQ(report.findings[0].code, "kernel_xid");
}

TEST(Judge, ADamagedSourceIsUnknownNotOk) {
  TestHost host(1);
  host.snapshot.damage.emplace_back("dump.txt:7: not a hexadecimal byte");
  const auto report = judged(host);
  EXPECT_EQ(report.overall, Level::kUnknown);
  ASSERT_NE(find(report, "source_damaged"), nullptr);
}

TEST(Judge, ALinkLostBetweenTheLooksIsCritical) {
  TestHost before(2);
  TestHost after(1);
  after.snapshot.taken.ns = 60'000'000'000;
  const auto report = judged({&before.snapshot, &after.snapshot});
  const auto* finding = find(report, "link_lost");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->level, Level::kCritical);
  EXPECT_EQ(finding->subject, observe::Subject(before.link(1).link));
}

TEST(Judge, WhatHangsBelowALostLinkIsLostWithIt) {
  TestHost before(3);
  fabric::Port
      below;  // of the first device: it is a switch, and the second link leads down from it
  below.device = before.snapshot.fabric.port(before.ports_b[0])->device;
  below.name = "0000:0a:00.0";
  before.link(1).a.port = before.snapshot.fabric.add(below).value();
  TestHost after(0);
  after.snapshot.taken.ns = 60'000'000'000;
  after.snapshot.links.push_back(before.link(2));
  const auto report = judged({&before.snapshot, &after.snapshot});
  const auto is_lost = [](const Finding& finding) { return finding.code == "link_lost"; };
  ASSERT_EQ(std::count_if(report.findings.begin(), report.findings.end(), is_lost), 1);
  const auto* finding = find(report, "link_lost");
  EXPECT_EQ(finding->subject, observe::Subject(before.link(0).link));
  EXPECT_EQ(finding->victims, std::vector<std::string>{"0000:01:00.0"});
}

TEST(Judge, WhatHangsBelowALinkThatIsDownIsNotLostByItself) {
  TestHost before(2);
  fabric::Port below;
  below.device = before.snapshot.fabric.port(before.ports_b[0])->device;
  below.name = "0000:0a:00.0";
  before.link(1).a.port = before.snapshot.fabric.add(below).value();
  TestHost after(1);  // the device is still known, and its link down
  after.snapshot.taken.ns = 60'000'000'000;
  after.link(0).up = false;
  EXPECT_EQ(find(judged({&before.snapshot, &after.snapshot}), "link_lost"), nullptr);
}

TEST(Judge, FallingBackForGoodDuringAWatchIsNotIdling) {
  TestHost looks[3] = {TestHost(1, fabric::DeviceKind::kNic), TestHost(1, fabric::DeviceKind::kNic),
                       TestHost(1, fabric::DeviceKind::kNic)};
  std::vector<const observe::Snapshot*> history;
  for (int i = 0; i < 3; ++i) {
    looks[i].snapshot.taken.ns = i * 1'000'000'000LL;
    looks[i].link(0).rate = i == 0 ? giga_transfers(32) : mega_transfers(2500);
    history.push_back(&looks[i].snapshot);
  }
  const auto report = judged(history);
  EXPECT_EQ(find(report, "pcie_rate_cycles"), nullptr);
  EXPECT_EQ(report.overall, Level::kUnknown);
}

TEST(Judge, ErrorsOfASecondFunctionCount) {
  TestHost host(1);
  fabric::Port second;
  second.device = host.snapshot.fabric.owner(host.ports_b[0]);
  second.name = "0000:00:00.1";
  const auto port = host.snapshot.fabric.add(second).value();
  host.count(port, Metric::kAerFatal, "total", 7);
  const auto report = judged(host);
  const auto* finding = find(report, "pcie_fatal_errors");
  ASSERT_NE(finding, nullptr);
  EXPECT_THAT(finding->cause, HasSubstr("0000:00:00.1"));
}

TEST(Judge, ErrorsWithoutAnUptimeStillCount) {
  TestHost host(1);
  host.snapshot.host.uptime.reset();
  host.count(host.ports_b[0], Metric::kAerFatal, "total", 5);
  EXPECT_EQ(judged(host).overall, Level::kWarning);
}

TEST(Judge, AFewErrorsSoonAfterBootAreANote) {
  TestHost host(1);
  host.snapshot.host.uptime = base::seconds(10);
  host.count(host.ports_b[0], Metric::kAerCorrectable, "RxErr", 2);
  EXPECT_EQ(judged(host).overall, Level::kNote);
}

TEST(Judge, ADeviceKnownBelowADownLinkIsCritical) {
  TestHost host(1);
  host.link(0).up = false;
  EXPECT_EQ(judged(host).overall, Level::kCritical);
}

TEST(Judge, PeersThatIdleDoNotHideTheBoardsWidth) {
  TestHost host(8);
  for (int i = 0; i < 8; ++i) {
    host.link(i).width = LaneCount(8);
    host.link(i).rate = i < 4 ? giga_transfers(32) : mega_transfers(2500);
  }
  EXPECT_EQ(judged(host).overall, Level::kNote);
}

/// The TestHost's first link as another family's, with its counters on the near port.
TestHost other_family(fabric::ProtocolFamily family) {
  TestHost host(1);
  auto& link = host.link(0);
  link.family = family;
  link.rate = observe::absent(observe::Absence::kNotApplicable);
  link.width = observe::absent(observe::Absence::kNotApplicable);
  link.data_rate = base::BitsPerSecond(400e9);
  return host;
}

TEST(Judge, EthernetLosingCodewordsIsAWarningAndAHealthyOneSilent) {
  auto host = other_family(fabric::ProtocolFamily::kEthernet);
  EXPECT_THAT(judged(host).findings, IsEmpty());
  host.count(host.ports_a[0], Metric::kFecUncorrectableBlocks, "total", 5000);
  const auto report = judged(host);
  ASSERT_NE(find(report, "ethernet_fec_uncorrectable"), nullptr);
  EXPECT_EQ(report.overall, Level::kWarning);
}

TEST(Judge, FlapsCountEvenWhereTheLinkIsDownNow) {
  auto host = other_family(fabric::ProtocolFamily::kEthernet);
  host.link(0).up = false;
  host.count(host.ports_a[0], Metric::kCarrierDown, "", 500);
  EXPECT_NE(find(judged(host), "ethernet_flaps"), nullptr);
}

TEST(Judge, AnEthernetPortToldToOfferLessIsNotSlow) {
  auto host = other_family(fabric::ProtocolFamily::kEthernet);
  auto& link = host.link(0);
  link.data_rate = base::BitsPerSecond(25e9);
  link.a.max_data_rate = base::BitsPerSecond(100e9);
  link.b.max_data_rate = base::BitsPerSecond(100e9);
  EXPECT_NE(find(judged(host), "ethernet_speed_low"), nullptr);
  link.a.advertised_data_rate = base::BitsPerSecond(25e9);
  const auto report = judged(host);
  EXPECT_EQ(find(report, "ethernet_speed_low"), nullptr);
  ASSERT_NE(find(report, "ethernet_speed_limited"), nullptr);
  EXPECT_EQ(report.overall, Level::kNote);
}

TEST(Judge, OneCarrierLossWhileComingUpIsSilent) {
  auto host = other_family(fabric::ProtocolFamily::kEthernet);
  host.snapshot.host.uptime = base::seconds(10);
  host.count(host.ports_a[0], Metric::kCarrierDown, "", 1);
  EXPECT_THAT(judged(host).findings, IsEmpty());
}

TEST(Judge, InfinibandRecoveriesAreAWarning) {
  auto host = other_family(fabric::ProtocolFamily::kInfiniband);
  EXPECT_THAT(judged(host).findings, IsEmpty());
  host.count(host.ports_a[0], Metric::kLinkErrorRecovery, "", 100);
  EXPECT_NE(find(judged(host), "infiniband_recovery"), nullptr);
}

TEST(Judge, AnInfinibandPortThatNoSubnetManagerBroughtUpIsAWarning) {
  auto host = other_family(fabric::ProtocolFamily::kInfiniband);
  host.link(0).up = false;
  EXPECT_EQ(find(judged(host), "infiniband_not_active"), nullptr) << "nothing says it is plugged";
  host.link(0).physically_up = true;
  const auto report = judged(host);
  ASSERT_NE(find(report, "infiniband_not_active"), nullptr);
  EXPECT_EQ(report.overall, Level::kWarning);
}

TEST(Judge, AFullInfinibandCounterIsUnknownAndNotARate) {
  auto host = other_family(fabric::ProtocolFamily::kInfiniband);
  host.count(host.ports_a[0], Metric::kSymbolErrors, "", 65535);
  const auto report = judged(host);
  ASSERT_NE(find(report, "infiniband_counter_full"), nullptr);
  EXPECT_EQ(find(report, "infiniband_symbol_errors"), nullptr);
  EXPECT_EQ(report.overall, Level::kUnknown);
}

TEST(Judge, LanesThatRestInL0pAreNotLost) {
  TestHost host(8);
  host.link(3).width = LaneCount(4);
  host.link(3).trained_width = LaneCount(16);
  const auto report = judged(host);
  EXPECT_EQ(find(report, "pcie_width_low"), nullptr);
  ASSERT_NE(find(report, "pcie_lanes_resting"), nullptr);
  EXPECT_EQ(find(report, "pcie_lanes_resting")->level, Level::kNote);
  host.link(3).trained_width = LaneCount(8);
  EXPECT_NE(find(judged(host), "pcie_width_low"), nullptr) << "it trained narrow";
}

TEST(Judge, ASlotThatSoftwareSwitchedOffIsNotDead) {
  TestHost host(1);
  host.link(0).up = false;
  host.link(0).a.occupied = true;
  EXPECT_NE(find(judged(host), "pcie_present_but_down"), nullptr);
  host.link(0).a.powered_off = true;
  const auto report = judged(host);
  EXPECT_EQ(find(report, "pcie_present_but_down"), nullptr);
  ASSERT_NE(find(report, "pcie_slot_powered_off"), nullptr);
  EXPECT_EQ(report.overall, Level::kNote);
}

TEST(Judge, NvlinkErrorsThatStandStillDuringAWatchAreSilent) {
  auto before = other_family(fabric::ProtocolFamily::kNvlink);
  auto after = other_family(fabric::ProtocolFamily::kNvlink);
  after.snapshot.taken.ns = 60'000'000'000;
  before.count(before.ports_a[0], Metric::kNvlinkReplay, "", 9);
  after.count(after.ports_a[0], Metric::kNvlinkReplay, "", 9);
  EXPECT_EQ(find(judged({&before.snapshot, &after.snapshot}), "nvlink_errors"), nullptr);
  after.snapshot.samples.back().value = observe::Value(std::uint64_t{12});
  EXPECT_NE(find(judged({&before.snapshot, &after.snapshot}), "nvlink_errors"), nullptr);
}

TEST(Judge, ASensorOverItsLimitIsAWarning) {
  TestHost host(1);
  const auto device = host.snapshot.fabric.owner(host.ports_b[0]);
  host.snapshot.samples.push_back({device, Metric::kTemperature, "t", observe::Value(96.0)});
  EXPECT_THAT(judged(host).findings, IsEmpty());
  host.snapshot.samples.push_back({device, Metric::kTemperatureLimit, "t", observe::Value(95.0)});
  EXPECT_NE(find(judged(host), "too_hot"), nullptr);
}

TEST(Judge, IsDeterministicWorstFirst) {
  TestHost host(8);
  host.link(6).width = LaneCount(8);
  host.link(2).b.answers = false;
  const auto first = judged(host);
  const auto second = judged(host);
  ASSERT_EQ(first.findings.size(), 2U);
  EXPECT_EQ(first.findings[0].level, Level::kCritical);
  EXPECT_EQ(first.findings[1].place, second.findings[1].place);
}

}  // namespace
}  // namespace weft::diagnose
