// SPDX-License-Identifier: Apache-2.0
// Between tar entries and MemoryTree entries. The manifest stands first in what we write, so that a
// truncated capture still knows what could not be read; it is applied last, so that files win.
#include "bus/archive.h"

#include "base/text.h"
#include "bus/manifest.h"
#include "bus/tar.h"
#include "bus/tree_path.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace weft::bus {

namespace archive {

/// "./sys//bus/" and "/sys/bus" as "sys/bus"; the root itself as "".
std::string_view plain(std::string_view path) {
  while (path.starts_with('/') || path.starts_with("./") || path == ".") {
    path.remove_prefix(1);
  }
  while (path.ends_with('/')) {
    path.remove_suffix(1);
  }
  return path;
}

class Loader {
 public:
  explicit Loader(std::string description) : description_(std::move(description)) {}

  void add_problem(std::string problem) {
    if (++problem_count_ <= kArchiveProblemsMax) {
      loaded_.problems.push_back(std::move(problem));
    }
  }

  /// One entry into the builder. Errors of the stream come back; an entry that cannot be kept is a
  /// problem and no more.
  base::Result<void> add(const TarEntry& entry, TarReader& tar) {
    const std::string_view path = plain(entry.path);
    if (path.empty()) {
      return {};
    }
    base::Result<void> kept;
    switch (entry.kind) {
      case TarEntry::Kind::kFile:
        if (entry.bytes > kArchivedFileBytesMax) {
          kept = builder_.add_unreadable(path, base::Code::kResourceExhausted,
                                         "larger than 64 MiB, left out");
          break;
        }
        if (auto read = tar.read_content(content_); !read) {
          return read;
        }
        if (path == kManifestFile) {
          manifest_ = content_;
        } else {
          kept = builder_.add_file(path, content_);
        }
        break;
      case TarEntry::Kind::kDirectory:
        kept = builder_.add_directory(path);
        break;
      case TarEntry::Kind::kSymbolicLink:
        kept = builder_.add_link(path, entry.target);
        break;
      case TarEntry::Kind::kHardLink:
        kept = builder_.add_alias(path, plain(entry.target));
        break;
      case TarEntry::Kind::kOther:
        kept = builder_.add_unreadable(path, base::Code::kUnavailable,
                                       "a device node or sparse file, not in the archive");
        break;
    }
    if (!kept && kept.error().code == base::Code::kResourceExhausted) {
      return kept;
    }
    if (!kept) {
      add_problem("entry " + base::printable(entry.path) + " at byte " +
                  std::to_string(entry.offset) + " was left out: " + kept.error().what);
    }
    return {};
  }

  base::Result<LoadedTree> finish() {
    if (!manifest_.empty()) {
      apply_manifest(manifest_, builder_, loaded_.problems);
    }
    if (problem_count_ > kArchiveProblemsMax) {
      loaded_.problems.push_back(std::to_string(problem_count_) + " problems in all");
    }
    loaded_.tree = std::make_unique<MemoryTree>(builder_.freeze(description_));
    return std::move(loaded_);
  }

  [[nodiscard]] std::size_t entries() const { return builder_.entries(); }
  void set_manifest(std::string text) { manifest_ = std::move(text); }
  [[nodiscard]] MemoryTree::Builder& builder() { return builder_; }

 private:
  std::string description_;
  MemoryTree::Builder builder_;
  LoadedTree loaded_;
  std::string manifest_;
  std::string content_;
  std::size_t problem_count_ = 0;
};

base::Result<void> read_entries(TarReader& tar, Loader& loader) {
  for (;;) {
    auto entry = tar.next();
    if (!entry) {
      return tl::unexpected(std::move(entry.error()));
    }
    if (!*entry) {
      return {};
    }
    if (auto added = loader.add(**entry, tar); !added) {
      return added;
    }
  }
}

bool is_ours(std::string_view path) {
  return path == "weft" || path.starts_with("weft/");
}

void write_entry(const TreeEntry& entry, TarWriter& tar) {
  switch (entry.kind) {
    case TreeEntry::Kind::kFile:
      tar.add_file(entry.path, entry.text);
      break;
    case TreeEntry::Kind::kLink:
      tar.add_link(entry.path, entry.text);
      break;
    case TreeEntry::Kind::kDirectory:
      tar.add_directory(entry.path);
      break;
    case TreeEntry::Kind::kUnlistedDirectory:
    case TreeEntry::Kind::kUnreadable:
    case TreeEntry::Kind::kNameOnly:
      break;  // in the manifest
  }
}

}  // namespace archive

