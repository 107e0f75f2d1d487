// SPDX-License-Identifier: Apache-2.0
// The life of findings. Each judgement hands in what it holds to be wrong now; the ledger opens,
// updates, quiets, closes and reopens, so that a finding keeps its id and its beginning through
// restarts, reboots and repairs, and a part that was in trouble before is known by its serial
// wherever it is plugged next. Written and read back as JSON.
#pragma once

#include "diagnose/watch.h"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace weft::diagnose {

/// What one judgement holds to be wrong, under the key that stays the same: what it is about (root
/// link or shared part) and the family of causes.
struct Verdict {
  std::optional<base::WallTime> began;  ///< of a look: when it was seen first
  std::string key;
  Finding finding;
  base::WallTime at;    ///< of the newest evidence for it
  bool reopens = true;  ///< false: what it stands on is old, and brings no closed finding back
};

/// Without new evidence for this long a finding is quiet, and after the second time it is closed.
/// House choices: a contact that opens once an hour is one finding, not many.
inline constexpr base::Duration kQuietAfter{10LL * 60 * 1'000'000'000};
inline constexpr base::Duration kClosedAfter{24LL * 3600 * 1'000'000'000};

/// A finding that stays is saved anew after this long, so that the time of its newest evidence
/// alone does not make a record of every poll.
inline constexpr base::Duration kSavedEvery{60LL * 1'000'000'000};

class Ledger {
 public:
  /// Takes a judgement's verdicts; those that it does not name any more become quiet, then closed.
  /// Those under the keys in `gone` were seen to be over: they are quiet at once.
  void update(base::WallTime now, std::vector<Verdict> verdicts,
              const std::vector<std::string>& gone = {});
  /// Worst first, then oldest; closed ones last.
  [[nodiscard]] const std::vector<LivingFinding>& findings() const { return listed_; }

  /// Grows when what is saved has changed.
  [[nodiscard]] std::uint64_t revision() const { return revision_; }
  [[nodiscard]] std::string save() const;
  base::Result<void> restore(std::string_view saved);

 private:
  struct Entry {
    LivingFinding living;
    base::WallTime evidence_at;
    base::WallTime saved_at;  ///< evidence_at as of the last revision
  };
  void take(base::WallTime now, Verdict verdict);
  void remember_part(const std::string& key, LivingFinding& living);
  void list();
  void change() {
    ++revision_;
    is_listed_ = false;
  }

  std::map<std::string, Entry> entries_;
  std::map<std::string, std::vector<std::string>> keys_of_serial_;
  std::vector<LivingFinding> listed_;
  std::uint64_t revision_ = 0;
  bool is_listed_ = true;
};

}  // namespace weft::diagnose
