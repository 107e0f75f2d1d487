// SPDX-License-Identifier: Apache-2.0
// The algebra of scattering matrices, frequency by frequency; see network.h for the equations.
// Resampling is in resample.cpp.
#include "phy/channel/network.h"

#include "phy/channel/dense.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <fmt/format.h>

namespace weft::phy::channel {
namespace {

using base::Code;

std::string at_frequency(double hz) {
  return fmt::format("at {:.6g} GHz", hz * 1e-9);
}

/// The block of a square matrix of `n` ports that starts at (row, column), `half` wide.
void copy_block(std::span<const Complex> from, std::size_t n, std::size_t row, std::size_t column,
                std::size_t half, std::span<Complex> to) {
  for (std::size_t i = 0; i < half; ++i) {
    for (std::size_t j = 0; j < half; ++j) {
      to[i * half + j] = from[(row + i) * n + column + j];
    }
  }
}

/// Redheffer's star product of one frequency: workspace is kept over frequencies.
class StarProduct {
 public:
  explicit StarProduct(std::size_t half) : half_(half) {
    for (auto* block : {&a11_, &a12_, &a21_, &a22_, &b11_, &b12_, &b21_, &b22_, &loop_, &x_, &y_}) {
      block->resize(half * half);
    }
  }

  /// False where a wave between the two grows without bound.
  [[nodiscard]] bool join(std::span<const Complex> a, std::span<const Complex> b,
                          std::span<Complex> out) {
    const std::size_t n = 2 * half_;
    copy_block(a, n, 0, 0, half_, a11_);
    copy_block(a, n, 0, half_, half_, a12_);
    copy_block(a, n, half_, 0, half_, a21_);
    copy_block(a, n, half_, half_, half_, a22_);
    copy_block(b, n, 0, 0, half_, b11_);
    copy_block(b, n, 0, half_, half_, b12_);
    copy_block(b, n, half_, 0, half_, b21_);
    copy_block(b, n, half_, half_, half_, b22_);
    // Waves at the joint that run toward b: (I - A22 B11)^-1 [A21, A22 B12].
    if (!toward(a22_, b11_, a21_, b12_)) {
      return false;
    }
    finish(b21_, b22_, half_, half_, out, true);
    // And toward a: (I - B11 A22)^-1 [B11 A21, B12].
    if (!toward(b11_, a22_, b12_, a21_)) {
      return false;
    }
    finish(a12_, a11_, 0, 0, out, false);
    return true;
  }

 private:
  /// x = (I - near far)^-1 source, y = (I - near far)^-1 near other.
  bool toward(const std::vector<Complex>& near, const std::vector<Complex>& far,
              const std::vector<Complex>& source, const std::vector<Complex>& other) {
    dense::multiply(near, far, half_, half_, loop_);
    for (Complex& value : loop_) {
      value = -value;
    }
    for (std::size_t i = 0; i < half_; ++i) {
      loop_[i * half_ + i] += 1.0;
    }
    auto loop_again = loop_;
    x_ = source;
    dense::multiply(near, other, half_, half_, y_);
    return dense::solve(loop_, x_, half_, half_) && dense::solve(loop_again, y_, half_, half_);
  }

  /// Through the second network: transmission into the block beside, reflection added to own.
  void finish(const std::vector<Complex>& through, const std::vector<Complex>& own, std::size_t row,
              std::size_t own_column, std::span<Complex> out, bool is_right) {
    const std::size_t n = 2 * half_;
    const std::size_t across_column = is_right ? 0 : half_;
    std::vector<Complex> across(half_ * half_);
    std::vector<Complex> back(half_ * half_);
    dense::multiply(through, x_, half_, half_, across);
    dense::multiply(through, y_, half_, half_, back);
    for (std::size_t i = 0; i < half_; ++i) {
      for (std::size_t j = 0; j < half_; ++j) {
        out[(row + i) * n + across_column + j] = across[i * half_ + j];
        out[(row + i) * n + own_column + j] = own[i * half_ + j] + back[i * half_ + j];
      }
    }
  }

