// SPDX-License-Identifier: Apache-2.0
// Filling a memory tree, and freezing it: children sorted, links resolved, what only building needs
// dropped. Entries may come from a hostile archive, so every look-up and every loop here is
// bounded.
#include "bus/memory_tree.h"
#include "bus/memory_tree_store.h"
#include "bus/tree_path.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace weft::bus {

namespace memory_tree {

/// Unequal entries looked at before equal bytes are stored twice: keeps made-up collisions linear.
constexpr int kProbesMax = 24;
constexpr std::size_t kFirstSlots = 1024;

Store::Store() : index(kFirstSlots), interned(kFirstSlots) {
  arena.assign(kBlockBytes, '\0');  // offset 0: a block of zeros, and the empty name
  nodes.emplace_back();
}

std::uint32_t Store::intern(std::string_view bytes) {
  static constexpr std::array<char, kBlockBytes> kZeros{};
  if (bytes.empty() || (bytes.size() <= kZeros.size() &&
                        std::memcmp(bytes.data(), kZeros.data(), bytes.size()) == 0)) {
    return 0;
  }
  if (interned_count * 2 >= interned.size()) {
    std::vector<Interned> larger(interned.size() * 2);
    for (const Interned& old : interned) {
      if (old.offset == kNone) {
        continue;
      }
      std::size_t at = std::hash<std::string_view>{}(text(old.offset, old.bytes));
      while (larger[at & (larger.size() - 1)].offset != kNone) {
        ++at;
      }
      larger[at & (larger.size() - 1)] = old;
    }
    interned = std::move(larger);
  }
  const std::size_t mask = interned.size() - 1;
  const std::size_t hash = std::hash<std::string_view>{}(bytes);
  const auto offset = static_cast<std::uint32_t>(arena.size());
  for (std::size_t probe = 0; probe < kProbesMax; ++probe) {
    Interned& slot = interned[(hash + probe) & mask];
    if (slot.offset == kNone) {
      slot = {offset, static_cast<std::uint32_t>(bytes.size())};
      ++interned_count;
      break;
    }
    if (slot.bytes == bytes.size() && text(slot.offset, slot.bytes) == bytes) {
      return slot.offset;
    }
  }
  arena += bytes;
  return offset;
}

void put_in_index(std::vector<Store::Slot>& index, Store::Slot slot) {
  const std::size_t mask = index.size() - 1;
  std::size_t at = slot.hash & mask;
  while (index[at].node != kNone) {
    at = (at + 1) & mask;
  }
  index[at] = slot;
}

std::uint32_t Store::add_node(std::uint32_t parent, std::string_view node_name, Kind kind) {
  std::array<char, kNameBytesMax + 1> prefixed;
  prefixed[0] = static_cast<char>(node_name.size());
  std::copy(node_name.begin(), node_name.end(), prefixed.begin() + 1);
  const auto node = static_cast<std::uint32_t>(nodes.size());
  nodes.push_back(
      {parent, intern(std::string_view(prefixed.data(), node_name.size() + 1)), 0, 0, kind});
  if (nodes.size() * 2 > index.size()) {
    std::vector<Slot> larger(index.size() * 2);
    for (const Slot& slot : index) {
      if (slot.node != kNone) {
        put_in_index(larger, slot);
      }
    }
    index = std::move(larger);
  }
  put_in_index(index, {node, hash_of(parent, node_name)});
  return node;
}

namespace {

/// The place of a new entry: its node, and whether it was there before.
struct Place {
  std::uint32_t node = kNone;
  bool is_new = false;
};

/// The node at a path that has no links in it; kNone if there is none.
std::uint32_t find_plain(const Store& store, std::string_view path) {
  std::uint32_t at = kRoot;
  for (std::string_view name = next_component(path); !name.empty() && at != kNone;
       name = next_component(path)) {
    at = name == "." ? at : store.find(at, name);
  }
  return at;
}

base::Result<std::uint32_t> folder_for(Store& store, std::string_view path) {
  if (store.last_folder != kNone && store.last_folder_path == path) {
    return store.last_folder;
  }
  std::uint32_t at = kRoot;
  std::string_view rest = path;
  for (std::string_view name = next_component(rest); !name.empty(); name = next_component(rest)) {
    if (name == ".") {
      continue;
    }
    std::uint32_t next = store.find(at, name);
    if (next == kNone) {
      next = store.add_node(at, name, Kind::kDirectory);
    } else if (store.nodes[next].kind == Kind::kNameOnly) {
      store.nodes[next].kind = Kind::kDirectory;
    } else if (store.nodes[next].kind != Kind::kDirectory) {
      return base::fail(base::Code::kAlreadyExists, "an entry stands where a folder is needed",
                        shown_path(path));
    }
    at = next;
  }
  store.last_folder_path = path;
  store.last_folder = at;
  return at;
}

base::Result<Place> place_for(Store& store, std::string_view path, Kind kind) {
  if (auto valid = check_path(path); !valid) {
    return tl::unexpected(valid.error());
  }
  if (store.nodes.size() >= kTreeEntriesMax || store.arena.size() >= kTreeBytesMax) {
    return base::fail(base::Code::kResourceExhausted,
                      "the tree is larger than " + std::to_string(kTreeEntriesMax) +
                          " entries or " + std::to_string(kTreeBytesMax >> 20) + " MiB",
                      shown_path(path), "Keep only sys, proc/cmdline, dev/kmsg and weft in it.");
  }
  std::string_view rest = path;
  for (std::string_view name = next_component(rest); !name.empty(); name = next_component(rest)) {
    if (name == "..") {
      return base::fail(base::Code::kInvalidArgument, "an entry's path has '..' in it",
                        shown_path(path));
    }
  }
  while (path.ends_with('/') || path.ends_with("/.")) {
    path.remove_suffix(1);
  }
  const std::size_t cut = path.rfind('/');
  const std::string_view name = cut == std::string_view::npos ? path : path.substr(cut + 1);
  if (name.empty() || name == ".") {
    return base::fail(base::Code::kInvalidArgument, "an entry has no name", shown_path(path));
  }
  const auto folder = folder_for(store, path.substr(0, path.size() - name.size()));
  if (!folder) {
    return tl::unexpected(folder.error());
  }
  const std::uint32_t found = store.find(*folder, name);
  if (found == kNone) {
    return Place{store.add_node(*folder, name, kind), true};
  }
  Node& node = store.nodes[found];
  if (node.kind == Kind::kNameOnly) {
    node.kind = kind;
    return Place{found, true};
  }
  if (node.kind != kind && kind != Kind::kNameOnly) {
    return base::fail(base::Code::kAlreadyExists, "another kind of entry stands there",
                      shown_path(path));
  }
  return Place{found, false};
}

void fill_file(Store& store, std::uint32_t at, std::string_view content) {
  std::uint32_t first = 0;
  if (content.size() <= kBlockBytes) {
    first = store.intern(content);
  } else {
    first = static_cast<std::uint32_t>(store.blocks.size());
    for (std::size_t i = 0; i < content.size(); i += kBlockBytes) {
      store.blocks.push_back(store.intern(content.substr(i, kBlockBytes)));
    }
  }
  store.nodes[at].a = first;
  store.nodes[at].b = static_cast<std::uint32_t>(content.size());
}

/// Follows the text of links[which] from its folder. False: more than kLinksFollowedMax links deep,
/// and nothing was decided.
bool resolve_link(Store& store, std::uint32_t node, int depth) {
  const std::uint32_t which = store.nodes[node].a;
  if (store.links[which].is_resolved) {
    return true;
  }
  if (depth > kLinksFollowedMax) {
    return false;
  }
  std::string_view rest = store.text(store.links[which].text, store.links[which].bytes);
  std::uint32_t at = rest.starts_with('/') ? kRoot : store.nodes[node].parent;
  int hops = 1;
  for (std::string_view name = next_component(rest); !name.empty() && at != kNone;
       name = next_component(rest)) {
    if (store.nodes[at].kind != Kind::kDirectory) {
      at = kNone;
    } else if (name == "..") {
      at = store.nodes[at].parent;
    } else if (name != ".") {
      at = store.find(at, name);
    }
    if (at != kNone && store.nodes[at].kind == Kind::kLink) {
      if (!resolve_link(store, at, depth + 1)) {
        return false;
      }
      const Link& inner = store.links[store.nodes[at].a];
      hops += inner.hops;
      at = hops > kLinksFollowedMax ? kNone : inner.target;
    }
  }
  Link& link = store.links[which];
  link.target = at;
  link.hops = static_cast<std::uint8_t>(std::min(hops, kLinksFollowedMax + 1));
  link.is_resolved = true;
  return true;
}

void resolve_links(Store& store) {
  for (std::uint32_t i = 0; i < store.nodes.size(); ++i) {
    if (store.nodes[i].kind == Kind::kLink && !resolve_link(store, i, 0)) {
      Link& link = store.links[store.nodes[i].a];
      link.hops = kLinksFollowedMax + 1;
      link.is_resolved = true;
    }
  }
}

void sort_children(Store& store) {
  std::vector<Node>& nodes = store.nodes;
  for (std::uint32_t i = 1; i < nodes.size(); ++i) {
    ++nodes[nodes[i].parent].b;
  }
  std::uint32_t first = 0;
  for (Node& node : nodes) {
    if (node.kind == Kind::kDirectory) {
      node.a = first;
      first += std::exchange(node.b, 0);
    }
  }
  store.children.resize(first);
  for (std::uint32_t i = 1; i < nodes.size(); ++i) {
    Node& parent = nodes[nodes[i].parent];
    store.children[parent.a + parent.b++] = i;
  }
  for (const Node& node : nodes) {
    if (node.kind == Kind::kDirectory) {
      const auto begin = store.children.begin() + node.a;
      std::sort(begin, begin + node.b, [&store](std::uint32_t left, std::uint32_t right) {
        return store.name(store.nodes[left]) < store.name(store.nodes[right]);
      });
    }
  }
}

}  // namespace
}  // namespace memory_tree

