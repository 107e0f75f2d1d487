// SPDX-License-Identifier: Apache-2.0
// weft soak, device and firmware as a user meets them: on a twin in the verb's own process and on a
// running one over its sockets, killed in the middle and undone; what a soak proves, against bounds
// that are known in closed form.
#include "bus/test_folder.h"
#include "cli/door_devices.h"
#include "cli/soak_result.h"
#include "cli/test_schema.h"
#include "cli/test_shell.h"
#include "cli/verb.h"
#include "driver/retimer_bus.h"
#include "twin/cable_module/firmware.h"
#include "wire/retimer/image.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace weft::cli {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

TEST(SoakResult, BoundsAndTimesAreTheExactOnes) {
  // No error in n bits: the upper bound is 1 - 0.025^(1/n), for large n 3.689 / n.
  const double three = -std::log(0.025);
  const SoakLane clean{.lane = 0, .has_lock = true, .bits = 1'000'000'000'000, .errors = 0};
  const auto open = judge_soak(clean, 10, 1e-12);
  EXPECT_EQ(open.verdict, SoakVerdict::kOpen);
  EXPECT_EQ(open.low, 0);
  EXPECT_NEAR(open.high, three * 1e-12, 1e-16);
  EXPECT_NEAR(open.seconds_to_proof.value_or(0), 10 * (three - 1), 1e-3);
  EXPECT_EQ(judge_soak({.lane = 0, .bits = 4'000'000'000'000}, 40, 1e-12).verdict,
            SoakVerdict::kProven);
  EXPECT_EQ(judge_soak({.lane = 0, .bits = 1'000'000'000'000, .errors = 10}, 10, 1e-12).verdict,
            SoakVerdict::kAbove);
  EXPECT_EQ(judge_soak({.lane = 0, .has_lock = false, .bits = 5}, 10, 1e-12).verdict,
            SoakVerdict::kNotMeasured);
  EXPECT_EQ(soak_exit({.lanes = {clean}}), int{kOk});
  EXPECT_EQ(soak_exit({.lanes = {clean, {.lane = 1}}}), int{Exit::kUnknown});
  EXPECT_EQ(soak_exit({.lanes = {{.lane = 1}, {.lane = 2, .bits = 1'000'000, .errors = 99}}}),
            int{Exit::kWarning});
  EXPECT_EQ(span_text(7200), "2.0 h");
}

constexpr const char* kRack = R"(weftline: rack/1
name: soaked
devices:
  host0:
    kind: host
    devices:
      cpu0: {kind: processor, ports: {pcie0: pcie5 x4, pcie1: pcie5 x4}}
      nvme0: {kind: storage, ports: {pcie0: pcie5 x4}}
      nic0: {kind: nic, ports: {pcie0: pcie5 x4, eth0: eth-400g-100 x4}}
      retimer0: {kind: retimer, lanes: 4}
      cable0: {kind: cable-module, lanes: 4}
    links:
      - from: cpu0/pcie0
        to: nvme0/pcie0
        segments:
          - {medium: board, length: 200 mm, retimer: retimer0}
          - {medium: board, length: 150 mm}
      - {from: cpu0/pcie1, to: nic0/pcie0, segments: [{medium: board, length: 150 mm}]}
  leaf0:
    kind: switch
    ports: {port0: eth-400g-100 x4}
    devices: {cable0: {kind: cable-module, lanes: 4}}
links:
  - from: host0/nic0/eth0
    to: leaf0/port0
    segments:
      - {medium: board, length: 80 mm, retimer: host0/cable0}
      - {medium: aec, length: 2.5 m, retimer: leaf0/cable0}
      - {medium: board, length: 150 mm}
)";

