// SPDX-License-Identifier: Apache-2.0
// `weft capture`: a capture of a folder scans like the folder, files are written whole or not at
// all, and nothing is replaced unasked.
#include "cli/capture.h"

#include "bus/archive.h"
#include "bus/linux/open.h"
#include "bus/test_folder.h"
#include "driver/collect.h"

#include <filesystem>

#include <gtest/gtest.h>
#include <sys/stat.h>

namespace weft::cli {
namespace {

using base::Code;
using bus::TestFolder;

/// A machine with one endpoint below one port, and its secrets.
void make_machine(const TestFolder& folder) {
  const std::string port = "root/sys/devices/pci0000:00/0000:00:01.0";
  const std::string drive = port + "/0000:01:00.0";
  std::string config(256, '\0');
  config.replace(0, 4, "\x4d\x14\x08\xa8");
  folder.file(drive + "/config", config);
  folder.file(drive + "/vendor", "0x144d\n");
  folder.file(drive + "/device", "0xa808\n");
  folder.file(drive + "/class", "0x010802\n");
  folder.file(drive + "/not-for-us", "NOT-FOR-US\n");
  config.replace(0, 4, "\x86\x80\x34\x12");
  config[0x0E] = 1;
  folder.file(port + "/config", config);
  folder.file(port + "/vendor", "0x8086\n");
  folder.file(port + "/class", "0x060400\n");
  folder.link("root/sys/bus/pci/devices/0000:00:01.0", "../../../devices/pci0000:00/0000:00:01.0");
  folder.link("root/sys/bus/pci/devices/0000:01:00.0",
              "../../../devices/pci0000:00/0000:00:01.0/0000:01:00.0");
  folder.file("root/proc/sys/kernel/hostname", "secretnode7\n");
  folder.file("root/etc/machine-id", "8f3c1d2e4b5a69788f3c1d2e4b5a6978\n");
}

TEST(CaptureTest, HoldsWhatAScanReadsAndNoMore) {
  TestFolder folder;
  make_machine(folder);
  const auto capture = take_capture({.source = folder.at("root"), .redacts = false, .now = {}});
  ASSERT_TRUE(capture.has_value()) << capture.error().text();
  EXPECT_EQ(capture->file_name, "weft-capture-secretnode7-19700101-000000.tar.zst");
  EXPECT_NE(capture->summary.find("Took "), std::string::npos);
  folder.file("capture", capture->archive);
  const auto live = bus::linux_host::open_host(folder.at("root"));
  const auto replay = bus::linux_host::open_host(folder.at("capture"));
  ASSERT_TRUE(live.has_value());
  ASSERT_TRUE(replay.has_value()) << replay.error().text();
  const std::string drive = "sys/bus/pci/devices/0000:01:00.0/";
  EXPECT_EQ(replay->tree->read(drive + "config").value(),
            live->tree->read(drive + "config").value());
  EXPECT_EQ(replay->tree->read(drive + "not-for-us").error().code, Code::kNotFound);
  const auto before = driver::collect(*live, {});
  const auto after = driver::collect(*replay, {});
  ASSERT_TRUE(before && after);
  EXPECT_EQ(after->host.identity, before->host.identity);
  EXPECT_EQ(after->fabric.devices().size(), before->fabric.devices().size());
  EXPECT_EQ(after->fabric.links().size(), before->fabric.links().size());
}

TEST(CaptureTest, RedactedNamesNobodyNotEvenInItsFileName) {
  TestFolder folder;
  make_machine(folder);
  const auto capture = take_capture({.source = folder.at("root"), .redacts = true, .now = {}});
  ASSERT_TRUE(capture.has_value()) << capture.error().text();
  EXPECT_EQ(capture->file_name.find("secretnode7"), std::string::npos);
  EXPECT_NE(capture->summary.find("1 host names"), std::string::npos) << capture->summary;
  bus::MemoryStream stream(base::as_bytes(capture->archive));
  const auto loaded = bus::read_archive(stream, true, "capture");
  ASSERT_TRUE(loaded.has_value());
  const std::string all = bus::write_archive(*loaded->tree, bus::Packing::kNone).value();
  for (const char* secret : {"secretnode7", "8f3c1d2e"}) {
    EXPECT_EQ(all.find(secret), std::string::npos) << secret;
  }
}

TEST(CaptureTest, SourcesThatAreNoneAreErrors) {
  TestFolder folder;
  EXPECT_EQ(take_capture({.source = folder.at("absent"), .redacts = false, .now = {}}).error().code,
            Code::kNotFound);
}

TEST(WriteWholeTest, ReplacesNothingUnasked) {
  TestFolder folder;
  ASSERT_TRUE(write_whole(folder.at("out"), "first", false));
  EXPECT_EQ(write_whole(folder.at("out"), "second", false).error().code, Code::kAlreadyExists);
  EXPECT_EQ(folder.content("out"), "first");
  ASSERT_TRUE(write_whole(folder.at("out"), "third", true));
  EXPECT_EQ(folder.content("out"), "third");
  EXPECT_EQ(write_whole(folder.at("absent/out"), "x", false).error().code, Code::kNotFound);
  struct stat status{};
  ASSERT_EQ(::stat(folder.at("out").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  std::size_t files = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    ++files;
  }
  EXPECT_EQ(files, 1U);  // nothing is left beside it
}

}  // namespace
}  // namespace weft::cli
