// SPDX-License-Identifier: Apache-2.0
// Drivers over living PCI functions: what margining finds against an eye known in closed form, that
// every register is as before afterwards, also after SIGKILL in the middle; retraining, speeds,
// disable and reset through registers alone. The foreign judge of margining is pciutils' pcilmr
// (3.13; tools/newer_lspci fetches it).
#include "base/test_shell.h"
#include "bus/test_folder.h"
#include "driver/pcie_margin.h"
#include "driver/pcie_plan.h"
#include "twin/door/fuse_mount.h"
#include "twin/door/pacer.h"
#include "twin/door/sysfs_tree.h"
#include "twin/pcie_port/test_hierarchy.h"

#include <csignal>
#include <cstdlib>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace weft::driver {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using twin::pcie_port::kDownDrive;
using twin::pcie_port::kDownGpu;
using twin::pcie_port::kDrive;
using twin::pcie_port::SetMachine;

class Door final : public bus::ConfigSpace {
 public:
  explicit Door(bus::ConfigSpace& behind, std::uint64_t& writes)
      : behind_(behind), writes_(writes) {}
  [[nodiscard]] base::Result<std::uint32_t> read(std::uint16_t offset,
                                                 std::uint8_t width) override {
    return behind_.read(offset, width);
  }
  base::Result<void> write(std::uint16_t offset, std::uint8_t width, std::uint32_t value) override {
    ++writes_;
    return behind_.write(offset, width, value);
  }
  [[nodiscard]] std::string description() const override { return behind_.description(); }

 private:
  bus::ConfigSpace& behind_;
  std::uint64_t& writes_;
};

class MachineDevices final : public bus::Devices {
 public:
  explicit MachineDevices(SetMachine& machine) : machine_(machine) {}
  [[nodiscard]] std::vector<std::string> names(bus::DoorKind kind) const override {
    std::vector<std::string> out;
    for (const bus::ConfigSpace* one : machine_.rack->machines[0].functions) {
      if (kind == bus::DoorKind::kConfigSpace) {
        out.push_back(one->description());
      }
    }
    return out;
  }
  [[nodiscard]] base::Result<std::unique_ptr<bus::ConfigSpace>> config_space(
      std::string_view name) override {
    for (bus::ConfigSpace* one : machine_.rack->machines[0].functions) {
      if (one->description() == name) {
        return std::make_unique<Door>(*one, writes);
      }
    }
    return base::fail(base::Code::kNotFound, "no such function", std::string(name));
  }
  [[nodiscard]] base::Result<std::unique_ptr<bus::Smbus>> smbus(std::string_view) override {
    return base::fail(base::Code::kUnimplemented, "none");
  }
  [[nodiscard]] base::Result<std::unique_ptr<bus::ModuleMemory>> module_memory(
      std::string_view) override {
    return base::fail(base::Code::kUnimplemented, "none");
  }
  [[nodiscard]] base::Result<std::unique_ptr<bus::PortCounters>> port_counters(
      std::string_view) override {
    return base::fail(base::Code::kUnimplemented, "none");
  }
  std::uint64_t writes = 0;

 private:
  SetMachine& machine_;
};

struct Bench {
  Bench() : devices(machine) {
    wait = [this](base::Duration span) { machine.rack->world->advance(span); };
  }
  Journal journal() { return std::move(*Journal::open(folder, "margin", "twin")); }
  std::vector<std::uint32_t> controls() {
    std::vector<std::uint32_t> out;
    for (const std::size_t i : {kDownDrive, kDrive, kDownGpu}) {
      const auto& layout = machine.function(i).layout();
      out.push_back(machine.read(i, layout.express + 0x10U, 2));
      out.push_back(machine.read(i, layout.express + 0x30U, 2));
      for (unsigned lane = 0; lane < layout.make.width; ++lane) {
        out.push_back(
            machine.read(i, static_cast<std::uint16_t>(layout.margining + 8U + 4 * lane), 2));
      }
    }
    return out;
  }
  SetMachine machine;
  MachineDevices devices;
  bus::TestFolder held;
  std::string folder = held.path().string();
  Wait wait;
};

