// SPDX-License-Identifier: Apache-2.0
#include "twin/link/lane_counter.h"

#include "base/random.h"

#include <algorithm>
#include <cmath>

namespace weft::twin {

void LaneCounter::reseed() {
  base::SplitMix64 seeds(stream_ + 0x632be59bd9b4e019ULL * ++epoch_);
  events_ = CountProcess(seeds());
  more_bits_ = CountProcess(seeds());
  if (codewords_) {
    *codewords_ = HistogramProcess(seeds());
  }
}

void LaneCounter::run(WorldTime at, base::TransferRate rate, const phy::lane::LaneModel* model,
                      const phy::lane::Reading& reading, bool is_coded) {
  bits_before_ = bits(at);
  from_ = at;
  rate_ = rate.value();
  const double bits_per_s = model == nullptr ? 0 : static_cast<double>(rate_) * 1e6;
  const double wrong_bits_per_s = bits_per_s * reading.ber;
  if (is_coded && model != nullptr && model->options().code.n > 0 && !codewords_) {
    codewords_ = std::make_unique<HistogramProcess>(stream_ ^ 0x9fb21c651e98df25ULL * epoch_);
  }
  if (!codewords_) {
    const double events = wrong_bits_per_s * (1 - reading.burst);
    events_.set_rate(events, at);
    more_bits_.set_rate(events_.rate() > 0 ? wrong_bits_per_s - events : 0, at);
    return;
  }
  if (bits_per_s == 0) {
    codewords_->set_rates({1}, 0, at);
    more_bits_.set_rate(0, at);
    return;
  }
  const phy::fec::CodeParameters& code = model->options().code;
  const double codewords_per_s = bits_per_s / static_cast<double>(code.n * code.symbol_bits);
  const phy::lane::FecProbabilities shares = model->fec(reading);
  codewords_->set_rates(shares, codewords_per_s, at);
  double wrong_symbols_per_s = 0;
  for (std::size_t symbols = 1; symbols < phy::lane::kFecBins; ++symbols) {
    wrong_symbols_per_s += static_cast<double>(symbols) * shares[symbols] * codewords_per_s;
  }
  more_bits_.set_rate(std::max(0.0, wrong_bits_per_s - wrong_symbols_per_s), at);
}

void LaneCounter::restart(WorldTime at) {
  reseed();
  bits_before_ = 0;
  from_ = at;
  rate_ = 0;
}

std::uint64_t LaneCounter::bits(WorldTime at) const {
  constexpr std::int64_t kSecond = 1'000'000'000;
  const std::int64_t ns = std::max<std::int64_t>(0, (at - from_).ns);
  const auto whole = static_cast<std::uint64_t>(ns / kSecond);
  const auto rest = static_cast<std::uint64_t>(ns % kSecond);
  return bits_before_ + whole * rate_ * 1'000'000 + rest * rate_ / 1000;
}

phy::lane::Counts LaneCounter::counts(WorldTime at) const {
  phy::lane::Counts counts;
  counts.bits = bits(at);
  counts.bit_errors = events_.count(at) + more_bits_.count(at);
  if (!codewords_) {
    return counts;
  }
  counts.histogram = codewords_->counts(at);
  for (std::size_t symbols = 0; symbols < phy::lane::kFecBins; ++symbols) {
    counts.codewords += counts.histogram[symbols];
    counts.bit_errors += symbols * counts.histogram[symbols];
  }
  counts.uncorrectable = counts.histogram[phy::lane::kFecBins - 1];
  return counts;
}

bool LaneCounter::has_errors(WorldTime at) const {
  if (!codewords_) {
    return events_.count(at) > 0;
  }
  for (std::size_t symbols = 1; symbols < phy::lane::kFecBins; ++symbols) {
    if (codewords_->count(symbols, at) > 0) {
      return true;
    }
  }
  return false;
}

void LaneCounter::inject(std::uint64_t bits) {
  if (codewords_) {
    codewords_->add(1, bits);
  } else {
    events_.add(bits);
  }
}

void LaneCounter::exchange(Archive& archive) {
  archive.fields(stream_, epoch_, events_, more_bits_, bits_before_, rate_, from_);
  bool is_coded = codewords_ != nullptr;
  archive.field(is_coded);
  if (!is_coded) {
    codewords_ = nullptr;
    return;
  }
  if (!codewords_) {
    codewords_ = std::make_unique<HistogramProcess>();
  }
  codewords_->exchange(archive);
}

}  // namespace weft::twin
