// SPDX-License-Identifier: Apache-2.0
// Lane Margining through the registers, as a client speaks it (PCIe Base 8.4.4, encodings as
// pciutils' and OCP's public clients send them), against an eye known in closed form.
#include "twin/pcie_port/test_hierarchy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weft::twin::pcie_port {
namespace {

constexpr std::uint32_t command(std::uint32_t payload, std::uint32_t type, std::uint32_t receiver) {
  return payload << 8 | type << 3 | receiver;
}

struct Port {
  SetMachine& machine;
  std::size_t function;
  std::uint16_t at() const { return machine.function(function).layout().margining; }
  void send(std::uint32_t lane, std::uint32_t value) const {
    machine.write(function, static_cast<std::uint16_t>(at() + 8 + 4 * lane), value, 2);
  }
  std::uint32_t status(std::uint32_t lane) const {
    return machine.read(function, static_cast<std::uint16_t>(at() + 10 + 4 * lane), 2);
  }
  std::uint32_t ask(std::uint32_t lane, std::uint32_t value) const {
    send(lane, 0x9C38);
    send(lane, value);
    machine.advance_ms(1);
    return status(lane);
  }
};

TEST(PcieMargining, ReportsWhatEachReceiverCan) {
  SetMachine machine;
  const Port down{machine, kDownGpu};
  EXPECT_EQ(machine.read(kDownGpu, down.at() + 6, 2), 1U) << "Margining Ready";
  EXPECT_EQ(machine.read(kDownGpu, down.at() + 8, 2), 0x9C38U) << "No Command after reset";
  EXPECT_EQ(down.status(0), 0U);
  EXPECT_EQ(down.ask(0, command(0x88, 1, 1)), command(0x1F, 1, 1));
  EXPECT_EQ(down.ask(0, command(0x8A, 1, 1)), command(20, 1, 1));
  EXPECT_EQ(down.ask(3, command(0x8A, 1, 4)), command(14, 1, 4)) << "second retimer";
  EXPECT_EQ(down.ask(3, command(0x89, 1, 5)), command(108, 1, 5));
  EXPECT_EQ(down.ask(0, command(0x8D, 1, 2)), command(31, 1, 2));
  EXPECT_EQ(down.ask(0, command(0x90, 1, 2)), command(15, 1, 2));
  EXPECT_EQ(down.ask(0, command(0x10, 1, 2)), command(0, 1, 2)) << "a retimer's register";
  EXPECT_EQ(down.ask(0, 0x9C38), 0x9C38U);
  EXPECT_EQ(down.ask(0, command(0x88, 1, 6)), 0x9C38U) << "F is the upstream port's";
  const Port up{machine, kGpu};
  EXPECT_EQ(up.ask(0, command(0x8A, 1, 6)), command(20, 1, 6));
  EXPECT_NE(up.ask(0, command(0x8A, 1, 1)), command(20, 1, 1));
  const Port plain{machine, kDownDrive};
  EXPECT_NE(plain.ask(0, command(0x8A, 1, 2)), command(14, 1, 2)) << "no retimer there";
}

TEST(PcieMargining, AStepSetsUpCountsAndEnds) {
  SetMachine machine;
  const Port port{machine, kDownDrive};
  // 25 % UI, sigma 1 %: 10 steps of 2 % give 1e-6 or so: some 1e4 errors a second at 16 GT/s.
  machine.links[2]->eye_ui = 0.25;
  port.send(0, command(0xC0 | 63, 2, 1));
  machine.advance_ms(1);
  EXPECT_EQ(port.status(0), command(0xC0 | 63, 2, 1));
  port.send(0, command(10, 3, 1));
  machine.advance_ms(1);
  EXPECT_EQ(port.status(0), command(1 << 6, 3, 1)) << "set-up";
  std::uint32_t last = 0;
  for (int i = 0; i < 20; ++i) {
    machine.rack->world->advance(base::Duration{200'000});
    const std::uint32_t status = port.status(0) >> 8;
    if (status >> 6 == 1) {
      continue;
    }
    ASSERT_TRUE(status >> 6 == 2 || status == 63 || status == 64) << status;
    EXPECT_EQ(port.status(0) >> 8, status) << "looking changed it";
    if (status >> 6 == 2) {
      EXPECT_GE(status & 63, last);
      last = status & 63;
    }
  }
  machine.advance_ms(100);
  EXPECT_EQ(port.status(0) >> 14, 0U) << "too many errors";
  EXPECT_EQ(port.ask(0, command(0x0F, 2, 1)), command(0x0F, 2, 1));
  EXPECT_EQ(machine.links[2]->injected, 0U) << "an independent sampler disturbs nothing";
}

TEST(PcieMargining, FindsTheEdgeOfAnEyeKnownInClosedForm) {
  SetMachine machine;
  const Port port{machine, kDownDrive};
  machine.links[2]->eye_ui = 0.20;
  machine.links[2]->sigma_ui = 0.002;
  machine.links[2]->eye_mv = 31;
  machine.links[2]->sigma_mv = 0.3;
  const auto passes = [&](std::uint32_t type, std::uint32_t payload) {
    port.ask(1, command(0x0F, 2, 1));
    port.send(1, command(payload, type, 1));
    machine.advance_ms(50);
    return port.status(1) >> 14 == 2;
  };
  const auto edge = [&](std::uint32_t type, std::uint32_t side, std::uint32_t steps) {
    std::uint32_t last = 0;
    while (last < steps && passes(type, side | (last + 1))) {
      ++last;
    }
    return last;
  };
  // 2 % UI a step: errors at 9.5 steps or beyond; 2 mV a step: at 15.5. With Q at 5e7 bits a pass
  // is 5 sigma inside: 0.19 UI and 29.5 mV.
  EXPECT_EQ(edge(3, 0, 20), 9U);
  EXPECT_EQ(edge(3, 0x40, 20), 9U);
  EXPECT_EQ(edge(4, 0, 50), 14U);
  EXPECT_EQ(edge(4, 0x80, 50), 14U);
}

TEST(PcieMargining, RefusesWhatItCannotDo) {
  SetMachine machine;
  const Port port{machine, kDownDrive};
  EXPECT_EQ(port.ask(0, command(21, 3, 1)) >> 14, 3U) << "beyond 20 steps";
  EXPECT_EQ(port.ask(0, command(20, 3, 1)) >> 14, 1U);
  machine.links[2]->state.state = TrainingState::kRecoveryLock;
  EXPECT_EQ(port.ask(0, command(5, 3, 1)) >> 14, 3U) << "not in L0";
  machine.links[2]->bring_up(8000, 4);
  EXPECT_EQ(machine.read(kDownDrive, port.at() + 6, 2), 0U);
  EXPECT_EQ(port.ask(0, command(5, 3, 1)) >> 14, 3U) << "8 GT/s";
  port.send(0, 0x9C38);
  machine.advance_ms(1);
  EXPECT_EQ(port.ask(0, command(0x88, 1, 1)), 0x9C38U) << "no answer at 8 GT/s";
  machine.links[2]->bring_up(16000, 4);
  machine.links[2]->tell(MessageKind::kLinkDown);
  machine.advance_ms(2);
  EXPECT_EQ(machine.read(kDownDrive, port.at() + 8, 4), 0x9C38U) << "defaults after DL_Down";
}

TEST(PcieMargining, MarginsTheLaneAndSectionThatTheReceiverNames) {
  SetMachine machine;
  const Port port{machine, kDownGpu};
  auto& asked = machine.links[1]->asked;
  const auto place = [&](std::uint32_t receiver) {
    asked.clear();
    port.ask(5, command(3, 3, receiver));
    return asked.empty() ? LaneAt{.section = 99} : asked.front();
  };
  using fabric::LaneDirection;
  const struct {
    std::uint32_t receiver, section;
    LaneDirection direction;
  } rows[] = {{1, 0, LaneDirection::kTowardHost},
              {2, 0, LaneDirection::kTowardDevice},
              {3, 1, LaneDirection::kTowardHost},
              {4, 1, LaneDirection::kTowardDevice},
              {5, 2, LaneDirection::kTowardHost}};
  for (const auto& row : rows) {
    const LaneAt at = place(row.receiver);
    EXPECT_EQ(at.section, row.section) << row.receiver;
    EXPECT_EQ(at.direction, row.direction) << row.receiver;
    EXPECT_EQ(at.lane, 5U);
  }
  asked.clear();
  Port{machine, kGpu}.ask(2, command(3, 3, 6));
  ASSERT_FALSE(asked.empty());
  EXPECT_EQ(asked.front().section, 2U);
  EXPECT_EQ(asked.front().direction, LaneDirection::kTowardDevice);
}

TEST(PcieMargining, ASharedSamplerPutsItsErrorsOnTheTraffic) {
  SetMachine machine;
  machine.function(kDownDrive).margining().ability(1).has_independent_sampler = false;
  const Port port{machine, kDownDrive};
  EXPECT_EQ(port.ask(0, command(0x88, 1, 1)) >> 8 & 0x10, 0U);
  port.send(0, command(20, 3, 1));
  machine.advance_ms(20);
  port.ask(0, command(0x0F, 2, 1));
  EXPECT_GT(machine.links[2]->injected, 0U);
}

}  // namespace
}  // namespace weft::twin::pcie_port
