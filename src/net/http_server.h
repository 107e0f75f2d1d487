// SPDX-License-Identifier: Apache-2.0
// An HTTP/1.1 server (RFC 9110, 9112) for what this program says of itself: on a port of this
// machine's loopback, or on a Unix socket of this user's; other addresses are refused, networks
// come through tls_front.h. Clients are strangers: header, body, waiting time, connections and
// unread output have limits, and what is malformed or asks for a host that is not this one gets a
// problem report (RFC 9457) and no handler. Serves no files. serve/api/ answers through it.
#pragma once

#include "base/result.h"
#include "base/time.h"
#include "net/headers.h"
#include "net/http_target.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace weft::net {

/// A request that is well formed. HEAD comes as GET; the server leaves the body out.
struct HttpRequest {
  std::string method;  ///< "GET"
  Target target;
  Headers headers;
  std::string body;
};

/// One answer that goes on: server-sent events. Any thread may call; it outlives the connection.
class HttpStream {
 public:
  virtual ~HttpStream() = default;
  /// False when the client is gone, or was dropped because it does not read. Null only asks.
  virtual bool send(std::shared_ptr<const std::string> text) = 0;
  virtual void close() = 0;
};

struct HttpAnswer {
  unsigned status = 200;
  /// Beside Date, Content-Length, Connection and those of HttpServerOptions, unless named here.
  Headers headers = {};
  std::shared_ptr<const std::string> body = {};  ///< null: empty
  /// Where set, the body is what is sent to the stream, until it is closed.
  std::function<void(std::shared_ptr<HttpStream>)> start = {};
};

/// Gives the answer; call it once, from any thread. Later calls, and calls after the client has
/// gone or the server has ended, do nothing. Dropped without a call it closes the connection.
using HttpReply = std::function<void(HttpAnswer)>;
/// Runs on the server's thread: what takes time belongs on another.
using HttpHandler = std::function<void(HttpRequest, HttpReply)>;

struct HttpServerOptions {
  std::string address = "127.0.0.1";  ///< a loopback address
  std::uint16_t port = 0;             ///< 0: a free one
  std::string unix_path = {};         ///< where set, this socket instead of a port; mode 0600
  std::vector<std::string> host_names = {};  ///< names that lead here, beside loopback's
  Headers headers = {};                      ///< of every answer
  unsigned threads = 1;
  std::size_t connections_most = 512;
  std::size_t header_bytes_most = std::size_t{16} * 1024;
  std::size_t headers_most = 64;
  std::size_t body_bytes_most = std::size_t{64} * 1024;
  /// What a stream's client has not read yet, before it is dropped.
  std::size_t stream_bytes_most = std::size_t{1} << 20;
  base::Duration idle_most{60LL * 1'000'000'000};    ///< between requests
  base::Duration header_most{10LL * 1'000'000'000};  ///< first byte to the end of the header
  base::Duration body_most{20LL * 1'000'000'000};
  /// For an answer, and for each piece of a stream; longer by its size over the slowest rate.
  base::Duration write_most{20LL * 1'000'000'000};
  std::size_t bytes_per_second_least = 100'000;
};

struct HttpCounts {
  std::uint64_t connections = 0;  ///< accepted
  std::uint64_t open = 0;
  std::uint64_t too_many = 0;  ///< turned away at the limit
  std::uint64_t requests = 0;  ///< that reached the handler
  std::uint64_t malformed = 0;
  std::uint64_t timed_out = 0;
  std::uint64_t too_slow = 0;  ///< streams dropped because nobody read
  std::uint64_t streams = 0;   ///< open now
};

class HttpServer {
 public:
  /// Listens at once. kInvalidArgument: no loopback address, or too long a socket path;
  /// kAlreadyExists: the port or socket is taken; kPermissionDenied.
  [[nodiscard]] static base::Result<std::unique_ptr<HttpServer>> start(HttpHandler handler,
                                                                       HttpServerOptions options);
  /// Stops: closes every connection, ends the threads. From any thread but its own.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  /// "http://127.0.0.1:8088", or "unix:PATH".
  [[nodiscard]] const std::string& address() const;
  [[nodiscard]] std::uint16_t port() const;  ///< 0 for a Unix socket
  [[nodiscard]] HttpCounts counts() const;

  struct Impl;  ///< for http_server.cpp

 private:
  HttpServer() = default;
  std::shared_ptr<Impl> impl_;
};

/// {"type":"about:blank","title":…,"status":…,"detail":…}: what the server itself says of a
/// mistake. `detail` is plain text of ours.
[[nodiscard]] HttpAnswer http_problem(unsigned status, std::string_view detail);
/// "Not Found"
[[nodiscard]] std::string_view http_reason(unsigned status);

}  // namespace weft::net
