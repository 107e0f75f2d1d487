// SPDX-License-Identifier: Apache-2.0
// Changes of findings and actions as server-sent events (WHATWG HTML section 9.2), the last ones
// kept so that a client that was away for a while misses none. One thread at a time.
#pragma once

#include "diagnose/watch.h"
#include "serve/acknowledge.h"

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace weft::serve {

/// One or more events as a stream has them.
using EventText = std::shared_ptr<const std::string>;

/// What there is to tell of.
struct Tellable {
  std::span<const diagnose::LivingFinding> findings = {};
  const Acknowledgements* acknowledgements = nullptr;  ///< of them; null: nobody has any
  base::WallTime now = {};                             ///< at which those hold
  /// Rows of actions that were done or undone since the last call (ActionDesk::take_news).
  std::span<const nlohmann::ordered_json> actions = {};
};

class Changes {
 public:
  /// `epoch` tells this life of the program from earlier ones: letters and digits. `most` events
  /// are kept.
  explicit Changes(std::string epoch, std::size_t most = 1000);

  /// What is new since the last call: "finding" with its JSON, that it is acknowledged included;
  /// "finding_gone" with its id; "action" with its row; null for nothing. When a finding was last
  /// looked at is no change.
  EventText take(const Tellable& all);

  /// For a client that begins ("hello"), that saw `last_event_id` last (what it missed), or that
  /// missed more than is kept ("reset": it must ask for all findings anew).
  [[nodiscard]] EventText begin(std::string_view last_event_id) const;

 private:
  [[nodiscard]] std::string id(std::uint64_t number) const;
  void add(std::string_view event, const std::string& data);

  std::string epoch_;
  std::size_t most_;
  std::uint64_t last_ = 0;
  struct Kept {
    std::uint64_t number = 0;
    std::string text;
  };
  std::deque<Kept> kept_;
  std::map<std::string, std::uint64_t> known_;  ///< finding -> hash of what it says
};

}  // namespace weft::serve
