// SPDX-License-Identifier: Apache-2.0
// Internal to phy/fec: the two-state chain of a lane's line symbols (Gilbert), as analytic.h
// defines it, and what it does to one FEC symbol. Analytic sums, the flit's retry ratio and the
// Monte Carlo draw on this one definition.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>

namespace weft::phy::fec {

/// Transition probabilities between "last line symbol right" (0) and "wrong" (1).
struct Transition {
  std::array<std::array<double, 2>, 2> at{};

  friend Transition operator*(const Transition& a, const Transition& b) {
    Transition product;
    for (std::size_t i = 0; i < 2; ++i) {
      for (std::size_t j = 0; j < 2; ++j) {
        product.at[i][j] = a.at[i][0] * b.at[0][j] + a.at[i][1] * b.at[1][j];
      }
    }
    return product;
  }
};

/// The Gilbert chain of one lane's line symbols.
struct Chain {
  double wrong = 0;   ///< stationary ratio of wrong line symbols
  double follow = 0;  ///< P(wrong | wrong)
  double start = 0;   ///< P(wrong | right)

  /// The chain whose ratio of wrong symbols is `ratio`; without `burst`, symbols are independent.
  static Chain holding(double ratio, std::optional<double> burst) {
    Chain chain;
    chain.wrong = std::min(1.0, ratio);
    chain.follow = burst.value_or(chain.wrong);
    if (chain.wrong > 0) {
      chain.follow = std::max(chain.follow, 2 - 1 / chain.wrong);
    }
    chain.start =
        chain.wrong < 1 ? std::min(1.0, chain.wrong * (1 - chain.follow) / (1 - chain.wrong)) : 1.0;
    return chain;
  }
  /// The chain in which a right symbol is followed by a wrong one with this probability.
  static Chain starting(double start, std::optional<double> burst) {
    Chain chain;
    chain.start = std::min(1.0, start);
    chain.follow = burst.value_or(chain.start);
    chain.wrong = chain.start > 0 ? chain.start / (chain.start + (1 - chain.follow)) : 0;
    return chain;
  }

  [[nodiscard]] Transition matrix() const { return {{{{1 - start, start}, {1 - follow, follow}}}}; }
};

/// One FEC symbol: [state before][state after][symbol hit or not].
using SymbolTransition = std::array<std::array<std::array<double, 2>, 2>, 2>;

inline SymbolTransition one_symbol(const Chain& chain, std::size_t line_symbols, bool precoding) {
  const Transition step = chain.matrix();
  SymbolTransition symbol{};
  for (std::size_t before = 0; before < 2; ++before) {
    std::array<std::array<double, 2>, 2> now{};  // [state][hit]
    now[before][0] = 1;
    for (std::size_t i = 0; i < line_symbols; ++i) {
      std::array<std::array<double, 2>, 2> next{};
      for (std::size_t from = 0; from < 2; ++from) {
        for (std::size_t to = 0; to < 2; ++to) {
          const bool hits = precoding ? from != to : to == 1;
          next[to][1] += now[from][1] * step.at[from][to];
          next[to][hits ? 1 : 0] += now[from][0] * step.at[from][to];
        }
      }
      now = next;
    }
    symbol[before] = now;
  }
  return symbol;
}

}  // namespace weft::phy::fec
