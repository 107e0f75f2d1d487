// SPDX-License-Identifier: Apache-2.0
// A control plane in a thread of its own: it polls machines through their buses, keeps what they
// say in a store, and judges. Questions are answered between two hosts and while one is looked at,
// never only after a whole poll. The same for a twin's machines, this one, and captures (`weft
// serve`). Of a twin it knows the rack file and where things are (twin/plan/inventory.h), as an
// operator would, and no fault.
#pragma once

#include "base/result.h"
#include "serve/api/source.h"
#include "serve/control_plane.h"
#include "serve/webhook.h"
#include "twin/door/doors.h"
#include "twin/machine.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace weft::cli {

struct UpPlaneOptions {
  std::string store;        ///< folder; empty: a new one, gone with the world
  base::WallTime world_at;  ///< wall time that the world's start stands for
  base::Duration poll_every{10LL * 1'000'000'000};  ///< of world time
  /// So much of the world's time goes by, polled, before anything else: its history.
  base::Duration history{};
  std::function<void(double)> prepared = {};  ///< hears how much of it is made, 0 to 1
  serve::WorldControl* world = nullptr;       ///< for the API; must outlive it
  std::string door_folder = {};  ///< of a world's doors and sockets, which journals name
  /// Most of the wall time that polling may take, since each poll holds the world for a while.
  double share_most = 0.2;
  serve::NoticeOptions notices = {};             ///< whom to wake, and when not to
  std::optional<serve::WebhookOptions> webhook;  ///< who is told; nobody without it
};

/// Whom it asks.
struct PlaneParts {
  std::string name;  ///< of the rack or host
  bool is_simulated = false;
  std::optional<fabric::Fabric> plan = {};  ///< what is expected, where somebody says so
  std::vector<std::pair<std::string, bus::Host>> hosts = {};
  std::vector<observe::Snapshot> looks = {};  ///< what was seen before: captures
  std::function<base::WallTime()> now = {};
  std::function<void(base::Duration)> advance = {};  ///< lets a world's time go by; else null
  /// What may be done to them; without it nothing can be.
  std::optional<serve::ActionDeskOptions> actions = {};
  std::size_t machines = 0;
  std::size_t links = 0;  ///< planned; 0: those that are seen
};

class UpPlane {
 public:
  /// Polls begin at once.
  [[nodiscard]] static base::Result<std::unique_ptr<UpPlane>> start(PlaneParts parts,
                                                                    const UpPlaneOptions& options);
  /// The rack must outlive it. Polls begin at once.
  [[nodiscard]] static base::Result<std::unique_ptr<UpPlane>> start(twin::Rack& rack,
                                                                    const UpPlaneOptions& options);
  ~UpPlane();
  UpPlane(const UpPlane&) = delete;
  UpPlane& operator=(const UpPlane&) = delete;

  /// Answers questions, a line of JSON each way (docs/formats/plane.md). Must not outlive it.
  [[nodiscard]] twin::door::NamedService service();
  /// What serve/api tells of. Must not outlive it.
  [[nodiscard]] serve::ApiSource api();
  /// Findings that are not closed, worst first.
  [[nodiscard]] std::vector<diagnose::LivingFinding> open_findings() const;
  /// Its history is made: the world's time may go on by itself.
  [[nodiscard]] bool is_prepared() const;
  /// Where its store is, also where no folder was named.
  [[nodiscard]] const std::string& folder() const;
  /// No more polls; what it knows stays. Before the world ends and is written down.
  void stop();
  /// What went wrong since it was asked last: hosts that do not answer, a full disk.
  [[nodiscard]] std::vector<std::string> take_problems();

 private:
  UpPlane() = default;
  struct Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace weft::cli
