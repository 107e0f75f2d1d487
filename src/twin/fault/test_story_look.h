// SPDX-License-Identifier: Apache-2.0
// Looks at a story's rack. Lanes and links are looked at where ports' registers take their numbers
// from; light, heat and firmware where clients do: in CMIS memory (OIF-CMIS-05.2 8.2.4, 8.9) and
// over SMBus (public facts of the PT5161L). Only tests include it.
#pragma once

#include "twin/cable_module/module.h"
#include "twin/enclosure/enclosure.h"
#include "twin/fault/test_story.h"
#include "twin/machine.h"
#include "twin/retimer/device.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace weft::twin::story {

/// Looks at a rack as ports, clients and thermometers do.
class Looker {
 public:
  explicit Looker(Rack& rack) : rack_(rack) {}

  /// Nothing for a lane's reading at another rate than planned.
  [[nodiscard]] std::optional<double> value(const Sign& sign) {
    switch (sign.what) {
      case What::kFomLower:
      case What::kEyeLower:
      case What::kEyeNarrower:
      case What::kEyeFlatter:
      case What::kErrorRatio:
      case What::kTapsMoved:
      case What::kNoLock:
      case What::kSkew:
      case What::kRail:
        return of_lane(sign.what, link(sign.spot.of), sign.spot.at);
      case What::kLaneErrors:
        return static_cast<double>(link(sign.spot.of).lane_counts(sign.spot.at).bit_errors);
      case What::kLanePastFec:
        return static_cast<double>(link(sign.spot.of).lane_counts(sign.spot.at).uncorrectable);
      case What::kReceiverErrors:
      case What::kBadPackets:
      case What::kRecoveries:
      case What::kLinkDowns:
      case What::kBlockErrors:
      case What::kPastFec:
        return of_end(sign.what, link(sign.spot.of), sign.spot.end);
      case What::kAer:
        return aer(sign.spot);
      case What::kNarrower:
      case What::kSlower:
      case What::kDown:
        return of_link(sign.what, link(sign.spot.of));
      case What::kReceivedLess:
      case What::kSentLess:
      case What::kBiasHigher:
      case What::kCaseHotter:
      case What::kCaseWrong:
      case What::kNoLight:
      case What::kChecksum:
        return of_module(sign.what, sign.spot);
      case What::kDieHotter:
      case What::kDieWrong:
      case What::kStandsStill:
      case What::kRecoveryCount:
        return of_retimer(sign.what);
      case What::kAir:
        return enclosure().air().value();
    }
    return 0;
  }

 private:
  [[nodiscard]] Link& link(std::string_view name) const {
    const auto found = std::ranges::find_if(
        rack_.links, [&](const Link* each) { return each->plan().name == name; });
    EXPECT_NE(found, rack_.links.end()) << name;
    return **found;
  }

  static std::optional<double> of_lane(What what, const Link& on, const LaneAt& at) {
    const LaneReport report = on.lane(at);
    const bool is_reading = what != What::kNoLock && what != What::kSkew && what != What::kRail;
    const auto planned = fabric::protocol(on.plan().protocol).lane_rate;
    if (is_reading && (!report.is_modelled || on.status().rate != planned)) {
      return std::nullopt;
    }
    switch (what) {
      case What::kFomLower:
        return -report.reading.fom.value();
      case What::kEyeLower:
        return -report.reading.eye_height.value();
      case What::kEyeNarrower:
        return -report.reading.eye_width.value();
      case What::kEyeFlatter: {
        const double width = report.reading.eye_width.value();
        const double height = report.reading.eye_height.value();
        return width > 0 && height > 0 ? std::optional(std::log(width / height)) : std::nullopt;
      }
      case What::kErrorRatio:
        return report.reading.log10_ber;
      case What::kTapsMoved:
        return report.dfe.empty() ? 0 : -std::abs(report.dfe.front().value());
      case What::kNoLock:
        return report.has_lock ? 0 : 1;
      case What::kSkew:
        return report.skew.value();
      default:
        return report.state.supply_noise.value();
    }
  }

