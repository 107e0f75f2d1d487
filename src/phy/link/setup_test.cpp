// SPDX-License-Identifier: Apache-2.0
// Link set-ups: every file that comes with the program, the constants of the public parameter sets,
// and what the reader refuses, with its place.
#include "phy/link/setup.h"

#include "fabric/protocol.h"
#include "phy/embedded.h"

#include <cmath>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weft::phy::link {
namespace {

using testing::HasSubstr;

TEST(LinkSetups, EveryFileParses) {
  std::size_t files = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::string(WEFT_SOURCE_DIR) + "/data/links")) {
    files += entry.path().extension() == ".yaml" ? 1 : 0;
  }
  EXPECT_EQ(embedded_links().size(), files);
  for (const auto& file : embedded_links()) {
    const auto setup = parse_setup(file.text, file.name);
    ASSERT_TRUE(setup) << setup.error().text();
    EXPECT_EQ(setup->key, file.name);
    EXPECT_FALSE(setup->title.empty());
    EXPECT_FALSE(setup->source.empty());
    EXPECT_FALSE(setup->packages.empty()) << file.name;
    EXPECT_EQ(setup->is_modelled, !setup->modelled.empty());
  }
  EXPECT_EQ(setups().size(), files);
}

TEST(LinkSetups, RatesAreThoseOfTheProtocolTable) {
  for (const auto& setup : setups()) {
    for (const auto& key : setup.protocols) {
      const auto id = fabric::find_protocol(key);
      ASSERT_TRUE(id) << key;
      const auto& row = fabric::protocol(*id);
      const double bits = std::log2(setup.signalling.levels);
      EXPECT_NEAR(setup.signalling.baud_hz * bits / row.line_rate.value(), 1, 1e-9)
          << setup.key << " " << key;
    }
  }
}

// The public sets: PyChOpMarg's ieee_8023by.py and ieee_8023dj.py.
TEST(LinkSetups, HoldThePublicConstants) {
  const auto by = find_setup("eth-25g").value();
  EXPECT_DOUBLE_EQ(by.signalling.baud_hz, 25e9 * 66 / 64);
  EXPECT_EQ(by.signalling.levels, 2U);
  EXPECT_EQ(by.samples_per_ui, 32U);
  EXPECT_DOUBLE_EQ(by.target.der0, 1e-5);
  EXPECT_DOUBLE_EQ(by.tx.a_next_v, 0.6);
  EXPECT_DOUBLE_EQ(by.tx.rise_time_s, 10e-12);
  EXPECT_DOUBLE_EQ(by.tx.snr_db, 27);
  EXPECT_DOUBLE_EQ(by.rx.eta0_v2_per_ghz, 5.2e-8);
  EXPECT_DOUBLE_EQ(by.jitter.sigma_rj_ui, 0.01);
  EXPECT_DOUBLE_EQ(by.jitter.a_dd_ui, 0.05);
  EXPECT_DOUBLE_EQ(by.rx.ctle.zero_hz, by.signalling.baud_hz / 4);
  EXPECT_EQ(by.rx.ctle.gain_db.values().size(), 13U);
  EXPECT_EQ(by.rx.dfe.max.size(), 14U);
  const auto dj = find_setup("eth-200g").value();
  EXPECT_DOUBLE_EQ(dj.signalling.baud_hz, 106.25e9);
  EXPECT_DOUBLE_EQ(dj.target.der0, 2e-4);
  EXPECT_DOUBLE_EQ(dj.signalling.r_lm, 0.95);
  EXPECT_DOUBLE_EQ(dj.tx.a_next_v, 0.45);
  EXPECT_DOUBLE_EQ(dj.rx.eta0_v2_per_ghz, 6e-9);
  EXPECT_DOUBLE_EQ(dj.rx.bandwidth_ratio, 0.58);
  EXPECT_DOUBLE_EQ(dj.rx.dfe.max.front(), 0.85);
  EXPECT_TRUE(dj.rx.mlse);
  ASSERT_EQ(dj.packages.front().tx.die.size(), 3U);
  EXPECT_DOUBLE_EQ(dj.packages.front().tx.die[1].c_f, 90e-15);
  EXPECT_DOUBLE_EQ(dj.packages.front().tx.die[2].l_h, 140e-12);
  EXPECT_EQ(dj.packages.back().tx.z_p_mm, (std::vector<double>{34, 1.8}));
  const auto ck = find_setup("eth-100g").value();
  std::size_t grid = 1;
  for (const auto& tap : ck.tx.ffe.taps) {
    grid *= tap.values().size();
  }
  EXPECT_EQ(grid, 5544U);
  EXPECT_EQ(ck.rx.ctle.gain_db.values().size() * ck.rx.ctle.low_gain_db.values().size(), 147U);
}

