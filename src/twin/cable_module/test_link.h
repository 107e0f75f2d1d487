// SPDX-License-Identifier: Apache-2.0
// A link that says what a test wants and remembers what modules told it, and a cable between two
// hosts made with it. Only tests and fuzzers of this folder include it.
#pragma once

#include "fabric/protocol.h"
#include "twin/cable_module/module.h"
#include "twin/world/world.h"

#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace weft::twin::cable_module {

class TestLink final : public Link {
 public:
  using Link::Link;

  [[nodiscard]] LinkStatus status() const override { return shown; }
  [[nodiscard]] std::uint64_t counter(LinkCounter, End) const override { return 0; }
  [[nodiscard]] LaneReport lane(const LaneAt& at) const override {
    const auto it = reports.find(key(at));
    return it == reports.end() ? report : it->second;
  }
  [[nodiscard]] phy::lane::Counts lane_counts(const LaneAt& at) const override {
    phy::lane::Counts counts;
    const double bits = static_cast<double>(now().ns) * 106.25;
    const auto said = lane(at);
    counts.bits = static_cast<std::uint64_t>(bits);
    counts.bit_errors = static_cast<std::uint64_t>(bits * said.reading.ber);
    counts.codewords = counts.bits / 5440;
    counts.uncorrectable = uncorrectable;
    return counts;
  }
  [[nodiscard]] std::uint32_t lanes_with_errors(End) const override { return 0; }
  [[nodiscard]] std::span<const TrainingEvent> log() const override { return {}; }
  [[nodiscard]] double error_ratio_at(const LaneAt&, base::UnitIntervals,
                                      base::Millivolts) const override {
    return 0;
  }
  void retrain(End) override {}
  void set_target_rate(End, base::TransferRate) override {}
  void set_target_width(End, base::LaneCount) override {}
  void redo_equalisation(End) override {}
  void set_disabled(End, bool) override {}
  void hot_reset(End, bool) override {}
  void set_power(End, bool) override {}
  void set_aspm(End, std::uint8_t) override {}
  void set_lane_enabled(std::uint32_t, bool) override {}
  void set_test_pattern(const LaneAt& at, bool is_on) override { patterns[key(at)] = is_on; }
  void inject_errors(const LaneAt&, std::uint64_t) override {}

  void on_timer(std::uint32_t) override {}
  void on_message(const Message& message) override {
    if (message.sub == static_cast<std::uint32_t>(LinkAsk::kRepeaterReady) ||
        message.sub == static_cast<std::uint32_t>(LinkAsk::kPortReady)) {
      ready[message.source] = message.value >= 0.5;
      ++ready_messages;
    } else if (message.sub == static_cast<std::uint32_t>(LinkAsk::kRepeaterHeat)) {
      heat[message.source] = message.value;
    }
  }
  void exchange(Archive& archive) override { archive.fields(ready, heat, ready_messages); }
  /// As a link tells whoever listens.
  void say(MessageKind kind, double value, ActorId to) {
    Message message;
    message.kind = kind;
    message.from = id();
    message.value = value;
    send(to, message);
  }

  using Key = std::tuple<std::uint32_t, bool, std::uint32_t>;
  [[nodiscard]] static Key key(const LaneAt& at) {
    return {at.section, at.direction == fabric::LaneDirection::kTowardDevice, at.lane};
  }

  LinkStatus shown;
  LaneReport report;
  std::map<Key, LaneReport> reports;
  std::map<Key, bool> patterns;
  std::uint64_t uncorrectable = 0;
  std::map<std::uint32_t, bool> ready;
  std::map<std::uint32_t, double> heat;
  std::uint32_t ready_messages = 0;
};

/// A cable of one kind between two hosts: three sections with both ends as repeaters, or one
/// section and modules that the link does not know.
struct TestCable {
  explicit TestCable(fabric::Medium medium = fabric::Medium::kAec, unsigned lanes = 8,
                     bool are_repeaters = true, std::uint64_t seed = 1,
                     std::string_view protocol = "eth-800g-100")
      : world({.seed = seed}) {
    plan.name = "a-b";
    plan.role = LinkRole::kEthernet;
    plan.protocol = *fabric::find_protocol(protocol);
    plan.lanes = base::LaneCount(lanes);
    plan.sections.resize(are_repeaters ? 3 : 1);
    if (are_repeaters) {
      plan.repeaters = {fabric::DeviceId(1), fabric::DeviceId(2)};
    }
    auto made = std::make_unique<TestLink>("link/a-b", plan, nullptr);
    link = made.get();
    link->report.is_active = true;
    link->report.has_lock = true;
    link->report.is_modelled = true;
    link->report.reading.ber = 1e-8;
    link->report.reading.fom = base::Decibel(15);
    link->shown.is_up = true;
    link->shown.state = TrainingState::kL0;
    static_cast<void>(world.add(std::move(made)));
    for (unsigned i = 0; i < 2; ++i) {
      CableModuleSetup setup{.kind = find_kind(medium),
                             .link = link,
                             .end = i == 0 ? End::kA : End::kB,
                             .interface = i == 0 ? "eth0" : "eth1",
                             .part_number = "TEST-CABLE",
                             .serial = i == 0 ? "S0001A" : "S0001B",
                             .lanes = lanes,
                             .length_m = 2.5};
      if (are_repeaters) {
        setup.repeater = i;
      }
      auto module = std::make_unique<CableModule>("module/" + setup.interface, setup);
      (i == 0 ? a : b) = module.get();
      static_cast<void>(world.add(std::move(module)));
    }
    a->set_peer(b);
    b->set_peer(a);
  }
  /// Started and so long that every kind is up.
  void bring_up() {
    world.start();
    world.advance(base::seconds(20));
  }
  [[nodiscard]] base::Bytes read(unsigned page, unsigned offset, unsigned length,
                                 CableModule* module = nullptr, unsigned bank = 0) {
    auto bytes = (module == nullptr ? a : module)
                     ->read({.bank = static_cast<std::uint8_t>(bank),
                             .page = static_cast<std::uint8_t>(page),
                             .offset = static_cast<std::uint8_t>(offset)},
                            static_cast<std::uint8_t>(length));
    return bytes ? *bytes : base::Bytes{};
  }
  [[nodiscard]] unsigned byte(unsigned page, unsigned offset, CableModule* module = nullptr) {
    const auto bytes = read(page, offset, 1, module);
    return bytes.empty() ? 0x100U : bytes[0];
  }
  [[nodiscard]] unsigned word(unsigned page, unsigned offset, CableModule* module = nullptr) {
    const auto bytes = read(page, offset, 2, module);
    return bytes.empty() ? 0x10000U : static_cast<unsigned>(bytes[0] << 8 | bytes[1]);
  }
  bool write(unsigned page, unsigned offset, base::Bytes bytes, CableModule* module = nullptr) {
    return (module == nullptr ? a : module)
        ->write(
            {.page = static_cast<std::uint8_t>(page), .offset = static_cast<std::uint8_t>(offset)},
            bytes)
        .has_value();
  }

  LinkPlan plan;
  World world;
  TestLink* link = nullptr;
  CableModule* a = nullptr;
  CableModule* b = nullptr;
};

}  // namespace weft::twin::cable_module
