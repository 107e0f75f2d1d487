// SPDX-License-Identifier: Apache-2.0
// GOAL schedules: read as written, run in exactly the order that they ask for, refused with lines.
#include "sim/schedule/goal.h"

#include "sim/flow/flow.h"
#include "sim/topology.h"

#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace weft::sim {
namespace {

base::Result<RunResult> run(std::string_view goal, std::string_view topology) {
  const auto workload = read_goal(goal, "test.goal");
  if (!workload) {
    return tl::unexpected(workload.error());
  }
  const Network network = make_network(parse_topology(topology).value()).value();
  const Routes routes = Routes::make(network).value();
  return run_flow(network, routes, **workload);
}

TEST(Goal, a_calc_a_message_and_a_calc_add_up) {
  const auto ran =
      run("num_ranks 2\n\nrank 0 {\nl1: calc 100 cpu 0\nl2: send 1024b to 1 tag 5 cpu 0 nic 0\n"
          "l2 requires l1\n}\n// the other side\nrank 1 {\nl1: recv 1024b from 0 tag 5\n"
          "l2: calc 50\nl2 requires l1\n}\n",
          "star:2,rate=1GB/s,latency=500ns,switch=0ns");
  ASSERT_TRUE(ran) << ran.error().text();
  EXPECT_EQ(ran->time, (100 + 1024 + 1000 + 50) * kNanosecond);
  EXPECT_EQ(ran->bytes_delivered, 1024U);
}

TEST(Goal, dissemination_is_ten_rounds_of_latency) {
  // LogGP with L = 1 us and nothing else: 1,024 ranks take 10 us.
  constexpr std::uint32_t kRanks = 1024;
  std::string goal = fmt::format("num_ranks {}\n", kRanks);
  for (std::uint32_t rank = 0; rank < kRanks; ++rank) {
    goal += fmt::format("rank {} {{\n", rank);
    for (std::uint32_t round = 0; round < 10; ++round) {
      const std::uint32_t step = 1U << round;
      goal += fmt::format("s{0}: send 0b to {1} tag {0}\nr{0}: recv 0b from {2} tag {0}\n", round,
                          (rank + step) % kRanks, (rank + kRanks - step) % kRanks);
      if (round > 0) {
        goal += fmt::format("s{0} requires r{1}\nr{0} requires r{1}\ns{0} requires s{1}\n", round,
                            round - 1);
      }
    }
    goal += "}\n";
  }
  const auto ran = run(goal, "star:1024,latency=500ns,switch=0ns");
  ASSERT_TRUE(ran) << ran.error().text();
  EXPECT_EQ(ran->time, 10 * kMicrosecond);
}

TEST(Goal, a_message_that_is_there_already_wakes_whoever_needs_it) {
  const auto ran = run(
      "num_ranks 2\nrank 0 { a: send 0b to 1 tag 1 }\nrank 1 {\nl3: calc 5\nl1: calc 10000\n"
      "l2: recv 0b from 0 tag 1\nl2 requires l1\nl4: calc 7\nl4 requires l3\nl4 requires l2\n}\n",
      "star:2,latency=500ns,switch=0ns");
  ASSERT_TRUE(ran) << ran.error().text();
  EXPECT_EQ(ran->time, 10007 * kNanosecond);
}

TEST(Goal, only_what_is_required_is_waited_for) {
  // Taken level by level this would lock: each would wait to receive before it sends.
  const auto ran = run(
      "num_ranks 2\nrank 0 { a: recv 8b from 1 tag 1\n b: calc 10\n c: send 8b to 1 tag 2\n"
      " c requires b }\nrank 1 { a: recv 8b from 0 tag 2\n b: send 8b to 0 tag 1\n b requires a }",
      "star:2,rate=1GB/s,latency=0ns,switch=0ns");
  ASSERT_TRUE(ran) << ran.error().text();
  EXPECT_EQ(ran->time, 26 * kNanosecond);
}

TEST(Goal, a_join_waits_for_all_of_its_branches) {
  const auto ran =
      run("num_ranks 2\nrank 0 {\na: calc 10\nb: calc 70\nc: calc 30\nd: calc 5\nd requires a\n"
          "d requires b\nd requires c\n}\nrank 1 { }\n",
          "star:2");
  ASSERT_TRUE(ran) << ran.error().text();
  EXPECT_EQ(ran->time, 75 * kNanosecond);
}

TEST(Goal, says_all_that_is_wrong_with_lines) {
  const auto wrong = read_goal(
      "num_ranks 2\nrank 0 {\nl1: dance 5\nl2: send 10b to 7\nl3: calc x\nl1 requires l9\n"
      "l4: calc 1\nl4: calc 1\nl5: send 5b to 1 colour 3\n}\n}\nrank 5 {\n",
      "x.goal");
  ASSERT_FALSE(wrong);
  for (const char* const part : {"line 3", "line 4", "\"7\"", "line 5", "line 6", "line 8", "twice",
                                 "line 9", "colour", "line 11", "line 12"}) {
    EXPECT_NE(wrong.error().what.find(part), std::string::npos) << part << wrong.error().what;
  }
  for (const char* const bad :
       {"", "rank 0 { }", "num_ranks 0", "num_ranks 99999999999", "num_ranks 2\nrank 0 {",
        "num_ranks 2\nrank 0 { a: calc 1\nb: calc 1\na requires b\nb requires a }",
        "num_ranks 2\nrank 0 { a: send 5b to 1 }"}) {
    EXPECT_FALSE(read_goal(bad, "bad")) << bad;
  }
  std::string wide = "num_ranks 1\nrank 0 {\n";
  for (int i = 0; i < 300; ++i) {
    wide += fmt::format("l{}: calc 1\n", i);
  }
  const auto refused = read_goal(wide + "}\n", "wide");
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().what.find("254"), std::string::npos);
}

}  // namespace
}  // namespace weft::sim
