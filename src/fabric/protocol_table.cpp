// SPDX-License-Identifier: Apache-2.0
// The rows of the protocol table. Line rates are bits per second of one lane in one direction,
// exact. A row whose source begins with "modelled:" holds at least one figure that no public source
// we could read confirms, and says which; the others are as published. protocol_test.cpp ties the
// columns together and to published totals (400 Gb/s of 8 x 53.125 Gb/s, 5.12 TB/s of 320 lanes).
#include "fabric/protocol.h"

#include <array>

namespace weft::fabric {
namespace {

using Family = ProtocolFamily;

constexpr std::array<std::uint16_t, 1> kX1 = {1};
constexpr std::array<std::uint16_t, 1> kX2 = {2};
constexpr std::array<std::uint16_t, 1> kX4 = {4};
constexpr std::array<std::uint16_t, 1> kX8 = {8};
constexpr std::array<std::uint16_t, 1> kX16 = {16};
constexpr std::array<std::uint16_t, 1> kX90 = {90};
constexpr std::array<std::uint16_t, 2> kX16To32 = {16, 32};
constexpr std::array<std::uint16_t, 3> kX1To4 = {1, 2, 4};
constexpr std::array<std::uint16_t, 4> kInfinibandWidths = {1, 2, 4, 12};
constexpr std::array<std::uint16_t, 5> kX1To16 = {1, 2, 4, 8, 16};
constexpr std::array<std::uint16_t, 7> kPcieWidths = {1, 2, 4, 8, 12, 16, 32};

/// How bits are coded before they go on the lane.
struct Coding {
  std::string_view encoding;
  double efficiency = 1;
};
constexpr Coding k8b10b = {"8b/10b", 8.0 / 10};
constexpr Coding k64b66b = {"64b/66b", 64.0 / 66};
constexpr Coding k128b130b = {"128b/130b", 128.0 / 130};
constexpr Coding k256b257b = {"256b/257b", 256.0 / 257};
constexpr Coding k1b1b = {"flit 1b/1b", 1};
constexpr Coding kNotPublic = {"not public", 1};

struct Fec {
  std::string_view name;
  double efficiency = 1;
};
constexpr Fec kNone = {"none", 1};
constexpr Fec kKr4 = {"RS(528,514)", 514.0 / 528};
constexpr Fec kKp4 = {"RS(544,514)", 514.0 / 544};
/// 6 of a flit's 256 bytes.
constexpr Fec kFlitEcc = {"flit ECC", 250.0 / 256};
constexpr Fec kFecNotPublic = {"not public", 1};

struct Target {
  double ratio = 0;
  std::string_view point;
};
constexpr Target kRaw12 = {1e-12, "raw"};
constexpr Target kFirstBit = {1e-6, "before FEC, first bit of a burst"};
constexpr Target kBeforeKr4 = {1e-5, "before FEC"};
constexpr Target kBeforeKp4 = {2.4e-4, "before FEC"};
constexpr Target kBeforeKp4At200 = {2e-4, "before FEC"};

constexpr auto kRetry = static_cast<std::uint8_t>(LinkFeature::kRetry);
constexpr auto kCredit = static_cast<std::uint8_t>(LinkFeature::kCredit);
constexpr auto kFlit = static_cast<std::uint8_t>(LinkFeature::kFlit);
constexpr std::uint8_t kRetryCredit = kRetry | kCredit;
constexpr std::uint8_t kAll = kRetry | kCredit | kFlit;

struct Row {
  std::string_view key, title;
  Family family = Family::kUnknown;
  double line_rate = 0;
  Modulation modulation = Modulation::kUnknown;
  Coding coding;
  Fec fec;
  double flit_efficiency = 1;
  std::uint8_t features = 0;
  std::span<const std::uint16_t> widths;
  Target target;
  std::string_view source;
};

constexpr auto kNrz = Modulation::kNrz;
constexpr auto kPam4 = Modulation::kPam4;

// Flit shares. PCIe 6: 236 transaction + 6 link-layer + 8 CRC + 6 FEC bytes of 256 (AsteraLabs/efec
// README). CXL: 64 of 68 bytes; 15 slots of 16 bytes of 256.
constexpr double kPcieFlit = 236.0 / 250;
constexpr double kCxl68 = 64.0 / 68;
constexpr double kCxl256 = 240.0 / 250;
// UALink: 628 transaction bytes of a 640-byte flit (public third-party endpoint model).
constexpr double kUalinkFlit = 628.0 / 640;

constexpr std::string_view kPcieOld =
    "linux drivers/pci/pci.h PCIE_SPEED2MBS_ENC, include/uapi/linux/pci_regs.h";
constexpr std::string_view kPcieNew =
    "PCI-SIG generation table; linux drivers/pci/pci.h PCIE_SPEED2MBS_ENC";
constexpr std::string_view kPcie6 =
    "pcisig.com/node/10944 and PCIe 6.0 Webinar Q&A; AsteraLabs/efec README (flit layout)";
constexpr std::string_view kPcie7 =
    "modelled: PCIe 7 keeps PCIe 6's flit and error target at twice the rate; rate of PCI-SIG "
    "announcements";
constexpr std::string_view kCxl11 =
    "modelled: CXL 1.1 taken as CXL 2.0's 68-byte flit; widths below x4 are degraded modes";
constexpr std::string_view kCxl2 = "CXL deck sgpjbg.com 171243 (68-byte flit at 32 GT/s and below)";
constexpr std::string_view kCxl3 =
    "modelled: 240 of 256 bytes carry slots; 256-byte flit at 64 GT/s from cadence-fv.rssing.com "
    "and sgpjbg.com 171243";
constexpr std::string_view kCxl4 =
    "modelled: CXL 4.0 taken as CXL 3's flit at 128 GT/s (rate: introl.com, secondary)";
constexpr std::string_view kEth10 =
    "IEEE 802.3 clause 49, 72; Intel AN 846; linux net/ethtool/common.c link_mode_params";
constexpr std::string_view kEth25 =
    "IEEE 802.3 clause 91, 108; Intel AN 846; COM 802.3by DER_0; linux net/ethtool/common.c";
constexpr std::string_view kEth50 =
    "IEEE 802.3 clause 119, 136; pre-FEC limit of ascentcomtec.com OSFP DR8 data sheet; linux "
    "net/ethtool/common.c";
constexpr std::string_view kEth100 =
    "IEEE 802.3 clause 162; pre-FEC limit of ascentcomtec.com OSFP DR8 data sheet; linux "
    "net/ethtool/common.c";
constexpr std::string_view kEth200 =
    "COM config/ieee_8023dj.py (106.25 GBd, DER_0 2e-4); DesignCon 2024 fliphtml5 mddwo/smbr";
constexpr std::string_view kEth16 =
    "modelled: sixteen lanes of 100G as two 800G ports side by side";
constexpr std::string_view kUec =
    "modelled: link retry and credit flow are options of Ultra Ethernet 1.0 (arXiv 2508.08906), "
    "taken as on; lanes as Ethernet's";
constexpr std::string_view kNvl =
    "modelled: lanes a link, modulation and error target; per-link totals from glennklockwood.com "
    "NVLink";
constexpr std::string_view kNvl5 =
    "modelled: modulation and error target; 100 GB/s a link and 2 lanes each way from the NVL72's "
    "5,184 pairs";
constexpr std::string_view kNvl6 =
    "modelled: 36 links of 2 lanes; 3.6 TB/s a GPU from theregister.com 2025/06/12";
constexpr std::string_view kFusion =
    "modelled: NVLink Fusion taken as the same generation's NVLink lanes on a partner's die";
constexpr std::string_view kC2c = "modelled: 90 lanes of 40 Gb/s that give the published 900 GB/s";
constexpr std::string_view kUal200 =
    "ualinkconsortium.org blog 822 (x1/x2/x4 of 212.5 GT/s, 640-byte flit); error target as IEEE "
    "802.3dj COM DER_0";
constexpr std::string_view kUal128 =
    "modelled: flit and error target of the 200G rows over a PCIe 7 PHY (consortium webinar names "
    "the variant)";
constexpr std::string_view kIb =
    "modelled: coding, FEC and error target as Ethernet's lane of the same rate; lane rates of "
    "linux include/rdma/ib_verbs.h";
constexpr std::string_view kNeuron =
    "modelled: widths; 1.28 TB/s a chip = 160 lanes at 32 GT/s from aws-neuron-sdk trainium2.rst";
constexpr std::string_view kIci =
    "modelled: 8 lanes of 100G a port; 1.2 TB/s a chip over 6 ports from published TPU v7 totals";

constexpr std::array kRows = {
    Row{"unknown",
        "unknown",
        Family::kUnknown,
        0,
        Modulation::kUnknown,
        {"unknown"},
        {"unknown"},
        1,
        0,
        {},
        {0, "unknown"},
        "no source: the protocol is not known"},

    Row{"pcie1", "PCIe 1.0", Family::kPcie, 2.5e9, kNrz, k8b10b, kNone, 1, kRetryCredit,
        kPcieWidths, kRaw12, kPcieOld},
    Row{"pcie2", "PCIe 2.0", Family::kPcie, 5e9, kNrz, k8b10b, kNone, 1, kRetryCredit, kPcieWidths,
        kRaw12, kPcieOld},
    Row{"pcie3", "PCIe 3.0", Family::kPcie, 8e9, kNrz, k128b130b, kNone, 1, kRetryCredit,
        kPcieWidths, kRaw12, kPcieNew},
    Row{"pcie4", "PCIe 4.0", Family::kPcie, 16e9, kNrz, k128b130b, kNone, 1, kRetryCredit,
        kPcieWidths, kRaw12, kPcieNew},
    Row{"pcie5", "PCIe 5.0", Family::kPcie, 32e9, kNrz, k128b130b, kNone, 1, kRetryCredit,
        kPcieWidths, kRaw12, kPcieNew},
    Row{"pcie6", "PCIe 6.0", Family::kPcie, 64e9, kPam4, k1b1b, kFlitEcc, kPcieFlit, kAll, kX1To16,
        kFirstBit, kPcie6},
    Row{"pcie7", "PCIe 7.0", Family::kPcie, 128e9, kPam4, k1b1b, kFlitEcc, kPcieFlit, kAll, kX1To16,
        kFirstBit, kPcie7},

    Row{"cxl1.1", "CXL 1.1", Family::kCxl, 32e9, kNrz, k128b130b, kNone, kCxl68, kAll, kX1To16,
        kRaw12, kCxl11},
    Row{"cxl2", "CXL 2.0", Family::kCxl, 32e9, kNrz, k128b130b, kNone, kCxl68, kAll, kX1To16,
        kRaw12, kCxl2},
    Row{"cxl3", "CXL 3.0", Family::kCxl, 64e9, kPam4, k1b1b, kFlitEcc, kCxl256, kAll, kX1To16,
        kFirstBit, kCxl3},
    Row{"cxl3.1", "CXL 3.1", Family::kCxl, 64e9, kPam4, k1b1b, kFlitEcc, kCxl256, kAll, kX1To16,
        kFirstBit, kCxl3},
    Row{"cxl3.2", "CXL 3.2", Family::kCxl, 64e9, kPam4, k1b1b, kFlitEcc, kCxl256, kAll, kX1To16,
        kFirstBit, kCxl3},
    Row{"cxl4", "CXL 4.0", Family::kCxl, 128e9, kPam4, k1b1b, kFlitEcc, kCxl256, kAll, kX1To16,
        kFirstBit, kCxl4},

    Row{"eth-10g-10", "10G Ethernet", Family::kEthernet, 10.3125e9, kNrz, k64b66b, kNone, 1, 0, kX1,
        kRaw12, kEth10},
    Row{"eth-40g-10", "40G Ethernet (4x10)", Family::kEthernet, 10.3125e9, kNrz, k64b66b, kNone, 1,
        0, kX4, kRaw12, kEth10},
    Row{"eth-25g-25", "25G Ethernet", Family::kEthernet, 25.78125e9, kNrz, k256b257b, kKr4, 1, 0,
        kX1, kBeforeKr4, kEth25},
    Row{"eth-50g-25", "50G Ethernet (2x25)", Family::kEthernet, 25.78125e9, kNrz, k256b257b, kKr4,
        1, 0, kX2, kBeforeKr4, kEth25},
    Row{"eth-100g-25", "100G Ethernet (4x25)", Family::kEthernet, 25.78125e9, kNrz, k256b257b, kKr4,
        1, 0, kX4, kBeforeKr4, kEth25},
    Row{"eth-50g-50", "50G Ethernet", Family::kEthernet, 53.125e9, kPam4, k256b257b, kKp4, 1, 0,
        kX1, kBeforeKp4, kEth50},
    Row{"eth-100g-50", "100G Ethernet (2x50)", Family::kEthernet, 53.125e9, kPam4, k256b257b, kKp4,
        1, 0, kX2, kBeforeKp4, kEth50},
    Row{"eth-200g-50", "200G Ethernet (4x50)", Family::kEthernet, 53.125e9, kPam4, k256b257b, kKp4,
        1, 0, kX4, kBeforeKp4, kEth50},
    Row{"eth-400g-50", "400G Ethernet (8x50)", Family::kEthernet, 53.125e9, kPam4, k256b257b, kKp4,
        1, 0, kX8, kBeforeKp4, kEth50},
    Row{"eth-100g-100", "100G Ethernet", Family::kEthernet, 106.25e9, kPam4, k256b257b, kKp4, 1, 0,
        kX1, kBeforeKp4, kEth100},
    Row{"eth-200g-100", "200G Ethernet (2x100)", Family::kEthernet, 106.25e9, kPam4, k256b257b,
        kKp4, 1, 0, kX2, kBeforeKp4, kEth100},
    Row{"eth-400g-100", "400G Ethernet (4x100)", Family::kEthernet, 106.25e9, kPam4, k256b257b,
        kKp4, 1, 0, kX4, kBeforeKp4, kEth100},
    Row{"eth-800g-100", "800G Ethernet (8x100)", Family::kEthernet, 106.25e9, kPam4, k256b257b,
        kKp4, 1, 0, kX8, kBeforeKp4, kEth100},
    Row{"eth-1.6t-100", "1.6T Ethernet (16x100)", Family::kEthernet, 106.25e9, kPam4, k256b257b,
        kKp4, 1, 0, kX16, kBeforeKp4, kEth16},
    Row{"eth-200g-200", "200G Ethernet", Family::kEthernet, 212.5e9, kPam4, k256b257b, kKp4, 1, 0,
        kX1, kBeforeKp4At200, kEth200},
    Row{"eth-400g-200", "400G Ethernet (2x200)", Family::kEthernet, 212.5e9, kPam4, k256b257b, kKp4,
        1, 0, kX2, kBeforeKp4At200, kEth200},
    Row{"eth-800g-200", "800G Ethernet (4x200)", Family::kEthernet, 212.5e9, kPam4, k256b257b, kKp4,
        1, 0, kX4, kBeforeKp4At200, kEth200},
    Row{"eth-1.6t-200", "1.6T Ethernet (8x200)", Family::kEthernet, 212.5e9, kPam4, k256b257b, kKp4,
        1, 0, kX8, kBeforeKp4At200, kEth200},

    Row{"ue-400g-100", "Ultra Ethernet 400G (4x100)", Family::kUltraEthernet, 106.25e9, kPam4,
        k256b257b, kKp4, 1, kRetryCredit, kX4, kBeforeKp4, kUec},
    Row{"ue-800g-100", "Ultra Ethernet 800G (8x100)", Family::kUltraEthernet, 106.25e9, kPam4,
        k256b257b, kKp4, 1, kRetryCredit, kX8, kBeforeKp4, kUec},
    Row{"ue-800g-200", "Ultra Ethernet 800G (4x200)", Family::kUltraEthernet, 212.5e9, kPam4,
        k256b257b, kKp4, 1, kRetryCredit, kX4, kBeforeKp4At200, kUec},
    Row{"ue-1.6t-200", "Ultra Ethernet 1.6T (8x200)", Family::kUltraEthernet, 212.5e9, kPam4,
        k256b257b, kKp4, 1, kRetryCredit, kX8, kBeforeKp4At200, kUec},

    Row{"nvlink3", "NVLink 3", Family::kNvlink, 50e9, kNrz, kNotPublic, kFecNotPublic, 1,
        kRetryCredit, kX4, kRaw12, kNvl},
    Row{"nvlink4", "NVLink 4", Family::kNvlink, 100e9, kPam4, kNotPublic, kFecNotPublic, 1,
        kRetryCredit, kX2, kBeforeKp4, kNvl},
    Row{"nvlink5", "NVLink 5", Family::kNvlink, 200e9, kPam4, kNotPublic, kFecNotPublic, 1,
        kRetryCredit, kX2, kBeforeKp4At200, kNvl5},
    Row{"nvlink6", "NVLink 6", Family::kNvlink, 200e9, kPam4, kNotPublic, kFecNotPublic, 1,
        kRetryCredit, kX2, kBeforeKp4At200, kNvl6},
    Row{"nvlink-fusion5", "NVLink Fusion (5)", Family::kNvlink, 200e9, kPam4, kNotPublic,
        kFecNotPublic, 1, kRetryCredit, kX2, kBeforeKp4At200, kFusion},
    Row{"nvlink-fusion6", "NVLink Fusion (6)", Family::kNvlink, 200e9, kPam4, kNotPublic,
        kFecNotPublic, 1, kRetryCredit, kX2, kBeforeKp4At200, kFusion},
    Row{"nvlink-c2c", "NVLink-C2C", Family::kOther, 40e9, kNrz, kNotPublic, kFecNotPublic, 1,
        kRetryCredit, kX90, kRaw12, kC2c},

    Row{"ualink200", "UALink 200", Family::kUalink, 212.5e9, kPam4, k256b257b, kKp4, kUalinkFlit,
        kAll, kX1To4, kBeforeKp4At200, kUal200},
    Row{"ualink128", "UALink 128", Family::kUalink, 128e9, kPam4, k1b1b, kFlitEcc, kPcieFlit, kAll,
        kX1To4, kFirstBit, kUal128},

    Row{"ib-edr", "InfiniBand EDR", Family::kInfiniband, 25.78125e9, kNrz, k64b66b, kNone, 1,
        kCredit, kInfinibandWidths, kRaw12, kIb},
    Row{"ib-hdr", "InfiniBand HDR", Family::kInfiniband, 53.125e9, kPam4, k256b257b, kKp4, 1,
        kRetryCredit, kInfinibandWidths, kBeforeKp4, kIb},
    Row{"ib-ndr", "InfiniBand NDR", Family::kInfiniband, 106.25e9, kPam4, k256b257b, kKp4, 1,
        kRetryCredit, kInfinibandWidths, kBeforeKp4, kIb},
    Row{"ib-xdr", "InfiniBand XDR", Family::kInfiniband, 212.5e9, kPam4, k256b257b, kKp4, 1,
        kRetryCredit, kInfinibandWidths, kBeforeKp4At200, kIb},

    Row{"neuronlink3", "NeuronLink 3", Family::kOther, 32e9, kNrz, k128b130b, kNone, 1,
        kRetryCredit, kX16To32, kRaw12, kNeuron},
    Row{"ici7", "TPU v7 interconnect", Family::kOther, 100e9, kPam4, kNotPublic, kFecNotPublic, 1,
        kRetryCredit, kX8, kBeforeKp4, kIci},
};

constexpr unsigned bits(Modulation modulation) {
  return modulation == kPam4 ? 2 : 1;
}

constexpr std::array<Protocol, kRows.size()> make_table() {
  std::array<Protocol, kRows.size()> table;
  for (std::size_t i = 0; i < kRows.size(); ++i) {
    const Row& row = kRows[i];
    table[i] = {
        .id = static_cast<ProtocolId>(i),
        .key = row.key,
        .title = row.title,
        .family = row.family,
        .lane_rate = base::TransferRate((static_cast<std::uint64_t>(row.line_rate / 1e5) + 5) / 10),
        .line_rate = base::BitsPerSecond(row.line_rate),
        .modulation = row.modulation,
        .nyquist_ghz = row.line_rate / bits(row.modulation) / 2 / 1e9,
        .encoding = row.coding.encoding,
        .encoding_efficiency = row.coding.efficiency,
        .fec = row.fec.name,
        .fec_efficiency = row.fec.efficiency,
        .flit_efficiency = row.flit_efficiency,
        .features = row.features,
        .widths = row.widths,
        .error_target = row.target.ratio,
        .error_point = row.target.point,
        .source = row.source,
        .is_modelled = row.source.starts_with("modelled:")};
  }
  return table;
}

constexpr auto kTable = make_table();

}  // namespace

std::span<const Protocol> protocols() {
  return kTable;
}

}  // namespace weft::fabric
