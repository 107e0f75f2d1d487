// SPDX-License-Identifier: Apache-2.0
// For tests of living functions: a machine put together by hand (root port, switch, two endpoints)
// over links that a test sets as it likes and that keep what they were asked. The eye of its lanes
// is known in closed form: the error ratio at an offset is Q of the distance to the eye's edge.
#pragma once

#include "twin/families.h"
#include "twin/pcie_port/function.h"

#include <array>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

namespace weft::twin::pcie_port {

class SetLink final : public Link {
 public:
  SetLink(std::string path, const LinkPlan& plan) : Link(std::move(path), plan, nullptr) {}
  void on_timer(std::uint32_t /*timer*/) override {}
  void on_message(const Message& message) override {
    if (message.kind == MessageKind::kOwn) {
      const auto ask = static_cast<LinkAsk>(message.sub);
      if (ask == LinkAsk::kPortDisable) {
        set_disabled(End::kA, message.value > 0.5);
      } else if (ask == LinkAsk::kPortReset) {
        hot_reset(End::kA, message.value > 0.5);
      }
    }
  }
  void exchange(Archive& archive) override {
    archive.fields(state.state, state.is_up, state.rate, state.width, counters, calls);
  }
  [[nodiscard]] LinkStatus status() const override { return state; }
  [[nodiscard]] std::uint64_t counter(LinkCounter which, End receiver) const override {
    return counters.at(static_cast<std::size_t>(receiver)).at(static_cast<std::size_t>(which));
  }
  [[nodiscard]] LaneReport lane(const LaneAt& at) const override {
    LaneReport out;
    out.is_active = state.is_up && at.lane < state.width.value();
    out.preset = static_cast<std::uint8_t>(7 - (at.lane & 1U));
    return out;
  }
  [[nodiscard]] phy::lane::Counts lane_counts(const LaneAt& at) const override {
    phy::lane::Counts out;
    out.bit_errors = lane_bit_errors.at(at.lane);
    return out;
  }
  [[nodiscard]] std::uint32_t lanes_with_errors(End /*receiver*/) const override {
    std::uint32_t out = 0;
    for (std::size_t i = 0; i < lane_bit_errors.size(); ++i) {
      out |= lane_bit_errors[i] != 0 ? 1U << i : 0U;
    }
    return out;
  }
  [[nodiscard]] std::span<const TrainingEvent> log() const override { return {}; }
  [[nodiscard]] double error_ratio_at(const LaneAt& at, base::UnitIntervals time,
                                      base::Millivolts voltage) const override {
    asked.push_back(at);
    const double x = (eye_ui - std::abs(time.value())) / sigma_ui;
    const double y = (eye_mv - std::abs(voltage.value())) / sigma_mv;
    return 0.5 * std::erfc(std::min(x, y) / std::sqrt(2.0));
  }
  void retrain(End /*by*/) override { calls.emplace_back("retrain"); }
  void set_target_rate(End /*by*/, base::TransferRate rate) override {
    calls.push_back("rate " + std::to_string(rate.value()));
  }
  void set_target_width(End /*by*/, base::LaneCount lanes) override {
    calls.push_back("width " + std::to_string(lanes.value()));
  }
  void redo_equalisation(End /*by*/) override { calls.emplace_back("equalise"); }
  void set_disabled(End /*by*/, bool is_disabled) override {
    calls.emplace_back(is_disabled ? "disable" : "enable");
    state.is_up = !is_disabled;
  }
  void hot_reset(End /*by*/, bool is_asserted) override {
    calls.emplace_back(is_asserted ? "reset" : "release");
    state.is_up = !is_asserted;
  }
  void set_power(End /*by*/, bool is_powered) override {
    calls.emplace_back(is_powered ? "power on" : "power off");
  }
  void set_aspm(End /*by*/, std::uint8_t mask) override {
    calls.push_back("aspm " + std::to_string(mask));
  }
  void set_lane_enabled(std::uint32_t /*lane*/, bool /*is_enabled*/) override {}
  void set_test_pattern(const LaneAt& /*at*/, bool /*is_on*/) override {}
  void inject_errors(const LaneAt& /*at*/, std::uint64_t bits) override { injected += bits; }

  /// Tells its listeners, as a link does.
  void tell(MessageKind kind, std::uint32_t sub = 0, std::uint32_t source = 0) {
    for (const ActorId id : listeners_) {
      send(id, {.kind = kind, .from = this->id(), .sub = sub, .source = source});
    }
  }
  void bring_up(std::uint64_t mega_transfers, std::uint32_t width) {
    state.state = TrainingState::kL0;
    state.is_up = true;
    state.rate = base::TransferRate(mega_transfers);
    state.width = state.trained_width = base::LaneCount(width);
    state.is_flit = mega_transfers >= 64000;
  }
  void count(LinkCounter which, End receiver, std::uint64_t n) {
    counters.at(static_cast<std::size_t>(receiver)).at(static_cast<std::size_t>(which)) += n;
  }

