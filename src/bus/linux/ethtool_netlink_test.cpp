// SPDX-License-Identifier: Apache-2.0
// The live netlink source against this machine's kernel: what must hold on any interface, and what
// Debian's ethtool says of the same ones. A veth pair in a network namespace of its own is used
// where the test may make one.
#include "bus/linux/ethtool_netlink.h"

#include "base/test_shell.h"
#include "base/text.h"
#include "wire/ethtool/link_mode.h"
#include "wire/ethtool/replies.h"

#include <filesystem>
#include <memory>
#include <string>

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

namespace weft::bus::linux_host {
namespace {

using wire::ethtool::Request;

constexpr std::uint8_t number(Request request) {
  return static_cast<std::uint8_t>(request);
}

/// The value behind "name: " in ethtool's output.
std::string ethtool_value(const std::string& output, const std::string& name) {
  for (const auto line : base::split(output, '\n')) {
    const auto text = base::trim(line);
    if (text.starts_with(name + ": ")) {
      return std::string(base::trim(text.substr(name.size() + 2)));
    }
  }
  return {};
}

bool has_ethtool_netlink(const Netdev& netdev) {
  const auto reply = netdev.query("lo", number(Request::kLinkStateGet));
  return reply.has_value() || reply.error().hint.find("5.6") == std::string::npos;
}

TEST(EthtoolNetlink, LoopbackHasLink) {
  const auto netdev = live_netdev();
  if (!has_ethtool_netlink(*netdev)) {
    GTEST_SKIP() << "this kernel has no ethtool netlink";
  }
  const auto reply = netdev->query("lo", number(Request::kLinkStateGet));
  ASSERT_TRUE(reply) << reply.error().text();
  const auto state = wire::ethtool::decode_link_state(*reply);
  EXPECT_EQ(state.link, true);
  EXPECT_FALSE(state.is_garbled);
}

TEST(EthtoolNetlink, ErrorsSayWhat) {
  const auto netdev = live_netdev();
  if (!has_ethtool_netlink(*netdev)) {
    GTEST_SKIP() << "this kernel has no ethtool netlink";
  }
  const auto none = netdev->query("weft-none0", number(Request::kLinkStateGet));
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, base::Code::kNotFound) << none.error().text();
  EXPECT_NE(none.error().text().find("weft-none0"), std::string::npos);
  EXPECT_NE(none.error().what.find("no device matches name"), std::string::npos)
      << "the kernel's own words are missing: " << none.error().what;

  const auto unsupported = netdev->query("lo", number(Request::kFecGet));
  ASSERT_FALSE(unsupported);
  EXPECT_EQ(unsupported.error().code, base::Code::kUnimplemented) << unsupported.error().text();

  // After errors the socket still answers.
  EXPECT_TRUE(netdev->query("lo", number(Request::kLinkStateGet)));
}

TEST(EthtoolNetlink, RefusesWhateverDoesNotOnlyRead) {
  const auto netdev = live_netdev();
  for (int message = 0; message < 256; ++message) {
    const auto reply = netdev->query("weft-none0", static_cast<std::uint8_t>(message));
    ASSERT_FALSE(reply);
    const bool is_ours = message == 2 || message == 4 || message == 6 || message == 29 ||
                         message == 32 || message == 34;
    EXPECT_EQ(reply.error().code == base::Code::kInvalidArgument, !is_ours) << message;
  }
  EXPECT_EQ(netdev->query("", 6).error().code, base::Code::kInvalidArgument);
  EXPECT_EQ(netdev->query(std::string(200, 'x'), 6).error().code, base::Code::kInvalidArgument);
}

TEST(EthtoolNetlink, AgreesWithEthtool) {
  const auto netdev = live_netdev();
  if (!has_ethtool_netlink(*netdev)) {
    GTEST_SKIP() << "this kernel has no ethtool netlink";
  }
  if (!base::has_program("ethtool")) {
    GTEST_SKIP() << "no ethtool here";
  }
  int compared = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/sys/class/net")) {
    const auto name = entry.path().filename().string();
    const auto output = base::shell_output("ethtool '" + name + "' 2>/dev/null").out;
    const auto link = ethtool_value(output, "Link detected");
    const auto reply = netdev->query(name, number(Request::kLinkStateGet));
    if (link.empty() || !reply) {
      continue;
    }
    ++compared;
    EXPECT_EQ(wire::ethtool::decode_link_state(*reply).link.value_or(false),
              link.starts_with("yes"))
        << name;
    const auto modes_reply = netdev->query(name, number(Request::kLinkModesGet));
    const auto speed = ethtool_value(output, "Speed");
    if (!modes_reply) {
      EXPECT_TRUE(speed.empty()) << name;
      continue;
    }
    const auto modes = wire::ethtool::decode_link_modes(*modes_reply);
    EXPECT_FALSE(modes.is_garbled);
    EXPECT_EQ(modes.speed_mbps ? std::to_string(*modes.speed_mbps) + "Mb/s" : "Unknown!", speed)
        << name;
    for (const auto bit : modes.supported) {
      const auto* const mode = wire::ethtool::link_mode(bit);
      if (mode != nullptr && mode->kind == wire::ethtool::LinkModeKind::kLink) {
        EXPECT_NE(output.find(std::string(mode->name)), std::string::npos) << mode->name;
      }
    }
  }
  EXPECT_GT(compared, 0);
}

