// SPDX-License-Identifier: Apache-2.0
// weft/manifest.tsv: what a capture knows of entries that it does not hold. One line each, fields
// separated by tabs: what, code, path, error, place, hint; bytes below 0x20, 0x7F and '%' are
// written as %XX. docs/formats/capture.md is its description.
#pragma once

#include "bus/memory_tree.h"

#include <string>
#include <string_view>
#include <vector>

namespace weft::bus {

inline constexpr std::string_view kManifestFile = "weft/manifest.tsv";
inline constexpr std::string_view kManifestHead = "weft-manifest\t1\n";

/// The line of an entry; empty for kinds that the archive itself holds.
[[nodiscard]] std::string manifest_line(const TreeEntry& entry);

/// Adds what `manifest` says to the builder, after the files: a file stays a file. What cannot be
/// understood is told in `problems`, with its line.
void apply_manifest(std::string_view manifest, MemoryTree::Builder& builder,
                    std::vector<std::string>& problems);

}  // namespace weft::bus
