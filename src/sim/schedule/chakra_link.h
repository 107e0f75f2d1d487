// SPDX-License-Identifier: Apache-2.0
// Chakra traces of all ranks joined: which node needs which, which collective of one rank is which
// of another's, which send meets which receive. Used by chakra_workload.cpp only; its header says
// the rules.
#pragma once

#include "sim/schedule/chakra.h"

#include <cstdint>
#include <string>
#include <vector>

namespace weft::sim {

/// A node by its rank and its place in the rank's file.
struct ChakraAt {
  Rank rank = kNone;
  std::uint32_t node = 0;
  [[nodiscard]] bool is_there() const { return rank != kNone; }
  friend bool operator==(const ChakraAt&, const ChakraAt&) = default;
};

struct ChakraLink {
  std::vector<std::uint32_t> needs;  ///< places in the file; no doubles
  std::uint32_t follows = kNone;     ///< of a collective the one before of its group
  ChakraAt peer;                     ///< of a send its receive, of a receive its send
  std::uint32_t instance = kNone;    ///< of a collective
};

/// One collective, of all its ranks.
struct ChakraInstance {
  ChakraCollective kind{};
  std::uint64_t bytes = 0;
  std::uint32_t group = 0;
  std::vector<std::uint32_t> nodes;  ///< by member, places in their files
};

struct ChakraLinks {
  std::vector<std::vector<ChakraLink>> links;  ///< by rank and place
  std::vector<std::vector<Rank>> groups;
  std::vector<ChakraInstance> instances;
  std::vector<std::string> mistakes;
};

/// `common` are groups for names that a trace does not tell.
[[nodiscard]] ChakraLinks link_chakra(const std::vector<ChakraTrace>& traces,
                                      const ChakraGroups& common);

/// "rank 3: node 17 ("name")"
[[nodiscard]] std::string place_of(const std::vector<ChakraTrace>& traces, ChakraAt at);

}  // namespace weft::sim
