// SPDX-License-Identifier: Apache-2.0
// What `weft rack show` prints; Graphviz judges the DOT where it is installed.
#include "fabric/show.h"

#include "base/test_shell.h"
#include "fabric/rack.h"

#include <filesystem>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace weft::fabric {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

Fabric rack(const std::string& name) {
  return std::move(*rack_fabric((fs::path(WEFT_SOURCE_DIR) / "racks" / (name + ".yaml")).string()));
}

TEST(Show, TheTreeCollapsesEqualDevices) {
  const std::string text = tree_text(rack("nvl72"));
  EXPECT_THAT(
      text,
      HasSubstr("  compute[1-18]  host  (18)\n"
                "    gpu[0-3]  accelerator NVIDIA B200: 18 nvlink5 x2, 1 nvlink-c2c x90  (72)\n"));
  EXPECT_THAT(text, HasSubstr("225 devices, 2952 ports, 1440 links"));
  EXPECT_THAT(text, HasSubstr("129.60 TB/s raw, both ways  (modelled)"));
  for (const auto& line : {text.find("\n\n\n")}) {
    EXPECT_EQ(line, std::string::npos);
  }
}

TEST(Show, TheTreeOfEveryRackIsAPageOf100Columns) {
  for (const auto& entry : fs::directory_iterator(fs::path(WEFT_SOURCE_DIR) / "racks")) {
    if (entry.path().extension() != ".yaml") {
      continue;
    }
    const std::string text = tree_text(*rack_fabric(entry.path().string()));
    std::size_t lines = 0;
    for (std::size_t at = 0; at < text.size(); ++lines) {
      const auto end = text.find('\n', at);
      EXPECT_LE(end - at, 100U) << text.substr(at, end - at);
      at = end + 1;
    }
    EXPECT_LE(lines, 50U) << entry.path();
  }
}

TEST(Show, JsonHoldsEveryThingWithStableIds) {
  const Fabric fabric = rack("hgx-h100");
  const auto json = nlohmann::json::parse(fabric_json(fabric));
  EXPECT_EQ(json["schema"], "weftline/fabric/1");
  EXPECT_EQ(json["devices"].size(), fabric.devices().size());
  EXPECT_EQ(json["links"].size(), fabric.links().size());
  EXPECT_EQ(json["devices"][0]["id"], DeviceId::of("host0").text());
  EXPECT_EQ(json["links"].back()["segments"][1]["retimer"], "hgx0/retimer7");
  std::size_t links = 0;
  for (const auto& total : json["totals"]) {
    links += total["links"].get<std::size_t>();
  }
  EXPECT_EQ(links, fabric.links().size());
}

TEST(Show, TotalsAddUpByProtocol) {
  const auto sums = totals(rack("hgx-h100"));
  ASSERT_EQ(sums.size(), 2U);
  EXPECT_EQ(protocol(sums[0].protocol).key, "pcie5");
  EXPECT_EQ(sums[0].lanes, 128U);
  EXPECT_EQ(sums[1].links, 144U);
  EXPECT_DOUBLE_EQ(sums[1].raw.value(), 144 * 2 * 100e9);
  EXPECT_LT(sums[0].payload, sums[0].raw);
}

TEST(Show, GraphvizReadsTheDot) {
  if (!base::has_program("dot")) {
    GTEST_SKIP() << "graphviz is not installed";
  }
  const fs::path file = fs::path(WEFT_BINARY_DIR) / "show_test.dot";
  std::ofstream(file) << dot_text(rack("hgx-h100"));
  const auto run = base::shell("dot -Tplain '" + file.string() + "' >/dev/null");
  EXPECT_EQ(run.code, 0) << run.out;
}

TEST(Show, DotQuotesNamesAndLabelsEdges) {
  Fabric fabric;
  fabric.name = "a\"b\\c";
  EXPECT_THAT(dot_text(fabric), HasSubstr("graph \"a\\\"b\\\\c\" {"));
  EXPECT_THAT(dot_text(rack("hgx-h100")),
              HasSubstr("\"hgx0/gpu0\" -- \"hgx0/switch0\" [label=\"5 x nvlink4 x2\"];"));
}

}  // namespace
}  // namespace weft::fabric
