// SPDX-License-Identifier: Apache-2.0
#include "phy/channel/reflection.h"

#include "phy/channel/smooth_length.h"
#include "phy/link/filters.h"
#include "phy/link/pulse.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <fmt/format.h>

namespace weft::phy::channel {
namespace reflection {
namespace {

using base::Code;
using std::numbers::pi;

/// S of one port on multiples of `df` up to the last measured frequency.
base::Result<std::vector<Complex>> port_response(const Network& network, std::size_t port,
                                                 double df) {
  constexpr double kBinsMax = 1 << 20;
  const double bins = std::floor(network.frequency_hz.back() / df) + 1;
  if (bins > kBinsMax) {
    return base::fail(Code::kResourceExhausted,
                      fmt::format("{:.0f} frequencies; the most is {:.0f}", bins, kBinsMax));
  }
  std::vector<double> f(static_cast<std::size_t>(bins));
  for (std::size_t i = 0; i < f.size(); ++i) {
    f[i] = df * static_cast<double>(i);
  }
  const std::size_t one[] = {port};
  const auto resampled = resample(select_ports(network, one), f);
  if (!resampled) {
    return tl::unexpected(resampled.error());
  }
  return resampled->s;
}

base::Result<void> check(const Network& network, std::size_t port) {
  if (network.points() < 2 || port >= network.ports) {
    return base::fail(Code::kInvalidArgument,
                      network.points() < 2 ? "reflections over time need at least two frequencies"
                                           : fmt::format("there is no port {}", port + 1));
  }
  return {};
}

/// G_rr G_loss at `ui` after the gate.
double weight(const ErlSetup& setup, double ui) {
  if (ui < 0) {
    return 0;
  }
  const double reach = static_cast<double>(setup.n_bx) + 1;
  if (ui > reach) {
    return 1;
  }
  const double from_end = ui - reach;
  const double rr =
      setup.rho_x * (1 + setup.rho_x) * std::exp(-from_end * from_end / (reach * reach));
  const double loss = std::pow(10, setup.beta_x_hz / setup.baud_hz * from_end / 20);
  return rr * loss;
}

/// Voltage that the sum of taps times independent symbols falls below with probability `der`;
/// symbols of `levels` equally likely levels in [-1, 1]. Densities by direct convolution.
double sum_at(std::vector<double> taps, unsigned levels, double der) {
  constexpr std::size_t kHalfBins = 4000;
  constexpr double kNegligible = 1e-5;  // of the largest tap
  std::sort(taps.begin(), taps.end(), [](double a, double b) { return std::abs(a) < std::abs(b); });
  const double largest = taps.empty() ? 0 : std::abs(taps.back());
  double reach = 0;
  for (double& tap : taps) {
    tap = std::abs(tap) > kNegligible * largest ? std::abs(tap) : 0;  // symbols are symmetric
    reach += tap;
  }
  if (reach == 0) {
    return 0;
  }
  const double bin = reach / kHalfBins;
  std::vector<double> density(2 * kHalfBins + 2 * taps.size() + 3, 0.0);
  std::vector<double> next(density.size());
  const std::size_t middle = density.size() / 2;
  density[middle] = 1;
  std::size_t half = 0;  // bins on either side that hold something; small taps come first
  for (const double tap : taps) {
    if (tap == 0) {
      continue;
    }
    const auto widest = static_cast<std::size_t>(std::lround(tap / bin));
    const std::size_t grown = std::min(middle, half + widest);
    std::fill(next.begin() + static_cast<std::ptrdiff_t>(middle - grown),
              next.begin() + static_cast<std::ptrdiff_t>(middle + grown + 1), 0.0);
    for (unsigned level = 0; level < levels; ++level) {
      const double symbol = 2.0 * level / (levels - 1) - 1;
      const auto shift = std::lround(symbol * tap / bin);
      for (std::size_t i = middle - half; i <= middle + half; ++i) {
        next[static_cast<std::size_t>(static_cast<long>(i) + shift)] += density[i] / levels;
      }
    }
    std::swap(density, next);
    half = grown;
  }
  double cumulative = 0;
  for (std::size_t i = middle - half; i <= middle + half; ++i) {
    if (cumulative + density[i] > der) {
      const double part = (der - cumulative) / density[i];
      return (static_cast<double>(i) - static_cast<double>(middle) - 0.5 + part) * bin;
    }
    cumulative += density[i];
  }
  return 0;
}

}  // namespace
}  // namespace reflection

base::Result<double> effective_return_loss_db(const Network& network, std::size_t port,
                                              const ErlSetup& setup) {
  using namespace reflection;
  if (auto checked = check(network, port); !checked) {
    return tl::unexpected(checked.error());
  }
  if (!(setup.baud_hz > 0) || setup.levels < 2 || setup.samples_per_ui == 0 ||
      !(setup.der0 > 0 && setup.der0 < 0.5)) {
    return base::fail(Code::kInvalidArgument, "ERL needs a baud rate, levels and an error ratio");
  }
  // The period covers what the data resolves, in whole UI.
  const double step = network.frequency_hz[1] - network.frequency_hz[0];
  const std::size_t n = smooth_length(
      static_cast<std::size_t>(std::clamp(std::ceil(setup.baud_hz / step), 16.0, 1e6)));
  const double df = setup.baud_hz / static_cast<double>(n);
  auto spectrum = port_response(network, port, df);
  if (!spectrum) {
    return tl::unexpected(spectrum.error());
  }
  // The transform covers N bins and a little; beyond 2 f_b nothing is left of the filters.
  spectrum->resize(std::min(spectrum->size(), 2 * n));
  for (std::size_t i = 0; i < spectrum->size(); ++i) {
    const double f = df * static_cast<double>(i);
    const double x = pi * f / setup.baud_hz;
    const double pulse = (x == 0 ? 1 : std::sin(x) / x) / setup.baud_hz;
    // The pulse begins at 0: half a UI later than its middle.
    (*spectrum)[i] *= pulse * link::rise_filter(setup.rise_time_s, f) *
                      link::butterworth(setup.bandwidth_ratio * setup.baud_hz, f) *
                      std::polar(1.0, -x);
  }
  const link::PulseTransform transform(n, setup.samples_per_ui, spectrum->size());
  const auto phases = transform.phases(*spectrum, df);
  std::vector<double> worst;
  double worst_energy = -1;
  for (std::size_t m = 0; m < setup.samples_per_ui; ++m) {
    std::vector<double> taps;
    double energy = 0;
    for (std::size_t k = 0; k < std::min(n, setup.length_ui); ++k) {
      const double ui = static_cast<double>(k) +
                        static_cast<double>(m) / static_cast<double>(setup.samples_per_ui) -
                        setup.gate_s * setup.baud_hz;
      const double tap = phases[m * n + k] * weight(setup, ui);
      taps.push_back(tap);
      energy += tap * tap;
    }
    if (energy > worst_energy) {
      worst_energy = energy;
      worst = std::move(taps);
    }
  }
  const double voltage = -sum_at(std::move(worst), setup.levels, setup.der0);
  constexpr double kNone = 400;
  return voltage > 1e-20 ? -20 * std::log10(voltage) : kNone;
}

base::Result<std::vector<ImpedancePoint>> impedance_profile(const Network& network,
                                                            std::size_t port, double rise_time_s,
                                                            double length_s) {
  using namespace reflection;
  if (auto checked = check(network, port); !checked) {
    return tl::unexpected(checked.error());
  }
  const double step = network.frequency_hz[1] - network.frequency_hz[0];
  const double f_max = network.frequency_hz.back();
  // H_t of T_r is down to 1 % at f T_r = 0.81: a faster edge than that would ring.
  const double rise = std::max(rise_time_s, 0.81 / f_max);
  constexpr std::size_t kSamplesPerStep = 4;
  const std::size_t n =
      smooth_length(static_cast<std::size_t>(std::clamp(std::round(f_max / step), 2.0, 1e6)));
  const auto bins = static_cast<double>(n);
  auto spectrum = port_response(network, port, step);
  if (!spectrum) {
    return tl::unexpected(spectrum.error());
  }
  for (std::size_t i = 0; i < spectrum->size(); ++i) {
    (*spectrum)[i] *= link::rise_filter(rise, step * static_cast<double>(i));
  }
  const link::PulseTransform transform(n, kSamplesPerStep, spectrum->size());
  const auto impulse = link::time_order(transform.phases(*spectrum, step), n, kSamplesPerStep);
  const double dt = 1 / (step * bins * kSamplesPerStep);
  // The edge reaches back before 0, and the period is folded: begin where it has ended.
  const auto before = static_cast<std::size_t>(std::min(2 * rise / dt, bins));
  std::vector<ImpedancePoint> profile;
  double reflection = 0;
  for (std::size_t i = impulse.size() - before; i < impulse.size(); ++i) {
    reflection += impulse[i] * dt;
  }
  const double z0 = network.z0_ohm[port];
  for (std::size_t i = 0; i + before < impulse.size(); ++i) {
    const double time = dt * static_cast<double>(i);
    if (time > length_s) {
      break;
    }
    reflection += impulse[i] * dt;
    const double r = std::clamp(reflection, -0.9999, 0.9999);
    profile.push_back({time, z0 * (1 + r) / (1 - r)});
  }
  return profile;
}

}  // namespace weft::phy::channel
