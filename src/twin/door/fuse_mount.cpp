// SPDX-License-Identifier: Apache-2.0
// The only source that includes libfuse3's header. High-level interface: paths in, errno out. Files
// are opened for direct I/O, so that the kernel keeps no copy and hands offsets and lengths through
// as the client gave them.
#include "twin/door/fuse_mount.h"

#include <filesystem>
#include <utility>

#ifdef WEFT_HAVE_FUSE
#define FUSE_USE_VERSION 35
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <thread>

#include <fcntl.h>
#include <fuse3/fuse.h>
#include <fuse3/fuse_lowlevel.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>
#endif

namespace weft::twin::door {

#ifdef WEFT_HAVE_FUSE

namespace fuse_files {

struct CodeNumber {
  base::Code code;
  int number;
};
/// What a reader of a machine's file would get. EIO for the rest: a device that does not answer.
constexpr CodeNumber kNumbers[] = {
    {base::Code::kNotFound, ENOENT},          {base::Code::kPermissionDenied, EACCES},
    {base::Code::kInvalidArgument, EINVAL},   {base::Code::kOutOfRange, EINVAL},
    {base::Code::kUnimplemented, EOPNOTSUPP},
};

int failed(const base::Error& error) {
  for (const auto& row : kNumbers) {
    if (row.code == error.code) {
      return -row.number;
    }
  }
  return -EIO;
}

LiveTree& tree() {
  return *static_cast<LiveTree*>(fuse_get_context()->private_data);
}

/// The kernel's paths start with a slash, a tree's do not.
std::string_view below_root(const char* path) {
  return std::string_view(path).substr(1);
}

int get_attributes(const char* path, struct stat* out, fuse_file_info* /*file*/) {
  std::memset(out, 0, sizeof *out);
  out->st_uid = ::getuid();
  out->st_gid = ::getgid();
  out->st_nlink = 1;
  const auto entry = tree().entry(below_root(path));
  if (!entry) {
    return failed(entry.error());
  }
  switch (entry->kind) {
    case LiveTree::Kind::kDirectory:
      out->st_mode = S_IFDIR | 0555;
      break;
    case LiveTree::Kind::kLink:
      out->st_mode = S_IFLNK | 0777;
      break;
    case LiveTree::Kind::kFile:
      out->st_mode = S_IFREG | (entry->is_writable ? 0644 : 0444);
      break;
  }
  out->st_size = static_cast<off_t>(entry->size);
  return 0;
}

int read_link(const char* path, char* buffer, std::size_t size) {
  const auto target = tree().link(below_root(path));
  if (!target) {
    return failed(target.error());
  }
  const auto length = std::min(target->size(), size - 1);
  std::memcpy(buffer, target->data(), length);
  buffer[length] = '\0';
  return 0;
}

int list_directory(const char* path, void* buffer, fuse_fill_dir_t fill, off_t /*offset*/,
                   fuse_file_info* /*file*/, fuse_readdir_flags /*flags*/) {
  const auto names = tree().list(below_root(path));
  if (!names) {
    return failed(names.error());
  }
  for (const auto& name : *names) {
    if (fill(buffer, name.c_str(), nullptr, 0, fuse_fill_dir_flags{}) != 0) {
      return -ENOMEM;
    }
  }
  return 0;
}

int open_file(const char* path, fuse_file_info* file) {
  const auto entry = tree().entry(below_root(path));
  if (!entry) {
    return failed(entry.error());
  }
  if ((file->flags & O_ACCMODE) != O_RDONLY && !entry->is_writable) {
    return -EACCES;
  }
  file->direct_io = 1;
  return 0;
}

int read_file(const char* path, char* buffer, std::size_t size, off_t offset,
              fuse_file_info* /*file*/) {
  const auto content = tree().read_at(below_root(path), static_cast<std::size_t>(offset), size);
  if (!content) {
    return failed(content.error());
  }
  std::memcpy(buffer, content->data(), content->size());
  return static_cast<int>(content->size());
}

int write_file(const char* path, const char* buffer, std::size_t size, off_t offset,
               fuse_file_info* /*file*/) {
  const auto written = tree().write_at(below_root(path), static_cast<std::size_t>(offset),
                                       base::as_bytes(std::string_view(buffer, size)));
  return written ? static_cast<int>(size) : failed(written.error());
}

// As sysfs answers: nothing is made, removed or renamed by who looks.
int refuse(const char* /*path*/) {
  return -EPERM;
}
int refuse_folder(const char* /*path*/, mode_t /*mode*/) {
  return -EPERM;
}
int refuse_file(const char* /*path*/, mode_t /*mode*/, fuse_file_info* /*file*/) {
  return -EACCES;
}
int refuse_name(const char* /*from*/, const char* /*to*/, unsigned /*flags*/) {
  return -EPERM;
}

/// A shell's `>` before its write: lengths are the registers', and stay.
int truncate_file(const char* path, off_t /*size*/, fuse_file_info* /*file*/) {
  const auto entry = tree().entry(below_root(path));
  return !entry ? failed(entry.error()) : entry->is_writable ? 0 : -EACCES;
}

fuse_operations operations() {
  fuse_operations out{};
  out.getattr = &get_attributes;
  out.readlink = &read_link;
  out.readdir = &list_directory;
  out.open = &open_file;
  out.read = &read_file;
  out.write = &write_file;
  out.truncate = &truncate_file;
  out.unlink = &refuse;
  out.rmdir = &refuse;
  out.mkdir = &refuse_folder;
  out.create = &refuse_file;
  out.rename = &refuse_name;
  return out;
}

}  // namespace fuse_files

/// Nobody here uses it, and it does nothing where it has no handler.
constexpr int kWakeSignal = SIGURG;

struct FuseMount::Session {
  struct fuse* handle = nullptr;
  std::thread thread;
  std::atomic<bool> is_over{false};  // the thread has left its loop

