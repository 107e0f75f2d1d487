// SPDX-License-Identifier: Apache-2.0
#include "phy/channel/rational_steps.h"

#include "phy/channel/rational_basis.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <type_traits>
#include <utility>

#include <Eigen/Dense>

namespace weft::phy::channel::rational {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

/// The basis of all points: 2K rows, real parts above imaginary ones.
MatrixXd basis_of(const Poles& poles, const std::vector<double>& w) {
  const auto k = static_cast<Index>(w.size());
  const auto n = static_cast<Index>(order_of(poles));
  MatrixXd out(2 * k, n);
  for (Index i = 0; i < k; ++i) {
    fill_basis(poles, w[static_cast<std::size_t>(i)], static_cast<std::size_t>(2 * k),
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
  const auto n = static_cast<Index>(order_of(poles));
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

/// Coefficients of one response and its constant, by least squares; at w = 0 exactly `dc`, if
/// given.
struct Coefficients {
  VectorXd basis;
  double constant = 0;
};

class ResidueSolver {
 public:
  ResidueSolver(const Poles& poles, const std::vector<double>& w, ConstantTerm constant)
      : basis_(basis_of(poles, w)), constant_(constant) {
    const Index k = basis_.rows() / 2;
    if (constant_ == ConstantTerm::kFromDc) {
      // Functions that vanish at 0 leave the value there to the constant alone.
      at_dc_.resize(basis_.cols());
      Eigen::VectorXd imaginary(basis_.cols());
      fill_basis(poles, 0, 1, at_dc_.data(), imaginary.data());
      basis_.topRows(k).rowwise() -= at_dc_.transpose();
    } else if (constant_ == ConstantTerm::kFree) {
      basis_.conservativeResize(Eigen::NoChange, basis_.cols() + 1);
      basis_.col(basis_.cols() - 1).head(k).setOnes();
      basis_.col(basis_.cols() - 1).tail(k).setZero();
    }
    if (constant_ == ConstantTerm::kZero && w.front() == 0) {
      // With no constant to take up what is left at 0 Hz, that point must weigh as all others
      // together.
      dc_weight_ = 1e3 * std::sqrt(static_cast<double>(k));
      basis_.row(0) *= dc_weight_;
    }
    norms_ = basis_.colwise().norm().cwiseMax(1e-300).cwiseInverse();
  }

  Coefficients solve(const std::vector<Complex>& h, const std::vector<double>* weight) {
    const Index k = basis_.rows() / 2;
    const double dc = constant_ == ConstantTerm::kFromDc ? h.front().real() : 0;
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
    if (constant_ == ConstantTerm::kFree) {
      return {x.head(x.size() - 1), x[x.size() - 1]};
    }
    return {x, constant_ == ConstantTerm::kFromDc ? dc - x.dot(at_dc_) : 0};
  }

 private:
  MatrixXd basis_;
  VectorXd at_dc_, norms_;
  ConstantTerm constant_ = ConstantTerm::kFree;
  double dc_weight_ = 1;
  std::optional<Eigen::HouseholderQR<MatrixXd>> qr_;
};

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

}  // namespace

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

RationalModel solve_residues(const Poles& poles, const Data& data, ConstantTerm constant) {
  RationalModel out;
  out.poles = poles;
  ResidueSolver solver(poles, data.w, constant);
  for (std::size_t i = 0; i < data.h.size(); ++i) {
    const auto x = solver.solve(data.h[i], data.weight.empty() ? nullptr : &data.weight[i]);
    RationalResponse response;
    response.constant = x.constant;
    response.residues =
        residues_of(poles, {x.basis.data(), static_cast<std::size_t>(x.basis.size())});
    out.responses.push_back(std::move(response));
  }
  return out;
}

Errors errors_of(const RationalModel& model, const Data& data) {
  const std::size_t order = order_of(model.poles);
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
    fill_basis(model.poles, data.w[k], 1, re.data(), im.data());
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

}  // namespace weft::phy::channel::rational
