// SPDX-License-Identifier: Apache-2.0
// An Ethernet or Ultra Ethernet link: auto-negotiation and link training over passive copper
// (clauses 73, 72/92/136), then FEC and PCS lock of each direction by itself, local and remote
// fault (clause 81: who receives nothing good has a local fault and sends remote fault), flaps. It
// never changes its rate. A receiver loses its lock on three consecutive codewords past correction
// (modelled: taken as clause 119's rule), gets none where that would come more than twice a second
// (modelled), and loses it on a lost signal and on any interruption of a contact. High symbol error
// ratio alone does nothing: that rule belongs to decoders that do not mark what they cannot
// correct.
#pragma once

#include "twin/link/link_base.h"

#include <array>
#include <cstdint>

namespace weft::twin {

class EthernetLink final : public LinkBase {
 public:
  EthernetLink(const LinkPlan& plan, std::shared_ptr<Physics> physics);

  [[nodiscard]] LinkStatus status() const override;
  void on_timer(std::uint32_t timer) override;
  void exchange(Archive& archive) override;

  void retrain(End by) override;
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
  void lock();
  void lose_lock(Direction direction, Reason reason);
  void go_down(Reason reason, bool is_told);
  void train(Reason reason);
  [[nodiscard]] bool has_all_signals(Direction direction) const;
  [[nodiscard]] bool can_lock(Direction direction) const;
  [[nodiscard]] bool has_signal_somewhere() const;
  void reckon_losses();
  [[nodiscard]] double loss_rate(Direction direction) const;

  bool is_coded_ = false;
  bool is_trained_copper_ = false;   // auto-negotiation and link training
  std::array<bool, 2> is_locked_{};  // by direction
  std::array<bool, 2> is_disabled_{};
  std::array<CountProcess, 2> losses_;  // of lock, by direction
  std::array<WorldTime, 2> due_ = {kNever, kNever};
};

}  // namespace weft::twin
