// SPDX-License-Identifier: Apache-2.0
// The checked-in JSON Schema against the loader, both ways: the same keys, the same words, and the
// same verdict on every reference rack and on wrong files. The judge is Debian's
// python3-jsonschema.
#include "base/test_shell.h"
#include "fabric/rack.h"
#include "fabric/rack_keys.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace weft::fabric {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using Words = std::set<std::string>;

const fs::path kRoot = WEFT_SOURCE_DIR;
const fs::path kSchema = kRoot / "docs/formats/rack.schema.json";

Json schema() {
  std::ifstream in(kSchema);
  return Json::parse(in);
}

Words enum_of(const Json& at) {
  return at.at("enum").get<Words>();
}

TEST(RackSchema, HasTheKeysThatTheLoaderTakes) {
  const Json root = schema();
  for (const auto& section : keys::kSections) {
    const std::string name(section.name);
    SCOPED_TRACE(name);
    Json at = name.empty() ? root : root.at("$defs").at(name);
    if (name == "speed") {
      at = at.at("anyOf").at(1);  // the long form
    }
    Words in_schema;
    for (const auto& [key, value] : at.at("properties").items()) {
      in_schema.insert(key);
      EXPECT_TRUE(value.contains("$ref") || value.contains("description") ||
                  value.contains("const"))
          << key << " has no description for editors";
    }
    EXPECT_EQ(in_schema, Words(section.keys.begin(), section.keys.end()));
    EXPECT_EQ(at.at("additionalProperties"), false);
  }
}

TEST(RackSchema, HasTheWordsThatTheLoaderTakes) {
  const Json root = schema();
  const Json& defs = root.at("$defs");
  const auto kinds = device_kind_keys();
  EXPECT_EQ(enum_of(defs.at("kind")), Words(kinds.begin(), kinds.end()));
  const auto media = medium_keys();
  EXPECT_EQ(enum_of(defs.at("segment").at("properties").at("medium")),
            Words(media.begin(), media.end()));
  Words protocol_keys;
  for (const auto& row : protocols().subspan(1)) {
    protocol_keys.emplace(row.key);
  }
  EXPECT_EQ(enum_of(defs.at("protocol")), protocol_keys);
}

/// One file that uses every key of the table: the loader must know each. That the file does use
/// each is checked by the text, so that a key that the reader forgot cannot hide.
TEST(RackSchema, TheLoaderTakesEveryKeyOfTheTable) {
  const std::string text = R"(weftline: rack/1
name: all
description: every key
sources: [none]
templates:
  t:
    kind: nic
    description: d
    part: {vendor: v, number: n, serial: s, slot: s, firmware: f}
    lanes: 64
    position: {row: 1, rack: r, unit: 2, tray: t, slot: s}
    ports:
      p[0-1]: {protocol: pcie5, lanes: 16}
    devices: {}
    links: []
devices:
  a:
    template: t
    kind: nic
    description: d
    part: {vendor: v}
    lanes: 64
    position: {row: 1}
    ports: {extra: pcie5 x16}
    devices: {r: {kind: retimer}}
    links: []
    match:
      {host: h, bdf: "1:0.0", serial: s, slot: s, part: p, address: [x, "y z"], ports: {extra: e0}}
  b: t
links:
  - name: "l{i}"
    description: d
    from: a/p[i]
    to: b/p[i]
    for: {i: 0-1}
    where: i < 1
    protocol: pcie5
    lanes: 16
    segments: [{medium: dac, length: 1 m, part: p, retimer: a/r}, {}]
    expect: pcie4 x8
match:
  b: {host: h}
)";
  const auto rack = load_rack_text(text, "f");
  EXPECT_EQ(rack.problem_text(), "");
  EXPECT_EQ(rack.fabric.links().size(), 1U);
  for (const auto& section : keys::kSections) {
    for (const auto key : section.keys) {
      EXPECT_NE(text.find(std::string(key) + ":"), std::string::npos) << key;
    }
  }
}

struct Verdicts {
  int exit = 0;
  std::vector<std::string> lines;
};

constexpr const char* kModules = "jsonschema, yaml";

