// SPDX-License-Identifier: Apache-2.0
// weft link and weft undo as a user meets them: dry runs that write nothing, actions on a twin of a
// rack, a tree of files that stands for a machine, what is put back afterwards, JSON by its schema.
#include "bus/test_folder.h"
#include "cli/test_schema.h"
#include "cli/test_shell.h"
#include "twin/test_rack.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace weft::cli {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

struct Bench {
  Bench() { held.file("rack.yaml", std::string(twin::test::kOneLinkRack)); }
  [[nodiscard]] Run run(const std::string& words) const {
    return shell("WEFT_STATE=" + path + "/state " + weft() + words);
  }
  [[nodiscard]] Run on_twin(const std::string& words) const {
    return run("link --rack " + path + "/rack.yaml " + words);
  }
  [[nodiscard]] nlohmann::json json(const std::string& words, const std::string& name) const {
    const auto got = base::shell_output("WEFT_STATE=" + path + "/state " + weft() + words);
    EXPECT_EQ(got.code, 0) << words;
    std::ofstream(path + "/" + name) << got.out;
    return nlohmann::json::parse(got.out, nullptr, false);
  }
  bus::TestFolder held;
  std::string path = held.path().string();
};

TEST(LinkVerb, DryRunNamesWritesLinksAndMachines) {
  const Bench bench;
  const auto run = bench.on_twin("set-speed 0000:01:00.0 gen4");
  ASSERT_EQ(run.code, 0) << run.out;
  EXPECT_THAT(run.out, HasSubstr("SIMULATED"));
  EXPECT_THAT(run.out, HasSubstr("Target Link Speed"));
  EXPECT_THAT(run.out, HasSubstr("server0/cpu0/pcie0"));
  EXPECT_THAT(run.out, HasSubstr("server0/nvme0"));
  EXPECT_THAT(run.out, HasSubstr("weft undo"));
  EXPECT_THAT(run.out, HasSubstr("Nothing was written"));
  EXPECT_FALSE(fs::exists(bench.path + "/state"));
}

TEST(LinkVerb, ActsOnATwin) {
  const Bench bench;
  const std::string twin = "link --json --rack " + bench.path + "/rack.yaml ";
  const auto plan = bench.json(twin + "retrain server0/0000:01:00.0", "plan.json");
  EXPECT_EQ(plan["applied"], false);
  EXPECT_EQ(plan["disturbs"]["machines"], (nlohmann::json{"server0"}));
  EXPECT_EQ(plan["writes"].size(), 1U);
  const auto slow = bench.json(twin + "set-speed 0000:01:00.0 16 --apply", "slow.json");
  EXPECT_EQ(slow["before"]["rate_gts"], 32.0);
  EXPECT_EQ(slow["after"]["rate_gts"], 16.0);
  EXPECT_TRUE(fs::is_empty(bench.path + "/state")) << "the twin is gone: nothing to put back";
  expect_follows_schema("action", {bench.path + "/plan.json", bench.path + "/slow.json"});
}

/// A root port and a drive as files: registers keep what is written, which is all that a disabled
/// link needs.
void write_machine(const fs::path& root) {
  const auto function = [&](const std::string& address, std::uint8_t type, std::uint8_t header) {
    std::string bytes(4096, '\0');
    const auto put = [&](std::size_t at, std::uint32_t value, unsigned width) {
      for (unsigned i = 0; i < width; ++i) {
        bytes[at + i] = static_cast<char>(value >> (8 * i));
      }
    };
    put(0, 0x12345678, 4);
    put(0x0E, header, 1);
    put(0x19, header == 1 ? 1 : 0, 1);
    put(0x34, 0x40, 1);
    put(0x40, 0x0010U | (2U | unsigned{type} << 4) << 16, 4);
    put(0x4C, 0x00100000U | 4U << 4 | 5, 4);
    put(0x52, 0x2045, 2);
    put(0x70, 0x0005, 2);
    const auto folder = root / "sys/bus/pci/devices" / address;
    fs::create_directories(folder);
    std::ofstream(folder / "config") << bytes;
  };
  function("0000:00:01.0", 4, 1);
  function("0000:01:00.0", 0, 0);
}

