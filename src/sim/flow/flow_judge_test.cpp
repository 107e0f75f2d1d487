// SPDX-License-Identifier: Apache-2.0
// Flow runs on random graphs against SimGrid's own max-min (max_min_judge.py): when each message is
// over, all rates solved anew whenever one ends. SimGrid is Debian's python3-simgrid and stays a
// program of its own; the two talk by text.
#include "base/random.h"
#include "base/test_shell.h"
#include "sim/flow/flow.h"
#include "sim/flow/way.h"

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace weft::sim {
namespace {

constexpr std::uint32_t kRounds = 12;
constexpr std::uint64_t kSeed = 11;

/// Switches in a random tree with further links, each end on one of them, every link at a rate of
/// its own; no latency, which max-min does not know.
Network random_graph(base::Random& random) {
  Network network;
  network.name = "random graph";
  const auto ends = static_cast<std::uint32_t>(8 + random.below(16));
  const auto switches = static_cast<std::uint32_t>(4 + random.below(10));
  for (std::uint32_t i = 0; i < ends; ++i) {
    network.add_rank({.name = fmt::format("end{}", i)});
  }
  for (std::uint32_t i = 0; i < switches; ++i) {
    network.add_node({.name = fmt::format("switch{}", i), .kind = NodeKind::kSwitch});
  }
  const auto join = [&](NodeIndex a, NodeIndex b) {
    const double rate = 1e9 * (1 + 99 * random.uniform());
    network.add_link(a, b, {.bytes_per_second = rate, .planned_bytes_per_second = rate});
  };
  const auto a_switch = [&](std::uint32_t below) {
    return ends + static_cast<std::uint32_t>(random.below(below));
  };
  for (std::uint32_t i = 1; i < switches; ++i) {
    join(ends + i, a_switch(i));
  }
  for (std::uint32_t i = 0; i < switches; ++i) {
    const NodeIndex a = a_switch(switches), b = a_switch(switches);
    if (a != b) {
      join(a, b);
    }
  }
  for (std::uint32_t i = 0; i < ends; ++i) {
    join(i, a_switch(switches));
  }
  network.finish();
  return network;
}

struct Message {
  Rank from = 0, to = 0;
  std::uint64_t bytes = 0;
};

/// All messages at once; a message's tag is its number.
class AtOnce final : public Workload {
 public:
  AtOnce(const std::vector<Message>& messages, std::uint32_t ranks) : ops_(ranks) {
    for (std::uint32_t tag = 0; tag < messages.size(); ++tag) {
      const Message& m = messages[tag];
      Op op{.kind = OpKind::kSend, .wait = Wait::kNothing, .peer = m.to, .tag = tag};
      op.bytes = m.bytes;
      ops_[m.from].push_back(op);
      op.kind = OpKind::kReceive;
      op.peer = m.from;
      ops_[m.to].push_back(op);
    }
  }
  [[nodiscard]] std::uint32_t ranks() const override {
    return static_cast<std::uint32_t>(ops_.size());
  }
  [[nodiscard]] std::uint64_t ops(Rank rank, std::uint32_t) const override {
    return ops_[rank].size();
  }
  [[nodiscard]] Op op(Rank rank, std::uint32_t, std::uint64_t index) const override {
    return ops_[rank][index];
  }

 private:
  std::vector<std::vector<Op>> ops_;
};

/// One graph's messages by our model, and the same as text for the judge.
void one_round(base::Random& random, std::string& text, std::uint32_t& links,
               std::vector<double>& ends) {
  const Network network = random_graph(random);
  const auto routes = Routes::make(network);
  ASSERT_TRUE(routes) << routes.error().text();
  std::vector<Message> messages(20 + random.below(60));
  for (Message& message : messages) {
    message.from = static_cast<Rank>(random.below(network.ranks()));
    message.to =
        static_cast<Rank>((message.from + 1 + random.below(network.ranks() - 1)) % network.ranks());
    message.bytes = 10'000'000 + random.below(1'000'000'000);
  }
  const AtOnce workload(messages, network.ranks());
  std::map<std::pair<Rank, std::uint64_t>, Ps> received;
  FlowOptions options{.routing = Routing::kEcmp, .seed = kSeed};
  options.trace = [&](const TraceSpan& span) {
    if (span.kind == OpKind::kReceive) {
      received[{span.rank, span.index}] = span.end;
    }
  };
  const auto result = run_flow(network, *routes, workload, options);
  ASSERT_TRUE(result) << result.error().text();
  for (const Channel& channel : network.channels()) {
    text += fmt::format("link {:.17g}\n", channel.bytes_per_second);
  }
  Ways ways(*routes, Routing::kEcmp, kSeed);
  std::vector<double> by_tag(messages.size(), -1);
  for (Rank rank = 0; rank < network.ranks(); ++rank) {
    for (std::uint64_t i = 0; i < workload.ops(rank, 0); ++i) {
      if (const Op op = workload.op(rank, 0, i); op.kind == OpKind::kReceive) {
        by_tag[op.tag] = as_seconds(received.at({rank, i}));
      }
    }
  }
  for (std::uint32_t tag = 0; tag < messages.size(); ++tag) {
    const auto way = ways.between(messages[tag].from, messages[tag].to, tag);
    ASSERT_TRUE(way) << way.error().text();
    text += fmt::format("flow {}", messages[tag].bytes);
    for (const Share& share : (*way)->shares) {
      ASSERT_EQ(share.part, 1);
      text += fmt::format(" {}", links + share.channel);
    }
    text += "\n";
  }
  ends.insert(ends.end(), by_tag.begin(), by_tag.end());
  links += static_cast<std::uint32_t>(network.channels().size());
}

TEST(FlowJudge, simgrid_ends_each_message_at_the_same_time) {
  const std::string python = base::python_with("simgrid");
  if (python.empty()) {
    GTEST_SKIP() << base::no_python_with("simgrid") << " (Debian: python3-simgrid)";
  }
  base::Random random(7, "max-min judge");
  std::string text;
  std::uint32_t links = 0;
  std::vector<double> ours;
  for (std::uint32_t round = 0; round < kRounds; ++round) {
    ASSERT_NO_FATAL_FAILURE(one_round(random, text, links, ours));
  }
  const auto file = std::filesystem::path(WEFT_BINARY_DIR) / "max_min_judge.txt";
  std::ofstream(file) << text;
  const auto run = base::shell_output(
      python + " " WEFT_SOURCE_DIR "/src/sim/flow/max_min_judge.py < '" + file.string() + "'");
  ASSERT_EQ(run.code, 0);
  std::istringstream lines(run.out);
  std::vector<double> theirs;
  for (double end = 0; lines >> end;) {
    theirs.push_back(end);
  }
  ASSERT_EQ(theirs.size(), ours.size());
  ASSERT_GT(ours.size(), 300U);
  for (std::size_t i = 0; i < ours.size(); ++i) {
    EXPECT_NEAR(ours[i] / theirs[i], 1, 1e-6) << "message " << i;
  }
}

}  // namespace
}  // namespace weft::sim
