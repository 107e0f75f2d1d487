// SPDX-License-Identifier: Apache-2.0
// A link whose training is not public (NVLink, UALink, InfiniBand and others): all modelled. It
// detects, trains for kTraining, and carries data at its one rate on the widest set of lanes that
// its protocol allows. Codewords past FEC, or error events where the lanes have no FEC of their
// own, are replayed where the protocol retries. A receiver without a lock, or three codewords past
// FEC one after the other, send the link into recovery: kRecovery at first, and back to detection
// when no lock can be had.
#pragma once

#include "twin/link/link_base.h"

#include <array>
#include <cstdint>

namespace weft::twin {

class GenericLink final : public LinkBase {
 public:
  GenericLink(const LinkPlan& plan, std::shared_ptr<Physics> physics);

  [[nodiscard]] std::uint64_t counter(LinkCounter counter, End receiver) const override;
  void on_timer(std::uint32_t timer) override;
  void exchange(Archive& archive) override;

  void retrain(End by) override;
  void set_target_width(End by, base::LaneCount width) override;
  void set_disabled(End by, bool is_disabled) override;
  void hot_reset(End by, bool is_asserted) override;

 protected:
  void begin() override;
  [[nodiscard]] bool is_carrying() const override;
  [[nodiscard]] bool is_coded() const override { return is_coded_; }
  void rates_changed() override;
  void signals_changed() override;
  void injected(const LaneAt& at, std::uint64_t bits) override;

 private:
  enum Timer : std::uint32_t { kStep = 1, kLoss };
  void stay(TrainingState state, Reason reason, Duration span);
  void step();
  void come_up();
  void go_down(Reason reason, bool is_told);
  void recover(Reason reason);
  [[nodiscard]] LaneMask mask_possible() const;
  [[nodiscard]] double losses_per_s() const;
  [[nodiscard]] bool retries() const;

  bool is_coded_ = false;
  std::array<std::uint32_t, 2> target_width_{};
  std::array<bool, 2> is_disabled_{};
  CountProcess losses_;
};

}  // namespace weft::twin
