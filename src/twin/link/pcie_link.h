// SPDX-License-Identifier: Apache-2.0
// A PCIe or CXL link: the LTSSM of PCIe Base 4.2 as far as software, retimers and logs can tell its
// states apart, with speed change, equalisation in phases, width and speed downgrade, ASPM, L0p,
// hot reset, disable and surprise down. Each state has a time after which it is decided where to
// go; between, and in L0, nothing happens by itself. pcie_training.cpp holds the decisions, its
// times their sources; pcie_rates.h what errors do.
//
// A rate is given up (modelled: ports differ in how they do it) when a receiver finds no lock
// within Recovery.RcvrLock's 24 ms, or when kRecoveriesMost recoveries came within a second. The
// link stays at the lower rate until it is trained again from Detect, or software retrains it.
#pragma once

#include "twin/link/link_base.h"

#include <array>
#include <cstdint>
#include <optional>

namespace weft::twin {

class PcieLink final : public LinkBase {
 public:
  PcieLink(const LinkPlan& plan, std::shared_ptr<Physics> physics);

  void on_timer(std::uint32_t timer) override;
  void exchange(Archive& archive) override;

  void retrain(End by) override;
  void set_target_rate(End by, base::TransferRate rate) override;
  void set_target_width(End by, base::LaneCount width) override;
  void redo_equalisation(End by) override;
  void set_disabled(End by, bool is_disabled) override;
  void hot_reset(End by, bool is_asserted) override;
  void set_aspm(End by, std::uint8_t mask) override;

  static constexpr std::uint64_t kRecoveriesMost = 16;
  /// Error ratio above which training sequences are not recognised in time (modelled): NRZ, PAM4.
  static constexpr double kLockNrz = 1e-5;
  static constexpr double kLockPam4 = 1e-3;

 protected:
  void begin() override;
  [[nodiscard]] bool is_carrying() const override;
  [[nodiscard]] bool is_coded() const override { return false; }
  void rates_changed() override;
  void signals_changed() override;
  void injected(const LaneAt& at, std::uint64_t bits) override;

 private:
  enum Timer : std::uint32_t { kStep = 1, kWindow, kContact, kIdle };
  /// Why the present pass through Recovery is made.
  enum class Errand : std::uint8_t { kNone, kSpeed, kEqualise, kWidth, kLost, kReset };

  void step();
  void step_detect();
  void step_recovery_lock();
  void step_recovery_configuration();
  void step_configuration();
  void arrive();
  void stay(TrainingState state, Reason reason);
  void recover(Errand errand, Reason reason);
  void change_rate(std::size_t rate, Reason reason);
  void go_down(Reason reason, bool is_told);
  void leave_rate(Reason reason);
  [[nodiscard]] Duration dwell(TrainingState state) const;
  [[nodiscard]] std::size_t wanted_rate() const;
  [[nodiscard]] std::optional<Reason> lock_problem() const;
  struct Shape {
    LaneMask mask;
    std::uint32_t width = 0;
    bool is_reversed = false;
  };
  [[nodiscard]] Shape shape() const;
  void take_shape(const Shape& shape);
  void take_rate(std::size_t rate);
  /// On the way up: a rate that will be left at once is taken to hold. A rate at which the link
  /// stays is judged by its physics.
  [[nodiscard]] bool is_passing() const;
  void watch();
  void look_for_idle();
  void set_link_rates(End receiver);
  [[nodiscard]] bool is_in_recovery() const;
  [[nodiscard]] double recoveries_per_s() const;
  [[nodiscard]] fabric::ProtocolId protocol_of(std::size_t rate) const;
  void announce();

  std::size_t rate_ = 0;       // index in the rates, 0 is 2.5 GT/s
  std::size_t rate_most_ = 0;  // of the plan
  std::size_t rate_cap_ = 0;   // below what was given up
  std::size_t next_rate_ = 0;  // of a speed change under way
  std::array<std::size_t, 2> target_{};
  std::array<std::uint32_t, 2> target_width_{};
  std::array<std::uint8_t, 2> aspm_{};
  std::array<bool, 2> is_disabled_{};
  std::array<bool, 2> is_reset_{};
  std::uint32_t equalised_ = 0;  // bit n: at rate n, since Detect
  Errand errand_ = Errand::kNone;
  bool is_announced_ = false;
  base::TransferRate announced_rate_;
  std::uint32_t announced_width_ = 0;
  std::uint64_t recoveries_then_ = 0;  // at the start of the window
  CountProcess contacts_;              // openings long enough to lose the link
};

}  // namespace weft::twin
