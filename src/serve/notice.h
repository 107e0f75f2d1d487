// SPDX-License-Identifier: Apache-2.0
// Whom to wake, and when not to. From findings with a life to notices: one for each cause, told
// once when it opens, when it gets worse, when it comes back and when it is over; warnings wait
// through quiet hours and come as one digest, what is critical does not; maintenance windows hold
// everything back, and what is still open at their end is told then. Pure: the time comes in; what
// was told is saved as text, so that a restart tells nothing twice.
#pragma once

#include "base/result.h"
#include "base/time.h"
#include "diagnose/watch.h"

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weft::serve {

/// Daily hours of rest, in minutes after midnight UTC; over midnight where `until` is less.
struct QuietHours {
  int from_minute = 0;
  int until_minute = 0;
  [[nodiscard]] bool hold(base::WallTime at) const;
};
/// "22:00-06:30". kInvalidArgument says what is wrong.
[[nodiscard]] base::Result<QuietHours> parse_quiet_hours(std::string_view text);

struct NoticeOptions {
  diagnose::Level least = diagnose::Level::kWarning;  ///< what is below is never told
  std::vector<QuietHours> quiet;
  /// A finding that comes back sooner than this after it was told is not told again, only counted.
  base::Duration repeat{4LL * 3600 * 1'000'000'000};
};

enum class NoticeKind : std::uint8_t { kOpened, kWorse, kRecurred, kClosed };
[[nodiscard]] std::string_view key(NoticeKind kind);

struct Notice {
  NoticeKind kind = NoticeKind::kOpened;
  base::WallTime at;
  diagnose::LivingFinding finding;
  std::uint32_t held_back = 0;  ///< repeats since the last notice of this finding
};

class Notices {
 public:
  explicit Notices(NoticeOptions options = {});

  /// What is to be told now, worst first. `marks`: maintenance windows as the watch was told them.
  [[nodiscard]] std::vector<Notice> take(std::span<const diagnose::LivingFinding> findings,
                                         std::span<const diagnose::Mark> marks, base::WallTime now);

  [[nodiscard]] std::string save() const;  ///< JSON text
  /// kDataLoss where the text is none of save()'s; nothing is changed then.
  base::Result<void> restore(std::string_view saved);

 private:
  struct Told {
    diagnose::Level level = diagnose::Level::kOk;
    bool is_open = false;  ///< the last that was told is that it is open
    base::WallTime at;
    std::uint32_t recurrences = 0;  ///< as told
    friend bool operator==(const Told&, const Told&) = default;
  };
  [[nodiscard]] bool is_held(const diagnose::LivingFinding& finding,
                             std::span<const diagnose::Mark> marks, base::WallTime now) const;

  NoticeOptions options_;
  std::map<std::string, Told> told_;  ///< by finding's id
};

/// The body that webhook receivers get (docs/formats/notice.md): one object for one notice or for a
/// digest of several; "text" is what chat systems show.
[[nodiscard]] std::string notice_json(std::span<const Notice> notices, std::string_view source);

}  // namespace weft::serve
