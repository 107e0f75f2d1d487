// SPDX-License-Identifier: Apache-2.0
// A tree of files whose content is made when it is read, each read holding the world: what a
// machine of a twin shows under /sys and /proc. Which entries there are is settled when the tree is
// built; what they say moves. sysfs_tree.h fills it, fuse_mount.h and snapshot.h give it away, and
// drivers read it as any host's tree. Some files (config) have a place for every byte and can be
// written: only doors do that, by write_at().
#pragma once

#include "base/bytes.h"
#include "bus/host_tree.h"
#include "twin/world/world.h"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace weft::twin::door {

/// A file that is read and written in parts.
class RawFile {
 public:
  virtual ~RawFile() = default;
  [[nodiscard]] virtual std::size_t size() const = 0;
  /// At most `count` bytes; fewer at the end, none past it.
  [[nodiscard]] virtual base::Result<std::string> read_at(std::size_t offset,
                                                          std::size_t count) = 0;
  virtual base::Result<void> write_at(std::size_t offset, base::ByteView bytes) = 0;
};

class LiveTree final : public bus::HostTree {
 public:
  using Text = std::function<base::Result<std::string>()>;
  enum class Kind : std::uint8_t { kDirectory, kFile, kLink };
  /// What stat(2) would say of an entry itself.
  struct Entry {
    Kind kind = Kind::kDirectory;
    std::size_t size = 0;  ///< a page for files made at reading, as sysfs says
    bool is_writable = false;
  };

  /// `world` is held at every read; it must outlive the tree.
  LiveTree(World& world, std::string description);
  ~LiveTree() override;

  // Building: folders on the way are made; what stands at a path already stays.
  void add_directory(std::string_view path);
  void add_file(std::string_view path, Text text);
  /// Likewise, but the text holds the world by itself: it has another lock to take before.
  void add_unheld_file(std::string_view path, Text text);
  /// Content that never changes.
  void add_file(std::string_view path, std::string content);
  void add_file(std::string_view path, std::unique_ptr<RawFile> file);
  void add_link(std::string_view path, std::string target);
  /// A link whose text is the relative way from its folder to `path_of_target`.
  void link_to(std::string_view path, std::string_view path_of_target);

  [[nodiscard]] base::Result<std::string> read(
      std::string_view path, std::size_t bytes_max = bus::kFileBytesMax) const override;
  [[nodiscard]] base::Result<std::vector<std::string>> list(std::string_view path) const override;
  [[nodiscard]] base::Result<std::string> link(std::string_view path) const override;
  [[nodiscard]] bool exists(std::string_view path) const override;
  [[nodiscard]] std::string description() const override { return description_; }
  [[nodiscard]] bool is_live() const override { return true; }

  /// The entry itself, its last link not followed; kNotFound.
  [[nodiscard]] base::Result<Entry> entry(std::string_view path) const;
  [[nodiscard]] base::Result<std::string> read_at(std::string_view path, std::size_t offset,
                                                  std::size_t count) const;
  /// kPermissionDenied where the file is not meant to be written.
  base::Result<void> write_at(std::string_view path, std::size_t offset, base::ByteView bytes);

  /// Every entry but the root, folders before what is in them, names in order.
  void visit(const std::function<void(const std::string& path, const Entry& entry)>& see) const;

 private:
  struct Node;
  Node* make(std::string_view path, Kind kind);
  [[nodiscard]] const Node* resolve(std::string_view path, bool follows_last) const;
  [[nodiscard]] base::Result<const Node*> file_at(std::string_view path) const;
  void visit(const Node& node, const std::string& path,
             const std::function<void(const std::string&, const Entry&)>& see) const;

  World& world_;
  std::string description_;
  std::unique_ptr<Node> root_;
};

}  // namespace weft::twin::door
