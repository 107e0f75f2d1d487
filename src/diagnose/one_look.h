// SPDX-License-Identifier: Apache-2.0
// The rules of one look inside the judgement over time: what has been narrow, slow or missing since
// before anybody watched shows in no movement, and the rules see it. The newest look of each host
// is kept; the rules run over it again when something that they read has changed, and what they say
// is handed on as verdicts under the same keys as the belief's, so that a link has one finding.
// Restarts, maintenance and training excuse it as they excuse all else. Called by Watch only.
#pragma once

#include "diagnose/life.h"
#include "diagnose/peers.h"
#include "diagnose/sight.h"

#include <cstdint>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace weft::diagnose {

class OneLook {
 public:
  explicit OneLook(const WatchOptions& options);

  /// `sight` has taken it already. A look that changes nothing costs a comparison.
  void take(const observe::Snapshot& look, const Sight& sight);

  struct Judged {
    std::vector<Verdict> verdicts;  ///< one for each link, part or machine
    std::vector<std::string> gone;  ///< keys of what held at the last call and was seen to be over
  };
  [[nodiscard]] Judged judge(const Sight& sight, base::WallTime now);

 private:
  /// A finding of the rules that holds, or that the first look's totals have proven.
  struct Held {
    Finding finding;
    std::string key;
    base::WallTime since;
    bool is_total = false;
  };
  struct Host {
    std::size_t index = 0;      ///< in Sight::hosts()
    observe::Snapshot last;     ///< of its samples those that rules about states read
    observe::Snapshot first;    ///< whole, until its totals are judged
    observe::Snapshot were_up;  ///< links that were up once: what can be lost
    std::unordered_set<fabric::LinkId> up_once;
    base::WallTime first_at;
    std::vector<base::WallTime> changed;  ///< when each of the last look's links did
    base::WallTime others_changed;
    std::vector<Held> held;
    bool has_first = false;
    bool is_whole = false;    ///< there was one whole look
    bool is_counted = false;  ///< among the peers
    bool is_dirty = true;
  };
  Host& host_of(const observe::Snapshot& look, const Sight& sight);
  void take_links(Host& host, const observe::Snapshot& look, const Joint& joint);
  void take_samples(Host& host, const observe::Snapshot& look);
  void take_whole(Host& host, const observe::Snapshot& look, const Sight& sight);
  void touch(Host& host);
  void run(Host& host, const Sight& sight);
  void keep(Host& host, std::vector<Finding> findings, bool is_total, const Sight& sight);
  [[nodiscard]] bool is_excused(const Host& host, const Held& held, const Sight& sight,
                                base::WallTime now) const;

  Expectation expectation_;
  std::vector<Host> hosts_;
  std::unordered_map<std::string, std::size_t> index_;
  Peers peers_;
  std::uint64_t usual_ = 0;
  std::set<std::string> told_;
};

/// Adds what the rules say to a verdict about the same thing, as evidence.
void add_look(const Verdict& look, Verdict& verdict);

}  // namespace weft::diagnose
