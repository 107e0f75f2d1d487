// SPDX-License-Identifier: Apache-2.0
// Capabilities of conventional PCI that older functions and some host bridges still carry: AGP,
// CompactPCI, PCI-X, HyperTransport, standard hot-plug, secure device. AGP 3.0, PCI-X 2.0,
// HyperTransport 3.0 chapter 7. Where only the frame of a capability is known here, its body is
// given as raw bytes by decode.h.
#include "wire/pcie/show.h"
#include "wire/pcie/tables.h"

namespace weft::wire::pcie::tables {
namespace legacy_tables {

constexpr Field kByte[] = {hex(0, 8, "Value", "Value")};
constexpr Field kWord[] = {hex(0, 16, "Value", "Value")};
constexpr Field kDword[] = {hex(0, 32, "Value", "Value")};

// ---- 02h and 0Eh AGP ----
constexpr Field kAgpVersion[] = {number(0, 4, "Minor", "Minor Revision"),
                                 number(4, 4, "Major", "Major Revision")};
constexpr Field kAgpStatus[] = {hex(0, 3, "Rate", "Data Rates Supported"),
                                flag(3, "AGP3", "AGP 3.0 Mode"),
                                flag(4, "FW", "Fast Write"),
                                flag(5, "64bit", "Over 4 GB Addressing"),
                                flag(6, "HTrans", "Host Translation"),
                                flag(7, "GART64", "64-bit GART Entries"),
                                flag(8, "ITACoh", "In-Aperture Coherent"),
                                flag(9, "SBA", "Sideband Addressing"),
                                number(10, 3, "Cal", "Calibration Cycle"),
                                number(13, 3, "ArqSz", "Optimum Request Size"),
                                flag(16, "Iso", "Isochronous"),
                                number(24, 8, "RQ", "Request Queue Depth", Access::kRo, {}, 1)};
constexpr Field kAgpCommand[] = {hex(0, 3, "Rate", "Data Rate", Access::kRw),
                                 flag(4, "FW", "Fast Write Enable", Access::kRw),
                                 flag(5, "64bit", "Over 4 GB Enable", Access::kRw),
                                 flag(7, "GART64", "64-bit GART Entries Enable", Access::kRw),
                                 flag(8, "AGP", "AGP Enable", Access::kRw),
                                 flag(9, "SBA", "Sideband Addressing Enable", Access::kRw),
                                 number(10, 3, "Cal", "Calibration Cycle", Access::kRw),
                                 number(13, 3, "ArqSz", "Optimum Request Size", Access::kRw),
                                 number(24, 8, "RQ", "Request Queue Depth", Access::kRw, {}, 1)};
constexpr Register kAgp[] = {{2, 1, "AGPVersion", "Version", kAgpVersion},
                             {4, 4, "Status", "AGP Status", kAgpStatus},
                             {8, 4, "Command", "AGP Command", kAgpCommand}};

// ---- 06h CompactPCI hot swap, 0Bh central resource, 0Ch hot-plug controller ----
constexpr Field kHotSwap[] = {flag(0, "DHA", "Device Hiding Arm", Access::kRw),
                              flag(1, "EIM", "ENUM# Signal Mask", Access::kRw),
                              flag(2, "PIE", "Pending Insert or Extract"),
                              flag(3, "LOO", "LED On/Off", Access::kRw),
                              number(4, 2, "PI", "Programming Interface"),
                              flag(6, "EXT", "ENUM# Status, Extraction", Access::kRw1c),
                              flag(7, "INS", "ENUM# Status, Insertion", Access::kRw1c)};
constexpr Register kHotSwapRegisters[] = {{2, 1, "CSR", "Control and Status", kHotSwap}};
constexpr Register kHotPlug[] = {{2, 1, "DwordSelect", "DWORD Select", kByte},
                                 {3, 1, "Pending", "Controller Pending", kByte},
                                 {4, 4, "DwordData", "DWORD Data", kDword}};

// ---- 07h PCI-X: other registers on bridges ----
constexpr Choice kReadCount[] = {{0, "512"}, {1, "1024"}, {2, "2048"}, {3, "4096"}};
constexpr Choice kOutstanding[] = {{0, "1"}, {1, "2"},  {2, "3"},  {3, "4"},
                                   {4, "8"}, {5, "12"}, {6, "16"}, {7, "32"}};
constexpr Choice kCumulative[] = {{0, "8"},   {1, "16"},  {2, "32"},  {3, "64"},
                                  {4, "128"}, {5, "256"}, {6, "512"}, {7, "1024"}};
constexpr Choice kComplexity[] = {{0, "simple"}, {1, "bridge"}};
constexpr Choice kFrequency[] = {{0, "conv"}, {1, "66MHz"}, {2, "100MHz"}, {3, "133MHz"}};
constexpr Field kPcixCommand[] = {
    flag(0, "DPERE", "Data Parity Error Recovery Enable", Access::kRw),
    flag(1, "ERO", "Enable Relaxed Ordering", Access::kRw),
    choice(2, 2, "RBC", "Maximum Memory Read Byte Count", kReadCount, Access::kRw),
    choice(4, 3, "OST", "Maximum Outstanding Split Transactions", kOutstanding, Access::kRw),
    number(12, 2, "Version", "PCI-X Capability Version")};
constexpr Field kPcixStatus[] = {
    shown(0, 16, "Dev", "Bus, Device and Function Number", show_function),
    flag(16, "64bit", "64-bit Device"),
    flag(17, "133MHz", "133 MHz Capable"),
    flag(18, "SCD", "Split Completion Discarded", Access::kRw1c),
    flag(19, "USC", "Unexpected Split Completion", Access::kRw1c),
    choice(20, 1, "DC", "Device Complexity", kComplexity),
    choice(21, 2, "DMMRBC", "Designed Maximum Memory Read Byte Count", kReadCount),
    choice(23, 3, "DMOST", "Designed Maximum Outstanding Split Transactions", kOutstanding),
    choice(26, 3, "DMCRS", "Designed Maximum Cumulative Read Size", kCumulative),
    flag(29, "RSCEM", "Received Split Completion Error Message", Access::kRw1c),
    flag(30, "266MHz", "PCI-X 266 Capable"),
    flag(31, "533MHz", "PCI-X 533 Capable")};
constexpr Field kPcixSecondary[] = {
    flag(0, "64bit", "64-bit Device"),
    flag(1, "133MHz", "133 MHz Capable"),
    flag(2, "SCD", "Split Completion Discarded", Access::kRw1c),
    flag(3, "USC", "Unexpected Split Completion", Access::kRw1c),
    flag(4, "SCO", "Split Completion Overrun", Access::kRw1c),
    flag(5, "SRD", "Split Request Delayed", Access::kRw1c),
    choice(6, 4, "Freq", "Secondary Bus Mode and Frequency", kFrequency),
    number(12, 2, "Version", "PCI-X Capability Version")};
constexpr Field kPcixBridge[] = {
    shown(0, 16, "Dev", "Bus, Device and Function Number", show_function),
    flag(16, "64bit", "64-bit Device"),
    flag(17, "133MHz", "133 MHz Capable"),
    flag(18, "SCD", "Split Completion Discarded", Access::kRw1c),
    flag(19, "USC", "Unexpected Split Completion", Access::kRw1c),
    flag(20, "SCO", "Split Completion Overrun", Access::kRw1c),
    flag(21, "SRD", "Split Request Delayed", Access::kRw1c)};
constexpr Field kPcixSplit[] = {
    number(0, 16, "Capacity", "Split Transaction Capacity"),
    number(16, 16, "CommitmentLimit", "Split Transaction Commitment Limit", Access::kRw)};
bool is_bridge(const Context& c) {
  return c.header_type == 1;
}
bool is_function(const Context& c) {
  return c.header_type != 1;
}
bool has_ecc(const Context& c) {
  return is_function(c) && (c.read(2, 2) >> 12 & 3) != 0;
}
constexpr Register kPcix[] = {
    {2, 2, "Command", "PCI-X Command", kPcixCommand, is_function},
    {4, 4, "Status", "PCI-X Status", kPcixStatus, is_function},
    {8, 4, "EccControl", "ECC Control and Status", kDword, has_ecc},
    {0xC, 4, "EccFirstAddress", "ECC First Address", kDword, has_ecc},
    {0x10, 4, "EccSecondAddress", "ECC Second Address", kDword, has_ecc},
    {0x14, 4, "EccAttribute", "ECC Attribute", kDword, has_ecc},
    {2, 2, "Secondary Status", "PCI-X Secondary Status", kPcixSecondary, is_bridge},
    {4, 4, "Status", "PCI-X Bridge Status", kPcixBridge, is_bridge},
    {8, 4, "Upstream", "Upstream Split Transaction Control", kPcixSplit, is_bridge},
    {0xC, 4, "Downstream", "Downstream Split Transaction Control", kPcixSplit, is_bridge}};
std::uint32_t pcix_length(const Context& c) {
  return is_bridge(c) ? 0x10 : has_ecc(c) ? 0x18 : 8;
}

// ---- 08h HyperTransport: the command's upper bits say which block it is ----
constexpr Choice kHtType[] = {{0x00, "Slave or Primary Interface"},
                              {0x01, "Slave or Primary Interface"},
                              {0x02, "Slave or Primary Interface"},
                              {0x03, "Slave or Primary Interface"},
                              {0x04, "Host or Secondary Interface"},
                              {0x05, "Host or Secondary Interface"},
                              {0x06, "Host or Secondary Interface"},
                              {0x07, "Host or Secondary Interface"},
                              {0x08, "Switch"},
                              {0x10, "Interrupt Discovery and Configuration"},
                              {0x11, "Revision ID"},
                              {0x12, "UnitID Clumping"},
                              {0x13, "Extended Configuration Space Access"},
                              {0x14, "Address Mapping"},
                              {0x15, "MSI Mapping"},
                              {0x16, "DirectRoute"},
                              {0x17, "VCSet"},
                              {0x18, "Retry Mode"},
                              {0x19, "X86 (reserved)"},
                              {0x1A, "Gen3"},
                              {0x1B, "Function Extension"},
                              {0x1C, "Power Management"}};
constexpr Choice kHtWidth[] = {{0, "8bit"}, {1, "16bit"}, {3, "32bit"},
                               {4, "2bit"}, {5, "4bit"},  {7, "N/C"}};
constexpr Choice kHtFrequency[] = {{0, "200MHz"}, {1, "300MHz"}, {2, "400MHz"}, {3, "500MHz"},
                                   {4, "600MHz"}, {5, "800MHz"}, {6, "1.0GHz"}, {7, "1.2GHz"},
                                   {8, "1.4GHz"}, {9, "1.6GHz"}, {15, "Vend"}};
constexpr Field kHtCommand[] = {hex(0, 11, "Command", "Command, by type"),
                                choice(11, 5, "Type", "Capability Type", kHtType)};
constexpr Field kHtMsi[] = {flag(0, "Enable", "MSI Mapping Enable", Access::kRw),
                            flag(1, "Fixed", "MSI Mapping Address Fixed"),
                            choice(11, 5, "Type", "Capability Type", kHtType)};
constexpr Field kHtPrimary[] = {number(0, 5, "BaseUnitID", "Base UnitID", Access::kRw),
                                number(5, 5, "UnitCnt", "Unit Count"),
                                flag(10, "MastHost", "Master Host"),
                                flag(11, "DefDir", "Default Direction", Access::kRw),
                                flag(12, "DUL", "Drop on Uninitialised Link", Access::kRw),
                                choice(11, 5, "Type", "Capability Type", kHtType, Access::kView)};
constexpr Field kHtSecondary[] = {
    flag(0, "WarmRst", "Warm Reset", Access::kRw),
    flag(1, "DblEnd", "Double-Ended"),
    number(2, 5, "DevNum", "Device Number", Access::kRw),
    flag(7, "ChainSide", "Chain Side"),
    flag(8, "HostHide", "Host Hide", Access::kRw),
    flag(10, "Slave", "Act as Slave", Access::kRw),
    flag(11, "<EOCErr", "Host Inbound End of Chain Error", Access::kRw1c),
    flag(12, "DUL", "Drop on Uninitialised Link", Access::kRw),
    choice(11, 5, "Type", "Capability Type", kHtType, Access::kView)};
constexpr Field kHtControl[] = {flag(1, "CFlE", "CRC Flood Enable", Access::kRw),
                                flag(2, "CST", "CRC Start Test", Access::kRw),
                                flag(3, "CFE", "CRC Force Error", Access::kRw),
                                flag(4, "<LkFail", "Link Failure", Access::kRw1c),
                                flag(5, "Init", "Initialisation Complete"),
                                flag(6, "EOC", "End of Chain"),
                                flag(7, "TXO", "Transmitter Off"),
                                hex(8, 4, "<CRCErr", "CRC Error", Access::kRw1c),
                                flag(12, "IsocEn", "Isochronous Flow Control Enable", Access::kRw),
                                flag(13, "LSEn", "LDTSTOP# Tristate Enable", Access::kRw),
                                flag(14, "ExtCTL", "Extended CTL Time", Access::kRw),
                                flag(15, "64b", "64-bit Addressing Enable", Access::kRw)};
constexpr Field kHtConfig[] = {
    choice(0, 3, "MLWI", "Max Link Width In", kHtWidth),
    flag(3, "DwFcIn", "Doubleword Flow Control In"),
    choice(4, 3, "MLWO", "Max Link Width Out", kHtWidth),
    flag(7, "DwFcOut", "Doubleword Flow Control Out"),
    choice(8, 3, "LWI", "Link Width In", kHtWidth, Access::kRw),
    flag(11, "DwFcInEn", "Doubleword Flow Control In Enable", Access::kRw),
    choice(12, 3, "LWO", "Link Width Out", kHtWidth, Access::kRw),
    flag(15, "DwFcOutEn", "Doubleword Flow Control Out Enable", Access::kRw)};
constexpr Field kHtRevision[] = {number(5, 3, "Major", "Major Revision"),
                                 number(0, 5, "Minor", "Minor Revision")};
constexpr Field kHtFreqError[] = {choice(0, 4, "Freq", "Link Frequency", kHtFrequency, Access::kRw),
                                  flag(4, "<Prot", "Protocol Error", Access::kRw1c),
                                  flag(5, "<Ovfl", "Overflow Error", Access::kRw1c),
                                  flag(6, "<EOC", "End of Chain Error", Access::kRw1c),
                                  flag(7, "CTLTm", "CTL Timeout", Access::kRw)};
constexpr Field kHtMsiAddress[] = {hex(0, 64, "Address", "Mapping Address Base", Access::kRw)};
std::uint64_t ht_type(const Context& c) {
  return c.read(2, 2) >> 11 & 0x1F;
}
bool ht_primary(const Context& c) {
  return ht_type(c) < 4;
}
bool ht_secondary(const Context& c) {
  return ht_type(c) >= 4 && ht_type(c) < 8;
}
bool ht_msi(const Context& c) {
  return ht_type(c) == 0x15;
}
bool ht_msi_address(const Context& c) {
  return ht_msi(c) && (c.read(2, 2) & 2) == 0;
}
bool ht_other(const Context& c) {
  return !ht_primary(c) && !ht_secondary(c) && !ht_msi(c);
}
constexpr Register kHt[] = {
    {2, 2, "Command", "Command (primary)", kHtPrimary, ht_primary},
    {2, 2, "Command", "Command (secondary)", kHtSecondary, ht_secondary},
    {2, 2, "MSI Mapping", "Command (MSI mapping)", kHtMsi, ht_msi},
    {2, 2, "Command", "Command", kHtCommand, ht_other},
    {4, 8, "Mapping Address Base", "MSI Mapping Address", kHtMsiAddress, ht_msi_address},
    {4, 2, "Link Control 0", "Link Control 0", kHtControl, ht_primary},
    {6, 2, "Link Config 0", "Link Configuration 0", kHtConfig, ht_primary},
    {8, 2, "Link Control 1", "Link Control 1", kHtControl, ht_primary},
    {0xA, 2, "Link Config 1", "Link Configuration 1", kHtConfig, ht_primary},
    {0xC, 1, "Revision ID", "Revision ID", kHtRevision, ht_primary},
    {0xD, 1, "Link Error 0", "Link Frequency/Error 0", kHtFreqError, ht_primary},
    {0xE, 2, "Link Frequency Capability 0", "Link Frequency Capability 0", kWord, ht_primary},
    {0x10, 1, "Feature Capability", "Feature", kByte, ht_primary},
    {0x11, 1, "Link Error 1", "Link Frequency/Error 1", kHtFreqError, ht_primary},
    {0x12, 2, "Link Frequency Capability 1", "Link Frequency Capability 1", kWord, ht_primary},
    {0x14, 2, "EnumerationScratchpad", "Enumeration Scratchpad", kWord, ht_primary},
    {0x16, 2, "Error Handling", "Error Handling", kWord, ht_primary},
    {0x18, 1, "MemoryBaseUpper", "Memory Base Upper", kByte, ht_primary},
    {0x19, 1, "MemoryLimitUpper", "Memory Limit Upper", kByte, ht_primary},
    {0x1A, 1, "Bus Number", "Bus Number", kByte, ht_primary},
    {4, 2, "Link Control", "Link Control", kHtControl, ht_secondary},
    {6, 2, "Link Config", "Link Configuration", kHtConfig, ht_secondary},
    {8, 1, "Revision ID", "Revision ID", kHtRevision, ht_secondary},
    {9, 1, "Link Error", "Link Frequency/Error", kHtFreqError, ht_secondary},
    {0xA, 2, "Link Frequency Capability", "Link Frequency Capability", kWord, ht_secondary},
    {0xC, 2, "Feature Capability", "Feature", kWord, ht_secondary},
    {0x10, 2, "EnumerationScratchpad", "Enumeration Scratchpad", kWord, ht_secondary},
    {0x12, 2, "Error Handling", "Error Handling", kWord, ht_secondary},
    {0x14, 1, "MemoryBaseUpper", "Memory Base Upper", kByte, ht_secondary},
    {0x15, 1, "MemoryLimitUpper", "Memory Limit Upper", kByte, ht_secondary}};
std::uint32_t ht_length(const Context& c) {
  static constexpr std::uint8_t kByType[32] = {28, 28, 28, 28, 24, 24, 24, 24, 24, 0, 0,
                                               0,  0,  0,  0,  0,  8,  4,  12, 12, 0, 12,
                                               12, 16, 12, 0,  0,  0,  0,  0,  0,  0};
  return ht_msi(c) && !ht_msi_address(c) ? 4U : kByType[ht_type(c)];
}

constexpr Capability kCapabilities[] = {
    {Kind::kStandard, 0, 0x02, "AGP", "AGP", kAgp, {}, fixed_length<12>},
    {Kind::kStandard,
     0,
     0x06,
     "HotSwap",
     "CompactPCI Hot Swap",
     kHotSwapRegisters,
     {},
     fixed_length<4>},
    {Kind::kStandard, 0, 0x07, "PCI-X", "PCI-X", kPcix, {}, pcix_length},
    {Kind::kStandard, 0, 0x08, "HyperTransport", "HyperTransport", kHt, {}, ht_length},
    {Kind::kStandard, 0, 0x0B, "CPCI", "CompactPCI Central Resource Control"},
    {Kind::kStandard,
     0,
     0x0C,
     "HotPlug",
     "PCI Standard Hot-Plug Controller",
     kHotPlug,
     {},
     fixed_length<8>},
    {Kind::kStandard, 0, 0x0E, "AGP8x", "AGP Target PCI-PCI Bridge", kAgp, {}, fixed_length<12>},
    {Kind::kStandard, 0, 0x0F, "Secure", "Secure Device"}};

}  // namespace legacy_tables

std::span<const Capability> legacy() {
  return legacy_tables::kCapabilities;
}

}  // namespace weft::wire::pcie::tables