// Preshoot and de-emphasis as published for PCIe 3: with tap moduli p, m, q (pre, main, post) the
// steps of the waveform are Va = m - p + q, Vb = m - p - q, Vc = m + p - q.
TEST(LinkSetups, PciePresetsGiveThePublishedDecibels) {
  struct Row {
    const char* name;
    double preshoot_db, deemphasis_db;
  };
  const Row rows[] = {{"P0", 0, -6},     {"P1", 0, -3.5}, {"P2", 0, -4.4}, {"P3", 0, -2.5},
                      {"P4", 0, 0},      {"P5", 1.9, 0},  {"P6", 2.5, 0},  {"P7", 3.5, -6},
                      {"P8", 3.5, -3.5}, {"P9", 3.5, 0}};
  for (const char* key : {"pcie3", "pcie4", "pcie5"}) {
    const auto setup = find_setup(key).value();
    ASSERT_EQ(setup.tx.ffe.presets.size(), 11U);
    for (std::size_t i = 0; i < std::size(rows); ++i) {
      const auto& preset = setup.tx.ffe.presets[i];
      EXPECT_EQ(preset.name, rows[i].name);
      const double pre = -preset.taps[0];
      const double post = -preset.taps[2];
      const double main = preset.taps[1];
      EXPECT_NEAR(pre + main + post, 1, 1e-12);
      EXPECT_NEAR(20 * std::log10((main + pre - post) / (main - pre - post)), rows[i].preshoot_db,
                  0.1);
      EXPECT_NEAR(20 * std::log10((main - pre - post) / (main - pre + post)), rows[i].deemphasis_db,
                  0.1);
    }
  }
}

TEST(LinkSetups, AreFoundByProtocolToo) {
  EXPECT_EQ(find_setup("eth-800g-100").value().key, "eth-100g");
  EXPECT_EQ(find_setup("cxl3").value().key, "pcie6");
  EXPECT_EQ(find_setup("ualink200").value().key, "ualink-200");
  const auto none = find_setup("pcie66");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, base::Code::kNotFound);
  EXPECT_THAT(none.error().text(), HasSubstr("pcie6"));
}

std::string minimal(std::string_view more) {
  return "weftline: link/1\nkey: mine\nsignalling:\n  baud_ghz: 25\n" + std::string(more);
}

