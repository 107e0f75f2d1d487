// SPDX-License-Identifier: Apache-2.0
// What operators and schedulers have said (maintenance, job start and end), kept in the store: a
// record that comes back after a restart, and an event for those who read the past.
#pragma once

#include "base/result.h"
#include "diagnose/watch.h"
#include "telemetry/store.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weft::serve {

/// Kinds of marks that there are: "maintenance", "job", "reboot", "repair".
[[nodiscard]] std::span<const std::string_view> mark_kinds();

/// A mark of the same kind, subject and beginning is replaced. The caller commits.
base::Result<void> keep_mark(telemetry::Store& store, const diagnose::Mark& mark);
/// All that are kept, by their beginning.
[[nodiscard]] std::vector<diagnose::Mark> kept_marks(const telemetry::Store& store);

/// The mark of a question {"ask":"mark", …} (docs/formats/plane.md): without `from` it begins now,
/// `for_s` says how long it lasts. kInvalidArgument.
[[nodiscard]] base::Result<diagnose::Mark> asked_mark(std::string_view request, base::WallTime now);
/// The answer to it, a line without its end.
[[nodiscard]] std::string mark_answer(const base::Result<diagnose::Mark>& mark, base::WallTime now,
                                      bool is_simulated);

/// Whether both are the same mark, of which the newer one counts.
[[nodiscard]] bool is_same(const diagnose::Mark& one, const diagnose::Mark& other);

}  // namespace weft::serve