using memory_tree::Kind;

MemoryTree::Builder::Builder() : store_(std::make_unique<memory_tree::Store>()) {}
MemoryTree::Builder::Builder(Builder&&) noexcept = default;
MemoryTree::Builder& MemoryTree::Builder::operator=(Builder&&) noexcept = default;
MemoryTree::Builder::~Builder() = default;

base::Result<void> MemoryTree::Builder::add_directory(std::string_view path) {
  const auto place = memory_tree::place_for(*store_, path, Kind::kDirectory);
  return place ? base::Result<void>{} : tl::unexpected(place.error());
}

base::Result<void> MemoryTree::Builder::add_file(std::string_view path, std::string_view content) {
  if (content.size() > kTreeBytesMax) {
    return base::fail(base::Code::kResourceExhausted, "the file is larger than a tree may be",
                      shown_path(path));
  }
  const auto place = memory_tree::place_for(*store_, path, Kind::kFile);
  if (!place) {
    return tl::unexpected(place.error());
  }
  if (place->is_new) {
    memory_tree::fill_file(*store_, place->node, content);
  }
  return {};
}

base::Result<void> MemoryTree::Builder::add_link(std::string_view path, std::string_view target) {
  if (target.empty() || target.size() >= kPathBytesMax ||
      target.find('\0') != std::string_view::npos) {
    return base::fail(base::Code::kInvalidArgument, "a link's target is empty or too long",
                      shown_path(path));
  }
  const auto place = memory_tree::place_for(*store_, path, Kind::kLink);
  if (!place) {
    return tl::unexpected(place.error());
  }
  if (place->is_new) {
    memory_tree::Link link;
    link.text = store_->intern(target);
    link.bytes = static_cast<std::uint32_t>(target.size());
    store_->nodes[place->node].a = static_cast<std::uint32_t>(store_->links.size());
    store_->links.push_back(link);
  }
  return {};
}