TEST(MarginClient, FindsTheEyeOnEveryLaneAndPutsAllBack) {
  Bench bench;
  bench.machine.links[2]->eye_ui = 0.25;
  bench.machine.links[2]->sigma_ui = 0.002;
  bench.machine.links[2]->eye_mv = 25;
  bench.machine.links[2]->sigma_mv = 0.3;
  bench.machine.write(kDownDrive, bench.machine.function(kDownDrive).layout().express + 0x10U,
                      0x0042, 2);  // ASPM L1
  const auto before = bench.controls();
  auto pair = open_pair(bench.devices, "0000:04:00.0");
  ASSERT_TRUE(pair) << pair.error().text();
  EXPECT_EQ(pair->upper.address(), "0000:02:01.0");
  Journal journal = bench.journal();
  const auto report = margin(*pair, bench.devices, journal, bench.wait, {});
  ASSERT_TRUE(report) << report.error().text();
  EXPECT_THAT(report->problems, IsEmpty());
  ASSERT_THAT(report->receivers, SizeIs(2));
  EXPECT_EQ(report->receivers[0].number, 1);
  EXPECT_EQ(report->receivers[1].number, 6);
  EXPECT_DOUBLE_EQ(report->ui_ps, 62.5);
  ASSERT_THAT(report->lanes, SizeIs(8));
  for (const LaneMargin& lane : report->lanes) {
    // 2 % UI a step, 3e9 bits: the last step that holds is 6 sigma inside 25 %: 22 %, 23 mV -> 22.
    EXPECT_NEAR(*lane.width_ui, 0.44, 1e-9);
    EXPECT_NEAR(*lane.height_mv, 44, 1e-9);
    EXPECT_EQ(lane.width_grade, MarginGrade::kRecommended);
    EXPECT_EQ(lane.height_grade, MarginGrade::kRecommended);
    EXPECT_FALSE(lane.width_is_one_sided);
    EXPECT_EQ(lane.ways[0]->end, MarginEnd::kErrors);
  }
  EXPECT_EQ(bench.controls(), before);
  EXPECT_TRUE(journal.close());
  EXPECT_EQ(bench.machine.links[2]->injected, 0U);
}

TEST(MarginClient, GradesASmallEyeAndMarksOneSidedOnes) {
  Bench bench;
  bench.machine.links[2]->eye_ui = 0.13;
  bench.machine.links[2]->sigma_ui = 0.001;
  bench.machine.links[2]->eye_mv = 9;
  bench.machine.links[2]->sigma_mv = 0.1;
  auto& ability = bench.machine.function(kDownDrive).margining().ability(1);
  ability.is_left_right = false;
  auto pair = open_pair(bench.devices, "0000:02:01.0");
  ASSERT_TRUE(pair);
  Journal journal = bench.journal();
  const auto report =
      margin(*pair, bench.devices, journal, bench.wait, {.lanes = {2}, .receivers = {1}});
  ASSERT_TRUE(report) << report.error().text();
  ASSERT_THAT(report->lanes, SizeIs(1));
  const LaneMargin& lane = report->lanes[0];
  EXPECT_EQ(lane.lane, 2U);
  EXPECT_TRUE(lane.width_is_one_sided);
  EXPECT_FALSE(lane.ways[1]);
  EXPECT_NEAR(*lane.width_ui, 0.24, 1e-9);
  EXPECT_EQ(lane.width_grade, MarginGrade::kBelow);
  EXPECT_NEAR(*lane.height_mv, 16, 1e-9);
  EXPECT_EQ(lane.height_grade, MarginGrade::kMinimum);
}

