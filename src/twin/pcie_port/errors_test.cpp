// SPDX-License-Identifier: Apache-2.0
// From an error to what software sees: status, mask, severity, first error pointer, header log,
// messages at the root port, containment and its end; counts as Linux' sysfs files give them. Bits
// are linux/pci_regs.h's, the rules PCIe Base 6.2's.
#include "base/test_shell.h"
#include "twin/pcie_port/test_hierarchy.h"
#include "wire/pcie/dump.h"

#include <cstdlib>
#include <fstream>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/pci_regs.h>
#include <unistd.h>

namespace weft::twin::pcie_port {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::uint32_t kReporting =
    PCI_ERR_ROOT_UNCOR_RCV | PCI_ERR_ROOT_NONFATAL_RCV | PCI_ERR_ROOT_FATAL_RCV;

std::uint16_t aer(SetMachine& machine, std::size_t i) {
  return machine.function(i).layout().aer;
}
std::uint16_t dpc(SetMachine& machine, std::size_t i) {
  return machine.function(i).layout().dpc;
}

TEST(PcieErrors, CorrectableOnesLatchFromWhatTheLinkCounts) {
  SetMachine machine;
  const std::uint16_t at = aer(machine, kDrive);
  const std::uint16_t root = aer(machine, kRoot);
  const std::uint16_t express = machine.function(kDrive).layout().express;
  EXPECT_EQ(machine.read(kDrive, at + PCI_ERR_COR_STATUS), 0U);
  machine.links[2]->count(LinkCounter::kReceiverErrors, End::kB, 5);
  machine.links[2]->count(LinkCounter::kBadDllp, End::kB, 1);
  machine.links[2]->count(LinkCounter::kBadTlp, End::kA, 9);
  EXPECT_EQ(machine.read(kDrive, at + PCI_ERR_COR_STATUS),
            std::uint32_t{PCI_ERR_COR_RCVR | PCI_ERR_COR_BAD_DLLP});
  EXPECT_EQ(machine.read(kDownDrive, aer(machine, kDownDrive) + PCI_ERR_COR_STATUS),
            std::uint32_t{PCI_ERR_COR_BAD_TLP});
  EXPECT_EQ(machine.read(kDrive, express + PCI_EXP_DEVSTA, 2) & PCI_EXP_DEVSTA_CED, 1U);
  EXPECT_EQ(machine.read(kRoot, root + PCI_ERR_ROOT_STATUS),
            std::uint32_t{PCI_ERR_ROOT_COR_RCV | PCI_ERR_ROOT_MULTI_COR_RCV});
  EXPECT_EQ(machine.read(kRoot, root + PCI_ERR_ROOT_ERR_SRC, 2), 0x0208U) << "02:01.0";

  machine.write(kDrive, at + PCI_ERR_COR_STATUS, PCI_ERR_COR_RCVR);
  EXPECT_EQ(machine.read(kDrive, at + PCI_ERR_COR_STATUS), std::uint32_t{PCI_ERR_COR_BAD_DLLP});
  machine.links[2]->count(LinkCounter::kReceiverErrors, End::kB, 1);
  EXPECT_EQ(machine.read(kDrive, at + PCI_ERR_COR_STATUS) & PCI_ERR_COR_RCVR, 1U);
  machine.write(kRoot, root + PCI_ERR_ROOT_STATUS, 0xFFFFFFFF);
  EXPECT_EQ(machine.read(kRoot, root + PCI_ERR_ROOT_STATUS), 0U);
  machine.write(kDrive, express + PCI_EXP_DEVSTA, PCI_EXP_DEVSTA_CED, 2);
  EXPECT_EQ(machine.read(kDrive, express + PCI_EXP_DEVSTA, 2) & PCI_EXP_DEVSTA_CED, 0U);
  machine.links[2]->count(LinkCounter::kReplayTimeouts, End::kB, 1);
  EXPECT_EQ(machine.read(kRoot, root + PCI_ERR_ROOT_STATUS), std::uint32_t{PCI_ERR_ROOT_COR_RCV});
  EXPECT_EQ(machine.read(kRoot, root + PCI_ERR_ROOT_ERR_SRC, 2), 0x0400U) << "04:00.0";

  const AerCounts counts = machine.function(kDrive).aer_counts();
  EXPECT_THAT(counts.correctable_text(), HasSubstr("RxErr 6\nBadTLP 0\nBadDLLP 1\n"));
  EXPECT_THAT(counts.correctable_text(), HasSubstr("Timeout 1\n"));
  EXPECT_THAT(counts.correctable_text(), HasSubstr("TOTAL_ERR_COR 8\n"));
  EXPECT_EQ(machine.function(kRoot).aer_counts().root->correctable, 17U);
}

TEST(PcieErrors, MaskedOnesAreLatchedAndNotReported) {
  SetMachine machine;
  const std::uint16_t at = aer(machine, kDrive);
  machine.write(kDrive, at + PCI_ERR_COR_MASK, PCI_ERR_COR_RCVR);
  machine.links[2]->count(LinkCounter::kReceiverErrors, End::kB, 5);
  EXPECT_EQ(machine.read(kDrive, at + PCI_ERR_COR_STATUS), std::uint32_t{PCI_ERR_COR_RCVR});
  EXPECT_EQ(machine.read(kRoot, aer(machine, kRoot) + PCI_ERR_ROOT_STATUS), 0U);
  machine.write(kDrive, at + PCI_ERR_COR_MASK, 0);
  machine.links[2]->count(LinkCounter::kReceiverErrors, End::kB, 2);
  EXPECT_EQ(machine.function(kDrive).aer_counts().correctable[0], 2U);
}

TEST(PcieErrors, ANonFatalOneTravelsToTheRootPort) {
  SetMachine machine;
  const std::uint16_t at = aer(machine, kDrive);
  const std::uint16_t root = aer(machine, kRoot);
  machine.links[2]->tell(MessageKind::kLinkError,
                         static_cast<std::uint32_t>(LinkError::kUncorrectable), 1);
  machine.advance_ms(20);
  EXPECT_EQ(machine.read(kDrive, at + PCI_ERR_UNCOR_STATUS), std::uint32_t{PCI_ERR_UNC_POISON_TLP});
  EXPECT_EQ(machine.read(kDrive, at + PCI_ERR_CAP) & 0x1F, 12U);
  EXPECT_NE(machine.read(kDrive, at + PCI_ERR_HEADER_LOG), 0U);
  EXPECT_EQ(machine.read(kDownDrive, aer(machine, kDownDrive) + PCI_ERR_UNCOR_STATUS), 0U);
  EXPECT_EQ(machine.read(kRoot, root + PCI_ERR_ROOT_STATUS) & kReporting,
            std::uint32_t{PCI_ERR_ROOT_UNCOR_RCV | PCI_ERR_ROOT_NONFATAL_RCV});
  EXPECT_EQ(machine.read(kRoot, root + PCI_ERR_ROOT_ERR_SRC + 2, 2), 0x0400U);
  EXPECT_NE(machine.read(kRoot, PCI_SEC_STATUS, 2) & PCI_STATUS_SIG_SYSTEM_ERROR, 0U);
  EXPECT_THAT(machine.function(kDrive).aer_counts().nonfatal_text(), HasSubstr("\nTLP 1\n"));
  EXPECT_EQ(machine.function(kRoot).aer_counts().root->nonfatal, 1U);
  // A second error does not move the pointer; clearing the first bit frees it.
  machine.function(kDrive).report_uncorrectable(20);
  EXPECT_EQ(machine.read(kDrive, at + PCI_ERR_CAP) & 0x1F, 12U);
  machine.write(kDrive, at + PCI_ERR_UNCOR_STATUS, PCI_ERR_UNC_POISON_TLP);
  machine.function(kDrive).report_uncorrectable(16);
  EXPECT_EQ(machine.read(kDrive, at + PCI_ERR_CAP) & 0x1F, 16U);
}

TEST(PcieErrors, AFatalOneFromBelowIsContained) {
  SetMachine machine;
  const std::uint16_t at = dpc(machine, kDownGpu);
  machine.function(kGpu).report_uncorrectable(18);  // Malformed TLP: fatal
  machine.advance_ms(20);
  const std::uint32_t status = machine.read(kDownGpu, at + PCI_EXP_DPC_STATUS, 2);
  EXPECT_EQ(status & 0x7, 0x5U) << "triggered, ERR_FATAL received";
  EXPECT_NE(status & PCI_EXP_DPC_STATUS_INTERRUPT, 0U);
  EXPECT_EQ(machine.read(kDownGpu, at + PCI_EXP_DPC_SOURCE_ID, 2), 0x0300U);
  EXPECT_THAT(machine.links[1]->calls, ElementsAre("disable"));
  EXPECT_EQ(machine.read(kGpu, PCI_VENDOR_ID), 0xFFFFFFFFU);
  EXPECT_EQ(machine.read(kRoot, aer(machine, kRoot) + PCI_ERR_ROOT_STATUS), 0U)
      << "the message went past the port that contained it";
  EXPECT_NE(machine.read(kDrive, PCI_VENDOR_ID), 0xFFFFFFFFU);
  machine.write(kDownGpu, at + PCI_EXP_DPC_STATUS, PCI_EXP_DPC_STATUS_TRIGGER, 2);
  machine.advance_ms(5);
  EXPECT_THAT(machine.links[1]->calls, ElementsAre("disable", "enable"));
  EXPECT_EQ(machine.read(kDownGpu, at + PCI_EXP_DPC_STATUS, 2) & 1U, 0U);
  EXPECT_NE(machine.read(kGpu, PCI_VENDOR_ID), 0xFFFFFFFFU);
}

TEST(PcieErrors, WithoutContainmentAFatalOneReachesTheRootPort) {
  SetMachine machine;
  machine.write(kDownGpu, dpc(machine, kDownGpu) + PCI_EXP_DPC_CTL, 0, 2);
  machine.write(kRoot, dpc(machine, kRoot) + PCI_EXP_DPC_CTL, 0, 2);
  machine.function(kGpu).report_uncorrectable(18);
  machine.advance_ms(20);
  EXPECT_EQ(
      machine.read(kRoot, aer(machine, kRoot) + PCI_ERR_ROOT_STATUS) & 0x7F,
      std::uint32_t{PCI_ERR_ROOT_UNCOR_RCV | PCI_ERR_ROOT_FIRST_FATAL | PCI_ERR_ROOT_FATAL_RCV});
  EXPECT_THAT(machine.links[1]->calls, IsEmpty());
  EXPECT_EQ(machine.function(kGpu).aer_counts().fatal[18], 1U);
}

TEST(PcieErrors, SurpriseDownIsThePortsOwnAndContainsIt) {
  SetMachine machine;
  machine.links[1]->state.is_up = false;
  machine.links[1]->tell(MessageKind::kLinkDown);
  machine.links[1]->tell(MessageKind::kLinkError,
                         static_cast<std::uint32_t>(LinkError::kSurpriseDown), 0);
  machine.advance_ms(20);
  EXPECT_EQ(machine.read(kDownGpu, aer(machine, kDownGpu) + PCI_ERR_UNCOR_STATUS),
            std::uint32_t{PCI_ERR_UNC_SURPDN});
  const std::uint32_t status =
      machine.read(kDownGpu, dpc(machine, kDownGpu) + PCI_EXP_DPC_STATUS, 2);
  EXPECT_EQ(status & 0x7, 0x1U) << "triggered, unmasked uncorrectable error";
  EXPECT_EQ(machine.function(kDownGpu).aer_counts().fatal[5], 1U);
}

TEST(PcieErrors, TheHostsHandlerEndsContainmentByItself) {
  SetMachine machine;
  const std::uint16_t at = dpc(machine, kDownGpu);
  machine.links[1]->state.is_up = false;
  machine.links[1]->tell(MessageKind::kLinkDown);
  machine.links[1]->tell(MessageKind::kLinkError,
                         static_cast<std::uint32_t>(LinkError::kSurpriseDown), 0);
  machine.advance_ms(20);
  ASSERT_NE(machine.read(kDownGpu, at + PCI_EXP_DPC_STATUS, 2) & 1U, 0U);
  machine.advance_ms(1500);
  EXPECT_EQ(machine.read(kDownGpu, at + PCI_EXP_DPC_STATUS, 2) & 9U, 0U);
}

TEST(PcieErrors, SoftwareCanTriggerContainment) {
  SetMachine machine;
  const std::uint16_t at = dpc(machine, kDownDrive);
  machine.write(kDownDrive, at + PCI_EXP_DPC_CTL,
                machine.read(kDownDrive, at + PCI_EXP_DPC_CTL, 2) | 0x40, 2);
  EXPECT_EQ(machine.read(kDownDrive, at + PCI_EXP_DPC_STATUS, 2) & 0x67, 0x27U);
  EXPECT_EQ(machine.read(kDownDrive, at + PCI_EXP_DPC_CTL, 2) & 0x40, 0U);
  machine.advance_ms(5);
  EXPECT_THAT(machine.links[2]->calls, ElementsAre("disable"));
}

/// The whole hierarchy as Debian's lspci prints it, with errors and containment in it.
TEST(PcieErrors, LspciPrintsWhatTheWorldKnows) {
  if (!base::has_program("lspci")) {
    GTEST_SKIP() << "lspci is not installed (Debian: pciutils)";
  }
  SetMachine machine;
  machine.links[0]->bring_up(16000, 8);
  machine.links[2]->count(LinkCounter::kReceiverErrors, End::kB, 5);
  machine.links[2]->count(LinkCounter::kBadDllp, End::kB, 1);
  machine.function(kGpu).report_uncorrectable(18);
  machine.advance_ms(20);
  const std::string file = "/tmp/weft_pcie_port_" + std::to_string(getpid()) + ".txt";
  std::ofstream out(file);
  for (std::size_t i = 0; i < 6; ++i) {
    out << machine.function(i).description() << " PCI\n";
    for (std::uint16_t at = 0; at < 4096; at += 16) {
      out << fmt::format("{:03x}:", at);
      for (std::uint16_t byte = 0; byte < 16; ++byte) {
        out << fmt::format(" {:02x}", machine.read(i, at + byte, 1));
      }
      out << '\n';
    }
    out << '\n';
  }
  out.close();
  const std::string text = base::shell_output("lspci -n -D -F " + file + " -vvv 2>&1").out;
  const std::string tree = base::shell_output("lspci -n -F " + file + " -tv 2>&1").out;
  std::remove(file.c_str());
  const auto block = [&](const std::string& address) {
    const std::size_t from = text.find(address + " ");
    const std::size_t end = text.find("\n\n", from);
    return from == std::string::npos ? "" : text.substr(from, end - from);
  };
  const std::string root = block("0000:00:01.0");
  EXPECT_THAT(root, HasSubstr("Express (v2) Root Port"));
  EXPECT_THAT(root, HasSubstr("LnkSta:\tSpeed 16GT/s, Width x8"));
  EXPECT_THAT(root, HasSubstr("DLActive+"));
  EXPECT_THAT(root, HasSubstr("RootSta: CERcvd+ MultCERcvd+ UERcvd-"));
  EXPECT_THAT(root, HasSubstr("ErrorSrc: ERR_COR: 0400"));
  EXPECT_THAT(root, HasSubstr("primary=00, secondary=01, subordinate=04"));
  const std::string port = block("0000:02:00.0");
  EXPECT_THAT(port, HasSubstr("DpcSta:\tTrigger+ Reason:02 INT+"));
  EXPECT_THAT(port, HasSubstr("Source:\t0300"));
  EXPECT_THAT(port, HasSubstr("SltSta:"));
  EXPECT_THAT(port, HasSubstr("Slot #7"));
  const std::string drive = block("0000:04:00.0");
  EXPECT_THAT(drive,
              HasSubstr("CESta:\tRxErr+ BadTLP- BadDLLP+ Rollover- Timeout- AdvNonFatalErr-"));
  EXPECT_THAT(drive, HasSubstr("CorrErr+ NonFatalErr- FatalErr-"));
  EXPECT_THAT(drive, HasSubstr("EqualizationComplete+ EqualizationPhase1+"));
  EXPECT_THAT(drive, HasSubstr("LnkSta:\tSpeed 16GT/s, Width x4"));
  EXPECT_THAT(tree, HasSubstr("01.0-[01-04]----00.0-[02-04]--+-00.0-[03]"));
}

}  // namespace
}  // namespace weft::twin::pcie_port
