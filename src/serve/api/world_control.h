// SPDX-License-Identifier: Apache-2.0
// The world behind a simulated fabric, as the API may turn it: its faults and its speed. cli/ fills
// this in for `weft up`; a real host has none, and the routes of it answer 404 there. Any thread.
#pragma once

#include "base/result.h"
#include "base/time.h"

#include <string>
#include <string_view>

namespace weft::serve {

class WorldControl {
 public:
  WorldControl() = default;
  virtual ~WorldControl() = default;
  WorldControl(const WorldControl&) = delete;
  WorldControl& operator=(const WorldControl&) = delete;

  /// A line of JSON each way (docs/formats/world-control.md).
  virtual std::string answer(std::string_view line) = 0;
  /// What `weft world faults --json` prints.
  [[nodiscard]] virtual std::string catalogue() const = 0;
  /// World seconds in a second; 0: as fast as it goes.
  [[nodiscard]] virtual double speed() const = 0;
  virtual base::Result<void> set_speed(double speed) = 0;
  /// As fast as it goes for so much world time, then at its speed again.
  virtual base::Result<void> skip(base::Duration span) = 0;
  /// How much of that is left.
  [[nodiscard]] virtual base::Duration skipping() const = 0;
  /// Below 1 while its history is still being made, before its time goes on by itself.
  [[nodiscard]] virtual double prepared() const { return 1; }
};

}  // namespace weft::serve
