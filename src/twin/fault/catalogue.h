// SPDX-License-Identifier: Apache-2.0
// The faults that a twin knows. Each is a change of physical or firmware quantities
// (world/quantity.h) of certain things, with a strength that people can read (its amplitude), and
// nothing else: what counters, registers and people see of it is the other parts' business. The
// engine (engine.h) applies them, scenario files and `weft world inject` name them by key. Adding
// one more: a row in catalogue_rows.cpp and its story in stories_test's table.
#pragma once

#include "base/result.h"
#include "twin/fault/shape.h"
#include "twin/world/quantity.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weft::twin {

/// What a fault is of; target.h says how a target's text becomes these.
enum class FaultScope : std::uint8_t {
  kLanes,   ///< lanes of a link, in one or both directions, in one or all sections
  kLink,    ///< a link as a whole
  kDevice,  ///< a device
  kHost,    ///< a machine's enclosure
};

/// Which sections of a link a fault of lanes touches where its target names none.
enum class FaultSections : std::uint8_t {
  kAll,
  kDeviceEnd,  ///< the last, at end b: where a card or module sits
  kCable,      ///< those with a cable or backplane of copper
  kOptical,    ///< those of light
};

/// Which lanes where its target names none.
enum class FaultLanes : std::uint8_t {
  kAll,
  kFirst,
  kUpperHalf,  ///< what loses contact when a card sits askew
};

/// Which of a device's lanes a target "device:" or "port:" means.
enum class FaultReach : std::uint8_t {
  kBoth,
  kReceivers,     ///< of sections that end at the device
  kTransmitters,  ///< of sections that begin there
};

/// The fault's excess is 0 where it is not there: its amplitude times the shape's level, or (factor
/// - 1) times the level. It adds gain times that to the quantity's neutral value.
struct FaultEffect {
  Quantity quantity = Quantity::kLoss;
  double gain = 1;
  bool is_of_neighbours = false;  ///< of lanes: not the target but the lanes beside it
  std::uint32_t sub = 0;          ///< of devices: the part or the quirk's number
};

struct FaultAmplitude {
  double standard = 1;
  double min = 0;
  double max = 1;
  std::string_view unit = "1";  ///< UCUM, of the quantity that the fault is named by
  bool is_factor = false;       ///< 1 is no fault
};

/// How many effects one fault has at most.
inline constexpr std::size_t kFaultEffects = 4;

struct FaultRow {
  std::string_view key = {};  ///< "contaminated-connector"
  FaultScope scope = FaultScope::kLanes;
  FaultAmplitude amplitude = {};
  std::string_view shape = {};  ///< as parse_shape() reads it
  std::vector<FaultEffect> effects = {};
  FaultSections sections = FaultSections::kAll;
  FaultLanes lanes = FaultLanes::kAll;
  FaultReach reach = FaultReach::kBoth;
  bool is_one_way = false;       ///< toward the device where its target names no direction
  std::string_view family = {};  ///< of devices: whose firmware it is of ("retimer"); empty: any
  std::string_view help = {};    ///< one sentence: what is wrong with the thing
  std::string_view source = {};  ///< where the figures are from; "modelled" where nobody says
};

/// Every fault, by kind of thing.
[[nodiscard]] std::span<const FaultRow> faults();
/// nullptr where there is none.
[[nodiscard]] const FaultRow* find_fault(std::string_view key);
/// kNotFound names the nearest.
[[nodiscard]] base::Result<const FaultRow*> fault_named(std::string_view key);

/// What is not a fault but moves quantities in the same way: "workload" (kLoad of links) and
/// "inlet" (kAmbient of hosts).
[[nodiscard]] std::span<const FaultRow> backgrounds();
/// Among faults and backgrounds.
[[nodiscard]] const FaultRow* find_row(std::string_view key);

/// "6 dB", "6", "40 %" where the unit is 1: within the row's range, kInvalidArgument says which.
[[nodiscard]] base::Result<double> parse_amplitude(const FaultRow& row, std::string_view text);
[[nodiscard]] base::Result<void> check_amplitude(const FaultRow& row, double amplitude);
/// "6 dB"
[[nodiscard]] std::string amplitude_text(const FaultRow& row, double amplitude);

/// What an effect contributes at a level; the quantity's neutral value at level 0.
[[nodiscard]] double contribution(const FaultRow& row, const FaultEffect& effect, double amplitude,
                                  double level);

/// "lanes", "link", "device", "host"
[[nodiscard]] std::string_view key(FaultScope scope);

}  // namespace weft::twin
