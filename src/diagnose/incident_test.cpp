// SPDX-License-Identifier: Apache-2.0
// The incident file's reader: what each section becomes, and every mistake with its place.
#include "diagnose/incident.h"

#include "diagnose/incident_keys.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace weft::diagnose {
namespace {

using ::testing::HasSubstr;

constexpr const char* kHead = R"(weftline: incident/1
name: t
topology:
  devices:
    h:
      kind: host
      devices:
        g:
          kind: accelerator
          ports:
            nvl[0-17]: nvlink5 x2
            pcie0: pcie5 x16
          match: {host: h, bdf: "0000:1b:00.0"}
  links:
    - {from: "h/g/nvl[k]", for: {k: 0-17}}
    - {from: h/g/pcie0}
)";

Incident read(const std::string& rest) {
  return load_incident_text(kHead + rest, "i.yaml");
}
Incident good(const std::string& rest) {
  auto incident = read(rest);
  EXPECT_EQ(incident.problem_text(), "");
  return incident;
}

template <class What>
const What& what(const Incident& incident, std::size_t index) {
  return std::get<What>(incident.entries.at(index).what);
}

TEST(Incident, ReadsTimesAsPeopleWriteThem) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  EXPECT_EQ(parse_time("1970-01-02")->ns, 86'400 * kSecond);
  EXPECT_EQ(parse_time("1970-01-01T00:00:01Z")->ns, kSecond);
  EXPECT_EQ(parse_time("1970-01-01 00:00:01.5")->ns, 3 * kSecond / 2);
  EXPECT_EQ(base::iso8601(*parse_time("2026-09-10T08:08:46Z")), "2026-09-10T08:08:46.000Z");
  for (const auto* wrong : {"", "2026", "2026-13-01", "2026-02-30", "2026-01-01T25:00:00Z",
                            "2026-01-01T00:00", "2026-01-01T00:00:00.Z", "yesterday"}) {
    EXPECT_FALSE(parse_time(wrong)) << wrong;
  }
}

TEST(Incident, LinksMayLackTheirFarEnd) {
  const auto incident = good("");
  ASSERT_EQ(incident.fabric.links().size(), 19U);
  EXPECT_TRUE(incident.fabric.links()[0].b.is_null());
}

