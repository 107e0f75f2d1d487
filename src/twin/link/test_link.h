// SPDX-License-Identifier: Apache-2.0
// One link in a world of its own, for tests of links: with fake lane models, and a listener that
// keeps what it is told. Only tests and benches include it.
#pragma once

#include "twin/link/fake_physics.h"
#include "twin/link/link.h"
#include "twin/world/test_actors.h"
#include "twin/world/world.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::twin {

struct TestLinkOptions {
  std::string_view protocol = "pcie5";
  std::uint32_t lanes = 16;
  std::size_t sections = 1;
  std::uint64_t seed = 1;
  bool is_optical = false;
  double quantile = 9;
  double quantile_pam4 = 6;
};

/// What a device hears of its link.
class Listener final : public Actor {
 public:
  using Actor::Actor;
  void on_timer(std::uint32_t timer) override { static_cast<void>(timer); }
  void on_message(const Message& message) override { heard.push_back(message); }
  void exchange(Archive& archive) override { archive.field(heard); }
  [[nodiscard]] std::size_t count(MessageKind kind) const {
    return static_cast<std::size_t>(std::count_if(
        heard.begin(), heard.end(), [&](const Message& m) { return m.kind == kind; }));
  }
  std::vector<Message> heard;
};

template <class Kind>
class TestLink {
 public:
  explicit TestLink(const TestLinkOptions& options = {}, bool is_started = true)
      : physics(std::make_shared<FakePhysics>()), world({.seed = options.seed}) {
    physics->quantile = options.quantile;
    physics->quantile_pam4 = options.quantile_pam4;
    plan.name = "test";
    plan.protocol = fabric::find_protocol(options.protocol).value();
    plan.lanes = base::LaneCount(options.lanes);
    plan.a = fabric::PortId(1);
    plan.b = fabric::PortId(2);
    plan.sections.resize(options.sections);
    for (SectionPlan& section : plan.sections) {
      section.is_optical = options.is_optical;
    }
    plan.repeaters.resize(options.sections - 1);
    auto made = std::make_unique<Kind>(plan, physics);
    link = made.get();
    auto heard = std::make_unique<Listener>("listener");
    listener = heard.get();
    static_cast<void>(world.add(std::move(made)));
    static_cast<void>(world.add(std::move(heard)));
    link->listen(listener->id());
    if (is_started) {
      world.start();
    }
  }

  void run_ms(std::int64_t ms) { world.advance(Duration{ms * 1'000'000}); }
  void run_s(std::int64_t s) { run_ms(1000 * s); }
  void set(Quantity quantity, double value, const LaneAt& at = {}) {
    world.set_quantity(link->id(), quantity, sub_of(at), 7, value);
  }
  /// On every lane of a direction in a section.
  void set_all(Quantity quantity, double value, std::uint32_t section,
               fabric::LaneDirection direction) {
    for (std::uint32_t lane = 0; lane < plan.lanes.value(); ++lane) {
      set(quantity, value, {section, direction, lane});
    }
  }
  void clear(Quantity quantity, const LaneAt& at = {}) {
    world.set_quantity(link->id(), quantity, sub_of(at), 7, std::nullopt);
  }
  void tell(LinkAsk ask, std::uint32_t source, double value) {
    link->on_message({.kind = MessageKind::kOwn,
                      .sub = static_cast<std::uint32_t>(ask),
                      .source = source,
                      .value = value});
  }
  [[nodiscard]] std::vector<TrainingState> states() const {
    std::vector<TrainingState> all;
    for (const TrainingEvent& event : link->log()) {
      all.push_back(event.to);
    }
    return all;
  }
  [[nodiscard]] std::uint64_t counter(LinkCounter counter, End end) const {
    return link->counter(counter, end);
  }

  std::shared_ptr<FakePhysics> physics;
  LinkPlan plan;
  World world;
  Kind* link = nullptr;
  Listener* listener = nullptr;

 private:
  static std::uint32_t sub_of(const LaneAt& at) {
    return lane_sub(at.section, static_cast<std::uint32_t>(at.direction), at.lane);
  }
};

}  // namespace weft::twin