Verdicts judge(const std::vector<fs::path>& files) {
  std::string command = base::python_with(kModules) + " '" +
                        (kRoot / "src/fabric/rack_schema_judge.py").string() + "' '" +
                        kSchema.string() + "'";
  for (const auto& file : files) {
    command += " '" + file.string() + "'";
  }
  const auto run = base::shell(command);
  Verdicts out{run.code, {}};
  std::istringstream lines(run.out);
  for (std::string line; std::getline(lines, line);) {
    out.lines.push_back(line);
  }
  return out;
}

TEST(RackSchema, TheJudgeTakesEveryReferenceRack) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(kRoot / "racks")) {
    if (entry.path().extension() == ".yaml") {
      files.push_back(entry.path());
    }
  }
  if (base::python_with(kModules).empty()) {
    GTEST_SKIP() << base::no_python_with(kModules);
  }
  const auto verdicts = judge(files);
  ASSERT_EQ(verdicts.exit, 0) << (verdicts.lines.empty() ? "" : verdicts.lines[0]);
  ASSERT_EQ(verdicts.lines.size(), files.size());
  for (const auto& line : verdicts.lines) {
    EXPECT_TRUE(line.starts_with("ok ")) << line;
  }
}

TEST(RackSchema, TheJudgeAndTheLoaderRefuseTheSameFiles) {
  const std::string head = "weftline: rack/1\nname: x\n";
  const std::vector<std::string> wrong = {
      "name: x\ndevices: {}\n",
      "weftline: rack/2\nname: x\ndevices: {}\n",
      "weftline: rack/1\ndevices: {}\n",
      "weftline: rack/1\nname: x\n",
      "- a list\n",
      head + "devices: {}\ncolour: red\n",
      head + "devices: []\n",
      head + "devices:\n  a: {kind: gpu}\n",
      head + "devices:\n  a: {kind: nic, prots: {}}\n",
      head + "devices:\n  a b: {kind: nic}\n",
      head + "devices:\n  a: {kind: nic, ports: {p: pcie9 x4}}\n",
      head + "devices:\n  a: {kind: nic, ports: {p: pcie5}}\n",
      head + "devices:\n  a: {kind: nic, ports: {p: {protocol: pcie5}}}\n",
      head + "devices:\n  a: {kind: nic, ports: {p: {protocol: pcie5, lanes: 4, speed: 1}}}\n",
      head + "devices:\n  a: {kind: nic, lanes: 0}\n",
      head + "devices:\n  a: {kind: nic, part: {maker: x}}\n",
      head + "devices:\n  a: {kind: nic, position: {shelf: x}}\n",
      head + "devices:\n  a: {kind: nic, match: {mac: x}}\n",
      head + "devices: {}\nlinks: [{from: a/p}]\n",
      head + "devices: {}\nlinks: [{from: a/p, to: b/p, for: {i: all}}]\n",
      head + "devices: {}\nlinks: [{from: a/p, to: b/p, segments: [{medium: string}]}]\n",
      head + "devices: {}\nlinks: [{from: a/p, to: b/p, segments: [{length: 3 feet}]}]\n",
      head + "devices: {}\nlinks: [{from: a/p, to: b/p, expect: fast}]\n",
      head + "devices: {}\ntemplates: {t: {kind: nic, match: {host: h}}}\n",
  };
  const fs::path folder = fs::path(WEFT_BINARY_DIR) / "rack_schema_test";
  fs::create_directories(folder);
  std::vector<fs::path> files;
  for (std::size_t i = 0; i < wrong.size(); ++i) {
    EXPECT_FALSE(load_rack_text(wrong[i], "f").ok()) << wrong[i];
    files.push_back(folder / ("wrong" + std::to_string(i) + ".yaml"));
    std::ofstream(files.back()) << wrong[i];
  }
  if (base::python_with(kModules).empty()) {
    GTEST_SKIP() << base::no_python_with(kModules);
  }
  const auto verdicts = judge(files);
  ASSERT_EQ(verdicts.lines.size(), wrong.size());
  for (std::size_t i = 0; i < wrong.size(); ++i) {
    EXPECT_TRUE(verdicts.lines[i].starts_with("bad ")) << wrong[i] << verdicts.lines[i];
  }
}

}  // namespace
}  // namespace weft::fabric
