// SPDX-License-Identifier: Apache-2.0
#include "phy/fec/simulate.h"

#include "base/random.h"
#include "phy/fec/burst.h"
#include "wire/fec/line_code.h"
#include "wire/fec/reed_solomon.h"
#include "wire/flit/flit256.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <string>
#include <utility>

namespace weft::phy::fec {
namespace simulate_impl {
namespace {

using wire::fec::Level;

/// Which of a lane's coming line symbols fail, and which way, as a chain says; keeps its place
/// between calls and costs nothing while symbols are right.
class ErrorSource {
 public:
  ErrorSource(const Chain& chain, base::Random random) : chain_(chain), random_(random) {
    if (random_.uniform() < chain_.wrong) {
      begin(0);
    } else {
      until_next_ = 1 + right_run();
    }
  }
  /// Line symbols until the next wrong one, 0 for this one.
  [[nodiscard]] std::uint64_t until_next() const { return until_next_; }
  /// Passes over `count` right symbols. @pre count <= until_next()
  void skip(std::uint64_t count) { until_next_ -= count; }
  /// Takes the wrong symbol that is due; by how much it is off.
  int take() {
    const int off = sign_;
    if (random_.uniform() < chain_.follow) {
      sign_ = -sign_;
      until_next_ = 0;
    } else {
      begin(1 + right_run());
    }
    return off;
  }

 private:
  void begin(std::uint64_t after) {
    until_next_ = after;
    sign_ = random_.below(2) == 0 ? 1 : -1;
  }
  /// Right symbols before the next burst starts, the first right one already passed.
  std::uint64_t right_run() {
    constexpr double kForever = 9e18;
    if (chain_.start <= 0) {
      return static_cast<std::uint64_t>(kForever);
    }
    if (chain_.start >= 1) {
      return 0;
    }
    const double run = std::log1p(-random_.uniform()) / std::log1p(-chain_.start);
    return static_cast<std::uint64_t>(std::min(run, kForever));
  }

  Chain chain_;
  base::Random random_;
  std::uint64_t until_next_ = 0;
  int sign_ = 1;
};

/// Line symbols of one lane on their way: bits to levels, precoding, errors, and back.
class Lane {
 public:
  Lane(const Chain& chain, unsigned bits_per_symbol, bool precoding, base::Random random)
      : source_(chain, random), bits_per_symbol_(bits_per_symbol), precoding_(precoding) {}

  [[nodiscard]] const ErrorSource& source() const { return source_; }
  /// Passes right symbols unseen. @pre is_settled()
  void skip(std::uint64_t symbols) { source_.skip(symbols); }
  /// Whether no error of the past can still show: precoding carries one a symbol on.
  [[nodiscard]] bool is_settled() const { return sent_ == received_; }

  /// `bits` bits of `data` in place, least significant first. @pre divisible by bits per symbol
  void carry(std::vector<std::uint8_t>& bits) {
    levels_.clear();
    for (std::size_t i = 0; i < bits.size(); i += bits_per_symbol_) {
      levels_.push_back(bits_per_symbol_ == 1 ? bits[i]
                                              : wire::fec::gray_to_level(static_cast<std::uint8_t>(
                                                    bits[i] << 1U | bits[i + 1])));
    }
    const unsigned count = 1U << bits_per_symbol_;
    if (precoding_) {
      wire::fec::precode(levels_, count, sent_);
    }
    std::size_t at = 0;
    while (source_.until_next() < levels_.size() - at) {
      const auto next = static_cast<std::size_t>(source_.until_next());
      source_.skip(next);
      at += next;
      const int off = source_.take();
      levels_[at] = static_cast<Level>((levels_[at] + count + static_cast<unsigned>(off)) % count);
      ++at;
    }
    source_.skip(levels_.size() - at);
    if (precoding_) {
      wire::fec::decode_precoding(levels_, count, received_);
    }
    for (std::size_t i = 0; i < levels_.size(); ++i) {
      if (bits_per_symbol_ == 1) {
        bits[i] = levels_[i];
        continue;
      }
      const std::uint8_t pair = wire::fec::level_to_gray(levels_[i]);
      bits[2 * i] = pair >> 1U;
      bits[2 * i + 1] = pair & 1U;
    }
  }

