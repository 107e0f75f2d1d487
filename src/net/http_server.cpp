// SPDX-License-Identifier: Apache-2.0
// One Session for each connection: wait for the first byte, read the header, check it, read the
// body, hand it over, write the answer, begin anew. All of a session happens on its strand.
#include "net/http_server.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <ctime>
#include <deque>
#include <filesystem>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_set>
#include <utility>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

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

constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
constexpr std::string_view kTooMany =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: 1\r\n"
    "Connection: close\r\n\r\n";
constexpr std::size_t kReadBytes = 4096;
// After a refusal, so that the client reads it before the connection is reset.
constexpr auto kDrainMost = std::chrono::seconds(2);
constexpr std::size_t kDrainBytesMost = std::size_t{16} << 20;
constexpr std::size_t kNoiseBytesMost = 4096;  // that a stream's client may say

/// RFC 9110 section 5.6.7; made once a second.
const std::string& date_now() {
  thread_local std::time_t made = -1;
  thread_local std::string text;
  const std::time_t now = std::time(nullptr);
  if (now != made) {
    made = now;
    constexpr std::array kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr std::array kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    std::tm utc{};
    ::gmtime_r(&now, &utc);
    text = fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT",
                       kDays.at(static_cast<std::size_t>(utc.tm_wday)), utc.tm_mday,
                       kMonths.at(static_cast<std::size_t>(utc.tm_mon)), utc.tm_year + 1900,
                       utc.tm_hour, utc.tm_min, utc.tm_sec);
  }
  return text;
}

