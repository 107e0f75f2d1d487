// SPDX-License-Identifier: Apache-2.0
#include "twin/door/snapshot.h"

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

namespace weft::twin::door {
namespace snapshot_writer {

namespace fs = std::filesystem;
constexpr const char* kMark = "weft/simulated";

tl::unexpected<base::Error> refused(const std::error_code& error, const fs::path& path) {
  const bool is_forbidden =
      error == std::errc::permission_denied || error == std::errc::read_only_file_system;
  return base::fail(is_forbidden ? base::Code::kPermissionDenied : base::Code::kUnavailable,
                    error.message(), path.string(), "Name a folder that can be written.");
}

base::Result<void> write_file(const fs::path& path, const std::string& content) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << content;
  out.close();
  return out ? base::Result<void>() : refused({errno, std::generic_category()}, path);
}

base::Result<SnapshotReport> write_all(const LiveTree& tree, const fs::path& root) {
  SnapshotReport report;
  base::Result<void> result;
  tree.visit([&](const std::string& path, const LiveTree::Entry& entry) {
    if (!result) {
      return;
    }
    std::error_code error;
    const auto to = root / path;
    if (entry.kind == LiveTree::Kind::kDirectory) {
      fs::create_directory(to, error);
    } else if (entry.kind == LiveTree::Kind::kLink) {
      fs::create_symlink(tree.link(path).value_or(""), to, error);
    } else if (const auto content = tree.read(path)) {
      result = write_file(to, *content);
    } else {
      report.left_out.push_back(content.error().text());
      return;
    }
    if (error) {
      result = refused(error, to);
    }
    ++report.entries;
  });
  return result ? base::Result<SnapshotReport>(std::move(report)) : tl::unexpected(result.error());
}

/// Puts `from` where `to` is; what stood there goes to `from`.
base::Result<void> exchange(const fs::path& from, const fs::path& to) {
  if (!fs::exists(fs::symlink_status(to))) {
    return ::rename(from.c_str(), to.c_str()) == 0 ? base::Result<void>()
                                                   : refused({errno, std::generic_category()}, to);
  }
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_EXCHANGE) == 0) {
    return {};
  }
  // A file system without the exchange: there is no folder for the moment between two renames.
  const auto aside = fs::path(from.string() + ".old");
  if (::rename(to.c_str(), aside.c_str()) != 0 || ::rename(from.c_str(), to.c_str()) != 0 ||
      ::rename(aside.c_str(), from.c_str()) != 0) {
    return refused({errno, std::generic_category()}, to);
  }
  return {};
}

}  // namespace snapshot_writer

base::Result<SnapshotReport> write_snapshot(const LiveTree& tree, const std::string& folder) {
  using namespace snapshot_writer;
  const fs::path target(folder);
  std::error_code error;
  const bool is_there = fs::exists(fs::symlink_status(target, error));
  const bool is_empty = is_there && fs::is_directory(target, error) && fs::is_empty(target, error);
  if (is_there && !is_empty && !fs::exists(target / kMark, error)) {
    return base::fail(base::Code::kAlreadyExists, "is there and is no snapshot of a twin", folder,
                      "Name a folder that is not there yet.");
  }
  fs::path made = target;
  if (!made.has_filename()) {
    made = made.parent_path();  // "dir/" names dir
  }
  const fs::path place = made;
  made += fmt::format(".new-{}", ::getpid());
  fs::remove_all(made, error);
  fs::create_directories(made, error);
  if (error) {
    return refused(error, made);
  }
  auto report = write_all(tree, made);
  if (report) {
    if (auto moved = exchange(made, place); !moved) {
      report = tl::unexpected(moved.error());
    }
  }
  fs::remove_all(made, error);  // the old folder, or what was begun
  return report;
}

}  // namespace weft::twin::door
