// SPDX-License-Identifier: Apache-2.0
// What PCIe, Ethernet and generic links have in common: receivers of every section, direction and
// lane with their physical state and counters; happenings of the link as Poisson processes and the
// counters that each feeds; the log; test patterns; margins. Derived classes train and decide what
// an error does.
//
// A lane's state is its small manufacturing spread (normal, cut at 3 sigma: loss 0.25 dB, jitter
// 3 %, crosstalk 5 %, skew 5 ps; |normal| residual ISI 0.2 %; modelled) plus what quantities, air,
// the shared rail and junction heat add. Light: an optical loss of x dB takes 2 x dB off the
// photocurrent. A junction above 60 Cel adds 0.2 % of jitter for each K (modelled).
#pragma once

#include "twin/link/lane_counter.h"
#include "twin/link/link.h"
#include "twin/link/reason.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace weft::twin {

/// What happens to a link as a whole at one of its receivers, at random, and only counts.
enum class Happening : std::uint8_t {
  kFraming,        ///< sync header, token or idle that cannot be: ends in Recovery
  kReceiver,       ///< a receiver error that leaves L0 alone
  kBadTlp,         ///< LCRC
  kBadDllp,        ///< CRC of a DLLP
  kReplayTimeout,  ///< an Ack that was lost for good
  kRollover,       ///< four replays of one TLP in vain: Recovery
  kMended,         ///< flit with errors that FEC mends
  kPastFec,        ///< flit that is replayed
  kLostAlignment,  ///< flits past FEC one after the other: Recovery
  kContactBlink,   ///< a contact opened for less than it takes to lose lock: Recovery
  kUnit,           ///< a flit, TLP or codeword carried
  kCount_,
};
inline constexpr std::size_t kHappenings = static_cast<std::size_t>(Happening::kCount_);

class LinkBase : public Link {
 public:
  LinkBase(const LinkPlan& plan, std::shared_ptr<Physics> physics);

  void start() override;
  void on_message(const Message& message) override;
  void on_quantity(Quantity quantity, std::uint32_t sub) override;
  void exchange(Archive& archive) override;
  void registers(Archive& out) const override;

  [[nodiscard]] LinkStatus status() const override;
  /// Share of flits, TLPs or codewords that arrive damaged after FEC as things are now, in the
  /// worse direction: an expectation, not a count. 0 while nothing flows, and for links without
  /// physics.
  [[nodiscard]] double damaged_ratio() const;
  [[nodiscard]] std::uint64_t counter(LinkCounter counter, End receiver) const override;
  [[nodiscard]] LaneReport lane(const LaneAt& at) const override;
  [[nodiscard]] phy::lane::Counts lane_counts(const LaneAt& at) const override;
  [[nodiscard]] std::uint32_t lanes_with_errors(End receiver) const override;
  [[nodiscard]] std::span<const TrainingEvent> log() const override { return log_; }
  [[nodiscard]] double error_ratio_at(const LaneAt& at, base::UnitIntervals time,
                                      base::Millivolts voltage) const override;

  // What only PCIe tells apart: others have one rate, one width, no states of rest, and equalise
  // whenever they train.
  void set_target_rate(End /*by*/, base::TransferRate /*rate*/) override {}
  void set_target_width(End /*by*/, base::LaneCount /*width*/) override {}
  void redo_equalisation(End by) override { retrain(by); }
  void set_aspm(End /*by*/, std::uint8_t /*mask*/) override {}
  void set_power(End by, bool is_powered) override;
  void set_lane_enabled(std::uint32_t lane, bool is_enabled) override;
  void set_test_pattern(const LaneAt& at, bool is_on) override;
  void inject_errors(const LaneAt& at, std::uint64_t bits) override;

 protected:
  using Direction = fabric::LaneDirection;
  static constexpr std::array kDirections = {Direction::kTowardDevice, Direction::kTowardHost};
  static constexpr std::size_t kLogMost = 256;

  /// Of a lane through all sections of one direction.
  struct Chain {
    double ber = 0;
    double burst = 0;
    double events_per_s = 0;
    /// One more section's receiver, at this line rate.
    void add(const phy::lane::Reading& reading, double bits_per_s);
    void exchange(Archive& archive) { archive.fields(ber, burst, events_per_s); }
  };

  // ---- what derived classes say ----
  /// The first step of training; the base has made the lanes.
  virtual void begin() = 0;
  /// Whether data (idle included) flows, so that its lanes count.
  [[nodiscard]] virtual bool is_carrying() const = 0;
  /// Whether receivers decode codewords of the lanes' FEC, which then also sees the errors of the
  /// sections before.
  [[nodiscard]] virtual bool is_coded() const = 0;
  /// Lanes' error ratios or the load changed: set the happenings' rates.
  virtual void rates_changed() = 0;
  /// Signals may have come or gone: lanes, far end, repeaters, power, test patterns.
  virtual void signals_changed() = 0;
  /// An error was put into a lane that carries data.
  virtual void injected(const LaneAt& at, std::uint64_t bits) = 0;