TEST(EthtoolNetlink, StatisticsAreAskedForInFormsThatTheKernelTakes) {
  const auto netdev = live_netdev();
  for (const auto& entry : std::filesystem::directory_iterator("/sys/class/net")) {
    const auto reply = netdev->query(entry.path().filename().string(), number(Request::kStatsGet));
    if (reply) {
      EXPECT_FALSE(wire::ethtool::decode_stats(*reply).is_garbled);
    } else {
      // A kernel that does not know the message or the group would say "invalid argument".
      EXPECT_EQ(reply.error().code, base::Code::kUnimplemented) << reply.error().text();
    }
  }
}

/// What the child of the namespace test found, as its exit status.
enum Outcome { kGood = 0, kNoRights = 10, kNoSpeed = 11, kWrongSpeed = 12, kNoEepromError = 13 };

int run_in_namespace() {
  if (::unshare(CLONE_NEWNET) != 0 ||
      base::shell(
          "ip link add weft0 type veth peer name weft1 2>/dev/null && ip link set weft0 up && "
          "ip link set weft1 up")
              .code != 0) {
    return kNoRights;
  }
  const auto netdev = live_netdev();
  const auto reply = netdev->query("weft0", number(Request::kLinkModesGet));
  if (!reply) {
    return kNoSpeed;
  }
  const auto modes = wire::ethtool::decode_link_modes(*reply);
  if (modes.speed_mbps != 10000U || modes.is_full_duplex != true) {
    return kWrongSpeed;  // drivers/net/veth.c always says 10000 Mb/s, full duplex
  }
  const auto page = netdev->module_page("weft0", 0x50, 0, 0, 0, 128);
  return !page && page.error().code == base::Code::kUnimplemented ? kGood : kNoEepromError;
}

TEST(EthtoolNetlink, VethInANamespaceOfItsOwn) {
  const auto child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ::_exit(run_in_namespace());
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == kNoRights) {
    GTEST_SKIP() << "cannot make a network namespace with a veth pair here (needs root)";
  }
  EXPECT_EQ(WEXITSTATUS(status), kGood);
}

TEST(EthtoolNetlink, ModuleMemoryNeedsRoot) {
  if (::geteuid() == 0) {
    const auto child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      const bool dropped = ::setresuid(65534, 65534, 65534) == 0;
      const auto page = live_netdev()->module_page("lo", 0x50, 0, 0, 0, 128);
      ::_exit(!dropped                                                      ? kNoRights
              : !page && page.error().code == base::Code::kPermissionDenied ? kGood
                                                                            : 1);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(WEXITSTATUS(status), kGood);
    return;
  }
  const auto page = live_netdev()->module_page("lo", 0x50, 0, 0, 0, 128);
  ASSERT_FALSE(page);
  EXPECT_EQ(page.error().code, base::Code::kPermissionDenied) << page.error().text();
}

}  // namespace
}  // namespace weft::bus::linux_host
