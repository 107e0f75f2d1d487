// SPDX-License-Identifier: Apache-2.0
#include "phy/link/mmse.h"

#include "phy/link/kernels.h"

#include <algorithm>
#include <cmath>

namespace weft::phy::link {
namespace mmse_solver {
namespace {

using Vector = std::vector<double>;

double dot(const Vector& a, const Vector& b) {
  return kernel::dot(a.data(), b.data(), a.size());
}

/// Solves L L' x = b for rows `stride` apart.
Vector solve(const Vector& l, std::size_t stride, Vector x) {
  const std::size_t n = x.size();
  for (std::size_t i = 0; i < n; ++i) {
    x[i] = (x[i] - kernel::dot(&l[i * stride], x.data(), i)) / l[i * stride + i];
  }
  for (std::size_t i = n; i-- > 0;) {
    x[i] /= l[i * stride + i];
    kernel::add_scaled(x.data(), &l[i * stride], i, -x[i]);
  }
  return x;
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
  std::optional<MmseSolution> finish(Vector w);

 private:
  [[nodiscard]] double r(std::ptrdiff_t i, std::ptrdiff_t j) const {
    return p_.correlation[static_cast<std::size_t>(std::abs(i - j))];
  }
  [[nodiscard]] Vector row(std::ptrdiff_t k) const {
    Vector out(positions_.size());
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i] = p_.at(k - positions_[i]);
    }
    return out;
  }
  bool least_squares();
  bool constrained(const std::vector<bool>& is_free);
  [[nodiscard]] double entry(std::size_t i, std::size_t j, const std::vector<bool>& is_free) const;
  void set_rows();
  void add_group();
  bool limit();
  [[nodiscard]] double error() const;

  const MmseProblem& p_;
  std::vector<std::ptrdiff_t> positions_;
  Vector w_;
  Vector b_;
  Vector h0_;                     ///< the cursor's row
  std::vector<Vector> feedback_;  ///< rows of the DFE's post-cursors
  Vector factored_;               ///< with every DFE tap free; rows of positions before `done_`
  std::size_t stride_ = 0;
  std::size_t done_ = 0;
  double weight_of_cursor_ = 1;  ///< 1 + the constraint's multiplier
  bool is_least_ = false;        ///< no tap of either filter is at its limit
};

void Solver::set_rows() {
  h0_ = row(0);
  feedback_.resize(p_.dfe_max.size());
  for (std::size_t k = 0; k < feedback_.size(); ++k) {
    feedback_[k] = row(static_cast<std::ptrdiff_t>(k) + 1);
  }
}

double Solver::entry(std::size_t i, std::size_t j, const std::vector<bool>& is_free) const {
  double value = r(positions_[i], positions_[j]);
  for (std::size_t k = 0; k < feedback_.size(); ++k) {
    value -= is_free[k] ? feedback_[k][i] * feedback_[k][j] : 0;
  }
  return value;
}

/// w and b of least error for the present positions; DFE taps within their limits.
bool Solver::least_squares() {
  const std::size_t n = positions_.size();
  const std::size_t count = p_.dfe_max.size();
  set_rows();
  const std::vector<bool> all_free(count, true);
  if (stride_ == 0) {
    stride_ = n + p_.groups * p_.group_taps;
    factored_.resize(stride_ * stride_);
  }
  // Floating taps are rows below those that are factored already.
  for (std::size_t i = done_; i < n; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      factored_[i * stride_ + j] = entry(i, j, all_free);
    }
  }
  if (!kernel::factor_rows(factored_.data(), stride_, done_, n)) {
    return false;
  }
  done_ = n;
  const Vector to_cursor = solve(factored_, stride_, h0_);
  const double reach = dot(h0_, to_cursor);
  if (!(reach > 0)) {
    return false;
  }
  weight_of_cursor_ = 1 / reach;
  w_ = to_cursor;
  for (double& x : w_) {
    x *= weight_of_cursor_;
  }
  is_least_ = true;
  b_.resize(count);
  std::vector<bool> is_free = all_free;
  for (std::size_t k = 0; k < count; ++k) {
    const double wanted = dot(feedback_[k], w_);
    b_[k] = std::clamp(wanted, p_.dfe_min[k], p_.dfe_max[k]);
    is_free[k] = b_[k] == wanted;
    is_least_ = is_least_ && is_free[k];
  }
  return is_least_ || constrained(is_free);
}

/// The same with those DFE taps that ran into their limits held there.
bool Solver::constrained(const std::vector<bool>& is_free) {
  const std::size_t n = positions_.size();
  Vector a(n * n);
  Vector fixed(n, 0.0);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      a[i * n + j] = entry(i, j, is_free);
    }
    for (std::size_t k = 0; k < b_.size(); ++k) {
      fixed[i] += is_free[k] ? 0 : feedback_[k][i] * b_[k];
    }
  }
  if (!kernel::factor_rows(a.data(), n, 0, n)) {
    return false;
  }
  const Vector to_cursor = solve(a, n, h0_);
  const Vector to_fixed = solve(a, n, fixed);
  weight_of_cursor_ = (1 - dot(h0_, to_fixed)) / dot(h0_, to_cursor);
  for (std::size_t i = 0; i < n; ++i) {
    w_[i] = weight_of_cursor_ * to_cursor[i] + to_fixed[i];
  }
  for (std::size_t k = 0; k < b_.size(); ++k) {
    if (is_free[k]) {
      b_[k] = std::clamp(dot(feedback_[k], w_), p_.dfe_min[k], p_.dfe_max[k]);
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

/// Mean squared error for a cursor of 1.
double Solver::error() const {
  double sum = -1;  // 1 - 2 h0'w
  for (std::size_t i = 0; i < w_.size(); ++i) {
    sum += w_[i] * w_[i] * r(0, 0);
    for (std::size_t j = 0; j < i; ++j) {
      sum += 2 * w_[i] * w_[j] * r(positions_[i], positions_[j]);
    }
  }
  for (std::size_t k = 0; k < b_.size(); ++k) {
    sum += b_[k] * (b_[k] - 2 * dot(feedback_[k], w_));
  }
  return sum;
}

std::optional<MmseSolution> Solver::finish(Vector w) {
  w_ = std::move(w);
  set_rows();
  const bool is_cut = limit();
  const double cursor = dot(h0_, w_);
  if (!(cursor > 0)) {
    return std::nullopt;
  }
  for (double& x : w_) {
    x /= cursor;
  }
  if (is_cut || b_.size() != p_.dfe_max.size()) {
    b_.resize(p_.dfe_max.size());
    for (std::size_t k = 0; k < b_.size(); ++k) {
      b_[k] = std::clamp(dot(feedback_[k], w_), p_.dfe_min[k], p_.dfe_max[k]);
    }
  }
  MmseSolution out;
  // At the minimum the error is what the constraint costs.
  out.error = is_least_ && !is_cut ? weight_of_cursor_ - 1 : error();
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

bool is_complete(const MmseProblem& p) {
  return p.correlation.size() > p.pre + std::max(p.post, p.span) &&
         p.dfe_min.size() == p.dfe_max.size();
}

}  // namespace
}  // namespace mmse_solver

std::optional<MmseSolution> solve_mmse(const MmseProblem& problem) {
  if (!mmse_solver::is_complete(problem)) {
    return std::nullopt;
  }
  return mmse_solver::Solver(problem).run();
}

std::optional<MmseSolution> evaluate_taps(const MmseProblem& problem,
                                          std::span<const double> taps) {
  if (taps.size() != problem.pre + problem.post + 1 || !mmse_solver::is_complete(problem)) {
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
