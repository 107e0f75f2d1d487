// SPDX-License-Identifier: Apache-2.0
// A link for tests of retimers: whatever the test says, and a record of what it was asked. Only
// tests and fuzzers include it.
#pragma once

#include "twin/link/link.h"
#include "twin/retimer/device.h"
#include "twin/smbus/segment.h"
#include "twin/world/world.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace weft::twin::retimer::test {

inline LinkPlan plan_of_16_lanes() {
  LinkPlan plan;
  plan.name = "gpu0.up-cpu0.down";
  plan.lanes = base::LaneCount(16);
  plan.sections.resize(2);
  plan.repeaters.resize(1);
  return plan;
}

class FakeLink final : public Link {
 public:
  FakeLink(std::string path, const LinkPlan& plan) : Link(std::move(path), plan, nullptr) {
    now_.state = TrainingState::kL0;
    now_.is_up = true;
    now_.rate = base::TransferRate(32000);
    now_.width = now_.trained_width = plan.lanes;
    lane_.is_active = lane_.has_lock = lane_.is_modelled = true;
    lane_.reading.fom = base::Decibel(22);
    lane_.preset = 7;
    lane_.tx_taps = {-0.1, 0.7, -0.2};
    lane_.ctle_gain_db = 5.2;
    lane_.dfe = {base::Millivolts(-12.95), base::Millivolts(3.5), base::Millivolts(-7)};
  }

  LinkStatus status() const override { return now_; }
  std::uint64_t counter(LinkCounter counter, End) const override {
    return counter == LinkCounter::kRecoveries ? recoveries : 0;
  }
  LaneReport lane(const LaneAt& at) const override {
    LaneReport report = lane_;
    // Told apart: each lane its own figure of merit, each direction its own.
    report.reading.fom =
        base::Decibel(report.reading.fom.value() + 0.5 * at.lane +
                      (at.direction == fabric::LaneDirection::kTowardHost ? -2 : 0));
    return report;
  }
  phy::lane::Counts lane_counts(const LaneAt&) const override { return {.bit_errors = bit_errors}; }
  std::uint32_t lanes_with_errors(End) const override { return 0; }
  std::span<const TrainingEvent> log() const override { return events; }
  double error_ratio_at(const LaneAt&, base::UnitIntervals time,
                        base::Millivolts voltage) const override {
    margined = {time.value(), voltage.value()};
    return std::abs(time.value()) > 0.25 || std::abs(voltage.value()) > 60 ? 1e-3 : 0;
  }

  void retrain(End) override { asked += "retrain "; }
  void set_target_rate(End, base::TransferRate rate) override {
    asked += "rate" + std::to_string(rate.value()) + " ";
  }
  void set_target_width(End, base::LaneCount) override {}
  void redo_equalisation(End) override {}
  void set_disabled(End, bool) override {}
  void hot_reset(End, bool) override {}
  void set_power(End, bool) override {}
  void set_aspm(End, std::uint8_t) override {}
  void set_lane_enabled(std::uint32_t, bool) override {}
  void set_test_pattern(const LaneAt& at, bool is_on) override {
    asked += std::string(is_on ? "pattern" : "quiet") + std::to_string(at.section) + "." +
             std::to_string(at.lane) + " ";
  }
  void inject_errors(const LaneAt&, std::uint64_t bits) override { bit_errors += bits; }

  void on_timer(std::uint32_t) override {}
  void on_message(const Message& message) override {
    const auto ask = static_cast<LinkAsk>(message.sub);
    if (message.kind == MessageKind::kOwn && ask == LinkAsk::kRepeaterReady) {
      is_ready = message.value >= 0.5;
    }
    if (message.kind == MessageKind::kOwn && ask == LinkAsk::kRepeaterHeat) {
      heat_cel = message.value;
    }
  }
  void exchange(Archive& archive) override {
    archive.fields(recoveries, bit_errors, is_ready, heat_cel);
  }
  /// As a link tells whoever listens.
  void say(MessageKind kind, ActorId to) {
    Message message;
    message.kind = kind;
    message.from = id();
    message.sub = 1;
    message.value = kind == MessageKind::kLinkUp ? static_cast<double>(recoveries) : 0;
    send(to, message);
  }

  LinkStatus now_;
  LaneReport lane_;
  std::uint64_t recoveries = 0;
  std::uint64_t bit_errors = 0;
  std::vector<TrainingEvent> events;
  std::string asked;
  bool is_ready = true;
  double heat_cel = 0;
  mutable std::pair<double, double> margined;
};