  static double of_end(What what, const Link& at, End end) {
    const auto count = [&](LinkCounter counter) {
      return static_cast<double>(at.counter(counter, end));
    };
    switch (what) {
      case What::kReceiverErrors:
        return count(LinkCounter::kReceiverErrors);
      case What::kBadPackets:
        return count(LinkCounter::kBadTlp) + count(LinkCounter::kBadDllp);
      case What::kRecoveries:
        return count(LinkCounter::kRecoveries);
      case What::kLinkDowns:
        return count(LinkCounter::kLinkDowns);
      case What::kPastFec:
        return count(LinkCounter::kFlitUncorrected);
      default:
        return count(LinkCounter::kBlockErrors);
    }
  }

  static double of_link(What what, const Link& at) {
    const LinkStatus status = at.status();
    if (what == What::kDown) {
      return status.is_up ? 0 : 1;
    }
    if (what == What::kNarrower) {
      return -static_cast<double>(status.trained_width.value());
    }
    return -static_cast<double>(status.rate.value());
  }

  /// Receiver error, bad TLP and bad DLLP (PCIe Base 7.8.4.5) of the function at this end.
  [[nodiscard]] double aer(const Spot& spot) const {
    constexpr std::uint32_t kOfReceivers = 0xC1;
    const Machine& machine = rack_.machines[0];
    for (std::size_t i = 0; i < machine.functions.size(); ++i) {
      const FunctionPlan& plan = machine.plan->functions[i];
      const bool is_end_a = plan.role == FunctionPlan::Role::kRootPort;
      if (!plan.link || rack_.plan->links[*plan.link].name != spot.of ||
          is_end_a != (spot.end == End::kA)) {
        continue;
      }
      bus::ConfigSpace& config = *machine.functions[i];
      for (std::uint32_t at = 0x100; at != 0;) {
        const std::uint32_t head = config.read(static_cast<std::uint16_t>(at), 4).value_or(0);
        if ((head & 0xFFFF) == 1) {
          const auto status = config.read(static_cast<std::uint16_t>(at + 0x10), 4).value_or(0);
          return std::popcount(status & kOfReceivers);
        }
        at = head >> 20;
      }
    }
    ADD_FAILURE() << "no function with AER on " << spot.of;
    return 0;
  }

  // ---- modules: places of OIF-CMIS-05.2
  [[nodiscard]] double word(bus::ModuleMemory& memory, std::uint8_t page, unsigned offset) const {
    const auto bytes =
        memory.read({.bank = 0, .page = page, .offset = static_cast<std::uint8_t>(offset)}, 2);
    EXPECT_TRUE(bytes) << (bytes ? "" : bytes.error().text());
    return bytes ? static_cast<double>((*bytes)[0] << 8 | (*bytes)[1]) : 0;
  }

  [[nodiscard]] bus::ModuleMemory& memory_of(const Spot& spot) const {
    for (const Machine& machine : rack_.machines) {
      for (const ModulePlan& plan : machine.plan->modules) {
        if (rack_.plan->links[plan.link].name == spot.of &&
            plan.is_end_a == (spot.end == End::kA)) {
          return *machine.modules.at(plan.interface);
        }
      }
    }
    ADD_FAILURE() << "no module of " << spot.of;
    std::abort();
  }