  LinkStatus state;
  std::array<std::array<std::uint64_t, static_cast<std::size_t>(LinkCounter::kCount_)>, 2>
      counters = {};
  std::array<std::uint64_t, 32> lane_bit_errors = {};
  std::vector<std::string> calls;
  std::uint64_t injected = 0;
  mutable std::vector<LaneAt> asked;
  double eye_ui = 0.25, sigma_ui = 0.01;
  double eye_mv = 40, sigma_mv = 2;
};

/// 00:01.0 root port - 01:00.0 upstream - 02:00.0 and 02:01.0 downstream - 03:00.0 gpu, 04:00.0
/// nvme. Links: 0 to the switch (pcie5 x16), 1 to the gpu (pcie6 x16, two retimers), 2 to the drive
/// (pcie4 x4).
inline std::unique_ptr<Rack> set_rack(WorldOptions options = {}, bool starts = true) {
  auto rack = std::make_unique<Rack>();
  rack->plan = std::make_unique<WorldPlan>();
  fabric::Fabric& fabric = rack->plan->fabric;
  using fabric::DeviceKind;
  const auto device = [&](const char* name, DeviceKind kind) {
    fabric::Device one;
    one.name = name;
    one.kind = kind;
    return *fabric.add(one);
  };
  const auto port = [&](fabric::DeviceId owner, const char* name, const char* protocol,
                        std::uint32_t lanes) {
    fabric::Port one;
    one.device = owner;
    one.name = name;
    one.protocol = *fabric::find_protocol(protocol);
    one.lanes = base::LaneCount(lanes);
    return *fabric.add(one);
  };
  const auto host = device("host0", DeviceKind::kHost);
  const auto sw = device("switch0", DeviceKind::kSwitch);
  const auto gpu = device("gpu0", DeviceKind::kAccelerator);
  const auto drive = device("nvme0", DeviceKind::kStorage);
  fabric.match[gpu].slot = "7";
  const fabric::PortId ends[3][2] = {
      {port(host, "pcie0", "pcie5", 16), port(sw, "up0", "pcie5", 16)},
      {port(sw, "gpu0", "pcie6", 16), port(gpu, "pcie0", "pcie6", 16)},
      {port(sw, "nvme0", "pcie5", 4), port(drive, "pcie0", "pcie4", 4)}};
  const char* protocols[3] = {"pcie5", "pcie6", "pcie4"};
  for (std::size_t i = 0; i < 3; ++i) {
    LinkPlan plan;
    plan.name = "link" + std::to_string(i);
    plan.role = LinkRole::kPcie;
    plan.protocol = *fabric::find_protocol(protocols[i]);
    plan.lanes = base::LaneCount(i == 2 ? 4 : 16);
    plan.a = ends[i][0];
    plan.b = ends[i][1];
    plan.repeaters.resize(i == 1 ? 2 : 0);
    plan.sections.resize(plan.repeaters.size() + 1);
    rack->plan->links.push_back(plan);
  }
  using Role = FunctionPlan::Role;
  MachinePlan machine;
  machine.name = "host0";
  machine.device = host;
  const auto function = [&](fabric::DeviceId owner, fabric::PortId at, const char* address,
                            std::optional<std::size_t> parent, std::size_t link, Role role,
                            std::uint8_t secondary, std::uint8_t subordinate) {
    machine.functions.push_back({.device = owner,
                                 .port = at,
                                 .address = address,
                                 .parent = parent,
                                 .link = link,
                                 .role = role,
                                 .secondary = secondary,
                                 .subordinate = subordinate});
  };
  function(host, ends[0][0], "0000:00:01.0", {}, 0, Role::kRootPort, 1, 4);
  function(sw, ends[0][1], "0000:01:00.0", 0, 0, Role::kUpstream, 2, 4);
  function(sw, ends[1][0], "0000:02:00.0", 1, 1, Role::kDownstream, 3, 3);
  function(sw, ends[2][0], "0000:02:01.0", 1, 2, Role::kDownstream, 4, 4);
  function(gpu, ends[1][1], "0000:03:00.0", 2, 1, Role::kEndpoint, 0, 0);
  function(drive, ends[2][1], "0000:04:00.0", 3, 2, Role::kEndpoint, 0, 0);
  rack->plan->machines.push_back(machine);
  rack->world = std::make_unique<World>(options);
  for (const LinkPlan& plan : rack->plan->links) {
    auto link = std::make_unique<SetLink>("link/" + plan.name, plan);
    rack->links.push_back(link.get());
    static_cast<void>(rack->world->add(std::move(link)));
  }
  rack->machines.resize(1);
  rack->machines[0].plan = &rack->plan->machines[0];
  static_cast<void>(add_pcie_functions(*rack, 0));
  if (starts) {
    rack->world->start();
  }
  return rack;
}

struct SetMachine {
  struct Unborn {};
  explicit SetMachine(Unborn /*tag*/) : rack(set_rack({}, false)) { take_links(); }
  explicit SetMachine(WorldOptions options = {}) : rack(set_rack(options)) {
    take_links();
    for (std::size_t i = 0; i < 3; ++i) {
      links[i]->bring_up(i == 0 ? 32000 : i == 1 ? 64000 : 16000, i == 2 ? 4 : 16);
      links[i]->tell(MessageKind::kLinkUp);
    }
    advance_ms(5);
    for (SetLink* link : links) {
      link->calls.clear();
    }
  }
  void take_links() {
    for (std::size_t i = 0; i < 3; ++i) {
      links[i] = static_cast<SetLink*>(rack->links[i]);
    }
  }
  void advance_ms(std::int64_t ms) { rack->world->advance(base::Duration{ms * 1'000'000}); }
  [[nodiscard]] Function& function(std::size_t i) {
    return *function_of(rack->machines[0].functions.at(i));
  }
  [[nodiscard]] std::uint32_t read(std::size_t i, std::uint16_t offset, std::uint8_t width = 4) {
    return function(i).read(offset, width).value();
  }
  void write(std::size_t i, std::uint16_t offset, std::uint32_t value, std::uint8_t width = 4) {
    static_cast<void>(function(i).write(offset, width, value));
  }
  std::unique_ptr<Rack> rack;
  std::array<SetLink*, 3> links{};
};

enum : std::size_t { kRoot, kUp, kDownGpu, kDownDrive, kGpu, kDrive };

}  // namespace weft::twin::pcie_port
