// SPDX-License-Identifier: Apache-2.0
// Living functions over links that the test sets: identity and enumeration, write semantics, what
// the link's state shows as, what writes ask of it. Offsets and bits are linux/pci_regs.h's.
#include "twin/pcie_port/function.h"

#include "base/random.h"
#include "twin/pcie_port/test_hierarchy.h"
#include "wire/pcie/function.h"
#include "wire/pcie/walk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/pci_regs.h>

namespace weft::twin::pcie_port {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

base::Bytes dump(SetMachine& machine, std::size_t i) {
  base::Bytes out(4096);
  for (std::uint16_t at = 0; at < 4096; at += 4) {
    base::write_le(out, at, 4, machine.read(i, at));
  }
  return out;
}

std::uint16_t find(SetMachine& machine, std::size_t i, wire::pcie::Kind kind, std::uint16_t id) {
  const base::Bytes bytes = dump(machine, i);
  for (const auto& one : wire::pcie::walk(bytes).capabilities) {
    if (one.kind == kind && one.id == id) {
      return one.offset;
    }
  }
  return 0;
}
std::uint16_t express(SetMachine& machine, std::size_t i) {
  return find(machine, i, wire::pcie::Kind::kStandard, PCI_CAP_ID_EXP);
}
std::uint16_t extended(SetMachine& machine, std::size_t i, std::uint16_t id) {
  return find(machine, i, wire::pcie::Kind::kExtended, id);
}

TEST(PcieFunction, ReadsAsADriverExpectsIt) {
  SetMachine machine;
  const auto root = wire::pcie::read_function(dump(machine, kRoot));
  EXPECT_THAT(root.problems, IsEmpty());
  EXPECT_EQ(root.vendor, 0x8086);
  EXPECT_EQ(root.class_code, 0x060400U);
  EXPECT_EQ(root.secondary_bus, 1);
  EXPECT_EQ(root.subordinate_bus, 4);
  ASSERT_TRUE(root.link);
  EXPECT_EQ(root.link->rate, base::giga_transfers(32));
  EXPECT_EQ(root.link->width, base::LaneCount(16));
  EXPECT_TRUE(root.link->active);
  EXPECT_TRUE(root.link->equalization_complete);
  EXPECT_FALSE(root.link->retimer_present);
  ASSERT_TRUE(root.aer);
  EXPECT_EQ(root.aer->root_status, 0U);

  const auto gpu_port = wire::pcie::read_function(dump(machine, kDownGpu));
  EXPECT_THAT(gpu_port.problems, IsEmpty());
  ASSERT_TRUE(gpu_port.link);
  EXPECT_TRUE(gpu_port.link->flit_mode);
  EXPECT_TRUE(gpu_port.link->two_retimers_present);
  ASSERT_TRUE(gpu_port.slot);
  EXPECT_EQ(gpu_port.slot->physical_number, 7);
  EXPECT_EQ(gpu_port.slot->card_present, true);

  const auto drive = wire::pcie::read_function(dump(machine, kDrive));
  EXPECT_EQ(drive.class_code, 0x010802U);
  ASSERT_TRUE(drive.link);
  EXPECT_EQ(drive.link->max_rate, base::giga_transfers(16));
  EXPECT_EQ(drive.link->max_width, base::LaneCount(4));
  EXPECT_TRUE(drive.serial_number);
}

TEST(PcieFunction, BarsAnswerTheSizeProbeAndLieInTheWindowsAbove) {
  SetMachine machine;
  const std::uint32_t bar0 = machine.read(kGpu, PCI_BASE_ADDRESS_0);
  const std::uint64_t bar2 = machine.read(kGpu, PCI_BASE_ADDRESS_2) & ~0xFULL;
  const std::uint64_t high = bar2 | std::uint64_t{machine.read(kGpu, PCI_BASE_ADDRESS_3)} << 32;
  machine.write(kGpu, PCI_BASE_ADDRESS_0, 0xFFFFFFFF);
  EXPECT_EQ(machine.read(kGpu, PCI_BASE_ADDRESS_0), 0xFF000000U);  // 16 MiB
  machine.write(kGpu, PCI_BASE_ADDRESS_2, 0xFFFFFFFF);
  machine.write(kGpu, PCI_BASE_ADDRESS_3, 0xFFFFFFFF);
  EXPECT_EQ(machine.read(kGpu, PCI_BASE_ADDRESS_2), 0x0000000CU);
  EXPECT_EQ(machine.read(kGpu, PCI_BASE_ADDRESS_3), 0xFFFFFFE0U);  // 128 GiB
  EXPECT_EQ(machine.read(kGpu, PCI_ROM_ADDRESS), 0U);
  for (const std::size_t bridge : {kRoot, kUp, kDownGpu}) {
    const std::uint64_t base = (machine.read(bridge, PCI_MEMORY_BASE, 2) & 0xFFF0U) << 16;
    const std::uint64_t limit =
        (machine.read(bridge, PCI_MEMORY_LIMIT, 2) & 0xFFF0U) << 16 | 0xFFFFF;
    EXPECT_GE(bar0, base) << bridge;
    EXPECT_LE(bar0 + 0xFFFFFFU, limit) << bridge;
    const std::uint64_t low = (machine.read(bridge, PCI_PREF_MEMORY_BASE, 2) & 0xFFF0U) << 16 |
                              std::uint64_t{machine.read(bridge, PCI_PREF_BASE_UPPER32)} << 32;
    const std::uint64_t top = (machine.read(bridge, PCI_PREF_MEMORY_LIMIT, 2) & 0xFFF0U) << 16 |
                              std::uint64_t{machine.read(bridge, PCI_PREF_LIMIT_UPPER32)} << 32 |
                              0xFFFFF;
    EXPECT_GE(high, low) << bridge;
    EXPECT_LE(high + (1ULL << 37) - 1, top) << bridge;
  }
}

/// Write semantics of every bit, by the masks that the bank gives: random writes of any width must
/// leave RO bits, take RW bits, clear RW1C bits where one is written.
TEST(PcieFunction, EveryBitFollowsItsAttribute) {
  SetMachine machine;
  base::Random random(7, "write semantics");
  for (std::size_t i = 0; i < 6; ++i) {
    const Layout& layout = machine.function(i).layout();
    for (int round = 0; round < 4000; ++round) {
      const auto width = static_cast<std::uint8_t>(1U << random.below(3));
      const auto offset =
          static_cast<std::uint16_t>(random.below(layout.power_on.size() + 64) / width * width);
      const auto at = static_cast<std::uint16_t>(offset & 0xFFC);
      if (at == 0x3C || (layout.dpc != 0 && at >= layout.dpc && at <= layout.dpc + 8) ||
          (at >= layout.express && at < layout.express + 0x3C) ||
          (layout.margining != 0 && at >= layout.margining)) {
        continue;  // those act; the tests below are theirs
      }
      const std::uint32_t before = machine.read(i, at);
      const auto value = static_cast<std::uint32_t>(random());
      machine.write(i, offset, value, width);
      const std::uint32_t after = machine.read(i, at);
      const unsigned shift = 8 * (offset & 3U);
      const std::uint32_t lanes = (width == 4 ? ~0U : (1U << (8 * width)) - 1) << shift;
      const std::uint32_t rw = Semantics::at(layout.semantics.writable, at) & lanes;
      const std::uint32_t cleared =
          Semantics::at(layout.semantics.clears, at) & lanes & value << shift;
      EXPECT_EQ(after, ((before & ~rw) | (value << shift & rw)) & ~cleared)
          << i << " offset " << offset << " width " << int{width};
    }
  }
}

TEST(PcieFunction, StickyBitsSurviveAHotResetAndOthersDoNot) {
  SetMachine machine;
  const std::uint16_t aer = extended(machine, kGpu, PCI_EXT_CAP_ID_ERR);
  const std::uint16_t cap = express(machine, kGpu);
  machine.function(kGpu).report_uncorrectable(20);  // Unsupported Request
  machine.write(kGpu, aer + PCI_ERR_COR_MASK, 0xFFFFFFFF);
  machine.write(kGpu, PCI_COMMAND, 0, 2);
  machine.write(kGpu, cap + PCI_EXP_DEVCTL, 0, 2);
  machine.links[1]->tell(MessageKind::kHotReset);
  machine.advance_ms(5);
  EXPECT_NE(machine.read(kGpu, aer + PCI_ERR_UNCOR_STATUS) & PCI_ERR_UNC_UNSUP, 0U);
  EXPECT_EQ(machine.read(kGpu, aer + PCI_ERR_COR_MASK), 0x0000F1C1U);
  EXPECT_EQ(machine.read(kGpu, cap + PCI_EXP_DEVCTL, 2), 0x2810U);
  EXPECT_EQ(machine.read(kGpu, PCI_BASE_ADDRESS_0), 0U);
  EXPECT_EQ(machine.read(kGpu, cap + PCI_EXP_DEVSTA, 2) & PCI_EXP_DEVSTA_NFED, 0U);
  // The link is back: the host sets the function up again.
  machine.links[1]->tell(MessageKind::kLinkDown);
  machine.links[1]->tell(MessageKind::kLinkUp);
  machine.advance_ms(5);
  EXPECT_NE(machine.read(kGpu, PCI_BASE_ADDRESS_0), 0U);
  EXPECT_NE(machine.read(kGpu, PCI_COMMAND, 2) & PCI_COMMAND_MEMORY, 0U);
  EXPECT_NE(machine.read(kGpu, aer + PCI_ERR_UNCOR_STATUS) & PCI_ERR_UNC_UNSUP, 0U);
}

TEST(PcieFunction, BelowADeadLinkAllReadsGiveOnes) {
  SetMachine machine;
  machine.links[0]->state.is_up = false;
  for (const std::size_t i : {kUp, kDownGpu, kDrive}) {
    EXPECT_EQ(machine.read(i, PCI_VENDOR_ID), 0xFFFFFFFFU);
    EXPECT_EQ(machine.read(i, PCI_VENDOR_ID, 1), 0xFFU);
  }
  const std::uint16_t cap = express(machine, kRoot);
  EXPECT_EQ(machine.read(kRoot, cap + PCI_EXP_LNKSTA, 2) & PCI_EXP_LNKSTA_DLLLA, 0U);
  EXPECT_EQ(machine.read(kRoot, cap + PCI_EXP_LNKSTA, 2) & PCI_EXP_LNKSTA_NLW, 0U);
  machine.write(kUp, PCI_COMMAND, 0, 2);
  machine.links[0]->state.is_up = true;
  EXPECT_NE(machine.read(kUp, PCI_COMMAND, 2) & PCI_COMMAND_MEMORY, 0U) << "a lost write landed";
}

TEST(PcieFunction, RefusesWhatIsNoRegister) {
  SetMachine machine;
  EXPECT_FALSE(machine.function(kRoot).read(4096, 1));
  EXPECT_FALSE(machine.function(kRoot).read(2, 4));
  EXPECT_FALSE(machine.function(kRoot).read(0, 3));
  EXPECT_FALSE(machine.function(kRoot).write(1, 2, 0));
  EXPECT_EQ(machine.read(kRoot, 0xFFC), 0U);
}

TEST(PcieFunction, LinkControlReachesTheLink) {
  SetMachine machine;
  const std::uint16_t cap = express(machine, kRoot);
  SetLink& link = *machine.links[0];
  const std::uint32_t control = machine.read(kRoot, cap + PCI_EXP_LNKCTL, 2);
  machine.write(kRoot, cap + PCI_EXP_LNKCTL2, 4, 2);
  machine.write(kRoot, cap + PCI_EXP_LNKCTL, control | PCI_EXP_LNKCTL_RL, 2);
  EXPECT_THAT(link.calls, ElementsAre("rate 16000", "retrain"));
  EXPECT_EQ(machine.read(kRoot, cap + PCI_EXP_LNKCTL, 2) & PCI_EXP_LNKCTL_RL, 0U);
  EXPECT_NE(machine.read(kRoot, cap + PCI_EXP_LNKSTA, 2) & PCI_EXP_LNKSTA_LT, 0U);
  link.count(LinkCounter::kRecoveries, End::kA, 1);
  const std::uint32_t status = machine.read(kRoot, cap + PCI_EXP_LNKSTA, 2);
  EXPECT_EQ(status & PCI_EXP_LNKSTA_LT, 0U);
  EXPECT_NE(status & PCI_EXP_LNKSTA_LBMS, 0U);
  machine.write(kRoot, cap + PCI_EXP_LNKSTA, PCI_EXP_LNKSTA_LBMS, 2);
  EXPECT_EQ(machine.read(kRoot, cap + PCI_EXP_LNKSTA, 2) & PCI_EXP_LNKSTA_LBMS, 0U);

  link.calls.clear();
  const std::uint16_t secondary = extended(machine, kRoot, PCI_EXT_CAP_ID_SECPCI);
  machine.write(kRoot, secondary + 4, 1);
  machine.write(kRoot, cap + PCI_EXP_LNKCTL, control | PCI_EXP_LNKCTL_RL, 2);
  machine.write(kRoot, cap + PCI_EXP_LNKCTL, control | PCI_EXP_LNKCTL_ASPM_L1, 2);
  machine.write(kRoot, cap + PCI_EXP_LNKCTL, control | PCI_EXP_LNKCTL_LD, 2);
  machine.write(kRoot, cap + PCI_EXP_LNKCTL, control, 2);
  EXPECT_THAT(link.calls, ElementsAre("equalise", "aspm 2", "disable", "aspm 0", "enable"));
  // An endpoint cannot disable or retrain its link.
  link.calls.clear();
  const std::uint16_t drive = express(machine, kDrive);
  machine.write(kDrive, drive + PCI_EXP_LNKCTL, PCI_EXP_LNKCTL_LD | PCI_EXP_LNKCTL_RL, 2);
  EXPECT_THAT(machine.links[2]->calls, IsEmpty());
  EXPECT_EQ(machine.read(kDrive, drive + PCI_EXP_LNKCTL, 2) & PCI_EXP_LNKCTL_LD, 0U);
}

TEST(PcieFunction, RetrainingALinkThatTrainsEndsWithThatTraining) {
  SetMachine machine;
  const std::uint16_t cap = express(machine, kRoot);
  SetLink& link = *machine.links[0];
  link.count(LinkCounter::kRecoveries, End::kA, 1);
  link.state.state = TrainingState::kRecoveryLock;
  machine.write(kRoot, cap + PCI_EXP_LNKCTL, PCI_EXP_LNKCTL_RL, 2);
  EXPECT_NE(machine.read(kRoot, cap + PCI_EXP_LNKSTA, 2) & PCI_EXP_LNKSTA_LT, 0U);
  link.state.state = TrainingState::kL0;
  EXPECT_EQ(machine.read(kRoot, cap + PCI_EXP_LNKSTA, 2) & PCI_EXP_LNKSTA_LT, 0U);
  EXPECT_NE(machine.read(kRoot, cap + PCI_EXP_LNKSTA, 2) & PCI_EXP_LNKSTA_LBMS, 0U);
}

TEST(PcieFunction, SecondaryBusResetGoesDownThroughTheSwitch) {
  SetMachine machine;
  machine.write(kUp, PCI_BRIDGE_CONTROL, PCI_BRIDGE_CTL_BUS_RESET, 2);
  EXPECT_THAT(machine.links[1]->calls, ElementsAre("reset"));
  EXPECT_THAT(machine.links[2]->calls, ElementsAre("reset"));
  EXPECT_THAT(machine.links[0]->calls, IsEmpty());
  EXPECT_EQ(machine.read(kDownGpu, PCI_SECONDARY_BUS, 1), 0U);
  machine.write(kUp, PCI_BRIDGE_CONTROL, 0, 2);
  EXPECT_THAT(machine.links[1]->calls, ElementsAre("reset", "release"));
  EXPECT_EQ(machine.read(kDownGpu, PCI_SECONDARY_BUS, 1), 3U);
  // A switch that is reset from above resets what is below it, by messages.
  machine.links[0]->tell(MessageKind::kHotReset);
  machine.advance_ms(10);
  EXPECT_THAT(machine.links[1]->calls, ElementsAre("reset", "release", "reset", "release"));
}

TEST(PcieFunction, SlotCommandsCompleteAndPresenceChangesAreLatched) {
  SetMachine machine;
  const std::uint16_t cap = express(machine, kDownGpu);
  const auto status = [&] { return machine.read(kDownGpu, cap + PCI_EXP_SLTSTA, 2); };
  EXPECT_EQ(status(), PCI_EXP_SLTSTA_PDS);
  const std::uint32_t control = machine.read(kDownGpu, cap + PCI_EXP_SLTCTL, 2);
  machine.write(kDownGpu, cap + PCI_EXP_SLTCTL, control | PCI_EXP_SLTCTL_PCC, 2);
  EXPECT_THAT(machine.links[1]->calls, ElementsAre("power off"));
  EXPECT_EQ(status() & PCI_EXP_SLTSTA_CC, 0U);
  machine.advance_ms(20);
  EXPECT_NE(status() & PCI_EXP_SLTSTA_CC, 0U);
  machine.write(kDownGpu, cap + PCI_EXP_SLTSTA, PCI_EXP_SLTSTA_CC, 2);
  EXPECT_EQ(status() & PCI_EXP_SLTSTA_CC, 0U);

  machine.rack->world->set_quantity(machine.links[1]->id(), Quantity::kDisconnect, 0, 1, 1.0);
  EXPECT_EQ(status() & (PCI_EXP_SLTSTA_PDS | PCI_EXP_SLTSTA_PDC), PCI_EXP_SLTSTA_PDC);
  machine.write(kDownGpu, cap + PCI_EXP_SLTSTA, PCI_EXP_SLTSTA_PDC, 2);
  EXPECT_EQ(status() & (PCI_EXP_SLTSTA_PDS | PCI_EXP_SLTSTA_PDC), 0U);
  machine.links[1]->tell(MessageKind::kLinkDown);
  machine.advance_ms(2);
  EXPECT_NE(status() & PCI_EXP_SLTSTA_DLLSC, 0U);
}

TEST(PcieFunction, LaneErrorsAndPresetsComeFromTheLanes) {
  SetMachine machine;
  const std::uint16_t secondary = extended(machine, kDrive, PCI_EXT_CAP_ID_SECPCI);
  machine.links[2]->lane_bit_errors[1] = 3;
  machine.links[2]->lane_bit_errors[3] = 1;
  EXPECT_EQ(machine.read(kDrive, secondary + 8), 0xAU);
  machine.write(kDrive, secondary + 8, 0x2);
  EXPECT_EQ(machine.read(kDrive, secondary + 8), 0x8U);
  machine.links[2]->lane_bit_errors[1] = 4;
  EXPECT_EQ(machine.read(kDrive, secondary + 8), 0xAU);
  const std::uint16_t phy16 = extended(machine, kDrive, PCI_EXT_CAP_ID_PL_16GT);
  EXPECT_EQ(machine.read(kDrive, phy16 + 0x20), 0x66776677U);
  EXPECT_EQ(machine.read(kDrive, phy16 + 0x0C), 0xFU);
}

TEST(PcieFunction, ACheckpointInMidFlightGoesOnTheSame) {
  SetMachine one;
  one.links[0]->count(LinkCounter::kBadDllp, End::kA, 3);
  one.write(kRoot, express(one, kRoot) + PCI_EXP_LNKCTL2, 3, 2);
  const std::uint16_t margining = extended(one, kRoot, 0x27);
  one.write(kRoot, margining + 8, 5 << 8 | 3 << 3 | 1, 2);
  one.function(kGpu).report_uncorrectable(18);  // its message is on the way
  const base::Bytes saved = one.rack->world->checkpoint();
  SetMachine other{SetMachine::Unborn{}};
  ASSERT_TRUE(other.rack->world->restore(saved));
  for (std::size_t i = 0; i < 3; ++i) {
    other.links[i]->state.trained_width = one.links[i]->state.trained_width;
    other.links[i]->state.is_flit = one.links[i]->state.is_flit;
  }
  EXPECT_EQ(one.rack->world->hash(), other.rack->world->hash());
  one.advance_ms(20);
  other.advance_ms(20);
  EXPECT_EQ(one.rack->world->hash(), other.rack->world->hash());
  EXPECT_EQ(dump(one, kRoot), dump(other, kRoot));
  EXPECT_EQ(dump(one, kDownGpu), dump(other, kDownGpu));
}

}  // namespace
}  // namespace weft::twin::pcie_port
