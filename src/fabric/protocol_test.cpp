// SPDX-License-Identifier: Apache-2.0
// Ties the protocol table's columns together and to totals that others publish.
#include "fabric/protocol.h"

#include <cmath>
#include <map>
#include <set>
#include <string>

#include <gtest/gtest.h>

namespace weft::fabric {
namespace {

using base::LaneCount;

const Protocol& row(std::string_view key) {
  const auto id = find_protocol(key);
  EXPECT_TRUE(id) << key;
  return protocol(id.value_or(ProtocolId::kUnknown));
}

double gbytes_both_ways(std::string_view key, std::uint32_t lanes) {
  return raw_rate(row(key), LaneCount(lanes)).value() * 2 / 8 / 1e9;
}

TEST(Protocol, RowZeroIsUnknownAndIdsAreIndices) {
  ASSERT_GT(protocols().size(), 1U);
  EXPECT_EQ(protocols()[0].key, "unknown");
  EXPECT_EQ(protocols()[0].family, ProtocolFamily::kUnknown);
  for (std::size_t i = 0; i < protocols().size(); ++i) {
    EXPECT_EQ(static_cast<std::size_t>(protocols()[i].id), i);
    EXPECT_EQ(&protocol(protocols()[i].id), &protocols()[i]);
  }
  EXPECT_EQ(protocol(static_cast<ProtocolId>(9999)).key, "unknown");
  EXPECT_FALSE(find_protocol("unknown"));
  EXPECT_FALSE(find_protocol("pcie8"));
}

TEST(Protocol, EveryRowIsCompleteAndNamesItsSource) {
  std::set<std::string_view> keys;
  for (const auto& entry : protocols().subspan(1)) {
    SCOPED_TRACE(std::string(entry.key));
    EXPECT_TRUE(keys.insert(entry.key).second);
    EXPECT_FALSE(entry.title.empty());
    EXPECT_NE(entry.family, ProtocolFamily::kUnknown);
    EXPECT_GT(entry.line_rate.value(), 0);
    EXPECT_NE(entry.modulation, Modulation::kUnknown);
    EXPECT_FALSE(entry.widths.empty());
    EXPECT_GT(entry.error_target, 0);
    EXPECT_LT(entry.error_target, 1e-3);
    EXPECT_FALSE(entry.error_point.empty());
    EXPECT_FALSE(entry.source.empty());
    EXPECT_EQ(entry.is_modelled, entry.source.starts_with("modelled:"));
    for (const double share :
         {entry.encoding_efficiency, entry.fec_efficiency, entry.flit_efficiency}) {
      EXPECT_GT(share, 0.5);
      EXPECT_LE(share, 1.0);
    }
    EXPECT_EQ(entry.fec == "none" || entry.fec == "not public", entry.fec_efficiency == 1.0);
    // A row without FEC states its target raw; a row with one, before it.
    EXPECT_EQ(entry.fec == "none", entry.error_point == "raw" && entry.fec != "not public");
    EXPECT_NEAR(static_cast<double>(entry.lane_rate.value()), entry.line_rate.value() / 1e6, 0.5);
    EXPECT_DOUBLE_EQ(entry.nyquist_ghz,
                     entry.line_rate.value() / bits_per_symbol(entry.modulation) / 2e9);
  }
}

TEST(Protocol, EveryGenerationThatTheModelPromisesIsThere) {
  for (const auto key :
       {"pcie1",      "pcie2",       "pcie3",   "pcie4",   "pcie5",   "pcie6",
        "pcie7",      "cxl1.1",      "cxl2",    "cxl3",    "cxl3.1",  "cxl3.2",
        "cxl4",       "nvlink3",     "nvlink4", "nvlink5", "nvlink6", "nvlink-fusion5",
        "ualink200",  "ualink128",   "ib-hdr",  "ib-ndr",  "ib-xdr",  "ue-800g-100",
        "eth-10g-10", "eth-1.6t-200"}) {
    EXPECT_TRUE(find_protocol(key)) << key;
  }
}

// linux include/uapi/linux/pci_regs.h (rates) and drivers/pci/pci.h PCIE_SPEED2MBS_ENC (coding).
TEST(Protocol, PcieRatesAndCodingAreTheKernels) {
  const std::map<std::string_view, std::pair<std::uint64_t, double>> known = {
      {"pcie1", {2500, 0.8}},          {"pcie2", {5000, 0.8}},
      {"pcie3", {8000, 128.0 / 130}},  {"pcie4", {16000, 128.0 / 130}},
      {"pcie5", {32000, 128.0 / 130}}, {"pcie6", {64000, 1.0}},
      {"pcie7", {128000, 1.0}}};
  for (const auto& [key, figures] : known) {
    const auto rate = base::mega_transfers(figures.first);
    EXPECT_EQ(row(key).lane_rate, rate);
    EXPECT_DOUBLE_EQ(row(key).encoding_efficiency, figures.second);
    EXPECT_EQ(pcie_of(rate), row(key).id);
  }
  EXPECT_FALSE(pcie_of(base::mega_transfers(3000)));
}

// Nyquist frequencies as published: PCI-SIG generation table, IEEE 802.3 by lane rate.
TEST(Protocol, NyquistIsAsPublished) {
  const std::map<std::string_view, double> known = {{"pcie3", 4},
                                                    {"pcie4", 8},
                                                    {"pcie5", 16},
                                                    {"pcie6", 16},
                                                    {"pcie7", 32},
                                                    {"cxl2", 16},
                                                    {"cxl3", 16},
                                                    {"eth-10g-10", 5.15625},
                                                    {"eth-25g-25", 12.890625},
                                                    {"eth-50g-50", 13.28125},
                                                    {"eth-100g-100", 26.5625},
                                                    {"eth-200g-200", 53.125},
                                                    {"ualink200", 53.125},
                                                    {"ib-ndr", 26.5625}};
  for (const auto& [key, nyquist] : known) {
    EXPECT_DOUBLE_EQ(row(key).nyquist_ghz, nyquist) << key;
  }
}

// 400 Gb/s of 8 x 53.125 Gb/s: line rate x 256/257 x 514/544 x lanes is the MAC rate, to the bit.
TEST(Protocol, EthernetLanesCarryTheMacRate) {
  int checked = 0;
  for (const auto& entry : protocols()) {
    if (entry.family != ProtocolFamily::kEthernet &&
        entry.family != ProtocolFamily::kUltraEthernet) {
      continue;
    }
    // The key says it: "eth-1.6t-100" is 1600 Gb/s on lanes of 100.
    const std::string key(entry.key);
    const auto first = key.find('-') + 1;
    const auto second = key.find('-', first) + 1;
    const double mac = std::stod(key.substr(first)) * (key[second - 2] == 't' ? 1000 : 1);
    const double lane = std::stod(key.substr(second));
    ASSERT_EQ(entry.widths.size(), 1U) << key;
    EXPECT_DOUBLE_EQ(entry.widths[0] * lane, mac) << key;
    EXPECT_NEAR(payload_rate(entry, LaneCount(entry.widths[0])).value(), mac * 1e9, 1.0) << key;
    ++checked;
  }
  EXPECT_GE(checked, 22);
}

TEST(Protocol, PublishedTotalsComeOut) {
  // Scorpio X: 320 lanes of PCIe 6 are 5.12 TB/s, both ways (theoutpost.ai 25979).
  EXPECT_DOUBLE_EQ(gbytes_both_ways("pcie6", 320), 5120);
  // NVLink: GB/s a link, both ways; links a GPU; GB/s a GPU (glennklockwood.com, NVLink).
  struct Generation {
    std::string_view key;
    double link;
    int links;
    double gpu;
  };
  for (const auto& g :
       {Generation{"nvlink3", 50, 12, 600}, Generation{"nvlink4", 50, 18, 900},
        Generation{"nvlink5", 100, 18, 1800}, Generation{"nvlink6", 100, 36, 3600}}) {
    EXPECT_DOUBLE_EQ(gbytes_both_ways(g.key, row(g.key).widths[0]), g.link) << g.key;
    EXPECT_DOUBLE_EQ(g.link * g.links, g.gpu) << g.key;
  }
  // Trainium2: 160 lanes are 1.28 TB/s (trainium2.rst). TPU v7: 6 ports, 1.2 TB/s.
  EXPECT_DOUBLE_EQ(gbytes_both_ways("neuronlink3", 160), 1280);
  EXPECT_DOUBLE_EQ(gbytes_both_ways("ici7", 8) * 6, 1200);
  EXPECT_DOUBLE_EQ(gbytes_both_ways("nvlink-c2c", 90), 900);
  // linux drivers/infiniband: 4X HDR, NDR, XDR are 200, 400, 800 Gb/s.
  EXPECT_NEAR(payload_rate(row("ib-edr"), LaneCount(4)).value(), 100e9, 1);
  EXPECT_NEAR(payload_rate(row("ib-hdr"), LaneCount(4)).value(), 200e9, 1);
  EXPECT_NEAR(payload_rate(row("ib-ndr"), LaneCount(4)).value(), 400e9, 1);
  EXPECT_NEAR(payload_rate(row("ib-xdr"), LaneCount(4)).value(), 800e9, 1);
  // UALink: 212.5 GT/s carry 200 Gb/s before flits; 628 of 680 coded bytes are transactions.
  const auto& ualink = row("ualink200");
  EXPECT_NEAR(ualink.line_rate.value() * ualink.encoding_efficiency * ualink.fec_efficiency, 200e9,
              1);
  EXPECT_NEAR(ualink.flit_efficiency * 640 / 680, 0.9235, 1e-4);
}

// A PCIe 6 flit: 236 transaction + 6 link + 8 CRC + 6 FEC bytes = 256 (AsteraLabs/efec README).
TEST(Protocol, FlitSharesAddUp) {
  EXPECT_DOUBLE_EQ(row("pcie6").fec_efficiency * row("pcie6").flit_efficiency, 236.0 / 256);
  EXPECT_DOUBLE_EQ(row("cxl2").flit_efficiency, 64.0 / 68);
  for (const auto& entry : protocols()) {
    if (entry.encoding == "flit 1b/1b") {
      EXPECT_TRUE(entry.has(LinkFeature::kFlit)) << entry.key;
      EXPECT_TRUE(entry.has(LinkFeature::kRetry)) << entry.key;
      EXPECT_EQ(entry.modulation, Modulation::kPam4) << entry.key;
    }
  }
}

TEST(Protocol, FeaturesTellEthernetFromUltraEthernet) {
  EXPECT_FALSE(row("eth-800g-100").has(LinkFeature::kRetry));
  EXPECT_FALSE(row("eth-800g-100").has(LinkFeature::kCredit));
  EXPECT_TRUE(row("ue-800g-100").has(LinkFeature::kRetry));
  EXPECT_TRUE(row("ue-800g-100").has(LinkFeature::kCredit));
}

TEST(Protocol, EthernetIsFoundByRateAndLanes) {
  EXPECT_EQ(ethernet_of(base::BitsPerSecond(100e9), LaneCount(4)), row("eth-100g-25").id);
  EXPECT_EQ(ethernet_of(base::BitsPerSecond(100e9), LaneCount(2)), row("eth-100g-50").id);
  EXPECT_EQ(ethernet_of(base::BitsPerSecond(100e9), std::nullopt), row("eth-100g-100").id);
  EXPECT_EQ(ethernet_of(base::BitsPerSecond(10e9), std::nullopt), row("eth-10g-10").id);
  EXPECT_EQ(ethernet_of(base::BitsPerSecond(1e9), std::nullopt), std::nullopt);
  EXPECT_EQ(ethernet_of(base::BitsPerSecond(400e9), LaneCount(3)), std::nullopt);
}

TEST(Protocol, AFasterPortRunsASlowerLinkOfItsFamily) {
  EXPECT_TRUE(can_run(row("pcie6"), row("pcie5")));
  EXPECT_FALSE(can_run(row("pcie5"), row("pcie6")));
  EXPECT_TRUE(can_run(row("cxl2"), row("pcie5")));
  EXPECT_FALSE(can_run(row("pcie5"), row("cxl2")));
  EXPECT_TRUE(can_run(row("ue-800g-100"), row("eth-800g-100")));
  EXPECT_FALSE(can_run(row("nvlink5"), row("ualink200")));
  EXPECT_FALSE(can_run(row("neuronlink3"), row("nvlink-c2c")));
  EXPECT_FALSE(can_run(protocols()[0], protocols()[0]));
}

TEST(Protocol, NearestKeyIsSuggested) {
  EXPECT_EQ(nearest_protocol_key("pice5"), "pcie5");
  EXPECT_EQ(nearest_protocol_key("nvlnk5"), "nvlink5");
  EXPECT_EQ(nearest_protocol_key("zzzzzzzzzz"), "");
}

}  // namespace
}  // namespace weft::fabric
