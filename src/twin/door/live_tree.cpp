// SPDX-License-Identifier: Apache-2.0
#include "twin/door/live_tree.h"

#include "base/text.h"
#include "bus/tree_path.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace weft::twin::door {

struct LiveTree::Node {
  Kind kind = Kind::kDirectory;
  std::map<std::string, std::unique_ptr<Node>, std::less<>> children;
  std::string text;  // a link's target, or content that never changes
  Text make_text;
  bool holds = true;  // the world, while the text is made
  std::unique_ptr<RawFile> raw;

  [[nodiscard]] Entry entry() const {
    constexpr std::size_t kPage = 4096;
    if (kind == Kind::kDirectory) {
      return {kind, 0, false};
    }
    if (kind == Kind::kLink) {
      return {kind, text.size(), false};
    }
    return {kind, raw ? raw->size() : kPage, raw != nullptr};
  }
};

namespace live_tree {

tl::unexpected<base::Error> no_entry(std::string_view path) {
  return base::fail(base::Code::kNotFound, "no such entry", bus::shown_path(path));
}

}  // namespace live_tree

LiveTree::LiveTree(World& world, std::string description)
    : world_(world), description_(std::move(description)), root_(std::make_unique<Node>()) {}

LiveTree::~LiveTree() = default;

LiveTree::Node* LiveTree::make(std::string_view path, Kind kind) {
  Node* at = root_.get();
  std::string_view rest = path;
  while (true) {
    const auto name = bus::next_component(rest);
    if (name.empty()) {
      return at;
    }
    auto& child = at->children[std::string(name)];
    if (!child) {
      child = std::make_unique<Node>();
      child->kind = rest.empty() ? kind : Kind::kDirectory;
    }
    at = child.get();
  }
}

void LiveTree::add_directory(std::string_view path) {
  make(path, Kind::kDirectory);
}

void LiveTree::add_file(std::string_view path, Text text) {
  make(path, Kind::kFile)->make_text = std::move(text);
}

void LiveTree::add_unheld_file(std::string_view path, Text text) {
  Node* node = make(path, Kind::kFile);
  node->make_text = std::move(text);
  node->holds = false;
}

void LiveTree::add_file(std::string_view path, std::string content) {
  make(path, Kind::kFile)->text = std::move(content);
}

void LiveTree::add_file(std::string_view path, std::unique_ptr<RawFile> file) {
  make(path, Kind::kFile)->raw = std::move(file);
}

void LiveTree::add_link(std::string_view path, std::string target) {
  make(path, Kind::kLink)->text = std::move(target);
}

void LiveTree::link_to(std::string_view path, std::string_view path_of_target) {
  auto from = base::split(path, '/');
  auto to = base::split(path_of_target, '/');
  from.pop_back();  // links are read from their folder
  std::size_t shared = 0;
  while (shared < from.size() && shared + 1 < to.size() && from[shared] == to[shared]) {
    ++shared;
  }
  std::string target;
  for (std::size_t i = shared; i < from.size(); ++i) {
    target += "../";
  }
  add_link(path,
           target + fmt::format("{}", fmt::join(to.begin() + static_cast<std::ptrdiff_t>(shared),
                                                to.end(), "/")));
}

const LiveTree::Node* LiveTree::resolve(std::string_view path, bool follows_last) const {
  std::vector<const Node*> folders = {root_.get()};
  std::string pending(path);
  for (int links = 0; links <= bus::kLinksFollowedMax;) {
    std::string_view rest = pending;
    const std::string name(bus::next_component(rest));
    if (name.empty()) {
      return folders.back();
    }
    const bool is_last = rest.find_first_not_of('/') == std::string_view::npos;
    std::string remaining(rest);
    if (name == "..") {
      if (folders.size() > 1) {
        folders.pop_back();
      }
    } else if (name != ".") {
      const auto& children = folders.back()->children;
      const auto found = children.find(name);
      if (found == children.end()) {
        return nullptr;
      }
      const Node* node = found->second.get();
      if (node->kind == Kind::kLink && (!is_last || follows_last)) {
        ++links;
        if (node->text.starts_with('/')) {
          folders.resize(1);
        }
        remaining = bus::below(node->text, remaining);
      } else if (is_last) {
        return node;
      } else {
        folders.push_back(node);
      }
    }
    pending = std::move(remaining);
  }
  return nullptr;
}