  std::size_t half_;
  std::vector<Complex> a11_, a12_, a21_, a22_, b11_, b12_, b21_, b22_, loop_, x_, y_;
};

/// Each port once, and equal impedances within a pair; else the reason.
base::Result<void> check_pairs(const Network& network, std::span<const PortPair> pairs) {
  std::vector<bool> seen(network.ports, false);
  for (const PortPair& pair : pairs) {
    for (const std::size_t port : {pair.positive, pair.negative}) {
      if (port >= network.ports) {
        return base::fail(Code::kInvalidArgument, fmt::format("there is no port {}", port + 1),
                          fmt::format("a network of {} ports", network.ports),
                          "Ports count from 1.");
      }
      if (seen[port]) {
        return base::fail(Code::kInvalidArgument,
                          fmt::format("port {} is named twice in the pairs", port + 1));
      }
      seen[port] = true;
    }
    const double positive = network.z0_ohm[pair.positive];
    const double negative = network.z0_ohm[pair.negative];
    if (std::abs(positive - negative) > 1e-9 * positive) {
      return base::fail(Code::kInvalidArgument,
                        fmt::format("ports {} and {} form a pair but have {} and {} ohm",
                                    pair.positive + 1, pair.negative + 1, positive, negative),
                        {}, "Renormalise to one impedance first.");
    }
  }
  if (pairs.size() * 2 != network.ports) {
    return base::fail(Code::kInvalidArgument,
                      fmt::format("{} pairs for {} ports", pairs.size(), network.ports), {},
                      "Name each port in exactly one pair.");
  }
  return {};
}

}  // namespace

std::vector<Complex> Network::response(std::size_t out, std::size_t in) const {
  std::vector<Complex> values(points());
  for (std::size_t point = 0; point < values.size(); ++point) {
    values[point] = at(point, out, in);
  }
  return values;
}

Network make_network(std::size_t ports, std::vector<double> frequency_hz, double z0_ohm) {
  Network network;
  network.ports = ports;
  network.s.resize(frequency_hz.size() * ports * ports);
  network.frequency_hz = std::move(frequency_hz);
  network.z0_ohm.assign(ports, z0_ohm);
  return network;
}

base::Result<Network> renormalise(const Network& network, std::span<const double> z0_ohm) {
  const std::size_t n = network.ports;
  if (z0_ohm.size() != 1 && z0_ohm.size() != n) {
    return base::fail(Code::kInvalidArgument,
                      fmt::format("{} reference impedances for {} ports", z0_ohm.size(), n), {},
                      "Give one for all, or one for each port.");
  }
  Network out = network;
  std::vector<double> g(n);
  std::vector<double> k(n);
  bool is_same = true;
  for (std::size_t port = 0; port < n; ++port) {
    const double from = network.z0_ohm[port];
    const double to = z0_ohm.size() == 1 ? z0_ohm[0] : z0_ohm[port];
    if (!(to > 0) || !std::isfinite(to)) {
      return base::fail(Code::kInvalidArgument, fmt::format("a reference impedance of {} ohm", to),
                        {}, "It must be positive.");
    }
    is_same = is_same && from == to;
    g[port] = (to - from) / (to + from);
    k[port] = (to + from) / (2 * std::sqrt(to * from));
    out.z0_ohm[port] = to;
  }
  if (is_same) {
    return out;
  }
  // b' = K (S - G) a and a' = K (I - G S) a, hence S'^T from one solve with (I - G S)^T.
  std::vector<Complex> left(n * n);
  std::vector<Complex> right(n * n);
  for (std::size_t point = 0; point < network.points(); ++point) {
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) {
        const Complex s = network.at(point, i, j);
        const double one = i == j ? 1 : 0;
        left[j * n + i] = k[i] * (one - g[i] * s);
        right[j * n + i] = k[i] * (s - one * g[i]);
      }
    }
    if (!dense::solve(left, right, n, n)) {
      return base::fail(Code::kOutOfRange, "cannot renormalise: the matrix is singular",
                        at_frequency(network.frequency_hz[point]));
    }
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) {
        out.at(point, i, j) = right[j * n + i];
      }
    }
  }
  return out;
}

