// SPDX-License-Identifier: Apache-2.0
// The one actor of a world that does faults, workload and weather: it holds the table of what is to
// happen, and makes it happen by kQuantity messages to links, devices and enclosures, whose source
// is the fault's number; they arrive kLookahead later. A fault that ends or is cleared takes its
// contributions away, and nothing else: what symptoms it left (latched flags, counts, a link that
// fell back) stays, as in life. It has timers only while a fault is to begin, to end or to change
// by its shape. What it did is the ground truth; truth.h reads it, for tests and scoring only.
#pragma once

#include "base/result.h"
#include "twin/fault/catalogue.h"
#include "twin/fault/shape.h"
#include "twin/fault/target.h"
#include "twin/machine.h"
#include "twin/world/actor.h"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace weft::twin {

/// What to do, when and to whom.
struct FaultOrder {
  std::string fault;                ///< key of the catalogue, or of backgrounds()
  std::string target;               ///< as parse_target() reads it
  std::optional<double> amplitude;  ///< the row's own where it is left out
  std::optional<Shape> shape;
  WorldTime at;                    ///< now, where it has passed
  std::optional<Duration> length;  ///< until it is cleared, where it is left out
  std::string label;               ///< of whoever ordered it
};

using FaultId = std::uint32_t;

/// Faults that one world may have in its life.
inline constexpr std::size_t kFaultsMost = 100'000;

/// Which actor lives for what of a plan.
struct FaultDirectory {
  const WorldPlan* plan = nullptr;
  std::vector<ActorId> links;  ///< as plan->links
  std::vector<ActorId> hosts;  ///< as plan->machines; kNobody where there is no enclosure
  std::unordered_map<fabric::DeviceId, std::vector<ActorId>> devices;
};

class FaultEngine final : public Actor {
 public:
  static constexpr std::string_view kPath = "faults";
  explicit FaultEngine(FaultDirectory directory);

  // ---- from outside, the world halted ----
  /// kNotFound, kInvalidArgument as the row, target, amplitude or shape is; kFailedPrecondition
  /// where what it names does not live in this world.
  base::Result<FaultId> order(const FaultOrder& order);
  /// What order() would say to it; nothing happens.
  [[nodiscard]] base::Result<void> check(const FaultOrder& order) const;
  /// kNotFound where there is no such fault, or it is over.
  base::Result<void> clear(FaultId id);
  /// Everything that is a fault, ordered for later too; how many. Workload and weather stay.
  std::size_t clear_faults();

  // ---- of the world ----
  void on_timer(std::uint32_t timer) override;
  /// kAirChanged: the air of the machine `sub`.
  void on_message(const Message& message) override;
  void exchange(Archive& archive) override;

 private:
  friend class TruthReader;  // truth.h
  enum class Phase : std::uint8_t { kWaiting, kActive, kOver };

  /// What one effect brings to one thing.
  struct Part {
    ActorId actor = kNobody;
    Quantity quantity = Quantity::kLoss;
    std::uint32_t sub = 0;
    std::size_t effect = 0;              // of the row
    std::optional<std::size_t> link;     // where load is looked at
    std::optional<std::size_t> machine;  // where air is looked at
  };
  struct Fault {
    FaultId id = 0;
    std::string key;
    std::string target;
    std::string label;
    double amplitude = 0;
    Shape shape;
    WorldTime ordered, begin, end, cleared;  // end: kNever where none is set
    Phase phase = Phase::kWaiting;
    ShapeRun run;
    std::vector<double> sent;  // as parts; a level not sent is not there: -1

    const FaultRow* row = nullptr;  // of `key`
    std::vector<Part> parts;        // of row and target
    void exchange(Archive& archive);
  };

  [[nodiscard]] base::Result<Fault> made(const FaultOrder& order) const;
  base::Result<void> prepare(Fault& fault) const;
  void add_parts(Fault& fault, const Sites& sites) const;
  [[nodiscard]] std::optional<std::size_t> machine_of(fabric::DeviceId device) const;
  void begin(Fault& fault);
  void refresh(Fault& fault);
  void plan_next(const Fault& fault);
  void end(Fault& fault);
  void send_part(const Fault& fault, const Part& part, std::optional<double> value);
  void workload_changed(std::size_t link);
  [[nodiscard]] double level(const Fault& fault, const Part& part) const;

  FaultDirectory directory_;
  std::unordered_map<fabric::DeviceId, std::size_t> machines_;  // of every device
  std::map<FaultId, Fault> faults_;
  FaultId next_ = 1;
  std::map<std::size_t, double> loads_;  // of links, by the workload it ordered
  std::vector<double> air_cel_;          // of machines
};

/// Into the rack's world, before it starts; enclosures will tell it their air.
base::Result<void> add_fault_engine(Rack& rack);
/// Of a rack that build_rack() made.
[[nodiscard]] FaultEngine& fault_engine(Rack& rack);

}  // namespace weft::twin
