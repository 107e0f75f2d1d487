// SPDX-License-Identifier: Apache-2.0
// A tree as one file: tar, packed with zstd (docs/formats/capture.md). Reading takes any tar that a
// person makes of a host's files; writing gives the same bytes for the same tree. What could not be
// read on the machine travels in weft/manifest.tsv. Truncated or garbled archives keep what came
// before the break, and say where it is.
#pragma once

#include "base/result.h"
#include "bus/byte_stream.h"
#include "bus/memory_tree.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace weft::bus {

/// Larger files are left out, with a marker: what drivers read is far smaller.
inline constexpr std::uint64_t kArchivedFileBytesMax = std::uint64_t{64} << 20;
inline constexpr std::size_t kArchiveProblemsMax = 50;

struct LoadedTree {
  std::unique_ptr<MemoryTree> tree;
  std::vector<std::string> problems;
};

/// Reads tar, or tar in zstd, as its first bytes say. kDataLoss where nothing whole came before the
/// break, kResourceExhausted over a limit; errors carry `description` as their place.
[[nodiscard]] base::Result<LoadedTree> read_archive(ByteStream& stream, bool is_zstd,
                                                    const std::string& description);

enum class Packing { kNone, kZstd };
/// The archive's bytes.
[[nodiscard]] base::Result<std::string> write_archive(const MemoryTree& tree, Packing packing);

/// A folder with a manifest in it, which is what unpacking a capture gives.
[[nodiscard]] base::Result<LoadedTree> load_folder(const HostTree& folder);

/// Whether these first bytes of a file start a zstd frame (RFC 8878, 3.1) or a tar header.
[[nodiscard]] bool looks_like_zstd(std::string_view head);
[[nodiscard]] bool looks_like_tar(std::string_view head);

}  // namespace weft::bus
