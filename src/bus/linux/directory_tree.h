// SPDX-License-Identifier: Apache-2.0
// A host tree over a folder of this machine: "/" for the machine itself, or any folder that holds a
// copy of one. Opened for reading only; symbolic links of a folder are resolved below that folder,
// absolute ones too, by openat2(2) with RESOLVE_IN_ROOT and, on kernels before 5.6, component by
// component. Device nodes are refused, but for the kernel log of the live machine.
#pragma once

#include "bus/host_tree.h"

#include <memory>
#include <string>

namespace weft::bus::linux_host {

/// Names that one directory may have.
inline constexpr std::size_t kDirectoryNamesMax = 1'000'000;

/// Closes what it holds.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor();
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool is_open() const { return fd_ >= 0; }
  /// Gives it away, unclosed.
  int release() {
    const int fd = fd_;
    fd_ = -1;
    return fd;
  }

 private:
  int fd_;
};

/// How symbolic links are kept below the root.
enum class Confinement {
  kNone,    ///< the root is "/": there is nothing above it
  kKernel,  ///< openat2 with RESOLVE_IN_ROOT
  kWalk,    ///< each component opened without following, links resolved here
};

class DirectoryTree final : public HostTree {
 public:
  /// Opens the folder `root`. kNotFound, kPermissionDenied, or kInvalidArgument where it is no
  /// folder.
  [[nodiscard]] static base::Result<std::unique_ptr<DirectoryTree>> open(const std::string& root);
  /// As open(), with the confinement given: for tests of the one that this kernel does not need.
  [[nodiscard]] static base::Result<std::unique_ptr<DirectoryTree>> open(const std::string& root,
                                                                         Confinement confinement);

  [[nodiscard]] base::Result<std::string> read(
      std::string_view path, std::size_t bytes_max = kFileBytesMax) const override;
  [[nodiscard]] base::Result<std::vector<std::string>> list(std::string_view path) const override;
  [[nodiscard]] base::Result<std::string> link(std::string_view path) const override;
  [[nodiscard]] bool exists(std::string_view path) const override;
  [[nodiscard]] std::string description() const override;
  [[nodiscard]] bool is_live() const override { return confinement_ == Confinement::kNone; }

 private:
  DirectoryTree(std::string root, Descriptor fd, Confinement confinement, bool is_owner)
      : root_(std::move(root)),
        fd_(std::move(fd)),
        confinement_(confinement),
        is_owner_(is_owner) {}
  [[nodiscard]] int open_below(const char* path, int flags) const;
  [[nodiscard]] Descriptor open_for_reading(const std::string& path, int flags) const;

  std::string root_;
  Descriptor fd_;
  Confinement confinement_;
  bool is_owner_;  ///< O_NOATIME is for a file's owner and root
};

}  // namespace weft::bus::linux_host
