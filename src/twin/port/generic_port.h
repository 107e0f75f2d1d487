// SPDX-License-Identifier: Apache-2.0
// A port whose management interface is not public (NVLink, UALink, scale-up switch ports): what any
// such port can tell of its end of a link, as bus::PortCounters. Everything here is modelled; no
// product's registers are meant. Widths, as registers have them:
//   bits of a lane                     64 bits, wraps
//   bit errors of a lane               48 bits, stays at its greatest value
//   codewords (or flits), mended, not  48 bits, wrap
//   retries, recoveries                32 bits, wrap
//   link downs                         16 bits, stays
// kCounterStuck on the port holds all of them where they are when they are next read.
#pragma once

#include "bus/port_counters.h"
#include "twin/link/link.h"
#include "twin/world/actor.h"

#include <optional>
#include <string>

namespace weft::twin {

class GenericPort final : public Actor, public bus::PortCounters {
 public:
  /// `link` may be null: nothing is plugged.
  GenericPort(std::string path, std::string name, Link* link, End end)
      : Actor(std::move(path)), name_(std::move(name)), link_(link), end_(end) {}

  [[nodiscard]] base::Result<bus::PortStatus> read() override;
  base::Result<void> retrain() override;
  [[nodiscard]] std::string description() const override { return name_; }

  void on_timer(std::uint32_t /*timer*/) override {}
  void on_quantity(Quantity quantity, std::uint32_t sub) override;
  void exchange(Archive& archive) override;
  void registers(Archive& out) const override;

 private:
  [[nodiscard]] bus::PortStatus look() const;

  std::string name_;
  Link* link_;
  End end_;
  std::optional<bus::PortStatus> held_;  // once read while counters are stuck
};

}  // namespace weft::twin
