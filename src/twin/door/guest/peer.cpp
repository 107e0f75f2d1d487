// SPDX-License-Identifier: Apache-2.0
#include "twin/door/guest/peer.h"

#include <array>
#include <cerrno>
#include <cstring>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

namespace weft::twin::door {

namespace {

/// Takes the descriptors out of a message's ancillary data.
void take_fds(msghdr& message, std::vector<OwnedFd>& fds) {
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr;
       part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) {
      continue;
    }
    const std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(part) + i * sizeof(int), sizeof(int));
      OwnedFd owned(fd);
      if (fds.size() < Peer::kFdsMax) {
        fds.push_back(std::move(owned));
      }
    }
  }
}

}  // namespace

bool Peer::receive(std::span<std::uint8_t> into, std::vector<OwnedFd>& fds) {
  std::size_t have = 0;
  while (have < into.size()) {
    std::array<pollfd, 2> waiting = {pollfd{fd_.get(), POLLIN, 0}, pollfd{stop_fd_, POLLIN, 0}};
    const int ready = ::poll(waiting.data(), waiting.size(), kStallSeconds * 1000);
    if (ready < 0 && errno == EINTR) {
      continue;
    }
    if (ready <= 0 || waiting[1].revents != 0) {
      return false;
    }
    iovec part{into.data() + have, into.size() - have};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(kFdsMax * sizeof(int))> control{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const ssize_t got = ::recvmsg(fd_.get(), &message, MSG_CMSG_CLOEXEC);
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got <= 0) {
      return false;
    }
    take_fds(message, fds);
    have += static_cast<std::size_t>(got);
  }
  return true;
}

bool Peer::send(base::ByteView bytes) {
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    std::array<pollfd, 2> waiting = {pollfd{fd_.get(), POLLOUT, 0}, pollfd{stop_fd_, POLLIN, 0}};
    const int ready = ::poll(waiting.data(), waiting.size(), kStallSeconds * 1000);
    if (ready < 0 && errno == EINTR) {
      continue;
    }
    if (ready <= 0 || waiting[1].revents != 0) {
      return false;
    }
    const ssize_t n =
        ::send(fd_.get(), bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) {
      continue;
    }
    if (n <= 0) {
      return false;
    }
    sent += static_cast<std::size_t>(n);
  }
  return true;
}

int Peer::wait(std::span<const int> fds) {
  std::vector<pollfd> waiting;
  waiting.push_back({stop_fd_, POLLIN, 0});
  waiting.push_back({fd_.get(), POLLIN, 0});
  for (const int fd : fds) {
    waiting.push_back({fd, POLLIN, 0});
  }
  for (;;) {
    if (::poll(waiting.data(), waiting.size(), -1) < 0) {
      if (errno == EINTR) {
        continue;
      }
      return -2;
    }
    if (waiting[0].revents != 0) {
      return -2;
    }
    for (std::size_t i = 2; i < waiting.size(); ++i) {
      if (waiting[i].revents != 0) {
        return static_cast<int>(i - 2);
      }
    }
    return -1;
  }
}

base::Result<std::unique_ptr<GuestServer>> GuestServer::open(std::string path,
                                                             std::function<void(Peer&)> serve) {
  auto listener = listen_unix(path, 1);
  if (!listener) {
    return tl::unexpected(listener.error());
  }
  OwnedFd stop(::eventfd(0, EFD_CLOEXEC));
  if (!stop.is_open()) {
    return tl::unexpected(socket_error("no descriptor to stop by", path));
  }
  std::unique_ptr<GuestServer> server(
      new GuestServer(std::move(path), std::move(*listener), std::move(stop)));
  server->thread_ =
      std::thread([self = server.get(), serve = std::move(serve)] { self->run(serve); });
  return server;
}

void GuestServer::run(const std::function<void(Peer&)>& serve) {
  for (;;) {
    std::array<pollfd, 2> waiting = {pollfd{stop_.get(), POLLIN, 0},
                                     pollfd{listener_.get(), POLLIN, 0}};
    if (::poll(waiting.data(), waiting.size(), -1) < 0 && errno != EINTR) {
      return;
    }
    if (waiting[0].revents != 0) {
      return;
    }
    if (waiting[1].revents == 0) {
      continue;
    }
    OwnedFd connection(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (connection.is_open()) {
      Peer peer(std::move(connection), stop_.get());
      serve(peer);
    }
  }
}

GuestServer::~GuestServer() {
  const std::uint64_t one = 1;
  static_cast<void>(!::write(stop_.get(), &one, sizeof(one)));
  if (thread_.joinable()) {
    thread_.join();
  }
  ::unlink(path_.c_str());
}

}  // namespace weft::twin::door
