// SPDX-License-Identifier: Apache-2.0
// What one lane's receiver counts: bits by the clock, errors as Poisson processes whose rates the
// lane model gives, so that a lane costs nothing between changes however long it is left alone.
//   without FEC: error events (bursts) and, of its own process, the further bits of bursts;
//   with FEC: codewords by their number of symbol errors (HistogramProcess), each wrong symbol a
//   wrong bit, and the further bits of wrong symbols.
#pragma once

#include "phy/lane/lane_model.h"
#include "twin/world/count_process.h"
#include "twin/world/histogram_process.h"

#include <cstdint>
#include <memory>

namespace weft::twin {

class LaneCounter {
 public:
  LaneCounter() = default;
  explicit LaneCounter(std::uint64_t stream) : stream_(stream) { reseed(); }

  /// From `at` on: `rate` bits flow, with errors as `model` says for `reading`; a null model makes
  /// no errors. Rate 0: nothing flows. `is_coded`: its receiver sees codewords of the model's FEC.
  void run(WorldTime at, base::TransferRate rate, const phy::lane::LaneModel* model,
           const phy::lane::Reading& reading, bool is_coded);
  /// Starts from zero, as a receiver does that locks anew; nothing flows until run().
  void restart(WorldTime at);
  [[nodiscard]] phy::lane::Counts counts(WorldTime at) const;
  [[nodiscard]] bool has_errors(WorldTime at) const;
  /// Bits that were made wrong on purpose, each in a codeword of its own.
  void inject(std::uint64_t bits);

  void exchange(Archive& archive);

 private:
  void reseed();
  [[nodiscard]] std::uint64_t bits(WorldTime at) const;

  std::uint64_t stream_ = 0;
  std::uint64_t epoch_ = 0;  // of restarts: part of the seeds
  CountProcess events_;      // without FEC
  CountProcess more_bits_;
  std::unique_ptr<HistogramProcess> codewords_;  // with FEC
  std::uint64_t bits_before_ = 0;
  std::uint64_t rate_ = 0;  // Mbit/s
  WorldTime from_;
};

}  // namespace weft::twin
