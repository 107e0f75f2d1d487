// SPDX-License-Identifier: Apache-2.0
// Archives against Debian's tar and zstd in both directions, cut off at every block, garbled, and
// made to hurt. Skips, with the reason, where those programs are absent.
#include "bus/archive.h"

#include "base/test_shell.h"
#include "bus/linux/directory_tree.h"
#include "bus/tar.h"
#include "bus/test_folder.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace weft::bus {
namespace {

using base::Code;

using base::has_program;

int run(const std::string& command) {
  return base::shell_output(command).code;
}

base::Result<LoadedTree> load(std::string_view bytes) {
  MemoryStream stream(base::as_bytes(bytes));
  return read_archive(stream, looks_like_zstd(bytes), "test.tar");
}

/// Everything that a tree holds, as text: two trees are equal if these are.
std::string whole(const MemoryTree& tree) {
  std::string out;
  tree.visit([&out](const TreeEntry& entry) {
    out += std::to_string(static_cast<int>(entry.kind)) + " " + std::string(entry.path) + " [" +
           std::string(entry.text) + "] " + entry.error.text() + "\n";
  });
  return out;
}

MemoryTree sample() {
  MemoryTree::Builder builder;
  EXPECT_TRUE(
      builder.add_file("sys/devices/pci0000:00/0000:00:01.0/config", std::string(4096, 'c')));
  EXPECT_TRUE(builder.add_file("sys/devices/pci0000:00/0000:00:01.0/vendor", "0x8086\n"));
  EXPECT_TRUE(builder.add_link("sys/bus/pci/devices/0000:00:01.0",
                               "../../../devices/pci0000:00/0000:00:01.0"));
  EXPECT_TRUE(builder.add_unreadable("sys/devices/pci0000:00/0000:00:01.0/rom",
                                     Code::kPermissionDenied, "needs\troot, 100%\n"));
  EXPECT_TRUE(builder.add_name("sys/devices/pci0000:00/0000:00:01.0/resource"));
  EXPECT_TRUE(builder.mark_unlisted("sys/devices", {Code::kNotFound, "not captured", "", "h"}));
  EXPECT_TRUE(builder.add_directory("sys/empty"));
  EXPECT_TRUE(builder.add_file("sys/none", ""));
  EXPECT_TRUE(builder.add_file("weft/capture.json", "{}"));
  const std::string deep(120, 'd');
  EXPECT_TRUE(builder.add_file("sys/" + deep + "/" + deep + "/" + std::string(200, 'n'), "deep"));
  EXPECT_TRUE(builder.add_link("sys/far", "../" + std::string(150, 't') + "/x"));
  return builder.freeze("test.tar");
}

TEST(ArchiveTest, GivesBackWhatItTook) {
  const MemoryTree tree = sample();
  for (const Packing packing : {Packing::kNone, Packing::kZstd}) {
    const auto bytes = write_archive(tree, packing);
    ASSERT_TRUE(bytes.has_value());
    EXPECT_EQ(looks_like_zstd(*bytes), packing == Packing::kZstd);
    EXPECT_EQ(looks_like_tar(*bytes), packing == Packing::kNone);
    const auto back = load(*bytes);
    ASSERT_TRUE(back.has_value()) << back.error().text();
    EXPECT_TRUE(back->problems.empty());
    EXPECT_EQ(whole(*back->tree), whole(tree));
    EXPECT_EQ(write_archive(*back->tree, packing).value(), *bytes);
  }
}

TEST(ArchiveTest, DebianTarReadsOurs) {
  if (!has_program("tar") || !has_program("zstd")) {
    GTEST_SKIP() << "tar and zstd are not installed";
  }
  TestFolder folder;
  folder.file("ours.tar.zst", write_archive(sample(), Packing::kZstd).value());
  std::filesystem::create_directories(folder.path() / "out");
  ASSERT_EQ(run("cd " + folder.path().string() + " && zstd -q -t ours.tar.zst && tar --zstd -xf " +
                "ours.tar.zst -C out 2>errors"),
            0);
  EXPECT_EQ(folder.content("errors"), "");
  auto out = linux_host::DirectoryTree::open(folder.at("out"));
  ASSERT_TRUE(out.has_value());
  EXPECT_EQ((*out)->read("sys/bus/pci/devices/0000:00:01.0/vendor").value(), "0x8086\n");
  const auto back = load_folder(**out);
  ASSERT_TRUE(back.has_value());
  EXPECT_TRUE(back->problems.empty());
  EXPECT_EQ(whole(*back->tree), whole(sample()));
}

class DebianTarTest : public testing::TestWithParam<const char*> {};

TEST_P(DebianTarTest, ReadsWhatItWrites) {
  if (!has_program("tar") || !has_program("zstd")) {
    GTEST_SKIP() << "tar and zstd are not installed";
  }
  TestFolder folder;
  const std::string deep(150, 'd');
  folder.file("in/sys/a/config", std::string(5000, '\x7F'));
  folder.file("in/sys/a/vendor", "0x10de\n");
  folder.file("in/sys/" + deep + "/" + deep + "/file", "deep");
  folder.link("in/sys/b", "a");
  folder.link("in/sys/long", deep + "/" + deep + "/file");
  std::filesystem::create_hard_link(folder.path() / "in/sys/a/vendor",
                                    folder.path() / "in/sys/hard");
  std::filesystem::create_directories(folder.path() / "in/sys/empty");
  for (const char* what : {".", "sys"}) {
    ASSERT_EQ(run("cd " + folder.path().string() + "/in && tar --zstd --format=" + GetParam() +
                  " -cf ../x.tar.zst " + what),
              0);
    const auto back = load(folder.content("x.tar.zst"));
    ASSERT_TRUE(back.has_value()) << back.error().text();
    EXPECT_TRUE(back->problems.empty());
    const MemoryTree& tree = *back->tree;
    EXPECT_EQ(tree.read("sys/a/config").value(), std::string(5000, '\x7F'));
    EXPECT_EQ(tree.read("sys/b/vendor").value(), "0x10de\n");
    EXPECT_EQ(tree.read("sys/hard").value(), "0x10de\n");
    EXPECT_EQ(tree.read("sys/long").value(), "deep");
    EXPECT_EQ(tree.list("sys").value(),
              (std::vector<std::string>{"a", "b", deep, "empty", "hard", "long"}));
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, DebianTarTest, testing::Values("gnu", "pax"));

TEST(ArchiveTest, ReadsSeveralFrames) {
  const std::string tar = write_archive(sample(), Packing::kNone).value();
  std::string packed = "\x50\x2A\x4D\x18" + std::string("\x03\0\0\0abc", 7);  // a skippable frame
  for (std::size_t at = 0; at < tar.size(); at += 5000) {
    packed += pack_zstd(std::string_view(tar).substr(at, 5000)).value();
  }
  const auto back = load(packed);
  ASSERT_TRUE(back.has_value()) << back.error().text();
  EXPECT_EQ(whole(*back->tree), whole(sample()));
}

TEST(ArchiveTest, CutOffAnywhereKeepsWhatCameBefore) {
  const std::string tar = write_archive(sample(), Packing::kNone).value();
  const std::size_t last_mark = tar.size() - kTarBlockBytes;  // GNU tar takes one zero block too
  std::size_t entries = 0;
  for (std::size_t size = 0; size < tar.size(); size += kTarBlockBytes) {
    const auto back = load(std::string_view(tar).substr(0, size));
    if (!back) {
      EXPECT_EQ(back.error().code, Code::kDataLoss) << size;
      EXPECT_NE(back.error().what.find("byte " + std::to_string(size)), std::string::npos)
          << back.error().text();
      EXPECT_EQ(back.error().where, "test.tar");
      EXPECT_EQ(entries, 0U);
      continue;
    }
    EXPECT_GE(back->tree->entries(), entries);
    entries = back->tree->entries();
    if (size < last_mark) {
      ASSERT_FALSE(back->problems.empty()) << size;
      EXPECT_NE(back->problems.back().find("byte " + std::to_string(size)), std::string::npos);
    }
    EXPECT_EQ(back->tree->read("weft/capture.json").value_or("{}"), "{}");
  }
  EXPECT_GT(entries, 10U);
}

TEST(ArchiveTest, CutOffInZstdIsNoticedAtEveryByte) {
  const std::string packed = write_archive(sample(), Packing::kZstd).value();
  for (std::size_t size = 4; size < packed.size(); ++size) {
    const auto back = load(std::string_view(packed).substr(0, size));
    if (!back) {
      EXPECT_EQ(back.error().code, Code::kDataLoss) << size;
      EXPECT_NE(back.error().what.find("byte " + std::to_string(size)), std::string::npos);
    } else if (size + 4 < packed.size()) {  // the last four are the checksum
      EXPECT_FALSE(back->problems.empty()) << size;
    }
  }
}

TEST(ArchiveTest, HostileEntriesStayOut) {
  TarWriter tar;
  tar.add_file("../up", "x");
  tar.add_file("sys/../../up", "x");
  tar.add_link("sys/etc", "/etc");
  tar.add_file("sys/etc/passwd", "x");
  tar.add_file("/sys/absolute", "kept below the root");
  tar.add_file("sys/after", "after");
  const auto back = load(tar.finish());
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(back->problems.size(), 3U);
  EXPECT_EQ(back->tree->read("sys/absolute").value(), "kept below the root");
  EXPECT_EQ(back->tree->read("sys/after").value(), "after");
  EXPECT_FALSE(back->tree->exists("up"));
  EXPECT_EQ(back->tree->read("sys/etc/passwd").error().code, Code::kNotFound);
}

TEST(ArchiveTest, GarbledHeaderNamesItsByte) {
  TarWriter writer;
  writer.add_file("sys/a", "first");
  writer.add_file("sys/b", "second");
  std::string tar = writer.finish();
  tar[1024 + 4] = 'c';
  const auto back = load(tar);
  ASSERT_TRUE(back.has_value());
  ASSERT_EQ(back->problems.size(), 1U);
  EXPECT_NE(back->problems[0].find("byte 1024"), std::string::npos) << back->problems[0];
  EXPECT_EQ(back->tree->read("sys/a").value(), "first");
  EXPECT_FALSE(back->tree->exists("sys/b"));
}

TEST(ArchiveTest, AsksForNoMemoryThatAHeaderClaims) {
  // One entry that says 8 GiB, in GNU's binary size, and holds nothing.
  TarWriter tar;
  tar.add_file("sys/large", "");
  std::string bytes = tar.finish();
  const std::string size("\x80\0\0\0\0\0\0\2\0\0\0\0", 12);
  bytes.replace(124, 12, size);
  unsigned sum = 0;
  for (std::size_t i = 0; i < kTarBlockBytes; ++i) {
    sum += i >= 148 && i < 156 ? 32U : static_cast<std::uint8_t>(bytes[i]);
  }
  char text[8];
  std::snprintf(text, sizeof text, "%06o", sum);
  bytes.replace(148, 7, std::string(text, 7));
  EXPECT_EQ(load(bytes).error().code, Code::kDataLoss);
}

TEST(ArchivePropertyTest, AnyTreeSurvives) {
  EXPECT_TRUE(rc::check([] {
    MemoryTree::Builder builder;
    const int entries = *rc::gen::inRange(0, 20);
    for (int i = 0; i < entries; ++i) {
      std::string path;
      for (int depth = *rc::gen::inRange(1, 4); depth-- > 0;) {
        path +=
            (path.empty() ? "" : "/") +
            *rc::gen::element<std::string>("a", "b", "c\td", "%41", "e\nf", std::string(90, 'g'));
      }
      const auto text = *rc::gen::arbitrary<std::string>();
      const base::Error error{Code::kUnavailable, text, *rc::gen::arbitrary<std::string>(), "h"};
      switch (*rc::gen::inRange(0, 6)) {
        case 0:
          (void)builder.add_file(path, text);
          break;
        case 1:
          (void)builder.add_directory(path);
          break;
        case 2:
          (void)builder.add_link(path, text);
          break;
        case 3:
          (void)builder.add_unreadable(path, error);
          break;
        case 4:
          (void)builder.add_name(path);
          break;
        default:
          (void)builder.mark_unlisted(path, error);
      }
    }
    const MemoryTree tree = builder.freeze("test.tar");
    const auto back = load(write_archive(tree, Packing::kZstd).value());
    RC_ASSERT(back.has_value());
    RC_ASSERT(back->problems.empty());
    RC_ASSERT(whole(*back->tree) == whole(tree));
  }));
}

}  // namespace
}  // namespace weft::bus