  [[nodiscard]] double of_module(What what, const Spot& spot) const {
    constexpr double kTenthMicrowatt = 1e-4;  // mW
    bus::ModuleMemory& memory = memory_of(spot);
    const unsigned at = 2 * spot.at.lane;
    const auto power = [&](unsigned offset) {
      return -10 * std::log10(std::max(word(memory, 0x11, offset + at), 0.1) * kTenthMicrowatt);
    };
    const auto celsius = [&] { return static_cast<std::int16_t>(word(memory, 0, 14)) / 256.0; };
    switch (what) {
      case What::kSentLess:
        return power(154);
      case What::kReceivedLess:
        return power(186);
      case What::kBiasHigher:
        return word(memory, 0x11, 170 + at) * 2e-3;  // mA
      case What::kCaseHotter:
        return celsius();
      case What::kCaseWrong:
        return celsius() - dynamic_cast<CableModule&>(memory).case_temperature().value();
      case What::kNoLight: {
        const auto flags = memory.read({.bank = 0, .page = 0x11, .offset = 147}, 1);
        return flags ? (*flags)[0] >> spot.at.lane & 1 : 0;
      }
      default: {
        const auto page = memory.read({.bank = 0, .page = 0, .offset = 128}, 95);
        const auto sum = std::accumulate(page->begin(), page->end() - 1, 0U) & 0xFF;
        return sum == page->back() ? 0 : 1;
      }
    }
  }

  // ---- the retimer, as the mainline driver asks: set-up, then data, in 17-bit format
  base::Bytes wire(const base::Bytes& out, std::size_t in = 0) {
    const SmbusPlan& plan = rack_.machines[0].plan->retimers.at(0);
    std::vector<smbus::Message> messages{{.address = plan.address, .bytes = out}};
    if (in != 0) {
      messages.push_back({.address = plan.address, .is_read = true, .bytes = base::Bytes(in)});
    }
    const auto done = rack_.machines[0].segments.at(plan.segment)->transfer(messages);
    EXPECT_TRUE(done) << (done ? "" : done.error().text());
    return messages.back().bytes;
  }
  base::Bytes registers(std::uint32_t address, std::uint8_t length) {
    wire({0x0A, 0x03, static_cast<std::uint8_t>((length - 1U) << 1U | address >> 16U),
          static_cast<std::uint8_t>(address >> 8), static_cast<std::uint8_t>(address)});
    auto answer = wire({0x09}, length + std::size_t{1});
    answer.erase(answer.begin());
    return answer;
  }
  void assist(std::uint32_t address, std::uint8_t command, std::uint32_t mailbox) {
    wire({0x0F, 0x06, 0x44, 0x0D, static_cast<std::uint8_t>(mailbox),
          static_cast<std::uint8_t>(address), static_cast<std::uint8_t>(address >> 8),
          static_cast<std::uint8_t>(address >> 16)});
    wire({0x0F, 0x04, 0x40, 0x0D, 0x9D, command});
  }
  std::uint8_t sram(std::uint32_t address) {
    assist(address - 0x10000, 0x16, 0x99);
    return registers(0xD9C, 1)[0];
  }

  [[nodiscard]] double of_retimer(What what) {
    const SmbusPlan& plan = rack_.machines[0].plan->retimers.at(0);
    const ActorId id = rack_.actors_of.at(plan.retimer).front();
    const auto& device = dynamic_cast<const retimer::Device&>(*rack_.world->actors().at(id));
    switch (what) {
      case What::kStandsStill: {
        const std::uint8_t now = registers(0x923, 1)[0];
        const bool stands = heartbeat_ && now == *heartbeat_;
        heartbeat_ = now;
        return stands ? 1 : 0;
      }
      case What::kRecoveryCount: {
        const unsigned print = 0x10000U + sram(0x17F84) + (unsigned{sram(0x17F85)} << 8U);
        return sram(print + 7);
      }
      default: {
        assist(0x42C, 0x1F, 0x9F);
        const auto code = registers(0xDA2, 4);
        const auto adc = static_cast<std::uint32_t>(code[0] | code[1] << 8);
        const double celsius =
            110 - 0.32 * (static_cast<double>(adc) - (84 + 250));  // without fuses
        return what == What::kDieHotter ? celsius : celsius - device.junction().value();
      }
    }
  }

  [[nodiscard]] Enclosure& enclosure() const {
    return dynamic_cast<Enclosure&>(
        *rack_.world->find("enclosure/" + rack_.machines[0].plan->name));
  }

  Rack& rack_;
  std::optional<std::uint8_t> heartbeat_;
};

}  // namespace weft::twin::story
