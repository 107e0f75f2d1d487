// SPDX-License-Identifier: Apache-2.0
#include "twin/door/unix_socket.h"

#include <cerrno>
#include <cstring>
#include <system_error>

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace weft::twin::door {
namespace unix_socket {

base::Result<sockaddr_un> address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    return base::fail(base::Code::kInvalidArgument,
                      fmt::format("a socket's name has 1 to {} bytes", sizeof address.sun_path - 1),
                      path, "Name a shorter folder.");
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

}  // namespace unix_socket

OwnedFd::~OwnedFd() {
  if (fd_ >= 0) {
    ::close(fd_);
  }
}

base::Error socket_error(const char* what, const std::string& where) {
  const int number = errno;
  return {number == EACCES || number == EPERM ? base::Code::kPermissionDenied
                                              : base::Code::kUnavailable,
          fmt::format("{}: {}", what, std::generic_category().message(number)), where, ""};
}

base::Result<OwnedFd> listen_unix(const std::string& path, int backlog) {
  const auto address = unix_socket::address_of(path);
  if (!address) {
    return tl::unexpected(address.error());
  }
  struct stat status{};
  if (::lstat(path.c_str(), &status) == 0) {
    if (!S_ISSOCK(status.st_mode)) {
      return base::fail(base::Code::kAlreadyExists, "is there and is no socket", path,
                        "Remove it, or name another folder.");
    }
    ::unlink(path.c_str());
  }
  OwnedFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.is_open()) {
    return tl::unexpected(socket_error("no socket", path));
  }
  // The mode is that of creation: nobody else can connect in between.
  const auto before = ::umask(0177);
  const int bound = ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address);
  ::umask(before);
  if (bound != 0) {
    return tl::unexpected(socket_error("cannot take the address", path));
  }
  if (::listen(fd.get(), backlog) != 0) {
    return tl::unexpected(socket_error("cannot listen", path));
  }
  return fd;
}

base::Result<OwnedFd> connect_unix(const std::string& path) {
  const auto address = unix_socket::address_of(path);
  if (!address) {
    return tl::unexpected(address.error());
  }
  OwnedFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd.is_open() ||
      ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0) {
    return tl::unexpected(socket_error("cannot connect", path));
  }
  return fd;
}

}  // namespace weft::twin::door
