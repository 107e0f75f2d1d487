// SPDX-License-Identifier: Apache-2.0
// What http_server.cpp and the two halves of a session share: one Session for each connection, and
// the server that holds them all. For http_*.cpp of this folder only: it includes Beast. All of a
// session happens on its strand; what other threads may call says so.
#pragma once

#include "net/http_server.h"

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_set>
#include <utility>
#include <vector>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

namespace weft::net {
namespace server_parts {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using Failure = boost::system::error_code;
using Protocol = asio::generic::stream_protocol;  // a port or a Unix socket
using Strand = asio::strand<asio::io_context::executor_type>;
using Stream = beast::basic_stream<Protocol, Strand>;
using Socket = Stream::socket_type;
using Acceptor = asio::basic_socket_acceptor<Protocol, asio::io_context::executor_type>;
using Text = std::shared_ptr<const std::string>;
constexpr std::size_t kReadBytes = 4096;

class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(Socket socket, HttpServer::Impl& server);

  /// From any thread, with the server held.
  void begin() {
    asio::dispatch(stream_.get_executor(), [self = shared_from_this()] { self->wait(); });
  }
  void answer(HttpAnswer answer) {
    asio::dispatch(stream_.get_executor(),
                   [self = shared_from_this(), said = std::move(answer)]() mutable {
                     self->write(std::move(said));
                   });
  }
  void abandon() {
    asio::dispatch(stream_.get_executor(), [self = shared_from_this()] { self->finish(); });
  }
  bool push(Text text);
  void end_stream();

 private:
  void wait();
  void read_head();
  void take_head(const Failure& failure);
  void read_body();
  std::optional<HttpAnswer> refusal(const Target& target);
  void hand_over();
  void refuse(HttpAnswer answer);
  bool failed(const Failure& failure);
  std::string head_of(const HttpAnswer& answer, bool is_stream) const;
  void write(HttpAnswer answer);
  void begin_stream(const std::function<void(std::shared_ptr<HttpStream>)>& start);
  void watch();
  void write_piece();
  void drain();
  void finish();

  /// The handler that goes on with `step`, unless the connection failed, or ended while the success
  /// was on its way.
  template <class Step>
  auto then(Step step) {
    return [self = shared_from_this(), step = std::move(step)](const Failure& failure,
                                                               std::size_t bytes) {
      if (!self->failed(failure) && !self->is_done_) {
        step(*self, bytes);
      }
    };
  }

  Stream stream_;
  HttpServer::Impl& server_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  bool is_head_ = false;
  bool keeps_ = false;
  bool is_chunked_ = false;
  bool is_done_ = false;
  std::string head_;
  Text body_;
  bool is_draining_ = false;
  std::size_t drained_ = 0;
  std::array<char, kReadBytes> scratch_{};
  // A stream:
  bool is_stream_ = false;
  bool is_writing_ = false;
  bool is_ending_ = false;
  std::deque<Text> pieces_;
  std::atomic<std::size_t> waiting_{0};
  std::atomic<bool> is_gone_{false};
};

}  // namespace server_parts

struct HttpServer::Impl {
  Impl(HttpHandler how, HttpServerOptions what)
      : handler(std::move(how)),
        options(std::move(what)),
        io(static_cast<int>(std::max(options.threads, 1U))),
        acceptor(io),
        pause(io) {}
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() { stop(); }

  base::Result<void> listen();
  base::Result<void> bind_unix();
  base::Result<void> bind_port();
  void accept();
  void take(server_parts::Socket socket);
  void stop() {
    io.stop();
    for (std::thread& thread : threads) {
      if (thread.joinable()) {
        thread.join();
      }
    }
    std::unordered_set<std::shared_ptr<server_parts::Session>> gone;
    const std::lock_guard hold(mutex);
    gone.swap(sessions);
    if (!bound_path.empty()) {
      ::unlink(bound_path.c_str());
      bound_path.clear();
    }
  }

  HttpHandler handler;
  HttpServerOptions options;
  server_parts::asio::io_context io;
  server_parts::Acceptor acceptor;
  server_parts::asio::steady_timer pause;  // after accepting failed: too many open files
  std::string address;
  std::string bound_path;
  std::uint16_t port = 0;
  std::weak_ptr<Impl> self;
  std::vector<std::thread> threads;
  std::mutex mutex;
  std::unordered_set<std::shared_ptr<server_parts::Session>> sessions;  // guarded by mutex
  std::atomic<std::uint64_t> connections{0};
  std::atomic<std::uint64_t> open{0};
  std::atomic<std::uint64_t> too_many{0};
  std::atomic<std::uint64_t> requests{0};
  std::atomic<std::uint64_t> malformed{0};
  std::atomic<std::uint64_t> timed_out{0};
  std::atomic<std::uint64_t> too_slow{0};
  std::atomic<std::uint64_t> streams{0};
};

namespace server_parts {

inline std::chrono::nanoseconds span_of(base::Duration duration) {
  return std::chrono::nanoseconds(duration.ns);
}

/// What outlives a connection: neither keeps it nor the server alive.
struct Far {
  std::weak_ptr<HttpServer::Impl> server;
  std::weak_ptr<Session> session;

  template <class Call>
  bool with(const Call& call) const {
    const auto held = server.lock();  // released after the session
    const auto reached = session.lock();
    return held && reached && call(*reached);
  }
};

}  // namespace server_parts
}  // namespace weft::net