bool is_clean_field(const std::string& text) {
  return std::ranges::none_of(text, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

/// What a client is told of a message that cannot be read; 0: nothing, it is gone.
unsigned status_of(const Failure& failure) {
  if (failure == http::error::header_limit || failure == http::error::buffer_overflow) {
    return 431;
  }
  if (failure == http::error::body_limit) {
    return 413;
  }
  if (failure == http::error::bad_version) {
    return 505;
  }
  const bool is_of_http =
      failure.category() == http::make_error_code(http::error::bad_method).category();
  return !is_of_http || failure == http::error::end_of_stream ||
                 failure == http::error::partial_message
             ? 0
             : 400;
}

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

  /// The handler that goes on with `step`, unless the connection failed.
  template <class Step>
  auto then(Step step) {
    return [self = shared_from_this(), step = std::move(step)](const Failure& failure,
                                                               std::size_t bytes) {
      if (!self->failed(failure)) {
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

std::chrono::nanoseconds span_of(base::Duration duration) {
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

struct PendingReply {
  explicit PendingReply(Far whom) : far(std::move(whom)) {}
  PendingReply(const PendingReply&) = delete;
  PendingReply& operator=(const PendingReply&) = delete;
  ~PendingReply() {
    if (!is_given.exchange(true)) {
      far.with([](Session& session) {
        session.abandon();
        return true;
      });
    }
  }
  Far far;
  std::atomic<bool> is_given{false};
};

class FarStream : public HttpStream {
 public:
  explicit FarStream(Far far) : far_(std::move(far)) {}
  FarStream(const FarStream&) = delete;
  FarStream& operator=(const FarStream&) = delete;
  ~FarStream() override { FarStream::close(); }
  bool send(Text text) override {
    return far_.with([&text](Session& session) { return session.push(std::move(text)); });
  }
  void close() override {
    far_.with([](Session& session) {
      session.end_stream();
      return true;
    });
  }

 private:
  Far far_;
};

Session::Session(Socket socket, HttpServer::Impl& server)
    : stream_(std::move(socket)),
      server_(server),
      buffer_(server.options.header_bytes_most + server.options.body_bytes_most + kReadBytes) {}

bool Session::failed(const Failure& failure) {
  if (!failure) {
    return false;
  }
  if (failure == beast::error::timeout) {
    ++(is_stream_ ? server_.too_slow : server_.timed_out);
  }
  finish();
  return true;
}

void Session::wait() {
  if (buffer_.size() > 0) {  // the client did not wait for the last answer
    read_head();
    return;
  }
  stream_.expires_after(span_of(server_.options.idle_most));
  stream_.async_read_some(buffer_.prepare(kReadBytes), then([](Session& self, std::size_t bytes) {
                            self.buffer_.commit(bytes);
                            self.read_head();
                          }));
}

void Session::read_head() {
  parser_.emplace();
  parser_->header_limit(static_cast<std::uint32_t>(server_.options.header_bytes_most));
  parser_->body_limit(server_.options.body_bytes_most);
  is_head_ = false;
  keeps_ = false;
  is_chunked_ = false;
  stream_.expires_after(span_of(server_.options.header_most));
  http::async_read_header(stream_, buffer_, *parser_,
                          [self = shared_from_this()](const Failure& failure, std::size_t) {
                            self->take_head(failure);
                          });
}

void Session::take_head(const Failure& failure) {
  if (const unsigned status = failure ? status_of(failure) : 0; status != 0) {
    refuse(http_problem(status, "the request cannot be read: " + failure.message()));
    return;
  }
  if (failed(failure)) {
    return;
  }
  const auto& message = parser_->get();
  const auto count = std::distance(message.begin(), message.end());
  if (static_cast<std::size_t>(count) > server_.options.headers_most) {
    refuse(http_problem(431, "the request has too many header fields"));
    return;
  }
  const auto stated = parser_->content_length();
  if (stated && *stated > server_.options.body_bytes_most) {
    refuse(http_problem(413, "the body is too long"));
    return;
  }
  if (message.count(http::field::transfer_encoding) > 0 && !parser_->chunked()) {
    refuse(http_problem(400, "the transfer coding leaves the body without an end"));
    return;
  }
  if (parser_->is_done()) {
    hand_over();
    return;
  }
  stream_.expires_after(span_of(server_.options.body_most));
  if (beast::iequals(message[http::field::expect], "100-continue")) {
    asio::async_write(stream_, asio::buffer(kContinue),
                      then([](Session& self, std::size_t) { self.read_body(); }));
    return;
  }
  read_body();
}

void Session::read_body() {
  http::async_read(stream_, buffer_, *parser_,
                   [self = shared_from_this()](const Failure& failure, std::size_t) {
                     if (const unsigned status = failure ? status_of(failure) : 0; status != 0) {
                       self->refuse(http_problem(status, "the body cannot be read"));
                     } else if (!self->failed(failure)) {
                       self->hand_over();
                     }
                   });
}

std::optional<HttpAnswer> Session::refusal(const Target& target) {
  const auto& message = parser_->get();
  const auto hosts = message.count(http::field::host);
  if (hosts > 1 || (hosts == 0 && message.version() >= 11)) {
    return http_problem(400, "the request does not name one host");
  }
  const std::string host =
      target.authority.empty() ? std::string(message[http::field::host]) : target.authority;
  const bool is_local = !server_.options.unix_path.empty() || (hosts == 0 && host.empty());
  if (!is_local && !is_own_host(host, server_.options.host_names)) {
    return http_problem(421, "the request is for another host than this one");
  }
  return std::nullopt;
}

void Session::hand_over() {
  auto& message = parser_->get();
  keeps_ = message.keep_alive();
  is_head_ = message.method() == http::verb::head;
  is_chunked_ = message.version() >= 11;
  auto target = parse_target({message.target().data(), message.target().size()});
  if (!target) {
    const bool is_long = target.error().code == base::Code::kResourceExhausted;
    refuse(http_problem(is_long ? 414 : 400, target.error().what));
    return;
  }
  if (auto refused = refusal(*target)) {
    refuse(std::move(*refused));
    return;
  }
  HttpRequest request;
  request.method = is_head_ ? "GET" : std::string(message.method_string());
  request.target = std::move(*target);
  for (const auto& field : message) {
    request.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
  }
  request.body = std::move(message.body());
  ++server_.requests;
  auto pending = std::make_shared<PendingReply>(Far{server_.self, weak_from_this()});
  try {
    server_.handler(std::move(request), [pending](HttpAnswer answer) {
      if (!pending->is_given.exchange(true)) {
        pending->far.with([&answer](Session& session) {
          session.answer(std::move(answer));
          return true;
        });
      }
    });
  } catch (const std::exception&) {  // no handler's mistake ends the server
    if (!pending->is_given.exchange(true)) {
      write(http_problem(500, "the request could not be answered"));
    }
  }
}

void Session::refuse(HttpAnswer answer) {
  ++server_.malformed;
  keeps_ = false;
  write(std::move(answer));
}

std::string Session::head_of(const HttpAnswer& answer, bool is_stream) const {
  std::string out = fmt::format("HTTP/1.1 {} {}\r\nDate: {}\r\n", answer.status,
                                http_reason(answer.status), date_now());
  if (is_stream) {
    out += is_chunked_ && !is_head_ ? "Transfer-Encoding: chunked\r\n" : "";
  } else if (answer.status >= 200 && answer.status != 204 && answer.status != 304) {
    out += fmt::format("Content-Length: {}\r\n", answer.body ? answer.body->size() : 0);
  }
  if (!keeps_) {
    out += "Connection: close\r\n";
  } else if (!is_chunked_) {  // HTTP/1.0 keeps only where it is told
    out += "Connection: keep-alive\r\n";
  }
  for (const Headers* fields : {&std::as_const(server_.options).headers, &answer.headers}) {
    for (const auto& [name, value] : *fields) {
      if (is_clean_field(name) && is_clean_field(value)) {
        out.append(name).append(": ").append(value).append("\r\n");
      }
    }
  }
  return out + "\r\n";
}

void Session::write(HttpAnswer answer) {
  if (is_done_) {
    return;
  }
  const bool is_stream = answer.start != nullptr;
  keeps_ = keeps_ && (!is_stream || is_head_);
  head_ = head_of(answer, is_stream);
  const bool has_body =
      answer.body && !is_head_ && !is_stream && answer.status != 204 && answer.status != 304;
  body_ = has_body ? std::move(answer.body) : nullptr;
  const std::array<asio::const_buffer, 2> all = {
      asio::buffer(head_), body_ ? asio::buffer(*body_) : asio::buffer("", 0)};
  stream_.expires_after(
      span_of(server_.options.write_most) +
      std::chrono::seconds(body_ ? body_->size() / server_.options.bytes_per_second_least : 0));
  asio::async_write(
      stream_, all,
      then([start = is_head_ ? nullptr : std::move(answer.start)](Session& self, std::size_t) {
        self.body_.reset();
        if (start) {
          self.begin_stream(start);
        } else if (self.keeps_) {
          self.wait();
        } else {
          self.drain();
        }
      }));
}

void Session::begin_stream(const std::function<void(std::shared_ptr<HttpStream>)>& start) {
  is_stream_ = true;
  ++server_.streams;
  stream_.expires_never();
  watch();
  start(std::make_shared<FarStream>(Far{server_.self, weak_from_this()}));
}

/// A client that goes away is seen by reading only.
void Session::watch() {
  stream_.async_read_some(asio::buffer(scratch_), then([](Session& self, std::size_t bytes) {
                            self.drained_ += bytes;
                            if (self.drained_ > kNoiseBytesMost) {
                              self.finish();
                            } else {
                              self.watch();
                            }
                          }));
}

bool Session::push(Text text) {
  if (is_gone_ || !text || text->empty()) {
    return !is_gone_;
  }
  if (waiting_.fetch_add(text->size()) + text->size() > server_.options.stream_bytes_most) {
    if (!is_gone_.exchange(true)) {
      ++server_.too_slow;
      abandon();
    }
    return false;
  }
  asio::dispatch(stream_.get_executor(), [self = shared_from_this(), piece = std::move(text)] {
    self->pieces_.push_back(piece);
    self->write_piece();
  });
  return true;
}

void Session::end_stream() {
  asio::dispatch(stream_.get_executor(), [self = shared_from_this()] {
    self->is_ending_ = true;
    self->write_piece();
  });
}

void Session::write_piece() {
  if (is_writing_ || is_done_ || (pieces_.empty() && !is_ending_)) {
    return;
  }
  const bool is_last = pieces_.empty();
  body_ = is_last ? nullptr : pieces_.front();
  head_ = !is_chunked_ ? "" : is_last ? "0\r\n" : fmt::format("{:x}\r\n", body_->size());
  const std::array<asio::const_buffer, 3> all = {asio::buffer(head_),
                                                 body_ ? asio::buffer(*body_) : asio::buffer("", 0),
                                                 asio::buffer("\r\n", is_chunked_ ? 2 : 0)};
  is_writing_ = true;
  stream_.expires_after(span_of(server_.options.write_most));  // the pending read keeps its own
  asio::async_write(stream_, all, then([is_last](Session& self, std::size_t) {
                      self.is_writing_ = false;
                      if (is_last) {
                        self.finish();
                        return;
                      }
                      self.waiting_ -= self.body_->size();
                      self.pieces_.pop_front();
                      self.write_piece();
                    }));
}

void Session::drain() {
  Failure ignored;
  if (!is_draining_) {
    is_draining_ = true;
    stream_.expires_after(kDrainMost);
    if (stream_.socket().shutdown(asio::socket_base::shutdown_send, ignored)) {
      finish();
      return;
    }
  }
  stream_.async_read_some(asio::buffer(scratch_),
                          [self = shared_from_this()](const Failure& failure, std::size_t bytes) {
                            self->drained_ += bytes;
                            if (failure || self->drained_ > kDrainBytesMost) {
                              self->finish();
                            } else {
                              self->drain();
                            }
                          });
}

void Session::finish() {
  if (is_done_) {
    return;
  }
  is_done_ = true;
  is_gone_ = true;
  pieces_.clear();
  stream_.close();
  if (is_stream_) {
    --server_.streams;
  }
  --server_.open;
  const std::lock_guard hold(server_.mutex);
  server_.sessions.erase(shared_from_this());
}

}  // namespace server_parts

base::Result<void> HttpServer::Impl::bind_port() {
  using Tcp = server_parts::asio::ip::tcp;
  server_parts::Failure failure;
  const auto place = server_parts::asio::ip::make_address(
      options.address == "localhost" ? "127.0.0.1" : options.address, failure);
  if (failure || !place.is_loopback()) {
    return base::fail(base::Code::kInvalidArgument,
                      "only loopback addresses are served: there is no TLS yet", options.address,
                      "Name 127.0.0.1, ::1 or a Unix socket; a proxy with TLS can serve others.");
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
