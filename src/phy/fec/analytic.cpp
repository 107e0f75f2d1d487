// SPDX-License-Identifier: Apache-2.0
#include "phy/fec/analytic.h"

#include "phy/fec/burst.h"
#include "phy/fec/counts.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <utility>

namespace weft::phy::fec {
namespace analytic_impl {
namespace {

using base::Code;
using base::fail;

/// Transitions of the chain with the errors counted on the way.
template <class Number>
struct Counted {
  std::array<std::array<ErrorCounts<Number>, 2>, 2> at;

  explicit Counted(std::size_t t)
      : at{{{ErrorCounts<Number>(t), ErrorCounts<Number>(t)},
            {ErrorCounts<Number>(t), ErrorCounts<Number>(t)}}},
        t_(t) {}
  static Counted identity(std::size_t t) {
    Counted one(t);
    one.at[0][0] = ErrorCounts<Number>::constant(t, Number(1.0));
    one.at[1][1] = ErrorCounts<Number>::constant(t, Number(1.0));
    return one;
  }
  friend Counted operator*(const Counted& a, const Counted& b) {
    Counted product(a.t_);
    for (std::size_t i = 0; i < 2; ++i) {
      for (std::size_t j = 0; j < 2; ++j) {
        product.at[i][j] = a.at[i][0] * b.at[0][j];
        product.at[i][j] += a.at[i][1] * b.at[1][j];
      }
    }
    return product;
  }

