// SPDX-License-Identifier: Apache-2.0
#include "phy/com/density.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace weft::phy::com {
namespace {

/// Cursors of fewer bins are too coarse on the grid: they go to the Gaussian part.
constexpr double kSmallBins = 2.5;

/// P(g < x) of a standard Gaussian, exact in its lower tail.
double gaussian_below(double x) {
  return 0.5 * std::erfc(-x / std::sqrt(2.0));
}

void cut_ends(Density& density, double negligible) {
  auto& p = density.p;
  std::size_t from = 0;
  for (double sum = p[0]; from + 1 < p.size() && sum < negligible; sum += p[from]) {
    ++from;
  }
  std::size_t to = p.size();
  for (double sum = p[to - 1]; to - 1 > from && sum < negligible; sum += p[to - 1]) {
    --to;
  }
  if (from == 0 && to == p.size()) {
    return;
  }
  p.erase(p.begin() + static_cast<std::ptrdiff_t>(to), p.end());
  p.erase(p.begin(), p.begin() + static_cast<std::ptrdiff_t>(from));
  density.first += static_cast<std::ptrdiff_t>(from);
}

}  // namespace

double Density::variance() const {
  double sum = 0;
  double mean = 0;
  double square = 0;
  for (std::size_t i = 0; i < p.size(); ++i) {
    const double x = value(i);
    sum += p[i];
    mean += p[i] * x;
    square += p[i] * x * x;
  }
  return sum > 0 ? square / sum - mean * mean / (sum * sum) : 0;
}

double add_symbols(Density& density, std::span<const double> cursors_v, unsigned levels,
                   double negligible) {
  std::vector<double> sizes;
  sizes.reserve(cursors_v.size());
  double missing2 = 0;  // in bins
  for (const double h : cursors_v) {
    const double size = std::fabs(h) / density.bin_v;
    const bool is_small = size < kSmallBins;
    missing2 += is_small ? size * size : 0;
    if (!is_small) {
      sizes.push_back(size);
    }
  }
  // Small ones first: the density is narrow while they are added.
  std::sort(sizes.begin(), sizes.end());
  const double top = static_cast<double>(levels) - 1;
  missing2 *= (top + 2) / (3 * top);  // (L^2 - 1) / (3 (L - 1)^2)
  std::vector<std::ptrdiff_t> shifts(levels);
  std::vector<double> next;
  double carry = 0;
  for (const double size : sizes) {
    const double wanted = size + carry;
    carry = wanted - std::round(wanted);
    for (unsigned l = 0; l < levels; ++l) {
      shifts[l] = static_cast<std::ptrdiff_t>(std::lround(wanted * (2 * l / top - 1)));
    }
    const std::ptrdiff_t reach = shifts[levels - 1];
    double on_grid = 0;
    for (const std::ptrdiff_t shift : shifts) {
      on_grid += static_cast<double>(shift * shift) / levels;
    }
    missing2 += size * size * (top + 2) / (3 * top) - on_grid;
    const auto& p = density.p;
    next.assign(p.size() + static_cast<std::size_t>(2 * reach), 0.0);
    for (const std::ptrdiff_t shift : shifts) {
      double* const to = next.data() + (shift + reach);
      for (std::size_t i = 0; i < p.size(); ++i) {
        to[i] += p[i];
      }
    }
    const double share = 1.0 / levels;
    for (double& x : next) {
      x *= share;
    }
    density.p.swap(next);
    density.first -= reach;
    cut_ends(density, negligible);
  }
  return missing2 * density.bin_v * density.bin_v;
}

double tail(const Density& density, double sigma_v, double at_v) {
  double sum = 0;
  for (std::size_t i = 0; i < density.p.size(); ++i) {
    const double room = -at_v - density.value(i);
    if (sigma_v > 0) {
      sum += density.p[i] * gaussian_below(room / sigma_v);
    } else {
      // A bin's probability lies spread over it.
      sum += density.p[i] * std::clamp(room / density.bin_v + 0.5, 0.0, 1.0);
    }
  }
  return sum;
}