TEST(MarginClient, ReachesRetimersAndScalesFourLevelSymbols) {
  Bench bench;
  bench.machine.links[1]->eye_ui = 0.15;
  bench.machine.links[1]->sigma_ui = 0.002;
  auto pair = open_pair(bench.devices, "0000:02:00.0");
  ASSERT_TRUE(pair);
  Journal journal = bench.journal();
  const auto report = margin(*pair, bench.devices, journal, bench.wait, {.lanes = {0, 15}});
  ASSERT_TRUE(report) << report.error().text();
  std::vector<int> numbers;
  for (const auto& one : report->receivers) {
    numbers.push_back(one.number);
  }
  EXPECT_THAT(numbers, ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_DOUBLE_EQ(report->ui_ps, 31.25);
  EXPECT_EQ(report->receivers[1].timing_steps, 14);
  for (const LaneMargin& lane : report->lanes) {
    EXPECT_EQ(lane.width_grade, MarginGrade::kNotGraded);
    // 2 % and 2.857 % UI a step: 12 % and 11.43 % hold, the next is within 5 sigma of the edge.
    const bool is_port = lane.receiver == 1 || lane.receiver == 6;
    EXPECT_NEAR(*lane.width_ui, is_port ? 0.24 : 8 * 0.4 / 14, 1e-9);
  }
}

TEST(MarginClient, SaysWhyItCannot) {
  Bench bench;
  auto pair = open_pair(bench.devices, "0000:02:01.0");
  ASSERT_TRUE(pair);
  EXPECT_EQ(plan_margin(*pair, {.lanes = {4}}).error().code, base::Code::kInvalidArgument);
  EXPECT_EQ(plan_margin(*pair, {.receivers = {2}}).error().code, base::Code::kInvalidArgument);
  bench.machine.links[2]->bring_up(8000, 4);
  const auto slow = plan_margin(*pair, {});
  ASSERT_FALSE(slow);
  EXPECT_THAT(slow.error().text(), HasSubstr("16 GT/s"));
  bench.machine.links[2]->state.is_up = false;
  EXPECT_FALSE(plan_margin(*pair, {}));
  EXPECT_EQ(open_pair(bench.devices, "0000:04:00.0").error().code, base::Code::kUnavailable);
  EXPECT_EQ(open_pair(bench.devices, "0000:77:00.0").error().code, base::Code::kNotFound);
  EXPECT_EQ(bench.devices.writes, 0U);
}

/// WEFT_NEWER_LSPCI's neighbour, or what tools/newer_lspci left in build/cache.
std::string pcilmr() {
  namespace fs = std::filesystem;
  const char* named = std::getenv("WEFT_NEWER_LSPCI");
  const fs::path folder = named != nullptr ? fs::path(named).parent_path()
                                           : fs::path(WEFT_SOURCE_DIR) / "build/cache/newer_lspci";
  return fs::exists(folder / "pcilmr") ? (folder / "pcilmr").string() : "";
}

/// pcilmr knows no other place than /sys: it sees the twin's there, in a mount name space of its
/// own. It waits a second at each of its steps, hence one lane with a small eye.
TEST(MarginClient, AgreesWithPcilmr) {
  const std::string program = pcilmr();
  if (program.empty()) {
    GTEST_SKIP() << "no pcilmr: run tools/newer_lspci";
  }
  Bench bench;
  auto& link = *bench.machine.links[2];
  link.eye_ui = 0.05;  // 2 % UI and 2 mV a step
  link.sigma_ui = 0.001;
  link.eye_mv = 2.5;
  link.sigma_mv = 0.05;
  bench.machine.links[1]->bring_up(32000, 16);  // it knows no 64 GT/s
  const auto before = bench.controls();
  auto pair = open_pair(bench.devices, "0000:04:00.0");
  ASSERT_TRUE(pair);
  Journal journal = bench.journal();
  const auto ours =
      margin(*pair, bench.devices, journal, bench.wait, {.lanes = {2}, .receivers = {6}});
  ASSERT_TRUE(ours) << ours.error().text();
  ASSERT_THAT(ours->lanes, SizeIs(1));
  EXPECT_NEAR(*ours->lanes[0].width_ui, 0.08, 1e-9);
  EXPECT_NEAR(*ours->lanes[0].height_mv, 4, 1e-9);
  EXPECT_EQ(bench.controls(), before) << "we put back what we changed";

  const auto tree = twin::door::sysfs_tree(*bench.machine.rack, 0);
  const bus::TestFolder folder;
  auto mount = twin::door::FuseMount::open(*tree, folder.at("twin"));
  if (!mount) {
    GTEST_SKIP() << mount.error().text();
  }
  const auto at_sys = [&](const std::string& command) {
    return base::shell("unshare -m sh -c 'mount --bind " + folder.at("twin/sys") + " /sys && " +
                       command + "'");
  };
  if (at_sys("true").code != 0) {
    GTEST_SKIP() << "no mount name space of one's own here";
  }
  // So fast that a machine with much else to do is not late within one of its steps.
  twin::door::Pacer pacer(*bench.machine.rack->world, {.speed = 20});
  // It waits 10 ms for an answer; where this machine let the world wait for longer, it leaves that
  // command where it is, and is asked again.
  const auto asked = [&](const std::string& arguments) {
    for (int i = 0;; ++i) {
      const auto said = at_sys(program + arguments).out;
      const twin::Hold hold(bench.machine.rack->world->mutex());
      if (i == 3 || bench.controls() == before) {
        return said;
      }
    }
  };
  EXPECT_THAT(asked(" --scan"), HasSubstr("2:1.0 -> 4:0.0 - Ready"));
  EXPECT_THAT(asked(" -c 02:01.0"), HasSubstr("Available receivers: Rx(A) - 1, Rx(F) - 6"));
  EXPECT_THAT(asked(" -c 02:00.0"),
              HasSubstr("Rx(A) - 1, Rx(B) - 2, Rx(C) - 3, Rx(D) - 4, Rx(E) - 5, Rx(F) - 6"))
      << "two retimers";
  const auto theirs = asked(" 04:00.0 -l 2 -r 6");
  EXPECT_THAT(theirs, HasSubstr("W  8.0% UI -  5.00ps, H   4.0 mV"));
  EXPECT_THAT(theirs, HasSubstr("L  4.0% UI -  2.50ps -  2st LIM"));
  EXPECT_THAT(theirs, HasSubstr("U   2.0 mV -   1st LIM"));
  pacer.stop();
  EXPECT_EQ(bench.controls(), before) << "it puts back what it changed";
}

/// The child margins on a world of its own and is killed after some writes; what it left in the
/// journal puts a world in the same state back.
TEST(MarginClient, IsPutBackAfterSigkill) {
  Bench bench;
  const auto before = bench.controls();
  int pipe_ends[2];
  ASSERT_EQ(pipe(pipe_ends), 0);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    std::uint64_t calls = 0;
    const Wait wait = [&](base::Duration span) {
      bench.machine.rack->world->advance(span);
      if (++calls == 40) {  // in the middle of a step
        const auto controls = bench.controls();
        const auto bytes = controls.size() * sizeof controls[0];
        if (write(pipe_ends[1], controls.data(), bytes) != static_cast<ssize_t>(bytes)) {
          _exit(1);
        }
        for (;;) {
          pause();
        }
      }
    };
    auto pair = open_pair(bench.devices, "0000:02:01.0");
    Journal journal = bench.journal();
    static_cast<void>(margin(*pair, bench.devices, journal, wait, {}));
    _exit(1);
  }
  std::vector<std::uint32_t> moved(before.size());
  ASSERT_EQ(read(pipe_ends[0], moved.data(), moved.size() * sizeof moved[0]),
            static_cast<ssize_t>(moved.size() * sizeof moved[0]));
  ::close(pipe_ends[0]);
  ::close(pipe_ends[1]);
  ASSERT_EQ(kill(child, SIGKILL), 0);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_NE(moved, before);
  // Our world is as the child's was before it began: bring it where the child left it.
  auto found = abandoned(bench.folder);
  ASSERT_TRUE(found);
  ASSERT_THAT(*found, SizeIs(1));
  EXPECT_THAT((*found)[0].entries(), SizeIs(::testing::Ge(5U)));
  for (const std::size_t i : {kDownDrive, kDrive}) {
    const auto express = bench.machine.function(i).layout().express;
    bench.machine.write(i, express + 0x10U, 0x0240, 2);
    bench.machine.write(i, express + 0x30U, 0x0025, 2);
  }
  bench.machine.write(kDownDrive, bench.machine.function(kDownDrive).layout().margining + 8U,
                      0x0519, 2);
  EXPECT_NE(bench.controls(), before);
  ASSERT_TRUE((*found)[0].undo(restore_config(bench.devices, bench.wait)));
  EXPECT_EQ(bench.controls(), before);
  ASSERT_TRUE((*found)[0].close());
}

