// SPDX-License-Identifier: Apache-2.0
// Every kind of event once: what it means, who says it, and whether it speaks of a link by itself.
// Event::kind holds the key; docs/METRICS.md comes from here. Adding one more: a row in
// event_kind.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace weft::observe {

/// Who tells it.
enum class EventOrigin : std::uint8_t {
  kKernelLog,   ///< the host's kernel log, or a log file that a user named
  kManagement,  ///< a management library's or fabric manager's log
  kIngest,      ///< noticed between two looks
  kOperator,    ///< a person or a scheduler
};
[[nodiscard]] std::string_view key(EventOrigin origin);

struct EventKindRow {
  std::string_view key;  ///< "aer_correctable"
  EventOrigin origin;
  std::string_view meaning;
  bool is_of_link = false;  ///< counts for or against a link when it is judged
  bool is_victim = false;   ///< by its own words the consequence of another error
};

[[nodiscard]] std::span<const EventKindRow> event_kinds();
/// nullptr where the kind is in no row.
[[nodiscard]] const EventKindRow* find_event_kind(std::string_view key);

}  // namespace weft::observe
