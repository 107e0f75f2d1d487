// SPDX-License-Identifier: Apache-2.0
#include "twin/fault/shape.h"

#include "base/text.h"
#include "fabric/nearest.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace weft::twin {
namespace shape_inner {

constexpr double kSecondsMost = 10'000.0 * 86'400;
constexpr double kNanosecond = 1e-9;

struct Unit {
  std::string_view name;
  double seconds;
};
// Longest first, as span_text() tries them.
constexpr auto kUnits = std::to_array<Unit>(
    {{"d", 86'400}, {"h", 3600}, {"min", 60}, {"s", 1}, {"ms", 1e-3}, {"us", 1e-6}, {"ns", 1e-9}});

constexpr ShapeParameter time(std::string_view name, double standard_s) {
  return {name, true, standard_s, 1e-3, kSecondsMost};
}
constexpr ShapeParameter number(std::string_view name, double standard, double min, double max) {
  return {name, false, standard, min, max};
}

constexpr auto kShapes = std::to_array<ShapeRow>({
    {ShapeKind::kStep, "step", {}, "There at once, and stays."},
    {ShapeKind::kPulse, "pulse", {time("LENGTH", 1)}, "There at once, and over after LENGTH."},
    {ShapeKind::kRamp, "ramp", {time("RISE", 300)}, "Rises evenly within RISE, then stays."},
    {ShapeKind::kDrift,
     "drift",
     {time("PERIOD", 3600), number("MOST", 10, 0.1, 1000)},
     "Rises evenly by its amplitude each PERIOD, up to MOST times the amplitude."},
    {ShapeKind::kExponential,
     "exponential",
     {time("TAU", 600)},
     "Comes close to its amplitude with time constant TAU."},
    {ShapeKind::kSine,
     "sine",
     {time("PERIOD", 3600)},
     "Swings between nothing and its amplitude, beginning with nothing."},
    {ShapeKind::kSquare,
     "square",
     {time("PERIOD", 60), number("SHARE", 0.5, 0.001, 0.999)},
     "There for the first SHARE of each PERIOD."},
    {ShapeKind::kIntermittent,
     "intermittent",
     {time("ON", 1), time("OFF", 60)},
     "Comes and goes at random; ON and OFF are the mean times. Begins with being there."},
    {ShapeKind::kLoad,
     "load",
     {number("LOW", 0, 0, 0.99), number("HIGH", 1, 0.01, 1)},
     "Follows the workload of its link: nothing at LOW, its amplitude at HIGH, shares of 1."},
    {ShapeKind::kTemperature,
     "temperature",
     {number("LOW", 30, -60, 150), number("HIGH", 60, -59, 151)},
     "Follows the air where it is: nothing at LOW, its amplitude at HIGH, Cel."},
});
static_assert(kShapes.size() == kShapeKinds);

/// A number at the front of `text`, which is cut off.
base::Result<double> take_number(std::string_view& text) {
  text = base::trim(text);
  const std::size_t end = std::min(text.find_first_not_of("+-.0123456789eE"), text.size());
  // "5e" of "5 em" does not occur: units never begin with e.
  const auto value = base::parse_double(text.substr(0, end));
  if (!value || !std::isfinite(*value)) {
    return base::fail(base::Code::kInvalidArgument,
                      fmt::format("'{}' does not begin with a number", base::printable(text, 40)));
  }
  text = base::trim(text.substr(end));
  return *value;
}

/// The unit at the front of `text`, which is cut off; 0 where there is none.
double take_unit(std::string_view& text) {
  const std::size_t end =
      std::min(text.find_first_not_of("abcdefghijklmnopqrstuvwxyz"), text.size());
  for (const Unit& unit : kUnits) {
    if (text.substr(0, end) == unit.name) {
      text = base::trim(text.substr(end));
      return unit.seconds;
    }
  }
  return 0;
}

base::Result<double> take_seconds(std::string_view& text) {
  const std::string_view whole = text;
  const auto value = take_number(text);
  if (!value) {
    return tl::unexpected(value.error());
  }
  const double unit = take_unit(text);
  if (unit == 0) {
    return base::fail(base::Code::kInvalidArgument,
                      fmt::format("'{}' is a time without a unit", base::printable(whole, 40)), "",
                      "Units are ns, us, ms, s, min, h and d.");
  }
  const double seconds = *value * unit;
  if (!(seconds >= 0) || seconds > kSecondsMost) {
    return base::fail(base::Code::kInvalidArgument,
                      fmt::format("'{}' is out of range", base::printable(whole, 40)), "",
                      "Times are from 0 to 10000 days.");
  }
  return seconds;
}

Duration duration_of(double seconds) {
  return {std::llround(seconds / kNanosecond)};
}

std::string usage(const ShapeRow& row) {
  std::string text(row.key);
  for (const ShapeParameter& parameter : row.parameters) {
    if (!parameter.name.empty()) {
      text += fmt::format(" [{}]", parameter.name);
    }
  }
  return text;
}

}  // namespace shape_inner

std::span<const ShapeRow> shapes() {
  return shape_inner::kShapes;
}

const ShapeRow& row(ShapeKind kind) {
  return shape_inner::kShapes.at(static_cast<std::size_t>(kind));
}

Shape standard_shape(ShapeKind kind) {
  Shape shape{.kind = kind, .values = {}};
  for (std::size_t i = 0; i < shape.values.size(); ++i) {
    shape.values.at(i) = row(kind).parameters.at(i).standard;
  }
  return shape;
}

base::Result<Duration> parse_span(std::string_view text) {
  std::string_view rest = text;
  const auto seconds = shape_inner::take_seconds(rest);
  if (!seconds) {
    return tl::unexpected(seconds.error());
  }
  if (!rest.empty()) {
    return base::fail(base::Code::kInvalidArgument,
                      fmt::format("'{}' stands behind the time", base::printable(rest, 40)));
  }
  return shape_inner::duration_of(*seconds);
}

std::string span_text(Duration span) {
  const auto seconds = static_cast<double>(span.ns) * 1e-9;
  for (const auto& unit : shape_inner::kUnits) {
    const double value = seconds / unit.seconds;
    // The largest unit in which it is a short number that reads back as the same span.
    const std::string text = fmt::format("{:g} {}", value, unit.name);
    const auto again = parse_span(text);
    if (value >= 1 && again && *again == span) {
      return text;
    }
  }
  return fmt::format("{} ns", span.ns);
}

base::Result<Shape> parse_shape(std::string_view text) {
  std::string_view rest = base::trim(text);
  const std::string_view name = rest.substr(0, rest.find_first_of(" \t"));
  rest = base::trim(rest.substr(name.size()));
  const auto found = std::ranges::find(shape_inner::kShapes, name, &ShapeRow::key);
  if (found == shape_inner::kShapes.end()) {
    std::vector<std::string_view> keys;
    std::ranges::transform(shape_inner::kShapes, std::back_inserter(keys), &ShapeRow::key);
    const std::string_view near = fabric::nearest(name, keys);
    return base::fail(base::Code::kInvalidArgument,
                      fmt::format("'{}' is no shape", base::printable(name, 40)), "",
                      near.empty() ? fmt::format("Shapes are {}.", fmt::join(keys, ", "))
                                   : fmt::format("Did you mean '{}'?", near));
  }
  Shape shape = standard_shape(found->kind);
  for (std::size_t i = 0; i < shape.values.size() && !rest.empty(); ++i) {
    const ShapeParameter& parameter = found->parameters.at(i);
    if (parameter.name.empty()) {
      break;
    }
    const auto value =
        parameter.is_time ? shape_inner::take_seconds(rest) : shape_inner::take_number(rest);
    if (!value) {
      base::Error error = value.error();
      error.what = fmt::format("{} of shape {}: {}", parameter.name, found->key, error.what);
      return tl::unexpected(error);
    }
    if (!(*value >= parameter.min && *value <= parameter.max)) {
      return base::fail(
          base::Code::kInvalidArgument,
          fmt::format("{} of shape {} is out of range", parameter.name, found->key), "",
          parameter.is_time
              ? "Times of shapes are from 1 ms to 10000 days."
              : fmt::format("It is from {:g} to {:g}.", parameter.min, parameter.max));
    }
    shape.values.at(i) = *value;
  }
  if (!rest.empty()) {
    return base::fail(
        base::Code::kInvalidArgument,
        fmt::format("shape {} does not take '{}'", found->key, base::printable(rest, 40)), "",
        fmt::format("Write: {}.", shape_inner::usage(*found)));
  }
  const bool is_coupled = found->kind == ShapeKind::kLoad || found->kind == ShapeKind::kTemperature;
  if (is_coupled && shape.values[0] >= shape.values[1]) {
    return base::fail(base::Code::kInvalidArgument,
                      fmt::format("LOW of shape {} is not below HIGH", found->key));
  }
  return shape;
}

std::string text(const Shape& shape) {
  std::string written(row(shape.kind).key);
  for (std::size_t i = 0; i < shape.values.size(); ++i) {
    const ShapeParameter& parameter = row(shape.kind).parameters.at(i);
    if (parameter.is_time) {
      written += " " + span_text(shape_inner::duration_of(shape.values.at(i)));
    } else if (!parameter.name.empty()) {
      written += fmt::format(" {}", shape.values.at(i));
    }
  }
  return written;
}

ShapeRun::ShapeRun(const Shape& shape, WorldTime start, std::uint64_t seed, std::string_view stream)
    : shape_(shape), start_(start), now_(start), random_(seed, stream) {
  if (shape_.kind == ShapeKind::kIntermittent) {
    until_ = later(start_, drawn(shape_.values[0]));
  } else if (shape_.kind == ShapeKind::kPulse) {
    until_ = later(start_, shape_inner::duration_of(shape_.values[0]));
  }
}

Duration ShapeRun::drawn(double mean_s) {
  return std::max(kShapeStepLeast,
                  shape_inner::duration_of(-mean_s * std::log(1 - random_.uniform())));
}

void ShapeRun::run_to(WorldTime now) {
  now_ = now;
  while (shape_.kind == ShapeKind::kIntermittent && until_ <= now_) {
    is_on_ = !is_on_;
    until_ = later(until_, drawn(shape_.values[is_on_ ? 0 : 1]));
  }
}

Duration ShapeRun::step() const {
  const Duration whole = shape_inner::duration_of(shape_.values[0]);
  return std::max(kShapeStepLeast, Duration{whole.ns / kShapeSteps});
}

/// When the k-th part of the way up is reached; the last one at five time constants.
Duration ShapeRun::exponential_step(std::int64_t k) const {
  const double share = static_cast<double>(k) / static_cast<double>(kShapeSteps);
  const double taus = k >= kShapeSteps ? 5 : -std::log1p(-share);
  return shape_inner::duration_of(taus * shape_.values[0]);
}

std::int64_t ShapeRun::steps_done() const {
  const Duration since = now_ - start_;
  if (shape_.kind != ShapeKind::kExponential) {
    return since.ns / step().ns;
  }
  std::int64_t k = 0;
  while (k < kShapeSteps && exponential_step(k + 1) <= since) {
    ++k;
  }
  return k;
}

double ShapeRun::level(const ShapeSurroundings& around) const {
  constexpr auto kSteps = static_cast<double>(kShapeSteps);
  const auto coupled = [&](double value) {
    const double share = (value - shape_.values[0]) / (shape_.values[1] - shape_.values[0]);
    return std::floor(std::clamp(share, 0.0, 1.0) * kSteps) / kSteps;
  };
  switch (shape_.kind) {
    case ShapeKind::kStep:
      return 1;
    case ShapeKind::kPulse:
      return now_ < until_ ? 1 : 0;
    case ShapeKind::kRamp:
    case ShapeKind::kExponential:
      return std::min(1.0, static_cast<double>(steps_done()) / kSteps);
    case ShapeKind::kDrift:
      return std::min(shape_.values[1], static_cast<double>(steps_done()) / kSteps);
    case ShapeKind::kSine: {
      const auto phase = static_cast<double>(steps_done() % kShapeSteps) / kSteps;
      return 0.5 * (1 - std::cos(6.283185307179586 * phase));
    }
    case ShapeKind::kSquare: {
      const Duration period = shape_inner::duration_of(shape_.values[0]);
      const auto on = static_cast<std::int64_t>(static_cast<double>(period.ns) * shape_.values[1]);
      return (now_ - start_).ns % period.ns < on ? 1 : 0;
    }
    case ShapeKind::kIntermittent:
      return is_on_ ? 1 : 0;
    case ShapeKind::kLoad:
      return coupled(around.load);
    case ShapeKind::kTemperature:
      return coupled(around.air_cel);
  }
  return 0;
}

WorldTime ShapeRun::next() const {
  const auto after = [&](std::int64_t ns) { return later(start_, {ns}); };
  switch (shape_.kind) {
    case ShapeKind::kPulse:
      return now_ < until_ ? until_ : kNever;
    case ShapeKind::kIntermittent:
      return until_;
    case ShapeKind::kRamp:
      return steps_done() < kShapeSteps ? after((steps_done() + 1) * step().ns) : kNever;
    case ShapeKind::kDrift:
      return level() < shape_.values[1] ? after((steps_done() + 1) * step().ns) : kNever;
    case ShapeKind::kExponential:
      return steps_done() < kShapeSteps ? later(start_, exponential_step(steps_done() + 1))
                                        : kNever;
    case ShapeKind::kSine:
      return after((steps_done() + 1) * step().ns);
    case ShapeKind::kSquare: {
      const Duration period = shape_inner::duration_of(shape_.values[0]);
      const auto on = static_cast<std::int64_t>(static_cast<double>(period.ns) * shape_.values[1]);
      const std::int64_t begun = (now_ - start_).ns / period.ns * period.ns;
      return after((now_ - start_).ns - begun < on ? begun + on : begun + period.ns);
    }
    case ShapeKind::kStep:
    case ShapeKind::kLoad:
    case ShapeKind::kTemperature:
      break;
  }
  return kNever;
}

bool ShapeRun::is_over() const {
  return shape_.kind == ShapeKind::kPulse && now_ >= until_;
}

}  // namespace weft::twin
