// SPDX-License-Identifier: Apache-2.0
#include "diagnose/evidence.h"

#include "diagnose/context.h"
#include "diagnose/log_finding.h"
#include "diagnose/trend.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>
#include <utility>

#include <fmt/format.h>

namespace weft::diagnose {
namespace {

using fabric::LaneDirection;

constexpr base::Duration kDownAfter{10LL * 1'000'000'000};
constexpr base::Duration kBootMost{600LL * 1'000'000'000};  ///< a boot lasts no longer
constexpr base::Duration kFlapsWithin{24LL * 3600 * 1'000'000'000};
constexpr base::Duration kAfterFlapWithin{10LL * 60 * 1'000'000'000};
constexpr double kLoadedPercent = 20;
constexpr double kHotBy = 8;  ///< Cel above its past and peers: worth a finding by itself

std::size_t other(std::size_t direction) {
  return 1 - direction;
}

/// The feature of a direction that a quantity tells of; kCount_ for those with places of their own.
Feature feature_of(Quantity quantity) {
  switch (quantity) {
    case Quantity::kBitErrors:
    case Quantity::kErrorEvents:
    case Quantity::kErrorRatio:
      return Feature::kErrors;
    case Quantity::kUncorrectable:
      return Feature::kUncorrectable;
    case Quantity::kReplays:
      return Feature::kReplays;
    case Quantity::kRecoveries:
      return Feature::kRecoveries;
    case Quantity::kReceivePower:
      return Feature::kReceivePower;
    case Quantity::kTransmitPower:
      return Feature::kTransmitPower;
    case Quantity::kBias:
      return Feature::kBias;
    default:
      return Feature::kCount_;
  }
}

bool is_clumped(const Signal& signal) {
  return signal.metric == observe::Metric::kSymbolErrors ||
         signal.metric == observe::Metric::kReceiveCrcErrors;
}

std::string subject_name(const Sight& sight, const Signal& signal) {
  return sight.place(signal.subject) + (signal.label.empty() ? "" : " [" + signal.label + "]");
}

std::string shift_text(const Sight& sight, const Signal& signal, const Shift& shift) {
  const bool is_count = signal.source->is_counter && signal.bits == Signal::kNone;
  std::string out = fmt::format("{} at {}: {} before, {} since {}", signal.source->word,
                                subject_name(sight, signal), value_text(signal, shift.before),
                                value_text(signal, shift.after), base::iso8601(shift.onset));
  if (signal.source->is_counter) {
    out +=
        fmt::format(" (95 %: {} to {}; {:.0f} in all)", value_text(signal, shift.after_bounds.low),
                    value_text(signal, shift.after_bounds.high), shift.events);
    if (is_count && signal.first_total > shift.events) {
      out += fmt::format(", {:.0f} counted before it was watched", signal.first_total);
    }
  }
  if (shift.end) {
    out += ", until " + base::iso8601(*shift.end);
  }
  return out + trend_text(sight, signal, shift);
}

/// Keeps the stronger of two sightings; a normal one gives way to any that moved.
void note(Seen& seen, const Seen& now) {
  const auto rank = [](const Seen& one) {
    return one.move == Move::kAbsent ? 0 : one.move == Move::kNormal ? 1 : 2;
  };
  if (rank(now) > rank(seen) ||
      (rank(now) == rank(seen) && std::abs(now.size) > std::abs(seen.size))) {
    const auto at = std::max(seen.at, now.at);
    seen = now;
    seen.at = at;
  }
}

class Reader {
 public:
  Reader(const Sight& sight, const LinkSight& link, base::WallTime now) : sight_(sight), now_(now) {
    out_.sight = &link;
    out_.link = sight.joint().fabric().link(link.id);
    out_.repeaters = sight.joint().repeaters(link.id);
    out_.sections = out_.repeaters.size() + 1;
    out_.margin.resize(out_.sections);
    out_.repeater.resize(out_.repeaters.size());
    silent_since_ = sight.silent_since(link, now);
  }

  LinkEvidence read() {
    for (const auto index : out_.sight->signals) {
      read_signal(sight_.signals()[index]);
    }
    read_lanes();
    read_states();
    read_speed();
    read_log();
    read_parts();
    read_times();
    decide();
    return std::move(out_);
  }

 private:
  void both(Feature feature, const Seen& seen) {
    note(out_.of[0][feature], seen);
    note(out_.of[1][feature], seen);
  }

  Seen seen_of(const Signal& signal) {
    Seen seen;
    seen.subject = signal.subject;
    seen.metric = signal.metric;
    if (signal.points < 3) {
      return seen;
    }
    seen.move = Move::kNormal;
    if (!signal.is_moving) {
      return seen;
    }
    const auto judged = judged_shift(sight_, signal);
    if (judged.shift.move == Move::kNormal || judged.shift.move == Move::kAbsent) {
      return seen;
    }
    const auto& shift = judged.shift;
    // Errors of training after a restart or a maintenance are no errors of the link, and light that
    // was low meanwhile was off.
    if ((signal.source->is_counter || shift.end) &&
        sight_.is_excused(out_.sight->id, shift.onset)) {
      return seen;
    }
    seen.move = shift.move;
    seen.onset = shift.onset;
    seen.at = shift.end.value_or(signal.source->is_counter ? signal.moved_at : signal.last_at);
    seen.size = shift.size;
    seen.text = shift_text(sight_, signal, shift);
    shifts_.emplace_back(&signal, shift);
    return seen;
  }

  void read_signal(const Signal& signal) {
    if (signal.source->quantity == Quantity::kBits || !signal.heard) {
      return;
    }
    const auto direction = static_cast<std::size_t>(signal.heard->direction);
    const auto quantity = signal.source->quantity;
    if (quantity == Quantity::kWatched) {
      Seen still;
      still.move = signal.points >= 3 ? Move::kNormal : Move::kAbsent;
      note(out_.of[direction][Feature::kErrors], still);
      note(out_.of[other(direction)][Feature::kReplays], still);
      out_.is_measured[direction] = signal.points >= 2;
      return;
    }
    if (quantity == Quantity::kLaneStatus) {
      statuses_.push_back(&signal);
      return;
    }
    read_hang(signal);
    const auto seen = signal.hung_since ? Seen{} : seen_of(signal);
    if (quantity == Quantity::kMargin) {
      const auto section = std::min(signal.heard->section, out_.sections - 1);
      note(out_.margin[section][direction], seen);
      if (signal.lane >= 0 && seen.move != Move::kAbsent) {
        auto& lanes = margins_[{section, direction}];
        ++lanes.measured;
        lanes.moved += seen.move == Move::kLowered ? 1 : 0;
      }
      if (seen.move == Move::kLowered) {
        lanes_of_[direction].insert(signal.lane);
      }
      return;
    }
    const auto feature = feature_of(quantity);
    if (feature == Feature::kCount_) {
      return;
    }
    if (signal.source->whose == Whose::kLink) {
      both(feature, seen);
      return;
    }
    note(out_.of[direction][feature], seen);
    if (feature == Feature::kErrors) {
      if (signal.points >= 2) {
        out_.is_measured[direction] = true;
      }
      if (seen.move == Move::kRaised && !shifts_.empty() && shifts_.back().first == &signal) {
        events_.at(direction) += shifts_.back().second.events;
      }
      if (signal.lane >= 0) {
        ++lanes_measured_[direction];
        if (seen.move == Move::kRaised) {
          lanes_of_[direction].insert(signal.lane);
          ++lanes_moved_[direction];
        }
      }
    }
    const bool is_light = feature == Feature::kReceivePower || feature == Feature::kTransmitPower ||
                          feature == Feature::kBias;
    if (is_light && signal.lane >= 0) {
      ++lights_[direction];
      if (seen.move == Move::kLowered || seen.move == Move::kRaised) {
        lanes_of_[direction].insert(signal.lane);
        ++lights_moved_[direction];
      }
    }
  }

  /// A monitor that stopped measuring while its link carries data: its module's firmware. A boot
  /// excuses it for as long as booting lasts, and not what is still so after it.
  void read_hang(const Signal& signal) {
    if (!signal.hung_since || signal.last_at - *signal.hung_since < kDownAfter ||
        sight_.is_excused(out_.sight->id, signal.last_at)) {
      return;
    }
    Seen seen;
    seen.subject = signal.subject;
    seen.metric = signal.metric;
    seen.move = Move::kLowered;
    seen.size = 1;
    seen.onset = *signal.hung_since;
    seen.at = signal.last_at;
    seen.text = fmt::format("{} at {}: not measured any more since {}, while the link is up",
                            signal.source->word, sight_.place(signal.subject),
                            base::iso8601(*signal.hung_since));
    if (const auto* port = std::get_if<fabric::PortId>(&signal.subject)) {
      if (const auto at = module_of(*port)) {
        note(out_.repeater[*at][Feature::kFirmware], seen);
      }
    }
    both(Feature::kFirmware, seen);
  }

  /// The module plugged at a port: the nearest one on the way.
  std::optional<std::size_t> module_of(fabric::PortId port) const {
    const bool is_b = out_.link != nullptr && port == out_.link->b;
    std::optional<std::size_t> found;
    for (std::size_t i = 0; i < out_.repeaters.size(); ++i) {
      if (out_.repeaters[i].is_module && (is_b || !found)) {
        found = i;
      }
    }
    return found;
  }

  /// Lane Error Status (PCIe Base, Secondary PCI Express Extended Capability): sticky bits of a
  /// port's receiver. With far more events than lanes it tells few bad lanes from all alike.
  void read_lane_status() {
    for (const auto* signal : statuses_) {
      const auto d = static_cast<std::size_t>(signal->heard->direction);
      const auto& errors = out_.of.at(d)[Feature::kErrors];
      if (errors.move != Move::kRaised || lanes_moved_.at(d) > 0 || !signal->last) {
        continue;
      }
      auto bits = static_cast<std::uint32_t>(*signal->last);
      if (signal->first_at < errors.onset) {
        bits &= ~static_cast<std::uint32_t>(signal->first_total);
      }
      const auto width = static_cast<int>(lane_count());
      const auto moved = std::popcount(bits);
      // Events without a lane of their own would soon have touched more lanes than these.
      if (moved == 0 || width < 2 || (moved * 2 <= width && events_.at(d) < 3.0 * moved + 6)) {
        continue;
      }
      for (std::uint32_t lane = 0; lane < 32; ++lane) {
        if ((bits >> lane & 1U) != 0) {
          lanes_of_.at(d).insert(static_cast<int>(lane));
        }
      }
      lanes_moved_.at(d) = moved;
      lanes_measured_.at(d) = std::max(width, moved);
    }
  }

  std::uint32_t lane_count() const {
    std::uint32_t lanes = out_.link == nullptr ? 0 : out_.link->lanes.value();
    for (const auto& end : out_.sight->ends) {
      if (end.state && end.state->a.max_width) {
        lanes = std::max(
            lanes, std::min(end.state->a.max_width->value(),
                            end.state->b.max_width.value_or(*end.state->a.max_width).value()));
      }
    }
    return lanes;
  }

  void read_lanes() {
    read_lane_status();
    for (std::size_t d = 0; d < 2; ++d) {
      for (const int lane : lanes_of_.at(d)) {
        if (lane >= 0) {
          out_.lanes[d].insert(static_cast<std::uint32_t>(lane));
        }
      }
      Seen seen;
      int moved = lanes_moved_.at(d) > 0 ? lanes_moved_.at(d) : lights_moved_.at(d);
      int measured = lanes_moved_.at(d) > 0 ? lanes_measured_.at(d) : lights_.at(d);
      for (std::size_t s = 0; moved == 0 && s < out_.sections; ++s) {
        // Nobody counts errors by lane, or there are none yet: margins tell which lanes it is.
        moved = margins_[{s, d}].moved;
        measured = margins_[{s, d}].measured;
      }
      if (moved > 0 && measured > 1) {
        seen.move = moved * 2 <= measured ? Move::kRaised : Move::kNormal;
        note(out_.of[d][Feature::kFewLanes], seen);
      }
      read_one_way(d);
      out_.of[other(d)][Feature::kErrorsOpposite] = out_.of[d][Feature::kErrors];
      out_.of[other(d)][Feature::kReceivePowerOpposite] = out_.of[d][Feature::kReceivePower];
    }
  }

  /// What both directions share (contacts, cables, boards) hardly ever hurts all lanes of one and
  /// no lane of the other; what one end sends or receives with does.
  void read_one_way(std::size_t d) {
    const auto& errors = out_.of.at(d)[Feature::kErrors];
    const auto& others = out_.of.at(other(d))[Feature::kErrors];
    const auto lanes = out_.of.at(d)[Feature::kFewLanes].move;
    if (errors.move != Move::kRaised || others.move == Move::kAbsent || lanes == Move::kAbsent) {
      return;
    }
    Seen seen;
    seen.move =
        lanes == Move::kNormal && others.move == Move::kNormal ? Move::kRaised : Move::kNormal;
    seen.onset = errors.onset;
    out_.of.at(d)[Feature::kOneWayAll] = seen;
  }

  void read_states() {
    using Kind = StateChange::Kind;
    std::array<int, 2> flaps{};
    Seen seen;
    seen.subject = out_.sight->id;
    seen.move =
        out_.sight->ends[0].state || out_.sight->ends[1].state ? Move::kNormal : Move::kAbsent;
    for (const auto& change : out_.sight->changes) {
      const bool is_flap = change.kind == Kind::kUp || change.kind == Kind::kDown;
      if (!is_flap || now_ - change.at > kFlapsWithin ||
          sight_.is_excused(out_.sight->id, change.at)) {
        continue;
      }
      last_flap_ = std::max(last_flap_.value_or(change.at), change.at);
      if (change.kind != Kind::kUp) {
        continue;
      }
      ++flaps.at(change.side);
      seen.move = Move::kRaised;
      seen.onset = seen.onset.ns == 0 ? change.at : seen.onset;
      seen.at = change.at;
    }
    flaps_ = std::max(flaps[0], flaps[1]);
    seen.size = flaps_;
    if (flaps_ > 0) {
      seen.text = fmt::format("{} flap{} in the last day, the last at {}", flaps_,
                              flaps_ == 1 ? "" : "s", base::iso8601(seen.at));
    }
    both(Feature::kFlaps, seen);
    read_down();
  }

  void read_down() {
    Seen seen;
    seen.subject = out_.sight->id;
    for (const auto& end : out_.sight->ends) {
      if (!end.state) {
        continue;
      }
      if (seen.move == Move::kAbsent) {
        seen.move = Move::kNormal;
      }
      if (end.down_since && now_ - *end.down_since < kDownAfter) {
        just_down_ = base::WallTime{end.down_since->ns - look_of(end).ns};
      }
      if (!end.down_since || !end.was_up || now_ - *end.down_since < kDownAfter ||
          is_boot(*end.down_since) || sight_.is_in_maintenance(out_.sight->id, now_) ||
          silent_since_) {
        continue;
      }
      seen.move = Move::kRaised;
      seen.onset = *end.down_since;
      seen.at = end.at;
      seen.size = 1;
      seen.text = "down since " + base::iso8601(*end.down_since);
    }
    both(Feature::kDown, seen);
    read_presence(seen);
  }

  /// Where a link is down: whether anything is there at its far end. Slot Status tells of the card
  /// (PCIe Base, Presence Detect State); a port that goes on training heard a receiver (its Detect
  /// state ends only then).
  void read_presence(const Seen& down) {
    Seen seen;
    if (down.move != Move::kRaised) {
      return;
    }
    for (const auto& end : out_.sight->ends) {
      if (!end.state || !end.down_since) {
        continue;
      }
      const auto& state = *end.state;
      const bool is_there = state.a.occupied.value_or(false) ||
                            state.a.component_present.value_or(false) ||
                            state.training.value_or(false);
      if (is_there || state.a.occupied || state.a.component_present) {
        seen.move = is_there ? Move::kNormal : Move::kLowered;
        seen.onset = *end.down_since;
        seen.at = end.at;
        seen.subject = out_.sight->id;
        seen.text = is_there ? "" : "nothing is there at its far end";
      }
    }
    both(Feature::kPresence, seen);
  }

  base::Duration look_of(const EndView& end) const {
    return end.host < sight_.hosts().size() ? sight_.hosts()[end.host].usual : base::Duration{};
  }

  /// The link went down around a restart of a machine at one of its ends that is not long over.
  bool is_boot(base::WallTime down_since) const {
    for (const auto& end : out_.sight->ends) {
      if (end.host >= sight_.hosts().size()) {
        continue;
      }
      for (const auto& restart : sight_.hosts()[end.host].restarts) {
        if (std::abs((down_since - restart).ns) < kBootMost.ns && now_ < restart + kBootMost) {
          return true;
        }
      }
    }
    return false;
  }

  std::optional<double> load() const {
    std::optional<double> most;
    if (out_.link == nullptr) {
      return most;
    }
    for (const auto port : {out_.link->a, out_.link->b}) {
      const auto* part = sight_.part(sight_.joint().fabric().owner(port));
      for (const auto index : part == nullptr ? std::vector<std::size_t>{} : part->signals) {
        const auto& signal = sight_.signals()[index];
        if (signal.metric == observe::Metric::kUtilization && signal.last) {
          most = std::max(most.value_or(0), *signal.last);
        }
      }
    }
    return most;
  }

  void read_speed() {
    const observe::LinkState* state = nullptr;
    base::WallTime at;
    for (const auto& end : out_.sight->ends) {
      if (end.state && (state == nullptr || end.at > at)) {
        state = &*end.state;
        at = end.at;
      }
    }
    if (state == nullptr || !state->up.value_or(true)) {
      return;
    }
    read_width(*state, at);
    std::optional<base::TransferRate> possible;
    if (state->a.max_rate) {
      possible =
          state->b.max_rate ? std::min(*state->a.max_rate, *state->b.max_rate) : *state->a.max_rate;
    }
    if (!state->rate || !possible) {
      return;
    }
    Seen seen;
    seen.subject = out_.sight->id;
    seen.move = Move::kNormal;
    seen.at = at;
    const bool is_low = *state->rate < *possible;
    const bool is_held = state->a.autonomous_speed_disabled.value_or(false) ||
                         state->b.autonomous_speed_disabled.value_or(false);
    const auto busy = load();
    // Idle devices lower their speed; under load it must come back. Not idleness is what came with
    // errors: links that cannot hold their rate fall to one that they can hold.
    const auto fell = is_low ? since_slower() : std::nullopt;
    if (fell && fell_with_errors(*fell)) {
      seen.move = Move::kLowered;
      seen.size = 1;
      seen.onset = *fell;
      seen.text = fmt::format("runs {} of {} since it had errors, {}", rate_text(*state->rate),
                              rate_text(*possible), base::iso8601(*fell));
    } else if (is_low && busy.value_or(0) >= kLoadedPercent) {
      seen.move = Move::kLowered;
      seen.size = 1;
      seen.onset = since_slower().value_or(at);
      seen.text = fmt::format("runs {} of {} at {:.0f} % utilisation", rate_text(*state->rate),
                              rate_text(*possible), *busy);
    }
    both(Feature::kSpeed, seen);
    if (state->a.autonomous_speed_disabled || state->b.autonomous_speed_disabled) {
      Seen held;
      held.subject = out_.sight->id;
      held.at = at;
      held.move = is_held && is_low ? Move::kRaised : Move::kNormal;
      if (held.move == Move::kRaised) {
        held.text = "Hardware Autonomous Speed Disable (Link Control 2, bit 5) is set";
      }
      both(Feature::kSpeedDisabled, held);
    }
  }

  bool fell_with_errors(base::WallTime fell) const {
    constexpr Feature kTroubles[] = {Feature::kErrors, Feature::kUncorrectable, Feature::kReplays,
                                     Feature::kRecoveries};
    for (const auto& set : out_.of) {
      for (const auto feature : kTroubles) {
        const auto& trouble = set[feature];
        if (trouble.move == Move::kRaised &&
            std::abs((fell - trouble.onset).ns) < kAfterFlapWithin.ns) {
          return true;
        }
      }
    }
    return false;
  }

  std::optional<base::WallTime> since_slower() const {
    for (auto it = out_.sight->changes.rbegin(); it != out_.sight->changes.rend(); ++it) {
      if (it->kind == StateChange::Kind::kSlower) {
        return it->at;
      }
    }
    return std::nullopt;
  }

  void read_width(const observe::LinkState& state, base::WallTime at) {
    const auto& width = state.trained_width ? state.trained_width : state.width;
    if (!width) {
      return;
    }
    Seen seen;
    seen.subject = out_.sight->id;
    seen.at = at;
    seen.move = Move::kNormal;
    base::LaneCount wide = std::max(*width, out_.sight->widest.value_or(*width));
    if (out_.link != nullptr && out_.link->lanes.value() > 0 && sight_.is_planned()) {
      wide = std::max(wide, out_.link->lanes);
    }
    if (state.a.max_width && state.b.max_width) {
      wide = std::max(wide, std::min(*state.a.max_width, *state.b.max_width));
    }
    for (const auto& change : out_.sight->changes) {
      if (change.kind == StateChange::Kind::kNarrower) {
        seen.onset = change.at;
      }
    }
    if (*width < wide) {
      seen.move = Move::kLowered;
      seen.size = 1;
      seen.onset = seen.onset.ns == 0 ? at : seen.onset;
      seen.text = fmt::format("runs {} of {}", width_text(*width), width_text(wide));
    }
    both(Feature::kWidth, seen);
  }

  void read_log() {
    std::vector<const LogLine*> downs;
    for (const auto& line : out_.sight->log) {
      if (now_ - line.at > kFlapsWithin || sight_.is_excused(out_.sight->id, line.at)) {
        continue;
      }
      const auto what = says(line);
      if (what == Says::kDownNow) {
        downs.push_back(&line);
      } else if (what == Says::kErrorRatio) {
        both(Feature::kErrors, logged(line));
      } else if (what == Says::kFailed) {
        both(Feature::kFatalLog, logged(line));
      }
    }
    if (goes_on(downs)) {
      both(Feature::kDown, logged(*downs.back()));
    }
  }

  Seen logged(const LogLine& line) const {
    Seen seen;
    seen.move = Move::kRaised;
    seen.size = 1;
    seen.onset = line.at;
    seen.at = line.at;
    seen.subject = out_.sight->id;
    seen.text = line.host + ": " + line.text;
    return seen;
  }

  void read_part(const PartSight& part, std::size_t repeater, bool is_repeater) {
    const auto put = [&](Feature feature, const Seen& seen) {
      if (is_repeater) {
        note(out_.repeater[repeater][feature], seen);
      }
      both(feature, seen);
    };
    const auto health = [&](Feature feature, const char* key, auto is_bad, Move bad,
                            const char* words) {
      const auto found = part.said.find(key);
      if (found == part.said.end() || found->second == "?") {
        return;
      }
      Seen seen;
      seen.subject = part.id;
      seen.at = part.at;
      const auto since = part.said_since.find(key);
      seen.onset = since == part.said_since.end() ? part.at : since->second;
      seen.move = is_bad(found->second) ? bad : Move::kNormal;
      if (seen.move != Move::kNormal &&
          (sight_.is_excused(out_.sight->id, seen.onset) || part.at - seen.onset < kDownAfter)) {
        return;
      }
      if (seen.move != Move::kNormal) {
        seen.size = 1;
        seen.text = fmt::format("{} {}: {}", sight_.place(part.id), words, found->second);
      }
      put(feature, seen);
    };
    const auto is_no = [](const std::string& text) { return text == "no"; };
    const auto is_some = [](const std::string& text) { return text != "none" && !text.empty(); };
    const auto is_not_good = [](const std::string& text) { return text != "good"; };
    health(Feature::kFirmware, "heartbeat", is_no, Move::kLowered, "heartbeat");
    health(Feature::kFirmware, "firmware_loaded", is_no, Move::kLowered, "firmware loaded");
    health(Feature::kIdentity, "checksums", is_not_good, Move::kLowered, "checksums");
    health(Feature::kTransmitFault, "transmit_fault_lanes", is_some, Move::kRaised,
           "transmitter fault on lanes");
    health(Feature::kLossOfSignal, "receive_loss_of_signal_lanes", is_some, Move::kRaised,
           "no signal on lanes");
    read_heat(part, put);
  }

  template <class Put>
  void read_heat(const PartSight& part, const Put& put) {
    int moved = 0;
    int still = 0;
    Seen heat;
    for (const auto index : part.signals) {
      const auto& signal = sight_.signals()[index];
      const auto quantity = signal.source->quantity;
      if (quantity != Quantity::kTemperature && quantity != Quantity::kVoltage) {
        continue;
      }
      auto seen = seen_of(signal);
      if (quantity == Quantity::kVoltage) {
        put(Feature::kVoltage, seen);
        continue;
      }
      if (seen.move == Move::kRaised || seen.move == Move::kLowered) {
        ++moved;
      } else if (seen.move == Move::kNormal) {
        ++still;
      }
      note(heat, seen);
    }
    // Sensors of one part that disagree: one of them lies, and heat is not known.
    if (moved > 0 && still > 0) {
      Seen companion = heat;
      companion.move = Move::kRaised;
      both(Feature::kCompanion, companion);
    }
    put(Feature::kTemperature, heat);
  }

  void read_parts() {
    for (std::size_t i = 0; i < out_.repeaters.size(); ++i) {
      const auto* part =
          out_.repeaters[i].device.is_null() ? nullptr : sight_.part(out_.repeaters[i].device);
      if (part != nullptr) {
        read_part(*part, i, true);
      }
    }
    if (out_.link == nullptr) {
      return;
    }
    for (const auto port : {out_.link->a, out_.link->b}) {
      if (const auto* part = port.is_null() ? nullptr : sight_.part(port)) {
        const auto module = module_of(port);
        read_part(*part, module.value_or(0), module.has_value());
      }
    }
  }

  /// Light that went gradually tells a laser that wears out from one that fails.
  void read_slow_light(std::size_t d) {
    Seen slow;
    for (const auto& [signal, shift] : shifts_) {
      const auto feature = feature_of(signal->source->quantity);
      const bool is_light = feature == Feature::kReceivePower ||
                            feature == Feature::kTransmitPower || feature == Feature::kBias;
      if (!is_light || !signal->heard || static_cast<std::size_t>(signal->heard->direction) != d) {
        continue;
      }
      if (slow.move != Move::kRaised) {
        slow.move = shift.is_slow ? Move::kRaised : Move::kNormal;
        slow.onset = shift.onset;
      }
    }
    note(out_.of[d][Feature::kSlow], slow);
  }

  void read_times() {
    for (std::size_t d = 0; d < 2; ++d) {
      read_slow_light(d);
      const auto& errors = out_.of[d][Feature::kErrors];
      if (errors.move != Move::kRaised) {
        continue;
      }
      Seen slow;
      Seen comes;
      Seen after;
      slow.move = comes.move = after.move = Move::kNormal;
      const auto is_of_d = [d](const Signal& signal, Feature feature) {
        return signal.heard && static_cast<std::size_t>(signal.heard->direction) == d &&
               feature_of(signal.source->quantity) == feature;
      };
      // Frames are lost by the codeword, many at once: where codewords lost are counted, those tell
      // the course.
      const bool has_codewords = std::ranges::any_of(
          shifts_, [&](const auto& one) { return is_of_d(*one.first, Feature::kUncorrectable); });
      for (const auto& [signal, shift] : shifts_) {
        const bool is_this =
            is_of_d(*signal, Feature::kErrors) && !(has_codewords && is_clumped(*signal));
        if (is_this && shift.is_slow) {
          slow.move = Move::kRaised;
          slow.onset = shift.onset;
        }
        const bool is_course = is_this || is_of_d(*signal, Feature::kUncorrectable);
        if (is_course && shift.share_on < 0.6) {
          comes.move = Move::kRaised;
          comes.onset = shift.onset;
        }
      }
      for (const auto& change : out_.sight->changes) {
        const auto apart = errors.onset.ns - change.at.ns;
        if (change.kind == StateChange::Kind::kUp && std::abs(apart) < kAfterFlapWithin.ns) {
          after.move = Move::kRaised;
          after.onset = change.at;
          after.at = change.at;
          after.text = fmt::format("the link came back from a flap at {}, just before",
                                   base::iso8601(change.at));
        }
      }
      note(out_.of[d][Feature::kSlow], slow);
      note(out_.of[d][Feature::kIntermittent], comes);
      note(out_.of[d][Feature::kAfterFlap], after);
    }
    if (flaps_ >= 3) {
      Seen comes;
      comes.move = Move::kRaised;
      both(Feature::kIntermittent, comes);
    }
  }

  void alarm(Level level, std::string_view code, const Seen& seen, std::string sentence) {
    if (silent_since_ && seen.onset >= *silent_since_) {
      return;  // the machine at the other end went; if it comes back it will say why
    }
    if (just_down_ && seen.onset >= *just_down_) {
      return;  // going down looks like much; the next look tells whether somebody restarts it
    }
    if (level > out_.level) {
      out_.level = level;
      out_.code = std::string(code);
      out_.sentence = std::move(sentence);
    }
    out_.at = std::max(out_.at, seen.at);
    if (seen.onset.ns > 0 && (out_.since.ns == 0 || seen.onset < out_.since)) {
      out_.since = seen.onset;
    }
  }

  void decide();
  void decide_direction(std::size_t d);

  const Sight& sight_;
  base::WallTime now_;
  LinkEvidence out_;
  std::array<std::set<int>, 2> lanes_of_;
  std::array<int, 2> lanes_measured_{};
  std::array<int, 2> lanes_moved_{};
  struct MarginLanes {
    int measured = 0;
    int moved = 0;
  };
  std::map<std::pair<std::size_t, std::size_t>, MarginLanes> margins_;  ///< by section, direction
  std::array<int, 2> lights_{};
  std::array<int, 2> lights_moved_{};
  std::array<double, 2> events_{};  ///< errors of the stretches that left their past
  std::vector<const Signal*> statuses_;
  int flaps_ = 0;
  std::optional<base::WallTime> silent_since_;
  std::optional<base::WallTime> just_down_;  ///< the look before it went down, a moment ago
  std::optional<base::WallTime> last_flap_;
  std::vector<std::pair<const Signal*, Shift>> shifts_;
};

/// A feature of a direction that alone makes a finding, how bad it is then, and what to say.
struct Alarm {
  Feature feature;
  Move move;
  Level level;
  std::string_view code;
  std::string_view sentence;
};
constexpr Alarm kAlarms[] = {
    {Feature::kErrors, Move::kRaised, Level::kWarning, "link_errors",
     "up, and its error ratio left its past"},
    {Feature::kUncorrectable, Move::kRaised, Level::kWarning, "link_uncorrectable",
     "up, and loses what FEC cannot mend"},
    {Feature::kReplays, Move::kRaised, Level::kWarning, "link_replays",
     "up, and sends more and more again"},
    {Feature::kReceivePower, Move::kLowered, Level::kWarning, "link_light_low",
     "up, and receives less light than it did"},
    {Feature::kTransmitPower, Move::kLowered, Level::kWarning, "link_light_low",
     "up, and sends less light than it did"},
    {Feature::kBias, Move::kRaised, Level::kWarning, "laser_bias_high",
     "up, and a laser needs more current than it did"},
    {Feature::kRecoveries, Move::kRaised, Level::kWarning, "link_recovers",
     "up, and recovers over and over"},
    {Feature::kWidth, Move::kLowered, Level::kWarning, "link_narrow", "up, with lanes missing"},
    {Feature::kSpeed, Move::kLowered, Level::kWarning, "link_slow",
     "up, and slow while there is work"},
    {Feature::kFirmware, Move::kLowered, Level::kWarning, "part_firmware",
     "a part's firmware does not answer"},
    {Feature::kIdentity, Move::kLowered, Level::kWarning, "part_identity",
     "a part's identity memory does not check"},
    {Feature::kTransmitFault, Move::kRaised, Level::kWarning, "transmit_fault",
     "a module reports a transmitter fault"},
    {Feature::kFatalLog, Move::kRaised, Level::kCritical, "link_failed",
     "a device logged that it failed"},
    {Feature::kDown, Move::kRaised, Level::kCritical, "link_down", "down"},
};

void Reader::decide_direction(std::size_t d) {
  for (const auto& row : kAlarms) {
    const auto& seen = out_.of[d][row.feature];
    if (seen.move == row.move) {
      alarm(row.level, row.code, seen, std::string(row.sentence));
    }
  }
}

void Reader::decide() {
  decide_direction(0);
  decide_direction(1);
  for (const auto& section : out_.margin) {
    for (const auto& seen : section) {
      if (seen.move == Move::kLowered) {
        alarm(Level::kWarning, "link_margin_low", seen,
              "up, and a receiver's margin left its past");
      }
    }
  }
  const auto& flaps = out_.of[0][Feature::kFlaps];
  if (flaps_ >= 2) {
    alarm(Level::kWarning, "link_flaps", flaps, fmt::format("flapped {} times in a day", flaps_));
  }
  const auto& heat = out_.of[0][Feature::kTemperature];
  if (heat.move == Move::kRaised && heat.size >= kHotBy) {
    alarm(Level::kWarning, "part_hot", heat, "a part of it runs hotter than its peers");
  } else if (heat.move == Move::kRaised) {
    alarm(Level::kNote, "part_warm", heat, "a part of it is warmer than its peers");
  }
}

}  // namespace

std::size_t LinkEvidence::decider(std::size_t node, bool is_upward) const {
  while (node > 0 && node < sections && !repeaters[node - 1].retimes) {
    node = is_upward ? node + 1 : node - 1;
  }
  return node;
}

const Seen& LinkEvidence::margin_of(LaneDirection direction, std::size_t section) const {
  const auto d = static_cast<std::size_t>(direction);
  if (margin.at(section)[d].move != Move::kAbsent) {
    return margin.at(section)[d];
  }
  return direction == LaneDirection::kTowardDevice ? margin.at(decider(section + 1, true) - 1)[d]
                                                   : margin.at(decider(section, false))[d];
}

FeatureSet LinkEvidence::features(LaneDirection direction, std::size_t section) const {
  const auto d = static_cast<std::size_t>(direction);
  FeatureSet out = of.at(d);
  const auto& own = margin_of(direction, section);
  out[Feature::kMargin] = own;
  out[Feature::kMarginOpposite] =
      margin_of(direction == LaneDirection::kTowardDevice ? LaneDirection::kTowardHost
                                                          : LaneDirection::kTowardDevice,
                section);
  for (std::size_t s = 0; s < sections; ++s) {
    if (s != section && &margin.at(s)[d] != &own) {
      note(out[Feature::kMarginElsewhere], margin.at(s)[d]);
    }
  }
  return out;
}

LinkEvidence evidence_of(const Sight& sight, const LinkSight& link, base::WallTime now) {
  return Reader(sight, link, now).read();
}

}  // namespace weft::diagnose
