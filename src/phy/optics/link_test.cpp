// SPDX-License-Identifier: Apache-2.0
// Optical links against the budgets that data sheets print, closed forms, and monotony.
#include "phy/optics/link.h"

#include <cmath>
#include <limits>
#include <string>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace weft::phy::optics {
namespace {

const media::Medium& medium(std::string_view key) {
  const auto* out = media::catalogue().find(key);
  EXPECT_NE(out, nullptr) << key;
  return *out;
}

TEST(Optics, TheBudgetOfDr4ClosesWithSixTenths) {
  const auto budget = published_budget(medium("dr4-module"), 3.0);
  EXPECT_DOUBLE_EQ(budget.launch_dbm, -0.8);
  EXPECT_DOUBLE_EQ(budget.received_dbm, -3.8);
  EXPECT_DOUBLE_EQ(budget.sensitivity_dbm, -4.4);
  EXPECT_NEAR(budget.left_db, 0.6, 1e-12);
}

TEST(Optics, EveryModuleReachesItsSensitivityAndItsLength) {
  std::size_t count = 0;
  for (const auto& module : media::catalogue().media()) {
    if (module.kind != media::Kind::kModule) {
      continue;
    }
    ++count;
    SCOPED_TRACE(module.key);
    const auto& fibre = medium(*module.fibre);
    auto link = budget_link(module, fibre, {.fibre_m = module.value("reach_m")});
    ASSERT_TRUE(link) << link.error().text();
    EXPECT_GE(published_budget(module, module.value("channel_loss_db")).left_db, 0);
    // Over its whole channel it still meets the FEC's limit, with its reflections.
    link->loss_db = module.value("channel_loss_db");
    const auto result = analyse(*link);
    ASSERT_TRUE(result);
    EXPECT_LT(result->ber, module.value("sensitivity_ber"));
    // Without reflections the sensitivity is the published one.
    link->reflections.clear();
    const auto sensitivity = sensitivity_dbm(*link, module.value("sensitivity_ber"));
    ASSERT_TRUE(sensitivity);
    EXPECT_NEAR(*sensitivity, module.value("rx_sensitivity_dbm"), 1e-6);
    const auto margin = margin_db(*link, module.value("sensitivity_ber"));
    EXPECT_NEAR(*margin, published_budget(module, link->loss_db).left_db, 1e-6);
  }
  EXPECT_GE(count, 6U);
}

TEST(Optics, MultimodeChannelsLoseWhatTheirSourcesSay) {
  // 400G-SR4.2: OM3 70 m 1.7 dB, OM4 100 m 1.8 dB, OM5 150 m 2.0 dB, two connectors within.
  const auto loss = [](std::string_view fibre, double metres) {
    return budget_link(medium("sr4.2-module"), medium(fibre),
                       {.fibre_m = metres, .connector_db = 0.75, .connectors = 2})
        ->loss_db;
  };
  EXPECT_NEAR(loss("om3", 70), 1.7, 0.05);
  EXPECT_NEAR(loss("om4", 100), 1.8, 0.05);
  EXPECT_NEAR(loss("om5", 150), 2.0, 0.06);
}

DirectLink thermal_only() {
  DirectLink out;
  out.tx_oma_dbm = -3;
  out.rin_db_per_hz = -300;
  out.er_db = 6;
  out.responsivity_a_per_w = 0.8;
  out.thermal_a2_per_hz = 4e-22;
  return out;
}

TEST(Optics, IsTheClosedFormWhereNoiseIsThermal) {
  const auto link = thermal_only();
  const auto result = analyse(link);
  ASSERT_TRUE(result);
  const double current = 0.8 * 1e-3 * std::pow(10, -0.3);
  // Shot noise is there as well: 2 q R P_avg, P_avg = OMA (r + 1)/(2 (r - 1)), r = 10^0.6.
  const double r = std::pow(10, 0.6);
  const double shot = 2 * 1.602176634e-19 * current * (r + 1) / (2 * (r - 1));
  const double sigma = std::sqrt((4e-22 + shot) * 53.125e9 / 2);
  EXPECT_NEAR(result->q, current / (6 * sigma), 1e-9);
  EXPECT_NEAR(result->ser, 0.75 * std::erfc(result->q / std::sqrt(2.0)), 1e-12 * result->ser);
  EXPECT_DOUBLE_EQ(result->ber, result->ser / 2);
  EXPECT_DOUBLE_EQ(result->mpi_a2, 0);
}

TEST(Optics, Pam4CostsFourPointEightDecibel) {
  // Same symbol rate and Q: the eye is a third, 10 log10(3) = 4.77 dB of optical power.
  auto link = thermal_only();
  link.thermal_a2_per_hz = 1e-20;  // shot noise is nothing beside it
  link.levels = 2;
  const auto nrz = sensitivity_dbm(link, 1e-6);
  link.levels = 4;
  const auto pam4 = sensitivity_dbm(link, 1e-6 * 0.75);  // the same Q: SER 3/2 Q, two bits
  ASSERT_TRUE(nrz && pam4);
  EXPECT_NEAR(*pam4 - *nrz, 4.77, 0.03);
}

TEST(Optics, TdecqTakesTheEyeAsItSays) {
  auto link = thermal_only();
  link.thermal_a2_per_hz = 1e-20;
  const auto clean = sensitivity_dbm(link, 2.4e-4);
  link.tdecq_db = 2;
  const auto closed = sensitivity_dbm(link, 2.4e-4);
  EXPECT_NEAR(*closed - *clean, 2, 0.02);
}

TEST(Optics, SaysWhenNoPowerHelps) {
  auto link = thermal_only();
  link.rin_db_per_hz = -100;
  const auto none = sensitivity_dbm(link, 1e-12);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, base::Code::kOutOfRange);
  EXPECT_FALSE(none.error().hint.empty());
}

