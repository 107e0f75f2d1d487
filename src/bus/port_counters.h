// SPDX-License-Identifier: Apache-2.0
// A port whose management interface is not public (NVLink, UALink, scale-up switch ports): what any
// such port can tell. There is no such device on a machine; only a twin's generic port speaks it,
// and all of it is modelled.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "base/units.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace weft::bus {

/// One lane's receiver, counted since the link came up.
struct LaneCounters {
  std::uint64_t bits = 0;
  std::uint64_t bit_errors = 0;  ///< before FEC
  std::optional<base::Decibel> fom;
};

struct PortStatus {
  bool is_up = false;
  bool is_training = false;
  base::TransferRate lane_rate;  ///< 0 while down
  base::LaneCount lanes;         ///< 0 while down
  std::uint64_t corrected_codewords = 0;
  std::uint64_t uncorrectable_codewords = 0;
  std::uint64_t retries = 0;  ///< link-layer replays
  std::uint64_t recoveries = 0;
  std::uint64_t link_downs = 0;
  std::vector<LaneCounters> receivers;
};

class PortCounters {
 public:
  virtual ~PortCounters() = default;
  [[nodiscard]] virtual base::Result<PortStatus> read() = 0;
  /// Trains the link anew: traffic on it stops meanwhile.
  virtual base::Result<void> retrain() = 0;
  [[nodiscard]] virtual std::string description() const = 0;  ///< "switch0/port3"
};

}  // namespace weft::bus
