// SPDX-License-Identifier: Apache-2.0
// decode() against configurations laid out from the uapi constants, the shape of the tables
// themselves, and properties over random bytes: nothing throws, nothing is dropped.
#include "wire/pcie/decode.h"

#include "wire/pcie/config_builder.h"

#include <algorithm>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace weft::wire::pcie {
namespace {

using testing::ConfigBuilder;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string text_of(const Decoded& decoded, Kind kind, std::uint16_t id, std::string_view reg,
                    std::string_view field, std::uint16_t vendor = 0) {
  const DecodedCapability* capability = decoded.find(kind, id, vendor);
  const DecodedRegister* found = capability == nullptr ? nullptr : capability->find(reg);
  const Field* spec = found == nullptr ? nullptr : found->field(field);
  return spec == nullptr ? "absent" : spec->text(spec->of(found->value));
}
std::string express(const Decoded& decoded, std::string_view reg, std::string_view field) {
  return text_of(decoded, Kind::kStandard, PCI_CAP_ID_EXP, reg, field);
}
std::string extended(const Decoded& decoded, std::uint16_t id, std::string_view reg,
                     std::string_view field) {
  return text_of(decoded, Kind::kExtended, id, reg, field);
}

ConfigBuilder endpoint() {
  ConfigBuilder b;
  b.header(0, 0x10DE, 0x2330, 0x030200);
  b.capability(0x40, PCI_CAP_ID_EXP);
  b.put(0x40 + PCI_EXP_FLAGS, 2, 2 | PCI_EXP_TYPE_ENDPOINT << 4);
  b.put(0x40 + PCI_EXP_LNKCAP, 4, PCI_EXP_LNKCAP_SLS_32_0GB | 4 << 4);
  return b;
}

// ---- the tables ----

void expect_sound(const Register& reg, const std::string& where) {
  EXPECT_THAT((std::set<int>{1, 2, 3, 4, 8}), Contains(reg.width)) << where;
  std::uint64_t owned = 0;
  std::set<std::string_view> keys;
  for (const Field& field : reg.fields) {
    EXPECT_LE(field.lsb + field.bits, reg.width * 8) << where << " " << field.key;
    EXPECT_TRUE(keys.insert(field.key).second) << where << " has " << field.key << " twice";
    EXPECT_EQ(field.show == Show::kCall, field.call != nullptr) << where << " " << field.key;
    EXPECT_EQ(field.show == Show::kChoice, !field.choices.empty()) << where << " " << field.key;
    EXPECT_FALSE(field.name.empty()) << where << " " << field.key;
    if (field.access == Access::kView) {
      continue;
    }
    const std::uint64_t mask = (field.bits == 64 ? ~0ULL : (1ULL << field.bits) - 1) << field.lsb;
    EXPECT_EQ(owned & mask, 0U) << where << " " << field.key << " overlaps";
    owned |= mask;
  }
}

TEST(PcieRegisters, TablesAreSound) {
  std::set<std::tuple<Kind, std::uint16_t, std::uint16_t>> seen;
  std::size_t fields = 0;
  for (const auto& table : all_capabilities()) {
    for (const Capability& capability : table) {
      const std::string where(capability.key);
      EXPECT_TRUE(seen.insert({capability.kind, capability.vendor, capability.id}).second) << where;
      EXPECT_EQ(find_capability(capability.kind, capability.id, capability.vendor), &capability);
      for (const Register& reg : capability.registers) {
        expect_sound(reg, where + "." + std::string(reg.key));
        fields += reg.fields.size();
      }
      for (const Group& group : capability.groups) {
        for (const Register& reg : group.registers) {
          expect_sound(reg, where + "." + std::string(group.key) + "." + std::string(reg.key));
          fields += reg.fields.size();
        }
      }
    }
  }
  EXPECT_GT(fields, 800U);
}

/// Registers of one capability do not overlap, but where `present` chooses between two forms.
TEST(PcieRegisters, RegistersDoNotOverlap) {
  for (const auto& table : all_capabilities()) {
    for (const Capability& capability : table) {
      std::uint32_t end = 0;
      std::vector<const Register*> sorted;
      for (const Register& reg : capability.registers) {
        if (reg.present == nullptr) {
          sorted.push_back(&reg);
        }
      }
      std::sort(sorted.begin(), sorted.end(),
                [](const Register* a, const Register* b) { return a->offset < b->offset; });
      for (const Register* reg : sorted) {
        EXPECT_GE(reg->offset, end) << capability.key << "." << reg->key;
        end = reg->offset + reg->width;
      }
    }
  }
}

TEST(PcieRegisters, EveryCapabilityOfTheUapiIsThere) {
  for (std::uint16_t id = PCI_CAP_ID_PM; id <= PCI_CAP_ID_MAX + 1; ++id) {
    EXPECT_NE(find_capability(Kind::kStandard, id), nullptr) << id;
  }
  for (std::uint16_t id = 1; id <= 0x36; ++id) {
    if (id == PCI_EXT_CAP_ID_AMD_XXX) {
      continue;  // reserved
    }
    EXPECT_NE(find_capability(Kind::kExtended, id), nullptr) << std::hex << id;
  }
  for (const int id : {0, 2, 3, 4, 5, 7, 8, 9, 0xA}) {
    EXPECT_NE(find_capability(Kind::kDvsec, static_cast<std::uint16_t>(id), 0x1E98), nullptr) << id;
  }
}

// ---- unit vectors from the field definitions ----

TEST(PcieDecode, LinkRegistersReadAsAPersonExpects) {
  ConfigBuilder b = endpoint();
  b.put(0x40 + PCI_EXP_LNKCAP, 4,
        PCI_EXP_LNKCAP_SLS_64_0GB | 16 << 4 | PCI_EXP_LNKCAP_ASPM_L0S | PCI_EXP_LNKCAP_ASPM_L1 |
            5 << 12 | 6 << 15 | PCI_EXP_LNKCAP_CLKPM);
  b.put(0x40 + PCI_EXP_LNKSTA, 2, PCI_EXP_LNKSTA_CLS_8_0GB | PCI_EXP_LNKSTA_NLW_X4);
  b.put(0x40 + PCI_EXP_LNKCAP2, 4, 0x7E);
  b.put(0x40 + PCI_EXP_DEVCTL, 2, PCI_EXP_DEVCTL_PAYLOAD_256B | PCI_EXP_DEVCTL_READRQ_4096B);
  b.put(0x40 + PCI_EXP_DEVCAP, 4, 75ULL << 18);
  b.put(0x40 + PCI_EXP_LNKCTL2, 2, PCI_EXP_LNKCTL2_TLS_64_0GT);
  const Decoded d = decode(b.bytes());
  EXPECT_THAT(d.problems, IsEmpty());
  EXPECT_EQ(express(d, "LnkCap", "Speed"), "64 GT/s");
  EXPECT_EQ(express(d, "LnkCap", "Width"), "x16");
  EXPECT_EQ(express(d, "LnkCap", "ASPM"), "L0s L1");
  EXPECT_EQ(express(d, "LnkCap", "ExitLatencyL0s"), "<2us");
  EXPECT_EQ(express(d, "LnkCap", "ExitLatencyL1"), "<64us");
  EXPECT_EQ(express(d, "LnkCap", "ClockPM"), "+");
  EXPECT_EQ(express(d, "LnkSta", "Speed"), "8 GT/s");
  EXPECT_EQ(express(d, "LnkSta", "Width"), "x4");
  EXPECT_EQ(express(d, "LnkCap2", "Supported Link Speeds"), "2.5-64 GT/s");
  EXPECT_EQ(express(d, "LnkCtl2", "Target Link Speed"), "64 GT/s");
  EXPECT_EQ(express(d, "DevCtl", "MaxPayload"), "256 bytes");
  EXPECT_EQ(express(d, "DevCtl", "MaxReadReq"), "4096 bytes");
  EXPECT_EQ(express(d, "DevCap", "SlotPowerLimit"), "75 W");
  EXPECT_EQ(express(d, "SltCap", "HotPlug"), "absent");
  EXPECT_EQ(express(d, "RootCtl", "PMEIntEna"), "absent");
}

TEST(PcieDecode, RootComplexEndpointsHaveNoLink) {
  ConfigBuilder b = endpoint();
  b.put(0x40 + PCI_EXP_FLAGS, 2, 2 | PCI_EXP_TYPE_RC_END << 4);
  EXPECT_EQ(express(decode(b.bytes()), "LnkCap", "Speed"), "absent");
  EXPECT_EQ(express(decode(b.bytes()), "DevCap2", "LTR"), "-");
}

TEST(PcieDecode, VersionOneEndsBeforeTheSecondRegisters) {
  ConfigBuilder b = endpoint();
  b.put(0x40 + PCI_EXP_FLAGS, 2, 1 | PCI_EXP_TYPE_ENDPOINT << 4);
  const Decoded d = decode(b.bytes());
  EXPECT_EQ(express(d, "LnkSta2", "Retimer"), "absent");
  EXPECT_EQ(d.find(Kind::kStandard, PCI_CAP_ID_EXP)->length, PCI_CAP_EXP_ENDPOINT_SIZEOF_V1);
}

TEST(PcieDecode, BaseAddressesAndWindows) {
  ConfigBuilder b = endpoint();
  b.put(PCI_BASE_ADDRESS_0, 4, 0xFE000000);
  b.put(PCI_BASE_ADDRESS_1, 4, 0x0000000C).put(PCI_BASE_ADDRESS_2, 4, 0x38);
  b.put(PCI_BASE_ADDRESS_3, 4, 0xE001);
  const Decoded d = decode(b.bytes());
  EXPECT_EQ(text_of(d, Kind::kHeader, 0, "BAR0", "Address"), "fe000000");
  EXPECT_EQ(text_of(d, Kind::kHeader, 0, "BAR1", "Address"), "0000003800000000");
  EXPECT_EQ(text_of(d, Kind::kHeader, 0, "BAR1", "Prefetchable"), "+");
  EXPECT_EQ(text_of(d, Kind::kHeader, 0, "BAR2", "Address"), "absent");
  EXPECT_EQ(text_of(d, Kind::kHeader, 0, "BAR3", "Address"), "e000");

  ConfigBuilder bridge;
  bridge.header(1, 0x8086, 0x1, 0x060400).put(PCI_IO_BASE, 1, 0xD1).put(PCI_IO_LIMIT, 1, 0xD1);
  bridge.put(PCI_MEMORY_BASE, 2, 0xF110).put(PCI_MEMORY_LIMIT, 2, 0xF110);
  bridge.put(PCI_PREF_MEMORY_BASE, 2, 0xFFF1).put(PCI_PREF_MEMORY_LIMIT, 2, 0x0001);
  const Decoded e = decode(bridge.bytes());
  EXPECT_EQ(e.capabilities[0].find("IOBase")->summary, "d000-dfff 32-bit [4 KB]");
  EXPECT_EQ(e.capabilities[0].find("MemoryBase")->summary, "f1100000-f11fffff 32-bit [1 MB]");
  EXPECT_EQ(e.capabilities[0].find("PrefetchBase")->summary, "disabled");
}

TEST(PcieDecode, MsiVariants) {
  for (const unsigned flags : {0U, 0x80U, 0x100U, 0x180U}) {
    ConfigBuilder b = endpoint();
    b.capability(0x80, PCI_CAP_ID_MSI).put(0x80 + PCI_MSI_FLAGS, 2, flags | PCI_MSI_FLAGS_ENABLE);
    const bool wide = (flags & PCI_MSI_FLAGS_64BIT) != 0;
    const bool mask = (flags & PCI_MSI_FLAGS_MASKBIT) != 0;
    b.put(0x80 + (wide ? PCI_MSI_DATA_64 : PCI_MSI_DATA_32), 2, 0x4021);
    if (mask) {
      b.put(0x80 + (wide ? PCI_MSI_PENDING_64 : PCI_MSI_PENDING_32), 4, 0x5);
    }
    const Decoded d = decode(b.bytes());
    EXPECT_EQ(text_of(d, Kind::kStandard, PCI_CAP_ID_MSI, "Data", "Value"), "4021") << flags;
    EXPECT_EQ(text_of(d, Kind::kStandard, PCI_CAP_ID_MSI, "Pending", "Value"),
              mask ? "00000005" : "absent");
    EXPECT_EQ(d.find(Kind::kStandard, PCI_CAP_ID_MSI)->length,
              10 + (wide ? 4 : 0) + (mask ? 10 : 0));
  }
}

TEST(PcieDecode, LanesOfAllPhysicalLayers) {
  ConfigBuilder b = endpoint();  // x4
  b.extended(0x100, PCI_EXT_CAP_ID_SECPCI).put(0x108, 4, 0xA).put(0x10C + 6, 2, 0x7654);
  b.extended(0x120, PCI_EXT_CAP_ID_PL_16GT).put(0x120 + 0xC, 4, 0x1F);
  b.put(0x120 + PCI_PL_16GT_LE_CTRL + 3, 1, 0x75).put(0x130, 4, 1);
  b.extended(0x150, 0x27).put(0x156, 2, 3).put(0x158 + 4 * 2, 4, 0x1234519B);
  b.extended(0x170, 0x2A).put(0x17C, 4, 1U << 10 | 1U << 5 | 2U << 6).put(0x190, 1, 0x98);
  b.extended(0x1A0, 0x31).put(0x1AC, 4, 1U << 5).put(0x1B3, 1, 0xA0);
  const Decoded d = decode(b.bytes());
  EXPECT_THAT(d.problems, IsEmpty());
  EXPECT_EQ(extended(d, 0x19, "LaneErrStat", "Lanes"), "lanes 1, 3");
  EXPECT_EQ(extended(d, 0x19, "Lane3", "DownTxPreset"), "P4");
  EXPECT_EQ(extended(d, 0x19, "Lane3", "UpRxHint"), "reserved");
  EXPECT_EQ(extended(d, 0x19, "Lane4", "DownTxPreset"), "absent");
  EXPECT_EQ(extended(d, 0x26, "Phy16Sta", "LinkEquRequest"), "+");
  EXPECT_EQ(extended(d, 0x26, "Phy16Parity", "Lanes"), "lanes 0");
  EXPECT_EQ(extended(d, 0x26, "Lane3", "DownTxPreset"), "P5");
  EXPECT_EQ(extended(d, 0x26, "Lane3", "UpTxPreset"), "P7");
  EXPECT_EQ(extended(d, 0x27, "PortSta", "MargSoftReady"), "+");
  EXPECT_EQ(extended(d, 0x27, "Lane2.Ctl", "Receiver"), "3");
  EXPECT_EQ(extended(d, 0x27, "Lane2.Ctl", "Type"), "3");
  EXPECT_EQ(extended(d, 0x27, "Lane2.Ctl", "Payload"), "51");
  EXPECT_EQ(extended(d, 0x27, "Lane2.Sta", "Payload"), "12");
  EXPECT_EQ(extended(d, 0x2A, "Phy32Sta", "NoEqualizationNeededRecv"), "+");
  EXPECT_EQ(extended(d, 0x2A, "Phy32Sta", "Received Enhanced Link Behavior Control"),
            "No Equalization Needed");
  EXPECT_EQ(extended(d, 0x2A, "Lane0", "UpTxPreset"), "P9");
  EXPECT_EQ(extended(d, 0x31, "Phy64Sta", "TxPrecodeOn"), "+");
  EXPECT_EQ(extended(d, 0x31, "Lane3", "UpTxPreset"), "P10");
}

TEST(PcieDecode, RepeatedPartsStandWhereTheSpecificationPutsThem) {
  ConfigBuilder b = endpoint();
  b.extended(0x100, PCI_EXT_CAP_ID_REBAR).put(0x108, 4, 2ULL << 5 | 1 | 8ULL << 8);
  b.put(0x104, 4, 1ULL << 12 | 1ULL << 4).put(0x110, 4, 3 | 15ULL << 8);
  b.extended(0x120, PCI_EXT_CAP_ID_VC)
      .put(0x124, 4, 1)
      .put(0x120 + PCI_VC_RES_CTRL + 12, 4, 0x81000002);
  b.extended(0x150, PCI_EXT_CAP_ID_DPC).put(0x154, 2, PCI_EXP_DPC_CAP_RP_EXT | 6 << 8);
  b.put(0x150 + PCI_EXP_DPC_RP_PIO_STATUS, 4, 1 << 16);
  b.put(0x150 + PCI_EXP_DPC_RP_PIO_TLPPREFIX_LOG, 4, 0xCAFE);
  b.extended(0x190, 0x30).put(0x194, 4, 3U | 1U << 13 | 1U << 16);
  b.put(0x19C + 16, 4, 1).put(0x19C + 16 + 0x14, 4, 0x12300001).put(0x19C + 16 + 0x20, 4, 2);
  b.put(0x19C + 16 + 0x24, 4, 0x55000001);
  const Decoded d = decode(b.bytes());
  EXPECT_EQ(extended(d, 0x15, "Entry0.Ctl", "current size"), "256 MB");
  EXPECT_EQ(extended(d, 0x15, "Entry0.Cap", "supported"), "1 MB, 256 MB");
  EXPECT_EQ(extended(d, 0x15, "Entry1.Ctl", "current size"), "32 GB");
  EXPECT_EQ(extended(d, 0x02, "VC1.Ctrl", "TC/VC"), "02");
  EXPECT_EQ(extended(d, 0x02, "VC1.Ctrl", "ID"), "1");
  EXPECT_EQ(extended(d, 0x1D, "RpPioSta", "MemUR"), "+");
  EXPECT_EQ(extended(d, 0x1D, "RpPioPrefixLog0", "Value"), "0000cafe");
  EXPECT_EQ(extended(d, 0x30, "LinkIDE1.Ctl", "En"), "-");
  EXPECT_EQ(extended(d, 0x30, "SelectiveIDE0.Cap", "Blocks"), "1");
  EXPECT_EQ(extended(d, 0x30, "SelectiveAddr0.Addr1", "Valid"), "+");
  EXPECT_EQ(extended(d, 0x30, "SelectiveIDE1.Cap", "Blocks"), "2");
  EXPECT_EQ(extended(d, 0x30, "SelectiveIDE1.Ctl", "ID"), "85");
}

TEST(PcieDecode, CxlDesignatedVendorSpecific) {
  ConfigBuilder b = endpoint();
  b.dvsec(0x100, 0x1E98, 0, 2, 0x3C).put(0x10A, 2, 0x4016).put(0x118, 4, 4).put(0x11C, 4, 0x3);
  b.put(0x116, 2, 0x0402).put(0x138, 2, 9);
  b.dvsec(0x140, 0x1E98, 7, 2, 0x20).put(0x14E, 2, 0x2027);
  b.dvsec(0x170, 0x1E98, 8, 0, 0x24)
      .put(0x17C, 4, 0x00010100)
      .put(0x184, 4, 0x00020302)
      .put(0x188, 4, 1);
  b.dvsec(0x1A0, 0x1E98, 5, 0, 0x10).put(0x1AA, 2, 0x0305).put(0x1AC, 4, 2500);
  const Decoded d = decode(b.bytes());
  EXPECT_THAT(d.problems, IsEmpty());
  const auto cxl = [&](std::uint16_t id, std::string_view reg, std::string_view field) {
    return text_of(d, Kind::kDvsec, id, reg, field, 0x1E98);
  };
  EXPECT_EQ(cxl(0, "CXLCap", "Mem"), "+");
  EXPECT_EQ(cxl(0, "CXLCap", "Cache"), "-");
  EXPECT_EQ(cxl(0, "CXLCap", "HDMCount"), "1");
  EXPECT_EQ(cxl(0, "Range1", "Active"), "+");
  EXPECT_EQ(cxl(0, "CXLCap3", "HotResetConfigurability"), "+");
  const DecodedCapability* device = d.find(Kind::kDvsec, 0, 0x1E98);
  EXPECT_EQ(device->find("Range1")->summary,
            "0000000000000000-00000003ffffffff [size=0x400000000]");
  EXPECT_EQ(device->find("CXLCap2")->summary, "4 MB");
  EXPECT_EQ(cxl(7, "FBSta", "68BFlit"), "+");
  EXPECT_EQ(cxl(7, "FBSta", "256BFlit"), "+");
  EXPECT_EQ(cxl(8, "Block0", "ID"), "component registers");
  EXPECT_EQ(cxl(8, "Block1", "ID"), "CXL device registers");
  EXPECT_EQ(cxl(8, "Block1", "BIR"), "2");
  EXPECT_EQ(cxl(8, "Block1", "offset"), "0000000100020000");
  EXPECT_EQ(cxl(8, "Block2", "ID"), "empty");
  EXPECT_EQ(cxl(5, "GpfDuration", "GPF Phase 2 Duration"), "5 ms");
  EXPECT_EQ(cxl(5, "GpfPower", "GPF Phase 2 Power"), "2500 mW");
}

TEST(PcieDecode, UnknownCapabilitiesAreKeptAsBytes) {
  ConfigBuilder b = endpoint();
  b.capability(0x90, 0x7F).put(0x92, 2, 0xBEEF);
  b.extended(0x100, 0xABC, 3).put(0x104, 4, 0x12345678);
  b.dvsec(0x110, 0x8086, 0x23, 1, 0x10).put(0x11C, 4, 0x0BADF00D);
  const Decoded d = decode(b.bytes());
  EXPECT_THAT(d.problems, IsEmpty());
  ASSERT_EQ(d.capabilities.size(), 5U);
  EXPECT_EQ(d.capabilities[2].name, "Capability 0x7f");
  EXPECT_FALSE(d.capabilities[2].known);
  EXPECT_EQ(d.capabilities[2].raw[2], 0xEF);
  EXPECT_EQ(d.capabilities[3].name, "Extended Capability 0xabc");
  EXPECT_EQ(d.capabilities[3].version, 3);
  EXPECT_EQ(d.capabilities[3].length, 0x10);
  EXPECT_EQ(d.capabilities[4].name, "Designated Vendor-Specific, vendor 8086 id 0023");
  EXPECT_EQ(d.capabilities[4].length, 0x10);
  const Node root = tree(d);
  const Node& last = root.children[0].children[4];
  EXPECT_THAT(last.children.back().text, HasSubstr("0df0ad0b"));
}

TEST(PcieDecode, HostileInputGivesProblems) {
  EXPECT_THAT(decode(base::Bytes(4096, 0xFF)).problems,
              ElementsAre("device does not answer (all ones)"));
  EXPECT_THAT(decode(base::Bytes(4096, 0)).problems, IsEmpty());
  EXPECT_THAT(decode({}).problems, Contains(HasSubstr("only 0 bytes")));
  ConfigBuilder cut = endpoint();
  cut.extended(0x100, PCI_EXT_CAP_ID_ERR);
  const base::Bytes bytes = cut.bytes();
  EXPECT_THAT(decode(base::ByteView(bytes).first(0x110)).problems,
              ElementsAre("Advanced Error Reporting at 0x100 is cut off after 16 bytes"));
}

// ---- properties ----

/// Random bytes, but with a list that leads somewhere: purely random ones rarely pass the header.
base::Bytes plausible(const std::vector<std::uint8_t>& noise, bool all) {
  base::Bytes bytes(noise.begin(), noise.end());
  bytes.resize(all ? 4096 : noise.size());
  if (bytes.size() >= 64) {
    bytes[0] = 0x86;
    bytes[6] |= 0x10;
    bytes[0x0E] &= 1;
    bytes[0x34] = 0x40;
  }
  if (bytes.size() >= 0x50) {
    bytes[0x40] = 0x10;
    bytes[0x41] = bytes[0x41] < 0x50 ? 0x50 : bytes[0x41] & 0xFC;
  }
  return bytes;
}

RC_GTEST_PROP(PcieDecodeProperties, NeverFailsAndDropsNothing,
              (std::vector<std::uint8_t> noise, bool all)) {
  const base::Bytes bytes = plausible(noise, all);
  const Decoded d = decode(bytes);
  for (const DecodedCapability& one : d.capabilities) {
    RC_ASSERT(one.offset + one.raw.size() <= bytes.size());
    RC_ASSERT(one.raw.size() == one.length);
    for (const DecodedRegister& reg : one.registers) {
      RC_ASSERT(reg.offset + std::size_t{reg.spec->width} <= bytes.size());
      RC_ASSERT(*base::read_le(bytes, reg.offset, reg.spec->width) == reg.value);
      for (const FieldValue& field : reg.fields()) {
        RC_ASSERT(!field.text.empty());
      }
    }
  }
  RC_ASSERT(tree(d).children.size() == 2U);
}

/// Every capability of the bank, alone and filled with noise: its tables end, and stay in the
/// space.
RC_GTEST_PROP(PcieDecodeProperties, EveryTableSurvivesNoise, (std::vector<std::uint8_t> noise)) {
  for (const auto& table : all_capabilities()) {
    for (const Capability& one : table) {
      if (one.kind == Kind::kHeader) {
        continue;
      }
      ConfigBuilder b = endpoint();
      const std::size_t at = one.kind == Kind::kStandard ? 0x90 : 0x100;
      if (one.kind == Kind::kStandard) {
        b.capability(at, static_cast<std::uint8_t>(one.id));
      } else if (one.kind == Kind::kExtended) {
        b.extended(at, one.id, 2);
      } else {
        b.dvsec(at, one.vendor, one.id, 2, 0x3C);
      }
      const std::size_t first = one.kind == Kind::kStandard ? 2 : one.kind == Kind::kDvsec ? 10 : 4;
      for (std::size_t i = 0; i < noise.size(); ++i) {
        b.put(at + first + i, 1, noise[i]);
      }
      const Decoded d = decode(b.bytes());
      RC_ASSERT(d.find(one.kind, one.id, one.vendor) != nullptr ||
                one.id == 0x23);  // a DVSEC is listed under its own id
    }
  }
}

}  // namespace
}  // namespace weft::wire::pcie
