// SPDX-License-Identifier: Apache-2.0
// Is a rational network passive, and the least change that makes it so.
#include "phy/channel/rational.h"
#include "phy/channel/rational_basis.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>
#include <utility>
#include <vector>

#include <Eigen/Dense>

namespace weft::phy::channel {
namespace rational_passive_cpp {
namespace {

using Eigen::Index;
using Eigen::MatrixXcd;
using Eigen::MatrixXd;
using Eigen::VectorXcd;
using Eigen::VectorXd;

constexpr double kSlack = 1e-9;  ///< a singular value up to 1 + this is taken as 1
constexpr double kInfinite = std::numeric_limits<double>::infinity();
constexpr double kBeyond = 100;  ///< how far above the band is looked

bool has_delays(const RationalModel& model) {
  return std::ranges::any_of(model.responses,
                             [](const RationalResponse& r) { return r.delay_s != 0; });
}

MatrixXcd matrix_at(const RationalModel& model, double hz) {
  const auto n = static_cast<Index>(model.ports);
  MatrixXcd out(n, n);
  for (Index o = 0; o < n; ++o) {
    for (Index i = 0; i < n; ++i) {
      const auto index = static_cast<std::size_t>(o * n + i);
      out(o, i) = std::isinf(hz) ? model.responses[index].constant : evaluate(model, index, hz);
    }
  }
  return out;
}

double largest(const MatrixXcd& s) {
  if (s.rows() == 2) {
    // In closed form: this is asked for thousands of frequencies.
    const double a = s.col(0).squaredNorm();
    const double d = s.col(1).squaredNorm();
    const double b = std::norm(s.col(0).dot(s.col(1)));
    return std::sqrt((a + d) / 2 + std::sqrt((a - d) * (a - d) / 4 + b));
  }
  return s.jacobiSvd().singularValues()[0];
}

/// All values of one model over a grid by the shared basis: what sampling costs.
class Sampler {
 public:
  explicit Sampler(const RationalModel& model) : model_(model) {
    const std::size_t order = model.order();
    re_.resize(order);
    im_.resize(order);
    for (const auto& response : model.responses) {
      for (std::size_t n = 0; n < model.poles.size(); ++n) {
        x_.push_back(response.residues[n].real());
        if (model.poles[n].imag() != 0) {
          x_.push_back(response.residues[n].imag());
        }
      }
    }
  }

  double largest_at(double hz) {
    const double w = 2 * std::numbers::pi * hz;
    rational::fill_basis(model_.poles, w, 1, re_.data(), im_.data());
    const auto n = static_cast<Index>(model_.ports);
    MatrixXcd s(n, n);
    for (std::size_t i = 0; i < model_.responses.size(); ++i) {
      double re = model_.responses[i].constant;
      double im = 0;
      const double* x = x_.data() + i * re_.size();
      for (std::size_t k = 0; k < re_.size(); ++k) {
        re += x[k] * re_[k];
        im += x[k] * im_[k];
      }
      const auto at = static_cast<Index>(i);
      s(at / n, at % n) = Complex(re, im) * std::polar(1.0, -w * model_.responses[i].delay_s);
    }
    return largest(s);
  }

