// SPDX-License-Identifier: Apache-2.0
#include "cli/soak_result.h"

#include "base/stats.h"
#include "cli/verb.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace weft::cli {
namespace soak_words {

std::string verdict_text(const SoakJudgement& judged, const SoakLane& lane, double goal) {
  switch (judged.verdict) {
    case SoakVerdict::kProven:
      return fmt::format("proven below {:.0e}", goal);
    case SoakVerdict::kAbove:
      return fmt::format("above {:.0e}", goal);
    case SoakVerdict::kOpen:
      return fmt::format("{} more without an error proves {:.0e}",
                         span_text(judged.seconds_to_proof.value_or(0)), goal);
    case SoakVerdict::kNotMeasured:
      break;
  }
  return lane.has_lock ? "not measured: no bits were compared"
                       : "not measured: the checker does not lock to a pattern";
}

}  // namespace soak_words

std::string_view key(SoakVerdict verdict) {
  constexpr std::array<std::string_view, 4> kKeys = {"proven", "above", "open", "not-measured"};
  return kKeys.at(static_cast<std::size_t>(verdict));
}

std::string span_text(double seconds) {
  struct Unit {
    double seconds;
    const char* name;
  };
  constexpr std::array<Unit, 3> kUnits = {{{86400, "d"}, {3600, "h"}, {60, "min"}}};
  for (const Unit& unit : kUnits) {
    if (seconds >= 2 * unit.seconds) {
      return fmt::format("{:.1f} {}", seconds / unit.seconds, unit.name);
    }
  }
  return fmt::format("{:.0f} s", seconds);
}

SoakJudgement judge_soak(const SoakLane& lane, double seconds, double goal) {
  SoakJudgement out;
  if (!lane.has_lock || lane.bits == 0) {
    return out;
  }
  const std::uint64_t errors = std::min(lane.errors, lane.bits);
  const auto bounds = base::binomial_bounds(errors, lane.bits);
  out.low = bounds.low;
  out.high = lane.is_at_least ? 1.0 : bounds.high;
  if (out.high <= goal) {
    out.verdict = SoakVerdict::kProven;
  } else if (out.low > goal) {
    out.verdict = SoakVerdict::kAbove;
  } else {
    out.verdict = SoakVerdict::kOpen;
    const double bits_needed = base::poisson_bounds(errors).high / goal;
    const double bits = static_cast<double>(lane.bits);
    out.seconds_to_proof = std::max(0.0, (bits_needed - bits) * seconds / bits);
  }
  return out;
}

std::string soak_text(const SoakResult& result) {
  std::string out = fmt::format(
      "Soaked {}{}.\nlane       bits    errors  95 % bounds of the error "
      "ratio  result\n",
      span_text(result.seconds), result.is_interrupted ? ", interrupted" : "");
  for (const SoakLane& lane : result.lanes) {
    const auto judged = judge_soak(lane, result.seconds, result.goal);
    const bool is_measured = judged.verdict != SoakVerdict::kNotMeasured;
    const auto counted = fmt::format("{}{}", lane.is_at_least ? ">=" : "", lane.errors);
    const auto bounds =
        is_measured ? fmt::format("{:.2e} to {:.2e}", judged.low, judged.high) : "-";
    out += fmt::format("{:>4} {:>10.3e} {:>9}  {:<30}  {}\n", lane.lane,
                       static_cast<double>(lane.bits), is_measured ? counted : "-", bounds,
                       soak_words::verdict_text(judged, lane, result.goal));
  }
  return out;
}

nlohmann::ordered_json soak_json(const SoakResult& result) {
  nlohmann::ordered_json out = {{"seconds", result.seconds},
                                {"interrupted", result.is_interrupted},
                                {"goal", result.goal},
                                {"confidence", 0.95}};
  auto lanes = nlohmann::ordered_json::array();
  for (const SoakLane& lane : result.lanes) {
    const auto judged = judge_soak(lane, result.seconds, result.goal);
    nlohmann::ordered_json one = {
        {"lane", lane.lane}, {"verdict", key(judged.verdict)}, {"locked", lane.has_lock}};
    if (judged.verdict != SoakVerdict::kNotMeasured) {
      one["bits"] = lane.bits;
      one["errors"] = lane.errors;
      one["at_least"] = lane.is_at_least;
      one["low"] = judged.low;
      one["high"] = judged.high;
    }
    if (judged.seconds_to_proof) {
      one["seconds_to_proof"] = *judged.seconds_to_proof;
    }
    lanes.push_back(std::move(one));
  }
  out["lanes"] = std::move(lanes);
  return out;
}

int soak_exit(const SoakResult& result) {
  int code = result.lanes.empty() ? kUnknown : kOk;
  for (const SoakLane& lane : result.lanes) {
    const auto verdict = judge_soak(lane, result.seconds, result.goal).verdict;
    if (verdict == SoakVerdict::kAbove) {
      return kWarning;
    }
    if (verdict == SoakVerdict::kNotMeasured) {
      code = kUnknown;
    }
  }
  return code;
}

}  // namespace weft::cli
