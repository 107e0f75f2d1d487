// SPDX-License-Identifier: Apache-2.0
// TLS in front of an HttpServer that listens on a Unix socket of this user: takes connections of a
// network, ends TLS 1.2 or later by OpenSSL, and hands the bytes on, both ways, no faster than
// either side reads. Handshakes have a deadline, connections a limit; everything that HTTP forbids
// is the server's to refuse. It knows no tokens: whoever opens one sees to it that the server does.
#pragma once

#include "base/result.h"
#include "base/time.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace weft::net {

struct TlsFrontOptions {
  std::string address;      ///< "0.0.0.0", "::", "10.0.0.7"
  std::uint16_t port = 0;   ///< 0: a free one
  std::string certificate;  ///< PEM file: the chain, the server's own first
  std::string key;          ///< PEM file that only its owner can read
  std::string unix_path;    ///< where the server is
  std::size_t connections_most = 512;
  base::Duration handshake_most{10LL * 1'000'000'000};
};

class TlsFront {
 public:
  /// kInvalidArgument: no address, or files that hold no certificate and its key;
  /// kPermissionDenied: others can read the key, or the port is not ours to take; kAlreadyExists:
  /// it is taken.
  [[nodiscard]] static base::Result<std::unique_ptr<TlsFront>> start(TlsFrontOptions options);
  /// Closes every connection, ends its thread.
  ~TlsFront();
  TlsFront(const TlsFront&) = delete;
  TlsFront& operator=(const TlsFront&) = delete;

  [[nodiscard]] const std::string& address() const;  ///< "https://0.0.0.0:8443"
  [[nodiscard]] std::uint16_t port() const;

  struct Impl;  ///< for tls_front.cpp

 private:
  TlsFront() = default;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weft::net
