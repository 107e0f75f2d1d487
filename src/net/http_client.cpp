// SPDX-License-Identifier: Apache-2.0
#include "net/http_client.h"

#include <chrono>
#include <memory>
#include <optional>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>

namespace weft::net {
namespace client {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using Error = boost::system::error_code;

base::Code code_of(const Error& error) {
  if (error == beast::error::timeout) {
    return base::Code::kDeadlineExceeded;
  }
  if (error == http::error::body_limit || error == http::error::header_limit ||
      error == http::error::buffer_overflow) {
    return base::Code::kResourceExhausted;
  }
  if (error.category() == asio::error::get_ssl_category()) {
    return base::Code::kPermissionDenied;
  }
  if (error.category() == http::make_error_code(http::error::bad_method).category()) {
    return base::Code::kDataLoss;
  }
  return base::Code::kUnavailable;
}

/// One request on its way: each step starts the next; the first error ends it.
class Exchange {
 public:
  Exchange(const Request& request, const ClientOptions& options)
      : url_(request.url), stream_(io_, tls_), resolver_(io_) {
    message_.method_string(request.method);
    message_.target(request.url.target);
    message_.version(11);
    const bool is_six = url_.host.find(':') != std::string::npos;
    message_.set(http::field::host, (is_six ? "[" + url_.host + "]" : url_.host) + ":" + url_.port);
    message_.set(http::field::user_agent, "weftline/" WEFT_VERSION);
    message_.set(http::field::connection, "close");
    for (const auto& [name, value] : request.headers) {
      message_.set(name, value);
    }
    message_.body() = request.body;
    message_.prepare_payload();
    parser_.body_limit(options.answer_bytes_max);
    bytes_max_ = options.answer_bytes_max;
    timeout_ = std::chrono::nanoseconds(options.timeout.ns);
  }

  base::Result<Response> run(const ClientOptions& options) {
    if (url_.is_tls) {
      if (auto ready = trust(options.ca_file); !ready) {
        return tl::unexpected(ready.error());
      }
    }
    lowest().expires_after(timeout_);
    resolver_.async_resolve(url_.host, url_.port, [this](const Error& error, const auto& found) {
      if (!failed(error, "is not a host that can be found")) {
        lowest().async_connect(found,
                               [this](const Error& refused, const auto&) { greet(refused); });
      }
    });
    // A name server that does not answer is outside the stream's own deadline.
    io_.run_for(timeout_ + std::chrono::milliseconds(100));
    if (!is_done_ && !error_) {
      failed(beast::error::timeout, "did not answer in time");
    }
    if (error_) {
      return tl::unexpected(*error_);
    }
    Response out;
    const auto& answer = parser_.get();
    out.status = answer.result_int();
    for (const auto& field : answer) {
      out.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
    }
    out.body = answer.body();
    return out;
  }

 private:
  beast::tcp_stream& lowest() { return beast::get_lowest_layer(stream_); }

  bool failed(const Error& error, const char* what) {
    if (!error) {
      return false;
    }
    if (!error_) {
      error_ = base::Error{code_of(error), std::string(what) + ": " + error.message(),
                           url_.host + ":" + url_.port, ""};
    }
    return true;
  }

  base::Result<void> trust(const std::string& ca_file) {
    Error error;
    stream_.set_verify_mode(asio::ssl::verify_peer, error);  // the context's came too late for it
    if (!error && ca_file.empty()) {
      error = tls_.set_default_verify_paths(error);
    } else if (!error) {
      error = tls_.load_verify_file(ca_file, error);
    }
    if (error) {
      return base::fail(base::Code::kInvalidArgument,
                        "cannot read certificates: " + error.message(), ca_file,
                        "Name a PEM file of certificates.");
    }
    stream_.set_verify_callback(asio::ssl::host_name_verification(url_.host), error);
    if (SSL_set_tlsext_host_name(stream_.native_handle(), url_.host.c_str()) != 1 || error) {
      return base::fail(base::Code::kInternal, "TLS cannot be set up", url_.host);
    }
    return {};
  }

  void greet(const Error& error) {
    if (failed(error, "does not accept a connection")) {
      return;
    }
    if (!url_.is_tls) {
      ask(lowest());
      return;
    }
    stream_.async_handshake(asio::ssl::stream_base::client, [this](const Error& refused) {
      if (!failed(refused, "is not trusted, or does not speak TLS")) {
        ask(stream_);
      }
    });
  }

  template <class Stream>
  void ask(Stream& stream) {
    http::async_write(stream, message_, [this, &stream](const Error& error, std::size_t) {
      if (failed(error, "did not take the request")) {
        return;
      }
      http::async_read_header(
          stream, buffer_, parser_, [this, &stream](const Error& broken, std::size_t) {
            // Beast's own limit lets a stated length pass where the head comes in a piece of its
            // own.
            if (failed(broken, "gave no whole answer")) {
              return;  // without a whole head there is no length to ask for
            }
            const auto stated = parser_.content_length();
            if (!failed(stated && *stated > bytes_max_ ? make_error_code(http::error::body_limit)
                                                       : Error{},
                        "gives too long an answer")) {
              read_body(stream);
            }
          });
    });
  }

  template <class Stream>
  void read_body(Stream& stream) {
    http::async_read(stream, buffer_, parser_, [this](const Error& broken, std::size_t) {
      is_done_ = !failed(broken, "gave no whole answer");
      Error error;
      if (lowest().socket().close(error)) {
        return;  // the far end was faster: there is nothing left to close
      }
    });
  }

  Url url_;
  asio::io_context io_;
  asio::ssl::context tls_{asio::ssl::context::tls_client};
  beast::ssl_stream<beast::tcp_stream> stream_;
  asio::ip::tcp::resolver resolver_;
  http::request<http::string_body> message_;
  http::response_parser<http::string_body> parser_;
  beast::flat_buffer buffer_;
  std::chrono::nanoseconds timeout_{};
  std::size_t bytes_max_ = 0;
  std::optional<base::Error> error_;
  bool is_done_ = false;
};

}  // namespace client

base::Result<Response> send(const Request& request, const ClientOptions& options) {
  try {
    return client::Exchange(request, options).run(options);
  } catch (const std::exception& thrown) {  // Asio's constructors report by throwing
    return base::fail(base::Code::kInternal, thrown.what(), request.url.host);
  }
}

}  // namespace weft::net
