// SPDX-License-Identifier: Apache-2.0
// The rack file's loader: what it makes of patterns, and that it names every mistake with its
// place.
#include "fabric/rack.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace weft::fabric {
namespace {

using testing::Contains;
using testing::HasSubstr;

constexpr const char* kSmall = R"(weftline: rack/1
name: small
templates:
  sw:
    kind: switch
    ports:
      p[0-3]: pcie5 x16
  gpu:
    kind: accelerator
    ports:
      p0: pcie4 x16
  retimer: {kind: retimer, lanes: 16}
devices:
  a: sw
  b: sw
  g[0-3]: gpu
  r0: retimer
)";

std::string small(const std::string& rest) {
  return kSmall + rest;
}

std::vector<std::string> lines(const LoadedRack& rack) {
  std::vector<std::string> out;
  for (const auto& problem : rack.problems) {
    out.push_back(problem.text("f"));
  }
  return out;
}

LoadedRack load(const std::string& text) {
  return load_rack_text(text, "f");
}

/// The one problem that this text has.
RackProblem only_problem(const std::string& text) {
  const auto rack = load(text);
  EXPECT_EQ(rack.problems.size(), 1U) << rack.problem_text();
  return rack.problems.empty() ? RackProblem{} : rack.problems[0];
}

TEST(Rack, MakesDevicesPortsAndLinks) {
  const auto rack =
      load(small("links:\n"
                 "  - {from: \"a/p[i]\", to: \"g[i]/p0\", for: {i: 0-2}, lanes: 8}\n"
                 "  - from: a/p3\n    to: b/p3\n    name: trunk\n    expect: pcie4 x8\n"
                 "    segments:\n      - {medium: board, length: 2.5 in, retimer: r0}\n"
                 "      - {medium: dac, length: 1.5 m, part: X-1}\n"));
  ASSERT_EQ(rack.problem_text(), "");
  EXPECT_TRUE(rack.ok());
  const Fabric& fabric = rack.fabric;
  EXPECT_EQ(fabric.devices().size(), 7U);
  ASSERT_EQ(fabric.links().size(), 4U);
  const Link& first = fabric.links()[0];
  EXPECT_EQ(first.name, "a/p0--g0/p0");
  EXPECT_EQ(protocol(first.protocol).key, "pcie4");  // the weaker of both ends
  EXPECT_EQ(first.lanes, base::LaneCount(8));
  const Link& trunk = *fabric.link_named("trunk");
  EXPECT_EQ(protocol(trunk.protocol).key, "pcie5");
  ASSERT_EQ(trunk.segments.size(), 2U);
  EXPECT_DOUBLE_EQ(trunk.segments[0].length.value(), 63.5);
  EXPECT_EQ(trunk.segments[0].retimer_after, fabric.device_named("r0")->id);
  EXPECT_EQ(trunk.segments[1].medium, Medium::kDac);
  EXPECT_EQ(trunk.segments[1].part, "X-1");
  EXPECT_EQ(fabric.expect.at(trunk.id).lanes, base::LaneCount(8));
  EXPECT_EQ(rack.link_places.at(trunk.id).line, 20);
}

TEST(Rack, TemplatesNestAndPositionsPassOn) {
  const auto rack = load(R"(weftline: rack/1
name: nested
templates:
  gpu: {kind: accelerator, part: {vendor: V, number: N}}
  tray:
    devices:
      gpu[g=0-1]: {template: gpu, part: {serial: "S{g}"}, position: {slot: "s{g}"}}
devices:
  tray[t=1-2]:
    template: tray
    position: {row: 3, rack: "r{t}", unit: "{10*t}"}
    match: {host: "h{t}"}
match:
  tray[1-2]/gpu1: {bdf: "0000:1b:00.0"}
)");
  ASSERT_EQ(rack.problem_text(), "");
  const Device& gpu = *rack.fabric.device_named("tray2/gpu1");
  EXPECT_EQ(gpu.parent, "tray2");
  EXPECT_EQ(gpu.part, (PartIdentity{"V", "N", "S1", "", ""}));
  EXPECT_EQ(gpu.position, (ChassisPosition{3, "r2", 20, "", "s1"}));
  EXPECT_EQ(rack.fabric.device_named("tray1")->kind, DeviceKind::kEnclosure);
  EXPECT_EQ(rack.fabric.match.at(gpu.id), (MatchKeys{"h2", "0000:1b:00.0", "", "", ""}));
  EXPECT_EQ(rack.fabric.match.at(rack.fabric.device_named("tray1/gpu0")->id).host, "h1");
}