/// A world of one link and one retimer at 0x24.
struct Bench {
  explicit Bench(DeviceOptions options = {}, std::uint64_t seed = 1,
                 const std::string& name = "retimer/r0")
      : world({.seed = seed}), segment("i2c-9") {
    auto made_link = std::make_unique<FakeLink>("link/a", plan);
    link = made_link.get();
    const ActorId link_id = world.add(std::move(made_link)).value();
    options.address = 0x24;
    if (options.links.empty()) {
      options.links = {{.link = link, .id = link_id, .index = 0, .start = 0, .width = 16}};
    }
    auto made = std::make_unique<Device>(name, options);
    device = made.get();
    id = world.add(std::move(made)).value();
    segment.attach(device->target());
    world.start();
    world.advance(base::seconds(0.01));
  }

  /// Bytes written, then bytes read, each message with its own start; one stop at the end.
  base::Bytes wire(const base::Bytes& out, std::size_t in = 0) {
    std::vector<smbus::Message> messages{{.address = 0x24, .bytes = out}};
    if (in != 0) {
      messages.push_back({.address = 0x24, .is_read = true, .bytes = base::Bytes(in)});
    }
    is_acknowledged = segment.transfer(messages).has_value();
    return messages.back().bytes;
  }
  /// As the mainline driver reads: set-up and data in 17-bit format.
  base::Bytes read(std::uint32_t address, std::uint8_t length = 1) {
    wire({0x0A, 0x03, static_cast<std::uint8_t>((length - 1U) << 1U | address >> 16U),
          static_cast<std::uint8_t>(address >> 8), static_cast<std::uint8_t>(address)});
    base::Bytes answer = wire({0x09}, length + std::size_t{1});
    if (answer[0] != length) {
      return base::Bytes(length, 0xEE);  // no answer
    }
    answer.erase(answer.begin());
    return answer;
  }
  void write(std::uint32_t address, const base::Bytes& data) {
    base::Bytes out{0x0F, static_cast<std::uint8_t>(3 + data.size()),
                    static_cast<std::uint8_t>(0x40 | (data.size() - 1) << 1 | address >> 16),
                    static_cast<std::uint8_t>(address >> 8), static_cast<std::uint8_t>(address)};
    out.insert(out.end(), data.begin(), data.end());
    wire(out);
  }
  std::uint8_t sram(std::uint32_t address) {
    const std::uint32_t at = address - 0x10000;
    write(0xD99, {static_cast<std::uint8_t>(at), static_cast<std::uint8_t>(at >> 8),
                  static_cast<std::uint8_t>(at >> 16)});
    write(0xD9D, {0x16});
    return read(0xD9D)[0] == 0 ? read(0xD9C)[0] : std::uint8_t{0xFF};
  }
  /// Where the print structure is; the recovery counts stand 7 bytes behind.
  unsigned print() { return 0x10000U + sram(0x17F84) + (unsigned{sram(0x17F85)} << 8U); }
  std::uint16_t pma(unsigned side, unsigned lane, std::uint16_t reg) {
    const unsigned at = reg + lane % 4 * 0x200;
    write(0xD99, {static_cast<std::uint8_t>(at), static_cast<std::uint8_t>(at >> 8),
                  static_cast<std::uint8_t>(lane / 4 * 4 << 4)});
    write(0xD9D, {static_cast<std::uint8_t>(6 + side)});
    return static_cast<std::uint16_t>(read(0xD9C)[0] | read(0xD9E)[0] << 8);
  }
  void write_pma(unsigned side, unsigned lane, std::uint16_t reg, unsigned value) {
    const unsigned at = reg + lane % 4 * 0x200;
    write(0xD99, {static_cast<std::uint8_t>(at), static_cast<std::uint8_t>(at >> 8),
                  static_cast<std::uint8_t>(lane / 4 * 4 << 4)});
    write(0xD9C, {static_cast<std::uint8_t>(value)});
    write(0xD9E, {static_cast<std::uint8_t>(value >> 8)});
    write(0xD9D, {static_cast<std::uint8_t>(0x0F + side)});
  }
  void set(Quantity quantity, double value, std::uint32_t sub = 0) {
    world.set_quantity(id, quantity, sub, 1, value);
  }
  void set(Quirk quirk) { set(Quantity::kQuirk, 1, static_cast<std::uint32_t>(quirk)); }

  LinkPlan plan = plan_of_16_lanes();
  World world;
  FakeLink* link = nullptr;
  Device* device = nullptr;
  ActorId id = kNobody;
  smbus::Segment segment;
  bool is_acknowledged = true;
};

}  // namespace weft::twin::retimer::test
