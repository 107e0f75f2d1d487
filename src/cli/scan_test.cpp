// SPDX-License-Identifier: Apache-2.0
// `weft scan` from outside, as a user and as a script meet it: verdicts, exit codes, what fits a
// terminal, JSON by its schema, bad input, and that nothing is written.
#include "bus/archive.h"
#include "bus/synthetic/host.h"
#include "bus/test_folder.h"
#include "cli/test_schema.h"
#include "cli/test_shell.h"

#include <algorithm>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace weft::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Run scan(const std::string& arguments) {
  return shell(weft() + "scan " + arguments);
}

std::size_t columns(const std::string& line) {
  return static_cast<std::size_t>(std::count_if(line.begin(), line.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

void write_tree(const bus::TestFolder& folder, const bus::MemoryTree& tree) {
  tree.visit([&](const bus::TreeEntry& entry) {
    if (entry.kind == bus::TreeEntry::Kind::kFile) {
      folder.file(std::string(entry.path), std::string(entry.text));
    } else if (entry.kind == bus::TreeEntry::Kind::kLink) {
      folder.link(std::string(entry.path), std::string(entry.text));
    }
  });
}

TEST(Scan, DemoNamesTheOneWrongLink) {
  const auto run = scan("--demo");
  EXPECT_EQ(run.code, 1);
  EXPECT_THAT(run.out, HasSubstr("SIMULATED"));
  EXPECT_THAT(run.out, HasSubstr("1 WARNING"));
  EXPECT_THAT(run.out, HasSubstr("slot GPU5"));
  EXPECT_THAT(run.out, HasSubstr("runs x8 of x16"));
  EXPECT_THAT(run.out, HasSubstr("lanes 8-15"));
  EXPECT_THAT(run.out, Not(HasSubstr("CRITICAL")));
  EXPECT_THAT(run.out, Not(HasSubstr("\033["))) << "colour only on a terminal";
}

TEST(Scan, FitsAHundredColumnsAndEndsInTheNextStep) {
  for (const char* arguments : {"--demo", "--demo --verbose"}) {
    std::istringstream lines(scan(arguments).out);
    std::string line;
    std::string last_paragraph;
    while (std::getline(lines, line)) {
      EXPECT_LE(columns(line), 100U) << line;
      if (line.empty()) {
        last_paragraph.clear();
      }
      last_paragraph += line;
    }
    EXPECT_THAT(last_paragraph, ::testing::StartsWith("Next: "));
  }
}

TEST(Scan, JsonFollowsItsSchemaAndIsTheSameEachTime) {
  const bus::TestFolder folder;
  EXPECT_EQ(shell(weft() + "scan --demo --json > " + folder.at("a.json")).code, 1);
  EXPECT_EQ(shell(weft() + "scan --demo --json > " + folder.at("b.json")).code, 1);
  EXPECT_EQ(folder.content("a.json"), folder.content("b.json"));
  std::vector<std::string> files = {folder.at("a.json")};
  if (shell(weft() + "scan --json > " + folder.at("live.json")).code <= 3) {
    files.push_back(folder.at("live.json"));
  }
  expect_follows_schema("scan", files);
}

TEST(Scan, FolderArchiveAndDumpOfOneHostAgree) {
  auto host = bus::synthetic::demo_server();
  const bus::TestFolder folder;
  const bus::TestFolder root;
  const auto tree = host.tree();
  write_tree(root, tree);
  folder.file("demo.tar.zst", bus::write_archive(tree, bus::Packing::kZstd).value());
  const auto from_folder = scan("--from " + root.path().string());
  const auto from_archive = scan("--from " + folder.at("demo.tar.zst"));
  EXPECT_EQ(from_folder.code, 1);
  EXPECT_EQ(from_archive.code, 1);
  for (const auto* run : {&from_folder, &from_archive}) {
    EXPECT_THAT(run->out, HasSubstr("runs x8 of x16"));
  }
  // lspci reads the folder too, and its dump gives the same link without the kernel's counters.
  if (!base::has_program("lspci")) {
    GTEST_SKIP() << "pciutils is not installed";
  }
  EXPECT_EQ(shell("lspci -O sysfs.path=" + root.path().string() +
                  "/sys/bus/pci -A linux-sysfs -D -xxxx > " + folder.at("dump.txt"))
                .code,
            0);
  const auto from_dump = scan("--from " + folder.at("dump.txt"));
  EXPECT_EQ(from_dump.code, 1) << from_dump.out;
  EXPECT_THAT(from_dump.out, HasSubstr("runs x8 of x16"));
  const auto from_pipe = shell(weft() + "scan --from - < " + folder.at("dump.txt"));
  EXPECT_EQ(from_pipe.code, 1);
}

TEST(Scan, PeersAmongCapturesShowTheOddMachine) {
  const bus::TestFolder folder;
  std::string sources;
  for (int i = 0; i < 5; ++i) {
    bus::synthetic::Host host("node" + std::to_string(i));
    bus::synthetic::Port root{.role = bus::synthetic::Role::kRootPort};
    bus::synthetic::Port nic{.vendor = 0x15b3, .device = 0x1021, .class_code = 0x020000};
    nic.speed = i == 3 ? 4 : 0;
    host.add_below(host.add_root_port(0, root), nic);
    const auto name = "node" + std::to_string(i) + ".tar.zst";
    folder.file(name, bus::write_archive(host.tree(), bus::Packing::kZstd).value());
    sources += " --from " + folder.at(name);
  }
  const auto run = scan(sources);
  EXPECT_EQ(run.code, 1) << run.out;
  EXPECT_THAT(run.out, HasSubstr("node3 "));
  EXPECT_THAT(run.out, HasSubstr("4 of 5"));
}

TEST(Scan, TwoCapturesOfOneMachineGiveRates) {
  const bus::TestFolder folder;
  for (int i = 0; i < 2; ++i) {
    bus::synthetic::Host host("node");
    bus::synthetic::Port root{.role = bus::synthetic::Role::kRootPort};
    bus::synthetic::Port nic{.vendor = 0x15b3, .device = 0x1021, .class_code = 0x020000};
    nic.correctable = {{"RxErr", i == 0 ? 1000U : 1300U}};
    host.taken_ns = 1'767'225'600'000'000'000 + i * 60'000'000'000;
    host.add_below(host.add_root_port(0, root), nic);
    folder.file(std::to_string(i) + ".tar.zst",
                bus::write_archive(host.tree(), bus::Packing::kZstd).value());
  }
  const auto run = scan("--from " + folder.at("1.tar.zst") + " --from " + folder.at("0.tar.zst"));
  EXPECT_EQ(run.code, 1) << run.out;
  EXPECT_THAT(run.out, HasSubstr("300 correctable link errors in 60 s"));
}

TEST(Scan, MachineWithoutLinksSaysSoAndPointsToTheDemo) {
  const bus::TestFolder root;
  std::filesystem::create_directories(root.path() / "sys/bus/pci/devices");
  const auto run = scan("--from " + root.path().string());
  EXPECT_EQ(run.code, 0) << run.out;
  EXPECT_THAT(run.out, HasSubstr("No PCIe link is visible"));
  EXPECT_THAT(run.out, HasSubstr("weft scan --demo"));
}

TEST(Scan, BadInputEndsInTheRightCodeWithPlaceAndCause) {
  const bus::TestFolder folder;
  folder.file("garbage.bin", std::string(5000, '\x7F'));
  folder.file("text.txt", "hello\nworld\n");
  folder.file("empty", "");
  const auto whole =
      bus::write_archive(bus::synthetic::demo_server().tree(), bus::Packing::kZstd).value();
  folder.file("short.tar.zst", whole.substr(0, 40));
  folder.file("wrong.yaml", "weftline: rack/1\nnam: x\ndevices: 3\n");
  struct Case {
    std::string arguments;
    int code;
    std::string says;
  };
  const Case cases[] = {
      {"--form x", 64, "--from"},
      {"--watch never", 64, "30s"},
      {"--watch 5s --from " + folder.at("text.txt"), 65, "text.txt"},
      {"--demo --watch 5s", 64, "--demo"},
      {"--from " + folder.at("absent"), 69, "absent"},
      {"--from " + folder.at("garbage.bin"), 65, "garbage.bin"},
      {"--from " + folder.at("text.txt"), 65, "text.txt"},
      {"--from " + folder.at("empty"), 65, "empty"},
      {"--from " + folder.at("short.tar.zst"), 65, "short.tar.zst"},
      {"--demo --rack " + folder.at("wrong.yaml"), 65, "wrong.yaml:2"},
      {"--demo --rack " + folder.at("absent.yaml"), 69, "absent.yaml"},
      {"--demo --kernel-log " + folder.at("absent.log"), 69, "absent.log"},
  };
  for (const auto& [arguments, code, says] : cases) {
    const auto run = scan(arguments);
    EXPECT_EQ(run.code, code) << arguments << "\n" << run.out;
    EXPECT_THAT(run.out, HasSubstr(says)) << arguments;
  }
}

TEST(Scan, FourKibibytesOfOnesAreADeadDeviceNotACrash) {
  auto host = bus::synthetic::demo_server();
  for (int i = 0; i < 40; ++i) {
    if (host.port(i).slot == "GPU3") {
      host.port(i).is_all_ones = true;
    }
  }
  const bus::TestFolder folder;
  folder.file("dead.tar.zst", bus::write_archive(host.tree(), bus::Packing::kZstd).value());
  const auto run = scan("--from " + folder.at("dead.tar.zst"));
  EXPECT_EQ(run.code, 2) << run.out;
  EXPECT_THAT(run.out, HasSubstr("does not answer"));
}

TEST(Scan, WritesNothing) {
  if (!base::has_program("strace") || shell("strace -o /dev/null true").code != 0) {
    GTEST_SKIP() << "strace is not installed or may not trace here";
  }
  const bus::TestFolder folder;
  const auto run = shell("strace -f -o " + folder.at("trace") +
                         " -e trace=%file,%desc,%network,ioctl " + weft() + "scan --verbose");
  if (run.out.find("LeakSanitizer") != std::string::npos) {
    GTEST_SKIP() << "the leak sanitizer does not run under strace";
  }
  ASSERT_LE(run.code, 3) << run.out;
  const std::regex writes(
      R"((O_WRONLY|O_RDWR|O_CREAT|O_TRUNC)|)"
      R"(^\d+ +(creat|unlink|rename|mkdir|rmdir|chmod|chown|truncate)[a-z0-9]*\(|)"
      R"(^\d+ +(link|symlink|mknod)[a-z0-9]*\()");
  std::istringstream lines(folder.content("trace"));
  std::string line;
  std::size_t seen = 0;
  while (std::getline(lines, line)) {
    ++seen;
    const bool is_harmless =
        line.find("/dev/null") != std::string::npos || line.find("/dev/tty") != std::string::npos;
    EXPECT_TRUE(is_harmless || !std::regex_search(line, writes)) << line;
  }
  EXPECT_GT(seen, 50U);
}

TEST(Scan, RunsWithoutRoot) {
  if (::geteuid() != 0 || !base::has_program("setpriv")) {
    GTEST_SKIP() << "only root can drop root's rights";
  }
  const bus::TestFolder folder;
  EXPECT_EQ(
      shell("cp " + weft() + folder.at("weft") + " && chmod 755 " + folder.path().string()).code,
      0);
  const auto run =
      shell("setpriv --reuid 65534 --regid 65534 --clear-groups " + folder.at("weft") + " scan");
  EXPECT_LE(run.code, 3) << run.out;
  EXPECT_THAT(run.out, Not(HasSubstr("weft: "))) << "no message of failure";
}

}  // namespace
}  // namespace weft::cli
