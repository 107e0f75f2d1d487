// SPDX-License-Identifier: Apache-2.0
// From sampled responses to a model: delays taken off, an order chosen, the steps of vector
// fitting, passivity, and what it all cost in accuracy. Frequencies are scaled to the band's end.
#include "phy/channel/rational.h"
#include "phy/channel/rational_steps.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <optional>
#include <utility>

#include <fmt/format.h>

namespace weft::phy::channel {
namespace rational_fit_cpp {
namespace {

using base::Code;
using base::Result;
using rational::ConstantTerm;
using rational::Data;
using rational::Errors;
using rational::errors_of;

double weight_of(FitWeight weight, Complex h) {
  const double size = std::max(std::abs(h), 1e-6);
  switch (weight) {
    case FitWeight::kUniform:
      return 1;
    case FitWeight::kInverseRoot:
      return 1 / std::sqrt(size);
    case FitWeight::kInverse:
      return 1 / size;
  }
  return 1;
}

Result<void> check(std::span<const double> frequency_hz,
                   std::span<const std::vector<Complex>> responses, const FitOptions& options) {
  const auto refuse = [](std::string what, std::string hint) {
    return base::fail(Code::kInvalidArgument, std::move(what), "rational fit", std::move(hint));
  };
  if (responses.empty()) {
    return refuse("there is no response to fit", "Give at least one.");
  }
  const bool ascends = std::ranges::adjacent_find(frequency_hz, [](double a, double b) {
                         return !(a < b);
                       }) == frequency_hz.end();
  if (frequency_hz.size() < 4 || !ascends || !(frequency_hz.front() >= 0) ||
      !std::isfinite(frequency_hz.back())) {
    return refuse("the frequencies do not ascend from 0 or above, or are fewer than 4",
                  "Give each frequency once, in order.");
  }
  for (const auto& response : responses) {
    if (response.size() != frequency_hz.size()) {
      return refuse(fmt::format("a response of {} points over {} frequencies", response.size(),
                                frequency_hz.size()),
                    "Give one value for each frequency.");
    }
    if (std::ranges::any_of(response, [](Complex value) {
          return !std::isfinite(value.real()) || !std::isfinite(value.imag());
        })) {
      return refuse("a response has a value that is not a number", "Mend the data.");
    }
  }
  if (options.order > kPolesMax || options.order_max > kPolesMax) {
    return base::fail(Code::kOutOfRange, fmt::format("{} poles at most", kPolesMax), "rational fit",
                      "Ask for fewer, or for none to have the order chosen.");
  }
  const std::size_t least = options.order == 0 ? 2 : options.order;
  if (2 * frequency_hz.size() < 2 * (least + 1) + 1) {
    return refuse(fmt::format("{} points are too few for {} poles", frequency_hz.size(), least),
                  "Ask for fewer poles or give more points.");
  }
  return {};
}

Data scaled(std::span<const double> frequency_hz, std::span<const std::vector<Complex>> responses,
            std::span<const double> delay_s, FitWeight weight) {
  Data out;
  for (const double f : frequency_hz) {
    out.w.push_back(f / frequency_hz.back());
  }
  for (std::size_t i = 0; i < responses.size(); ++i) {
    auto& h = out.h.emplace_back(responses[i]);
    out.voice.push_back(1);
    if (delay_s[i] != 0) {
      for (std::size_t k = 0; k < h.size(); ++k) {
        h[k] *= std::polar(1.0, 2 * std::numbers::pi * frequency_hz[k] * delay_s[i]);
      }
    }
    if (weight != FitWeight::kUniform) {
      auto& by = out.weight.emplace_back();
      for (const auto& value : h) {
        by.push_back(weight_of(weight, value));
      }
    }
  }
  return out;
}

struct Solved {
  RationalModel model;
  Errors errors;
  std::size_t iterations = 0;
};

Solved solve(const Data& data, std::size_t order, const FitOptions& options, bool is_network) {
  Solved out;
  auto found = rational::find_poles(data, order, options.iterations);
  out.iterations = found.iterations;
  const bool has_dc = options.exact_dc && data.w.front() == 0;
  out.model = rational::solve_residues(found.poles, data,
                                       has_dc ? ConstantTerm::kFromDc : ConstantTerm::kFree);
  // A constant of a passive response is 1 at most; more of it is the fit's freedom above the band,
  // and costs dear when it is taken back afterwards. Without one the response ends, as real ones
  // do.
  if (is_network && std::ranges::any_of(out.model.responses, [](const RationalResponse& r) {
        return std::abs(r.constant) > 0.5;
      })) {
    out.model = rational::solve_residues(found.poles, data, ConstantTerm::kZero);
  }
  out.errors = errors_of(out.model, data);
  return out;
}

/// Orders grow by half until the target is met or the most is reached; where it never is, the least
/// order that does nearly as well as the best.
Solved grow(const Data& data, const FitOptions& options, bool is_network) {
  const std::size_t most = std::min(options.order_max, (data.points() - 1) / 2);
  std::vector<Solved> tried;
  for (std::size_t order = std::min<std::size_t>(6, most);;) {
    tried.push_back(solve(data, order, options, is_network));
    if (tried.back().errors.rms_worst <= options.rms_target) {
      return std::move(tried.back());
    }
    if (order == most) {
      break;
    }
    order = std::min(most, order + std::max<std::size_t>(4, order / 4 * 2));
  }
  const auto rms = [](const Solved& solved) { return solved.errors.rms_worst; };
  const double best = rms(*std::ranges::min_element(tried, {}, rms));
  return std::move(*std::ranges::find_if(
      tried, [&](const Solved& solved) { return rms(solved) <= 1.1 * best; }));
}

/// The mean delay, weighted by energy, from the phase between neighbouring points: no unwrapping.
double mean_delay_s(std::span<const double> f, std::span<const Complex> h) {
  double weighted = 0;
  double energy = 0;
  for (std::size_t k = 1; k < f.size(); ++k) {
    const Complex turn = h[k] * std::conj(h[k - 1]);
    const double size = std::abs(turn);
    weighted -= std::arg(turn) / (2 * std::numbers::pi * (f[k] - f[k - 1])) * size;
    energy += size;
  }
  return energy > 0 ? weighted / energy : 0;
}

}  // namespace
}  // namespace rational_fit_cpp

double estimate_delay_s(std::span<const double> frequency_hz, std::span<const Complex> response) {
  namespace f = rational_fit_cpp;
  constexpr std::size_t kOrder = 10;
  if (frequency_hz.size() < 64) {
    return 0;
  }
  const double mean_s = f::mean_delay_s(frequency_hz, response);
  // Less than a few periods of the band's end: poles do as well without.
  if (!(mean_s * frequency_hz.back() > 2)) {
    return 0;
  }
  // Enough points that the span of delays that is searched turns by less than half a turn each.
  const double turns = 0.5 * mean_s * frequency_hz.back();
  const auto points =
      std::clamp(static_cast<std::size_t>(4 * turns), std::size_t{120}, std::size_t{600});
  const std::array<std::vector<Complex>, 1> one = {
      std::vector<Complex>(response.begin(), response.end())};
  const auto all =
      rational::thinned(f::scaled(frequency_hz, one, std::array{0.0}, FitWeight::kUniform), points);
  const auto error = [&](double delay_s) {
    auto data = all;
    for (std::size_t k = 0; k < data.points(); ++k) {
      data.h[0][k] *=
          std::polar(1.0, 2 * std::numbers::pi * data.w[k] * frequency_hz.back() * delay_s);
    }
    auto poles = rational::starting_poles(kOrder);
    for (int i = 0; i < 3; ++i) {
      poles = rational::relocate(poles, data);
    }
    return rational::errors_of(rational::solve_residues(poles, data, rational::ConstantTerm::kFree),
                               data)
        .rms_worst;
  };
  // A coarse look, then golden section around the best.
  constexpr int kLooks = 9;
  double best_s = 0;
  double least = std::numeric_limits<double>::infinity();
  const double low_s = 0.7 * mean_s;
  const double step_s = 0.35 * mean_s / (kLooks - 1);
  for (int i = 0; i < kLooks; ++i) {
    const double delay_s = low_s + i * step_s;
    if (const double e = error(delay_s); e < least) {
      least = e;
      best_s = delay_s;
    }
  }
  constexpr double kGolden = 0.6180339887498949;
  double a = best_s - step_s;
  double b = best_s + step_s;
  double left = b - kGolden * (b - a);
  double right = a + kGolden * (b - a);
  double at_left = error(left);
  double at_right = error(right);
  for (int i = 0; i < 6; ++i) {
    if (at_left < at_right) {
      b = right;
      right = left;
      at_right = at_left;
      left = b - kGolden * (b - a);
      at_left = error(left);
    } else {
      a = left;
      left = right;
      at_left = at_right;
      right = a + kGolden * (b - a);
      at_right = error(right);
    }
  }
  const double refined = std::min(at_left, at_right);
  return refined < least ? (at_left < at_right ? left : right) : best_s;
}

namespace rational_fit_cpp {
namespace {

/// Transmission is what links live on; reflections of long lines would ask for a pair of poles each
/// 1/(2 T) Hz, and take all there are.
constexpr double kTransmissionVoice = 4;

struct Job {
  std::span<const double> frequency_hz;
  std::span<const std::vector<Complex>> responses;
  std::size_t ports = 0;
  std::vector<double> z0_ohm = {};
};

/// From scaled poles and residues to rad/s, with the delays.
void unscale(RationalModel& model, double scale_hz, std::span<const double> delay_s) {
  const double scale = 2 * std::numbers::pi * scale_hz;
  for (auto& pole : model.poles) {
    pole *= scale;
  }
  for (std::size_t i = 0; i < model.responses.size(); ++i) {
    model.responses[i].delay_s = delay_s[i];
    for (auto& residue : model.responses[i].residues) {
      residue *= scale;
    }
  }
}

Errors errors_of_network(const RationalModel& model, const Job& job) {
  RationalModel scaled_model = model;
  const double scale = 2 * std::numbers::pi * job.frequency_hz.back();
  std::vector<double> delay_s;
  for (auto& pole : scaled_model.poles) {
    pole /= scale;
  }
  for (auto& response : scaled_model.responses) {
    delay_s.push_back(response.delay_s);
    for (auto& residue : response.residues) {
      residue /= scale;
    }
  }
  return errors_of(scaled_model,
                   scaled(job.frequency_hz, job.responses, delay_s, FitWeight::kUniform));
}

std::vector<double> delays_of(const Job& job, bool is_wanted) {
  std::vector<double> out(job.responses.size(), 0);
  for (std::size_t i = 0; is_wanted && i < out.size(); ++i) {
    // What is reflected at a port starts at once.
    const bool is_reflection = job.ports != 0 && i / job.ports == i % job.ports;
    const std::size_t mirror = job.ports == 0 ? i : i % job.ports * job.ports + i / job.ports;
    if (is_reflection) {
      continue;
    }
    out[i] = mirror < i && job.responses[mirror] == job.responses[i]
                 ? out[mirror]
                 : estimate_delay_s(job.frequency_hz, job.responses[i]);
  }
  return out;
}

Result<RationalFit> fit(const Job& job, const FitOptions& options) {
  if (auto ok = check(job.frequency_hz, job.responses, options); !ok) {
    return tl::unexpected(ok.error());
  }
  const auto delay_s = delays_of(job, options.extract_delay);
  auto data = scaled(job.frequency_hz, job.responses, delay_s, options.weight);
  for (std::size_t i = 0; i < data.voice.size() && job.ports != 0; ++i) {
    data.voice[i] = i / job.ports == i % job.ports ? 1 : kTransmissionVoice;
  }
  const bool is_network = job.ports != 0;
  auto solved = options.order == 0 ? grow(data, options, is_network)
                                   : solve(data, options.order, options, is_network);
  RationalFit out;
  auto& report = out.report;
  out.model = std::move(solved.model);
  unscale(out.model, job.frequency_hz.back(), delay_s);
  out.model.ports = job.ports;
  out.model.z0_ohm = job.z0_ohm;
  report.order = out.model.order();
  report.iterations = solved.iterations;
  report.rms_before_passivity = solved.errors.rms_worst;
  if (job.ports != 0) {
    const double band_hz = job.frequency_hz.back();
    const auto before = check_passivity(out.model, band_hz);
    report.singular_before = before.singular_max;
    report.singular_hz = before.at_hz;
    report.singular_after = before.singular_max;
    report.is_passive = before.is_passive;
    if (!before.is_passive && options.enforce_passivity) {
      out.model = enforce_passivity(std::move(out.model), band_hz);
      const auto after = check_passivity(out.model, band_hz);
      report.singular_after = after.singular_max;
      report.is_passive = after.is_passive;
      solved.errors = errors_of_network(out.model, job);
    }
  }
  report.rms = solved.errors.rms;
  report.rms_worst = solved.errors.rms_worst;
  report.max_error = solved.errors.greatest;
  report.met_target = report.rms_worst <= options.rms_target;
  return out;
}

}  // namespace
}  // namespace rational_fit_cpp

base::Result<RationalFit> fit_rational(const Network& network, const FitOptions& options) {
  if (!network.frequency_hz.empty() && network.frequency_hz.front() > 0 && options.exact_dc) {
    // Without a point at 0 Hz a model may do there what it likes, and a pulse's tail shows it.
    auto frequency_hz = network.frequency_hz;
    frequency_hz.insert(frequency_hz.begin(), 0.0);
    return resample(network, frequency_hz).and_then([&](const Network& with_dc) {
      return fit_rational(with_dc, options);
    });
  }
  std::vector<std::vector<Complex>> responses;
  for (std::size_t out = 0; out < network.ports; ++out) {
    for (std::size_t in = 0; in < network.ports; ++in) {
      responses.push_back(network.response(out, in));
    }
  }
  return rational_fit_cpp::fit({network.frequency_hz, responses, network.ports, network.z0_ohm},
                               options);
}

base::Result<RationalFit> fit_rational(std::span<const double> frequency_hz,
                                       std::span<const std::vector<Complex>> responses,
                                       const FitOptions& options) {
  return rational_fit_cpp::fit({frequency_hz, responses}, options);
}

}  // namespace weft::phy::channel
