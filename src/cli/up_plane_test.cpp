// SPDX-License-Identifier: Apache-2.0
#include "cli/up_plane.h"

#include "bus/host_tree.h"
#include "bus/test_folder.h"

#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace weft::cli {
namespace {

constexpr base::WallTime kNow{1'700'000'000LL * 1'000'000'000};

/// A machine that says nothing before it may, and then that there is nothing.
class SilentTree final : public bus::HostTree {
 public:
  struct Gate {
    std::once_flag once;
    std::promise<void> is_asked;
    std::promise<void> may_speak;
  };
  explicit SilentTree(Gate& gate) : gate_(gate) {}
  base::Result<std::string> read(std::string_view path, std::size_t /*most*/) const override {
    return nothing(path);
  }
  base::Result<std::vector<std::string>> list(std::string_view path) const override {
    return nothing(path);
  }
  base::Result<std::string> link(std::string_view path) const override { return nothing(path); }
  bool exists(std::string_view path) const override {
    static_cast<void>(nothing(path));
    return false;
  }
  std::string description() const override { return "a silent machine"; }
  bool is_live() const override { return true; }

 private:
  tl::unexpected<base::Error> nothing(std::string_view path) const {
    std::call_once(gate_.once, [&] {
      gate_.is_asked.set_value();
      gate_.may_speak.get_future().wait();
    });
    return base::fail(base::Code::kNotFound, "there is nothing", std::string(path));
  }
  Gate& gate_;
};

TEST(UpPlane, AnswersWhileAMachineIsSilent) {
  const bus::TestFolder folder;
  SilentTree::Gate gate;
  PlaneParts parts;
  parts.name = "silent";
  parts.now = [] { return kNow; };
  bus::Host host;
  host.tree = std::make_unique<SilentTree>(gate);
  parts.hosts.emplace_back("silent", std::move(host));
  UpPlaneOptions options;
  options.store = folder.at("store");
  auto plane = UpPlane::start(std::move(parts), options);
  ASSERT_TRUE(plane) << plane.error().text();
  gate.is_asked.get_future().wait();
  // It would wait here for ever if a look at a machine held up who asks.
  std::string said;
  (*plane)->api().look(
      [&said](const serve::ApiState& state) { said = state.answer(R"({"ask":"findings"})"); });
  EXPECT_NE(said.find("\"ok\":true"), std::string::npos) << said;
  EXPECT_TRUE((*plane)->take_problems().empty());
  gate.may_speak.set_value();
  (*plane)->stop();
  const auto problems = (*plane)->take_problems();
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0].rfind("silent: ", 0), 0U) << problems[0];
}

}  // namespace
}  // namespace weft::cli
