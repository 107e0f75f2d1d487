// SPDX-License-Identifier: Apache-2.0
// Sockets on which services answer lines of text: the SMBus door, the module door and whatever else
// speaks lines. One thread serves all of them with poll(2); a service is a function from a line to
// its answer. Listens on Unix sockets (mode 0600) and on 127.0.0.1 only. What comes in is hostile:
// number of clients, length of a line, time to finish one and answers not fetched are bounded.
#pragma once

#include "base/result.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace weft::twin::door {

/// Called in the server's thread, one line at a time, without its end of line. The answer may have
/// several lines; a line end is added where it has none. It must not throw.
struct LineService {
  std::string greeting;  ///< sent at connection: name and version of the protocol
  std::function<std::string(std::string_view line)> answer;
};

struct SocketLimits {
  std::size_t clients_max = 64;
  std::size_t line_bytes_max = 16 * 1024;
  std::size_t unsent_bytes_max = std::size_t{1} << 20;  ///< then its lines wait
  int line_seconds_max = 10;    ///< from a line's first byte to its end; to fetch an answer
  int idle_seconds_max = 3600;  ///< between lines
};

class SocketServer {
 public:
  explicit SocketServer(const SocketLimits& limits = {});
  /// Closes every connection and removes the Unix sockets' files.
  ~SocketServer();
  SocketServer(const SocketServer&) = delete;
  SocketServer& operator=(const SocketServer&) = delete;

  /// Before start(). A stale socket at `path` is replaced; anything else is kAlreadyExists.
  /// kInvalidArgument: the path is too long for a socket (107 bytes).
  base::Result<void> listen_unix(const std::string& path, LineService service);
  /// On 127.0.0.1; port 0 takes any. The port.
  base::Result<std::uint16_t> listen_tcp(std::uint16_t port, LineService service);
  base::Result<void> start();
  void stop();

  [[nodiscard]] std::size_t clients() const;
  [[nodiscard]] std::uint64_t lines() const;  ///< answered so far

 private:
  struct Loop;
  std::unique_ptr<Loop> loop_;
};

/// "error NOT_FOUND what (hint)": how line services tell errors.
[[nodiscard]] std::string error_line(const base::Error& error);

}  // namespace weft::twin::door
