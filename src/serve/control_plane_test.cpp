// SPDX-License-Identifier: Apache-2.0
// The loop over hosts that do not exist (bus/synthetic): who is polled when, what is kept, what
// comes back after a restart, and that a host which fails holds nobody up.
#include "serve/control_plane.h"

#include "bus/synthetic/host.h"
#include "bus/test_folder.h"
#include "driver/collect.h"
#include "driver/test_host.h"
#include "serve/marks.h"
#include "serve/query.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace weft::serve {
namespace {

constexpr base::WallTime kStart{1'700'000'000LL * 1'000'000'000};

base::WallTime after(double seconds) {
  return kStart + base::seconds(seconds);
}

bus::Host machine(bus::MemoryTree tree) {
  bus::Host host;
  host.tree = std::make_unique<bus::MemoryTree>(std::move(tree));
  host.netdev = std::make_unique<driver::test::FakeNetdev>();
  host.accelerators = std::make_unique<driver::test::FakeAccelerators>();
  return host;
}

bus::Host demo() {
  auto server = bus::synthetic::demo_server();
  server.taken_ns = 0;  // it is looked at now, not when a capture was made
  return machine(server.tree());
}

TEST(ControlPlaneTest, PollsWhoIsDueAndRemembers) {
  const bus::TestFolder folder;
  auto store = telemetry::Store::open(folder.path().string() + "/store");
  ASSERT_TRUE(store) << store.error().text();
  ControlPlane plane(store->get(), {.poll_every = base::seconds(10)});
  plane.add("one", demo());
  const Stepped first = plane.step(kStart);
  EXPECT_EQ(first.hosts, 1U);
  EXPECT_GT(first.points, 50U);
  EXPECT_TRUE(first.problems.empty()) << first.problems.front();
  EXPECT_EQ(plane.next_due(), after(10));
  EXPECT_EQ(plane.step(after(9.9)).hosts, 0U);
  plane.add("two", demo());
  EXPECT_EQ(plane.step(after(9.95)).hosts, 1U) << "a new host is due at once";
  EXPECT_EQ(plane.step(after(10)).hosts, 1U);
  ASSERT_EQ(plane.hosts().size(), 2U);
  EXPECT_EQ(plane.hosts()[0].polls, 2U);
  EXPECT_EQ(plane.hosts()[0].last_poll, after(10));
  const auto kept =
      (*store)->points({.subject = "*", .metric = {}, .label = "*"}, kStart, after(11));
  ASSERT_TRUE(kept);
  EXPECT_GT(kept->size(), 50U);
}

TEST(ControlPlaneTest, MarksOutliveARestartAndAreEvents) {
  const bus::TestFolder folder;
  diagnose::Mark mark{.kind = "maintenance",
                      .subject = "one",
                      .from = kStart,
                      .until = after(3600),
                      .text = "cable B"};
  for (const double ends : {3600.0, 60.0}) {  // said again: it ends earlier
    auto store = telemetry::Store::open(folder.at("store"));
    ASSERT_TRUE(store) << store.error().text();
    ControlPlane plane(store->get());
    mark.until = after(ends);
    plane.take(mark);
    EXPECT_EQ(kept_marks(**store).size(), 1U);
  }
  auto store = telemetry::Store::open(folder.at("store"));
  ASSERT_TRUE(store) << store.error().text();
  const auto kept = kept_marks(**store);
  ASSERT_EQ(kept.size(), 1U);
  EXPECT_EQ(kept[0].until, after(60));
  EXPECT_EQ(kept[0].text, "cable B");
  const auto events = (*store)->events("mark_maintenance", "*", {}, after(1));
  ASSERT_TRUE(events);
  EXPECT_EQ(events->size(), 2U);
}

TEST(ControlPlaneTest, TakesWhatOthersSaw) {
  const bus::TestFolder folder;
  auto store = telemetry::Store::open(folder.at("store"));
  ASSERT_TRUE(store) << store.error().text();
  auto snapshot = driver::collect(demo(), {.now = kStart, .links_only = false, .kernel_log = {}});
  ASSERT_TRUE(snapshot) << snapshot.error().text();
  ControlPlane plane(store->get());
  EXPECT_GT(plane.take(*snapshot).points, 50U);
  EXPECT_TRUE(plane.settle(kStart).problems.empty());
  EXPECT_FALSE(plane.findings().empty());
  const auto saved = saved_findings(**store);
  ASSERT_TRUE(saved) << saved.error().text();
  EXPECT_EQ(saved->size(), plane.findings().size());
  // Last values from memory are those of the store.
  const QuerySource stored{.store = store->get(), .now = kStart};
  QuerySource kept = stored;
  kept.each_last = [&plane](const SeeLast& see) { plane.each_last(see); };
  const char* const question = R"({"ask":"last","since_s":600})";
  EXPECT_EQ(answer(kept, question), answer(stored, question));
  EXPECT_NE(answer(kept, question).find("temperature"), std::string::npos);
}

TEST(ControlPlaneTest, AHostThatFailsHoldsNobodyUp) {
  ControlPlane plane(nullptr, {});
  plane.add("empty", machine(bus::MemoryTree::Builder().freeze("empty")));
  plane.add("whole", demo());
  const Stepped stepped = plane.step(kStart);
  EXPECT_EQ(stepped.hosts, 1U);
  ASSERT_EQ(stepped.problems.size(), 1U);
  EXPECT_EQ(stepped.problems[0].rfind("empty: ", 0), 0U) << stepped.problems[0];
  EXPECT_EQ(plane.hosts()[0].failures, 1U);
  EXPECT_FALSE(plane.hosts()[0].last_poll);
}

TEST(ControlPlaneTest, OthersMaySeeAndTakeWhileAHostIsLookedAt) {
  const ControlPlane* seen = nullptr;
  std::vector<std::uint64_t> polls;  // of the first host
  ControlPlane plane(nullptr, {.unheld = [&](const std::function<void()>& look) {
                       polls.push_back(seen->hosts().at(0).polls);
                       look();
                     }});
  seen = &plane;
  plane.add("one", demo());
  plane.add("two", demo());
  EXPECT_EQ(plane.step(kStart).hosts, 2U);
  EXPECT_EQ(polls, (std::vector<std::uint64_t>{0, 1}));
  EXPECT_FALSE(plane.findings().empty());
}

/// Its content may be changed between polls.
class ChangingTree final : public bus::HostTree {
 public:
  explicit ChangingTree(std::shared_ptr<std::optional<bus::MemoryTree>> now)
      : now_(std::move(now)) {}
  base::Result<std::string> read(std::string_view path, std::size_t most) const override {
    return (*now_)->read(path, most);
  }
  base::Result<std::vector<std::string>> list(std::string_view path) const override {
    return (*now_)->list(path);
  }
  base::Result<std::string> link(std::string_view path) const override {
    return (*now_)->link(path);
  }
  bool exists(std::string_view path) const override { return (*now_)->exists(path); }
  std::string description() const override { return (*now_)->description(); }
  bool is_live() const override { return false; }

