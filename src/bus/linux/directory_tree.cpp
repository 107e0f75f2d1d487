// SPDX-License-Identifier: Apache-2.0
// Reads a folder as a host tree. Every open is O_RDONLY, O_NONBLOCK (a FIFO in a folder from
// outside must not stop us) and O_NOCTTY; nothing here can create or write. Error mapping is the
// table in error_of(), after host_tree.h.
#include "bus/linux/directory_tree.h"

#include "bus/replay.h"
#include "bus/tree_path.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace weft::bus::linux_host {

namespace directory_tree {

constexpr int kReadFlags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
/// One record of /dev/kmsg: the kernel's own buffer for one is 8 KiB (CONSOLE_EXT_LOG_MAX).
constexpr std::size_t kKernelLogRecordBytesMax = 16 * 1024;

struct ErrnoMeaning {
  int number;
  base::Code code;
  const char* what;  ///< nullptr: the C library's words
  const char* hint;
};

constexpr std::array kErrnoMeanings = {
    ErrnoMeaning{ENOENT, base::Code::kNotFound, "no such entry", ""},
    ErrnoMeaning{ENOTDIR, base::Code::kNotFound, "no such entry", ""},
    ErrnoMeaning{EACCES, base::Code::kPermissionDenied, "needs root", "Run as root to read it."},
    ErrnoMeaning{EPERM, base::Code::kPermissionDenied, "needs root", "Run as root to read it."},
    ErrnoMeaning{ELOOP, base::Code::kUnavailable, "too many symbolic links", ""},
    ErrnoMeaning{EISDIR, base::Code::kUnavailable, "is a directory", ""},
    ErrnoMeaning{ENAMETOOLONG, base::Code::kInvalidArgument, nullptr, ""},
    ErrnoMeaning{EMFILE, base::Code::kResourceExhausted, nullptr,
                 "Raise the limit of open files (ulimit -n)."},
    ErrnoMeaning{ENFILE, base::Code::kResourceExhausted, nullptr, ""},
    ErrnoMeaning{ENOMEM, base::Code::kResourceExhausted, nullptr, ""},
};

tl::unexpected<base::Error> error_of(int number, std::string_view path) {
  for (const ErrnoMeaning& meaning : kErrnoMeanings) {
    if (meaning.number == number) {
      return base::fail(
          meaning.code,
          meaning.what != nullptr ? meaning.what : std::generic_category().message(number),
          shown_path(path), meaning.hint);
    }
  }
  return base::fail(base::Code::kUnavailable,
                    "the kernel refused the read: " + std::generic_category().message(number),
                    shown_path(path));
}

tl::unexpected<base::Error> too_large(std::string_view path, std::size_t bytes_max) {
  return base::fail(base::Code::kResourceExhausted,
                    "more than " + std::to_string(bytes_max) + " bytes", shown_path(path));
}

/// The text of the link `name` below `fd`, or of `fd` itself where the name is empty; errno in
/// `error`.
std::string link_text(int fd, const char* name, int& error) {
  std::array<char, kPathBytesMax> buffer;
  const ssize_t length = ::readlinkat(fd, name, buffer.data(), buffer.size());
  error = length < 0 ? errno : 0;
  return length < 0 ? std::string() : std::string(buffer.data(), static_cast<std::size_t>(length));
}

int open_in_root(int root, const char* path, int flags) {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags);
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  constexpr int kTries =
      8;  // EAGAIN: a rename elsewhere raced with the walk; the kernel says try again
  for (int i = 0; i < kTries; ++i) {
    const auto fd = ::syscall(SYS_openat2, root, path, &how, sizeof how);
    if (fd >= 0 || errno != EAGAIN) {
      return static_cast<int>(fd);
    }
  }
  return -1;
}

