// SPDX-License-Identifier: Apache-2.0
// The inside of MemoryTree and of its builder: one arena, one array of 20-byte nodes, one hash
// index from (folder, name) to node. Offsets are 32 bits, which kTreeBytesMax and kTreeEntriesMax
// keep true. Only memory_tree.cpp and memory_tree_builder.cpp include it.
#pragma once

#include "base/result.h"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace weft::bus::memory_tree {

inline constexpr std::uint32_t kNone = 0xFFFFFFFF;
inline constexpr std::uint32_t kRoot = 0;
/// Content longer than this is cut into blocks of this size, so that configuration spaces, which
/// are mostly zero and mostly alike, share what they have in common.
inline constexpr std::size_t kBlockBytes = 256;

enum class Kind : std::uint8_t { kDirectory, kFile, kLink, kUnreadable, kNameOnly };

struct Node {
  std::uint32_t parent = kRoot;
  std::uint32_t name = 0;  ///< arena offset of a length byte and that many bytes
  std::uint32_t a = 0;     ///< directory: first of `children`; file: arena offset, or first of
                           ///< `blocks` past kBlockBytes; link: of `links`; unreadable: of `errors`
  std::uint32_t b = 0;     ///< directory: count of children; file: bytes
  Kind kind = Kind::kDirectory;
};

struct Link {
  std::uint32_t text = 0;
  std::uint32_t bytes = 0;
  std::uint32_t target = kNone;  ///< where it leads in the end; kNone: nowhere in this tree
  std::uint8_t hops = 0;         ///< links followed on the way; above kLinksFollowedMax: a loop
  bool is_resolved = false;
};

struct Store {
  Store();

  [[nodiscard]] std::string_view text(std::uint32_t offset, std::size_t bytes) const {
    return std::string_view(arena).substr(offset, bytes);
  }
  [[nodiscard]] std::string_view name(const Node& node) const {
    return text(node.name + 1, static_cast<std::uint8_t>(arena[node.name]));
  }
  /// The child `wanted` of `parent`; kNone if there is none.
  [[nodiscard]] std::uint32_t find(std::uint32_t parent, std::string_view wanted) const;
  /// Appends a file's bytes to `out`.
  void append_content(const Node& node, std::string& out) const;
  [[nodiscard]] std::string path_of(std::uint32_t node) const;

  /// Where `bytes` stands in the arena; equal bytes stand there once.
  [[nodiscard]] std::uint32_t intern(std::string_view bytes);
  std::uint32_t add_node(std::uint32_t parent, std::string_view name, Kind kind);
  [[nodiscard]] static std::uint32_t hash_of(std::uint32_t parent, std::string_view name) {
    const std::uint64_t mixed =
        std::hash<std::string_view>{}(name) + parent * std::uint64_t{0x9E3779B97F4A7C15};
    return static_cast<std::uint32_t>(mixed ^ mixed >> 32);
  }

  std::string arena;
  std::vector<Node> nodes;
  std::vector<std::uint32_t> blocks;
  std::vector<Link> links;
  std::vector<base::Error> errors;
  std::unordered_map<std::uint32_t, std::uint32_t> unlisted;  ///< directory -> errors
  /// A node and the hash that it is found by, so that a probe seldom has to look at the node.
  struct Slot {
    std::uint32_t node = kNone;
    std::uint32_t hash = 0;
  };
  std::vector<Slot> index;              ///< open addressing; kNone is free; a power of two
  std::vector<std::uint32_t> children;  ///< made by freeze
  std::string description;

  struct Interned {
    std::uint32_t offset = kNone;
    std::uint32_t bytes = 0;
  };
  std::vector<Interned> interned;  ///< open addressing, as `index`; dropped by freeze
  std::size_t interned_count = 0;
  std::string last_folder_path;  ///< entries of one folder come one after the other
  std::uint32_t last_folder = kNone;
};

}  // namespace weft::bus::memory_tree
