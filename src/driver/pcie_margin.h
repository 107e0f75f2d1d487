// SPDX-License-Identifier: Apache-2.0
// Lane Margining at the Receiver as a client: moves each receiver's sampling point left, right, up
// and down by binary search until it counts too many errors, on as many lanes at once as the
// receiver allows, and puts everything back. PCIe Base 8.4.4; what must hold: link in L0 at 16 GT/s
// or more, ASPM off, autonomous speed and width changes off, both functions in D0.
// Minima and recommended values as pciutils' pcilmr gives them from the specification: at 16 and
// 32 GT/s an eye of 30 % UI and 15 mV; recommended 23.75 ps and 21 mV, 10.157 ps and 19.75 mV. For
// 64 GT/s no minimum is public: nothing is graded there.
#pragma once

#include "driver/pcie_actions.h"

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace weft::driver {

/// Which way the sampling point moves.
enum class MarginWay : std::uint8_t { kLeft, kRight, kUp, kDown };
inline constexpr std::size_t kMarginWays = 4;

enum class MarginEnd : std::uint8_t {
  kErrors,      ///< the next step had too many errors
  kEndOfRange,  ///< all steps held: the margin is at least that
  kRefused,     ///< the receiver refused a step, or did not answer
};

struct MarginResult {
  std::uint8_t steps = 0;  ///< the farthest that held
  double offset = 0;       ///< UI or mV
  MarginEnd end = MarginEnd::kErrors;
};

/// What a receiver said it can do.
struct MarginReceiver {
  std::uint8_t number = 0;  ///< 1 to 6, A to F
  std::uint8_t timing_steps = 0;
  double timing_offset_ui = 0;
  bool timing_offset_assumed = false;  ///< it reported 0: 0.5 UI, as the specification's largest
  std::uint8_t voltage_steps = 0;
  double voltage_offset_mv = 0;
  bool voltage_offset_assumed = false;
  std::uint8_t timing_sampling = 0;  ///< (n + 1) of 64 bits
  std::uint8_t voltage_sampling = 0;
  std::uint8_t lanes_at_once = 1;
  bool has_voltage = false;
  bool is_up_down = false;
  bool is_left_right = false;
  bool has_independent_sampler = false;
  bool reports_rates = false;
};

enum class MarginGrade : std::uint8_t { kBelow, kMinimum, kRecommended, kNotGraded };
[[nodiscard]] std::string_view key(MarginGrade grade);  ///< "below-minimum"

struct LaneMargin {
  std::uint32_t lane = 0;
  std::uint8_t receiver = 0;
  std::array<std::optional<MarginResult>, kMarginWays> ways = {};
  /// Of the whole eye. One-sided: the receiver knows no sides; what it measured is the worse one,
  /// and counts twice.
  std::optional<double> width_ui = {};
  std::optional<double> height_mv = {};
  bool width_is_one_sided = false;
  bool height_is_one_sided = false;
  bool width_is_at_least = false;  ///< a side ended with the range
  bool height_is_at_least = false;
  MarginGrade width_grade = MarginGrade::kNotGraded;
  MarginGrade height_grade = MarginGrade::kNotGraded;
};

struct MarginMinima {
  double width_ui, height_mv;                          ///< of the specification
  double recommended_width_ps, recommended_height_mv;  ///< recommended
};
[[nodiscard]] std::optional<MarginMinima> margin_minima(std::uint8_t speed);
/// One symbol: PAM4 carries two bits in it.
[[nodiscard]] double unit_interval_ps(std::uint8_t speed);

struct MarginOptions {
  std::vector<std::uint32_t> lanes = {};     ///< empty: all
  std::vector<std::uint8_t> receivers = {};  ///< empty: all that are there
  std::uint8_t error_limit = 4;              ///< 0 to 63
  double bits = 3e9;                         ///< compared at each step
  bool voltage = true;
  std::function<void(std::string_view)> progress = {};
};

struct MarginReport {
  PcieLinkView link;
  std::string upper, lower;
  double ui_ps = 0;
  std::vector<MarginReceiver> receivers;
  std::vector<LaneMargin> lanes;
  std::vector<std::string> problems;  ///< receivers that did not answer, with why
};

/// What a run would write, for people; nothing is written. Errors as margin().
struct MarginPlan {
  PcieLinkView link;
  std::string upper, lower;
  std::vector<std::uint32_t> lanes;
  std::vector<std::uint8_t> receivers;
  std::vector<std::string> writes;
};
[[nodiscard]] base::Result<MarginPlan> plan_margin(const PciePair& pair,
                                                   const MarginOptions& options);

/// Margins. Before it returns everything that was written is put back; where that fails the error
/// says so and the journal keeps it. kFailedPrecondition: link below 16 GT/s, not up, no margining
/// there; kInvalidArgument: lanes or receivers that are not there.
[[nodiscard]] base::Result<MarginReport> margin(const PciePair& pair, bus::Devices& devices,
                                                Journal& journal, const Wait& wait,
                                                const MarginOptions& options);

}  // namespace weft::driver