std::string bytes_of(const fs::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(LinkVerb, SaysWhatIsWrong) {
  const Bench bench;
  EXPECT_THAT(bench.on_twin("retrain nobody").out, HasSubstr("The rack has"));
  const fs::path root = bench.held.path() / "root";
  write_machine(root);
  const auto link = [&](const std::string& words) {
    return bench.run("link --root " + root.string() + " " + words);
  };
  EXPECT_EQ(link("melt 0000:01:00.0").code, 64);
  EXPECT_EQ(link("set-speed 0000:01:00.0").code, 64);
  EXPECT_EQ(link("retrain 0000:01:00.0 gen4").code, 64);
  EXPECT_EQ(link("set-speed 0000:01:00.0 17").code, 64);
  EXPECT_THAT(link("set-speed 0000:01:00.0 64").out, HasSubstr("32 GT/s"));
  EXPECT_THAT(link("set-width 0000:01:00.0 x2").out, HasSubstr("L0p"));
}

TEST(LinkVerb, LastingChangesStayInTheJournalUntilUndo) {
  const Bench bench;
  const fs::path root = bench.held.path() / "root";
  write_machine(root);
  const auto file = root / "sys/bus/pci/devices/0000:00:01.0/config";
  const auto before = bytes_of(file);
  const std::string link = "link --root " + root.string();
  const auto off = bench.run(link + " disable 0000:01:00.0 --apply");
  ASSERT_EQ(off.code, 0) << off.out;
  EXPECT_EQ(bytes_of(file)[0x50], 0x10);
  // Nothing else was left, so that a plain undo leaves the link off.
  EXPECT_THAT(bench.run("undo --apply").out, HasSubstr("One change was meant to last"));
  EXPECT_EQ(bytes_of(file)[0x50], 0x10);
  const auto listed = bench.json("undo --json", "list.json");
  ASSERT_EQ(listed["journals"].size(), 1U);
  EXPECT_EQ(listed["journals"][0]["action"], "link disable");
  EXPECT_EQ(listed["journals"][0]["lasting"], true);
  EXPECT_EQ(listed["journals"][0]["registers"][0]["old"], "0x0000");
  const auto name = listed["journals"][0]["name"].get<std::string>();
  EXPECT_NE(bench.run("undo no-such-journal --apply").code, 0);
  const auto undone = bench.json("undo --apply --json " + name, "undo.json");
  EXPECT_EQ(undone["put_back"], 1);
  EXPECT_EQ(bytes_of(file), before);
  EXPECT_TRUE(fs::is_empty(bench.path + "/state"));
  EXPECT_THAT(bench.run("undo").out, HasSubstr("Nothing is to be put back"));
  expect_follows_schema("undo", {bench.path + "/list.json", bench.path + "/undo.json"});
}

TEST(LinkVerb, EnablingAgainEmptiesTheJournal) {
  const Bench bench;
  const fs::path root = bench.held.path() / "root";
  write_machine(root);
  const std::string link = "link --root " + root.string();
  ASSERT_EQ(bench.run(link + " disable 0000:01:00.0 --apply").code, 0);
  const auto on = bench.run(link + " enable 0000:00:01.0 --apply");
  ASSERT_EQ(on.code, 0) << on.out;
  EXPECT_TRUE(fs::is_empty(bench.path + "/state"));
  // A file's link does not retrain: what failed is put back.
  const auto slow = bench.run(link + " set-speed 0000:00:01.0 gen1 --apply");
  EXPECT_NE(slow.code, 0) << slow.out;
  EXPECT_THAT(slow.out, HasSubstr("came up at 32 GT/s"));
}

}  // namespace
}  // namespace weft::cli
