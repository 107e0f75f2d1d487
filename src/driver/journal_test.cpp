// SPDX-License-Identifier: Apache-2.0
// The journal's promises: on disk before the change, put back in reverse, found after a SIGKILL of
// a real child process, never taken from a program that lives, hostile files named and left.
#include "driver/journal.h"

#include "bus/test_folder.h"

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace weft::driver {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

struct Folder {
  bus::TestFolder held;
  std::string path = held.path().string();
};

JournalEntry entry(std::string place, base::Bytes old) {
  return {.door = "config", .device = "0000:3b:00.0", .place = std::move(place), .old = old};
}

std::string slurp(const std::string& path) {
  std::ifstream in(path);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

TEST(Journal, IsOnDiskBeforeTheChangeAndGoneAfterClose) {
  const Folder folder;
  auto journal = Journal::open(folder.path + "/a/b", "margin", "this host");
  ASSERT_TRUE(journal) << journal.error().text();
  ASSERT_TRUE(journal->note(entry("0x050", {0x42, 0x01})));
  EXPECT_EQ(slurp(journal->path()),
            "weftline-journal/1\tmargin\tthis host\n+\tconfig\t0000:3b:00.0\t0x050\t4201\n");
  EXPECT_FALSE(journal->close());
  ASSERT_TRUE(journal->undo([](const JournalEntry&) { return base::Result<void>(); }));
  const std::string path = journal->path();
  ASSERT_TRUE(journal->close());
  EXPECT_NE(access(path.c_str(), F_OK), 0);
}

TEST(Journal, UndoesInReverseAndKeepsTheFirstValueOfAPlace) {
  const Folder folder;
  auto journal = Journal::open(folder.path, "margin", "this host");
  ASSERT_TRUE(journal);
  ASSERT_TRUE(journal->note(entry("0x050", {1})));
  ASSERT_TRUE(journal->note(entry("0x070", {2})));
  ASSERT_TRUE(journal->note(entry("0x050", {3})));
  std::vector<std::string> order;
  ASSERT_TRUE(journal->undo([&](const JournalEntry& one) {
    order.push_back(one.place + "=" + std::to_string(one.old[0]));
    return base::Result<void>();
  }));
  EXPECT_THAT(order, ElementsAre("0x070=2", "0x050=1"));
}

TEST(Journal, WhatCouldNotBePutBackStays) {
  const Folder folder;
  {
    auto journal = Journal::open(folder.path, "margin", "this host");
    ASSERT_TRUE(journal);
    ASSERT_TRUE(journal->note(entry("0x050", {1})));
    ASSERT_TRUE(journal->note(entry("0x070", {2})));
    const auto undone = journal->undo([](const JournalEntry& one) -> base::Result<void> {
      if (one.place == "0x070") {
        return base::fail(base::Code::kUnavailable, "gone");
      }
      return {};
    });
    ASSERT_FALSE(undone);
    EXPECT_THAT(journal->entries(), SizeIs(1));
    EXPECT_FALSE(journal->close());
    const auto others = abandoned(folder.path);
    ASSERT_TRUE(others);
    EXPECT_THAT(*others, IsEmpty()) << "a living program's journal was taken";
  }
  auto found = abandoned(folder.path);
  ASSERT_TRUE(found);
  ASSERT_THAT(*found, SizeIs(1));
  EXPECT_THAT((*found)[0].entries(), ElementsAre(entry("0x070", {2})));
  EXPECT_EQ((*found)[0].action(), "margin");
}

TEST(Journal, IsFoundAfterSigkill) {
  const Folder folder;
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    auto journal = Journal::open(folder.path, "margin", "this host");
    if (!journal || !journal->note(entry("0x050", {0x40, 0x00}))) {
      _exit(1);
    }
    const char done = 1;
    if (write(ready[1], &done, 1) != 1) {
      _exit(1);
    }
    for (;;) {
      pause();
    }
  }
  char done = 0;
  ASSERT_EQ(read(ready[0], &done, 1), 1);
  ::close(ready[0]);
  ::close(ready[1]);
  auto living = abandoned(folder.path);
  ASSERT_TRUE(living);
  EXPECT_THAT(*living, IsEmpty());
  ASSERT_EQ(kill(child, SIGKILL), 0);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  auto found = abandoned(folder.path);
  ASSERT_TRUE(found) << found.error().text();
  ASSERT_THAT(*found, SizeIs(1));
  EXPECT_THAT((*found)[0].entries(), ElementsAre(entry("0x050", {0x40, 0x00})));
  ASSERT_TRUE((*found)[0].undo([](const JournalEntry&) { return base::Result<void>(); }));
  ASSERT_TRUE((*found)[0].close());
  EXPECT_THAT(*abandoned(folder.path), IsEmpty());
}

TEST(Journal, ATornLineIsNoChangeAndAGarbledFileIsNamed) {
  const Folder folder;
  std::ofstream(folder.path + "/journal-1-0.tsv")
      << "weftline-journal/1\tmargin\thost\n+\tconfig\t0000:3b:00.0\t0x050\t4000\n+\tconf";
  {
    auto found = abandoned(folder.path);
    ASSERT_TRUE(found);
    ASSERT_THAT(*found, SizeIs(1));
    EXPECT_THAT((*found)[0].entries(), SizeIs(1));
  }
  for (const char* text :
       {"something else\n", "weftline-journal/1\tmargin\thost\n+\ta\tb\tc\txyz\n",
        "weftline-journal/1\tmargin\thost\n*\n"}) {
    std::ofstream(folder.path + "/journal-1-0.tsv") << text;
    const auto found = abandoned(folder.path);
    ASSERT_FALSE(found) << text;
    EXPECT_EQ(found.error().code, base::Code::kDataLoss);
    EXPECT_THAT(found.error().text(), HasSubstr("journal-1-0.tsv"));
  }
  EXPECT_THAT(*abandoned(folder.path + "/none"), IsEmpty());
}

TEST(Journal, RefusesWhatWouldNotReadBack) {
  const Folder folder;
  auto journal = Journal::open(folder.path, "margin", "this host");
  ASSERT_TRUE(journal);
  EXPECT_FALSE(journal->note(entry("0x0\t50", {1})));
  EXPECT_FALSE(journal->note(entry("0x050", {})));
  EXPECT_FALSE(Journal::open(folder.path, "mar\ngin", "host"));
  EXPECT_THAT(journal->entries(), IsEmpty());
}

TEST(Journal, FolderComesFromTheEnvironment) {
  setenv("WEFT_STATE", "/somewhere", 1);
  EXPECT_EQ(*state_folder(), "/somewhere");
  unsetenv("WEFT_STATE");
}

}  // namespace
}  // namespace weft::driver