  // ---- what they use ----
  [[nodiscard]] std::uint32_t lane_count() const { return plan_.lanes.value(); }
  [[nodiscard]] std::size_t section_count() const { return plan_.sections.size(); }
  /// Both ends powered and out of reset, repeaters forwarding, cable plugged.
  [[nodiscard]] std::optional<Reason> obstacle() const;
  /// Enabled lanes on which signals arrive all the way in both directions.
  [[nodiscard]] LaneMask lanes_with_signal() const;
  [[nodiscard]] bool has_signal(Direction direction, std::uint32_t lane) const;
  [[nodiscard]] bool has_test_pattern() const { return patterns_on_ > 0; }
  /// Largest extra delay between two lanes of `mask` in one direction.
  [[nodiscard]] base::Picoseconds skew(const LaneMask& mask) const;
  /// The error ratio that a section's receiver would have at this protocol; nullopt: not modelled.
  [[nodiscard]] std::optional<double> ber_at(fabric::ProtocolId protocol, const LaneAt& at) const;
  /// What a lane would pass to the end of its direction at this protocol, were it in use.
  [[nodiscard]] Chain chain_if_run(fabric::ProtocolId protocol, Direction direction,
                                   std::uint32_t lane) const;
  /// Losses of codeword lock to be expected of these lanes, as they are: three codewords past
  /// correction one after the other (each lane's stand for all that share them). Lanes without FEC
  /// lose theirs at hi_ber. Above kLossesMost no lock holds (modelled).
  [[nodiscard]] double lock_losses_per_s(fabric::ProtocolId protocol, Direction direction,
                                         const LaneMask& mask) const;
  static constexpr double kLossesMost = 2;
  [[nodiscard]] const Chain& chain(Direction direction, std::uint32_t lane) const {
    return chains_[static_cast<std::size_t>(direction) * lane_count() + lane];
  }
  [[nodiscard]] const LaneKind* kind(std::size_t section) const { return kinds_[section].get(); }

  /// What lanes run from now on; looks their models up and sets every counter's rate.
  /// A rate that training only passes through (`is_passing`) has no models and counts no errors.
  void run_at(fabric::ProtocolId protocol, bool is_passing = false);
  [[nodiscard]] fabric::ProtocolId running() const { return running_; }
  /// Sets the rates of all lanes' counters anew, and the happenings'.
  void refresh();
  /// Lanes' counts from zero, as receivers do that lock anew.
  void restart_counts();

  void enter(TrainingState state, Reason reason);
  void count(LinkCounter counter, End end, std::uint64_t n = 1);
  void count_both(LinkCounter counter);
  void set_happening(Happening happening, End receiver, double per_s);
  [[nodiscard]] double happening_rate(Happening happening, End receiver) const;
  void add_happening(Happening happening, End receiver, std::uint64_t n);
  void tell(MessageKind kind, std::uint32_t sub = 0, std::uint32_t source = 0);
  [[nodiscard]] static End receiver_of(Direction direction) {
    return direction == Direction::kTowardDevice ? End::kB : End::kA;
  }
  [[nodiscard]] LaneAt end_receiver(Direction direction, std::uint32_t lane) const;
  [[nodiscard]] double load() const;

  LinkStatus status_;

 private:
  struct Receiver {
    double loss_db = 0;  // spread
    double jitter = 1;
    double crosstalk = 1;
    double misadaptation = 0;
    double skew_ps = 0;
    LaneCounter counter;
    bool has_pattern = false;
    void exchange(Archive& archive) {
      archive.fields(loss_db, jitter, crosstalk, misadaptation, skew_ps, counter, has_pattern);
    }
  };
  /// What the outside tells of one end of the link.
  struct Side {
    double air_cel = 25;
    double rail_mv = 0;
    double junction_cel = 25;
    bool is_powered = true;
    bool is_ready = true;
    void exchange(Archive& archive) {
      archive.fields(air_cel, rail_mv, junction_cel, is_powered, is_ready);
    }
  };
  struct Repeater {
    double junction_cel = 25;
    bool is_ready = true;
    void exchange(Archive& archive) { archive.fields(junction_cel, is_ready); }
  };

  /// Of all lanes' receivers at an end, since they locked.
  struct CodewordSums {
    std::uint64_t all = 0;
    std::uint64_t mended = 0;
    std::uint64_t past_fec = 0;
    std::uint32_t erred_lanes = 0;
  };

  void build();
  /// Null where phy has no model.
  [[nodiscard]] std::shared_ptr<const LaneKind> kind_at(std::size_t section,
                                                        fabric::ProtocolId protocol) const;
  [[nodiscard]] std::size_t index_of(const LaneAt& at) const;
  [[nodiscard]] bool is_valid(const LaneAt& at) const;
  [[nodiscard]] bool is_signal(const LaneAt& at) const;
  [[nodiscard]] phy::lane::LaneState state_of(const LaneAt& at) const;
  [[nodiscard]] double junction_at(const LaneAt& at) const;
  [[nodiscard]] bool is_active(const LaneAt& at) const;
  void refresh_chain(Direction direction, std::uint32_t lane);
  void take_kinds();
  [[nodiscard]] CodewordSums codewords_at(End receiver) const;
  [[nodiscard]] static std::uint64_t codewords_for(LinkCounter counter, const CodewordSums& sums);
  void ask(const Message& message);

  bool is_built_ = false;
  std::vector<Receiver> receivers_;                     // [section][direction][lane]
  std::vector<Chain> chains_;                           // [direction][lane]
  std::vector<std::shared_ptr<const LaneKind>> kinds_;  // of sections, at `running_`
  fabric::ProtocolId running_{};
  bool is_passing_ = false;
  std::array<Side, 2> sides_;
  std::vector<Repeater> repeaters_;
  LaneMask disabled_lanes_;
  std::uint32_t patterns_on_ = 0;
  std::array<std::array<std::uint64_t, static_cast<std::size_t>(LinkCounter::kCount_)>, 2>
      counts_{};
  std::array<std::array<CountProcess, kHappenings>, 2> happenings_;
  std::array<std::uint32_t, 2> erred_lanes_{};  // before the last restart of counts
  std::vector<TrainingEvent> log_;
};

}  // namespace weft::twin
