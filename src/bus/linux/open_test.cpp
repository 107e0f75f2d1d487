// SPDX-License-Identifier: Apache-2.0
// open_host: each kind of source by its content, and each way to be wrong with its code and place.
#include "bus/linux/open.h"

#include "bus/archive.h"
#include "bus/linux/lspci_dump.h"
#include "bus/test_folder.h"

#include <chrono>
#include <cstdlib>
#include <filesystem>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace weft::bus::linux_host {
namespace {

using base::Code;

constexpr const char* kDump =
    "00:01.0 PCI bridge: Example Corp. Port (rev 04)\n"
    "00: 86 80 34 12 07 00 10 00 04 00 04 06 10 00 81 00\n"
    "10: 00 00 00 00 00 00 00 00 00 01 01 00 00 00 00 00\n"
    "20: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00\n"
    "30: 00 00 00 00 40 00 00 00 00 00 00 00 00 00 00 00\n"
    "\n"
    "01:00.0 Non-Volatile memory controller: Example Corp. Drive\n"
    "00: 4d 14 08 a8 06 04 10 00 01 02 08 01 10 00 00 00\n"
    "10: 04 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00\n"
    "20: 00 00 00 00 00 00 00 00 00 00 00 00 4d 14 01 a8\n"
    "30: 00 00 00 00 40 00 00 00 00 00 00 00 00 01 00 00\n";

std::string packed_capture() {
  MemoryTree::Builder builder;
  EXPECT_TRUE(builder.add_file("sys/bus/pci/x", "1"));
  EXPECT_TRUE(
      builder.add_unreadable("weft/ethtool/eth0/4.bin", Code::kPermissionDenied, "needs root"));
  return write_archive(builder.freeze(""), Packing::kZstd).value();
}

TEST(OpenHostTest, ThisMachine) {
  const auto host = open_host("/");
  ASSERT_TRUE(host.has_value());
  EXPECT_TRUE(host->tree->is_live());
  ASSERT_NE(host->netdev, nullptr);
  ASSERT_NE(host->accelerators, nullptr);
  EXPECT_EQ(host->tree->read("weft/rights").value(), ::geteuid() == 0 ? "root\n" : "user\n");
}

TEST(OpenHostTest, AFolder) {
  TestFolder folder;
  folder.file("sys/devices/a/vendor", "1");
  folder.link("sys/bus/pci/devices/0000:00:01.0", "../../../devices/a");
  const auto host = open_host(folder.path().string());
  ASSERT_TRUE(host.has_value());
  EXPECT_FALSE(host->tree->is_live());
  EXPECT_EQ(host->tree->read("sys/bus/pci/devices/0000:00:01.0/vendor").value(), "1");
  EXPECT_EQ(host->netdev->query("eth0", 4).error().code, Code::kNotFound);
  EXPECT_EQ(host->accelerators->list().error().code, Code::kUnavailable);
}

TEST(OpenHostTest, ArchivesByContentNotByName) {
  TestFolder folder;
  folder.file("capture.txt", packed_capture());
  const auto host = open_host(folder.at("capture.txt"));
  ASSERT_TRUE(host.has_value()) << host.error().text();
  EXPECT_EQ(host->tree->read("sys/bus/pci/x").value(), "1");
  EXPECT_EQ(host->tree->description(), folder.at("capture.txt"));
  EXPECT_EQ(host->netdev->query("eth0", 4).error().code, Code::kPermissionDenied);
  EXPECT_TRUE(host->problems.empty());
}

TEST(OpenHostTest, ATruncatedArchiveIsTold) {
  TestFolder folder;
  const std::string tar = write_archive(
                              [] {
                                MemoryTree::Builder builder;
                                EXPECT_TRUE(builder.add_file("sys/a", "1"));
                                EXPECT_TRUE(builder.add_file("sys/b", "2"));
                                return builder.freeze("");
                              }(),
                              Packing::kNone)
                              .value();
  folder.file("cut.tar", tar.substr(0, 1536));
  const auto host = open_host(folder.at("cut.tar"));
  ASSERT_TRUE(host.has_value()) << host.error().text();
  ASSERT_EQ(host->problems.size(), 1U);
  EXPECT_NE(host->problems[0].find("byte 1536"), std::string::npos);
  folder.file("cut.zst", packed_capture().substr(0, 20));
  const auto error = open_host(folder.at("cut.zst")).error();
  EXPECT_EQ(error.code, Code::kDataLoss);
  EXPECT_EQ(error.where, folder.at("cut.zst"));
}

TEST(OpenHostTest, AnLspciDump) {
  TestFolder folder;
  folder.file("dump", kDump);
  const auto host = open_host(folder.at("dump"));
  ASSERT_TRUE(host.has_value()) << host.error().text();
  const HostTree& tree = *host->tree;
  EXPECT_EQ(tree.list("sys/bus/pci/devices").value(),
            (std::vector<std::string>{"0000:00:01.0", "0000:01:00.0"}));
  const std::string drive = "sys/bus/pci/devices/0000:01:00.0/";
  EXPECT_EQ(tree.read(drive + "vendor").value(), "0x144d\n");
  EXPECT_EQ(tree.read(drive + "device").value(), "0xa808\n");
  EXPECT_EQ(tree.read(drive + "class").value(), "0x010802\n");
  EXPECT_EQ(tree.read(drive + "revision").value(), "0x01\n");
  EXPECT_EQ(tree.read(drive + "subsystem_device").value(), "0xa801\n");
  EXPECT_EQ(tree.read(drive + "config").value().size(), 64U);
  EXPECT_FALSE(tree.exists("sys/bus/pci/devices/0000:00:01.0/subsystem_device"));
  EXPECT_EQ(tree.read("weft/source").value(), "lspci-dump\n");
}

TEST(OpenHostTest, StandardInput) {
  TestFolder folder;
  folder.file("dump", kDump);
  const int saved = ::dup(STDIN_FILENO);
  const int fd = ::open(folder.at("dump").c_str(), O_RDONLY);
  ::dup2(fd, STDIN_FILENO);
  const auto host = open_host("-");
  ::dup2(saved, STDIN_FILENO);
  ::close(fd);
  ::close(saved);
  ASSERT_TRUE(host.has_value()) << host.error().text();
  EXPECT_EQ(host->tree->description(), "standard input");
}

TEST(OpenHostTest, ErrorsHaveCodesAndPlaces) {
  TestFolder folder;
  std::filesystem::create_directories(folder.path() / "folder");
  folder.file("empty", "");
  folder.file("binary", std::string("\x7F"
                                    "ELF\0\0",
                                    6));
  folder.file("packed.gz", std::string("\x1F\x8B\x08\0", 4));
  folder.file("prose", "no device anywhere\n");
  MemoryTree::Builder builder;
  EXPECT_TRUE(builder.add_file("etc/x", "1"));
  folder.file("other.tar", write_archive(builder.freeze(""), Packing::kNone).value());
  const std::pair<const char*, Code> wrong[] = {
      {"absent", Code::kNotFound},           {"empty/below", Code::kNotFound},
      {"folder", Code::kInvalidArgument},    {"empty", Code::kInvalidArgument},
      {"binary", Code::kInvalidArgument},    {"packed.gz", Code::kInvalidArgument},
      {"other.tar", Code::kInvalidArgument}, {"prose", Code::kDataLoss},
  };
  for (const auto& [name, code] : wrong) {
    const auto host = open_host(folder.at(name));
    ASSERT_FALSE(host.has_value()) << name;
    EXPECT_EQ(host.error().code, code) << name << ": " << host.error().text();
    EXPECT_TRUE(host.error().where.starts_with(folder.at(name))) << host.error().text();
    EXPECT_FALSE(host.error().hint.empty()) << name;
  }
  EXPECT_EQ(open_host("/dev/null").error().code, Code::kInvalidArgument);
}

TEST(OpenHostTest, RefusesAHugeDumpBySizeAtOnce) {
  TestFolder folder;
  folder.file("dump", kDump);
  std::filesystem::resize_file(folder.path() / "dump", kDumpBytesMax + 1);  // a hole: takes no disk
  folder.file("head", std::string(8192, ' '));
  const auto start = std::chrono::steady_clock::now();
  // The hole's NUL bytes begin within the first look, so this one is no text at all.
  EXPECT_EQ(open_host(folder.at("dump")).error().code, Code::kInvalidArgument);
  std::filesystem::resize_file(folder.path() / "head", kDumpBytesMax + 1);
  const auto error = open_host(folder.at("head")).error();
  EXPECT_EQ(error.code, Code::kResourceExhausted);
  EXPECT_NE(error.what.find("512 MiB"), std::string::npos);
  EXPECT_FALSE(error.hint.empty());
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

}  // namespace
}  // namespace weft::bus::linux_host
