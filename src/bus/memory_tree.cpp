// SPDX-License-Identifier: Apache-2.0
// Look-ups in a frozen tree. Links were resolved by freeze(), so a look-up follows one by a jump
// and a read allocates its answer only.
#include "bus/memory_tree.h"

#include "bus/memory_tree_store.h"
#include "bus/tree_path.h"

#include <utility>

namespace weft::bus {

namespace memory_tree {

std::uint32_t Store::find(std::uint32_t parent, std::string_view wanted) const {
  const std::size_t mask = index.size() - 1;
  const std::uint32_t hash = hash_of(parent, wanted);
  for (std::size_t at = hash & mask; index[at].node != kNone; at = (at + 1) & mask) {
    if (index[at].hash == hash) {
      const Node& node = nodes[index[at].node];
      if (node.parent == parent && name(node) == wanted) {
        return index[at].node;
      }
    }
  }
  return kNone;
}

void Store::append_content(const Node& node, std::string& out) const {
  if (node.b <= kBlockBytes) {
    out += text(node.a, node.b);
    return;
  }
  out.reserve(out.size() + node.b);
  std::size_t left = node.b;
  for (std::size_t block = node.a; left > 0; ++block) {
    const std::size_t bytes = std::min(left, kBlockBytes);
    out += text(blocks[block], bytes);
    left -= bytes;
  }
}

std::string Store::path_of(std::uint32_t node) const {
  std::vector<std::uint32_t> way;
  for (; node != kRoot; node = nodes[node].parent) {
    way.push_back(node);
  }
  std::string path;
  for (auto at = way.rbegin(); at != way.rend(); ++at) {
    path += path.empty() ? "" : "/";
    path += name(nodes[*at]);
  }
  return path;
}

namespace {

tl::unexpected<base::Error> no_entry(std::string_view path) {
  return base::fail(base::Code::kNotFound, "no such entry", shown_path(path));
}

tl::unexpected<base::Error> not_captured(std::string_view path) {
  return base::fail(base::Code::kNotFound, "not captured", shown_path(path));
}

tl::unexpected<base::Error> stored_error(const Store& store, std::uint32_t index,
                                         std::string_view path) {
  base::Error error = store.errors[index];
  if (error.where.empty()) {
    error.where = shown_path(path);
  }
  return tl::unexpected(std::move(error));
}

/// The node at `path`, through links; the last component's link only if `follows_last`.
base::Result<std::uint32_t> locate(const Store& store, std::string_view path, bool follows_last) {
  if (auto valid = check_path(path); !valid) {
    return tl::unexpected(valid.error());
  }
  std::uint32_t at = kRoot;
  int hops = 0;
  std::string_view rest = path;
  for (std::string_view name = next_component(rest); !name.empty(); name = next_component(rest)) {
    const Node& folder = store.nodes[at];
    if (folder.kind != Kind::kDirectory) {
      return folder.kind == Kind::kNameOnly ? not_captured(path) : no_entry(path);
    }
    if (name == ".") {
      continue;
    }
    at = name == ".." ? folder.parent : store.find(at, name);
    if (at == kNone) {
      return no_entry(path);
    }
    const Node& node = store.nodes[at];
    const bool is_last = rest.find_first_not_of('/') == std::string_view::npos;
    if (node.kind == Kind::kLink && (!is_last || follows_last)) {
      const Link& link = store.links[node.a];
      hops += link.hops;
      if (hops > kLinksFollowedMax) {
        return base::fail(base::Code::kUnavailable, "too many symbolic links", shown_path(path));
      }
      if (link.target == kNone) {
        return no_entry(path);
      }
      at = link.target;
    }
  }
  return at;
}

}  // namespace
}  // namespace memory_tree

using memory_tree::Kind;
using memory_tree::Node;

MemoryTree::MemoryTree(std::unique_ptr<memory_tree::Store> store) : store_(std::move(store)) {}
MemoryTree::MemoryTree(MemoryTree&&) noexcept = default;
MemoryTree& MemoryTree::operator=(MemoryTree&&) noexcept = default;
MemoryTree::~MemoryTree() = default;

base::Result<std::string> MemoryTree::read(std::string_view path, std::size_t bytes_max) const {
  const auto at = memory_tree::locate(*store_, path, true);
  if (!at) {
    return tl::unexpected(at.error());
  }
  const Node& node = store_->nodes[*at];
  switch (node.kind) {
    case Kind::kDirectory:
    case Kind::kLink:
      return base::fail(base::Code::kUnavailable, "is a directory", shown_path(path));
    case Kind::kUnreadable:
      return memory_tree::stored_error(*store_, node.a, path);
    case Kind::kNameOnly:
      return memory_tree::not_captured(path);
    case Kind::kFile:
      break;
  }
  if (node.b > bytes_max) {
    return base::fail(base::Code::kResourceExhausted,
                      "more than " + std::to_string(bytes_max) + " bytes", shown_path(path));
  }
  std::string content;
  store_->append_content(node, content);
  return content;
}

base::Result<std::vector<std::string>> MemoryTree::list(std::string_view path) const {
  const auto at = memory_tree::locate(*store_, path, true);
  if (!at) {
    return tl::unexpected(at.error());
  }
  const Node& node = store_->nodes[*at];
  if (const auto unlisted = store_->unlisted.find(*at); unlisted != store_->unlisted.end()) {
    return memory_tree::stored_error(*store_, unlisted->second, path);
  }
  if (node.kind != Kind::kDirectory) {
    return node.kind == Kind::kNameOnly ? memory_tree::not_captured(path)
                                        : memory_tree::no_entry(path);
  }
  std::vector<std::string> names;
  names.reserve(node.b);
  for (std::uint32_t i = 0; i < node.b; ++i) {
    names.emplace_back(store_->name(store_->nodes[store_->children[node.a + i]]));
  }
  return names;
}

base::Result<std::string> MemoryTree::link(std::string_view path) const {
  const auto at = memory_tree::locate(*store_, path, false);
  if (!at) {
    return tl::unexpected(at.error());
  }
  const Node& node = store_->nodes[*at];
  if (node.kind != Kind::kLink) {
    return node.kind == Kind::kNameOnly
               ? memory_tree::not_captured(path)
               : base::fail(base::Code::kNotFound, "not a symbolic link", shown_path(path));
  }
  const memory_tree::Link& link = store_->links[node.a];
  return std::string(store_->text(link.text, link.bytes));
}

bool MemoryTree::exists(std::string_view path) const {
  return memory_tree::locate(*store_, path, false).has_value();
}

std::string MemoryTree::description() const {
  return store_->description;
}

void MemoryTree::visit(const std::function<void(const TreeEntry&)>& see) const {
  std::vector<std::uint32_t> pending = {memory_tree::kRoot};
  while (!pending.empty()) {
    const std::uint32_t at = pending.back();
    pending.pop_back();
    const Node& node = store_->nodes[at];
    const std::string path = store_->path_of(at);
    TreeEntry entry;
    entry.path = path;
    std::string content;
    const auto unlisted = store_->unlisted.find(at);
    switch (node.kind) {
      case Kind::kDirectory:
        entry.kind = TreeEntry::Kind::kDirectory;
        for (std::uint32_t i = node.b; i-- > 0;) {
          pending.push_back(store_->children[node.a + i]);
        }
        break;
      case Kind::kFile:
        store_->append_content(node, content);
        entry.kind = TreeEntry::Kind::kFile;
        entry.text = content;
        break;
      case Kind::kLink:
        entry.kind = TreeEntry::Kind::kLink;
        entry.text = store_->text(store_->links[node.a].text, store_->links[node.a].bytes);
        break;
      case Kind::kUnreadable:
        entry.kind = TreeEntry::Kind::kUnreadable;
        entry.error = store_->errors[node.a];
        break;
      case Kind::kNameOnly:
        entry.kind = TreeEntry::Kind::kNameOnly;
        break;
    }
    if (unlisted != store_->unlisted.end()) {
      entry.kind = TreeEntry::Kind::kUnlistedDirectory;
      entry.error = store_->errors[unlisted->second];
    }
    if (at != memory_tree::kRoot || unlisted != store_->unlisted.end()) {
      see(entry);
    }
  }
}

std::size_t MemoryTree::entries() const {
  return store_->nodes.size() - 1;
}

std::size_t MemoryTree::memory_bytes() const {
  const memory_tree::Store& s = *store_;
  return s.arena.capacity() + s.nodes.capacity() * sizeof(Node) +
         (s.blocks.capacity() + s.index.capacity() + s.children.capacity()) *
             sizeof(std::uint32_t) +
         s.links.capacity() * sizeof(memory_tree::Link) + s.errors.capacity() * sizeof(base::Error);
}

}  // namespace weft::bus
