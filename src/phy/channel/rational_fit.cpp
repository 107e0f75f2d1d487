// SPDX-License-Identifier: Apache-2.0
// Vector fitting. Frequencies are scaled to the band's end, so that all numbers are near 1.
#include "phy/channel/rational.h"
#include "phy/channel/rational_basis.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <optional>
#include <utility>

#include <Eigen/Dense>
#include <fmt/format.h>

namespace weft::phy::channel {
namespace rational_fit_cpp {
namespace {

using base::Code;
using base::Result;
using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using Poles = std::vector<Complex>;

/// Sampled responses with their delays taken off, on frequencies scaled to 0..1.
struct Data {
  std::vector<double> w;                    ///< scaled frequencies
  std::vector<std::vector<Complex>> h;      ///< [response][point]
  std::vector<std::vector<double>> weight;  ///< [response][point]; empty: all 1
  std::vector<double> voice;                ///< of each response in the choice of poles
  [[nodiscard]] std::size_t points() const { return w.size(); }
};

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

/// Weakly damped pairs over the band (Gustavsen 1999), and a few real poles towards 0 Hz, where
/// skin effect bends a channel most; one more real pole where the order is odd.
Poles starting_poles(std::size_t order) {
  Poles out;
  const std::size_t few = order < 10 ? 0 : std::min<std::size_t>(order / 5, 6);
  const std::size_t real = few + (order - few) % 2;
  for (std::size_t i = 0; i < real; ++i) {
    out.emplace_back(-0.3 * std::pow(10, -0.5 * static_cast<double>(i)), 0);
  }
  const std::size_t pairs = (order - real) / 2;
  for (std::size_t i = 0; i < pairs; ++i) {
    const double w = (static_cast<double>(i) + 0.5) / static_cast<double>(pairs);
    out.emplace_back(-0.01 * w, w);
  }
  return out;
}

/// The basis of all points: 2K rows, real parts above imaginary ones.
MatrixXd basis_of(const Poles& poles, const std::vector<double>& w) {
  const auto k = static_cast<Index>(w.size());
  const auto n = static_cast<Index>(rational::order_of(poles));
  MatrixXd out(2 * k, n);
  for (Index i = 0; i < k; ++i) {
    rational::fill_basis(poles, w[static_cast<std::size_t>(i)], static_cast<std::size_t>(2 * k),
                         out.data() + i, out.data() + k + i);
  }
  return out;
}

/// The rows that one response gives for the coefficients of sigma: R22 of the QR of [A, -H A].
MatrixXd sigma_rows(const MatrixXd& basis, const std::vector<Complex>& h,
                    const std::vector<double>& weight) {
  const Index k = basis.rows() / 2;
  const Index n = basis.cols();
  MatrixXd m(2 * k, 2 * n + 2);
  const auto at = [&](Index i) { return h[static_cast<std::size_t>(i)]; };
  Eigen::ArrayXd re(k);
  Eigen::ArrayXd im(k);
  Eigen::ArrayXd by = Eigen::ArrayXd::Ones(k);
  for (Index i = 0; i < k; ++i) {
    re[i] = at(i).real();
    im[i] = at(i).imag();
    if (!weight.empty()) {
      by[i] = weight[static_cast<std::size_t>(i)];
    }
  }
  re *= by;
  im *= by;
  const auto column = [&](Index left, Index right, const auto& x, const auto& y) {
    m.col(left).head(k) = x * by;
    m.col(left).tail(k) = y * by;
    m.col(right).head(k) = im * y - re * x;
    m.col(right).tail(k) = -(re * y + im * x);
  };
  for (Index j = 0; j < n; ++j) {
    column(j, n + 1 + j, basis.col(j).head(k).array(), basis.col(j).tail(k).array());
  }
  column(n, 2 * n + 1, Eigen::ArrayXd::Ones(k), Eigen::ArrayXd::Zero(k));
  Eigen::HouseholderQR<Eigen::Ref<MatrixXd>> qr(m);
  return m.block(n + 1, n + 1, n + 1, n + 1).triangularView<Eigen::Upper>();
}

/// The zeros of sigma: eigenvalues of A - b c^T/d, real arithmetic.
Poles zeros_of(const Poles& poles, const VectorXd& c, double d) {
  const auto n = static_cast<Index>(rational::order_of(poles));
  MatrixXd a = MatrixXd::Zero(n, n);
  VectorXd b(n);
  Index x = 0;
  for (const auto& p : poles) {
    a(x, x) = p.real();
    b[x] = p.imag() == 0 ? 1 : 2;
    if (p.imag() != 0) {
      a(x, x + 1) = p.imag();
      a(x + 1, x) = -p.imag();
      a(x + 1, x + 1) = p.real();
      b[x + 1] = 0;
      ++x;
    }
    ++x;
  }
  a -= b * c.transpose() / d;
  const Eigen::EigenSolver<MatrixXd> solver(a, false);
  Poles out;
  for (const auto& value : solver.eigenvalues()) {
    if (value.imag() >= 0) {
      out.emplace_back(value.real(), value.imag());
    }
  }
  // A stable model: what lies right of the axis is mirrored, what lies on it is damped a little.
  for (auto& p : out) {
    const double damping = std::max(std::abs(p.real()), 1e-9 * std::max(std::abs(p), 1e-3));
    p = {-damping, p.imag()};
  }
  std::ranges::sort(out, {}, [](Complex p) { return std::pair(p.imag(), p.real()); });
  return out;
}

/// One pole relocation: relaxed (sigma's constant is free, its sum is held), else with constant
/// `fixed`.
Poles relocate(const Poles& poles, const Data& data) {
  constexpr double kConstantMin = 1e-6;
  const MatrixXd basis = basis_of(poles, data.w);
  const Index k = basis.rows() / 2;
  const Index n = basis.cols();
  const auto count = static_cast<Index>(data.h.size());
  MatrixXd rows(count * (n + 1) + 1, n + 1);
  double power = 0;
  for (Index i = 0; i < count; ++i) {
    const auto at = static_cast<std::size_t>(i);
    static const std::vector<double> kNone;
    rows.middleRows(i * (n + 1), n + 1) =
        data.voice[at] *
        sigma_rows(basis, data.h[at], data.weight.empty() ? kNone : data.weight[at]);
    for (std::size_t j = 0; j < data.points(); ++j) {
      power += std::norm(data.voice[at] * data.h[at][j] *
                         (data.weight.empty() ? 1.0 : data.weight[at][j]));
    }
  }
  const double scale = std::sqrt(power / static_cast<double>(count)) / static_cast<double>(k);
  for (Index j = 0; j < n; ++j) {
    rows(rows.rows() - 1, j) = scale * basis.col(j).head(k).sum();
  }
  rows(rows.rows() - 1, n) = scale * static_cast<double>(k);
  VectorXd right = VectorXd::Zero(rows.rows());
  right[right.size() - 1] = scale * static_cast<double>(k);

  const auto solve = [](MatrixXd m, const VectorXd& b) -> VectorXd {
    const VectorXd norms = m.colwise().norm().cwiseMax(1e-300).cwiseInverse();
    m = m * norms.asDiagonal();
    return norms.cwiseProduct(m.colPivHouseholderQr().solve(b));
  };
  const VectorXd relaxed = solve(rows, right);
  double d = relaxed[n];
  VectorXd c = relaxed.head(n);
  if (!(std::abs(d) > kConstantMin)) {
    d = d < 0 ? -kConstantMin : kConstantMin;
    const MatrixXd reduced = rows.topLeftCorner(rows.rows() - 1, n);
    c = solve(reduced, -d * rows.col(n).head(rows.rows() - 1));
  }
  if (!c.allFinite()) {
    return poles;
  }
  return zeros_of(poles, c, d);
}

/// Coefficients of one response and its constant, by least squares; at w = 0 exactly `dc`, if
/// given.
struct Coefficients {
  VectorXd basis;
  double constant = 0;
};

class ResidueSolver {
 public:
  enum class Constant : std::uint8_t { kFree, kFromDc, kZero };

