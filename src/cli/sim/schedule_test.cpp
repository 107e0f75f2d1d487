// SPDX-License-Identifier: Apache-2.0
// `weft sim step RACK --schedule FILE`: what another program has written, on a network.
#include "bus/test_folder.h"
#include "cli/test_schema.h"
#include "cli/test_shell.h"
#include "cli/verb.h"
#include "wire/protobuf.h"

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
                              "sim step star:2,rate=1GB/s,latency=500ns,switch=0ns "
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
    EXPECT_EQ(json.contains("rank_us"), fidelity == "flow");
  }
  expect_follows_schema("sim-schedule", {folder.at("flow"), folder.at("packet")});

  folder.file("wide.goal", "num_ranks 3\nrank 0 { a: calc 1 }\nrank 1 { b: calc 1 }\nrank 2 { }\n");
  const auto wide = base::shell(weft() + "sim step star:2 --schedule " + folder.at("wide.goal"));
  EXPECT_NE(wide.code, int{kOk});
  EXPECT_NE(wide.out.find("3 ranks"), std::string::npos) << wide.out;
}

/// A rank's Chakra trace: 10 us of compute, then an all-reduce of 2,000 bytes within group "1".
std::string chakra() {
  namespace protobuf = wire::protobuf;
  std::string out;
  const auto put = [&](const std::string& message) {
    protobuf::put_varint(message.size(), out);
    out += message;
  };
  const auto attribute = [](std::string_view name, std::uint64_t value, std::string& node) {
    std::string body;
    protobuf::put_bytes(1, name, body);
    protobuf::put_varint(9, value, body);
    protobuf::put_bytes(10, body, node);
  };
  put({});
  std::string compute, sum, group;
  protobuf::put_varint(1, 1, compute);
  protobuf::put_varint(3, 4, compute);
  protobuf::put_varint(7, 10, compute);
  put(compute);
  protobuf::put_varint(1, 2, sum);
  protobuf::put_varint(3, 7, sum);
  protobuf::put_varint(5, 1, sum);
  attribute("comm_type", 0, sum);
  attribute("comm_size", 2000, sum);
  protobuf::put_bytes(1, "pg_name", group);
  protobuf::put_bytes(29, "1", group);
  protobuf::put_bytes(10, group, sum);
  put(sum);
  return out;
}

TEST(SimSchedule, PlaysAChakraTraceAndSaysWhatWasExposed) {
  bus::TestFolder folder;
  folder.file("step.0.et", chakra());
  folder.file("step.1.et", chakra());
  folder.file("groups.json", "{\"1\": [0, 1]}");
  const std::string command = weft() +
                              "sim step star:2,rate=1GB/s,latency=500ns,switch=0ns --schedule " +
                              folder.at("step");
  const std::string groups = " --groups " + folder.at("groups.json");
  const auto text = base::shell(command + ".1.et" + groups);
  ASSERT_EQ(text.code, int{kOk}) << text.out;
  EXPECT_NE(text.out.find("exposed communication"), std::string::npos) << text.out;
  EXPECT_NE(text.out.find("1 x all-reduce"), std::string::npos) << text.out;
  const auto run = base::shell(command + groups + " --json >" + folder.at("json"));
  ASSERT_EQ(run.code, int{kOk}) << run.out;
  std::ifstream file(folder.at("json"));
  const auto json = nlohmann::json::parse(file, nullptr, false);
  ASSERT_TRUE(json.is_object());
  // The sum in the switch: 2,000 bytes there and back at once, and 1 us of way.
  EXPECT_NEAR(json.at("time_us").get<double>(), 10 + 2 + 1, 1e-3);
  EXPECT_NEAR(json.at("rank_us").at(1).at("exposed_communication").get<double>(), 3, 1e-3);
  EXPECT_NEAR(json.at("rank_us").at(1).at("compute").get<double>(), 10, 1e-3);
  EXPECT_EQ(json.at("collectives").at(0).at("count"), 1);
  expect_follows_schema("sim-schedule", {folder.at("json")});

  const auto unknown = base::shell(command);
  EXPECT_NE(unknown.code, int{kOk});
  EXPECT_NE(unknown.out.find("give them with --groups"), std::string::npos) << unknown.out;
  const auto both = base::shell(command + groups + " --model gpt-22b");
  EXPECT_NE(both.code, int{kOk});
}

}  // namespace
}  // namespace weft::cli
