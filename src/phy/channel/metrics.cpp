// SPDX-License-Identifier: Apache-2.0
#include "phy/channel/metrics.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <Eigen/QR>
#include <fmt/format.h>

namespace weft::phy::channel {
namespace metrics {
namespace {

using std::numbers::pi;

/// Step that a point stands for: half way to its neighbours.
double width_at(std::span<const double> f, std::size_t i) {
  if (f.size() < 2) {
    return 0;
  }
  const double left = i > 0 ? f[i] - f[i - 1] : f[1] - f[0];
  const double right = i + 1 < f.size() ? f[i + 1] - f[i] : left;
  return (left + right) / 2;
}

}  // namespace
}  // namespace metrics

double loss_db(Complex s) {
  constexpr double kMost = 400;
  const double power = std::norm(s);
  return power > 1e-40 ? -10 * std::log10(power) : kMost;
}

std::vector<double> loss_db(std::span<const Complex> s) {
  std::vector<double> out(s.size());
  std::transform(s.begin(), s.end(), out.begin(), [](Complex value) { return loss_db(value); });
  return out;
}

std::optional<double> loss_at(const Network& network, std::size_t out, std::size_t in, double hz) {
  const auto& f = network.frequency_hz;
  // A rate's half and a file's last point are the same number by different roundings.
  constexpr double kRounding = 1e-9;
  if (f.empty() || out >= network.ports || in >= network.ports || !(hz >= f.front()) ||
      hz > f.back() * (1 + kRounding)) {
    return std::nullopt;
  }
  hz = std::min(hz, f.back());
  const auto right = static_cast<std::size_t>(std::lower_bound(f.begin(), f.end(), hz) - f.begin());
  const double high = loss_db(network.at(right, out, in));
  if (f[right] == hz) {
    return high;
  }
  const double low = loss_db(network.at(right - 1, out, in));
  return low + (high - low) * (hz - f[right - 1]) / (f[right] - f[right - 1]);
}

double LossFit::at(double hz) const {
  const double ghz = hz * 1e-9;
  return a0_db + a1_db * std::sqrt(ghz) + a2_db * ghz + a4_db * ghz * ghz;
}

base::Result<LossFit> fit_loss(std::span<const double> frequency_hz,
                               std::span<const double> loss_db, const LossFitOptions& options) {
  std::vector<std::size_t> points;
  for (std::size_t i = 0; i < std::min(frequency_hz.size(), loss_db.size()); ++i) {
    if (frequency_hz[i] >= options.f_min_hz &&
        (options.f_max_hz == 0 || frequency_hz[i] <= options.f_max_hz)) {
      points.push_back(i);
    }
  }
  std::vector<double (*)(double)> terms = {[](double ghz) { return std::sqrt(ghz); },
                                           [](double ghz) { return ghz; }};
  if (options.has_constant) {
    terms.push_back([](double) { return 1.0; });
  }
  if (options.has_square) {
    terms.push_back([](double ghz) { return ghz * ghz; });
  }
  if (points.size() < terms.size()) {
    return base::fail(
        base::Code::kInvalidArgument,
        fmt::format("{} points between {:.4g} and {:.4g} GHz are too few to fit {} "
                    "terms",
                    points.size(), options.f_min_hz * 1e-9, options.f_max_hz * 1e-9, terms.size()));
  }
  const auto rows = static_cast<Eigen::Index>(points.size());
  Eigen::MatrixXd matrix(rows, static_cast<Eigen::Index>(terms.size()));
  Eigen::VectorXd right(rows);
  for (Eigen::Index row = 0; row < rows; ++row) {
    const std::size_t i = points[static_cast<std::size_t>(row)];
    const double weight = options.is_weighted ? std::pow(10, -loss_db[i] / 20) : 1;
    for (std::size_t k = 0; k < terms.size(); ++k) {
      matrix(row, static_cast<Eigen::Index>(k)) = weight * terms[k](frequency_hz[i] * 1e-9);
    }
    right(row) = weight * loss_db[i];
  }
  const Eigen::VectorXd solved = matrix.colPivHouseholderQr().solve(right);
  LossFit fit;
  fit.a1_db = solved(0);
  fit.a2_db = solved(1);
  fit.a0_db = options.has_constant ? solved(2) : 0;
  fit.a4_db = options.has_square ? solved(static_cast<Eigen::Index>(terms.size()) - 1) : 0;
  fit.f_min_hz = frequency_hz[points.front()];
  fit.f_max_hz = frequency_hz[points.back()];
  double sum = 0;
  for (const std::size_t i : points) {
    const double deviation = loss_db[i] - fit.at(frequency_hz[i]);
    sum += deviation * deviation;
  }
  fit.rms_db = std::sqrt(sum / static_cast<double>(points.size()));
  return fit;
}

double BandWeight::at(double hz) const {
  const double x = metrics::pi * hz / baud_hz;
  const double sinc = x == 0 ? 1 : std::sin(x) / x;
  const double f_t = rise_time_s > 0 ? 0.2365 / rise_time_s : 0;
  const double tx = f_t > 0 ? 1 + std::pow(hz / f_t, 4) : 1;
  const double f_r = bandwidth_ratio * baud_hz;
  const double rx = f_r > 0 ? 1 + std::pow(hz / f_r, 8) : 1;
  return sinc * sinc / (tx * rx);
}

double fom_ild_db(std::span<const double> frequency_hz, std::span<const double> loss_db,
                  const LossFit& fit, const BandWeight& weight) {
  double sum = 0;
  double covered_hz = 0;
  for (std::size_t i = 0; i < frequency_hz.size(); ++i) {
    const double f = frequency_hz[i];
    if (f >= fit.f_min_hz && f <= fit.f_max_hz) {
      const double deviation = loss_db[i] - fit.at(f);
      const double width_hz = metrics::width_at(frequency_hz, i);
      sum += weight.at(f) * deviation * deviation * width_hz;
      covered_hz += width_hz;
    }
  }
  return covered_hz > 0 ? std::sqrt(sum / covered_hz) : 0;
}

CrosstalkNoise crosstalk_noise(const Channel& channel, const CrosstalkSetup& setup) {
  CrosstalkNoise noise;
  double next = 0;
  double fext = 0;
  for (const Path& path : channel.aggressors) {
    const bool is_next = path.role == Role::kNext;
    const BandWeight& weight = is_next ? setup.next : setup.fext;
    const double amplitude = is_next ? setup.a_next_v : setup.a_fext_v;
    const double f_max = setup.f_max_hz > 0 ? setup.f_max_hz : weight.baud_hz;
    const auto& f = path.sdd.frequency_hz;
    double sum = 0;
    for (std::size_t i = 0; i < f.size(); ++i) {
      if (f[i] >= setup.f_min_hz && f[i] <= f_max) {
        sum += weight.at(f[i]) * std::norm(path.sdd.at(i, 1, 0)) * metrics::width_at(f, i);
      }
    }
    (is_next ? next : fext) += 2 * amplitude * amplitude * sum / weight.baud_hz;
  }
  noise.next_v = std::sqrt(next);
  noise.fext_v = std::sqrt(fext);
  noise.icn_v = std::sqrt(next + fext);
  return noise;
}

std::optional<double> power_sum_loss_db(const Channel& channel, std::optional<Role> role,
                                        double hz) {
  double power = 0;
  bool has_one = false;
  for (const Path& path : channel.aggressors) {
    if (role && path.role != *role) {
      continue;
    }
    if (const auto loss = loss_at(path.sdd, 1, 0, hz)) {
      power += std::pow(10, -*loss / 10);
      has_one = true;
    }
  }
  return has_one ? std::optional(-10 * std::log10(power)) : std::nullopt;
}

ModeConversion mode_conversion(const Network& modes, double up_to_hz) {
  ModeConversion worst{400, 0, 400, 0};
  for (std::size_t i = 0; i < modes.points() && modes.frequency_hz[i] <= up_to_hz; ++i) {
    const double scd = loss_db(modes.at(i, 3, 0));
    const double sdc = loss_db(modes.at(i, 1, 2));
    if (scd < worst.scd21_db) {
      worst.scd21_db = scd;
      worst.scd21_hz = modes.frequency_hz[i];
    }
    if (sdc < worst.sdc21_db) {
      worst.sdc21_db = sdc;
      worst.sdc21_hz = modes.frequency_hz[i];
    }
  }
  return worst;
}

double intra_pair_skew_s(const Network& network, const PathPorts& ports, double up_to_hz) {
  double moment = 0;
  double weight = 0;
  double phase = 0;
  for (std::size_t i = 0; i < network.points() && network.frequency_hz[i] <= up_to_hz; ++i) {
    const Complex product = network.at(i, ports.to.positive, ports.from.positive) *
                            std::conj(network.at(i, ports.to.negative, ports.from.negative));
    if (product == Complex{}) {
      continue;
    }
    phase += std::remainder(std::arg(product) - phase, 2 * metrics::pi);
    const double f = network.frequency_hz[i];
    const double magnitude = std::abs(product);
    moment += magnitude * f * phase;
    weight += magnitude * f * f;
  }
  return weight > 0 ? -moment / (2 * metrics::pi * weight) : 0;
}

ChannelSummary summarise(const Channel& channel, const CrosstalkSetup& setup) {
  const Network& sdd = channel.thru.sdd;
  const double baud = setup.fext.baud_hz;
  ChannelSummary out;
  out.nyquist_hz = baud / 2;
  out.insertion_loss_db = loss_at(sdd, 1, 0, out.nyquist_hz);
  out.near_return_loss_db = loss_at(sdd, 0, 0, out.nyquist_hz);
  out.far_return_loss_db = loss_at(sdd, 1, 1, out.nyquist_hz);
  const auto loss = loss_db(sdd.response(1, 0));
  LossFitOptions options;
  options.f_min_hz = setup.f_min_hz;
  options.f_max_hz = setup.f_max_hz > 0 ? setup.f_max_hz : baud;
  if (const auto fit = fit_loss(sdd.frequency_hz, loss, options)) {
    out.fit = *fit;
    out.fom_ild_db = fom_ild_db(sdd.frequency_hz, loss, *fit, setup.fext);
    if (out.insertion_loss_db) {
      out.fitted_loss_db = fit->at(out.nyquist_hz);
    }
  }
  if (!channel.aggressors.empty()) {
    out.noise = crosstalk_noise(channel, setup);
    out.next_loss_db = power_sum_loss_db(channel, Role::kNext, out.nyquist_hz);
    out.fext_loss_db = power_sum_loss_db(channel, Role::kFext, out.nyquist_hz);
    out.all_crosstalk_loss_db = power_sum_loss_db(channel, std::nullopt, out.nyquist_hz);
    if (out.all_crosstalk_loss_db && out.insertion_loss_db) {
      out.crosstalk_ratio_db = *out.all_crosstalk_loss_db - *out.insertion_loss_db;
    }
  }
  out.delay_s = bulk_delay_s(sdd.frequency_hz, sdd.response(1, 0));
  return out;
}

}  // namespace weft::phy::channel
