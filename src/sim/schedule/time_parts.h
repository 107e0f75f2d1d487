// SPDX-License-Identifier: Apache-2.0
// Where each rank's time went in a run, from its operations as they happened: computing,
// moving memory, communication that nothing hid, the processor, nothing at all. What overlaps
// counts once, for the first of these; so the parts add up to the time when the rank was done.
#pragma once

#include "sim/units.h"

#include <array>
#include <cstdint>
#include <vector>

namespace weft::sim {

/// In the order in which they hide each other.
enum class Work : std::uint8_t { kCompute, kMemory, kCommunication, kProcessor };
inline constexpr std::size_t kWorks = 4;

struct RankTime {
  Ps done = 0;
  std::array<Ps, kWorks> parts{};  ///< by Work; communication is what was exposed
  Ps communication = 0;            ///< hidden or not, waiting for a late peer included
  [[nodiscard]] Ps part(Work work) const { return parts[static_cast<std::size_t>(work)]; }
  [[nodiscard]] Ps idle() const { return done - parts[0] - parts[1] - parts[2] - parts[3]; }
};

class TimeParts {
 public:
  explicit TimeParts(std::uint32_t ranks) : spans_(ranks) {}
  /// @pre rank < ranks; called in the order of ends, as runs do.
  void add(std::uint32_t rank, Work work, Ps begin, Ps end);
  [[nodiscard]] RankTime of(std::uint32_t rank, Ps done) const;

 private:
  struct Span {
    Ps begin = 0, end = 0;
  };
  /// Joined: apart and in order.
  std::vector<std::array<std::vector<Span>, kWorks>> spans_;
};

}  // namespace weft::sim
