// SPDX-License-Identifier: Apache-2.0
// What the devices of one machine share: air and the supply rail. kAmbient and kAirflow move the
// air that devices stand in, kHostSupplyNoise the rail; both are told to devices and to the links
// at whose ends they stand.
//
//   air(t) goes toward  25 + ambient + kPreheat (1 / airflow - 1)   Cel
//   with first-order time constant kTimeConstant
//
// All modelled: air is warmed by kPreheat on its way to the devices, which is part of the world's
// 25 Cel, and by more where less air moves; chassis and air answer as one body. Devices are told in
// steps of 0.5 Cel; once settled there are no timers.
#pragma once

#include "base/units.h"
#include "twin/world/actor.h"
#include "twin/world/thermal.h"

#include <string>
#include <utility>
#include <vector>

namespace weft::twin {

class Enclosure final : public Actor {
 public:
  static constexpr double kWorldAirCelsius = 25;
  static constexpr double kPreheatCelsius = 10;  ///< house value
  static constexpr double kTimeConstantS = 120;  ///< house value
  static constexpr double kStepCelsius = 0.5;
  static constexpr double kAirflowLeast = 0.1;  ///< with all fans still: convection

  explicit Enclosure(std::string path) : Actor(std::move(path)) {}

  /// Before start(). `sub`: for links, 0 for the air at end a, 1 at end b; for devices 0.
  void tell(ActorId actor, std::uint32_t sub) { told_.emplace_back(actor, sub); }
  [[nodiscard]] base::Celsius air() const { return air_.value(now()); }

  void start() override;
  void on_timer(std::uint32_t timer) override;
  void on_quantity(Quantity quantity, std::uint32_t sub) override;
  void exchange(Archive& archive) override;

 private:
  [[nodiscard]] base::Celsius wanted() const;
  void send_all(MessageKind kind, double value);
  void plan_step();

  std::vector<std::pair<ActorId, std::uint32_t>> told_;
  ThermalNode air_{base::Celsius(kWorldAirCelsius), kTimeConstantS};
};

}  // namespace weft::twin