Network select_ports(const Network& network, std::span<const std::size_t> ports) {
  Network out = make_network(ports.size(), network.frequency_hz);
  for (std::size_t i = 0; i < ports.size(); ++i) {
    out.z0_ohm[i] = network.z0_ohm[ports[i]];
    if (!network.names.empty()) {
      out.names.push_back(network.names[ports[i]]);
    }
  }
  for (std::size_t point = 0; point < network.points(); ++point) {
    for (std::size_t i = 0; i < ports.size(); ++i) {
      for (std::size_t j = 0; j < ports.size(); ++j) {
        out.at(point, i, j) = network.at(point, ports[i], ports[j]);
      }
    }
  }
  return out;
}

base::Result<Network> cascade(const Network& a, const Network& b) {
  if (a.ports != b.ports || a.ports % 2 != 0 || a.ports == 0) {
    return base::fail(Code::kInvalidArgument,
                      fmt::format("cannot join {} ports to {} ports", a.ports, b.ports), {},
                      "Both need the same even number of ports.");
  }
  if (a.frequency_hz != b.frequency_hz) {
    return base::fail(Code::kInvalidArgument, "cannot join networks of different frequencies", {},
                      "Resample one to the other's frequencies first.");
  }
  const std::size_t half = a.ports / 2;
  Network next = b;
  bool is_same = true;
  std::vector<double> z0 = b.z0_ohm;
  for (std::size_t i = 0; i < half; ++i) {
    is_same = is_same && a.z0_ohm[half + i] == b.z0_ohm[i];
    z0[i] = a.z0_ohm[half + i];
  }
  if (!is_same) {
    auto changed = renormalise(b, z0);
    if (!changed) {
      return changed;
    }
    next = std::move(*changed);
  }
  Network out = make_network(a.ports, a.frequency_hz);
  for (std::size_t i = 0; i < half; ++i) {
    out.z0_ohm[i] = a.z0_ohm[i];
    out.z0_ohm[half + i] = b.z0_ohm[half + i];
  }
  if (!a.names.empty() && !b.names.empty()) {
    out.names.assign(a.names.begin(), a.names.begin() + static_cast<std::ptrdiff_t>(half));
    out.names.insert(out.names.end(), b.names.begin() + static_cast<std::ptrdiff_t>(half),
                     b.names.end());
  }
  StarProduct star(half);
  const std::size_t block = a.ports * a.ports;
  for (std::size_t point = 0; point < a.points(); ++point) {
    const std::span<const Complex> left(a.s.data() + point * block, block);
    const std::span<const Complex> right(next.s.data() + point * block, block);
    if (!star.join(left, right, std::span(out.s.data() + point * block, block))) {
      return base::fail(Code::kOutOfRange, "cannot join: the loop between the two is singular",
                        at_frequency(a.frequency_hz[point]),
                        "At least one of the two is not passive; see `weft channel check`.");
    }
  }
  return out;
}

base::Result<Network> mixed_mode(const Network& network, std::span<const PortPair> pairs) {
  if (auto checked = check_pairs(network, pairs); !checked) {
    return tl::unexpected(checked.error());
  }
  const std::size_t n = pairs.size();
  Network out = make_network(network.ports, network.frequency_hz);
  for (std::size_t i = 0; i < n; ++i) {
    const double z0 = network.z0_ohm[pairs[i].positive];
    out.z0_ohm[i] = 2 * z0;
    out.z0_ohm[n + i] = z0 / 2;
  }
  if (!network.names.empty()) {
    out.names.resize(2 * n);
    for (std::size_t i = 0; i < n; ++i) {
      const std::string both =
          network.names[pairs[i].positive] + "," + network.names[pairs[i].negative];
      out.names[i] = "D(" + both + ")";
      out.names[n + i] = "C(" + both + ")";
    }
  }
  for (std::size_t point = 0; point < network.points(); ++point) {
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) {
        const Complex pp = network.at(point, pairs[i].positive, pairs[j].positive);
        const Complex pn = network.at(point, pairs[i].positive, pairs[j].negative);
        const Complex np = network.at(point, pairs[i].negative, pairs[j].positive);
        const Complex nn = network.at(point, pairs[i].negative, pairs[j].negative);
        out.at(point, i, j) = 0.5 * (pp - pn - np + nn);
        out.at(point, i, n + j) = 0.5 * (pp + pn - np - nn);
        out.at(point, n + i, j) = 0.5 * (pp - pn + np - nn);
        out.at(point, n + i, n + j) = 0.5 * (pp + pn + np + nn);
      }
    }
  }
  return out;
}

}  // namespace weft::phy::channel