 private:
  ErrorSource source_;
  unsigned bits_per_symbol_;
  bool precoding_;
  Level sent_ = 0;
  Level received_ = 0;
  std::vector<Level> levels_;
};

/// Independent bits are a line of one bit a symbol without memory.
std::vector<Lane> make_lanes(const Chain& chain, unsigned bits_per_symbol, bool precoding,
                             std::size_t lanes, std::uint64_t seed) {
  std::vector<Lane> made;
  made.reserve(lanes);
  for (std::size_t i = 0; i < lanes; ++i) {
    made.emplace_back(chain, bits_per_symbol, precoding,
                      base::Random(seed, "lane" + std::to_string(i)));
  }
  return made;
}

using Words = std::vector<std::vector<wire::fec::Symbol>>;

Words random_codewords(const wire::fec::ReedSolomon& code, std::size_t ways, base::Random& random) {
  Words words(ways, std::vector<wire::fec::Symbol>(code.n()));
  for (auto& word : words) {
    for (std::size_t i = 0; i < code.k(); ++i) {
      word[i] = static_cast<wire::fec::Symbol>(random() & code.field().order());
    }
    (void)code.encode(word);
  }
  return words;
}

/// The line's symbols, dealt over the lanes in turn, through them, and gathered again.
void transmit(std::vector<wire::fec::Symbol>& line, std::size_t symbol_bits,
              std::vector<Lane>& lanes) {
  std::vector<std::uint8_t> bits;
  for (std::size_t l = 0; l < lanes.size(); ++l) {
    bits.clear();
    for (std::size_t i = l; i < line.size(); i += lanes.size()) {
      for (std::size_t b = 0; b < symbol_bits; ++b) {
        bits.push_back(line[i] >> b & 1U);
      }
    }
    if (bits.empty()) {
      continue;
    }
    lanes[l].carry(bits);
    std::size_t at = 0;
    for (std::size_t i = l; i < line.size(); i += lanes.size()) {
      wire::fec::Symbol symbol = 0;
      for (std::size_t b = 0; b < symbol_bits; ++b) {
        symbol = static_cast<wire::fec::Symbol>(symbol | bits[at++] << b);
      }
      line[i] = symbol;
    }
  }
}

struct Difference {
  std::size_t symbols = 0;
  std::size_t bits = 0;
};

Difference difference(const std::vector<wire::fec::Symbol>& a,
                      const std::vector<wire::fec::Symbol>& b) {
  Difference found;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const auto wrong = static_cast<unsigned>(a[i] ^ b[i]);
    found.symbols += wrong != 0 ? 1 : 0;
    found.bits += static_cast<std::size_t>(std::popcount(wrong));
  }
  return found;
}

void count_word(const wire::fec::ReedSolomon& code, const std::vector<wire::fec::Symbol>& sent,
                std::vector<wire::fec::Symbol>& received, CodewordTrial& trial) {
  const std::size_t wrong = difference(sent, received).symbols;
  trial.wrong_symbols += wrong;
  ++trial.histogram[std::min(wrong, code.t() + 1)];
  ++trial.codewords;
  const auto outcome = code.decode(received);
  const Difference left = difference(sent, received);
  const bool gave_up = !outcome || !outcome->is_codeword;
  trial.uncorrectable += gave_up ? 1 : 0;
  trial.miscorrected += !gave_up && left.symbols > 0 ? 1 : 0;
  trial.wrong_symbols_left += left.symbols;
  trial.wrong_bits_left += left.bits;
}

}  // namespace
}  // namespace simulate_impl

