// SPDX-License-Identifier: Apache-2.0
// What is wrong with a rack file, and where: all mistakes of a load are collected here, in one
// list, so that an engineer mends them in one go. A mistake in a pattern that stands for a thousand
// links is one problem with a count, not a thousand.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::fabric {

/// A point in the file, both counted from 1; line 0 means the file as a whole.
struct Place {
  int line = 0;
  int column = 0;
  friend constexpr auto operator<=>(const Place&, const Place&) = default;
};

enum class Severity : std::uint8_t { kWarning, kError };

struct RackProblem {
  Severity severity = Severity::kError;
  Place place;
  std::string rule;       ///< stable short name: "unknown-key", "port-taken"
  std::string what;       ///< a sentence without its full stop
  std::string hint;       ///< what to do, a sentence; may be empty
  std::size_t count = 1;  ///< how many times the same mistake at the same place came up

  /// "FILE:LINE:COLUMN: error: WHAT (and N more like it). HINT"
  [[nodiscard]] std::string text(std::string_view file) const;
};

/// How many different problems a load keeps; the rest are counted only.
inline constexpr std::size_t kProblemsMax = 200;

class Problems {
 public:
  void error(Place place, std::string_view rule, std::string what, std::string hint = {});
  void warning(Place place, std::string_view rule, std::string what, std::string hint = {});

  [[nodiscard]] bool has_errors() const { return has_errors_; }
  /// Sorted by place; ends with a note where more than kProblemsMax came up. Leaves this empty.
  [[nodiscard]] std::vector<RackProblem> take();

 private:
  void add(RackProblem problem);

  std::vector<RackProblem> list_;
  std::map<std::pair<Place, std::string>, std::size_t> known_;
  std::size_t dropped_ = 0;
  bool has_errors_ = false;
};

}  // namespace weft::fabric
