// SPDX-License-Identifier: Apache-2.0
// The lane models of a world: one for each kind of section at each protocol generation, built by
// the engine of phy/ when first asked for and shared by all lanes alike. Lanes differ by their
// state, not by their model. The models describe a section from end a to end b and serve both
// directions.
#pragma once

#include "base/result.h"
#include "fabric/protocol.h"
#include "phy/lane/lane_model.h"
#include "phy/link/setup.h"
#include "twin/plan/plan.h"

#include <cstddef>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

namespace weft::twin {

struct LaneKind {
  phy::link::SlicerInput built;  ///< at neutral state: what equalisation found
  phy::lane::LaneModel model;
  const phy::link::LinkSetup* setup = nullptr;
  double channel_loss_db = 0;  ///< at Nyquist, packages included; of light: optical dB
  /// Its middle is light between two DSPs: the photocurrent falls with the light's power, so that
  /// 1 dB less light is 2 dB of LaneState::loss_delta.
  bool is_optical = false;
};

class Physics {
 public:
  virtual ~Physics() = default;
  /// The section at this protocol's lane rate; kNotFound where phy has no set-up for it (PCIe 1 and
  /// 2, protocols whose signalling is not public) or no medium (coherent optics): callers treat
  /// those as free of errors. Thread-safe; the same answer whoever asks first.
  [[nodiscard]] virtual base::Result<std::shared_ptr<const LaneKind>> lane_kind(
      const SectionPlan& section, fabric::ProtocolId protocol);
  /// Kinds asked for so far.
  [[nodiscard]] std::size_t kinds() const;

 private:
  using Kind = base::Result<std::shared_ptr<const LaneKind>>;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, std::shared_future<Kind>> kinds_;
};

/// The set-up that serves a protocol; null where phy has none.
[[nodiscard]] const phy::link::LinkSetup* setup_of(fabric::ProtocolId protocol);

}  // namespace weft::twin
