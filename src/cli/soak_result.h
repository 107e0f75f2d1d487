// SPDX-License-Identifier: Apache-2.0
// What a soak says: of each lane how many bits were compared, how many were wrong, between which
// ratios the truth lies with 95 % confidence (base/stats.h), whether that proves the lane better or
// worse than a goal, and how much longer it would take. Pure: soak.cpp measures.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace weft::cli {

enum class SoakVerdict : std::uint8_t {
  kProven,       ///< the upper bound is not above the goal
  kAbove,        ///< the lower bound is above the goal
  kOpen,         ///< neither yet
  kNotMeasured,  ///< the checker had no lock, or compared nothing
};
[[nodiscard]] std::string_view key(SoakVerdict verdict);

struct SoakLane {
  unsigned lane = 0;
  bool has_lock = true;
  std::uint64_t bits = 0;
  std::uint64_t errors = 0;
  bool is_at_least = false;  ///< the counter was full
};

struct SoakJudgement {
  SoakVerdict verdict = SoakVerdict::kNotMeasured;
  double low = 0;
  double high = 0;
  /// At the rate of the soak, with no error more; absent where the goal is reached or missed.
  std::optional<double> seconds_to_proof;
};
/// @pre goal > 0
[[nodiscard]] SoakJudgement judge_soak(const SoakLane& lane, double seconds, double goal);

struct SoakResult {
  std::vector<SoakLane> lanes;
  double seconds = 0;
  double goal = 1e-12;
  bool is_interrupted = false;
};
[[nodiscard]] std::string soak_text(const SoakResult& result);
[[nodiscard]] nlohmann::ordered_json soak_json(const SoakResult& result);
/// kOk, kWarning where a lane is proven worse than the goal, kUnknown where one was not measured.
[[nodiscard]] int soak_exit(const SoakResult& result);

/// "40 s", "12 min", "3.1 h", "2.0 d"
[[nodiscard]] std::string span_text(double seconds);

}  // namespace weft::cli