base::Result<CodewordTrial> simulate_codewords(const CodeParameters& code,
                                               const ErrorProcess& errors, std::uint64_t codewords,
                                               std::uint64_t seed) {
  using namespace simulate_impl;
  if (auto computed = post_fec(code, errors); !computed) {
    return tl::unexpected(std::move(computed).error());  // checks `errors` in one place
  }
  if (code.key != kKp4.key && code.key != kKr4.key) {
    return base::fail(base::Code::kUnimplemented, "no codec to simulate with",
                      std::string(code.key));
  }
  const auto& codec = code.key == kKp4.key ? wire::fec::kp4() : wire::fec::kr4();
  const bool independent_bits = !errors.burst && !errors.precoding;
  const unsigned bits_per_symbol = independent_bits ? 1 : errors.bits_per_symbol;
  const Chain chain = Chain::holding(errors.ber * bits_per_symbol, errors.burst);
  auto lanes = make_lanes(chain, bits_per_symbol, errors.precoding, errors.lanes, seed);
  base::Random random(seed, "data");
  CodewordTrial trial;
  trial.histogram.resize(code.t + 2);
  while (trial.codewords < codewords) {
    const Words sent = random_codewords(codec, errors.interleave, random);
    auto line = wire::fec::interleave(sent);
    if (!line) {
      return tl::unexpected(std::move(line).error());
    }
    transmit(*line, code.symbol_bits, lanes);
    auto received = wire::fec::deinterleave(*line, errors.interleave);
    if (!received) {
      return tl::unexpected(std::move(received).error());
    }
    for (std::size_t w = 0; w < sent.size(); ++w) {
      count_word(codec, sent[w], (*received)[w], trial);
    }
  }
  trial.bits = trial.codewords * code.n * code.symbol_bits;
  if (trial.codewords > 0) {
    trial.codeword_failure =
        base::binomial_bounds(trial.uncorrectable + trial.miscorrected, trial.codewords);
  }
  return trial;
}

base::Result<FlitTrial> simulate_flits(const FlitErrors& errors, std::uint64_t flits,
                                       std::uint64_t seed) {
  using namespace simulate_impl;
  if (auto computed = flit_retry(FlitFec::kPcie6, errors); !computed) {
    return tl::unexpected(std::move(computed).error());
  }
  static const auto kCodec = wire::flit::Flit256Codec::create();
  if (!kCodec) {
    return tl::unexpected(kCodec.error());
  }
  const bool independent_bits = !errors.burst && !errors.precoding;
  const unsigned bits_per_symbol = independent_bits ? 1 : errors.bits_per_symbol;
  const Chain chain = Chain::starting(errors.first_bit_error_ratio * bits_per_symbol, errors.burst);
  auto lanes = make_lanes(chain, bits_per_symbol, errors.precoding, errors.lanes, seed);
  const std::uint64_t flit_symbols = wire::flit::kFlit256Bytes * 8 / errors.lanes / bits_per_symbol;
  base::Random random(seed, "data");
  FlitTrial trial;
  while (trial.flits < flits) {
    // Whole flits that no lane touches pass at once.
    std::uint64_t clean = flits - trial.flits;
    for (const Lane& lane : lanes) {
      clean = std::min(clean, lane.is_settled() ? lane.source().until_next() / flit_symbols : 0);
    }
    for (Lane& lane : lanes) {
      lane.skip(clean * flit_symbols);
    }
    trial.flits += clean;
    if (trial.flits == flits) {
      break;
    }
    wire::flit::Flit256 sent{};
    for (std::size_t i = 0; i < wire::flit::kCrcAt; ++i) {
      sent[i] = static_cast<std::uint8_t>(random());
    }
    (void)kCodec->encode(sent);
    std::vector<wire::fec::Symbol> line(sent.begin(), sent.end());
    transmit(line, 8, lanes);
    wire::flit::Flit256 received{};
    for (std::size_t i = 0; i < line.size(); ++i) {
      received[i] = static_cast<std::uint8_t>(line[i]);
    }
    ++trial.flits;
    trial.touched += received != sent ? 1 : 0;
    const auto found = kCodec->decode(received);
    const bool accepted = found && found->is_accepted;
    trial.retried += accepted ? 0 : 1;
    trial.undetected += accepted && received != sent ? 1 : 0;
    trial.corrected += accepted && found->corrected_bytes > 0 ? 1 : 0;
  }
  if (trial.flits > 0) {
    trial.retry = base::binomial_bounds(trial.retried, trial.flits);
  }
  return trial;
}

}  // namespace weft::phy::fec
