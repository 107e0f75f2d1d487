// SPDX-License-Identifier: Apache-2.0
// `weft sim collective RACK --schedule FILE`: somebody else's schedule on a network.
#include "bus/test_folder.h"
#include "cli/test_schema.h"
#include "cli/test_shell.h"
#include "cli/verb.h"

#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace weft::cli {
namespace {

TEST(SimSchedule, RunsAndItsJsonFollowsTheSchema) {
  bus::TestFolder folder;
  folder.file("pair.goal",
              "num_ranks 2\nrank 0 { a: calc 100\n b: send 1000b to 1 tag 5\n b requires a }\n"
              "rank 1 { a: recv 1000b from 0 tag 5 }\n");
  const std::string command = weft() +
                              "sim collective star:2,rate=1GB/s,latency=500ns,switch=0ns "
                              "--schedule " +
                              folder.at("pair.goal");
  for (const std::string fidelity : {"flow", "packet"}) {
    const auto run = base::shell(command + " --json --fidelity " + fidelity + " --trace " +
                                 folder.at("t") + " >" + folder.at(fidelity));
    ASSERT_EQ(run.code, int{kOk}) << run.out;
    std::ifstream file(folder.at(fidelity));
    const auto json = nlohmann::json::parse(file, nullptr, false);
    ASSERT_TRUE(json.is_object());
    EXPECT_NEAR(json.at("time_us").get<double>(), 0.1 + 1 + 1, 0.01) << fidelity;
  }
  expect_follows_schema("sim-schedule", {folder.at("flow"), folder.at("packet")});

  folder.file("wide.goal", "num_ranks 3\nrank 0 { a: calc 1 }\nrank 1 { b: calc 1 }\nrank 2 { }\n");
  const auto wide =
      base::shell(weft() + "sim collective star:2 --schedule " + folder.at("wide.goal"));
  EXPECT_NE(wide.code, int{kOk});
  EXPECT_NE(wide.out.find("3 ranks"), std::string::npos) << wide.out;
}

}  // namespace
}  // namespace weft::cli