TEST(Incident, SamplesAreExpandedAndInOrderOfTime) {
  const auto incident = good(R"(samples:
  - at: 2026-01-02
    subject: "h/g/nvl[k]"
    for: {k: 0-17}
    where: k != 14
    metric: nvlink_recovery_errors
    value: 0
  - at: [2026-01-01, 2026-01-03]
    subject: h/g/nvl14
    metric: nvlink_recovery_errors
    value: "{505 + i}"
    every: 1 min
    times: 2
)");
  ASSERT_EQ(incident.entries.size(), 21U);
  const auto& first = what<IncidentEntry::Timed>(incident, 0).sample;
  EXPECT_EQ(first.subject, observe::Subject(incident.fabric.port_named("h/g/nvl14")->id));
  EXPECT_EQ(std::get<std::uint64_t>(*first.value), 505U);
  EXPECT_EQ(std::get<std::uint64_t>(*what<IncidentEntry::Timed>(incident, 1).sample.value), 506U);
  EXPECT_EQ(incident.entries.back().at,
            base::WallTime{parse_time("2026-01-03")->ns + 60'000'000'000});
  EXPECT_EQ(incident.judge, std::vector{incident.entries.back().at});
}

TEST(Incident, WhatIsNotMeasuredKeepsItsReason) {
  const auto incident = good(
      "samples:\n  - {at: 2026-01-01, subject: h/g, metric: utilization, not_measured: "
      "not_provided, detail: no rows}\n");
  const auto& value = what<IncidentEntry::Timed>(incident, 0).sample.value;
  ASSERT_FALSE(value);
  EXPECT_EQ(value.error(), (observe::NotMeasured{observe::Absence::kNotProvided, "no rows"}));
}

TEST(Incident, LinkStatesSayOnlyWhatIsWritten) {
  const auto incident = good(
      "links:\n  - {at: 2026-01-01, link: h/g/pcie0, up: true, rate: 2.5 GT/s, a: {max_rate: 32 "
      "GT/s, autonomous_speed_disabled: true}}\n");
  const auto& state = what<observe::LinkState>(incident, 0);
  EXPECT_EQ(*state.rate, base::mega_transfers(2500));
  EXPECT_EQ(*state.a.max_rate, base::giga_transfers(32));
  EXPECT_TRUE(*state.a.autonomous_speed_disabled);
  EXPECT_FALSE(state.width);
  EXPECT_FALSE(state.b.autonomous_speed_disabled);
  EXPECT_EQ(state.family, fabric::ProtocolFamily::kPcie);
}

TEST(Incident, KernelLinesFindTheirLink) {
  const auto incident = good(
      "log:\n  - {at: 2026-01-01, host: h, text: \"NVRM: Xid (PCI:0000:1b:00): 149, "
      "NETIR_LINK_EVT Fatal XC0 i0 Link 14 (0x025001c6 0x00000000)\"}\n"
      "  - {at: 2026-01-01, host: h, text: \"NVRM: Xid (PCI:0000:1b:00): 45, pid=1818990, "
      "name=python3, Ch 00000001 caused by previous Xid 149\"}\n");
  const auto& root = what<IncidentEntry::Logged>(incident, 0);
  EXPECT_EQ(root.event.kind, "xid");
  EXPECT_EQ(root.host, "h");
  EXPECT_EQ(root.event.subject, observe::Subject(incident.fabric.port_named("h/g/nvl14")->id));
  EXPECT_EQ(what<IncidentEntry::Logged>(incident, 1).event.kind, "xid_victim");
}

TEST(Incident, EveryMistakeHasItsPlace) {
  const auto incident = read(R"(samples:
  - {at: noon, subject: h/g, metric: utilization, value: 1}
  - {at: 2026-01-01, subject: h/x, metric: utilization, value: 1}
  - {at: 2026-01-01, subject: h/g, metric: utilisation, value: 1}
  - {at: 2026-01-01, subject: h/g, metric: utilization, value: much}
  - {at: 2026-01-01, subject: h/g, metric: utilization, not_measured: lost}
  - {at: 2026-01-01, subject: h/g, metric: utilization, valu: 1}
links:
  - {at: 2026-01-01, link: h/g, rate: fast}
log:
  - {at: 2026-01-01, text: nothing known}
marks:
  - {at: 2026-01-01}
expect:
  - {at: 2026-01-01, findings: [{about: h/g, level: bad}]}
sampels: []
)");
  const auto text = incident.problem_text();
  for (const auto* place : {"i.yaml:18:10:", "i.yaml:19:31:", "i.yaml:20:44:", "i.yaml:21:64:",
                            "i.yaml:22:71:", "i.yaml:23:57:", "i.yaml:25:28:", "i.yaml:27:5:",
                            "i.yaml:29:5:", "i.yaml:31:53:", "i.yaml:32:1:"}) {
    EXPECT_THAT(text, HasSubstr(place));
  }
  EXPECT_THAT(text, HasSubstr("Did you mean 'samples'?"));
  EXPECT_FALSE(incident.ok());
}

TEST(Incident, AFewLinesCannotStandForTooMuch) {
  const auto incident = read(
      "samples:\n  - {at: 2026-01-01, subject: h/g, metric: utilization, value: 1, every: 1 s, "
      "times: 900000, for: {a: 0-999, b: 0-999}}\n");
  EXPECT_THAT(incident.problem_text(), HasSubstr("combinations"));
  EXPECT_TRUE(incident.entries.empty());
}

TEST(Incident, TheSchemaHasTheKeysThatTheReaderTakes) {
  std::ifstream in(std::filesystem::path(WEFT_SOURCE_DIR) / "docs/formats/incident.schema.json");
  const auto schema = nlohmann::json::parse(in);
  for (const auto& section : incident_keys::kSections) {
    const auto& at =
        section.name.empty() ? schema : schema.at("$defs").at(std::string(section.name));
    std::set<std::string> keys;
    for (const auto& [key, value] : at.at("properties").items()) {
      keys.insert(key);
    }
    EXPECT_EQ(keys, std::set<std::string>(section.keys.begin(), section.keys.end()))
        << section.name;
    EXPECT_EQ(at.at("additionalProperties"), false);
  }
}

TEST(Incident, ThePublicOnesAreWithoutMistakes) {
  std::size_t files = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::path(WEFT_SOURCE_DIR) / "incidents")) {
    if (entry.path().extension() == ".yaml") {
      const auto incident = load_incident(entry.path().string());
      ASSERT_TRUE(incident);
      EXPECT_EQ(incident->problem_text(), "");
      EXPECT_FALSE(incident->expected.empty());
      ++files;
    }
  }
  EXPECT_GE(files, 4U);
}

TEST(Incident, TheRebootsHaveTheTotalsOfTheirThread) {
  const auto incident =
      load_incident(std::string(WEFT_SOURCE_DIR) + "/incidents/planned-reboots.yaml");
  ASSERT_TRUE(incident);
  std::set<std::string> down;
  std::set<std::string> real;
  std::size_t real_events = 0;
  for (const auto& entry : incident->entries) {
    if (const auto* logged = std::get_if<IncidentEntry::Logged>(&entry.what)) {
      const bool is_down = logged->event.kind == "nvlink_down";
      (is_down ? down : real).insert(logged->host);
      real_events += is_down ? 0 : 1;
    }
  }
  EXPECT_EQ(down.size(), 214U);
  EXPECT_EQ(real.size(), 3U);
  EXPECT_EQ(real_events, 30U);
}

}  // namespace
}  // namespace weft::diagnose
