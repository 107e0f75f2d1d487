// SPDX-License-Identifier: Apache-2.0
// Networks on other frequencies. Each response is turned back by its bulk delay, so that what is
// left changes little from point to point; that is interpolated by cubic Hermite segments (slopes
// from the parabola through three neighbours) and turned forward again. A response at -f is the
// conjugate of that at f, which gives the first segment its left neighbour and makes 0 Hz real.
#include "phy/channel/network.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <numeric>

#include <fmt/format.h>

namespace weft::phy::channel {
namespace resampling {
namespace {

using base::Code;
using std::numbers::pi;

// Points at the start that the value at 0 Hz is read from; medians over them bear one bad point.
constexpr std::size_t kStartPoints = 8;
constexpr std::size_t kPairsMax = kStartPoints * (kStartPoints - 1) / 2;

double median(std::span<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// The line through most of the points (Theil-Sen): its value at x = 0.
double intercept(std::span<const double> x, std::span<const double> y) {
  std::array<double, kPairsMax> slopes{};
  std::array<double, kStartPoints> offsets{};
  std::size_t pairs = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    for (std::size_t j = i + 1; j < x.size(); ++j) {
      slopes[pairs++] = (y[j] - y[i]) / (x[j] - x[i]);
    }
  }
  if (pairs == 0) {
    return y[0];
  }
  const double slope = median(std::span(slopes).first(pairs));
  for (std::size_t i = 0; i < x.size(); ++i) {
    offsets[i] = y[i] - slope * x[i];
  }
  return median(std::span(offsets).first(x.size()));
}

/// What a transmission has at 0 Hz: skin effect makes ln|S| a line over sqrt(f), and the phase
/// ends at 0 or at half a turn.
double transmission_at_dc(std::span<const double> f, std::span<const Complex> turned) {
  std::array<double, kStartPoints> root{};
  std::array<double, kStartPoints> log_magnitude{};
  std::array<double, kStartPoints> phase{};
  double last = std::arg(turned[0]);
  for (std::size_t i = 0; i < f.size(); ++i) {
    root[i] = std::sqrt(f[i]);
    log_magnitude[i] = std::log(std::abs(turned[i]));
    last += std::remainder(std::arg(turned[i]) - last, 2 * pi);
    phase[i] = last;
  }
  const double magnitude = std::exp(std::min(
      0.0, intercept(std::span(root).first(f.size()), std::span(log_magnitude).first(f.size()))));
  return std::cos(intercept(f, std::span(phase).first(f.size()))) < 0 ? -magnitude : magnitude;
}

/// Any other response: its real part is even in f, so a parabola over f^2.
double reflection_at_dc(std::span<const double> f, std::span<const Complex> turned) {
  std::array<double, kStartPoints> square{};
  std::array<double, kStartPoints> real{};
  for (std::size_t i = 0; i < f.size(); ++i) {
    square[i] = f[i] * f[i];
    real[i] = turned[i].real();
  }
  return intercept(std::span(square).first(f.size()), std::span(real).first(f.size()));
}

double value_at_dc(std::span<const double> f, std::span<const Complex> turned, bool is_across,
                   DcRule rule) {
  if (rule == DcRule::kHold) {
    return std::abs(turned[0]) * (turned[0].real() < 0 ? -1 : 1);
  }
  constexpr double kTransmits = 0.5;
  const std::size_t count = std::min(kStartPoints, f.size());
  f = f.first(count);
  turned = turned.first(count);
  double least = std::abs(turned[0]);
  for (const Complex value : turned) {
    least = std::min(least, std::abs(value));
  }
  if (is_across && least > kTransmits) {
    return transmission_at_dc(f, turned);
  }
  // Reflections change fast with f: fewer points say more about 0 Hz.
  constexpr std::size_t kReflectionPoints = 4;
  const std::size_t few = std::min(kReflectionPoints, count);
  return std::clamp(reflection_at_dc(f.first(few), turned.first(few)), -1.0, 1.0);
}

/// One response prepared for interpolation: nodes from 0 Hz (or below, mirrored) upward.
struct Curve {
  double delay_s = 0;
  std::vector<double> f;
  std::vector<Complex> value;
  std::vector<Complex> slope;
};

Curve prepare(std::span<const double> f, std::span<const Complex> s, bool is_across, DcRule rule) {
  Curve curve;
  curve.delay_s = bulk_delay_s(f, s);
  std::vector<Complex> turned(s.size());
  for (std::size_t i = 0; i < s.size(); ++i) {
    turned[i] = s[i] * std::polar(1.0, 2 * pi * f[i] * curve.delay_s);
  }
  // One mirrored point below 0 Hz lets the slope at 0 be taken as any other.
  curve.f.push_back(f[0] > 0 ? -f[0] : (f.size() > 1 ? -f[1] : -1.0));
  curve.value.push_back(std::conj(f[0] > 0 ? turned[0] : turned[f.size() > 1 ? 1 : 0]));
  if (f[0] > 0) {
    curve.f.push_back(0);
    curve.value.emplace_back(value_at_dc(f, turned, is_across, rule));
  }
  curve.f.insert(curve.f.end(), f.begin(), f.end());
  curve.value.insert(curve.value.end(), turned.begin(), turned.end());

  const std::size_t n = curve.f.size();
  curve.slope.resize(n);
  const auto secant = [&](std::size_t i) {
    return (curve.value[i + 1] - curve.value[i]) / (curve.f[i + 1] - curve.f[i]);
  };
  for (std::size_t i = 1; i + 1 < n; ++i) {
    const double left = curve.f[i] - curve.f[i - 1];
    const double right = curve.f[i + 1] - curve.f[i];
    curve.slope[i] = (secant(i - 1) * right + secant(i) * left) / (left + right);
  }
  curve.slope[0] = n > 1 ? secant(0) : Complex{};
  curve.slope[n - 1] = n > 2 ? 2.0 * secant(n - 2) - curve.slope[n - 2] : Complex{};
  return curve;
}

/// The curve at `f` in the segment that starts at node `i`.
Complex evaluate(const Curve& curve, std::size_t i, double f) {
  const double width = curve.f[i + 1] - curve.f[i];
  const double t = (f - curve.f[i]) / width;
  const double u = 1 - t;
  return curve.value[i] * ((1 + 2 * t) * u * u) + curve.value[i + 1] * (t * t * (3 - 2 * t)) +
         (curve.slope[i] * (t * u * u) - curve.slope[i + 1] * (t * t * u)) * width;
}

std::vector<Complex> interpolate(const Curve& curve, std::span<const double> frequency_hz) {
  std::vector<Complex> out(frequency_hz.size());
  const std::size_t last = curve.f.size() - 1;
  std::size_t node = 0;
  for (std::size_t i = 0; i < frequency_hz.size(); ++i) {
    const double f = frequency_hz[i];
    if (f > curve.f[last]) {
      break;  // nothing was measured there: zero
    }
    while (node + 1 < last && curve.f[node + 1] <= f) {
      ++node;
    }
    // A measured point is given back as it is, to the last bit but those of the turning.
    const Complex value = f == curve.f[node] ? curve.value[node] : evaluate(curve, node, f);
    out[i] = value * std::polar(1.0, -2 * pi * f * curve.delay_s);
  }
  return out;
}

}  // namespace
}  // namespace resampling

double bulk_delay_s(std::span<const double> frequency_hz, std::span<const Complex> s) {
  using std::numbers::pi;
  const std::size_t steps = s.size() > 1 ? s.size() - 1 : 0;
  std::vector<std::size_t> order(steps);
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto step = [&](std::size_t i) { return frequency_hz[i + 1] - frequency_hz[i]; };
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return step(a) != step(b) ? step(a) < step(b) : a < b;
  });
  // The finest steps fix the delay up to whole turns: a quarter turn forward is noise, anything
  // more is a delay of up to three quarters of a turn.
  constexpr double kSame = 1.01;
  Complex turn = 0;
  double width = 0;
  std::size_t used = 0;
  for (; used < steps && step(order[used]) <= kSame * step(order[0]); ++used) {
    turn += s[order[used] + 1] * std::conj(s[order[used]]);
    width += step(order[used]);
  }
  if (used == 0 || turn == Complex{}) {
    return 0;
  }
  double angle = std::arg(turn);
  if (angle > pi / 2) {
    angle -= 2 * pi;
  }
  double delay = -angle / (2 * pi) / (width / static_cast<double>(used));
  // Coarser steps make it exact, as each is unwrapped by what the finer ones said.
  double moment = 0;
  double weight = 0;
  for (std::size_t k = 0; k < steps; ++k) {
    const std::size_t i = order[k];
    const Complex product = s[i + 1] * std::conj(s[i]);
    const double df = step(i);
    const double rest = std::remainder(std::arg(product) + 2 * pi * df * delay, 2 * pi) / (2 * pi);
    moment += std::abs(product) * df * (df * delay - rest);
    weight += std::abs(product) * df * df;
    if (k + 1 >= used && weight > 0) {
      delay = moment / weight;
    }
  }
  return delay;
}