/// Plans and does it.
base::Result<std::optional<PcieLinkView>> act(Bench& bench, const PcieEnd& upper, Journal& journal,
                                              PcieAction action, std::uint32_t value,
                                              const Wait& wait) {
  const auto plan = plan_pcie(upper, action, value);
  if (!plan) {
    return tl::unexpected(plan.error());
  }
  auto done = run_pcie(upper, *plan, journal, wait);
  EXPECT_TRUE(strike_unchanged(bench.devices, journal));
  return done;
}

TEST(PcieActions, ReachTheLinkThroughRegisters) {
  Bench bench;
  auto pair = open_pair(bench.devices, "0000:00:01.0");
  ASSERT_TRUE(pair);
  auto& link = *bench.machine.links[0];
  Journal journal = bench.journal();
  unsigned waits = 0;
  const Wait wait = [&](base::Duration span) {
    bench.machine.rack->world->advance(span);
    if (++waits == 4) {
      link.count(twin::LinkCounter::kRecoveries, twin::End::kA, 1);
    }
  };
  const auto does = [&](PcieAction action, std::uint32_t value) {
    waits = 0;
    return act(bench, pair->upper, journal, action, value, wait);
  };
  auto view = does(PcieAction::kRetrain, 0);
  ASSERT_TRUE(view) << view.error().text();
  EXPECT_GE(waits, 4U);
  EXPECT_THAT(journal.entries(), IsEmpty()) << "the bit clears itself";
  EXPECT_EQ(does(PcieAction::kSetSpeed, 4).error().code, base::Code::kFailedPrecondition)
      << "this link does not change its speed";
  EXPECT_THAT(journal.entries(), SizeIs(1));
  ASSERT_TRUE(does(PcieAction::kEqualise, 0));
  EXPECT_THAT(link.calls, ElementsAre("retrain", "rate 16000", "retrain", "equalise"));
  EXPECT_EQ(does(PcieAction::kSetSpeed, 6).error().code, base::Code::kInvalidArgument);
  EXPECT_EQ(plan_pcie(*pair->lower, PcieAction::kRetrain).error().code,
            base::Code::kInvalidArgument);
  link.calls.clear();
  ASSERT_TRUE(journal.undo(restore_link(bench.devices, bench.wait)).error().code ==
              base::Code::kDeadlineExceeded)
      << "nobody counts a recovery";
  EXPECT_THAT(link.calls, ElementsAre("rate 32000", "retrain"));
  link.count(twin::LinkCounter::kRecoveries, twin::End::kA, 1);
  ASSERT_TRUE(journal.undo(restore_link(bench.devices, wait)));
  link.calls.clear();
  const auto off = does(PcieAction::kDisable, 0);
  ASSERT_TRUE(off);
  EXPECT_FALSE(*off);
  EXPECT_THAT(journal.entries(), SizeIs(1));
  EXPECT_EQ(does(PcieAction::kRetrain, 0).error().code, base::Code::kDeadlineExceeded);
  ASSERT_TRUE(does(PcieAction::kEnable, 0));
  EXPECT_THAT(journal.entries(), IsEmpty()) << "it is as it was";
  ASSERT_TRUE(does(PcieAction::kReset, 0));
  EXPECT_THAT(link.calls, ElementsAre("disable", "retrain", "enable", "reset", "release"));
  EXPECT_TRUE(journal.close());
}

