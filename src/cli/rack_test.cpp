// SPDX-License-Identifier: Apache-2.0
// `weft rack` from outside: every mistake with its place, exit codes, three ways to show,
// differences.
#include "bus/archive.h"
#include "bus/synthetic/host.h"
#include "bus/test_folder.h"
#include "cli/test_shell.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weft::cli {
namespace {

using ::testing::HasSubstr;

std::string racks() {
  return std::string(WEFT_SOURCE_DIR) + "/racks/";
}

TEST(Rack, EveryReferenceRackIsWithoutMistakes) {
  const auto run = shell(weft() + "rack check " + racks() + "*.yaml");
  EXPECT_EQ(run.code, 0) << run.out;
}

TEST(Rack, CheckNamesFileLineAndColumnOfEveryMistake) {
  const bus::TestFolder folder;
  folder.file("wrong.yaml",
              "weftline: rack/1\nname: wrong\ntemplates:\n  gpu:\n    kindd: accelerator\n"
              "devices:\n  a: gpuu\nlinks:\n  - from: a/x\n    to: b/y\n    protocol: pcie99\n");
  const auto run = shell(weft() + "rack check " + folder.at("wrong.yaml"));
  EXPECT_EQ(run.code, 65);
  EXPECT_THAT(run.out, HasSubstr("wrong.yaml:5:5"));
  EXPECT_THAT(run.out, HasSubstr("wrong.yaml:7:6"));
  EXPECT_THAT(run.out, HasSubstr("wrong.yaml:11:15"));
}

TEST(Rack, AbsentFileIsUnavailable) {
  EXPECT_EQ(shell(weft() + "rack check /nonexistent.yaml").code, 69);
}

TEST(Rack, ShowsATreeJsonAndAGraph) {
  const auto file = racks() + "gpu-server-8.yaml";
  EXPECT_THAT(shell(weft() + "rack show " + file).out, HasSubstr("gpu"));
  EXPECT_THAT(shell(weft() + "rack show --json " + file).out, ::testing::StartsWith("{"));
  const auto dot = shell(weft() + "rack show --dot " + file);
  EXPECT_EQ(dot.code, 0);
  if (!base::has_program("dot")) {
    GTEST_SKIP() << "graphviz is not installed";
  }
  const auto judged = shell(weft() + "rack show --dot " + file + " | dot -Tplain > /dev/null");
  EXPECT_EQ(judged.code, 0) << judged.out;
}

TEST(Rack, AFileDoesNotDifferFromItself) {
  const auto file = racks() + "gpu-server-8.yaml";
  EXPECT_EQ(shell(weft() + "rack diff " + file + " " + file).code, 0);
  EXPECT_EQ(shell(weft() + "rack diff " + file + " " + racks() + "hgx-h100.yaml").code, 1);
}

TEST(Rack, AFileIsHeldAgainstAMachine) {
  const bus::TestFolder folder;
  folder.file(
      "demo.tar.zst",
      bus::write_archive(bus::synthetic::demo_server().tree(), bus::Packing::kZstd).value());
  const auto run = shell(weft() + "rack diff " + racks() +
                         "gpu-server-8.yaml host:" + folder.at("demo.tar.zst"));
  EXPECT_EQ(run.code, 1) << run.out;
}

}  // namespace
}  // namespace weft::cli