TEST(Rack, TemplatesSeeNoVariablesOfTheirUsers) {
  const auto problem = only_problem(R"(weftline: rack/1
name: x
templates:
  t: {kind: nic, position: {slot: "{n}"}}
devices:
  nic[n=0-2]: t
)");
  EXPECT_EQ(problem.rule, "bad-expression");
  EXPECT_EQ(problem.place, (Place{4, 37}));
  EXPECT_EQ(problem.count, 3U);
}

TEST(Rack, WhereLeavesCombinationsOut) {
  const auto rack = load(R"(weftline: rack/1
name: mesh
devices:
  n[0-3]:
    kind: accelerator
    ports:
      to[0-3]: pcie5 x8
links:
  - {from: "n[i]/to[j]", to: "n[j]/to[i]", for: {i: 0-3, j: 0-3}, where: "i < j"}
)");
  ASSERT_EQ(rack.problem_text(), "");
  EXPECT_EQ(rack.fabric.links().size(), 6U);
}

TEST(Rack, NamesEveryMistakeAtOnceWithItsPlace) {
  const auto rack = load(small(R"(links:
  - from: a/p0
    to: g0/p1
  - from: a/p9
    to: c/p0
  - {from: b/p0, to: g1/p0, lanes: 3, protcol: pcie4}
colour: red
)"));
  EXPECT_FALSE(rack.ok());
  const auto text = lines(rack);
  EXPECT_THAT(text,
              Contains("f:20:9: error: the device 'g0' has no port 'p1'. Did you mean 'p0'?"));
  EXPECT_THAT(text,
              Contains("f:21:11: error: the device 'a' has no port 'p9'. Did you mean 'p0'?"));
  EXPECT_THAT(text, Contains(HasSubstr("f:22:9: error: there is no device 'c'")));
  EXPECT_THAT(text, Contains(HasSubstr("f:23:5: error: PCIe 4.0 has no width x3")));
  EXPECT_THAT(text,
              Contains("f:23:39: error: a link has no key 'protcol'. Did you mean 'protocol'?"));
  EXPECT_THAT(text, Contains(HasSubstr("f:24:1: error: a rack file has no key 'colour'")));
  EXPECT_EQ(text.size(), 6U) << rack.problem_text();
}

struct Wrong {
  const char* rule;
  std::string at;  ///< the mistake begins where this text last stands
  std::string text;
};

Place place_of(const std::string& text, const std::string& marker) {
  const auto at = text.rfind(marker);
  EXPECT_NE(at, std::string::npos) << marker;
  const auto line = std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n');
  const auto start = text.rfind('\n', at);
  const auto column = start == std::string::npos ? at + 1 : at - start;
  return {static_cast<int>(line) + 1, static_cast<int>(column)};
}

std::string device(const std::string& body) {
  return "weftline: rack/1\nname: x\ndevices:\n  a: {" + body + "}\n";
}
std::string link(const std::string& body) {
  return small("links:\n  - {" + body + "}\n");
}

TEST(Rack, EachRuleHasItsMistake) {
  const std::string head = "weftline: rack/1\nname: x\n";
  const std::string ends = "from: a/p0, to: b/p0, ";
  const std::vector<Wrong> cases = {
      {"version", "rack/2", "weftline: rack/2\nname: x\ndevices: {}\n"},
      {"version", "name", "name: x\ndevices: {}\n"},
      {"missing-key", "weftline", "weftline: rack/1\ndevices: {}\n"},
      {"missing-key", "weftline", head},
      {"wrong-type", "[1, 2]", "[1, 2]\n"},
      {"wrong-type", "[1]", head + "devices: [1]\n"},
      {"wrong-type", "[x]", "weftline: rack/1\nname: [x]\ndevices: {}\nlinks: []\n"},
      {"duplicate-key", "name: y", head + "name: y\ndevices: {}\n"},
      {"duplicate-device", "a[1-1]", head + "devices:\n  a1: {kind: nic}\n  a[1-1]: {kind: nic}\n"},
      {"missing-key", "a: {}", device("")},
      {"unknown-word", "gpu", device("kind: gpu")},
      {"no-such-template", "swich", head + "devices:\n  a: swich\n"},
      {"unused-template", "t: {kind", head + "templates:\n  t: {kind: nic}\ndevices: {}\n"},
      {"bad-text", " b: {", head + "devices:\n  a b: {kind: nic}\n"},
      {"bad-number", "top", device("kind: nic, position: {unit: \"top\"}")},
      {"bad-speed", "pcie5", device("kind: nic, ports: {p0: pcie5}")},
      {"unknown-protocol", "pcie9", device("kind: nic, ports: {p0: pcie9 x4}")},
      {"bad-lanes", "0}}", device("kind: nic, ports: {p0: pcie5 x0}")},
      {"bad-width", "5}}", device("kind: nic, ports: {p0: pcie5 x5}")},
      {"bad-width", "{protocol", device("kind: nic, ports: {p0: {protocol: pcie5, lanes: 5}}")},
      {"port-taken", "a/p0",
       small("links:\n  - {from: a/p0, to: b/p0}\n  - {from: a/p0, to: b/p1}\n")},
      {"no-such-port", "a, to", link("from: a, to: b/p0")},
      {"missing-key", "{from", link("from: a/p0")},
      {"too-many-lanes", "{from", link(ends + "lanes: 32")},
      {"protocol-mismatch", "{from", link("from: a/p0, to: g0/p0, protocol: pcie5")},
      {"bad-expectation", "pcie6 x16", link(ends + "expect: pcie6 x16")},
      {"unknown-word", "wire", link(ends + "segments: [{medium: wire}]")},
      {"bad-length", "3 ft", link(ends + "segments: [{length: 3 ft}]")},
      {"bad-length", "101 km", link(ends + "segments: [{length: 101 km}]")},
      {"no-such-device", "r9", link(ends + "segments: [{retimer: r9}, {}]")},
      {"not-a-retimer", "g0}", link(ends + "segments: [{retimer: g0}, {}]")},
      {"retimer-at-end", "{retimer: r0}", link(ends + "segments: [{retimer: r0}]")},
      {"lane-budget", "r0: retimer",
       link("from: \"a/p[i]\", to: \"b/p[i]\", for: {i: 0-1}, segments: [{retimer: r0}, {}]")},
      {"fibre-too-long", "{from", link(ends + "segments: [{medium: aoc, length: 51 m}]")},
      {"bad-variable", "\"1i\"", link(ends + "for: {\"1i\": 0-1}")},
      {"bad-expression", "j]", link("from: \"a/p[j]\", to: b/p0, for: {i: 0-1}")},
      {"bad-expression", "k\"", link(ends + "where: \"1 < k\"")},
      {"duplicate-link", "{from: a/p1",
       small("links:\n  - {from: a/p0, to: b/p0, name: n}\n  - {from: a/p1, to: b/p1, name: n}\n")},
      {"no-such-device", "g9", small("match:\n  g9: {slot: 1}\n")},
      {"yaml", "\tb", "a: 1\n\tb: 2\n"},
  };
  for (const auto& wrong : cases) {
    const auto rack = load(wrong.text);
    EXPECT_EQ(rack.problems.size(), 1U) << wrong.rule << "\n" << wrong.text << rack.problem_text();
    if (rack.problems.empty()) {
      continue;
    }
    const Place place = place_of(wrong.text, wrong.at);
    EXPECT_EQ(rack.problems[0].rule, wrong.rule) << wrong.text << rack.problem_text();
    EXPECT_TRUE(rack.problems[0].place == place)
        << wrong.rule << " at " << place.line << ":" << place.column << "\n"
        << rack.problem_text();
  }
}

TEST(Rack, ThreeRetimersAreTooMany) {
  const auto rack =
      load(small("links:\n  - from: a/p0\n    to: b/p0\n    segments: "
                 "[{retimer: r0}, {retimer: r0}, {retimer: r0}, {}]\n"));
  EXPECT_THAT(lines(rack), Contains(HasSubstr("has 3 retimers; PCIe 5.0 allows 2")));
}

TEST(Rack, AMistakenPortOrTemplateDoesNotBringMoreMistakes) {
  EXPECT_EQ(
      only_problem(
          "weftline: rack/1\nname: x\ndevices:\n"
          "  a: {kind: nic, ports: {p0: pcie55 x4}}\n  b: {kind: nic, ports: {p0: pcie5 x4}}\n"
          "links:\n  - {from: a/p0, to: b/p0}\n")
          .rule,
      "unknown-protocol");
  EXPECT_EQ(only_problem(
                "weftline: rack/1\nname: x\ndevices:\n  a: gone\n"
                "  b: {kind: nic, ports: {p0: pcie5 x4}}\nlinks:\n  - {from: a/x/p0, to: b/p0}\n")
                .rule,
            "no-such-template");
}

TEST(Rack, OneMistakeInAPatternIsOneProblem) {
  const auto rack =
      load(small("links:\n  - {from: \"a/p[i+4]\", to: \"g[i]/p0\", for: {i: 0-3}}\n"));
  ASSERT_EQ(rack.problems.size(), 1U);
  EXPECT_EQ(rack.problems[0].count, 4U);
  EXPECT_THAT(rack.problems[0].text("f"), HasSubstr("(and 3 more like it)"));
}

TEST(Rack, LimitsAreSaidNotSuffered) {
  const auto small_limits = [](const std::string& text, RackLimits limits) {
    const auto rack = load_rack_text(text, "f", limits);
    return rack.problems.empty() ? std::string() : rack.problems[0].rule;
  };
  const std::string many =
      "weftline: rack/1\nname: x\ndevices:\n  n[0-999]:\n    kind: nic\n"
      "    ports:\n      p[0-9]: pcie5 x1\n"
      "links:\n  - {from: \"n[i]/p[j]\", to: \"n[i+1]/p[j+5]\", for: {i: 0-998, j: 0-4}}\n";
  EXPECT_EQ(small_limits(many, {}), "");
  EXPECT_EQ(small_limits(many, {.bytes = 10}), "limit-bytes");
  EXPECT_EQ(small_limits(many, {.yaml_nodes = 10}), "yaml");
  EXPECT_EQ(small_limits(many, {.devices = 10}), "limit-devices");
  EXPECT_EQ(small_limits(many, {.ports = 10}), "limit-ports");
  EXPECT_EQ(small_limits(many, {.links = 10}), "limit-links");
  EXPECT_EQ(small_limits(many, {.steps = 10}), "limit-steps");
  EXPECT_EQ(small_limits("weftline: rack/1\nname: x\ntemplates:\n  t: {devices: {a: t}}\n"
                         "devices: {a: t}\n",
                         {}),
            "limit-depth");
}

TEST(Rack, AbsurdYamlIsRefused) {
  std::string laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 10; ++i) {
    laughs += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 9; ++j) {
      laughs += (j == 0 ? "*a" : ", *a") + std::to_string(i - 1);
    }
    laughs += "]\n";
  }
  EXPECT_THAT(only_problem(laughs).what, HasSubstr("nodes"));
  EXPECT_THAT(only_problem("a: &a [*a]\n").what, HasSubstr("alias"));
  EXPECT_THAT(only_problem(std::string(50000, '[')).what, HasSubstr("deeper"));
  EXPECT_THAT(only_problem(std::string(3000, '-') + " x").rule, "wrong-type");
  EXPECT_THAT(only_problem("").what, HasSubstr("empty"));
  EXPECT_THAT(only_problem(std::string(4096, '\xff')).rule, testing::AnyOf("yaml", "wrong-type"));
  EXPECT_THAT(only_problem(std::string("a\0b", 3)).what, HasSubstr("0x00"));
  EXPECT_THAT(only_problem("weftline: rack/1\n---\nb: 1\n").what, HasSubstr("second document"));
}

TEST(Rack, FilesThatCannotBeReadAreErrors) {
  EXPECT_EQ(load_rack("/nonexistent/rack.yaml").error().code, base::Code::kNotFound);
  EXPECT_THAT(load_rack("reference-pot").error().text(), HasSubstr("reference-pod"));
  EXPECT_EQ(load_rack(WEFT_SOURCE_DIR).error().code, base::Code::kUnavailable);
  const auto path = std::filesystem::temp_directory_path() /
                    ("weft_rack_test_" +
                     std::to_string(::testing::UnitTest::GetInstance()->random_seed()) + ".yaml");
  std::ofstream(path) << "weftline: rack/1\nname: x\ndevices: {a: {kind: gpu}}\n";
  EXPECT_EQ(rack_fabric(path.string()).error().where, path.string() + ":3:21");
  std::filesystem::remove(path);
}

RC_GTEST_PROP(Rack, AnyTextIsAnswered, (const std::string& text)) {
  const auto rack = load_rack_text(text, "f");
  RC_ASSERT(!rack.problems.empty());
}

}  // namespace
}  // namespace weft::fabric
