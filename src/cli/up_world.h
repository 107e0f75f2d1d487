// SPDX-License-Identifier: Apache-2.0
// The world of `weft up` as its API may turn it (serve/api/world_control.h): faults by the control
// service of the twin, time by the pacer. Before the pacer is there, speeds are kept for it.
#pragma once

#include "serve/api/world_control.h"
#include "twin/door/pacer.h"
#include "twin/door/socket_server.h"
#include "twin/machine.h"

#include <atomic>
#include <memory>
#include <mutex>

namespace weft::cli {

class UpWorld final : public serve::WorldControl {
 public:
  /// The rack must outlive it.
  UpWorld(twin::Rack& rack, double speed);

  /// Its time goes on from here.
  void start(twin::door::PacerOptions options);
  void stop();
  [[nodiscard]] twin::door::PacerStatus status() const;

  std::string answer(std::string_view line) override;
  [[nodiscard]] std::string catalogue() const override;
  [[nodiscard]] double speed() const override;
  base::Result<void> set_speed(double speed) override;
  base::Result<void> skip(base::Duration span) override;
  [[nodiscard]] base::Duration skipping() const override;
  [[nodiscard]] double prepared() const override { return prepared_; }
  /// How much of its history is made: 0 to 1.
  void set_prepared(double share) { prepared_ = share; }

 private:
  twin::Rack& rack_;
  twin::door::LineService control_;
  std::atomic<double> prepared_{1};
  mutable std::mutex mutex_;  // of the two below
  double speed_;
  std::unique_ptr<twin::door::Pacer> pacer_;
};

}  // namespace weft::cli
