// SPDX-License-Identifier: Apache-2.0
// One HTTP/1.1 request and its answer, over TCP or TLS: what pushing samples and telling people of
// findings needs. It blocks until the answer is there or the deadline has passed; certificates are
// checked against the system's store or a given file; redirections are not followed. What comes
// back is bounded before it is read.
#pragma once

#include "base/result.h"
#include "base/time.h"
#include "net/headers.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace weft::net {

struct Url {
  bool is_tls = false;
  std::string host;  ///< without the brackets of an IPv6 address
  std::string port;
  std::string target;  ///< path and query, at least "/"
};

/// "http://HOST[:PORT][/PATH]" or https. kInvalidArgument for anything else: other schemes, user
/// names, spaces, control characters, fragments.
[[nodiscard]] base::Result<Url> parse_url(std::string_view text);

struct Request {
  std::string method = "POST";
  Url url;
  Headers headers;  ///< beside Host, Content-Length, User-Agent
  std::string body;
};

struct Response {
  unsigned status = 0;
  Headers headers;
  std::string body;
  [[nodiscard]] bool is_success() const { return status >= 200 && status < 300; }
};

struct ClientOptions {
  base::Duration timeout{10LL * 1'000'000'000};  ///< for all of it
  std::size_t answer_bytes_max = std::size_t{1} << 20;
  std::string ca_file = {};  ///< PEM; empty: the system's certificates
};

/// kUnavailable: nobody answers; kDeadlineExceeded; kPermissionDenied: the certificate is not
/// trusted; kDataLoss: what came back is no HTTP; kResourceExhausted: it is too long. Any status is
/// an answer.
[[nodiscard]] base::Result<Response> send(const Request& request,
                                          const ClientOptions& options = {});

}  // namespace weft::net
