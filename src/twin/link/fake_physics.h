// SPDX-License-Identifier: Apache-2.0
// Lane models for tests of links: made from formulas instead of channels, so that a test builds in
// milliseconds and knows how far each rate is from its limit. Only tests and benches include it.
#pragma once

#include "fabric/protocol.h"
#include "phy/eye/synthetic.h"
#include "twin/plan/physics.h"

#include <cmath>
#include <map>
#include <memory>
#include <mutex>
#include <string_view>
#include <tuple>
#include <utility>

namespace weft::twin {

/// Each rate's Gaussian quantile of the error ratio at neutral state: 8.5 is 1e-17, 7 about 1e-12.
class FakePhysics final : public Physics {
 public:
  double quantile = 9;       ///< at 32 GT/s and below
  double quantile_pam4 = 6;  ///< of PAM4: 1e-9
  std::map<fabric::ProtocolId, double> quantile_of;

  [[nodiscard]] base::Result<std::shared_ptr<const LaneKind>> lane_kind(
      const SectionPlan& section, fabric::ProtocolId id) override {
    static_cast<void>(section);
    const fabric::Protocol& row = fabric::protocol(id);
    if (row.lane_rate < base::giga_transfers(8)) {
      return base::fail(base::Code::kNotFound, "no model");
    }
    const bool is_pam4 = row.modulation == fabric::Modulation::kPam4;
    const auto own = quantile_of.find(id);
    const double z = own != quantile_of.end() ? own->second : is_pam4 ? quantile_pam4 : quantile;
    // Made once for all tests of a program, and all rates of one signalling.
    static std::mutex mutex;
    static std::map<std::tuple<bool, std::string_view, double>, std::shared_ptr<const LaneKind>>
        made;
    const std::lock_guard hold(mutex);
    auto& entry = made[{is_pam4, row.fec, z}];
    if (!entry) {
      entry = make(row, z);
    }
    return entry;
  }

 private:
  [[nodiscard]] static std::shared_ptr<const LaneKind> make(const fabric::Protocol& row, double z) {
    const bool is_pam4 = row.modulation == fabric::Modulation::kPam4;
    // A pulse without ISI: its error ratio is that of noise alone.
    phy::link::SlicerInput input;
    input.levels = is_pam4 ? 4 : 2;
    input.baud_hz = row.line_rate.value() / (is_pam4 ? 2 : 1);
    input.samples_per_ui = 8;
    input.pulse.assign(24, 0.0);
    for (std::size_t i = 4; i < 20; ++i) {
      const double x = (static_cast<double>(i) - 12) / 8;
      input.pulse[i] = 0.2 * std::pow(std::cos(1.5707963267948966 * x), 2);
    }
    input.cursor = 12;
    input.noise_sigma_v = 0.2 / (is_pam4 ? 3 : 1) / z;
    input.sigma_rj_ui = 0.005;
    input.equaliser.preset = "P7";
    phy::lane::LaneOptions options;
    options.code = row.fec.starts_with("RS(528") ? phy::fec::kKr4
                   : row.fec.starts_with("RS")   ? phy::fec::kKp4
                                                 : phy::fec::CodeParameters{};
    auto model = phy::lane::LaneModel::build(input, options);
    return std::make_shared<const LaneKind>(
        LaneKind{.built = input, .model = std::move(*model), .channel_loss_db = 20});
  }
};

}  // namespace weft::twin
