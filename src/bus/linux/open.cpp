// SPDX-License-Identifier: Apache-2.0
// Makes a Host of what the user named, by looking at it: the machine, a folder, an archive, a dump.
// Large text is refused by its size before it is read.
#include "bus/linux/open.h"

#include "bus/archive.h"
#include "bus/linux/directory_tree.h"
#include "bus/linux/ethtool_netlink.h"
#include "bus/linux/lspci_dump.h"
#include "bus/linux/nvml.h"
#include "bus/replay.h"

#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace weft::bus::linux_host {

namespace open_host_of {

/// Enough to see a tar header, and a NUL byte in what is not text.
constexpr std::size_t kHeadBytes = 4096;

Host replaying(std::unique_ptr<HostTree> tree, std::vector<std::string> problems) {
  Host host;
  host.netdev = replay_netdev(*tree);
  host.accelerators = replay_accelerators(*tree);
  host.tree = std::move(tree);
  host.problems = std::move(problems);
  return host;
}

base::Result<Host> hold(base::Result<LoadedTree> loaded, const std::string& source) {
  if (!loaded) {
    return tl::unexpected(std::move(loaded.error()));
  }
  if (!loaded->tree->exists("sys")) {
    return base::fail(
        loaded->problems.empty() ? base::Code::kInvalidArgument : base::Code::kDataLoss,
        loaded->problems.empty()
            ? "the archive has no folder sys in it"
            : "the archive has no folder sys in it: " + loaded->problems.front(),
        source, "Take one with weft capture, or pack a machine's sys folder.");
  }
  return replaying(std::move(loaded->tree), std::move(loaded->problems));
}

base::Result<Host> open_live() {
  auto tree = DirectoryTree::open("/");
  if (!tree) {
    return tl::unexpected(std::move(tree.error()));
  }
  Host host;
  host.tree = std::move(*tree);
  host.netdev = live_netdev();
  host.accelerators = live_accelerators();
  return host;
}

base::Result<Host> open_folder(const std::string& source) {
  auto tree = DirectoryTree::open(source);
  if (!tree) {
    return tl::unexpected(std::move(tree.error()));
  }
  if (!(*tree)->exists("sys")) {
    return base::fail(base::Code::kInvalidArgument, "the folder has no folder sys in it", source,
                      "Name the folder that stands for a machine's root.");
  }
  if ((*tree)->exists("weft/manifest.tsv")) {
    return hold(load_folder(**tree), source);
  }
  return replaying(std::move(*tree), {});
}

base::Result<std::string> read_head(int fd, const std::string& source) {
  FileStream stream(fd);
  std::string head(kHeadBytes, '\0');
  std::size_t size = 0;
  while (size < head.size()) {
    auto* const into = reinterpret_cast<std::uint8_t*>(head.data()) + size;
    const auto got = stream.read({into, head.size() - size});
    if (!got) {
      auto error = got.error();
      error.where = source;
      return tl::unexpected(std::move(error));
    }
    if (*got == 0) {
      break;
    }
    size += *got;
  }
  head.resize(size);
  return head;
}

tl::unexpected<base::Error> unknown_kind(std::string_view head, const std::string& source) {
  struct Magic {
    std::string_view bytes;
    const char* hint;
  };
  constexpr const char* kRepack = "Unpack it, and name the folder or pack it with zstd.";
  static constexpr Magic kMagics[] = {{"\x1F\x8B", kRepack},
                                      {"BZh", kRepack},
                                      {"\xFD"
                                       "7zXZ",
                                       kRepack},
                                      {"PK\x03\x04", kRepack}};
  const char* hint =
      "Name a machine's root folder, a capture (.tar.zst) or the output of lspci -xxxx.";
  for (const Magic& magic : kMagics) {
    if (head.starts_with(magic.bytes)) {
      hint = magic.hint;
    }
  }
  return base::fail(base::Code::kInvalidArgument,
                    head.empty() ? "the file is empty" : "unknown kind of file", source, hint);
}

base::Result<Host> open_stream(int fd, const std::string& source, std::uint64_t size) {
  auto head = read_head(fd, source);
  if (!head) {
    return tl::unexpected(std::move(head.error()));
  }
  const bool is_zstd = looks_like_zstd(*head);
  if (is_zstd || looks_like_tar(*head)) {
    FileStream stream(fd, std::move(*head));
    return hold(read_archive(stream, is_zstd, source), source);
  }
  if (head->empty() || head->find('\0') != std::string::npos) {
    return unknown_kind(*head, source);
  }
  if (size > kDumpBytesMax) {
    return dump_too_large(source);
  }
  FileStream stream(fd, std::move(*head));
  auto loaded = read_lspci_dump(stream, source);
  if (!loaded) {
    return tl::unexpected(std::move(loaded.error()));
  }
  return replaying(std::move(loaded->tree), std::move(loaded->problems));
}

}  // namespace open_host_of

base::Result<Host> open_host(const std::string& source) {
  if (source == "/") {
    return open_host_of::open_live();
  }
  if (source == "-") {
    return open_host_of::open_stream(STDIN_FILENO, "standard input", 0);
  }
  struct stat status{};
  if (::stat(source.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) {
    return open_host_of::open_folder(source);
  }
  const Descriptor fd(::open(source.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (!fd.is_open()) {
    const int number = errno;
    const auto code = number == ENOENT || number == ENOTDIR ? base::Code::kNotFound
                      : number == EACCES || number == EPERM ? base::Code::kPermissionDenied
                                                            : base::Code::kUnavailable;
    return base::fail(code, std::generic_category().message(number), source,
                      code == base::Code::kNotFound ? "Check the path." : "");
  }
  if (::fstat(fd.get(), &status) != 0 || !(S_ISREG(status.st_mode) || S_ISFIFO(status.st_mode))) {
    return base::fail(base::Code::kInvalidArgument, "neither a file, a pipe nor a folder", source);
  }
  return open_host_of::open_stream(fd.get(), source, static_cast<std::uint64_t>(status.st_size));
}

}  // namespace weft::bus::linux_host
