// SPDX-License-Identifier: Apache-2.0
// A host tree in memory: what an archive, an lspci dump or a test holds. Built once, then frozen.
// Made small for ten thousand devices: names, texts and 256-byte blocks of content are stored once
// each in one arena, an entry is 20 bytes, and a link knows where it leads. What could not be read
// on the machine is an entry too, with the reason, so that a replay gives the same answer as the
// machine did.
#pragma once

#include "bus/host_tree.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace weft::bus {

inline constexpr std::size_t kTreeEntriesMax = 4'000'000;
inline constexpr std::size_t kTreeBytesMax = std::size_t{1}
                                             << 30;  ///< kept, equal content counted once

/// One entry as visit() shows it.
struct TreeEntry {
  enum class Kind : std::uint8_t {
    kDirectory,          ///< its listing is complete
    kUnlistedDirectory,  ///< listing it gives an error: `error`
    kFile,               ///< `text` is its content
    kLink,               ///< `text` is its target
    kUnreadable,         ///< reading it gives `error`
    kNameOnly,           ///< it was there, no more is known
  };
  Kind kind = Kind::kFile;
  std::string_view path;
  std::string_view text;
  base::Error error;
};

namespace memory_tree {
struct Store;
}

class MemoryTree final : public HostTree {
 public:
  class Builder;
  MemoryTree(MemoryTree&&) noexcept;
  MemoryTree& operator=(MemoryTree&&) noexcept;
  ~MemoryTree() override;

  [[nodiscard]] base::Result<std::string> read(
      std::string_view path, std::size_t bytes_max = kFileBytesMax) const override;
  [[nodiscard]] base::Result<std::vector<std::string>> list(std::string_view path) const override;
  [[nodiscard]] base::Result<std::string> link(std::string_view path) const override;
  [[nodiscard]] bool exists(std::string_view path) const override;
  [[nodiscard]] std::string description() const override;
  [[nodiscard]] bool is_live() const override { return false; }

  /// Every entry but the root, folders before what is in them, names in order. The views live for
  /// the call.
  void visit(const std::function<void(const TreeEntry&)>& see) const;
  [[nodiscard]] std::size_t entries() const;
  /// Bytes of memory that the tree takes.
  [[nodiscard]] std::size_t memory_bytes() const;

 private:
  explicit MemoryTree(std::unique_ptr<memory_tree::Store> store);
  std::unique_ptr<memory_tree::Store> store_;
};

/// Takes entries in any order; folders on the way are made. Each add fails with kInvalidArgument
/// for a path that check_path() refuses or has ".." in it, kAlreadyExists where another kind of
/// entry stands (a file added twice keeps the first content), kResourceExhausted over
/// kTreeEntriesMax or kTreeBytesMax.
class MemoryTree::Builder {
 public:
  Builder();
  Builder(Builder&&) noexcept;
  Builder& operator=(Builder&&) noexcept;
  ~Builder();

  base::Result<void> add_directory(std::string_view path);
  base::Result<void> add_file(std::string_view path, std::string_view content);
  base::Result<void> add_link(std::string_view path, std::string_view target);
  base::Result<void> add_unreadable(std::string_view path, base::Code code, std::string_view why);
  /// A name-only or missing entry becomes unreadable; a file stays what it is.
  base::Result<void> add_unreadable(std::string_view path, const base::Error& error);
  /// The entry is known to be there, and no more.
  base::Result<void> add_name(std::string_view path);
  /// The folder's listing gives this error, whatever is known below it.
  base::Result<void> mark_unlisted(std::string_view path, const base::Error& error);
  /// `path` becomes a second name of the file that `existing` names: a hard link.
  base::Result<void> add_alias(std::string_view path, std::string_view existing);

  [[nodiscard]] std::size_t entries() const;
  /// Whether a folder stands at `path`, which has no links in it; the root does.
  [[nodiscard]] bool has_directory(std::string_view path) const;
  /// The content of a file added before; empty where there is none.
  [[nodiscard]] std::string content(std::string_view path) const;
  /// The finished tree; the builder is empty afterwards.
  [[nodiscard]] MemoryTree freeze(std::string description);

 private:
  std::unique_ptr<memory_tree::Store> store_;
};

}  // namespace weft::bus