  ResidueSolver(const Poles& poles, const std::vector<double>& w, Constant constant)
      : basis_(basis_of(poles, w)), constant_(constant) {
    const Index k = basis_.rows() / 2;
    if (constant_ == Constant::kFromDc) {
      // Functions that vanish at 0 leave the value there to the constant alone.
      at_dc_.resize(basis_.cols());
      Eigen::VectorXd imaginary(basis_.cols());
      rational::fill_basis(poles, 0, 1, at_dc_.data(), imaginary.data());
      basis_.topRows(k).rowwise() -= at_dc_.transpose();
    } else if (constant_ == Constant::kFree) {
      basis_.conservativeResize(Eigen::NoChange, basis_.cols() + 1);
      basis_.col(basis_.cols() - 1).head(k).setOnes();
      basis_.col(basis_.cols() - 1).tail(k).setZero();
    }
    if (constant_ == Constant::kZero && w.front() == 0) {
      // With no constant to take up what is left at 0 Hz, that point must weigh as all others
      // together.
      dc_weight_ = 1e3 * std::sqrt(static_cast<double>(k));
      basis_.row(0) *= dc_weight_;
    }
    norms_ = basis_.colwise().norm().cwiseMax(1e-300).cwiseInverse();
  }

  Coefficients solve(const std::vector<Complex>& h, const std::vector<double>* weight) {
    const Index k = basis_.rows() / 2;
    const double dc = constant_ == Constant::kFromDc ? h.front().real() : 0;
    VectorXd b(2 * k);
    for (Index i = 0; i < k; ++i) {
      const Complex value = h[static_cast<std::size_t>(i)] - dc;
      b[i] = value.real();
      b[k + i] = value.imag();
    }
    b[0] *= dc_weight_;
    VectorXd x;
    if (weight == nullptr) {
      if (!qr_) {
        qr_.emplace(basis_ * norms_.asDiagonal());
      }
      x = qr_->solve(b);
    } else {
      const Eigen::Map<const VectorXd> by(weight->data(), k);
      VectorXd both(2 * k);
      both << by, by;
      const MatrixXd weighted = both.asDiagonal() * basis_ * norms_.asDiagonal();
      x = weighted.householderQr().solve(both.cwiseProduct(b));
    }
    x = norms_.cwiseProduct(x);
    if (constant_ == Constant::kFree) {
      return {x.head(x.size() - 1), x[x.size() - 1]};
    }
    return {x, constant_ == Constant::kFromDc ? dc - x.dot(at_dc_) : 0};
  }