struct Bench {
  Bench() { held.file("rack.yaml", kRack); }
  [[nodiscard]] std::string weft_here() const { return "WEFT_STATE=" + path + "/state " + weft(); }
  [[nodiscard]] Run run(const std::string& words) const { return shell(weft_here() + words); }
  [[nodiscard]] Run on_twin(const std::string& words) const {
    return run(words + " --rack " + path + "/rack.yaml");
  }
  [[nodiscard]] nlohmann::json json(const std::string& words, const std::string& name) const {
    const auto got = base::shell_output(weft_here() + words + " --json");
    EXPECT_LE(got.code, 3) << words;
    std::ofstream(path + "/" + name) << got.out;
    return nlohmann::json::parse(got.out, nullptr, false);
  }
  bus::TestFolder held;
  std::string path = held.path().string();
};

TEST(SoakVerb, CountsOnATwinOfARack) {
  const Bench bench;
  const auto module = bench.json(
      "soak host0/eth0 --far leaf0/cable0 --for 10s --apply --rack " + bench.path + "/rack.yaml",
      "module.json");
  ASSERT_EQ(module["soak"]["lanes"].size(), 4U);
  EXPECT_GT(module["soak"]["lanes"][0]["bits"].get<double>(), 9 * 1e11);
  EXPECT_EQ(module["disturbs"]["machines"], (nlohmann::json{"host0", "leaf0"}));
  EXPECT_TRUE(fs::is_empty(bench.path + "/state"));
  expect_follows_schema("action", {bench.path + "/module.json"});
}

void write_image(const std::string& path, const base::Bytes& bytes) {
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
}

TEST(FirmwareVerb, UpdatesARetimer) {
  const Bench bench;
  auto image = wire::retimer::make_image({2, 9, 1});
  write_image(bench.path + "/image.bin", image);
  const std::string update = "firmware update host0/retimer0 " + bench.path;
  const auto done = bench.on_twin(update + "/image.bin --apply");
  EXPECT_EQ(done.code, 0) << done.out;
  EXPECT_THAT(done.out, HasSubstr("firmware 2.9.1 in place of"));
  EXPECT_THAT(done.out, HasSubstr("Runs firmware 2.9.1"));
  image[100] ^= 1;
  write_image(bench.path + "/broken.bin", image);
  EXPECT_EQ(bench.on_twin(update + "/broken.bin").code, 65);
}

/// `weft up` runs beside the test and is ended with it.
class RunningTwin : public testing::Test {
 protected:
  void SetUp() override {
    const auto run = base::shell_output(
        weft() + "up " + bench_.path +
        "/rack.yaml --doors --no-mount --no-plane --speed 20 --folder " + folder() + " >" +
        bench_.path + "/log 2>&1 & echo $!; for i in $(seq 200); do [ -S " + folder() +
        "/config.sock ] && [ -S " + folder() +
        "/control.sock ] && break; sleep 0.05; done; sleep 0.5");
    pid_ = run.out.substr(0, run.out.find('\n'));
    auto opened = DoorDevices::open(folder());
    ASSERT_TRUE(opened) << opened.error().text();
    doors_ = std::move(*opened);
  }
  void TearDown() override {
    if (pid_.empty()) {
      return;
    }
    base::shell("kill -TERM " + pid_ + "; for i in $(seq 100); do [ -S " + folder() +
                "/control.sock ] || break; sleep 0.05; done");
    pid_.clear();
  }
  [[nodiscard]] std::string folder() const { return bench_.path + "/run"; }

  /// What a soak may touch: pages 13h and 14h of the module, the checkers' words of the retimer.
  [[nodiscard]] base::Bytes registers() {
    base::Bytes out;
    auto memory = doors_->module_memory("host0/eth0");
    for (const std::uint8_t page : {0x10, 0x13}) {
      const auto bytes = (*memory)->read({.page = page, .offset = 128}, 64);
      EXPECT_TRUE(bytes) << bytes.error().text();
      out.insert(out.end(), bytes->begin(), bytes->end());
    }
    const auto selector = (*memory)->read({.page = 0x14, .offset = 128}, 1);
    out.push_back(selector->front());
    auto bus = doors_->smbus("host0/" + segment());
    driver::RetimerBus retimer(**bus, 0x20);
    for (unsigned lane = 0; lane < 4; ++lane) {
      const auto word = retimer.read_pma(1, lane, 0x108C);
      EXPECT_TRUE(word) << word.error().text();
      out.push_back(static_cast<std::uint8_t>(word.value_or(0xFF)));
    }
    return out;
  }
  [[nodiscard]] std::string segment() const {
    const auto names = doors_->names(bus::DoorKind::kSmbus);
    return names.empty() ? "" : names.front().substr(names.front().find('/') + 1);
  }