/// What openat2 does, for kernels without it. Keeps a descriptor of each folder on the way, so that
/// ".." never asks the kernel for a parent.
int open_by_walk(int root, const char* path, int flags) {
  std::vector<Descriptor> folders;
  folders.emplace_back(::openat(root, ".", O_PATH | O_CLOEXEC | O_DIRECTORY));
  std::string pending = path;
  int links = 0;
  const bool keeps_last_link = (flags & O_NOFOLLOW) != 0;
  for (;;) {
    std::string_view rest = pending;
    const std::string name(next_component(rest));
    const bool is_last = rest.find_first_not_of('/') == std::string_view::npos;
    if (name.empty()) {
      return ::openat(folders.back().get(), ".", flags & ~O_NOFOLLOW);
    }
    std::string remaining(rest);
    if (name == "..") {
      if (folders.size() > 1) {
        folders.pop_back();
      }
    } else if (name != ".") {
      Descriptor entry(
          ::openat(folders.back().get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
      struct stat status{};
      if (!entry.is_open() || ::fstat(entry.get(), &status) != 0) {
        return -1;
      }
      if (!S_ISLNK(status.st_mode)) {
        if (is_last) {
          return ::openat(folders.back().get(), name.c_str(), flags | O_NOFOLLOW);
        }
        if (!S_ISDIR(status.st_mode)) {
          errno = ENOTDIR;
          return -1;
        }
        folders.push_back(std::move(entry));
      } else if (is_last && keeps_last_link) {
        return entry.release();
      } else {
        int error = 0;
        const std::string target = link_text(entry.get(), "", error);
        if (error != 0 || ++links > kLinksFollowedMax) {
          errno = error != 0 ? error : ELOOP;
          return -1;
        }
        if (target.starts_with('/')) {
          folders.resize(1);
        }
        remaining = below(target, remaining);
      }
    }
    pending = std::move(remaining);
  }
}

/// Reads to the end, at most bytes_max; errno in `error`.
base::Result<std::string> read_all(int fd, std::string_view path, std::size_t bytes_max) {
  std::string out;
  std::array<char, 8192> first;
  std::size_t size = 0;
  for (;;) {
    // The first two reads (content, end of file) go through the stack: most files are a few bytes.
    char* const into = size < first.size() && out.empty() ? first.data() + size : nullptr;
    std::size_t room = first.size() - size;
    if (into == nullptr) {
      if (out.empty()) {
        out.assign(first.data(), size);
      }
      out.resize(std::min(bytes_max + 1, std::max<std::size_t>(size * 2, 64 * 1024)));
      room = out.size() - size;
    }
    const ssize_t got = ::read(fd, into != nullptr ? into : out.data() + size, room);
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      return error_of(errno, path);
    }
    size += static_cast<std::size_t>(got);
    if (size > bytes_max) {
      return too_large(path, bytes_max);
    }
    if (got == 0) {
      if (out.empty()) {
        return std::string(first.data(), size);
      }
      out.resize(size);
      return out;
    }
  }
}

/// /dev/kmsg gives one record a read; EPIPE says that records were overwritten before we came to
/// them and the next read goes on behind the gap; EAGAIN is the end.
base::Result<std::string> read_kernel_log(int fd, std::string_view path, std::size_t bytes_max) {
  std::string out;
  std::array<char, kKernelLogRecordBytesMax> record;
  for (;;) {
    const ssize_t got = ::read(fd, record.data(), record.size());
    if (got < 0 && (errno == EPIPE || errno == EINTR)) {
      continue;
    }
    if (got == 0 || (got < 0 && errno == EAGAIN)) {
      return out;
    }
    if (got < 0) {
      return error_of(errno, path);
    }
    out.append(record.data(), static_cast<std::size_t>(got));
    if (out.size() > bytes_max) {
      return too_large(path, bytes_max);
    }
  }
}

/// A trailing slash would make the kernel follow a link that O_NOFOLLOW is meant to keep.
std::string openable(std::string_view path) {
  while (path.ends_with('/')) {
    path.remove_suffix(1);
  }
  return path.empty() ? std::string(".") : std::string(path);
}

}  // namespace directory_tree

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

Descriptor::~Descriptor() {
  if (fd_ >= 0) {
    ::close(fd_);
  }
}

base::Result<std::unique_ptr<DirectoryTree>> DirectoryTree::open(const std::string& root) {
  Confinement confinement = Confinement::kNone;
  if (root.find_first_not_of('/') != std::string::npos) {
    // An old kernel answers ENOSYS, a container's filter EPERM: either way the walk is used.
    const Descriptor probe(directory_tree::open_in_root(AT_FDCWD, ".", O_PATH | O_CLOEXEC));
    confinement = probe.is_open() ? Confinement::kKernel : Confinement::kWalk;
  }
  return open(root, confinement);
}

base::Result<std::unique_ptr<DirectoryTree>> DirectoryTree::open(const std::string& root,
                                                                 Confinement confinement) {
  Descriptor fd(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK));
  if (!fd.is_open()) {
    const int error = errno;
    if (error == ENOTDIR) {
      return base::fail(base::Code::kInvalidArgument, "not a folder", root);
    }
    auto failed = directory_tree::error_of(error, "");
    failed.value().where = root;
    return failed;
  }
  struct stat status{};
  const bool is_owner =
      ::geteuid() == 0 || (::fstat(fd.get(), &status) == 0 && status.st_uid == ::geteuid());
  return std::unique_ptr<DirectoryTree>(
      new DirectoryTree(root, std::move(fd), confinement, is_owner));
}

