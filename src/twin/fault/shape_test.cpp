// SPDX-License-Identifier: Apache-2.0
#include "twin/fault/shape.h"

#include "twin/fault/catalogue.h"

#include <cmath>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace weft::twin {
namespace {

constexpr WorldTime at(double seconds) {
  return {static_cast<std::int64_t>(seconds * 1e9)};
}

Shape shape_of(std::string_view text) {
  const auto shape = parse_shape(text);
  EXPECT_TRUE(shape) << text;
  return shape.value_or(Shape{});
}

/// The level at a time, got there by the run's own steps.
double level_at(std::string_view text, double seconds, double start = 0) {
  ShapeRun run(shape_of(text), at(start), 1, "test");
  while (run.next() <= at(seconds)) {
    run.run_to(run.next());
  }
  run.run_to(at(seconds));
  return run.level();
}

TEST(FaultShape, RampsRiseEvenlyAndStay) {
  EXPECT_EQ(level_at("ramp 320 s", 0), 0);
  EXPECT_EQ(level_at("ramp 320 s", 9.9), 0);
  EXPECT_EQ(level_at("ramp 320 s", 10), 1.0 / 32);
  EXPECT_EQ(level_at("ramp 320 s", 160), 0.5);
  EXPECT_EQ(level_at("ramp 320 s", 320), 1);
  EXPECT_EQ(level_at("ramp 320 s", 1e6), 1);
  EXPECT_EQ(level_at("ramp 320 s", 260, 100), 0.5);
}

TEST(FaultShape, DriftsGoOnUpToTheirMost) {
  EXPECT_EQ(level_at("drift 1 h 10", 3600), 1);
  EXPECT_EQ(level_at("drift 1 h 10", 2.5 * 3600), 2.5);
  EXPECT_EQ(level_at("drift 1 h 10", 100 * 3600.0), 10);
}

TEST(FaultShape, ExponentialsComeNear) {
  for (const double taus : {0.1, 0.5, 1.0, 2.0, 3.0}) {
    const double level = level_at("exponential 10 min", 600 * taus);
    EXPECT_LE(level, 1 - std::exp(-taus) + 1e-12);
    EXPECT_GT(level, 1 - std::exp(-taus) - 1.0 / 32);
  }
  EXPECT_EQ(level_at("exponential 10 min", 3000), 1);
}

TEST(FaultShape, PeriodicOnesComeBack) {
  EXPECT_NEAR(level_at("sine 32 s", 8), 0.5, 1e-12);
  EXPECT_NEAR(level_at("sine 32 s", 16), 1, 1e-12);
  EXPECT_NEAR(level_at("sine 32 s", 64 + 16), 1, 1e-12);
  EXPECT_EQ(level_at("square 10 s 0.25", 2.4), 1);
  EXPECT_EQ(level_at("square 10 s 0.25", 2.5), 0);
  EXPECT_EQ(level_at("square 10 s 0.25", 10), 1);
}

TEST(FaultShape, PulsesAreOver) {
  EXPECT_EQ(level_at("pulse 3 s", 2.9), 1);
  EXPECT_EQ(level_at("pulse 3 s", 3), 0);
  ShapeRun run(shape_of("pulse 3 s"), at(1), 1, "test");
  run.run_to(at(3.9));
  EXPECT_FALSE(run.is_over());
  run.run_to(at(4));
  EXPECT_TRUE(run.is_over());
  EXPECT_EQ(run.next(), kNever);
}

TEST(FaultShape, IntermittentOnesHaveTheirMeanTimes) {
  ShapeRun run(shape_of("intermittent 2 s 8 s"), at(0), 7, "test");
  double on_s = 0;
  WorldTime then;
  constexpr double kSpan = 100'000;
  while (run.next() < at(kSpan)) {
    const double level = run.level();
    const WorldTime next = run.next();
    on_s += level * (next - then).seconds();
    then = next;
    run.run_to(next);
    EXPECT_NE(run.level(), level);
  }
  // 10,000 periods: the share's standard error is 0.2 * 0.8 * sqrt(2) / 100.
  EXPECT_NEAR(on_s / kSpan, 0.2, 0.01);
}

TEST(FaultShape, CoupledOnesFollow) {
  const ShapeRun load(shape_of("load 0.2 0.6"), at(0), 1, "test");
  EXPECT_EQ(load.level({.load = 0.1}), 0);
  EXPECT_EQ(load.level({.load = 0.4}), 0.5);
  EXPECT_EQ(load.level({.load = 1}), 1);
  const ShapeRun heat(shape_of("temperature 30 50"), at(0), 1, "test");
  EXPECT_EQ(heat.level({.air_cel = 25}), 0);
  EXPECT_EQ(heat.level({.air_cel = 40}), 0.5);
  EXPECT_EQ(heat.next(), kNever);
}

/// Whoever looks, at whatever times, sees the same.
RC_GTEST_PROP(FaultShape, LevelsDoNotDependOnTheStepsOfTime, (std::vector<std::uint16_t> looks)) {
  const auto kind = static_cast<ShapeKind>(*rc::gen::inRange<int>(0, kShapeKinds));
  const Shape shape = standard_shape(kind);
  ShapeRun often(shape, at(5), 3, "test");
  std::int64_t now = at(5).ns;
  for (const std::uint16_t look : looks) {
    now += std::int64_t{look} * 1'000'000'000;
    often.run_to({now});
  }
  ShapeRun once(shape, at(5), 3, "test");
  once.run_to({now});
  RC_ASSERT(often.level() == once.level());
  RC_ASSERT(often.next() == once.next());
  RC_ASSERT(once.next() > WorldTime{now});
}

RC_GTEST_PROP(FaultShape, TextReadsBack, ()) {
  Shape shape = standard_shape(static_cast<ShapeKind>(*rc::gen::inRange<int>(0, kShapeKinds)));
  for (std::size_t i = 0; i < 2; ++i) {
    const ShapeParameter& parameter = row(shape.kind).parameters.at(i);
    if (parameter.is_time) {
      shape.values.at(i) = 1e-3 * *rc::gen::inRange(1, 100'000'000);
    }
  }
  const auto again = parse_shape(text(shape));
  RC_ASSERT(again.has_value());
  RC_ASSERT(text(*again) == text(shape));
}

TEST(FaultShape, SpansAreReadAndWritten) {
  for (const auto& [text, ns] :
       std::initializer_list<std::pair<std::string_view, std::int64_t>>{{"10 min", 600'000'000'000},
                                                                        {"1.5h", 5'400'000'000'000},
                                                                        {"200 ms", 200'000'000},
                                                                        {"1 d", 86'400'000'000'000},
                                                                        {"7 ns", 7},
                                                                        {"0 s", 0}}) {
    const auto span = parse_span(text);
    ASSERT_TRUE(span) << text;
    EXPECT_EQ(span->ns, ns) << text;
  }
  EXPECT_EQ(span_text({5'400'000'000'000}), "1.5 h");
  EXPECT_EQ(span_text({200'000'000}), "200 ms");
  for (const std::string_view text :
       {"", "10", "min", "5 weeks", "-1 s", "1e99 d", "nan s", "1 s x"}) {
    EXPECT_FALSE(parse_span(text)) << text;
  }
}

TEST(FaultShape, MistakesSayWhatThereIs) {
  const auto near = parse_shape("rmap 5 min");
  ASSERT_FALSE(near);
  EXPECT_EQ(near.error().hint, "Did you mean 'ramp'?");
  const auto unit = parse_shape("ramp 5");
  ASSERT_FALSE(unit);
  EXPECT_EQ(unit.error().what, "RISE of shape ramp: '5' is a time without a unit");
  EXPECT_FALSE(parse_shape("step 5 s"));
  EXPECT_FALSE(parse_shape("square 10 s 2"));
  EXPECT_FALSE(parse_shape("load 0.8 0.2"));
  EXPECT_FALSE(parse_shape(""));
}

TEST(FaultCatalogue, RowsAreWhole) {
  std::vector<std::string_view> keys;
  for (const FaultRow& row : faults()) {
    SCOPED_TRACE(row.key);
    EXPECT_EQ(std::ranges::count(keys, row.key), 0);
    keys.push_back(row.key);
    EXPECT_EQ(find_fault(row.key), &row);
    EXPECT_TRUE(parse_shape(row.shape));
    EXPECT_TRUE(check_amplitude(row, row.amplitude.standard));
    EXPECT_FALSE(row.effects.empty());
    EXPECT_TRUE(row.help.ends_with('.'));
    EXPECT_FALSE(row.source.empty());
    const auto again = parse_amplitude(row, amplitude_text(row, row.amplitude.standard));
    ASSERT_TRUE(again);
    EXPECT_DOUBLE_EQ(*again, row.amplitude.standard);
    for (const FaultEffect& effect : row.effects) {
      const QuantityRow& quantity = twin::row(effect.quantity);
      const double neutral = quantity.combine == Combine::kMultiply ? 1 : 0;
      EXPECT_EQ(contribution(row, effect, row.amplitude.standard, 0), neutral);
      const double full = contribution(row, effect, row.amplitude.standard, 1);
      EXPECT_NE(full, neutral);
      EXPECT_GE(full, quantity.min);
      EXPECT_LE(full, quantity.max);
      const Scope scopes[] = {Scope::kLane, Scope::kLink, Scope::kDevice, Scope::kHost};
      const bool fits = quantity.scope == scopes[static_cast<std::size_t>(row.scope)] ||
                        (row.scope == FaultScope::kLanes && quantity.scope == Scope::kLink);
      EXPECT_TRUE(fits) << quantity.key;
    }
  }
  EXPECT_GE(keys.size(), 36U);
}

TEST(FaultCatalogue, AmplitudesAreRead) {
  const FaultRow& dirty = *find_fault("dirty-fibre");
  EXPECT_EQ(parse_amplitude(dirty, "3.5 dB").value_or(0), 3.5);
  EXPECT_EQ(parse_amplitude(dirty, "3.5").value_or(0), 3.5);
  EXPECT_FALSE(parse_amplitude(dirty, "3.5 mV"));
  EXPECT_FALSE(parse_amplitude(dirty, "300 dB"));
  EXPECT_FALSE(parse_amplitude(dirty, "much"));
  EXPECT_EQ(parse_amplitude(*find_fault("fan-loss"), "40 %").value_or(0), 0.4);
  const auto near = fault_named("dirty-fiber");
  ASSERT_FALSE(near);
  EXPECT_EQ(near.error().hint, "Did you mean 'dirty-fibre'?");
}

}  // namespace
}  // namespace weft::twin
