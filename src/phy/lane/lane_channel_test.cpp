// SPDX-License-Identifier: Apache-2.0
// The lane model against the full engine on measured channels, equalised as their protocols'
// set-ups say; lane_test.cpp checks the same property on channels made of formulas.
#include "phy/channel/cut.h"
#include "phy/channel/touchstone.h"
#include "phy/eye/eye.h"
#include "phy/lane/lane_model.h"
#include "phy/link/equalise.h"

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace weft::phy::lane {
namespace {

struct Case {
  std::string file;
  std::string setup;
  int compared = 0;  ///< states between 1e-12 and 1e-2 that must be met
};

std::filesystem::path corpus() {
  const char* const set = std::getenv("WEFT_CORPUS");
  return set != nullptr ? std::filesystem::path(set)
                        : std::filesystem::path(WEFT_SOURCE_DIR) / ".." / "shared" / "corpus";
}

LaneState state_of(base::Random& random, double noise_mv) {
  LaneState state;
  state.loss_delta = base::Decibel(-8 + 14 * random.uniform());
  state.noise_extra = base::Millivolts(noise_mv * random.uniform());
  state.jitter_scale = 3 * random.uniform();
  state.temperature = base::Celsius(80 * random.uniform());
  state.misadaptation = random.uniform() < 0.5 ? 0 : 0.06 * random.uniform();
  state.burst = 0;
  return state;
}

class LaneChannel : public testing::TestWithParam<Case> {};

TEST_P(LaneChannel, AgreesWithTheFullEngine) {
  const std::filesystem::path file = corpus() / "channels" / GetParam().file;
  if (!std::filesystem::exists(file)) {
    GTEST_SKIP() << "no measured channel at " << file.string();
  }
  auto read = channel::read_touchstone(file.string());
  ASSERT_TRUE(read.has_value()) << read.error().text();
  const std::vector<channel::Source> sources = {
      {.network = std::move(read->network), .name = GetParam().file}};
  const auto path = channel::cut_channel(sources);
  ASSERT_TRUE(path.has_value()) << path.error().text();
  const auto input = link::equalise(link::find_setup(GetParam().setup).value(), *path);
  ASSERT_TRUE(input.has_value()) << input.error().text();
  const LaneModel model = LaneModel::build(*input).value();
  base::Random random(1, GetParam().file);
  int compared = 0;
  double most = 0;
  for (int i = 0; i < 50; ++i) {
    const LaneState state = state_of(random, 100 * input->pulse[input->cursor]);
    const Reading reading = model.at(state);
    if (reading.is_clamped || reading.log10_ber < -13 || reading.log10_ber > -1.8) {
      continue;
    }
    const double engine =
        std::log10(eye::statistical_eye(model.input_at(state),
                                        {.phases = 1, .contours = {}, .is_density = false})
                       ->ber);
    if (engine >= -12 && engine <= -2) {
      ++compared;
      most = std::max(most, std::abs(reading.log10_ber - engine));
    }
  }
  EXPECT_GE(compared, GetParam().compared);
  EXPECT_LE(most, 0.1);
  RecordProperty("compared", compared);
  RecordProperty("deviation", std::to_string(most));
}

INSTANTIATE_TEST_SUITE_P(
    Measured, LaneChannel,
    testing::Values(Case{"tec_smt_io/TEC_SMT_IO_42GHz_Thru_B5B6_10in.s4p", "eth-50g", 10},
                    Case{"tec_smt_io/TEC_SMT_IO_42GHz_Thru_B5B6_4in.s4p", "pcie6", 10},
                    Case{"fci_long_link/SerDes_Demo_02_Thru.s4p", "eth-25g", 10},
                    Case{"peters_b12/peters_01_0605_B12_thru.s4p", "pcie3", 5}));

}  // namespace
}  // namespace weft::phy::lane