bool looks_like_zstd(std::string_view head) {
  // Magic numbers of a frame and of skippable frames, RFC 8878 3.1.1 and 3.1.2, least byte first.
  return head.starts_with("\x28\xB5\x2F\xFD") ||
         (head.size() >= 4 && (static_cast<std::uint8_t>(head[0]) & 0xF0U) == 0x50U &&
          head.substr(1, 3) == "\x2A\x4D\x18");
}

bool looks_like_tar(std::string_view head) {
  return head.size() >= kTarBlockBytes && head.substr(257, 5) == "ustar";
}

base::Result<LoadedTree> read_archive(ByteStream& stream, bool is_zstd,
                                      const std::string& description) {
  const auto unpacked = is_zstd ? unpack_zstd(stream) : nullptr;
  TarReader tar(is_zstd ? *unpacked : stream);
  archive::Loader loader(description);
  if (auto read = archive::read_entries(tar, loader); !read) {
    base::Error error = std::move(read.error());
    error.where = description;
    if (error.code != base::Code::kDataLoss || loader.entries() == 0) {
      if (error.code == base::Code::kDataLoss && error.hint.empty()) {
        error.hint = "Copy the file again, or take a new capture with weft capture.";
      }
      return tl::unexpected(std::move(error));
    }
    loader.add_problem(error.what + "; the " + std::to_string(loader.entries()) +
                       " entries before it were read, what followed is missing");
  }
  return loader.finish();
}

base::Result<std::string> write_archive(const MemoryTree& tree, Packing packing) {
  std::string manifest(kManifestHead);
  tree.visit([&manifest](const TreeEntry& entry) { manifest += manifest_line(entry); });
  TarWriter tar;
  if (manifest.size() > kManifestHead.size()) {
    tar.add_file(kManifestFile, manifest);
  }
  for (const bool is_ours : {true, false}) {
    tree.visit([&tar, is_ours](const TreeEntry& entry) {
      if (archive::is_ours(entry.path) == is_ours) {
        archive::write_entry(entry, tar);
      }
    });
  }
  return packing == Packing::kZstd ? pack_zstd(tar.finish()) : tar.finish();
}

base::Result<LoadedTree> load_folder(const HostTree& folder) {
  archive::Loader loader(folder.description());
  auto manifest = folder.read(kManifestFile, kArchivedFileBytesMax);
  if (!manifest) {
    return tl::unexpected(std::move(manifest.error()));
  }
  loader.set_manifest(std::move(*manifest));
  std::vector<std::string> pending = {""};
  while (!pending.empty()) {
    const std::string path = std::move(pending.back());
    pending.pop_back();
    base::Result<void> kept;
    if (path == kManifestFile) {
      continue;
    }
    if (const auto target = folder.link(path)) {
      kept = loader.builder().add_link(path, *target);
    } else if (const auto names = folder.list(path)) {
      if (!path.empty()) {
        kept = loader.builder().add_directory(path);
      }
      for (const std::string& name : *names) {
        pending.push_back(below(path, name));
      }
    } else if (const auto content = folder.read(path, kArchivedFileBytesMax)) {
      kept = loader.builder().add_file(path, *content);
    } else {
      kept = loader.builder().add_unreadable(path, content.error());
    }
    if (!kept && kept.error().code == base::Code::kResourceExhausted) {
      return tl::unexpected(std::move(kept.error()));
    }
    if (!kept) {
      loader.add_problem(kept.error().text());
    }
  }
  return loader.finish();
}

}  // namespace weft::bus
