// SPDX-License-Identifier: Apache-2.0
#include "phy/com/mlse.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <vector>

namespace weft::phy::com {
namespace {

/// Bins in the rms of the disturbance: 0.005 dB of gain.
constexpr double kBinsPerSigma = 24;
constexpr std::size_t kLengthMax = 24;
/// Longer events than one that adds less than this share are left out.
constexpr double kEnough = 1e-4;

/// The paths' difference of an error event of `length` symbols.
std::vector<double> difference(std::size_t length, double b) {
  std::vector<double> u(length + 1, 0.0);
  double sign = 1;
  for (std::size_t k = 0; k < length; ++k) {
    u[k] += sign;
    u[k + 1] += sign * b;
    sign = -sign;
  }
  return u;
}

}  // namespace

MlseResult mlse(const Density& disturbance, double sigma_v, std::span<const double> correlation,
                double a_s_v, double b, unsigned levels) {
  MlseResult out;
  out.der_slicer = tail(disturbance, sigma_v, a_s_v);
  out.der = out.der_slicer;
  if (b <= 0 || correlation.empty() || correlation[0] <= 0) {
    return out;
  }
  const double rms = std::sqrt(disturbance.variance() + sigma_v * sigma_v);
  const auto one = rebinned(disturbance, sigma_v, rms / kBinsPerSigma);
  const auto middle = scaled(one, 1 - b);
  auto mixed = sum(one, scaled(one, b));
  double der = 0;
  double weight = 1;
  for (std::size_t length = 1; length <= kLengthMax; ++length) {
    const auto u = difference(length, b);
    double square = 0;
    double projected = 0;
    for (std::size_t i = 0; i < u.size(); ++i) {
      square += u[i] * u[i];
      for (std::size_t k = 0; k < u.size(); ++k) {
        const std::size_t lag = i > k ? i - k : k - i;
        projected += lag < correlation.size() ? u[i] * u[k] * correlation[lag] / correlation[0] : 0;
      }
    }
    if (projected <= 0) {
      break;
    }
    const double margin = a_s_v * square * std::sqrt(square / projected);
    const double part = weight * tail(mixed, 0, margin);
    der += part;
    if (part <= der * kEnough) {
      break;
    }
    weight *= (static_cast<double>(levels) - 1) / levels;
    mixed = sum(mixed, middle);
  }
  if (der > 0 && der < out.der_slicer) {
    out.der = der;
    const double wanted = quantile(disturbance, sigma_v, der);
    out.gain_db = std::max(20 * std::log10(wanted / a_s_v), 0.0);
  } else if (der <= 0) {
    out.der = 0;
  }
  return out;
}

}  // namespace weft::phy::com
