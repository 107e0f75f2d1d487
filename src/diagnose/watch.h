// SPDX-License-Identifier: Apache-2.0
// The judgement over time, as it comes in: snapshots, single samples and events go in, findings
// with a life come out. `weft scan` (one look), `weft why` (captures, incident files, this
// machine), the control plane and the scorer all go through here. Pure and incremental: it keeps
// tracks, not points; cost follows what comes in, not how long it has watched. It never learns
// where its input is from.
#pragma once

#include "base/time.h"
#include "diagnose/joint.h"
#include "diagnose/judge.h"
#include "fabric/state.h"
#include "observe/snapshot.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace weft::diagnose {

enum class Phase : std::uint8_t {
  kOpen,
  kQuiet,  ///< nothing new of it; not yet long enough to close
  kClosed,
};
[[nodiscard]] std::string_view key(Phase phase);

/// A finding over its life. Its id comes from what it is about (root link or shared part, and
/// family of causes), so that it is the same after a restart; a part that moves takes its record
/// with it by serial.
struct LivingFinding {
  std::string id;  ///< "fnd-…"
  Finding finding;
  Phase phase = Phase::kOpen;
  base::WallTime opened;
  base::WallTime updated;
  std::optional<base::WallTime> closed;
  std::uint32_t recurrences = 0;             ///< times that it came back after closing
  std::vector<std::string> earlier_serials;  ///< of the same part at other places
};

/// Something a person or a scheduler has said: maintenance, job start and end, quiet hours.
struct Mark {
  std::string kind;     ///< "maintenance", "job", "reboot", "repair"
  std::string subject;  ///< pattern of subjects that it covers; empty: everything
  base::WallTime from;
  std::optional<base::WallTime> until;
  std::string text;
};

struct WatchOptions {
  const fabric::Fabric* plan = nullptr;  ///< expectation, must outlive the watch
  std::string plan_source;
};

class Watch {
 public:
  explicit Watch(const WatchOptions& options = {});
  ~Watch();

  void take(const observe::Snapshot& snapshot);
  /// A sample of a subject of the joint fabric (incident files, imported series).
  void take(base::WallTime at, const observe::Sample& sample);
  void take(const observe::Event& event, std::string_view host);
  void take(const Mark& mark);
  /// The fabric that incident files and imports speak of.
  void take(const fabric::Fabric& known);

  /// Judges all that moved since the last call. Findings in order: worst first, then oldest.
  const std::vector<LivingFinding>& judge(base::WallTime now);
  /// As of the last judgement, or as they were restored.
  [[nodiscard]] const std::vector<LivingFinding>& findings() const;
  /// At the last judgement something about this host, or about a link that ends there, was out of
  /// its ordinary and had moved lately: more of it is worth reading, and sooner.
  [[nodiscard]] bool wants_a_close_look(const observe::HostInfo& host) const;

  /// Machines that started less than kGrace (sight.h) before `now`: until then nothing counts
  /// there.
  [[nodiscard]] std::size_t starting(base::WallTime now) const;

  [[nodiscard]] const Joint& joint() const;
  /// What the plan's links do now, as far as it was seen and differs from the plan. nullopt: there
  /// is no plan.
  [[nodiscard]] std::optional<fabric::FabricState> fabric_state() const;
  /// State that must outlive a restart: findings and what tells that they are the same.
  [[nodiscard]] std::string save() const;  ///< JSON text
  /// Another number whenever save() has something new to say that is worth a write.
  [[nodiscard]] std::uint64_t revision() const;
  base::Result<void> restore(std::string_view saved);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weft::diagnose
