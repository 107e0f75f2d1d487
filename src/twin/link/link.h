// SPDX-License-Identifier: Apache-2.0
// A living link as the devices at its ends and on it see it: state, lanes, counters, and what they
// can ask of it. pcie_link, ethernet_link and generic_link implement it. Everything here is for
// calls from outside the event loop (register reads and writes); reading changes nothing. Inside
// the loop devices get messages: kLinkUp, kLinkDown, kLinkChanged, kLinkError, kHotReset.
#pragma once

#include "base/units.h"
#include "fabric/model.h"
#include "phy/lane/lane_model.h"
#include "twin/link/lane_mask.h"
#include "twin/plan/physics.h"
#include "twin/plan/plan.h"
#include "twin/world/actor.h"

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace weft::twin {

enum class End : std::uint8_t { kA, kB };  ///< a is toward the host
[[nodiscard]] constexpr End other(End end) {
  return end == End::kA ? End::kB : End::kA;
}

/// One receiver of one lane: bits that travel `direction` over section `section` are decided at the
/// section's far end. Section 0 touches end a. Toward b, the last section's receiver is port b.
struct LaneAt {
  std::uint32_t section = 0;
  fabric::LaneDirection direction = fabric::LaneDirection::kTowardDevice;  ///< from a to b
  std::uint32_t lane = 0;
};

/// PCIe Base 4.2.5: the states that software can tell apart, and the rest of Recovery's. Ethernet
/// and generic links use the ones that have a meaning for them, as said.
enum class TrainingState : std::uint8_t {
  kDetectQuiet,
  kDetectActive,
  kPollingActive,  ///< Ethernet: auto-negotiation
  kPollingCompliance,
  kPollingConfiguration,
  kConfiguration,  ///< Ethernet: link training (PMD control)
  kRecoveryLock,   ///< Recovery.RcvrLock; Ethernet: FEC and PCS lock
  kRecoverySpeed,
  kRecoveryPhase0,
  kRecoveryPhase1,
  kRecoveryPhase2,
  kRecoveryPhase3,
  kRecoveryConfiguration,  ///< Recovery.RcvrCfg
  kRecoveryIdle,
  kL0,  ///< data flows
  kL0s,
  kL1,
  kL2,
  kDisabled,
  kLoopback,
  kHotReset,
};
[[nodiscard]] std::string_view key(TrainingState state);  ///< "Recovery.RcvrLock"

struct LinkStatus {
  TrainingState state = TrainingState::kDetectQuiet;
  bool is_up = false;             ///< data link active; stays true through Recovery
  fabric::ProtocolId protocol{};  ///< what it runs at; unknown while down
  base::TransferRate rate;        ///< of a lane; 0 while down
  base::LaneCount width;          ///< lanes that carry data now (L0p included)
  base::LaneCount trained_width;  ///< lanes that trained
  LaneMask lane_mask;             ///< physical lanes in use
  bool is_flit = false;
  bool is_reversed = false;
  bool local_fault_a = false, local_fault_b = false;  ///< Ethernet
  bool remote_fault_a = false, remote_fault_b = false;
  WorldTime since;  ///< of `state`
};

/// Counted at the receiver of an end, since the world began; registers derive theirs from it by
/// subtracting what they were at their own reset. Bit widths, saturation and wrap are the
/// registers' business.
enum class LinkCounter : std::uint8_t {
  kReceiverErrors,  ///< PCIe: 8b/10b, framing, elastic buffer; one for each error event seen
  kFramingErrors,
  kBadTlp,
  kBadDllp,
  kReplayTimeouts,
  kReplayRollovers,
  kNaksSent,
  kNaksReceived,
  kRecoveries,  ///< times this end left L0 for Recovery
  kTrainings,   ///< times the link came up from Detect
  kLinkDowns,   ///< times it went down without being told
  kRateDowngrades,
  kWidthDowngrades,
  kFlitCorrected,    ///< flits or codewords that FEC mended
  kFlitUncorrected,  ///< flits or codewords past FEC: retried where the protocol retries
  kRetries,          ///< link-layer replays
  kBlockErrors,      ///< Ethernet PCS: bad blocks after FEC
  kTrafficUnits,     ///< flits, TLPs or codewords carried
  kCount_,
};

struct LaneReport {
  bool is_active = false;  ///< part of the link as it runs now
  bool has_lock = false;
  phy::lane::LaneState state;
  phy::lane::Reading reading;   ///< at the rate in use; ber 0 where `is_modelled` is false
  bool is_modelled = false;     ///< phy has a model at this rate
  std::uint8_t preset = 0;      ///< of the transmitter that this receiver chose, P0..P10
  std::vector<double> tx_taps;  ///< pre-cursors first
  double ctle_gain_db = 0;
  std::vector<base::Millivolts> dfe;  ///< tap 1 first
  base::Picoseconds skew;             ///< delay against the earliest lane
};

/// A line of the link's own log; the newest last.
struct TrainingEvent {
  WorldTime at;
  TrainingState from{}, to{};
  base::TransferRate rate;
  std::uint32_t reason = 0;  ///< of link/reason.h
  void exchange(Archive& archive) { archive.fields(at, from, to, rate, reason); }
};

/// A laser's bias can rise to so many times its nominal value: until then automatic power control
/// hides that it ages.
inline constexpr double kLaserReserve = 1.5;

/// What a margining receiver counts at a sampling point away from its own.
struct MarginCount {
  std::uint64_t bits = 0;
  std::uint64_t errors = 0;
  double error_ratio = 0;  ///< that they were drawn with
};

class Link : public Actor {
 public:
  Link(std::string path, const LinkPlan& plan, std::shared_ptr<Physics> physics)
      : Actor(std::move(path)), plan_(plan), physics_(std::move(physics)) {}

  [[nodiscard]] const LinkPlan& plan() const { return plan_; }
  /// Devices to be told: at an end, or on the link. Before start().
  void listen(ActorId device) { listeners_.push_back(device); }

  [[nodiscard]] virtual LinkStatus status() const = 0;
  [[nodiscard]] virtual std::uint64_t counter(LinkCounter counter, End receiver) const = 0;
  [[nodiscard]] virtual LaneReport lane(const LaneAt& at) const = 0;
  /// Bits, errors, codewords by symbol errors, as its receiver would count them, since it locked.
  [[nodiscard]] virtual phy::lane::Counts lane_counts(const LaneAt& at) const = 0;
  /// Bit n: lane n's receiver at this end saw errors, ever; of the first 32 lanes, as many as
  /// PCIe's Lane Error Status has. That derives from counts, this is the cheap form.
  [[nodiscard]] virtual std::uint32_t lanes_with_errors(End receiver) const = 0;
  [[nodiscard]] virtual std::span<const TrainingEvent> log() const = 0;
  /// Error ratio at a sampling point moved by `time` and `voltage` (0, 0 is the receiver's own),
  /// with lane and neighbours as they are. From the full engine: 0.2 to 30 ms of work.
  [[nodiscard]] virtual double error_ratio_at(const LaneAt& at, base::UnitIntervals time,
                                              base::Millivolts voltage) const = 0;
  /// Errors drawn for a margin step of so many bits there; the same step at the same world time
  /// gives the same count.
  [[nodiscard]] MarginCount margin(const LaneAt& at, base::UnitIntervals time,
                                   base::Millivolts voltage, std::uint64_t bits) const;

  // What software and devices can ask. Each takes effect at now(), over the following events.
  virtual void retrain(End by) = 0;
  virtual void set_target_rate(End by, base::TransferRate rate) = 0;  ///< effective at retrain
  virtual void set_target_width(End by, base::LaneCount width) = 0;
  virtual void redo_equalisation(End by) = 0;
  virtual void set_disabled(End by, bool is_disabled) = 0;
  virtual void hot_reset(End by, bool is_asserted) = 0;
  virtual void set_power(End by, bool is_powered) = 0;   ///< slot power, module low power
  virtual void set_aspm(End by, std::uint8_t mask) = 0;  ///< bit 0 L0s, bit 1 L1
  virtual void set_lane_enabled(std::uint32_t lane, bool is_enabled) = 0;
  virtual void set_test_pattern(const LaneAt& at, bool is_on) = 0;  ///< PRBS: no data meanwhile
  virtual void inject_errors(const LaneAt& at, std::uint64_t bits) = 0;

 protected:
  const LinkPlan& plan_;
  std::shared_ptr<Physics> physics_;
  std::vector<ActorId> listeners_;
};

/// Messages that a link takes beside kQuantity (scopes kLane and kLink), kAirChanged and
/// kHostSupply (whose sub is the end: 0 end a, 1 end b): kOwn, with this in Message::sub:
enum class LinkAsk : std::uint32_t {
  kRepeaterReady,  ///< from a repeater: value 1 it forwards, 0 it does not; `source` its index
  kRepeaterHeat,   ///< from a repeater: its junction, Cel
  kPortHeat,       ///< from an end's device: junction, Cel; `source` 0 end a, 1 end b
  kPortReady,      ///< from an end's device: value 1 out of reset; `source` as above
  kPortDisable,    ///< from end a's port (containment): value 1 as set_disabled(), 0 back
  kPortReset,      ///< from end a's port (reset of what holds it): value 1 as hot_reset(), 0 back
};

/// What MessageKind::kLinkError's `sub` says; `source` is the end that saw it: 0 end a, 1 end b.
enum class LinkError : std::uint32_t {
  kSurpriseDown,
  kDataLinkProtocol,
  kReplayRollover,
  kUncorrectable,  ///< poisoned or lost data that a device reports
};

}  // namespace weft::twin
