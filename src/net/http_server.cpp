// SPDX-License-Identifier: Apache-2.0
// Listens, and holds the sessions (http_session_impl.h) up to their limit.
#include "net/http_session_impl.h"

#include <algorithm>
#include <exception>
#include <string_view>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/http/status.hpp>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace weft::net {
namespace server_parts {

constexpr std::string_view kTooMany =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: 1\r\n"
    "Connection: close\r\n\r\n";

}  // namespace server_parts

base::Result<void> HttpServer::Impl::bind_port() {
  using Tcp = server_parts::asio::ip::tcp;
  server_parts::Failure failure;
  const auto place = server_parts::asio::ip::make_address(
      options.address == "localhost" ? "127.0.0.1" : options.address, failure);
  if (failure || !place.is_loopback()) {
    return base::fail(base::Code::kInvalidArgument,
                      "only loopback addresses are served without TLS", options.address,
                      "Name 127.0.0.1, ::1 or a Unix socket.");
  }
  const Tcp::endpoint wanted(place, options.port);
  acceptor.open(wanted.protocol());
  acceptor.set_option(server_parts::Acceptor::reuse_address(true));
  if (acceptor.bind(wanted, failure)) {
    const bool is_taken = failure == server_parts::asio::error::address_in_use;
    return base::fail(is_taken ? base::Code::kAlreadyExists : base::Code::kPermissionDenied,
                      failure.message(), fmt::format("{}:{}", options.address, options.port),
                      "Name another port.");
  }
  Tcp::endpoint bound;
  const auto raw = acceptor.local_endpoint();
  bound.resize(raw.size());
  std::copy_n(reinterpret_cast<const std::byte*>(raw.data()), raw.size(),
              reinterpret_cast<std::byte*>(bound.data()));
  port = bound.port();
  const std::string host = place.to_string();
  address = fmt::format("http://{}:{}", place.is_v6() ? "[" + host + "]" : host, port);
  return {};
}

base::Result<void> HttpServer::Impl::bind_unix() {
  using Local = server_parts::asio::local::stream_protocol;
  const std::string& path = options.unix_path;
  const Local::endpoint wanted(path);
  server_parts::Failure failure;
  Local::socket probe(io);
  if (!probe.connect(wanted, failure)) {
    return base::fail(base::Code::kAlreadyExists, "another program serves there", path,
                      "Stop it, or name another socket.");
  }
  struct stat there{};
  if (::lstat(path.c_str(), &there) == 0 && S_ISSOCK(there.st_mode)) {
    ::unlink(path.c_str());  // left by a program that is no more
  }
  acceptor.open(wanted.protocol());
  if (acceptor.bind(wanted, failure)) {
    return base::fail(failure == server_parts::asio::error::address_in_use
                          ? base::Code::kAlreadyExists
                          : base::Code::kPermissionDenied,
                      failure.message(), path, "Name a path that can be made.");
  }
  bound_path = path;
  // Nobody can connect before listen().
  if (::chmod(path.c_str(), S_IRUSR | S_IWUSR) != 0) {
    return base::fail(base::Code::kPermissionDenied, "its mode cannot be set", path);
  }
  address = "unix:" + path;
  return {};
}

void HttpServer::Impl::accept() {
  acceptor.async_accept(server_parts::asio::make_strand(io),
                        [this](const server_parts::Failure& failure, server_parts::Socket socket) {
                          if (failure == server_parts::asio::error::operation_aborted) {
                            return;
                          }
                          if (!failure) {
                            take(std::move(socket));
                            accept();
                            return;
                          }
                          constexpr auto kPause = std::chrono::milliseconds(100);
                          pause.expires_after(kPause);
                          pause.async_wait([this](const server_parts::Failure& ended) {
                            if (!ended) {
                              accept();
                            }
                          });
                        });
}

void HttpServer::Impl::take(server_parts::Socket socket) {
  namespace asio = server_parts::asio;
  server_parts::Failure ignored;
  ++connections;
  if (open >= options.connections_most) {
    ++too_many;
    if (!socket.non_blocking(true, ignored)) {
      socket.write_some(asio::buffer(server_parts::kTooMany), ignored);
    }
    return;
  }
  if (port != 0 && socket.set_option(asio::ip::tcp::no_delay(true), ignored)) {
    return;  // it has gone already
  }
  ++open;
  auto session = std::make_shared<server_parts::Session>(std::move(socket), *this);
  {
    const std::lock_guard hold(mutex);
    sessions.insert(session);
  }
  session->begin();
}

base::Result<void> HttpServer::Impl::listen() {
  try {
    if (auto bound = options.unix_path.empty() ? bind_port() : bind_unix(); !bound) {
      return bound;
    }
    acceptor.listen();
    accept();
    for (unsigned i = 0; i < std::max(options.threads, 1U); ++i) {
      threads.emplace_back([this] { io.run(); });
    }
    return {};
  } catch (const std::exception& thrown) {  // Asio's shorter forms report by throwing
    return base::fail(base::Code::kInvalidArgument, thrown.what(),
                      options.unix_path.empty() ? options.address : options.unix_path);
  }
}

base::Result<std::unique_ptr<HttpServer>> HttpServer::start(HttpHandler handler,
                                                            HttpServerOptions options) {
  std::unique_ptr<HttpServer> out(new HttpServer());
  out->impl_ = std::make_shared<Impl>(std::move(handler), std::move(options));
  out->impl_->self = out->impl_;
  if (auto listening = out->impl_->listen(); !listening) {
    return tl::unexpected(listening.error());
  }
  return out;
}

HttpServer::~HttpServer() {
  impl_->stop();
}

const std::string& HttpServer::address() const {
  return impl_->address;
}

std::uint16_t HttpServer::port() const {
  return impl_->port;
}

HttpCounts HttpServer::counts() const {
  return {.connections = impl_->connections,
          .open = impl_->open,
          .too_many = impl_->too_many,
          .requests = impl_->requests,
          .malformed = impl_->malformed,
          .timed_out = impl_->timed_out,
          .too_slow = impl_->too_slow,
          .streams = impl_->streams};
}

std::string_view http_reason(unsigned status) {
  const auto reason =
      boost::beast::http::obsolete_reason(boost::beast::http::int_to_status(status));
  return {reason.data(), reason.size()};
}

HttpAnswer http_problem(unsigned status, std::string_view detail) {
  HttpAnswer out;
  out.status = status;
  out.headers = {{"Content-Type", "application/problem+json"}, {"Cache-Control", "no-store"}};
  out.body = std::make_shared<const std::string>(
      fmt::format(R"({{"type":"about:blank","title":"{}","status":{},"detail":"{}"}})",
                  http_reason(status), status, detail));
  return out;
}

}  // namespace weft::net