 private:
  const RationalModel& model_;
  std::vector<double> re_, im_, x_;
};

/// Where singular values may peak: the band densely, each pole's surroundings, and far above.
std::vector<double> grid_of(const RationalModel& model, double band_hz) {
  std::vector<double> out = {0};
  constexpr int kInBand = 1000;
  for (int i = 1; i <= kInBand; ++i) {
    out.push_back(band_hz * i / kInBand);
  }
  for (int i = 1; i <= 200; ++i) {
    out.push_back(band_hz * std::pow(kBeyond, i / 200.0));
    out.push_back(band_hz / kInBand * std::pow(1e-4, i / 200.0));
  }
  for (const auto& pole : model.poles) {
    const double centre = pole.imag() / (2 * std::numbers::pi);
    const double width = -pole.real() / (2 * std::numbers::pi);
    for (int i = -3; i <= 3; ++i) {
      out.push_back(std::max(0.0, centre + i * 0.5 * width));
    }
  }
  std::ranges::sort(out);
  const auto same = std::ranges::unique(out);
  out.erase(same.begin(), same.end());
  return out;
}

struct Peak {
  double hz = 0;
  double value = 0;
};

/// The greatest singular value between low and high, around a sampled maximum: golden section.
Peak refine(Sampler& sampler, double low, double high) {
  constexpr double kGolden = 0.6180339887498949;
  double left = high - kGolden * (high - low);
  double right = low + kGolden * (high - low);
  double at_left = sampler.largest_at(left);
  double at_right = sampler.largest_at(right);
  for (int i = 0; i < 30; ++i) {
    if (at_left > at_right) {
      high = std::exchange(right, left);
      at_right = at_left;
      left = high - kGolden * (high - low);
      at_left = sampler.largest_at(left);
    } else {
      low = std::exchange(left, right);
      at_left = at_right;
      right = low + kGolden * (high - low);
      at_right = sampler.largest_at(right);
    }
  }
  const double middle = (low + high) / 2;
  return {middle, sampler.largest_at(middle)};
}

/// Frequencies where a singular value is 1: imaginary eigenvalues of the Hamiltonian, ascending,
/// Hz.
std::vector<double> crossings(const RationalModel& model) {
  const auto space = state_space(model);
  using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const auto map = [](const std::vector<double>& v, std::size_t rows, std::size_t columns) {
    return Eigen::Map<const RowMajor>(v.data(), static_cast<Index>(rows),
                                      static_cast<Index>(columns));
  };
  // Scaled to the largest pole: eigenvalues near 1.
  double scale = 0;
  for (const auto& pole : model.poles) {
    scale = std::max(scale, std::abs(pole));
  }
  if (scale == 0) {
    return {};
  }
  const MatrixXd a = map(space.a, space.states, space.states) / scale;
  const MatrixXd b = map(space.b, space.states, space.ports);
  const MatrixXd c = map(space.c, space.ports, space.states) / scale;
  const MatrixXd d = map(space.d, space.ports, space.ports);
  const auto n = a.rows();
  const MatrixXd eye = MatrixXd::Identity(d.rows(), d.rows());
  const MatrixXd r = (d.transpose() * d - eye).inverse();
  const MatrixXd s = (d * d.transpose() - eye).inverse();
  MatrixXd m(2 * n, 2 * n);
  m.topLeftCorner(n, n) = a - b * r * d.transpose() * c;
  m.topRightCorner(n, n) = -b * r * b.transpose();
  m.bottomLeftCorner(n, n) = c.transpose() * s * c;
  m.bottomRightCorner(n, n) = -a.transpose() + c.transpose() * d * r * b.transpose();
  if (!m.allFinite()) {
    return {};
  }
  const Eigen::EigenSolver<MatrixXd> solver(m, false);
  Sampler sampler(model);
  std::vector<double> out;
  for (const auto& value : solver.eigenvalues()) {
    const double hz = value.imag() * scale / (2 * std::numbers::pi);
    // On the axis up to rounding, and there the singular value must be 1 indeed.
    if (hz >= 0 && std::abs(value.real()) < 1e-6 * std::max(1e-3, std::abs(value.imag())) &&
        std::abs(sampler.largest_at(hz) - 1) < 1e-4) {
      out.push_back(hz);
    }
  }
  std::ranges::sort(out);
  return out;
}

void add_band(ModelPassivity& out, double low, double high) {
  if (!out.violations.empty() && out.violations.back().second >= low) {
    out.violations.back().second = high;
  } else {
    out.violations.emplace_back(low, high);
  }
}

std::vector<Peak> sampled_peaks(const RationalModel& model, double band_hz, double above) {
  Sampler sampler(model);
  const auto grid = grid_of(model, band_hz);
  std::vector<double> value;
  value.reserve(grid.size());
  for (const double hz : grid) {
    value.push_back(sampler.largest_at(hz));
  }
  std::vector<Peak> out;
  for (std::size_t i = 0; i < grid.size(); ++i) {
    const bool is_peak =
        (i == 0 || value[i] >= value[i - 1]) && (i + 1 == grid.size() || value[i] >= value[i + 1]);
    if (!is_peak || value[i] < above) {
      continue;
    }
    Peak peak = {grid[i], value[i]};
    if (i > 0 && i + 1 < grid.size()) {
      const auto refined = refine(sampler, grid[i - 1], grid[i + 1]);
      peak = refined.value > peak.value ? refined : peak;
    }
    out.push_back(peak);
  }
  return out;
}

ModelPassivity exact(const RationalModel& model, double band_hz) {
  ModelPassivity out;
  out.is_exact = true;
  auto edges = crossings(model);
  edges.insert(edges.begin(), 0);
  const double top = std::max(edges.back() * 10, band_hz * kBeyond);
  edges.push_back(kInfinite);
  Sampler sampler(model);
  for (const auto& peak : sampled_peaks(model, band_hz, 0)) {
    if (peak.value > out.singular_max) {
      out.singular_max = peak.value;
      out.at_hz = peak.hz;
    }
  }
  for (std::size_t i = 0; i + 1 < edges.size(); ++i) {
    const double high = std::isinf(edges[i + 1]) ? top : edges[i + 1];
    const double middle = (edges[i] + high) / 2;
    const double value = sampler.largest_at(middle);
    if (value > out.singular_max) {
      out.singular_max = value;
      out.at_hz = middle;
    }
    if (value > 1 + kSlack) {
      add_band(out, edges[i], edges[i + 1]);
    }
  }
  return out;
}

ModelPassivity sampled(const RationalModel& model, double band_hz) {
  ModelPassivity out;
  Sampler sampler(model);
  const auto grid = grid_of(model, band_hz);
  for (const auto& peak : sampled_peaks(model, band_hz, 0)) {
    if (peak.value > out.singular_max) {
      out.singular_max = peak.value;
      out.at_hz = peak.hz;
    }
    if (peak.value > 1 + kSlack) {
      // Out to where it is 1 again, on the grid.
      auto left = std::ranges::lower_bound(grid, peak.hz);
      auto right = left;
      while (left != grid.begin() && sampler.largest_at(*std::prev(left)) > 1) {
        --left;
      }
      while (right != grid.end() && sampler.largest_at(*right) > 1) {
        ++right;
      }
      add_band(out, left == grid.begin() ? 0 : *std::prev(left),
               right == grid.end() ? kInfinite : *right);
    }
  }
  return out;
}

/// Basis of the perturbation at one frequency, constant last.
VectorXcd basis_at(const RationalModel& scaled, double w) {
  const auto n = static_cast<Index>(scaled.order());
  VectorXd re(n + 1);
  VectorXd im = VectorXd::Zero(n + 1);
  if (std::isinf(w)) {
    re.setZero();
  } else {
    rational::fill_basis(scaled.poles, w, 1, re.data(), im.data());
  }
  re[n] = 1;
  im[n] = 0;
  VectorXcd out(n + 1);
  out.real() = re;
  out.imag() = im;
  return out;
}

/// Scaled to the band's end, so that the basis is near 1.
RationalModel scaled_by(RationalModel model, double by) {
  for (auto& pole : model.poles) {
    pole *= by;
  }
  for (auto& response : model.responses) {
    for (auto& residue : response.residues) {
      residue *= by;
    }
  }
  return model;
}

/// Inverse of the Gram matrix of the basis over the band: what a change of coefficients costs.
MatrixXd cost_inverse(const RationalModel& scaled, bool is_dc_held) {
  const auto n = static_cast<Index>(scaled.order()) + 1;
  MatrixXd gram = MatrixXd::Zero(n, n);
  constexpr int kPoints = 400;
  for (int i = 0; i <= kPoints; ++i) {
    const VectorXcd phi = basis_at(scaled, i / static_cast<double>(kPoints));
    const double weight = i == 0 && is_dc_held ? 1e4 : 1;
    gram += weight * (phi.real() * phi.real().transpose() + phi.imag() * phi.imag().transpose());
  }
  gram.diagonal() *= 1 + 1e-12;
  return gram.ldlt().solve(MatrixXd::Identity(n, n));
}

/// One row of constraints: the change of a singular value for a change of each response's
/// coefficients.
struct Constraint {
  std::vector<VectorXd> gradient;  ///< of each response
  double change = 0;
};

void add_constraints(const RationalModel& model, const RationalModel& scaled, double hz,
                     double band_hz, std::vector<Constraint>& out) {
  constexpr double kAim = 2e-7;  // below 1, so that the first-order step need not hit it exactly
  const Eigen::JacobiSVD<MatrixXcd> svd(matrix_at(model, hz),
                                        Eigen::ComputeFullU | Eigen::ComputeFullV);
  const VectorXcd phi = basis_at(scaled, hz / band_hz);
  const auto n = static_cast<Index>(model.ports);
  for (Index k = 0; k < n; ++k) {
    const double value = svd.singularValues()[k];
    if (value < 1 - kAim / 2) {
      break;
    }
    Constraint row;
    row.change = 1 - kAim - value;
    for (Index o = 0; o < n; ++o) {
      for (Index i = 0; i < n; ++i) {
        const auto& response = model.responses[static_cast<std::size_t>(o * n + i)];
        const Complex turn = std::isinf(hz)
                                 ? Complex(1)
                                 : std::polar(1.0, -2 * std::numbers::pi * hz * response.delay_s);
        const Complex by = std::conj(svd.matrixU()(o, k)) * svd.matrixV()(i, k) * turn;
        row.gradient.emplace_back((phi * by).real());
      }
    }
    out.push_back(std::move(row));
  }
}

/// At each peak that touches 1, at points of the bands above it, and at infinite frequency.
std::vector<Constraint> constraints(const RationalModel& model, const RationalModel& scaled,
                                    double band_hz) {
  constexpr std::size_t kPointsMax = 60;
  std::vector<Constraint> rows;
  for (const auto& peak : sampled_peaks(model, band_hz, 1 - 1e-7)) {
    add_constraints(model, scaled, peak.hz, band_hz, rows);
  }
  Sampler sampler(model);
  std::vector<double> above;
  for (const double hz : grid_of(model, band_hz)) {
    if (sampler.largest_at(hz) > 1) {
      above.push_back(hz);
    }
  }
  const std::size_t step = above.size() / kPointsMax + 1;
  for (std::size_t i = 0; i < above.size(); i += step) {
    add_constraints(model, scaled, above[i], band_hz, rows);
  }
  add_constraints(model, scaled, kInfinite, band_hz, rows);
  return rows;
}

/// Multipliers of the rows that hold: those that would pull a singular value up are let go, the
/// worst first (an active-set method; each round drops one row, so it ends).
VectorXd multipliers(const MatrixXd& m, const VectorXd& b) {
  std::vector<Index> held(static_cast<std::size_t>(b.size()));
  std::iota(held.begin(), held.end(), Index{0});
  VectorXd out = VectorXd::Zero(b.size());
  while (!held.empty()) {
    const VectorXd x = MatrixXd(m(held, held)).ldlt().solve(VectorXd(b(held)));
    Index worst = 0;
    if (!x.allFinite() || x.maxCoeff(&worst) <= 0) {
      for (std::size_t r = 0; r < held.size(); ++r) {
        out[held[r]] = x[static_cast<Index>(r)];
      }
      break;
    }
    held.erase(held.begin() + worst);
  }
  return out;
}

/// Least change, in cost, that meets all constraints to first order.
void apply(RationalModel& scaled, const MatrixXd& inverse, const std::vector<Constraint>& rows) {
  const auto count = static_cast<Index>(rows.size());
  std::vector<std::vector<VectorXd>> moved(rows.size());
  for (std::size_t r = 0; r < rows.size(); ++r) {
    for (const auto& gradient : rows[r].gradient) {
      moved[r].emplace_back(inverse * gradient);
    }
  }
  MatrixXd m(count, count);
  VectorXd b(count);
  for (Index r = 0; r < count; ++r) {
    b[r] = rows[static_cast<std::size_t>(r)].change;
    for (Index c = 0; c < count; ++c) {
      double sum = 0;
      for (std::size_t k = 0; k < rows[0].gradient.size(); ++k) {
        sum += rows[static_cast<std::size_t>(r)].gradient[k].dot(
            moved[static_cast<std::size_t>(c)][k]);
      }
      m(r, c) = sum;
    }
  }
  m.diagonal() *= 1 + 1e-8;
  const VectorXd by = multipliers(m, b);
  for (std::size_t k = 0; k < scaled.responses.size(); ++k) {
    VectorXd change = VectorXd::Zero(inverse.rows());
    for (Index r = 0; r < count; ++r) {
      change += by[r] * moved[static_cast<std::size_t>(r)][k];
    }
    if (!change.allFinite()) {
      return;
    }
    auto& response = scaled.responses[k];
    const auto residues = rational::residues_of(
        scaled.poles, {change.data(), static_cast<std::size_t>(change.size() - 1)});
    for (std::size_t n = 0; n < residues.size(); ++n) {
      response.residues[n] += residues[n];
    }
    response.constant += change[change.size() - 1];
  }
}

}  // namespace
}  // namespace rational_passive_cpp

ModelPassivity check_passivity(const RationalModel& model, double band_hz) {
  namespace p = rational_passive_cpp;
  auto out = p::has_delays(model) ? p::sampled(model, band_hz) : p::exact(model, band_hz);
  const double at_infinity = p::largest(p::matrix_at(model, p::kInfinite));
  if (at_infinity > out.singular_max) {
    out.singular_max = at_infinity;
    out.at_hz = p::kInfinite;
  }
  if (at_infinity > 1 + p::kSlack && out.violations.empty()) {
    out.violations.emplace_back(band_hz * p::kBeyond, p::kInfinite);
  }
  out.is_passive = out.violations.empty() && out.singular_max <= 1 + p::kSlack;
  return out;
}

RationalModel enforce_passivity(RationalModel model, double band_hz) {
  namespace p = rational_passive_cpp;
  constexpr int kRounds = 20;
  const double scale = 2 * std::numbers::pi * band_hz;
  auto found = check_passivity(model, band_hz);
  // A channel's value at 0 Hz stays what it is, unless it is what must change.
  const bool is_dc_held = p::largest(p::matrix_at(model, 0)) < 1;
  auto scaled = p::scaled_by(model, 1 / scale);
  const auto inverse = p::cost_inverse(scaled, is_dc_held);
  auto best = model;
  auto best_found = found;
  for (int round = 0; round < kRounds && !found.is_passive; ++round) {
    p::apply(scaled, inverse, p::constraints(model, scaled, band_hz));
    model = p::scaled_by(scaled, scale);
    found = check_passivity(model, band_hz);
    if (found.singular_max < best_found.singular_max) {
      best = model;
      best_found = found;
    } else if (found.singular_max > 2 * best_found.singular_max) {
      break;  // first order is no guide any more
    }
  }
  // What is left is a hair, or perturbation has failed: scaling always ends it.
  for (int i = 0; i < 10 && !best_found.is_passive; ++i) {
    const double by = 1 / (best_found.singular_max * (1 + 1e-9));
    for (auto& response : best.responses) {
      response.constant *= by;
      for (auto& residue : response.residues) {
        residue *= by;
      }
    }
    best_found = check_passivity(best, band_hz);
  }
  return best;
}

}  // namespace weft::phy::channel
