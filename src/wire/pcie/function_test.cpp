// SPDX-License-Identifier: Apache-2.0
// read_function() against configurations laid out from the uapi constants, and against hostile
// ones.
#include "wire/pcie/function.h"

#include "wire/pcie/config_builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weft::wire::pcie {
namespace {

using testing::ConfigBuilder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// A root port at 16 GT/s x16 whose link came up at 8 GT/s x8, with a slot, AER, DPC and a serial
/// number.
ConfigBuilder root_port() {
  ConfigBuilder b;
  b.header(0x81, 0x8086, 0x347A, 0x060400);
  b.put(PCI_REVISION_ID, 1, 4).put(PCI_PRIMARY_BUS, 1, 0x10).put(PCI_SECONDARY_BUS, 1, 0x11);
  b.put(PCI_SUBORDINATE_BUS, 1, 0x1F);
  b.capability(0x40, PCI_CAP_ID_EXP);
  b.put(0x40 + PCI_EXP_FLAGS, 2, 2 | PCI_EXP_TYPE_ROOT_PORT << 4 | PCI_EXP_FLAGS_SLOT);
  b.put(0x40 + PCI_EXP_LNKCAP, 4,
        PCI_EXP_LNKCAP_SLS_16_0GB | 16 << 4 | PCI_EXP_LNKCAP_ASPM_L1 | PCI_EXP_LNKCAP_SDERC |
            PCI_EXP_LNKCAP_DLLLARC | 7ULL << 24);
  b.put(0x40 + PCI_EXP_LNKCTL, 2, PCI_EXP_LNKCTL_ASPM_L1 | PCI_EXP_LNKCTL_HAWD);
  b.put(0x40 + PCI_EXP_LNKSTA, 2,
        PCI_EXP_LNKSTA_CLS_8_0GB | PCI_EXP_LNKSTA_NLW_X8 | PCI_EXP_LNKSTA_DLLLA |
            PCI_EXP_LNKSTA_LABS);
  b.put(0x40 + PCI_EXP_SLTCAP, 4, PCI_EXP_SLTCAP_HPC | 42ULL << 19);
  b.put(0x40 + PCI_EXP_SLTSTA, 2, PCI_EXP_SLTSTA_PDS | PCI_EXP_SLTSTA_PFD);
  b.put(0x40 + PCI_EXP_LNKCAP2, 4,
        PCI_EXP_LNKCAP2_SLS_2_5GB | PCI_EXP_LNKCAP2_SLS_5_0GB | PCI_EXP_LNKCAP2_SLS_8_0GB |
            PCI_EXP_LNKCAP2_SLS_16_0GB);
  b.put(0x40 + PCI_EXP_LNKCTL2, 2, PCI_EXP_LNKCTL2_TLS_16_0GT | PCI_EXP_LNKCTL2_HASD);
  b.put(0x40 + PCI_EXP_LNKSTA2, 2, 1U << 1 | 1U << 5 | 1U << 6 | 1U << 10);
  b.capability(0x80, PCI_CAP_ID_PM).put(0x80 + PCI_PM_CTRL, 2, 3);
  b.capability(0x90, PCI_CAP_ID_SSVID);
  b.put(0x90 + PCI_SSVID_VENDOR_ID, 2, 0x15D9).put(0x90 + PCI_SSVID_DEVICE_ID, 2, 0x1234);
  b.extended(0x100, PCI_EXT_CAP_ID_ERR, 2);
  b.put(0x100 + PCI_ERR_UNCOR_STATUS, 4, PCI_ERR_UNC_SURPDN);
  b.put(0x100 + PCI_ERR_UNCOR_MASK, 4, PCI_ERR_UNC_UNX_COMP);
  b.put(0x100 + PCI_ERR_UNCOR_SEVER, 4, PCI_ERR_UNC_DLP);
  b.put(0x100 + PCI_ERR_COR_STATUS, 4, PCI_ERR_COR_BAD_TLP | PCI_ERR_COR_BAD_DLLP);
  b.put(0x100 + PCI_ERR_COR_MASK, 4, PCI_ERR_COR_ADV_NFAT);
  b.put(0x100 + PCI_ERR_ROOT_STATUS, 4, PCI_ERR_ROOT_COR_RCV);
  b.extended(0x150, PCI_EXT_CAP_ID_DSN).put(0x154, 4, 0x89ABCDEF).put(0x158, 4, 0x01234567);
  b.extended(0x160, PCI_EXT_CAP_ID_DPC);
  b.put(0x160 + PCI_EXP_DPC_STATUS, 2, PCI_EXP_DPC_STATUS_TRIGGER | 2 << 1);
  b.put(0x160 + PCI_EXP_DPC_SOURCE_ID, 2, 0x1108);
  b.extended(0x180, PCI_EXT_CAP_ID_SECPCI).put(0x188, 4, 0x5);
  b.dvsec(0x200, 0x1E98, 3, 0, 0x28);
  return b;
}

TEST(PcieFunction, ReadsARootPort) {
  const Function f = read_function(root_port().bytes());
  EXPECT_THAT(f.problems, IsEmpty());
  EXPECT_EQ(f.vendor, 0x8086);
  EXPECT_EQ(f.device, 0x347A);
  EXPECT_EQ(f.revision, 4);
  EXPECT_EQ(f.class_code, 0x060400U);
  EXPECT_EQ(f.header_type, 1);
  EXPECT_TRUE(f.multifunction);
  EXPECT_EQ(f.primary_bus, 0x10);
  EXPECT_EQ(f.secondary_bus, 0x11);
  EXPECT_EQ(f.subordinate_bus, 0x1F);
  EXPECT_EQ(f.subsystem_vendor, 0x15D9);
  EXPECT_EQ(f.subsystem_device, 0x1234);
  EXPECT_TRUE(f.has_capabilities);
  EXPECT_TRUE(f.has_extended);
  EXPECT_EQ(f.port_type, PortType::kRootPort);
  EXPECT_EQ(f.power_state, 3);
  EXPECT_EQ(f.serial_number, 0x0123456789ABCDEFULL);
  EXPECT_EQ(f.lane_error_status, 5U);
  EXPECT_TRUE(f.cxl);
}

TEST(PcieFunction, ReadsTheLink) {
  const Function f = read_function(root_port().bytes());
  ASSERT_TRUE(f.link.has_value());
  const LinkRegisters& link = *f.link;
  EXPECT_EQ(link.max_rate, base::giga_transfers(16));
  EXPECT_EQ(link.max_width, base::LaneCount(16));
  EXPECT_THAT(link.supported_rates, ElementsAre(base::mega_transfers(2500), base::giga_transfers(5),
                                                base::giga_transfers(8), base::giga_transfers(16)));
  EXPECT_EQ(link.port_number, 7);
  EXPECT_EQ(link.aspm_support, 2);
  EXPECT_EQ(link.aspm_control, 2);
  EXPECT_TRUE(link.surprise_down_reporting);
  EXPECT_TRUE(link.active_reporting_capable);
  EXPECT_EQ(link.rate, base::giga_transfers(8));
  EXPECT_EQ(link.width, base::LaneCount(8));
  EXPECT_FALSE(link.training);
  EXPECT_TRUE(link.active);
  EXPECT_FALSE(link.bandwidth_management);
  EXPECT_TRUE(link.autonomous_bandwidth);
  EXPECT_FALSE(link.disabled);
  EXPECT_FALSE(link.clock_power_management);
  EXPECT_TRUE(link.autonomous_width_disabled);
  EXPECT_TRUE(link.autonomous_speed_disabled);
  EXPECT_EQ(link.target_rate, base::giga_transfers(16));
  EXPECT_TRUE(link.has_registers_2);
  EXPECT_TRUE(link.retimer_present);
  EXPECT_FALSE(link.two_retimers_present);
  EXPECT_FALSE(link.detects_retimers) << "Link Capabilities 2 bit 23 is clear";
  EXPECT_TRUE(link.equalization_complete);
  EXPECT_TRUE(link.equalization_requested);
  EXPECT_TRUE(link.flit_mode);
}

// PCIe Base 6.2, 7.5.3.20, Link Status 2 bits 14:12; lspci prints them as "DownstreamComp".
TEST(PcieFunction, ReadsWhetherAComponentIsThereBelow) {
  auto config = root_port();
  EXPECT_EQ(read_function(config.bytes()).link->component_present, std::nullopt) << "no such field";
  config.put(0x40 + PCI_EXP_LNKSTA2, 2, 1U << 12);
  EXPECT_EQ(read_function(config.bytes()).link->component_present, false);
  for (const unsigned code : {2U, 4U, 5U}) {
    config.put(0x40 + PCI_EXP_LNKSTA2, 2, code << 12);
    EXPECT_EQ(read_function(config.bytes()).link->component_present, true) << code;
  }
  config.put(0x40 + PCI_EXP_LNKSTA2, 2, 3U << 12);
  EXPECT_EQ(read_function(config.bytes()).link->component_present, std::nullopt) << "reserved";
}

TEST(PcieFunction, ReadsTheWidthOfTheLastTrainingFromDevice3) {
  auto config = root_port();
  EXPECT_FALSE(read_function(config.bytes()).device_3.has_value());
  config.extended(0x300, 0x2F);
  config.put(0x308, 4, 1U << 3);  // Device Control 3: L0p Enable
  config.put(0x30C, 4, 4);        // Device Status 3: Initial Link Width x16
  const auto enabled = read_function(config.bytes());
  ASSERT_TRUE(enabled.device_3.has_value());
  EXPECT_TRUE(enabled.device_3->l0p_enabled);
  EXPECT_EQ(enabled.device_3->initial_width, base::LaneCount(16));
  config.put(0x30C, 4, 6);
  EXPECT_EQ(read_function(config.bytes()).device_3->initial_width, std::nullopt) << "reserved";
}

TEST(PcieFunction, TellsASlotThatIsSwitchedOffFromOneWithoutAController) {
  auto config = root_port();
  config.put(0x40 + PCI_EXP_SLTCTL, 2, PCI_EXP_SLTCTL_PCC);
  EXPECT_FALSE(read_function(config.bytes()).slot->powered_off) << "no power controller";
  config.put(0x40 + PCI_EXP_SLTCAP, 4, PCI_EXP_SLTCAP_HPC | PCI_EXP_SLTCAP_PCP);
  EXPECT_TRUE(read_function(config.bytes()).slot->powered_off);
}

TEST(PcieFunction, ReadsSlotAndErrors) {
  const Function f = read_function(root_port().bytes());
  ASSERT_TRUE(f.slot.has_value());
  EXPECT_TRUE(f.slot->hot_plug_capable);
  EXPECT_EQ(f.slot->physical_number, 42);
  EXPECT_EQ(f.slot->card_present, true);
  EXPECT_TRUE(f.slot->power_fault);
  ASSERT_TRUE(f.aer.has_value());
  EXPECT_EQ(f.aer->uncorrectable_status, static_cast<std::uint32_t>(PCI_ERR_UNC_SURPDN));
  EXPECT_EQ(f.aer->uncorrectable_mask, static_cast<std::uint32_t>(PCI_ERR_UNC_UNX_COMP));
  EXPECT_EQ(f.aer->uncorrectable_severity, static_cast<std::uint32_t>(PCI_ERR_UNC_DLP));
  EXPECT_EQ(f.aer->correctable_status,
            static_cast<std::uint32_t>(PCI_ERR_COR_BAD_TLP | PCI_ERR_COR_BAD_DLLP));
  EXPECT_EQ(f.aer->correctable_mask, static_cast<std::uint32_t>(PCI_ERR_COR_ADV_NFAT));
  EXPECT_EQ(f.aer->root_status, static_cast<std::uint32_t>(PCI_ERR_ROOT_COR_RCV));
  ASSERT_TRUE(f.dpc.has_value());
  EXPECT_TRUE(f.dpc->triggered);
  EXPECT_EQ(f.dpc->trigger_reason, 2);
  EXPECT_EQ(f.dpc->source_id, 0x1108);
}

TEST(PcieFunction, UnprivilegedReadIsNotAProblem) {
  const base::Bytes all = root_port().bytes();
  const Function f = read_function(base::ByteView(all).first(64));
  EXPECT_THAT(f.problems, IsEmpty());
  EXPECT_EQ(f.device, 0x347A);
  EXPECT_EQ(f.secondary_bus, 0x11);
  EXPECT_FALSE(f.has_capabilities);
  EXPECT_FALSE(f.has_extended);
  EXPECT_FALSE(f.port_type.has_value());
  EXPECT_FALSE(f.link.has_value());
  EXPECT_FALSE(f.power_state.has_value());
}

TEST(PcieFunction, StandardSpaceOnlyHasNoErrorRegisters) {
  const base::Bytes all = root_port().bytes();
  const Function f = read_function(base::ByteView(all).first(256));
  EXPECT_THAT(f.problems, IsEmpty());
  EXPECT_TRUE(f.link.has_value());
  EXPECT_FALSE(f.has_extended);
  EXPECT_FALSE(f.aer.has_value());
}

TEST(PcieFunction, AllOnesDoesNotAnswer) {
  for (const std::size_t size : {std::size_t{64}, std::size_t{256}, std::size_t{4096}}) {
    const Function f = read_function(base::Bytes(size, 0xFF));
    EXPECT_THAT(f.problems, ElementsAre("device does not answer (all ones)"));
    EXPECT_FALSE(f.link.has_value());
  }
}

TEST(PcieFunction, VirtualFunctionsAnswer) {
  ConfigBuilder b = root_port();
  b.put(0, 4, 0xFFFFFFFF).put(PCI_HEADER_TYPE, 1, 0);
  EXPECT_THAT(read_function(b.bytes()).problems, IsEmpty());
  EXPECT_TRUE(read_function(b.bytes()).link.has_value());
}

TEST(PcieFunction, LoopsAndWildPointersAreTold) {
  ConfigBuilder loop = root_port();
  loop.put(0x80 + 1, 1, 0x40);
  EXPECT_THAT(read_function(loop.bytes()).problems, ElementsAre("capability list loops at 0x40"));
  ConfigBuilder low = root_port();
  low.put(0x80 + 1, 1, 0x10);
  EXPECT_THAT(read_function(low.bytes()).problems,
              ElementsAre(HasSubstr("0x10 points into the header")));
  ConfigBuilder odd = root_port();
  odd.put(0x80 + 1, 1, 0x91);
  EXPECT_THAT(read_function(odd.bytes()).problems, ElementsAre(HasSubstr("0x91 is misaligned")));
  EXPECT_EQ(read_function(odd.bytes()).subsystem_vendor, 0x15D9);
  ConfigBuilder extended = root_port();
  extended.put(0x150, 4, PCI_EXT_CAP_ID_DSN | 1 << 16 | 0x100ULL << 20);
  EXPECT_THAT(read_function(extended.bytes()).problems,
              ElementsAre("extended capability list loops at 0x100"));
  ConfigBuilder below = root_port();
  below.put(0x150, 4, PCI_EXT_CAP_ID_DSN | 1 << 16 | 0x40ULL << 20);
  EXPECT_THAT(read_function(below.bytes()).problems, ElementsAre(HasSubstr("below 0x100")));
}

TEST(PcieFunction, TruncatedReadsAreTold) {
  const base::Bytes all = root_port().bytes();
  EXPECT_THAT(read_function(base::ByteView(all).first(0x88)).problems,
              ElementsAre(HasSubstr("0x90 lies past the 136 bytes read")));
  EXPECT_THAT(read_function(base::ByteView(all).first(0x158)).problems,
              ElementsAre(HasSubstr("0x160 lies past")));
  EXPECT_FALSE(read_function(base::ByteView(all).first(0x158)).serial_number.has_value());
  EXPECT_THAT(read_function(base::ByteView(all).first(20)).problems,
              ElementsAre(HasSubstr("only 20 bytes")));
  EXPECT_THAT(read_function({}).problems, ElementsAre(HasSubstr("only 0 bytes")));
}

TEST(PcieFunction, SpeedCodes) {
  EXPECT_EQ(rate_of_code(0), std::nullopt);
  EXPECT_EQ(rate_of_code(1), base::mega_transfers(2500));
  EXPECT_EQ(rate_of_code(6), base::giga_transfers(64));
  EXPECT_EQ(rate_of_code(7), base::giga_transfers(128));
  EXPECT_EQ(rate_of_code(8), std::nullopt);
}

}  // namespace
}  // namespace weft::wire::pcie
