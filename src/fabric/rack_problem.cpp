// SPDX-License-Identifier: Apache-2.0
#include "fabric/rack_problem.h"

#include "base/text.h"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

namespace weft::fabric {

std::string RackProblem::text(std::string_view file) const {
  std::string out(file);
  if (place.line > 0) {
    out += fmt::format(":{}:{}", place.line, place.column);
  }
  out += severity == Severity::kError ? ": error: " : ": warning: ";
  out += what;
  if (count > 1) {
    out += fmt::format(" (and {} more like it)", count - 1);
  }
  out += '.';
  if (!hint.empty()) {
    out += ' ' + hint;
  }
  return out;
}

void Problems::error(Place place, std::string_view rule, std::string what, std::string hint) {
  add({Severity::kError, place, std::string(rule), std::move(what), std::move(hint), 1});
}

void Problems::warning(Place place, std::string_view rule, std::string what, std::string hint) {
  add({Severity::kWarning, place, std::string(rule), std::move(what), std::move(hint), 1});
}

void Problems::add(RackProblem problem) {
  has_errors_ = has_errors_ || problem.severity == Severity::kError;
  const auto [at, is_new] = known_.try_emplace({problem.place, problem.rule}, list_.size());
  if (!is_new) {
    if (at->second < list_.size()) {
      ++list_[at->second].count;
    }
    return;
  }
  if (list_.size() >= kProblemsMax) {
    known_.erase(at);
    ++dropped_;
    return;
  }
  constexpr std::size_t kTextBytesMax = 400;
  problem.what = base::printable(problem.what, kTextBytesMax);
  problem.hint = base::printable(problem.hint, kTextBytesMax);
  list_.push_back(std::move(problem));
}

std::vector<RackProblem> Problems::take() {
  std::vector<RackProblem> out = std::move(list_);
  // Place and rule together are unique, so the order does not hang on the sort.
  std::sort(out.begin(), out.end(), [](const RackProblem& a, const RackProblem& b) {
    return std::tie(a.place, a.rule) < std::tie(b.place, b.rule);
  });
  if (dropped_ > 0) {
    out.push_back({Severity::kError,
                   {},
                   "too-many",
                   fmt::format("{} more mistakes are not shown", dropped_),
                   "Mend those above first.",
                   1});
  }
  *this = Problems();
  return out;
}

}  // namespace weft::fabric
