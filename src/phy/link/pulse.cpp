// SPDX-License-Identifier: Apache-2.0
#include "phy/link/pulse.h"

#include "phy/link/complex_math.h"
#include "phy/link/kernels.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <kissfft/kissfft.hh>

namespace weft::phy::link {

struct PulseTransform::Plan {
  Plan(std::size_t uis_in, std::size_t per_ui_in, std::size_t bins)
      : uis(uis_in), per_ui(per_ui_in), backward(uis_in, true), step(bins) {
    for (std::size_t k = 0; k < bins; ++k) {
      const double angle = 2 * std::numbers::pi * static_cast<double>(k) /
                           (static_cast<double>(uis) * static_cast<double>(per_ui));
      step[k] = std::polar(1.0, angle);
    }
  }
  std::size_t uis;
  std::size_t per_ui;
  kissfft<double> backward;
  std::vector<Complex> step;  ///< e^(j 2 pi k / (N M)): one sample later
};

PulseTransform::PulseTransform(std::size_t uis, std::size_t samples_per_ui, std::size_t bins)
    : plan_(std::make_unique<Plan>(uis, samples_per_ui, bins)) {}
PulseTransform::~PulseTransform() = default;
PulseTransform::PulseTransform(PulseTransform&&) noexcept = default;
PulseTransform& PulseTransform::operator=(PulseTransform&&) noexcept = default;

std::size_t PulseTransform::uis() const {
  return plan_->uis;
}
std::size_t PulseTransform::samples_per_ui() const {
  return plan_->per_ui;
}

namespace pulses {
namespace {

/// Adds the two-sided spectrum of two real sequences P and Q, folded to N bins, as P + jQ.
void fold_pair(std::span<const Complex> p, std::span<const Complex> q, std::vector<Complex>& into) {
  const std::size_t n = into.size();
  std::fill(into.begin(), into.end(), Complex{});
  into[0] = {p[0].real(), q[0].real()};
  std::size_t up = 0;
  for (std::size_t k = 1; k < p.size(); ++k) {
    up = up + 1 == n ? 0 : up + 1;
    const std::size_t down = up == 0 ? 0 : n - up;
    into[up] += Complex(p[k].real() - q[k].imag(), p[k].imag() + q[k].real());
    into[down] += Complex(p[k].real() + q[k].imag(), q[k].real() - p[k].imag());
  }
}

}  // namespace
}  // namespace pulses

std::vector<double> PulseTransform::phases(std::span<const Complex> spectrum, double df_hz) const {
  const std::size_t n = plan_->uis;
  const std::size_t m = plan_->per_ui;
  const std::size_t bins = std::min(spectrum.size(), plan_->step.size());
  std::vector<double> out(n * m);
  std::vector<Complex> p(spectrum.begin(), spectrum.begin() + static_cast<std::ptrdiff_t>(bins));
  std::vector<Complex> q(bins);
  std::vector<Complex> folded(n);
  std::vector<Complex> samples(n);
  const auto turn = [&](const std::vector<Complex>& from, std::vector<Complex>& to) {
    kernel::multiply(reinterpret_cast<double*>(to.data()),
                     reinterpret_cast<const double*>(from.data()),
                     reinterpret_cast<const double*>(plan_->step.data()), bins);
  };
  for (std::size_t phase = 0; phase < m; phase += 2) {
    turn(p, q);
    pulses::fold_pair(p, q, folded);
    plan_->backward.transform(folded.data(), samples.data());
    double* const even = out.data() + phase * n;
    double* const odd = phase + 1 < m ? even + n : nullptr;
    for (std::size_t i = 0; i < n; ++i) {
      even[i] = samples[i].real() * df_hz;
      if (odd != nullptr) {
        odd[i] = samples[i].imag() * df_hz;
      }
    }
    turn(q, p);
  }
  return out;
}

std::vector<double> PulseTransform::first_phase(std::span<const Complex> spectrum,
                                                double df_hz) const {
  const std::size_t n = plan_->uis;
  const std::vector<Complex> nothing(spectrum.size());
  std::vector<Complex> folded(n);
  std::vector<Complex> samples(n);
  pulses::fold_pair(spectrum, nothing, folded);
  plan_->backward.transform(folded.data(), samples.data());
  std::vector<double> out(n);
  for (std::size_t i = 0; i < n; ++i) {
    out[i] = samples[i].real() * df_hz;
  }
  return out;
}

std::vector<double> PulseTransform::autocorrelation(std::span<const double> row,
                                                    std::size_t lags) const {
  const std::size_t n = plan_->uis;
  std::vector<Complex> x(row.begin(), row.end());
  std::vector<Complex> y(n);
  plan_->backward.transform(x.data(), y.data());
  for (std::size_t i = 0; i < n; ++i) {
    x[i] = std::norm(y[i]);
  }
  plan_->backward.transform(x.data(), y.data());
  std::vector<double> out(std::min(lags, n));
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = y[i].real() / static_cast<double>(n);
  }
  return out;
}

std::pair<std::vector<double>, std::vector<double>> PulseTransform::autocorrelations(
    std::span<const double> a, std::span<const double> b, std::size_t lags) const {
  const std::size_t n = plan_->uis;
  std::vector<Complex> x(n);
  std::vector<Complex> y(n);
  for (std::size_t i = 0; i < n; ++i) {
    x[i] = {a[i], b[i]};
  }
  plan_->backward.transform(x.data(), y.data());
  // A = (Y(k) + Y*(-k)) / 2 and jB = (Y(k) - Y*(-k)) / 2 are the rows' own transforms.
  for (std::size_t k = 0; k < n; ++k) {
    const Complex mirror = std::conj(y[k == 0 ? 0 : n - k]);
    x[k] = {0.25 * std::norm(y[k] + mirror), 0.25 * std::norm(y[k] - mirror)};
  }
  plan_->backward.transform(x.data(), y.data());
  std::pair<std::vector<double>, std::vector<double>> out;
  const double scale = 1 / static_cast<double>(n);
  for (std::size_t i = 0; i < std::min(lags, n); ++i) {
    out.first.push_back(y[i].real() * scale);
    out.second.push_back(y[i].imag() * scale);
  }
  return out;
}

std::vector<double> PulseTransform::cosine_sums(std::span<const double> density,
                                                std::size_t lags) const {
  const std::size_t n = plan_->uis;
  std::vector<Complex> x(n);
  for (std::size_t k = 0; k < density.size(); ++k) {
    x[k % n] += density[k];
  }
  std::vector<Complex> y(n);
  plan_->backward.transform(x.data(), y.data());
  std::vector<double> out(std::min(lags, n));
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = y[i].real();
  }
  return out;
}

std::vector<double> time_order(std::span<const double> phase_major, std::size_t uis,
                               std::size_t samples_per_ui) {
  std::vector<double> out(uis * samples_per_ui);
  for (std::size_t n = 0; n < uis; ++n) {
    for (std::size_t m = 0; m < samples_per_ui; ++m) {
      out[n * samples_per_ui + m] = phase_major[m * uis + n];
    }
  }
  return out;
}

}  // namespace weft::phy::link
