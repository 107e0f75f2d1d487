// SPDX-License-Identifier: Apache-2.0
#include "phy/link/mmse.h"

#include <algorithm>
#include <cmath>

namespace weft::phy::link {
namespace mmse_solver {
namespace {

/// Lower triangle of a positive definite matrix, factored in place.
bool factor(std::vector<double>& a, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) {
    double* const row = &a[i * n];
    for (std::size_t j = 0; j <= i; ++j) {
      const double* const other = &a[j * n];
      double sum = row[j];
      for (std::size_t k = 0; k < j; ++k) {
        sum -= row[k] * other[k];
      }
      if (i == j) {
        if (!(sum > 0)) {
          return false;
        }
        row[i] = std::sqrt(sum);
      } else {
        row[j] = sum / other[j];
      }
    }
  }
  return true;
}

std::vector<double> solve(const std::vector<double>& l, std::size_t n, std::vector<double> x) {
  for (std::size_t i = 0; i < n; ++i) {
    double sum = x[i];
    for (std::size_t k = 0; k < i; ++k) {
      sum -= l[i * n + k] * x[k];
    }
    x[i] = sum / l[i * n + i];
  }
  for (std::size_t i = n; i-- > 0;) {
    double sum = x[i];
    for (std::size_t k = i + 1; k < n; ++k) {
      sum -= l[k * n + i] * x[k];
    }
    x[i] = sum / l[i * n + i];
  }
  return x;
}

double dot(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    sum += a[i] * b[i];
  }
  return sum;
}

class Solver {
 public:
  explicit Solver(const MmseProblem& problem) : p_(problem) {
    for (std::ptrdiff_t k = -static_cast<std::ptrdiff_t>(p_.pre);
         k <= static_cast<std::ptrdiff_t>(p_.post); ++k) {
      positions_.push_back(k);
    }
  }

  std::optional<MmseSolution> run();
  std::optional<MmseSolution> finish(std::vector<double> w);

 private:
  [[nodiscard]] double r(std::ptrdiff_t i, std::ptrdiff_t j) const {
    const auto lag = static_cast<std::size_t>(std::abs(i - j));
    return lag < p_.correlation.size() ? p_.correlation[lag] : 0;
  }
  [[nodiscard]] std::vector<double> row(std::ptrdiff_t k) const {
    std::vector<double> out(positions_.size());
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i] = p_.at(k - positions_[i]);
    }
    return out;
  }
  bool least_squares();
  void add_group();
  bool limit();

  const MmseProblem& p_;
  std::vector<std::ptrdiff_t> positions_;
  std::vector<double> w_;
  std::vector<double> b_;
  double weight_of_cursor_ = 1;  ///< 1 + the constraint's multiplier
};

/// w and b of least error for the present positions; DFE taps within their limits.
bool Solver::least_squares() {
  const std::size_t n = positions_.size();
  const std::size_t count = p_.dfe_max.size();
  std::vector<std::vector<double>> feedback(count);
  for (std::size_t k = 0; k < count; ++k) {
    feedback[k] = row(static_cast<std::ptrdiff_t>(k) + 1);
  }
  const auto h0 = row(0);
  std::vector<bool> is_free(count, true);
  b_.assign(count, 0);
  // Once more where a tap of the DFE ran into its limit.
  for (int pass = 0; pass < 2; ++pass) {
    std::vector<double> a(n * n);
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j <= i; ++j) {
        double value = r(positions_[i], positions_[j]);
        for (std::size_t k = 0; k < count; ++k) {
          value -= is_free[k] ? feedback[k][i] * feedback[k][j] : 0;
        }
        a[i * n + j] = value;
      }
    }
    if (!factor(a, n)) {
      return false;
    }
    std::vector<double> fixed(n, 0);
    for (std::size_t k = 0; k < count; ++k) {
      for (std::size_t i = 0; i < n && !is_free[k]; ++i) {
        fixed[i] += feedback[k][i] * b_[k];
      }
    }
    const auto to_cursor = solve(a, n, h0);
    const auto to_fixed = pass == 0 ? fixed : solve(a, n, fixed);
    const double reach = dot(h0, to_cursor);
    if (!(reach > 0)) {
      return false;
    }
    weight_of_cursor_ = (1 - dot(h0, to_fixed)) / reach;
    w_.resize(n);
    for (std::size_t i = 0; i < n; ++i) {
      w_[i] = weight_of_cursor_ * to_cursor[i] + to_fixed[i];
    }
    bool is_cut = false;
    for (std::size_t k = 0; k < count; ++k) {
      const double wanted = is_free[k] ? dot(feedback[k], w_) : b_[k];
      b_[k] = std::clamp(wanted, p_.dfe_min[k], p_.dfe_max[k]);
      is_cut = is_cut || (is_free[k] && b_[k] != wanted);
      is_free[k] = is_free[k] && b_[k] == wanted;
    }
    if (!is_cut) {
      break;
    }
  }
  return true;
}

