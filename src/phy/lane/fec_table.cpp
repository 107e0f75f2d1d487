// SPDX-License-Identifier: Apache-2.0
#include "phy/lane/fec_table.h"

#include <algorithm>
#include <cmath>

namespace weft::phy::lane {
namespace fec_axis {

// log10 of the error ratio: wide steps where probabilities are powers of it, narrow above.
constexpr double kFirst = -18;
constexpr double kWide = 0.25;
constexpr std::size_t kWideSteps = 48;
constexpr double kBend = -6;
constexpr double kNarrow = 0.1;
constexpr std::size_t kCount = 101;  // up to 10^-0.8

double log10_of(std::size_t i) {
  return i <= kWideSteps ? kFirst + kWide * static_cast<double>(i)
                         : kBend + kNarrow * static_cast<double>(i - kWideSteps);
}

double index_of(double log10_ber) {
  return log10_ber < kBend ? (log10_ber - kFirst) / kWide
                           : kWideSteps + (log10_ber - kBend) / kNarrow;
}

constexpr std::array<double, 15> kBursts = {0,    0.1, 0.2,  0.3, 0.4,  0.5, 0.55, 0.6,
                                            0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95};
constexpr double kLogLeast = -2000;

}  // namespace fec_axis

base::Result<FecTable> FecTable::build(const fec::CodeParameters& code,
                                       const fec::ErrorProcess& process) {
  if (code.t + 1 > kCountMost) {
    return base::fail(base::Code::kInvalidArgument,
                      "the lane model holds codes that correct up to 15 symbols", {},
                      "Use kKr4 or kKp4.");
  }
  FecTable table;
  table.row_stride_ = fec_axis::kBursts.size() * kRow;
  table.values_.resize(fec_axis::kCount * table.row_stride_);
  auto* out = table.values_.data();
  for (std::size_t i = 0; i < fec_axis::kCount; ++i) {
    fec::ErrorProcess errors = process;
    errors.ber = std::pow(10.0, fec_axis::log10_of(i));
    for (const double burst : fec_axis::kBursts) {
      errors.burst.reset();
      if (burst > 0) {
        errors.burst = burst;
      }
      auto result = fec::post_fec(code, errors);
      if (!result) {
        return tl::unexpected(std::move(result.error()));
      }
      double sum = 0;
      for (std::size_t k = code.t + 1; k >= 1; --k) {
        sum += result->histogram[k];
        const double log_sum = sum > 1e-290      ? std::log(sum)
                               : k == code.t + 1 ? result->log10_codeword_failure * std::log(10.0)
                                                 : fec_axis::kLogLeast;
        out[k - 1] = static_cast<float>(std::max(log_sum, fec_axis::kLogLeast));
      }
      const double bits = errors.ber > 0 ? result->pre_fec_bit_error_ratio *
                                               static_cast<double>(code.symbol_bits) /
                                               result->pre_fec_symbol_error_ratio
                                         : 1;
      out[kCountMost] = static_cast<float>(std::log(std::max(1.0, bits)));
      out += kRow;
    }
  }
  return table;
}

FecTable::Place FecTable::place(double log10_ber, double burst) const {
  const double x =
      std::clamp(fec_axis::index_of(log10_ber), 0.0, static_cast<double>(fec_axis::kCount - 1));
  const auto row = std::min(static_cast<std::size_t>(x), fec_axis::kCount - 2);
  const double a = std::clamp(burst, 0.0, fec_axis::kBursts.back());
  std::size_t column = 0;
  while (column + 2 < fec_axis::kBursts.size() && fec_axis::kBursts[column + 1] <= a) {
    ++column;
  }
  const double low = fec_axis::kBursts[column];
  Place place;
  place.base = row * row_stride_ + column * kRow;
  place.ber_part = static_cast<float>(x - static_cast<double>(row));
  place.burst_part = static_cast<float>((a - low) / (fec_axis::kBursts[column + 1] - low));
  return place;
}

}  // namespace weft::phy::lane
