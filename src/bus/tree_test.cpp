// SPDX-License-Identifier: Apache-2.0
// DirectoryTree and MemoryTree: confinement, the error table of host_tree.h, and that both give the
// same answers for the same entries. Expectations are those of path_resolution(7).
#include "bus/linux/directory_tree.h"
#include "bus/memory_tree.h"
#include "bus/test_folder.h"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <sys/stat.h>
#include <unistd.h>

namespace weft::bus {
namespace {

using base::Code;
using linux_host::Confinement;
using linux_host::DirectoryTree;
namespace fs = std::filesystem;

std::unique_ptr<DirectoryTree> open_folder(const fs::path& folder, Confinement how) {
  auto tree = DirectoryTree::open(folder.string(), how);
  EXPECT_TRUE(tree.has_value());
  return tree ? std::move(*tree) : nullptr;
}

/// All of a tree's answers about one path, as text.
std::string answers(const HostTree& tree, const std::string& path) {
  std::string out = path + "\n exists " + (tree.exists(path) ? "yes" : "no");
  const auto show = [&out](const char* what, const auto& result, const auto& words) {
    out += std::string("\n ") + what + " ";
    out += result ? words(*result)
                  : std::string(base::name(result.error().code)) + " " + result.error().where;
  };
  const auto same = [](const std::string& text) { return text; };
  show("read", tree.read(path), same);
  show("link", tree.link(path), same);
  show("list", tree.list(path), [](const std::vector<std::string>& names) {
    std::string all;
    for (const auto& name : names) {
      all += name + "|";
    }
    return all;
  });
  return out;
}

class ConfinementTest : public testing::TestWithParam<Confinement> {};

TEST_P(ConfinementTest, LinksNeverLeaveTheFolder) {
  TestFolder folder;
  folder.file("outside/secret", "secret");
  folder.file("root/etc/inside", "inside");
  folder.file("root/sys/plain", "plain");
  const std::string outside = (folder.path() / "outside/secret").string();
  folder.link("root/sys/absolute", outside);
  folder.link("root/sys/upward", "../../outside/secret");
  folder.link("root/sys/far", "../../../../../../../../../../etc/passwd");
  folder.link("root/sys/folder", "../../outside");
  folder.link("root/sys/chain", "upward");
  folder.link("root/sys/magic", "/proc/self/cwd");
  folder.link("root/sys/within", "/etc/inside");
  folder.link("root/sys/clamped", "../../../etc/inside");
  const auto tree = open_folder(folder.path() / "root", GetParam());
  for (const char* path :
       {"sys/absolute", "sys/upward", "sys/far", "sys/chain", "sys/magic", "sys/folder/secret"}) {
    const auto read = tree->read(path);
    ASSERT_FALSE(read.has_value()) << path;
    EXPECT_EQ(read.error().code, Code::kNotFound) << path;
  }
  EXPECT_EQ(tree->list("sys/folder").error().code, Code::kNotFound);
  EXPECT_EQ(tree->read("sys/within").value(), "inside");
  EXPECT_EQ(tree->read("sys/clamped").value(), "inside");
  EXPECT_EQ(tree->link("sys/absolute").value(), outside);
  EXPECT_TRUE(tree->exists("sys/upward"));
  for (const char* path : {"../outside/secret", "sys/../../outside/secret", "/etc/passwd", ".."}) {
    EXPECT_EQ(tree->read(path).error().code, Code::kInvalidArgument) << path;
    EXPECT_FALSE(tree->exists(path)) << path;
  }
  EXPECT_EQ(tree->read(std::string_view("sys/plain\0x", 11)).error().code, Code::kInvalidArgument);
  EXPECT_EQ(tree->read("sys/../etc/inside").value(), "inside");
}

TEST_P(ConfinementTest, ErrorsAreThoseOfTheContract) {
  TestFolder folder;
  folder.file("file", std::string(100, 'x'));
  folder.link("loop", "loop");
  ASSERT_EQ(::mkfifo((folder.path() / "fifo").c_str(), 0600), 0);
  const auto tree = open_folder(folder.path(), GetParam());
  EXPECT_EQ(tree->read("absent").error().code, Code::kNotFound);
  EXPECT_EQ(tree->read("file/below").error().code, Code::kNotFound);
  EXPECT_EQ(tree->read("").error().code, Code::kUnavailable);
  EXPECT_EQ(tree->read("loop").error().code, Code::kUnavailable);
  EXPECT_EQ(tree->read("fifo").error().code, Code::kUnavailable);
  EXPECT_EQ(tree->read("file", 99).error().code, Code::kResourceExhausted);
  EXPECT_EQ(tree->read("file", 100).value().size(), 100U);
  EXPECT_EQ(tree->list("file").error().code, Code::kNotFound);
  EXPECT_EQ(tree->link("file").error().code, Code::kNotFound);
  EXPECT_EQ(tree->read("absent").error().where, "/absent");
  EXPECT_FALSE(tree->is_live());
  EXPECT_EQ(tree->description(), folder.path().string());
}

TEST_P(ConfinementTest, ReadsLargeFilesWhole) {
  TestFolder folder;
  for (const std::size_t size : {8191U, 8192U, 8193U, 65536U, 65537U, 300000U}) {
    std::string content;
    for (std::size_t i = 0; i < size; ++i) {
      content += static_cast<char>(i * 31 + i / 251);
    }
    folder.file("large", content);
    const auto tree = open_folder(folder.path(), GetParam());
    EXPECT_EQ(tree->read("large", size).value(), content);
    EXPECT_EQ(tree->read("large", size - 1).error().code, Code::kResourceExhausted);
  }
}

INSTANTIATE_TEST_SUITE_P(Both, ConfinementTest,
                         testing::Values(Confinement::kKernel, Confinement::kWalk));

TEST(DirectoryTreeTest, ReadsThisMachine) {
  auto tree = DirectoryTree::open("/");
  ASSERT_TRUE(tree.has_value());
  EXPECT_TRUE((*tree)->is_live());
  EXPECT_TRUE((*tree)->exists("proc/self"));
  EXPECT_EQ((*tree)->link("proc/self").value(), std::to_string(::getpid()));
  EXPECT_FALSE((*tree)->read("proc/version").value().empty());
  EXPECT_EQ((*tree)->read("dev/zero").error().code, Code::kUnavailable);
  EXPECT_EQ((*tree)->description(), "this machine");
}

TEST(DirectoryTreeTest, ReadsTheKernelLogWithoutWaiting) {
  auto tree = DirectoryTree::open("/");
  ASSERT_TRUE(tree.has_value());
  const auto log = (*tree)->read("dev/kmsg", std::size_t{64} << 20);
  if (!log) {
    GTEST_SKIP() << "no kernel log here: " << log.error().text();
  }
  // kernel.org Documentation/ABI/testing/dev-kmsg: "priority,sequence,timestamp,flags;message".
  if (!log->empty()) {
    EXPECT_NE(log->substr(0, log->find('\n')).find(';'), std::string::npos);
    EXPECT_EQ(log->back(), '\n');
  }
}

TEST(DirectoryTreeTest, RefusesWhatIsNoFolder) {
  TestFolder folder;
  folder.file("file", "");
  EXPECT_EQ(DirectoryTree::open((folder.path() / "file").string()).error().code,
            Code::kInvalidArgument);
  EXPECT_EQ(DirectoryTree::open((folder.path() / "absent").string()).error().code, Code::kNotFound);
}

TEST(MemoryTreeTest, KeepsWhatCouldNotBeRead) {
  MemoryTree::Builder builder;
  ASSERT_TRUE(builder.add_unreadable("sys/a/secret", Code::kPermissionDenied, "needs root"));
  ASSERT_TRUE(builder.add_name("sys/a/name"));
  ASSERT_TRUE(builder.mark_unlisted("sys/b", {Code::kPermissionDenied, "needs root", "", ""}));
  ASSERT_TRUE(builder.add_file("sys/b/known", "1"));
  const MemoryTree tree = builder.freeze("test");
  EXPECT_EQ(tree.read("sys/a/secret").error().code, Code::kPermissionDenied);
  EXPECT_EQ(tree.read("sys/a/secret").error().text(), "/sys/a/secret: needs root");
  EXPECT_TRUE(tree.exists("sys/a/secret"));
  EXPECT_TRUE(tree.exists("sys/a/name"));
  EXPECT_EQ(tree.read("sys/a/name").error().what, "not captured");
  EXPECT_EQ(tree.list("sys/a/name/below").error().what, "not captured");
  EXPECT_EQ(tree.list("sys/a").value(), (std::vector<std::string>{"name", "secret"}));
  EXPECT_EQ(tree.list("sys/b").error().code, Code::kPermissionDenied);
  EXPECT_EQ(tree.read("sys/b/known").value(), "1");
}

TEST(MemoryTreeTest, RefusesConflictsAndHostilePaths) {
  MemoryTree::Builder builder;
  ASSERT_TRUE(builder.add_link("a", "/etc"));
  EXPECT_EQ(builder.add_file("a/passwd", "x").error().code, Code::kAlreadyExists);
  EXPECT_EQ(builder.add_file("a", "x").error().code, Code::kAlreadyExists);
  EXPECT_EQ(builder.add_file("b/../../c", "x").error().code, Code::kInvalidArgument);
  EXPECT_EQ(builder.add_file("b/../c", "x").error().code, Code::kInvalidArgument);
  EXPECT_EQ(builder.add_file("/abs", "x").error().code, Code::kInvalidArgument);
  EXPECT_EQ(builder.add_file("", "x").error().code, Code::kInvalidArgument);
  EXPECT_EQ(builder.add_link("l", "").error().code, Code::kInvalidArgument);
  EXPECT_EQ(builder.add_alias("h", "absent").error().code, Code::kNotFound);
  ASSERT_TRUE(builder.add_file("f", "first"));
  ASSERT_TRUE(builder.add_file("f", "second"));
  ASSERT_TRUE(builder.add_alias("g", "f"));
  const MemoryTree tree = builder.freeze("test");
  EXPECT_EQ(tree.read("f").value(), "first");
  EXPECT_EQ(tree.read("g").value(), "first");
}

TEST(MemoryTreeTest, FollowsFortyLinksAsLinuxDoes) {
  MemoryTree::Builder builder;
  ASSERT_TRUE(builder.add_file("l0", "end"));
  for (int i = 1; i <= 45; ++i) {
    ASSERT_TRUE(builder.add_link("l" + std::to_string(i), "l" + std::to_string(i - 1)));
  }
  const MemoryTree tree = builder.freeze("test");
  EXPECT_EQ(tree.read("l40").value(), "end");
  EXPECT_EQ(tree.read("l41").error().code, Code::kUnavailable);
  EXPECT_EQ(tree.read("l45").error().code, Code::kUnavailable);
}

TEST(MemoryTreeTest, SharesEqualBlocks) {
  MemoryTree::Builder builder;
  std::string config(4096, '\0');
  for (int i = 0; i < 1000; ++i) {
    config[0] = static_cast<char>(i);
    config[1] = static_cast<char>(i >> 8);
    ASSERT_TRUE(builder.add_file("d/" + std::to_string(i), config));
  }
  const MemoryTree tree = builder.freeze("test");
  EXPECT_LT(tree.memory_bytes(), 600'000U);
  EXPECT_EQ(tree.read("d/999").value(), config);
}

/// Any small set of files and links must read alike from disk (by the kernel and by our walk) and
/// from memory.
TEST(TreePropertyTest, FolderAndMemoryAgree) {
  EXPECT_TRUE(rc::check([] {
    const auto plain = rc::gen::element<std::string>("a", "b", "c");
    const auto dotted = rc::gen::element<std::string>("a", "b", "c", "..", ".");
    const auto path_of = [](const rc::Gen<std::string>& name, int most) {
      const auto parts = *rc::gen::resize(most, rc::gen::container<std::vector<std::string>>(name));
      std::string path;
      for (const auto& part : parts) {
        path += (path.empty() ? "" : "/") + part;
      }
      return path;
    };
    TestFolder folder;
    MemoryTree::Builder builder;
    std::set<std::string> links;
    const int entries = *rc::gen::inRange(1, 12);
    for (int i = 0; i < entries; ++i) {
      const std::string path = path_of(plain, 3);
      const std::string text = (*rc::gen::arbitrary<bool>() ? "/" : "") + path_of(dotted, 4);
      switch (*rc::gen::inRange(0, 3)) {
        case 0:
          if (builder.content(path).empty() && builder.add_file(path, "=" + path)) {
            folder.file("root/" + path, "=" + path);
          }
          break;
        case 1:
          if (builder.add_directory(path)) {
            fs::create_directories(folder.path() / "root" / path);
          }
          break;
        default:
          if (links.insert(path).second && builder.add_link(path, text)) {
            folder.link("root/" + path, text);
          }
      }
    }
    fs::create_directories(folder.path() / "root");
    const MemoryTree memory = builder.freeze("memory");
    const auto kernel = open_folder(folder.path() / "root", Confinement::kKernel);
    const auto walk = open_folder(folder.path() / "root", Confinement::kWalk);
    for (int i = 0; i < 20; ++i) {
      const std::string asked = path_of(dotted, 6);
      RC_ASSERT(answers(*kernel, asked) == answers(memory, asked));
      RC_ASSERT(answers(*walk, asked) == answers(memory, asked));
    }
  }));
}

}  // namespace
}  // namespace weft::bus