int DirectoryTree::open_below(const char* path, int flags) const {
  switch (confinement_) {
    case Confinement::kNone:
      return ::openat(fd_.get(), path, flags);
    case Confinement::kKernel:
      return directory_tree::open_in_root(fd_.get(), path, flags);
    case Confinement::kWalk:
      break;
  }
  return directory_tree::open_by_walk(fd_.get(), path, flags);
}

Descriptor DirectoryTree::open_for_reading(const std::string& path, int flags) const {
  flags |= directory_tree::kReadFlags;
  if (is_owner_) {
    Descriptor fd(open_below(path.c_str(), flags | O_NOATIME));
    if (fd.is_open() || errno != EPERM) {
      return fd;
    }
  }
  return Descriptor(open_below(path.c_str(), flags));
}

base::Result<std::string> DirectoryTree::read(std::string_view path, std::size_t bytes_max) const {
  if (auto valid = check_path(path); !valid) {
    return tl::unexpected(valid.error());
  }
  const bool is_kernel_log = is_live() && path == "dev/kmsg";
  if (is_live() && path == kRightsFile) {
    return std::string(::geteuid() == 0 ? "root\n" : "user\n");
  }
  if (is_live() && path.starts_with("dev/") && !is_kernel_log) {
    return base::fail(base::Code::kUnavailable, "device nodes are not opened", shown_path(path));
  }
  const Descriptor fd = open_for_reading(directory_tree::openable(path), 0);
  if (!fd.is_open()) {
    return directory_tree::error_of(errno, path);
  }
  if (is_kernel_log) {
    return directory_tree::read_kernel_log(fd.get(), path, bytes_max);
  }
  if (!is_live()) {
    struct stat status{};
    if (::fstat(fd.get(), &status) != 0) {
      return directory_tree::error_of(errno, path);
    }
    if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)) {
      return base::fail(base::Code::kUnavailable, "not a regular file", shown_path(path));
    }
  }
  return directory_tree::read_all(fd.get(), path, bytes_max);
}

base::Result<std::vector<std::string>> DirectoryTree::list(std::string_view path) const {
  if (auto valid = check_path(path); !valid) {
    return tl::unexpected(valid.error());
  }
  Descriptor fd = open_for_reading(directory_tree::openable(path), O_DIRECTORY);
  if (!fd.is_open()) {
    return directory_tree::error_of(errno, path);
  }
  DIR* const directory = ::fdopendir(fd.get());
  if (directory == nullptr) {
    return directory_tree::error_of(errno, path);
  }
  fd.release();
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(directory)) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != ".." && names.size() <= kDirectoryNamesMax) {
      names.emplace_back(name);
    }
  }
  const int error = errno;
  ::closedir(directory);
  if (error != 0) {
    return directory_tree::error_of(error, path);
  }
  if (names.size() > kDirectoryNamesMax) {
    return base::fail(base::Code::kResourceExhausted,
                      "more than " + std::to_string(kDirectoryNamesMax) + " names",
                      shown_path(path));
  }
  std::sort(names.begin(), names.end());
  return names;
}

base::Result<std::string> DirectoryTree::link(std::string_view path) const {
  if (auto valid = check_path(path); !valid) {
    return tl::unexpected(valid.error());
  }
  const std::string name = directory_tree::openable(path);
  int error = 0;
  std::string target;
  if (is_live()) {
    target = directory_tree::link_text(fd_.get(), name.c_str(), error);
  } else {
    const Descriptor fd(open_below(name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    if (!fd.is_open()) {
      return directory_tree::error_of(errno, path);
    }
    target = directory_tree::link_text(fd.get(), "", error);
    error = error == ENOENT ? EINVAL : error;  // what a descriptor of no link gives
  }
  if (error == EINVAL) {
    return base::fail(base::Code::kNotFound, "not a symbolic link", shown_path(path));
  }
  if (error != 0) {
    return directory_tree::error_of(error, path);
  }
  return target;
}

bool DirectoryTree::exists(std::string_view path) const {
  if (!check_path(path)) {
    return false;
  }
  const std::string name = directory_tree::openable(path);
  if (is_live()) {
    return ::faccessat(fd_.get(), name.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0;
  }
  return Descriptor(open_below(name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC)).is_open();
}

std::string DirectoryTree::description() const {
  return is_live() ? "this machine" : root_;
}

}  // namespace weft::bus::linux_host
