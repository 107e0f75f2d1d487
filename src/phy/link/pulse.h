// SPDX-License-Identifier: Apache-2.0
// From a spectrum to the pulse that it is, periodic over N unit intervals with M samples in each:
//   h(i) = df (X_0 + 2 Re sum_k X_k e^(j 2 pi k i / (N M))),  k < bins,  df = baud / N.
// The result is phase-major, h[m * N + n] being sample n M + m: what is one UI apart lies side by
// side, which is how equalisers walk through it. Since X ends after little more than N bins, M
// transforms of length N do what one of length N M would.
#pragma once

#include <complex>
#include <cstddef>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace weft::phy::link {

using Complex = std::complex<double>;

class PulseTransform {
 public:
  PulseTransform(std::size_t uis, std::size_t samples_per_ui, std::size_t bins);
  ~PulseTransform();
  PulseTransform(PulseTransform&&) noexcept;
  PulseTransform& operator=(PulseTransform&&) noexcept;
  PulseTransform(const PulseTransform&) = delete;
  PulseTransform& operator=(const PulseTransform&) = delete;

  [[nodiscard]] std::size_t uis() const;
  [[nodiscard]] std::size_t samples_per_ui() const;

  /// The phase-major pulse of `spectrum` (as many bins as were announced, or fewer).
  [[nodiscard]] std::vector<double> phases(std::span<const Complex> spectrum, double df_hz) const;
  /// Phase 0 alone.
  [[nodiscard]] std::vector<double> first_phase(std::span<const Complex> spectrum,
                                                double df_hz) const;
  /// sum_n x(n) x(n + lag) over the period, lags 0..lags-1, of a row of N samples.
  [[nodiscard]] std::vector<double> autocorrelation(std::span<const double> row,
                                                    std::size_t lags) const;
  /// The same for two rows at the price of one.
  [[nodiscard]] std::pair<std::vector<double>, std::vector<double>> autocorrelations(
      std::span<const double> a, std::span<const double> b, std::size_t lags) const;
  /// sum_k p_k cos(2 pi k lag / N) for lags 0..lags-1 of a one-sided density over the bins.
  [[nodiscard]] std::vector<double> cosine_sums(std::span<const double> density,
                                                std::size_t lags) const;

 private:
  struct Plan;
  std::unique_ptr<Plan> plan_;
};

/// Time order: out[n * M + m] = phase_major[m * N + n].
[[nodiscard]] std::vector<double> time_order(std::span<const double> phase_major, std::size_t uis,
                                             std::size_t samples_per_ui);

}  // namespace weft::phy::link
