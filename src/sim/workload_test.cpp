// SPDX-License-Identifier: Apache-2.0
// Collectives: every message has its other half, and the bytes are those that the algorithms move.
#include "sim/amount.h"
#include "sim/collective.h"

#include <gtest/gtest.h>

namespace weft::sim {
namespace {

struct Moved {
  std::uint64_t sent = 0, messages = 0, contributed = 0, copied = 0;
};

Moved moved(const Workload& workload, Rank rank) {
  Moved out;
  for (std::uint32_t stream = 0; stream < workload.streams(rank); ++stream) {
    for (std::uint64_t i = 0; i < workload.ops(rank, stream); ++i) {
      const Op op = workload.op(rank, stream, i);
      out.sent += op.kind == OpKind::kSend ? op.bytes : 0;
      out.messages += op.kind == OpKind::kSend ? 1 : 0;
      out.contributed += op.kind == OpKind::kSwitchReduce ? op.bytes : 0;
      out.copied += op.kind == OpKind::kMulticast ? op.bytes : 0;
    }
  }
  return out;
}

TEST(Collective, every_send_has_its_receive) {
  for (const Collective collective :
       {Collective::kAllReduce, Collective::kAllGather, Collective::kReduceScatter,
        Collective::kAllToAll, Collective::kBroadcast, Collective::kSendReceive}) {
    for (const Algorithm algorithm : algorithms(collective)) {
      for (const std::uint32_t ranks : {2U, 3U, 8U, 12U, 16U}) {
        for (const std::uint64_t bytes :
             {std::uint64_t{0}, std::uint64_t{7}, std::uint64_t{1000}}) {
          CollectiveSpec spec{collective, algorithm, ranks, bytes};
          spec.domain = 4;
          spec.chunks = 3;
          const auto workload = make_collective(spec);
          if (!workload) {
            EXPECT_TRUE(algorithm == Algorithm::kHalvingDoubling ||
                        algorithm == Algorithm::kHierarchical);
            continue;
          }
          const auto wrong = problems(**workload);
          EXPECT_TRUE(wrong.empty())
              << key(collective) << " " << key(algorithm) << " " << ranks << ": " << wrong.front();
        }
      }
    }
  }
}

TEST(Collective, bytes_sent_are_those_of_the_closed_forms) {
  const std::uint64_t bytes = 8 * 3 * 5 * 1024;
  struct Case {
    Collective collective;
    Algorithm algorithm;
    std::uint64_t sent;
    std::uint64_t messages;
  };
  for (const Case& c : {
           Case{Collective::kAllReduce, Algorithm::kRing, bytes * 14 / 8, 14},
           Case{Collective::kAllReduce, Algorithm::kHalvingDoubling, bytes * 14 / 8, 6},
           Case{Collective::kAllReduce, Algorithm::kTwoShot, bytes * 14 / 8, 14},
           Case{Collective::kAllGather, Algorithm::kRing, bytes * 7 / 8, 7},
           Case{Collective::kAllGather, Algorithm::kDirect, bytes * 7 / 8, 7},
           Case{Collective::kReduceScatter, Algorithm::kHalvingDoubling, bytes * 7 / 8, 3},
           Case{Collective::kAllToAll, Algorithm::kDirect, bytes * 7 / 8, 7},
       }) {
    const auto workload = make_collective({c.collective, c.algorithm, 8, bytes});
    ASSERT_TRUE(workload);
    for (Rank rank = 0; rank < 8; ++rank) {
      EXPECT_EQ(moved(**workload, rank).sent, c.sent) << key(c.algorithm);
      EXPECT_EQ(moved(**workload, rank).messages, c.messages) << key(c.algorithm);
    }
  }
  const auto pull = make_collective({Collective::kAllReduce, Algorithm::kInSwitchPull, 8, bytes});
  ASSERT_TRUE(pull);
  EXPECT_EQ(moved(**pull, 3).contributed, bytes);
  EXPECT_EQ(moved(**pull, 3).copied, bytes / 8);
}

TEST(Collective, refuses_with_all_reasons) {
  const auto wrong = make_collective({Collective::kAllToAll, Algorithm::kRing, 1, 8});
  ASSERT_FALSE(wrong);
  EXPECT_NE(wrong.error().what.find("at least two"), std::string::npos);
  EXPECT_NE(wrong.error().what.find("ring is no algorithm for alltoall"), std::string::npos);
}

TEST(Stragglers, are_drawn_from_seed_and_rank) {
  const auto inner = make_collective({Collective::kAllReduce, Algorithm::kRing, 8, 8});
  ASSERT_TRUE(inner);
  Stragglers stragglers;
  stragglers.skew = kMicrosecond;
  stragglers.late.emplace_back(3, kSecond);
  const Skewed a(**inner, stragglers), b(**inner, stragglers);
  bool differ = false;
  for (Rank rank = 0; rank < 8; ++rank) {
    EXPECT_EQ(a.start(rank), b.start(rank));
    EXPECT_EQ(a.start(rank) >= kSecond, rank == 3);
    differ = differ || a.start(rank) != a.start(0);
  }
  EXPECT_TRUE(differ);
}

TEST(Amount, sizes_rates_and_times) {
  EXPECT_EQ(parse_size("1K"), 1024U);
  EXPECT_EQ(parse_size("8G"), 8ULL << 30);
  EXPECT_EQ(parse_size("2KB"), 2000U);
  EXPECT_EQ(parse_size("1.5MiB"), 1572864U);
  EXPECT_FALSE(parse_size("-1"));
  EXPECT_FALSE(parse_size("1e300"));
  EXPECT_EQ(parse_rate("400Gb/s"), 50e9);
  EXPECT_FALSE(parse_rate("400"));
  EXPECT_EQ(parse_time("936.25ns"), 936250);
  EXPECT_EQ(parse_sizes("1K:8G")->size(), 24U);
  EXPECT_FALSE(parse_sizes("8G:1K"));
  EXPECT_FALSE(parse_sizes("0"));
}

}  // namespace
}  // namespace weft::sim