TEST(LinkSetupReader, RefusesWithPlaceAndRemedy) {
  struct Row {
    const char* text;
    const char* place;
    const char* what;
  };
  const Row rows[] = {
      {"transmiter:\n  snr_db: 3\n", "f:5:1", "Did you mean 'transmitter'"},
      {"transmitter:\n  snr: 30\n", "f:6:3", "has no key 'snr'"},
      {"transmitter:\n  snr_db: high\n", "f:6:11", "must be a number"},
      {"transmitter:\n  snr_db: nan\n", "f:6:11", "must be a number"},
      {"transmitter:\n  snr_db: 1e9\n", "f:6:11", "outside"},
      {"samples_per_ui: 3.5\n", "f:5:17", "outside"},
      {"samples_per_ui: 32.5\n", "f:5:17", "whole"},
      {"jitter: 3\n", "f:5:9", "must be a mapping"},
      {"jitter: {a_dd_ui: 0.1, a_dd_ui: 0.2}\n", "f:5:24", "second time"},
      {"receiver: {ctle: {gain_db: {min: 0, max: -3}}}\n", "f:5:28", "min above its max"},
      {"receiver: {ctle: {gain_db: {min: 0, max: 30, step: 1e-9}}}\n", "f:5:28", "too small"},
      {"receiver: {ctle: {family: magic}}\n", "f:5:27", "annex93a"},
      {"receiver: {dfe: {max: [1, 1], min: [0]}}\n", "f:1:1", "2 values of `max`"},
      {"packages: [{name: a, tx: {z_p_mm: [3]}}]\n", "f:5:12", "impedances"},
      {"protocols: [pcie55]\n", "f:1:1", "pcie5"},
      {"extends: eth-7g\n", "f:5:10", "no set-up 'eth-7g'"},
      {"transmitter: {ffe: {taps: [0], presets: [{name: x, taps: [1]}]}}\n", "f:5:42", "1 taps"},
      {"key: [", "f:5", ""},
  };
  for (const auto& row : rows) {
    const auto setup = parse_setup(minimal(row.text), "f");
    ASSERT_FALSE(setup) << row.text;
    EXPECT_EQ(setup.error().code, base::Code::kInvalidArgument);
    EXPECT_THAT(setup.error().where, testing::StartsWith(row.place)) << row.text;
    EXPECT_THAT(setup.error().text(), HasSubstr(row.what));
  }
  EXPECT_FALSE(parse_setup("", "f"));
  EXPECT_FALSE(parse_setup("weftline: link/2\nkey: a\n", "f"));
  EXPECT_FALSE(parse_setup(std::string((1U << 20U) + 1, '#'), "f"));
}

TEST(LinkSetupReader, ExtendsAndOverrides) {
  const auto mine = parse_setup(
      "weftline: link/1\nextends: eth-100g\nkey: mine\nreceiver:\n  eta0_v2_per_ghz: 1e-8\n", "f");
  ASSERT_TRUE(mine) << mine.error().text();
  EXPECT_DOUBLE_EQ(mine->rx.eta0_v2_per_ghz, 1e-8);
  EXPECT_EQ(mine->rx.dfe.max.size(), 12U);
  EXPECT_EQ(mine->packages.size(), 2U);

  const auto snr = override_setup(*mine, "transmitter.snr_db", "31.5");
  ASSERT_TRUE(snr) << snr.error().text();
  EXPECT_DOUBLE_EQ(snr->tx.snr_db, 31.5);
  const auto dfe = override_setup(*mine, "receiver.dfe", "{max: [0.5], min: [0]}");
  ASSERT_TRUE(dfe) << dfe.error().text();
  EXPECT_EQ(dfe->rx.dfe.max, std::vector<double>{0.5});
  const auto die = override_setup(*mine, "package.r_d_ohm", "46.25");
  ASSERT_TRUE(die) << die.error().text();
  EXPECT_DOUBLE_EQ(die->packages[1].rx.r_d_ohm, 46.25);
  const auto bad = override_setup(*mine, "receiver.etta0_v2_per_ghz", "1");
  ASSERT_FALSE(bad);
  EXPECT_THAT(bad.error().text(), HasSubstr("Did you mean 'eta0_v2_per_ghz'"));
}

TEST(LinkRange, HoldsItsEnds) {
  EXPECT_EQ((Range{-12, 0, 1}.values().size()), 13U);
  EXPECT_EQ((Range{0, 0.12, 0.02}.values().size()), 7U);
  EXPECT_EQ((Range{-0.34, 0, 0.02}.values().back()), 0);
  EXPECT_EQ((Range{3, 3, 0}.values()), std::vector<double>{3});
}

}  // namespace
}  // namespace weft::phy::link