double quantile(const Density& density, double sigma_v, double probability) {
  // The Gaussian part at whole bins is a table: one pass of it for each voltage tried.
  const std::ptrdiff_t reach = std::max<std::ptrdiff_t>(
      static_cast<std::ptrdiff_t>(std::ceil(40 * sigma_v / density.bin_v)), 1);
  std::vector<double> below(static_cast<std::size_t>(2 * reach + 1));
  for (std::ptrdiff_t k = -reach; k <= reach; ++k) {
    const double x = static_cast<double>(k) * density.bin_v;
    below[static_cast<std::size_t>(k + reach)] =
        sigma_v > 0 ? gaussian_below(x / sigma_v) : (k > 0 ? 1 : (k == 0 ? 0.5 : 0));
  }
  // P(x + g < -bin k)
  const auto at = [&](std::ptrdiff_t k) {
    double sum = 0;
    for (std::size_t i = 0; i < density.p.size(); ++i) {
      const std::ptrdiff_t room = -k - (density.first + static_cast<std::ptrdiff_t>(i));
      if (room < -reach) {
        break;
      }
      sum += density.p[i] * (room > reach ? 1.0 : below[static_cast<std::size_t>(room + reach)]);
    }
    return sum;
  };
  std::ptrdiff_t low = 0;
  std::ptrdiff_t high =
      reach + std::max(std::abs(density.first),
                       std::abs(density.first + static_cast<std::ptrdiff_t>(density.p.size())));
  while (high - low > 1) {
    const std::ptrdiff_t middle = low + (high - low) / 2;
    (at(middle) > probability ? low : high) = middle;
  }
  const double above = std::log(std::max(at(low), 1e-320));
  const double under = std::log(std::max(at(high), 1e-320));
  const double wanted = std::log(probability);
  const double share = above > under ? (above - wanted) / (above - under) : 0;
  return density.bin_v * (static_cast<double>(low) + std::clamp(share, 0.0, 1.0));
}

Density rebinned(const Density& density, double sigma_v, double bin_v) {
  Density out;
  out.bin_v = bin_v;
  const double reach =
      9 * sigma_v + std::max(-density.value(0), density.value(density.p.size() - 1));
  const auto half = static_cast<std::ptrdiff_t>(std::ceil(reach / bin_v)) + 1;
  out.first = -half;
  out.p.assign(static_cast<std::size_t>(2 * half + 1), 0.0);
  // First to the coarse grid with the mean kept, then the Gaussian there.
  std::vector<double> coarse(out.p.size(), 0.0);
  for (std::size_t i = 0; i < density.p.size(); ++i) {
    const double place = density.value(i) / bin_v + static_cast<double>(half);
    const auto cell = static_cast<std::size_t>(place);
    const double share = place - static_cast<double>(cell);
    coarse[cell] += density.p[i] * (1 - share);
    coarse[cell + 1] += density.p[i] * share;
  }
  const auto width =
      std::max<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(std::ceil(9 * sigma_v / bin_v)), 0);
  for (std::ptrdiff_t k = -width; k <= width; ++k) {
    const double x = static_cast<double>(k) * bin_v;
    const double weight = sigma_v > 0 ? (k < 0 ? gaussian_below((x + bin_v / 2) / sigma_v) -
                                                     gaussian_below((x - bin_v / 2) / sigma_v)
                                               : gaussian_below((bin_v / 2 - x) / sigma_v) -
                                                     gaussian_below((-bin_v / 2 - x) / sigma_v))
                                      : 1;
    for (std::size_t i = 0; i < coarse.size(); ++i) {
      const auto to = static_cast<std::ptrdiff_t>(i) + k;
      if (to >= 0 && to < static_cast<std::ptrdiff_t>(coarse.size())) {
        out.p[static_cast<std::size_t>(to)] += coarse[i] * weight;
      }
    }
  }
  return out;
}

Density scaled(const Density& density, double scale) {
  Density out;
  out.bin_v = density.bin_v;
  const double size = std::fabs(scale);
  const auto half =
      static_cast<std::ptrdiff_t>(std::ceil(
          size * static_cast<double>(std::max(
                     std::abs(density.first),
                     std::abs(density.first + static_cast<std::ptrdiff_t>(density.p.size())))))) +
      1;
  out.first = -half;
  out.p.assign(static_cast<std::size_t>(2 * half + 1), 0.0);
  for (std::size_t i = 0; i < density.p.size(); ++i) {
    const double place =
        scale * static_cast<double>(density.first + static_cast<std::ptrdiff_t>(i)) +
        static_cast<double>(half);
    const auto cell = static_cast<std::size_t>(place);
    const double share = place - static_cast<double>(cell);
    out.p[cell] += density.p[i] * (1 - share);
    out.p[cell + 1] += density.p[i] * share;
  }
  return out;
}

Density sum(const Density& a, const Density& b) {
  Density out;
  out.bin_v = a.bin_v;
  out.first = a.first + b.first;
  out.p.assign(a.p.size() + b.p.size() - 1, 0.0);
  const auto& narrow = a.p.size() < b.p.size() ? a.p : b.p;
  const auto& wide = a.p.size() < b.p.size() ? b.p : a.p;
  for (std::size_t i = 0; i < narrow.size(); ++i) {
    const double weight = narrow[i];
    if (weight == 0) {
      continue;
    }
    double* const to = out.p.data() + i;
    for (std::size_t k = 0; k < wide.size(); ++k) {
      to[k] += weight * wide[k];
    }
  }
  return out;
}

}  // namespace weft::phy::com