base::Result<Network> resample(const Network& network, std::span<const double> frequency_hz,
                               DcRule rule) {
  using base::Code;
  if (network.points() == 0) {
    return base::fail(Code::kInvalidArgument, "cannot resample a network without frequencies");
  }
  for (std::size_t i = 0; i < frequency_hz.size(); ++i) {
    const bool ascends = i == 0 ? frequency_hz[0] >= 0 : frequency_hz[i] > frequency_hz[i - 1];
    if (!ascends || !std::isfinite(frequency_hz[i])) {
      return base::fail(Code::kInvalidArgument,
                        fmt::format("frequency {} of the new grid does not ascend", i + 1), {},
                        "Frequencies start at 0 Hz or above and ascend.");
    }
  }
  Network out = make_network(network.ports, {frequency_hz.begin(), frequency_hz.end()});
  out.z0_ohm = network.z0_ohm;
  out.names = network.names;
  if (network.frequency_hz == out.frequency_hz) {
    out.s = network.s;
    return out;
  }
  for (std::size_t i = 0; i < network.ports; ++i) {
    for (std::size_t j = 0; j < network.ports; ++j) {
      const auto curve =
          resampling::prepare(network.frequency_hz, network.response(i, j), i != j, rule);
      const auto values = resampling::interpolate(curve, frequency_hz);
      for (std::size_t point = 0; point < values.size(); ++point) {
        out.at(point, i, j) = values[point];
      }
    }
  }
  return out;
}

}  // namespace weft::phy::channel
