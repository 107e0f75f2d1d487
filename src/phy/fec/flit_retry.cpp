// SPDX-License-Identifier: Apache-2.0
#include "phy/fec/flit_retry.h"

#include "phy/fec/analytic.h"
#include "phy/fec/burst.h"
#include "phy/fec/counts.h"

#include <array>
#include <cmath>
#include <limits>

namespace weft::phy::fec {
namespace flit_impl {
namespace {

constexpr std::size_t kFlitBytes = 256;
constexpr std::size_t kWords = 3;  // ECC words; byte i belongs to word i mod 3
constexpr std::size_t kSets = 1U << kWords;

constexpr FlitCode kCodes[] = {
    {FlitFec::kPcie6, "pcie6-flit", 236, 8, 6, 1},
    {FlitFec::kEfec0, "efec0", 236, 8, 6, 3},
    {FlitFec::kEfec1, "efec1", 236, 6, 8, 4},
    {FlitFec::kEfec2, "efec2", 236, 4, 10, 5},
};

const FlitCode& code_of(FlitFec fec) {
  return kCodes[static_cast<std::size_t>(fec)];
}

/// P(exactly these ECC words are hit, once each), and P(one was hit twice or more).
template <class Number>
struct Hits {
  std::array<Number, kSets> once{};
  Number twice{};