 private:
  std::shared_ptr<std::optional<bus::MemoryTree>> now_;
};

/// A server of which one link's receiver counts 2,000 errors more at each poll.
class Failing {
 public:
  Failing() { move_on(); }
  void move_on() {
    auto server = bus::synthetic::demo_server();
    server.taken_ns = 0;
    server.uptime_seconds += 10.0 * static_cast<double>(polls_);
    server.port(kPort).correctable["RxErr"] = 100 + 2000 * polls_++;
    *tree_ = server.tree();
  }
  [[nodiscard]] bus::Host host() const {
    bus::Host out = demo();
    out.tree = std::make_unique<ChangingTree>(tree_);
    return out;
  }

 private:
  static constexpr int kPort = 4;
  std::uint64_t polls_ = 0;
  std::shared_ptr<std::optional<bus::MemoryTree>> tree_ =
      std::make_shared<std::optional<bus::MemoryTree>>();
};

TEST(ControlPlaneTest, LooksCloselyWhereSomethingMovesAndRarelyWhereNothingDoes) {
  Failing failing;
  ControlPlane plane(nullptr, {.is_cost_measured = false});
  plane.add("failing", failing.host());
  bus::synthetic::Host calm("calm");
  calm.add_below(calm.add_root_port(0, {}), {});
  plane.add("calm", machine(calm.tree()));
  bool was_hasty = false;
  for (double at = 0; at <= 900; at = (plane.next_due() - kStart).seconds()) {
    EXPECT_TRUE(plane.step(after(at)).problems.empty());
    was_hasty = was_hasty || plane.next_due() == after(at + 1);
    failing.move_on();
  }
  EXPECT_TRUE(was_hasty) << "what begins to look suspicious is looked at out of turn";
  const auto hosts = plane.hosts();
  EXPECT_GT(hosts[0].whole_polls, 80U) << hosts[0].whole_text;
  EXPECT_LT(hosts[1].whole_polls, 20U) << hosts[1].whole_text;
  EXPECT_GE(hosts[1].polls, 90U);
  EXPECT_NE(hosts[1].whole_text.find("calm"), std::string::npos) << hosts[1].whole_text;
}

TEST(ControlPlaneTest, ReadsTheLogAtEveryLook) {
  auto now = std::make_shared<std::optional<bus::MemoryTree>>();
  bus::synthetic::Host server("server");
  const int card = server.add_below(server.add_root_port(0, {}), {});
  const auto live = [&](double uptime) {
    server.uptime_seconds = uptime;
    *now = server.tree();
  };
  const bus::TestFolder folder;
  auto store = telemetry::Store::open(folder.at("store"));
  ASSERT_TRUE(store) << store.error().text();
  ControlPlane plane(store->get(), {.is_cost_measured = false});
  bus::Host host = demo();
  host.tree = std::make_unique<ChangingTree>(now);
  plane.add("server", std::move(host));
  std::uint64_t whole = 0;
  std::size_t events = 0;
  for (int at = 0; at < 600; at += 10) {
    if (at == 450) {
      whole = plane.hosts()[0].whole_polls;
      server.kernel_log.push_back("3,1,10449000000,-;NVRM: Xid (PCI:" + server.address(card) +
                                  "): 79, GPU has fallen off the bus.");
    }
    live(10000 + at);
    events += plane.step(after(at)).events;
    if (at == 450) {
      EXPECT_EQ(events, 1U);
      EXPECT_EQ(plane.hosts()[0].whole_polls, whole) << "the modules were not due";
    }
  }
  EXPECT_EQ(events, 1U) << "it is read again and known";
}

TEST(ControlPlaneTest, FindingsSurviveARestartAndAreToldOnce) {
  const bus::TestFolder folder;
  Failing failing;
  std::size_t told = 0;
  ControlPlaneOptions options;
  options.tell = [&told](const std::vector<Notice>& notices) { told += notices.size(); };
  int polls = 0;
  const auto ids_after_ten_minutes = [&] {
    auto store = telemetry::Store::open(folder.path().string() + "/store");
    EXPECT_TRUE(store);
    ControlPlane plane(store->get(), options);
    plane.add("one", failing.host());
    for (int i = 0; i < 60; ++i) {
      const Stepped stepped = plane.step(after(10 * polls++));
      EXPECT_TRUE(stepped.problems.empty()) << stepped.problems.front();
      failing.move_on();
    }
    std::vector<std::string> ids;
    for (const auto& living : plane.findings()) {
      ids.push_back(living.id);
    }
    return ids;
  };
  const auto before = ids_after_ten_minutes();
  ASSERT_EQ(before.size(), 2U) << "one link fails, and the demo's is narrow since boot";
  EXPECT_EQ(told, 2U);
  EXPECT_EQ(ids_after_ten_minutes(), before);
  EXPECT_EQ(told, 2U);
}

TEST(ControlPlaneTest, NobodyIsToldOfWhatIsAcknowledged) {
  const bus::TestFolder folder;
  auto store = telemetry::Store::open(folder.path().string() + "/store");
  ASSERT_TRUE(store);
  Failing failing;
  std::vector<std::string> told;
  ControlPlaneOptions options;
  options.notices.least = diagnose::Level::kCritical;
  options.tell = [&told](const std::vector<Notice>& notices) {
    for (const Notice& notice : notices) {
      told.push_back(notice.finding.id);
    }
  };
  int polls = 0;
  const auto ten_minutes = [&](const std::optional<Acknowledgement>& seen) {
    ControlPlane plane(store->get(), options);
    if (seen) {
      plane.take(*seen);
    }
    plane.add("one", failing.host());
    for (int i = 0; i < 60; ++i) {
      plane.step(after(10 * polls++));
      failing.move_on();
    }
    return plane.findings();
  };
  const auto before = ten_minutes(std::nullopt);
  ASSERT_EQ(before.size(), 2U);
  ASSERT_TRUE(told.empty()) << "none of them is critical";
  options.notices.least = diagnose::Level::kNote;
  ten_minutes(Acknowledgement{.finding = before[0].id,
                              .by = "anna",
                              .text = {},
                              .at = after(600),
                              .until = std::nullopt,
                              .level = before[0].finding.level,
                              .recurrences = before[0].recurrences});
  EXPECT_EQ(told, std::vector<std::string>{before[1].id});
  ten_minutes(std::nullopt);
  EXPECT_EQ(told.size(), 1U) << "it is kept over a restart";
  EXPECT_EQ(kept_acknowledgements(**store).size(), 1U);
}

}  // namespace
}  // namespace weft::serve
