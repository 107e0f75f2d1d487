// SPDX-License-Identifier: Apache-2.0
// The store under violence. A child process (this program again) writes and says what was
// acknowledged; it is killed at a random moment, or its files may not grow any more. Then the store
// is opened here and asked. WEFT_CRASHES is the number of kills, 20 if unset; times and data come
// from a seed, the moment of death does not.
#include "base/random.h"
#include "telemetry/store/test_store.h"

#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <functional>
#include <optional>
#include <thread>

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace weft::telemetry {
namespace {

constexpr int kSeriesCount = 300;
constexpr int kPollsPerGroup = 5;
constexpr std::int64_t kPollNs = 10 * kSecond;

std::uint64_t value_of(int series, std::uint64_t poll) {
  return poll * 1000 + static_cast<std::uint64_t>(series);
}

StoreOptions crash_options() {
  StoreOptions options;
  options.keep_raw = {12 * 3600 * kSecond};
  return options;
}

/// Writes groups from `group` on, each of five polls, an event and a record; says each number when
/// it is durable.
void write_groups(Store& store, std::uint64_t group,
                  const std::function<void(std::uint64_t)>& say) {
  std::vector<SeriesId> series;
  for (int i = 0; i < kSeriesCount; ++i) {
    series.push_back(store.series(test_key(i, observe::Metric::kAerCorrectable)).value());
  }
  for (;; ++group) {
    std::vector<StorePoint> points;
    for (std::uint64_t poll = group * kPollsPerGroup; poll < (group + 1) * kPollsPerGroup; ++poll) {
      for (int i = 0; i < kSeriesCount; ++i) {
        points.push_back(whole(series[static_cast<std::size_t>(i)],
                               kStart + static_cast<std::int64_t>(poll) * kPollNs,
                               value_of(i, poll)));
      }
    }
    std::vector<StoredEvent> event(1);
    event[0].event.kind = "group " + std::to_string(group);
    event[0].event.at = points.front().point.at;
    const std::string text = std::to_string(group);
    const bool good = store.append(points) && store.append(event) &&
                      store.put("group", "last", base::as_bytes(text)) && store.commit();
    if (!good) {
      return;
    }
    say(group);
    if (group % 16 == 15 && !store.maintain(points.back().point.at)) {
      return;
    }
  }
}

/// Not a test: what the killed process runs.
TEST(StoreCrash, child_writes) {
  const char* folder = std::getenv("WEFT_STORE_CHILD");
  if (folder == nullptr) {
    GTEST_SKIP() << "runs only as another test's child";
  }
  auto store = Store::open(folder, crash_options());
  if (!store) {
    std::fprintf(stderr, "child: %s\n", store.error().text().c_str());
    std::_Exit(3);
  }
  const std::uint64_t from = std::strtoull(std::getenv("WEFT_STORE_FROM"), nullptr, 10);
  write_groups(**store, from, [](std::uint64_t group) {
    static_cast<void>(::write(STDOUT_FILENO, &group, sizeof group));
  });
  std::_Exit(4);
}

/// Not a test: fills a store until its files may not grow, then goes on when they may.
TEST(StoreCrash, child_meets_a_full_disk) {
  const char* folder = std::getenv("WEFT_STORE_FULL");
  if (folder == nullptr) {
    GTEST_SKIP() << "runs only as another test's child";
  }
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &limit), 0);
  auto store = Store::open(folder);
  ASSERT_TRUE(store);
  const rlimit small{1U << 20U, limit.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  std::uint64_t acknowledged = 0;
  write_groups(**store, 0, [&](std::uint64_t group) { acknowledged = group + 1; });
  ASSERT_GT(acknowledged, 10U);
  // A file may not grow, but another may be begun; now none may. What was acknowledged can still be
  // read.
  const rlimit nothing{4096, limit.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &nothing), 0);
  for (int i = 0; i < 2; ++i) {
    const auto refused = (*store)->commit();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, base::Code::kResourceExhausted) << refused.error().text();
    const auto found = (*store)->points({.subject = "prt-7"}, {0}, {INT64_MAX});
    ASSERT_TRUE(found);
    ASSERT_GE(found->at(0).points.size(), acknowledged * kPollsPerGroup);
  }
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
  const auto done = (*store)->commit();
  ASSERT_TRUE(done) << done.error().text();
  store->reset();
  store = Store::open(folder);
  ASSERT_TRUE(store);
  const auto found = (*store)->points({.subject = "prt-7"}, {0}, {INT64_MAX});
  EXPECT_EQ(found->at(0).points.size(), (acknowledged + 1) * kPollsPerGroup);
  EXPECT_TRUE((*store)->damage().empty());
}

struct Child {
  pid_t pid = -1;
  int out = -1;
};

