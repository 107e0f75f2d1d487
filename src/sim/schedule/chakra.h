// SPDX-License-Identifier: Apache-2.0
// Chakra execution traces (MLCommons; schema/protobuf/et_def.proto, version 0.0.4): one file a
// rank, NAME.RANK.et, of protocol buffers that each stand after their size: a GlobalMetadata, then
// the Nodes. Field numbers, node types and collectives are that schema's; attributes are those that
// its converter and generator write and ASTRA-sim reads. Unknown fields and attributes are passed
// over. This reads one file; chakra_workload.h plays all of them.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "sim/network.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft::sim {

inline constexpr std::size_t kChakraBytesMax = std::size_t{256} << 20;  ///< of a file
inline constexpr std::uint64_t kChakraSizeMax = std::uint64_t{1} << 44;

/// Values are the schema's.
enum class ChakraType : std::uint8_t {
  kInvalid,
  kMetadata,
  kLoad,
  kStore,
  kCompute,
  kSend,
  kReceive,
  kCollective,
  kStorage,
  kBatch,
  kCheckpoint,
};
enum class ChakraCollective : std::uint8_t {
  kAllReduce,
  kReduce,
  kAllGather,
  kGather,
  kScatter,
  kBroadcast,
  kAllToAll,
  kReduceScatter,
  kReduceScatterBlock,
  kBarrier,
};
[[nodiscard]] std::string_view key(ChakraCollective collective);

struct ChakraNode {
  std::uint64_t id = 0;
  std::string name;
  ChakraType type = ChakraType::kInvalid;
  std::vector<std::uint64_t> needs;  ///< ids: ctrl_deps and data_deps
  std::uint64_t duration_us = 0;     ///< as it was measured; 0 where it was not
  std::uint64_t operations = 0;      ///< num_ops
  std::uint64_t tensor_bytes = 0;    ///< tensor_size
  std::uint64_t comm_bytes = 0;      ///< comm_size: what a rank puts in
  std::optional<std::uint64_t> comm_type;
  std::optional<std::uint64_t> source, destination;  ///< comm_src, comm_dst
  std::uint64_t tag = 0;                             ///< comm_tag
  std::string group;                                 ///< pg_name
  bool is_on_processor = false;                      ///< is_cpu_op
};

/// Ranks of communicator groups by name; no ranks: all.
using ChakraGroups = std::map<std::string, std::vector<std::uint64_t>, std::less<>>;

struct ChakraTrace {
  std::string version;
  std::vector<ChakraNode> nodes;  ///< as in the file
  ChakraGroups groups;            ///< of its "## process_group:init ##" node
};

/// kInvalidArgument with the mistakes, by message or node, at most 20: what is no Chakra trace or
/// ends early, unknown types, negative sizes, attributes of another kind.
[[nodiscard]] base::Result<ChakraTrace> read_chakra(base::ByteView bytes, std::string_view file);

/// ASTRA-sim's communicator groups: {"1": [0, 1], "2": [2, 3]}.
[[nodiscard]] base::Result<ChakraGroups> read_chakra_groups(std::string_view text,
                                                            std::string_view file);

/// "node 17 ("name")", for messages.
[[nodiscard]] std::string place_of(const ChakraNode& node);

}  // namespace weft::sim
