// SPDX-License-Identifier: Apache-2.0
// The links of a rack file: from patterns to links between ports, and the arithmetic that a plan
// must obey. Each port once, no more lanes than the ports have, a protocol that both ends run,
// retimers that exist and repeat enough lanes, fibre short enough for a replay buffer. Called by
// rack_expander.cpp.
#pragma once

#include "fabric/rack.h"
#include "fabric/rack_source.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace weft::fabric::source {

/// A link rule and where it stands: names in it are relative to `prefix` ("" or "server3/").
struct PendingLinks {
  const LinkRule* rule = nullptr;
  std::string prefix;
  Scope scope;
};

class LinkExpander {
 public:
  LinkExpander(const RackLimits& limits, Problems& problems, LoadedRack& out)
      : limits_(limits), problems_(problems), out_(out) {}

  /// This device could not be made, which was reported: links to it and to what it would hold are
  /// left out without a word.
  void forgive(std::string device) { forgiven_.insert(std::move(device)); }
  void expand(PendingLinks& pending);
  /// After the last link: what each switch and retimer is asked to carry against what it has.
  void check_lane_budgets();

 private:
  [[nodiscard]] bool one(const PendingLinks& pending);
  [[nodiscard]] std::optional<std::string> evaluate(const Pattern& pattern, const Scope& scope);
  void add_half(const LinkRule& rule, const Port& a);
  [[nodiscard]] const Port* end(const Pattern& pattern, const PendingLinks& pending);
  [[nodiscard]] bool is_forgiven(std::string_view name) const;
  void no_such_port(const Pattern& pattern, const std::string& name);
  [[nodiscard]] bool takes_port(const Pattern& pattern, const Port& port, const std::string& link);
  [[nodiscard]] std::optional<ProtocolId> settle_protocol(const LinkRule& rule, const Port& a,
                                                          const Port& b);
  [[nodiscard]] bool fits(const LinkRule& rule, const Link& link, const Port& a, const Port& b);
  void add_segments(const PendingLinks& pending, Link& link);
  void check_segments(const LinkRule& rule, const Link& link);
  void note_expectation(const LinkRule& rule, const Link& link);

  const RackLimits& limits_;
  Problems& problems_;
  LoadedRack& out_;
  std::size_t steps_ = 0;
  std::set<std::string, std::less<>> forgiven_;
  std::unordered_map<PortId, std::string> taken_;              ///< port -> name of its link
  std::unordered_map<DeviceId, std::uint64_t> lanes_carried_;  ///< by retimers, and by linked ports
};

}  // namespace weft::fabric::source
