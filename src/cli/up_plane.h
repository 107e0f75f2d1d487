// SPDX-License-Identifier: Apache-2.0
// The control plane of a running world, in a thread of its own: it polls the twin's machines
// through their buses as it would poll real ones, keeps what they say in a store, and judges. It
// knows the rack file and where things are (twin/plan/inventory.h), as an operator would, and no
// fault.
#pragma once

#include "base/result.h"
#include "serve/api/source.h"
#include "serve/control_plane.h"
#include "serve/webhook.h"
#include "twin/door/doors.h"
#include "twin/machine.h"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace weft::cli {

struct UpPlaneOptions {
  std::string store;        ///< folder; empty: a new one, gone with the world
  base::WallTime world_at;  ///< wall time that the world's start stands for
  base::Duration poll_every{10LL * 1'000'000'000};  ///< of world time
  /// Most of the wall time that polling may take, since each poll holds the world for a while.
  double share_most = 0.2;
  serve::NoticeOptions notices = {};             ///< whom to wake, and when not to
  std::optional<serve::WebhookOptions> webhook;  ///< who is told; nobody without it
};

class UpPlane {
 public:
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
  /// What went wrong since it was asked last: hosts that do not answer, a full disk.
  [[nodiscard]] std::vector<std::string> take_problems();

 private:
  UpPlane() = default;
  struct Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace weft::cli