base::Result<void> MemoryTree::Builder::add_unreadable(std::string_view path, base::Code code,
                                                       std::string_view why) {
  return add_unreadable(path, base::Error{code, std::string(why), {}, {}});
}

base::Result<void> MemoryTree::Builder::add_unreadable(std::string_view path,
                                                       const base::Error& error) {
  const auto place = memory_tree::place_for(*store_, path, Kind::kUnreadable);
  if (!place) {
    return tl::unexpected(place.error());
  }
  if (place->is_new) {
    store_->nodes[place->node].a = static_cast<std::uint32_t>(store_->errors.size());
    store_->errors.push_back(error);
  }
  return {};
}

base::Result<void> MemoryTree::Builder::add_name(std::string_view path) {
  const auto place = memory_tree::place_for(*store_, path, Kind::kNameOnly);
  return place ? base::Result<void>{} : tl::unexpected(place.error());
}

base::Result<void> MemoryTree::Builder::mark_unlisted(std::string_view path,
                                                      const base::Error& error) {
  std::uint32_t folder = memory_tree::kRoot;
  if (!path.empty()) {
    const auto place = memory_tree::place_for(*store_, path, Kind::kDirectory);
    if (!place) {
      return tl::unexpected(place.error());
    }
    folder = place->node;
  }
  if (store_->unlisted.try_emplace(folder, static_cast<std::uint32_t>(store_->errors.size()))
          .second) {
    store_->errors.push_back(error);
  }
  return {};
}

base::Result<void> MemoryTree::Builder::add_alias(std::string_view path,
                                                  std::string_view existing) {
  const std::uint32_t at = memory_tree::find_plain(*store_, existing);
  if (at == memory_tree::kNone || store_->nodes[at].kind != Kind::kFile) {
    return base::fail(base::Code::kNotFound, "a hard link names no file before it",
                      shown_path(path));
  }
  const memory_tree::Node file = store_->nodes[at];
  const auto place = memory_tree::place_for(*store_, path, Kind::kFile);
  if (!place) {
    return tl::unexpected(place.error());
  }
  if (place->is_new) {
    store_->nodes[place->node].a = file.a;
    store_->nodes[place->node].b = file.b;
  }
  return {};
}

std::size_t MemoryTree::Builder::entries() const {
  return store_->nodes.size() - 1;
}

bool MemoryTree::Builder::has_directory(std::string_view path) const {
  const std::uint32_t at = memory_tree::find_plain(*store_, path);
  return at != memory_tree::kNone && store_->nodes[at].kind == Kind::kDirectory;
}

std::string MemoryTree::Builder::content(std::string_view path) const {
  const std::uint32_t at = memory_tree::find_plain(*store_, path);
  std::string out;
  if (at != memory_tree::kNone && store_->nodes[at].kind == Kind::kFile) {
    store_->append_content(store_->nodes[at], out);
  }
  return out;
}

MemoryTree MemoryTree::Builder::freeze(std::string description) {
  auto store = std::exchange(store_, std::make_unique<memory_tree::Store>());
  store->description = std::move(description);
  store->interned = {};
  store->last_folder_path = {};
  memory_tree::sort_children(*store);
  memory_tree::resolve_links(*store);
  return MemoryTree(std::move(store));
}

}  // namespace weft::bus
