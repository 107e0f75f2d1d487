// SPDX-License-Identifier: Apache-2.0
// A seeded simulation of the receiver in time: symbols through the pulse, aggressors, noise and
// jitter to samples, DFE with its own decisions fed back, slicer, and a Viterbi detector where
// the input asks for one. It cross-checks the statistical eye and counts what the eye cannot: runs
// of errors. Symbols are sampled once each (a FIR over the cursors); jittered samples are
// interpolated between whole samples of the pulse as cursors_at() does it.
//
// The run is cut into blocks of 65,536 symbols, each with random streams of its own named by seed
// and block, so that counts do not depend on the number of threads. Aggressors' phases are drawn
// anew every 512 symbols, which stands for clocks that drift. Noise is white, Gaussian.
#pragma once

#include "base/result.h"
#include "phy/link/slicer_input.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace weft::phy::eye {

enum class Pattern : std::uint8_t {
  kRandom,  ///< independent symbols
  kPrbs31,  ///< x^31 + x^28 + 1, Gray coded; each block starts at another place of it
};

struct SimulationOptions {
  std::uint64_t symbols = 1'000'000;
  std::uint64_t seed = 1;
  unsigned threads = 1;
  Pattern pattern = Pattern::kRandom;
  bool dfe_error_free = false;  ///< feed back what was sent instead of what was decided
  bool gray = true;
  /// Of the slicer, levels - 1 of them, ascending; empty: midway between levels. Compare with
  /// EyeResult::threshold_v: an adapting receiver's lie elsewhere where jitter skews the eyes.
  std::vector<double> threshold_v = {};
};

struct ErrorCounts {
  std::uint64_t symbol_errors = 0;
  std::uint64_t bit_errors = 0;
  std::uint64_t precoded_symbol_errors = 0;  ///< had the symbols been precoded 1/(1+D)
  /// [n]: runs of exactly n + 1 wrong symbols in a row; the last counts longer ones too.
  std::vector<std::uint64_t> runs = std::vector<std::uint64_t>(32, 0);
  /// P(next symbol wrong | this one wrong); 0 without errors.
  [[nodiscard]] double burst() const;
};

struct SimulationResult {
  std::uint64_t symbols = 0;
  std::uint64_t bits = 0;
  ErrorCounts slicer;
  ErrorCounts mlse;  ///< all zero where there is no sequence detector
  [[nodiscard]] double ser() const;
  [[nodiscard]] double ber() const;
};

/// kInvalidArgument as check() says, for 0 or more than 1e12 symbols, for another number of
/// thresholds than levels - 1, and for a pattern of bits on levels that are not a power of two.
[[nodiscard]] base::Result<SimulationResult> simulate(const link::SlicerInput& input,
                                                      const SimulationOptions& options = {});

/// What an oscilloscope behind the DFE would see: M samples a UI, the sampling instant of symbol n
/// at index n M + M / 2. Noise is in it, jitter moves each UI. To be folded into an eye.
struct Trace {
  unsigned samples_per_ui = 0;
  std::vector<double> voltage_v;
  std::vector<double> symbols;  ///< sent, in [-1, 1]
};
/// At most 1e6 symbols.
[[nodiscard]] base::Result<Trace> simulate_trace(const link::SlicerInput& input,
                                                 std::uint64_t symbols, std::uint64_t seed = 1);

}  // namespace weft::phy::eye
