// SPDX-License-Identifier: Apache-2.0
#include "twin/cable_module/module.h"

#include "twin/world/time.h"

#include <algorithm>
#include <utility>

namespace weft::twin {
namespace module_life {

// Timer numbers; those of lanes start at their own base.
constexpr std::uint32_t kLife = 0;
constexpr std::uint32_t kThermal = 1;
constexpr std::uint32_t kCommand = 2;
constexpr std::uint32_t kFreeze = 3;
constexpr std::uint32_t kRestart = 4;
constexpr std::uint32_t kConfiguration = 32;
constexpr std::uint32_t kDataPath = 64;
constexpr std::uint32_t kSecondFlap = 96;

constexpr base::KelvinDelta kHeatStep{1};
constexpr double kFaultAbove = 15;  ///< above the high alarm: the module shuts down
constexpr double kFaultClears = 5;  ///< below the high alarm: it starts again

}  // namespace module_life

using wire::cmis::ModuleState;

void CableModule::Interval::exchange(Archive& archive) {
  archive.fields(start.bits, start.bit_errors, start.codewords, start.uncorrectable, least, most,
                 looks);
}
void CableModule::Checker::exchange(Archive& archive) {
  archive.fields(is_on, is_sending, since, start.bits, start.bit_errors, stopped.bits,
                 stopped.bit_errors);
}

CableModule::CableModule(std::string path, const CableModuleSetup& setup)
    : Actor(std::move(path)),
      setup_(setup),
      applications_(
          cable_module::applications(*setup.kind, setup.link->plan().protocol, setup.lanes)),
      lanes_(setup.lanes),
      thermal_(base::Celsius(25), setup.kind->time_constant_s) {
  for (auto& side : intervals_) {
    side.resize(setup.lanes);
  }
  for (auto& side : checkers_) {
    side.resize(setup.lanes);
  }
  firmware_.banks[0] = {.is_valid = true, .major = 2, .minor = 10, .build = 1};
  firmware_.banks[1] = {.is_valid = true, .major = 2, .minor = 9, .build = 4};
  build_memory();
}

void CableModule::start() {
  heat_changed();
  enter(Life::kManagementInit);
  is_ready_told_ = true;  // so that "not ready" is a change
  tell_link();
}

Duration CableModule::drawn(double typical_s) {
  return base::seconds(typical_s * (0.8 + 0.4 * random().uniform()));
}

bool CableModule::wants_low_power() const {
  static const auto& software = cable_module::reg("LowPwrRequestSW");
  static const auto& allow = cable_module::reg("LowPwrAllowRequestHW");
  return memory_.get(software) != 0 || (memory_.get(allow) != 0 && low_power_pin_);
}

void CableModule::set_low_power_pin(bool is_asserted) {
  low_power_pin_ = is_asserted;
  life_step();
}

/// Every state is left by its timer (transient states) or by life_step() (steady ones).
void CableModule::enter(Life life) {
  static const auto& state = cable_module::reg("ModuleState");
  static const auto& changed = cable_module::reg("ModuleStateChangedFlag");
  static const auto& cause = cable_module::reg("ModuleFaultCause");
  const auto& times = setup_.kind->times;
  life_ = life;
  cancel_timer(module_life::kLife);
  const auto after = [&](double typical_s) {
    set_timer(module_life::kLife, now() + drawn(typical_s));
  };
  const auto show = [&](ModuleState value, bool is_flagged) {
    memory_.set(state, static_cast<std::uint64_t>(value));
    if (is_flagged) {
      latch(changed, true);
    }
  };
  switch (life) {
    case Life::kOff:
      break;
    case Life::kManagementInit:
      after(times.management_init);
      break;
    case Life::kLowPwr:
      show(ModuleState::kLowPwr, true);
      break;
    case Life::kPwrUp:
      show(ModuleState::kPwrUp, false);
      after(times.power_up);
      break;
    case Life::kReady:
      show(ModuleState::kReady, true);
      break;
    case Life::kPwrDn:
      show(ModuleState::kPwrDn, false);
      after(times.power_down);
      break;
    case Life::kFault:
      show(ModuleState::kFault, true);
      memory_.set(cause, static_cast<std::uint64_t>(wire::cmis::FaultCause::kTecRunaway));
      break;
  }
  heat_changed();
  step_all();
  life_step();
}

/// Leaves a steady state where its condition has come (figure 6-3).
void CableModule::life_step() {
  if (quantity(Quantity::kFirmwareHang) >= 0.5 || setup_.kind->is_flat) {
    return;
  }
  if (life_ == Life::kLowPwr && !wants_low_power() && !sticks()) {
    enter(Life::kPwrUp);
  } else if (life_ == Life::kReady && wants_low_power()) {
    step_all();  // data paths go first
    if (all_deactivated()) {
      enter(Life::kPwrDn);
    }
  }
}

/// All data paths go down at once and nothing that was under way ends: power loss and resets.
void CableModule::drop() {
  using namespace module_life;
  for (std::uint32_t lane = 0; lane < lanes_.size(); ++lane) {
    lanes_[lane] = {};
    for (const auto timer : {kConfiguration, kDataPath, kSecondFlap}) {
      cancel_timer(timer + lane);
    }
  }
  cancel_timer(kCommand);
  cancel_timer(kFreeze);
  cancel_timer(kRestart);
  run_.reset();
  held_timers_.clear();
  for (auto& side : checkers_) {
    for (auto& checker : side) {
      checker.is_on = false;
      checker.stopped = {};
    }
  }
}

void CableModule::management_init() {
  drop();
  is_frozen_ = false;
  low_power_flaps_ = 0;
  cdb_result_ = 0;
  cdb_reply_.clear();
  build_memory();
  restart_statistics();
  if (setup_.kind->is_flat) {
    life_ = Life::kReady;
    memory_.set(cable_module::reg("ModuleState"), static_cast<std::uint64_t>(ModuleState::kReady));
    tell_link();
    return;
  }
  enter(Life::kLowPwr);
}

void CableModule::on_timer(std::uint32_t timer) {
  using namespace module_life;
  if (quantity(Quantity::kFirmwareHang) >= 0.5 && timer != kThermal) {
    held_timers_.insert(timer);
    return;
  }
  if (timer == kLife) {
    switch (life_) {
      case Life::kManagementInit:
        management_init();
        break;
      case Life::kPwrUp:
        enter(wants_low_power() || sticks() ? Life::kPwrDn : Life::kReady);
        break;
      case Life::kPwrDn:
        enter(Life::kLowPwr);
        break;
      default:
        break;
    }
  } else if (timer == kThermal) {
    thermal_step();
  } else if (timer == kCommand) {
    finish_command();
  } else if (timer == kFreeze) {
    freeze_step();
  } else if (timer == kRestart) {
    restart();
  } else if (timer >= kConfiguration && timer < kDataPath) {
    finish_commands(timer - kConfiguration);
  } else if (timer >= kSecondFlap && timer - kSecondFlap < lanes_.size()) {
    if (lanes_[timer - kSecondFlap].state == DataPathState::kActivated) {
      lanes_[timer - kSecondFlap].wants_init = true;
      step_all();
    }
  } else if (timer >= kDataPath && timer - kDataPath < lanes_.size()) {
    if (const auto path = data_path_of(timer - kDataPath)) {
      step(*path);
    }
  }
}

void CableModule::on_message(const Message& message) {
  switch (message.kind) {
    case MessageKind::kAirChanged:
      air_cel_ = message.value;
      heat_changed();
      break;
    case MessageKind::kHostSupply:
      rail_mv_ = message.value;
      break;
    case MessageKind::kPower:
      if (is_powered_ != (message.sub != 0)) {
        is_powered_ = message.sub != 0;
        firmware_.running = firmware_.committed;
        firmware_.download = {};
        drop();
        enter(is_powered_ ? Life::kManagementInit : Life::kOff);
        tell_link();
      }
      break;
    case MessageKind::kLinkDown:
      saw_link_down_ = true;
      is_dark_ = is_dark_ || message.value >= 0.5;
      break;
    case MessageKind::kLinkUp:
      if (std::exchange(is_dark_, false)) {
        light_returned();
      }
      break;
    default:
      break;
  }
}

void CableModule::on_quantity(Quantity which, std::uint32_t) {
  switch (which) {
    case Quantity::kHeatSink:
    case Quantity::kPowerDraw:
      heat_changed();
      break;
    case Quantity::kSensorStuck:
      stuck_cel_ = quantity(Quantity::kSensorStuck) >= 0.5
                       ? std::optional(case_temperature().value())
                       : std::nullopt;
      break;
    case Quantity::kFirmwareHang:
      if (quantity(Quantity::kFirmwareHang) < 0.5) {
        for (const auto timer : std::exchange(held_timers_, {})) {
          set_timer(timer, now());
        }
        life_step();
        step_all();
      }
      break;
    case Quantity::kQuirk:
      memory_.set(cable_module::reg("MemoryModel"),
                  setup_.kind->is_flat && !is_quirk(Quirk::kFlatNotSaid) ? 1 : 0);
      life_step();
      step_all();
      break;
    default:
      break;
  }
}

base::Celsius CableModule::case_temperature() const {
  return thermal_.value(now());
}

void CableModule::heat_changed() {
  const auto& kind = *setup_.kind;
  double power = 0;
  if (is_powered_) {
    power = life_ == Life::kReady || life_ == Life::kPwrUp || life_ == Life::kPwrDn
                ? kind.power_w
                : kind.low_power_w;
    power += quantity(Quantity::kPowerDraw);
  }
  thermal_.set_target(
      base::Celsius(air_cel_ + power * kind.kelvin_per_watt * quantity(Quantity::kHeatSink)),
      now());
  const auto next = thermal_.next_step(now(), module_life::kHeatStep);
  if (next == kNever) {
    cancel_timer(module_life::kThermal);
  } else {
    set_timer(module_life::kThermal, next);
  }
}

void CableModule::thermal_step() {
  using namespace module_life;
  const auto celsius = thermal_.stepped(now(), kHeatStep);
  if (setup_.repeater) {
    send(setup_.link->id(), {.kind = MessageKind::kOwn,
                             .sub = static_cast<std::uint32_t>(LinkAsk::kRepeaterHeat),
                             .source = *setup_.repeater,
                             .value = celsius.value()});
  }
  if (quantity(Quantity::kFirmwareHang) >= 0.5) {
    const auto next = thermal_.next_step(now(), kHeatStep);
    if (next != kNever) {
      set_timer(kThermal, next);
    }
    return;
  }
  refresh_monitors();  // so that an alarm between two reads is not missed
  const double limit = setup_.kind->temperature_max;
  if (life_ == Life::kReady && celsius.value() > limit + kFaultAbove && !setup_.kind->is_flat) {
    enter(Life::kFault);
  } else if (life_ == Life::kFault && celsius.value() < limit - kFaultClears) {
    enter(Life::kManagementInit);
  }
  const auto next = thermal_.next_step(now(), kHeatStep);
  if (next != kNever) {
    set_timer(kThermal, next);
  }
}

bool CableModule::is_transmitting(unsigned lane) const {
  if (setup_.kind->is_flat) {
    return true;
  }
  return lane < lanes_.size() && lanes_[lane].state == DataPathState::kActivated;
}

/// A lane passes data on while it is activated, delivers both ways, right way up, and is not
/// looped back.
bool CableModule::passes(unsigned lane) const {
  if (!is_transmitting(lane) || setup_.kind->is_flat) {
    return is_transmitting(lane);
  }
  const auto bank = static_cast<std::uint8_t>(lane / wire::cmis::kBankLanes);
  for (const auto* const name : {"OutputDisableRx", "InputPolarityFlipTx", "OutputPolarityFlipRx",
                                 "HostSideInputLoopbackEnable", "HostSideOutputLoopbackEnable",
                                 "MediaSideInputLoopbackEnable", "MediaSideOutputLoopbackEnable"}) {
    if (memory_.get(cable_module::reg(name), lane % wire::cmis::kBankLanes, bank) != 0) {
      return false;
    }
  }
  return true;
}

/// The link works once every lane that it uses is passed on.
void CableModule::tell_link() {
  const auto used = std::min<std::size_t>(lanes_.size(), setup_.link->plan().lanes.value());
  bool is_ready = is_powered_;
  for (unsigned lane = 0; lane < used; ++lane) {
    is_ready = is_ready && passes(lane);
  }
  if (is_ready == is_ready_told_) {
    return;
  }
  is_ready_told_ = is_ready;
  const bool is_repeater = setup_.repeater.has_value();
  send(setup_.link->id(),
       {.kind = MessageKind::kOwn,
        .sub =
            static_cast<std::uint32_t>(is_repeater ? LinkAsk::kRepeaterReady : LinkAsk::kPortReady),
        .source = is_repeater ? *setup_.repeater : (setup_.end == End::kA ? 0U : 1U),
        .value = is_ready ? 1.0 : 0.0});
}

void CableModule::exchange(Archive& archive) {
  archive.fields(memory_, user_eeprom_, life_, is_powered_, low_power_pin_, is_ready_told_,
                 saw_link_down_, is_dark_, misadapted_, lanes_, intervals_[0], intervals_[1],
                 checkers_[0], checkers_[1]);
  archive.fields(is_frozen_, thermal_, air_cel_, rail_mv_, stuck_cel_, firmware_, cdb_result_,
                 cdb_reply_, run_, low_power_asked_, low_power_flaps_);
  std::vector<std::uint32_t> held(held_timers_.begin(), held_timers_.end());
  archive.field(held);
  held_timers_ = {held.begin(), held.end()};
  for (auto* side : {&intervals_[0], &intervals_[1]}) {
    side->resize(setup_.lanes);
  }
  for (auto* side : {&checkers_[0], &checkers_[1]}) {
    side->resize(setup_.lanes);
  }
  lanes_.resize(setup_.lanes);  // a garbled checkpoint must not leave fewer
}

void CableModule::registers(Archive& out) const {
  auto memory = memory_;
  auto eeprom = user_eeprom_;
  auto celsius = case_temperature().value();
  auto life = life_;
  out.fields(memory, eeprom, celsius, life);
}

}  // namespace weft::twin