DirectLink any_link() {
  const auto number = [](double low, double high) {
    return low + (high - low) * *rc::gen::inRange(0, 10001) / 1e4;
  };
  DirectLink out;
  out.levels = *rc::gen::element(2U, 4U, 8U);
  out.tx_oma_dbm = number(-6, 5);
  out.er_db = number(2, 12);
  out.tdecq_db = number(0, 5);
  out.rin_db_per_hz = number(-160, -120);
  out.loss_db = number(0, 12);
  out.thermal_a2_per_hz = number(0.1, 20) * 1e-22;
  const auto count = *rc::gen::inRange(0, 6);
  for (int i = 0; i < count; ++i) {
    out.reflections.push_back({number(15, 60), number(0, 4)});
  }
  return out;
}

RC_GTEST_PROP(Optics, WorseIsNeverBetter, ()) {
  const auto link = any_link();
  const double by = 0.01 * *rc::gen::inRange(1, 300);
  const auto ber = [](const DirectLink& x) { return analyse(x)->ber; };
  const double before = ber(link);
  // Rounding may turn equals by a few units in the last place.
  const auto is_no_better = [&](const DirectLink& x) { return ber(x) >= before * (1 - 1e-12); };
  auto lossier = link;
  lossier.loss_db += by;
  RC_ASSERT(is_no_better(lossier));
  auto noisier = link;
  noisier.rin_db_per_hz += by;
  RC_ASSERT(is_no_better(noisier));
  auto hotter = link;
  hotter.thermal_a2_per_hz *= 1 + by;
  RC_ASSERT(is_no_better(hotter));
  auto closed = link;
  closed.tdecq_db += by;
  RC_ASSERT(is_no_better(closed));
  auto reflecting = link;
  reflecting.reflections.push_back({20, 0});
  RC_ASSERT(is_no_better(reflecting));
  for (auto& reflection : reflecting.reflections) {
    reflection.return_loss_db = std::max(0.0, reflection.return_loss_db - by);
  }
  RC_ASSERT(is_no_better(reflecting));
  auto flatter = link;
  flatter.er_db = std::max(1.0, flatter.er_db - by);
  RC_ASSERT(is_no_better(flatter));
}

TEST(Optics, DirtyConnectorsCostMargin) {
  const auto& module = medium("dr4-module");
  const auto& fibre = medium("smf");
  const auto clean = budget_link(module, fibre, {.fibre_m = 500});
  const auto dirty =
      budget_link(module, fibre, {.fibre_m = 500, .connectors = 4, .connector_return_db = 22});
  ASSERT_TRUE(clean && dirty);
  const double ber = 2.4e-4;
  auto same_loss = *dirty;
  same_loss.loss_db = clean->loss_db;
  EXPECT_LT(*margin_db(same_loss, ber), *margin_db(*clean, ber) - 0.02);
}

TEST(Optics, LinearHopsAddNoiseThatGrowsWithLoss) {
  const auto near = linear_hop(medium("dr8-module"), medium("smf"), 10);
  const auto far = linear_hop(medium("dr8-module"), medium("smf"), 2000);
  ASSERT_TRUE(near && far);
  const double at_near = noise_v2_per_hz(*near, 0.3);
  EXPECT_GT(noise_v2_per_hz(*far, 0.3), at_near);
  EXPECT_NEAR(noise_v2_per_hz(*near, 0.6), 4 * at_near, 1e-9 * at_near);
  // Peak over rms in the band is the Q of a two-level link of this optical eye, TDECQ apart.
  auto two = *near;
  two.levels = 2;
  two.tdecq_db = 0;
  EXPECT_NEAR(0.3 / std::sqrt(at_near * two.baud_hz / 2), analyse(two)->q, 1e-9);
}

TEST(Optics, RefusesWhatIsNoLink) {
  const auto is_refused = [](auto&& change) {
    auto link = thermal_only();
    change(link);
    return !analyse(link) && !sensitivity_dbm(link, 1e-4);
  };
  EXPECT_TRUE(is_refused([](DirectLink& x) { x.levels = 3; }));
  EXPECT_TRUE(is_refused([](DirectLink& x) { x.er_db = 0; }));
  EXPECT_TRUE(is_refused([](DirectLink& x) { x.loss_db = -1; }));
  EXPECT_TRUE(is_refused([](DirectLink& x) { x.loss_db = std::nan(""); }));
  EXPECT_TRUE(is_refused([](DirectLink& x) { x.tx_oma_dbm = 1e9; }));
  EXPECT_TRUE(is_refused([](DirectLink& x) { x.reflections.assign(kReflectionsMax + 1, {}); }));
  EXPECT_TRUE(is_refused([](DirectLink& x) { x.reflections = {{-3, 0}}; }));
  EXPECT_FALSE(sensitivity_dbm(thermal_only(), 0));
  EXPECT_FALSE(sensitivity_dbm(thermal_only(), 0.7));
  EXPECT_FALSE(budget_link(medium("smf"), medium("smf"), {}));
  EXPECT_FALSE(budget_link(medium("dr4-module"), medium("smf"), {.fibre_m = -1}));
  EXPECT_FALSE(budget_link(medium("dr4-module"), medium("smf"), {.connectors = 1000}));
}

}  // namespace
}  // namespace weft::phy::optics