 private:
  std::size_t t_;
};

/// What a codeword sees of the lanes: symbols per lane, and how far apart they are.
struct Dealing {
  std::size_t lanes = 1;  ///< that carry symbols of one codeword
  std::size_t gap = 1;    ///< from one of its symbols to the next on the same lane, in FEC symbols
};

Dealing dealing(const ErrorProcess& errors) {
  const std::size_t common = std::gcd(errors.interleave, errors.lanes);
  return {errors.lanes / common, errors.interleave / common};
}

struct Totals {
  double symbol_error_ratio = 0;  ///< before FEC
  double bit_error_ratio = 0;     ///< before FEC, after precoding
};

template <class Number>
ErrorCounts<Number> random_counts(const CodeParameters& code, double symbol_error_ratio) {
  const auto one = ErrorCounts<Number>::constant(code.t, Number(1.0));
  return power(ErrorCounts<Number>::first_two(code.t, Number(1 - symbol_error_ratio),
                                              Number(symbol_error_ratio)),
               code.n, one);
}

template <class Number>
ErrorCounts<Number> lane_counts(const Chain& chain, const Counted<Number>& step,
                                std::size_t symbols, std::size_t t) {
  const Counted<Number> all = power(step, symbols, Counted<Number>::identity(t));
  ErrorCounts<Number> counts(t);
  const std::array<double, 2> start = {1 - chain.wrong, chain.wrong};
  for (std::size_t from = 0; from < 2; ++from) {
    const auto weight = ErrorCounts<Number>::constant(t, Number(start[from]));
    counts += weight * all.at[from][0];
    counts += weight * all.at[from][1];
  }
  return counts;
}

template <class Number>
ErrorCounts<Number> burst_counts(const CodeParameters& code, const Chain& chain,
                                 const SymbolTransition& symbol, const Dealing& deal,
                                 std::size_t line_symbols) {
  // Through one counted symbol, then through those of the other codewords on this lane.
  const Transition between =
      power(chain.matrix(), (deal.gap - 1) * line_symbols, Transition{{{{1, 0}, {0, 1}}}});
  Counted<Number> step(code.t);
  for (std::size_t from = 0; from < 2; ++from) {
    for (std::size_t to = 0; to < 2; ++to) {
      const auto sum = [&](std::size_t hit) {
        return Number(symbol[from][0][hit]) * Number(between.at[0][to]) +
               Number(symbol[from][1][hit]) * Number(between.at[1][to]);
      };
      step.at[from][to] = ErrorCounts<Number>::first_two(code.t, sum(0), sum(1));
    }
  }
  const std::size_t each = code.n / deal.lanes;
  const std::size_t longer = code.n % deal.lanes;  // lanes with one symbol more
  const auto one = ErrorCounts<Number>::constant(code.t, Number(1.0));
  ErrorCounts<Number> counts =
      power(lane_counts(chain, step, each, code.t), deal.lanes - longer, one);
  if (longer > 0) {
    counts = counts * power(lane_counts(chain, step, each + 1, code.t), longer, one);
  }
  return counts;
}

template <class Number>
PostFec summarise(const CodeParameters& code, const ErrorCounts<Number>& counts,
                  const Totals& before) {
  PostFec post;
  post.histogram.reserve(code.t + 2);
  for (std::size_t i = 0; i <= code.t; ++i) {
    post.histogram.push_back(value_of(counts.within(i)));
  }
  post.histogram.push_back(value_of(counts.beyond()));
  post.pre_fec_symbol_error_ratio = before.symbol_error_ratio;
  post.pre_fec_bit_error_ratio = before.bit_error_ratio;
  post.codeword_failure = value_of(counts.beyond());
  post.log10_codeword_failure = log10_of(counts.beyond());
  const Number symbols = counts.beyond_sum() * Number(1.0 / static_cast<double>(code.n));
  const double bits_per_hit =
      before.symbol_error_ratio > 0 ? before.bit_error_ratio / before.symbol_error_ratio : 0;
  const Number bits = symbols * Number(bits_per_hit);
  post.symbol_error_ratio = value_of(symbols);
  post.log10_symbol_error_ratio = log10_of(symbols);
  post.bit_error_ratio = value_of(bits);
  post.log10_bit_error_ratio = log10_of(bits);
  return post;
}

/// In double first; terms that underflow there are below 1e-308 each, so a result above
/// kLeastInDouble has lost nothing. Below it, once more with the wide exponent.
template <class Compute>
PostFec compute_post(const CodeParameters& code, const Totals& before, const Compute& compute) {
  const auto plain = compute(0.0);
  if (plain.beyond() > kLeastInDouble || before.symbol_error_ratio == 0) {
    return summarise(code, plain, before);
  }
  return summarise(code, compute(Wide()), before);
}

base::Result<void> check(const CodeParameters& code, const ErrorProcess& errors) {
  const auto is_ratio = [](double value) { return value >= 0 && value <= 1; };
  if (!is_ratio(errors.ber)) {
    return fail(Code::kInvalidArgument, "bit error ratio is not in 0 to 1");
  }
  if (errors.burst && !is_ratio(*errors.burst)) {
    return fail(Code::kInvalidArgument, "burst parameter is not in 0 to 1");
  }
  if (errors.interleave != 1 && errors.interleave != 2 && errors.interleave != 4) {
    return fail(Code::kInvalidArgument, "interleave is not 1, 2 or 4");
  }
  if (errors.lanes < 1 || errors.lanes > 64) {
    return fail(Code::kInvalidArgument, "lanes are not 1 to 64");
  }
  if (code.n <= code.t || code.t > kMaxCounted || code.symbol_bits == 0) {
    return fail(Code::kInvalidArgument, "not a code", std::string(code.key));
  }
  if ((errors.bits_per_symbol != 1 && errors.bits_per_symbol != 2) ||
      code.symbol_bits % errors.bits_per_symbol != 0) {
    return fail(Code::kInvalidArgument, "bits per line symbol are not 1 or 2");
  }
  return {};
}

}  // namespace
}  // namespace analytic_impl

base::Result<PostFec> post_fec(const CodeParameters& code, const ErrorProcess& errors) {
  using namespace analytic_impl;
  if (auto ok = check(code, errors); !ok) {
    return tl::unexpected(std::move(ok).error());
  }
  if (!errors.burst && !errors.precoding) {
    const double bits = static_cast<double>(code.symbol_bits);
    const Totals before{-std::expm1(bits * std::log1p(-errors.ber)), errors.ber};
    return compute_post(code, before, [&]<class Number>(Number) {
      return random_counts<Number>(code, before.symbol_error_ratio);
    });
  }
  const Chain chain = Chain::holding(errors.ber * errors.bits_per_symbol, errors.burst);
  const std::size_t line_symbols = code.symbol_bits / errors.bits_per_symbol;
  const SymbolTransition symbol = one_symbol(chain, line_symbols, errors.precoding);
  Totals before;
  before.symbol_error_ratio = (1 - chain.wrong) * (symbol[0][0][1] + symbol[0][1][1]) +
                              chain.wrong * (symbol[1][0][1] + symbol[1][1][1]);
  const double wrong_decoded =
      errors.precoding ? 2 * chain.wrong * (1 - chain.follow) : chain.wrong;
  before.bit_error_ratio = wrong_decoded / errors.bits_per_symbol;
  return compute_post(code, before, [&]<class Number>(Number) {
    return burst_counts<Number>(code, chain, symbol, dealing(errors), line_symbols);
  });
}

base::Result<double> burst_that_fits(const CodeParameters& code, ErrorProcess errors,
                                     double bit_error_ratio) {
  using namespace analytic_impl;
  if (!(bit_error_ratio > 0 && bit_error_ratio < 1)) {
    return fail(Code::kInvalidArgument, "bit error ratio after FEC is not between 0 and 1");
  }
  const double wanted = std::log10(bit_error_ratio);
  const auto at = [&](double burst) {
    errors.burst = burst;
    return post_fec(code, errors).map([](const PostFec& post) {
      return post.log10_bit_error_ratio;
    });
  };
  double low = 0;
  double high = 0.999;
  const auto at_low = at(low);
  const auto at_high = at(high);
  if (!at_low || !at_high) {
    return tl::unexpected(at_low ? at_high.error() : at_low.error());
  }
  const bool rises = *at_high > *at_low;
  if (wanted < std::min(*at_low, *at_high) || wanted > std::max(*at_low, *at_high)) {
    return fail(Code::kOutOfRange, "no burst parameter gives this ratio after FEC", {},
                "Random errors give 1e" + std::to_string(*at_low) + " here.");
  }
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    const bool is_above = at(middle).value_or(wanted) > wanted;
    (is_above == rises ? high : low) = middle;
  }
  return (low + high) / 2;
}

}  // namespace weft::phy::fec
