// SPDX-License-Identifier: Apache-2.0
// Whatever lives in a world: links, devices, enclosures, faults. An actor has timers and gets
// messages; between them it costs nothing. The law that makes a world the same at any thread count
// and any step pattern: in on_timer() and on_message() an actor touches only itself, and tells
// others by send(), which arrives kLookahead later at the earliest. What comes from outside (a
// register written through a door, a person's command) finds the world halted at now(): there, and
// only there, actors may call each other's public functions.
#pragma once

#include "base/random.h"
#include "twin/world/archive.h"
#include "twin/world/quantity.h"
#include "twin/world/time.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace weft::twin {

using ActorId = std::uint32_t;
inline constexpr ActorId kNobody = 0xFFFFFFFF;

/// The least time from a cause in one actor to its effect in another.
inline constexpr Duration kLookahead{1'000'000};

enum class MessageKind : std::uint16_t {
  kQuantity,     ///< set a quantity's contribution: `quantity`, `sub`, `source`, `value`, `is_set`
  kAirChanged,   ///< from the enclosure: value = air at the device, Cel
  kHostSupply,   ///< from the enclosure: value = shared rail's noise, mV rms
  kPower,        ///< sub 1: powered; 0: off
  kPerst,        ///< fundamental reset of a function or retimer: sub 1 asserted, 0 released
  kLinkUp,       ///< from a link to the devices at its ends and on it: it reached L0 or data mode;
                 ///< value: recoveries at end a so far
  kLinkDown,     ///< likewise: it left for good (not recovery)
  kLinkChanged,  ///< rate or width changed
  kLinkError,    ///< sub: LinkError; an uncorrectable or fatal thing that a device reports
  kHotReset,     ///< in-band reset arriving from upstream
  kOwn,          ///< between parts of one family: sub says what
};

struct Message {
  MessageKind kind = MessageKind::kOwn;
  ActorId from = kNobody;
  Quantity quantity = Quantity::kLoss;
  std::uint32_t sub = 0;
  std::uint32_t source = 0;
  double value = 0;
  bool is_set = true;  ///< kQuantity: false takes the contribution away
  void exchange(Archive& archive) {
    archive.fields(kind, from, quantity, sub, source, value, is_set);
  }
};

class World;

class Actor {
 public:
  explicit Actor(std::string path) : path_(std::move(path)) {}
  virtual ~Actor() = default;
  Actor(const Actor&) = delete;
  Actor& operator=(const Actor&) = delete;

  /// Unique and stable: "link/server0/gpu1.up3-switch3.port1", "retimer/server0/retimer2".
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] ActorId id() const { return id_; }

  /// Once, at time zero, when all actors are there; not after a restore. May call others.
  virtual void start() {}
  virtual void on_timer(std::uint32_t timer) = 0;
  /// kQuantity messages come as on_quantity(), already stored; those that change nothing do not.
  virtual void on_message(const Message& message) { static_cast<void>(message); }
  virtual void on_quantity(Quantity quantity, std::uint32_t sub) {
    static_cast<void>(quantity);
    static_cast<void>(sub);
  }
  /// All state beyond what build made of rack and seed; the base class does its own part.
  virtual void exchange(Archive& archive) = 0;
  /// Writes what clients can read now (registers, counters), so that worlds can be compared. Must
  /// change nothing.
  virtual void registers(Archive& out) const { static_cast<void>(out); }

  [[nodiscard]] const Quantities& own_quantities() const { return quantities_; }

 protected:
  [[nodiscard]] WorldTime now() const;
  /// An actor has at most one timer of each number; setting it again moves it. Before now() is now;
  /// kNever takes it away. At one instant messages come before timers, timers by their number.
  void set_timer(std::uint32_t timer, WorldTime at);
  void cancel_timer(std::uint32_t timer);
  [[nodiscard]] std::optional<WorldTime> timer(std::uint32_t timer) const;
  /// Arrives at now() + max(delay, kLookahead). To kNobody is to nobody.
  void send(ActorId to, Message message, Duration delay = kLookahead);
  /// The actor's own stream.
  [[nodiscard]] base::Random& random() { return random_; }
  [[nodiscard]] double quantity(Quantity q, std::uint32_t sub = 0) const {
    return quantities_.value(q, sub);
  }
  [[nodiscard]] World& world() const { return *world_; }

 private:
  friend class World;
  std::string path_;
  ActorId id_ = kNobody;
  World* world_ = nullptr;
  base::Random random_{0, ""};
  Quantities quantities_;
  std::uint64_t sent_ = 0;  // orders messages of one time
  struct Inner;             // the world's own part: pending.h
  Inner* inner_ = nullptr;
};

}  // namespace weft::twin
