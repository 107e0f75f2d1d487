// SPDX-License-Identifier: Apache-2.0
// A queue before one bottleneck against ns-3 (fifo_judge.cc, compiled here where Debian's
// libns3-dev is installed): when the last bit of each flow is there. ns-3 is GPL and stays a
// program of its own; the two talk by text.
#include "base/random.h"
#include "base/test_shell.h"
#include "sim/packet/run.h"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace weft::sim::packet {
namespace {

constexpr double kBottleneck = 12.5e9;
constexpr Ps kLatency = kMicrosecond;
constexpr std::uint32_t kPacketBytes = 4096;

/// A sink, and sources that reach it through one switch.
Network funnel(std::uint32_t sources, double source_rate) {
  Network network;
  network.name = "funnel";
  const auto link = [](double rate) {
    return Channel{.bytes_per_second = rate, .planned_bytes_per_second = rate, .latency = kLatency};
  };
  for (std::uint32_t i = 0; i <= sources; ++i) {
    network.add_rank({.name = i == 0 ? "sink" : fmt::format("source{}", i)});
  }
  const NodeIndex node = network.add_node({.name = "switch", .kind = NodeKind::kSwitch});
  network.add_link(0, node, link(kBottleneck));
  for (std::uint32_t i = 1; i <= sources; ++i) {
    network.add_link(i, node, link(source_rate));
  }
  network.finish();
  return network;
}

void compare(const std::string& judge, double source_rate, std::uint64_t seed) {
  base::Random random(seed, "fifo judge");
  constexpr std::uint32_t kSources = 24;
  const Network network = funnel(kSources, source_rate);
  std::string text =
      fmt::format("link {} {} {} {}\n", static_cast<std::uint64_t>(source_rate * 8),
                  static_cast<std::uint64_t>(kBottleneck * 8), kLatency, kPacketBytes);
  std::vector<Flow> flows;
  for (std::uint32_t i = 1; i <= kSources; ++i) {
    const std::uint64_t packets = 1 + random.below(100);
    const Ps start = static_cast<Ps>(random.below(100 * kMicrosecond));
    flows.push_back({i, 0, packets * kPacketBytes, start});
    text += fmt::format("flow {} {}\n", start, packets);
  }
  // Room for all: what is judged is the queue, not credits.
  const auto ours = run_flows(
      network, flows, {.packet_bytes = kPacketBytes, .buffer_bytes = std::uint64_t{1} << 30});
  ASSERT_TRUE(ours) << ours.error().text();
  const std::string file = (std::filesystem::path(WEFT_BINARY_DIR) / "fifo_judge.txt").string();
  std::ofstream(file) << text;
  const auto run = base::shell_output("'" + judge + "' < '" + file + "'");
  ASSERT_EQ(run.code, 0);
  std::istringstream lines(run.out);
  // ns-3's node has a packet whole before it sends it on; ours begins with the first bits. So all
  // is later there by a packet's time on the source's link.
  const Ps stored = transfer_time(kPacketBytes, source_rate);
  ASSERT_LE(stored, transfer_time(kPacketBytes, kBottleneck));
  for (std::size_t i = 0; i < flows.size(); ++i) {
    Ps theirs = -1;
    ASSERT_TRUE(lines >> theirs) << run.out;
    EXPECT_EQ(ours->message_finish[i] + stored, theirs) << "flow " << i;
  }
}

TEST(PacketJudge, ns3_empties_a_bottleneck_in_the_same_order_and_time) {
  if (!std::filesystem::exists("/usr/include/ns3/point-to-point-module.h") ||
      !base::has_program("c++")) {
    GTEST_SKIP() << "ns-3 is not installed (Debian: libns3-dev)";
  }
  const std::string judge = (std::filesystem::path(WEFT_BINARY_DIR) / "fifo_judge").string();
  const auto made = base::shell("c++ -std=c++17 -O1 -w -o '" + judge +
                                "' " WEFT_SOURCE_DIR
                                "/src/sim/packet/fifo_judge.cc "
                                "-lns3-point-to-point -lns3-network -lns3-core");
  ASSERT_EQ(made.code, 0) << made.out;
  compare(judge, 8 * kBottleneck, 1);
  compare(judge, kBottleneck, 2);
}

}  // namespace
}  // namespace weft::sim::packet
