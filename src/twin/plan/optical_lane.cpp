// SPDX-License-Identifier: Apache-2.0
// See optical_lane.h. The pulse is a raised cosine over two unit intervals: zero at the neighbours'
// sampling instants, and with the slope beside its own that makes jitter matter.
#include "twin/plan/optical_lane.h"

#include "phy/optics/link.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace weft::twin::planning {
namespace {

/// Amplitude at the slicer; it cancels, since noise is given relative to it.
constexpr double kAmplitudeV = 0.2;
constexpr double kQMax = 40;  // beyond any table

}  // namespace

base::Result<OpticalLane> optical_lane(const phy::link::LinkSetup& setup,
                                       const phy::media::Medium& module,
                                       const phy::media::Medium& fibre, double fibre_m) {
  auto link = phy::optics::budget_link(module, fibre, {.fibre_m = fibre_m});
  if (!link) {
    return tl::unexpected(link.error());
  }
  const double least = link->tx_oma_dbm;
  link->tx_oma_dbm = (least + module.value("tx_oma_max_dbm", least)) / 2;
  link->baud_hz = setup.signalling.baud_hz;
  link->levels = setup.signalling.levels;
  const auto light = phy::optics::analyse(*link);
  if (!light) {
    return tl::unexpected(light.error());
  }
  OpticalLane out;
  out.loss_db = link->loss_db;
  auto& input = out.input;
  const unsigned m = setup.samples_per_ui;
  input.baud_hz = setup.signalling.baud_hz;
  input.samples_per_ui = m;
  input.levels = setup.signalling.levels;
  input.r_lm = 1;
  input.cursor = static_cast<std::size_t>(2) * m;
  input.pulse.assign(static_cast<std::size_t>(4) * m + 1, 0);
  for (std::size_t i = m; i <= static_cast<std::size_t>(3) * m; ++i) {
    const double t_ui =
        (static_cast<double>(i) - static_cast<double>(input.cursor)) / static_cast<double>(m);
    input.pulse[i] = kAmplitudeV / 2 * (1 + std::cos(std::numbers::pi * t_ui));
  }
  const double half_step_v = kAmplitudeV / (input.levels - 1.0);
  input.noise_sigma_v = half_step_v / std::clamp(light->q, 0.1, kQMax);
  input.sigma_rj_ui = setup.jitter.sigma_rj_ui;
  input.a_dd_ui = setup.jitter.a_dd_ui;
  return out;
}

}  // namespace weft::twin::planning