  static Hits none() {
    Hits hits;
    hits.once[0] = Number(1.0);
    return hits;
  }
  friend Hits operator*(const Hits& a, const Hits& b) {
    Hits both;
    Number all_b = b.twice;
    for (std::size_t j = 0; j < kSets; ++j) {
      all_b += b.once[j];
    }
    both.twice = a.twice * all_b;
    for (std::size_t i = 0; i < kSets; ++i) {
      both.twice += a.once[i] * b.twice;
      for (std::size_t j = 0; j < kSets; ++j) {
        Number& to = (i & j) != 0 ? both.twice : both.once[i | j];
        to += a.once[i] * b.once[j];
      }
    }
    return both;
  }
};

/// One lane's bytes of one flit, the chain starting in its stationary state.
template <class Number>
Hits<Number> lane_hits(const Chain& chain, const SymbolTransition& byte, std::size_t lane,
                       std::size_t lanes) {
  std::array<Hits<Number>, 2> now{};  // by the last line symbol's state
  now[0].once[0] = Number(1 - chain.wrong);
  now[1].once[0] = Number(chain.wrong);
  for (std::size_t i = lane; i < kFlitBytes; i += lanes) {
    const std::size_t word = std::size_t{1} << (i % kWords);
    std::array<Hits<Number>, 2> next{};
    for (std::size_t from = 0; from < 2; ++from) {
      for (std::size_t to = 0; to < 2; ++to) {
        const Number spared(byte[from][to][0]);
        const Number hit(byte[from][to][1]);
        next[to].twice += now[from].twice * (spared + hit);
        for (std::size_t set = 0; set < kSets; ++set) {
          const Number& here = now[from].once[set];
          next[to].once[set] += here * spared;
          Number& onto = (set & word) != 0 ? next[to].twice : next[to].once[set | word];
          onto += here * hit;
        }
      }
    }
    now = next;
  }
  Hits<Number> both = now[0];
  both.twice += now[1].twice;
  for (std::size_t set = 0; set < kSets; ++set) {
    both.once[set] += now[1].once[set];
  }
  return both;
}

template <class Number>
Hits<Number> all_hits(const Chain& chain, const SymbolTransition& byte, std::size_t lanes) {
  Hits<Number> all = Hits<Number>::none();
  for (std::size_t lane = 0; lane < lanes; ++lane) {
    all = all * lane_hits<Number>(chain, byte, lane, lanes);
  }
  return all;
}

base::Result<void> check(const FlitErrors& errors) {
  const auto refuse = [](const char* what) {
    return base::fail(base::Code::kInvalidArgument, what);
  };
  if (!(errors.first_bit_error_ratio >= 0 && errors.first_bit_error_ratio < 0.5)) {
    return refuse("first bit error ratio is not in 0 to 0.5");
  }
  if (errors.burst && !(*errors.burst >= 0 && *errors.burst < 1)) {
    return refuse("burst parameter is not in 0 to 1");
  }
  if (errors.bits_per_symbol != 1 && errors.bits_per_symbol != 2) {
    return refuse("bits per line symbol are not 1 or 2");
  }
  if (errors.lanes == 0 || errors.lanes > 16 || kFlitBytes % errors.lanes != 0) {
    return refuse("lanes are not 1, 2, 4, 8 or 16");
  }
  return {};
}

/// Where bits are independent, so are bytes: any chain without memory gives the same, one symbol a
/// byte.
struct ByteModel {
  Chain chain;
  SymbolTransition byte{};
  double bit_error_ratio = 0;
};

ByteModel model_of(const FlitErrors& errors) {
  ByteModel model;
  const double fber = errors.first_bit_error_ratio;
  if (!errors.burst && !errors.precoding) {
    model.chain = Chain::starting(-std::expm1(8 * std::log1p(-fber)), std::nullopt);
    model.byte = one_symbol(model.chain, 1, false);
    model.bit_error_ratio = fber;
    return model;
  }
  model.chain = Chain::starting(fber * errors.bits_per_symbol, errors.burst);
  model.byte = one_symbol(model.chain, 8 / errors.bits_per_symbol, errors.precoding);
  model.bit_error_ratio = model.chain.wrong / errors.bits_per_symbol;
  return model;
}

double any_hit(const Hits<double>& all) {
  double sum = all.twice;
  for (std::size_t set = 1; set < kSets; ++set) {
    sum += all.once[set];
  }
  return sum;
}

}  // namespace
}  // namespace flit_impl

std::span<const FlitCode> flit_codes() {
  return flit_impl::kCodes;
}

base::Result<FlitRetry> flit_retry(FlitFec fec, const FlitErrors& errors) {
  using namespace flit_impl;
  if (auto ok = check(errors); !ok) {
    return tl::unexpected(std::move(ok).error());
  }
  const ByteModel model = model_of(errors);
  FlitRetry result;
  result.bit_error_ratio = model.bit_error_ratio;
  const auto all = all_hits<double>(model.chain, model.byte, errors.lanes);
  result.touched = any_hit(all);
  if (fec == FlitFec::kPcie6) {
    result.retry = all.twice;
    result.log10_retry = std::log10(all.twice);
    if (all.twice < kLeastInDouble && model.chain.start > 0) {
      result.log10_retry = all_hits<Wide>(model.chain, model.byte, errors.lanes).twice.log10();
    }
    return result;
  }
  // eFEC corrects bytes wherever they are: a code of 256 symbols of 8 bits.
  const CodeParameters code{"efec", kFlitBytes, kFlitBytes - code_of(fec).ecc_bytes,
                            code_of(fec).corrects, 8};
  return post_fec(code, {.ber = model.bit_error_ratio,
                         .burst = errors.burst,
                         .bits_per_symbol = errors.bits_per_symbol,
                         .precoding = errors.precoding,
                         .lanes = errors.lanes})
      .map([&](const PostFec& post) {
        result.retry = post.codeword_failure;
        result.log10_retry = post.log10_codeword_failure;
        return result;
      });
}

FlitService flit_service(FlitFec fec, const FlitRetry& retry, const FlitLink& link) {
  using flit_impl::kFlitBytes;
  const FlitCode& code = flit_impl::code_of(fec);
  FlitService service;
  service.flit_s = static_cast<double>(kFlitBytes) * 8 / link.bits_per_second;
  service.flits_per_s = 1 / service.flit_s;
  const double p = retry.retry;
  // The damaged flit itself, and what was sent while the Nak was on its way.
  service.replayed_flits =
      link.is_selective ? 1 : 1 + std::ceil(link.round_trip_s / service.flit_s);
  service.efficiency = (1 - p) / (1 - p + p * service.replayed_flits);
  service.retries_per_s = service.flits_per_s * p;
  service.between_retries_s =
      p > 0 ? 1 / service.retries_per_s : std::numeric_limits<double>::infinity();
  service.replay_latency_s = link.round_trip_s + service.flit_s;
  service.goodput_bits_per_s =
      link.bits_per_second * service.efficiency * code.payload_bytes / kFlitBytes;
  constexpr double kSecondsInFit = 3.6e12;  // 1e9 hours
  service.undetected_fit_max =
      service.retries_per_s * kSecondsInFit * std::exp2(-8.0 * code.crc_bytes);
  return service;
}

}  // namespace weft::phy::fec
