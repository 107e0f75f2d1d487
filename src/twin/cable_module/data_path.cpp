// SPDX-License-Identifier: Apache-2.0
// Data paths (6.3.3): host lanes that the active control set joins to one application. Their states
// follow DPDeinit, output disable and squelch, the module's own state, and applied configurations.
// Configuration commands (6.2.4): staged sets are checked as a whole for each data path; only what
// was accepted reaches the active set, after the time that a module takes.
#include "twin/cable_module/module.h"

#include <algorithm>

#include <fmt/format.h>

namespace weft::twin {
namespace module_data_path {

using cable_module::reg;
using wire::cmis::kBankLanes;

constexpr std::uint32_t kConfigurationTimer = 32;
constexpr std::uint32_t kDataPathTimer = 64;
constexpr std::uint32_t kSecondFlapTimer = 96;
constexpr double kSecondFlapAfter = 10.0;
constexpr unsigned kEqualiserMax = 7;
constexpr unsigned kAmplitudeMax = 3;

/// DPConfig: AppSel in bits 7-4, first lane in 3-1, explicit control in bit 0.
struct Config {
  std::uint8_t application = 0;
  unsigned first = 0;
  bool is_explicit = false;
};
Config config(std::uint64_t raw) {
  return {static_cast<std::uint8_t>(raw >> 4), static_cast<unsigned>(raw >> 1 & 7), (raw & 1) != 0};
}

const cable_module::Register& of_set(std::uint8_t set, std::string_view name) {
  return reg(fmt::format("SCS{}{}", set, name));
}

}  // namespace module_data_path

std::optional<CableModule::DataPath> CableModule::data_path_of(unsigned lane) const {
  using namespace module_data_path;
  static const auto& active = reg("ACSDPConfig");
  const auto bank = static_cast<std::uint8_t>(lane / kBankLanes);
  const auto now_active = config(memory_.get(active, lane % kBankLanes, bank));
  if (lane >= lanes_.size() || now_active.application == 0 ||
      now_active.application > applications_.size()) {
    return std::nullopt;
  }
  const unsigned count = applications_[now_active.application - 1U].lanes;
  return DataPath{bank * kBankLanes + now_active.first, count, now_active.application};
}

std::vector<CableModule::DataPath> CableModule::data_paths() const {
  std::vector<DataPath> paths;
  for (unsigned lane = 0; lane < lanes_.size(); ++lane) {
    if (const auto path = data_path_of(lane); path && path->first == lane) {
      paths.push_back(*path);
    }
  }
  return paths;
}

bool CableModule::any(const DataPath& path, const Register& field) const {
  using module_data_path::kBankLanes;
  for (unsigned lane = path.first; lane < path.first + path.count; ++lane) {
    if (memory_.get(field, lane % kBankLanes, static_cast<std::uint8_t>(lane / kBankLanes)) != 0) {
      return true;
    }
  }
  return false;
}

bool CableModule::must_deactivate(const DataPath& path) const {
  static const auto& deinit = cable_module::reg("DPDeinitLane");
  return life_ != Life::kReady || wants_low_power() || any(path, deinit) ||
         lanes_.at(path.first).wants_init;
}

bool CableModule::must_be_silent(const DataPath& path) const {
  static const auto& disable = cable_module::reg("OutputDisableTx");
  static const auto& squelch = cable_module::reg("OutputSquelchForceTx");
  return any(path, disable) || any(path, squelch);
}

bool CableModule::all_deactivated() const {
  return std::ranges::all_of(
      lanes_, [](const LaneState& lane) { return lane.state == DataPathState::kDeactivated; });
}

void CableModule::step_all() {
  if (quantity(Quantity::kFirmwareHang) >= 0.5) {
    return;
  }
  for (const auto& path : data_paths()) {
    // Transient states that run their time are left alone by conditions, but for DPInit.
    if (!timer(module_data_path::kDataPathTimer + path.first) ||
        (state_of(path) == DataPathState::kInit && must_deactivate(path))) {
      step(path);
    }
  }
}

/// One step: from a steady state by its condition, from a transient one because its time is over.
void CableModule::step(const DataPath& path) {
  using enum DataPathState;
  switch (state_of(path)) {
    case kDeactivated: {
      lanes_.at(path.first).wants_init = false;
      if (!must_deactivate(path)) {
        enter(path, kInit);
      }
      break;
    }
    case kInit:
      if (must_deactivate(path)) {
        enter(path, kDeinit);
      } else if (path.count > 1 || !is_quirk(Quirk::kSingleNeverActivates)) {
        enter(path, kInitialized);
      }
      break;
    case kInitialized:
      if (must_deactivate(path)) {
        enter(path, kDeinit);
      } else if (!must_be_silent(path)) {
        enter(path, kTxTurnOn);
      }
      break;
    case kTxTurnOn:
      enter(path, must_deactivate(path) || must_be_silent(path) ? kTxTurnOff : kActivated);
      break;
    case kActivated:
      if (must_deactivate(path) || must_be_silent(path)) {
        enter(path, kTxTurnOff);
      }
      break;
    case kTxTurnOff:
      enter(path, kInitialized);
      break;
    case kDeinit:
      enter(path, kDeactivated);
      break;
  }
}

void CableModule::enter(const DataPath& path, DataPathState state) {
  using namespace module_data_path;
  static const auto& shown = reg("DPStateHostLane");
  static const auto& changed = reg("DPStateChangedFlag");
  static const auto& pending = reg("DPInitPendingLane");
  const bool is_steady = state == DataPathState::kDeactivated ||
                         state == DataPathState::kInitialized || state == DataPathState::kActivated;
  for (unsigned lane = path.first; lane < path.first + path.count && lane < lanes_.size(); ++lane) {
    const auto bank = static_cast<std::uint8_t>(lane / kBankLanes);
    if (state == DataPathState::kInitialized && lanes_[lane].state == DataPathState::kInit) {
      memory_.set(pending, 0, lane % kBankLanes, bank);
    }
    is_dark_ = is_dark_ || lanes_[lane].state == DataPathState::kActivated;
    lanes_[lane].state = state;
    memory_.set(shown, static_cast<std::uint64_t>(state), lane % kBankLanes, bank);
    latch(changed, is_steady, lane % kBankLanes, bank);
  }
  if (state == DataPathState::kInit) {
    adapt_anew(path);
  }
  if (state == DataPathState::kInit && is_quirk(Quirk::kClearsForeignPending)) {
    memory_.page(0x11, static_cast<std::uint8_t>(path.first / kBankLanes))
        .at(pending.offset % wire::cmis::kHalfPage) = 0;
  }
  if (state == DataPathState::kActivated && is_quirk(Quirk::kSettingsLate) &&
      !timer(kSecondFlapTimer + path.first)) {
    set_timer(kSecondFlapTimer + path.first, now() + base::seconds(kSecondFlapAfter));
  }
  tell_link();
  const auto& times = setup_.kind->times;
  const auto after = [&](double typical_s) {
    set_timer(kDataPathTimer + path.first, now() + drawn(typical_s));
  };
  cancel_timer(kDataPathTimer + path.first);
  switch (state) {
    case DataPathState::kInit:
      after(times.data_path_init);
      break;
    case DataPathState::kDeinit:
      after(times.data_path_deinit);
      break;
    case DataPathState::kTxTurnOn:
      after(times.transmitter_on);
      break;
    case DataPathState::kTxTurnOff:
      after(times.transmitter_off);
      break;
    case DataPathState::kDeactivated:
    case DataPathState::kInitialized:
    case DataPathState::kActivated:
      step(path);  // its condition may be there already
      if (state == DataPathState::kDeactivated && life_ == Life::kReady) {
        life_step();
      }
      break;
  }
}

void CableModule::set_config_status(unsigned lane, ConfigStatus status) {
  using module_data_path::kBankLanes;
  static const auto& field = cable_module::reg("ConfigStatusLane");
  memory_.set(field, static_cast<std::uint64_t>(status), lane % kBankLanes,
              static_cast<std::uint8_t>(lane / kBankLanes));
}

bool CableModule::are_settings_valid(std::uint8_t bank, std::uint8_t set, unsigned lane) const {
  using namespace module_data_path;
  const auto value = [&](std::string_view name) {
    return memory_.get(of_set(set, name), lane, bank);
  };
  return value("FixedInputEqTargetTx") <= kEqualiserMax &&
         value("OutputEqPreCursorTargetRx") <= kEqualiserMax &&
         value("OutputEqPostCursorTargetRx") <= kEqualiserMax &&
         value("OutputAmplitudeTargetRx") <= kAmplitudeMax;
}

/// Whether what runs on these lanes now leaves them to a data path of this application: it is down,
/// or it is taken as a whole by one of the same lanes. Of a module's lanes only.
bool CableModule::are_lanes_free(const DataPath& wanted, std::uint8_t mask) const {
  using namespace module_data_path;
  const unsigned offset = wanted.first / kBankLanes * kBankLanes;
  for (unsigned lane = wanted.first; lane < wanted.first + wanted.count; ++lane) {
    const auto running = data_path_of(lane);
    if (!running || state_of(*running) == DataPathState::kDeactivated) {
      continue;
    }
    const auto lanes = ((1U << running->count) - 1U) << (running->first - offset);
    if (wanted.application == 0 || wanted.first != running->first ||
        wanted.count != running->count || (mask & lanes) != lanes) {
      return false;
    }
  }
  return true;
}

/// Whether the data path that this lane would be part of can be configured by this command: the
/// answer is the same on all of its lanes.
wire::cmis::ConfigStatus CableModule::judge(std::uint8_t bank, std::uint8_t set, std::uint8_t mask,
                                            unsigned lane) const {
  using namespace module_data_path;
  using enum ConfigStatus;
  const auto& field = of_set(set, "DPConfig");
  const auto staged = config(memory_.get(field, lane, bank));
  const unsigned offset = bank * kBankLanes;
  if (staged.application == 0) {
    const DataPath unused{.first = offset + lane, .count = 1, .application = 0};
    return are_lanes_free(unused, mask) ? kSuccess : kRejectedLanesInUse;
  }
  if (offset + lane >= lanes_.size()) {
    return kRejectedInvalidDataPath;
  }
  if (staged.application > applications_.size()) {
    return kRejectedInvalidAppSel;
  }
  const auto& application = applications_[staged.application - 1U];
  const DataPath wanted{.first = offset + staged.first,
                        .count = application.lanes,
                        .application = staged.application};
  if (lane < staged.first || lane >= staged.first + application.lanes ||
      (application.starts >> staged.first & 1) == 0 ||
      wanted.first + wanted.count > lanes_.size()) {
    return kRejectedInvalidDataPath;
  }
  const auto its_lanes = ((1U << wanted.count) - 1U) << staged.first;
  if ((mask & its_lanes) != its_lanes) {
    return are_lanes_free(wanted, mask) ? kRejectedPartialDataPath : kRejectedLanesInUse;
  }
  bool are_settings_good = true;
  for (unsigned other = staged.first; other < staged.first + application.lanes; ++other) {
    const auto its = config(memory_.get(field, other, bank));
    if (its.application != staged.application || its.first != staged.first) {
      return kRejectedInvalidDataPath;
    }
    are_settings_good =
        are_settings_good && (!its.is_explicit || are_settings_valid(bank, set, other));
  }
  if (!are_lanes_free(wanted, mask)) {
    return kRejectedLanesInUse;
  }
  return are_settings_good ? kSuccess : kRejectedInvalidSi;
}

void CableModule::apply(std::uint8_t bank, std::uint8_t set, std::uint8_t mask, bool is_immediate) {
  using namespace module_data_path;
  std::optional<unsigned> group;
  bool is_decommission = true;
  const bool is_stuck = is_quirk(Quirk::kConfigSticks) && random().below(4) == 0;
  std::uint8_t taken = 0;
  for (unsigned i = 0; i < kBankLanes; ++i) {
    const unsigned lane = bank * kBankLanes + i;
    const bool is_busy =
        lane < lanes_.size() && lanes_[lane].command.is_pending && !lanes_[lane].command.is_stuck;
    if ((mask >> i & 1) != 0 && !is_busy) {  // a command on a lane in progress is not taken
      taken = static_cast<std::uint8_t>(taken | 1U << i);
    }
  }
  for (unsigned i = 0; i < kBankLanes; ++i) {
    const unsigned lane = bank * kBankLanes + i;
    if ((taken >> i & 1) == 0) {
      continue;
    }
    if (lane >= lanes_.size()) {
      set_config_status(lane, judge(bank, set, taken, i));  // there is nothing to do there
      continue;
    }
    auto& command = lanes_[lane].command;
    group = group ? group : lane;
    is_decommission = is_decommission && memory_.get(of_set(set, "DPConfig"), i, bank) >> 4 == 0;
    command = {.is_pending = true,
               .group = static_cast<std::uint8_t>(*group),
               .set = set,
               .is_immediate = is_immediate,
               .result = judge(bank, set, taken, i),
               .is_stuck = is_stuck};
    set_config_status(lane, ConfigStatus::kInProgress);
  }
  if (!group) {
    return;
  }
  const bool is_slow = is_decommission && is_quirk(Quirk::kSlowAfterDecommission);
  const auto span = is_slow ? base::seconds(0.15 + 0.05 * random().uniform())
                            : drawn(setup_.kind->times.configuration);
  set_timer(kConfigurationTimer + *group, now() + span);
}

void CableModule::finish_commands(unsigned group) {
  using namespace module_data_path;
  bool is_any_accepted = false;
  std::vector<unsigned> done;
  std::uint8_t mask = 0;
  for (unsigned lane = 0; lane < lanes_.size(); ++lane) {
    const auto& command = lanes_[lane].command;
    if (command.is_pending && command.group == group && !command.is_stuck) {
      done.push_back(lane);
      mask = static_cast<std::uint8_t>(mask | 1U << lane % kBankLanes);
    }
  }
  // Judged again: a data path may have started since the command came, or the staged set changed.
  for (const unsigned lane : done) {
    auto& command = lanes_[lane].command;
    if (command.result == ConfigStatus::kSuccess) {
      command.result =
          judge(static_cast<std::uint8_t>(lane / kBankLanes), command.set, mask, lane % kBankLanes);
    }
  }
  for (const unsigned lane : done) {
    auto& command = lanes_[lane].command;
    set_config_status(lane, command.result);
    if (command.result == ConfigStatus::kSuccess) {
      commit(lane);
      is_any_accepted = true;
    }
    command.is_pending = false;
  }
  release_orphans();
  if (is_any_accepted && is_quirk(Quirk::kBreakoutCrosstalk)) {
    for (const auto& path : data_paths()) {
      if (std::ranges::find(done, path.first) == done.end() &&
          state_of(path) == DataPathState::kActivated) {
        lanes_[path.first].wants_init = true;
      }
    }
  }
  step_all();
}

/// Lanes whose data path was taken apart by a new one belong to none.
void CableModule::release_orphans() {
  using namespace module_data_path;
  static const auto& active = reg("ACSDPConfig");
  static const auto& pending = reg("DPInitPendingLane");
  for (unsigned lane = 0; lane < lanes_.size(); ++lane) {
    const auto path = data_path_of(lane);
    bool is_whole = true;
    for (unsigned i = 0; path && i < path->count; ++i) {
      const auto other = data_path_of(path->first + i);
      is_whole = is_whole && other && other->first == path->first &&
                 other->application == path->application;
    }
    if (!is_whole) {
      const auto bank = static_cast<std::uint8_t>(lane / kBankLanes);
      memory_.set(active, 0, lane % kBankLanes, bank);
      memory_.set(pending, 0, lane % kBankLanes, bank);
    }
  }
}

/// Staged becomes active. A running data path is initialised anew by ApplyDPInit; ApplyImmediate
/// changes only its signal settings.
void CableModule::commit(unsigned lane) {
  using namespace module_data_path;
  static const auto& active = reg("ACSDPConfig");
  static const auto& pending = reg("DPInitPendingLane");
  const auto& command = lanes_[lane].command;
  const auto bank = static_cast<std::uint8_t>(lane / kBankLanes);
  const unsigned index = lane % kBankLanes;
  const auto before = memory_.get(active, index, bank);
  const auto staged = memory_.get(of_set(command.set, "DPConfig"), index, bank);
  const bool is_running = lanes_[lane].state != DataPathState::kDeactivated;
  const bool is_same = before >> 4 == staged >> 4;
  if (!command.is_immediate || !is_running || is_same) {
    memory_.set(active, staged, index, bank);
  }
  // Without explicit control the application's own settings hold, whatever was staged (6.2.3.2).
  for (const auto& setting : cable_module::lane_settings()) {
    const auto value = config(staged).is_explicit
                           ? memory_.get(of_set(command.set, setting.name), index, bank)
                           : setting.by_default;
    memory_.set(reg(fmt::format("ACS{}", setting.name)), value, index, bank);
  }
  if (command.is_immediate) {
    return;
  }
  memory_.set(pending, staged >> 4 != 0 && !(is_same && is_quirk(Quirk::kNoPendingOnSame)) ? 1 : 0,
              index, bank);
  if (is_running) {
    if (const auto path = data_path_of(lane)) {
      lanes_.at(path->first).wants_init = true;
    }
  }
}

}  // namespace weft::twin
