// SPDX-License-Identifier: Apache-2.0
// A host's files, rooted anywhere: a live machine's "/", a folder, or a captured archive in memory.
// Drivers read /sys, /proc and /dev through this and cannot tell which it is. Read-only by
// construction: there is no call that writes.
#pragma once

#include "base/result.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace weft::bus {

/// What one read may return at most, unless the caller says otherwise: sysfs gives a page per file.
inline constexpr std::size_t kFileBytesMax = 64 * 1024;

/// Paths are relative to the tree's root, without a leading slash: "sys/bus/pci/devices".
/// Errors: kNotFound (no such entry), kPermissionDenied (needs root), kUnavailable (the kernel
/// refused the read), kResourceExhausted (more than bytes_max), kInvalidArgument (path leaves the
/// root).
class HostTree {
 public:
  virtual ~HostTree() = default;

  /// The file's bytes, through symbolic links that stay below the root.
  [[nodiscard]] virtual base::Result<std::string> read(
      std::string_view path, std::size_t bytes_max = kFileBytesMax) const = 0;
  /// Names in the directory, sorted; through symbolic links.
  [[nodiscard]] virtual base::Result<std::vector<std::string>> list(
      std::string_view path) const = 0;
  /// The target text of the symbolic link itself.
  [[nodiscard]] virtual base::Result<std::string> link(std::string_view path) const = 0;
  /// Whether anything stands at the path (a link counts, even a dangling one).
  [[nodiscard]] virtual bool exists(std::string_view path) const = 0;
  /// What to call this tree to a person: "this machine", "/tmp/tree", "rack7.tar.zst".
  [[nodiscard]] virtual std::string description() const = 0;
  /// Whether reads see the machine as it is now (false for captures and dumps).
  [[nodiscard]] virtual bool is_live() const = 0;
};

}  // namespace weft::bus
