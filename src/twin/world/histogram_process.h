// SPDX-License-Identifier: Apache-2.0
// The FEC histogram of one receiver over time: codewords by their number of symbol errors, as
// count_process counts single things. The codewords in all come at a steady pace; each bin but the
// commonest is a Poisson process of its own; the commonest bin (nearly always 0) gets the rest, so
// that the bins add up. A bin that never happens costs nothing, and a calm lane next to nothing.
// Counts move in steps of about 0.1 ms (longer where so few codewords pass that the rest could
// come out negative): never down, and the same however often one looks.
#pragma once

#include "phy/lane/lane_model.h"
#include "twin/world/archive.h"
#include "twin/world/poisson_tree.h"
#include "twin/world/time.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace weft::twin {

class HistogramProcess {
 public:
  HistogramProcess() = default;
  /// `stream` names this receiver among all of the world (hash of seed and path).
  explicit HistogramProcess(std::uint64_t stream) : stream_(stream) {}

  /// From `at` on so many codewords come, each in a bin by these probabilities (LaneModel::fec());
  /// 0 codewords: nothing more is counted. The same again changes nothing.
  /// @pre `at` is not before the last setting
  void set_rates(const phy::lane::FecProbabilities& probabilities, double codewords_per_s,
                 WorldTime at);
  /// All up to `at`. One thread at a time. @pre `at` is not before the last setting
  [[nodiscard]] phy::lane::FecHistogram counts(WorldTime at) const;
  /// A single bin, cheaper than all unless it is the commonest.
  [[nodiscard]] std::uint64_t count(std::size_t bin, WorldTime at) const;
  /// When this bin next grows after `at` if the rates stay; kNever where it never does. Exact for
  /// all bins but the commonest, for which it is the next step of time.
  [[nodiscard]] WorldTime next(std::size_t bin, WorldTime at) const;
  [[nodiscard]] double codewords_per_s() const { return codewords_per_s_; }
  /// Codewords per second of a bin.
  [[nodiscard]] double rate(std::size_t bin) const;
  /// Adds codewords that were not drawn (injected errors).
  void add(std::size_t bin, std::uint64_t n) { before_[bin] += n; }

  /// Fails the archive on rates or times that cannot be.
  void exchange(Archive& archive);

 private:
  struct Bin {
    std::size_t bin = 0;
    double per_s = 0;
    mutable TreeCache cache;
  };
  void choose_bins(const phy::lane::FecProbabilities& probabilities);
  [[nodiscard]] const Bin* find(std::size_t bin) const;
  /// Nanoseconds since the setting, and those down to a whole step.
  [[nodiscard]] std::uint64_t elapsed(WorldTime at) const;
  [[nodiscard]] std::uint64_t whole_steps(WorldTime at) const;
  [[nodiscard]] std::uint64_t drawn(const Bin& bin, std::uint64_t elapsed) const;
  /// What the commonest bin gets.
  [[nodiscard]] std::uint64_t rest(std::uint64_t elapsed) const;

  std::uint64_t stream_ = 0;
  std::uint64_t setting_ = 0;
  WorldTime from_;
  double codewords_per_s_ = 0;
  phy::lane::FecHistogram before_ = {};  // up to from_
  std::vector<Bin> bins_;                // that happen, without the commonest
  std::size_t commonest_ = 0;
  std::uint32_t step_level_ = 0;  // a step is 2^this ns
};

}  // namespace weft::twin
