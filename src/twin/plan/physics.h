// SPDX-License-Identifier: Apache-2.0
// The lane models of a world: one for each kind of section at each protocol generation, built by
// the engine of phy/ when first asked for and shared by all lanes alike. Lanes differ by their
// state, not by their model.
#pragma once

#include "base/result.h"
#include "fabric/protocol.h"
#include "phy/lane/lane_model.h"
#include "phy/link/setup.h"
#include "twin/plan/plan.h"

#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

namespace weft::twin {

struct LaneKind {
  phy::link::SlicerInput built;  ///< at neutral state: what equalisation found
  phy::lane::LaneModel model;
  const phy::link::LinkSetup* setup = nullptr;
  double channel_loss_db = 0;  ///< at Nyquist, packages included
};

class Physics {
 public:
  /// The section at this protocol's lane rate; kNotFound where phy has no set-up for it (PCIe 1 and
  /// 2: callers treat those rates as free of errors). Thread-safe; the same answer whoever asks
  /// first.
  [[nodiscard]] base::Result<std::shared_ptr<const LaneKind>> lane_kind(
      const SectionPlan& section, fabric::ProtocolId protocol);

 private:
  std::mutex mutex_;
  std::unordered_map<std::string, base::Result<std::shared_ptr<const LaneKind>>> kinds_;
};

}  // namespace weft::twin
