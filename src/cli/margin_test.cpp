// SPDX-License-Identifier: Apache-2.0
// weft margin as a user meets it: a twin of a small rack margined in its process, JSON by its
// schema, what it says without --apply, what it puts back after a killed run, bad input.
#include "bus/test_folder.h"
#include "cli/test_schema.h"
#include "cli/test_shell.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace weft::cli {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr const char* kRack = R"(weftline: rack/1
name: one
devices:
  host0:
    kind: host
    devices:
      cpu0: {kind: processor, ports: {pcie0: pcie5 x4}}
      nvme0: {kind: storage, ports: {pcie0: pcie5 x4}}
    links:
      - from: cpu0/pcie0
        to: nvme0/pcie0
        segments: [{medium: board, length: 250 mm}, {medium: connector}]
)";

struct Folder {
  Folder() { held.file("rack.yaml", kRack); }
  [[nodiscard]] std::string weft_margin() const {
    return "WEFT_STATE=" + path + "/state " + weft() + "margin ";
  }
  bus::TestFolder held;
  std::string path = held.path().string();
};

nlohmann::json parsed(const std::string& path) {
  std::ifstream in(path);
  return nlohmann::json::parse(in, nullptr, false);
}

TEST(MarginVerb, MarginsATwinOfARack) {
  const Folder folder;
  const std::string twin = folder.weft_margin() + "--rack " + folder.path + "/rack.yaml --json ";
  const std::string plan = folder.path + "/plan.json";
  const std::string done = folder.path + "/done.json";
  ASSERT_EQ(shell(twin + "0000:01:00.0 > " + plan).code, 0);
  ASSERT_EQ(shell(twin + "0000:01:00.0 --apply --lane 2 --receiver 6 > " + done).code, 0);
  const auto planned = parsed(plan);
  EXPECT_EQ(planned["applied"], false);
  EXPECT_EQ(planned["plan"]["receivers"], (nlohmann::json{1, 6}));
  EXPECT_EQ(planned["link"]["rate_gts"], 32.0);
  const auto report = parsed(done);
  EXPECT_EQ(report["applied"], true);
  ASSERT_EQ(report["lanes"].size(), 1U);
  const auto& lane = report["lanes"][0];
  EXPECT_EQ(lane["lane"], 2);
  EXPECT_EQ(lane["receiver"], 6);
  EXPECT_GT(lane["width"]["ui"], 0.1);
  EXPECT_LT(lane["width"]["ui"], 0.9);
  EXPECT_DOUBLE_EQ(lane["width"]["ps"], lane["width"]["ui"].get<double>() * 31.25);
  EXPECT_TRUE(fs::is_empty(folder.path + "/state")) << "the journal was not closed";
  expect_follows_schema("margin", {plan, done});
}

TEST(MarginVerb, PutsBackWhatAKilledRunLeft) {
  const Folder folder;
  const std::string device = folder.path + "/tree/sys/bus/pci/devices/0000:3b:00.0";
  fs::create_directories(device);
  fs::create_directories(folder.path + "/state");
  std::ofstream(device + "/config") << std::string(4096, '\0');
  std::ofstream(folder.path + "/state/journal-1-0.tsv")
      << "weftline-journal/1\tmargin\t" + folder.path +
             "/tree\n+\tconfig\t0000:3b:00.0\t0x050\t4201\n";
  const auto run = shell(folder.weft_margin() + "--recover --root " + folder.path + "/tree");
  EXPECT_EQ(run.code, 0) << run.out;
  EXPECT_THAT(run.out, HasSubstr("Put back 1 register"));
  std::ifstream in(device + "/config");
  std::string bytes(4096, '\1');
  in.read(bytes.data(), 4096);
  EXPECT_EQ(bytes.substr(0x50, 2), "\x42\x01");
  EXPECT_TRUE(fs::is_empty(folder.path + "/state"));
  EXPECT_THAT(shell(folder.weft_margin() + "--recover --root " + folder.path + "/tree").out,
              HasSubstr("Nothing was left"));
}

TEST(MarginVerb, SaysWhatIsWrong) {
  const Folder folder;
  EXPECT_EQ(shell(folder.weft_margin()).code, 64);
  EXPECT_EQ(shell(folder.weft_margin() + "0000:01:00.0 --lane x").code, 64);
  EXPECT_EQ(shell(folder.weft_margin() + "0000:01:00.0 --receiver 7").code, 64);
  const auto none = shell(folder.weft_margin() + "0000:01:00.0 --root " + folder.path);
  EXPECT_NE(none.code, 0);
  EXPECT_THAT(none.out, HasSubstr("0000:01:00.0"));
  const auto address = shell(folder.weft_margin() + "gpu3 --root " + folder.path);
  EXPECT_THAT(address.out, HasSubstr("0000:3b:00.0"));
}

}  // namespace
}  // namespace weft::cli