  Session() = default;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session() {
    if (thread.joinable()) {
      fuse_exit(handle);
      fuse_unmount(handle);
      // The end of a mount does not wake a thread that waits in read() where something else still
      // holds the mount; a signal does, and then the loop sees that it is over.
      while (!is_over) {
        ::pthread_kill(thread.native_handle(), kWakeSignal);
        ::usleep(1000);
      }
      thread.join();
    }
    if (handle != nullptr) {
      fuse_destroy(handle);
    }
  }
};

base::Result<std::unique_ptr<FuseMount>> FuseMount::open(LiveTree& tree,
                                                         const std::string& folder) {
  if (::access("/dev/fuse", R_OK | W_OK) != 0) {
    return base::fail(base::Code::kUnavailable,
                      "no file system can be mounted: /dev/fuse cannot be opened", folder,
                      "Load the kernel's fuse module, or use a snapshot folder.");
  }
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    return base::fail(base::Code::kPermissionDenied, error.message(), folder,
                      "Name a folder that can be written.");
  }
  const auto operations = fuse_files::operations();
  char program[] = "weft";
  char option[] = "-o";
  char name[] = "fsname=weft-twin,default_permissions";
  char* words[] = {program, option, name};
  fuse_args arguments = FUSE_ARGS_INIT(3, words);
  auto session = std::make_unique<Session>();
  session->handle = fuse_new(&arguments, &operations, sizeof operations, &tree);
  fuse_opt_free_args(&arguments);
  if (session->handle == nullptr || fuse_mount(session->handle, folder.c_str()) != 0) {
    return base::fail(base::Code::kUnavailable, "the kernel refused the mount", folder,
                      "It needs the right to mount (root, or fusermount3); a snapshot folder does "
                      "not.");
  }
  struct sigaction nothing{};
  nothing.sa_handler = [](int) {};
  ::sigaction(kWakeSignal, &nothing, nullptr);
  session->thread = std::thread([living = session.get()] {
    // Signals are for the program's own thread, which then unmounts.
    sigset_t all;
    ::sigfillset(&all);
    ::sigdelset(&all, kWakeSignal);
    ::pthread_sigmask(SIG_SETMASK, &all, nullptr);
    fuse_loop(living->handle);
    living->is_over = true;
  });
  return std::unique_ptr<FuseMount>(new FuseMount(folder, std::move(session)));
}

#else

struct FuseMount::Session {};

base::Result<std::unique_ptr<FuseMount>> FuseMount::open(LiveTree& /*tree*/,
                                                         const std::string& folder) {
  return base::fail(base::Code::kUnimplemented, "this program was built without libfuse3", folder,
                    "Use a snapshot folder.");
}

#endif

FuseMount::FuseMount(std::string folder, std::unique_ptr<Session> session)
    : folder_(std::move(folder)), session_(std::move(session)) {}

FuseMount::~FuseMount() = default;

}  // namespace weft::twin::door
