// SPDX-License-Identifier: Apache-2.0
#include "cli/up_world.h"

#include "cli/world.h"
#include "twin/fault/control.h"

namespace weft::cli {

UpWorld::UpWorld(twin::Rack& rack, double speed)
    : rack_(rack), control_(twin::control_service(rack)), speed_(speed) {}

void UpWorld::start(twin::door::PacerOptions options) {
  const std::lock_guard hold(mutex_);
  options.speed = speed_;
  pacer_ = std::make_unique<twin::door::Pacer>(*rack_.world, options);
}

void UpWorld::stop() {
  const std::lock_guard hold(mutex_);
  if (pacer_) {
    pacer_->stop();
  }
}

twin::door::PacerStatus UpWorld::status() const {
  const std::lock_guard hold(mutex_);
  return pacer_ ? pacer_->status() : twin::door::PacerStatus{};
}

std::string UpWorld::answer(std::string_view line) {
  return control_.answer(line);
}

std::string UpWorld::catalogue() const {
  return world_faults_json();
}

double UpWorld::speed() const {
  const std::lock_guard hold(mutex_);
  return pacer_ ? pacer_->speed() : speed_;
}

base::Result<void> UpWorld::set_speed(double speed) {
  const std::lock_guard hold(mutex_);
  speed_ = speed;
  if (pacer_) {
    pacer_->set_speed(speed);
  }
  return {};
}

base::Result<void> UpWorld::skip(base::Duration span) {
  const std::lock_guard hold(mutex_);
  if (!pacer_) {
    return base::fail(base::Code::kUnavailable, "the world's history is still being made", {},
                      "Ask again in some seconds.");
  }
  pacer_->skip(span);
  return {};
}

base::Duration UpWorld::skipping() const {
  const std::lock_guard hold(mutex_);
  return pacer_ ? pacer_->skipping() : base::Duration{};
}

}  // namespace weft::cli
