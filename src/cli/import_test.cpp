// SPDX-License-Identifier: Apache-2.0
// weft import as a user meets it: an exporter's text into a store, the account of it by schema, and
// the judge over two looks.
#include "base/temp_folder.h"
#include "cli/test_schema.h"
#include "cli/test_shell.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weft::cli {
namespace {

using testing::HasSubstr;

class ImportVerbTest : public testing::Test {
 protected:
  [[nodiscard]] std::string file(const std::string& name, const std::string& text) const {
    std::ofstream(folder_.at(name)) << text;
    return "'" + folder_.at(name) + "'";
  }
  /// A look at one interface, at a minute after a full hour.
  [[nodiscard]] std::string look(int minute, int carrier, int changes) const {
    const std::string time = " " + std::to_string(1'700'006'400'000LL + minute * 60'000LL) + "\n";
    return file("look" + std::to_string(minute),
                "node_network_carrier{device=\"eth0\"} " + std::to_string(carrier) + time +
                    "node_network_carrier_changes_total{device=\"eth0\"} " +
                    std::to_string(changes) + time + "node_load1 0.5" + time);
  }
  base::TempFolder folder_{"weft-import-test"};
};

TEST_F(ImportVerbTest, IntoAStoreThatHistoryReads) {
  const std::string store = " --store '" + folder_.at("s") + "'";
  const base::Run run = shell(weft() + "import " + look(0, 1, 2) + " " + look(1, 0, 3) +
                              " --host node7 --into '" + folder_.at("s") + "'");
  EXPECT_EQ(run.code, 0) << run.out;
  EXPECT_THAT(run.out, HasSubstr("known to no rule"));
  EXPECT_THAT(run.out, HasSubstr("node_load1 (1)"));
  EXPECT_THAT(run.out, HasSubstr("points in"));
  const base::Run history =
      shell(weft() +
            "history '*eth0*' carrier_changes --since 2023-11-15T00:00Z --until "
            "2023-11-15T01:00Z --csv" +
            store);
  EXPECT_THAT(history.out, HasSubstr("node7"));
  EXPECT_THAT(history.out, HasSubstr(",3")) << history.out;
  const base::Run why = shell(weft() + "why" + store);
  EXPECT_LE(why.code, 3) << why.out;
}

TEST_F(ImportVerbTest, TheAccountFollowsItsSchema) {
  const base::Run run = shell(weft() + "import " + look(0, 1, 2) + " --host node7 --json --into '" +
                              folder_.at("s") + "' > '" + folder_.at("account.json") + "'");
  EXPECT_EQ(run.code, 0) << run.out;
  expect_follows_schema("import", {folder_.at("account.json")});
}

TEST_F(ImportVerbTest, MappingsFollowTheirSchema) {
  const std::string python = base::python_with("jsonschema, yaml");
  if (python.empty()) {
    GTEST_SKIP() << base::no_python_with("jsonschema, yaml");
  }
  std::vector<std::string> files;
  for (const std::string name : {"node-exporter", "dcgm-exporter", "sonic"}) {
    const std::string json = folder_.at(name + ".json");
    const base::Run made =
        shell(python +
              " -c 'import json, yaml, sys; json.dump(yaml.safe_load("
              "open(sys.argv[1])), open(sys.argv[2], \"w\"))' '" +
              std::string(WEFT_SOURCE_DIR) + "/data/mappings/" + name + ".yaml' '" + json + "'");
    ASSERT_EQ(made.code, 0) << made.out;
    files.push_back(json);
  }
  expect_follows_schema("mapping", files);
}

TEST_F(ImportVerbTest, JudgesAndRefuses) {
  const base::Run why =
      shell(weft() + "import " + look(0, 1, 2) + " " + look(1, 1, 2) + " --host node7 --why");
  EXPECT_EQ(why.code, 0) << why.out;
  EXPECT_EQ(shell(weft() + "import /nowhere").code, 69);
  const base::Run nobody = shell(weft() + "import " + look(0, 1, 2));
  EXPECT_EQ(nobody.code, 65);
  EXPECT_THAT(nobody.out, HasSubstr("--host"));
  EXPECT_EQ(shell(weft() + "import " + file("empty", "x 1\n") + " --host a").code, 65);
  EXPECT_EQ(shell(weft() + "import " + look(0, 1, 2) + " --mapping no-such").code, 69);
  EXPECT_EQ(shell("echo '{\"host\":\"a\",\"name\":\"x\",\"of\":\"device\",\"metric\":"
                  "\"temperature\",\"value\":40}' | " +
                  weft() + "import -")
                .code,
            0);
}

}  // namespace
}  // namespace weft::cli