/// The next group of floating taps: where the error falls fastest with them.
void Solver::add_group() {
  const auto begin = static_cast<std::ptrdiff_t>(p_.post) + 1;
  const auto end = static_cast<std::ptrdiff_t>(p_.span) + 1;
  if (end - begin < static_cast<std::ptrdiff_t>(p_.group_taps)) {
    return;
  }
  std::vector<double> gain(static_cast<std::size_t>(end - begin));
  for (auto q = begin; q < end; ++q) {
    double slope = -weight_of_cursor_ * p_.at(-q);
    for (std::size_t i = 0; i < w_.size(); ++i) {
      slope += r(q, positions_[i]) * w_[i];
    }
    for (std::size_t k = 0; k < b_.size(); ++k) {
      slope -= p_.at(static_cast<std::ptrdiff_t>(k) + 1 - q) * b_[k];
    }
    const bool is_taken = std::find(positions_.begin(), positions_.end(), q) != positions_.end();
    gain[static_cast<std::size_t>(q - begin)] = is_taken ? -1e300 : slope * slope;
  }
  double most = 0;
  std::size_t best = gain.size();
  for (std::size_t at = 0; at + p_.group_taps <= gain.size(); ++at) {
    double sum = 0;
    for (std::size_t k = 0; k < p_.group_taps; ++k) {
      sum += gain[at + k];
    }
    if (sum > most) {
      most = sum;
      best = at;
    }
  }
  for (std::size_t k = 0; best < gain.size() && k < p_.group_taps; ++k) {
    positions_.push_back(begin + static_cast<std::ptrdiff_t>(best + k));
  }
}

/// Cuts taps to their limits; whether there was any to cut.
bool Solver::limit() {
  const double main = w_[p_.pre];
  bool is_cut = false;
  for (std::size_t i = 0; i < w_.size(); ++i) {
    if (i == p_.pre) {
      continue;
    }
    const bool is_fixed = positions_[i] <= static_cast<std::ptrdiff_t>(p_.post);
    const double most = std::fabs(main) * (is_fixed ? p_.tap_max : p_.floating_max);
    const double cut = std::clamp(w_[i], -most, most);
    is_cut = is_cut || cut != w_[i];
    w_[i] = cut;
  }
  return is_cut;
}

std::optional<MmseSolution> Solver::run() {
  if (!least_squares()) {
    return std::nullopt;
  }
  for (std::size_t group = 0; group < p_.groups && p_.group_taps > 0; ++group) {
    add_group();
    if (!least_squares()) {
      return std::nullopt;
    }
  }
  return finish(w_);
}

std::optional<MmseSolution> Solver::finish(std::vector<double> w) {
  w_ = std::move(w);
  const bool is_cut = limit();
  const auto h0 = row(0);
  const double cursor = dot(h0, w_);
  if (!(cursor > 0)) {
    return std::nullopt;
  }
  for (double& x : w_) {
    x /= cursor;
  }
  if (is_cut || b_.size() != p_.dfe_max.size()) {
    b_.resize(p_.dfe_max.size());
    for (std::size_t k = 0; k < b_.size(); ++k) {
      b_[k] = std::clamp(dot(row(static_cast<std::ptrdiff_t>(k) + 1), w_), p_.dfe_min[k],
                         p_.dfe_max[k]);
    }
  }
  MmseSolution out;
  double error = -1;  // 1 - 2 h0'w
  for (std::size_t i = 0; i < w_.size(); ++i) {
    for (std::size_t j = 0; j < w_.size(); ++j) {
      error += w_[i] * w_[j] * r(positions_[i], positions_[j]);
    }
  }
  for (std::size_t k = 0; k < b_.size(); ++k) {
    error += b_[k] * (b_[k] - 2 * dot(row(static_cast<std::ptrdiff_t>(k) + 1), w_));
  }
  out.error = error;
  out.dfe = b_;
  const std::size_t fixed = p_.pre + p_.post + 1;
  std::vector<std::pair<std::ptrdiff_t, double>> floating;
  for (std::size_t i = fixed; i < w_.size(); ++i) {
    floating.emplace_back(positions_[i], w_[i]);
  }
  std::sort(floating.begin(), floating.end());
  out.taps.assign(w_.begin(), w_.begin() + static_cast<std::ptrdiff_t>(fixed));
  for (const auto& [position, tap] : floating) {
    out.floating.push_back(static_cast<std::size_t>(position));
    out.taps.push_back(tap);
  }
  return out;
}

}  // namespace
}  // namespace mmse_solver

std::optional<MmseSolution> solve_mmse(const MmseProblem& problem) {
  return mmse_solver::Solver(problem).run();
}

std::optional<MmseSolution> evaluate_taps(const MmseProblem& problem,
                                          std::span<const double> taps) {
  if (taps.size() != problem.pre + problem.post + 1) {
    return std::nullopt;
  }
  return mmse_solver::Solver(problem).finish({taps.begin(), taps.end()});
}

double quantisation_power(double signal_power_v2, double bits) {
  constexpr double kClipRatio = 3.05;
  const double step = 2 * kClipRatio * std::sqrt(signal_power_v2) / (std::exp2(bits) - 1);
  return step * step / 12;
}

}  // namespace weft::phy::link
