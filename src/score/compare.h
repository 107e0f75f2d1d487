// SPDX-License-Identifier: Apache-2.0
// What was said against what was so. Findings over the life of a story are held against the faults
// that were injected: each fault gets at most one answer, everything else that was said is false or
// belongs to a fault that has its answer. The rules stand in docs/formats/score.md; nothing here
// knows how the judgement came about.
#pragma once

#include "diagnose/watch.h"
#include "score/answer.h"
#include "score/names.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft::score {

enum class Verdict : std::uint8_t {
  kRight,
  kWrong,
  kUnknown,   ///< it was found, and said that it does not know this of it
  kMissed,    ///< nothing was said of it
  kNotAsked,  ///< the fault has no such thing (both directions, a shared cause's link)
};
inline constexpr std::size_t kVerdicts = 5;
[[nodiscard]] std::string_view key(Verdict verdict);

/// A finding over the story.
struct Record {
  diagnose::LivingFinding last;  ///< as it last stood while it was not closed
  base::WallTime first_seen;
  base::WallTime last_seen;
};

/// Collects findings poll by poll.
class Records {
 public:
  void take(const std::vector<diagnose::LivingFinding>& findings, base::WallTime now);
  /// Worst first, then the earliest.
  [[nodiscard]] std::vector<const Record*> ranked() const;

 private:
  std::map<std::string, Record> records_;
};

/// One injected fault with what is right about it.
struct Asked {
  Answer answer;
  base::WallTime begin;
  std::optional<base::WallTime> seen;  ///< effect first to be seen; nullopt: not observable
};

struct Answered {
  Verdict link = Verdict::kMissed;  ///< or the shared place, or the device
  Verdict part = Verdict::kMissed;
  Verdict segment = Verdict::kMissed;
  Verdict direction = Verdict::kMissed;
  std::optional<double> seconds_to_detect;  ///< from `seen` on; not negative
  std::string said_cause;                   ///< key of the first hypothesis; empty: none
  std::string said_part;                    ///< its part's kind; "unknown", "none"
};

struct FalseFinding {
  std::string code;
  std::string cause;
  std::string place;
  std::string sentence;
};

struct Comparison {
  std::vector<Answered> answers;  ///< as the faults asked
  std::vector<FalseFinding> false_findings;
};

[[nodiscard]] Comparison compare(const std::vector<const Record*>& ranked,
                                 const std::vector<Asked>& asked, const Names& names);

}  // namespace weft::score
