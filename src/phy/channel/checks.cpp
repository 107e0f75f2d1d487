// SPDX-License-Identifier: Apache-2.0
#include "phy/channel/checks.h"

#include "phy/channel/smooth_length.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include <Eigen/Eigenvalues>
#include <Eigen/SVD>
#include <fmt/format.h>
#include <kissfft/kissfft.hh>

namespace weft::phy::channel {
namespace checking {
namespace {

using std::numbers::pi;
using Matrix = Eigen::Matrix<Complex, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

constexpr std::size_t kPointsMin = 16;

std::string ghz(double hz) {
  return fmt::format("{:.4g} GHz", hz * 1e-9);
}

/// Half of a Blackman window: 1 at 0, 0 at the end.
double blackman(double at) {
  return 0.42 + 0.5 * std::cos(pi * at) + 0.08 * std::cos(2 * pi * at);
}

/// The transmission with the most power, of all i != j; (0, 0) where there is one port.
std::pair<std::size_t, std::size_t> strongest(const Network& network) {
  std::pair<std::size_t, std::size_t> best{0, 0};
  double most = -1;
  for (std::size_t out = 0; out < network.ports; ++out) {
    for (std::size_t in = 0; in < network.ports; ++in) {
      if (out == in) {
        continue;
      }
      double power = 0;
      for (std::size_t i = 0; i < network.points(); ++i) {
        power += std::norm(network.at(i, out, in));
      }
      if (power > most) {
        most = power;
        best = {out, in};
      }
    }
  }
  return best;
}

/// How far the first point lies from the curve through the next ones.
double first_point_error(const Network& network, std::size_t out, std::size_t in) {
  constexpr std::size_t kNeed = 6;
  const auto& f = network.frequency_hz;
  if (f.size() < kNeed || f[0] <= 0) {
    return 0;
  }
  // Straight on in the logarithm of what is left after the delay, from the next two points.
  const auto s = network.response(out, in);
  const double delay = bulk_delay_s(f, s);
  std::array<Complex, 3> turned{};
  for (std::size_t i = 0; i < turned.size(); ++i) {
    turned[i] = s[i] * std::polar(1.0, 2 * pi * f[i] * delay);
  }
  const double part = (f[1] - f[0]) / (f[2] - f[1]);
  const Complex foretold = turned[1] + (turned[1] - turned[2]) * part;
  return std::abs(turned[0] - foretold);
}

}  // namespace
}  // namespace checking

Passivity check_passivity(const Network& network, double tolerance) {
  Passivity result;
  const auto n = static_cast<Eigen::Index>(network.ports);
  Eigen::SelfAdjointEigenSolver<Eigen::MatrixXcd> solver;
  for (std::size_t i = 0; i < network.points(); ++i) {
    const Eigen::Map<const checking::Matrix> s(network.s.data() + i * network.ports * network.ports,
                                               n, n);
    const Eigen::MatrixXcd power = s.adjoint() * s;
    solver.compute(power, Eigen::EigenvaluesOnly);
    const double largest = std::sqrt(std::max(0.0, solver.eigenvalues()(n - 1)));
    if (largest > result.largest) {
      result.largest = largest;
      result.at_hz = network.frequency_hz[i];
    }
    result.points_above += largest > 1 + tolerance ? 1 : 0;
  }
  return result;
}

Network enforce_passivity(const Network& network) {
  Network out = network;
  const auto n = static_cast<Eigen::Index>(network.ports);
  for (std::size_t i = 0; i < network.points(); ++i) {
    Eigen::Map<checking::Matrix> s(out.s.data() + i * network.ports * network.ports, n, n);
    const Eigen::MatrixXcd copy = s;
    const Eigen::JacobiSVD<Eigen::MatrixXcd> svd(copy, Eigen::ComputeFullU | Eigen::ComputeFullV);
    if (svd.singularValues()(0) > 1) {
      const Eigen::VectorXd values = svd.singularValues().cwiseMin(1.0);
      s = svd.matrixU() * values.asDiagonal() * svd.matrixV().adjoint();
    }
  }
  return out;
}

Reciprocity check_reciprocity(const Network& network) {
  Reciprocity result;
  for (std::size_t i = 0; i < network.points(); ++i) {
    for (std::size_t out = 1; out < network.ports; ++out) {
      for (std::size_t in = 0; in < out; ++in) {
        const double difference = std::abs(network.at(i, out, in) - network.at(i, in, out));
        if (difference > result.largest) {
          result = {difference, network.frequency_hz[i], out, in};
        }
      }
    }
  }
  return result;
}

base::Result<Causality> check_causality(std::span<const double> frequency_hz,
                                        std::span<const Complex> s) {
  using namespace checking;
  if (s.size() < kPointsMin) {
    return base::fail(base::Code::kInvalidArgument,
                      fmt::format("{} points are too few to judge causality", s.size()));
  }
  // Uniform from 0 Hz, in the finest step at the start.
  const double f_max = frequency_hz.back();
  const double step = std::max(frequency_hz[2] - frequency_hz[1], f_max / 1e5);
  Network one = make_network(2, {frequency_hz.begin(), frequency_hz.end()});
  for (std::size_t i = 0; i < s.size(); ++i) {
    one.at(i, 1, 0) = s[i];
  }
  std::vector<double> grid(static_cast<std::size_t>(std::floor(f_max / step * (1 + 1e-9))) + 1);
  for (std::size_t i = 0; i < grid.size(); ++i) {
    grid[i] = std::min(step * static_cast<double>(i), f_max);
  }
  const auto uniform = resample(one, grid);
  if (!uniform) {
    return tl::unexpected(uniform.error());
  }
  const auto response = uniform->response(1, 0);
  // The delay of the upper half: what is fast arrives first, and nothing can before. That holds for
  // a path straight through; coupling begins at once and has only 0 before it.
  constexpr double kStraight = 0.5;
  const std::size_t upper = grid.size() / 2;
  const bool is_straight = std::any_of(response.begin(), response.end(),
                                       [](Complex value) { return std::abs(value) > kStraight; });
  Causality result;
  if (is_straight) {
    result.delay_s = std::max(
        0.0, bulk_delay_s(std::span(grid).subspan(upper), std::span(response).subspan(upper)));
  }
  const std::size_t n = smooth_length(2 * grid.size(), 2);
  std::vector<Complex> spectrum(n);
  std::vector<Complex> time(n);
  // Turned so that the earliest arrival lies at sample 0.
  for (std::size_t k = 0; k < grid.size(); ++k) {
    const double window = blackman(static_cast<double>(k) / static_cast<double>(grid.size()));
    const Complex value = response[k] * window * std::polar(1.0, 2 * pi * grid[k] * result.delay_s);
    spectrum[k] = k == 0 ? Complex(value.real()) : value;
    if (k > 0) {
      spectrum[n - k] = std::conj(value);
    }
  }
  kissfft<double> backward(n, true);
  backward.transform(spectrum.data(), time.data());
  // The main lobe of the window reaches 3 / f_max to either side; a sample is 1 / (n step).
  const double sample = 1 / (static_cast<double>(n) * step);
  const auto lobe = static_cast<std::size_t>(std::ceil(3 / (f_max * sample)));
  double early = 0;
  double all = 0;
  for (std::size_t i = 0; i < n; ++i) {
    all += std::norm(time[i]);
    if (i >= n / 2 && i + lobe < n) {  // the second half is what comes before sample 0
      early += std::norm(time[i]);
      time[i] = 0;
    }
  }
  result.early_energy = all > 0 ? early / all : 0;
  kissfft<double> forward(n, false);
  std::vector<Complex> gated(n);
  forward.transform(time.data(), gated.data());
  double largest = 0;
  for (std::size_t k = 0; k < grid.size(); ++k) {
    largest = std::max(largest, std::abs(spectrum[k]));
    const double error = std::abs(gated[k] / static_cast<double>(n) - spectrum[k]);
    if (error > result.error) {
      result.error = error;
      result.error_hz = grid[k];
    }
  }
  result.error = largest > 0 ? result.error / largest : 0;
  return result;
}

Sampling check_sampling(const Network& network) {
  Sampling result;
  const auto& f = network.frequency_hz;
  if (f.empty()) {
    return result;
  }
  result.first_hz = f.front();
  result.last_hz = f.back();
  double least = f.back();
  for (std::size_t i = 1; i < f.size(); ++i) {
    result.step_hz = std::max(result.step_hz, f[i] - f[i - 1]);
    least = std::min(least, f[i] - f[i - 1]);
  }
  result.is_uniform = f.size() > 1 && result.step_hz - least <= 1e-6 * result.step_hz;
  const auto [out, in] = checking::strongest(network);
  if (out != in) {
    result.delay_s = bulk_delay_s(f, network.response(out, in));
    result.turns_per_step = result.delay_s * result.step_hz;
    result.first_point_error = checking::first_point_error(network, out, in);
  }
  return result;
}

std::string_view key(Check check) {
  constexpr std::array<std::string_view, 7> kKeys = {
      "passivity", "reciprocity", "causality", "dc-point", "first-point", "step", "range"};
  return kKeys[static_cast<std::size_t>(check)];
}

CheckReport check_network(const Network& network, const CheckLimits& limits) {
  using checking::ghz;
  CheckReport report;
  report.passivity = check_passivity(network, limits.passivity);
  report.reciprocity = check_reciprocity(network);
  report.sampling = check_sampling(network);
  auto& findings = report.findings;
  if (report.passivity.points_above > 0) {
    findings.push_back({Check::kPassivity, report.passivity.largest, 1 + limits.passivity,
                        report.passivity.at_hz,
                        fmt::format("not passive: the largest singular value is {:.6f} at {}, and "
                                    "{} of {} points exceed 1",
                                    report.passivity.largest, ghz(report.passivity.at_hz),
                                    report.passivity.points_above, network.points())});
  }
  if (report.reciprocity.largest > limits.reciprocity) {
    const auto& r = report.reciprocity;
    findings.push_back(
        {Check::kReciprocity, r.largest, limits.reciprocity, r.at_hz,
         fmt::format("not reciprocal: S{0},{1} and S{1},{0} differ by {2:.4g} at {3}", r.out + 1,
                     r.in + 1, r.largest, ghz(r.at_hz))});
  }
  const auto [out, in] = checking::strongest(network);
  report.causality_out = out;
  report.causality_in = in;
  if (const auto causal = check_causality(network.frequency_hz, network.response(out, in));
      causal && out != in) {
    report.causality = *causal;
    if (causal->early_energy > limits.early_energy || causal->error > limits.causality_error) {
      findings.push_back(
          {Check::kCausality, causal->early_energy, limits.early_energy, causal->error_hz,
           fmt::format("S{},{} is not causal: {:.3g} of its energy comes before its delay of "
                       "{:.4g} ns, and {:.3g} of the response is lost without it, most at {}",
                       out + 1, in + 1, causal->early_energy, causal->delay_s * 1e9, causal->error,
                       ghz(causal->error_hz))});
    }
  }
  const Sampling& sampling = report.sampling;
  if (sampling.first_hz > 0) {
    findings.push_back({Check::kDcPoint, sampling.first_hz, 0, sampling.first_hz,
                        fmt::format("no point at 0 Hz: the data begins at {}; below, it is made by "
                                    "extrapolation",
                                    ghz(sampling.first_hz))});
  }
  constexpr double kFirstPointMax = 0.1;
  if (sampling.first_point_error > kFirstPointMax) {
    findings.push_back(
        {Check::kFirstPoint, sampling.first_point_error, kFirstPointMax, sampling.first_hz,
         fmt::format("the first point, at {}, lies {:.3g} off what the next ones foretell",
                     ghz(sampling.first_hz), sampling.first_point_error)});
  }
  if (sampling.turns_per_step > limits.turns_per_step) {
    findings.push_back(
        {Check::kStep, sampling.turns_per_step, limits.turns_per_step, 0,
         fmt::format("the step of {:.4g} MHz is too coarse for a delay of {:.4g} ns: {:.2f} of a "
                     "turn from point to point; at most {:.4g} MHz would do",
                     sampling.step_hz * 1e-6, sampling.delay_s * 1e9, sampling.turns_per_step,
                     limits.turns_per_step / sampling.delay_s * 1e-6)});
  }
  constexpr double kOfBaud = 0.75;
  if (limits.baud_hz > 0 && sampling.last_hz < kOfBaud * limits.baud_hz) {
    findings.push_back(
        {Check::kRange, sampling.last_hz, kOfBaud * limits.baud_hz, sampling.last_hz,
         fmt::format("the data ends at {}; {:.4g} GBd needs {} (3/4 of the baud rate)",
                     ghz(sampling.last_hz), limits.baud_hz * 1e-9, ghz(kOfBaud * limits.baud_hz))});
  }
  return report;
}

}  // namespace weft::phy::channel
