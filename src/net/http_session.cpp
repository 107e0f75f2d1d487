// SPDX-License-Identifier: Apache-2.0
// A session's requests: wait for the first byte, read the header, check it, read the body, hand it
// over, write the answer, begin anew. What a client may do is bounded at each step.
#include "net/http_session_impl.h"

#include <algorithm>
#include <ctime>
#include <string_view>

#include <boost/asio/write.hpp>
#include <boost/beast/http/read.hpp>
#include <fmt/format.h>

namespace weft::net::server_parts {

constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
// After a refusal, so that the client reads it before the connection is reset.
constexpr auto kDrainMost = std::chrono::seconds(2);
constexpr std::size_t kDrainBytesMost = std::size_t{16} << 20;

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
      // An answer's own field stands for the one of all answers.
      const bool is_replaced = fields != &answer.headers && !header(answer.headers, name).empty();
      if (!is_replaced && is_clean_field(name) && is_clean_field(value)) {
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
}  // namespace weft::net::server_parts