 private:
  MatrixXd basis_;
  VectorXd at_dc_, norms_;
  Constant constant_ = Constant::kFree;
  double dc_weight_ = 1;
  std::optional<Eigen::HouseholderQR<MatrixXd>> qr_;
};

/// Every `step`-th point, both ends kept: poles are found on fewer points than errors are judged
/// on.
Data thinned(const Data& data, std::size_t points_max) {
  if (data.points() <= points_max) {
    return data;
  }
  Data out;
  std::vector<std::size_t> chosen;
  chosen.reserve(points_max);
  for (std::size_t i = 0; i < points_max; ++i) {
    chosen.push_back(i * (data.points() - 1) / (points_max - 1));
  }
  const auto pick = [&](const auto& from) {
    std::decay_t<decltype(from)> to;
    for (const auto at : chosen) {
      to.push_back(from[at]);
    }
    return to;
  };
  out.w = pick(data.w);
  out.voice = data.voice;
  for (const auto& h : data.h) {
    out.h.push_back(pick(h));
  }
  for (const auto& weight : data.weight) {
    out.weight.push_back(pick(weight));
  }
  return out;
}

/// Without responses that another one already says (reciprocal ports), or that say nothing.
Data distinct(const Data& data) {
  Data out;
  out.w = data.w;
  for (std::size_t i = 0; i < data.h.size(); ++i) {
    const auto power = [](const std::vector<Complex>& h) {
      double sum = 0;
      for (const auto& value : h) {
        sum += std::norm(value);
      }
      return sum;
    };
    const double own = power(data.h[i]);
    const bool is_known = std::ranges::any_of(out.h, [&](const auto& other) {
      double difference = 0;
      for (std::size_t k = 0; k < other.size(); ++k) {
        difference += std::norm(other[k] - data.h[i][k]);
      }
      return difference < 1e-10 * own;
    });
    if (own > 0 && !is_known) {
      out.h.push_back(data.h[i]);
      out.voice.push_back(data.voice[i]);
      if (!data.weight.empty()) {
        out.weight.push_back(data.weight[i]);
      }
    }
  }
  return out;
}

double movement(const Poles& a, const Poles& b) {
  if (a.size() != b.size()) {
    return 1;
  }
  double out = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    out = std::max(out, std::abs(a[i] - b[i]) / std::max(std::abs(b[i]), 1e-6));
  }
  return out;
}

struct Found {
  Poles poles;
  std::size_t iterations = 0;
};

Found find_poles(const Data& data, std::size_t order, std::size_t iterations) {
  // Ten rows for each unknown of a response: enough to see each pole, few enough to be quick.
  const Data few = thinned(distinct(data), std::max<std::size_t>(300, 12 * order));
  Found out{starting_poles(order)};
  if (few.h.empty()) {
    return out;
  }
  while (out.iterations < iterations) {
    auto next = relocate(out.poles, few);
    const double moved = movement(out.poles, next);
    out.poles = std::move(next);
    ++out.iterations;
    if (moved < 1e-10) {
      break;
    }
  }
  return out;
}

/// A model of scaled frequency, not yet with delays.
RationalModel solve_residues(const Poles& poles, const Data& data,
                             ResidueSolver::Constant constant) {
  RationalModel out;
  out.poles = poles;
  ResidueSolver solver(poles, data.w, constant);
  for (std::size_t i = 0; i < data.h.size(); ++i) {
    const auto x = solver.solve(data.h[i], data.weight.empty() ? nullptr : &data.weight[i]);
    RationalResponse response;
    response.constant = x.constant;
    response.residues =
        rational::residues_of(poles, {x.basis.data(), static_cast<std::size_t>(x.basis.size())});
    out.responses.push_back(std::move(response));
  }
  return out;
}

/// Absolute rms and greatest error of each response of a model without delays.
struct Errors {
  std::vector<double> rms;
  double rms_worst = 0;
  double greatest = 0;
};

Errors errors_of(const RationalModel& model, const Data& data) {
  const std::size_t order = rational::order_of(model.poles);
  std::vector<double> re(order);
  std::vector<double> im(order);
  std::vector<std::vector<double>> x;
  for (const auto& response : model.responses) {
    auto& row = x.emplace_back();
    for (std::size_t n = 0; n < model.poles.size(); ++n) {
      row.push_back(response.residues[n].real());
      if (model.poles[n].imag() != 0) {
        row.push_back(response.residues[n].imag());
      }
    }
  }
  Errors out;
  out.rms.assign(data.h.size(), 0);
  for (std::size_t k = 0; k < data.points(); ++k) {
    rational::fill_basis(model.poles, data.w[k], 1, re.data(), im.data());
    for (std::size_t i = 0; i < data.h.size(); ++i) {
      double real = model.responses[i].constant - data.h[i][k].real();
      double imaginary = -data.h[i][k].imag();
      for (std::size_t n = 0; n < order; ++n) {
        real += x[i][n] * re[n];
        imaginary += x[i][n] * im[n];
      }
      const double power = real * real + imaginary * imaginary;
      out.rms[i] += power;
      out.greatest = std::max(out.greatest, power);
    }
  }
  for (auto& value : out.rms) {
    value = std::sqrt(value / static_cast<double>(data.points()));
    out.rms_worst = std::max(out.rms_worst, value);
  }
  out.greatest = std::sqrt(out.greatest);
  return out;
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
  auto found = find_poles(data, order, options.iterations);
  out.iterations = found.iterations;
  using Constant = ResidueSolver::Constant;
  const bool has_dc = options.exact_dc && data.w.front() == 0;
  out.model = solve_residues(found.poles, data, has_dc ? Constant::kFromDc : Constant::kFree);
  // A constant of a passive response is 1 at most; more of it is the fit's freedom above the band,
  // and costs dear when it is taken back afterwards. Without one the response ends, as real ones
  // do.
  if (is_network && std::ranges::any_of(out.model.responses, [](const RationalResponse& r) {
        return std::abs(r.constant) > 0.5;
      })) {
    out.model = solve_residues(found.poles, data, Constant::kZero);
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
      f::thinned(f::scaled(frequency_hz, one, std::array{0.0}, FitWeight::kUniform), points);
  const auto error = [&](double delay_s) {
    auto data = all;
    for (std::size_t k = 0; k < data.points(); ++k) {
      data.h[0][k] *=
          std::polar(1.0, 2 * std::numbers::pi * data.w[k] * frequency_hz.back() * delay_s);
    }
    auto poles = f::starting_poles(kOrder);
    for (int i = 0; i < 3; ++i) {
      poles = f::relocate(poles, data);
    }
    return f::errors_of(f::solve_residues(poles, data, f::ResidueSolver::Constant::kFree), data)
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