  /// Begins a long soak, waits until it writes, kills it.
  void kill_in_the_middle(const std::string& target, const base::Bytes& before) {
    const auto begun =
        base::shell_output(bench_.weft_here() + "soak " + target + " --for 1h --apply --folder " +
                           folder() + " >" + bench_.path + "/soak.log 2>&1 & echo $!");
    for (int i = 0; i < 100 && registers() == before; ++i) {
      base::shell("sleep 0.05");
    }
    base::shell("sleep 0.2; pkill -KILL -P " + begun.out.substr(0, begun.out.find('\n')) +
                "; kill -KILL " + begun.out);
    EXPECT_NE(registers(), before) << target;
  }

  Bench bench_;
  std::unique_ptr<DoorDevices> doors_;
  std::string pid_;
};

TEST_F(RunningTwin, AKilledSoakIsUndone) {
  const auto before = registers();
  for (const std::string& target : {std::string("host0/eth0"), "host0/" + segment() + "/0x20"}) {
    kill_in_the_middle(target, before);
    EXPECT_THAT(bench_.run("undo").out, HasSubstr(target));
    const auto undone = bench_.run("undo --apply");
    EXPECT_EQ(undone.code, 0) << undone.out;
    EXPECT_THAT(undone.out, HasSubstr("Put back"));
    EXPECT_EQ(registers(), before) << target;
    EXPECT_TRUE(fs::is_empty(bench_.path + "/state"));
  }
  // The next soak mends as well, by itself, and ends with everything as it was.
  kill_in_the_middle("host0/eth0", before);
  const auto next =
      bench_.run("soak host0/eth0 --for 0.2s --apply --folder " + folder() + " --lane 0");
  EXPECT_THAT(next.out, HasSubstr("of an earlier run"));
  EXPECT_EQ(registers(), before);
  EXPECT_TRUE(fs::is_empty(bench_.path + "/state"));
}

TEST_F(RunningTwin, SoaksSayWhatTheyWouldDoAndCount) {
  const std::string there = " --folder " + folder();
  const std::string retimer = "soak host0/" + segment() + "/0x20 --lane 1 --for 5s" + there;
  const auto before = registers();
  EXPECT_THAT(bench_.run(retimer).out, HasSubstr("pma/1/1/0x108c"));
  const auto plan = bench_.json("soak host0/eth0" + there, "plan.json");
  EXPECT_EQ(plan["applied"], false);
  EXPECT_EQ(plan["target"]["kind"], "module");
  EXPECT_EQ(plan["writes"][0]["place"], "13h:172");
  EXPECT_EQ(plan["writes"][0]["old"], "0x00000000");
  EXPECT_THAT(bench_.run("soak host0/0000:00:01.0" + there).out, HasSubstr("not for a link"));
  EXPECT_EQ(bench_.run("soak host0/eth0 --for never" + there).code, 64);
  EXPECT_EQ(bench_.run("soak host0/eth0 --side device" + there).code, 64);
  EXPECT_FALSE(fs::exists(bench_.path + "/state")) << "nothing was written";
  EXPECT_EQ(registers(), before);
  const auto done = bench_.json(retimer + " --apply", "retimer.json");
  ASSERT_EQ(done["soak"]["lanes"].size(), 1U);
  const auto& lane = done["soak"]["lanes"][0];
  EXPECT_EQ(lane["lane"], 1);
  EXPECT_GE(done["soak"]["seconds"].get<double>(), 5);
  EXPECT_NEAR(lane["bits"].get<double>() / done["soak"]["seconds"].get<double>(), 32e9, 32e6);
  EXPECT_LE(lane["low"], lane["high"]);
  EXPECT_EQ(registers(), before);
  expect_follows_schema("action", {bench_.path + "/plan.json", bench_.path + "/retimer.json"});
}

