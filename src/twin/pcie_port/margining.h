// SPDX-License-Identifier: Apache-2.0
// Lane Margining at the Receiver as one port answers it: the lane control and status registers of
// capability 27h (PCIe Base 7.7.10) and the commands behind them (4.2.18, 8.4.4). A downstream
// port's registers reach its own receiver (1, A) and the retimers' pseudo ports (2 to 5, B to E);
// an upstream port's its own (6, F). A step takes time: nothing heard yet, set-up, in progress with
// a growing error count, or too many errors. Errors are a Poisson process at the ratio that the
// link gives for that offset when the step begins; what the eye does during one dwell is left out.
#pragma once

#include "twin/link/link.h"
#include "twin/world/count_process.h"

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

namespace weft::twin::pcie_port {

/// Margin Type, 8.4.4 table "Margin Commands".
enum class MarginType : std::uint8_t {
  kReport = 1,  ///< or access to a retimer's register
  kSet = 2,     ///< error count limit, normal settings, clear log
  kStepTiming = 3,
  kStepVoltage = 4,
  kNone = 7,
};
inline constexpr std::uint16_t kNoCommand = 0x9C38;

/// What a receiver can do; the defaults are a port's, modelled within the ranges of 8.4.4.
struct MarginAbility {
  std::uint8_t timing_steps = 20;            ///< M_NumTimingSteps, 6 to 63
  std::uint8_t timing_offset_percent = 40;   ///< M_MaxTimingOffset, of a UI, 20 to 50
  std::uint8_t voltage_steps = 50;           ///< M_NumVoltageSteps, 32 to 127
  std::uint8_t voltage_offset_percent = 10;  ///< M_MaxVoltageOffset, of 1 V, 5 to 50
  std::uint8_t sampling_rate = 63;           ///< bits sampled: (n + 1) of 64
  std::uint8_t max_lanes = 7;                ///< lanes at once, less one
  bool has_voltage = true;
  bool is_up_down = true;               ///< M_IndUpDownVoltage
  bool is_left_right = true;            ///< M_IndLeftRightTiming
  bool has_independent_sampler = true;  ///< M_IndErrorSampler: traffic is not disturbed
};
/// As documented for PT5161L: 14 steps to 40 % UI, 108 steps to 20 % of 1 V.
[[nodiscard]] MarginAbility retimer_ability();

class Margining {
 public:
  /// Of the port at `end`; `link` may be null (then nothing answers).
  Margining(Link* link, End end, std::uint32_t lanes);

  [[nodiscard]] bool is_ready() const;  ///< Margining Ready: 16 GT/s or more, link up
  [[nodiscard]] std::uint16_t control(std::uint32_t lane) const { return lanes_[lane].control; }
  [[nodiscard]] std::uint16_t status(std::uint32_t lane, WorldTime now) const;
  /// Software wrote the lane's control register. `stream` seeds what this step will draw.
  void command(std::uint32_t lane, std::uint16_t value, WorldTime now, std::uint64_t stream);
  /// DL_Down, reset: registers to their defaults.
  void reset();
  /// By receiver number, 1 to 6.
  [[nodiscard]] MarginAbility& ability(std::uint8_t receiver) { return abilities_[receiver]; }
  void exchange(Archive& archive);

 private:
  struct Step {
    std::uint8_t receiver = 0;
    bool is_refused = false;
    WorldTime begins;  ///< errors count from here; set-up before
    std::uint64_t rate_mt = 0;
    CountProcess errors;
    void exchange(Archive& archive) {
      archive.fields(receiver, is_refused, begins, rate_mt, errors);
    }
  };
  struct Lane {
    std::uint16_t control = kNoCommand;
    std::uint16_t before = 0;  ///< what status shows until `answers_at`
    std::uint16_t answer = 0;  ///< and from then on, but for steps
    WorldTime answers_at;
    std::optional<Step> step;
    std::array<std::uint8_t, 7> limits = {4, 4, 4, 4, 4, 4, 4};
    void exchange(Archive& archive) {
      archive.fields(control, before, answer, answers_at, step, limits);
    }
  };
  [[nodiscard]] bool reaches(std::uint8_t receiver) const;
  [[nodiscard]] LaneAt place(std::uint8_t receiver, std::uint32_t lane) const;
  [[nodiscard]] std::optional<std::uint8_t> report(std::uint8_t receiver,
                                                   std::uint8_t payload) const;
  [[nodiscard]] std::optional<std::uint8_t> set(Lane& lane, std::uint8_t receiver,
                                                std::uint8_t payload);
  [[nodiscard]] std::uint8_t step_payload(const Lane& lane, const Step& step, WorldTime now) const;
  void begin_step(std::uint32_t lane, std::uint16_t value, WorldTime now, std::uint64_t stream);
  void end_step(std::uint32_t lane, WorldTime now);
  [[nodiscard]] std::uint32_t steps_running(std::uint8_t receiver) const;

  Link* link_;
  End end_;
  std::vector<Lane> lanes_;
  std::array<MarginAbility, 7> abilities_;
};

}  // namespace weft::twin::pcie_port
