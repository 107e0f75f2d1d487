// SPDX-License-Identifier: Apache-2.0
// Chakra traces: bytes written by hand and by protobuf's own library, times that their nodes add up
// to, and what is refused.
#include "base/random.h"
#include "base/temp_folder.h"
#include "base/test_shell.h"
#include "sim/schedule/chakra_workload.h"
#include "sim/topology.h"
#include "wire/protobuf.h"

#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace weft::sim {
namespace {

namespace protobuf = wire::protobuf;

constexpr std::uint64_t kLoad = 2, kCompute = 4, kSend = 5, kReceive = 6, kCollective = 7;

/// A node to be written: numbers become int64 attributes, as the converter writes them.
struct N {
  std::uint64_t id = 0;
  std::uint64_t type = kCompute;
  std::vector<std::uint64_t> needs = {};
  std::uint64_t micros = 0;
  std::vector<std::pair<std::string, std::int64_t>> numbers = {};
  std::string group = {};
};

N all_reduce(std::uint64_t id, std::vector<std::uint64_t> needs, std::int64_t bytes,
             std::string group = "") {
  return {id,
          kCollective,
          std::move(needs),
          0,
          {{"comm_type", 0}, {"comm_size", bytes}},
          std::move(group)};
}
N send(std::uint64_t id, std::vector<std::uint64_t> needs, std::int64_t to, std::int64_t bytes,
       std::int64_t tag = 0) {
  return {
      id, kSend, std::move(needs), 0, {{"comm_dst", to}, {"comm_size", bytes}, {"comm_tag", tag}}};
}
N receive(std::uint64_t id, std::vector<std::uint64_t> needs, std::int64_t from, std::int64_t bytes,
          std::int64_t tag = 0) {
  return {id,
          kReceive,
          std::move(needs),
          0,
          {{"comm_src", from}, {"comm_size", bytes}, {"comm_tag", tag}}};
}

void put_message(const std::string& message, std::string& out) {
  protobuf::put_varint(message.size(), out);
  out += message;
}

std::string bytes_of(const std::vector<N>& nodes) {
  std::string out;
  put_message(
      "\x0a\x05"
      "0.0.4",
      out);
  for (const N& n : nodes) {
    std::string node;
    protobuf::put_varint(1, n.id, node);
    protobuf::put_bytes(2, fmt::format("n{}", n.id), node);
    protobuf::put_varint(3, n.type, node);
    for (const std::uint64_t need : n.needs) {
      protobuf::put_varint(5, need, node);
    }
    protobuf::put_varint(7, n.micros, node);
    for (const auto& [name, value] : n.numbers) {
      std::string attribute;
      protobuf::put_bytes(1, name, attribute);
      protobuf::put_varint(9, static_cast<std::uint64_t>(value), attribute);
      protobuf::put_bytes(10, attribute, node);
    }
    if (!n.group.empty()) {
      std::string attribute;
      protobuf::put_bytes(1, "pg_name", attribute);
      protobuf::put_bytes(29, n.group, attribute);
      protobuf::put_bytes(10, attribute, node);
    }
    put_message(node, out);
  }
  return out;
}

base::Result<ChakraTrace> read(const std::vector<N>& nodes) {
  const std::string bytes = bytes_of(nodes);
  return read_chakra(base::as_bytes(bytes), "t.et");
}

std::unique_ptr<Site> site_of(std::string_view topology) {
  return Site::make(make_network(parse_topology(topology).value()).value()).value();
}

struct Played {
  RunResult result;
  std::vector<RankTime> ranks;
};

base::Result<Played> play(const std::vector<std::vector<N>>& ranks, const Site& site,
                          const ChakraOptions& options = {}, Fidelity fidelity = Fidelity::kFlow) {
  std::vector<ChakraTrace> traces;
  for (const auto& rank : ranks) {
    auto trace = read(rank);
    if (!trace) {
      return tl::unexpected(trace.error());
    }
    traces.push_back(std::move(*trace));
  }
  const auto workload = play_chakra(traces, "t", site, options);
  if (!workload) {
    return tl::unexpected(workload.error());
  }
  EXPECT_EQ(problems(**workload), std::vector<std::string>());
  TimeParts parts((*workload)->ranks());
  FlowOptions flow;
  flow.trace = [&](const TraceSpan& span) {
    parts.add(span.rank, (*workload)->work(span.rank, span.stream), span.begin, span.end);
  };
  auto ran = run_workload(site, **workload, fidelity, flow);
  if (!ran) {
    return tl::unexpected(ran.error());
  }
  Played out{std::move(*ran), {}};
  for (Rank rank = 0; rank < out.result.rank_done.size(); ++rank) {
    out.ranks.push_back(parts.of(rank, out.result.rank_done[rank]));
  }
  return out;
}

Ps time_of(const std::vector<std::vector<N>>& ranks, std::string_view topology) {
  const auto site = site_of(topology);
  const auto played = play(ranks, *site);
  EXPECT_TRUE(played) << played.error().text();
  return played ? played->result.time : -1;
}

std::string refused(const std::vector<std::vector<N>>& ranks, const ChakraOptions& options = {}) {
  const auto played = play(ranks, *site_of("star:4"), options);
  EXPECT_FALSE(played);
  return played ? std::string() : played.error().text();
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

constexpr std::string_view kPair = "star:2,rate=1GB/s,latency=500ns,switch=0ns";

TEST(Chakra, ReadsBytesWrittenByHand) {
  const base::Bytes bytes = {
      0x07, 0x0a, 0x05, '0',  '.',  '0',  '.',  '4',  // GlobalMetadata: version
      0x2a,                                           // a Node of 42 bytes
      0x08, 0x11, 0x12, 0x01, 'a',  0x18, 0x07,       // id 17, name a, COMM_COLL_NODE
      0x22, 0x02, 0x01, 0x02, 0x2a, 0x01, 0x02,       // ctrl_deps 1, 2; data_deps 2
      0x38, 0x05,                                     // duration 5 us
      0x52, 0x0d, 0x0a, 0x09, 'c',  'o',  'm',  'm', '_', 's', 'i', 'z', 'e', 0x68, 0x40,  // uint64
      0x52, 0x09, 0x0a, 0x07, 'p',  'g',  '_',  'n', 'a', 'm', 'e'};  // no value
  const auto trace = read_chakra(bytes, "hand.0.et");
  // The last attribute says nothing: refused by name, and with its node.
  ASSERT_FALSE(trace);
  EXPECT_TRUE(has(trace.error().text(), "hand.0.et: node 17 (\"a\"): pg_name"))
      << trace.error().text();

  base::Bytes good(bytes.begin(), bytes.end() - 11);
  good[8] = 31;
  const auto read = read_chakra(good, "hand.0.et");
  ASSERT_TRUE(read) << read.error().text();
  EXPECT_EQ(read->version, "0.0.4");
  ASSERT_EQ(read->nodes.size(), 1U);
  EXPECT_EQ(read->nodes[0].id, 17U);
  EXPECT_EQ(read->nodes[0].type, ChakraType::kCollective);
  EXPECT_EQ(read->nodes[0].needs, (std::vector<std::uint64_t>{1, 2, 2}));
  EXPECT_EQ(read->nodes[0].duration_us, 5U);
  EXPECT_EQ(read->nodes[0].comm_bytes, 64U);
}

TEST(Chakra, TakesWhatProtobufWrites) {
  const std::string python = base::python_with("google.protobuf");
  if (python.empty()) {
    GTEST_SKIP() << base::no_python_with("google.protobuf");
  }
  const base::TempFolder folder("weft-chakra");
  const auto wrote = base::shell(python + " " + WEFT_SOURCE_DIR +
                                 "/src/sim/schedule/chakra_judge.py " + folder.path());
  ASSERT_EQ(wrote.code, 0) << wrote.out;
  const auto site = site_of(kPair);
  const auto workload = load_chakra(folder.at("judge.1.et"), *site, {});
  ASSERT_TRUE(workload) << workload.error().text();
  EXPECT_EQ((*workload)->nodes(), 10U);
  ASSERT_EQ((*workload)->shapes().size(), 1U);
  EXPECT_EQ((*workload)->shapes()[0].plan.bytes, 4U << 20);
  const auto ran = run_workload(*site, **workload, Fidelity::kFlow, {});
  ASSERT_TRUE(ran) << ran.error().text();
  // 10 us of work; the sum in the switch, there and back at once; 1,000 bytes and their way.
  EXPECT_EQ(ran->time,
            10 * kMicrosecond + (4 << 20) * kNanosecond + kMicrosecond + 2 * kMicrosecond);
}

TEST(Chakra, UnitsDoOneAtATime) {
  const N cpu = {2, kCompute, {}, 5, {{"is_cpu_op", 1}}};
  EXPECT_EQ(time_of({{{1, kCompute, {}, 5}, {2, kCompute, {1}, 5}}}, kPair), 10 * kMicrosecond);
  EXPECT_EQ(time_of({{{1, kCompute, {}, 5}, {2, kCompute, {}, 5}}}, kPair), 10 * kMicrosecond);
  EXPECT_EQ(time_of({{{1, kCompute, {}, 5}, cpu}}, kPair), 5 * kMicrosecond);
  // Without a duration: 2 MB at 2 TB/s; 624e6 operations at 312e12 a second.
  EXPECT_EQ(time_of({{{1, kLoad, {}, 0, {{"tensor_size", 2'000'000}}}}}, kPair), kMicrosecond);
  EXPECT_EQ(
      time_of({{{1, kCompute, {}, 0, {{"num_ops", 624'000'000}, {"tensor_size", 5}}}}}, kPair),
      2 * kMicrosecond);
}

TEST(Chakra, MessagesWaitAndAreWaitedFor) {
  EXPECT_EQ(time_of({{{1, kCompute, {}, 5}, send(2, {1}, 1, 1000)},
                     {receive(1, {}, 0, 1000), {2, kCompute, {1}, 3}}},
                    kPair),
            (5 + 1 + 1 + 3) * kMicrosecond);
  // The first receive comes last: a unit that took receives as the file has them would lock.
  EXPECT_EQ(time_of({{receive(1, {}, 1, 0, 1), receive(2, {}, 1, 0, 2), send(3, {2}, 1, 0, 3)},
                     {receive(1, {}, 0, 0, 3), send(2, {1}, 0, 0, 1), send(3, {}, 0, 0, 2)}},
                    kPair),
            3 * kMicrosecond);
  // One pair and tag: first sent, first received, whatever the sizes.
  EXPECT_EQ(time_of({{send(1, {}, 1, 1000), send(2, {}, 1, 3000)},
                     {receive(1, {}, 0, 1000), receive(2, {}, 0, 3000)}},
                    kPair),
            5 * kMicrosecond);
}

TEST(Chakra, ASendDoesNotWaitForOneThatEndsBeforeIt) {
  // 10 ms of bytes from the start on; another thousand bytes after 1 ms share the link.
  EXPECT_EQ(
      time_of({{send(1, {}, 1, 10'000'000, 1), {2, kCompute, {}, 1000}, send(3, {2}, 1, 1000)},
               {receive(1, {}, 0, 10'000'000, 1), receive(2, {}, 0, 1000)}},
              kPair),
      10'002 * kMicrosecond);
}

TEST(Chakra, ACollectiveCostsWhatItCostsAlone) {
  const auto site = site_of("star:8,rate=1GB/s,latency=500ns,switch=0ns");
  struct Case {
    std::int64_t type;
    Collective collective;
    std::uint64_t times;
  };
  // An all-gather's size is what each rank gives (ASTRA-sim's Ring.cc).
  for (const Case& one : {Case{0, Collective::kAllReduce, 1}, Case{2, Collective::kAllGather, 8},
                          Case{7, Collective::kReduceScatter, 1}, Case{6, Collective::kAllToAll, 1},
                          Case{5, Collective::kBroadcast, 1}}) {
    const std::vector<N> rank = {
        {1, kCollective, {}, 0, {{"comm_type", one.type}, {"comm_size", 1 << 20}}}};
    Study study;
    study.spec.collective = one.collective;
    study.spec.algorithm = Algorithm::kAuto;
    study.spec.ranks = 8;
    study.spec.domain = 8;
    study.spec.bytes = (1U << 20) * one.times;
    study.fidelity = Fidelity::kFlow;
    const auto alone = answer(*site, study);
    ASSERT_TRUE(alone) << alone.error().text();
    const std::vector<std::vector<N>> ranks(8, rank);
    const auto played = play(ranks, *site);
    ASSERT_TRUE(played) << played.error().text();
    EXPECT_EQ(played->result.time, alone->time) << key(one.collective);
    ChakraOptions options;
    options.in_switch = false;
    const auto flows = play(ranks, *site, options);
    const auto packets = play(ranks, *site, options, Fidelity::kPacket);
    ASSERT_TRUE(flows) << flows.error().text();
    ASSERT_TRUE(packets) << packets.error().text();
    const double wanted = as_seconds(flows->result.time);
    EXPECT_NEAR(as_seconds(packets->result.time), wanted, 0.05 * wanted) << key(one.collective);
  }
}

TEST(Chakra, ABarrierJoinsAndMovesNothing) {
  const auto site = site_of(kPair);
  const N barrier = {2, kCollective, {1}, 0, {{"comm_type", 9}}};
  const auto played =
      play({{{1, kCompute, {}, 50}, barrier}, {{1, kCompute, {}, 5}, barrier}}, *site);
  ASSERT_TRUE(played) << played.error().text();
  EXPECT_EQ(played->result.bytes_delivered, 0U);
  EXPECT_GE(played->result.time, 51 * kMicrosecond);
  EXPECT_LE(played->result.time, 53 * kMicrosecond);
}

TEST(Chakra, GroupsRunBesideEachOtherAndInTheirOwnOrder) {
  const std::string star = "star:4,rate=1GB/s,latency=0ns,switch=0ns";
  const auto site = site_of(star);
  ChakraOptions options;
  options.groups = {{"a", {0, 1}}, {"b", {3, 2}}};
  std::vector<std::vector<N>> ranks;
  for (const std::string group : {"a", "a", "b", "b"}) {
    ranks.push_back({all_reduce(1, {}, 1'000'000, group), all_reduce(2, {}, 2'000'000, group)});
  }
  // Two ranks send a buffer's half twice.
  const auto played = play(ranks, *site, options);
  ASSERT_TRUE(played) << played.error().text();
  EXPECT_EQ(played->result.time, 3 * kMillisecond);
  EXPECT_TRUE(has(refused(ranks), "nothing says which ranks group \"a\" has"));
}

TEST(Chakra, SaysWhichCommunicationNothingHid) {
  const auto site = site_of("star:2,rate=1GB/s,latency=0ns,switch=0ns");
  const std::vector<N> hidden = {{1, kCompute, {}, 4000}, all_reduce(2, {}, 1'000'000)};
  const std::vector<N> exposed = {{1, kCompute, {}, 4000}, all_reduce(2, {1}, 1'000'000)};
  const std::vector<N> half = {all_reduce(1, {}, 1'000'000), {2, kCompute, {}, 500}};
  const auto ps = [](int us) { return us * kMicrosecond; };
  for (const auto& [rank, done, compute, shown] :
       {std::tuple(hidden, 4000, 4000, 0), std::tuple(exposed, 5000, 4000, 1000),
        std::tuple(half, 1000, 500, 500)}) {
    const auto played = play({rank, rank}, *site);
    ASSERT_TRUE(played) << played.error().text();
    for (const RankTime& time : played->ranks) {
      EXPECT_EQ(time.done, ps(done));
      EXPECT_EQ(time.part(Work::kCompute), ps(compute));
      EXPECT_EQ(time.part(Work::kCommunication), ps(shown));
      EXPECT_EQ(time.communication, ps(1000));
      EXPECT_EQ(time.idle(), 0);
    }
  }
}

/// A trace that can run: whatever a node needs is before it, at its rank and elsewhere.
std::vector<std::vector<N>> random_trace(base::Random& random, std::uint32_t ranks) {
  std::vector<std::vector<N>> out(ranks);
  const auto any = [&](std::uint64_t below) { return random.below(below); };
  const auto needs = [&](std::uint64_t rank) {
    std::vector<std::uint64_t> ids;
    const std::uint64_t count = out[rank].size();
    for (std::uint64_t i = any(3); i > 0 && count > 0; --i) {
      ids.push_back(any(count));
    }
    return ids;
  };
  const std::uint64_t nodes = 10 + any(60);
  for (std::uint64_t i = 0; i < nodes; ++i) {
    const std::uint64_t rank = any(ranks), other = (rank + 1 + any(ranks - 1)) % ranks;
    const auto bytes = static_cast<std::int64_t>(any(3) * any(100'000));
    const auto tag = static_cast<std::int64_t>(any(3));
    const std::uint64_t kind = any(6);
    if (kind == 0) {
      for (std::uint64_t each = 0; each < ranks; ++each) {
        out[each].push_back(all_reduce(out[each].size(), needs(each), bytes));
      }
    } else if (kind < 4) {
      out[rank].push_back(
          send(out[rank].size(), needs(rank), static_cast<std::int64_t>(other), bytes, tag));
      out[other].push_back(
          receive(out[other].size(), needs(other), static_cast<std::int64_t>(rank), bytes, tag));
    } else {
      out[rank].push_back({out[rank].size(), kind == 4 ? kCompute : 1, needs(rank), any(200)});
    }
  }
  return out;
}

TEST(Chakra, WhateverCanRunRunsToItsEnd) {
  base::Random random(7, "chakra");
  for (int round = 0; round < 300; ++round) {
    const auto ranks = static_cast<std::uint32_t>(2 + random.below(5));
    const auto trace = random_trace(random, ranks);
    const auto site = site_of(fmt::format("star:{},rate=1GB/s,latency=5us", ranks));
    ChakraOptions options;
    options.in_switch = round % 2 == 0;
    const auto flows = play(trace, *site, options);
    ASSERT_TRUE(flows) << round << ": " << flows.error().text();
    EXPECT_EQ(flows->result.bytes_injected == 0, flows->result.bytes_delivered == 0);
    for (const RankTime& time : flows->ranks) {
      EXPECT_GE(time.idle(), 0) << round;
      EXPECT_LE(time.part(Work::kCommunication), time.communication) << round;
    }
    if (!options.in_switch) {
      const auto packets = play(trace, *site, options, Fidelity::kPacket);
      ASSERT_TRUE(packets) << round << ": " << packets.error().text();
    }
  }
}

TEST(Chakra, RefusesWithAllMistakes) {
  const std::string graph = refused(
      {{{1, kCompute, {9}, 5}, {1, kCompute, {}, 5}}, {{5, 4, {6}}, {6, 4, {7}}, {7, 4, {5}}}});
  EXPECT_TRUE(has(graph, "rank 0: node 1 (\"n1\"): needs node 9, which is not in the file"))
      << graph;
  EXPECT_TRUE(has(graph, "rank 0: node 1 (\"n1\"): its id is there twice")) << graph;
  EXPECT_TRUE(has(graph,
                  "rank 1: node 5 (\"n5\"): its dependencies go in a circle: 5 needs 6 needs 7 "
                  "needs 5"))
      << graph;

  const std::string peers =
      refused({{send(1, {}, 7, 10), receive(2, {}, 0, 10), all_reduce(3, {}, 8, "9")},
               {{1, kSend}, {2, kCollective}, {3, kCollective, {}, 0, {{"comm_type", 3}}}}});
  for (const std::string_view part :
       {"node 1 (\"n1\"): 7 is no other of the 2 ranks",
        "node 2 (\"n2\"): 0 is no other of the 2 ranks", "group \"9\"",
        "rank 1: node 1 (\"n1\"): has no comm_dst", "rank 1: node 2 (\"n2\"): has no comm_type",
        "gather is not played"}) {
    EXPECT_TRUE(has(peers, part)) << part << " in " << peers;
  }

  const std::string pairs =
      refused({{send(1, {}, 1, 10), send(2, {}, 1, 10, 5), all_reduce(3, {}, 8)},
               {receive(1, {}, 0, 20), all_reduce(3, {}, 16)}});
  for (const std::string_view part :
       {"takes 20 bytes, rank 0: node 1 (\"n1\") sends 10", "with tag 5: 1 sends, 0 receives",
        "is all-reduce of 16 bytes where rank 0: node 3 (\"n3\") is all-reduce of 8"}) {
    EXPECT_TRUE(has(pairs, part)) << part << " in " << pairs;
  }
  EXPECT_TRUE(has(refused({{all_reduce(1, {}, 8)}, {}}), "1 and 0 collectives"));
  EXPECT_TRUE(
      has(refused(std::vector<std::vector<N>>(5, {{1, kCompute}})), "5 ranks, the network 4"));

  const auto negative = read({{17, kCollective, {}, 0, {{"comm_size", -5}}}, {18, 44}});
  ASSERT_FALSE(negative);
  EXPECT_TRUE(has(negative.error().text(), "t.et: node 17 (\"n17\"): comm_size is negative (-5)"));
  EXPECT_TRUE(has(negative.error().text(), "node 18 (\"n18\"): type 44"));
}

TEST(Chakra, NamesRanksThatWaitForEachOther) {
  const std::string text = refused(
      {{receive(1, {}, 1, 8), send(2, {1}, 1, 8)}, {receive(1, {}, 0, 8), send(2, {1}, 0, 8)}});
  EXPECT_TRUE(has(text, "ranks wait for each other: ")) << text;
  EXPECT_TRUE(has(text,
                  "rank 0: node 1 (\"n1\") waits for rank 1: node 2 (\"n2\") waits for rank 1: "
                  "node 1 (\"n1\")"))
      << text;
}

TEST(Chakra, NamesGroupsThatRanksDoNotAgreeUpon) {
  std::vector<ChakraTrace> traces;
  for (std::uint64_t rank = 0; rank < 3; ++rank) {
    traces.push_back(read({all_reduce(1, {}, 8, "g")}).value());
    traces.back().groups = {
        {"g", rank == 2 ? std::vector<std::uint64_t>{1, 2} : std::vector<std::uint64_t>{0, 1}}};
  }
  const auto played = play_chakra(traces, "t", *site_of("star:4"), {});
  ASSERT_FALSE(played);
  EXPECT_TRUE(
      has(played.error().text(), "group \"g\" has ranks 1,2 in rank 2's file, 0,1 in rank 1's"))
      << played.error().text();
}

TEST(Chakra, RefusesWhatIsNoTrace) {
  const auto error = [](const base::Bytes& bytes) {
    const auto read = read_chakra(bytes, "f");
    return read ? std::string() : read.error().text();
  };
  EXPECT_TRUE(has(error({}), "empty"));
  EXPECT_TRUE(has(error({0x1f, 0x8b, 8}), "gunzip"));
  EXPECT_TRUE(has(error({0x07, 0x0a, 0x05, '0'}), "message 0 (byte 0) is longer than the file"));
  EXPECT_TRUE(has(error({0x02, 0x08, 0x01}), "message 0 (byte 0) is no GlobalMetadata"));
  EXPECT_TRUE(has(error({0x00, 0x02, 0x08, 0x80}), "message 1 (byte 1) is no Node"));
  EXPECT_TRUE(has(read_chakra_groups("{\"1\": [0, -1]}", "g").error().text(), "group \"1\""));
  EXPECT_TRUE(has(read_chakra_groups("[]", "g").error().text(), "no JSON object"));
}

TEST(Chakra, FindsTheFilesOfAllRanks) {
  const base::TempFolder folder("weft-chakra");
  const std::string base = folder.at("step");
  const auto write = [&](int rank, const std::string& bytes) {
    std::ofstream(fmt::format("{}.{}.et", base, rank), std::ios::binary) << bytes;
  };
  const auto site = site_of("star:4");
  EXPECT_FALSE(is_chakra(base));
  write(0, bytes_of({{1, kCompute, {}, 5}}));
  write(2, bytes_of({{1, kCompute, {}, 7}}));
  EXPECT_TRUE(is_chakra(base));
  const auto missing = load_chakra(base, *site, {});
  ASSERT_FALSE(missing);
  EXPECT_TRUE(has(missing.error().text(), "no file of rank 1")) << missing.error().text();
  write(1, "\x05");
  const auto cut = load_chakra(base, *site, {});
  ASSERT_FALSE(cut);
  EXPECT_TRUE(has(cut.error().text(), "step.1.et: message 0")) << cut.error().text();
  write(1, bytes_of({}));
  const auto whole = load_chakra(base + ".1.et", *site, {});
  ASSERT_TRUE(whole) << whole.error().text();
  EXPECT_EQ((*whole)->ranks(), 3U);
}

}  // namespace
}  // namespace weft::sim
