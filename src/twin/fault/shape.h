// SPDX-License-Identifier: Apache-2.0
// How strong a fault is over time: a level, 0 not there, 1 at its amplitude. Shapes that move
// continuously are cut into steps of kShapeSteps to full height (or to a period), so that time
// costs as many events as there are steps and a world is the same however one looks at it: a level
// is a function of the shape, the seed and the time since the start, for coupled shapes also of
// load or air. The fault engine runs them; scenario files and `weft world inject --shape` write
// them as text: "ramp 5 min".
#pragma once

#include "base/random.h"
#include "base/result.h"
#include "twin/world/archive.h"
#include "twin/world/time.h"

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace weft::twin {

enum class ShapeKind : std::uint8_t {
  kStep,          ///< 1 from the start
  kPulse,         ///< 1 for LENGTH, then it is over
  kRamp,          ///< rises evenly to 1 within RISE and stays
  kDrift,         ///< rises evenly by 1 each PERIOD, up to MOST
  kExponential,   ///< 1 - exp(-t / TAU); 1 after five TAU
  kSine,          ///< (1 - cos(2 pi t / PERIOD)) / 2
  kSquare,        ///< 1 for the first SHARE of each PERIOD
  kIntermittent,  ///< 1 and 0 in turn, exponential lengths of mean ON and OFF; begins with 1
  kLoad,          ///< 0 at load LOW of its link to 1 at HIGH
  kTemperature,   ///< 0 at air LOW to 1 at HIGH, Cel, of the host where it is
};
inline constexpr std::size_t kShapeKinds = 10;
/// Steps to full height, or in a period.
inline constexpr std::int64_t kShapeSteps = 32;
/// No step is shorter.
inline constexpr Duration kShapeStepLeast{1'000'000};

struct ShapeParameter {
  std::string_view name;  ///< "PERIOD"; empty: there is none
  bool is_time = false;   ///< written with a unit, kept in seconds
  double standard = 0;
  double min = 0;
  double max = 0;
};

struct ShapeRow {
  ShapeKind kind;
  std::string_view key;  ///< "ramp"
  std::array<ShapeParameter, 2> parameters;
  std::string_view help;
};
[[nodiscard]] std::span<const ShapeRow> shapes();
[[nodiscard]] const ShapeRow& row(ShapeKind kind);

struct Shape {
  ShapeKind kind = ShapeKind::kStep;
  std::array<double, 2> values = {};  ///< of its row's parameters; times in seconds
  friend bool operator==(const Shape&, const Shape&) = default;
  void exchange(Archive& archive) { archive.fields(kind, values); }
};
/// With its row's standard values.
[[nodiscard]] Shape standard_shape(ShapeKind kind);
/// "square 10 s 0.25": the key and what parameters are given, in order; the others are standard.
/// kInvalidArgument says what is wrong and what there is.
[[nodiscard]] base::Result<Shape> parse_shape(std::string_view text);
/// What parse_shape() reads back.
[[nodiscard]] std::string text(const Shape& shape);

/// "10 min", "1.5h", "200 ms": ns, us, ms, s, min, h, d; not negative, at most 10,000 days.
[[nodiscard]] base::Result<Duration> parse_span(std::string_view text);
[[nodiscard]] std::string span_text(Duration span);

/// What a coupled shape looks at.
struct ShapeSurroundings {
  double load = 0;  ///< of the link, 0 to 1
  double air_cel = 25;
};

/// A shape at work from `start` on.
class ShapeRun {
 public:
  ShapeRun() = default;
  ShapeRun(const Shape& shape, WorldTime start, std::uint64_t seed, std::string_view stream);

  /// Takes time forward. @pre `now` is not before the last one, nor before the start
  void run_to(WorldTime now);
  /// At the time run_to() got.
  [[nodiscard]] double level(const ShapeSurroundings& around = {}) const;
  /// When the level changes by itself after that; kNever where it does not.
  [[nodiscard]] WorldTime next() const;
  /// It will stay at 0 from now on.
  [[nodiscard]] bool is_over() const;

  /// Not the shape, the start and the seed: whoever reads makes the run anew before.
  void exchange(Archive& archive) { archive.fields(now_, random_, is_on_, until_); }

 private:
  [[nodiscard]] Duration step() const;
  [[nodiscard]] Duration exponential_step(std::int64_t k) const;
  [[nodiscard]] std::int64_t steps_done() const;
  [[nodiscard]] Duration drawn(double mean_s);

  Shape shape_;
  WorldTime start_;
  WorldTime now_;
  base::Random random_{0, ""};
  bool is_on_ = true;  // intermittent
  WorldTime until_ = kNever;
};

}  // namespace weft::twin
