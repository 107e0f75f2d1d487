// SPDX-License-Identifier: Apache-2.0
// A Unix socket on which one guest at a time (QEMU, User-Mode Linux) drives a device of ours, with
// file descriptors passed beside the bytes (SCM_RIGHTS). The protocols on top are vhost_user.h and
// vfio_user.h. A server has one thread; it ends with its object. Only this user may connect: the
// socket's mode is 0600.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "twin/door/unix_socket.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace weft::twin::door {

/// The guest's end of an accepted connection.
class Peer {
 public:
  Peer(OwnedFd connection, int stop_fd) : fd_(std::move(connection)), stop_fd_(stop_fd) {}

  /// Fills `into` and gathers descriptors that came with it; at most kFdsMax are kept. False: the
  /// guest is gone, was silent for kStallSeconds within a message, or the server stops.
  [[nodiscard]] bool receive(std::span<std::uint8_t> into, std::vector<OwnedFd>& fds);
  [[nodiscard]] bool send(base::ByteView bytes);
  /// Waits until one of `fds` or the connection can be read. Index into `fds`, or -1 for the
  /// connection, or -2 when the server stops.
  [[nodiscard]] int wait(std::span<const int> fds);

  static constexpr std::size_t kFdsMax = 32;
  static constexpr int kStallSeconds = 10;

 private:
  OwnedFd fd_;
  int stop_fd_;
};

class GuestServer {
 public:
  /// Listens on `path` (a stale socket there is replaced, anything else is kAlreadyExists) and runs
  /// `serve` for one guest after the other. kInvalidArgument: the path is too long for a socket.
  [[nodiscard]] static base::Result<std::unique_ptr<GuestServer>> open(
      std::string path, std::function<void(Peer&)> serve);
  ~GuestServer();
  GuestServer(const GuestServer&) = delete;
  GuestServer& operator=(const GuestServer&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  GuestServer(std::string path, OwnedFd listener, OwnedFd stop)
      : path_(std::move(path)), listener_(std::move(listener)), stop_(std::move(stop)) {}
  void run(const std::function<void(Peer&)>& serve);

  std::string path_;
  OwnedFd listener_;
  OwnedFd stop_;
  std::thread thread_;
};

}  // namespace weft::twin::door