Child start_child(const std::string& folder, std::uint64_t from) {
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0) {
    return {};
  }
  const std::string start = std::to_string(from);
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::dup2(ends[1], STDOUT_FILENO);
    ::close(ends[0]);
    ::close(ends[1]);
    ::setenv("WEFT_STORE_CHILD", folder.c_str(), 1);
    ::setenv("WEFT_STORE_FROM", start.c_str(), 1);
    ::unsetenv("GTEST_OUTPUT");
    ::execl("/proc/self/exe", "child", "--gtest_filter=StoreCrash.child_writes", "--gtest_brief=1",
            static_cast<char*>(nullptr));
    ::_exit(5);
  }
  ::close(ends[1]);
  return {pid, ends[0]};
}

/// gtest writes a line before the child's first number; numbers come in order, so what does not fit
/// is not one.
std::optional<std::uint64_t> last_acknowledged(const std::string& said, std::uint64_t from) {
  std::optional<std::uint64_t> last;
  const std::string first(reinterpret_cast<const char*>(&from), sizeof from);
  for (std::size_t at = said.find(first); at != std::string::npos && at + 8 <= said.size();
       at += 8) {
    std::uint64_t number = 0;
    std::memcpy(&number, said.data() + at, sizeof number);
    if (number != (last ? *last + 1 : from)) {
      break;
    }
    last = number;
  }
  return last;
}

void check_store(const std::string& folder, std::uint64_t acknowledged, std::uint64_t& next) {
  const auto opened = Store::open(folder, crash_options());
  ASSERT_TRUE(opened) << opened.error().text();
  const Store& store = **opened;
  EXPECT_TRUE(store.damage().empty()) << store.damage().front();
  const auto record = store.get("group", "last");
  ASSERT_TRUE(record);
  const std::uint64_t last =
      std::strtoull(std::string(base::as_text(*record)).c_str(), nullptr, 10);
  ASSERT_GE(last, acknowledged);
  next = last + 1;
  // All groups of the last hours, whole.
  const std::uint64_t from = last > 300 ? last - 300 : 0;
  const std::uint64_t first_poll = from * kPollsPerGroup;
  const std::uint64_t polls = (last + 1) * kPollsPerGroup - first_poll;
  const base::WallTime since{kStart + static_cast<std::int64_t>(first_poll) * kPollNs};
  const auto found = store.points({}, since, {INT64_MAX});
  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), static_cast<std::size_t>(kSeriesCount));
  for (int i = 0; i < kSeriesCount; ++i) {
    const auto& points = found->at(static_cast<std::size_t>(i)).points;
    ASSERT_EQ(points.size(), polls) << "series " << i;
    for (std::uint64_t k = 0; k < polls; ++k) {
      ASSERT_EQ(*points[k].value, observe::Value(value_of(i, first_poll + k)));
    }
  }
  ASSERT_EQ(store.events("group *", "", since, {INT64_MAX})->size(), last + 1 - from);
}

TEST(StoreCrash, what_was_acknowledged_survives_kills) {
  const char* wanted = std::getenv("WEFT_CRASHES");
  const int crashes = wanted != nullptr ? std::atoi(wanted) : 20;
  const StoreFolder folder;
  base::Random random(11, "crash");
  std::uint64_t next = 0;
  std::uint64_t groups = 0;
  for (int crash = 0; crash < crashes; ++crash) {
    const Child child = start_child(folder.path() + "/store", next);
    ASSERT_GT(child.pid, 0);
    std::string said;
    std::array<char, 4096> buffer{};
    // Life is counted from the first word on; a few children die while they open.
    if (random.below(8) != 0) {
      said.resize(512);
      const ssize_t got = ::read(child.out, said.data(), said.size());
      said.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    }
    std::this_thread::sleep_for(std::chrono::microseconds(random.below(60'000)));
    ::kill(child.pid, SIGKILL);
    for (ssize_t got = 0; (got = ::read(child.out, buffer.data(), buffer.size())) > 0;) {
      said.append(buffer.data(), static_cast<std::size_t>(got));
    }
    ::close(child.out);
    int status = 0;
    ::waitpid(child.pid, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the child ended by itself, " << status;
    const auto last = last_acknowledged(said, next);
    if (!last && next == 0) {
      continue;  // it had no time to do anything
    }
    const std::uint64_t before = next;
    check_store(folder.path() + "/store", last ? *last : next - 1, next);
    ASSERT_FALSE(HasFatalFailure()) << "after crash " << crash;
    groups += next - before;
  }
  RecordProperty("groups", std::to_string(groups));
  std::printf("%d kills, %llu groups acknowledged or found\n", crashes,
              static_cast<unsigned long long>(groups));
}

TEST(StoreCrash, a_full_disk_stops_commits_and_loses_nothing) {
  const StoreFolder folder;
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::setenv("WEFT_STORE_FULL", (folder.path() + "/store").c_str(), 1);
    ::unsetenv("GTEST_OUTPUT");
    ::execl("/proc/self/exe", "child", "--gtest_filter=StoreCrash.child_meets_a_full_disk",
            "--gtest_brief=1", static_cast<char*>(nullptr));
    ::_exit(5);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

}  // namespace
}  // namespace weft::telemetry