base::Result<const LiveTree::Node*> LiveTree::file_at(std::string_view path) const {
  if (auto valid = bus::check_path(path); !valid) {
    return tl::unexpected(valid.error());
  }
  const Node* node = resolve(path, true);
  if (node == nullptr) {
    return live_tree::no_entry(path);
  }
  if (node->kind != Kind::kFile) {
    return base::fail(base::Code::kUnavailable, "is a directory", bus::shown_path(path));
  }
  return node;
}

base::Result<std::string> LiveTree::read(std::string_view path, std::size_t bytes_max) const {
  const auto node = file_at(path);
  if (!node) {
    return tl::unexpected(node.error());
  }
  base::Result<std::string> content = std::string();
  if (!(*node)->holds) {
    content = (*node)->make_text();
  } else if ((*node)->raw || (*node)->make_text) {
    const Hold hold(world_.mutex());
    content = (*node)->raw ? (*node)->raw->read_at(0, (*node)->raw->size()) : (*node)->make_text();
  } else {
    content = (*node)->text;
  }
  if (content && content->size() > bytes_max) {
    return base::fail(base::Code::kResourceExhausted, fmt::format("more than {} bytes", bytes_max),
                      bus::shown_path(path));
  }
  if (!content && content.error().where.empty()) {
    content.error().where = bus::shown_path(path);
  }
  return content;
}

base::Result<std::string> LiveTree::read_at(std::string_view path, std::size_t offset,
                                            std::size_t count) const {
  const auto node = file_at(path);
  if (!node) {
    return tl::unexpected(node.error());
  }
  if ((*node)->raw) {
    const Hold hold(world_.mutex());
    return (*node)->raw->read_at(offset, count);
  }
  const auto all = read(path);
  if (!all) {
    return all;
  }
  return offset >= all->size() ? std::string() : all->substr(offset, count);
}

base::Result<void> LiveTree::write_at(std::string_view path, std::size_t offset,
                                      base::ByteView bytes) {
  const auto node = file_at(path);
  if (!node) {
    return tl::unexpected(node.error());
  }
  if (!(*node)->raw) {
    return base::fail(base::Code::kPermissionDenied, "is read-only", bus::shown_path(path));
  }
  const Hold hold(world_.mutex());
  return (*node)->raw->write_at(offset, bytes);
}

base::Result<std::vector<std::string>> LiveTree::list(std::string_view path) const {
  if (auto valid = bus::check_path(path); !valid) {
    return tl::unexpected(valid.error());
  }
  const Node* node = resolve(path, true);
  if (node == nullptr || node->kind != Kind::kDirectory) {
    return live_tree::no_entry(path);
  }
  std::vector<std::string> names;
  names.reserve(node->children.size());
  for (const auto& [name, child] : node->children) {
    names.push_back(name);
  }
  return names;
}

base::Result<std::string> LiveTree::link(std::string_view path) const {
  if (auto valid = bus::check_path(path); !valid) {
    return tl::unexpected(valid.error());
  }
  const Node* node = resolve(path, false);
  if (node == nullptr) {
    return live_tree::no_entry(path);
  }
  if (node->kind != Kind::kLink) {
    return base::fail(base::Code::kNotFound, "not a symbolic link", bus::shown_path(path));
  }
  return node->text;
}

bool LiveTree::exists(std::string_view path) const {
  return bus::check_path(path).has_value() && resolve(path, false) != nullptr;
}

base::Result<LiveTree::Entry> LiveTree::entry(std::string_view path) const {
  if (auto valid = bus::check_path(path); !valid) {
    return tl::unexpected(valid.error());
  }
  const Node* node = resolve(path, false);
  if (node == nullptr) {
    return live_tree::no_entry(path);
  }
  return node->entry();
}

void LiveTree::visit(
    const std::function<void(const std::string& path, const Entry& entry)>& see) const {
  visit(*root_, "", see);
}

void LiveTree::visit(const Node& node, const std::string& path,
                     const std::function<void(const std::string&, const Entry&)>& see) const {
  for (const auto& [name, child] : node.children) {
    const auto own = bus::below(path, name);
    see(own, child->entry());
    visit(*child, own, see);
  }
}

}  // namespace weft::twin::door