TEST_F(RunningTwin, WhatIsGoneForGoodIsForgotten) {
  const auto off = bench_.run("link disable host0/0000:00:01.0 --apply --folder " + folder());
  ASSERT_EQ(off.code, 0) << off.out;
  TearDown();
  EXPECT_NE(bench_.run("undo --all --apply").code, 0) << "its devices are gone";
  EXPECT_FALSE(fs::is_empty(bench_.path + "/state"));
  EXPECT_EQ(bench_.run("undo --all --apply --forget").code, 0);
  EXPECT_TRUE(fs::is_empty(bench_.path + "/state"));
}

TEST_F(RunningTwin, LinksAreHeldAndGivenBackOverTheSockets) {
  const std::string link = " host0/0000:00:01.0 --apply --folder " + folder();
  const auto slow = bench_.run("link set-speed" + link + " gen3");
  EXPECT_EQ(slow.code, 0) << slow.out;
  EXPECT_THAT(slow.out, HasSubstr("Done: 8 GT/s"));
  EXPECT_EQ(bench_.run("link disable" + link).code, 0);
  const auto undone = bench_.run("undo --all --apply");
  EXPECT_EQ(undone.code, 0) << undone.out;
  for (const char* const action : {"retrain", "equalise", "reset"}) {
    const auto done = bench_.run("link " + (action + link));
    EXPECT_EQ(done.code, 0) << done.out;
    EXPECT_THAT(done.out, HasSubstr("Done: 32 GT/s x4, before 32 GT/s x4"));
  }
  EXPECT_TRUE(fs::is_empty(bench_.path + "/state"));
}

TEST_F(RunningTwin, DevicesAreResetSwitchedAndUpdated) {
  const std::string there = " --folder " + folder();
  const auto before = registers();
  for (const std::string& words :
       {"reset host0/" + segment() + "/0x20", std::string("reset host0/eth0"),
        std::string("restart host0/eth0")}) {
    const auto done = bench_.run("device " + words + " --apply" + there);
    EXPECT_EQ(done.code, 0) << done.out;
    EXPECT_THAT(done.out, HasSubstr("Done."));
  }
  EXPECT_TRUE(fs::is_empty(bench_.path + "/state"));
  const std::string lane = "device disable-lane host0/eth0 --lane 2" + there;
  EXPECT_THAT(bench_.run(lane).out, HasSubstr("0x00 -> 0x04  OutputDisableTx"));
  EXPECT_EQ(registers(), before);
  EXPECT_EQ(bench_.run(lane + " --apply").code, 0);
  EXPECT_NE(registers(), before);
  EXPECT_EQ(bench_.run("device enable-lane host0/eth0 --lane 2 --apply" + there).code, 0);
  EXPECT_EQ(registers(), before);
  EXPECT_TRUE(fs::is_empty(bench_.path + "/state")) << "nothing is left to put back";
  EXPECT_EQ(bench_.run("device disable-lane host0/eth0" + there).code, 64);
  EXPECT_THAT(bench_.run("device low-power host0/" + segment() + "/0x20" + there).out,
              HasSubstr("not for a retimer"));
  EXPECT_THAT(bench_.run("device reset eth0" + there).out, HasSubstr("leaf0/eth0"));
  EXPECT_THAT(bench_.run("link retrain host0/eth0" + there).out, HasSubstr("not for a module"));
  const auto show = bench_.json("firmware show host0/eth0" + there, "show.json");
  ASSERT_GE(show["firmware"]["images"].size(), 1U);
  write_image(bench_.path + "/module.bin", twin::cable_module::make_image(3, 1, 7, 1000));
  const auto updated = bench_.json(
      "firmware update host0/eth0 " + bench_.path + "/module.bin --apply" + there, "update.json");
  EXPECT_EQ(updated["firmware"]["running"], "3.1.7");
  expect_follows_schema("action", {bench_.path + "/show.json", bench_.path + "/update.json"});
}

}  // namespace
}  // namespace weft::cli
