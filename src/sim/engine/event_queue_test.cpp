// SPDX-License-Identifier: Apache-2.0
// The queue against the order itself: a stable sort of the same events, whatever the widths, bursts
// and distances; and what stands still is named.
#include "sim/engine/event_queue.h"

#include "sim/engine/budget.h"
#include "sim/engine/draw.h"
#include "sim/engine/wait_cycle.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

namespace weft::sim {
namespace {

/// (time, order, sequence): the total order, by a container that is certainly right.
class Judge {
 public:
  void push(const Event& event) {
    events_.emplace(std::tuple(event.time, event.order, sequence_++), event.item);
  }
  Event pop() {
    const auto first = events_.begin();
    const Event event{std::get<0>(first->first), std::get<1>(first->first), first->second};
    events_.erase(first);
    return event;
  }
  [[nodiscard]] bool empty() const { return events_.empty(); }

 private:
  std::map<std::tuple<Ps, std::uint32_t, std::uint64_t>, std::uint32_t> events_;
  std::uint64_t sequence_ = 0;
};

/// Spans of every size, many equal times, and now and then something very far ahead.
Ps some_span(Draw& draw, Ps scale) {
  switch (draw.below(8)) {
    case 0:
      return 0;
    case 1:
      return scale;
    case 2:
      return static_cast<Ps>(draw.below(1000)) * scale;
    case 3:
      return draw.below(50) == 0 ? scale * 1'000'000'000 : scale * 3;
    default:
      return static_cast<Ps>(draw() % static_cast<std::uint64_t>(scale * 40));
  }
}

void compare(Ps width, Ps scale, std::size_t pending, int steps) {
  EventQueue queue(width);
  Judge judge;
  Draw draw(static_cast<std::uint64_t>(width + scale));
  Ps now = 0;
  std::uint32_t item = 0;
  const auto push = [&] {
    const Event event{now + some_span(draw, scale), event_order(draw.below(3), draw.below(5)),
                      item++};
    queue.push(event);
    judge.push(event);
  };
  for (std::size_t i = 0; i < pending; ++i) {
    push();
  }
  for (int i = 0; i < steps; ++i) {
    Event got;
    ASSERT_TRUE(queue.pop(got));
    const Event want = judge.pop();
    ASSERT_EQ(std::tuple(got.time, got.order, got.item),
              std::tuple(want.time, want.order, want.item))
        << "step " << i << " width " << width << " scale " << scale;
    now = got.time;
    push();
  }
  Event got;
  while (queue.pop(got)) {
    ASSERT_EQ(got.item, judge.pop().item);
  }
  EXPECT_TRUE(judge.empty());
  EXPECT_TRUE(queue.empty());
}

TEST(EventQueue, OrderIsTimeKindSourceSequence) {
  for (const Ps width : {Ps{1}, Ps{64}, Ps{4096}, Ps{1} << 30}) {
    for (const Ps scale : {Ps{1}, Ps{1000}, Ps{5'000'000}}) {
      compare(width, scale, 300, 4000);
    }
  }
  compare(4096, 20, 20'000, 20'000);
}

TEST(EventQueue, StopsBeforeTheLimitAndGoesOn) {
  EventQueue queue;
  for (std::uint32_t i = 0; i < 100; ++i) {
    queue.push({static_cast<Ps>(i) * 1000, 0, i});
  }
  Event event;
  std::uint32_t count = 0;
  while (queue.pop_before(50'000, event)) {
    EXPECT_EQ(event.item, count++);
  }
  EXPECT_EQ(count, 50U);
  EXPECT_EQ(queue.next_time(), 50'000);
  queue.push({49'999, 0, 1000});
  ASSERT_TRUE(queue.pop(event));
  EXPECT_EQ(event.item, 1000U);
  EXPECT_EQ(queue.size(), 50U);
}

TEST(Standstill, NamesTheCycle) {
  const std::vector<std::uint32_t> waits = {1, 2, 0, 1, kWaitsForNothing};
  const Standstill found = find_standstill(waits);
  EXPECT_TRUE(found.is_cycle);
  EXPECT_EQ(found.waits, (std::vector<std::uint32_t>{0, 1, 2}));
}

TEST(Standstill, WithoutACycleNamesTheChainToWhatNeverMoves) {
  const std::vector<std::uint32_t> waits = {kWaitsForNothing, 0, 1, 9};
  const Standstill found = find_standstill(waits);
  EXPECT_FALSE(found.is_cycle);
  EXPECT_EQ(found.waits, (std::vector<std::uint32_t>{2, 1, 0}));
  EXPECT_TRUE(find_standstill(std::vector<std::uint32_t>{}).waits.empty());
  const std::vector<std::uint32_t> self = {kWaitsForNothing, 1};
  EXPECT_EQ(find_standstill(self).waits, (std::vector<std::uint32_t>{1}));
}

TEST(Budget, RefusesWithTheNumber) {
  const Cost cost{.packets = 10, .hops = 6'000'000, .memory_bytes = 30ULL << 30};
  EXPECT_EQ(cost.text(), "6.0 M packet hops, about 2.0 s on one core, 30.0 GiB");
  const auto refused = check_budget(cost, {}, "rack.yaml");
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, base::Code::kResourceExhausted);
  EXPECT_NE(refused.error().what.find("30.0 GiB"), std::string::npos);
  EXPECT_TRUE(check_budget(cost, {.memory_bytes = 31ULL << 30}, "").has_value());
  EXPECT_FALSE(check_budget(cost, {.memory_bytes = 31ULL << 30, .hops = 1}, "").has_value());
  EXPECT_DOUBLE_EQ((Progress{.done = 0.25}.remaining_seconds(10)), 30);
}

TEST(Draw, GeometricHasItsMean) {
  Draw draw(draw_seed(1, 2));
  double sum = 0;
  for (int i = 0; i < 100'000; ++i) {
    sum += draw.failures(0.25, 1000);
  }
  EXPECT_NEAR(sum / 100'000, 1.0 / 3.0, 0.01);
}

}  // namespace
}  // namespace weft::sim
