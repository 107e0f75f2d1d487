// SPDX-License-Identifier: Apache-2.0
// One thread; a Relay for each connection, which lives in the handlers that it waits for.
#include "net/tls_front.h"

#include <array>
#include <chrono>
#include <thread>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>
#include <openssl/ssl.h>
#include <sys/stat.h>

namespace weft::net {
namespace tls_parts {

namespace asio = boost::asio;
using Failure = boost::system::error_code;
using Tcp = asio::ip::tcp;
using Local = asio::local::stream_protocol;

constexpr std::size_t kPieceBytes = std::size_t{16} * 1024;  // a TLS record

base::Result<void> check_key(const std::string& path) {
  struct stat seen{};
  if (::stat(path.c_str(), &seen) != 0 || !S_ISREG(seen.st_mode)) {
    return base::fail(base::Code::kNotFound, "there is no such key file", path);
  }
  if ((seen.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return base::fail(base::Code::kPermissionDenied, "others than its owner can use the key file",
                      path, "Say chmod 600.");
  }
  return {};
}

}  // namespace tls_parts

struct TlsFront::Impl {
  explicit Impl(TlsFrontOptions how)
      : options(std::move(how)),
        context(tls_parts::asio::ssl::context::tls_server),
        acceptor(io),
        pause(io) {}
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() {
    io.stop();
    if (thread.joinable()) {
      thread.join();
    }
  }

  base::Result<void> load();
  base::Result<void> listen();
  void accept();

  TlsFrontOptions options;
  std::size_t open = 0;  // of the thread; outlives what io still holds
  tls_parts::asio::io_context io{1};
  tls_parts::asio::ssl::context context;
  tls_parts::Tcp::acceptor acceptor;
  tls_parts::asio::steady_timer pause;  // after accepting failed: too many open files
  std::string address;
  std::uint16_t port = 0;
  std::thread thread;
};

namespace tls_parts {

class Relay : public std::enable_shared_from_this<Relay> {
 public:
  Relay(Tcp::socket socket, TlsFront::Impl& front)
      : front_(front),
        client_(std::move(socket), front.context),
        server_(front.io),
        deadline_(front.io) {
    ++front_.open;
  }
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;
  ~Relay() { --front_.open; }

  void begin() {
    deadline_.expires_after(std::chrono::nanoseconds(front_.options.handshake_most.ns));
    deadline_.async_wait([self = shared_from_this()](const Failure& ended) {
      if (!ended) {
        self->close();
      }
    });
    client_.async_handshake(asio::ssl::stream_base::server,
                            [self = shared_from_this()](const Failure& failure) {
                              self->deadline_.cancel();
                              if (failure) {
                                self->close();
                              } else {
                                self->connect();
                              }
                            });
  }

 private:
  void connect() {
    server_.async_connect(Local::endpoint(front_.options.unix_path),
                          [self = shared_from_this()](const Failure& failure) {
                            if (failure) {
                              self->close();
                              return;
                            }
                            pump(self, self->client_, self->server_, self->up_);
                            pump(self, self->server_, self->client_, self->down_);
                          });
  }

  /// Reads the next piece only when the other side has taken the last one.
  template <class From, class To>
  static void pump(const std::shared_ptr<Relay>& self, From& from, To& to,
                   std::array<char, kPieceBytes>& piece) {
    from.async_read_some(
        asio::buffer(piece), [self, &from, &to, &piece](const Failure& failure, std::size_t bytes) {
          if (failure) {
            self->end(to);
            return;
          }
          asio::async_write(to, asio::buffer(piece.data(), bytes),
                            [self, &from, &to, &piece](const Failure& broken, std::size_t) {
                              if (broken) {
                                self->close();
                              } else {
                                pump(self, from, to, piece);
                              }
                            });
        });
  }

  /// A client that ends its half may still be answered; a server that ends has said all.
  void end(Local::socket& to) {
    Failure ignored;
    ignored = to.shutdown(Local::socket::shutdown_send, ignored);
  }
  void end(asio::ssl::stream<Tcp::socket>& to) {
    deadline_.expires_after(std::chrono::seconds(2));  // for the client's own goodbye
    deadline_.async_wait([self = shared_from_this()](const Failure& ended) {
      if (!ended) {
        self->close();
      }
    });
    to.async_shutdown([self = shared_from_this()](const Failure&) {
      self->deadline_.cancel();
      self->close();
    });
  }
  void close() {
    Failure ignored;
    ignored = server_.close(ignored);
    ignored = client_.lowest_layer().close(ignored);
  }