TEST(PcieActions, PlansSayEachWriteAndWriteNothing) {
  Bench bench;
  auto pair = open_pair(bench.devices, "0000:00:01.0");
  ASSERT_TRUE(pair);
  const auto express = pair->upper.express();
  const auto speed = plan_pcie(pair->upper, PcieAction::kSetSpeed, 3);
  ASSERT_TRUE(speed) << speed.error().text();
  ASSERT_THAT(speed->writes, SizeIs(2));
  EXPECT_EQ(speed->writes[0].offset, express + 0x30);
  EXPECT_EQ(speed->writes[0].value & 0xF, 3U);
  EXPECT_EQ(speed->writes[1].offset, express + 0x10);
  EXPECT_EQ(speed->writes[1].value ^ speed->writes[1].old, 0x20U);
  EXPECT_TRUE(speed->lasts);
  const auto reset = plan_pcie(pair->upper, PcieAction::kReset);
  ASSERT_TRUE(reset);
  ASSERT_THAT(reset->writes, SizeIs(2));
  EXPECT_EQ(reset->writes[0].offset, 0x3E);
  EXPECT_EQ(reset->writes[0].value & 0x40, 0x40U);
  EXPECT_EQ(reset->writes[1].value & 0x40, 0U);
  EXPECT_FALSE(reset->lasts);
  EXPECT_EQ(plan_pcie(pair->upper, PcieAction::kSetWidth, 8).error().code,
            base::Code::kFailedPrecondition)
      << "no flit mode, no L0p";
  EXPECT_EQ(bench.devices.writes, 0U);
}

}  // namespace
}  // namespace weft::driver
