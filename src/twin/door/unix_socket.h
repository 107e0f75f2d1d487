// SPDX-License-Identifier: Apache-2.0
// Unix stream sockets, as the doors open them and their clients here reach them: one place for the
// length of a path, for what a stale socket is, and for who may connect.
#pragma once

#include "base/result.h"

#include <string>
#include <utility>

namespace weft::twin::door {

/// A file descriptor that is closed with its owner.
class OwnedFd {
 public:
  OwnedFd() = default;
  explicit OwnedFd(int fd) : fd_(fd) {}
  OwnedFd(OwnedFd&& from) noexcept : fd_(std::exchange(from.fd_, -1)) {}
  OwnedFd& operator=(OwnedFd&& from) noexcept {
    std::swap(fd_, from.fd_);
    return *this;
  }
  ~OwnedFd();
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool is_open() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

/// The error that errno tells: kPermissionDenied or kUnavailable.
[[nodiscard]] base::Error socket_error(const char* what, const std::string& where);

/// Listens without blocking; only this user may connect (mode 0600 from its creation on). A stale
/// socket at `path` is replaced, anything else is kAlreadyExists; kInvalidArgument: longer than a
/// socket's name may be (107 bytes).
[[nodiscard]] base::Result<OwnedFd> listen_unix(const std::string& path, int backlog);

/// A connection that blocks. kInvalidArgument as above; kPermissionDenied; kUnavailable: nobody
/// listens there.
[[nodiscard]] base::Result<OwnedFd> connect_unix(const std::string& path);

}  // namespace weft::twin::door