  TlsFront::Impl& front_;
  asio::ssl::stream<Tcp::socket> client_;
  Local::socket server_;
  asio::steady_timer deadline_;
  std::array<char, kPieceBytes> up_{};
  std::array<char, kPieceBytes> down_{};
};

}  // namespace tls_parts

base::Result<void> TlsFront::Impl::load() {
  using base::Code;
  if (auto checked = tls_parts::check_key(options.key); !checked) {
    return checked;
  }
  SSL_CTX* raw = context.native_handle();
  tls_parts::Failure failure;
  SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION);
  SSL_CTX_set_options(
      raw, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  if (context.use_certificate_chain_file(options.certificate, failure)) {
    return base::fail(Code::kInvalidArgument, "holds no certificate: " + failure.message(),
                      options.certificate, "Name a PEM file with the chain.");
  }
  if (context.use_private_key_file(options.key, tls_parts::asio::ssl::context::pem, failure) ||
      SSL_CTX_check_private_key(raw) != 1) {
    return base::fail(Code::kInvalidArgument, "holds no key of that certificate", options.key,
                      "Name the PEM file of the certificate's key, without a passphrase.");
  }
  return {};
}

base::Result<void> TlsFront::Impl::listen() {
  using base::Code;
  tls_parts::Failure failure;
  const auto place = tls_parts::asio::ip::make_address(options.address, failure);
  if (failure) {
    return base::fail(Code::kInvalidArgument, "is no address", options.address,
                      "Write it as 10.0.0.7, 0.0.0.0 or ::.");
  }
  const tls_parts::Tcp::endpoint wanted(place, options.port);
  acceptor.open(wanted.protocol());
  acceptor.set_option(tls_parts::Tcp::acceptor::reuse_address(true));
  if (acceptor.bind(wanted, failure)) {
    const bool is_taken = failure == tls_parts::asio::error::address_in_use;
    return base::fail(is_taken ? Code::kAlreadyExists : Code::kPermissionDenied, failure.message(),
                      fmt::format("{}:{}", options.address, options.port), "Name another.");
  }
  acceptor.listen();
  port = acceptor.local_endpoint().port();
  const std::string host = place.to_string();
  address = fmt::format("https://{}:{}", place.is_v6() ? "[" + host + "]" : host, port);
  accept();
  thread = std::thread([this] { io.run(); });
  return {};
}

void TlsFront::Impl::accept() {
  acceptor.async_accept([this](const tls_parts::Failure& failure, tls_parts::Tcp::socket socket) {
    if (failure == tls_parts::asio::error::operation_aborted) {
      return;
    }
    if (failure) {
      constexpr auto kPause = std::chrono::milliseconds(100);
      pause.expires_after(kPause);
      pause.async_wait([this](const tls_parts::Failure& ended) {
        if (!ended) {
          accept();
        }
      });
      return;
    }
    tls_parts::Failure ignored;
    if (open < options.connections_most &&
        !socket.set_option(tls_parts::Tcp::no_delay(true), ignored)) {
      std::make_shared<tls_parts::Relay>(std::move(socket), *this)->begin();
    }
    accept();
  });
}

base::Result<std::unique_ptr<TlsFront>> TlsFront::start(TlsFrontOptions options) {
  std::unique_ptr<TlsFront> out(new TlsFront());
  try {
    out->impl_ = std::make_unique<Impl>(std::move(options));
    if (auto loaded = out->impl_->load(); !loaded) {
      return tl::unexpected(loaded.error());
    }
    if (auto listening = out->impl_->listen(); !listening) {
      return tl::unexpected(listening.error());
    }
  } catch (const std::exception& thrown) {  // Asio's shorter forms report by throwing
    return base::fail(base::Code::kInvalidArgument, thrown.what());
  }
  return out;
}

TlsFront::~TlsFront() = default;

const std::string& TlsFront::address() const {
  return impl_->address;
}

std::uint16_t TlsFront::port() const {
  return impl_->port;
}

}  // namespace weft::net
